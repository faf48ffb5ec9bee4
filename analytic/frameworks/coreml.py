"""CoreML: ``conv`` and ``conv_transpose`` of its intermediate language, as far as it says them.

Its documentation gives the sizes of ``"same"``, and of odd zeros contradicts itself on the side
that has one more. What depends on that side is refused: the zeros have to be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

from analytic.frameworks.translation import (
    Ends,
    Shape,
    Tensor,
    axes_of_shape,
    each_axis,
    layer,
    letters,
    same_zeros,
    spans,
    taken_apart,
    word,
)
from analytic.layer import Layer, LayerError, boolean, integer, shown
from analytic.protocols import PerAxis


def conv(
    x_shape: Shape,
    weight_shape: Sequence[SupportsIndex],
    strides: PerAxis = 1,
    pad_type: str = "valid",
    pad: Sequence[SupportsIndex] | None = None,
    dilations: PerAxis = 1,
    groups: SupportsIndex = 1,
    bias: bool = False,
) -> Layer:
    """``conv``: weights (out, in/groups, spatial…), ``"custom"`` zeros at begin and end in turn.

    ``"same"`` and ``"same_lower"``, of ``O = ⌈n/s⌉``, have ``t = max((O − 1)s + K − n, 0)`` zeros,
    half of them at each end where ``t`` is even and the stride is 1; others are refused.
    Source: apple.github.io/coremltools, MIL ops, conv.

    >>> conv((1, 4, 9, 9), (6, 2, 3, 3), pad_type="same", groups=2).padding
    (1, 1)
    """
    array, kernel, s, d = arguments(x_shape, weight_shape, "OI", strides, dilations)
    count = integer("groups", groups)
    if kernel.second * count != array.second:
        words = f"weight_shape must have inputs that are {array.second} for all {count} groups"
        raise LayerError(f"{words}, got {kernel.second}")
    ends = explicit(pad_type, pad, len(s), ("same", "same_lower"))
    if ends is None:
        total = same_zeros(array.sizes, spans(kernel.sizes, d), s)
        if max(s) > 1:
            words = "pad_type must be custom where strides are not 1"
            raise LayerError(f"{words}, got {shown(pad_type)}")
        ends = halved(total, pad_type)
    bias = boolean("bias", bias)
    return layer(
        array, kernel.first, kernel.sizes, s, ends, d, groups=count, bias=bias, transposed=False
    )


def conv_transpose(
    x_shape: Shape,
    weight_shape: Sequence[SupportsIndex],
    strides: PerAxis = 1,
    pad_type: str = "valid",
    pad: Sequence[SupportsIndex] | None = None,
    output_shape: Shape | None = None,
    dilations: PerAxis = 1,
    groups: SupportsIndex = 1,
    bias: bool = False,
) -> Layer:
    """``conv_transpose``: weights (in, out/groups, spatial…).

    What is cropped: nothing for ``"valid"``, ``pad`` at begin and end in turn for ``"custom"``;
    for ``"same"``, of ``O = n·s``, ``K − s``, by symmetry half of it at each end, where that is
    even and not negative. An output shape has to be the one that follows, for where it would be
    cropped or extended is not said.
    Source: apple.github.io/coremltools, MIL ops, conv_transpose.

    >>> conv_transpose((1, 4, 8, 8), (4, 6, 4, 4), 2, "same").padding
    (1, 1)
    """
    array, kernel, s, d = arguments(x_shape, weight_shape, "IO", strides, dilations)
    if kernel.second != array.second:
        raise LayerError(f"weight_shape must have {array.second} inputs, got {kernel.second}")
    ends = explicit(pad_type, pad, len(s), ("same",))
    if ends is None:
        crops = [K - step for K, step in zip(spans(kernel.sizes, d), s, strict=True)]
        ends = halved(crops, pad_type)
    count = integer("groups", groups)
    bias = boolean("bias", bias)
    convolution = layer(
        array,
        kernel.first * count,
        kernel.sizes,
        s,
        ends,
        d,
        groups=count,
        bias=bias,
        transposed=True,
    )
    follows = (convolution.batch_size, convolution.out_channels, *convolution.output_size)
    if output_shape is not None and tuple(output_shape) != follows:
        words = f"output_shape must be {follows}, which follows from the others"
        raise LayerError(f"{words}, got {shown(tuple(output_shape))}")
    return convolution


def arguments(
    x_shape: Shape,
    weight_shape: Sequence[SupportsIndex],
    order: str,
    strides: PerAxis,
    dilations: PerAxis,
) -> tuple[Tensor, Tensor, tuple[int, ...], tuple[int, ...]]:
    """The array, the kernel, strides and dilations."""
    axes = axes_of_shape("x_shape", x_shape)
    array = taken_apart("x_shape", x_shape, f"NC{letters(axes)}", "N", "C")
    kernel = taken_apart("weight_shape", weight_shape, order + letters(axes), "O", "I")
    return (
        array,
        kernel,
        each_axis("strides", strides, axes),
        each_axis("dilations", dilations, axes),
    )


def explicit(
    pad_type: str, pad: Sequence[SupportsIndex] | None, axes: int, same: tuple[str, ...]
) -> Ends | None:
    """What is said of both ends of each axis; None where the word is of those for the same size."""
    known = word("pad_type", pad_type, ("valid", "custom", *same))
    if (pad is None) == (known == "custom"):
        words = "pad must be given where pad_type is custom, and there alone"
        raise LayerError(f"{words}, got {shown(pad)}")
    if pad is None:
        return ((0,) * axes, (0,) * axes) if known == "valid" else None
    zeros = each_axis("pad", tuple(pad), 2 * axes, least=0)
    return zeros[::2], zeros[1::2]


def halved(total: Sequence[int], pad_type: str) -> Ends:
    """Even totals, half at each end."""
    for axis, zeros in enumerate(total):
        if zeros < 0 or zeros % 2:
            words = f"pad_type must be custom where {zeros} cannot be halved on axis {axis}"
            raise LayerError(f"{words}, got {shown(pad_type)}")
    half = tuple([zeros // 2 for zeros in total])
    return half, half
