"""How the cost of one count grows with the size of the layer."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import analytic
import oracle
from tests.benchmarks.test_one_layer import KERNEL, MOST_BYTES


@pytest.mark.parametrize("power", range(4, 41, 4))
@pytest.mark.benchmark(group="growth")
def test_analytic(benchmark: Any, power: int) -> None:
    side = 2**power
    count = benchmark.pedantic(
        analytic.additions_per_filter, ((side, side),), KERNEL, rounds=50, iterations=500
    )
    assert count == (4 * side - 2) ** 2 - (2 * side) ** 2


@pytest.mark.parametrize("power", range(4, 13))
@pytest.mark.benchmark(group="growth")
def test_experiment(benchmark: Any, power: int) -> None:
    torch.set_num_threads(1)
    options: dict[str, Any] = {**KERNEL, "max_bytes": MOST_BYTES}
    side = 2**power
    count = benchmark.pedantic(
        oracle.additions_per_filter,
        ((side, side),),
        options,
        rounds=2 if power > 10 else 10,
        warmup_rounds=1,
    )
    assert count == analytic.additions_per_filter((side, side), **KERNEL)
