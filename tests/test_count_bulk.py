"""Files are counted in bulk, by columns: the same lines as layer by layer, in the same order."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import analytic
from analytic import arrays, report, tables
from analytic.commands import count
from analytic.commands.toolbox import Failed
from analytic.digits import all_digits
from analytic.layer import Layer
from tests.strategies import layers

LEAST_ALIKE = count.LEAST_ALIKE


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


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few layers of one number of axes suffice to be counted by columns."""
    monkeypatch.setattr(count, "LEAST_ALIKE", 2)


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
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_are_in_the_order_of_the_layers(many: list[Layer]) -> None:
    assert count.count_layers(many) == [analytic.count(layer) for layer in many]


@pytest.mark.parametrize(("most", "sizes"), [(1, [1] * 20), (6, [1, 2, 4, 6, 6, 1])])
def test_rows_are_counted_while_they_are_read(most: int, sizes: list[int]) -> None:
    layer = Layer([2], 1, 1, 1)
    asked: list[int] = []

    def counters(layers: Any) -> Any:
        asked.append(len(layers))
        return [analytic.count(of) for of in layers]

    rows = iter([tables.Row(line, {}, layer) for line in range(20)])
    assert [row.line for row, _ in count.counted(rows, counters, most)] == [*range(20)]
    assert asked == sizes


def test_a_row_is_written_before_the_next_one_is_read() -> None:
    command = [sys.executable, "-m", "analytic", "count", "-", "--json"]
    row = b'{"input_size": [2], "in_channels": 1, "out_channels": 1, "kernel_size": 1}\n'
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        assert process.stdout
        timer = threading.Timer(60, process.kill)  # a program that waits for more writes nothing
        timer.start()
        process.stdin.write(row)
        process.stdin.flush()
        first = process.stdout.readline()
        timer.cancel()
        process.communicate()
    assert first
    assert json.loads(first)["input_size"] == [2]


@pytest.mark.parametrize(
    ("axes", "rows", "together"), [(1, 31, 0), (4, 31, 0), (1, 32, 1), (4, 32, 1), (5, 40, 0)]
)
def test_few_layers_or_many_axes_are_counted_one_by_one(
    axes: int, rows: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def recorded(*given: Any, **choices: Any) -> Any:
        calls.append(given)
        return by_columns(*given, **choices)

    by_columns = arrays.count
    monkeypatch.setattr(arrays, "count", recorded)
    monkeypatch.setattr(count, "LEAST_ALIKE", LEAST_ALIKE)
    many = [Layer([2 + row] * axes, 1, 1, 2) for row in range(rows)]
    choices = {"convention": "exact", "rule": "output"}
    assert count.count_layers(many, **choices) == [analytic.count(of, **choices) for of in many]
    assert len(calls) == together
