"""Shapes of operators for which onnx itself has no rule: onnxruntime's own, mostly.

What its optimisers and its quantiser write has, with few exceptions, the shape of an operator of
ONNX's on some of the inputs. Source: the documentation of onnxruntime, "Contrib operators", and the
schemas of the domain com.microsoft.nchwc.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from analytic.layer import integer
from analytic.onnx.nodes import MICROSOFT, NCHWC, ints
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


def reordered(shape: Shape, attributes: Mapping[str, Any]) -> Shape:
    """``ReorderInput``: channels first, and as many of them as fill blocks, however large."""
    batch, *rest = shape
    sizes = rest[:-1] if attributes.get("channels_last") else rest[1:]
    return [batch, None, *sizes]


def restored(shape: Shape, attributes: Mapping[str, Any]) -> Shape:
    """``ReorderOutput``: the channels that there are, first or last."""
    batch, _, *sizes = shape
    channels = [integer("channels", attributes.get("channels"))]
    is_last = attributes.get("channels_last")
    return [batch, *sizes, *channels] if is_last else [batch, *channels, *sizes]


def scaled(shape: Shape, attributes: Mapping[str, Any]) -> Shape:
    """``Upsample`` by whole factors."""
    scales = ints(attributes, "scales", 1, len(shape))
    return [
        None if size is None else size * scale for size, scale in zip(shape, scales, strict=True)
    ]


#: Rules of their own, on the shape of the first input and the attributes.
RULES: Mapping[tuple[str, str], Callable[[Shape, Mapping[str, Any]], Shape]] = {
    (NCHWC, "ReorderInput"): reordered,
    (NCHWC, "ReorderOutput"): restored,
    (NCHWC, "Upsample"): scaled,
}
