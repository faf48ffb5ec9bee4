"""Files of layers: read as streams, whatever is in them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given

import analytic
from analytic import Layer
from analytic.digits import all_digits
from analytic.tables import (
    COUNT_COLUMNS,
    LONGEST_LINE,
    CsvWriter,
    Row,
    count_cells,
    count_fields,
    csv_line,
    layer_of,
    parse_sizes,
    read,
    write_json,
    write_sizes,
)
from tests.strategies import layers

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


@given(layers())
def test_every_layer_comes_back(layer: Layer) -> None:
    """Through JSON and through CSV, all arguments given."""
    fields = {name: value for name, value in layer.items() if value is not None}
    assert layer_of(json.loads(json.dumps(fields))) == layer
    cells = {
        name: write_sizes(value) if isinstance(value, tuple) else str(value)
        for name, value in fields.items()
    }
    content = csv_line([*cells]) + csv_line([*cells.values()])
    assert [row.layer for row in rows(content)] == [layer]


BAD_ROWS = [
    ("{", "not JSON: Expecting property name enclosed in double quotes at column 2"),
    (GOOD[:-5], "not JSON: "),
    ("[1, 2]", "one JSON object a line is needed, not an array"),
    ("17", "one JSON object a line is needed, got 17"),
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


def test_a_header_that_is_no_csv() -> None:
    assert errors('"unclosed\n8,4\n') == [
        (
            1,
            "not JSON: Unterminated string starting at at column 1 (nor the header of a CSV file)",
        ),
        (2, "not JSON: Extra data at column 2 (nor the header of a CSV file)"),
    ]
    assert errors('"input_size,in_channels\n8,4\n') == [
        (1, "not CSV: a quote that is not closed on its line")
    ]
    assert errors("stride,b,b\n1,2,3\n") == [(1, "the header has the column 'b' twice")]
    assert errors("input_size,k\n1,2\n") == [(1, "the header has no column 'in_channels'")]
    assert errors("Input_Size,k\n1,2\n") == [(1, "the header has no column 'input_size'")]


@pytest.mark.parametrize("first", ["# my layers", "[", '{"name": 1', "\x00\x01"])
def test_a_bad_first_line_loses_no_other(first: str) -> None:
    found = rows(f"{first}\n{GOOD}\n")
    assert [row.layer for row in found] == [None, LAYER]
    assert found[0].error.startswith(("not JSON: ", "one JSON object a line is needed"))


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
    assert rows(f"{HEADER}8x8,4.0,6.0,4.0,\n8x8,4,6,4,1.0\n") == [
        Row(2, dict(zip(NAMES, ("8x8", "4.0", "6.0", "4.0", ""), strict=True)), LAYER),
        Row(3, dict(zip(NAMES, ("8x8", "4", "6", "4", "1.0"), strict=True)), LAYER),
    ]
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
    assert errors(b"\xff\xfe\x00\x01") == [(1, "the line is not UTF-8 text")]


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


def test_results_never_overwrite() -> None:
    count = count_fields(analytic.count(LAYER))
    results = {"count": count}
    assert json.loads(write_json({"total": 5}, results)) == {"total": 5, "count": count}
    with pytest.raises(ValueError, match="the row's own key 'count' would be overwritten"):
        write_json({"count": 1}, results)
    with pytest.raises(ValueError, match="the row's own key 'passes' would be overwritten"):
        write_json({"passes": 1}, {**results, "passes": {}})
    with pytest.raises(ValueError, match="the row's own key 'count_total' would be overwritten"):
        CsvWriter(COUNT_COLUMNS)({"count_total": 1}, count_cells(analytic.count(LAYER)))


def test_csv_has_the_columns_of_the_first_row() -> None:
    write = CsvWriter(["count_total"])
    results = [12]
    assert write({"a": [1, 2], "b": True, "c": "x,y"}, results) == (
        'a,b,c,count_total\n1x2,true,"x,y",12\n'
    )
    assert write({"a": [], "b": None, "c": 1.5}, results) == "[],null,1.5,12\n"
    assert write({"c": 3, "a": 1}, results) == "1,,3,12\n"
    with pytest.raises(ValueError, match="the key 'd' is not in the first row"):
        write({"d": 1}, results)
    assert write({"a": True, "b": (1, 2), "c": [1, 1.5]}, results) == 'true,1x2,"[1, 1.5]",12\n'
    assert write({"a": [True], "b": "x", "c": None}, results) == "[true],x,null,12\n"


def test_counts_of_any_length_are_written() -> None:
    huge = 10**4000
    fields: dict[str, Any] = {
        "input_size": [huge],
        "in_channels": huge,
        "out_channels": 1,
        "kernel_size": 1,
    }
    count = analytic.count(layer_of(fields))
    with all_digits():
        text = write_json({}, {"count": count_fields(count)})
        total = int(json.loads(text)["count"]["macs"])
    assert total == huge * huge
    with pytest.raises(ValueError, match="4300 digits"):
        str(total)


def test_sizes() -> None:
    assert [parse_sizes(text) for text in ("4", "4x2", " 4 x2", "-1x+1"[:2])] == [
        4,
        (4, 2),
        (4, 2),
        -1,
    ]
    assert [parse_sizes(text) for text in ("(4)", "(4,)", "[4]", "[4, -2]")] == [
        4,
        (4,),
        (4,),
        (4, -2),
    ]
    for text in (
        "",
        "x",
        "4x",
        "4,2",
        "4.0",
        "1e3",
        "--1",
        "0x10z",
        "⁴",
        "[4",
        "4]",
        "[,]",
        "(4 2",
    ):
        with pytest.raises(ValueError, match="is not an integer, nor integers joined by x"):
            parse_sizes(text)


def test_the_reader_of_the_standard_library_reads_what_we_write() -> None:
    text = csv_line(["a,b", 'c"d', "e"])
    assert next(csv.reader([text])) == ["a,b", 'c"d', "e"]
