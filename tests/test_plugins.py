"""The hooks of `oracle.plugins`, in the tools where they are installed and on their own."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import onnx
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import oracle
import oracle.plugins
from analytic import Layer
from oracle.cli import program
from oracle.counters import plugins
from oracle.counters.check import check, leading_back
from oracle.counters.runners import ALSO_PLUGGED, RUNNERS, Runner, onnx_tool_graph
from oracle.modules import layer_of_operator, layer_of_run, module_of
from tests.onnx_models import node_model, on_ones

#: One of each kind of thing that counters get wrong.
LAYERS = [
    Layer([7], 4, 6, 5, stride=3, padding=2, output_padding=1, groups=2, batch_size=3),
    Layer((5, 4), 3, 2, (3, 2), stride=(2, 3), dilation=(2, 1), bias=False),
    Layer((8, 8), 6, 6, 4, stride=2, padding=1, groups=6, batch_size=2),
    Layer((3, 2, 4), 2, 3, 3, stride=2, padding=1, output_padding=1),
    Layer((4, 4), 2, 2, 1, stride=3),
    Layer((3, 3), 2, 4, 3, batch_size=0),
]


@pytest.mark.parametrize(
    "runner",
    [runner for runner in (*RUNNERS, *ALSO_PLUGGED) if runner.plugged],
    ids=lambda runner: runner.name,
)
@pytest.mark.parametrize("layer", [*LAYERS, *map(leading_back, LAYERS)], ids=str)
def test_every_installed_counter(runner: Runner, layer: Layer) -> None:
    """Exact with our lines for its kind; else as before, to the last unit."""
    if not runner.version():
        pytest.skip(f"{runner.name} is not installed")
    if layer.batch_size == 0 and not runner.name.startswith("FlopCounterMode"):
        pytest.skip("counters divide by the batch, or do not run without one")
    checked = check(runner, layer)
    assert checked.passed()
    unknown = runner.name == "moduleprofiler" and len(layer.axes) == 3  # it has no Conv3d
    assert unknown or isinstance(checked.without, int)


def test_the_lines_have_a_public_name() -> None:
    for name in oracle.plugins.__all__:
        assert getattr(oracle.plugins, name) is getattr(plugins, name)


class Mixed(nn.Module):
    """Ordinary and transposed, modules and functions, and an output size in a call."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1, groups=1)
        self.up = nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, groups=2)

    def forward(self, x: Tensor) -> Tensor:
        """Down, up and up again."""
        x = self.up(self.down(x), output_size=x.shape[2:])
        return functional.conv_transpose2d(x, torch.ones(4, 2, 2, 2, dtype=x.dtype), stride=2)


ORDINARY = 2 * 4 * 3 * 9 * (5 * 6)
UP = Layer((5, 6), 4, 4, 3, stride=2, padding=1, output_padding=(0, 1), groups=2, batch_size=2)
TRANSPOSED = [UP, Layer((9, 12), 4, 2, 2, stride=2, batch_size=2)]


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_flop_counter_mode_forward(mode: Callable[[], Any]) -> None:
    model = Mixed()
    with mode(), FlopCounterMode(display=False, custom_mapping=plugins.FLOP_COUNTER_MODE) as ours:
        model(torch.randn(2, 3, 9, 12))
    expected = ORDINARY + sum(map(oracle.macs, TRANSPOSED))
    assert ours.get_total_flops() == 2 * expected


def flops(module: nn.Module, x: Tensor, mapping: dict[Any, Any] | None) -> dict[str, int]:
    """Forward and backward, by operator, as torch's counter has it."""
    with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
        module(x).sum().backward()
    return {str(name): count for name, count in counter.get_flop_counts()["Global"].items()}


@pytest.mark.parametrize("layer", LAYERS[:5], ids=str)
@pytest.mark.parametrize("gradients", [(True, True), (True, False), (False, True)])
def test_flop_counter_mode_backward(layer: Layer, gradients: tuple[bool, bool]) -> None:
    module = module_of(layer)
    shape = (layer.batch_size, layer.in_channels, *layer.input_size)
    module.weight.requires_grad_(gradients[1])
    x = torch.randn(shape, requires_grad=gradients[0])
    macs = oracle.macs(layer)
    assert flops(module, x, plugins.FLOP_COUNTER_MODE) == {
        "aten.convolution": 2 * macs,
        "aten.convolution_backward": 2 * macs * sum(gradients),
    }


def test_flop_counter_mode_leaves_ordinary_convolutions_alone_unless_asked() -> None:
    for groups in (1, 2):
        module = nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=groups)
        x = torch.randn(2, 4, 9, 8, requires_grad=True)
        assert flops(module, x, plugins.FLOP_COUNTER_MODE) == flops(module, x, None)
        macs = oracle.macs(oracle.layer(module, (9, 8), 2))
        assert flops(module, x, plugins.both.FLOP_COUNTER_MODE) == {
            "aten.convolution": 2 * macs,
            "aten.convolution_backward": 4 * macs,
        }


def test_the_backward_of_a_depthwise_layer_costs_twice_its_forward() -> None:
    """Torch's own counter says 33 times."""
    module = nn.Conv2d(32, 32, 3, groups=32)
    x = torch.randn(1, 32, 8, 8, requires_grad=True)
    for mapping, times in ((None, 33), (plugins.both.FLOP_COUNTER_MODE, 2)):
        counts = flops(module, x, mapping)
        assert counts["aten.convolution_backward"] == times * counts["aten.convolution"]


def test_a_list_in_a_traced_graph_may_be_a_constant() -> None:
    one, two = (SimpleNamespace(toIValue=lambda number=number: number) for number in (1, 2))
    built = SimpleNamespace(
        toIValue=lambda: None, node=lambda: SimpleNamespace(inputs=lambda: [one, two])
    )
    assert plugins.traced(built) == [1, 2]
    assert plugins.traced(SimpleNamespace(toIValue=lambda: [3, 4])) == [3, 4]


def test_fvcore_on_a_mixed_model() -> None:
    nn_tools = pytest.importorskip("fvcore.nn")
    analysis = nn_tools.FlopCountAnalysis(Mixed(), torch.randn(2, 3, 9, 12))
    analysis.set_op_handle("aten::_convolution", plugins.fvcore)
    analysis.tracer_warnings("none")
    assert analysis.total() == ORDINARY + sum(map(oracle.macs, TRANSPOSED))
    assert analysis.by_operator() == {"conv": analysis.total()}


#: What no torch layer has: name to shapes of input and weight and the node's attributes.
ONNX_NODES: dict[str, tuple[list[int], list[int], dict[str, Any]]] = {
    "a kernel narrower than the stride": (
        [2, 1, 5], [1, 3, 1], {"auto_pad": "SAME_UPPER", "strides": [3]}
    ),
    "the odd crop at the begin": (
        [1, 2, 4, 5], [2, 3, 4, 4], {"auto_pad": "SAME_LOWER", "strides": [1, 3]}
    ),
    "output padding, and dilation": (
        [1, 2, 4, 3],
        [2, 1, 3, 2],
        {
            "auto_pad": "SAME_UPPER",
            "strides": [2, 3],
            "output_padding": [1, 2],
            "dilations": [2, 1],
        },
    ),
    "valid, in groups": ([2, 4, 5], [4, 1, 3], {"auto_pad": "VALID", "group": 4, "strides": [2]}),
    "an output shape": (
        [1, 1, 3, 3],
        [1, 2, 3, 3],
        {"auto_pad": "SAME_UPPER", "strides": [3, 2], "output_shape": [10, 8]},
    ),
    "crops of begin and end apart": (
        [1, 1, 3, 2, 2], [1, 2, 3, 2, 3], {"strides": [2, 1, 2], "pads": [1, 0, 2, 0, 1, 1]}
    ),
}  # fmt: skip


class StandInNode:
    """As much of onnx-tool's ``Node`` as our node uses."""

    def __init__(self, proto: Any) -> None:
        self.attr = {a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute}
        self.input = list(proto.input)


class StandInTensor:
    """As much of onnx-tool's ``Tensor``."""

    def __init__(self, shape: Any = None) -> None:
        self.dtype = "float32"
        self.update_shape(shape)

    def update_shape(self, shape: Any) -> None:
        self.shape = shape

    def update_dtype(self, dtype: str) -> None:
        assert dtype == self.dtype

    def get_shape(self) -> Any:
        return self.shape


def by_stand_in(model: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """MACs and output shape by our node alone, as onnx-tool would call it."""
    registered: list[type] = []
    registry = SimpleNamespace(register=registered.append)
    tool = SimpleNamespace(Node=StandInNode, NODE_REGISTRY=registry)
    monkeypatch.setitem(sys.modules, "onnx_tool", tool)
    kind = plugins.onnx_tool()
    assert [node.__name__ for node in registered] == ["ConvTransposeNode"]
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.input
    }
    node: Any = kind(model.graph.node[0])
    tensors = [StandInTensor(shapes.get(name)) for name in node.input]
    output = StandInTensor()
    node.shape_infer(tensors, [output])
    macs, backward = node.profile(tensors, [output])
    assert backward == 0
    return macs, output.get_shape()


def by_the_tool(model: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """MACs and output shape by onnx-tool, with our line."""
    del monkeypatch
    pytest.importorskip("onnx_tool", reason="onnx-tool is not installed")
    dims = model.graph.input[0].type.tensor_type.shape.dim
    graph = onnx_tool_graph(model, tuple(dim.dim_value for dim in dims), plugins.transposed)
    return graph.macs[0], graph.tensormap["y"].get_shape()


@pytest.mark.parametrize("run", [by_stand_in, by_the_tool])
@pytest.mark.parametrize("bias", ["", "no name", "b"])
@pytest.mark.parametrize("name", ONNX_NODES)
def test_onnx_tool_counts_what_the_operator_says(
    run: Callable[..., Any], bias: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many MACs as ones land in the reference evaluator, and an addition of bias a value."""
    x, w, attributes = ONNX_NODES[name]
    counted = on_ones(node_model(x, w, **attributes))
    model = node_model(x, w, bias=bias == "b", **attributes)
    if bias == "no name":  # an optional input that is left out may stand there
        model.graph.node[0].input.append("")
    macs, shape = run(model, monkeypatch)
    assert macs == counted.sum() + (counted.size if bias == "b" else 0)
    assert tuple(shape) == counted.shape


def hooked(hook: Callable[..., Any], **attributes: Any) -> nn.ConvTranspose2d:
    """A module that has run under a forward hook, with an output size of its own."""
    module = nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, groups=2)
    for name, value in attributes.items():
        setattr(module, name, value)
    module.register_forward_hook(hook)
    module(torch.randn(2, 4, 5, 6), output_size=[9, 12])
    return module


def test_hooks_count_with_the_output_padding_in_force() -> None:
    macs = oracle.macs(UP)
    assert hooked(plugins.thop, total_ops=7).total_ops == 7 + macs
    assert hooked(plugins.thop, total_ops=torch.zeros(1, dtype=torch.float64)).total_ops == macs
    counted = hooked(plugins.ptflops, __flops__=0).__flops__
    assert counted == macs + 2 * 4 * (9 * 12)
    operations: list[int] = []

    def keep(*arguments: Any) -> None:
        operations.append(plugins.moduleprofiler_operations(*arguments))

    hooked(keep)
    assert operations == [oracle.count(UP, convention="documented").total]


def test_thop_refuses_what_it_would_round() -> None:
    module = nn.ConvTranspose1d(1, 1, 1, device="meta")
    module.total_ops = 0  # type: ignore[assignment]
    shape = torch.empty(1, 1, 2**52, device="meta")
    plugins.thop(module, (shape,), shape)
    plugins.thop(module, (shape,), shape)
    with pytest.raises(OverflowError, match="thop would round 4503599627370496 MACs"):
        plugins.thop(module, (shape,), shape)
    assert module.total_ops == 2**53


def test_ptflops_aten_hook_without_the_tool() -> None:
    x, weight, bias = torch.randn(2, 4, 5, 6), torch.randn(4, 2, 3, 3), torch.randn(4)
    inputs = [x, weight, bias, [2, 2], [1, 1], [1, 1], True, [0, 1], 2]
    macs = oracle.macs(UP)
    assert plugins.ptflops_aten(inputs, [x]) == macs + 2 * 4 * (9 * 12)
    inputs[2] = None
    assert plugins.ptflops_aten([*inputs, False, False, True, True], [x]) == macs


def test_layers_of_modules_that_have_run() -> None:
    module = nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, groups=2)
    for shape in ((4, 5, 6), (2, 4, 5, 6), (0, 4, 5, 6)):
        result = module(torch.randn(shape), output_size=[9, 12])
        batch_size = 1 if len(shape) == 3 else shape[0]
        assert layer_of_run(module, shape, result.shape) == UP.replace(batch_size=batch_size)
    ordinary = nn.Conv2d(4, 4, 3, stride=2, padding=1)
    result = ordinary(torch.randn(2, 4, 5, 6))
    assert layer_of_run(ordinary, (2, 4, 5, 6), result.shape) == oracle.layer(ordinary, (5, 6), 2)
    with pytest.raises(TypeError, match="module must be a torch"):
        layer_of_run(nn.Linear(1, 1), (1, 1, 1, 1), (1, 1, 1, 1))


def test_operators_whose_channels_do_not_fit() -> None:
    with pytest.raises(ValueError, match="in_channels must be the weight's 3, got 4"):
        layer_of_operator((1, 4, 5), (3, 2, 2), False, [1], [0], [1], [0], 1)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_modules_of_layers(layer: Layer) -> None:
    module = module_of(layer)
    assert oracle.layer(module, layer.input_size, layer.batch_size) == layer


def test_layers_that_torch_has_not() -> None:
    with pytest.raises(ValueError, match="crops of begin and end apart"):
        module_of(Layer([3], 1, 1, 1, end_padding=0))
    with pytest.raises(ValueError, match="no torch module has 4 axes"):
        module_of(Layer((3, 3, 3, 3), 1, 1, 1, axes=4))


def test_the_command(tmp_path: Any) -> None:
    path = tmp_path / "layers.csv"
    path.write_text(
        "input_size,in_channels,out_channels,kernel_size,stride,padding\n"
        "8x8,4,6,4,2,1\n8x8,4,6,4,2,1\n5,2,2,2,2,0\n"
    )
    arguments = ["plugins", str(path), "--tool", "FlopCounterMode", "--format", "markdown"]
    result = CliRunner().invoke(program, arguments, standalone_mode=False)
    assert result.exception is None
    row = [cell.strip() for cell in result.stdout.splitlines()[-1].split("|")]
    assert row[1] == "FlopCounterMode"
    assert row[3:11] == ["2 × MACs", "2 of 2", "1", "2", "2 of 2", "0", "2", "2"]


def test_the_command_fails_where_a_tool_is_not_exact(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "layers.csv"
    path.write_text("input_size,in_channels,out_channels,kernel_size,padding\n8,4,6,4,1\n")
    monkeypatch.setattr(
        plugins.transposed, "FLOP_COUNTER_MODE", {torch.ops.aten.convolution: math.nan}
    )
    arguments = ["plugins", str(path), "--tool", "FlopCounterMode"]
    result = CliRunner().invoke(program, arguments, standalone_mode=False)
    assert "2 layers are not exact" in str(result.exception)
    arguments[-1] = "no tool"
    result = CliRunner().invoke(program, arguments, standalone_mode=False)
    assert "--tool no tool is not installed here; FlopCounterMode" in str(result.exception)
