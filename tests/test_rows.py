"""The rows of files: read as streams, whatever is in them."""

from __future__ import annotations

import io
import json
import sys
from datetime import date
from typing import Any

import pytest

from analytic import Layer
from analytic.rows import LONGEST_LINE, NotLayersError, Row, read

GOOD = '{"input_size": [8, 8], "in_channels": 4, "out_channels": 6, "kernel_size": 4}'
LAYER = Layer((8, 8), 4, 6, 4)


def rows(content: str | bytes) -> list[Row]:
    return list(read(io.BytesIO(content.encode() if isinstance(content, str) else content)))


def errors(content: str | bytes) -> list[tuple[int, str]]:
    return [(row.line, row.error) for row in rows(content) if row.layer is None]


def test_json_lines() -> None:
    found = rows(f"{GOOD}\n\n{GOOD}")
    assert [(row.line, row.layer) for row in found] == [(1, LAYER), (3, LAYER)]


def test_csv() -> None:
    content = (
        "name,input_size,in_channels,out_channels,kernel_size,stride,bias,end_padding\n"
        '"up, 1",8x8,4,6,4,2x1,false,\n'
        "up2,8,4,6,4,,TRUE,-1\n"
    )
    one, two = rows(content)
    assert one.layer == Layer((8, 8), 4, 6, 4, (2, 1), bias=False)
    assert one.fields["name"] == "up, 1"
    assert two.layer == Layer((8,), 4, 6, 4, end_padding=-1)


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert rows(b"\xef\xbb\xbf" + GOOD.encode())[0].layer == LAYER
    content = "\ufeffinput_size,in_channels,out_channels,kernel_size\r\n8x8,4,6,4\r\n"
    assert rows(content)[0].layer == LAYER


BAD_ROWS = [
    ("{", "not JSON: Expecting property name enclosed in double quotes at column 2"),
    (GOOD[:-5], "not JSON: "),
    ("[1, 2]", "one JSON object a layer is needed, got [1, 2]"),
    ("17", "one JSON object a layer is needed, got 17"),
    ('{"a":' * 100_000, "not a layer: JSON nested too deeply"),
    ("{}", "input_size is missing"),
    ('{"input_size": [8]}', "in_channels is missing"),
    (GOOD.replace("4}", "0}"), "kernel_size must be positive, got 0 on axis 0"),
    (GOOD.replace("4}", "4.5}"), "kernel_size must be an integer, got 4.5"),
    (GOOD.replace("4}", "[4.0, 4]}"), "kernel_size must be an integer, got 4.0 on axis 0"),
    (GOOD.replace("4}", f"{2**53}.0}}"), "kernel_size must be an integer, got 9007199254740992.0"),
    (GOOD.replace("4}", "true}"), "kernel_size must be an integer, got True"),
    (GOOD.replace("4}", "null}"), "kernel_size is missing"),
    (GOOD.replace("4}", "NaN}"), "not JSON: 'NaN' is no number that JSON can have"),
    (GOOD.replace("4}", '4, "x": -Infinity}'), "not JSON: '-Infinity' is no number"),
    (GOOD.replace("4}", '4, "x": 1e400}'), "not JSON: '1e400' is no number"),
    (GOOD.replace("4}", '4, "Stride": 2}'), "'Stride' must be written 'stride'"),
    (GOOD.replace("4}", '4, "end-padding": 2}'), "'end-padding' must be written 'end_padding'"),
    (GOOD.replace("4}", '"four"}'), "kernel_size: 'four' is not an integer, nor integers"),
    (GOOD.replace("4}", "[]}"), "kernel_size must have one entry an axis (2), got 0: []"),
    (GOOD.replace("4}", "[[4]]}"), "kernel_size must have one entry an axis (2), got 1"),
    (GOOD.replace("4}", '4, "bias": "maybe"}'), "bias must be True or False, got 'maybe'"),
    (GOOD.replace("4}", '4, "kernel_size": 3}'), "a key stands twice"),
    (GOOD.replace("4}", "9" * 5000 + "}"), "Exceeds the limit (4300 digits)"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_ROWS, ids=lambda text: text[:40])
def test_bad_rows_are_reported_and_the_others_read(line: str, reason: str) -> None:
    found = rows(f"{GOOD}\n{line}\n{GOOD}\n")
    assert [row.layer for row in found] == [LAYER, None, LAYER]
    assert found[1].line == 2
    assert found[1].error.startswith(reason)
    assert "\n" not in found[1].error


HEADER = "input_size,in_channels,out_channels,kernel_size,stride\n"
NAMES = HEADER.strip().split(",")
BAD_CELLS = [
    ("8x8,4,6", "5 cells are needed, as in the header, got 3"),
    ("8x8,4,6,4,1,1", "5 cells are needed, as in the header, got 6"),
    (",4,6,4,1", "input_size is missing"),
    ("8x8,4,6,4.5,1", "kernel_size: '4.5' is not an integer, nor integers joined by x"),
    ("8x8,4.,6,4,1", "in_channels: '4.' is not an integer"),
    ("8x8,4.0.0,6,4,1", "in_channels: '4.0.0' is not an integer"),
    ("8x8,4,6,4,1e0", "stride: '1e0' is not an integer"),
    ("8 8,4,6,4,1", "input_size: '8 8' is not an integer, nor integers joined by x: is 8x8 meant?"),
    ('"8,8",4,6,4,1', "input_size: '8,8' is not an integer, nor integers joined by x: is 8x8 m"),
    ('"(8, 8",4,6,4,1', "input_size: '(8, 8' is not an integer, nor integers joined by x"),
    ('"(8,, 8)",4,6,4,1', "input_size: '(8,, 8)' is not an integer, nor integers joined by x"),
    ("(),4,6,4,1", "input_size: '()' is not an integer, nor integers joined by x"),
    ("8x,4,6,4,1", "input_size: '8x' is not an integer, nor integers joined by x"),
    ("8x8,4x4,6,4,1", "in_channels: '4x4' is not an integer"),
    ("8x8,4,6,4,1_0", "stride: '1_0' is not an integer"),
    ("8x8,4,6,4,٣", "stride: '٣' is not an integer"),
    ("8x8,four,6,4,1", "in_channels: 'four' is not an integer"),
    ('8x8,4,6,4,"1', "not CSV: "),
    ('b",8x8,4,6,4', "not CSV: a quote that is not closed on its line"),
    ('"8"x8,4,6,4,1', "not CSV: ',' expected after"),
    ("8x8,4,6,4x4x4,1", "kernel_size must have one entry an axis (2), got 3"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_CELLS)
def test_bad_cells(line: str, reason: str) -> None:
    good = "8x8,4,6,4,1"
    found = rows(f"{HEADER}{line}\n{good}\n")
    assert [row.layer for row in found] == [None, LAYER]
    assert found[0].line == 2
    assert found[0].error.startswith(reason)


@pytest.mark.parametrize("content", ["", "\n\n \n", HEADER])
def test_files_without_layers(content: str) -> None:
    assert rows(content) == []


def refusal(content: str | bytes) -> str:
    """What is said of a file that has no layers at all."""
    with pytest.raises(NotLayersError) as refusal:
        rows(content)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("input_size,k", "has no column 'in_channels' in its header"),
        ("Input_Size,k", "has no column 'input_size' in its header"),
        ("stride,b,b", "has the column 'b' twice in its header"),
        ('"input_size,in_channels', "has a header that is not CSV: a quote that is not closed"),
    ],
)
def test_a_header_without_layers(header: str, words: str) -> None:
    assert refusal(f"{header}\n1,2,3\n").startswith(words)


@pytest.mark.parametrize("first", ["# my layers", '{"name": 1', "x", "17", "[8, 8"[1:]])
def test_a_bad_first_line_loses_no_other(first: str) -> None:
    bad, good = rows(f"{first}\n{GOOD}\n")
    assert (bad.line, bad.layer, good.line, good.layer) == (1, None, 2, LAYER)
    assert bad.error.startswith(("not JSON: ", "one JSON object a layer is needed"))
    if not first.startswith("{"):
        bad, good = rows(f"{first}\n{HEADER}8x8,4,6,4,1\n")
        assert (bad.line, bad.layer, good.line, good.layer) == (1, None, 3, LAYER)


def test_columns_in_another_case_are_refused_in_every_row() -> None:
    """Were they carried through, the stride would silently be 1."""
    header = HEADER.replace("stride", "Stride")
    words = "'Stride' must be written 'stride'"
    assert errors(f"{header}8x8,4,6,4,2\n") == [(2, words)]


@pytest.mark.parametrize("blank", ["", " ", "NaN", "nan", "None", "null", "NA", "N/A", "<NA>"])
def test_blank_cells_are_the_default(blank: str) -> None:
    assert rows(f"{HEADER}8x8,4,6,4,{blank}\n")[0].layer == LAYER
    assert errors(f"{HEADER}8x8,{blank},6,4,1\n") == [(2, "in_channels is missing")]


def test_null_is_the_default() -> None:
    assert rows(GOOD.replace("4}", '4, "stride": null, "bias": null}'))[0].layer == LAYER


def test_integers_that_were_written_as_floats() -> None:
    """As pandas writes them where a column has blanks, in CSV and in JSON."""
    first, second = rows(f"{HEADER}8x8,4.0,6.0,4.0,\n8x8,4,6,4,1.0\n")
    assert first.layer == second.layer == LAYER
    assert [*first.fields.values()] == ["8x8", "4.0", "6.0", "4.0", ""]
    assert rows(GOOD.replace("4}", '4.0, "stride": 1.0}'))[0].layer == LAYER


@pytest.mark.parametrize(
    "sizes",
    ["8X8", "8×8", " 8 x 8 ", "(8, 8)", "[8, 8]", "(8,8)", "[8 8]", "[ 8  8]", "(8.0, 8.0)"],
)
def test_sizes_as_other_programs_write_them(sizes: str) -> None:
    (row,) = rows(f'{HEADER}"{sizes}",4,6,4,1\n')
    assert row.layer == LAYER
    assert rows(json.dumps({**json.loads(GOOD), "input_size": sizes}))[0].layer == LAYER


def test_not_utf8() -> None:
    latin = GOOD.replace("{", '{"name": "é", ').encode("latin-1")
    assert errors(GOOD.encode() + b"\n" + latin + b"\n") == [(2, "the line is not UTF-8 text")]
    assert errors(b"\xff\xff\x01") == [(1, "the line is not UTF-8 text")]


class Endless:
    """One line of a gigabyte, of which no more than a chunk is ever in memory."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.largest = 0

    def read1(self, size: int, /) -> bytes:
        self.largest = max(self.largest, size)
        take = min(size, self.left)
        self.left -= take
        return b"x" * take


def test_a_line_of_a_gigabyte_is_refused_in_bounded_memory() -> None:
    stream = Endless(2**30)
    found = list(read(stream))
    assert [(row.line, row.error) for row in found] == [
        (1, f"the line is longer than {LONGEST_LINE} bytes")
    ]
    assert stream.left == 0
    assert stream.largest <= LONGEST_LINE + 1


def test_a_long_line_in_the_middle() -> None:
    assert errors(GOOD + "\n" + " " * LONGEST_LINE + GOOD + "\n" + GOOD) == [
        (2, f"the line is longer than {LONGEST_LINE} bytes")
    ]


class Pieces:
    """A pipe that has so many bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self.pieces = [content[at : at + size] for at in range(0, len(content), size)]

    def read1(self, size: int, /) -> bytes:
        assert size > 0
        return self.pieces.pop(0) if self.pieces else b""


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_are_put_together_from_what_a_pipe_has(size: int) -> None:
    named = GOOD.replace("{", '{"é": 1, ')
    content = f"\ufeff{GOOD}\r\n\n{named}\nx".encode()
    found = list(read(Pieces(content, size)))
    assert [(row.line, row.layer) for row in found] == [(1, LAYER), (3, LAYER), (4, None)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_longest_line(mark: bytes) -> None:
    """With its end; a byte-order mark is no part of it."""
    assert LONGEST_LINE == 1_048_576
    words = f"the line is longer than {LONGEST_LINE} bytes"
    good = GOOD.encode()
    for end, longest in ((b"\n", LONGEST_LINE - 1), (b"", LONGEST_LINE)):
        for size, error in ((longest, ""), (longest + 1, words), (longest + 2, words)):
            first = good + b" " * (size - len(good))
            (row, *others) = read(Pieces(mark + first + end + (end and good), 2**18))
            assert (row.line, row.error) == (1, error)
            assert [other.layer for other in others] == ([LAYER] if end else [])


@pytest.mark.parametrize(("size", "legal"), [(131071, True), (131072, True), (131073, False)])
def test_the_longest_cell_is_that_of_csv(size: int, legal: bool) -> None:
    error = "" if legal else "not CSV: field larger than field limit (131072)"
    for cell in ("x" * size, '"' + "x" * size + '"'):
        (row,) = rows(f"name,{HEADER}{cell},8x8,4,6,4,1\n")
        assert row.error == error


def test_a_byte_order_mark_on_another_line_is_an_error() -> None:
    words = "not JSON: Unexpected UTF-8 BOM (decode using utf-8-sig) at column 1"
    (error,) = errors(f"{GOOD}\n\ufeff{GOOD}\n")
    assert error == (2, f"{words} (nor the header of a CSV file)")


def test_an_object_with_commas_is_no_header() -> None:
    named = GOOD.replace("{", '{"name": "a,stride,b", ')
    assert [row.layer for row in rows(f"{named}\n{GOOD}\n")] == [LAYER, LAYER]


def test_lines_below_a_header_that_are_no_text() -> None:
    content = HEADER.encode() + b"\xff\n8x8,4,6,4,1\n" + b" " * 2**20 + b"\n"
    found = rows(content)
    assert [row.error for row in found] == [
        "the line is not UTF-8 text",
        "",
        f"the line is longer than {LONGEST_LINE} bytes",
    ]
    assert errors(f"{HEADER}8x8,4,6\r,4,1\n")[0][1].startswith("not CSV: new-line character")


def test_cells_that_come_again_are_read_alike_in_short_and_long_lines() -> None:
    long = "x" * 300
    content = f"name,{HEADER}a,8x8,4,6,4, \n{long},8x8,4,6,4, \na,8x8,4,6,4,0\n{long},8x8,4,6,4,0\n"
    first, second, *bad = rows(content)
    assert first.layer == second.layer == LAYER
    assert {row.error for row in bad} == {"stride must be positive, got 0 on axis 0"}
    for cells in ("8x8,4,,4,1", "8x8,4, ,4,1"):
        assert errors(HEADER + cells + "\n") == [(2, "out_channels is missing")]


def test_an_output_size_is_read() -> None:
    """It was carried through once, and another layer was counted."""
    row = GOOD.replace("4}", '3, "stride": 2, "padding": 1, "output_size": [16, 15]}')
    assert rows(row)[0].layer == Layer((8, 8), 4, 6, 3, 2, 1, output_padding=(1, 0))
    head = HEADER.replace("stride", "stride,output_size")
    up, default = rows(f"{head}8x8,4,6,3,2,18x17\n8x8,4,6,3,2,\n")
    assert up.layer == Layer((8, 8), 4, 6, 3, 2, output_padding=(1, 0))
    assert default.layer == Layer((8, 8), 4, 6, 3, 2)
    words = "output_size must be from 17 to 18, got 16 on axis 1"
    assert errors(f"{head}8x8,4,6,3,2,18x16\n") == [(2, words)]
    misspelt = head.replace("output_size", "Output-Size")
    words = "'Output-Size' must be written 'output_size'"
    assert errors(f"{misspelt}8x8,4,6,3,2,18x17\n") == [(2, words)]


TABLE = [NAMES, ["8x8", "4", "6", "4", "1"], ["9x9", "4", "6", "4", ""]]
LAYERS = [LAYER, Layer((9, 9), 4, 6, 4)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_of_spreadsheets(delimiter: str, end: str, encoding: str) -> None:
    text = end.join(map(delimiter.join, TABLE)) + end
    assert [row.layer for row in rows(text.encode(encoding))] == LAYERS
    assert [row.layer for row in rows(f"sep={delimiter}{end}{text}".encode(encoding))] == LAYERS


def test_utf16_comes_in_pieces() -> None:
    text = f"{HEADER}8x8,4,6,4,1\n".replace(",", "\t").encode("utf-16-be")
    for size in (1, 2, 7):
        (row,) = read(Pieces(b"\xfe\xff" + text, size))
        assert (row.line, row.layer) == (2, LAYER)
    assert refusal(b"\xff\xfe" + b"\x00\xd8" * 3) == "begins as UTF-16 text, and is none"
    assert refusal("\ufeffi".encode("utf-16-le") + b"n") == "begins as UTF-16 text, and is none"


def test_columns_and_lines_that_nobody_filled() -> None:
    table = "".join(",".join([*line, "", ""]) + "\n" for line in TABLE) + ",,,,,,\n\n"
    assert [(row.line, row.layer) for row in rows(table)] == [(2, LAYER), (3, LAYERS[1])]
    assert [*rows(table)[0].fields] == NAMES
    words = "there is a cell in a column without a name"
    assert errors(table + "8x8,4,6,4,1,,x\n") == [(6, words)]
    index = ",".join(["", *NAMES]) + "\n0,8x8,4,6,4,1\n"  # which pandas writes without a name
    assert [row.layer for row in rows(index)] == [LAYER]


def test_cells_of_pandas() -> None:
    content = f',{HEADER}0,"(8, 8)",4.0,6,"[4, 4]",\n1,"(9, 9)",4.0,6,"(4, 4)",1.0\n'
    assert [row.layer for row in rows(content)] == LAYERS


ROWS = [json.loads(GOOD), {**json.loads(GOOD), "input_size": [9, 9], "name": "é,{[\n"}]


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
@pytest.mark.parametrize("size", [1, 3, 2**18])
def test_json_that_is_not_one_line_a_layer(indent: Any, size: int) -> None:
    array = json.dumps(ROWS, indent=indent)
    objects = "\n".join(json.dumps(row, indent=indent) for row in ROWS)
    for text in (array, f"\n {array} \n", objects, f"\ufeff{objects}\n"):
        found = list(read(Pieces(text.encode(), size)))
        assert [(row.fields, row.layer) for row in found] == [*zip(ROWS, LAYERS, strict=True)]
        for row, given_row in zip(found, ROWS, strict=True):
            start = text.index('"input_size"', text.index("9") - 30 if row.layer != LAYER else 0)
            opening = text.rindex("{", 0, start)
            assert row.line == text.count("\n", 0, opening) + 1
            assert row.fields == given_row


def test_an_array_of_any_length_is_read_element_by_element() -> None:
    """On one line, as pandas writes it; memory has one element and a block."""
    number = 2**15

    class Array(Endless):
        def read1(self, _: int, /) -> bytes:
            self.left -= 1
            if self.left == number - 1:
                return b"["
            return GOOD.encode() + (b"," if self.left else b"]") if self.left >= 0 else b""

    found = read(Array(number))
    assert sum(row.layer == LAYER for row in found) == number - 1


BAD_JSON = [
    (f"[{GOOD}", 1, "not JSON: Expecting ']'; what follows is not read"),
    (f"[{GOOD}\n,\n]", 3, "not JSON: Expecting value on line 3; what follows is not read"),
    (f"[{GOOD}\n {GOOD}]", 2, "not JSON: Expecting ']'; what follows is not read"),
    (f"[{GOOD}]\n]", 2, "not JSON: more stands behind the array; what follows is not read"),
    (f"[{GOOD},\n{GOOD[:-4]}", 2, "not JSON: Expecting ':' delimiter on line 2; what follows"),
    (f"[{GOOD},\n3]", 2, "one JSON object a layer is needed, got 3"),
    (f'[{GOOD},\n{{"a": 1, "a": 2}}]', 2, "a key stands twice"),
    (f'[{GOOD},\n{{"a": NaN}}]', 2, "not JSON: 'NaN' is no number that JSON can have"),
    (f"[{GOOD},\n{{}}]", 2, "input_size is missing"),
    (f"[{GOOD},\n{'[' * 100_000}", 2, "not a layer: JSON nested too deeply; what follows"),
    (f'[{GOOD},\n{{"a": NaN, "b": {"[" * 100_000}', 2, "not a layer: JSON nested too deeply; what"),
    (f'[{GOOD},\n"{"x" * 2**21}', 2, "not JSON: Unterminated string starting at on line 2, or"),
]


@pytest.mark.parametrize(("content", "line", "words"), BAD_JSON, ids=lambda case: str(case)[:40])
def test_json_that_is_broken(content: str, line: int, words: str) -> None:
    good, bad = rows(content)
    assert (good.layer, bad.line) == (LAYER, line)
    assert bad.error.startswith(words)


def test_an_array_that_is_no_text() -> None:
    words = "the text is not UTF-8; what follows is not read"
    assert errors(f'[{GOOD},{{"name": "é"}}]'.encode("latin-1")) == [(1, words)]


def test_an_array_goes_on_behind_what_is_no_layer() -> None:
    bad = ['{"a": 1, "a": [NaN, {"b": "]}"}]}', "3", "{}", "-1e999"]
    found = rows(f"[{GOOD},{','.join(bad)},{GOOD}]")
    assert [row.layer for row in found] == [LAYER, None, None, None, None, LAYER]
    assert rows("[]") == rows(" [ ] ") == []


SIGNATURES = [
    (b"\x89HDF\r\n\x1a\n", "is an HDF5 file: wanted are JSON Lines, a JSON array, or CSV"),
    (b"ARROW1\0\0", "is an Arrow file: write it as Parquet or CSV"),
    (b"SQLite format 3\0", "is a database: save the table as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a document of an office program: save the table as CSV"),
    (b"\x1c\0\0\0TFL3", "is a model of TensorFlow Lite: count takes it, as a FILE"),
    (b"BZh91AY", "is compressed: unpack it"),
    (b"\x93NUMPY\x01\0v\0", "is no text: wanted are JSON Lines, a JSON array, or CSV"),
    (b"input_size\0,", "is no text: wanted are JSON Lines, a JSON array, or CSV"),
]


@pytest.mark.parametrize(("start", "words"), SIGNATURES)
def test_what_a_file_is_by_its_first_bytes(start: bytes, words: str) -> None:
    assert refusal(start).startswith(words)
    assert refusal(start + bytes(1000)).startswith(words)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("input_size: [8, 8]\nin_channels: 4\n", "is YAML"),
        ("# layers\n- input_size: [8, 8]\n", "is YAML"),
        ("---\nlayers:\n", "is YAML"),
        ("Sequential(\n  (0): ConvTranspose2d(4, 6)\n)\n", "is Python, or what it prints of a mo"),
        ("<!DOCTYPE html>\n<html>\n", "is XML or HTML"),
        ("| input_size | stride |\n|---|---|\n", "is a table of Markdown"),
        ("some words\nand more\n", "begins with 'some words'"),
        ("17", "begins with '17'"),
    ],
)
def test_what_a_text_is(content: str, what: str) -> None:
    words = "wanted are JSON Lines, a JSON array, or CSV whose header has input_size, in_channels"
    assert refusal(content).startswith(what)
    assert f": {words}" in refusal(content)


class TestParquet:
    """What pyarrow writes of layers, and what pandas does."""

    def rows(self, columns: dict[str, Any]) -> list[Row]:
        pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra parquet")
        from pyarrow.parquet import write_table

        stream = io.BytesIO()
        write_table(pyarrow.table(columns), stream, row_group_size=2)
        return rows(stream.getvalue())

    def test_rows(self) -> None:
        found = self.rows(
            {
                "input_size": [[8, 8], [9, 9], [8, 8]],
                "in_channels": [4.0, 4.0, 4.5],
                "out_channels": [6, 6, 6],
                "kernel_size": ["4x4", "(4, 4)", "4"],
                "stride": [None, float("nan"), 1.0],
                "when": [date(2026, 1, 2)] * 3,
                "loss": [[{"a": float("inf")}]] * 3,
            }
        )
        assert [(row.line, row.layer) for row in found] == [(1, LAYER), (2, LAYERS[1]), (3, None)]
        assert found[2].error == "in_channels must be an integer, got 4.5"
        assert found[1].fields["stride"] is None
        assert found[1].fields["when"] == "2026-01-02"
        assert found[1].fields["loss"] == [{"a": "inf"}]

    def test_a_broken_file(self) -> None:
        pytest.importorskip("pyarrow", reason="Parquet needs the extra parquet")
        words = "is Parquet that pyarrow cannot read: "
        assert refusal(b"PAR1" + bytes(100)).startswith(words)

    def test_without_pyarrow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        assert refusal(b"PAR1") == "is Parquet: pyarrow is not installed: pip install 'pyarrow>=17'"


OTHER_WORDS = ["strides", "pads", "Paddings", "group", "dilation-rate", "output_shape", "batch"]


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_another_word_for_an_argument_is_refused(word: str) -> None:
    """Carried through, it would silently leave the default in force."""
    ((_, error),) = errors(GOOD.replace("4}", f'4, "{word}": 2}}'))
    argument = error.rsplit("'", 2)[1]
    assert error == f"'{word}' must be written '{argument}'"
    given = GOOD.replace("4}", f'4, "{word}": 2, "{argument}": null}}')
    assert rows(given)[0].layer == LAYER  # beside the argument, it means something else


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("padding_mode", "zeros", ""),
        ("padding_mode", "", ""),
        ("padding_mode", "reflect", "padding_mode must be 'zeros', got 'reflect'"),
        ("type", "ConvTranspose2d", ""),
        ("class", "torch.nn.modules.conv.ConvTranspose2d", ""),
        ("type", "Conv2DTranspose", ""),
        ("layer_type", "decoder", ""),
        ("kind", "Conv2d", "kind 'Conv2d' is an ordinary convolution: transposed must be false"),
        ("op", "Conv", "op 'Conv' is an ordinary convolution: transposed must be false"),
    ],
)
def test_keys_that_say_something_of_the_layer(key: str, value: str, error: str) -> None:
    for content in (
        json.dumps({**json.loads(GOOD), key: value}),
        f"{key},{HEADER}{value},8x8,4,6,4,1\n",
    ):
        (row,) = rows(content)
        assert (row.error, row.layer) == (error, None if error else LAYER)
    ordinary = {**json.loads(GOOD), "transposed": False, "type": "Conv2d"}
    assert rows(json.dumps(ordinary))[0].layer == LAYER.replace(transposed=False)
    ordinary["type"] = "nn.ConvTranspose2d"
    words = "type 'nn.ConvTranspose2d' is a transposed convolution: transposed must be true"
    assert rows(json.dumps(ordinary))[0].error == words
