"""What the commands of both command lines share: flags of a layer, files, progress, errors."""

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
from analytic.layer import BOOLEANS, PER_AXIS, Layer
from analytic.totals import CONVENTIONS, RULES

#: The formats of a figure, and of an animation.
FIGURES = (".png", ".svg", ".pdf")
ANIMATIONS = (".gif", ".apng")
OUTPUT = click.option("--output", help="Draw a figure: FILE.png, FILE.svg or FILE.pdf.")
CAPTION = click.option(
    "--caption/--no-caption",
    default=True,
    show_default=True,
    help="What is drawn and counted, in words below the figure.",
)


class Sizes(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """A per-axis value: ``4`` or ``4x2``."""

    name = "sizes"
    parse: Callable[[str], Any] = staticmethod(tables.parse_sizes)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Read the text of a flag."""
        try:
            return self.parse(value) if isinstance(value, str) else value
        except ValueError as reason:
            self.fail(str(reason), param, ctx)


class Whole(Sizes):
    """One integer of any size."""

    name = "integer"
    parse = staticmethod(tables.parse_integer)


class Padding(Sizes):
    """A padding: as `Sizes`, or one of torch's words for it."""

    parse = staticmethod(tables.parse_padding)


def layer_option(name: str, about: str | None = None) -> Callable[[Any], Any]:
    """The flag of an argument of `Layer`; no value where it is not given."""
    flag = name.replace("_", "-")
    if name in BOOLEANS:
        return click.option(f"--{flag}/--no-{flag}", default=None, help=about)
    others = Sizes() if name in PER_AXIS else Whole()
    return click.option(f"--{flag}", type=Padding() if name == "padding" else others, help=about)


#: What help says of the flags of one layer, which are named as torch names its arguments.
FLAGS = {
    "input_size": "Spatial sizes, one an axis: 64x64.",
    "in_channels": None,
    "out_channels": None,
    "kernel_size": "4 for all axes, or 4x2.",
    "stride": "[default: 1]",
    "padding": "Of a layer that is not transposed also same or valid.  [default: 0]",
    "output_padding": "[default: 0]",
    "groups": "[default: 1]",
    "bias": "[default: bias]",
    "dilation": "[default: 1]",
    "batch_size": "[default: 1]",
    "end_padding": "Crop of the end; --padding is then that of the begin alone, as in ONNX.",
    "transposed": "ConvTranspose1d/2d/3d, or Conv1d/2d/3d.  [default: transposed]",
    "axes": "How many spatial sizes there are; to be said of more than 3.",
}
LAYER_OPTIONS = tuple(layer_option(name, about) for name, about in FLAGS.items())

#: What is counted.
CHOICES = (
    click.option(
        "--convention",
        type=click.Choice([*CONVENTIONS]),
        default="nonzero",
        show_default=True,
        help="What an operation is.",
    ),
    click.option(
        "--rule",
        type=click.Choice([*RULES]),
        default="exact",
        show_default=True,
        help="What a MAC is.",
    ),
)


def with_options(
    function: Callable[..., Any], *options: Callable[[Any], Any]
) -> Callable[..., Any]:
    """Add click options to a function, in the order in which help shows them."""
    for option in reversed(options):
        function = option(function)
    return function


def one_filter(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flags with as few channels as are legal, where none are given."""
    fewest = 1 if flags["groups"] is None else flags["groups"]
    left_out = [name for name in ("in_channels", "out_channels") if flags[name] is None]
    return {**flags, **dict.fromkeys(left_out, fewest)}


def refuse_missing(flags: Mapping[str, Any], otherwise: str = "") -> None:
    """A usage error where a flag that every layer needs is not given."""
    for name in tables.REQUIRED:
        if flags.get(name) is None:
            raise click.UsageError(f"--{name.replace('_', '-')} is missing{otherwise}")


def layer_of_flags(flags: Mapping[str, Any], otherwise: str = "") -> Layer:
    """The layer that the flags describe; a usage error where one is missing or not legal.

    ``otherwise`` is what could have been given in place of the flags.
    """
    refuse_missing(flags, otherwise)
    given = {name: value for name, value in flags.items() if value is not None}
    given["input_size"] = tables.as_sizes(given["input_size"])
    try:
        return Layer(**given)
    except (ValueError, TypeError) as reason:
        raise click.UsageError(str(reason)) from None


#: Keys of a file's rows that are remembered: more are no names of a format, and memory is bounded.
MOST_KEYS = 1000


def open_file(path: str) -> BufferedReader:
    """The file, or standard input for ``-``; a usage error where it cannot be read."""
    try:
        return click.open_file(path, "rb")  # type: ignore[return-value]  # what "rb" opens
    except OSError as reason:
        raise click.UsageError(f"{path}: {reason.strerror}") from None


class Failed(click.ClickException):
    """Not everything was counted, or a comparison differed: exit status 1."""

    exit_code = 1


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
    """Write a picture to a file of one of these formats; without matplotlib, say how to get it."""
    if not path.lower().endswith(formats):
        other = "; pairs has animations" if path.lower().endswith(ANIMATIONS) else ""
        raise click.UsageError(f"--output must end in {', '.join(formats)}, got {path}{other}")
    try:
        write()
    except ImportError:
        raise Failed("a figure needs matplotlib: pip install 'convtranspose-ops[plot]'") from None
    except OverflowError as reason:
        raise Failed(f"too large to draw: {reason}") from None
    except OSError as reason:
        raise click.UsageError(f"{path}: {reason.strerror}") from None
