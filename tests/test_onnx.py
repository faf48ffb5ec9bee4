"""ONNX models as layers, held to the reference evaluator and the test cases of the onnx package."""

from __future__ import annotations

import os
import random
import resource
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, parser

import analytic
from analytic import Layer
from analytic.onnx import UnboundError, layers_of
from analytic.onnx.nodes import layer_of_node
from analytic.onnx.protobuf import write_varint
from analytic.onnx.reader import skeleton
from tests import brute
from tests.onnx_models import node_model, on_ones


def read(*arguments: Any, **attributes: Any) -> Layer:
    """The layer of a model of one node."""
    return layers_of(node_model(*arguments, **attributes))["up"]


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
        attributes["pads"] = per_axis(0, 3, 2 * axes)
    if auto_pad.startswith("SAME") and draw(st.booleans()):
        attributes["output_shape"] = per_axis(1, 9)
    if draw(st.booleans()):
        attributes["kernel_shape"] = kernel
    shape = [draw(st.integers(1, 2)), channels, *per_axis(1, most)]
    return node_model(shape, [channels, per_group, *kernel], **attributes)


def followed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model and another node that reads its output, whose size inference has to find."""
    longer = onnx.ModelProto()
    longer.CopyFrom(model)
    channels, *kernel = [dim.dim_value for dim in shape_of(model, "w")[1:]]
    group = next((a.i for a in model.graph.node[0].attribute if a.name == "group"), 1)
    weight = [channels * group, 1, *(1 for _ in kernel)]
    longer.graph.input.append(helper.make_tensor_value_info("v", TensorProto.FLOAT, weight))
    longer.graph.node.append(helper.make_node("ConvTranspose", ["y", "v"], ["z"], name="next"))
    return longer


def shape_of(model: onnx.ModelProto, name: str) -> Any:
    """The shape of an input."""
    (value,) = [value for value in model.graph.input if value.name == name]
    return value.type.tensor_type.shape.dim


def read_or_refused(model: onnx.ModelProto | Path) -> Layer | str:
    """The layer, or what is said where there is none."""
    try:
        return next(iter(layers_of(model).values()), "no layers")
    except ValueError as reason:
        return str(reason)


@given(nodes())
@settings(max_examples=150, deadline=None)
def test_any_node_counts_as_the_reference_evaluator(model: onnx.ModelProto) -> None:
    layer = read_or_refused(model)
    if isinstance(layer, str):
        assert "output_size must be positive" in layer
        return
    try:
        counted = on_ones(model)
    except ValueError:  # the evaluator does not run every legal node
        assume(False)
    count = analytic.count(layer)
    assert (layer.batch_size, layer.out_channels, *count.output_size) == counted.shape
    assert analytic.macs(layer) == counted.sum()
    assert count.covered * layer.batch_size * layer.out_channels == numpy.count_nonzero(counted)
    assert layers_of(followed(model))["next"].input_size == counted.shape[2:]


def test_output_shape_crops_as_the_text_of_the_operator_says() -> None:
    """Natural size 7, output 6: one to crop, at the begin but for SAME_UPPER. 4: three to crop."""
    shapes = [1, 1, 3], [1, 1, 3]
    for output_shape, auto_pad, begin, end in (
        ([6], "NOTSET", 1, 0),
        ([6], "SAME_LOWER", 1, 0),
        ([6], "SAME_UPPER", 0, 1),
        ([4], "NOTSET", 2, 1),
        ([4], "SAME_UPPER", 1, 2),
        ([9], "NOTSET", -1, -1),
        ([2], "NOTSET", 3, 2),
        ([1], "SAME_UPPER", 3, 3),
    ):
        model = node_model(*shapes, strides=[2], output_shape=output_shape, auto_pad=auto_pad)
        layers = layers_of(followed(model))
        layer = layers["up"].replace(end_padding=layers["up"].end_padding or layers["up"].padding)
        assert (layer.padding, layer.end_padding) == ((begin,), (end,))
        assert layers["next"].input_size == tuple(output_shape)


def test_any_number_of_axes_and_the_bias() -> None:
    layer = read([2, 1, 3, 2, 2, 4], [1, 3, 2, 2, 1, 3], bias=True, strides=[1, 2, 1, 1])
    geometry: dict[str, Any] = {"stride": (1, 2, 1, 1), "batch_size": 2, "axes": 4}
    assert layer == Layer((3, 2, 2, 4), 1, 3, (2, 2, 1, 3), **geometry)
    assert analytic.count(layer).overlaps == sum(brute.coverage(layer.axes).values())


SYMBOLIC = """<ir_version: 8, opset_import: ["": 17]>
g (float[batch, 4, height, 8] x, float[4, 6, 4, 4] w, float[6, 2, 3, 3] k) => (float[a, b, c, d] y)
{
    u = ConvTranspose <strides = [2, 2], pads = [1, 1, 0, 1]> (x, w)
    v = Transpose <perm = [0, 1, 3, 2]> (u)
    y = ConvTranspose <auto_pad = "SAME_LOWER"> (v, k)
}"""


def test_symbolic_dimensions_are_bound_or_reported_by_name() -> None:
    model = parser.parse_model(SYMBOLIC)
    first = Layer((9, 8), 4, 6, 4, 2, (1, 1), bias=False, batch_size=3, end_padding=(0, 1))
    assert layers_of(model, {"batch": 3, "height": 9}) == {
        "u": first,
        "y": Layer((16, 19), 6, 2, 3, padding=1, bias=False, batch_size=3),
    }
    with pytest.raises(UnboundError, match=r"without a size: batch, height; .* --dim batch=SIZE"):
        layers_of(model)
    with pytest.raises(UnboundError, match=r"without a size: height;"):
        layers_of(model, {"batch": 3})
    with pytest.raises(ValueError, match=r"no dimension called 'width'; it has: batch, height"):
        layers_of(model, {"width": 3})
    with pytest.raises(ValueError, match="dimension batch must be a size, got -1"):
        layers_of(model, {"batch": -1})
    with pytest.raises(ValueError, match="dimension batch must be a size"):
        layers_of(model, {"batch": 2**63})
    with pytest.raises(TypeError, match=r"dimension batch must be an integer, got 1\.5"):
        layers_of(model, {"batch": 1.5})  # type: ignore[dict-item]


def test_a_size_that_depends_on_data_is_bound_where_it_has_a_name() -> None:
    text = """<ir_version: 8, opset_import: ["": 17]>
    g (float[n, 8] x, float[1, 6, 4] w) => (float[a, b, c] y) <float[1, 2, found] u> {
        z = NonZero (x)
        f = Cast <to = 1> (z)
        s = Constant <value_ints = [0]> ()
        u = Unsqueeze (f, s)
        v = Transpose <perm = [1, 0, 2]> (u)
        y = ConvTranspose (v, w)
    }"""
    model = parser.parse_model(text)
    layer = Layer([7], 1, 6, 4, bias=False, batch_size=2)
    assert layers_of(model, {"n": 5, "found": 7}) == {"y": layer}
    assert layers_of(model, {"found": 7}) == {"y": layer}
    with pytest.raises(UnboundError, match="without a size: found; bind them"):
        layers_of(model, {"n": 5})
    model.graph.value_info[0].type.tensor_type.shape.dim[2].ClearField("dim_param")
    with pytest.raises(
        ValueError, match=r"y: .* on axis 2: node z \(NonZero\): .* depends on data"
    ):
        layers_of(model, {"n": 5})
    assert layers_of(model, {"n": 5, "u:2": 7}) == {"y": layer}
    assert layers_of(model, {"n": 5, "y:2": 7}) == {"y": layer}


def test_no_more_than_twenty_dimensions_are_listed() -> None:
    model = node_model([1, 4, 9], [4, 2, 3])
    names = [f"n{at}" for at in range(30)]
    model.graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, names))
    first = ", ".join(names[:20])
    with pytest.raises(ValueError, match=f"it has: {first} and 10 more$"):
        layers_of(model, {"n": 1})
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[0].dim_param = "n29"
    with pytest.raises(UnboundError, match="without a size: n29;"):
        layers_of(model)
    assert layers_of(model, {"n29": 5})["up"].batch_size == 5


def test_an_axis_without_a_name_is_called_by_input_and_axis() -> None:
    for text in ("float[?, 4, 5]", "float[N, 4, 5]"):
        model = parser.parse_model(
            '<ir_version: 8, opset_import: ["": 17]> g ('
            + text.replace("?", "N")
            + " x, float[4, 6, 2] w) => (float[a, b, c] y) { y = ConvTranspose (x, w) }"
        )
        dim = model.graph.input[0].type.tensor_type.shape.dim[0]
        name = "N"
        if "?" in text:
            dim.ClearField("value")
            name = "x:0"
        assert layers_of(model, {name: 2})["y"].batch_size == 2
        with pytest.raises(UnboundError, match=name):
            layers_of(model)
    dim.dim_value = -1
    assert layers_of(model, {"x:0": 2})["y"].batch_size == 2


NESTED = """<ir_version: 9, opset_import: ["": 17, "local": 1]>
g (float[1, 4, 5, 8] x, bool c) => (float[a, b, d, e] y) <float[4, 3, 3, 3] w> {
    s = Shape (x)
    z = If (c) <
        then_branch = t () => (float[h, i, j, k] p) { q = Relu (x)  p = ConvTranspose (q, w) },
        else_branch = e () => (float[h, i, j, k] r) { r = ConvTranspose <strides = [2, 2]> (x, w) }
    >
    y = local.up <s = [3, 1]> (x, w)
}
<domain: "local", opset_import: ["": 17]>
up <s> (a, b) => (c) {
    d = Relu (a)
    c = ConvTranspose <strides: ints = @s> (d, b)
}"""


def test_subgraphs_and_functions() -> None:
    layer = Layer((5, 8), 4, 3, 3, bias=False)
    assert layers_of(parser.parse_model(NESTED)) == {
        "z/then_branch/p": layer,
        "z/else_branch/r": layer.replace(stride=2),
        "y": layer.replace(stride=(3, 1)),
    }


def endless(calls: list[str]) -> onnx.ModelProto:
    """A model with functions f0, f1, … whose bodies are the texts."""
    functions = "".join(
        f'<domain: "l", opset_import: ["": 17, "l": 1]> f{i} (a) => (b) {{ {body} }}\n'
        for i, body in enumerate(calls)
    )
    return parser.parse_model(
        '<ir_version: 9, opset_import: ["": 17, "l": 1]> g (float[1] x) => (float[1] y) '
        f"{{ y = l.f{len(calls) - 1} (x) }}\n{functions}"
    )


def test_functions_that_would_never_end_are_refused() -> None:
    with pytest.raises(ValueError, match="function f1 calls itself"):
        layers_of(endless(["b = l.f1 (a)", "b = l.f0 (a)"]))
    chain = " ".join(f"c{i} = l.f@ (a)" for i in range(10)) + " b = Relu (a)"
    bodies = ["b = Relu (a)", *(chain.replace("@", str(i)) for i in range(30))]
    with pytest.raises(ValueError, match=r"amount to [0-9]+ nodes"):
        layers_of(endless(bodies))
    large = 'b = Relu <doc = "' + "d" * 10**6 + '"> (a)'
    with pytest.raises(ValueError, match=r"amount to 9[0-9]{5} nodes"):
        layers_of(
            endless(
                [large, chain.replace("@", "0"), chain.replace("@", "1"), chain.replace("@", "2")]
            )
        )
    deep = ["b = Relu (a)", *(f"b = l.f{i} (a)" for i in range(5000))]
    with pytest.raises(ValueError, match="malformed"):
        layers_of(endless(deep))


def test_want_of_memory_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any, **__: Any) -> None:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(onnx.inliner, "inline_local_functions", none)
    with pytest.raises(ValueError, match="the onnx package needs more memory for it"):
        layers_of(endless(["b = Relu (a)"]))


def test_functions_that_differ_in_their_overload_are_others() -> None:
    model = endless(["b = Relu (a)", "b = l.f0 (a)"])
    for number, function in enumerate(model.functions):
        function.name, function.overload = "f", str(number)
    model.functions[1].node[0].op_type, model.functions[1].node[0].overload = "f", "0"
    model.graph.node[0].op_type, model.graph.node[0].overload = "f", "1"
    assert layers_of(model) == {}
    model.functions[1].node[0].overload = "1"
    with pytest.raises(ValueError, match="function f calls itself"):
        layers_of(model)


def test_a_group_that_is_no_number_repeats_nothing() -> None:
    """It would be repeated per_group times, here 2^60."""
    given = {"group": b"xx"}
    with pytest.raises(TypeError, match="group must be an integer"):
        layer_of_node(given, False, [1, 1, 3], [1, 2**60, 3])


def test_inputs_without_a_shape_and_dims_that_are_no_mapping() -> None:
    model = node_model([1, 1, 3], [1, 2, 3])
    model.graph.input[0].type.tensor_type.ClearField("shape")
    with pytest.raises(ValueError, match="the graph input x has no shape"):
        layers_of(model)
    with pytest.raises(TypeError, match="dims must map names to sizes, got list"):
        layers_of(model, [("batch", 1)])  # type: ignore[arg-type]


def test_auto_pad_sizes_that_onnx_infers_wrongly() -> None:
    """A kernel of 1 under stride 3: by the text 3·n positions, by onnx's inference fewer."""
    text = """<ir_version: 8, opset_import: ["": 17]>
    g (float[1, 1, 2] x, float[1, 1, 1] w) => (float[a, b, c] y) {
        u = ConvTranspose <auto_pad = "SAME_UPPER", strides = [3]> (x, w)
        v = ConvTranspose <auto_pad = "SAME_LOWER", strides = [2]> (u, w)
        y = ConvTranspose (v, w)
    }"""
    model = parser.parse_model(text)
    assert [layer.input_size for layer in layers_of(model).values()] == [(2,), (6,), (12,)]


def test_an_output_below_the_input_is_not_read_with_other_axes() -> None:
    """Inference knows two dimensions there, of which the Reshape would make one position of 4."""
    text = """<ir_version: 8, opset_import: ["": 17]>
    g (float[1, 1, 5] x, float[1, 1, 3] w) => (float[a, b, c] y) <int64[3] s = {1, 1, -1}> {
        u = ConvTranspose <output_shape = [4]> (x, w)
        v = Reshape (u, s)
        y = ConvTranspose <pads = [1, 1]> (v, w)
    }"""
    assert [layer.input_size for layer in layers_of(parser.parse_model(text)).values()] == [
        (5,),
        (4,),
    ]


def test_sizes_that_onnx_infers_wrongly_everywhere() -> None:
    """One behind the other, in a subgraph and a function too."""
    text = """<ir_version: 9, opset_import: ["": 17, "local": 1]>
    g (float[1, 1, 2] x, float[1, 1, 1] w, bool c) => (float[h, i, j] y) {
        t = ConvTranspose <auto_pad = "SAME_UPPER", strides = [3]> (x, w)
        u = ConvTranspose <auto_pad = "SAME_LOWER", strides = [2], output_padding = [1]> (t, w)
        y = If (c) <
            then_branch = a () => (float[k, l, m] p) {
                q = ConvTranspose <output_shape = [6]> (u, w)
                p = ConvTranspose <auto_pad = "SAME_UPPER", output_padding = [0]> (q, w)
            },
            else_branch = b () => (float[n, o, r] s) { s = local.up (u, w) }
        >
    }
    <domain: "local", opset_import: ["": 17]>
    up (a, b) => (d) {
        c = ConvTranspose <auto_pad = "SAME_UPPER", strides = [4]> (a, b)
        d = ConvTranspose (c, b)
    }"""
    layers = layers_of(parser.parse_model(text))
    assert [layer.input_size[0] for layer in layers.values()] == [2, 6, 12, 6, 12, 48]
    assert [layer.kernel_size for layer in layers.values()] == [(1,)] * 6
    assert layers["t"] == Layer([2], 1, 1, 1, stride=3, padding=-1, bias=False, end_padding=-1)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"pads": [-1, 0]}, r"up: pads must not be negative, got \[-1, 0\]"),
        ({"pads": [1, 1, 1]}, "up: pads must have 2 integers"),
        ({"strides": [0]}, "up: stride must be positive, got 0 on axis 0"),
        ({"strides": [1, 1]}, "up: strides must have 1 integers"),
        ({"strides": 2}, "up: strides must have 1 integers"),
        ({"kernel_shape": [2]}, r"kernel_shape must be the weight's \[3\]"),
        ({"group": 2}, "in_channels must be divisible by groups 2"),
        ({"group": "two"}, "up: group must be an integer, got b'two'"),
        ({"kernel_shape": "k"}, "up: kernel_shape must have 1 integers, got b'k'"),
        ({"output_padding": [1]}, "output_padding must be less than the larger"),
        ({"pads": [3, 3]}, "output_size must be positive, got -1 on axis 0"),
        ({"auto_pad": "SAME"}, "auto_pad must be one of"),
        ({"auto_pad": "VALID", "pads": [0, 0]}, "pads and auto_pad must not both be given"),
    ],
)
def test_a_node_that_is_no_layer_is_refused_by_name(attributes: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read([1, 1, 3], [1, 2, 3], **attributes)


def test_channels_and_inputs_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="up: in_channels must be the weight's 2, got 1"):
        read([1, 1, 3], [2, 2, 3])
    with pytest.raises(ValueError, match=r"up: .*batch, channels and as many axes"):
        read([1, 1, 3], [1, 2, 3, 3])
    model = node_model([1, 1, 3], [1, 2, 3])
    del model.graph.node[0].input[1]
    with pytest.raises(ValueError, match="up: input 1 is missing"):
        layers_of(model)
    model.graph.node[0].input.append("nowhere")
    with pytest.raises(ValueError, match="up: no node before it gives its input nowhere"):
        layers_of(model)


def test_operators_that_are_not_read_are_refused() -> None:
    model = node_model([1, 1, 3], [1, 2, 3])
    model.graph.node[0].domain = "com.example"
    model.opset_import.add(domain="com.example", version=1)
    with pytest.raises(
        ValueError, match=r"up: nothing is known of the operator com\.example\.ConvTranspose"
    ):
        layers_of(model)
    model.graph.node[0].domain = "ai.onnx"
    model.opset_import.add(domain="ai.onnx", version=17)
    assert layers_of(model) == {"up": Layer([3], 1, 2, 3, bias=False)}
    model.graph.node[0].attribute.add(name="strides", ref_attr_name="s", type="INTS")
    with pytest.raises(ValueError, match="strides refers to an attribute of no function"):
        layers_of(model)
    del model.graph.node[0].attribute[:]
    for stride in (2, 3):
        model.graph.node[0].attribute.append(helper.make_attribute("strides", [stride]))
    with pytest.raises(ValueError, match="up: strides is given twice"):
        layers_of(model)


def test_sizes_beyond_64_bits_are_exact_or_not_known() -> None:
    model = node_model([1, 1, 2**61], [1, 2, 3], strides=[9])
    model.graph.node.append(helper.make_node("ConvTranspose", ["y", "v"], ["z"], name="next"))
    model.graph.input.append(helper.make_tensor_value_info("v", TensorProto.FLOAT, [2, 1, 1]))
    with pytest.raises(ValueError, match=r"next: .* node up \(ConvTranspose\): its output is too"):
        layers_of(model)
    del model.graph.node[1]
    (count,) = map(analytic.count, layers_of(model).values())
    assert count.output_size == (9 * (2**61 - 1) + 3,)


def test_a_file_that_contradicts_its_node_is_refused() -> None:
    model = node_model([1, 1, 3], [1, 2, 3])
    shape = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 99])
    model.graph.output[0].CopyFrom(shape)
    words = "up: its output has 5 positions on axis 0, but 99 in the file"
    with pytest.raises(ValueError, match=words):
        layers_of(model)


def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    data = parser.parse_model(NESTED).SerializeToString()
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        assert len(str(read_or_refused(path)).splitlines()) == 1
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="not an ONNX model: the file is empty"):
        layers_of(path)
    path.write_bytes(b"\x89PNG\r\n" * 100)
    with pytest.raises(ValueError, match="not an ONNX model"):
        layers_of(path)
    path.write_bytes(onnx.ModelProto(producer_name="nobody").SerializeToString())
    with pytest.raises(ValueError, match="not an ONNX model: it has no graph"):
        layers_of(path)
    with pytest.raises(TypeError, match=r"model must be a path or an onnx.*, got bytes"):
        layers_of(data)
    with pytest.raises(FileNotFoundError):
        layers_of(tmp_path / "nowhere.onnx")


def test_damaged_files_never_do_worse_than_a_value_error(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    data = parser.parse_model(NESTED).SerializeToString()
    source = random.Random(6)
    refused = 0
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(source.choice([1, 1, 3])):
            damaged[source.randrange(len(data))] = source.choice([0, 1, 0x7F, 0x80, 0xFF])
        path.write_bytes(damaged)
        answer = read_or_refused(path)
        refused += isinstance(answer, str)
        assert str(answer).isprintable()
    assert refused > 100


def nested_deeply(levels: int) -> bytes:
    """Graphs in graphs."""
    data = b"\x00" * 8192
    for _ in range(levels):
        for number in (6, 5, 1):  # attribute.g, node.attribute, graph.node
            data = write_varint(number << 3 | 2) + write_varint(len(data)) + data
    return write_varint(7 << 3 | 2) + write_varint(len(data)) + data


def test_a_model_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(nested_deeply(2000))
    with pytest.raises(ValueError, match="not an ONNX model: nested too deeply"):
        layers_of(path)


def test_weights_are_not_read(tmp_path: Path) -> None:
    """A file of 1.9 GB, all weights but a few bytes, as a file with a hole."""
    model = node_model([1, 4, 9], [4, 2, 3])
    tensor = TensorProto(name="large", dims=[19, 10**8], data_type=TensorProto.UINT8)
    inner = tensor.SerializeToString() + write_varint(9 << 3 | 2) + write_varint(19 * 10**8)
    graph = model.graph.SerializeToString() + write_varint(5 << 3 | 2)
    graph += write_varint(len(inner) + 19 * 10**8) + inner
    model.ClearField("graph")
    head = model.SerializeToString() + write_varint(7 << 3 | 2)
    head += write_varint(len(graph) + 19 * 10**8) + graph
    path = tmp_path / "model.onnx"
    path.write_bytes(head)
    os.truncate(path, len(head) + 19 * 10**8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert layers_of(path) == {"up": Layer([9], 4, 2, 3, bias=False)}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # KiB


def test_long_weights_of_every_type_are_skipped_and_short_ones_kept() -> None:
    model = node_model([1, 4, 9], [4, 2, 3])
    model.graph.doc_string = "d" * 10_000
    for name, field, values in (
        ("a", "float_data", [1.0] * 5000),
        ("b", "int64_data", [1 << 40] * 5000),
        ("c", "raw_data", b"1" * 5000),
        ("d", "int64_data", [2] * 5),
    ):
        kind = {"a": TensorProto.FLOAT, "c": TensorProto.UINT8}.get(name, TensorProto.INT64)
        tensor = model.graph.initializer.add(name=name, data_type=kind, dims=[len(values)])
        if isinstance(values, bytes):
            tensor.raw_data = values
        else:
            getattr(tensor, field).extend(values)
    kept = skeleton(model)
    assert kept.graph.doc_string == model.graph.doc_string
    assert [len(t.float_data) + len(t.raw_data) for t in kept.graph.initializer] == [0] * 4
    assert [len(t.int64_data) for t in kept.graph.initializer] == [0, 0, 0, 5]
    assert [t.dims for t in kept.graph.initializer] == [t.dims for t in model.graph.initializer]


def test_numbers_of_nine_and_ten_bytes_are_read(tmp_path: Path) -> None:
    """On the wire −1 has ten bytes and 2^62 nine; a thousand of them are looked into."""
    for number, size in ((-1, 9), (2**62, None), (9, 9)):
        model = node_model([1, 4, 9], [4, 2, 3])
        nodes = [
            helper.make_node("Constant", [], ["c"], value_ints=[number] * 1000),
            helper.make_node("Gather", ["c", "last"], ["g"]),
            helper.make_node("Concat", ["head", "g"], ["s"], axis=0),
            helper.make_node("Reshape", ["x", "s"], ["v"]),
            helper.make_node("ConvTranspose", ["v", "w"], ["z"]),
        ]
        model.graph.node.extend(nodes)
        for name, values in (("last", [999]), ("head", [1, 4])):
            array = numpy.array(values)
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        assert list(skeleton(path).graph.node[1].attribute[0].ints) == [number] * 1000
        if size is None:
            with pytest.raises(
                ValueError, match=r"z: .*node v \(Reshape\): the file contradicts itself"
            ):
                layers_of(path)
        else:
            assert layers_of(path)["z"].input_size == (size,)


def test_numbers_of_more_bytes_than_there_are_are_damage(tmp_path: Path) -> None:
    """Ten bytes hold 70 bits: an eleventh is none of a number's."""
    head = node_model([1, 4, 9], [4, 2, 3]).SerializeToString()
    path = tmp_path / "model.onnx"
    for length, is_read in ((9, True), (10, True), (11, False)):
        number = b"\x80" * (length - 1) + b"\x01"
        path.write_bytes(head + write_varint(5 << 3) + number)  # model_version
        if is_read:
            assert layers_of(path).keys() == {"up"}
        else:
            with pytest.raises(ValueError, match="not an ONNX model: it is cut off or damaged"):
                layers_of(path)


def test_a_length_that_ends_behind_the_file_is_damage(tmp_path: Path) -> None:
    head = node_model([1, 4, 9], [4, 2, 3]).SerializeToString()
    path = tmp_path / "model.onnx"
    for tail in (
        write_varint(6 << 3 | 2) + write_varint(10**6) + b"d" * 5000,
        write_varint(5 << 3 | 1) + b"seven b",
        write_varint(5 << 3 | 5) + b"two",
        write_varint(5 << 3 | 3),
    ):
        path.write_bytes(head + tail)
        with pytest.raises(ValueError, match=r"not an ONNX model: it (is cut off|has a field)"):
            layers_of(path)


def test_tensors_are_skipped_from_one_byte_on_above_what_is_short() -> None:
    """A field of 4096 bytes with its tag and length stays, one of 4097 goes."""
    for elements, is_kept in ((4096 - 3, True), (4096 - 2, False)):
        model = node_model([1, 4, 9], [4, 2, 3])
        tensor = model.graph.initializer.add(name="t", data_type=TensorProto.UINT8)
        tensor.dims.append(elements)
        tensor.raw_data = b"1" * elements
        assert bool(skeleton(model).graph.initializer[0].raw_data) == is_kept


def test_external_weights_stay_outside(tmp_path: Path) -> None:
    model = node_model([1, 4, 9], [4, 2, 3])
    weight = numpy.ones((4, 2, 3), numpy.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(weight, "w"))
    path = tmp_path / "model.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="weights", size_threshold=0)
    (tmp_path / "weights").unlink()
    assert layers_of(os.fspath(path)) == {"up": Layer([9], 4, 2, 3, bias=False)}


def test_sparse_weights_and_names_that_come_again() -> None:
    model = node_model([1, 4, 9], [4, 2, 3])
    del model.graph.input[1]
    sparse = model.graph.sparse_initializer.add(dims=[4, 2, 3])
    sparse.values.CopyFrom(helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0]))
    sparse.indices.CopyFrom(helper.make_tensor("", TensorProto.INT64, [1], [0]))
    model.graph.node.append(helper.make_node("ConvTranspose", ["x", "w"], ["z"], name="up"))
    layer = Layer([9], 4, 2, 3, bias=False)
    assert layers_of(model) == {"up": layer, "up (2)": layer}
