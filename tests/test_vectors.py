"""The conformance vectors: as the command makes them, and as the closed form has them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from math import prod
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


def test_the_command_measures_by_the_oracle_that_is_named() -> None:
    if find_spec("jax"):
        pytest.skip("jax is installed: tests/test_xla.py measures by it")
    done = CliRunner().invoke(command, ["--oracle", "xla"])
    assert done.exit_code == 1
    assert "jax is not installed: pip install 'jax>=0.4.30'" in done.output


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


def test_the_passes_conform() -> None:
    for row in ROWS:
        layer = tables.layer_of(row)
        expected = row["count"]
        for name, cost in analytic.passes(layer)._asdict().items():
            assert cost._asdict() == expected[name], (row, name)
        names = ("kernel_size", "stride", "padding", "output_padding", "dilation", "end_padding")
        geometry = {name: getattr(layer, name) for name in names}
        for name in ("inputs_reached", "taps_reached"):
            ask = getattr(analytic, name)
            reached = ask(layer.input_size, **geometry, transposed=layer.transposed)
            assert reached == expected[name], (row, name)


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
        return any(
            eval(condition, {"prod": prod, "row": row, **names, **row, **row["count"]})
            for row in ROWS
        )

    assert some("overlaps == 0")
    assert some("documented['additions_per_filter'] < 0")
    assert some("batch_size == 0")
    assert some("groups > 1 and groups == in_channels == out_channels")
    assert some("len(input_size) == 3")
    assert some("output_padding[0] > padding[0]")
    assert some("padding[0] < 0")
    assert some("covered < positions and not bias")
    for kind in ("row.get('transposed', True)", "not row.get('transposed', True)"):
        assert some(
            f"{kind} and len(input_size) == 3",
        )
        assert some(f"{kind} and batch_size == 0")
        assert some(f"{kind} and covered < positions")
        assert some(f"{kind} and inputs_reached < prod(input_size)")
        assert some(f"{kind} and 0 < taps_reached < prod(kernel_size)")
        assert some(f"{kind} and groups == in_channels > 1")
        assert some(f"{kind} and padding[0] > kernel_size[0]")
    assert some("'transposed' in row and 'end_padding' in row")
