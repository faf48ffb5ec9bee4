"""The counters of `oracle.plugins`, each run by its public entry point, without and with our line.

What is compared is what the tool itself reports of a real module. Modules are on torch's meta
device, where nothing is computed, unless the tool traces them with numbers.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch

from analytic.layer import Layer
from analytic.totals import Count
from oracle import ones, plugins
from oracle.modules import module_of

ORDINARY = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
#: Runs a tool on a module and an input, with our line or without: what it reports.
Run = Callable[[torch.nn.Module, torch.Tensor, bool], Any]


class Tool(NamedTuple):
    """A counter and what its number means, as a function of the exact counts of a layer."""

    name: str
    distribution: str
    package: str
    meaning: str
    meant: Callable[[Layer, Count], int]
    convention: str
    device: str
    run: Run


def flop_counter_mode(module: torch.nn.Module, x: torch.Tensor, plugged: bool) -> Any:
    """The counter of torch itself."""
    from torch.utils.flop_counter import FlopCounterMode

    mapping = plugins.FLOP_COUNTER_MODE if plugged else None
    with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
        module(x)
    return counter.get_total_flops()


def fvcore(module: torch.nn.Module, x: torch.Tensor, plugged: bool) -> Any:
    """``FlopCountAnalysis``."""
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(module, x)
    if plugged:
        analysis.set_op_handle("aten::_convolution", plugins.fvcore)
    return analysis.total()


def thop(module: torch.nn.Module, x: torch.Tensor, plugged: bool) -> Any:
    """``profile``, of whichever of the two packages is called thop here."""
    from thop import profile

    custom_ops = plugins.THOP if plugged else None
    return profile(module, inputs=(x,), custom_ops=custom_ops, verbose=False)[0]


def ptflops(backend: str) -> Run:
    """``get_model_complexity_info`` with one of its backends."""

    def run(module: torch.nn.Module, x: torch.Tensor, plugged: bool) -> Any:
        from ptflops import get_model_complexity_info

        return get_model_complexity_info(
            module,
            tuple(x.shape[1:]),
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
            input_constructor=lambda _: {"input": x} if backend == "aten" else x,
            custom_modules_hooks=plugins.PTFLOPS if plugged else {},
        )[0]

    return run


def moduleprofiler(module: torch.nn.Module, x: torch.Tensor, plugged: bool) -> Any:
    """``ModuleProfiler.estimate_ops``."""
    from moduleprofiler import ModuleProfiler

    profiler = ModuleProfiler(**({"ops_fn_map": plugins.moduleprofiler()} if plugged else {}))
    return profiler.estimate_ops(module, x)["__root__"]["ops"]


def onnx_tool(module: Any, x: torch.Tensor, plugged: bool) -> Any:
    """``Model.graph.profile`` on a model of the one node, as torch would export it."""
    shape = tuple(x.shape)
    return onnx_tool_graph(one_node(module, shape), shape, plugged).macs[0]


def onnx_tool_graph(model: Any, input_shape: tuple[int, ...], plugged: bool) -> Any:
    """The tool's graph of an ONNX model with the input x, profiled."""
    import numpy
    from onnx_tool import NODE_REGISTRY, Model

    original = NODE_REGISTRY["ConvTransposeNode"]
    if plugged:
        plugins.onnx_tool()
    try:
        graph = Model(model, {"verbose": False}).graph
        graph.shape_infer({"x": numpy.zeros(input_shape, numpy.float32)})
        graph.profile()
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the registry: the name is taken
            NODE_REGISTRY.register(original)
    return graph


def one_node(module: Any, input_shape: tuple[int, ...]) -> Any:
    """The ONNX model of one convolution, ordinary or transposed."""
    from onnx import TensorProto, helper

    attributes = {
        "kernel_shape": module.kernel_size,
        "strides": module.stride,
        "pads": module.padding * 2,
        "dilations": module.dilation,
        "group": module.groups,
    }
    if module.transposed:
        attributes["output_padding"] = module.output_padding
    shapes = {"x": input_shape, "w": tuple(module.weight.shape)}
    if module.bias is not None:
        shapes["b"] = tuple(module.bias.shape)
    operator = "ConvTranspose" if module.transposed else "Conv"
    graph = helper.make_graph(
        [helper.make_node(operator, list(shapes), ["y"], name="node", **attributes)],
        "graph",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def bias_additions(layer: Layer, count: Count) -> int:
    """One for each output value, where there is a bias."""
    return layer.batch_size * layer.out_channels * int(count.positions) * layer.bias


def of_macs(_layer: Layer, count: Count) -> int:
    """MACs."""
    return int(count.macs)


def twice_macs(_layer: Layer, count: Count) -> int:
    """2 × MACs."""
    return 2 * int(count.macs)


def macs_and_bias(layer: Layer, count: Count) -> int:
    """MACs and the additions of the bias."""
    return int(count.macs) + bias_additions(layer, count)


def per_sample(layer: Layer, count: Count) -> int:
    """The same of one sample."""
    return macs_and_bias(layer, count) // max(layer.batch_size, 1)


def operations(_layer: Layer, count: Count) -> int:
    """Multiplications and additions."""
    return int(count.total)


BIAS = "MACs + bias additions"
TOOLS = (
    Tool("FlopCounterMode", "torch", "torch", "2 × MACs", twice_macs, "nonzero", "meta",
         flop_counter_mode),
    Tool("fvcore", "fvcore", "fvcore", "MACs", of_macs, "nonzero", "cpu", fvcore),
    Tool("thop", "thop", "thop", "MACs", of_macs, "nonzero", "meta", thop),
    Tool("ultralytics-thop", "ultralytics-thop", "thop", "MACs", of_macs, "nonzero", "meta", thop),
    Tool("ptflops, aten", "ptflops", "ptflops", BIAS, macs_and_bias, "nonzero", "meta",
         ptflops("aten")),
    Tool("ptflops, pytorch", "ptflops", "ptflops", BIAS + ", a sample", per_sample, "nonzero",
         "meta", ptflops("pytorch")),
    Tool("moduleprofiler", "moduleprofiler", "moduleprofiler", "operations (documented)",
         operations, "documented", "meta", moduleprofiler),
    Tool("onnx-tool", "onnx-tool", "onnx_tool", BIAS, macs_and_bias, "nonzero", "meta", onnx_tool),
)  # fmt: skip


def version(tool: Tool) -> str:
    """The version that is installed, or nothing."""
    if find_spec(tool.package) is None:
        return ""
    try:
        return metadata.version(tool.distribution)
    except metadata.PackageNotFoundError:  # another distribution brings a package of this name
        return ""


class Outcome(NamedTuple):
    """One layer in one tool: what is exact, what it reports, and of an ordinary convolution."""

    layer: Layer
    exact: int
    without: int | str
    plugged: int | str
    ordinary: int | str
    ordinary_plugged: int | str


def reported(tool: Tool, module: Callable[[], torch.nn.Module], shape: Any, plugged: bool) -> Any:
    """What a tool says of a module, as an integer where it is one; or why it says nothing."""
    sink = io.StringIO()
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            stack.enter_context(contextlib.redirect_stdout(sink))
            stack.enter_context(contextlib.redirect_stderr(sink))
            stack.enter_context(torch.no_grad())
            answer = tool.run(module(), torch.zeros(shape, device=tool.device), plugged)
    except Exception as reason:  # a tool may raise what it likes; that is what is reported of it
        return f"{type(reason).__name__}: {reason}".splitlines()[0]
    if isinstance(answer, float) and answer.is_integer():
        return int(answer)
    return answer


def outcome(tool: Tool, layer: Layer) -> Outcome:
    """One layer in one tool, and the ordinary convolution that leads back from its output."""
    count = ones.count(layer, convention=tool.convention)
    shape = (layer.batch_size, layer.in_channels, *layer.input_size)

    def transposed() -> torch.nn.Module:
        return module_of(layer, tool.device)

    back = (layer.batch_size, layer.out_channels, *count.output_size)

    def ordinary() -> torch.nn.Module:
        make: Any = ORDINARY[len(layer.axes) - 1]
        made: torch.nn.Module = make(
            layer.out_channels,
            layer.in_channels,
            layer.kernel_size,
            stride=layer.stride,
            padding=tuple(axis.d * (axis.k - 1) for axis in layer.axes),
            dilation=layer.dilation,
            groups=layer.groups,
            bias=layer.bias,
            device=tool.device,
        )
        return made

    return Outcome(
        layer,
        tool.meant(layer, count),
        *(reported(tool, transposed, shape, plugged) for plugged in (False, True)),
        *(reported(tool, ordinary, back, plugged) for plugged in (False, True)),
    )


class Result(NamedTuple):
    """All layers in one tool."""

    tool: Tool
    version: str
    outcomes: list[Outcome]

    def summary(self) -> tuple[int, int, int, int, int]:
        """Layers that ran; exact without and with our line; ordinary ones that ran, unchanged."""
        ran = [one for one in self.outcomes if isinstance(one.plugged, int)]
        ordinary = [one for one in self.outcomes if isinstance(one.ordinary, int)]
        return (
            len(ran),
            sum(one.without == one.exact for one in self.outcomes),
            sum(one.plugged == one.exact for one in self.outcomes),
            len(ordinary),
            sum(one.ordinary == one.ordinary_plugged for one in ordinary),
        )

    def failed(self) -> list[Outcome]:
        """Where our line does not give the exact number, or changes an ordinary convolution."""
        return [
            one
            for one in self.outcomes
            if one.plugged != one.exact or one.ordinary != one.ordinary_plugged
        ]
