"""The corners that the strategies promise are drawn, and shrunk to."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

import pytest
from hypothesis import find, given, settings

from analytic.axis import Axis, ordinary, size
from tests import brute
from tests.strategies import axes, ordinary_axes

CORNERS: dict[str, Callable[[Axis], bool]] = {
    "stride beyond the kernel": lambda a: a.s > (a.k - 1) * a.d + 1,
    "holes between dilated taps": lambda a: a.d > 1 and a.k > 1 and 0 in brute.profile(a),
    "a common factor": lambda a: gcd(a.s, a.d) > 1,
    "the last legal padding": lambda a: a.b > 0 and size(a) <= 2,
    "the largest output padding": lambda a: a.o == max(a.s, a.d) - 1 > 0,
    "output padding beyond the padding": lambda a: a.o > a.b > 0,
    "padding beyond the common multiple": lambda a: a.b > a.s * a.d // gcd(a.s, a.d),
    "one input": lambda a: a.n == 1 and a.k > 1,
    "one tap": lambda a: a.k == 1 and a.n > 1,
}


@pytest.mark.parametrize("corner", CORNERS)
def test_corners_are_drawn(corner: str) -> None:
    find(axes(), CORNERS[corner])


ORDINARY_CORNERS: dict[str, Callable[[Axis], bool]] = {
    "stride beyond the kernel": lambda a: a.s > (a.k - 1) * a.d + 1,
    "inputs left over at the end": lambda a: ordinary(*a[:6]).o > 0,
    "padding beyond the kernel": lambda a: a.b > (a.k - 1) * a.d,
    "a kernel wider than the input": lambda a: (a.k - 1) * a.d >= a.n > 1,
    "uneven padding": lambda a: a.b != a.e,
    "one input": lambda a: a.n == 1 and a.k > 1,
    "one output": lambda a: ordinary(*a[:6]).n == 1 and a.n > 1 and a.k > 1,
    "a dead tap": lambda a: a.d * (a.k - 1) >= a.n + a.b,
}


@pytest.mark.parametrize("corner", ORDINARY_CORNERS)
def test_corners_of_ordinary_axes_are_drawn(corner: str) -> None:
    find(ordinary_axes(cropped_apart=True), ORDINARY_CORNERS[corner])


@given(ordinary_axes(cropped_apart=True))
def test_every_ordinary_axis_has_an_output(axis: Axis) -> None:
    assert min(axis[:4]) >= 1
    assert min(axis.b, axis.e) >= 0
    assert axis.o == 0
    assert axis.n + axis.b + axis.e >= (axis.k - 1) * axis.d + 1


def test_shrinks_to_the_smallest_axis() -> None:
    assert find(axes(), lambda a: a.n > 1)[:6] == (2, 1, 1, 1, 0, 0)
    assert find(axes(), lambda a: a.k > 1) == Axis(1, 2, 1, 1, 0, 0, 0)
    assert find(axes(), lambda a: gcd(a.s, a.d) > 1)[:6] == (1, 1, 2, 2, 0, 0)
    assert find(axes(), lambda a: a.o > 0) == Axis(1, 1, 1, 2, 0, 0, 1)


@pytest.mark.parametrize("cropped_apart", [False, True])
def test_every_axis_is_legal(cropped_apart: bool) -> None:
    @settings(max_examples=500)
    @given(axes(cropped_apart=cropped_apart))
    def check(axis: Axis) -> None:
        assert brute.legal(axis, cropped_apart=cropped_apart)

    check()
