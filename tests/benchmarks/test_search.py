"""The loop of a search: layers made and counted one by one, and a million of them in columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import analytic
from analytic import arrays

ROWS = 10**6
#: Layers of two axes: alike, so that one evaluation does for both, or not.
LAYERS: dict[str, dict[str, Any]] = {
    "alike": {"input_size": (32, 32), "kernel_size": 4, "stride": 2, "padding": 1},
    "unlike": {"input_size": (32, 48), "kernel_size": (4, 3), "stride": (2, 1), "padding": (1, 0)},
}
#: What a loop calls, of the arguments of a layer and of the layer.
CALLS = {
    "layer": lambda given, _layer: analytic.Layer(**given),
    "macs": lambda _given, layer: analytic.macs(layer),
    "count": lambda _given, layer: analytic.count(layer),
    "passes": lambda _given, layer: analytic.passes(layer),
    "layer, macs": lambda given, _layer: analytic.macs(analytic.Layer(**given)),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("axes", LAYERS)
@pytest.mark.benchmark(group="search")
def test_call(benchmark: Any, axes: str, call: str) -> None:
    given = {**LAYERS[axes], "in_channels": 64, "out_channels": 32}
    benchmark.pedantic(CALLS[call], (given, analytic.Layer(**given)), rounds=50, iterations=500)


@pytest.mark.benchmark(group="search")
def test_columns(benchmark: Any) -> None:
    random = np.random.default_rng(0)
    sides = [random.integers(8, 129, ROWS) for _ in range(2)]
    layers = arrays.Layers(
        sides,
        8 * random.integers(1, 65, ROWS),
        8 * random.integers(1, 65, ROWS),
        random.integers(2, 8, ROWS),
        stride=random.integers(1, 4, ROWS),
        padding=random.integers(0, 2, ROWS),
    )
    counts = benchmark.pedantic(arrays.count, (layers,), rounds=10, warmup_rounds=1)
    assert counts.macs[-1] == analytic.macs(layers.row((ROWS - 1,)))
