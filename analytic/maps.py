"""Coverage: how many (input, tap) pairs land on each output position, in closed form."""

from __future__ import annotations

import math

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size
from analytic.layer import axes_of

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import Any, Unpack

    from analytic.protocols import Arithmetic, Geometry, InputSize, PerAxis

#: What CPython takes for a list, an entry (an eighth more, as lists grow), and an integer that is
#: too large to be one of the cached small ones.
LIST_BYTES, ENTRY_BYTES, INTEGER_BYTES, LARGEST_CACHED = 104, 9, 32, 256


def reach(lib: Arithmetic, axis: Axis, y: Any) -> tuple[Any, Any]:
    """The first and the last tap whose input, ``(y + b − t·d)/s``, lies between 0 and ``n − 1``.

    Where there is none, the first is behind the last.

    >>> reach(INTEGERS, Axis(n=2, k=9, s=2, d=1, b=0, e=0, o=0), 5)
    (3, 5)
    """
    n, k, s, d, b, *_ = axis
    value = y + b
    return lib.maximum(0, -(((n - 1) * s - value) // d)), k - 1 - lib.maximum(k - 1 - value // d, 0)


def met(axis: Axis, y: Any, tap: Any) -> tuple[Any, Any]:
    """The input that lands on ``y`` with a tap within `reach`, and a remainder: 0 where one does.

    ``y + b − t·d``, divided by ``s``, over any arithmetic.

    >>> axis = Axis(n=2, k=9, s=2, d=1, b=0, e=0, o=0)
    >>> {tap: met(axis, 5, tap) for tap in (3, 4, 5)}
    {3: (1, 0), 4: (0, 1), 5: (0, 0)}
    """
    rest = y + axis.b - tap * axis.d
    return rest // axis.s, rest % axis.s


def at(axis: Axis, y: int) -> int:
    """``c(y)``: pairs ``(i, t)`` of the axis with ``i·s + t·d − b = y``, in O(log min(s, d)).

    Source: notes/derivation.md, theorem 4.

    >>> [at(Axis(n=2, k=3, s=2, d=1, b=0, e=0, o=0), y) for y in range(5)]
    [1, 1, 2, 1, 1]
    """
    value, s, d = y + axis.b, axis.s, axis.d
    g = math.gcd(s, d)
    if value % g:
        return 0
    # Taps that land here are those of one residue class, every s/g-th …
    step = s // g
    residue = value // g * pow(d // g, -1, step) % step
    # … whose input lies between the first and the last.
    first, last = reach(INTEGERS, axis, y)
    return int(max(0, (last - residue) // step - (first - 1 - residue) // step))


def taps_read(lib: Arithmetic, axis: Axis[Any], output: Any) -> Any:
    """How many taps of an ordinary convolution's output read an input, and not padding. ``L ≥ 1``.

    ``#{t : b ≤ i·s + t·d < b + L}`` for output ``i``. Source: notes/derivation.md, corollary 9.

    >>> from analytic.axis import ordinary
    >>> axis = ordinary(8, k=3, s=2, d=2, b=2, e=2)
    >>> [taps_read(INTEGERS, axis, i) for i in range(axis.n)]
    [2, 3, 3, 2]
    """
    k, d = axis.k, axis.d
    below = axis.b - output * axis.s
    until = below + size(axis)
    first = lib.maximum(-(-below // d), 0)
    # From the end, so that taps behind the last one are no taps.
    behind = lib.maximum(k - -(-until // d), 0)
    return lib.maximum(k - behind - first, 0)


def along(axis: Axis, transposed: bool = True) -> list[int]:
    """The coverage of one axis, output by output."""
    if transposed:
        return [at(axis, y) for y in range(size(axis))]
    return [taps_read(INTEGERS, axis, output) for output in range(axis.n)]


def outer(profiles: list[list[int]], factor: int = 1) -> list[Any]:
    """The outer product of the axes' profiles, as nested lists."""
    first, *rest = profiles
    if not rest:
        return [factor * c for c in first]
    return [outer(rest, factor * c) for c in first]


def list_bytes(axes: tuple[Axis, ...], transposed: bool = True) -> int:
    """The bytes that the nested lists of a layer's coverage take in CPython, at the most."""
    total, lists = 0, 1
    for axis in axes:
        entries = lists * (size(axis) if transposed else axis.n)
        total += lists * LIST_BYTES + entries * ENTRY_BYTES
        lists = entries
    most = math.prod(min(axis.n, axis.k) for axis in axes)
    return total + (lists * INTEGER_BYTES if most > LARGEST_CACHED else 0)


def coverage(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> list[Any]:
    r"""Kernel-tap overlaps of every output position, as nested lists of int.

    .. math:: c(y) = \#\{(i, t) : i s + t d - p = y\}, \qquad c(y_0, y_1, …) = \prod_a c_a(y_a)

    Of an ordinary convolution, the taps of an output that read an input and not padding. Arguments
    as in `analytic.output_size`. Raises `MemoryError`, before it allocates, where the lists would
    take more than ``max_bytes``. Cost: O(positions), O(log min(s, d)) along each axis.
    Source: notes/derivation.md, theorem 4 and corollary 9; the map is the output of the published
    experiment.

    >>> coverage((2, 2), 2)
    [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    >>> coverage((3, 3), 3, padding=1, transposed=False)
    [[4, 6, 4], [6, 9, 6], [4, 6, 4]]
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    transposed = geometry.get("transposed", True)
    needed = list_bytes(axes, transposed)
    if needed > max_bytes:
        raise MemoryError(f"the coverage would take up to {needed} bytes, more than {max_bytes=}")
    return outer([along(axis, transposed) for axis in axes])
