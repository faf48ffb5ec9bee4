"""ONNX files that mean harm: each stays one line, and takes no more than its size deserves."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from analytic import Layer, sandbox
from analytic.models import Missing
from analytic.onnx import expressions, inference, layers_of, read, values
from analytic.onnx.expressions import NoValueError, parse
from tests import onnx_graphs

OPSETS = [helper.make_opsetid("", 17)]


def model_of(
    nodes: list[onnx.NodeProto], constants: dict[str, Any] | None = None, **inputs: list[Any]
) -> onnx.ModelProto:
    """Nodes, then one layer that has nothing to do with them, and one that reads ``end``."""
    layers = [
        helper.make_node("ConvTranspose", ["x", "w"], ["known"]),
        helper.make_node("ConvTranspose", ["end", "w"], ["last"]),
    ]
    shapes = {"x": [1, 4, 5], "w": [4, 6, 3], **inputs}
    tensors = [numpy_helper.from_array(numpy.array(v), n) for n, v in (constants or {}).items()]
    declared = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    graph = helper.make_graph([*nodes, *layers], "g", declared, [], tensors)
    return helper.make_model(graph, opset_imports=OPSETS, ir_version=8)


def doubled() -> onnx.ModelProto:
    """Shapes that are twice as long from node to node, and then have a size of 2^63."""
    nodes = [helper.make_node("Shape", ["x"], ["v0"])]
    for turn in range(70):
        name = f"v{turn}"
        nodes.append(helper.make_node("Concat", [name, name], [f"v{turn + 1}"], axis=0))
    return model_of([*nodes, helper.make_node("Reshape", ["x", "v70"], ["end"])])


def terabytes() -> onnx.ModelProto:
    """Constants, ranges and paddings of terabytes, from shapes of a few bytes."""
    node = helper.make_node
    return model_of(
        [
            node("ConstantOfShape", ["large"], ["c"]),
            node("Range", ["zero", "end of range", "one"], ["r"]),
            node("Expand", ["one", "large"], ["e"]),
            node("Tile", ["zeros", "large"], ["t"]),
            node("Pad", ["zeros", "pads"], ["p"]),
            node("OneHot", ["zeros", "end of range", "zeros2"], ["o"]),
            *(
                node("Add", [name, "one"], [f"{name}{name}"])
                for name in ("c", "r", "e", "t", "p", "o")
            ),
            node("Reshape", ["x", "pp"], ["end"]),
        ],
        {
            "large": [2**40],
            "zero": 0,
            "one": 1,
            "end of range": 2**40,
            "zeros": [0],
            "zeros2": [0, 1],
            "pads": [2**40, 0],
        },
    )


def many_axes() -> onnx.ModelProto:
    """A tensor of ten thousand axes, passed on from node to node."""
    nodes = [helper.make_node("Reshape", ["x", "ones"], ["v0"])]
    nodes += [helper.make_node("Relu", [f"v{turn}"], [f"v{turn + 1}"]) for turn in range(100)]
    return model_of(
        [*nodes, helper.make_node("Relu", ["v100"], ["end"])],
        {"ones": [1, 4, 5] + [1] * 100},
        other=[1] * 10_000,
    )


def turns() -> onnx.ModelProto:
    """Loops in loops, each of which changes a size: bodies are looked at ever more often."""
    body = "b = Relu (v)"
    for level in range(12):
        body = (
            f"b = Loop (m, , v) <body = l{level} (int64 i{level}, bool k{level}, "
            f"float[1, 4, 5] v) => (bool g{level}, o{level}) {{ {body} o{level} = "
            f"Concat <axis = 2> (b, v) g{level} = Identity (k{level}) }}>"
        )
    return parser.parse_model(
        f'<ir_version: 8, opset_import: ["": 17]> g (float[1, 4, 5] v, int64 m, '
        f"float[4, 6, 3] w, float[1, 4, 5] x) => (float[a, c, d] last) {{ "
        f"known = ConvTranspose (x, w) {body} end = Identity (b) last = ConvTranspose (end, w) }}"
    )


def beside(path: str, operator: str) -> onnx.ModelProto:
    """A constant that is beside the file, at a path that is none of the model's business."""
    tensor = TensorProto(name="value", data_type=TensorProto.INT64, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", path), ("offset", "0"), ("length", "8")):
        tensor.external_data.add(key=key, value=value)
    inputs = ["one"] if operator == "ConstantOfShape" else []
    return model_of(
        [
            helper.make_node(operator, inputs, ["c"], value=tensor),
            helper.make_node("Concat", ["head", "c"], ["s"], axis=0),
            helper.make_node("Reshape", ["x", "s"], ["end"]),
        ],
        {"one": [1], "head": [1, 4]},
    )


HOSTILE: dict[str, Callable[[], onnx.ModelProto]] = {
    "doubled": doubled,
    "terabytes": terabytes,
    "many axes": many_axes,
    "beside": lambda: beside("/dev/zero", "Constant"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_stay_small_and_known_layers_are_known(name: str) -> None:
    model = HOSTILE[name]()
    tracemalloc.start()
    rows = read(model).rows
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()
    assert rows["known"] == Layer([5], 4, 6, 3, bias=False)
    last = rows["last"]
    assert isinstance(last, Missing)
    assert last.reason.isprintable()
    assert len(last.reason) < 500


def test_loops_in_loops_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "MOST_STEPS", 1000)
    with pytest.raises(ValueError, match="the model amounts to more than 1000 nodes"):
        read(turns())


def test_no_more_elements_than_are_few_are_computed() -> None:
    """Of 4096 elements the last is known, of one more none is."""
    for amount, is_known in ((4096, True), (4097, False)):
        nodes = [
            helper.make_node("Range", ["zero", "amount", "one"], ["r"]),
            helper.make_node("Gather", ["r", "last"], ["n"]),
            helper.make_node("Div", ["n", "n"], ["u"]),
            helper.make_node("Mul", ["u", "shape"], ["s"]),
            helper.make_node("Reshape", ["x", "s"], ["end"]),
        ]
        constants = {"zero": 0, "one": 1, "amount": amount, "last": [4095], "shape": [1, 4, 5]}
        assert isinstance(read(model_of(nodes, constants)).rows["last"], Layer) == is_known


@pytest.mark.parametrize("operator", ["Constant", "ConstantOfShape"])
def test_nothing_beside_the_file_is_opened(
    operator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight bytes beside it would make a legal shape."""
    (tmp_path / "data").write_bytes(numpy.array([5], numpy.int64).tobytes())
    path = tmp_path / "model.onnx"
    onnx.save(beside("data", operator), path)
    monkeypatch.chdir(tmp_path)
    assert isinstance(read(path).rows["last"], Missing)


def test_outputs_of_more_axes_than_anyone_has() -> None:
    last = read(many_axes()).rows["last"]
    assert isinstance(last, Missing)
    assert "node v0 (Reshape): its output has more than 64 axes" in last.reason


def test_inputs_of_more_axes_than_anyone_has() -> None:
    for axes in (64, 65):
        node = helper.make_node("Relu", ["z"], ["end"])
        last = read(model_of([node], z=[1] * axes)).rows["last"]
        assert isinstance(last, Missing)
        assert ("the graph input z has more than 64 axes" in last.reason) == (axes == 65)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "s" + ")" * 1000,
        "-" * 1900 + "s",
        "**".join(["9"] * 600),
        "+".join(["s"] * 900),
        "//".join(["s"] * 600),
        "9" * 1900,
        "*".join(["s"] * 900),
        "9**9**9**9",
        "Max(" * 400 + "s" + ")" * 400,
    ],
)
def test_expressions_of_any_depth_and_size_are_names_or_have_no_value(text: str) -> None:
    expression = parse(text)
    if expression is None:
        return
    assert set(expression.names()) <= {"s"}
    try:
        value = expression.value({"s": 2**40})
    except NoValueError:
        return
    assert text.startswith(("+".join("ss"), "s+", "s//", "9"))
    assert value >= 0


def test_numbers_on_the_way_have_no_more_bits_than_there_may_be() -> None:
    """2^255 has 256 bits, and twice as much one more."""
    for first, has_value in (("1", True), ("2", False)):
        expression = parse(f"{first}*s*s*s*s*s/s/s/s/s/s")
        assert expression is not None
        if has_value:
            assert expression.value({"s": 2**51}) == 1
        else:
            with pytest.raises(NoValueError, match="more than 256 bits"):
                expression.value({"s": 2**51})


def test_long_names_are_no_expressions() -> None:
    assert parse("s+" * 999 + "s") is not None
    assert expressions.MOST_CHARACTERS == 2000
    assert parse("s+" * 1000 + "s") is None


def named(*names: str) -> onnx.ModelProto:
    """A layer whose input has dimensions of these names."""
    nodes = [helper.make_node("Identity", ["z"], ["end"])]
    return model_of(nodes, z=[1, 4, names[0]], others=list(names))


def test_cyclic_names_and_megabytes_of_names_are_one_line() -> None:
    model = named("a + 1", "b - 1", "a", "b", "a*b", "b*a")
    with pytest.raises(ValueError, match=r"without a size: a;"):
        layers_of(model)
    assert layers_of(model, {"a": 4})["last"].input_size == (5,)
    with pytest.raises(ValueError, match=r"the dimension a \+ 1 is 5 where a = 4, but 6 is given"):
        layers_of(model, {"a": 4, "a + 1": 6})
    for name in ("a" * 10**6, "(a" * 10**6, "a+" * 10**6 + "a", "\n" * 10**6 + "é\0"):
        with pytest.raises(ValueError, match="without a size") as refused:
            layers_of(named(name, *(f"{name}{at}" for at in range(3))))
        assert len(str(refused.value)) < 1000
        assert str(refused.value).isprintable()


def test_no_more_reasons_are_kept_than_anyone_reads() -> None:
    inputs: dict[str, list[Any]] = {f"z{at}": [1, 4, f"n{at}"] for at in range(100)}
    joined = helper.make_node("Concat", [*inputs], ["end"], axis=2)
    last = read(model_of([joined], None, **inputs)).rows["last"]
    assert isinstance(last, Missing)
    assert last.names == tuple(f"n{at}" for at in range(64))


def test_names_of_nodes_and_values_of_any_length_are_short_in_a_message() -> None:
    long = "n" * 10**6
    node = helper.make_node("Odd", [long], ["end"], name=long, domain=long)
    used = helper.make_node("Relu", ["nowhere" + long], ["y"], name=long)
    layer = helper.make_node("ConvTranspose", ["y", "w"], [long], name=long * 2)
    (missing, *_) = [
        row for row in read(model_of([node, used, layer], None)).rows.values() if row != 1
    ]
    assert isinstance(missing, Missing)
    assert len(missing.reason) < 1500
    with pytest.raises(ValueError, match="no node before it gives its input") as refused:
        layers_of(model_of([node, used, layer], None))
    assert len(str(refused.value)) < 1500


def outcome(data: bytes) -> list[Layer | str]:
    """What is read of a model: layers, what is missing of them, or what is said of all of it."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception:  # protobuf's own, of what is no message
        return []
    try:
        rows = read(model, {"n": 2, "h": 9, "w": 7}).rows.values()
    except ValueError as reason:
        return [str(reason)]
    return [row if isinstance(row, Layer) else row.reason for row in rows]


@pytest.mark.parametrize("seed", [5, 7, 11])
def test_damaged_graphs_are_layers_and_lines(seed: int) -> None:
    data = onnx_graphs.random_graph(seed)[0].SerializeToString()
    source = random.Random(seed)
    outcomes: list[Layer | str] = []
    for _ in range(100):
        damaged = bytearray(data)
        for _ in range(source.choice([1, 1, 3])):
            damaged[source.randrange(len(data))] = source.choice([0, 1, 0x7F, 0x80, 0xFF, 0x0A])
        outcomes += outcome(bytes(damaged))
    lines = [words for words in outcomes if isinstance(words, str)]
    assert 10 < len(lines) < len(outcomes) - 10
    assert all(words.isprintable() and len(words) < 1000 for words in lines)


def test_a_hostile_file_in_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an eighth of the memory that there is."""
    path = tmp_path / "hostile.onnx"
    onnx.save(terabytes(), path)
    monkeypatch.setattr(sandbox, "MOST_MEMORY", 2**28)
    rows = sandbox.read("analytic.onnx.reader:read", str(path), {}).rows
    assert rows["known"] == Layer([5], 4, 6, 3, bias=False)
    assert isinstance(rows["last"], Missing)


def test_values_are_those_of_numbers_alone() -> None:
    text = TensorProto(data_type=TensorProto.STRING, dims=[1], string_data=[b"a"])
    assert values.value_of(text) is None
    damaged = TensorProto(data_type=TensorProto.INT64, dims=[3], int64_data=[1, 2])
    assert values.value_of(damaged) is None
    left_out = TensorProto(data_type=TensorProto.INT64, dims=[3])
    assert values.value_of(left_out) is None
    empty = TensorProto(data_type=TensorProto.INT64, dims=[0])
    value = values.value_of(empty)
    assert value is not None
    assert value.shape == (0,)
