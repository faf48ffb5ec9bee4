"""Equinox: ``eqx.nn.Conv`` and ``eqx.nn.ConvTranspose``, of arrays (channels, spatial…)."""

from __future__ import annotations

from typing import SupportsIndex

from analytic.frameworks import jax
from analytic.frameworks.translation import (
    Ends,
    Padding,
    Pairs,
    Shape,
    Tensor,
    each_axis,
    halves,
    layer,
    letters,
    minus,
    pairs_of,
    spans,
    taken_apart,
    word,
)
from analytic.layer import Layer, LayerError, boolean, integer, shown
from analytic.protocols import PerAxis

WORDS = ("VALID", "SAME", "SAME_LOWER")
MODES = ("ZEROS", "REFLECT", "REPLICATE", "CIRCULAR")


def conv(
    input_shape: Shape,
    out_channels: SupportsIndex,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: SupportsIndex = 1,
    use_bias: bool = True,
    padding_mode: str = "ZEROS",
) -> Layer:
    """``eqx.nn.Conv``: padding as in `jax.conv_general_dilated`, or a number of each axis.

    In the other modes than ``"ZEROS"`` it pads as many numbers of the input, which are real ones:
    the layer has them in its input, and no padding. The batch is 1, for `jax.vmap` adds it.
    Source: docs.kidger.site/equinox, eqx.nn.Conv.

    >>> conv((4, 9, 9), 6, 3, 2, 1).axes[0].n
    5
    """
    array = array_of(input_shape)
    axes = len(array.sizes)
    k, s, d = geometry(axes, kernel_size, stride, dilation)
    zeros = padding.upper() if isinstance(padding, str) else numbers_or_pairs(padding, axes)
    if word("padding_mode", padding_mode.upper(), MODES) != "ZEROS":
        begin, end = jax.zeros(zeros, array.sizes, spans(k, d), s)
        each_axis("padding", (*begin, *end), 2 * axes, least=0)
        sizes = [n + b + e for n, b, e in zip(array.sizes, begin, end, strict=True)]
        array, zeros = array._replace(sizes=tuple(sizes)), "VALID"
    count = integer("groups", groups)
    kernel = Tensor(integer("out_channels", out_channels), array.second, k)
    convolution = jax.dilated(array, kernel, s, zeros, 1, d, groups=count)
    return convolution.replace(bias=boolean("use_bias", use_bias))


def conv_transpose(
    input_shape: Shape,
    out_channels: SupportsIndex,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: SupportsIndex = 1,
    use_bias: bool = True,
    padding_mode: str = "ZEROS",
) -> Layer:
    r"""``eqx.nn.ConvTranspose``: its padding is that of the convolution that it transposes.

    What is cropped, with output padding ``a`` below the stride and ``K = (k − 1)d + 1``:

    - ``"VALID"``, a number ``p`` or a pair ``(p, q)`` of each axis (0 for ``"VALID"``): ``b = p``,
      ``e = q − a``;
    - ``"SAME"``: ``t = max(K − s + a, 0)``, ``b = ⌊t/2⌋``, ``e = t − b − max(s − K − a, 0)``, so
      that ``O = n·s − a``; ``"SAME_LOWER"`` the same with ``b = ⌈t/2⌉``.

    With ``padding_mode="CIRCULAR"``, of the last two without an output padding, the input is
    padded with numbers of its own, which are real ones: with ``lo = K − 1 − b``, ``⌊lo/s⌋`` of them
    at the begin, and what remains, ``lo mod s``, is ``K − 1 − b`` of the layer; so at the end.
    Source: docs.kidger.site/equinox, eqx.nn.ConvTranspose.

    >>> conv_transpose((4, 8, 8), 6, 4, 2, "SAME", 1).axes[0].b
    1
    """
    array = array_of(input_shape)
    axes = len(array.sizes)
    k, s, d = geometry(axes, kernel_size, stride, dilation)
    a = each_axis("output_padding", output_padding, axes, least=None)
    for axis, (extra, step) in enumerate(zip(a, s, strict=True)):
        if extra >= step:
            words = f"output_padding must be less than the stride {step}"
            raise LayerError(f"{words}, got {extra} on axis {axis}")
    span = spans(k, d)
    ends = crops(padding, span, s, a)
    mode = word("padding_mode", padding_mode.upper(), ("ZEROS", "CIRCULAR"))
    if mode == "CIRCULAR":
        if any(a) or not isinstance(padding, str) or padding.upper() == "VALID":
            words = "padding must be 'SAME' or 'SAME_LOWER', without output_padding, in a circle"
            raise LayerError(f"{words}, got {shown(padding)}")
        array, ends = wrapped(array, ends, span, s)
    outputs, count = integer("out_channels", out_channels), integer("groups", groups)
    bias = boolean("use_bias", use_bias)
    return layer(array, outputs, k, s, ends, d, groups=count, bias=bias, transposed=True)


def crops(padding: Padding, span: list[int], s: tuple[int, ...], a: tuple[int, ...]) -> Ends:
    """What is cropped at both ends of each axis."""
    if not isinstance(padding, str):
        begin, end = jax.pairs(numbers_or_pairs(padding, len(s)), len(s))
        return begin, minus(end, a)
    known = word("padding", padding.upper(), WORDS)
    if known == "VALID":
        return (0,) * len(s), tuple([-extra for extra in a])
    spare = [K - step + extra for K, step, extra in zip(span, s, a, strict=True)]
    total = [max(crop, 0) for crop in spare]
    begin, end = halves(total, larger_first=known == "SAME_LOWER")
    return begin, minus(end, [max(-crop, 0) for crop in spare])


def wrapped(array: Tensor, ends: Ends, span: list[int], s: tuple[int, ...]) -> tuple[Tensor, Ends]:
    """The input with numbers of its own around it, and what is cropped then."""
    last = [K - 1 for K in span]
    padded = [minus(last, end) for end in ends]
    around = [[lo // step for lo, step in zip(side, s, strict=True)] for side in padded]
    rest = [[lo % step for lo, step in zip(side, s, strict=True)] for side in padded]
    sizes = [n + b + e for n, b, e in zip(array.sizes, *around, strict=True)]
    return array._replace(sizes=tuple(sizes)), (minus(last, rest[0]), minus(last, rest[1]))


def numbers_or_pairs(padding: Padding, axes: int) -> Pairs:
    """Numbers or pairs of each axis, but not both."""
    each = padding if isinstance(padding, (list, tuple)) else ()
    if len({isinstance(zeros, (list, tuple)) for zeros in each}) > 1:
        raise LayerError(f"padding must be numbers or pairs, got {shown(padding)}")
    return pairs_of(padding, axes)


def array_of(input_shape: Shape) -> Tensor:
    """The array, of batch 1."""
    if not isinstance(input_shape, (list, tuple)) or len(input_shape) < 2:
        raise LayerError(f"input_shape must have channels and an axis, got {shown(input_shape)}")
    layout = f"NC{letters(len(input_shape) - 1)}"
    return taken_apart("input_shape", (1, *input_shape), layout, "N", "C")


def geometry(axes: int, *values: PerAxis) -> tuple[tuple[int, ...], ...]:
    """Kernel, stride and dilation of each axis."""
    names = ("kernel_size", "stride", "dilation")
    return tuple([each_axis(name, value, axes) for name, value in zip(names, values, strict=True)])
