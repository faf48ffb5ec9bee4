"""The second oracle: XLA beside torch and the closed form. Skipped where jax is not installed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

import analytic
from analytic import Layer
from tests.strategies import arguments, layers

pytest.importorskip("jax", reason="jax is not installed: pip install '.[audit]'")

from oracle import xla

MULTIPLYING = ("forward", "grad_input", "grad_weight")


@given(arguments(largest=3, transposed=None))
@settings(max_examples=40)
def test_every_position_is_that_of_the_closed_form(geometry: dict[str, Any]) -> None:
    assert xla.coverage(**geometry).tolist() == analytic.coverage(**geometry)


@given(layers(largest=3, transposed=None))
@settings(max_examples=20)
def test_counts_and_passes(layer: Layer) -> None:
    assert xla.count(layer) == analytic.count(layer)
    assert xla.passes(layer) == analytic.passes(layer)


@given(layers(least_batch=1, largest=4, transposed=None))
@settings(max_examples=20)
def test_the_macs_of_six_passes_are_what_xla_counts(layer: Layer) -> None:
    exact = analytic.passes(layer)
    assert xla.cost_analysis(layer) == tuple(getattr(exact, name).macs for name in MULTIPLYING)


def test_groups_in_the_backward() -> None:
    """A depthwise layer: each gradient costs what the forward pass does."""
    layer = Layer((16, 16), 32, 32, 3, padding=1, groups=32, transposed=False)
    assert xla.cost_analysis(layer) == (67712, 67712, 67712)


def test_what_is_not_run() -> None:
    with pytest.raises(ValueError, match="convolutions of 1, 2 or 3 axes are run, got 4"):
        xla.coverage((2, 2, 2, 2), 2, axes=4)
    with pytest.raises(MemoryError, match="more than max_bytes=100"):
        xla.coverage((9, 9), 2, max_bytes=100)
