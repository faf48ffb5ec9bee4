"""Layers from and to files: JSON Lines and CSV, one layer a line, read and written as a stream.

A line that cannot be read is a `Row` with a reason, and the next one is read all the same.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from analytic.layer import BOOLEANS, PER_AXIS, Layer, shown
from analytic.totals import Count, Pass, Passes

#: A longer line is refused, so that memory stays bounded whatever the file.
LONGEST_LINE = 2**20

#: The arguments that a row must have.
REQUIRED = ("input_size", "in_channels", "out_channels", "kernel_size")
#: What `csv` takes for a cell.
LONGEST_CELL = csv.field_size_limit()
#: Cells of a longer line are parsed anew each time, so that what is remembered takes little memory.
SHORT = 200
#: How many bytes of a file are read at once, at most.
BLOCK = 2**18

TRUTH = {"true": True, "1": True, "false": False, "0": False}
#: What may stand for the numbers of ``padding``.
WORDS = ("same", "valid")


class Stream(Protocol):
    """A file in bytes, of which only this is used."""

    def read1(self, size: int, /) -> bytes:
        """At most so many bytes, those that there are; none at the end."""


class Row(NamedTuple):
    """One line of a file: its own keys as read, and its layer or the reason why there is none."""

    line: int
    fields: Mapping[str, Any]
    layer: Layer | None
    error: str = ""


def parse_sizes(text: str) -> int | tuple[int, ...]:
    """A per-axis value as it is written on a command line and in CSV: ``4`` or ``4x2``.

    What other programs write is read too where it can mean nothing else: ``4X2``, ``4×2``, and the
    ``(4, 2)`` and ``[4 2]`` of Python and NumPy. A bare ``4,2`` or ``4 2`` might be one number.

    >>> parse_sizes("4"), parse_sizes("4x2"), parse_sizes("-1x0"), parse_sizes("(4, 2)")
    (4, (4, 2), (-1, 0), (4, 2))
    """
    stripped = text.strip()
    try:
        if stripped[:1] + stripped[-1:] in {"()", "[]"}:
            return parse_list(stripped)
        values = tuple([parse_integer(part) for part in stripped.translate(CROSSES).split("x")])
    except ValueError:
        words = f"{shown(text)} is not an integer, nor integers joined by x"
        raise ValueError(words + meant(stripped)) from None
    return values[0] if len(values) == 1 else values


#: What is written for the x of sizes.
CROSSES = str.maketrans("X×", "xx")


def parse_list(text: str) -> int | tuple[int, ...]:
    """Integers in brackets, as Python and NumPy write tuples, lists and arrays.

    >>> parse_list("(4,)"), parse_list("[4]"), parse_list("(4)")
    ((4,), (4,), 4)
    """
    inner = text[1:-1].strip()
    separator = "," if "," in inner else None
    values = tuple([parse_integer(part) for part in inner.removesuffix(",").split(separator)])
    if not values:
        raise ValueError(f"{text} is empty")
    return values[0] if text == f"({inner})" and len(values) == 1 and not separator else values


def meant(text: str) -> str:
    """How integers must be written that have other signs than an x between them."""
    parts = re.split(r"[\s,;*]+", text)
    integers = len(parts) > 1 and all(part.isdecimal() for part in parts)
    return f": is {'x'.join(parts)} meant?" if integers else ""


def parse_input_size(text: str) -> tuple[int, ...]:
    """An input size: one that is written without an x has one axis."""
    return as_sizes(parse_sizes(text))


def parse_padding(text: str) -> int | tuple[int, ...] | str:
    """Sizes, or one of `WORDS`."""
    return word if (word := text.strip()) in WORDS else parse_sizes(text)


def parse_integer(text: str) -> int:
    """A decimal integer and nothing else: no blanks inside, no underscores, no other digits."""
    digits = text if text.isdecimal() else text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f"{shown(text)} is not an integer")
    return int(text)


def parse_boolean(text: str) -> bool | str:
    """The boolean of a cell; other text as it is, for `Layer` to refuse."""
    return TRUTH.get(text.strip().lower(), text)


def write_sizes(values: tuple[int, ...] | list[int]) -> str:
    """The inverse of `parse_sizes`.

    >>> write_sizes((4, 2))
    '4x2'
    """
    return "x".join(map(str, values))


def lines(stream: Stream) -> Iterator[tuple[int, str | ValueError]]:
    """Line number and text of every line that is not blank, or why it is no text.

    The stream is read block by block, and no more than there is: whoever writes lines into a pipe
    has each one read before the next is written.
    """
    number = 0
    rest = b""
    while block := stream.read1(BLOCK):
        *complete, rest = (rest + block).split(b"\n")
        rest = rest[: LONGEST_LINE + 4]  # with a byte-order mark, what is too long stays too long
        for raw in complete:
            number += 1
            if text := decoded(raw, number, LONGEST_LINE - 1):
                yield number, text
    if text := decoded(rest, number + 1, LONGEST_LINE):
        yield number + 1, text


def decoded(raw: bytes, number: int, most: int) -> str | ValueError:
    """The text of a line, empty where it is blank, or why it is none."""
    if number == 1:
        raw = raw.removeprefix(b"\xef\xbb\xbf")  # a byte-order mark, as spreadsheets write
    if len(raw) > most:
        return ValueError(f"the line is longer than {LONGEST_LINE} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ValueError("the line is not UTF-8 text")
    return "" if text.isspace() else text.rstrip("\r")


def read(stream: Stream) -> Iterator[Row]:
    """The rows of a JSON Lines or a CSV file: its first line says which of them it is."""
    numbered = lines(stream)
    first = next(numbered, None)
    if first is None:
        return
    row_of = json_row
    if isinstance(first[1], str) and is_header(first[1]):
        try:
            row_of = CsvReader(first[1]).row
        except ValueError as reason:
            yield Row(first[0], {}, None, str(reason))
            return
    else:
        yield json_row(*first)
    for number, text in numbered:
        yield row_of(number, text)


def is_header(text: str) -> bool:
    """Whether a line is the header of a CSV file: it has an argument's name, in whatever case."""
    cells = {cell.strip(' \t"').casefold() for cell in text.split(",")}
    return not text.lstrip().startswith("{") and not cells.isdisjoint(Layer.FIELDS)


def json_row(number: int, text: str | ValueError) -> Row:
    """The row on a line of JSON."""
    fields: Mapping[str, Any] = {}
    try:
        if isinstance(text, ValueError):
            raise text
        fields = read_json(text)
        return Row(number, fields, layer_of(fields))
    except (ValueError, TypeError) as reason:
        return Row(number, fields, None, str(reason))


def read_json(text: str) -> Mapping[str, Any]:
    """The object on a line of JSON."""
    if text.lstrip().startswith("["):
        raise ValueError("one JSON object a line is needed, not an array")
    try:
        fields = _json(text)
    except json.JSONDecodeError as reason:
        mark = "Unexpected UTF-8 BOM (decode using utf-8-sig)"
        words = mark if text.startswith("\ufeff") else reason.msg
        words = f"not JSON: {words} at column {reason.colno}"
        if not text.lstrip().startswith("{"):
            words += " (nor the header of a CSV file)"
        raise ValueError(words) from None
    except RecursionError:
        raise ValueError("not a layer: JSON nested too deeply") from None
    if not isinstance(fields, dict):
        raise ValueError(f"one JSON object a line is needed, got {shown(fields)}")
    return fields


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"not JSON: {shown(text)} is no number that JSON can have")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key stands twice")
    return fields


_json = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
).decode


class CsvReader:
    """Reads the lines below a CSV header. A cell may not run over the end of its line."""

    def __init__(self, header: str) -> None:
        self.names = [name.strip() for name in _cells(header)]
        for name in self.names:
            if self.names.count(name) > 1:
                raise ValueError(f"the header has the column {shown(name)} twice")
        for name in REQUIRED:
            if name not in self.names:
                raise ValueError(f"the header has no column {name!r}")
        self.keys = Keys(self.names)

    def row(self, number: int, text: str | ValueError) -> Row:
        """The row on a line."""
        fields: Mapping[str, Any] = {}
        try:
            if isinstance(text, ValueError):
                raise text
            cells = _cells(text)
            if len(cells) != len(self.names):
                words = f"{len(self.names)} cells are needed, as in the header"
                raise ValueError(f"{words}, got {len(cells)}")
            fields = dict(zip(self.names, cells, strict=True))
            return Row(number, fields, self.keys.layer_of(fields, short=len(text) <= SHORT))
        except (ValueError, TypeError) as reason:
            return Row(number, fields, None, str(reason))


def _cells(text: str) -> list[str]:
    if '"' not in text and "\r" not in text and len(text) < LONGEST_CELL:
        return text.split(",")  # as `csv` would, in a quarter of the time
    if text.count('"') % 2:  # a cell goes on in the next line, or came from the line before
        raise ValueError("not CSV: a quote that is not closed on its line")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as reason:
        raise ValueError(f"not CSV: {reason}") from None


#: How the text of an argument is read.
PARSERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(Layer.FIELDS, parse_integer),
    **dict.fromkeys(PER_AXIS, parse_sizes),
    **dict.fromkeys(BOOLEANS, parse_boolean),
    "input_size": parse_input_size,
    "padding": parse_padding,
    "output_size": parse_sizes,
    "axes": parse_integer,
}
#: The value of a blank cell.
BLANK = object()
#: What programs write where they have no value.
BLANKS = {"", "nan", "none", "null", "na", "n/a", "<na>"}
#: An integer that a program wrote as a float, as pandas does in a column with blanks.
WHOLE = re.compile(r"(?<![0-9.])([0-9]+)\.0+(?=[\sxX×,)\]]|$)")


def cell_parser(name: str) -> Callable[[str], Any]:
    """How a cell is read that gives an argument: `BLANK`, its value, or an error that names it."""

    def parse(text: str) -> Any:
        if text.strip().casefold() in BLANKS:
            return BLANK
        try:
            return PARSERS[name](WHOLE.sub(r"\1", text) if "." in text else text)
        except ValueError as reason:
            raise ValueError(f"{name}: {reason}") from None

    return parse


CELLS = {name: cell_parser(name) for name in PARSERS}
#: The same, for cells that come again, as in most files; only of short lines, that it stays small.
REMEMBERED = {name: lru_cache(2**11)(parse) for name, parse in CELLS.items()}


class Keys:
    """What the keys of a row say, for all rows that have the same."""

    def __init__(self, keys: Iterable[str]) -> None:
        keys = [*keys]
        self.names = [name for name in PARSERS if name in keys]
        self.lacking = [name for name in REQUIRED if name not in keys]
        self.misspelt = ""
        for key in keys:
            name = key.strip().casefold().replace("-", "_")
            if name != key and name in PARSERS and not self.misspelt:
                self.misspelt = f"{shown(key)} must be written {name!r}"

    def layer_of(self, fields: Mapping[str, Any], *, short: bool = False) -> Layer:
        """The layer that a row describes; ``short`` says that all its texts are."""
        parsers = REMEMBERED if short else CELLS
        arguments = {}
        for name in self.names:
            value = fields[name]
            if type(value) is str:
                value = parsers[name](value)
            elif value is None:
                continue
            elif type(value) is float:
                value = whole(value)
            if value is not BLANK:
                arguments[name] = value
        if self.misspelt:
            raise ValueError(self.misspelt)
        if self.lacking or len(arguments) < len(self.names):
            for name in REQUIRED:
                if name not in arguments:
                    raise ValueError(f"{name} is missing")
        return layer_with(arguments)


def whole(value: float) -> int | float:
    """The integer that a program wrote as a float, if that is sure: beyond 2^53, floats round."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def layer_with(arguments: dict[str, Any]) -> Layer:
    """The layer with these arguments, of which ``output_size`` is one of torch's call."""
    return Layer.of_output(**arguments) if "output_size" in arguments else Layer(**arguments)


keys_of = lru_cache(16)(Keys)


def layer_of(fields: Mapping[str, Any]) -> Layer:
    """The layer that a row describes. Keys that are no argument are left alone.

    Arguments are those of `Layer`, and ``output_size`` as in `Layer.of_output`. Values are
    integers, lists and booleans as in JSON, or text as in CSV; null, and a blank cell, is the
    default, and an integer may be written as a float. Errors are those of `Layer`.
    """
    return keys_of(tuple(fields)).layer_of(fields)


def as_sizes(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """An input size that was written without an x has one axis."""
    return value if isinstance(value, tuple) else (value,)


def count_fields(count: Count) -> dict[str, Any]:
    """A count as JSON has it."""
    return {**count._asdict(), "output_size": list(count.output_size)}


def passes_fields(passes: Passes) -> dict[str, dict[str, int]]:
    """What each pass costs, and a training step with and without the gradient of the input."""
    steps = (passes.training_step(), passes.training_step(grad_input=False))
    costs = zip(PASSES, (*passes, *steps), strict=True)
    return {name: cost._asdict() for name, cost in costs}


#: Passes and sums over them, as files call them.
PASSES = (*Passes._fields, "training_step", "training_step_without_grad_input")
COUNT_COLUMNS = [f"count_{name}" for name in Count._fields]
PASSES_COLUMNS = [f"passes_{kind}_{name}" for kind in PASSES for name in Pass._fields]


def count_cells(count: Count) -> list[Any]:
    """A count as CSV has it, in `COUNT_COLUMNS`."""
    return [write_sizes(count.output_size), *count[1:]]


def passes_cells(passes: Passes) -> list[int]:
    """Passes as CSV has them, in `PASSES_COLUMNS`."""
    return [number for cost in passes_fields(passes).values() for number in cost.values()]


def refuse_overwriting(own: Mapping[str, Any], names: Iterable[str]) -> None:
    """`ValueError` where the row has a key by which a result goes."""
    if clash := own.keys() & names:
        raise ValueError(f"the row's own key {min(clash)!r} would be overwritten")


def write_json(fields: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """A row and its results as a line of JSON."""
    refuse_overwriting(fields, results)
    return json.dumps({**fields, **results}) + "\n"


class CsvWriter:
    """Rows and their results as lines of CSV: results go in ``columns`` behind those of the rows.

    The rows' own columns are those of the first row.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self.names: list[str] = []
        self.columns = [*columns]

    def __call__(self, fields: Mapping[str, Any], results: Iterable[Any]) -> str:
        if [*fields] == self.names:
            return csv_line(_plain([*fields.values(), *results]))
        refuse_overwriting(fields, self.columns)
        head = ""
        if not self.names:
            self.names = list(fields)
            head = csv_line([*fields, *self.columns])
        for name in fields:
            if name not in self.names:
                raise ValueError(
                    f"the key {shown(name)} is not in the first row, nor in the header"
                )
        own = [fields.get(name, "") for name in self.names]
        return head + csv_line(_plain([*own, *results]))


class _Line:
    """A file that hands every line back to whom it writes it."""

    def write(self, text: str) -> str:
        return text


#: Cells as one line of CSV.
csv_line: Callable[[Iterable[Any]], str] = csv.writer(_Line(), lineterminator="\n").writerow


#: What the writer of `csv` writes as we do.
WRITTEN = {str, int}


def _plain(cells: list[Any]) -> list[Any]:
    return cells if WRITTEN.issuperset(map(type, cells)) else [*map(_cell, cells)]


def _cell(value: Any) -> Any:
    if type(value) in WRITTEN:
        return value
    if isinstance(value, (list, tuple)) and value and all(type(entry) is int for entry in value):
        return write_sizes(value)
    return json.dumps(value, ensure_ascii=False)
