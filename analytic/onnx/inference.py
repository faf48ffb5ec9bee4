"""Shape inference of the onnx package, with the sizes that the text of ``ConvTranspose`` says.

Its own sizes are others for ``auto_pad`` SAME where the kernel is narrower than the stride or there
is output padding; it has none for negative pads, and not even the number of axes for an
``output_shape`` below the input's. Whatever follows such a node would be wrong or not known.
So each is written anew before inference, in a form that it gets right: one run is enough,
however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import onnx
from onnx import helper, shape_inference

from analytic.onnx.nodes import SAME, attributes_of, every_graph, ints, is_transposed


def infer_shapes(model: onnx.ModelProto) -> onnx.GraphProto:
    """The graph with the shapes that can be inferred. Nodes are written anew, in ``model`` too.

    >>> from onnx import parser
    >>> graph = infer_shapes(parser.parse_model('''<ir_version: 8, opset_import: ["": 17]>
    ...     g (float[1, 4, 5] x, float[4, 6, 1] w) => (float[a, b, c] y) {
    ...         y = ConvTranspose <strides = [3], auto_pad = "SAME_UPPER"> (x, w)
    ...     }'''))
    >>> [dim.dim_value for dim in graph.output[0].type.tensor_type.shape.dim]
    [1, 6, 15]
    """
    for graph in every_graph(model.graph):
        tell(graph)
    return shape_inference.infer_shapes(model, data_prop=True).graph


def tell(graph: onnx.GraphProto) -> None:
    """Write the transposed convolutions of a graph so that inference finds their sizes."""
    nodes = [made for node in graph.node for made in told(node)]
    if len(nodes) > len(graph.node):
        del graph.node[:]
        graph.node.extend(nodes)


def told(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    """The node, written anew where it must be, behind another one that it may need."""
    if is_transposed(node):
        try:
            given = attributes_of(node)
            write(node, rewritten(given))
        except (ValueError, TypeError):
            given = {}  # it is no layer, and that is said where it has a name
        if "output_shape" in given and node.input:
            # Of which inference knows only that it is not below the input's: that becomes 1.
            pooled = helper.make_node("GlobalMaxPool", node.input[:1], [f"{node.input[0]}\0pooled"])
            pooled.domain = node.domain
            node.input[0] = pooled.output[0]
            yield pooled
    yield node


def rewritten(given: Mapping[str, Any]) -> dict[str, list[int]]:
    """Attributes in the place of a node's own, with which inference finds its size.

    SAME has ``n·s`` positions, whatever the kernel: as many as one tap, at every stride, and
    ``s − 1`` positions behind the last one. Negative pads are positions added at the end.

    >>> rewritten({"auto_pad": b"SAME_LOWER", "strides": [3, 2], "output_padding": [1, 0]})
    {'kernel_shape': [1, 1], 'output_padding': [2, 1]}
    >>> rewritten({"pads": [-2, 1, 0, 1]})
    {'pads': [0, 0, 0, 2], 'output_padding': [2, 0]}
    """
    if given.get("auto_pad") in SAME:
        # Without either, its size is the input's and inference is right.
        axes = len(given.get("strides", given.get("output_padding", ())))
        strides = ints(given, "strides", 1, axes)
        return {"kernel_shape": [1] * axes, "output_padding": [s - 1 for s in strides]}
    pads = given.get("pads", ())
    if min(pads, default=0) >= 0:
        return {}
    axes = len(pads) // 2
    totals = [begin + end for begin, end in zip(pads[:axes], pads[axes:], strict=True)]
    added = [
        o + max(-total, 0)
        for o, total in zip(ints(given, "output_padding", 0, axes), totals, strict=True)
    ]
    return {"pads": [0] * axes + [max(total, 0) for total in totals], "output_padding": added}


def write(node: onnx.NodeProto, attributes: Mapping[str, list[int]]) -> None:
    """Put attributes in the place of those of a node, and of its ``auto_pad``."""
    if any(attributes.values()):
        made = [helper.make_attribute(name, values) for name, values in attributes.items()]
        kept = [own for own in node.attribute if own.name not in {*attributes, "auto_pad"}]
        del node.attribute[:]
        node.attribute.extend([*kept, *made])
