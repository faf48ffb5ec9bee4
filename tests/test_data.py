"""Real layers of published models: every row, against the figures that were measured."""

from __future__ import annotations

import csv
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
from analytic import arrays
from analytic.tables import layer_of
from oracle.ones import one_thread
from tests.data.measure import CORNERS, corners, measured

DATA = Path(__file__).parent / "data"
NOTES = DATA.parent.parent / "notes"


def read(name: str) -> list[dict[str, Any]]:
    """The rows of a file of this project."""
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


ROWS, ORDINARY, NETWORKS = map(read, ("layers.jsonl", "ordinary.jsonl", "networks.jsonl"))


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
    assert sum(ratio <= Fraction(105, 100) for ratio in ratios["input"]) == 123


def test_dcgan_is_the_published_generator() -> None:
    """The file of the README: the five layers of the DCGAN generator, 100 → 512 … 64 → 3."""
    layers = [*map(layer_of, read("dcgan.jsonl"))]
    channels = [100, 512, 256, 128, 64, 3]
    assert [(y.in_channels, y.out_channels) for y in layers] == [*pairwise(channels)]
    sizes: list[tuple[int, ...]] = [(1, 1), (4, 4), (8, 8), (16, 16), (32, 32), (64, 64)]
    assert [y.input_size for y in layers] == sizes[:-1]
    assert [analytic.count(y).output_size for y in layers] == sizes[1:]
    assert not any(y.bias for y in layers)


def test_ordinary_layers_of_many_kinds() -> None:
    assert len(ORDINARY) >= 200
    assert len({row["model"] for row in ORDINARY}) >= 25
    assert {len(row["input_size"]) for row in ORDINARY} == {1, 2, 3}
    assert all(row["source"] and not row["transposed"] for row in ORDINARY)
    for corner in CORNERS:
        assert sum(corner in corners(row) for row in ORDINARY) >= 10, corner


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_figures_of_ordinary_layers(axes: int) -> None:
    rows = [row for row in [*ORDINARY, *NETWORKS] if len(row["input_size"]) == axes]
    layers = [*map(layer_of, rows)]
    for row, layer in zip(rows, layers, strict=True):
        count = analytic.count(layer)
        geometry = dict(layer.items())
        for name in ("in_channels", "out_channels", "groups", "bias", "batch_size"):
            del geometry[name]
        reached = analytic.inputs_reached(**geometry), analytic.taps_reached(**geometry)
        assert list(count.output_size) == row["output_size"]
        assert (count.overlaps, count.covered, *reached) == figures(row)
    columns = arrays.count(arrays.Layers.of(layers))
    passes = arrays.passes(arrays.Layers.of(layers))
    assert columns.overlaps.tolist() == [row["taps"] for row in rows]
    assert columns.covered.tolist() == [row["nonzero"] for row in rows]
    inputs = [row["inputs_reached"] * row["in_channels"] for row in rows]
    assert passes.grad_input.reached.tolist() == inputs
    filters = [row["in_channels"] // row["groups"] * row["out_channels"] for row in rows]
    taps = [n * row["taps_reached"] for n, row in zip(filters, rows, strict=True)]
    assert passes.grad_weight.reached.tolist() == taps


def figures(row: dict[str, Any]) -> tuple[int, ...]:
    """What was measured of an ordinary layer."""
    return tuple(row[name] for name in ("taps", "nonzero", "inputs_reached", "taps_reached"))


def test_ordinary_layers_are_measured_again() -> None:
    with one_thread():
        for row in [*ORDINARY, *NETWORKS]:
            if prod(row["output_size"]) * prod(row["kernel_size"]) <= 2**18:
                assert measured(row) == row


def network(name: str) -> dict[str, int]:
    """Sums over the convolutions of a network, from what was measured of each."""
    sums = dict.fromkeys(("layers", "weights", "dead", "exact", "output"), 0)
    for row in NETWORKS:
        if row["model"] != name:
            continue
        filters = row["times"] * row["in_channels"] * row["out_channels"] // row["groups"]
        taps = prod(row["kernel_size"])
        sums["layers"] += row["times"]
        sums["weights"] += filters * taps
        sums["dead"] += filters * (taps - row["taps_reached"])
        sums["exact"] += filters * row["taps"]
        sums["output"] += filters * taps * prod(row["output_size"])
    return sums


def test_networks_are_as_the_notes_say() -> None:
    """The table of notes/models.md, by rows and figures."""
    page = (NOTES / "models.md").read_text()
    sizes = {row["model"]: row["input_size"] for row in reversed(NETWORKS)}
    assert len(sizes) == 6
    for name, size in sizes.items():
        sums = network(name)
        over = f"{100 * (sums['output'] - sums['exact']) / sums['exact']:.1f} %"
        share = f"{100 * sums['dead'] / sums['weights']:.1f} %"
        counts = [f"{sums[key]:,}" for key in ("layers", "exact", "output")]
        weights = [f"{sums[key]:,}" for key in ("weights", "dead")]
        cells = [name, "×".join(map(str, size)), *counts, over, *weights, share]
        assert f"| {' | '.join(cells)} |" in page
    layers_in_all = sum(row["times"] for row in NETWORKS)
    assert f"all {layers_in_all} convolutions, {len(NETWORKS)} that differ" in page
    models = len({row["model"] for row in ORDINARY})
    assert f"| {len(ORDINARY)} ordinary | {models} models" in page


#: What each counter says that it reports, as a multiple of the MACs.
MULTIPLES = {"MACs": 1, "mult-adds": 1, "FLOPs": 2, "training MACs": 3, "backward FLOPs": 4}

#: On how many transposed layers README says that a counter is exact, of those that it counts.
OF_README = {
    "FlopCounterMode": (57, 142),
    "fvcore": (57, 142),
    "ptflops": (23, 142),
    "thop": (3, 142),
    "torchinfo": (2, 142),
    "moduleprofiler": (115, 133),
    "xla": (142, 142),
}


@pytest.mark.parametrize(("kind", "number"), [("transposed", 142), ("ordinary", 319)])
def test_the_field_is_as_its_table_says(kind: str, number: int) -> None:
    """The summary of notes/field.md is that of notes/field.csv, which is held to what is exact."""
    transposed = str(kind == "transposed").lower()
    with (NOTES / "field.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["transposed"] == transposed]
    assert len(rows) == number
    for row, layer in zip(rows, ROWS if kind == "transposed" else ORDINARY, strict=True):
        assert row["layer"] == f"{layer['model']} {layer['layer']}"
        pairs = layer["in_channels"] * layer["out_channels"] // layer["groups"] * layer["taps"]
        assert int(row["macs"]) == pairs * layer.get("batch_size", 1)
        assert int(row["operations"]) == analytic.count(layer_of(layer)).total
    _, _, section = (NOTES / "field.md").read_text().partition(f"## {number} {kind}")
    lines = section.partition("\n## ")[0].splitlines()
    table = [[*map(str.strip, line.strip("|").split("|"))] for line in lines if line[:2] == "| "]
    for counter, _, reports, ran, exact, *_ in table[1:]:
        said = [(int(row[counter]), row) for row in rows if row[counter]]
        own = [
            int(row["operations"])
            if reports == "operations"
            else MULTIPLES[reports] * int(row["macs"])
            for _, row in said
        ]
        assert int(ran) == len(said), counter
        right = sum(value == wanted for (value, _), wanted in zip(said, own, strict=True))
        assert int(exact) == right, counter
        if counter in OF_README and kind == "transposed":
            assert (right, len(said)) == OF_README[counter]
