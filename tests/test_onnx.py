"""ONNX models as layers, held to the reference evaluator and the test cases of the onnx package."""

from __future__ import annotations

import math
import os
import random
import resource
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, parser
from onnx.backend.test.loader import load_model_tests
from onnx.reference import ReferenceEvaluator

import analytic
from analytic import Layer
from analytic.onnx import UnboundError, layers_of
from analytic.protobuf import write_varint
from tests import brute


def on_ones(model: onnx.ModelProto) -> Any:
    """What the reference evaluator makes of ones: at each position, how many products land."""
    feeds = {
        value.name: numpy.ones(
            [dim.dim_value for dim in value.type.tensor_type.shape.dim], numpy.float32
        )
        for value in model.graph.input
    }
    return ReferenceEvaluator(model).run(None, feeds)[0]


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


def read(*arguments: Any, **attributes: Any) -> Layer:
    """The layer of a model of one node."""
    return layers_of(node_model(*arguments, **attributes))["up"]


def node_test_cases() -> list[Any]:
    """The project's own cases for the operator, which importing their module collects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case import node
        from onnx.backend.test.case.node import convtranspose
    assert convtranspose
    cases = [case for case in node._NodeTestCases if case.name.startswith("test_convtranspose")]
    return [pytest.param(case, id=case.name) for case in cases]


@pytest.mark.parametrize("case", node_test_cases())
def test_the_node_test_cases_of_onnx(case: Any) -> None:
    (layer,) = layers_of(case.model).values()
    counted = on_ones(case.model)
    assert analytic.macs(layer) == counted.sum()
    count = analytic.count(layer)
    (_, expected), *_ = case.data_sets
    assert (layer.batch_size, layer.out_channels, *count.output_size) == expected[0].shape
    assert count.covered * layer.batch_size * layer.out_channels == numpy.count_nonzero(counted)


def test_all_node_test_cases_of_onnx_are_there() -> None:
    assert len(node_test_cases()) >= 11


def model_files() -> list[Any]:
    root = Path(onnx.__file__).parent / "backend/test/data"
    found = [path for path in root.glob("*/*/model.onnx") if "convtranspose" in str(path).lower()]
    return [pytest.param(path, id=path.parent.name) for path in sorted(found)]


@pytest.mark.parametrize("path", model_files())
def test_the_model_files_of_onnx(path: Path) -> None:
    """Models that torch exported, with weights inside: ones in their place, and no bias."""
    (layer,) = layers_of(path).values()
    model = onnx.load(path)
    weights = list(model.graph.initializer)
    for tensor in weights:
        values = numpy.full(tensor.dims, len(tensor.dims) > 1, numpy.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    names = {tensor.name for tensor in weights}
    inputs = [value for value in model.graph.input if value.name not in names]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    assert layer.bias == ("no_bias" not in str(path) and len(model.graph.node[0].input) == 3)
    assert analytic.macs(layer) == on_ones(model).sum()


def test_there_are_model_files() -> None:
    assert len(model_files()) == 3


@st.composite
def nodes(draw: st.DrawFn) -> onnx.ModelProto:
    """A model of one node, in the reach of the reference evaluator."""
    axes = draw(st.integers(1, 3))

    def per_axis(least: int, most: int, length: int = axes) -> list[int]:
        return draw(st.lists(st.integers(least, most), min_size=length, max_size=length))

    # The evaluator takes several groups for one channel each.
    group = draw(st.integers(1, 2))
    channels, per_group = (group, 1) if group > 1 else (draw(st.integers(1, 3)), 2)
    most = 5 if axes < 3 else 3
    attributes: dict[str, Any] = {"group": group, "strides": per_axis(1, 3)}
    attributes["dilations"] = per_axis(1, 3)
    kernel = per_axis(1, 3)
    spans = zip(attributes["strides"], attributes["dilations"], strict=True)
    attributes["output_padding"] = [draw(st.integers(0, max(span) - 1)) for span in spans]
    auto_pad = draw(st.sampled_from(["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]))
    if draw(st.booleans()) or auto_pad != "NOTSET":
        attributes["auto_pad"] = auto_pad
    if auto_pad == "NOTSET" and draw(st.booleans()):
        attributes["pads"] = per_axis(-1, 3, 2 * axes)
    if auto_pad.startswith("SAME") and draw(st.booleans()):
        attributes["output_shape"] = per_axis(1, 9)
    if draw(st.booleans()):
        attributes["kernel_shape"] = kernel
    shape = [draw(st.integers(1, 2)), channels, *per_axis(1, most)]
    return node_model(shape, [channels, per_group, *kernel], **attributes)


@given(nodes())
@settings(max_examples=150, deadline=None)
def test_any_node_counts_as_the_reference_evaluator(model: onnx.ModelProto) -> None:
    try:
        layer = layers_of(model)["up"]
    except ValueError as reason:
        assert "output_size must be positive" in str(reason) or "malformed" in str(reason)
        return
    try:
        counted = on_ones(model)
    except ValueError:  # the evaluator does not run every legal node
        assume(False)
    count = analytic.count(layer)
    assert (layer.batch_size, layer.out_channels, *count.output_size) == counted.shape
    assert analytic.macs(layer) == counted.sum()
    assert count.covered * layer.batch_size * layer.out_channels == numpy.count_nonzero(counted)
