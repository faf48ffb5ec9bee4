"""Files are counted in bulk, by columns: the same lines as layer by layer, in the same order."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analytic
from analytic import report, tables
from analytic.cli import Failed
from analytic.commands import count
from analytic.digits import all_digits
from analytic.layer import Layer
from tests.strategies import layers


def rows() -> list[dict[str, Any]]:
    """Layers of one, two and three axes, one after the other; some are huge, some no layers."""
    made: list[dict[str, Any]] = []
    for i in range(40):
        size = [10**18 + i] if i % 7 == 3 else [1 + i % 5] * (1 + i % 3)
        kernel = 0 if i % 11 == 5 else 1 + i % 4
        channels = {"in_channels": 4, "out_channels": 2 + i}
        made.append({"name": f"row {i}", "input_size": size, "kernel_size": kernel, **channels})
    made[8] |= {"padding": -1, "end_padding": 1}
    made[9] |= {"input_size": [10**400]}
    return made


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "layers.jsonl"
    lines = [json.dumps(row) for row in rows()]
    lines[20] = "{not JSON"
    path.write_text("\n".join(lines))
    return str(path)


def output(
    file: str, counters: count.BulkCounter, most: int, capsys: pytest.CaptureFixture[str]
) -> tuple[str, str, str]:
    with pytest.raises(Failed) as failed:
        count.count_file(file, counters, report.writer("json", "nonzero", "exact"), most)
    return *capsys.readouterr(), str(failed.value)


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_bulk_writes_what_layer_by_layer_writes(
    file: str, most: int, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = output(file, count.one_by_one(analytic.count), 1, capsys)
    bulk = output(file, count.count_layers, most, capsys)
    assert bulk == alone
    with all_digits():
        names = [json.loads(line)["name"] for line in bulk[0].splitlines()]
    wrong = {5, 16, 20, 27, 38}
    assert names == [f"row {i}" for i in range(40) if i not in wrong]
    assert bulk[2] == "5 of 40 rows were not counted"


def test_totals_are_exact(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    output(file, count.count_layers, 1000, capsys)
    made = io.BytesIO(Path(file).read_bytes())
    legal = [row.layer for row in tables.read(made) if row.layer is not None]
    expected = sum(analytic.count(layer).total for layer in legal)
    with all_digits():
        _, errors, _ = output(file, count.count_layers, 1000, capsys)
        assert f"total of 35 layers: {expected} operations" in errors


@given(st.lists(layers(), max_size=6))
@settings(max_examples=30)
def test_counts_are_in_the_order_of_the_layers(many: list[Layer]) -> None:
    assert count.count_layers(many) == [analytic.count(layer) for layer in many]
