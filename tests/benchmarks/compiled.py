"""The axis theorem in C, compiled when asked for: what `analytic.arrays` is measured against."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SOURCE = Path(__file__).with_name("theorem.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")

#: Size, overlaps and covered, from n, k, s, d, b, e, o.
Extents = Callable[..., list[Any]]


def compiled(folder: Path) -> Extents | str:
    """The compiled theorem, or why there is none."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return "there is no gcc to compile the theorem with"
    library = folder / "theorem.so"
    done = subprocess.run(
        [compiler, *FLAGS, "-o", str(library), str(SOURCE)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return f"gcc does not compile the theorem: {done.stderr.strip()}"
    loop = ctypes.CDLL(str(library)).extents
    column = np.ctypeslib.ndpointer(np.int64, ndim=1, flags="C_CONTIGUOUS")
    loop.argtypes = [ctypes.c_int64, *[column] * 10]
    loop.restype = None

    def extents(*columns: Any) -> list[Any]:
        results = [np.empty(len(columns[0]), np.int64) for _ in range(3)]
        loop(len(columns[0]), *columns, *results)
        return results

    return extents
