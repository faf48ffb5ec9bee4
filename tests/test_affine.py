"""The affine lemma against a list of every pair, on a box of axes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from analytic.affine import (
    affine_from,
    alive_from,
    inputs_stepping_over,
    least_input_size,
    ordinary_from,
    padding_bound,
    reached_affine_from,
    reduced,
    slopes,
    taps_stepping_over,
)
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis
from tests.brute import profile, size

Counts = tuple[int, int, int, int, int]


def kept(axis: Axis) -> list[tuple[int, int]]:
    """The kept pairs, from a list of all."""
    n, k, s, d, b, *_ = axis
    last = size(axis) + b
    return [(i, t) for i in range(n) for t in range(k) if b <= i * s + t * d < last]


def brute_force(axis: Axis) -> Counts:
    """Size, overlaps, covered, inputs and taps reached: no formula but that of the size."""
    pairs = kept(axis)
    values = {i * axis.s + t * axis.d for i, t in pairs}
    return (
        size(axis),
        len(pairs),
        len(values),
        len({i for i, _ in pairs}),
        len({t for _, t in pairs}),
    )


def steps(axis: Axis, n: int) -> Counts:
    """What input ``n`` adds to each: by brute force."""
    before, after = (brute_force(axis._replace(n=inputs)) for inputs in (n, n + 1))
    size, overlaps, covered, inputs, taps = (a - b for a, b in zip(after, before, strict=True))
    return size, overlaps, covered, inputs, taps


def even(axis: Axis) -> Counts:
    """What a further input adds in the end."""
    return (*slopes(axis), 1, 0)


SMALL = range(1, 5), range(1, 5), range(1, 5), range(-1, 6, 2), range(-1, 6, 2), range(3)
LARGE = range(1, 8), range(1, 8), range(1, 8), range(-3, 14), range(-2, 14, 3), range(4)


def axes_of(ranges: tuple[range, ...]) -> list[Axis]:
    """Every axis of a box, crops apart, whose own ``n`` is of no account."""
    return [Axis(1, *rest) for rest in product(*ranges)]


#: Where everything below is checked: a small box, and by night a large one.
boxes = pytest.mark.parametrize("ranges", [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)])
#: A number, and how many of the five are affine from it on.
numbers = pytest.mark.parametrize(("least", "of"), [(affine_from, 3), (reached_affine_from, 5)])


@boxes
def test_least_input_size_is_the_least_with_an_output(ranges: tuple[range, ...]) -> None:
    for axis in axes_of(ranges):
        least = least_input_size(axis)
        assert size(axis._replace(n=least)) >= 1
        assert least == 1 or size(axis._replace(n=least - 1)) <= 0


@boxes
@numbers
def test_it_is_the_least_from_which_an_input_adds_the_slopes(
    ranges: tuple[range, ...], least: Callable[[Axis], int], of: int
) -> None:
    corners = 0
    for axis in axes_of(ranges):
        start = least(axis)
        for n in range(start, start + 4):
            assert steps(axis, n)[:of] == even(axis)[:of], (axis, n)
        if start > least_input_size(axis):
            corners += 1
            assert steps(axis, start - 1)[:of] != even(axis)[:of], axis
    assert corners > 500


@boxes
def test_it_is_the_least_from_which_no_tap_is_dead(ranges: tuple[range, ...]) -> None:
    for axis in axes_of(ranges):
        start = alive_from(axis)
        for n in range(least_input_size(axis), start + 3):
            assert (brute_force(axis._replace(n=n))[4] == axis.k) is (n >= start), (axis, n)


@boxes
def test_the_least_from_which_all_are_affine_is_where_nothing_is_dead_or_steps_over(
    ranges: tuple[range, ...],
) -> None:
    """Theorem 13 (b), at each size from the least with an output on."""
    for axis in axes_of(ranges):
        for n in range(least_input_size(axis), reached_affine_from(axis) + 2):
            own = axis._replace(n=n)
            alive = brute_force(own)[4] == axis.k
            stays = n >= affine_from(axis) and alive and not stepping(own)
            assert (steps(axis, n) == even(axis)) is stays, own


def stepping(axis: Axis) -> set[int]:
    """Inputs with a tap cut on the left whose next is cut on the right."""
    n, k, s, d, b, *_ = axis
    last = b + size(axis)
    pairs = product(range(n), range(k - 1))
    return {i for i, t in pairs if i * s + t * d < b and i * s + (t + 1) * d >= last}


def test_what_steps_over_the_output_is_counted() -> None:
    seen = 0
    for axis in axes_of(SMALL):
        for n in range(least_input_size(axis), least_input_size(axis) + 4):
            own = axis._replace(n=n)
            turned = Axis(own.k, own.n, own.d, own.s, own.b, own.e, own.o)
            assert inputs_stepping_over(INTEGERS, own) == len(stepping(own))
            assert taps_stepping_over(INTEGERS, own) == len(stepping(turned))
            seen += bool(stepping(own)) + bool(stepping(turned))
    assert seen > 500


def ordinary(axis: Axis, inputs: int) -> Axis:
    """The axis of an ordinary convolution with so many inputs, which are its ``L``."""
    spare = inputs + axis.b + axis.e - axis.d * (axis.k - 1) - 1
    return axis._replace(n=spare // axis.s + 1, o=spare % axis.s)


@boxes
def test_from_it_on_each_stride_of_inputs_adds_the_slopes_to_an_ordinary_axis(
    ranges: tuple[range, ...],
) -> None:
    corners = 0
    for axis in axes_of((*ranges[:-1], range(1))):
        s, start = axis.s, ordinary_from(axis, reached_affine_from)
        least = max(1, axis.d * (axis.k - 1) + 1 - axis.b - axis.e)
        counts = {X: brute_force(ordinary(axis, X)) for X in range(least, start + 3 * s)}
        assert all(counts[X][0] == X for X in counts)
        evenly = {
            X: tuple(a - b for a, b in zip(counts[X + s], counts[X], strict=True)) == even(axis)
            for X in range(least, start + 2 * s)
        }
        assert all(evenly[X] for X in range(start, start + 2 * s))
        assert start == least or not evenly[start - 1]
        corners += start > least
        alive = ordinary_from(axis, alive_from)
        assert all((counts[X][4] == axis.k) is (alive <= X) for X in counts)
    assert corners > 100


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
                apart = (axis.n - less.n) // 2  # so many inputs fewer at each end
                assert less.n >= 1
                assert 0 <= less.b == less.e < padding_bound(less) == padding_bound(axis)
                assert less[1:4] == axis[1:4]
                assert [(i + apart, t) for i, t in kept(less)] == kept(axis)
                assert size(less) == size(axis)
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
