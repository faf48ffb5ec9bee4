"""OpenVINO: ``Convolution``, ``ConvolutionBackpropData`` and their ``Group`` forms."""

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
)
from analytic.layer import Layer, LayerError
from analytic.protocols import PerAxis

AUTO_PAD = ("explicit", "same_upper", "same_lower", "valid")


def convolution_backprop_data(
    data_shape: Shape,
    filters_shape: Sequence[SupportsIndex],
    strides: PerAxis,
    pads_begin: PerAxis,
    pads_end: PerAxis,
    dilations: PerAxis,
    auto_pad: str = "explicit",
    output_padding: PerAxis = 0,
    output_shape: PerAxis | None = None,
) -> Layer:
    r"""``ConvolutionBackpropData``: filters (in, out, spatial…); with groups in front of them,
    ``GroupConvolutionBackpropData``: (groups, in/groups, out/groups, spatial…).

    What is cropped, with an output padding ``q`` that is not bounded by the stride:

    - no output shape: ``explicit`` ``pads_begin`` and ``pads_end − q``; the other words nothing,
      so ``0`` and ``−q``;
    - output shape ``O``: ``e = full + q − O − b``, less ``q``; ``b = pads_begin`` for
      ``explicit`` (0 with groups, as the CPU plugin runs it); of ``t = max(full + q − O, 0)``,
      ``b = t − ⌊t/2⌋`` for ``same_upper``, ``b = ⌊t/2⌋`` for ``same_lower`` (the reverse of
      ONNX); ``b = 0`` for ``valid``.

    Source: docs.openvino.ai, ConvolutionBackpropData.

    >>> convolution_backprop_data((1, 4, 8, 8), (4, 6, 4, 4), 2, 1, 1, 1).axes[0].b
    1
    """
    axes = axes_of_shape("data_shape", data_shape)
    array = taken_apart("data_shape", data_shape, f"NC{letters(axes)}", "N", "C")
    groups, kernel = filters(filters_shape, axes, "IO")
    count = groups or 1
    inputs_agree(kernel.second * count, array.second)
    s, d = each_axis("strides", strides, axes), each_axis("dilations", dilations, axes)
    b = each_axis("pads_begin", pads_begin, axes, least=None)
    e = each_axis("pads_end", pads_end, axes, least=None)
    q = each_axis("output_padding", output_padding, axes, least=0)
    word("auto_pad", auto_pad, AUTO_PAD)
    full = [
        size + extra
        for size, extra in zip(uncropped(array.sizes, spans(kernel.sizes, d), s), q, strict=True)
    ]
    none = (0,) * axes
    if output_shape is None:
        begin, end = (b, e) if auto_pad == "explicit" else (none, none)
    else:
        spare = minus(full, each_axis("output_shape", output_shape, axes))
        half = halves([max(crop, 0) for crop in spare])
        begin = {
            "explicit": b if groups is None else none,
            "same_upper": half[1],
            "same_lower": half[0],
            "valid": none,
        }[auto_pad]
        end = minus(spare, begin)
    ends = begin, minus(end, q)
    out_channels = kernel.first * count
    return layer(array, out_channels, kernel.sizes, s, ends, d, groups=count, transposed=True)


def convolution(
    data_shape: Shape,
    filters_shape: Sequence[SupportsIndex],
    strides: PerAxis,
    pads_begin: PerAxis,
    pads_end: PerAxis,
    dilations: PerAxis,
    auto_pad: str = "explicit",
) -> Layer:
    """``Convolution``: filters (out, in, spatial…); with groups in front of them,
    ``GroupConvolution``: (groups, out/groups, in/groups, spatial…).

    ``same_upper`` and ``same_lower`` pad ``t = max((⌈n/s⌉ − 1)s + K − n, 0)`` zeros, ``⌊t/2⌋`` of
    them at the begin, or at the end. Source: docs.openvino.ai, Convolution.

    >>> convolution((1, 4, 9, 9), (6, 4, 3, 3), 2, 0, 0, 1, "same_upper").axes[0].b
    1
    """
    axes = axes_of_shape("data_shape", data_shape)
    array = taken_apart("data_shape", data_shape, f"NC{letters(axes)}", "N", "C")
    groups, kernel = filters(filters_shape, axes, "OI")
    count = groups or 1
    inputs_agree(kernel.second * count, array.second)
    s, d = each_axis("strides", strides, axes), each_axis("dilations", dilations, axes)
    if word("auto_pad", auto_pad, AUTO_PAD) == "explicit":
        ends: Ends = (
            each_axis("pads_begin", pads_begin, axes, least=0),
            each_axis("pads_end", pads_end, axes, least=0),
        )
    elif auto_pad == "valid":
        ends = (0,) * axes, (0,) * axes
    else:
        total = same_zeros(array.sizes, spans(kernel.sizes, d), s)
        ends = halves(total, larger_first=auto_pad == "same_lower")
    out_channels = kernel.first * count
    return layer(array, out_channels, kernel.sizes, s, ends, d, groups=count, transposed=False)


def filters(shape: Sequence[SupportsIndex], axes: int, order: str) -> tuple[int | None, Tensor]:
    """The groups, if they stand in front, and the kernel of a group."""
    layout = order + letters(axes)
    if len(shape) == len(layout):
        return None, taken_apart("filters_shape", shape, layout, "O", "I")
    (groups,) = each_axis("filters_shape", shape[:1], 1)
    return groups, taken_apart("filters_shape", shape[1:], layout, "O", "I")


def inputs_agree(got: int, wanted: int) -> None:
    """Refuse filters that are of other inputs than the data."""
    if got != wanted:
        raise LayerError(f"filters_shape must have {wanted} inputs, got {got}")
