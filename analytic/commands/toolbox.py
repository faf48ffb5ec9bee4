"""What the commands of both command lines share beside flags: files, progress, figures."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from shutil import get_terminal_size
from typing import Any, NamedTuple

import click

from analytic import rows, tables
from analytic.commands.flags import PATH, Failed
from analytic.layer import Layer

#: The formats of a figure, and of an animation.
FIGURES = (".png", ".svg", ".pdf")
ANIMATIONS = (".gif", ".apng")
OUTPUT = click.option("--output", type=PATH, help="Draw a figure: FILE.png, FILE.svg or FILE.pdf.")
CAPTION = click.option(
    "--caption/--no-caption",
    default=True,
    show_default=True,
    help="What is drawn and counted, in words below the figure.",
)

#: Keys of a file's rows that are remembered: more are no names of a format, and memory is bounded.
MOST_KEYS = 1000


def open_file(path: str) -> BufferedReader:
    """The file, or standard input for ``-``; a usage error where it cannot be read."""
    try:
        return click.open_file(path, "rb")  # type: ignore[return-value]  # what "rb" opens
    except OSError as reason:
        raise click.UsageError(f"{path}: {reason.strerror}") from None


class Source:
    """A file that is read: what is written by then is shown before more of it is awaited."""

    def __init__(
        self,
        stream: BufferedReader,
        follow: Callable[[int], object],
        finish: Callable[[], object],
    ) -> None:
        self.stream = stream
        self.follow = follow
        self.finish = finish

    def read1(self, size: int) -> bytes:
        """At most so many bytes, those that there are."""
        self.finish()
        sys.stdout.flush()
        block = self.stream.read1(size)
        self.follow(len(block))
        return block


class Reading(NamedTuple):
    """A file that is read, how to say something meanwhile, and what to call after each row."""

    source: Source
    say: Callable[[str], object]
    row: Callable[[], object]


@contextmanager
def reading(path: str, finish: Callable[[], object] = bool) -> Iterator[Reading]:
    """A file, or standard input. A terminal has a bar: of bytes, or of the rows of a pipe.

    Before more of it is awaited, ``finish`` does what is left to do with what was read.
    """
    with open_file(path) as stream:
        if not sys.stderr.isatty():
            yield Reading(Source(stream, str, finish), partial(click.echo, err=True), str)
            return
        from tqdm import tqdm

        say = partial(tqdm.write, file=sys.stderr)
        if not stream.seekable():  # a pipe
            with tqdm(unit=" rows", leave=False) as bar:
                yield Reading(Source(stream, str, finish), say, bar.update)
            return
        here = stream.tell()
        size = stream.seek(0, os.SEEK_END) - here
        stream.seek(here)
        with tqdm(total=size, unit="B", unit_scale=True, leave=False) as bar:
            yield Reading(Source(stream, bar.update, finish), say, str)


class Failure(NamedTuple):
    """Rows that follow each other and fail for one reason, which the first of them gave."""

    reason: str
    first: int
    last: int
    rows: int


def kind(reason: str) -> str:
    """A reason without what it shows of its row."""
    return re.sub(r"'.*?'|\".*?\"|\[.*\]|\(.*\)|-?\d+", "…", reason)


class LayerFile:
    """The rows of a file of layers, as they are read: how every command takes such a file.

    A row that is no layer is named on standard error, and the others are used all the same. In the
    end `close` lets the command fail, with exit status 1.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows = self.bad = self.used = 0
        #: Keys that nothing more is to be said of.
        self.known = {*tables.PARSERS, *tables.DEMANDS}
        self.keys: tables.Keys | None = None
        #: What is not said yet: it may be what is wrong with every row.
        self.failure: Failure | None = None

    def __iter__(self) -> Iterator[rows.Row]:
        for row in self.read():
            self.look(row)
            bad = self.bad
            if row.layer is None:
                self.refuse(row, row.error)
            yield row
            if self.bad == bad:
                self.use()

    def read(self, finish: Callable[[], object] = bool) -> Iterator[rows.Row]:
        """All rows: whoever takes one says `look`, and then `use` or `refuse`.

        Before more of the file is awaited, ``finish`` does what is left to do.
        """
        with reading(self.path, finish) as (stream, self.say, count):
            try:
                for row in rows.read(stream):
                    self.rows += 1
                    yield row
                    count()
            except rows.NotLayersError as reason:
                finish()
                self.tell()
                raise Failed(f"{self.path} {reason}") from None

    def look(self, row: rows.Row) -> None:
        """Look at the keys of a row, if they are not those of the row before."""
        if row.keys is None or row.keys is not self.keys:
            self.keys = row.keys
            if not self.known.issuperset(row.fields):
                self.hint(row.fields)

    def use(self) -> None:
        """A row is used."""
        self.used += 1
        if self.failure:
            self.tell()

    def refuse(self, row: rows.Row, reason: object) -> None:
        """Say why a row is not used; where none was used before, together with those like it."""
        self.bad += 1
        failure = Failure(str(reason), row.line, row.line, 1)
        if self.failure and kind(self.failure.reason) == kind(failure.reason):
            self.failure = self.failure._replace(last=row.line, rows=self.failure.rows + 1)
            return
        self.tell()
        self.failure = failure
        if self.used:
            self.tell()

    def tell(self) -> None:
        """Say what is not said yet."""
        if self.failure:
            reason, first, last, number = self.failure
            where = f"line {first}" if number == 1 else f"{number} lines from {first} to {last}"
            self.say(f"{self.path}, {where}: {reason}")
            self.failure = None

    def hint(self, fields: Mapping[str, Any]) -> None:
        """Point out keys that look like misspelt arguments and are not refused, once each."""
        from difflib import get_close_matches

        if len(self.known) > MOST_KEYS:
            return
        if "framework" in fields:
            self.known |= {"framework", *tables.own_keys(fields)}
        self.known.update(key for key, _ in tables.misspelt(fields))
        for key in fields.keys() - self.known:
            self.known.add(key)
            for near in get_close_matches(key, tables.PARSERS, n=1, cutoff=0.8):
                self.say(
                    f"note: {key!r} is not an argument and is carried through; is {near!r} meant?"
                )

    def close(self) -> None:
        """Fail where there was nothing to use, or something that could not be."""
        if not self.rows:
            raise Failed(f"{self.path} has no layers")
        if self.failure and self.failure.rows == self.rows:
            all_rows = f" (and so do all {self.rows} rows)" if self.rows > 1 else ""
            raise Failed(f"{self.path}, line {self.failure.first}: {self.failure.reason}{all_rows}")
        self.tell()
        if self.bad:
            raise Failed(f"{self.bad} of {self.rows} rows were not counted")

    def layers(self) -> list[Layer]:
        """All layers of the file; what needs all of them, such as a sum, fails without one."""
        layers = [row.layer for row in self if row.layer is not None]
        self.close()
        return layers


def width() -> int | None:
    """How long lines are on a terminal; None where there is none."""
    return get_terminal_size().columns if on_a_terminal() else None


def on_a_terminal() -> bool:
    """Whether somebody watches: lines that are too long would be broken."""
    return sys.stdout.isatty()


def save_figure(path: str, draw: Callable[[], Any]) -> None:
    """Write the figure that ``draw`` makes."""

    def write() -> None:
        from analytic.pictures import sheet

        sheet.save(draw(), path)

    write_picture(path, write, FIGURES)


def write_picture(path: str, write: Callable[[], None], formats: tuple[str, ...]) -> None:
    """Write a picture to a file of one of these formats."""
    if not path.lower().endswith(formats):
        other = "; pairs has animations" if path.lower().endswith(ANIMATIONS) else ""
        raise click.UsageError(f"--output must end in {', '.join(formats)}, got {path}{other}")
    try:
        write()
    except OverflowError as reason:
        raise Failed(f"too large to draw: {reason}") from None
    except OSError as reason:
        raise click.UsageError(f"{path}: {reason.strerror}") from None
