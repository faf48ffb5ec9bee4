"""Phases against the coverage map: every statement is read off pairs that are listed one by one."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic import phases
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size

#: Every small axis with a size, of torch's kind and with crops apart.
BOX = [
    axis
    for n, k, s, d in itertools.product((1, 2, 3, 7), (1, 2, 3, 4, 5, 6), (1, 2, 3, 4), (1, 2, 3))
    for b, e, o in ((0, 0, 0), (1, 1, 0), (2, 2, 1), (0, 3, 0), (-2, 1, 2))
    if size(axis := Axis(n, k, s, d, b, e, o)) >= 1
]


@st.composite
def axes(draw: st.DrawFn, most: int = 12) -> Axis:
    """An axis with a size of at least 1, crops of either sign."""
    n, k, s, d = (draw(st.integers(1, most)) for _ in range(4))
    o = draw(st.integers(0, max(s, d) - 1))
    b, e = draw(st.integers(-most, 3 * most)), draw(st.integers(-most, 3 * most))
    shortest = max(1, 1 - (-(b + e - o - (k - 1) * d) // s))
    return Axis(max(n, shortest), k, s, d, b, e, o)


def listed(axis: Axis) -> list[int]:
    """The coverage, by listing every pair."""
    landed = Counter(
        i * axis.s + t * axis.d - axis.b for i, t in itertools.product(range(axis.n), range(axis.k))
    )
    return [landed[y] for y in range(size(axis))]


def period(axis: Axis) -> list[int]:
    """One interior period by listing, from phase 0 on: of the axis with inputs enough for it."""
    inputs = (axis.k * axis.d) // axis.s + 3
    wide = Axis(inputs, axis.k, axis.s, axis.d, 0, 0, 0)
    start = (axis.k - 1) * axis.d
    start += (-start) % axis.s
    found = listed(wide)[start : start + axis.s]
    assert len(found) == axis.s
    return [found[(phase + axis.b) % axis.s] for phase in range(axis.s)]


def check_axis(axis: Axis) -> None:
    """Everything that `phases` says of an axis."""
    coverage, expected = listed(axis), period(axis)
    assert [phases.landing(INTEGERS, axis, y) for y in range(size(axis))] == coverage
    assert [phases.interior(axis, phase) for phase in range(axis.s)] == expected
    assert phases.interior(axis, axis.s) == expected[0]
    assert phases.values(axis) == tuple(sorted(set(expected)))
    assert phases.is_even(axis) == (len(set(expected)) == 1)
    assert phases.has_holes(axis) == (0 in expected)
    assert set(phases.levels(INTEGERS, axis)) == set(expected)
    assert list(phases.levels(INTEGERS, axis)) == sorted(phases.levels(INTEGERS, axis))
    assert max(coverage) <= phases.largest(INTEGERS, axis) <= axis.n
    if phases.has_interior(axis):
        assert max(coverage) == phases.largest(INTEGERS, axis)
    said: Counter[int] = Counter()
    for value, number in phases.shares(INTEGERS, axis):
        said[value] += number
    assert +said == Counter(expected)
    check_edges(axis, coverage, expected)


def check_edges(axis: Axis, coverage: list[int], expected: list[int]) -> None:
    """The edges are the least that leave an interior in which every position is full."""
    full = [c == expected[y % axis.s] for y, c in enumerate(coverage)]
    begin, end = phases.edges(INTEGERS, axis)
    length = len(coverage)
    inside = phases.interior_size(INTEGERS, axis)
    assert inside == max(0, length - begin - end)
    assert all(full[begin : begin + inside])
    assert 0 <= begin <= length
    assert 0 <= end <= length
    reach = (axis.k - 1) * axis.d - axis.s + 1
    if begin and begin == reach - axis.b:  # else the whole output lies within the edge
        assert not full[begin - 1]
    if end and end == reach - (axis.e - axis.o):
        assert not full[length - end]
    assert phases.has_interior(axis) == (inside >= axis.s)
    assert phases.missing(INTEGERS, axis) == len(range(inside, axis.s))


def test_every_small_axis() -> None:
    assert len(BOX) > 1000
    for axis in BOX:
        check_axis(axis)


@settings(max_examples=150, deadline=None)
@given(axes())
def test_any_axis(axis: Axis) -> None:
    check_axis(axis)


def test_hand_worked_period() -> None:
    # Stride 4 and dilation 2 meet only even positions; 3 taps on 2 phases: 2 and 1.
    axis = Axis(n=8, k=3, s=4, d=2, b=0, e=0, o=0)
    assert [phases.interior(axis, phase) for phase in range(4)] == [2, 0, 1, 0]
    assert phases.values(axis) == (0, 1, 2)
    assert phases.edges(INTEGERS, axis) == (1, 1)


def test_numbers_of_any_size_cost_nothing() -> None:
    huge = 10**30
    axis = Axis(n=huge, k=3 * huge + 1, s=huge, d=1, b=0, e=0, o=0)
    assert phases.values(axis) == (3, 4)
    assert phases.interior(axis, 0) == 4
    assert phases.interior(axis, 5 * huge + 1) == 3
    assert phases.edges(INTEGERS, axis) == (2 * huge + 1, 2 * huge + 1)
    assert phases.has_interior(axis)


@pytest.mark.parametrize(
    ("kernels", "expected"), [((3, 3), (1, 2, 4)), ((4, 3), (2, 4)), ((1, 3), (0, 1, 2))]
)
def test_products_of_a_layer(kernels: tuple[int, int], expected: tuple[int, ...]) -> None:
    two = [Axis(9, k, 2, 1, 0, 0, 0) for k in kernels]
    centre = [row[6:10] for row in ([a * b for b in listed(two[1])] for a in listed(two[0]))][6:10]
    assert tuple(sorted({value for row in centre for value in row})) == expected
    assert phases.products(two) == expected
