"""ONNX models of one node, and what onnx's own reference evaluator makes of them."""

from __future__ import annotations

from typing import Any

import numpy
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def on_ones(model: onnx.ModelProto) -> Any:
    """What the reference evaluator makes of ones: at each position, how many products land."""
    inputs: Any = model.graph.input
    shapes = {value.name: value.type.tensor_type.shape.dim for value in inputs}
    feeds = {
        name: numpy.ones([dim.dim_value for dim in dims], numpy.float32)
        for name, dims in shapes.items()
    }
    results: Any = ReferenceEvaluator(model).run(None, feeds)
    return results[0]


def node_model(
    input_shape: list[int], weight_shape: list[int], bias: bool = False, **attributes: Any
) -> onnx.ModelProto:
    """A model of one node."""
    inputs = {"x": input_shape, "w": weight_shape}
    if bias:
        inputs["b"] = [weight_shape[1] * attributes.get("group", 1)]
    graph = helper.make_graph(
        [helper.make_node("ConvTranspose", list(inputs), ["y"], name="up", **attributes)],
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
