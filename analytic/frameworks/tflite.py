"""TensorFlow Lite: ``TRANSPOSE_CONV``, ``CONV_2D``, ``DEPTHWISE_CONV_2D`` and those of 3 axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

from analytic.frameworks import tensorflow
from analytic.frameworks.translation import Shape, taken_apart
from analytic.layer import Layer, LayerError, boolean, integer


def transpose_conv(
    input_shape: Shape,
    weights_shape: Sequence[SupportsIndex],
    output_shape: Shape,
    stride_h: SupportsIndex,
    stride_w: SupportsIndex,
    padding: str = "SAME",
    bias: bool = False,
) -> Layer:
    """``TRANSPOSE_CONV``: arrays NHWC, weights (out, height, width, in); no dilation, no groups.

    What is cropped, and which output shapes there are, is as in `tensorflow.conv_transpose`.
    Source: TensorFlow Lite's schema, ``TransposeConvOptions``.

    >>> transpose_conv((1, 8, 8, 4), (6, 4, 4, 4), (1, 16, 16, 6), 2, 2).axes[0].b
    1
    """
    kernel = taken_apart("weights_shape", weights_shape, "OHWI", "O", "I")
    filters = (*kernel.sizes, kernel.first, kernel.second)
    strides = integer("stride_h", stride_h), integer("stride_w", stride_w)
    convolution = tensorflow.conv_transpose(input_shape, filters, output_shape, strides, padding)
    return convolution.replace(bias=boolean("bias", bias))


def conv_2d(
    input_shape: Shape,
    weights_shape: Sequence[SupportsIndex],
    stride_h: SupportsIndex,
    stride_w: SupportsIndex,
    padding: str = "SAME",
    dilation_h_factor: SupportsIndex = 1,
    dilation_w_factor: SupportsIndex = 1,
    bias: bool = True,
) -> Layer:
    """``CONV_2D``: weights (out, height, width, in/groups); padding as `tensorflow.convolution`.

    Source: TensorFlow Lite's schema, ``Conv2DOptions``.

    >>> conv_2d((1, 9, 9, 4), (6, 3, 3, 4), 2, 2).axes[0].n
    5
    """
    kernel = taken_apart("weights_shape", weights_shape, "OHWI", "O", "I")
    convolution = tensorflow.convolution(
        input_shape,
        (*kernel.sizes, kernel.second, kernel.first),
        (integer("stride_h", stride_h), integer("stride_w", stride_w)),
        padding,
        None,
        (
            integer("dilation_h_factor", dilation_h_factor),
            integer("dilation_w_factor", dilation_w_factor),
        ),
    )
    return convolution.replace(bias=boolean("bias", bias))


def depthwise_conv_2d(
    input_shape: Shape,
    weights_shape: Sequence[SupportsIndex],
    stride_h: SupportsIndex,
    stride_w: SupportsIndex,
    padding: str = "SAME",
    dilation_h_factor: SupportsIndex = 1,
    dilation_w_factor: SupportsIndex = 1,
    bias: bool = True,
) -> Layer:
    """``DEPTHWISE_CONV_2D``: weights (1, height, width, out); one group a channel.

    Padding as `tensorflow.convolution`. Source: TensorFlow Lite's schema,
    ``DepthwiseConv2DOptions``.

    >>> depthwise_conv_2d((1, 9, 9, 4), (1, 3, 3, 8), 2, 2).groups
    4
    """
    kernel = taken_apart("weights_shape", weights_shape, "IHWO", "O", "I")
    if kernel.second != 1:
        raise LayerError(f"weights_shape must have 1 in front, got {kernel.second}")
    channels = max(taken_apart("input_shape", input_shape, "NHWC", "N", "C").second, 1)
    if kernel.first % channels:
        words = f"weights_shape must have a multiple of the {channels} channels"
        raise LayerError(f"{words}, got {kernel.first}")
    convolution = tensorflow.depthwise_conv2d(
        input_shape,
        (*kernel.sizes, channels, kernel.first // channels),
        (integer("stride_h", stride_h), integer("stride_w", stride_w)),
        padding,
        None,
        (
            integer("dilation_h_factor", dilation_h_factor),
            integer("dilation_w_factor", dilation_w_factor),
        ),
    )
    return convolution.replace(bias=boolean("bias", bias))


def conv_3d(
    input_shape: Shape,
    weights_shape: Sequence[SupportsIndex],
    stride_d: SupportsIndex,
    stride_h: SupportsIndex,
    stride_w: SupportsIndex,
    padding: str = "SAME",
    dilation_d_factor: SupportsIndex = 1,
    dilation_h_factor: SupportsIndex = 1,
    dilation_w_factor: SupportsIndex = 1,
    bias: bool = False,
) -> Layer:
    """``CONV_3D``: weights (depth, height, width, in, out); padding as `tensorflow.convolution`.

    Source: TensorFlow Lite's schema, ``Conv3DOptions``.

    >>> conv_3d((1, 9, 9, 9, 4), (3, 3, 3, 4, 6), 2, 2, 2).axes[0].n
    5
    """
    strides = of_axes("stride_{}", stride_d, stride_h, stride_w)
    dilations = of_axes(
        "dilation_{}_factor", dilation_d_factor, dilation_h_factor, dilation_w_factor
    )
    convolution = tensorflow.convolution(
        input_shape, weights_shape, strides, padding, "NDHWC", dilations
    )
    return convolution.replace(bias=boolean("bias", bias))


def conv_3d_transpose(
    input_shape: Shape,
    weights_shape: Sequence[SupportsIndex],
    output_shape: Shape,
    stride_d: SupportsIndex,
    stride_h: SupportsIndex,
    stride_w: SupportsIndex,
    padding: str = "SAME",
    dilation_d_factor: SupportsIndex = 1,
    dilation_h_factor: SupportsIndex = 1,
    dilation_w_factor: SupportsIndex = 1,
    bias: bool = False,
) -> Layer:
    """``CONV_3D_TRANSPOSE``: weights (depth, height, width, out, in).

    What is cropped, and which output shapes there are, is as in `tensorflow.conv_transpose`.
    Source: TensorFlow Lite's schema, ``Conv3DOptions``.

    >>> conv_3d_transpose((1, 4, 4, 4, 2), (3, 3, 3, 6, 2), (1, 8, 8, 8, 6), 2, 2, 2).axes[0].e
    1
    """
    strides = of_axes("stride_{}", stride_d, stride_h, stride_w)
    dilations = of_axes(
        "dilation_{}_factor", dilation_d_factor, dilation_h_factor, dilation_w_factor
    )
    convolution = tensorflow.conv_transpose(
        input_shape, weights_shape, output_shape, strides, padding, "NDHWC", dilations
    )
    return convolution.replace(bias=boolean("bias", bias))


def of_axes(argument: str, *values: SupportsIndex) -> tuple[int, ...]:
    """The integers of three axes, each an argument of its own."""
    return tuple(
        [integer(argument.format(axis), value) for axis, value in zip("dhw", values, strict=True)]
    )
