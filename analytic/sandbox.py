"""Reads a file by a reader that runs in a process of its own, within limits of memory and time.

What other packages do with a hostile file is not in our hands: a few hundred bytes can make one ask
for all the memory there is. The process may have what files need and no more, and whatever becomes
of it, there is one line to say. It also spares the caller the import of the reader's packages.

A reader is a function of a path and of options that JSON has; it returns a `models.Reading`, and
raises `OSError` and `ValueError`: `UsageError` where what is asked is wrong, and not the file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from analytic.layer import Layer
from analytic.models import Missing, Reading, UsageError
from analytic.packages import imported
from analytic.report import layer_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Beyond what the process has when it starts to read, and beyond the size of the file.
MOST_MEMORY = 2 * 2**30
#: Seconds of computing.
MOST_TIME = 60


def read(reader: str, path: str, options: Mapping[str, object]) -> Reading:
    """What the reader, written ``module:function``, makes of a file.

    Raises `UsageError` and `ValueError` with what the reader says, or with what became of it.
    """
    done = subprocess.run(  # noqa: S603  # this interpreter, and our own module
        # -P: with our own path, and not that of the folder in which the command is run.
        [sys.executable, "-P", "-c", f"from {__name__} import main; main()"],
        input=json.dumps([reader, path, options, MOST_MEMORY]),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    if done.returncode:
        last = done.stderr.splitlines()[-1:]
        raise ValueError(
            f"{path}: not read: it takes more than {MOST_MEMORY >> 30} GiB of memory or "
            f"{MOST_TIME} s, or makes its reader crash ({', '.join(last) or done.returncode})"
        )
    reply = json.loads(done.stdout.splitlines()[-1])
    if "usage" in reply:
        raise UsageError(reply["usage"])
    if "failed" in reply:
        raise ValueError(reply["failed"])
    rows = {
        name: Layer(**row) if "input_size" in row else Missing(row["reason"], tuple(row["names"]))
        for name, row in reply["rows"].items()
    }
    return Reading(rows, reply["notes"])


def main() -> None:
    """Answer the request on standard input."""
    sys.stdout.write(json.dumps(answer(*json.load(sys.stdin))) + "\n")


def answer(reader: str, path: str, options: Mapping[str, object], memory: int) -> dict[str, Any]:
    """What a reader makes of a file, or what is said instead, as JSON has it."""
    module, _, function = reader.partition(":")
    try:
        read_file = getattr(imported(module), function)
    except ModuleNotFoundError as reason:
        return {"usage": f"{path}: {reason}"}
    try:
        limit(memory + Path(path).stat().st_size)
        reading: Reading = read_file(path, **options)
    except OSError as reason:
        return {"usage": f"{path}: {reason.strerror}"}
    except UsageError as reason:
        return {"usage": f"{path}: {reason}"}
    except ValueError as reason:
        return {"failed": f"{path}: {reason}"}
    rows = {
        name: layer_fields(row) if isinstance(row, Layer) else row._asdict()
        for name, row in reading.rows.items()
    }
    return {"rows": rows, "notes": reading.notes}


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
