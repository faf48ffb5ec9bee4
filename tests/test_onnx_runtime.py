"""ONNX files against onnxruntime: what it runs, what its optimisers and its quantiser write."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import analytic
from analytic import Layer
from analytic.models import Missing
from analytic.onnx import read
from tests import onnx_graphs

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def compare(seed: int) -> int:
    """Read a random graph and run it; how many layers agree, all of them or it raises."""
    model, sizes, dims = onnx_graphs.random_graph(seed)
    x = numpy.ones((sizes["n"], 4, sizes["h"], sizes["w"]), numpy.float32)
    try:
        truth = [*onnx_graphs.measured(model, {"x": x})]
    except Exception as reason:
        if "onnxruntime" not in type(reason).__module__:
            raise
        return 0  # sizes that no runtime has, such as a map of nothing
    rows = read(model, dims).rows
    assert [*rows] == [name for name, _, _ in truth]
    for name, shape, macs in truth:
        layer = rows[name]
        assert isinstance(layer, Layer), (seed, layer)
        assert (layer.batch_size, layer.in_channels, *layer.input_size) == shape, (seed, layer)
        assert analytic.macs(layer) == macs, (seed, layer)
    return len(truth)


def test_random_graphs_count_as_they_run() -> None:
    """Padding, slicing, resizing, reshaping, pooling, transposing; every other one symbolic."""
    assert sum(compare(seed) for seed in range(60)) > 100


@pytest.mark.slow
def test_300_random_graphs_count_as_they_run() -> None:
    assert sum(compare(seed) > 0 for seed in range(1000, 1310)) >= 300


def small_model() -> onnx.ModelProto:
    """An encoder and a decoder, of both kinds of convolution, whose channels fill no block."""
    source = numpy.random.default_rng(14)

    def weight(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(source.normal(size=shape).astype(numpy.float32), name)

    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], pads=[1, 1, 1, 1], name="first"),
        node("Relu", ["c0"], ["r0"]),
        node("MaxPool", ["r0"], ["m0"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["m0", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("LeakyRelu", ["c1"], ["l1"], alpha=0.1),
        node("GlobalAveragePool", ["l1"], ["g1"]),
        node("Mul", ["l1", "g1"], ["s1"]),
        node("ConvTranspose", ["s1", "w2", "b2"], ["t0"], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Sigmoid", ["t0"], ["s2"]),
        node("Add", ["s2", "m0"], ["a0"]),
        node("Concat", ["a0", "m0"], ["j0"], axis=1),
        node("AveragePool", ["j0"], ["p0"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node(
            "Resize",
            ["p0", "", "scales"],
            ["u0"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        node("Conv", ["u0", "w3", "b3"], ["y"], pads=[1, 1, 1, 1]),
    ]
    constants = [
        weight("w0", 12, 3, 3, 3),
        weight("b0", 12),
        weight("w1", 24, 12, 3, 3),
        weight("b1", 24),
        weight("w2", 24, 12, 4, 4),
        weight("b2", 12),
        weight("w3", 5, 24, 3, 3),
        weight("b3", 5),
        numpy_helper.from_array(numpy.array([1, 1, 2, 2], numpy.float32), "scales"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5, 16, 16])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


#: The layers of `small_model`.
LAYERS = [
    Layer([16, 16], 3, 12, 3, padding=1, transposed=False),
    Layer([8, 8], 12, 24, 3, 2, 1, transposed=False),
    Layer([4, 4], 24, 12, 4, 2, 1),
    Layer([16, 16], 24, 5, 3, padding=1, transposed=False),
]


def layers(path: Path) -> list[Layer | Missing]:
    """The layers of a file, where a bias may be a node of its own."""
    rows = read(path).rows.values()
    return [row.replace(bias=True) if isinstance(row, Layer) else row for row in rows]


def optimised(path: Path, level: Any) -> Path:
    """The file that onnxruntime writes after it optimised one."""
    result = path.with_name(f"{path.stem}-{level.name}.onnx")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(result)
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(path), options)
    return result


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runtime") / "plain.onnx"
    onnx.save(small_model(), path)
    return path


def test_optimised_files_have_the_same_layers(plain: Path) -> None:
    assert layers(plain) == LAYERS
    levels = onnxruntime.GraphOptimizationLevel
    for level in (levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_EXTENDED):
        assert layers(optimised(plain, level)) == LAYERS
    assert {node.domain for node in onnx.load(optimised(plain, level)).graph.node} > {""}


def test_files_in_blocks_of_channels(plain: Path) -> None:
    """Which blocks depends on the processor; channels are then those that fill them."""
    path = optimised(plain, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL)
    blocked = layers(path)
    assert len(blocked) == len(LAYERS)
    for ours, plain_layer in zip(blocked, LAYERS, strict=True):
        assert isinstance(ours, Layer)
        for name in ("in_channels", "out_channels"):
            channels, least = getattr(ours, name), getattr(plain_layer, name)
            assert channels in {least, -(-least // 8) * 8, -(-least // 16) * 16}
        channels = {name: getattr(plain_layer, name) for name in ("in_channels", "out_channels")}
        assert ours.replace(**channels) == plain_layer


class Ones:
    """What the quantiser calibrates with."""

    def __init__(self) -> None:
        self.feeds = iter([{"x": numpy.ones((1, 3, 16, 16), numpy.float32)}])

    def get_next(self) -> Any:
        """The next input, until there is none."""
        return next(self.feeds, None)

    set_range = None


@pytest.mark.parametrize("kind", ["QDQ", "QOperator", "16 bits", "dynamic"])
@pytest.mark.filterwarnings("ignore")
def test_quantised_files_have_the_same_layers(kind: str, plain: Path) -> None:
    quantization = pytest.importorskip("onnxruntime.quantization")
    types = quantization.QuantType
    path = plain.with_name(f"{kind}.onnx")
    if kind == "dynamic":
        quantization.quantize_dynamic(plain, path, weight_type=types.QUInt8)
    else:
        formats = quantization.QuantFormat
        quantization.quantize_static(
            plain,
            path,
            Ones(),
            quant_format=formats.QOperator if kind == "QOperator" else formats.QDQ,
            activation_type=types.QUInt16 if kind == "16 bits" else types.QUInt8,
            weight_type=types.QInt8,
            extra_options={"UseQDQContribOps": kind == "16 bits"},
        )
    assert layers(path) == LAYERS
    is_contrib = "com.microsoft" in {node.domain for node in onnx.load(path).graph.node}
    assert is_contrib == (kind in {"QOperator", "16 bits"})
    everything = optimised(path, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL)
    assert layers(everything) == LAYERS


def test_pads_that_are_an_input() -> None:
    """An operator of onnxruntime's; its pads may be constants, or computed from shapes."""
    inputs = {"x": [1, 4, 5, 6], "w": [4, 6, 4, 4]}
    pads = numpy_helper.from_array(numpy.array([1, 0, 2, 1]), "pads")
    graph = helper.make_graph(
        [
            helper.make_node(
                "ConvTransposeWithDynamicPads",
                ["x", "w", "pads"],
                ["y"],
                domain="com.microsoft",
                strides=[2, 2],
                kernel_shape=[4, 4],
            )
        ],
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [pads],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    (layer,) = read(model).rows.values()
    assert isinstance(layer, Layer)
    ones = {name: numpy.ones(shape, numpy.float32) for name, shape in inputs.items()}
    (output,) = onnx_graphs.run(model, ones)
    assert output.shape[2:] == analytic.count(layer).output_size
    assert analytic.macs(layer) == output.sum()
    del model.graph.initializer[:]
    model.graph.input.append(helper.make_tensor_value_info("pads", TensorProto.INT64, [4]))
    (missing,) = read(model).rows.values()
    assert missing == Missing("its pads are not known: they depend on data")


@pytest.mark.parametrize(("kernel", "stride", "output_padding"), [(1, 3, 0), (2, 3, 0), (1, 3, 1)])
def test_the_note_on_same_has_what_the_runtime_makes(
    kernel: int, stride: int, output_padding: int
) -> None:
    from tests.onnx_models import node_model

    attributes: dict[str, Any] = {"strides": [stride], "output_padding": [output_padding]}
    model = node_model([1, 1, 4], [1, 1, kernel], auto_pad="SAME_UPPER", **attributes)
    reading = read(model)
    ones = {"x": numpy.ones((1, 1, 4), numpy.float32), "w": numpy.ones((1, 1, kernel), "f")}
    (output,) = onnx_graphs.run(model, ones)
    (note,) = reading.notes
    assert f"onnxruntime makes {output.shape[2]} where" in note
    assert f"SAME is {4 * stride} positions" in note
    (layer,) = reading.rows.values()
    assert isinstance(layer, Layer)
    assert analytic.macs(layer) == output.sum()


def keras_model() -> tuple[onnx.ModelProto, dict[str, int]]:
    """Two transposed layers of Keras with open sizes, as a converter of TensorFlow writes them.

    Channels stand last between them, and what SAME crops is a slice whose ends are computed.
    """
    builder = onnx_graphs.Builder(random.Random(3), symbolic=True)
    shape: list[str | int | None] = ["unk__7", "unk__8", "unk__9", 4]
    builder.inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    for kernel, stride, out in ((5, 2, 6), (3, 3, 2)):
        value = builder.add("Transpose", builder.value, perm=[0, 3, 1, 2])
        builder.value = value
        wanted = [
            builder.add("Mul", builder.size(axis), builder.constant([stride])) for axis in (2, 3)
        ]
        weight = builder.weight(builder.channels, out, kernel, kernel)
        builder.value = builder.add("ConvTranspose", value, weight, strides=[stride, stride])
        for axis, end in zip((2, 3), wanted, strict=True):
            spare = builder.add("Sub", builder.size(axis), end)
            begin = builder.add("Div", spare, builder.constant([2]))
            limits = begin, builder.add("Add", begin, end), builder.constant([axis])
            builder.value = builder.add("Slice", builder.value, *limits)
        builder.value = builder.add("Transpose", builder.value, perm=[0, 2, 3, 1])
        builder.channels = out
    return builder.model(), {"unk__7": 2, "unk__8": 5, "unk__9": 7}


def test_dynamic_models_of_keras() -> None:
    """By hand: 2·24·(5·5)(7·5) products of 4 to 6 channels, then 2·12·(10·3)(14·3) of 6 to 2."""
    model, dims = keras_model()
    x = numpy.ones((2, 5, 7, 4), numpy.float32)
    truth = [*onnx_graphs.measured(model, {"x": x})]
    rows = read(model, dims).rows
    for name, shape, macs in truth:
        layer = rows[name]
        assert isinstance(layer, Layer)
        assert (layer.batch_size, layer.in_channels, *layer.input_size) == shape
        assert analytic.macs(layer) == macs
    assert sum(macs for *_, macs in truth) == 2 * 24 * 25 * 35 + 2 * 12 * 30 * 42
