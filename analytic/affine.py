"""From which input size on an axis grows evenly, and by how much: the affine lemma, in integers."""

from __future__ import annotations

import math

from analytic.axis import Axis


def ceil_div(a: int, b: int) -> int:
    """``⌈a/b⌉``, for ``b ≥ 1``."""
    return -(-a // b)


def least_input_size(axis: Axis) -> int:
    """The least ``n ≥ 1`` with an output: ``n_min``. The axis' own ``n`` does not matter.

    ``n_min = 1 + max(0, ⌈(b + e − o − (k−1)d)/s⌉)``

    Source: notes/derivation.md, theorem 6.

    >>> from analytic.axis import size
    >>> axis = Axis(n=1, k=3, s=2, d=1, b=4, e=4, o=0)
    >>> least_input_size(axis)
    4
    >>> [size(axis._replace(n=n)) for n in (3, 4)]
    [-1, 1]
    """
    _, k, s, d, b, e, o = axis
    return 1 + max(0, ceil_div(b + e - o - (k - 1) * d, s))


def affine_from(axis: Axis) -> int:
    """The least ``n`` from which size, overlaps and covered grow by `slopes` an input: ``n*``.

    ``n* = max(n_min, ⌈max(b, e−o)/s⌉, d/g if k > s/g else 1)`` with ``g = gcd(s, d)``

    The axis' own ``n`` does not matter. Source: notes/derivation.md, theorem 6.

    >>> from analytic import overlaps
    >>> axis = Axis(n=1, k=5, s=1, d=1, b=2, e=2, o=0)
    >>> affine_from(axis), slopes(axis)
    (2, (1, 5, 1))
    >>> [overlaps([n], 5, padding=2) for n in (1, 2, 3, 4, 5)]
    [1, 4, 9, 14, 19]
    """
    _, k, s, d, b, e, o = axis
    g = math.gcd(s, d)
    met = d // g if k > s // g else 1
    return max(least_input_size(axis), ceil_div(max(b, e - o), s), met)


def slopes(axis: Axis) -> tuple[int, int, int]:
    """What one more input adds to size, overlaps and covered, from `affine_from` on.

    ``s``, ``k`` and ``min(k, s/g)`` with ``g = gcd(s, d)``. Source: notes/derivation.md, theorem 6.

    >>> slopes(Axis(n=1, k=4, s=2, d=1, b=1, e=1, o=0))
    (2, 4, 2)
    """
    _, k, s, d, *_ = axis
    return s, k, min(k, s // math.gcd(s, d))
