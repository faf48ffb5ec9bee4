"""Dead taps, against pairs walked one by one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given

import analytic
from analytic import Layer
from analytic.axis import Axis, ordinary, size
from analytic.taps import alive_from, dead_on
from tests.strategies import axes


def dead(axis: Axis) -> int:
    """Taps of an axis that no pair has, by the definition."""
    landing = range(axis.b, axis.b + size(axis))
    return sum(
        all(i * axis.s + t * axis.d not in landing for i in range(axis.n)) for t in range(axis.k)
    )


@given(axes(cropped_apart=True))
def test_dead_taps_of_an_axis(axis: Axis) -> None:
    assert dead_on(axis) == dead(axis)


@pytest.mark.parametrize("transposed", [True, False])
def test_the_least_input_size_without_dead_taps(transposed: bool) -> None:
    """At every size below it a tap is dead or there is no output, and at none from it on."""
    crops = range(-1 if transposed else 0, 5)
    checked = 0
    for k, s, d, b, e in itertools.product(range(1, 4), range(1, 4), range(1, 4), crops, crops):
        for o in range(max(s, d) if transposed else 1):

            def alive(inputs: int) -> bool:
                axis = (
                    Axis(inputs, k, s, d, b, e, o)  # noqa: B023  # called here alone
                    if transposed
                    else ordinary(inputs, k, s, d, b, e)  # noqa: B023
                )
                return min(axis.n, size(axis)) > 0 and not dead(axis)

            sizes = range(26)
            least = alive_from(Axis(1, k, s, d, b, e, o), transposed)
            assert [alive(inputs) for inputs in sizes] == [inputs >= least for inputs in sizes]
            checked += 1
    assert checked > 600


def test_layers_of_any_size() -> None:
    """By hand: beyond what a machine integer holds, tap 0 of a padding p meets input p."""
    far = 10**30
    assert alive_from(Axis(1, 1, 1, 1, far, far, 0)) == 2 * far + 1  # no output before
    assert alive_from(Axis(1, far, 1, 1, far, 0, 0)) == far + 1
    assert alive_from(Axis(1, 3, 1, far, far, far, 0), transposed=False) == far + 1


def test_a_dilated_branch_on_a_small_map() -> None:
    """By hand: of the taps at −36, 0 and 36 only the one at 0 meets a map of 28."""
    layer = Layer((28, 28), 256, 256, 3, padding=36, dilation=36, transposed=False)
    report = analytic.dead_taps(layer)
    assert report == (256 * 256 * 8, (2, 2), (37, 37))
    assert analytic.dead_taps(layer.replace(input_size=(37, 36))).taps == (0, 2)


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^layer must be an analytic\.Layer, got str$"):
        analytic.dead_taps("layer")  # type: ignore[arg-type]
