"""Exact counts of convolutions inside the counters that people already use.

One line in each counter, here for a ``model`` and an input ``x``:

- fvcore: ``FlopCountAnalysis(model, x).set_op_handle("aten::_convolution", plugins.fvcore)``
- torch: ``FlopCounterMode(custom_mapping=plugins.FLOP_COUNTER_MODE)``
- thop, ultralytics-thop: ``profile(model, (x,), custom_ops=plugins.THOP)``
- ptflops, both backends:
  ``get_model_complexity_info(model, shape, custom_modules_hooks=plugins.PTFLOPS)``
- moduleprofiler: ``ModuleProfiler(ops_fn_map=plugins.moduleprofiler())``
- torchtnt: ``plugins.torchtnt()``, once
- torchscan: ``measure_flops(run, custom_mapping=plugins.FLOP_COUNTER_MODE)``
- onnx-tool: ``plugins.onnx_tool()``, once

Each counts what its counter says it counts: MACs, or twice the MACs, with the additions of the bias
where the counter has them. Ordinary convolutions are left to the counter, to the last unit;
``plugins.both`` has the same lines, exact for both kinds: ``plugins.both.FLOP_COUNTER_MODE``.
Modules are counted with the output padding that a call was given, not with their own.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from analytic import count, macs
from analytic.counters import meant
from analytic.layer import Layer
from oracle.modules import MODULES, TRANSPOSED, layer_of_operator, layer_of_run

aten = torch.ops.aten
#: Tensors, or what has their shape.
Shape = Sequence[int]

macs_and_bias = partial(meant, "MACs + bias additions")


def thop(module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
    """For ``custom_ops`` of thop and ultralytics-thop: MACs.

    Both keep them in float64: `OverflowError` where those of one module would be more than 2^53 and
    could be rounded. The sum over modules is the tool's own, in float64, and is not checked.
    """
    counted = macs(layer_of_run(module, inputs[0].shape, output.shape))
    if int(module.total_ops) + counted > 2**53:
        raise OverflowError(f"thop would round {counted} MACs, which are more than 2^53")
    module.total_ops += counted


def ptflops(module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
    """For the pytorch backend of ptflops: MACs and bias; the tool divides by the batch."""
    module.__flops__ += macs_and_bias(layer_of_run(module, inputs[0].shape, output.shape))


def moduleprofiler_operations(
    module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor
) -> int:
    """For ``ops_fn_map`` of moduleprofiler: multiplications and additions, as it documents them."""
    layer = layer_of_run(module, inputs[0].shape, output.shape)
    return meant("operations (documented)", layer)


class Lines:
    """Our line for each counter: exact for transposed convolutions, or for those of both kinds."""

    def __init__(self, *, both: bool) -> None:
        self.both = both
        modules = MODULES if both else TRANSPOSED
        #: For ``FlopCounterMode(custom_mapping=…)`` of ``torch.utils.flop_counter``.
        self.FLOP_COUNTER_MODE: dict[Any, Callable[..., int]] = {
            aten.convolution: self.flop_counter_mode,
            aten._convolution: self.flop_counter_mode,
            aten.convolution_backward: self.flop_counter_mode_backward,
        }
        #: For ``profile(…, custom_ops=…)`` of thop and of ultralytics-thop.
        self.THOP: dict[Any, Callable[..., None]] = dict.fromkeys(modules, thop)
        #: For ``get_model_complexity_info(…, custom_modules_hooks=…)`` of ptflops, either backend.
        self.PTFLOPS: dict[Any, Callable[..., Any]] = {
            **dict.fromkeys(modules, ptflops),
            aten.convolution: self.ptflops_aten,
            aten._convolution: self.ptflops_aten,
        }

    def counts(self, transposed: bool) -> bool:
        """Whether a convolution of this kind is ours to count, or left to the counter."""
        return self.both or transposed

    def fvcore(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Counter[str]:
        """For ``set_op_handle("aten::_convolution", …)`` of fvcore: MACs, under its name conv."""
        from fvcore.nn.jit_handles import conv_flop_jit, get_shape

        transposed = bool(inputs[6].toIValue())
        if not self.counts(transposed):
            ordinary: Counter[str] = conv_flop_jit(inputs, outputs)
            return ordinary
        layer = layer_of_operator(
            get_shape(inputs[0]),
            get_shape(inputs[1]),
            bias=False,
            stride=traced(inputs[3]),
            padding=traced(inputs[4]),
            dilation=traced(inputs[5]),
            output_padding=traced(inputs[7]),
            groups=inputs[8].toIValue(),
            transposed=transposed,
        )
        return Counter({"conv": macs(layer)})

    def flop_counter_mode(
        self,
        x_shape: Shape,
        w_shape: Shape,
        bias: Any,
        stride: Shape,
        padding: Shape,
        dilation: Shape,
        transposed: bool,
        output_padding: Shape,
        groups: int,
        *rest: Any,
        out_shape: Any = None,
        **more: Any,
    ) -> int:
        """For ``aten.convolution`` in torch's ``FlopCounterMode``: 2 × MACs."""
        if not self.counts(transposed):
            from torch.utils.flop_counter import conv_flop

            options = (stride, padding, dilation, transposed, output_padding, groups, *rest)
            forward: Callable[..., int] = conv_flop
            return forward(x_shape, w_shape, bias, *options, out_val=out_shape, **more)
        arguments = (stride, padding, dilation, output_padding, groups, transposed)
        return meant("FLOPs", layer_of_operator(x_shape, w_shape, False, *arguments))

    def flop_counter_mode_backward(
        self,
        grad_out_shape: Shape,
        x_shape: Shape,
        w_shape: Shape,
        bias: Any,
        stride: Shape,
        padding: Shape,
        dilation: Shape,
        transposed: bool,
        output_padding: Shape,
        groups: int,
        output_mask: Sequence[bool],
        out_shape: Any = None,
    ) -> int:
        """For ``aten.convolution_backward`` in torch's ``FlopCounterMode``: 2 × MACs.

        Each of the gradients of input and weight has one MAC for each of the layer's.
        """
        options = (stride, padding, dilation, transposed, output_padding, groups)
        if not self.counts(transposed):
            from torch.utils.flop_counter import conv_backward_flop

            shapes = (grad_out_shape, x_shape, w_shape, bias)
            backward: Callable[..., int] = conv_backward_flop
            return backward(*shapes, *options, output_mask, out_val=out_shape)
        forward = self.flop_counter_mode(x_shape, w_shape, bias, *options)
        return sum(map(bool, output_mask[:2])) * forward

    def ptflops_aten(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
        """For the aten backend of ptflops: MACs and bias, of the whole batch."""
        x, weight, bias, stride, padding, dilation, transposed, output_padding, groups = inputs[:9]
        if not self.counts(transposed):  # not in CI
            from ptflops.aten_ops import conv_flop

            ordinary: int = conv_flop(inputs, outputs)
            return ordinary
        options = (stride, padding, dilation, output_padding, groups, transposed)
        return macs_and_bias(layer_of_operator(x.shape, weight.shape, bias is not None, *options))

    def moduleprofiler(self) -> dict[Any, Callable[..., int]]:  # not in CI
        """For ``ModuleProfiler(ops_fn_map=…)``: the tool's own map, with ours for the modules."""
        from moduleprofiler.ops import get_default_ops_map

        modules = MODULES if self.both else TRANSPOSED
        return {**get_default_ops_map(), **dict.fromkeys(modules, moduleprofiler_operations)}

    def torchtnt(self) -> None:  # not in CI
        """Put exact convolutions, forward and backward, into the map of torchtnt: MACs."""
        from torchtnt.utils import flops

        def forward(inputs: Sequence[Any], outputs: Any) -> Any:
            if not self.counts(inputs[6]):
                return flops._conv_flop_jit(inputs, outputs)
            options = (*inputs[3:6], inputs[7], inputs[8], inputs[6])
            return macs(layer_of_operator(inputs[0].shape, inputs[1].shape, False, *options))

        def backward(inputs: Sequence[Any], outputs: Any) -> Any:
            if not self.counts(inputs[7]):
                return flops._conv_backward_flop_jit(inputs, outputs)
            gradients = sum(map(bool, inputs[10][:2]))
            return gradients * forward([*inputs[1:3], None, *inputs[4:10]], outputs)

        flops.flop_mapping[aten.convolution.default] = forward
        flops.flop_mapping[aten._convolution.default] = forward
        flops.flop_mapping[aten.convolution_backward.default] = backward

    def onnx_tool(self) -> type:
        """Put an exact ``ConvTranspose``, or both, into the registry of onnx-tool: MACs and bias.

        Output sizes are exact as well, ``auto_pad`` and ``output_shape`` included. What is returned
        is the node of the transposed convolution.
        """
        from onnx_tool import NODE_REGISTRY

        nodes = [onnx_node(transposed) for transposed in (True, False) if self.counts(transposed)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the name is taken is what we are here for
            for node in nodes:
                NODE_REGISTRY.register(node)
        return nodes[0]


def onnx_node(transposed: bool) -> type:
    """A convolution as a node of onnx-tool, by the name under which its registry knows it."""
    from onnx_tool import Node

    from analytic.onnx.nodes import layer_of_node

    def layer_of(node: Any, tensors: Sequence[Any]) -> Layer:
        shapes = [list(map(int, tensor.get_shape())) for tensor in tensors[:2]]
        bias = any(node.input[2:])  # "" is no bias
        return layer_of_node(node.attr, bias, *shapes, transposed=transposed)

    class Convolution(Node):  # type: ignore[misc]  # onnx-tool has no types
        """The shape of its output, and what it costs."""

        def shape_infer(self, intensors: Any, outtensors: Any) -> None:
            """The output's shape."""
            layer = layer_of(self, intensors)
            shape = [layer.batch_size, layer.out_channels, *count(layer).output_size]
            outtensors[0].update_shape(shape)
            outtensors[0].update_dtype(intensors[0].dtype)

        def profile(self, intensors: Any, outtensors: Any) -> list[int]:
            """Forward MACs, and none backward, as the tool's own nodes have it."""
            del outtensors
            return [macs_and_bias(layer_of(self, intensors)), 0]

    Convolution.__name__ = "ConvTransposeNode" if transposed else "ConvNode"
    return Convolution


def traced(value: Any) -> list[int]:
    """A list of integers in a traced graph, where it is a constant or built of constants."""
    constant = value.toIValue()
    if constant is None:
        return [entry.toIValue() for entry in value.node().inputs()]
    return list(constant)


both = Lines(both=True)
transposed = Lines(both=False)

FLOP_COUNTER_MODE = transposed.FLOP_COUNTER_MODE
THOP = transposed.THOP
PTFLOPS = transposed.PTFLOPS
fvcore = transposed.fvcore
flop_counter_mode = transposed.flop_counter_mode
flop_counter_mode_backward = transposed.flop_counter_mode_backward
ptflops_aten = transposed.ptflops_aten
moduleprofiler = transposed.moduleprofiler
torchtnt = transposed.torchtnt
onnx_tool = transposed.onnx_tool
