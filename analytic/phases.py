"""Phases: what the interior of a layer receives, in closed form, whatever the size.

A phase is a residue class of output positions modulo the stride. Far from both edges the coverage
depends on the phase alone. Where the phases differ, the layer prints a checkerboard.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analytic import maps
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, positive, size
from analytic.protocols import Arithmetic


def landing(lib: Arithmetic, axis: Axis, y: Any) -> Any:
    r"""``c(y)`` over any arithmetic: pairs below the next value less those below this one.

    .. math:: c(y) = F(n, k; y + b + 1) - F(n, k; y + b)

    With integers `maps.at` is faster, but needs inverses modulo the stride. Cost: two floor sums.
    Source: the definition of F, notes/derivation.md, setting.

    >>> axis = Axis(n=2, k=3, s=2, d=1, b=0, e=0, o=0)
    >>> [landing(INTEGERS, axis, y) for y in range(5)] == maps.along(axis) == [1, 1, 2, 1, 1]
    True
    """
    n, k, s, d, b, *_ = axis
    return lib.F(n, k, s, d, y + b + 1) - lib.F(n, k, s, d, y + b)


def shares(lib: Arithmetic, axis: Axis) -> tuple[tuple[Any, Any], ...]:
    r"""How many of the ``s`` phases receive what: pairs (interior coverage, number of phases).

    With ``g = gcd(s, d)``, ``σ = s/g``, ``q = ⌊k/σ⌋`` and ``r = k mod σ``: ``s − σ`` phases receive
    0, ``σ − r`` receive ``q`` and ``r`` receive ``q + 1``. A number of phases may be 0.
    Cost: O(1). Source: notes/derivation.md, theorem 5 (d).

    >>> shares(INTEGERS, Axis(n=8, k=3, s=4, d=2, b=0, e=0, o=0))
    ((0, 2), (1, 1), (2, 1))
    """
    met = lib.quotient(axis.s, lib.gcd(axis.s, axis.d))
    least = axis.k // met
    more = axis.k - least * met
    return (0, axis.s - met), (least, met - more), (least + 1, more)


def edges(lib: Arithmetic, axis: Axis) -> tuple[Any, Any]:
    """How many output positions at begin and end may receive less than their phase's coverage.

    ``max(0, (k−1)d − s + 1 − b)`` and ``max(0, (k−1)d − s + 1 − (e − o))``, neither more than
    ``L``. Where there are fewer than ``L``, the innermost of them does receive less. Cost: O(1).
    Source: notes/derivation.md, theorem 5 (b) and (c).

    >>> edges(INTEGERS, Axis(n=4, k=4, s=1, d=1, b=1, e=1, o=0))
    (2, 2)
    """
    reach = (axis.k - 1) * axis.d - axis.s + 1
    begin = lib.maximum(reach - axis.b, 0)
    end = lib.maximum(reach - (axis.e - axis.o), 0)
    return lib.minimum(begin, size(axis)), lib.minimum(end, size(axis))


def interior_size(lib: Arithmetic, axis: Axis) -> Any:
    """Output positions between the `edges`. Cost: O(1).

    >>> interior_size(INTEGERS, Axis(n=8, k=4, s=2, d=1, b=1, e=1, o=0))
    14
    """
    begin, end = edges(lib, axis)
    return lib.maximum(size(axis) - begin - end, 0)


def missing(lib: Arithmetic, axis: Axis) -> Any:
    """Positions by which the interior is too short for a whole period; 0 where it is not.

    >>> missing(INTEGERS, Axis(n=1, k=4, s=3, d=1, b=0, e=0, o=0))
    1
    """
    return lib.maximum(axis.s - interior_size(lib, axis), 0)


def has_interior(axis: Axis) -> bool:
    """Whether the axis is long enough for an interior: a whole period, so that each phase is seen.

    >>> has_interior(Axis(n=8, k=4, s=2, d=1, b=1, e=1, o=0))
    True
    >>> has_interior(Axis(n=1, k=4, s=1, d=1, b=0, e=0, o=0))
    False
    """
    return not missing(INTEGERS, axis)


def interior(axis: Axis, phase: int) -> int:
    """Pairs that land on an interior position ``y ≡ phase (mod s)``, whether there is one or not.

    Cost: O(log min(s, d)). Source: notes/derivation.md, theorem 5 (b).

    >>> axis = Axis(n=8, k=3, s=2, d=1, b=0, e=0, o=0)
    >>> maps.along(axis)
    [1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1]
    >>> interior(axis, 0), interior(axis, 1)
    (2, 1)
    """
    # The first value of this phase from (k−1)d on, with as many inputs as reach up to it.
    last = (axis.k - 1) * axis.d
    value = last + (phase + axis.b - last) % axis.s
    return maps.at(Axis(value // axis.s + 1, axis.k, axis.s, axis.d, 0, 0, 0), value)


def levels(lib: Arithmetic, axis: Axis) -> tuple[Any, Any, Any]:
    """What interior positions of the axis receive: the least, the one between, the most.

    Where there are fewer than three values, some of these are alike. Cost: O(1).
    Source: notes/derivation.md, theorem 5 (e).

    >>> levels(INTEGERS, Axis(n=8, k=3, s=4, d=2, b=0, e=0, o=0))
    (0, 1, 2)
    >>> levels(INTEGERS, Axis(n=8, k=3, s=2, d=1, b=0, e=0, o=0))
    (1, 1, 2)
    """
    (_, holes), (least, _), (_, more) = shares(lib, axis)
    return least * (1 - positive(lib, holes)), least, least + positive(lib, more)


def values(axis: Axis) -> tuple[int, ...]:
    """What interior positions of the axis receive, in order: one, two or three values.

    Cost: O(1). Source: notes/derivation.md, theorem 5 (e).

    >>> values(Axis(n=8, k=3, s=2, d=1, b=0, e=0, o=0))
    (1, 2)
    """
    return in_order(levels(INTEGERS, axis))


def in_order(numbers: Iterable[int]) -> tuple[int, ...]:
    """The numbers that differ, from the least to the largest.

    >>> in_order([4, 2, 2])
    (2, 4)
    """
    return tuple(sorted(set(numbers)))


def largest(lib: Arithmetic, axis: Axis) -> Any:
    """No output of the axis receives more than this; in an interior, if there is one, some do.

    >>> largest(INTEGERS, Axis(n=8, k=3, s=2, d=1, b=0, e=0, o=0))
    2
    """
    _, _, most = levels(lib, axis)
    return lib.minimum(axis.n, most)


def common_factor(lib: Arithmetic, axis: Axis) -> Any:
    """``gcd(s, d)``: values that it does not divide are holes, whatever the kernel.

    >>> common_factor(INTEGERS, Axis(n=8, k=3, s=4, d=2, b=0, e=0, o=0))
    2
    """
    return lib.gcd(axis.s, axis.d)


def is_even(axis: Axis) -> bool:
    """Whether every interior position receives the same: stride coprime to dilation, dividing k.

    Cost: O(1). Source: notes/derivation.md, theorem 5 (f).

    >>> is_even(Axis(n=8, k=4, s=2, d=1, b=1, e=1, o=0))
    True
    """
    return len(values(axis)) == 1


def has_holes(axis: Axis) -> bool:
    """Whether some interior phase receives nothing.

    Cost: O(1). Source: notes/derivation.md, theorem 5 (g).

    >>> has_holes(Axis(n=8, k=2, s=3, d=1, b=0, e=0, o=0))
    True
    """
    return 0 in values(axis)


def multiplied(lib: Arithmetic, factors: Iterable[Any], axis: Axis) -> list[Any]:
    """What interior positions receive with one axis more: each of the products times its `levels`.

    The axes do not interact: notes/derivation.md, setting.

    >>> multiplied(INTEGERS, (1, 3), Axis(n=8, k=3, s=2, d=1, b=0, e=0, o=0))
    [1, 1, 2, 3, 3, 6]
    """
    return [factor * level for factor in factors for level in levels(lib, axis)]


def products(axes: Iterable[Axis]) -> tuple[int, ...]:
    """What interior positions of a layer receive, in order: products of the `values` of its axes.

    >>> products([Axis(n=8, k=3, s=2, d=1, b=0, e=0, o=0)] * 2)
    (1, 2, 4)
    """
    received: tuple[int, ...] = (1,)
    for axis in axes:
        received = in_order(multiplied(INTEGERS, received, axis))
    return received
