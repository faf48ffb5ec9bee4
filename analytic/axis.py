"""The axis theorem, once, over any arithmetic.

A pair ``(i, t)`` of an input and a tap has the value ``v = i·s + t·d``. It is kept when
``b ≤ v < b + L`` and then lands on output position ``v − b``. Proofs: notes/derivation.md.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import Any

    from analytic.protocols import Arithmetic


class Axis(namedtuple("Axis", "n k s d b e o")):
    """One spatial dimension of a layer, in the letters of the notes.

    ``n`` inputs, ``k`` taps, stride ``s``, dilation ``d``, begin crop ``b``, end crop ``e``
    (torch's padding is both), output padding ``o``.
    """

    __slots__ = ()


def size(axis: Axis) -> Any:
    """``L = (n−1)s + (k−1)d + 1 − b − e + o``, the output positions of the axis."""
    n, k, s, d, b, e, o = axis
    return (n - 1) * s + (k - 1) * d + 1 - b - e + o


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


def extent(lib: Arithmetic, axis: Axis) -> tuple[Any, Any, Any]:
    """Size ``L``, overlaps ``T`` and covered ``C`` of an axis: the theorem. Needs ``L ≥ 1``.

    ``T = n·k − F(n, k; b) − F(n, k; e−o)``
    ``C = T − [n'·k' − F(n', k'; b−ℓ) − F(n', k'; e−o−ℓ)]``

    with ``g = gcd(s, d)``, ``ℓ = lcm(s, d)``, ``n' = max(n − d/g, 0)``, ``k' = max(k − s/g, 0)``.
    Cost: at most four floor sums, O(log min(s, d)) steps each.
    Source: notes/derivation.md, theorems 1 and 2.

    >>> from analytic.arithmetic import INTEGERS
    >>> n, k, s, d, p, o = 5, 3, 4, 6, 2, 1
    >>> landed = [i * s + t * d - p for i in range(n) for t in range(k)]
    >>> landed = [y for y in landed if 0 <= y < 26]
    >>> extent(INTEGERS, Axis(n, k, s, d, p, p, o)) == (26, len(landed), len(set(landed)))
    True
    """
    n, k, s, d, b, e, o = axis
    overlaps = kept(lib, n, k, s, d, b, e - o)
    # Pairs of one value form a chain with steps (d/g, −s/g). Those that have a successor in their
    # chain collide with it; they are a copy of a smaller box, moved by ℓ.
    g = lib.gcd(s, d)
    inputs_apart, taps_apart = lib.quotient(d, g), lib.quotient(s, g)
    lcm = s * inputs_apart
    n, k = lib.maximum(n - inputs_apart, 0), lib.maximum(k - taps_apart, 0)
    collisions = kept(lib, n, k, s, d, b - lcm, e - o - lcm)
    return size(axis), overlaps, overlaps - collisions
