"""Real layers of published models: every row, against the figures that were measured."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

import pytest

import analytic
import oracle
from analytic.tables import layer_of

DATA = Path(__file__).parent / "data"
ROWS = [json.loads(line) for line in (DATA / "layers.jsonl").read_text().splitlines()]


def test_all_rows_are_there() -> None:
    assert len(ROWS) == 142
    assert {len(row["input_size"]) for row in ROWS} == {1, 2, 3}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model']} {row['layer']}")
def test_measured_figures(row: dict[str, Any]) -> None:
    count = analytic.count(layer_of(row))
    assert list(count.output_size) == row["output_size"]
    assert count.overlaps == row["taps"]
    assert count.covered == row["nonzero"]


def test_the_experiment_gives_them_too() -> None:
    for row in ROWS:
        layer = layer_of(row)
        if oracle.ones.experiment_bytes(layer.axes) <= 2**26:
            assert oracle.count(layer) == analytic.count(layer)


def test_how_much_it_matters() -> None:
    """The figures of the README, from the measured overlaps and the rules by hand."""
    ratios: dict[str, list[Fraction]] = {"input": [], "output": []}
    for row in ROWS:
        taps = prod(row["kernel_size"])
        ratios["input"].append(Fraction(prod(row["input_size"]) * taps, row["taps"]))
        ratios["output"].append(Fraction(prod(row["output_size"]) * taps, row["taps"]))
    assert len({row["model"] for row in ROWS}) == 74
    assert ratios["output"].count(Fraction(1)) == 3
    assert round(float(median(ratios["output"])), 2) == 4.01
    assert round(max(ratios["output"])) == 1179
    assert ratios["input"].count(Fraction(1)) == 57
    assert max(ratios["input"]) == 4


def test_dcgan_is_the_published_generator() -> None:
    """The file of the README: the five layers of the DCGAN generator, 100 → 512 … 64 → 3."""
    layers = [
        layer_of(json.loads(line)) for line in (DATA / "dcgan.jsonl").read_text().splitlines()
    ]
    channels = [100, 512, 256, 128, 64, 3]
    assert [(y.in_channels, y.out_channels) for y in layers] == [*pairwise(channels)]
    sizes: list[tuple[int, ...]] = [(1, 1), (4, 4), (8, 8), (16, 16), (32, 32), (64, 64)]
    assert [y.input_size for y in layers] == sizes[:-1]
    assert [analytic.count(y).output_size for y in layers] == sizes[1:]
    assert not any(y.bias for y in layers)
