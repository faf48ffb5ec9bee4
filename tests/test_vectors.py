"""The conformance vectors: as the command makes them, and as the closed form has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import analytic
from analytic import tables
from analytic.protocols import ConventionName
from analytic.totals import CONVENTIONS, RULES
from oracle.commands.vectors import command

PATH = Path(__file__).parent / "data" / "vectors.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in PATH.read_text().splitlines()]


def test_the_file_is_what_the_command_prints() -> None:
    done = CliRunner().invoke(command)
    assert done.exit_code == 0
    assert done.output == PATH.read_text()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_closed_form_conforms(convention: ConventionName) -> None:
    for row in ROWS:
        layer = tables.layer_of(row)
        count = analytic.count(layer, convention=convention)
        expected = row["count"]
        assert list(count.output_size) == expected["output_size"], row
        for name in ("positions", "overlaps", "covered", "filters"):
            assert getattr(count, name) == expected[name], (row, name)
        for name, value in expected[convention].items():
            assert getattr(count, name) == value, (row, name)


def test_the_macs_conform() -> None:
    for row in ROWS:
        layer = tables.layer_of(row)
        assert {rule: analytic.macs(layer, rule=rule) for rule in RULES} == row["count"]["macs"]


def test_every_number_fits_a_double() -> None:
    for row in ROWS:
        numbers = [
            value
            for entry in row["count"].values()
            for value in (entry.values() if isinstance(entry, dict) else [entry])
            if isinstance(value, int)
        ]
        assert max(map(abs, numbers)) < 2**53, row


def test_corners_are_there() -> None:
    def some(condition: str, **names: Any) -> bool:
        return any(eval(condition, {**names, **row, **row["count"]}) for row in ROWS)

    assert some("overlaps == 0")
    assert some("documented['additions_per_filter'] < 0")
    assert some("batch_size == 0")
    assert some("groups > 1 and groups == in_channels == out_channels")
    assert some("len(input_size) == 3")
    assert some("output_padding[0] > padding[0]")
    assert some("padding[0] < 0")
    assert some("covered < positions and not bias")
