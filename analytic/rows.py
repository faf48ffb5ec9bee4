"""The rows of a file of layers, as people have them: JSON Lines, JSON, CSV or Parquet, as a stream.

How a file begins says what it is. A row that cannot be read is a `Row` with a reason, and the next
one is read all the same; of a file that has no layers at all, `NotLayersError` says what it is.
"""

from __future__ import annotations

import codecs
import csv
import json
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, product
from typing import Any, Protocol

from analytic.layer import Layer, shown
from analytic.packages import missing
from analytic.tables import PARSERS, REQUIRED, Keys, keys_of

#: A longer line is refused, so that memory stays bounded whatever the file.
LONGEST_LINE = 2**20
#: What `csv` takes for a cell.
LONGEST_CELL = csv.field_size_limit()
#: How many bytes of a file are read at once, at most.
BLOCK = 2**18


class Stream(Protocol):
    """A file in bytes, of which only this is used."""

    def read1(self, size: int, /) -> bytes:
        """At most so many bytes, those that there are; none at the end."""


class Row:
    """One line of a file: its own keys as read, and its layer or the reason why there is none.

    ``values`` are those of the arguments ``keys.names``. The layer is made when it is asked for:
    columns need none.
    """

    __slots__ = ("line", "fields", "keys", "values", "refusal", "_layer")

    def __init__(
        self,
        line: int,
        fields: Mapping[str, Any],
        keys: Keys | None = None,
        values: tuple[Any, ...] = (),
        refusal: str = "",
    ) -> None:
        self.line = line
        self.fields = fields
        self.keys = keys
        self.values = values
        self.refusal = refusal
        self._layer: Layer | None = None

    def demand(self) -> Layer:
        """The layer, or a `ValueError` that says why there is none."""
        if self.keys is None:
            raise ValueError(self.refusal)
        if self._layer is None:
            try:
                self._layer = self.keys.layer(self.values, self.fields)
            except TypeError as reason:
                raise ValueError(str(reason)) from None
        return self._layer

    @property
    def layer(self) -> Layer | None:
        """The layer, or None."""
        return None if self.error else self._layer

    @property
    def error(self) -> str:
        """Why there is no layer; nothing where there is one."""
        try:
            self.demand()
        except ValueError as reason:
            return str(reason)
        return ""


class NotLayersError(ValueError):
    """A file that has no layers, whatever its rows are: what it is, and what is wanted."""


class Started:
    """A stream whose start can be looked at before it is read."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.start = b""
        # The first line that is not blank; of an array, which may have no other, how it begins.
        while not self.start.lstrip().startswith(b"[") and len(self.start) <= LONGEST_LINE:
            block = stream.read1(BLOCK)
            self.start += block
            if not block or (b"\n" in block and self.start.lstrip()):
                break

    def read1(self, size: int) -> bytes:
        """At most so many bytes, those that there are."""
        if not self.start:
            return self.stream.read1(size)
        block, self.start = self.start[:size], self.start[size:]
        return block


class Recoded:
    """A stream of another encoding, in UTF-8."""

    def __init__(self, stream: Stream, encoding: str) -> None:
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder(encoding)()

    def read1(self, size: int) -> bytes:
        """At most about so many bytes, those that there are."""
        while block := self.stream.read1(size):
            if text := self.decode(block):
                return text
        return self.decode(b"", final=True)

    def decode(self, block: bytes, *, final: bool = False) -> bytes:
        """A block in UTF-8."""
        try:
            return self.decoder.decode(block, final).encode()
        except UnicodeError:
            raise NotLayersError("begins as UTF-16 text, and is none") from None


#: How a file of UTF-16 begins, as spreadsheets and Windows write it.
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(stream: Stream) -> Iterator[Row]:
    """The rows of a file: how it begins says which kind it is of."""
    started = Started(stream)
    if started.start.startswith(MARKS):
        started = Started(Recoded(started, "utf-16"))
    start = started.start
    if start.startswith(b"PAR1"):
        return parquet_rows(started)
    refuse_signature(start)
    first = start.removeprefix(codecs.BOM_UTF8).strip().partition(b"\n")[0].rstrip()
    if first.startswith(b"[") or (first.startswith(b"{") and first.endswith((b"{", b"[", b","))):
        return JsonValues(started).rows()
    return line_rows(lines(started))


# What a file is that has no layers


WANTED = "wanted are JSON Lines, a JSON array, or CSV whose header has " + ", ".join(REQUIRED)
CSV = "save the table as CSV"
ZIP = rb"PK\x03\x04.{26}"  # and the name of the first file in it
MODEL = "count takes it, as a FILE"
TORCH = ("a file that torch saved", "oracle.count_module counts a model")
#: How files begin that have no layers, what they are, and what to do with them.
SIGNATURES = (
    (ZIP + rb"(\[Content_Types\]|_rels/|docProps/|xl/)", "an Excel workbook", CSV),
    (ZIP + rb"mimetype", "a document of an office program", CSV),
    (ZIP + rb"[^/]+/(data[./]|version|byteorder|constants|code/|archive_)", *TORCH),
    (rb"\x80\x02\x8a\x0al\xfc\x9cF", *TORCH),
    (ZIP + rb"(metadata|config)\.json", "a model of Keras", MODEL),
    (rb"PK\x03\x04", "a zip archive", "unpack it"),
    (rb"\x80[\x02-\x05]", "a pickle, which could run anything", WANTED),
    (rb"\x08[\x01-\x1f][\x12\x1a\x22:]", "an ONNX model", MODEL),
    (rb".{4}TFL3", "a model of TensorFlow Lite", MODEL),
    (rb"\xd0\xcf\x11\xe0", "a document of an office program", CSV),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", "compressed", "unpack it"),
    (rb"\x89HDF", "an HDF5 file", WANTED),
    (rb"ARROW1|FEA1", "an Arrow file", "write it as Parquet or CSV"),
    (rb"SQLite format 3", "a database", CSV),
    (rb"[^\n]{,4096}\x00", "no text", WANTED),
)


def refuse_signature(start: bytes) -> None:
    """`NotLayersError` where a file is something else, by how it begins."""
    for pattern, what, instead in SIGNATURES:
        if re.match(pattern, start, re.DOTALL):
            raise NotLayersError(f"is {what}: {instead}")


#: How texts begin that have no layers, and what they are.
TEXTS = (
    (r"<", "XML or HTML"),
    (r"\|", "a table of Markdown"),
    (r"(\(\w+\): |nn\.)?\w+\(", "Python, or what it prints of a model"),
    (r"(- )?[\w'\"]+:(\s|$)|---$|- \w", "YAML"),
)


def other_text(*lines: str) -> NotLayersError:
    """What a text is that is no file of layers, by its first lines."""
    for line, (pattern, what) in product(lines, TEXTS):
        if re.match(pattern, line.strip()):
            return NotLayersError(f"is {what}: {WANTED}")
    return NotLayersError(f"begins with {shown(lines[0].strip())}: {WANTED}")


# Lines


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
        raw = raw.removeprefix(codecs.BOM_UTF8)  # as spreadsheets write
    if len(raw) > most:
        return ValueError(f"the line is longer than {LONGEST_LINE} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ValueError("the line is not UTF-8 text")
    return "" if text.isspace() else text.rstrip("\r")


def line_rows(numbered: Iterator[tuple[int, str | ValueError]]) -> Iterator[Row]:
    """The rows of JSON Lines or CSV: the first line that is either says which of them it is.

    One line may stand before it, such as a comment. A file with two of them is something else.
    """
    before: tuple[int, str] | None = None
    for number, text in numbered:
        if isinstance(text, ValueError):
            yield Row(number, {}, refusal=str(text))
            continue
        delimiter = delimiter_of(text)
        if delimiter or text.lstrip().startswith("{"):
            break
        if before:
            raise other_text(before[1], text)
        before = number, text
    else:
        if before:
            raise other_text(before[1])
        return
    if before and not before[1].startswith("sep="):  # a word of Excel's, to itself
        yield json_row(*before)
    if delimiter:
        yield from CsvReader(text, delimiter).rows(numbered)
    else:
        yield json_row(number, text)
        for line in numbered:
            yield json_row(*line)


# CSV

#: What stands between cells: in English, in other languages' spreadsheets, in TSV.
DELIMITERS = (",", ";", "\t")


def delimiter_of(text: str) -> str:
    """What stands between the cells of a line if it is the header of a CSV file, else nothing.

    It is one if it has an argument's name, in whatever case.
    """
    if text.lstrip().startswith("{"):
        return ""
    names = {
        delimiter: {cell.strip(' \t"').casefold() for cell in text.split(delimiter)}
        for delimiter in DELIMITERS
    }
    best = max(DELIMITERS, key=lambda delimiter: len(names[delimiter] & PARSERS.keys()))
    return "" if names[best].isdisjoint(PARSERS) else best


class CsvReader:
    """Reads the lines below a CSV header. A cell may not run over the end of its line."""

    def __init__(self, header: str, delimiter: str) -> None:
        self.delimiter = delimiter
        try:
            self.names = [name.strip() for name in self.cells(header)]
        except ValueError as reason:
            raise NotLayersError(f"has a header that is {reason}") from None
        self.width = len(self.names)
        while not self.names[-1]:  # columns of a spreadsheet that nobody filled
            self.names.pop()
        for name in self.names:
            if self.names.count(name) > 1:
                raise NotLayersError(f"has the column {shown(name)} twice in its header")
        for name in REQUIRED:
            if name not in self.names and "framework" not in self.names:
                raise NotLayersError(f"has no column {name!r} in its header")
        self.keys = Keys(self.names)

    def rows(self, numbered: Iterable[tuple[int, str | ValueError]]) -> Iterator[Row]:
        """The rows on lines. A line whose cells are all blank is a blank line."""
        names, width, keys = self.names, self.width, self.keys
        for number, text in numbered:
            fields: Mapping[str, Any] = {}
            try:
                cells = self.cells(text)
                if len(cells) != width:
                    words = f"{width} cells are needed, as in the header"
                    raise ValueError(f"{words}, got {len(cells)}")
                fields = dict(zip(names, cells, strict=False))
                if len(fields) < width and any(cells[len(fields) :]):
                    raise ValueError("there is a cell in a column without a name")
                row = Row(number, fields, keys, keys.values_of_cells(cells))
            except ValueError as reason:
                if isinstance(text, str) and not text.strip(self.delimiter + ' \t"'):
                    continue
                row = Row(number, fields, refusal=str(reason))
            yield row

    def cells(self, text: str | ValueError) -> list[str]:
        """The cells of a line."""
        if isinstance(text, ValueError):
            raise text
        if '"' not in text and "\r" not in text and len(text) < LONGEST_CELL:
            return text.split(self.delimiter)  # as `csv` would, in a quarter of the time
        if text.count('"') % 2:  # a cell goes on in the next line, or came from the line before
            raise ValueError("not CSV: a quote that is not closed on its line")
        try:
            return next(csv.reader([text], delimiter=self.delimiter, strict=True))
        except csv.Error as reason:
            raise ValueError(f"not CSV: {reason}") from None


# JSON


def json_row(number: int, text: str | ValueError) -> Row:
    """The row on a line of JSON."""
    try:
        if isinstance(text, ValueError):
            raise text
        return row_of(number, read_json(text))
    except ValueError as reason:
        return Row(number, {}, refusal=str(reason))


def row_of(number: int, fields: Mapping[str, Any]) -> Row:
    """The row that has these keys and values."""
    keys = keys_of(tuple(fields))
    try:
        return Row(number, fields, keys, keys.values([*fields.values()]))
    except ValueError as reason:
        return Row(number, fields, refusal=str(reason))


def read_json(text: str) -> Mapping[str, Any]:
    """The object on a line of JSON."""
    try:
        return as_object(JSON.decode(text))
    except json.JSONDecodeError as reason:
        mark = "Unexpected UTF-8 BOM (decode using utf-8-sig)"
        words = mark if text.startswith("\ufeff") else reason.msg
        words = f"not JSON: {words} at column {reason.colno}"
        if not text.lstrip().startswith("{"):
            words += " (nor the header of a CSV file)"
        raise ValueError(words) from None
    except RecursionError:
        raise ValueError(NESTED) from None


def as_object(value: object) -> Mapping[str, Any]:
    """A value of JSON, if it is an object."""
    if not isinstance(value, dict):
        raise ValueError(f"one JSON object a layer is needed, got {shown(value)}")
    return value


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


JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
#: Takes whatever is JSON, so that it says where a value ends which `JSON` refuses.
ANY_JSON = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)
BLANKS = re.compile(r"[ \t\r\n]*")
NESTED = "not a layer: JSON nested too deeply"


class NotJsonError(ValueError):
    """A text of JSON is broken: there is no telling where the next value begins."""


class JsonValues:
    """The objects of a JSON array, or one after another; one of them is in memory at a time."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.text = ""
        self.at = 0
        self.line = 1

    def rows(self) -> Iterator[Row]:
        """The rows, up to what is not JSON."""
        try:
            for _ in self.starts():
                yield self.row()
        except NotJsonError as reason:
            yield Row(self.line, {}, refusal=f"{reason}; what follows is not read")

    def starts(self) -> Iterator[None]:
        """Stops at the start of every value."""
        if self.next() != "[":
            while self.next():
                yield
            return
        self.take("[")
        if self.next() != "]":
            yield
            while self.next() == ",":
                self.take(",")
                yield
        self.take("]")
        if self.next():
            raise NotJsonError("not JSON: more stands behind the array")

    def row(self) -> Row:
        """The row that starts here."""
        self.next()
        line = self.line
        try:
            value = self.value(JSON)
        except NotJsonError:
            raise
        except ValueError as reason:
            self.value(ANY_JSON)
            return Row(line, {}, refusal=str(reason))
        try:
            return row_of(line, as_object(value))
        except ValueError as reason:
            return Row(line, {}, refusal=str(reason))

    def value(self, decoder: json.JSONDecoder) -> Any:
        """The value that starts here, as soon as all of it is there."""
        while True:
            try:
                value, end = decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as reason:
                words = f"{reason.msg} on line {self.line_at(reason.pos)}"
                if len(self.text) - self.at > LONGEST_LINE:
                    words = f"{words}, or an object longer than {LONGEST_LINE} bytes"
                if len(self.text) - self.at > LONGEST_LINE or not self.grow():
                    raise NotJsonError(f"not JSON: {words}") from None
            except RecursionError:
                raise NotJsonError(NESTED) from None
            else:
                self.move(end)
                return value

    def next(self) -> str:
        """The next character that is not blank, or nothing at the end."""
        while True:
            blanks = BLANKS.match(self.text, self.at)
            self.move(blanks.end())  # type: ignore[union-attr]  # which always matches
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def take(self, character: str) -> None:
        """Go behind a character, which must be the next."""
        if self.next() != character:
            raise NotJsonError(f"not JSON: Expecting {character!r}")
        self.at += 1

    def line_at(self, end: int) -> int:
        """The number of the line at a place of the text."""
        return self.line + self.text.count("\n", self.at, end)

    def move(self, end: int) -> None:
        """Go on to a place of the text."""
        self.line = self.line_at(end)
        self.at = end

    def grow(self) -> bool:
        """Read until twice as much is there, so that reading a value again costs little."""
        size = len(self.text) - self.at
        while len(self.text) - self.at <= 2 * size:
            if not self.more():
                break
        return len(self.text) - self.at > size

    def more(self) -> bool:
        """Read what is there."""
        block = self.stream.read1(BLOCK)
        try:
            text = self.decoder.decode(block, not block)
        except UnicodeError:
            raise NotJsonError("the text is not UTF-8") from None
        self.text, self.at = self.text[self.at :] + text, 0
        return bool(block)


# Parquet


def parquet_rows(stream: Stream) -> Iterator[Row]:
    """The rows of a Parquet file, numbered from 1: by pyarrow, batch by batch."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError:
        raise NotLayersError(f"is Parquet: {missing('pyarrow')}") from None
    with tempfile.TemporaryFile() as copy:  # which, unlike a pipe, can be read from its end
        while block := stream.read1(BLOCK):
            copy.write(block)
        try:
            numbers = count(1)
            for batch in ParquetFile(copy).iter_batches(batch_size=1000):
                for fields in batch.to_pylist():
                    yield row_of(next(numbers), plain(fields))
        except (ArrowException, OSError) as reason:
            words = " ".join(str(reason).split())
            raise NotLayersError(f"is Parquet that pyarrow cannot read: {words}") from None


def plain(value: Any) -> Any:
    """A value as JSON has it: a float that is no number is none, a date is its text."""
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if isinstance(value, (int, float, str, type(None))) else str(value)
