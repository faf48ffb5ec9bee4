"""PaddlePaddle: ``nn.functional.conv1d/2d/3d`` and their ``_transpose``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsIndex

from analytic.frameworks.translation import (
    Ends,
    Shape,
    Tensor,
    axes_of_shape,
    each_axis,
    halves,
    layer,
    letters,
    minus,
    same_zeros,
    spans,
    taken_apart,
    uncropped,
    word,
    zeros_of_pairs,
)
from analytic.layer import Layer, LayerError, integer
from analytic.protocols import PerAxis


def conv_transpose(
    x_shape: Shape,
    weight_shape: Sequence[SupportsIndex],
    stride: PerAxis = 1,
    padding: Any = 0,
    output_padding: PerAxis = 0,
    groups: SupportsIndex = 1,
    dilation: PerAxis = 1,
    output_size: PerAxis | None = None,
    data_format: str | None = None,
) -> Layer:
    r"""``paddle.nn.functional.conv1d_transpose``, ``conv2d_transpose``, ``conv3d_transpose``.

    Weights are (in, out/groups, spatial…). Padding is one number, one an axis, begin and end of
    each axis in turn, a pair for every dimension of ``x``, or a word. What is cropped:

    - numbers: ``b`` and ``e`` less the output padding; with an output size ``e = full − b − O``;
    - ``"VALID"``: 0 and 0; ``"SAME"``: of ``t = max((⌈n/s⌉ − 1)s + k − n, 0)``, taken from the
      *input* size, ``b = ⌊t/2⌋`` and ``e = t − b``. There Paddle takes every dilation as 1.

    An output size is at least ``full − b − e`` and less than that plus the stride, an output
    padding less than the larger of stride and dilation, and of one axis at most the stride, as in
    Paddle; which on a CPU runs few that are not less than the stride.
    Source: paddlepaddle.org.cn, paddle.nn.functional.conv2d_transpose.

    >>> conv_transpose((1, 4, 8, 8), (4, 6, 4, 4), 2, 1).axes[0].b
    1
    """
    array, s, d = arguments(x_shape, stride, dilation, data_format)
    axes = len(s)
    kernel = taken_apart("weight_shape", weight_shape, f"IO{letters(axes)}", "O", "I")
    count = integer("groups", groups)
    if kernel.second != array.second:
        raise LayerError(f"weight_shape must have {array.second} inputs, got {kernel.second}")
    (begin, end), d = paddings(padding, array, kernel, s, d, data_format)
    q = output_paddings(output_padding, s, d)
    if output_size is not None:
        outputs = each_axis("output_size", output_size, axes)
        full = uncropped(array.sizes, spans(kernel.sizes, d), s)
        least = minus(minus(full, begin), end)
        for axis, (size, low, step) in enumerate(zip(outputs, least, s, strict=True)):
            if not low <= size < low + step:
                raise LayerError(
                    f"output_size must be from {low} to {low + step - 1}, got {size} on axis {axis}"
                )
        end = minus(minus(full, begin), outputs)
    else:
        end = minus(end, q)
    out_channels = kernel.first * count
    return layer(
        array, out_channels, kernel.sizes, s, (begin, end), d, groups=count, transposed=True
    )


def output_paddings(
    output_padding: PerAxis, s: tuple[int, ...], d: tuple[int, ...]
) -> tuple[int, ...]:
    """The output paddings that there may be."""
    q = each_axis("output_padding", output_padding, len(s), least=0)
    for axis, (extra, step, spread) in enumerate(zip(q, s, d, strict=True)):
        most = min(max(step, spread) - 1, step if len(s) == 1 else extra)
        if extra > most:
            raise LayerError(f"output_padding must be at most {most}, got {extra} on axis {axis}")
    return q


def conv(
    x_shape: Shape,
    weight_shape: Sequence[SupportsIndex],
    stride: PerAxis = 1,
    padding: Any = 0,
    dilation: PerAxis = 1,
    groups: SupportsIndex = 1,
    data_format: str | None = None,
) -> Layer:
    """``paddle.nn.functional.conv1d``, ``conv2d``, ``conv3d``: weights (out, in/groups, spatial…).

    Padding as in `conv_transpose`: ``"SAME"`` pads ``t`` zeros, ``⌊t/2⌋`` of them at the begin, and
    takes every dilation as 1. Source: paddlepaddle.org.cn, paddle.nn.functional.conv2d.

    >>> conv((1, 4, 9, 9), (6, 4, 3, 3), 2, "SAME").axes[0].b
    1
    """
    array, s, d = arguments(x_shape, stride, dilation, data_format)
    kernel = taken_apart("weight_shape", weight_shape, f"OI{letters(len(s))}", "O", "I")
    count = integer("groups", groups)
    if kernel.second * count != array.second:
        words = f"weight_shape must have inputs that are {array.second} for all {count} groups"
        raise LayerError(f"{words}, got {kernel.second}")
    ends, d = paddings(padding, array, kernel, s, d, data_format)
    return layer(array, kernel.first, kernel.sizes, s, ends, d, groups=count, transposed=False)


def arguments(
    x_shape: Shape, stride: PerAxis, dilation: PerAxis, data_format: str | None
) -> tuple[Tensor, tuple[int, ...], tuple[int, ...]]:
    """The array, stride and dilation."""
    axes = axes_of_shape("x_shape", x_shape)
    array = taken_apart("x_shape", x_shape, layout_of(axes, data_format), "N", "C")
    return array, each_axis("stride", stride, axes), each_axis("dilation", dilation, axes)


def layout_of(axes: int, data_format: str | None) -> str:
    """The layout that a data format names; Paddle calls the one axis of a sequence L."""
    name = letters(axes).replace("W", "L") if axes == 1 else letters(axes)
    known = (f"NC{name}", f"N{name}C")
    return known[0] if data_format is None else word("data_format", data_format, known)


def paddings(
    padding: Any,
    array: Tensor,
    kernel: Tensor,
    s: tuple[int, ...],
    d: tuple[int, ...],
    data_format: str | None,
) -> tuple[Ends, tuple[int, ...]]:
    """Begin and end of each axis, and the dilations that are then in force."""
    axes = len(s)
    if isinstance(padding, str):
        if word("padding", padding, ("SAME", "VALID"), any_case=True) == "VALID":
            return ((0,) * axes, (0,) * axes), d
        return halves(same_zeros(array.sizes, kernel.sizes, s)), (1,) * axes
    if isinstance(padding, (list, tuple)) and isinstance(padding[0], (list, tuple)):
        layout = layout_of(axes, data_format)
        return zeros_of_pairs(padding, layout), d
    if isinstance(padding, (list, tuple)) and len(padding) == 2 * axes:
        turns = each_axis("padding", padding, 2 * axes, least=0)
        return (turns[::2], turns[1::2]), d
    each = each_axis("padding", padding, axes, least=0)
    return (each, each), d
