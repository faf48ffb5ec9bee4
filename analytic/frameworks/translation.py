"""What translations have in common: shapes in a data format, the words, the paddings, the layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, SupportsIndex

from analytic.layer import Layer, LayerError, integer, per_axis, shown
from analytic.protocols import PerAxis

#: Zeros or crops at the begin and at the end of each axis.
Ends = tuple[tuple[int, ...], tuple[int, ...]]
#: A shape, of which the batch may be unknown: it counts as 1.
Shape = Sequence[SupportsIndex | None]
#: Zeros at begin and end of each axis.
Pairs = Sequence[Sequence[SupportsIndex]]
#: Zeros in the words of the packages of JAX: a word, a number, or a number or a pair of each axis.
Padding = str | SupportsIndex | Sequence[SupportsIndex | Sequence[SupportsIndex]]


class Tensor(NamedTuple):
    """A shape, taken apart: of arrays batch and channels, of kernels outputs and inputs."""

    first: int
    second: int
    sizes: tuple[int, ...]


def taken_apart(argument: str, shape: Shape, layout: str, first: str, second: str) -> Tensor:
    """The two dimensions of a shape that a layout calls by these letters, and the others in order.

    >>> taken_apart("input", (None, 8, 9, 3), "NHWC", "N", "C")
    Tensor(first=1, second=3, sizes=(8, 9))
    """
    if len(shape) != len(layout):
        raise LayerError(
            f"{argument} must have {len(layout)} entries ({layout}), got {len(shape)}: "
            f"{shown(tuple(shape))}"
        )
    sizes = {
        letter: 1 if value is None and letter == "N" else integer(argument, value)
        for letter, value in zip(layout, shape, strict=True)
    }
    return Tensor(sizes.pop(first), sizes.pop(second), tuple(sizes.values()))


def letters(axes: int) -> str:
    """What layouts call that many axes."""
    return (
        {1: "W", 2: "HW", 3: "DHW"}[axes]
        if axes in {1, 2, 3}
        else "".join(map(chr, range(97, 97 + axes)))
    )


def axes_of_shape(argument: str, shape: Shape) -> int:
    """How many axes an array has beside batch and channels."""
    if not isinstance(shape, (list, tuple)) or len(shape) < 3:
        raise LayerError(f"{argument} must have batch, channels and an axis, got {shown(shape)}")
    return len(shape) - 2


def word(argument: str, value: object, known: Sequence[str], *, any_case: bool = False) -> str:
    """A word of a framework as it is known, or a refusal; in any case where it is taken so."""
    for own in known:
        if value == own or (any_case and str(value).lower() == own.lower()):
            return own
    raise LayerError(f"{argument} must be one of {', '.join(map(repr, known))}, got {shown(value)}")


def zeros_of_pairs(padding: Sequence[Sequence[SupportsIndex]], layout: str) -> Ends:
    """The zeros of the axes, from a pair for every dimension, batch and channels included."""
    if len(padding) != len(layout):
        raise LayerError(
            f"padding must have {len(layout)} entries ({layout}), got {shown(padding)}"
        )
    entries = {
        letter: each_axis("padding", pair, 2, least=0)
        for letter, pair in zip(layout, padding, strict=True)
    }
    for dimension in "NC":
        if entries.pop(dimension) != (0, 0):
            raise LayerError(f"padding must be 0 for batch and channels, got {shown(padding)}")
    begin, end = zip(*entries.values(), strict=True)
    return begin, end


def spans(kernel: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """``K = (k − 1)d + 1`` of each axis: positions from the first tap to the last."""
    return [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]


def halves(total: Sequence[int], *, larger_first: bool = False) -> Ends:
    """Totals cut in halves; where one is odd, the larger half is at the end.

    >>> halves([3, 4]), halves([3, 4], larger_first=True)
    (((1, 2), (2, 2)), ((2, 2), (1, 2)))
    """
    small = tuple([zeros // 2 for zeros in total])
    large = tuple([zeros - zeros // 2 for zeros in total])
    return (large, small) if larger_first else (small, large)


def same_zeros(sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int]) -> list[int]:
    """The zeros of an ordinary convolution with ``O = ⌈n/s⌉``: ``max((O − 1)s + K − n, 0)``.

    >>> same_zeros([8, 9], [3, 3], [2, 2])
    [1, 2]
    """
    return [
        max((-(-n // max(s, 1)) - 1) * s + k - n, 0)
        for n, k, s in zip(sizes, kernel, stride, strict=True)
    ]


def uncropped(sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int]) -> list[int]:
    """``full = (n − 1)s + K`` of each axis: the output of a transposed convolution, uncropped."""
    return [(n - 1) * s + k for n, k, s in zip(sizes, kernel, stride, strict=True)]


def pairs_of(padding: Padding, axes: int) -> Pairs:
    """A number for all axes, or a number or a pair of each, as pairs.

    >>> pairs_of(1, 2), pairs_of([1, (2, 3)], 2)
    ([(1, 1), (1, 1)], [(1, 1), (2, 3)])
    """
    each: Any = padding if isinstance(padding, (list, tuple)) else (padding,) * axes
    return [tuple(zeros) if isinstance(zeros, (list, tuple)) else (zeros, zeros) for zeros in each]


def minus(numbers: Sequence[int], others: Sequence[int]) -> tuple[int, ...]:
    """Differences, axis by axis."""
    return tuple([a - b for a, b in zip(numbers, others, strict=True)])


def layer(
    array: Tensor,
    out_channels: int,
    kernel: Sequence[int],
    stride: Sequence[int],
    ends: Ends,
    dilation: Sequence[int],
    *,
    groups: int = 1,
    bias: bool = False,
    transposed: bool,
) -> Layer:
    """The layer of an array of batch and channels."""
    begin, end = ends
    return Layer(
        array.sizes,
        array.second,
        out_channels,
        tuple(kernel),
        stride=tuple(stride),
        padding=begin,
        end_padding=None if begin == end and min(begin) >= 0 else end,
        groups=groups,
        bias=bias,
        dilation=tuple(dilation),
        batch_size=array.first,
        transposed=transposed,
        axes=len(array.sizes),
    )


def each_axis(argument: str, value: PerAxis, axes: int, least: int | None = 1) -> tuple[int, ...]:
    """An argument with one entry an axis, none of them below the least that there may be."""
    entries = per_axis(argument, value, axes)
    for axis, entry in enumerate(entries):
        if least is not None and entry < least:
            words = "be positive" if least == 1 else "not be negative"
            raise LayerError(f"{argument} must {words}, got {shown(entry)} on axis {axis}")
    return entries
