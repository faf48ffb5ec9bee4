"""Haiku: ``ConvND`` and ``ConvNDTranspose``, and those of one, two and three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

from analytic.frameworks import jax, tensorflow
from analytic.frameworks.translation import (
    Pairs,
    Shape,
    Tensor,
    axes_of_shape,
    each_axis,
    layer,
    letters,
    spans,
    taken_apart,
    word,
)
from analytic.layer import Layer, LayerError, boolean, integer, shown
from analytic.protocols import PerAxis

FORMATS = ("channels_last", "channels_first")


def conv_nd(
    input_shape: Shape,
    output_channels: SupportsIndex,
    kernel_shape: PerAxis,
    stride: PerAxis = 1,
    rate: PerAxis = 1,
    padding: str | Sequence[SupportsIndex] | Pairs = "SAME",
    with_bias: bool = True,
    data_format: str = "channels_last",
    feature_group_count: SupportsIndex = 1,
) -> Layer:
    """``hk.ConvND``: padding as in `jax.conv_general_dilated`, one pair for all or one an axis.

    Functions of ``hk.pad``, of ``K = (k − 1)d + 1``, are these pairs: ``same``
    ``(⌊(K − 1)/2⌋, ⌊K/2⌋)``, ``full`` ``(K − 1, K − 1)``, ``causal`` ``(K − 1, 0)``.
    Source: dm-haiku.readthedocs.io, hk.ConvND.

    >>> conv_nd((1, 9, 9, 4), 6, 3, 2).axes[0].b
    1
    """
    array = array_of(input_shape, data_format)
    axes = len(array.sizes)
    zeros = padding.upper() if isinstance(padding, str) else padding
    if not isinstance(zeros, str):
        each = zeros if isinstance(zeros[0], (list, tuple)) else [zeros]
        zeros = [*each] * (axes if len(each) == 1 else 1)
    groups = integer("feature_group_count", feature_group_count)
    k = each_axis("kernel_shape", kernel_shape, axes)
    kernel = Tensor(integer("output_channels", output_channels), array.second, k)
    convolution = jax.dilated(array, kernel, stride, zeros, 1, rate, groups=groups)
    return convolution.replace(bias=boolean("with_bias", with_bias))


def conv_nd_transpose(
    input_shape: Shape,
    output_channels: SupportsIndex,
    kernel_shape: PerAxis,
    stride: PerAxis = 1,
    output_shape: PerAxis | None = None,
    padding: str | Pairs = "SAME",
    with_bias: bool = True,
    data_format: str = "channels_last",
) -> Layer:
    """``hk.ConvNDTranspose``: `jax.conv_transpose` without an output shape.

    With one, of the axes alone, what is cropped and which there are is as in
    `tensorflow.conv_transpose`, and the padding is a word. No dilation, no groups.
    Source: dm-haiku.readthedocs.io, hk.ConvNDTranspose.

    >>> conv_nd_transpose((1, 8, 8, 4), 6, 3, 2, output_shape=15).axes[0].b
    1
    """
    array = array_of(input_shape, data_format)
    axes = len(array.sizes)
    k = each_axis("kernel_shape", kernel_shape, axes)
    s = each_axis("stride", stride, axes)
    outputs = integer("output_channels", output_channels)
    bias = boolean("with_bias", with_bias)
    if output_shape is None:
        shapes = (array.first, *array.sizes, array.second), (*k, array.second, outputs)
        return jax.conv_transpose(*shapes, s, padding).replace(bias=bias)
    if not isinstance(padding, str):
        words = "padding must be a word where output_shape is given"
        raise LayerError(f"{words}, got {shown(padding)}")
    sizes = each_axis("output_shape", output_shape, axes)
    none = (1,) * axes
    ends = tensorflow.crops(padding, array, sizes, spans(k, none), s)
    return layer(array, outputs, k, s, ends, none, bias=bias, transposed=True)


def array_of(input_shape: Shape, data_format: str) -> Tensor:
    """The array."""
    name = letters(axes_of_shape("input_shape", input_shape))
    last = word("data_format", data_format, FORMATS) == "channels_last"
    layout = f"N{name}C" if last else f"NC{name}"
    return taken_apart("input_shape", input_shape, layout, "N", "C")
