"""Lattice points under a line: `floor_sum`, and `F`, the count on which the axis theorem rests."""

from __future__ import annotations

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import Any

    from analytic.protocols import Arithmetic


def floor_sum(n: int, m: int, a: int, b: int) -> int:
    r"""Sum of floors of an arithmetic progression.

    .. math:: \sum_{i=0}^{n-1} \left\lfloor \frac{a i + b}{m} \right\rfloor

    The number of lattice points that lie above the axis and on or under the line
    ``y = (a·x + b)/m``, over ``0 ≤ x < n``, where every floor is non-negative.

    Constraints: ``m ≥ 1``; ``a`` and ``b`` of either sign; an ``n ≤ 0`` sums nothing.
    Cost: O(log min(a, m)) steps of Euclid's algorithm for ``a ≥ 1``, O(log m) otherwise.
    Source: notes/derivation.md, theorem 3.

    >>> floor_sum(5, 3, 7, -4) == sum((7 * i - 4) // 3 for i in range(5))
    True
    """
    total = 0
    while n > 0:
        # Take the whole part of the slope and of the intercept out of every term.
        total += n * (n - 1) // 2 * (a // m) + n * (b // m)
        a %= m
        # What is left lies under a line of slope < 1: count it by columns of the mirrored line.
        top = a * n + b % m
        n = top // m
        b = top % m
        m, a = a, m
    return total


def lattice_points(lib: Arithmetic, n: Any, k: Any, s: Any, d: Any, t: Any) -> Any:
    r"""`F`: how many pairs of a box lie under a threshold.

    .. math:: F(n, k; t) = \#\{(i, j) \in [0, n) \times [0, k) : i s + j d < t\}

    Written once, over the arithmetic ``lib``. Constraints: ``n, k ≥ 0``; ``s, d ≥ 1``; ``t ≥ 0`` (a
    negative threshold counts nothing, as 0 does). Cost: one floor sum.
    Source: notes/derivation.md, theorem 3.

    >>> from analytic.arithmetic import INTEGERS
    >>> box = [(i, j) for i in range(5) for j in range(4)]
    >>> lattice_points(INTEGERS, 5, 4, 3, 2, 11) == sum(3 * i + 2 * j < 11 for i, j in box)
    True
    """
    # Row i holds ⌈(t − i·s)/d⌉ points, but no fewer than 0 and no more than k. The rows shrink
    # with i: `whole` of them are full, `some` of them are not empty. The numerators are kept from
    # being negative, for NumPy would take three times as long to divide numbers of both signs.
    some = lib.minimum((t - 1 + s) // s, n)
    whole = lib.minimum(lib.maximum(t - 1 - (k - 1) * d + 2 * s, s) // s - 1, some)
    # The rows between are summed from the last one backwards, so that the slope is positive.
    partial = some - whole
    return whole * k + partial + lib.floor_sum(partial, d, s, t - 1 - (some - 1) * s)
