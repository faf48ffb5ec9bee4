"""Rows counted in columns: as each is by itself, or left to be counted so."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import analytic
from analytic import Layer, bulk, rows
from analytic.commands import count
from analytic.protocols import ConventionName, RuleName
from analytic.rows import Row, read
from analytic.tables import write_sizes
from tests.strategies import layers
from tests.test_cli import Program, program

__all__ = ["program"]


def rows_of(content: str) -> list[Row]:
    return list(read(io.BytesIO(content.encode())))


def lines(fields: list[dict[str, Any]]) -> list[Row]:
    """The rows, through JSON Lines."""
    return rows_of("".join(json.dumps(row) + "\n" for row in fields))


def table(fields: list[dict[str, Any]]) -> list[Row]:
    """The rows, through CSV with a column for every argument."""
    cells = [
        {
            name: write_sizes(value) if isinstance(value, tuple) else str(value)
            for name, value in {**dict.fromkeys(Layer.FIELDS, ""), **row}.items()
        }
        for row in fields
    ]
    return rows_of("\n".join([";".join(Layer.FIELDS), *(";".join(row.values()) for row in cells)]))


@pytest.mark.parametrize("through", [lines, table])
@given(
    rows=st.lists(
        layers(transposed=None, cropped_apart=None) | layers(transposed=None), min_size=1
    ),
    convention=st.sampled_from(["nonzero", "documented", "exact"]),
    rule=st.sampled_from(["exact", "input", "output"]),
)
def test_counts(
    through: Any, rows: list[Layer], convention: ConventionName, rule: RuleName
) -> None:
    found = bulk.counts(through([row.fields() for row in rows]), convention=convention, rule=rule)
    for layer, count_of_row in zip(rows, found, strict=True):
        if count_of_row is not None:
            assert count_of_row == analytic.count(layer, convention=convention, rule=rule)
            assert {*map(type, count_of_row.numbers())} == {int}
    apart = {layer.end_padding is None for layer in rows}
    if len(apart) == 1:  # others are not put together
        assert None not in found


GOOD = {"input_size": [8, 8], "in_channels": 4, "out_channels": 6, "kernel_size": 3}
LEFT: list[dict[str, Any]] = [
    {"kernel_size": 0},
    {"kernel_size": "zero"},
    {"kernel_size": [3]},
    {"kernel_size": [3, 3, 3]},
    {"in_channels": 4.5},
    {"in_channels": True},
    {"input_size": 8},
    {"input_size": [8, 8.5]},
    {"stride": [1, "2"]},
    {"groups": 3},
    {"bias": 1},
    {"padding": "same", "transposed": False},
    {"output_size": [10, 10]},
    {"axes": 2},
    {"type": "ConvTranspose2d"},
    {"input_size": [8] * 4},
    {"Stride": 2},
]


@pytest.mark.parametrize("change", LEFT, ids=str)
def test_what_is_not_put_together_is_left(change: dict[str, Any]) -> None:
    """It is asked for its layer, which is counted by itself or says what is wrong."""
    unlike = lines([{**GOOD, **change}])
    assert bulk.counts(unlike, convention="exact", rule="exact") == [None]
    macs = 24 * 64 * 9  # without padding, all pairs land
    both = bulk.counts([*lines([GOOD]), *unlike], convention="exact", rule="exact")
    assert [row and row.macs for row in both] in ([macs, None], [None, None])
    assert both[1] is None


def test_numbers_beyond_64_bits_are_exact() -> None:
    huge = 10**30
    fields = [{**GOOD, "in_channels": number, "kernel_size": 1} for number in (1, huge, 2**63)]
    (one, first, second) = bulk.counts(lines(fields), convention="exact", rule="exact")
    assert [row and row.macs for row in (one, first, second)] == [384, 384 * huge, 384 * 2**63]


def test_a_long_file(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines and messages are the same as when each row is counted by itself."""
    fields = [{**GOOD, "name": str(size), "padding": size} for size in range(20)]
    fields += [{**GOOD, **change} for change in LEFT]
    content = "".join(json.dumps(row) + "\n" for row in fields)
    for style in ("json", "csv", "table"):
        by_itself = program(f"count - --format {style}", stdin=content)
        with monkeypatch.context() as patch:
            patch.setattr(count, "FIRST", 0)
            patch.setattr(count, "LEAST", 1)
            patch.setattr(count, "MOST", 7)
            patch.setattr(bulk, "counts", counted := Spy(bulk.counts))
            assert program(f"count - --format {style}", stdin=content) == by_itself
        assert (counted.rows, counted.largest) == (len(fields), 7)
    assert by_itself.status == 1


def test_a_short_file_does_not_wait_for_numpy(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "counts", counted := Spy(bulk.counts))
    assert program("count - --json", stdin=f"{json.dumps(GOOD)}\n" * 1000).status == 0
    assert counted.rows == 0
    assert (count.MOST, count.LEAST, count.FIRST) == (4096, 512, 8192)


def test_rows_before_the_end_of_a_broken_file_are_counted(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> Iterator[Row]:
        yield from lines([GOOD])
        raise rows.NotLayersError("is broken")

    monkeypatch.setattr(rows, "read", broken)
    done = program("count - --json")
    assert (done.status, done.err) == (1, "analytic: - is broken\n")
    assert json.loads(done.out)["count"]["macs"] == 24 * 64 * 9


class Spy:
    """A function, for how many rows it was asked, and for how many at once."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.rows = self.largest = 0

    def __call__(self, rows: list[Row], **choices: Any) -> Any:
        self.rows += len(rows)
        self.largest = max(self.largest, len(rows))
        return self.function(rows, **choices)
