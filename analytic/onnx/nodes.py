"""A convolution of ONNX, or of onnxruntime, as a layer.

Source: the texts of the operators Conv, ConvInteger, ConvTranspose and QLinearConv in the ONNX
documentation, and of those of the domains com.microsoft and com.microsoft.nchwc in onnxruntime's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import onnx

from analytic.axis import Axis, size
from analytic.layer import Layer, integer, shown
from analytic.names import text

#: The names of ONNX's own operators' domain, and of onnxruntime's.
DOMAINS = ("", "ai.onnx")
MICROSOFT, NCHWC = "com.microsoft", "com.microsoft.nchwc"

#: The attributes of a node by name: integers, text, lists of them, whatever a file has there.
Attributes: TypeAlias = Mapping[str, object]

SAME = (b"SAME_UPPER", b"SAME_LOWER")
AUTO_PADS = (b"NOTSET", b"VALID", *SAME)


class Convolution(NamedTuple):
    """An operator that convolves: which kind, and at which places its inputs stand."""

    transposed: bool = False
    weight: int = 1
    bias: int | None = 2
    pads: int | None = None
    channels_last: bool = False


#: The operators that convolve, by domain and name.
CONVOLUTIONS: Mapping[tuple[str, str], Convolution] = {
    ("", "Conv"): Convolution(),
    ("", "ConvTranspose"): Convolution(transposed=True),
    ("", "ConvInteger"): Convolution(bias=None),
    ("", "QLinearConv"): Convolution(weight=3, bias=8),
    (MICROSOFT, "FusedConv"): Convolution(),
    (MICROSOFT, "NhwcConv"): Convolution(channels_last=True),
    (MICROSOFT, "NhwcFusedConv"): Convolution(channels_last=True),
    (MICROSOFT, "QLinearConv"): Convolution(weight=3, bias=8),
    (NCHWC, "Conv"): Convolution(),
    (MICROSOFT, "ConvTransposeWithDynamicPads"): Convolution(transposed=True, pads=2, bias=3),
    (MICROSOFT, "QLinearConvTranspose"): Convolution(transposed=True, weight=3, bias=8),
}


def domain_of(node: onnx.NodeProto) -> str:
    """The domain of a node's operator: "" is ONNX's own, by whichever name."""
    return "" if node.domain in DOMAINS else node.domain


def convolution_of(node: onnx.NodeProto) -> Convolution | None:
    """Where the inputs of a convolution stand; None for a node that is none."""
    return CONVOLUTIONS.get((domain_of(node), node.op_type))


def every_node(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes and those of their graphs."""
    for node in nodes:
        yield node
        for graph in graphs_in(node).values():
            yield from every_node(graph.node)


def graphs_in(node: onnx.NodeProto) -> dict[str, onnx.GraphProto]:
    """The branches or the body of a node, by the name of the attribute."""
    return {
        attribute.name: attribute.g
        for attribute in node.attribute
        if attribute.type == onnx.AttributeProto.GRAPH or attribute.HasField("g")
    }


def layer_of_node(
    attributes: Attributes,
    bias: bool,
    input_shape: Sequence[int],
    weight_shape: Sequence[int],
    *,
    transposed: bool = True,
) -> Layer:
    """The layer of a convolution with these attributes and shapes, channels first.

    Source: the texts of the operators Conv and ConvTranspose in the ONNX documentation.
    """
    if len(input_shape) < 3 or len(weight_shape) != len(input_shape):
        raise ValueError(
            f"input and weight must have batch, channels and as many axes, got {input_shape} "
            f"and {weight_shape}"
        )
    batch_size, in_channels, *input_size = input_shape
    first, second, *kernel_size = weight_shape
    axes = len(input_size)
    group = integer("group", attributes.get("group", 1))
    weight_channels, out_channels = (
        (first, second * group) if transposed else (second * group, first)
    )
    if weight_channels != in_channels:
        raise ValueError(f"in_channels must be the weight's {weight_channels}, got {in_channels}")
    if "kernel_shape" in attributes and kernel_size != ints(attributes, "kernel_shape", 1, axes):
        raise ValueError(f"kernel_shape must be the weight's {kernel_size}")
    geometry = {
        "stride": ints(attributes, "strides", 1, axes),
        "dilation": ints(attributes, "dilations", 1, axes),
        "output_padding": ints(attributes, "output_padding", 0, axes) if transposed else [0] * axes,
    }
    natural = [
        Axis(n, k, s, d, 0, 0, o)
        for n, k, s, d, o in zip(input_size, kernel_size, *geometry.values(), strict=True)
    ]
    begin, end = pads_of(attributes, natural, transposed=transposed)
    return Layer(
        input_size,
        in_channels,
        out_channels,
        kernel_size,
        **geometry,
        padding=begin,
        end_padding=None if begin == end and min(begin) >= 0 else end,
        groups=group,
        bias=bias,
        batch_size=batch_size,
        transposed=transposed,
        axes=axes,
    )


def attributes_of(node: onnx.NodeProto) -> dict[str, object]:
    """The attributes of a node by name."""
    attributes: dict[str, object] = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise ValueError(f"{text(attribute.name)} refers to an attribute of no function")
        if attribute.name in attributes:
            raise ValueError(f"{text(attribute.name)} is given twice")
        attributes[attribute.name] = onnx.helper.get_attribute_value(attribute)
    return attributes


def ints(attributes: Attributes, name: str, default: int, length: int) -> list[int]:
    """An attribute with one integer an axis."""
    values = attributes.get(name, [default] * length)
    if not isinstance(values, list) or len(values) != length:
        raise ValueError(f"{name} must have {length} integers, got {shown(values)}")
    return [integer(name, value, axis) for axis, value in enumerate(values)]


def pads_of(
    attributes: Attributes, natural: Sequence[Axis[int]], *, transposed: bool
) -> tuple[list[int], list[int]]:
    """The paddings at begin and end of each axis, of which ``natural`` has none.

    ``pads`` are not negative, by the texts of the operators; crops of a transposed convolution that
    follow from an ``output_shape`` or from SAME may be.
    """
    axes = len(natural)
    auto_pad = attributes.get("auto_pad", b"NOTSET")
    if auto_pad not in AUTO_PADS:
        raise ValueError(f"auto_pad must be one of {AUTO_PADS}, got {shown(auto_pad)}")
    if auto_pad != b"NOTSET" and "pads" in attributes:
        raise ValueError("pads and auto_pad must not both be given")
    if transposed and "output_shape" in attributes:
        sizes = ints(attributes, "output_shape", 0, axes)
        totals = [size(axis) - L for axis, L in zip(natural, sizes, strict=True)]
    elif auto_pad in SAME:
        totals = [total_of_same(axis, transposed=transposed) for axis in natural]
    else:
        pads = ints(attributes, "pads", 0, 2 * axes)
        if min(pads) < 0:
            raise ValueError(f"pads must not be negative, got {shown(pads)}")
        return pads[:axes], pads[axes:]
    less, more = [total // 2 for total in totals], [total - total // 2 for total in totals]
    return (less, more) if auto_pad == b"SAME_UPPER" else (more, less)


def total_of_same(axis: Axis[int], *, transposed: bool) -> int:
    """What SAME pads at begin and end together, for ``n·s`` outputs or for ``⌈n/s⌉``.

    >>> axis = Axis(n=5, k=3, s=2, d=1, b=0, e=0, o=0)
    >>> total_of_same(axis, transposed=True), total_of_same(axis, transposed=False)
    (1, 2)
    """
    n, _, s, *_ = axis
    outputs = -(-n // max(s, 1))  # a stride of 0 is refused where the layer is made
    total = size(axis) - n * s if transposed else size(axis._replace(n=outputs)) - n
    return int(total if transposed else max(total, 0))
