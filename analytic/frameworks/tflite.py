"""TensorFlow Lite: ``TRANSPOSE_CONV``, ``CONV_2D`` and ``DEPTHWISE_CONV_2D``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

from analytic.frameworks import tensorflow
from analytic.frameworks.translation import Shape, taken_apart
from analytic.layer import Layer, boolean, integer


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
