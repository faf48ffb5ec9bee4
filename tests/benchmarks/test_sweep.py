"""A million layers of one axis: columns, a loop over them, a loop in C; and all their passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import analytic
from analytic import arrays
from analytic.arithmetic import INTEGERS
from analytic.layer import axes_of
from analytic.totals import products
from tests.benchmarks.compiled import Extents, compiled

ROWS = 10**6
#: The loop in Python runs this part of the rows; the rest would only take longer.
PART = 2 * 10**4


def drawn(rows: int, *, most_padding: str) -> dict[str, Any]:
    """Columns of legal layers. Padding up to dilation·(kernel − 1), or up to the last legal one."""
    random = np.random.default_rng(0)
    n, k = random.integers(1, 513, rows), random.integers(1, 12, rows)
    s, d = random.integers(1, 5, rows), random.integers(1, 4, rows)
    o = random.integers(0, np.maximum(s, d))
    last = ((n - 1) * s + (k - 1) * d + o) // 2
    most = last if most_padding == "any" else np.minimum(last, (k - 1) * d)
    p = random.integers(0, most + 1)
    return {"n": n, "k": k, "s": s, "d": d, "b": p, "e": p, "o": o}


@pytest.fixture(params=["kernel", "any"])
def columns(request: pytest.FixtureRequest) -> dict[str, Any]:
    return drawn(ROWS, most_padding=request.param)


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> Extents:
    extents = compiled(tmp_path_factory.mktemp("theorem"))
    if isinstance(extents, str):
        pytest.skip(extents)
    return extents


def by_arrays(n: Any, k: Any, s: Any, d: Any, b: Any, e: Any, o: Any) -> list[Any]:
    """Size, overlaps and covered, validation and the bound included."""
    del e
    (size,), pairs, positions = arrays.extents(
        [n], k, stride=s, padding=b, output_padding=o, dilation=d
    )
    return [size, pairs, positions]


def by_loop(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The same, a layer at a time, by the cheapest way there is: one evaluation for all three."""
    extents: list[tuple[int, ...]] = []
    for n, k, s, d, b, _, o in rows:
        (size,), product = products(INTEGERS, axes_of([n], k, s, b, o, d))
        extents.append((size, product.overlaps, product.covered))
    return extents


@pytest.mark.benchmark(group="sweep")
def test_arrays(benchmark: Any, columns: dict[str, Any]) -> None:
    results = benchmark.pedantic(by_arrays, kwargs=columns, rounds=40, warmup_rounds=2)
    few = [values[:100].tolist() for values in columns.values()]
    assert [
        tuple(map(int, row)) for row in zip(*[c[:100] for c in results], strict=True)
    ] == by_loop(list(zip(*few, strict=True)))


@pytest.mark.benchmark(group="sweep")
def test_c(benchmark: Any, columns: dict[str, Any], in_c: Extents) -> None:
    results = benchmark.pedantic(in_c, tuple(columns.values()), rounds=40, warmup_rounds=2)
    for ours, theirs in zip(by_arrays(**columns), results, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.benchmark(group="sweep")
def test_loop(benchmark: Any, columns: dict[str, Any]) -> None:
    rows = list(zip(*[values[:PART].tolist() for values in columns.values()], strict=True))
    benchmark.extra_info["scale"] = ROWS // PART
    assert len(benchmark.pedantic(by_loop, (rows,), rounds=10, warmup_rounds=1)) == PART


@pytest.fixture(params=["transposed", "ordinary", "both"])
def layers(request: pytest.FixtureRequest) -> arrays.Layers:
    """A million whole layers. Ordinary ones have inputs that no kernel of them is wider than."""
    axes = drawn(ROWS, most_padding="kernel")
    kinds = {"transposed": True, "ordinary": False, "both": np.arange(ROWS) % 2 == 0}
    ordinary = {} if request.param == "transposed" else {"output_padding": 0}
    return arrays.Layers(
        **{
            "input_size": [axes["n"] + 32],
            "in_channels": 8,
            "out_channels": 16,
            "kernel_size": axes["k"],
            "stride": axes["s"],
            "padding": axes["b"],
            "output_padding": axes["o"],
            "dilation": axes["d"],
            "transposed": kinds[request.param],
            **ordinary,
        }
    )


@pytest.mark.parametrize("function", ["count", "passes"])
@pytest.mark.benchmark(group="passes")
def test_layers(benchmark: Any, layers: arrays.Layers, function: str) -> None:
    results = benchmark.pedantic(getattr(arrays, function), (layers,), rounds=15, warmup_rounds=1)
    last = layers.row((ROWS - 1,))
    if function == "count":
        assert results.total[-1] == analytic.count(last).total
    else:
        assert results.grad_weight.additions[-1] == analytic.passes(last).grad_weight.additions
