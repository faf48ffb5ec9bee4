"""Layers from and to the values of rows."""

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
from analytic.rows import read
from analytic.tables import (
    CELLS,
    COUNT_COLUMNS,
    CsvWriter,
    count_cells,
    count_fields,
    csv_line,
    layer_of,
    parse_sizes,
    write_json,
    write_sizes,
)
from tests.strategies import layers

LAYER = Layer((8, 8), 4, 6, 4)


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
    assert [row.layer for row in read(io.BytesIO(content.encode()))] == [layer]


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


def test_short_texts_alone_are_remembered() -> None:
    """Memory is bounded whatever a file has: of each argument so many texts of so many letters."""
    cells = CELLS["stride"]
    cells.clear()
    for text in ("1x2", "1" * 40, "1" * 41):
        assert cells[text] == parse_sizes(text)
    with pytest.raises(ValueError, match="stride: 'x' is not an integer"):
        cells["x"]
    assert [*cells] == ["1x2", "1" * 40]
    assert cells.most == 2**14
