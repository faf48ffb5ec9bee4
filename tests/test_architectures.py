"""Published architectures: what was measured of all, and a sample of those that are installed."""

from __future__ import annotations

import json
import random
import warnings
from collections import Counter, defaultdict
from importlib.util import find_spec
from typing import Any

import pytest

import oracle
from analytic import Layer, passes
from analytic.counters import whole_kernels
from analytic.tables import layer_of
from oracle.ones import one_thread
from tests import channels
from tests.architectures import ARCHITECTURES, DATA, PAGE, expected, hold

SAMPLE = 4
INSTALLED = [
    name
    for name, architecture in ARCHITECTURES.items()
    if find_spec(architecture.package.split(".")[0])
]
ROWS = [json.loads(line) for line in DATA.read_text().splitlines()]
#: Of the layers that differ, which are run again: each in a moment, of each kind and size.
AGAIN = random.Random(15).sample([row for row in ROWS if row["macs"] <= 2**24], 60)


def test_there_are_forty_of_several_packages() -> None:
    assert len(ARCHITECTURES) >= 40
    assert len({architecture.package for architecture in ARCHITECTURES.values()}) >= 5
    assert {row["model"] for row in ROWS} == {*ARCHITECTURES}


def test_every_pass_of_every_layer_is_what_autograd_gave_on_ones() -> None:
    assert len(ROWS) > 1000
    for row in ROWS:
        costs = passes(layer_of(row))
        assert costs.forward.macs == row["macs"]
        for name, additions in row["additions"].items():
            assert getattr(costs, name).additions == additions
            assert getattr(costs, name).macs == (0 if name == "grad_bias" else row["macs"])


@pytest.mark.parametrize("row", AGAIN, ids=lambda row: f"{row['model']} {row['layer']}")
def test_a_sample_is_run_again(row: dict[str, Any]) -> None:
    layer = layer_of(row)
    fewer = channels.scaled(layer)
    assert row["ran"] == [fewer.in_channels, fewer.out_channels, fewer.groups]
    with one_thread():
        costs = channels.passes(fewer)
        if fewer != layer:
            assert costs == expected(passes(fewer))
            costs = expected(oracle.passes(layer))
    assert costs["forward"].macs == row["macs"]
    assert {name: costs[name].additions for name in row["additions"]} == row["additions"]


def test_the_page_has_the_sums_of_what_was_measured() -> None:
    """Layers, MACs and FLOPs of a training step, from what ran how often and gave how much."""
    page = PAGE.read_text()
    models: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in ROWS:
        models[row["model"]].append(row)
    for name, rows in models.items():
        runs: Counter[str] = Counter()
        sums: Counter[str] = Counter()
        for row in rows:
            layer, times = layer_of(row), row["passes"]
            runs["layers"] += times["forward"]
            runs["transposed"] += layer.transposed * times["forward"]
            runs["fewer"] += row["ran"][0] < layer.in_channels
            sums["macs"] += times["forward"] * row["macs"]
            sums["usual"] += times["forward"] * whole_kernels(layer)
            sums["step"] += sum(
                2 * times.get(passed, 0) * row["macs"]
                for passed in ("forward", "grad_input", "grad_weight")
            )
        over = f"{100 * (sums['usual'] - sums['macs']) / sums['macs']:.1f} %"
        cells = [
            *(name, str(runs["layers"]), str(runs["transposed"])),
            *(str(len(rows)), str(runs["fewer"] or "")),
            *(f"{sums['macs']:,}", over, f"{sums['step']:,}"),
        ]
        assert f"| {' | '.join(cells)} |" in page
    fewer = sum(row["ran"][0] < row["in_channels"] for row in ROWS)
    assert f"{len(ARCHITECTURES)} architectures, {len(ROWS):,} layers that differ" in page
    assert f"all channels of {len(ROWS) - fewer:,} layers; {fewer} are run" in page


def test_a_layer_that_is_too_large_is_run_with_fewer_channels_and_its_own_sizes() -> None:
    layer = Layer((96, 96, 96), 64, 32, 5, padding=2, groups=1, transposed=False)
    fewer = channels.scaled(layer)
    assert (fewer.in_channels, fewer.out_channels) == (1, 1)
    wide = Layer((14, 14), 1152, 2304, 3, groups=1152, transposed=False)
    fewer = channels.scaled(wide)
    assert (fewer.in_channels, fewer.out_channels, fewer.groups) == (32, 64, 32)
    assert fewer.input_size == wide.input_size


NONE = pytest.param("none", marks=pytest.mark.skip(reason="no package of architectures is here"))


@pytest.mark.parametrize(
    "name", random.Random(15).sample(INSTALLED, min(SAMPLE, len(INSTALLED))) or [NONE]
)
def test_layers_and_passes_are_those_that_torch_runs(name: str) -> None:
    """As hooks, torch's counter and autograd on ones see them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a package warns of is its own
        held = hold(ARCHITECTURES[name])
    assert held.step >= 2 * held.macs > 0
