"""The code that a certificate is about, as digests: an edit of it is another version."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import analytic
from oracle.certificates.candidates import Candidate
from oracle.oracles import TORCH, Oracle

#: The modules of `analytic` that are the closed form.
FORMULAS = ("axis", "floorsum", "arithmetic", "affine", "totals")

ANALYTIC = Path(analytic.__file__).parent
HERE = Path(__file__).parent


def versions(candidate: Candidate, by: Oracle = TORCH) -> dict[str, str]:
    """Of this package, its formulas, the experiments, the candidate, and of what ran them."""
    functions = (candidate.function, candidate.affine_from)
    experiments = Path(str(by.experiments.__file__))
    return {
        "convtranspose-ops": analytic.__version__,
        "code of the formulas": of_files(ANALYTIC / f"{name}.py" for name in FORMULAS),
        "code of the experiments": of_files([experiments, *sorted(HERE.glob("*.py"))]),
        "code of the candidate": digest(
            *(written(function).encode() for function in functions),
            *(source(function) for function in functions),
        ),
        by.package.__name__: by.package.__version__,
    }


def of_files(paths: Iterable[Path]) -> str:
    """The digest of some files."""
    return digest(*(path.read_bytes() for path in paths))


def digest(*parts: bytes) -> str:
    """Twelve digits that an edit changes."""
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def source(function: Callable[..., Any] | None) -> bytes:
    """The file of the module that a function is of; nothing where there is none."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    path = Path(getattr(module, "__file__", None) or "")
    return path.read_bytes() if path.is_file() else b""


def written(part: Any) -> str:
    """Code and the constants in it as text, which is the same in every process.

    Functions with what they default to and enclose; of objects that are no constants, their type.
    """
    if isinstance(part, CodeType | FunctionType | partial | dict):
        part = inside(part)
    if isinstance(part, tuple | list):
        return f"({','.join(map(written, part))})"
    if isinstance(part, frozenset | set):  # whose order differs from process to process
        return f"{{{','.join(sorted(map(written, part)))}}}"
    if part is None or isinstance(part, int | float | complex | str | bytes):
        return repr(part)
    return f"<{type(part).__qualname__}>"


def inside(part: CodeType | FunctionType | partial[Any] | dict[Any, Any]) -> tuple[Any, ...]:
    """What a function or a mapping is made of."""
    if isinstance(part, CodeType):
        return part.co_code, part.co_consts, part.co_names
    if isinstance(part, partial):
        return part.func, part.args, part.keywords
    if isinstance(part, dict):
        return tuple(part.items())
    cells = [cell.cell_contents for cell in part.__closure__ or ()]
    # A function may enclose itself: of those that are enclosed, only the code.
    kept = [cell.__code__ if isinstance(cell, FunctionType) else cell for cell in cells]
    return part.__code__, part.__defaults__, part.__kwdefaults__, *kept
