"""The record of a long run: one line for every finished (stride, dilation), safe against a kill."""

from __future__ import annotations

import json
import os
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self


class RecordError(ValueError):
    """A file that is not the record of this run; it is left as it is."""


class Record:
    """Finished steps in a file: the first line says of which run, each other line is one step.

    A line is written at once and synced before the next step is reported as finished. A last line
    without its end was being written when the run was killed: it is dropped. A file that is not of
    this run, by its first line, is refused untouched, and so is one in use.
    """

    def __init__(self, path: str | Path, run: dict[str, Any]) -> None:
        self.path = Path(path)
        self.head = line({"run": run})
        self.steps: list[dict[str, Any]] = []
        self.stream: IO[bytes] = BytesIO()
        self.stream.close()

    def __enter__(self) -> Self:
        stream = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0)
        try:
            lock(stream, self.path)
            self._continue(stream)
        except BaseException:
            stream.close()
            raise
        self.stream = stream
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stream.close()

    def _continue(self, stream: IO[bytes]) -> None:
        """Read what is finished, drop what is torn, and stand at the end."""
        content = stream.read()
        head, *rest = content.splitlines(keepends=True) or [b""]
        if head != self.head:
            if not self.head.startswith(content):  # a torn first line is all that may be there
                raise RecordError(f"{self.path} is not the record of this run: {difference(head)}")
            rest, content = [], b""
        lines = [text for text in rest if text.endswith(b"\n")]
        self.steps = [self._step(number, text) for number, text in enumerate(lines, 2)]
        keep = len(head) + sum(map(len, lines)) if content else 0
        stream.truncate(keep)
        stream.seek(keep)
        if not content:
            write(stream, self.head)
            sync_folder(self.path)

    def _step(self, number: int, text: bytes) -> dict[str, Any]:
        try:
            step: dict[str, Any] = json.loads(text)
        except ValueError:
            raise spoilt(self.path, number) from None
        return step

    def append(self, step: dict[str, Any]) -> None:
        """Add a finished step; it is on the disk when this returns."""
        if self.stream.closed:
            raise ValueError("the record is not open")
        write(self.stream, line(step))


def spoilt(path: Path, number: int) -> RecordError:
    """That a line of a record is not what a run wrote."""
    return RecordError(f"{path}, line {number}, is not a finished step")


def line(fields: dict[str, Any]) -> bytes:
    """One line of JSON."""
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def write(stream: IO[bytes], text: bytes) -> None:
    """All of the bytes, on the disk."""
    rest = memoryview(text)
    while rest:
        rest = rest[stream.write(rest) :]
    os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """The name of a new file, on the disk."""
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def lock(stream: IO[bytes], path: Path) -> None:
    """Keep a second run off the file, where the system can."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise RecordError(f"{path} is in use by another run") from None


def difference(head: bytes) -> str:
    """What kind of file it is instead."""
    try:
        run = json.loads(head)["run"]
    except (ValueError, KeyError, TypeError):
        return "it is another kind of file"
    return f"it is of {json.dumps(run, ensure_ascii=False)}"
