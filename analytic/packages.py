"""The packages that are imported where they are used, and the line that installs each of them."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import Any

#: By the name of the module, as pyproject.toml asks for them.
REQUIRED = {
    "click": "click>=8.2",
    "jax": "jax>=0.4.30",
    "matplotlib": "matplotlib>=3.9",
    "numpy": "numpy>=2.0",
    "onnx": "onnx>=1.17",
    "pyarrow": "pyarrow>=17",
    "sympy": "sympy>=1.14",
    "tabulate": "tabulate>=0.9",
    "torch": "torch>=2.13",
    "tqdm": "tqdm>=4.60",
}


def missing(module: str) -> str:
    """What is said of a package that is not installed.

    >>> missing("onnx")
    "onnx is not installed: pip install 'onnx>=1.17'"
    """
    return f"{module} is not installed: pip install '{REQUIRED[module]}'"


def explained(reason: ModuleNotFoundError) -> ModuleNotFoundError:
    """The error of a module that is missing, with what installs it; another's as it is.

    >>> explained(ModuleNotFoundError("No module named 'onnx'", name="onnx"))
    ModuleNotFoundError("onnx is not installed: pip install 'onnx>=1.17'")
    """
    if reason.name not in REQUIRED:
        return reason
    return ModuleNotFoundError(missing(reason.name), name=reason.name)


def imported(module: str) -> Any:
    """A module of ours; the error of a package that it needs says what installs that."""
    from importlib import import_module

    try:
        return import_module(module)
    except ModuleNotFoundError as reason:
        raise explained(reason) from None


def run_main(module: str) -> None:
    """Call ``main`` of a module; a package that is missing is one line, and exit status 1."""
    try:
        main = imported(module).main
    except ModuleNotFoundError as reason:
        sys.exit(str(reason))
    main()
