"""Nodes with graphs of their own: sizes behind them, and layers in them."""

from __future__ import annotations

import numpy
import onnx
import pytest
from onnx import TensorProto, helper, parser

from analytic import Layer
from analytic.models import Missing
from analytic.onnx import DimensionError, layers_of, read
from tests import onnx_graphs

HEAD = '<ir_version: 8, opset_import: ["": 17]> g'
#: Input of the layers that stand behind: 1×4×5 where nothing happens.
INPUTS = "float[1, 4, 5] x, float[4, 6, 3] w, int64 n, bool c"


def model(body: str, inputs: str = INPUTS, constants: str = "") -> onnx.ModelProto:
    """A model that ends in the layer ``y``, whose input is ``v``."""
    text = f"{HEAD} ({inputs}) => (y) {constants} {{ {body} y = ConvTranspose (v, w) }}"
    proto = parser.parse_model(text.replace("(, ", "(nothing, "))
    for node in proto.graph.node:  # an input that is left out, which not every parser reads
        node.input[:] = ["" if name == "nothing" else name for name in node.input]
    return proto


def size_as_run(proto: onnx.ModelProto) -> tuple[int, ...]:
    """The shape of the layer's input, as onnxruntime runs the model on ones."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    del proto.graph.node[-1], proto.graph.output[:]
    kind = helper.make_tensor_value_info("v", TensorProto.FLOAT, None)
    proto.graph.output.append(kind)
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in proto.graph.input
    }
    feeds = {name: numpy.ones(shape, numpy.float32) for name, shape in shapes.items() if shape}
    scalars = {"n": numpy.array(3), "c": numpy.array(True)}
    feeds |= {name: value for name, value in scalars.items() if name in shapes}
    return tuple(onnx_graphs.run(proto, feeds)[0].shape)


CARRIED = (
    "o = Loop ({turns}, {condition}, x) <body = b (int64 i, bool k, float[1, 4, 5] p) => "
    "(bool g, q) {{ g = Identity (k) q = Relu (p) }}> v = Identity (o)"
)
GROWING = (
    "o = Loop ({turns}, {condition}, x) <body = b (int64 i, bool k, p) => "
    "(bool g, q) {{ g = Identity (k) q = Concat <axis = 2> (p, x) }}> v = Identity (o)"
)
COLLECTED = (
    "o, s = Loop ({turns}, {condition}, x) <body = b (int64 i, bool k, float[1, 4, 5] p) => "
    "(bool g, q, r) {{ g = Identity (k) q = Relu (p) r = ReduceSum <keepdims = 0> (p, one) }}> "
    "v = Transpose <perm = [1, 2, 0]> (s)"
)
CONSTANTS = "<int64[1] one = {1}, int64 three = {3}, bool yes = {1}>"


@pytest.mark.parametrize("condition", ["", "yes"])
@pytest.mark.parametrize("loop", [CARRIED, COLLECTED])
def test_loops_that_run_a_known_number_of_times(loop: str, condition: str) -> None:
    text = loop.format(turns="three", condition=condition)
    proto = model(
        text, "float[1, 4, 5] x, float[5, 6, 3] w" if "s =" in text else INPUTS, CONSTANTS
    )
    (layer,) = layers_of(proto).values()
    shape = (layer.batch_size, layer.in_channels, *layer.input_size)
    assert shape == size_as_run(proto)


@pytest.mark.parametrize(
    ("loop", "turns", "condition", "words"),
    [
        (COLLECTED, "n", "yes", "how often it runs depends on data"),
        (COLLECTED, "three", "c", "how often it runs depends on data"),
        (COLLECTED, "", "yes", "how often it runs depends on data"),
        (GROWING, "three", "yes", "a size changes from turn to turn"),
    ],
)
def test_loops_whose_sizes_are_not_known(loop: str, turns: str, condition: str, words: str) -> None:
    inputs = INPUTS.replace("[4, 6, 3]", "[5, 6, 3]") if loop is COLLECTED else INPUTS
    proto = model(loop.format(turns=turns, condition=condition), inputs, CONSTANTS)
    missing = read(proto).rows["y"]
    assert isinstance(missing, Missing)
    assert "axis 2: node o (Loop): " + words in missing.reason
    assert layers_of(proto, {"y:2": 3})["y"].input_size == (3,)


def test_a_loop_without_turns_leaves_what_was_carried() -> None:
    """Whether the body runs at all is not known: its size is the one before or the one after."""
    text = GROWING.replace("Concat <axis = 2> (p, x)", "Slice (x, zero, one, one)")
    constants = CONSTANTS.replace("int64 three", "int64[1] zero = {0}, int64 three")
    text = text.format(turns="n", condition="yes").replace("one, one", "one, two")
    constants = constants.replace("bool yes", "int64[1] two = {2}, bool yes")
    missing = read(model(text, INPUTS, constants)).rows["y"]
    assert isinstance(missing, Missing)
    text = text.replace("(n,", "(three,")
    assert layers_of(model(text, INPUTS, constants))["y"].input_size == (1,)


def test_layers_in_a_loop_are_listed_once_at_the_sizes_of_every_turn() -> None:
    body = (
        "o = Loop (n, c, x) <body = b (int64 i, bool k, p) => (bool g, q) "
        "{ g = Identity (k) q = ConvTranspose <pads = [1, 1]> (p, u) }> v = Identity (o)"
    )
    proto = model(body, INPUTS + ", float[4, 4, 3] u")
    assert layers_of(proto) == {
        "o/body/q": Layer([5], 4, 4, 3, padding=1, bias=False),
        "y": Layer([5], 4, 6, 3, bias=False),
    }
    growing = model(body.replace("<pads = [1, 1]>", ""), INPUTS + ", float[4, 4, 3] u")
    rows = read(growing).rows
    assert all("a size changes from turn to turn" in str(row) for row in rows.values())
    assert [*rows] == ["o/body/q", "y"]


SCAN = (
    "o, s = Scan <num_scan_inputs = 1{axes}, body = b (float[1, 4] p, float[1, 4] r) => (q, t) "
    "{{ q = Add (p, r) t = Concat <axis = 1> (q, r) }}> (z, x) "
)


@pytest.mark.parametrize(
    ("axes", "perm"),
    [
        (", scan_input_axes = [2]", [1, 2, 0]),
        (", scan_input_axes = [-1], scan_output_axes = [2]", [0, 1, 2]),
        (", scan_input_axes = [2], scan_output_axes = [-1]", [0, 1, 2]),
        (", scan_input_axes = [2], scan_output_axes = [1]", [0, 2, 1]),
    ],
)
def test_scans(axes: str, perm: list[int]) -> None:
    """Five slices of 1×4, of which eight channels are collected along the axis that is said."""
    body = SCAN.format(axes=axes) + f"v = Transpose <perm = {perm}> (s)"
    proto = model(body, "float[1, 4, 5] x, float[8, 6, 3] w, float[1, 4] z")
    (layer,) = layers_of(proto).values()
    assert layer == Layer([5], 8, 6, 3, bias=False)
    assert size_as_run(proto) == (1, 8, 5)


def test_a_scan_of_a_length_that_is_not_known() -> None:
    body = SCAN.format(axes=", scan_input_axes = [2]") + "v = Transpose <perm = [1, 2, 0]> (s)"
    proto = model(body, "float[1, 4, m] x, float[8, 6, 3] w, float[1, 4] z")
    assert layers_of(proto, {"m": 7})["y"].input_size == (7,)
    with pytest.raises(ValueError, match="without a size: m;"):
        layers_of(proto)
    for value in proto.graph.input[:1]:
        value.type.tensor_type.ClearField("shape")
    with pytest.raises(ValueError, match="the graph input x has no shape"):
        layers_of(proto)


@pytest.mark.parametrize(
    ("then", "other", "size"),
    [("Relu (x)", "Neg (x)", 5), ("Relu (x)", "Concat <axis = 2> (x, x)", None)],
)
def test_branches(then: str, other: str, size: int | None) -> None:
    body = (
        f"v = If (c) <then_branch = t () => (a) {{ a = {then} }}, "
        f"else_branch = e () => (b) {{ b = {other} }}>"
    )
    row = read(model(body)).rows["y"]
    if size is None:
        assert isinstance(row, Missing)
        assert "axis 2: node v (If): its branches give different sizes" in row.reason
        taken = model(body.replace("(c)", "(yes)"), INPUTS, CONSTANTS)
        assert layers_of(taken)["y"].input_size == (5,)
        taken = model(body.replace("(c)", "(no)"), INPUTS, "<bool no = {0}>")
        assert layers_of(taken)["y"].input_size == (10,)
    else:
        assert row == Layer([size], 4, 6, 3, bias=False)


def test_branches_of_other_axes() -> None:
    """One flattens, the other does not: not even the number of axes is known."""
    body = (
        "v = If (c) <then_branch = t () => (a) { a = Relu (x) }, "
        "else_branch = e () => (b) { b = Flatten (x) }>"
    )
    row = read(model(body)).rows["y"]
    assert isinstance(row, Missing)
    assert "its branches give different sizes" in row.reason


@pytest.mark.parametrize(
    "body",
    [
        "v = If (c) <then_branch = t () => (a) { u = ConvTranspose (x, w) a = Relu (x) }>",
        "v = Loop (n) <body = t () => (a) { u = ConvTranspose (x, w) a = Relu (x) }>",
        "v = If (nowhere) <then_branch = t () => (a) { u = ConvTranspose (x, w) a = Relu (x) }>",
        "v = Scan (x) <body = t () => (a) { u = ConvTranspose (x, w) a = Relu (x) }>",
        "v = Relu (x) <other = t () => (a) { u = ConvTranspose (x, w) a = Relu (x) }>",
    ],
)
def test_what_is_malformed_hides_no_layers(body: str) -> None:
    rows = read(model(body)).rows
    (inner, layer), (last, missing) = rows.items()
    assert layer == Layer([5], 4, 6, 3, bias=False)
    assert inner.endswith("/u")
    assert last == "y"
    assert isinstance(missing, Missing)
    assert "node v (" in missing.reason


def test_an_output_of_a_graph_that_no_node_gives() -> None:
    body = (
        "v = If (c) <then_branch = t () => (a) { b = Relu (x) }, "
        "else_branch = e () => (b) { b = Relu (x) }>"
    )
    row = read(model(body)).rows["y"]
    assert isinstance(row, Missing)
    assert "a graph has an output that no node gives" in row.reason


def test_what_a_loop_collects_of_which_nothing_is_known() -> None:
    body = COLLECTED.format(turns="three", condition="")
    proto = model(
        body.replace("ReduceSum <keepdims = 0> (p, one)", "local.Odd (p)"), INPUTS, CONSTANTS
    )
    proto.opset_import.add(domain="local", version=1)
    row = read(proto).rows["y"]
    assert isinstance(row, Missing)
    assert "node o/body/r (local.Odd): nothing is known of the operator" in row.reason


def test_sizes_by_node_in_a_body_must_not_contradict() -> None:
    body = (
        "o = Loop (n, c, x) <body = b (int64 i, bool k, p) => (bool g, q) "
        "{ g = Identity (k) q = ConvTranspose <pads = [1, 1]> (p, u) }> v = Identity (o)"
    )
    proto = model(body, INPUTS + ", float[4, 4, 3] u")
    with pytest.raises(DimensionError, match="o/body/q:2 is 5 in the file, but 6 is given"):
        layers_of(proto, {"o/body/q:2": 6})


def test_a_node_whose_sizes_are_known_is_not_to_blame() -> None:
    branches = (
        "u = If (c) <then_branch = t () => (a) { a = Relu (x) }, "
        "else_branch = e () => (b) { b = Neg (x) }> v = Reshape (u, i)"
    )
    turns = COLLECTED.format(turns="three", condition="").replace("v =", "u =")
    for body in (branches, turns + " v = Reshape (u, i)"):
        row = read(model(body, INPUTS + ", int64[3] i", CONSTANTS)).rows["y"]
        assert isinstance(row, Missing)
        assert "node v (Reshape): the size of its output depends on data" in row.reason
