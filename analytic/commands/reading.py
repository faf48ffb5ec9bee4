"""Reads an ONNX model in a process of its own, for the command line.

What the onnx package does with a hostile file is not in our hands: a few hundred bytes can make it
ask for all the memory there is. The process may have what models need and no more, and whatever
becomes of it, the command says so in a line. It also spares the command the import of onnx.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from analytic.commands.toolbox import Failed
from analytic.layer import Layer
from analytic.report import layer_fields

#: Beyond what the process has when it starts to read, and beyond the size of the file.
MOST_MEMORY = 2 * 2**30
#: Seconds of computing.
MOST_TIME = 60


def layers_of(path: str, dims: dict[str, int]) -> dict[str, Layer]:
    """The layers by `analytic.onnx.layers_of`; what it raises is an error of the command."""
    done = subprocess.run(  # noqa: S603  # this interpreter, and our own module
        # -P: with our own path, and not that of the folder in which the command is run.
        [sys.executable, "-P", "-c", f"from {__name__} import main; main()"],
        input=json.dumps([path, dims, MOST_MEMORY]),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    if done.returncode:
        said = done.stderr.splitlines()[-1:]
        raise Failed(
            f"{path}: not read: it takes more than {MOST_MEMORY >> 30} GiB of memory or "
            f"{MOST_TIME} s, or makes the onnx package crash ({', '.join(said) or done.returncode})"
        )
    found = json.loads(done.stdout.splitlines()[-1])
    if "usage" in found:
        raise click.UsageError(found["usage"])
    if "failed" in found:
        raise Failed(found["failed"])
    return {name: Layer(**fields) for name, fields in found["layers"].items()}


def main() -> None:
    """Answer the request on standard input."""
    sys.stdout.write(json.dumps(answer(*json.load(sys.stdin))) + "\n")


def answer(path: str, dims: dict[str, int], memory: int) -> dict[str, Any]:
    """The layers of a model, or what the command says instead, as JSON has them."""
    try:
        from analytic import onnx
    except ModuleNotFoundError as reason:
        return {"usage": f"an ONNX model needs the package {reason.name}"}
    try:
        limit(memory + Path(path).stat().st_size)
        found = onnx.layers_of(path, dims)
    except OSError as reason:
        return {"usage": f"{path}: {reason.strerror}"}
    except onnx.DimensionError as reason:
        return {"usage": f"{path}: {reason}"}
    except ValueError as reason:
        return {"failed": f"{path}: {reason}"}
    return {"layers": {name: layer_fields(layer) for name, layer in found.items()}}


def limit(memory: int) -> None:
    """Let this process have so many bytes more and `MOST_TIME`, and no more."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():  # only Linux says how much a process has, and keeps it to a limit
        return
    import resource

    has = int(statistics.read_text().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, has + memory),
        (resource.RLIMIT_CPU, MOST_TIME),
    ):
        _, hard = resource.getrlimit(what)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, hard))
