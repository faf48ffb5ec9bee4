"""The axis theorem and its corollaries, against brute force."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, extent, inputs_reached, ordinary, size, taps_reached
from analytic.maps import along
from tests import brute
from tests.strategies import axes


def expected(axis: Axis) -> tuple[int, int, int]:
    profile = brute.profile(axis)
    return len(profile), sum(profile), sum(c > 0 for c in profile)


#: Size, overlaps, and elements with a pair of the side with so many; inputs and taps with one.
Numbers = tuple[int, int, int, int, int]


def numbers(axis: Axis) -> Numbers:
    """What the theorem and its shadows say: L, T, C, I, J."""
    length, overlaps, covered = extent(INTEGERS, axis)
    inputs = inputs_reached(INTEGERS, axis, overlaps)
    return length, overlaps, covered, inputs, taps_reached(INTEGERS, axis, overlaps)


def listed(
    sizes: tuple[int, int, int, int, int, int], o: int, *, transposed: bool
) -> tuple[int, Numbers]:
    """The outputs of an axis, and the same numbers, from a list of all that meet."""
    met, outputs = brute.meetings(*sizes, o, transposed=transposed)
    inputs, taps, results = (set(side) for side in zip(*met, strict=True)) if met else (set(),) * 3
    few, many = (inputs, results) if transposed else (results, inputs)
    length = outputs if transposed else sizes[0]
    return outputs, (length, len(met), len(many), len(few), len(taps))


def boxes(*bounds: int) -> pytest.MarkDecorator:
    """Every number from 1 on below each bound, and by night below one more."""
    larger = pytest.param(tuple(bound + 2 for bound in bounds), marks=pytest.mark.slow)
    return pytest.mark.parametrize("bounds", [bounds, larger])


@boxes(6, 6, 6, 6)
def test_theorem_over_a_box(bounds: tuple[int, ...]) -> None:
    """Every torch axis with inputs, taps, stride and dilation below a bound and legal padding."""
    checked = 0
    for n, k, s, d in itertools.product(*(range(1, bound) for bound in bounds)):
        for o in range(max(s, d)):
            for p in range(((n - 1) * s + (k - 1) * d + o) // 2 + 1):
                axis = Axis(n, k, s, d, p, p, o)
                _, pairs = listed((n, k, s, d, p, p), o, transposed=True)
                assert numbers(axis) == pairs, axis
                checked += 1
    assert checked >= 19_166


@boxes(10, 5, 4, 5)
def test_theorem_over_a_box_of_ordinary_axes(bounds: tuple[int, ...]) -> None:
    """Every input size, kernel, stride and dilation below a bound; paddings beyond the kernel."""
    checked = 0
    for X, k, s, d in itertools.product(*(range(1, bound) for bound in bounds)):
        for b, e in itertools.product(range((k - 1) * d + 3), (0, 1, (k - 1) * d + 2)):
            if X + b + e > (k - 1) * d:
                outputs, pairs = listed((X, k, s, d, b, e), 0, transposed=False)
                axis = ordinary(X, k, s, d, b, e)
                assert (axis.n, numbers(axis)) == (outputs, pairs), axis
                checked += 1
    assert checked > 7_500


@settings(max_examples=1000)
@given(axes(largest=12, cropped_apart=True))
def test_theorem_with_crops_apart(axis: Axis) -> None:
    assert extent(INTEGERS, axis) == expected(axis)


@settings(max_examples=300)
@given(axes(largest=40))
def test_theorem_on_larger_axes(axis: Axis) -> None:
    assert extent(INTEGERS, axis) == expected(axis)


def test_output_padding_is_unbounded_in_the_theorem() -> None:
    """Layers have o < max(s, d); the theorem does not need it."""
    for n, k, s, d, p, o in itertools.product((1, 3), (1, 3), (1, 2), (1, 3), (0, 2), (4, 9)):
        axis = Axis(n, k, s, d, p, p, o)
        assert extent(INTEGERS, axis) == expected(axis), axis


def test_the_hypothesis_on_the_size_is_needed() -> None:
    axis = Axis(n=4, k=3, s=9, d=7, b=30, e=37, o=0)
    assert size(axis) < 0
    assert extent(INTEGERS, axis)[1] == -8


@given(axes(cropped_apart=True, largest=8))
def test_symmetry(axis: Axis) -> None:
    """Corollary 7: inputs with stride and taps with dilation play the same part."""
    n, k, s, d, *crops = axis
    turned = Axis(k, n, d, s, *crops)
    assert extent(INTEGERS, axis) == extent(INTEGERS, turned)
    assert along(axis) == along(turned)


@given(axes(largest=8), st.integers(0, 30), st.integers(1, 40))
def test_crop_reduction(axis: Axis, more: int, positions: int) -> None:
    """Corollary 8: an input that lands nowhere may be left out, at either end and at both."""
    n, k, s, d, _, _, o = axis
    cut = (k - 1) * d + 1 + more
    begin = Axis(n + 1, k, s, d, cut, n * s - more - positions, 0)
    shorter = begin._replace(n=n, b=begin.b - s)
    assert size(begin) == size(shorter) == positions
    assert along(begin) == along(shorter) == brute.profile(shorter)
    end = Axis(n + 1, k, s, d, n * s - more - positions, cut + o, o)
    shorter = end._replace(n=n, e=end.e - s)
    assert size(end) == size(shorter) == positions
    assert along(end) == along(shorter) == brute.profile(shorter)
    p = max(s, (k - 1) * d + o + 1) + more
    least = -((o + (k - 1) * d - 2 * p) // s)  # inputs, but one, that leave an output
    both = Axis(least + n, k, s, d, p, p, o)
    reduced = Axis(both.n - 2, k, s, d, p - s, p - s, o)
    assert along(both) == along(reduced) == brute.profile(reduced) != []
    assert extent(INTEGERS, both) == extent(INTEGERS, reduced)


@given(
    st.integers(0, 30), st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), st.integers(0, 5)
)
def test_ordinary_convolution(room: int, k: int, s: int, d: int, p: int) -> None:
    """Corollary 9: a convolution forms the same pairs, from the other side."""
    inputs = max(room + d * (k - 1) + 1 - 2 * p, 1)
    room = inputs + 2 * p - d * (k - 1) - 1
    outputs = room // s + 1
    axis = Axis(outputs, k, s, d, p, p, room % s)
    reads = [(y, y * s + t * d - p) for y in range(outputs) for t in range(k)]
    reads = [(y, x) for y, x in reads if 0 <= x < inputs]
    read, receive = {x for _, x in reads}, {y for y, _ in reads}
    assert numbers(axis)[:4] == (inputs, len(reads), len(read), len(receive))
    assert axis == ordinary(inputs, k, s, d, p, p)


def test_huge_axes_reduce_to_small_ones() -> None:
    """Beyond brute force: scaled by a common factor, an axis has the pairs of the small one."""
    draw = random.Random(5).randint
    for _ in range(200):
        n, k, s, d = (draw(1, 9) for _ in range(4))
        spare = (n - 1) * s + (k - 1) * d
        p = draw(0, spare // 2)
        small = extent(INTEGERS, Axis(n, k, s, d, p, p, 0))
        factor = 10**18 + 9
        large = extent(INTEGERS, Axis(n, k, s * factor, d * factor, p * factor, p * factor, 0))
        assert large == ((small[0] - 1) * factor + 1, *small[1:])


def test_uncropped_axes_of_any_size() -> None:
    """Without crops every pair lands, and k ≤ s taps of dilation 1 never collide."""
    n = 10**30 + 57
    assert extent(INTEGERS, Axis(n, 3, 7, 1, 0, 0, 0)) == ((n - 1) * 7 + 3, 3 * n, 3 * n)
    # Dilation 4 and stride 6: values are the even numbers that 3i + 2t reaches.
    covered = len({3 * i + 2 * t for i in range(1000) for t in range(50)})
    assert extent(INTEGERS, Axis(1000, 50, 6, 4, 0, 0, 0))[1:] == (50_000, covered)
