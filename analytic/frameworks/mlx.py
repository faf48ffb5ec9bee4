"""MLX: ``conv1d/2d/3d`` and ``conv_transpose1d/2d/3d``, of arrays with channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

from analytic.frameworks.translation import (
    Shape,
    Tensor,
    axes_of_shape,
    each_axis,
    layer,
    letters,
    minus,
    taken_apart,
)
from analytic.layer import Layer, LayerError, integer
from analytic.protocols import PerAxis


def conv_transpose(
    input_shape: Shape,
    weight_shape: Sequence[SupportsIndex],
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    output_padding: PerAxis = 0,
    groups: SupportsIndex = 1,
) -> Layer:
    """``mlx.core.conv_transpose1d/2d/3d``: weights (out, spatial…, in/groups).

    ``b = p`` and ``e = p − q`` with padding ``p`` and output padding ``q``: torch's rule.
    Source: ml-explore.github.io/mlx, mlx.core.conv_transpose2d.

    >>> conv_transpose((1, 8, 8, 4), (6, 4, 4, 4), 2, 1).axes[0].b
    1
    """
    array, kernel, count = arguments(input_shape, weight_shape, groups)
    axes = len(array.sizes)
    s, d = each_axis("stride", stride, axes), each_axis("dilation", dilation, axes)
    p = each_axis("padding", padding, axes, least=0)
    ends = p, minus(p, each_axis("output_padding", output_padding, axes, least=0))
    return layer(array, kernel.first, kernel.sizes, s, ends, d, groups=count, transposed=True)


def conv(
    input_shape: Shape,
    weight_shape: Sequence[SupportsIndex],
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: SupportsIndex = 1,
) -> Layer:
    """``mlx.core.conv1d/2d/3d``: weights (out, spatial…, in/groups); torch's rule.

    Source: ml-explore.github.io/mlx, mlx.core.conv2d.

    >>> conv((1, 9, 9, 4), (6, 3, 3, 4), 2, 1).axes[0].n
    5
    """
    array, kernel, count = arguments(input_shape, weight_shape, groups)
    axes = len(array.sizes)
    s, d = each_axis("stride", stride, axes), each_axis("dilation", dilation, axes)
    p = each_axis("padding", padding, axes, least=0)
    return layer(array, kernel.first, kernel.sizes, s, (p, p), d, groups=count, transposed=False)


def arguments(
    input_shape: Shape, weight_shape: Sequence[SupportsIndex], groups: SupportsIndex
) -> tuple[Tensor, Tensor, int]:
    """The array, the kernel and the groups."""
    name = letters(axes_of_shape("input_shape", input_shape))
    array = taken_apart("input_shape", input_shape, f"N{name}C", "N", "C")
    kernel = taken_apart("weight_shape", weight_shape, f"O{name}I", "O", "I")
    count = integer("groups", groups)
    if kernel.second * count != array.second:
        words = f"weight_shape must have inputs that are {array.second} for all {count} groups"
        raise LayerError(f"{words}, got {kernel.second}")
    return array, kernel, count
