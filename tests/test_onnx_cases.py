"""The cases that the onnx package has for its convolutions, of both kinds."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest
from onnx import TensorProto, helper

import analytic
from analytic.onnx import layers_of, read
from tests.onnx_models import on_ones


def node_test_cases() -> list[Any]:
    """The project's own cases for the operators, which importing their modules collects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case import node

        for operator in ("conv", "convinteger", "convtranspose", "qlinearconv"):
            importlib.import_module(f"onnx.backend.test.case.node.{operator}")
    cases = [
        case
        for case in node._NodeTestCases
        if {part.op_type for part in case.model.graph.node} <= OPERATORS
    ]
    return [pytest.param(case, id=case.name) for case in cases]


#: The operators, and at which place of their inputs the weight stands.
PLACES = {"Conv": 1, "ConvTranspose": 1, "ConvInteger": 1, "QLinearConv": 3}
OPERATORS = set(PLACES)


def plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """A model of one convolution of integers, as the one of numbers that it stands for."""
    (node,) = model.graph.node
    shapes = {value.name: value for value in model.graph.input}
    names = [node.input[0], node.input[PLACES[node.op_type]]]
    operator = "ConvTranspose" if node.op_type == "ConvTranspose" else "Conv"
    single = helper.make_node(operator, names, ["y"])
    single.attribute.extend(node.attribute)
    inputs = [shapes[name] for name in names]
    for value in inputs:
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([single], "g", inputs, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("case", node_test_cases())
def test_the_node_test_cases_of_onnx(case: Any) -> None:
    (layer,) = layers_of(case.model).values()
    counted = on_ones(plain(case.model))
    assert analytic.macs(layer) == counted.sum()
    count = analytic.count(layer)
    (_, expected), *_ = case.data_sets
    assert (layer.batch_size, layer.out_channels, *count.output_size) == expected[0].shape
    assert count.covered * layer.batch_size * layer.out_channels == numpy.count_nonzero(counted)
    assert layer.transposed == (case.model.graph.node[0].op_type == "ConvTranspose")


def test_all_node_test_cases_of_onnx_are_there() -> None:
    names = [case.id for case in node_test_cases()]
    assert sum("convtranspose" in name for name in names) >= 11
    assert sum(name.startswith("test_basic_conv") for name in names) >= 2
    assert sum(name.startswith("test_conv_with") for name in names) >= 4
    assert {"test_convinteger_with_padding", "test_qlinearconv"} <= {*names}


def model_files() -> list[Any]:
    root = Path(onnx.__file__).parent / "backend/test/data"
    # Those of nodes, which older releases bring as files too, are `node_test_cases`.
    paths = [path for path in root.glob("[!n]*/*/model.onnx") if "conv" in path.parent.name.lower()]
    return [pytest.param(path, id=path.parent.name) for path in sorted(paths)]


@pytest.mark.parametrize("path", model_files())
def test_the_model_files_of_onnx(path: Path) -> None:
    """Models that torch exported, with weights inside: ones in their place, and no bias."""
    (layer,) = layers_of(path).values()
    model = onnx.load(path)
    convolution = next(node for node in model.graph.node if node.op_type in OPERATORS)
    assert layer.bias == (len(convolution.input) == 3)
    shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    for value in model.graph.input:
        dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        shapes.setdefault(value.name, dims)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name])
        for name in convolution.input[:2]
    ]
    del convolution.input[2:]
    output = helper.make_tensor_value_info(convolution.output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph([convolution], "g", inputs, [output])
    opset = helper.make_opsetid("", 17)
    assert analytic.macs(layer) == on_ones(helper.make_model(graph, opset_imports=[opset])).sum()


def test_there_are_model_files() -> None:
    assert len(model_files()) >= 29


Case = tuple[str, list[int], list[Any], dict[str, Any], list[int] | None]


def cases(
    operator: str,
    shape: list[int],
    weight: list[Any],
    *outputs: tuple[dict[str, Any], list[int] | None],
) -> list[Case]:
    """Cases of one operator on one input with one weight."""
    return [(operator, shape, weight, attributes, output) for attributes, output in outputs]


UP = [25, 48, 16, 16]
TWO: dict[str, Any] = {"strides": [2, 2]}
CROPPED: dict[str, Any] = {**TWO, "pads": [1, 1, 2, 2]}
SAME: dict[str, Any] = {"auto_pad": "SAME_UPPER"}

#: What onnx's own tests of shape inference say of convolutions, by operator, input, weight and
#: attributes: the shape of the output, or None where they are refused. Source: the project's
#: tests/python/shape_inference_test.py.
INFERRED: list[Case] = [
    *cases(
        "ConvTranspose",
        UP,
        [48, 32, 3, 3],
        (TWO, [25, 32, 33, 33]),
        (CROPPED, [25, 32, 30, 30]),
        ({**CROPPED, "output_shape": [36, 36]}, [25, 32, 36, 36]),
        ({**CROPPED, "dilations": [3, 3]}, [25, 32, 34, 34]),
        ({**CROPPED, "group": 2}, [25, 64, 30, 30]),
        ({**CROPPED, "group": 2, "output_shape": [36, 36]}, [25, 64, 36, 36]),
        ({**TWO, **SAME}, [25, 32, 32, 32]),
    ),
    *cases(
        "ConvTranspose",
        UP,
        [48, 32, None, None],
        ({**CROPPED, "kernel_shape": [3, 3]}, [25, 32, 30, 30]),
    ),
    *cases("ConvTranspose", UP, [], (TWO, None)),
    *cases("ConvTranspose", UP, [9], (TWO, None)),
    *cases("ConvTranspose", UP, [48, 32], (TWO, None)),
    *cases("ConvTranspose", [25, 48], [48, 32, 3, 3], (TWO, None)),
    *cases("ConvTranspose", [1, 1, 5], [1, 3], ({}, None)),
    *cases("ConvTranspose", [1, 1, 4, 4], [1, 1, 3, 3, 3], ({}, None)),
    *cases(
        "ConvTranspose",
        [1, 1, 4, 4],
        [1, 1, 3, 3],
        ({"dilations": [-1, 1]}, None),
        ({"strides": [0, 1]}, None),
        ({"pads": [-1, 0, 0, 0]}, None),
        ({"strides": [2, 2], "output_padding": [-1, 0]}, None),
        ({"output_shape": [-1, 6]}, None),
        ({"kernel_shape": [0, 3]}, None),
        ({**SAME, "strides": [1, 1], "pads": [0, 1, 1, 0]}, None),
    ),
    *cases(
        "Conv",
        [1, 1, 5, 5],
        [1, 1, 3, 3],
        ({"strides": [0, 1]}, None),
        ({"strides": [-1, 1]}, None),
        ({"dilations": [0, 1]}, None),
        ({"dilations": [-1, 1]}, None),
        ({"pads": [-1, 0, 0, 0]}, None),
        ({"kernel_shape": [0, 3]}, None),
        ({"kernel_shape": [-1, 3]}, None),
    ),
    *cases("Conv", [1, 1], [1, 1, 3], ({}, None)),
    *cases("Conv", [1, 1, 5], [1, 1, 2], ({"dilations": [2**63 - 1]}, None)),
    *cases("Conv", [7, 6, 1, 5], [7, 2, 3, 2, 1], ({"auto_pad": "NOTSET"}, None)),
    *cases("Conv", [30, 4, 5], [50, 4, 2], ({"dilations": [1]}, [30, 50, 4])),
    *cases("Conv", [30, 4, 5], [50, 4, 5], ({"strides": [2]}, [30, 50, 1])),
    *cases(
        "Conv",
        [30, 4, 7, 6, 4],
        [50, 4, 4, 3, 2],
        (SAME, [30, 50, 7, 6, 4]),
        ({**SAME, "strides": [2, 2, 1]}, [30, 50, 4, 3, 4]),
    ),
    *cases(
        "Conv",
        [30, 4, 65, 64, 63],
        [50, 4, 4, 3, 2],
        ({**SAME, "dilations": [2, 3, 4]}, [30, 50, 65, 64, 63]),
    ),
]
#: A kernel that is narrower than the stride, as onnxruntime runs it; and no stride at all.
INFERRED += cases("Conv", [1, 1, 5], [1, 1, 1], ({**SAME, "strides": [3]}, [1, 1, 2]))
INFERRED += cases("Conv", [1, 1, 5], [1, 1, 1], ({**SAME, "strides": [0]}, None))
for name in ("Conv", "ConvInteger", "QLinearConv"):
    INFERRED += [
        *cases(
            name,
            [3, 4, 5, 6, 7],
            [5, 4, 2, 4, 3],
            (
                {"pads": [0, 1, 1, 0, 0, 1], "dilations": [1, 2, 2], "strides": [1, 1, 2]},
                [3, 5, 4, 1, 3],
            ),
        ),
        *cases(
            name,
            [30, 4, 8, 8, 8],
            [50, 4, 3, 3, 3],
            ({"dilations": [1, 2, 3]}, [30, 50, 6, 4, 2]),
            ({"strides": [1, 2, 3]}, [30, 50, 6, 3, 2]),
        ),
        *cases(
            name,
            [30, 4, 7, 6, 4],
            [50, 4, 3, 3, 3],
            ({"pads": [1, 1, 2, 0, 1, 2]}, [30, 50, 6, 6, 6]),
        ),
        *cases(name, [30, 4, 8, 8, 8], [4, 1, 8, 8, 8], ({"group": 4}, [30, 4, 1, 1, 1])),
    ]


@pytest.mark.parametrize(("operator", "shape", "weight", "attributes", "output"), INFERRED)
def test_what_onnx_infers(
    operator: str,
    shape: list[int],
    weight: list[Any],
    attributes: dict[str, Any],
    output: list[int] | None,
) -> None:
    inputs: dict[str, list[Any]] = {"x": shape, "w": weight, "s": []}
    order = ["x", "s", "s", "w", "s", "s", "s", "s"] if "QLinear" in operator else ["x", "w"]
    graph = helper.make_graph(
        [helper.make_node(operator, order, ["y"], name="layer", **attributes)],
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    if output is None:
        with pytest.raises(ValueError, match=r"^layer: "):
            layers_of(model)
        return
    (layer,) = layers_of(model).values()
    sizes = analytic.count(layer).output_size
    assert [layer.batch_size, layer.out_channels, *sizes] == output


@pytest.mark.parametrize("operator", ["Conv", "ConvInteger", "QLinearConv"])
def test_sizes_that_are_missing_leave_the_others(operator: str) -> None:
    """By onnx's test it is 30×50×?×6×6; a mean over the map makes all of it known."""
    order = ["x", "s", "s", "w", "s", "s", "s", "s"] if "QLinear" in operator else ["x", "w"]
    nodes = [
        helper.make_node(operator, order, ["y"], name="first", pads=[1, 1, 2, 0, 1, 2]),
        helper.make_node("GlobalAveragePool", ["y"], ["m"]),
        helper.make_node("ConvTranspose", ["m", "v"], ["z"], name="second"),
        helper.make_node("ConvTranspose", ["y", "v"], ["t"], name="third"),
    ]
    shapes: dict[str, list[Any]] = {
        "x": [30, 4, None, 6, 4],
        "w": [50, 4, 3, 3, 3],
        "v": [50, 2, 2, 2, 2],
        "s": [],
    }
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()],
        [],
    )
    rows = read(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])).rows
    assert rows["second"] == analytic.Layer([1, 1, 1], 50, 2, 2, bias=False, batch_size=30)
    assert "x:2" in str(rows["first"])
    assert "x:2" in str(rows["third"])
