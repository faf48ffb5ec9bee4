"""The affine lemma against a list of every pair, on a box of axes."""

from __future__ import annotations

from itertools import pairwise, product

from analytic.affine import affine_from, least_input_size, padding_bound, reduced, slopes
from analytic.axis import Axis
from tests.brute import profile, size


def brute_force(axis: Axis) -> tuple[int, int, int]:
    """Size, overlaps and covered by listing every pair: no formula but that of the size."""
    n, k, s, d, b, e, o = axis
    positions = (n - 1) * s + (k - 1) * d + 1 - b - e + o
    landed = [i * s + t * d - b for i in range(n) for t in range(k)]
    landed = [y for y in landed if 0 <= y < positions]
    return positions, len(landed), len(set(landed))


def small_axes() -> list[Axis]:
    """Every axis of a box, crops apart, whose own ``n`` is of no account."""
    ranges = range(1, 5), range(1, 5), range(1, 5), range(-1, 6, 2), range(-1, 6, 2), range(3)
    return [Axis(1, *rest) for rest in product(*ranges)]


def test_least_input_size_is_the_least_with_an_output() -> None:
    for axis in small_axes():
        least = least_input_size(axis)
        assert brute_force(axis._replace(n=least))[0] >= 1
        assert least == 1 or brute_force(axis._replace(n=least - 1))[0] <= 0


def test_from_affine_from_on_an_input_adds_the_slopes() -> None:
    for axis in small_axes():
        start = affine_from(axis)
        counts = [brute_force(axis._replace(n=n)) for n in range(start, start + 6)]
        for before, after in pairwise(counts):
            assert tuple(a - b for a, b in zip(after, before, strict=True)) == slopes(axis)


def test_one_input_earlier_it_does_not() -> None:
    corners = 0
    for axis in small_axes():
        start = affine_from(axis)
        if start == least_input_size(axis):
            continue
        corners += 1
        before, after = (brute_force(axis._replace(n=n)) for n in (start - 1, start))
        assert tuple(a - b for a, b in zip(after, before, strict=True)) != slopes(axis)
    assert corners > 500


def test_all_three_have_a_say() -> None:
    assert affine_from(Axis(1, 1, 1, 1, 9, 9, 0)) == 19  # no output before
    assert affine_from(Axis(1, 99, 1, 1, 9, 0, 0)) == 9  # the crop cuts the last input
    assert affine_from(Axis(1, 9, 2, 7, 0, 0, 0)) == 7  # inputs that do not meet yet


def test_a_reduced_axis_has_the_same_coverage_and_padding_below_the_bound() -> None:
    changed = 0
    for k, s, d in product(range(1, 4), repeat=3):
        for o, p in product(range(max(s, d)), range(16)):
            for n in range(1, 20):
                axis = Axis(n, k, s, d, p, p, o)
                if size(axis) < 1:
                    continue
                less = reduced(axis)
                assert less.n >= 1
                assert 0 <= less.b == less.e < padding_bound(less) == padding_bound(axis)
                assert less[1:4] == axis[1:4]
                assert profile(less) == profile(axis)
                changed += less != axis
                assert (less == axis) is (p < padding_bound(axis))
    assert changed > 1000


def test_the_bound_is_the_least_that_always_leaves_an_equal_axis() -> None:
    for k, s, d in product(range(1, 4), repeat=3):
        for o in range(max(s, d)):
            p = padding_bound(Axis(1, k, s, d, 0, 0, o)) - 1
            axes = [Axis(n, k, s, d, p, p, o) for n in range(3, 30)]
            assert any(
                p < s or profile(axis) != profile(Axis(axis.n - 2, k, s, d, p - s, p - s, o))
                for axis in axes
                if size(axis) >= 1
            )
