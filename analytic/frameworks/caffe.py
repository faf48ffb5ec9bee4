"""Caffe: the layers ``Convolution`` and ``Deconvolution``, in the words of their parameters."""

from __future__ import annotations

from typing import SupportsIndex

from analytic.frameworks.translation import (
    Shape,
    axes_of_shape,
    each_axis,
    layer,
    letters,
    taken_apart,
)
from analytic.layer import Layer, boolean, integer
from analytic.protocols import PerAxis


def deconvolution(
    bottom_shape: Shape,
    num_output: SupportsIndex,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    pad: PerAxis = 0,
    dilation: PerAxis = 1,
    group: SupportsIndex = 1,
    bias_term: bool = True,
) -> Layer:
    """``Deconvolution``: ``O = s(n − 1) + K − 2·pad``, so ``b = e = pad``.

    Source: ``src/caffe/layers/deconv_layer.cpp`` of BVLC/caffe.

    >>> deconvolution((1, 21, 16, 16), 21, 4, 2, 1, group=21).axes[0].b
    1
    """
    return convolved(
        bottom_shape, num_output, kernel_size, stride, pad, dilation, group, bias_term, True
    )


def convolution(
    bottom_shape: Shape,
    num_output: SupportsIndex,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    pad: PerAxis = 0,
    dilation: PerAxis = 1,
    group: SupportsIndex = 1,
    bias_term: bool = True,
) -> Layer:
    """``Convolution``: ``O = ⌊(n + 2·pad − K)/s⌋ + 1``, torch's rule.

    Source: ``src/caffe/layers/conv_layer.cpp`` of BVLC/caffe.

    >>> convolution((1, 3, 9, 9), 6, 3, 2, 1).axes[0].n
    5
    """
    return convolved(
        bottom_shape, num_output, kernel_size, stride, pad, dilation, group, bias_term, False
    )


def convolved(
    bottom_shape: Shape,
    num_output: SupportsIndex,
    kernel_size: PerAxis,
    stride: PerAxis,
    pad: PerAxis,
    dilation: PerAxis,
    group: SupportsIndex,
    bias_term: bool,
    transposed: bool,
) -> Layer:
    """A layer of either kind."""
    axes = axes_of_shape("bottom_shape", bottom_shape)
    array = taken_apart("bottom_shape", bottom_shape, f"NC{letters(axes)}", "N", "C")
    k, s, d = (
        each_axis(name, value, axes)
        for name, value in (
            ("kernel_size", kernel_size),
            ("stride", stride),
            ("dilation", dilation),
        )
    )
    p = each_axis("pad", pad, axes, least=0)
    groups, bias = integer("group", group), boolean("bias_term", bias_term)
    out_channels = integer("num_output", num_output)
    return layer(
        array, out_channels, k, s, (p, p), d, groups=groups, bias=bias, transposed=transposed
    )
