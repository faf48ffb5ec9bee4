"""Shapes of operators for which onnx itself has no rule: onnxruntime's own, mostly.

What its optimisers and its quantiser write has, with few exceptions, the shape of an operator of
ONNX's on some of the inputs. Source: the documentation of onnxruntime, "Contrib operators", and the
schemas of the domain com.microsoft.nchwc.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from analytic.layer import integer
from analytic.onnx.nodes import MICROSOFT, NCHWC, Attributes, ints
from analytic.onnx.values import Shape


class Standard(NamedTuple):
    """An operator of ONNX's own and the inputs, by place, on which it has the same shape."""

    operator: str
    inputs: Sequence[int] = (0,)


def alike(domain: str, standard: Standard, names: str) -> dict[tuple[str, str], Standard]:
    """Operators of a domain that have one standard."""
    return {(domain, name): standard for name in names.split()}


#: The standard of each operator, by domain and name.
STANDARDS: Mapping[tuple[str, str], Standard] = {
    **alike(
        MICROSOFT,
        Standard("Identity"),
        """
        BiasAdd BiasDropout BiasGelu BiasSoftmax BitmaskBiasDropout BitmaskDropout DequantizeLinear
        DequantizeWithOrder FastGelu GatedRMSNorm Gelu GroupNorm Inverse QLinearLeakyRelu
        QLinearSigmoid QLinearSoftmax QOrderedGelu QOrderedLayerNormalization QuantizeLinear
        QuantizeWithOrder QuickGelu RotaryEmbedding ScaledSiLU SkipGroupNorm SkipLayerNormalization
        SkipSimplifiedLayerNormalization Trilu
        """,
    ),
    **alike(MICROSOFT, Standard("Add", (0, 3)), "QLinearAdd QLinearMul"),
    (MICROSOFT, "QLinearAveragePool"): Standard("AveragePool"),
    (MICROSOFT, "NhwcMaxPool"): Standard("MaxPool"),
    (MICROSOFT, "QLinearGlobalAveragePool"): Standard("GlobalAveragePool"),
    (MICROSOFT, "QLinearConcat"): Standard("Concat", range(2, 3000, 3)),
    (MICROSOFT, "QLinearWhere"): Standard("Where", (0, 1, 4)),
    (MICROSOFT, "QGemm"): Standard("Gemm", (0, 3)),
    (MICROSOFT, "FusedGemm"): Standard("Gemm", (0, 1)),
    (MICROSOFT, "GridSample"): Standard("GridSample", (0, 1)),
    (MICROSOFT, "Pad"): Standard("Pad", (0, 1)),
    **alike(MICROSOFT, Standard("MatMul", (0, 1)), "DynamicQuantizeMatMul MatMulIntegerToFloat"),
    **{
        (NCHWC, name): Standard(name)
        for name in ("AveragePool", "GlobalAveragePool", "GlobalMaxPool", "MaxPool")
    },
}


def channels_first(shape: Shape) -> Shape:
    """Sizes that have the channels last, as those that have them second."""
    return [*shape[:1], *shape[-1:], *shape[1:-1]]


def channels_last(shape: Shape) -> Shape:
    """The inverse of `channels_first`.

    >>> channels_last(channels_first([1, 8, 9, 3]))
    [1, 8, 9, 3]
    """
    return [*shape[:1], *shape[2:], *shape[1:2]]


def reordered(shape: Shape, attributes: Attributes) -> Shape:
    """``ReorderInput``: channels first, and as many of them as fill blocks, however large."""
    batch, *rest = shape
    sizes = rest[:-1] if attributes.get("channels_last") else rest[1:]
    return [batch, None, *sizes]


def restored(shape: Shape, attributes: Attributes) -> Shape:
    """``ReorderOutput``: the channels that there are, first or last."""
    batch, _, *sizes = shape
    channels = [integer("channels", attributes.get("channels"))]
    is_last = attributes.get("channels_last")
    return [batch, *sizes, *channels] if is_last else [batch, *channels, *sizes]


def scaled(shape: Shape, attributes: Attributes) -> Shape:
    """``Upsample`` by whole factors."""
    scales = ints(attributes, "scales", 1, len(shape))
    return [
        None if size is None else size * scale for size, scale in zip(shape, scales, strict=True)
    ]


def multiplied(a: Shape, b: Shape, attributes: Attributes) -> Shape:
    """``FusedMatMul``: of matrices that may be turned, in stacks of the same shape or of one.

    >>> multiplied([2, 5, 3], [5, 4], {"transA": 1})
    [2, 3, 4]
    """
    if min(len(a), len(b)) < 2 or attributes.get("transBatchA") or attributes.get("transBatchB"):
        raise ValueError("vectors, and stacks that are turned, have no rule here")
    rows = a[-1 if attributes.get("transA") else -2]
    columns = b[-2 if attributes.get("transB") else -1]
    stacks = [1] * (len(b) - len(a)) + a[:-2], [1] * (len(a) - len(b)) + b[:-2]
    return [*(y if x == 1 else x for x, y in zip(*stacks, strict=True)), rows, columns]


def of_one(
    rule: Callable[[Shape, Attributes], Shape],
) -> Callable[[Sequence[Shape], Attributes], Shape]:
    """A rule on the shape of the first input alone."""
    return lambda shapes, attributes: rule(shapes[0], attributes)


#: Rules of their own, on the shapes of the inputs and the attributes.
RULES: Mapping[tuple[str, str], Callable[[Sequence[Shape], Attributes], Shape]] = {
    (NCHWC, "ReorderInput"): of_one(reordered),
    (NCHWC, "ReorderOutput"): of_one(restored),
    (NCHWC, "Upsample"): of_one(scaled),
    **dict.fromkeys(
        ((MICROSOFT, name) for name in ("FusedMatMul", "TransposeMatMul")),
        lambda shapes, attributes: multiplied(shapes[0], shapes[1], attributes),
    ),
}
