"""What published counters report of a transposed convolution, as formulas over a `Layer`.

A published figure counts whatever its counter counts. Each formula is what the named version was
seen to report, in the field's units; notes/field.md compares the counters themselves with them.
"""

from __future__ import annotations

import math
from collections import namedtuple

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.axis import size

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytic.layer import Layer


class Formula(namedtuple("Formula", "counter reports function")):
    """``function(layer)`` is what ``counter`` (name and version) prints under ``reports``."""

    __slots__ = ()


def by_rule(layer: Layer, rule: str) -> int:
    """MACs by one of `totals.RULES`."""
    return int(totals.macs(INTEGERS, layer, totals.products(INTEGERS, layer.axes)[1], rule))


def outputs(layer: Layer) -> int:
    """``N·C_out·P``, the values that the layer returns."""
    return int(layer.batch_size * layer.out_channels * math.prod(map(size, layer.axes)))


def bias_additions(layer: Layer) -> int:
    """``N·C_out·P·[bias]``."""
    return outputs(layer) * layer.bias


def taps(layer: Layer) -> int:
    """``K = Πk``."""
    return math.prod(layer.kernel_size)


def flop_counter_mode(layer: Layer) -> int:
    """Twice the input rule."""
    return 2 * by_rule(layer, "input")


def input_rule(layer: Layer) -> int:
    """``N·ψ·Πn·K``."""
    return by_rule(layer, "input")


def output_rule(layer: Layer) -> int:
    """``N·ψ·P·K``."""
    return by_rule(layer, "output")


def deepspeed_flops(layer: Layer) -> int:
    """Twice the input rule, and the bias."""
    return 2 * by_rule(layer, "input") + bias_additions(layer)


def ptflops_aten(layer: Layer) -> int:
    """The input rule, and the bias."""
    return by_rule(layer, "input") + bias_additions(layer)


def ptflops_pytorch(layer: Layer) -> int:
    """The input rule and the bias, of one sample of the batch."""
    return ptflops_aten(layer.replace(batch_size=1))


def calflops(layer: Layer) -> int:
    """The input rule with the groups divided out twice."""
    kernels = layer.in_channels * (layer.out_channels // layer.groups // layer.groups)
    return layer.batch_size * kernels * math.prod(layer.input_size) * taps(layer)


def torchinfo(layer: Layer) -> int:
    """The output rule, and the bias."""
    return by_rule(layer, "output") + bias_additions(layer)


def torchscan(layer: Layer) -> int:
    """The output rule, and four a axis."""
    return by_rule(layer, "output") + 4 * len(layer.axes)


def torchprofile(layer: Layer) -> int:
    """``N·C_out·P·K`` times C_out/groups where both channel counts are the same, else C_in."""
    same = layer.in_channels == layer.out_channels
    return (
        outputs(layer)
        * taps(layer)
        * (layer.out_channels // layer.groups if same else layer.in_channels)
    )


def onnx_tool(layer: Layer) -> int:
    """``N·C_out·P·(C_out/groups)·K``, and the bias."""
    return outputs(layer) * (layer.out_channels // layer.groups) * taps(layer) + bias_additions(
        layer
    )


def moduleprofiler(layer: Layer) -> int:
    """The documented operations; their additions are those of the layer without output padding."""
    sizes, of = totals.products(INTEGERS, layer.axes)
    documented = totals.count(INTEGERS, layer, sizes, of, "documented", "exact")
    plain = totals.products(INTEGERS, [axis._replace(o=0) for axis in layer.axes])[1]
    lost = documented.additions_per_filter - totals.additions_per_filter(plain, "documented")
    return int(documented.total - layer.batch_size * documented.filters * lost)


#: By the name of the counter, and of what it reports where it reports two things.
FORMULAS: Mapping[str, Formula] = {
    "FlopCounterMode": Formula("torch 2.13.0 FlopCounterMode", "FLOPs", flop_counter_mode),
    "fvcore": Formula("fvcore 0.1.5", "MACs", input_rule),
    "ultralytics-thop": Formula("ultralytics-thop 2.2.3", "MACs", input_rule),
    "deepspeed": Formula("deepspeed 0.19.8", "MACs", input_rule),
    "deepspeed-flops": Formula("deepspeed 0.19.8", "FLOPs", deepspeed_flops),
    "ptflops": Formula("ptflops 0.7.5, aten backend", "MACs", ptflops_aten),
    "ptflops-pytorch": Formula("ptflops 0.7.5, pytorch backend", "MACs", ptflops_pytorch),
    "calflops": Formula("calflops 0.3.2", "MACs", calflops),
    "thop": Formula("thop 0.1.1", "MACs", output_rule),
    "torchinfo": Formula("torchinfo 1.8.0", "mult-adds", torchinfo),
    "torchscan": Formula("torchscan 0.2.0", "MACs", torchscan),
    "torchprofile": Formula("torchprofile 0.1.0", "MACs", torchprofile),
    "onnx-tool": Formula("onnx-tool 1.0.1", "MACs", onnx_tool),
    "moduleprofiler": Formula("moduleprofiler 0.0.4", "operations", moduleprofiler),
}
