"""The axis theorem and its shadows, once, over any arithmetic.

A pair ``(i, t)`` of ``n`` elements and ``k`` taps has the value ``v = i·s + t·d``. It is kept when
``b ≤ v < b + L``, and is then a product of the convolution. A transposed convolution reads ``i`` as
the input and ``v − b`` as the output; an ordinary one reads them the other way round. Proofs:
notes/derivation.md.
"""

from __future__ import annotations

from analytic.records import Generic, NamedTuple, Number

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import Any

    from analytic.protocols import Arithmetic


class Axis(NamedTuple, Generic[Number]):
    """One spatial dimension of a layer, in the letters of the notes.

    ``n`` inputs, ``k`` taps, stride ``s``, dilation ``d``, begin crop ``b``, end crop ``e``
    (torch's padding is both), output padding ``o``: of a transposed convolution. An ordinary one
    has the axis of the transposed convolution with the same pairs, see `ordinary`.
    """

    n: Number
    k: Number
    s: Number
    d: Number
    b: Number
    e: Number
    o: Number


def size(axis: Axis[Any]) -> Any:
    """``L = (n−1)s + (k−1)d + 1 − b − e + o``, the output positions of the axis."""
    n, k, s, d, b, e, o = axis
    return (n - 1) * s + (k - 1) * d + 1 - b - e + o


def ordinary(size: Any, k: Any, s: Any, d: Any, b: Any, e: Any) -> Axis[Any]:
    """The axis of an ordinary convolution: ``n`` counts its outputs, and ``L`` its inputs.

    ``n = ⌊(L + b + e − d(k−1) − 1)/s⌋ + 1`` outputs read ``L`` inputs; what the stride leaves over
    at the end is the output padding. Output ``i`` reads with tap ``t`` the input ``i·s + t·d − b``,
    so the pairs are those of the transposed convolution. Source: notes/derivation.md, corollary 9.

    >>> ordinary(8, k=3, s=2, d=1, b=1, e=1)
    Axis(n=4, k=3, s=2, d=1, b=1, e=1, o=1)
    """
    spare = size + b + e - d * (k - 1) - 1
    n = spare // s + 1
    return Axis(n, k, s, d, b, e, spare - (n - 1) * s)


def same(k: Any, d: Any) -> tuple[Any, Any]:
    """What torch's ``padding="same"`` pads at begin and end, for as many outputs as inputs.

    ``b = ⌊d(k−1)/2⌋``, ``e = d(k−1) − b``. Source: torch.nn.Conv2d, ``padding="same"``.

    >>> same(4, 1)
    (1, 2)
    """
    both = d * (k - 1)
    return both // 2, both - both // 2


def positive(lib: Arithmetic, number: Any) -> Any:
    """1 where a whole number is positive, else 0.

    >>> from analytic.arithmetic import INTEGERS
    >>> [positive(INTEGERS, number) for number in (-3, 0, 1, 3)]
    [0, 0, 1, 1]
    """
    return lib.minimum(lib.maximum(number, 0), 1)


def kept(lib: Arithmetic, n: Any, k: Any, s: Any, d: Any, left: Any, right: Any) -> Any:
    """Pairs of the box ``[0,n)×[0,k)`` that are left when a corner is cut off at each end.

    ``n·k − F(n, k; left) − F(n, k; right)``: turning the box around maps the right cut to the left
    one. Source: notes/derivation.md, theorem 1.
    """
    return n * k - lib.F(n, k, s, d, left) - lib.F(n, k, s, d, right)


def overlaps(lib: Arithmetic, axis: Axis[Any]) -> Any:
    """``T = n·k − F(n, k; b) − F(n, k; e−o)``, the kept pairs. Needs ``L ≥ 0``.

    Cost: two floor sums. Source: notes/derivation.md, theorem 1.

    >>> from analytic.arithmetic import INTEGERS
    >>> axis = Axis(n=4, k=2, s=3, d=1, b=1, e=1, o=0)
    >>> box = [(i, t) for i in range(4) for t in range(2)]
    >>> overlaps(INTEGERS, axis) == sum(1 <= 3 * i + t < 10 for i, t in box) == 6
    True
    """
    n, k, s, d, b, e, o = axis
    return kept(lib, n, k, s, d, b, e - o)


def covered(lib: Arithmetic, axis: Axis[Any], overlaps: Any) -> Any:
    """``C``, the values that a kept pair has, from the ``overlaps`` of the axis. Needs ``L ≥ 0``.

    ``C = T − [n'·k' − F(n', k'; b−ℓ) − F(n', k'; e−o−ℓ)]`` with ``g = gcd(s, d)``,
    ``ℓ = lcm(s, d)``, ``n' = max(n − d/g, 0)``, ``k' = max(k − s/g, 0)``.
    Cost: two floor sums. Source: notes/derivation.md, theorem 2.

    >>> from analytic.arithmetic import INTEGERS
    >>> covered(INTEGERS, Axis(n=3, k=2, s=1, d=1, b=0, e=0, o=0), overlaps=6)
    4
    """
    n, k, s, d, b, e, o = axis
    # Pairs of one value form a chain with steps (d/g, −s/g). Those that have a successor in their
    # chain collide with it; they are a copy of a smaller box, moved by ℓ.
    g = lib.gcd(s, d)
    inputs_apart, taps_apart = lib.quotient(d, g), lib.quotient(s, g)
    lcm = s * inputs_apart
    n, k = lib.maximum(n - inputs_apart, 0), lib.maximum(k - taps_apart, 0)
    return overlaps - kept(lib, n, k, s, d, b - lcm, e - o - lcm)


def extent(lib: Arithmetic, axis: Axis[Any]) -> tuple[Any, Any, Any]:
    """Size ``L``, overlaps ``T`` and covered ``C`` of an axis: the theorem. Needs ``L ≥ 1``.

    Cost: at most four floor sums, O(log min(s, d)) steps each.
    Source: notes/derivation.md, theorems 1 and 2.

    >>> from analytic.arithmetic import INTEGERS
    >>> n, k, s, d, p, o = 5, 3, 4, 6, 2, 1
    >>> landed = [i * s + t * d - p for i in range(n) for t in range(k)]
    >>> landed = [y for y in landed if 0 <= y < 26]
    >>> extent(INTEGERS, Axis(n, k, s, d, p, p, o)) == (26, len(landed), len(set(landed)))
    True
    """
    pairs = overlaps(lib, axis)
    return size(axis), pairs, covered(lib, axis, pairs)


def inputs_reached(lib: Arithmetic, axis: Axis[Any], overlaps: Any) -> Any:
    """``I``, the inputs that have a kept pair, from the ``overlaps`` of the axis. Needs ``L ≥ 1``.

    ``I = T − [L > d]·kept(n, k−1; b, e−o)``: kept pairs of one input are consecutive taps, so those
    with a successor are the kept pairs of the axis with one tap fewer. Cost: two floor sums.
    Source: notes/derivation.md, theorem 11.

    >>> from analytic.arithmetic import INTEGERS
    >>> inputs_reached(INTEGERS, Axis(n=4, k=2, s=3, d=1, b=2, e=2, o=0), overlaps=4)
    2
    """
    n, k, s, d, b, e, o = axis
    return overlaps - positive(lib, size(axis) - d) * kept(lib, n, k - 1, s, d, b, e - o)


def taps_reached(lib: Arithmetic, axis: Axis[Any], overlaps: Any) -> Any:
    """``J``, the taps that have a kept pair, from the ``overlaps`` of the axis. Needs ``L ≥ 1``.

    ``J = T − [L > s]·kept(n−1, k; b, e−o)``, as `inputs_reached` with ``(n, s)`` and ``(k, d)``
    exchanged. Taps that have none are dead: whatever the data, they meet no input.
    Source: notes/derivation.md, theorem 11.

    >>> from analytic.arithmetic import INTEGERS
    >>> taps_reached(INTEGERS, ordinary(28, k=3, s=1, d=36, b=36, e=36), overlaps=28)
    1
    """
    n, k, s, d, b, e, o = axis
    return overlaps - positive(lib, size(axis) - s) * kept(lib, n - 1, k, s, d, b, e - o)
