"""Exported functions run in their own languages, and give what the integers give or refuse."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from analytic.formula import Formula

#: A function of a formula's parameters: a count, or None where it is refused as too large.
Run = Callable[[Mapping[str, int]], "int | None"]
LARGEST = 2**63 - 1


def load_python(formula: Formula, _folder: Path) -> Run:
    space: dict[str, Any] = {}
    exec(compile(formula.to("python"), "exported", "exec"), space)
    return lambda values: space[formula.name](**values)


def load_numpy(formula: Formula, _folder: Path) -> Run:
    space: dict[str, Any] = {}
    exec(compile(formula.to("numpy"), "exported", "exec"), space)

    def run(values: Mapping[str, int]) -> int | None:
        try:
            return int(space[formula.name](**values))
        except OverflowError:
            return None

    return run


def load_c(formula: Formula, folder: Path) -> Run:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    source, library = folder / "exported.c", folder / "exported.so"
    source.write_text(formula.to("c"))
    strict = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-shared", "-fPIC"]
    subprocess.run([compiler, *strict, "-o", library, source], check=True)
    function = getattr(ctypes.CDLL(str(library)), formula.name)

    def run(values: Mapping[str, int]) -> int | None:
        if any(abs(value) > LARGEST for value in values.values()):
            return None
        result = ctypes.c_int64(-1)
        ordered = [ctypes.c_int64(values[s.name]) for s in formula.symbols]
        status = function(*ordered, ctypes.byref(result))
        assert (status == 0) == (result.value != -1)
        if status == 1:
            raise ValueError
        return result.value if status == 0 else None

    return run


def load_javascript(formula: Formula, folder: Path) -> Run:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    source = folder / "exported.js"
    source.write_text(
        formula.to("javascript")
        + f"""
const values = JSON.parse(require("fs").readFileSync(0, "utf8"));
const big = (row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, BigInt(v)]));
for (const row of values) {{
  try {{ console.log({formula.name}(big(row)).toString()); }}
  catch (error) {{ console.log(error.name + ": " + error.message); }}
}}
"""
    )

    def run(values: Mapping[str, int]) -> int | None:
        rows = json.dumps([{name: str(value) for name, value in values.items()}])
        done = subprocess.run([node, source], input=rows.encode(), capture_output=True, check=True)
        text = done.stdout.decode().strip()
        if text.startswith("RangeError: "):
            raise ValueError(text.removeprefix("RangeError: "))
        return int(text)

    return run
