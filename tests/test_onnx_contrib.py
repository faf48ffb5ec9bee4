"""Operators of onnxruntime's, built by hand: other processors write others than the one at hand."""

from __future__ import annotations

from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from analytic import Layer
from analytic.models import Missing, Reading
from analytic.onnx import read

MICROSOFT, NCHWC = "com.microsoft", "com.microsoft.nchwc"
LAST = helper.make_node("ConvTranspose", ["v", "w"], ["last"])


def rows_of(*nodes: onnx.NodeProto, **shapes: list[Any] | None) -> dict[str, Layer | Missing]:
    """The rows of nodes that end in ``v``, before a layer of 4 channels."""
    return reading_of(*nodes, **shapes).rows


def reading_of(*nodes: onnx.NodeProto, **shapes: list[Any] | None) -> Reading:
    """What is read of nodes that end in ``v``, before a layer of 4 channels."""
    shapes = {"x": [1, 4, 8, 6], "w": [4, 6, 3, 3], **shapes}
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    graph = helper.make_graph([*nodes, LAST], "g", inputs, [])
    opsets = [helper.make_opsetid(d, v) for d, v in (("", 17), (MICROSOFT, 1), (NCHWC, 1))]
    return read(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def node(operator: str, *inputs: str, domain: str = MICROSOFT, **attributes: Any) -> Any:
    """A node of one of onnxruntime's domains that gives ``v``."""
    return helper.make_node(operator, [*inputs], ["v"], name="node", domain=domain, **attributes)


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes", "size"),
    [
        ("QuantizeLinear", ["x", "s"], {}, (8, 6)),
        ("QuickGelu", ["x"], {"alpha": 1.0}, (8, 6)),
        ("BiasGelu", ["x", "s"], {}, (8, 6)),
        ("QLinearAdd", ["x", "s", "s", "row", "s", "s"], {}, (8, 6)),
        ("QLinearConcat", ["s", "s", "half", "s", "s", "half", "s", "s"], {"axis": 1}, (8, 6)),
        ("QLinearAveragePool", ["x", "s", "s", "s"], {"kernel_shape": [3, 2]}, (6, 5)),
        (
            "QLinearAveragePool",
            ["last", "s", "s", "s"],
            {"kernel_shape": [3, 2], "channels_last": 1},
            (6, 5),
        ),
        ("QLinearGlobalAveragePool", ["x", "s", "s"], {"channels_last": 0}, (1, 1)),
        ("FusedMatMul", ["x", "flat"], {}, (8, 3)),
        ("FusedMatMul", ["x", "x"], {"transA": 1, "alpha": 2.0}, (6, 6)),
        ("FusedMatMul", ["x", "x"], {"transB": 1}, (8, 8)),
        ("FusedMatMul", ["flat", "x"], {"transA": 1, "transB": 1}, (3, 8)),
        ("FusedMatMul", ["x", "x"], {"transBatchA": 1}, None),
        ("FusedMatMul", ["s", "x"], {}, None),
    ],
)
def test_operators_that_stand_before_a_layer(
    operator: str, inputs: list[str], attributes: dict[str, Any], size: tuple[int, ...] | None
) -> None:
    shapes: dict[str, Any] = {"s": [], "row": [1, 1, 1, 6], "half": [1, 2, 8, 6], "flat": [6, 3]}
    shapes["last"] = [1, 8, 6, 4]
    before = node(operator, *inputs, **attributes)
    if attributes.get("channels_last"):
        turned = helper.make_node("Transpose", ["v"], ["t"], perm=[0, 3, 1, 2])
        rows = rows_of(
            before, turned, helper.make_node("ConvTranspose", ["t", "w"], ["y"]), **shapes
        )
        row = rows["y"]
    else:
        row = rows_of(before, **shapes)["last"]
    if size is None:
        assert isinstance(row, Missing)
        assert "node node (com.microsoft.FusedMatMul): it has not the attributes" in row.reason
    else:
        assert row == Layer(size, 4, 6, 3, bias=False)


def test_blocks_of_channels() -> None:
    """Four channels fill a block of eight; the weight says so, and the end takes it back."""
    nodes = [
        helper.make_node("ReorderInput", ["x"], ["a"], domain=NCHWC),
        helper.make_node("Conv", ["a", "u"], ["b"], domain=NCHWC, pads=[1, 1, 1, 1], name="c"),
        helper.make_node(
            "MaxPool", ["b"], ["d"], domain=NCHWC, kernel_shape=[2, 2], strides=[2, 2]
        ),
        helper.make_node("Upsample", ["d"], ["e"], domain=NCHWC, scales=[1, 1, 2, 1]),
        helper.make_node("ReorderOutput", ["e"], ["v"], domain=NCHWC, channels=4),
    ]
    rows, notes = reading_of(
        *nodes, helper.make_node("Conv", ["a", "u"], ["f"], domain=NCHWC), u=[8, 8, 3, 3]
    )
    (note,) = notes
    assert "counted as the file has them" in note
    assert rows["c"] == Layer([8, 6], 8, 8, 3, padding=1, bias=False, transposed=False)
    assert rows["last"] == Layer([8, 3], 4, 6, 3, bias=False)


def test_blocks_of_channels_that_stand_last() -> None:
    nodes = [
        helper.make_node("ReorderInput", ["x"], ["a"], domain=NCHWC, channels_last=1),
        helper.make_node("Conv", ["a", "u"], ["b"], domain=NCHWC, name="c"),
        helper.make_node("ReorderOutput", ["b"], ["e"], domain=NCHWC, channels=4, channels_last=1),
        helper.make_node("Transpose", ["e"], ["v"], perm=[0, 3, 1, 2]),
    ]
    rows = rows_of(*nodes, x=[1, 8, 6, 4], u=[8, 8, 3, 3])
    assert rows["c"] == Layer([8, 6], 8, 8, 3, bias=False, transposed=False)
    assert rows["last"] == Layer([6, 4], 4, 6, 3, bias=False)


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("ReorderOutput", {}),
        ("ReorderOutput", {"channels": "x"}),
        ("Upsample", {"scales": [2, 2]}),
        ("Upsample", {"scales": 2}),
    ],
)
def test_attributes_that_are_not_those_of_the_operator(
    operator: str, attributes: dict[str, Any]
) -> None:
    row = rows_of(node(operator, "x", domain=NCHWC, **attributes))["last"]
    assert isinstance(row, Missing)
    assert f"node node (com.microsoft.nchwc.{operator}): it has not the attr" in row.reason


def test_rules_of_inputs_that_are_not_known() -> None:
    nodes = [
        helper.make_node("Odd", ["x"], ["a"], name="odd", domain=MICROSOFT),
        helper.make_node("Upsample", ["a"], ["v"], domain=NCHWC, scales=[1, 1, 2, 2]),
    ]
    row = rows_of(*nodes)["last"]
    assert isinstance(row, Missing)
    assert "node odd (com.microsoft.Odd): nothing is known of the operator" in row.reason
    named = rows_of(
        helper.make_node("Upsample", ["x"], ["v"], domain=NCHWC, scales=[1, 1, 2, 2]),
        x=[1, 4, "h", 6],
    )["last"]
    assert isinstance(named, Missing)
    assert named.names == ("h",)


@pytest.mark.parametrize("operator", ["NhwcConv", "NhwcFusedConv", "QLinearConv"])
def test_convolutions_with_the_channels_last(operator: str) -> None:
    order = ["x", "s", "s", "u", "s", "s", "s", "s", "b"] if "QLinear" in operator else "xub"
    attributes: dict[str, Any] = {"channels_last": 1} if "QLinear" in operator else {}
    layer = node(operator, *order, strides=[2, 1], **attributes)
    turned = helper.make_node("Transpose", ["v"], ["t"], perm=[0, 3, 1, 2])
    end = helper.make_node("ConvTranspose", ["t", "w"], ["y"])
    shapes: dict[str, Any] = {"x": [1, 8, 6, 3], "u": [4, 3, 3, 3], "b": [4], "s": []}
    rows = rows_of(layer, turned, end, **shapes)
    assert rows["node"] == Layer([8, 6], 3, 4, 3, (2, 1), transposed=False)
    assert rows["y"] == Layer([3, 4], 4, 6, 3, bias=False)
    rows = rows_of(layer, turned, end, **{**shapes, "x": [1, None, 6, None]})
    missing = rows["node"]
    assert isinstance(missing, Missing)
    assert missing.names == ("x:1", "x:3")
    odd = helper.make_node("Odd", ["x"], ["o"], name="odd", domain=MICROSOFT)
    layer.input[0] = "o"
    missing = rows_of(odd, layer, turned, end, **shapes)["node"]
    assert isinstance(missing, Missing)
    assert missing.reason.startswith("its input has no size on axis 0, 1, 2: node odd (com.micro")


@pytest.mark.parametrize("bias", [True, False])
def test_a_quantised_transposed_convolution(bias: bool) -> None:
    """Its weight is the fourth input, its bias the ninth; sizes as of the layer that it is."""
    order = ["x", "s", "s", "w", "s", "s", "s", "s", *(["c"] if bias else [])]
    quantised = node("QLinearConvTranspose", *order, strides=[2, 2], pads=[1, 1, 1, 1])
    rows = rows_of(quantised, s=[], c=[6])
    assert rows["node"] == Layer([8, 6], 4, 6, 3, stride=2, padding=1, bias=bias)
    assert isinstance(rows["last"], Missing)  # its 6 channels are none of the 4 that the next reads
