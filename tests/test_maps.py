"""Coverage in closed form, against the pairs."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import pytest
from hypothesis import given, settings

import analytic
from analytic import maps
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis
from tests import brute
from tests.strategies import arguments, axes


@settings(max_examples=1000)
@given(axes(largest=12, cropped_apart=True))
def test_profile(axis: Axis) -> None:
    assert maps.along(axis) == brute.profile(axis)


@settings(max_examples=300)
@given(axes(largest=8, cropped_apart=True))
def test_the_pairs_of_a_position(axis: Axis) -> None:
    """Taps within `maps.reach`, each with its input, are the pairs that land, and no tap beyond."""
    everything = itertools.product(range(axis.n), range(axis.k))
    values = {(i, t): i * axis.s + t * axis.d - axis.b for i, t in everything}
    for y in range(brute.size(axis)):
        first, last = maps.reach(INTEGERS, axis, y)
        assert first >= 0
        assert last < axis.k
        found = {tap: maps.met(axis, y, tap) for tap in range(first, last + 1)}
        pairs = {(i, tap) for tap, (i, rest) in found.items() if rest == 0}
        assert pairs == {pair for pair, value in values.items() if value == y}


def flat(map_: Any) -> list[int]:
    return [c for part in map_ for c in flat(part)] if isinstance(map_, list) else [map_]


@settings(max_examples=50)
@given(arguments(largest=3))
def test_the_axes_do_not_interact(geometry: dict[str, Any]) -> None:
    """The map of a layer, pair by pair in all axes at once."""
    axes_ = analytic.layer.axes_of(**geometry)
    expected = brute.coverage(axes_)
    assert flat(analytic.coverage(**geometry)) == list(expected.values())


def test_one_position_of_a_huge_axis() -> None:
    """Kernel 4, stride 2, padding 1: the ends receive 1 product, all others 2."""
    n = 10**18
    axis = Axis(n, 4, 2, 1, 1, 1, 0)
    assert [maps.at(axis, y) for y in (0, 1, 2, n, 2 * n - 2, 2 * n - 1)] == [1, 2, 2, 2, 2, 1]


def test_positions_beyond_the_output_are_counted_by_value() -> None:
    axis = Axis(n=3, k=2, s=2, d=1, b=1, e=1, o=0)
    assert [maps.at(axis, y) for y in range(-2, 6)] == [0, 1, 1, 1, 1, 1, 1, 0]


def memory(map_: Any) -> int:
    """Bytes of nested lists, and of the integers that are not CPython's cached ones."""
    if isinstance(map_, int):
        return 0 if map_ <= 256 else sys.getsizeof(map_)
    return sys.getsizeof(map_) + sum(memory(part) for part in map_)


@pytest.mark.parametrize(
    ("input_size", "kernel_size"), [([1], 1), ([50], 7), ((20, 30), 4), ((9, 9, 9), 7)]
)
def test_max_bytes_is_honest(input_size: tuple[int, ...], kernel_size: int) -> None:
    map_ = analytic.coverage(input_size, kernel_size)
    needed = maps.list_bytes(analytic.layer.axes_of(input_size, kernel_size))
    assert memory(map_) <= needed
    assert needed <= 4 * memory(map_) + 64  # an upper bound, of the right order
    assert analytic.coverage(input_size, kernel_size, max_bytes=needed) == map_
    with pytest.raises(MemoryError) as refusal:
        analytic.coverage(input_size, kernel_size, max_bytes=needed - 1)
    assert str(needed) in str(refusal.value)


def test_refuses_before_it_allocates() -> None:
    with pytest.raises(MemoryError, match=r"would take up to 9\d{18} bytes"):
        analytic.coverage((10**9, 10**9), 1)
    assert analytic.coverage((3, 3), 1, max_bytes=10**4) == [[1] * 3] * 3


def test_rows_are_lists_of_their_own() -> None:
    map_ = analytic.coverage((2, 2), 1)
    map_[0][0] = 7
    assert map_[1][0] == 1


def test_holes() -> None:
    """Dilation 2 and stride 2 leave every second position empty."""
    assert analytic.coverage([3], 2, stride=2, dilation=2) == [1, 0, 2, 0, 2, 0, 1]
    for y, c in itertools.product((1, 3, 5), (0,)):
        assert maps.at(Axis(3, 2, 2, 2, 0, 0, 0), y) == c


def test_integers_that_cpython_keeps_take_no_memory() -> None:
    """Those up to 256 are there already; a list takes 104 bytes, and 9 for each of its entries."""
    kept, new = (analytic.layer.axes_of([n], n) for n in (256, 257))
    assert maps.list_bytes(kept) == 104 + 511 * 9
    assert maps.list_bytes(new) == 104 + 513 * (9 + 32)
