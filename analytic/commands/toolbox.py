"""What the commands of both command lines share beside flags: files, progress, figures."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from typing import Any

import click

from analytic import tables
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

    def __init__(self, stream: BufferedReader, follow: Callable[[int], object]) -> None:
        self.stream = stream
        self.follow = follow

    def read1(self, size: int) -> bytes:
        """At most so many bytes, those that there are."""
        sys.stdout.flush()
        block = self.stream.read1(size)
        self.follow(len(block))
        return block


@contextmanager
def source(path: str) -> Iterator[tuple[Source, Callable[[str], object]]]:
    """A file, or standard input, and how to say something as it is read: a terminal has a bar."""
    with open_file(path) as stream:
        if not sys.stderr.isatty():
            yield Source(stream, str), partial(click.echo, err=True)
            return
        from tqdm import tqdm

        size = None  # of a pipe
        if stream.seekable():
            here = stream.tell()
            size = stream.seek(0, os.SEEK_END) - here
            stream.seek(here)
        with tqdm(total=size, unit="B", unit_scale=True, leave=False) as bar:
            yield Source(stream, bar.update), partial(tqdm.write, file=sys.stderr)


class LayerFile:
    """The rows of a file of layers, as they are read: how every command takes such a file.

    A row that is no layer is named on standard error, and the others are used all the same. In the
    end `close` lets the command fail, with exit status 1.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows = self.bad = 0
        #: Keys that nothing more is to be said of.
        self.known = set(tables.PARSERS)

    def __iter__(self) -> Iterator[tables.Row]:
        with source(self.path) as (stream, self.say):
            for row in tables.read(stream):
                self.rows += 1
                if not self.known.issuperset(row.fields):
                    self.hint(row.fields)
                if row.layer is None:
                    self.refuse(row, row.error)
                yield row

    def refuse(self, row: tables.Row, reason: object) -> None:
        """Say why a row is not used."""
        self.bad += 1
        self.say(f"{self.path}, line {row.line}: {reason}")

    def hint(self, fields: Mapping[str, Any]) -> None:
        """Point out keys that look like misspelt arguments, once each."""
        from difflib import get_close_matches

        if len(self.known) > MOST_KEYS:
            return
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
        if self.bad:
            raise Failed(f"{self.bad} of {self.rows} rows were not counted")

    def layers(self) -> list[Layer]:
        """All layers of the file; what needs all of them, such as a sum, fails without one."""
        layers = [row.layer for row in self if row.layer is not None]
        self.close()
        return layers


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
