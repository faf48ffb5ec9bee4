"""`floor_sum` and `F` against the sums and the boxes that they count."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from analytic import floor_sum
from analytic.arithmetic import INTEGERS
from analytic.floorsum import lattice_points


def test_floor_sum_over_a_box() -> None:
    for n, m, a, b in itertools.product(range(-1, 7), range(1, 7), range(-8, 9), range(-8, 9)):
        assert floor_sum(n, m, a, b) == sum((a * i + b) // m for i in range(n)), (n, m, a, b)


@given(
    st.integers(0, 300),
    st.integers(1, 10**12),
    st.integers(-(10**12), 10**12),
    st.integers(-(10**12), 10**12),
)
def test_floor_sum_of_large_numbers(n: int, m: int, a: int, b: int) -> None:
    assert floor_sum(n, m, a, b) == sum((a * i + b) // m for i in range(n))


def test_floor_sum_published_samples() -> None:
    # AtCoder Library Practice Contest, problem C, sample cases.
    cases = [(4, 10, 6, 3), (6, 5, 4, 3), (1, 1, 0, 0), (31415, 92653, 58979, 32384)]
    assert [floor_sum(*case) for case in cases] == [3, 13, 0, 314095480]
    assert floor_sum(10**9, 10**9, 10**9, 10**9) == 500000000500000000


def test_F_over_a_box() -> None:
    for n, k, s, d in itertools.product(range(5), range(5), range(1, 6), range(1, 6)):
        values = [i * s + j * d for i in range(n) for j in range(k)]
        for t in range(-3, 45):
            expected = sum(value < t for value in values)
            assert INTEGERS.F(n, k, s, d, t) == expected, (n, k, s, d, t)
            if t >= 0:  # the general formula, without the shortcuts of integers
                assert lattice_points(INTEGERS, n, k, s, d, t) == expected, (n, k, s, d, t)


def test_F_without_clamps() -> None:
    """F is G at four corners, with G the points of the whole quadrant (notes, theorem 3)."""

    def quadrant(s: int, d: int, t: int) -> int:
        return sum(-((i * s - t) // d) for i in range(max(0, -(-t // s))))

    draw = random.Random(3).randint
    for _ in range(2000):
        n, k, s, d, t = draw(0, 9), draw(0, 9), draw(1, 9), draw(1, 9), draw(-5, 170)
        corners = (
            quadrant(s, d, t)
            - quadrant(s, d, t - n * s)
            - quadrant(s, d, t - k * d)
            + quadrant(s, d, t - n * s - k * d)
        )
        assert INTEGERS.F(n, k, s, d, t) == corners, (n, k, s, d, t)


def test_F_is_complementary_and_symmetric_at_any_size() -> None:
    """Beyond brute force: turning the box around, and swapping its sides, change nothing."""
    draw = random.Random(4).randint
    for _ in range(300):
        n, k, s, d = (draw(1, 10**18) for _ in range(4))
        last = (n - 1) * s + (k - 1) * d
        t = draw(0, last + 1)
        below = INTEGERS.F(n, k, s, d, t)
        assert below + INTEGERS.F(n, k, s, d, last + 1 - t) == n * k
        assert below == INTEGERS.F(k, n, d, s, t)
