"""One layer: the closed form, the ones-tensor experiment, and two counters that run the layer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import analytic
import oracle

KERNEL: dict[str, Any] = {"kernel_size": 4, "stride": 2, "padding": 1}
SIDES = (64, 512, 4096)
#: The experiment at 4096² takes 2.9 GB.
MOST_BYTES = 2**32


def rounds(side: int) -> dict[str, int]:
    """How often a benchmark that runs the layer is run."""
    return {"rounds": 3 if side > 1024 else 10, "warmup_rounds": 1}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.benchmark(group="layer")
def test_analytic(benchmark: Any, side: int) -> None:
    count = benchmark.pedantic(
        analytic.additions_per_filter, ((side, side),), KERNEL, rounds=50, iterations=500
    )
    # T and C of an axis are 4n − 2 and 2n.
    assert count == (4 * side - 2) ** 2 - (2 * side) ** 2


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.benchmark(group="layer")
def test_experiment(benchmark: Any, side: int) -> None:
    options: dict[str, Any] = {**KERNEL, "max_bytes": MOST_BYTES}
    count = benchmark.pedantic(
        oracle.additions_per_filter, ((side, side),), options, **rounds(side)
    )
    assert count == analytic.additions_per_filter((side, side), **KERNEL)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.benchmark(group="layer")
def test_flop_counter_mode(benchmark: Any, side: int) -> None:
    module = torch.nn.ConvTranspose2d(1, 1, **KERNEL)
    inputs = torch.ones(1, 1, side, side)

    def run() -> int:
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            module(inputs)
        return int(counter.get_total_flops())

    count = benchmark.pedantic(run, **rounds(side))
    assert count == 2 * side**2 * 4**2  # twice the MACs by the input rule


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.benchmark(group="layer")
def test_fvcore(benchmark: Any, side: int) -> None:
    fvcore = pytest.importorskip("fvcore.nn")
    module = torch.nn.ConvTranspose2d(1, 1, **KERNEL)
    inputs = torch.ones(1, 1, side, side)

    def run() -> int:
        with torch.no_grad():
            return int(fvcore.FlopCountAnalysis(module, inputs).total())

    assert benchmark.pedantic(run, **rounds(side)) == side**2 * 4**2  # MACs by the input rule
