"""JAX: ``lax.conv_transpose`` and ``lax.conv_general_dilated``, and the layers of a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, SupportsIndex

from analytic.frameworks.translation import (
    Ends,
    Pairs,
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
from analytic.layer import Layer, LayerError, boolean, integer, shown
from analytic.models import numbered
from analytic.protocols import PerAxis


def conv_transpose(
    lhs_shape: Shape,
    rhs_shape: Sequence[SupportsIndex],
    strides: PerAxis,
    padding: str | Pairs,
    rhs_dilation: PerAxis = 1,
    dimension_numbers: Sequence[str] | None = None,
    transpose_kernel: bool = False,
    use_consistent_padding: bool = False,
) -> Layer:
    r"""``jax.lax.conv_transpose``: channels last, kernels (spatial…, in, out), unless said.

    What is cropped, with ``K = (k − 1)d + 1``:

    - ``"VALID"``: ``b = 0``, ``e = −max(s − K, 0)``;
    - ``"SAME"``: ``b = ⌊max(K − s, 0)/2⌋``, ``e = K − s − b``, and, where all strides are 1,
      ``"SAME_LOWER"`` the same;
    - pairs ``(lo, hi)``: ``b = K − 1 − lo``, ``e = K − 1 − hi``; with ``use_consistent_padding``
      ``b = lo``, ``e = hi``.

    With ``transpose_kernel`` the kernel's inputs and outputs change places.
    Source: docs.jax.dev, jax.lax.conv_transpose.

    >>> conv_transpose((1, 8, 8, 4), (4, 4, 4, 6), (2, 2), "SAME").axes[0].b
    1
    """
    axes = axes_of_shape("lhs_shape", lhs_shape)
    name = letters(axes)
    default = (f"N{name}C", f"{name}IO", f"N{name}C")
    array, kernel = shapes(lhs_shape, rhs_shape, dimension_numbers or default)
    if boolean("transpose_kernel", transpose_kernel):
        kernel = kernel._replace(first=kernel.second, second=kernel.first)
    if kernel.second != array.second:
        raise LayerError(f"rhs_shape must have {array.second} inputs, got {kernel.second}")
    s, d = each_axis("strides", strides, axes), each_axis("rhs_dilation", rhs_dilation, axes)
    span = spans(kernel.sizes, d)
    if isinstance(padding, str):
        words = ("SAME", "VALID", *["SAME_LOWER"] * (max(s) == 1))
        ends = crops(word("padding", padding, words), span, s)
    elif boolean("use_consistent_padding", use_consistent_padding):
        ends = pairs(padding, axes)
    else:
        last = minus(span, (1,) * axes)
        lo, hi = pairs(padding, axes)
        ends = minus(last, lo), minus(last, hi)
    return layer(array, kernel.first, kernel.sizes, s, ends, d, transposed=True)


def crops(padding: str, span: Sequence[int], s: tuple[int, ...]) -> Ends:
    """What the words crop at both ends of each axis."""
    if padding == "VALID":
        steps = zip(s, span, strict=True)
        return (0,) * len(s), tuple([-max(step - K, 0) for step, K in steps])
    begin = tuple([max(K - step, 0) // 2 for step, K in zip(s, span, strict=True)])
    return begin, minus(minus(span, s), begin)


def conv_general_dilated(
    lhs_shape: Shape,
    rhs_shape: Sequence[SupportsIndex],
    window_strides: PerAxis,
    padding: str | Pairs,
    lhs_dilation: PerAxis = 1,
    rhs_dilation: PerAxis = 1,
    dimension_numbers: Sequence[str] | None = None,
    feature_group_count: SupportsIndex = 1,
) -> Layer:
    r"""``jax.lax.conv_general_dilated``: channels first, kernels (out, in/groups, spatial…).

    With ``lhs_dilation`` 1 it is an ordinary convolution; ``"SAME"`` pads
    ``t = max((⌈n/s⌉ − 1)s + K − n, 0)`` zeros, ``⌊t/2⌋`` of them at the begin, or at the end for
    ``"SAME_LOWER"``. With ``window_strides`` 1 it is a transposed convolution of stride
    ``lhs_dilation`` that crops ``b = K − 1 − lo``, ``e = K − 1 − hi`` for pairs ``(lo, hi)``; a
    layer with both is neither, and is refused. Where all are 1 it is read as ordinary, unless
    pairs are negative: of these no ordinary layer has any.
    Source: docs.jax.dev, jax.lax.conv_general_dilated.

    >>> layer = conv_general_dilated((1, 4, 8), (6, 4, 4), [1], [(2, 2)], lhs_dilation=[2])
    >>> layer.transposed, layer.axes[0].b
    (True, 1)
    """
    name = letters(axes_of_shape("lhs_shape", lhs_shape))
    default = (f"NC{name}", f"OI{name}", f"NC{name}")
    array, kernel = shapes(lhs_shape, rhs_shape, dimension_numbers or default)
    groups = integer("feature_group_count", feature_group_count)
    if kernel.second * groups != array.second:
        words = f"rhs_shape must have inputs that are {array.second} for all {groups} groups"
        raise LayerError(f"{words}, got {kernel.second}")
    return dilated(
        array, kernel, window_strides, padding, lhs_dilation, rhs_dilation, groups=groups
    )


def dilated(
    array: Tensor,
    kernel: Tensor,
    window_strides: PerAxis,
    padding: str | Pairs,
    lhs_dilation: PerAxis,
    rhs_dilation: PerAxis,
    *,
    groups: int,
) -> Layer:
    """`conv_general_dilated` of shapes that are taken apart, whose channels agree."""
    axes = len(array.sizes)
    windows = each_axis("window_strides", window_strides, axes)
    steps = each_axis("lhs_dilation", lhs_dilation, axes)
    d = each_axis("rhs_dilation", rhs_dilation, axes)
    span = spans(kernel.sizes, d)
    ends = zeros(padding, array.sizes, span, windows)
    cut = min(map(min, ends)) < 0  # which a layer has as crops, but not as zeros
    transposed = max(steps) > 1 or (cut and max(windows) == 1)
    if max(steps) > 1:
        if isinstance(padding, str):
            words = "padding must be pairs where lhs_dilation is not 1"
            raise LayerError(f"{words}, got {shown(padding)}")
        if max(windows) > 1:
            words = (
                "window_strides must be 1 where lhs_dilation is not: a transposed convolution of "
                "which some outputs are left out is a layer of neither kind"
            )
            raise LayerError(f"{words}, got {max(windows)}")
    if transposed:
        last = minus(span, (1,) * axes)
        ends = minus(last, ends[0]), minus(last, ends[1])
    stride = steps if transposed else windows
    return layer(
        array, kernel.first, kernel.sizes, stride, ends, d, groups=groups, transposed=transposed
    )


def zeros(
    padding: str | Pairs, sizes: tuple[int, ...], span: Sequence[int], s: tuple[int, ...]
) -> Ends:
    """The zeros at both ends of each axis."""
    if not isinstance(padding, str):
        return pairs(padding, len(s))
    known = word("padding", padding, ("SAME", "SAME_LOWER", "VALID"), any_case=True)
    if known == "VALID":
        return (0,) * len(s), (0,) * len(s)
    return halves(same_zeros(sizes, span, s), larger_first=known == "SAME_LOWER")


def pairs(padding: Pairs, axes: int) -> Ends:
    """Explicit zeros of each axis."""
    if len(padding) != axes:
        raise LayerError(f"padding must have one pair an axis ({axes}), got {shown(padding)}")
    begin, end = zip(*[each_axis("padding", pair, 2, least=None) for pair in padding], strict=True)
    return begin, end


def shapes(
    lhs_shape: Shape, rhs_shape: Sequence[SupportsIndex], numbers: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """The array, and the kernel as outputs, inputs of a group and sizes."""
    lhs, rhs, _ = numbers
    array = taken_apart("lhs_shape", lhs_shape, lhs, "N", "C")
    kernel = taken_apart("rhs_shape", rhs_shape, rhs, "O", "I")
    return array, kernel


def layers_of(jaxpr: Any) -> dict[str, Layer]:
    """The convolutions of a JAX function, from ``jax.make_jaxpr(function)(*inputs)``.

    In the order of the trace, gradients included where the function computes them: each is a
    ``conv_general_dilated``, and what a gradient by the weights convolves are two arrays. Names are
    those of the trace, with numbers where one comes again; what a loop repeats is there once. With
    ``batch_group_count``, a part of the batch meets each group of outputs: the layer has that part
    for its batch, and no groups. Source: docs.jax.dev, jax.make_jaxpr.
    """
    return numbered(traced(jaxpr))


def traced(jaxpr: Any) -> Iterator[tuple[str, Layer]]:
    """Name and layer of every convolution, those of functions within functions too."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        if equation.primitive.name == "conv_general_dilated":
            name = str(equation.source_info.name_stack) or "conv_general_dilated"
            yield name, of_equation(equation)
        for value in equation.params.values():
            for part in value if isinstance(value, (list, tuple)) else [value]:
                if hasattr(getattr(part, "jaxpr", part), "eqns"):
                    yield from traced(part)


def of_equation(equation: Any) -> Layer:
    """The layer of one ``conv_general_dilated`` of a trace."""
    words = equation.params
    lhs, rhs = (variable.aval.shape for variable in equation.invars)
    numbers = words["dimension_numbers"]
    array, kernel = by_places(lhs, numbers.lhs_spec), by_places(rhs, numbers.rhs_spec)
    parts = words["batch_group_count"]
    return dilated(
        array._replace(first=array.first // parts),
        kernel,
        words["window_strides"],
        words["padding"],
        words["lhs_dilation"],
        words["rhs_dilation"],
        groups=words["feature_group_count"],
    )


def by_places(shape: tuple[int, ...], places: tuple[int, ...]) -> Tensor:
    """A shape taken apart by the places of its dimensions."""
    first, second, *sizes = [shape[place] for place in places]
    return Tensor(first, second, tuple(sizes))
