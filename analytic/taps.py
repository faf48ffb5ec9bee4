"""Dead taps: weights of a layer that meet no input, whatever the data."""

from __future__ import annotations

from analytic import affine
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, ordinary, overlaps, taps_reached
from analytic.integers import as_layer
from analytic.records import NamedTuple
from analytic.totals import filters

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from analytic.layer import Layer
    from analytic.protocols import Arithmetic, LayerLike


class DeadTaps(NamedTuple):
    """The weights of a layer that meet no input, and from which input size on there are none.

    ``weights`` of all filters; ``taps`` and ``alive_from``, the least input size, of each axis.
    """

    weights: int
    taps: tuple[int, ...]
    alive_from: tuple[int, ...]


def dead_taps(layer: Layer) -> DeadTaps:
    r"""Weights that meet no input: no data changes the output by them, none gives them a gradient.

    .. math:: \psi (\prod k - \prod J), \qquad J = \#\{t : \exists i,\ 0 \le i s + t d - p < L\}

    ``taps`` are ``k − J`` of each axis, and ``alive_from`` is the least input size of each axis
    from which none of its taps is dead, all else being as it is.
    Cost: O(log min(s, d)) an axis; O(log² n) for ``alive_from``.
    Source: notes/derivation.md, theorem 11.

    >>> from analytic import Layer
    >>> layer = Layer((28, 28), 1, 2, 3, padding=36, dilation=36, transposed=False)
    >>> dead_taps(layer)
    DeadTaps(weights=16, taps=(2, 2), alive_from=(37, 37))
    >>> [any(0 <= i + 36 * t - 36 < 28 for i in range(28)) for t in range(3)]
    [False, True, False]
    """
    layer = as_layer(layer)
    weights, taps = dead(INTEGERS, layer, layer.axes)
    least = tuple([alive_from(axis, layer.transposed) for axis in layer.axes])
    return DeadTaps(weights, taps, least)


def dead(
    lib: Arithmetic, layer: LayerLike, axes: Sequence[Axis[Any]]
) -> tuple[Any, tuple[Any, ...]]:
    """The dead weights of a layer and the dead taps of its axes, over any arithmetic."""
    taps = tuple([dead_on(axis, lib) for axis in axes])
    weights = alive = 1
    for axis, number in zip(axes, taps, strict=True):
        weights, alive = weights * axis.k, alive * (axis.k - number)
    return filters(lib, layer) * (weights - alive), taps


def dead_on(axis: Axis[Any], lib: Arithmetic = INTEGERS) -> Any:
    """``k − J``, the taps of an axis that have no pair. Needs ``L ≥ 1``.

    >>> dead_on(Axis(n=1, k=3, s=1, d=1, b=1, e=1, o=0))
    2
    """
    return axis.k - taps_reached(lib, axis, overlaps(lib, axis))


def alive_from(axis: Axis, transposed: bool = True) -> int:
    """The least input size from which no tap of the axis is dead; its own does not matter.

    With one input more, every pair that was kept still is, so taps never die again: of an ordinary
    axis the least size is sought by halving.

    >>> alive_from(Axis(n=1, k=3, s=1, d=1, b=1, e=1, o=0))
    2
    """
    if transposed:
        return int(affine.alive_from(axis))
    _, k, s, d, b, e, _ = axis
    # A tap has a pair by the first input behind the begin crop, if it also lies before the end.
    least, enough = 1, (k - 1) * d + s
    while least < enough:
        middle = (least + enough) // 2
        larger = ordinary(middle, k, s, d, b, e)
        if larger.n > 0 and not dead_on(larger):
            enough = middle
        else:
            least = middle + 1
    return least


def dead_words(dead: DeadTaps) -> str:
    """What is said of dead taps; nothing where there are none.

    >>> dead_words(DeadTaps(1600, (2, 0), (37, 1)))
    'dead taps: 2 on axis 0, so 1,600 weights meet no input; none is dead from input size 37x1 on'
    """
    return said(dead.taps, f"{dead.weights:,}", dead.alive_from) if dead.weights else ""


def said(taps: Iterable[object], weights: str, least: Iterable[object]) -> str:
    """The words about dead taps, from the numbers that stand in them; axes without any are 0."""
    axes = " and ".join(f"{number} on axis {axis}" for axis, number in enumerate(taps) if number)
    return (
        f"dead taps: {axes}, so {weights} weights meet no input; "
        f"none is dead from input size {'x'.join(map(str, least))} on"
    )
