"""Files of layers, counted by the command, against a bare copy: what reading and writing cost."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytic.cli import program

ROWS = 10**5


def drawn(rows: int) -> Iterator[dict[str, Any]]:
    """Legal layers of two axes that are not alike."""
    draw = random.Random(0)
    for number in range(rows):
        stride, dilation = draw.choices(range(1, 5), k=2), draw.choices(range(1, 4), k=2)
        yield {
            "name": f"layer {number}",
            "input_size": draw.choices(range(4, 129), k=2),
            "in_channels": 2 * draw.randint(1, 256),
            "out_channels": 2 * draw.randint(1, 256),
            "kernel_size": draw.choices(range(1, 8), k=2),
            "stride": stride,
            "padding": draw.choices(range(2), k=2),
            "groups": draw.randint(1, 2),
            "bias": draw.random() < 0.5,
            "dilation": dilation,
            "batch_size": draw.randint(1, 8),
        }


def cell(value: Any) -> str:
    """A value as CSV has it."""
    return "x".join(map(str, value)) if isinstance(value, list) else str(value).lower()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """By format: a file of layers, and the same counted."""
    folder = tmp_path_factory.mktemp("files")
    rows = [*drawn(ROWS)]
    lines = folder / "layers.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = folder / "layers.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows(map(cell, row.values()) for row in rows)
    made = {}
    for kind, path in (("csv", table), ("json", lines)):
        output = path.with_name(f"counted.{kind}")
        count(path, kind, output)
        made[kind] = path, output
    return made


def count(path: Path, kind: str, output: Path) -> None:
    """``python -m analytic count PATH --format KIND > OUTPUT``, in this process."""
    stdout = sys.stdout
    with output.open("w") as sys.stdout:
        program.main(["count", str(path), "--format", kind], standalone_mode=False)
    sys.stdout = stdout


def copy(path: Path, kind: str, output: Path) -> None:
    """Read the input, read the output and write it again, and nothing else."""
    copied = output.with_suffix(".copy")
    with path.open() as given, output.open() as counted, copied.open("w") as stream:
        if kind == "csv":
            for _ in csv.reader(given):
                pass
            writer = csv.writer(stream, lineterminator="\n")
            for row in csv.reader(counted):
                writer.writerow(row)
        else:
            for line in given:
                json.loads(line)
            for line in counted:
                stream.write(json.dumps(json.loads(line)) + "\n")
    assert copied.stat().st_size == output.stat().st_size


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.benchmark(group="files")
def test_count(benchmark: Any, files: dict[str, tuple[Path, Path]], kind: str) -> None:
    path, output = files[kind]
    counted = output.read_bytes()
    benchmark.pedantic(count, (path, kind, output), rounds=3)
    assert output.read_bytes() == counted


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.benchmark(group="files")
def test_copy(benchmark: Any, files: dict[str, tuple[Path, Path]], kind: str) -> None:
    path, output = files[kind]
    benchmark.pedantic(copy, (path, kind, output), rounds=5)
