"""Published counters, each run by its public entry point on a real module, in its own guard.

Modules are on torch's meta device, where nothing is computed (the largest of published layers would
take minutes), unless the counter traces them with numbers.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from torch import nn

from analytic import counters
from analytic.layer import integer
from oracle.counters.plugins import Lines
from oracle.modules import layer as layer_of_module

#: Runs a counter on a module and an input, with our lines or without: what it reports.
Run = Callable[[nn.Module, torch.Tensor, Lines | None], Any]


class Runner(NamedTuple):
    """A counter, as it is known to `analytic.counters`, and how it is run.

    ``plugged`` is what it reports with our line, in the words of `counters.MEANINGS`; nothing where
    there is no such line.
    """

    name: str
    distribution: str
    package: str
    device: str
    run: Run
    plugged: str

    @property
    def reports(self) -> str:
        """What the counter says that it reports."""
        reports: str = counters.COUNTERS[self.name].reports
        return reports

    def version(self) -> str:
        """The version that is installed, or nothing."""
        if find_spec(self.package) is None:
            return ""
        try:
            return metadata.version(self.distribution)
        except metadata.PackageNotFoundError:  # another distribution brings a package of this name
            return ""

    def report(
        self, module: Callable[[], nn.Module], shape: Sequence[int], lines: Lines | None = None
    ) -> int | str:
        """What it reports of a module and an input of this shape, or why it reports nothing."""
        sink = io.StringIO()
        try:
            with contextlib.ExitStack() as stack:
                stack.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                stack.enter_context(contextlib.redirect_stdout(sink))
                stack.enter_context(contextlib.redirect_stderr(sink))
                stack.enter_context(torch.no_grad())
                answer = self.run(module(), torch.zeros(*shape, device=self.device), lines)
        except Exception as reason:  # it may raise what it likes; that is what is reported of it
            return f"{type(reason).__name__}: {reason}".splitlines()[0]
        if isinstance(answer, float) and answer.is_integer():
            return int(answer)
        try:
            return integer("the report", answer)
        except TypeError as reason:
            return str(reason)


def flop_counter_mode(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:
    """The counter of torch itself."""
    from torch.utils.flop_counter import FlopCounterMode

    mapping = lines.FLOP_COUNTER_MODE if lines else None
    with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
        module(x)
    return counter.get_total_flops()


def flop_counter_mode_backward(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:
    """The same of the backward pass alone, to the input and to the weight."""
    from torch.utils.flop_counter import FlopCounterMode

    mapping = lines.FLOP_COUNTER_MODE if lines else None
    with torch.enable_grad():
        result = module(x.requires_grad_())
        with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
            result.backward(torch.ones_like(result))
    return counter.get_total_flops()


def torchtnt(which: str) -> Run:
    """``get_module_summary``: its forward or its backward FLOPs."""

    def run(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:  # not in CI
        from torchtnt.utils import flops
        from torchtnt.utils.module_summary import get_module_summary

        with torch.enable_grad(), patch.dict(flops.flop_mapping):
            if lines:
                lines.torchtnt()
            summary = get_module_summary(module, module_args=(x.requires_grad_(),))
        return getattr(summary, which)

    return run


def fvcore(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:
    """``FlopCountAnalysis``."""
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(module, x)
    if lines:
        analysis.set_op_handle("aten::_convolution", lines.fvcore)
    return analysis.total()


def thop(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:  # not in CI
    """``profile``, of whichever of the two packages is called thop here."""
    from thop import profile

    custom_ops = lines.THOP if lines else None
    return profile(module, inputs=(x,), custom_ops=custom_ops, verbose=False)[0]


def ptflops(backend: str) -> Run:
    """``get_model_complexity_info`` with one of its backends."""

    def run(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:  # not in CI
        from ptflops import get_model_complexity_info

        return get_model_complexity_info(
            module,
            tuple(x.shape[1:]),
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
            input_constructor=lambda _: {"input": x} if backend == "aten" else x,
            custom_modules_hooks=lines.PTFLOPS if lines else {},
        )[0]

    return run


def torchinfo(module: nn.Module, x: torch.Tensor, _lines: Lines | None) -> Any:  # not in CI
    """``summary``."""
    from torchinfo import summary

    return summary(module, input_data=x, verbose=0, device=x.device).total_mult_adds


def calflops(*, training: bool) -> Run:
    """``calculate_flops``: its second number, the MACs, forward or of a training step."""

    def run(module: nn.Module, x: torch.Tensor, _lines: Lines | None) -> Any:  # not in CI
        from calflops import calculate_flops

        return calculate_flops(
            module,
            args=[x],
            include_backPropagation=training,
            output_as_string=False,
            print_results=False,
        )[1]

    return run


def torchprofile(module: nn.Module, x: torch.Tensor, _lines: Lines | None) -> Any:  # not in CI
    """``profile_macs``."""
    from torchprofile import profile_macs

    return profile_macs(module, x)


def torchscan(module: nn.Module, x: torch.Tensor, _lines: Lines | None) -> Any:  # not in CI
    """``crawl_module``."""
    from torchscan import crawl_module

    return crawl_module(module, args=(x,))["totals"]["macs"]["value"]


def torchscan_flops(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:  # not in CI
    """``measure_flops``, which asks torch's ``FlopCounterMode``."""
    from torchscan import measure_flops

    mapping = lines.FLOP_COUNTER_MODE if lines else None
    report = measure_flops(lambda: module(x), custom_mapping=mapping)
    return sum(report["by_operator"].values())


def deepspeed(which: int) -> Run:
    """``get_model_profile``: its first number are FLOPs, its second MACs."""

    def run(module: nn.Module, x: torch.Tensor, _lines: Lines | None) -> Any:  # not in CI
        from deepspeed.profiling.flops_profiler import get_model_profile

        return get_model_profile(module, args=[x], print_profile=False, as_string=False)[which]

    return run


def moduleprofiler(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:  # not in CI
    """``ModuleProfiler.estimate_ops``."""
    from moduleprofiler import ModuleProfiler

    profiler = ModuleProfiler(**({"ops_fn_map": lines.moduleprofiler()} if lines else {}))
    return profiler.estimate_ops(module, x)["__root__"]["ops"]


def onnx_tool(module: nn.Module, x: torch.Tensor, lines: Lines | None) -> Any:  # not in CI
    """``Model.graph.profile`` on a model of the one node, as torch would export it."""
    shape = tuple(x.shape)
    return onnx_tool_graph(one_node(module, shape), shape, lines).macs[0]


def onnx_tool_graph(  # not in CI
    model: Any, input_shape: tuple[int, ...], lines: Lines | None
) -> Any:
    """The tool's graph of an ONNX model with the input x, profiled."""
    import numpy
    from onnx_tool import NODE_REGISTRY, Model

    originals = [NODE_REGISTRY[name] for name in ("ConvTransposeNode", "ConvNode")]
    if lines:
        lines.onnx_tool()
    try:
        graph = Model(model, {"verbose": False}).graph
        graph.shape_infer({"x": numpy.zeros(input_shape, numpy.float32)})
        graph.profile()
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the registry: the name is taken
            for original in originals:
                NODE_REGISTRY.register(original)
    return graph


def one_node(module: Any, input_shape: tuple[int, ...]) -> Any:  # not in CI
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


def xla(module: Any, x: torch.Tensor, _lines: Lines | None) -> Any:  # not in CI
    """``cost_analysis`` of the compiled convolution: what XLA says of ``conv_general_dilated``."""
    from oracle.xla import forward_flops

    batch, _, *sizes = x.shape
    return forward_flops(layer_of_module(module, sizes, batch_size=batch))


def tensorflow(module: Any, x: torch.Tensor, _lines: Lines | None) -> Any:  # not in CI
    """``tf.compat.v1.profiler.profile`` of a graph of the one convolution and its bias."""
    import tensorflow as tf

    batch, in_channels, *sizes = x.shape
    paddings = [[0, 0], *([p, p] for p in module.padding), [0, 0]]
    channels = (module.in_channels, module.out_channels)
    if module.groups > 1 or {*module.dilation} != {1} or len(sizes) != 2:
        raise ValueError("run with two axes, without groups and dilation")
    graph = tf.Graph()
    with graph.as_default():
        inputs = tf.compat.v1.placeholder(tf.float32, (batch, *sizes, in_channels))
        shape = (*module.kernel_size, *(channels[::-1] if module.transposed else channels))
        taps = tf.compat.v1.placeholder(tf.float32, shape)
        strides = [1, *module.stride, 1]
        if module.transposed:
            outputs = module(x).shape[2:]
            shape = (batch, *outputs, module.out_channels)
            result = tf.nn.conv2d_transpose(inputs, taps, shape, strides, paddings)
        else:
            result = tf.nn.conv2d(inputs, taps, strides, paddings)
        if module.bias is not None:
            tf.nn.bias_add(result, tf.zeros(module.out_channels))
        options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
        options["output"] = "none"
        return tf.compat.v1.profiler.profile(graph, options=options).total_float_ops


def runner(
    name: str,
    distribution: str,
    run: Run,
    plugged: str = "",
    *,
    device: str = "meta",
    package: str = "",
) -> Runner:
    """A counter whose package is called as its distribution is, if nothing else is said."""
    return Runner(name, distribution, package or distribution, device, run, plugged)


BIAS = "MACs + bias additions"
#: fvcore and torchprofile trace the module, which takes numbers to compute with.
RUNNERS = (
    runner("FlopCounterMode", "torch", flop_counter_mode, "2 × MACs"),
    runner("FlopCounterMode-backward", "torch", flop_counter_mode_backward, "backward FLOPs"),
    runner("torchtnt", "torchtnt", torchtnt("flops_forward"), "MACs"),
    runner("torchtnt-backward", "torchtnt", torchtnt("flops_backward"), "backward MACs"),
    runner("fvcore", "fvcore", fvcore, "MACs", device="cpu"),
    runner("thop", "thop", thop, "MACs"),
    runner("ultralytics-thop", "ultralytics-thop", thop, "MACs", package="thop"),
    runner("ptflops", "ptflops", ptflops("aten"), BIAS),
    runner("ptflops-pytorch", "ptflops", ptflops("pytorch"), f"{BIAS}, a sample"),
    runner("torchinfo", "torchinfo", torchinfo),
    runner("calflops", "calflops", calflops(training=False)),
    runner("calflops-training", "calflops", calflops(training=True)),
    runner("torchprofile", "torchprofile", torchprofile, device="cpu"),
    runner("torchscan", "torchscan", torchscan),
    runner("moduleprofiler", "moduleprofiler", moduleprofiler, "operations (documented)"),
    runner("onnx-tool", "onnx-tool", onnx_tool, BIAS, package="onnx_tool"),
    runner("deepspeed", "deepspeed", deepspeed(1)),
    runner("deepspeed-flops", "deepspeed", deepspeed(0)),
    runner("xla", "jax", xla),
    runner("tensorflow", "tensorflow-cpu", tensorflow, package="tensorflow"),
)
#: Functions that ask another counter: our lines are checked in them, and they are not audited.
ALSO_PLUGGED = (runner("torchscan-flops", "torchscan", torchscan_flops, "2 × MACs"),)


def plugged() -> dict[str, Runner]:
    """The counters that are installed here and take our lines, by name."""
    runners = (*RUNNERS, *ALSO_PLUGGED)
    return {runner.name: runner for runner in runners if runner.plugged and runner.version()}
