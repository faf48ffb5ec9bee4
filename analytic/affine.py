"""The affine lemma and the crop reduction: how finitely many axes stand for all.

The lemma is written once, over the arithmetic ``lib``; integers, where nothing else is said.
"""

from __future__ import annotations

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, positive, size

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

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


def alive_from(axis: Axis, lib: Arithmetic = INTEGERS) -> Any:
    """The least ``n`` from which no tap is dead: each meets an input, ``J = k``.

    ``N + [a tap steps over the output at N]`` with ``N = max(n_min, 1 + ⌈max(b, e−o)/s⌉)``

    The axis' own ``n`` does not matter. Source: notes/derivation.md, theorem 13.

    >>> alive_from(Axis(n=1, k=3, s=1, d=36, b=36, e=36, o=0))
    37
    >>> landed = [(i, t) for i in range(37) for t in range(3) if 0 <= i + 36 * t - 36 < 37]
    >>> {t for _, t in landed}, {t for i, t in landed if i < 36 and i + 36 * t - 36 < 36}
    ({0, 1, 2}, {1})
    """
    _, _, s, _, b, e, o = axis
    n = lib.maximum(least_input_size(axis, lib), 1 + ceil_div(lib.maximum(b, e - o), s))
    return n + positive(lib, taps_stepping_over(lib, axis._replace(n=n)))


def reached_affine_from(axis: Axis, lib: Arithmetic = INTEGERS) -> Any:
    """The least ``n`` from which inputs and taps reached are affine beside the three: ``n**``.

    From there on one more input adds `slopes` to size, overlaps and covered, 1 to the inputs
    reached and none to the taps reached. It is the least ``n ≥ n*`` at which no tap is dead and no
    input steps over the output. The axis' own ``n`` does not matter.
    Source: notes/derivation.md, theorem 13.

    >>> axis = Axis(n=1, k=2, s=1, d=2, b=4, e=4, o=0)
    >>> affine_from(axis), alive_from(axis), reached_affine_from(axis)
    (7, 7, 8)
    >>> kept = lambda n: [i for i in range(n) for t in range(2) if 0 <= i + 2 * t - 4 < n - 6]
    >>> [len(set(kept(n))) for n in (7, 8, 9, 10)]
    [2, 4, 5, 6]
    """
    _, k, _, _, _, _, o = axis
    # From this n on the output is as long as a dilation, and no input steps over it.
    long = least_input_size(axis._replace(k=k - 1, o=o + 1), lib)
    before = positive(lib, inputs_stepping_over(lib, axis._replace(n=long - 1)))
    even = positive(lib, k - 1) * (long - 1 + before)
    return lib.maximum(lib.maximum(affine_from(axis, lib), alive_from(axis, lib)), even)


def inputs_stepping_over(lib: Arithmetic, axis: Axis) -> Any:
    """Inputs with two taps in a row of which one is cut on the left, the next on the right.

    Pairs of ``[0,n)×[0,k−1)`` with ``b + L − d ≤ v < b``. Source: notes/derivation.md, theorem 13.
    """
    n, k, s, d, b, *_ = axis
    left = lib.F(n, k - 1, s, d, b) - lib.F(n, k - 1, s, d, b + size(axis) - d)
    return lib.maximum(left, 0)


def taps_stepping_over(lib: Arithmetic, axis: Axis) -> Any:
    """Taps with two inputs in a row of which one is cut on the left, the next on the right.

    Pairs of ``[0,n−1)×[0,k)`` with ``b + L − s ≤ v < b``. Source: notes/derivation.md, theorem 13.
    """
    n, k, s, d, b, e, o = axis
    return inputs_stepping_over(lib, Axis(k, n, d, s, b, e, o))


def ordinary_from(axis: Axis, least: Callable[[Axis], int]) -> int:
    """The least input size of an ordinary convolution from which every input size is large enough.

    ``least`` is `reached_affine_from` or its like. A residue of the input size modulo the stride is
    an output padding below it, so ``X = 1 + max(0, max_{o<s} L_o(n_o − 1))`` where ``n_o`` is the
    least number of outputs with output padding ``o``. Of ``axis``, ``n`` and ``o`` do not matter.
    Cost: ``s`` times that of ``least``. Source: notes/derivation.md, corollary 15.

    >>> ordinary_from(Axis(n=1, k=3, s=2, d=1, b=1, e=1, o=0), alive_from)
    3
    """
    axes = [axis._replace(o=o) for o in range(axis.s)]
    return 1 + max(0, *(int(size(row._replace(n=least(row) - 1))) for row in axes))


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
