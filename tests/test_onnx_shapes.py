"""Sizes that ONNX files compute: each count is that of the file run on ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy
import onnx
import pytest
from onnx import parser
from onnx.reference import ReferenceEvaluator

import analytic
from analytic.models import Missing
from analytic.onnx import DimensionError, UnboundError, layers_of, read

HEAD = '<ir_version: 8, opset_import: ["": 17]>'
UP = "ConvTranspose <strides = [2, 2], pads = [1, 1, 1, 1]>"


def macs(model: onnx.ModelProto, dims: Mapping[str, int] | None = None) -> int:
    """The sum over all layers."""
    return sum(analytic.macs(layer) for layer in layers_of(model, dims).values())


def sum_on_ones(model: onnx.ModelProto) -> int:
    """The sum of the output where inputs are ones: of one layer behind ones, its MACs."""
    feeds = {
        value.name: numpy.ones(
            [dim.dim_value for dim in value.type.tensor_type.shape.dim], numpy.float32
        )
        for value in model.graph.input
    }
    outputs: Any = ReferenceEvaluator(model).run(None, feeds)
    return int(outputs[0].astype(numpy.int64).sum())


def graph(body: str, *, inputs: str = "float[1, 4, 7, 7] x", weights: str = "") -> onnx.ModelProto:
    """A model with a weight ``w`` that ends in ``y``."""
    weight = "float[4, 6, 4, 4] w"
    return parser.parse_model(
        f"{HEAD} g ({inputs}, {weight}) => (float[a, b, c, d] y) {weights} {{ {body} }}"
    )


PADDED = graph(
    f"t = Transpose <perm = [1, 0]> (q) r = Reshape (t, m) p = Pad (x, r) y = {UP} (p, w)",
    weights="<int64[4, 2] q = {0, 0, 0, 0, 0, 1, 0, 1}, int64[1] m = {-1}>",
)
SLICED = graph(
    "s = Shape <start = 2, end = 4> (x) e = Sub (s, one) "
    f"p = Slice (x, begin, e, axes) y = {UP} (p, w)",
    weights="<int64[1] one = {1}, int64[2] begin = {0, 0}, int64[2] axes = {2, 3}>",
)


def test_pads_that_end_in_a_cast() -> None:
    """What an exporter of torch writes for every pad. Padded zeros are inputs of the layer."""
    model = parser.parse_model(
        HEAD + "g (float[1, 4, 5, 6] x, float[4, 2, 2, 2] w) => (float[a, b, c, d] y) {"
        "a = Constant <value_ints = [0, 0, 0, 1, 0, 0, 2, 1]> () pads = Cast <to = 7> (a) "
        "p = Pad (x, pads) y = ConvTranspose <strides = [2, 2]> (p, w) }"
    )
    assert macs(model) == 1792
    (layer,) = layers_of(model).values()
    assert layer.input_size == (7, 8)


@pytest.mark.parametrize(("model", "expected"), [(PADDED, 21_600), (SLICED, 11_616)])
def test_integer_arithmetic_on_shapes(model: onnx.ModelProto, expected: int) -> None:
    assert macs(model) == expected


#: Nodes from an input of 6×6 to the 1-d shape, pads or scales of what stands before the layer.
CHAINS = {
    "Div": "d = Div (s, two) p = Slice (x, zero, d, axes)",
    "Mul": "d = Mul (s, two) h = Concat <axis = 0> (head, d) "
    "p = Resize <mode = 'nearest'> (x, , , h)",
    "Max": "d = Max (s, two) p = Slice (x, one, d, axes)",
    "Mod": "d = Mod (s, four) p = Slice (x, zero, d, axes)",
    "Where": "c = Greater (s, four) d = Where (c, two, s) p = Slice (x, zero, d, axes)",
    "Gather": "g = Gather (s, axis) d = Concat <axis = 0> (g, two) p = Slice (x, zero, d, axes)",
    "ConstantOfShape": "n = Shape (s) d = ConstantOfShape <value = int64[1] {3}> (n) "
    "p = Slice (x, zero, d, axes)",
    "Floor": "f = Cast <to = 1> (s) g = Div (f, fours) h = Floor (g) d = Cast <to = 7> (h) "
    "p = Slice (x, zero, d, axes)",
    "Ceil": "f = Cast <to = 1> (s) g = Div (f, fours) h = Ceil (g) d = Cast <to = 7> (h) "
    "p = Slice (x, zero, d, axes)",
    "Range": "d = Range (step, seven, step) p = Slice (x, zero, d, axes)",
    "Neg": "n = Neg (s) d = Add (n, four) p = Slice (x, zero, d, axes)",
    "If": "c = Greater (n6, first) d = If (c) <then_branch = t () => (int64[2] e) "
    "{ e = Identity (two) }, else_branch = f () => (int64[2] g) { g = Identity (four) }> "
    "p = Slice (x, zero, d, axes)",
    "Split": "a, b = Split (s) d = Concat <axis = 0> (b, two) p = Slice (x, zero, d, axes)",
    "sequence": "q = SplitToSequence <axis = 0> (s) e = SequenceAt (q, first) "
    "d = Concat <axis = 0> (e, two) p = Slice (x, zero, d, axes)",
    "NonZero": "o = NonZero (s) e = Gather <axis = 1> (o, last_place) f = Add (e, step) "
    "g = Squeeze (f, ax0) d = Concat <axis = 0> (g, two) p = Slice (x, zero, d, axes)",
}
WEIGHTS = """<int64[2] two = {2, 2}, int64[2] zero = {0, 0}, int64[2] one = {1, 1},
    int64[2] four = {4, 4}, int64[2] axes = {2, 3}, int64[2] head = {1, 4}, int64[1] axis = {0},
    float[2] fours = {4.0, 4.0}, int64 first = {0}, int64 seven = {7}, int64 step = {3},
    int64 n6 = {6}, int64[1] last_place = {1}, int64[1] ax0 = {0}>"""


@pytest.mark.parametrize("name", CHAINS)
def test_every_arithmetic_on_shapes_is_followed(name: str) -> None:
    body = f"s = Shape <start = 2> (x) {CHAINS[name]} y = {UP} (p, w)".replace("'", '"')
    model = graph(body, inputs="float[1, 4, 6, 6] x", weights=WEIGHTS)
    if name in {"Gather", "Split", "sequence", "NonZero"}:  # slices of one number an axis
        for tensor in model.graph.initializer:
            if tensor.name == "two" and "Concat" in body:
                tensor.CopyFrom(onnx.helper.make_tensor("two", onnx.TensorProto.INT64, [1], [2]))
    assert macs(model) == sum_on_ones(model)


def derived(name: str) -> onnx.ModelProto:
    """A file with a custom operator, and what its exporter declared of the output."""
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17, "local": 1]>'
        "g (float[n, 4, s, 8] x, float[4, 6, 4, 4] w) => (float[a, b, c, d] y) "
        f"<float[n, 4, h, 8] p> {{ p = local.Down (x) y = {UP} (p, w) }}"
    )
    model.graph.value_info[0].type.tensor_type.shape.dim[2].dim_param = name
    return model


@pytest.mark.parametrize(
    "name", ["(s//2)", "floor(s/2)", "2*s - 24", "Max(s - 8, 1)", "s % 9 + 1", "s-8"]
)
def test_names_that_are_expressions_of_others(name: str) -> None:
    """Eight, where s is 16: 1 for the batch, 21,600 products land."""
    assert macs(derived(name), {"n": 1, "s": 16}) == 21_600
    with pytest.raises(UnboundError, match=r"without a size: n, s; .* --dim n=SIZE$"):
        layers_of(derived(name))
    with pytest.raises(UnboundError, match="without a size: s;"):
        layers_of(derived(name), {"n": 1})
    assert macs(derived(name), {"n": 1, name: 8}) == 21_600
    assert macs(derived(name), {"n": 1, "s": 16, name: 8}) == 21_600
    with pytest.raises(DimensionError) as refused:
        layers_of(derived(name), {"n": 1, "s": 16, name: 1})
    assert str(refused.value) == f"the dimension {name} is 8 where s = 16, but 1 is given"


def test_names_that_are_no_expressions_are_names() -> None:
    for name in ("h w", "unk__7", "batch-size", "s->t", "exec('x')", "s//", "1 2", "é"):
        with pytest.raises(UnboundError) as unbound:
            layers_of(derived(name))
        assert f"without a size: n, {name}; bind" in str(unbound.value)
        assert macs(derived(name), {"n": 1, name: 8}) == 21_600


def test_expressions_without_a_size_are_unbound_or_refused() -> None:
    for name in ("s/3", "s - 17", "s // 0", "s ** 99", "2 ** (s / 3)", "Max()"):
        with pytest.raises(UnboundError):
            layers_of(derived(name), {"n": 1, "s": 16})
    model = derived("h")
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "s/3"
    with pytest.raises(DimensionError, match=r"s/3 has no size where s = 16: it comes to '16/3'"):
        layers_of(model, {"n": 1, "s": 16})
    assert layers_of(model, {"n": 1, "s": 15, "h": 8})["y"].input_size == (8, 8)
    with pytest.raises(DimensionError, match="s/3 has no size where s = 16"):
        layers_of(model, {"n": 1, "s": 16, "s/3": 5})
    with pytest.raises(DimensionError, match="s/3 has no size where s = 16"):
        layers_of(derived("s/3"), {"n": 1, "s": 16, "s/3": 5})


def test_what_stops_is_named_and_what_contradicts() -> None:
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17, "local": 1]>'
        "g (float[1, 4, 8, 31] x, float[1, 4, 8, 32] z, float[8, 6, 4, 4] w, int64[4] i) => "
        f"(float[a, b, c, d] y) {{ p = Concat <axis = 1> (x, z) first = {UP} (p, w) "
        f"r = Reshape (z, i) second = {UP} (r, w) q = local.Odd (z) third = {UP} (q, w) "
        f"y = {UP} (missing, w) }}"
    )
    rows = read(model).rows
    reasons = {name: row.reason for name, row in rows.items() if isinstance(row, Missing)}
    assert reasons.keys() == {"first", "second", "third", "y"}
    assert (
        "node p (Concat): the file contradicts itself: it cannot run on 1x4x8x31, 1x4x8x32 ("
        in reasons["first"]
    )
    assert "--dim" not in reasons["first"]
    assert "r (Reshape): the size of its output depends on data" in reasons["second"]
    assert "--dim second:0=SIZE" in reasons["second"]
    assert "node q (local.Odd): nothing is known of the operator" in reasons["third"]
    assert reasons["y"] == "no node before it gives its input missing"
    assert all(len(reason) < 400 for reason in reasons.values())


def test_a_convolution_whose_weight_is_not_known() -> None:
    """Channels of one say those of the other; of a kernel the weight alone says the size."""
    text = (
        '<ir_version: 8, opset_import: ["": 17, "local": 1]>'
        "g (float[1, 4, 8, 8] x) => (float[a, b, c, d] y) { w = local.Weight (x) "
        "y = ConvTranspose <kernel_shape = [3, 3]> (x, w) }"
    )
    (missing,) = read(parser.parse_model(text)).rows.values()
    assert isinstance(missing, Missing)
    assert missing.reason == (
        "its weight has sizes that are not known: "
        "node w (local.Weight): nothing is known of the operator"
    )
    layer = layers_of(parser.parse_model(text), {"w:0": 4, "w:1": 6, "w:2": 3, "w:3": 3})["y"]
    assert layer == analytic.Layer([8, 8], 4, 6, 3, bias=False)
    shaped = parser.parse_model(text)
    shaped.graph.node[0].op_type, shaped.graph.node[0].domain = "Identity", ""
    (missing,) = read(shaped).rows.values()
    assert isinstance(missing, Missing)  # a weight of 1×4×8×8 for 4 channels
    assert missing.reason.startswith("in_channels must be the weight's 1, got 4")


@pytest.mark.parametrize("group", ["0", "-1", '"two"', "[2]"])
@pytest.mark.parametrize("unknown", ["x", "w"])
def test_groups_that_are_none_say_nothing_of_channels(group: str, unknown: str) -> None:
    text = (
        '<ir_version: 8, opset_import: ["": 17, "local": 1]>'
        f"g (float[1, 4, 8, 8] x, float[4, 4, 3, 3] w) => (y) {{ z = local.Odd ({unknown}) "
        f"y = Conv <kernel_shape = [3, 3], group = {group}> (INPUTS) }}"
    ).replace("INPUTS", "z, w" if unknown == "x" else "x, z")
    (missing,) = read(parser.parse_model(text)).rows.values()
    assert isinstance(missing, Missing)
    assert "node z (local.Odd): nothing is known of the operator" in missing.reason


def test_sizes_by_node_must_fit() -> None:
    model = derived("h")
    dims = {"n": 1, "s": 16}
    with pytest.raises(DimensionError, match="p:4 is given, but there are 4 axes"):
        layers_of(model, {**dims, "p:4": 1})
    with pytest.raises(DimensionError, match="p:1 is 4 in the file, but 5 is given"):
        layers_of(model, {**dims, "p:1": 5})
    with pytest.raises(DimensionError, match="y:2 is 8 in the file, but 7 is given"):
        layers_of(model, {**dims, "h": 8, "y:2": 7})
    with pytest.raises(DimensionError, match="the model has no dimension called 'p'"):
        layers_of(model, {**dims, "p": 8})
    del model.graph.value_info[:]
    for given in ({"y:0": 1, "y:2": 8, "y:3": 8}, {"p:0": 1, "p:1": 4, "p:2": 8, "p:3": 8}):
        assert macs(model, {**dims, **given}) == 21_600
    missing = read(model, {**dims, "p:2": 8}).rows["y"]
    assert isinstance(missing, Missing)
    assert "its input has no size on axis 0: node p (local.Down)" in missing.reason


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Pow(s, 2) - 248", 8),
        ("trunc(0.55*s)", 8),
        ("CeilDiv(s, 2) + Mod(s, 4)", 8),
        ("Min(s, 8, 9)", 8),
        ("-(-s // 2)", 8),
        ("s*(1/2)", 8),
        ("ceiling(15.5)/2*s/16", 8),
        ("s*2**60", None),
        ("sqrt(s)", None),
        ("s +", None),
        ("(s", None),
        ("Mod(s)", None),
        ("Mod(s, 0)", None),
        ("s**(s - 15)*s**16/s**16/2", 8),
        (
            "2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s*2**s",
            None,
        ),
    ],
)
def test_expressions(name: str, size: int | None) -> None:
    if size is None:
        with pytest.raises(UnboundError):
            layers_of(derived(name), {"n": 1, "s": 16})
    else:
        assert layers_of(derived(name), {"n": 1, "s": 16})["y"].input_size == (size, 8)


#: What does not come to the size of a layer, each with what is said of it.
STOPS = {
    "more elements than are computed with": (
        "r = Range (zero, many, one) t = Gather (r, four) p = Reshape (x, t)",
        "node r (Range): its elements have no value, or are more than 4096",
    ),
    "constants of too many elements": (
        "l = Constant <value_ints = [" + ", ".join(["1"] * 4097) + "]> () "
        "t = Slice (l, four, five) p = Reshape (x, t)",
        "node p (Reshape): the size of its output depends on data",
    ),
    "text": (
        "t = Cast <to = 8> (four) u = Cast <to = 7> (t) p = Reshape (x, u)",
        "node t (Cast): its elements have no value",
    ),
    "a division by zero": (
        "t = Div (four, zeros) p = Reshape (x, t)",
        "node t (Div): its elements have no value",
    ),
    "the number of elements of what is not known": (
        "o = NonZero (x) n = Size (o) u = Unsqueeze (n, zeros) p = Reshape (x, u)",
        "node o (NonZero): the size of its output depends on data",
    ),
    "the shape of what is not known": (
        "o = NonZero (x) n = Shape (o) p = Reshape (x, n)",
        "node o (NonZero): the size of its output depends on data",
    ),
    "a negative size": (
        "p = MaxPool <kernel_shape = [9, 9]> (x)",
        "node p (MaxPool): the file contradicts itself: it cannot run on 1x4x7x7 (a size would",
    ),
    "a reshape that does not fit": (
        "p = Reshape (x, wrong)",
        "node p (Reshape): the file contradicts itself: it cannot make 1x4x7x8 of 1x4x7x7",
    ),
    "a sequence": (
        "q = SplitToSequence <axis = 3> (x, split) p = SequenceAt (q, i)",
        "node p (SequenceAt): the size of its output depends on data",
    ),
    "a constant of text": (
        't = Constant <value_strings = ["5"]> () u = Cast <to = 7> (t) p = Reshape (x, u)',
        "node p (Reshape): the size of its output depends on data",
    ),
    "a range of a type whose length onnx does not say": (
        (
            "a = Cast <to = 5> (zero) b = Cast <to = 5> (many) c = Cast <to = 5> (one) "
            "r = Range (a, b, c) d = Cast <to = 7> (r) p = Reshape (x, d)"
        ),
        "node r (Range): its elements have no value, or are more than 4096",
    ),
    "places of more than few elements": (
        (
            "c = ConstantOfShape <value=int64[1] {1}> (square) n = NonZero (c) "
            "t = Gather <axis = 1> (n, last) u = Reshape (t, minus) p = Tile (x, u)"
        ),
        "node n (NonZero): its elements have no value, or are more than 4096",
    ),
    "a constant without a value": (
        "t = Constant () u = Cast <to = 7> (t) p = Reshape (x, u)",
        "node t (Constant): ",
    ),
    "no output": ("t = Relu (x)", "no node before it gives its input p"),
}


@pytest.mark.parametrize("name", STOPS)
def test_what_stops_says_why(name: str) -> None:
    body, words = STOPS[name]
    constants = """<int64 zero = {0}, int64 many = {5000}, int64 one = {1}, int64[1] four = {4},
        int64[1] five = {5}, int64[1] zeros = {0}, int64[4] wrong = {1, 4, 7, 8},
        int64[2] split = {3, 4}, int64[2] square = {64, 64}, int64[2] last = {4095, 4095},
        int64[1] minus = {-1}>"""
    model = graph(
        f"{body} y = {UP} (p, w)", inputs="float[1, 4, 7, 7] x, int64 i", weights=constants
    )
    missing = read(model).rows["y"]
    assert isinstance(missing, Missing)
    assert words in missing.reason


def test_the_amount_of_elements_is_a_shape_too() -> None:
    body = (
        "n = Size (x) u = Unsqueeze (n, zero) s = Concat <axis = 0> (head, u) "
        f"p = Reshape (x, s) y = {UP} (p, w)"
    )
    model = parser.parse_model(
        f"{HEAD} g (float[1, 4, 7, 7] x, float[1, 6, 4, 4] w) => (float[a, b, c, d] y) "
        f"<int64[1] zero = {{0}}, int64[3] head = {{1, 1, 1}}> {{ {body} }}"
    )
    assert layers_of(model)["y"].input_size == (1, 196)


def test_inputs_that_are_sequences_and_outputs_of_other_axes() -> None:
    model = parser.parse_model(
        f"{HEAD} g (seq(float[1, 4, 7, 7]) q, float[4, 6, 4, 4] w, int64 i) => (float[a, b] p, y) "
        f"{{ p = SequenceAt (q, i) y = {UP} (p, w) }}"
    )
    layer = layers_of(model)["y"]
    assert layer.input_size == (7, 7)
    odd = parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17, "local": 1]>'
        "g (float[n, 4, 7, 7] x, float[4, 6, 4, 4] w) => (float[a, b] p, float[c, d, e, f] y) "
        f"{{ p = Relu (x) y = {UP} (p, w) }}"
    )
    with pytest.raises(UnboundError, match="without a size: n;"):
        layers_of(odd)
    odd.graph.value_info.append(
        onnx.helper.make_tensor_value_info("p", onnx.TensorProto.FLOAT, [1] * 65)
    )
    del odd.graph.output[0]
    with pytest.raises(UnboundError, match="without a size: n;"):
        layers_of(odd)


def test_versions_of_operators_without_a_rule_are_said_so() -> None:
    """Of 2017: before version 6, nothing was known of the output of many."""
    model = graph(f"p = Relu (x) y = {UP} (p, w)")
    model.opset_import[0].version = 5
    (missing,) = read(model).rows.values()
    assert isinstance(missing, Missing)
    assert "node p (Relu): onnx has no rule for this version of the operator" in missing.reason
    assert layers_of(model, {"p:0": 1, "p:1": 4, "p:2": 7, "p:3": 7})["y"].input_size == (7, 7)
    del model.opset_import[:]  # as before there were versions
    assert read(model).rows["y"] == missing
    for version in (6, 99):
        model.opset_import.add(domain="", version=version)
        assert layers_of(model)["y"].input_size == (7, 7)
        del model.opset_import[:]


def test_a_layer_of_a_sequence_has_nothing_to_blame() -> None:
    model = parser.parse_model(
        f"{HEAD} g (seq(float[1, 4, 7, 7]) q, float[4, 6, 4, 4] w) => (y) {{ y = {UP} (q, w) }}"
    )
    (missing,) = read(model).rows.values()
    assert isinstance(missing, Missing)
    assert missing.reason == (
        "its input has no size on axis 0, 2, 3; "
        "give it by --dim y:0=SIZE --dim y:2=SIZE --dim y:3=SIZE"
    )
