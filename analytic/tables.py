"""Layers from and to files: JSON Lines and CSV, one layer a line, read and written as a stream.

A line that cannot be read is a `Row` with a reason, and the next one is read all the same.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, NamedTuple

from analytic.layer import Layer, shown
from analytic.totals import Count

#: A longer line is refused, so that memory stays bounded whatever the file.
LONGEST_LINE = 2**20

#: The arguments that a row must have, and those with one value an axis.
REQUIRED = ("input_size", "in_channels", "out_channels", "kernel_size")
PER_AXIS = (
    "input_size",
    "kernel_size",
    "stride",
    "padding",
    "output_padding",
    "dilation",
    "end_padding",
)
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Row(NamedTuple):
    """One line of a file: its own keys as read, and its layer or the reason why there is none."""

    line: int
    fields: Mapping[str, Any]
    layer: Layer | None
    error: str = ""


def parse_sizes(text: str) -> int | tuple[int, ...]:
    """A per-axis value as it is written on a command line and in CSV: ``4`` or ``4x2``.

    >>> parse_sizes("4"), parse_sizes("4x2"), parse_sizes("-1x0")
    (4, (4, 2), (-1, 0))
    """
    try:
        values = tuple([parse_integer(part) for part in text.split("x")])
    except ValueError:
        words = f"{shown(text)} is not an integer, nor integers joined by x"
        raise ValueError(words) from None
    return values[0] if len(values) == 1 else values


def parse_integer(text: str) -> int:
    """A decimal integer and nothing else: no blanks inside, no underscores, no other digits."""
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f"{shown(text)} is not an integer")
    return int(text)


def write_sizes(values: tuple[int, ...] | list[int]) -> str:
    """The inverse of `parse_sizes`.

    >>> write_sizes((4, 2))
    '4x2'
    """
    return "x".join(map(str, values))


def lines(stream: IO[bytes]) -> Iterator[tuple[int, str | ValueError]]:
    """Line number and text of every line that is not blank, or why it is no text."""
    number = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")  # a byte-order mark, as spreadsheets write
        if len(raw) > LONGEST_LINE:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(LONGEST_LINE)
            yield number, ValueError(f"the line is longer than {LONGEST_LINE} bytes")
            continue
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            yield number, ValueError("the line is not UTF-8 text")
            continue
        if text.strip():
            yield number, text.rstrip("\r\n")


def read(stream: IO[bytes]) -> Iterator[Row]:
    """The rows of a JSON Lines or a CSV file: its first line says which of them it is."""
    numbered = lines(stream)
    first = next(numbered, None)
    if first is None:
        return
    if isinstance(first[1], str) and is_header(first[1]):
        try:
            fields_of = _csv_reader(first[1])
        except ValueError as reason:
            yield Row(first[0], {}, None, str(reason))
            return
    else:
        fields_of = read_json
        yield _row(*first, fields_of)
    for number, text in numbered:
        yield _row(number, text, fields_of)


def is_header(text: str) -> bool:
    """Whether a line is the header of a CSV file: it has an argument's name, in whatever case."""
    cells = {cell.strip(' \t"').casefold() for cell in text.split(",")}
    return not text.lstrip().startswith("{") and not cells.isdisjoint(Layer.FIELDS)


def _row(number: int, text: str | ValueError, fields_of: Callable[[str], Mapping[str, Any]]) -> Row:
    fields: Mapping[str, Any] = {}
    try:
        if isinstance(text, ValueError):
            raise text
        fields = fields_of(text)
        return Row(number, fields, layer_of(fields))
    except (ValueError, TypeError) as reason:
        return Row(number, fields, None, str(reason))


def read_json(text: str) -> Mapping[str, Any]:
    """The object on a line of JSON."""
    if text.lstrip().startswith("["):
        raise ValueError("one JSON object a line is needed, not an array")
    try:
        fields = json.loads(
            text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
        )
    except json.JSONDecodeError as reason:
        words = f"not JSON: {reason.msg} at column {reason.colno}"
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


def _csv_reader(header: str) -> Callable[[str], Mapping[str, Any]]:
    """A reader of the lines below a CSV header. A cell may not run over the end of its line."""
    names = [name.strip() for name in _cells(header)]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the header has the column {shown(name)} twice")
    for name in REQUIRED:
        if name not in names:
            raise ValueError(f"the header has no column {name!r}")

    def fields_of(text: str) -> Mapping[str, Any]:
        cells = _cells(text)
        if len(cells) != len(names):
            raise ValueError(f"{len(names)} cells are needed, as in the header, got {len(cells)}")
        return dict(zip(names, cells, strict=True))

    return fields_of


def _cells(text: str) -> list[str]:
    if text.count('"') % 2:  # a cell goes on in the next line, or came from the line before
        raise ValueError("not CSV: a quote that is not closed on its line")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as reason:
        raise ValueError(f"not CSV: {reason}") from None


def layer_of(fields: Mapping[str, Any]) -> Layer:
    """The layer that a row describes. Keys that are no argument of `Layer` are left alone.

    Values are integers, lists and booleans as in JSON, or text as in CSV, where an empty cell means
    the default. Errors are those of `Layer`.
    """
    arguments = {
        name: _value(name, fields[name])
        for name in Layer.FIELDS
        if name in fields and not _is_blank(fields[name])
    }
    for key in fields:
        name = key.strip().casefold().replace("-", "_")
        if name != key and name in Layer.FIELDS:
            raise ValueError(f"{shown(key)} must be written {name!r}")
    missing = [name for name in REQUIRED if name not in arguments]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    return Layer(**arguments)


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if name == "input_size":
            return as_sizes(parse_sizes(value))
        if name in PER_AXIS:
            return parse_sizes(value)
        if name == "bias":
            return BOOLEANS.get(value.strip().lower(), value)
        return parse_integer(value)
    except ValueError as reason:
        raise ValueError(f"{name}: {reason}") from None


def as_sizes(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """An input size that was written without an x has one axis."""
    return value if isinstance(value, tuple) else (value,)


def count_fields(count: Count) -> dict[str, Any]:
    """A count as JSON has it."""
    return {**count._asdict(), "output_size": list(count.output_size)}


def write_json(fields: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """A row and its count as a line of JSON: results go under the key ``count``."""
    if "count" in fields:
        raise ValueError("the row's own key 'count' would be overwritten")
    return json.dumps({**fields, "count": results}) + "\n"


class CsvWriter:
    """Rows and their counts as lines of CSV: results go in columns ``count_…``."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, fields: Mapping[str, Any], results: Mapping[str, Any]) -> str:
        results = {f"count_{name}": value for name, value in results.items()}
        clash = sorted(results.keys() & fields.keys())
        if clash:
            raise ValueError(f"the row's own key {clash[0]!r} would be overwritten")
        head = "" if self.names else csv_line([*fields, *results])
        self.names = self.names or list(fields)
        for name in fields:
            if name not in self.names:
                raise ValueError(
                    f"the key {shown(name)} is not in the first row, nor in the header"
                )
        own = [fields.get(name, "") for name in self.names]
        return head + csv_line([_cell(value) for value in (*own, *results.values())])


def csv_line(cells: list[str]) -> str:
    """Cells as one line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(type(entry) is int for entry in value):
        return write_sizes(value)
    return json.dumps(value, ensure_ascii=False)
