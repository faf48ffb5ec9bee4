"""The int64 arithmetic that goes along with exported NumPy code, against Python's integers."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analytic.export.runtime import numpy_int64 as arithmetic
from analytic.floorsum import floor_sum

LEAST, MOST = -(2**63), 2**63 - 1
EDGES = [LEAST, LEAST + 1, -(2**32), -(2**31), -3, -1, 0, 1, 2, 2**31, 2**32, MOST - 1, MOST]


@pytest.mark.parametrize(
    ("checked", "exact"),
    [
        (arithmetic.add, operator.add),
        (arithmetic.sub, operator.sub),
        (arithmetic.mul, operator.mul),
    ],
)
def test_exact_or_refused(checked: Callable[..., Any], exact: Callable[..., int]) -> None:
    for a, b in itertools.product(EDGES, repeat=2):
        arrays = np.array([a, 0]), np.array([b, 0])
        if LEAST <= exact(a, b) <= MOST:
            assert list(checked(*arrays)) == [exact(a, b), 0]
        else:
            with pytest.raises(OverflowError, match="a number on the way does not fit in int64"):
                checked(*arrays)


def test_division_rounds_down() -> None:
    for a, b in itertools.product(range(-7, 8), range(1, 4)):
        assert arithmetic.floor_div(a, b) == a // b
        assert arithmetic.mod(a, b) == a % b


def test_power() -> None:
    base, exponent = np.array([2, -3, 7]), np.array([5, 3, 0])
    assert list(arithmetic.power(base, exponent)) == [32, -27, 1]
    with pytest.raises(OverflowError):
        arithmetic.power(base, np.array([63, 0, 0]))


def test_floor_sum() -> None:
    cases = [*itertools.product(range(-1, 6), range(1, 5), (-7, 0, 3, 8), (-9, 0, 5))]
    columns = map(np.array, zip(*cases, strict=True))
    expected = [floor_sum(*map(int, case)) for case in cases]
    assert list(arithmetic.floor_sum(*columns)) == expected


def test_arguments_are_integers_of_64_bits() -> None:
    assert arithmetic.whole("n0", [1, 2]).dtype == np.int64
    assert arithmetic.whole("n0", np.array([3], np.uint8)) == 3
    assert arithmetic.whole("bias", True) == 1
    wrong: list[Any] = [1.0, "1", True, [None]]
    for value in wrong:
        with pytest.raises(TypeError, match="n0 must be integers, got"):
            arithmetic.whole("n0", value)
    large: list[Any] = [2**63, 2**64, np.array([2**63], np.uint64)]
    for value in large:
        with pytest.raises(OverflowError, match="n0 does not fit in int64"):
            arithmetic.whole("n0", value)


def test_results_have_the_shape_of_the_arguments() -> None:
    assert arithmetic.shaped(7, np.ones((2, 1)), np.ones(3)).shape == (2, 3)
    assert arithmetic.shaped(7, 1, 2) == 7


def test_what_is_illegal_is_refused_wherever_it_is() -> None:
    arithmetic.legal(np.array([True, True]), "n0 must be positive")
    with pytest.raises(ValueError, match="n0 must be positive"):
        arithmetic.legal(np.array([True, False]), "n0 must be positive")
