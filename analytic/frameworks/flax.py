"""Flax: ``Conv`` and ``ConvTranspose``, of ``nnx`` and of ``linen``, which have the same rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import SupportsIndex

from analytic.frameworks import jax
from analytic.frameworks.translation import (
    Padding,
    Shape,
    Tensor,
    each_axis,
    letters,
    pairs_of,
    spans,
    taken_apart,
)
from analytic.layer import Layer, LayerError, boolean, integer, shown
from analytic.protocols import PerAxis


def conv(
    input_shape: Shape,
    features: SupportsIndex,
    kernel_size: SupportsIndex | Sequence[SupportsIndex],
    strides: PerAxis | None = 1,
    padding: Padding = "SAME",
    input_dilation: PerAxis | None = 1,
    kernel_dilation: PerAxis | None = 1,
    feature_group_count: SupportsIndex = 1,
    use_bias: bool = True,
) -> Layer:
    r"""``nnx.Conv``, ``linen.Conv``: of arrays (batch…, spatial…, features).

    The kernel says how many axes there are. With ``K = (k − 1)d + 1``:

    - ``"SAME"``, ``"SAME_LOWER"``, ``"VALID"``, and a number or a pair ``(lo, hi)`` of each axis
      are those of `jax.conv_general_dilated`;
    - ``"CAUSAL"``, of one axis, pads ``K − 1`` zeros at the begin;
    - ``"CIRCULAR"`` and ``"REFLECT"`` pad ``K − 1`` numbers of the input, which are real ones: the
      layer has an input of ``n + K − 1`` and no padding.

    Source: flax.readthedocs.io, flax.nnx.Conv and flax.linen.Conv.

    >>> conv((1, 8, 8, 4), 6, (3, 3), padding="CIRCULAR").input_size
    (10, 10)
    """
    array, k = arguments(input_shape, kernel_size)
    axes = len(k)
    s, steps, d = (
        each_axis(name, 1 if value is None else value, axes)
        for name, value in (
            ("strides", strides),
            ("input_dilation", input_dilation),
            ("kernel_dilation", kernel_dilation),
        )
    )
    span = spans(k, d)
    zeros = padding if isinstance(padding, str) else pairs_of(padding, axes)
    if zeros in ("CIRCULAR", "REFLECT"):
        sizes = [n + K - 1 for n, K in zip(array.sizes, span, strict=True)]
        array, zeros = array._replace(sizes=tuple(sizes)), "VALID"
    elif zeros == "CAUSAL":
        if axes > 1:
            raise LayerError(f'padding must not be "CAUSAL" where there are {axes} axes')
        zeros = [(span[0] - 1, 0)]
    groups = integer("feature_group_count", feature_group_count)
    kernel = Tensor(integer("features", features), array.second, k)
    layer = jax.dilated(array, kernel, s, zeros, steps, d, groups=groups)
    return layer.replace(bias=boolean("use_bias", use_bias))


def conv_transpose(
    input_shape: Shape,
    features: SupportsIndex,
    kernel_size: SupportsIndex | Sequence[SupportsIndex],
    strides: PerAxis | None = None,
    padding: Padding = "SAME",
    kernel_dilation: PerAxis | None = None,
    use_bias: bool = True,
) -> Layer:
    """``nnx.ConvTranspose``, ``linen.ConvTranspose``: of arrays (batch…, spatial…, features).

    What is cropped is that of `jax.conv_transpose`; a number ``p`` of an axis is the pair
    ``(p, p)``. ``"CIRCULAR"`` runs the convolution as ``"VALID"`` does, and adds what is beyond a
    period to what is within it: the layer is that of ``"VALID"``. Groups there are none.
    Source: flax.readthedocs.io, flax.nnx.ConvTranspose and flax.linen.ConvTranspose.

    >>> conv_transpose((1, 8, 8, 4), 6, (4, 4), (2, 2)).axes[0].b
    1
    """
    array, k = arguments(input_shape, kernel_size)
    axes = len(k)
    s = each_axis("strides", 1 if strides is None else strides, axes)
    d = each_axis("kernel_dilation", 1 if kernel_dilation is None else kernel_dilation, axes)
    ends = padding if isinstance(padding, str) else pairs_of(padding, axes)
    layer = jax.conv_transpose(
        (array.first, *array.sizes, array.second),
        (*k, array.second, integer("features", features)),
        s,
        "VALID" if ends == "CIRCULAR" else ends,
        d,
    )
    return layer.replace(bias=boolean("use_bias", use_bias))


def arguments(
    input_shape: Shape, kernel_size: SupportsIndex | Sequence[SupportsIndex]
) -> tuple[Tensor, tuple[int, ...]]:
    """The array, all its axes in front together as one batch, and the kernel of each axis."""
    sizes = kernel_size if isinstance(kernel_size, (list, tuple)) else (kernel_size,)
    k = each_axis("kernel_size", sizes, len(sizes))
    if len(input_shape) <= len(k):
        words = f"input_shape must have features and {len(k)} axes"
        raise LayerError(f"{words}, got {shown(tuple(input_shape))}")
    front, behind = input_shape[: -len(k) - 1], input_shape[-len(k) - 1 :]
    batch = math.prod(1 if n is None else integer("input_shape", n) for n in front)
    return taken_apart("input_shape", (batch, *behind), f"N{letters(len(k))}C", "N", "C"), k
