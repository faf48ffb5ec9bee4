"""A grid of heights and widths against the one multiplication that it cannot do without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import analytic
from analytic import arrays

SIDES = np.arange(1, 4001)


@pytest.mark.benchmark(group="grid")
def test_outer_product(benchmark: Any) -> None:
    grid = benchmark.pedantic(np.multiply.outer, (SIDES, SIDES), rounds=40, warmup_rounds=2)
    assert grid[-1, -1] == 4000**2


@pytest.mark.benchmark(group="grid")
def test_additions(benchmark: Any) -> None:
    sizes = (SIDES[:, None], SIDES)
    grid = benchmark.pedantic(
        arrays.additions_per_filter,
        (sizes, 4),
        {"stride": 2, "padding": 1},
        rounds=40,
        warmup_rounds=2,
    )
    expected = analytic.additions_per_filter((4000, 3999), 4, stride=2, padding=1)
    assert grid[-1, -2] == expected
