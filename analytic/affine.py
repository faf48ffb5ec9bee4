"""The affine lemma and the crop reduction: how finitely many axes stand for all.

The lemma is written once, over the arithmetic ``lib``; integers, where nothing else is said.
"""

from __future__ import annotations

from typing import Any

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, positive
from analytic.protocols import Arithmetic


def ceil_div(a: Any, b: Any) -> Any:
    """``⌈a/b⌉``, for ``b ≥ 1``."""
    return -(-a // b)


def least_input_size(axis: Axis, lib: Arithmetic = INTEGERS) -> Any:
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
    return 1 + lib.maximum(0, ceil_div(b + e - o - (k - 1) * d, s))


def affine_from(axis: Axis, lib: Arithmetic = INTEGERS) -> Any:
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
    g = lib.gcd(s, d)
    # 1 where the kernel is longer than s/g, so that pairs meet at all, else 0.
    meet = positive(lib, k - lib.quotient(s, g))
    cut = ceil_div(lib.maximum(b, e - o), s)
    return lib.maximum(lib.maximum(least_input_size(axis, lib), cut), meet * lib.quotient(d, g))


def slopes(axis: Axis, lib: Arithmetic = INTEGERS) -> tuple[Any, Any, Any]:
    """What one more input adds to size, overlaps and covered, from `affine_from` on.

    ``s``, ``k`` and ``min(k, s/g)`` with ``g = gcd(s, d)``. Source: notes/derivation.md, theorem 6.

    >>> slopes(Axis(n=1, k=4, s=2, d=1, b=1, e=1, o=0))
    (2, 4, 2)
    """
    _, k, s, d, *_ = axis
    return s, k, lib.minimum(k, lib.quotient(s, lib.gcd(s, d)))


def padding_bound(axis: Axis) -> int:
    """The padding from which a torch axis equals one with less of it: ``B``.

    ``B = max(s, (k−1)d + o + 1)``. Neither ``n`` nor the crops of ``axis`` matter.
    Source: notes/derivation.md, corollary 8.

    >>> padding_bound(Axis(n=4, k=2, s=1, d=1, b=2, e=2, o=0))
    2
    """
    _, k, s, d, _, _, o = axis
    return int(max(s, (k - 1) * d + o + 1))


def reduced(axis: Axis) -> Axis:
    """The axis with padding below `padding_bound` that has the same coverage at every position.

    ``(n, p) → (n − 2r, p − rs)`` with ``r = max(0, ⌊(p − B)/s⌋ + 1)``: inputs that padding cuts
    away altogether are left out. Needs torch's crops, ``b = e = p ≥ 0``, and ``L ≥ 1``.
    Source: notes/derivation.md, corollary 8.

    >>> reduced(Axis(n=4, k=2, s=1, d=1, b=2, e=2, o=0))
    Axis(n=2, k=2, s=1, d=1, b=1, e=1, o=0)
    """
    n, k, s, d, p, _, o = axis
    steps = max(0, (p - padding_bound(axis)) // s + 1)
    return Axis(n - 2 * steps, k, s, d, p - steps * s, p - steps * s, o)
