"""TensorFlow: ``tf.nn.conv1d/2d/3d_transpose``, ``convolution`` and ``depthwise_conv2d``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

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
from analytic.layer import Layer, LayerError, shown
from analytic.protocols import PerAxis

#: Zeros at begin and end of every dimension, batch and channels included.
Explicit = Sequence[Sequence[SupportsIndex]]


def conv_transpose(
    input_shape: Shape,
    filter_shape: Sequence[SupportsIndex],
    output_shape: Shape,
    strides: PerAxis,
    padding: str | Explicit = "SAME",
    data_format: str | None = None,
    dilations: PerAxis = 1,
) -> Layer:
    r"""``tf.nn.conv1d_transpose``, ``conv2d_transpose`` and ``conv3d_transpose``.

    Filters are (spatial…, out, in). The output shape is given, and says what is cropped:

    - ``"VALID"``: ``b = 0``, ``e = full − O``;
    - ``"SAME"``: ``b = ⌊max(full − O, 0)/2⌋``, ``e = full − O − b``;
    - explicit ``[[0, 0], [lo, hi], …, [0, 0]]``, of two axes: ``b = lo``, ``e = full − lo − O``.

    Refused, as in TensorFlow: an output size of which the forward convolution has not ``n``
    positions, that is ``⌈O/s⌉ ≠ n`` (``SAME``), ``⌈(O − K + 1)/s⌉ ≠ n`` (``VALID``) or
    ``⌊(O + lo + hi − K)/s⌋ + 1 ≠ n``. Source: tensorflow.org, tf.nn.conv2d_transpose.

    >>> [conv_transpose((1, 8, 8, 4), (3, 3, 6, 4), (1, size, size, 6), 2).axes[0].e
    ...  for size in (15, 16)]
    [1, 1]
    """
    array, layout = data(input_shape, data_format)
    axes = len(array.sizes)
    kernel = taken_apart("filter_shape", filter_shape, f"{letters(axes)}OI", "O", "I")
    outputs = taken_apart("output_shape", output_shape, layout, "N", "C")
    agree("filter_shape", kernel.second, array.second)
    agree("output_shape", outputs.second, kernel.first)
    s = one_an_axis("strides", strides, layout)
    d = one_an_axis("dilations", dilations, layout)
    span = spans(kernel.sizes, d)
    pad = explicit(padding, layout) if axes == 2 else None
    ends = crops(pad or padding, array, outputs.sizes, span, s)
    return layer(array, kernel.first, kernel.sizes, s, ends, d, transposed=True)


def crops(
    padding: str | Ends | Explicit,
    array: Tensor,
    outputs: tuple[int, ...],
    span: Sequence[int],
    s: tuple[int, ...],
) -> Ends:
    """What is cropped at both ends of each axis for an output size, if the framework has it."""
    n, axes = array.sizes, len(s)
    spare = minus(uncropped(n, span, s), outputs)
    if isinstance(padding, tuple):
        lo, hi = padding
        back = [
            (size + a + b - K) // step + 1
            for size, a, b, K, step in zip(outputs, lo, hi, span, s, strict=True)
        ]
        ends: Ends = lo, minus(spare, lo)
    elif word("padding", padding, ("SAME", "VALID")) == "SAME":
        back = [-(-size // step) for size, step in zip(outputs, s, strict=True)]
        begin = tuple([max(crop, 0) // 2 for crop in spare])
        ends = begin, minus(spare, begin)
    else:
        back = [-(-(size - K + 1) // step) for size, K, step in zip(outputs, span, s, strict=True)]
        ends = (0,) * axes, spare
    for axis, (size, inputs) in enumerate(zip(back, n, strict=True)):
        if size != inputs:
            raise LayerError(
                f"output_shape must lead back to the input size {inputs} on axis {axis}, "
                f"got {outputs[axis]}, which leads to {size}"
            )
    return ends


def convolution(
    input_shape: Shape,
    filter_shape: Sequence[SupportsIndex],
    strides: PerAxis = 1,
    padding: str | Explicit = "VALID",
    data_format: str | None = None,
    dilations: PerAxis = 1,
) -> Layer:
    """``tf.nn.convolution`` and ``tf.nn.conv1d``, ``conv2d``, ``conv3d``.

    Filters are (spatial…, in/groups, out): the number of groups follows. ``"SAME"`` pads
    ``t = max((⌈n/s⌉ − 1)s + K − n, 0)`` zeros, ``⌊t/2⌋`` of them at the begin. Explicit pairs are
    of two axes, as in ``conv2d``. Source: tensorflow.org, tf.nn.convolution, and tf.nn, Notes on
    padding.

    >>> convolution((1, 9, 9, 4), (3, 3, 2, 6), strides=2, padding="SAME").groups
    2
    """
    array, layout = data(input_shape, data_format)
    kernel = taken_apart("filter_shape", filter_shape, f"{letters(len(array.sizes))}IO", "O", "I")
    groups = array.second // max(kernel.second, 1)
    agree("filter_shape", kernel.second * groups, array.second)
    return ordinary(array, layout, kernel.first, kernel.sizes, groups, strides, padding, dilations)


def depthwise_conv2d(
    input_shape: Shape,
    filter_shape: Sequence[SupportsIndex],
    strides: PerAxis = 1,
    padding: str | Explicit = "VALID",
    data_format: str | None = None,
    dilations: PerAxis = 1,
) -> Layer:
    """``tf.nn.depthwise_conv2d``: filters are (height, width, channels, multiplier).

    Padding as in `convolution`. Source: tensorflow.org, tf.nn.depthwise_conv2d.

    >>> depthwise_conv2d((1, 9, 9, 4), (3, 3, 4, 2)).out_channels
    8
    """
    array, layout = data(input_shape, data_format)
    kernel = taken_apart("filter_shape", filter_shape, "HWIO", "O", "I")
    agree("filter_shape", kernel.second, array.second)
    out_channels, groups = kernel.first * kernel.second, array.second
    return ordinary(array, layout, out_channels, kernel.sizes, groups, strides, padding, dilations)


def ordinary(
    array: Tensor,
    layout: str,
    out_channels: int,
    kernel: tuple[int, ...],
    groups: int,
    strides: PerAxis,
    padding: str | Explicit,
    dilations: PerAxis,
) -> Layer:
    """An ordinary convolution, from what its shapes say."""
    s, d = one_an_axis("strides", strides, layout), one_an_axis("dilations", dilations, layout)
    ends = explicit(padding, layout) if len(s) == 2 else None
    if ends is None:
        same = word("padding", padding, ("SAME", "VALID")) == "SAME"
        total = same_zeros(array.sizes, spans(kernel, d), s) if same else [0] * len(s)
        ends = halves(total)
    return layer(array, out_channels, kernel, s, ends, d, groups=groups, transposed=False)


def data(input_shape: Shape, data_format: str | None) -> tuple[Tensor, str]:
    """The input and its layout: channels last, unless the format starts with ``NC``."""
    name = letters(axes_of_shape("input_shape", input_shape))
    known = (f"N{name}C", f"NC{name}")
    layout = known[0] if data_format is None else word("data_format", data_format, known)
    return taken_apart("input_shape", input_shape, layout, "N", "C"), layout


def one_an_axis(argument: str, value: PerAxis, layout: str) -> tuple[int, ...]:
    """One entry an axis, where batch and channels may have entries too, which are 1."""
    axes = len(layout) - 2
    if not isinstance(value, (list, tuple)) or len(value) != len(layout):
        return each_axis(argument, value, axes)
    entries = dict(zip(layout, each_axis(argument, value, len(layout)), strict=True))
    for dimension in "NC":
        if entries.pop(dimension) != 1:
            raise LayerError(f"{argument} must be 1 for batch and channels, got {shown(value)}")
    return tuple(entries.values())


def explicit(padding: str | Explicit, layout: str) -> Ends | None:
    """Explicit zeros of the axes; None where the padding is a word."""
    return None if isinstance(padding, str) else zeros_of_pairs(padding, layout)


def agree(argument: str, got: int, wanted: int) -> None:
    """Refuse a shape whose channels are not those of the others."""
    if got != wanted:
        raise LayerError(f"{argument} must have {wanted} channels there, got {got}")
