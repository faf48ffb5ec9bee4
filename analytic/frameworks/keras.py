"""Keras 3: ``keras.layers.Conv1D/2D/3D``, their ``Transpose`` and ``DepthwiseConv1D/2D``."""

from __future__ import annotations

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
    word,
)
from analytic.layer import Layer, LayerError, boolean, integer
from analytic.protocols import PerAxis


def conv_transpose(
    input_shape: Shape,
    filters: SupportsIndex,
    kernel_size: PerAxis,
    strides: PerAxis = 1,
    padding: str = "valid",
    output_padding: PerAxis | None = None,
    data_format: str = "channels_last",
    dilation_rate: PerAxis = 1,
    use_bias: bool = True,
) -> Layer:
    r"""``keras.layers.Conv1DTranspose``, ``Conv2DTranspose`` and ``Conv3DTranspose``.

    ``input_shape`` has the batch first (None is 1). What is cropped, with ``K = (k − 1)d + 1``:

    - ``"valid"``: ``b = 0``, ``e = −q``, where ``q`` is the output padding, by default
      ``max(s − K, 0)``;
    - ``"same"``: ``b = ⌊max(K − s, 0)/2⌋``, ``e = K − s − b``, so that ``O = n·s``;
    - ``"same"`` with output padding ``q``: ``b = K − 1 − l``, ``e = K − 1 − (P − l)``, where
      ``P = K + K mod 2 − 2 + q`` and ``l = min(⌈P/2⌉, K − 1)``.

    Strides and dilation rates beyond 1 exclude each other, and an output padding is below its
    stride, as in Keras. Source: keras.io, Conv2DTranspose layer; ``keras/src/backend/common/
    backend_utils.py`` of Keras 3.

    >>> conv_transpose((None, 8, 8, 4), 6, 4, strides=2, padding="same")
    ... # doctest: +NORMALIZE_WHITESPACE
    Layer(input_size=(8, 8), in_channels=4, out_channels=6, kernel_size=(4, 4), stride=(2, 2),
          padding=(1, 1), output_padding=(0, 0), groups=1, bias=True, dilation=(1, 1),
          batch_size=1, end_padding=None, transposed=True)
    """
    array, k, s, d = arguments(input_shape, kernel_size, strides, data_format, dilation_rate)
    padding = word("padding", padding, ("valid", "same"), any_case=True)
    q = None
    if output_padding is not None:
        q = each_axis("output_padding", output_padding, len(k), least=0)
        for axis, (extra, step) in enumerate(zip(q, s, strict=True)):
            if extra >= step:
                words = f"output_padding must be less than the stride {step}"
                raise LayerError(f"{words}, got {extra} on axis {axis}")
    ends = crops(padding, spans(k, d), s, q)
    bias = boolean("use_bias", use_bias)
    return layer(array, integer("filters", filters), k, s, ends, d, bias=bias, transposed=True)


def crops(padding: str, span: list[int], s: tuple[int, ...], q: tuple[int, ...] | None) -> Ends:
    """What is cropped at both ends of each axis."""
    axes = len(s)
    if padding == "valid":
        extra = [max(step - K, 0) for step, K in zip(s, span, strict=True)] if q is None else q
        return (0,) * axes, minus((0,) * axes, extra)
    if q is None:
        begin = tuple([max(K - step, 0) // 2 for step, K in zip(s, span, strict=True)])
        return begin, minus(minus(span, s), begin)
    padded = [K + K % 2 - 2 + extra for K, extra in zip(span, q, strict=True)]
    left = [min(P - P // 2, K - 1) for P, K in zip(padded, span, strict=True)]
    last = [K - 1 for K in span]
    return minus(last, left), minus(last, minus(padded, left))


def conv(
    input_shape: Shape,
    filters: SupportsIndex,
    kernel_size: PerAxis,
    strides: PerAxis = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: PerAxis = 1,
    groups: SupportsIndex = 1,
    use_bias: bool = True,
) -> Layer:
    """``keras.layers.Conv1D``, ``Conv2D`` and ``Conv3D``.

    ``"same"`` pads ``t = max((⌈n/s⌉ − 1)s + K − n, 0)`` zeros, ``⌊t/2⌋`` of them at the begin;
    ``"causal"``, of one axis, all ``(k − 1)d`` at the begin. Strides and dilation rates beyond 1
    exclude each other, as in Keras. Source: keras.io, Conv2D layer.

    >>> conv((None, 9, 9, 4), 6, 3, strides=2, padding="same").axes[0].b
    1
    """
    array, k, s, d = arguments(input_shape, kernel_size, strides, data_format, dilation_rate)
    known = ("valid", "same", "causal") if len(k) == 1 else ("valid", "same")
    ends = zeros(word("padding", padding, known, any_case=True), array, spans(k, d), s)
    out_channels, count = integer("filters", filters), integer("groups", groups)
    bias = boolean("use_bias", use_bias)
    return layer(array, out_channels, k, s, ends, d, groups=count, bias=bias, transposed=False)


def depthwise_conv(
    input_shape: Shape,
    kernel_size: PerAxis,
    strides: PerAxis = 1,
    padding: str = "valid",
    depth_multiplier: SupportsIndex = 1,
    data_format: str = "channels_last",
    dilation_rate: PerAxis = 1,
    use_bias: bool = True,
) -> Layer:
    """``keras.layers.DepthwiseConv1D`` and ``DepthwiseConv2D``: one group a channel.

    Padding as in `conv`, without ``"causal"``. Source: keras.io, DepthwiseConv2D layer.

    >>> depthwise_conv((None, 9, 9, 4), 3).groups
    4
    """
    array, k, s, d = arguments(input_shape, kernel_size, strides, data_format, dilation_rate)
    padding = word("padding", padding, ("valid", "same"), any_case=True)
    ends = zeros(padding, array, spans(k, d), s)
    groups = array.second
    out_channels = groups * integer("depth_multiplier", depth_multiplier)
    bias = boolean("use_bias", use_bias)
    return layer(array, out_channels, k, s, ends, d, groups=groups, bias=bias, transposed=False)


def zeros(padding: str, array: Tensor, span: list[int], s: tuple[int, ...]) -> Ends:
    """The zeros that an ordinary convolution pads at both ends of each axis."""
    none = (0,) * len(s)
    if padding == "causal":
        return minus(span, (1,) * len(s)), none
    return halves(same_zeros(array.sizes, span, s)) if padding == "same" else (none, none)


def arguments(
    input_shape: Shape, kernel_size: PerAxis, strides: PerAxis, data_format: str, rate: PerAxis
) -> tuple[Tensor, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The array, and kernel, stride and dilation of each axis."""
    axes = axes_of_shape("input_shape", input_shape)
    known = ("channels_last", "channels_first")
    last = word("data_format", data_format, known, any_case=True) == known[0]
    layout = f"N{letters(axes)}C" if last else f"NC{letters(axes)}"
    array = taken_apart("input_shape", input_shape, layout, "N", "C")
    k = each_axis("kernel_size", kernel_size, axes)
    s, d = each_axis("strides", strides, axes), each_axis("dilation_rate", rate, axes)
    if max(s) > 1 and max(d) > 1:
        raise LayerError(f"dilation_rate must be 1 where strides are not, got {max(d)}")
    return array, k, s, d
