"""The integer evaluator, where the other files of tests do not look."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

import analytic
from analytic import Layer
from analytic.protocols import Arithmetic
from tests.strategies import layers


@given(layers())
def test_functions_and_count_agree(layer: Layer) -> None:
    geometry = {
        name: value
        for name, value in layer.items()
        if name not in {"in_channels", "out_channels", "groups", "bias", "batch_size"}
    }
    count = analytic.count(layer, convention="documented")
    assert analytic.output_size(**geometry) == count.output_size
    assert analytic.overlaps(**geometry) == count.overlaps
    assert analytic.covered(**geometry) == count.covered
    additions = analytic.additions_per_filter(**geometry, convention="documented")
    assert additions == count.additions_per_filter


def test_any_number_of_axes() -> None:
    """One product an axis: 5 axes of 2 inputs and 2 taps are the fifth power of one axis."""
    assert analytic.coverage([2], 2) == [1, 2, 1]
    assert analytic.overlaps((2,) * 5, 2, axes=5) == 4**5
    assert analytic.covered((2,) * 5, 2, axes=5) == 3**5


def test_huge_layers_are_exact() -> None:
    """12·H·W − 8·H − 8·W + 4 additions for kernel 4, stride 2, padding 1, derived by hand.

    An axis of n inputs has 4n − 2 overlaps on 2n covered positions.
    """
    for h, w in [(1, 1), (64, 64), (10**18, 3), (10**30 + 1, 10**40 + 7)]:
        additions = analytic.additions_per_filter((h, w), 4, stride=2, padding=1)
        assert additions == 12 * h * w - 8 * h - 8 * w + 4 == (4 * h - 2) * (4 * w - 2) - 4 * h * w


@pytest.mark.parametrize("not_a_layer", [None, (8, 8), {"input_size": [8]}])
def test_count_takes_layers(not_a_layer: Any) -> None:
    for ask in (analytic.count, analytic.macs):
        with pytest.raises(TypeError, match=r"layer must be an analytic\.Layer, got"):
            ask(not_a_layer)


def test_floor_sum_takes_integers() -> None:
    assert analytic.floor_sum(10**17 + 1, 3, 7, 2) == 11666666666666666816666666666666667
    for arguments in [(5, 3.0, 7, 2), (5, 2, 0.5, 0), (True, 2, 1, 0)]:
        with pytest.raises(TypeError, match=r"^[mna] must be an integer, got (3\.0|0\.5|True)"):
            analytic.floor_sum(*arguments)  # type: ignore[arg-type]
    for m in (0, -3):
        with pytest.raises(ValueError, match=f"m must be positive, got {m}"):
            analytic.floor_sum(5, m, 1, 0)


def test_integers_are_an_arithmetic() -> None:
    lib: Arithmetic = analytic.arithmetic.INTEGERS
    assert lib.quotient(12, 4) == 3
