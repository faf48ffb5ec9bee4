"""A ``ConvTranspose`` node as a layer, and the nodes of a graph.

Source: the text of the operator ConvTranspose, versions 1, 11 and 22, in the ONNX documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import onnx

from analytic.axis import size
from analytic.layer import Layer, integer, shown

#: The names of ONNX's own operators' domain.
DOMAINS = ("", "ai.onnx")

SAME = (b"SAME_UPPER", b"SAME_LOWER")
AUTO_PADS = (b"NOTSET", b"VALID", *SAME)


def text(name: str | bytes) -> str:
    """A name as one printable line; protobuf hands over as bytes what is not UTF-8."""
    decoded = name if isinstance(name, str) else name.decode(errors="replace")
    if not decoded.isprintable():
        decoded = "".join(c if c.isprintable() else " " for c in decoded)
    return " ".join(decoded.split())


def is_transposed(node: onnx.NodeProto) -> bool:
    """Whether the node is ONNX's own transposed convolution."""
    return node.op_type == "ConvTranspose" and node.domain in DOMAINS


def subgraphs(node: onnx.NodeProto) -> Iterator[tuple[str, onnx.GraphProto]]:
    """The branches or the body of a node, by the name of the attribute."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH or attribute.HasField("g"):
            yield attribute.name, attribute.g


def every_node(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes and those of their subgraphs."""
    for node in nodes:
        yield node
        for _, graph in subgraphs(node):
            yield from every_node(graph.node)


def every_graph(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and its subgraphs."""
    yield graph
    for node in graph.node:
        for _, inner in subgraphs(node):
            yield from every_graph(inner)


def layer_of_node(
    given: Mapping[str, Any], bias: bool, input_shape: list[Any], weight_shape: list[Any]
) -> Layer:
    """The layer of a ``ConvTranspose`` node with the attributes ``given`` and these shapes.

    Source: the text of the operator ConvTranspose in the ONNX documentation.
    """
    if len(input_shape) < 3 or len(weight_shape) != len(input_shape):
        raise ValueError(
            f"input and weight must have batch, channels and as many axes, got {input_shape} "
            f"and {weight_shape}"
        )
    batch_size, in_channels, *input_size = input_shape
    weight_channels, per_group, *kernel_size = weight_shape
    group = integer("group", given.get("group", 1))
    if weight_channels != in_channels:
        raise ValueError(f"in_channels must be the weight's {weight_channels}, got {in_channels}")
    if "kernel_shape" in given and kernel_size != ints(given, "kernel_shape", 1, len(kernel_size)):
        raise ValueError(f"kernel_shape must be the weight's {kernel_size}")
    layer = Layer(
        input_size,
        in_channels,
        per_group * group,
        kernel_size,
        stride=ints(given, "strides", 1, len(input_size)),
        dilation=ints(given, "dilations", 1, len(input_size)),
        output_padding=ints(given, "output_padding", 0, len(input_size)),
        groups=group,
        bias=bias,
        batch_size=batch_size,
        end_padding=0,
    )
    begin, end = pads_of(given, layer)
    alike = begin == end and min(begin) >= 0
    return layer.replace(padding=begin, end_padding=None if alike else end)


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node by name."""
    given = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise ValueError(f"{text(attribute.name)} refers to an attribute of no function")
        if attribute.name in given:
            raise ValueError(f"{text(attribute.name)} is given twice")
        given[attribute.name] = onnx.helper.get_attribute_value(attribute)
    return given


def ints(given: Mapping[str, Any], name: str, default: int, length: int) -> list[int]:
    """An attribute with one integer an axis."""
    values = given.get(name, [default] * length)
    if not isinstance(values, list) or len(values) != length:
        raise ValueError(f"{name} must have {length} integers, got {shown(values)}")
    return [integer(name, value, axis) for axis, value in enumerate(values)]


def pads_of(given: Mapping[str, Any], uncropped: Layer) -> tuple[list[int], list[int]]:
    """What the attributes crop from begin and end of each axis of the layer."""
    axes = len(uncropped.axes)
    auto_pad = given.get("auto_pad", b"NOTSET")
    if auto_pad not in AUTO_PADS:
        raise ValueError(f"auto_pad must be one of {AUTO_PADS}, got {shown(auto_pad)}")
    if auto_pad != b"NOTSET" and "pads" in given:
        raise ValueError("pads and auto_pad must not both be given")
    if "output_shape" in given:
        wanted = ints(given, "output_shape", 0, axes)
    elif auto_pad in SAME:
        wanted = [axis.n * axis.s for axis in uncropped.axes]
    else:
        pads = ints(given, "pads", 0, 2 * axes)
        return pads[:axes], pads[axes:]
    total = [size(axis) - L for axis, L in zip(uncropped.axes, wanted, strict=True)]
    less, more = [pad // 2 for pad in total], [pad - pad // 2 for pad in total]
    return (less, more) if auto_pad == b"SAME_UPPER" else (more, less)
