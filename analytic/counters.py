"""What published counters report of a convolution of either kind, as formulas over a `Layer`.

A published figure counts whatever its counter counts. Each formula is what the named version was
seen to report; notes/field.md compares the counters themselves with them.
"""

from __future__ import annotations

import math
from collections import namedtuple

from analytic import integers, totals
from analytic.arithmetic import INTEGERS
from analytic.headline import FLOPS_PER_MAC
from analytic.protocols import RuleName

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytic.layer import Layer
    from analytic.totals import Count


class Meaning(
    namedtuple("Meaning", "factor field bias convention sample", defaults=(False, "nonzero", False))
):
    """What a counter's number is meant to be: ``factor`` times the ``field`` of a `totals.Count`.

    The count is by ``convention``. With ``bias``, there is one addition more for each output value
    of a layer that has one; with ``sample``, the number is that of one sample of the batch.
    """

    __slots__ = ()

    def of(self, layer: Layer, count: Count) -> int:
        """The number that is right for a layer and its exact counts."""
        additions = bias_additions(layer, count.positions) if self.bias else 0
        samples = max(layer.batch_size, 1) if self.sample else 1
        return int(self.factor * getattr(count, self.field) + additions) // samples


FLOPS = Meaning(FLOPS_PER_MAC, "macs")
#: By what a counter says that it reports.
MEANINGS: Mapping[str, Meaning] = {
    "MACs": Meaning(1, "macs"),
    "mult-adds": Meaning(1, "macs"),
    "FLOPs": FLOPS,
    "2 × MACs": FLOPS,
    "MACs + bias additions": Meaning(1, "macs", bias=True),
    "MACs + bias additions, a sample": Meaning(1, "macs", bias=True, sample=True),
    "operations": Meaning(1, "total"),
    "operations (documented)": Meaning(1, "total", convention="documented"),
    # Each of the two gradients has the MACs of the layer.
    "backward MACs": Meaning(2, "macs"),
    "backward FLOPs": Meaning(4, "macs"),
    "training MACs": Meaning(3, "macs"),
}


def meant(reports: str, layer: Layer) -> int:
    """The number that is right for a layer, of a counter that says that it reports this."""
    meaning = MEANINGS[reports]
    return meaning.of(layer, integers.count(layer, convention=meaning.convention))


class Counter(namedtuple("Counter", "version reports formula reads", defaults=("outputs",))):
    """``formula(layer)`` is what a counter of this ``version`` prints under ``reports``.

    Of a transposed layer it ``reads`` the sizes of the "inputs" or those of the "outputs", as
    factors, or else its "pairs".
    """

    __slots__ = ()


def products(layer: Layer) -> totals.Products[int]:
    """What the rules are made of."""
    return totals.products(INTEGERS, layer.axes, layer.transposed)[1]


def by_rule(layer: Layer, rule: RuleName) -> int:
    """MACs by one of `totals.RULES`."""
    return int(totals.macs(INTEGERS, layer, products(layer), rule))


def output_rule(layer: Layer) -> int:
    """``N·ψ·K`` times the outputs."""
    return by_rule(layer, "output")


def whole_kernels(layer: Layer) -> int:
    """``N·ψ·Πn·K``: a whole kernel at each input of a transposed layer, or output of an ordinary.

    These are the values that the stride sets apart: the input rule, or the output rule.
    """
    return by_rule(layer, "input" if layer.transposed else "output")


def taps(layer: Layer) -> int:
    """``K = Πk``."""
    return math.prod(layer.kernel_size)


def bias_additions(layer: Layer, positions: int) -> int:
    """One for each output value, of so many positions, where there is a bias."""
    return layer.batch_size * layer.out_channels * positions * layer.bias


def with_bias(layer: Layer, macs: int) -> int:
    """MACs, and the additions of the bias."""
    return macs + bias_additions(layer, products(layer).positions)


def squared(layer: Layer) -> int:
    """``N·P·K·C_out·(C_out/groups)`` of a transposed layer; the output rule of an ordinary one."""
    if not layer.transposed:
        return output_rule(layer)
    kernels = layer.out_channels * (layer.out_channels // layer.groups)
    return layer.batch_size * kernels * products(layer).positions * taps(layer)


def flop_counter_mode(layer: Layer) -> int:
    """Twice the whole kernels."""
    return 2 * whole_kernels(layer)


def flop_counter_mode_backward(layer: Layer) -> int:
    """Twice the whole kernels for the input, and ``groups`` times as much for the weight."""
    return 2 * whole_kernels(layer) * (1 + layer.groups)


def torchtnt_backward(layer: Layer) -> int:
    """The whole kernels for the input; for the weight without groups, and all pairs transposed."""
    pairs = layer.batch_size * layer.in_channels * layer.out_channels * math.prod(layer.input_size)
    outputs = products(layer).positions
    ordinary = whole_kernels(layer) * layer.groups
    return whole_kernels(layer) + (pairs * outputs if layer.transposed else ordinary)


def exact_flops(layer: Layer) -> int:
    """Twice the exact rule."""
    return FLOPS_PER_MAC * by_rule(layer, "exact")


def deepspeed_flops(layer: Layer) -> int:
    """Twice the whole kernels, and the bias."""
    return with_bias(layer, 2 * whole_kernels(layer))


def deepspeed_of_2021(layer: Layer) -> int:
    """The whole kernels, with C_in for C_out where transposed; and a bias of C_in on wrong sizes.

    The sizes of the bias are those of an ordinary convolution of the same arguments.
    """
    if not layer.transposed:
        return with_bias(layer, output_rule(layer))
    kernels = layer.in_channels * (layer.in_channels // layer.groups)
    outputs = math.prod(
        (axis.n + axis.b + axis.e - axis.d * (axis.k - 1) - 1) // axis.s + 1 for axis in layer.axes
    )
    macs = layer.batch_size * kernels * math.prod(layer.input_size) * taps(layer)
    return macs + layer.batch_size * layer.in_channels * outputs * layer.bias


def ptflops_aten(layer: Layer) -> int:
    """The whole kernels, and the bias."""
    return with_bias(layer, whole_kernels(layer))


def ptflops_pytorch(layer: Layer) -> int:
    """The whole kernels and the bias, of one sample of the batch."""
    return ptflops_aten(layer.replace(batch_size=1))


def ptflops_of_2024(layer: Layer) -> int:
    """The output rule and the bias, of one sample of the batch."""
    return torchinfo(layer.replace(batch_size=1))


def calflops(layer: Layer) -> int:
    """The whole kernels; of a transposed layer with the groups divided out twice."""
    if not layer.transposed:
        return output_rule(layer)
    kernels = layer.in_channels * (layer.out_channels // layer.groups // layer.groups)
    return layer.batch_size * kernels * math.prod(layer.input_size) * taps(layer)


def calflops_training(layer: Layer) -> int:
    """Three times the forward."""
    return 3 * calflops(layer)


def torchinfo(layer: Layer) -> int:
    """The output rule, and the bias."""
    return with_bias(layer, output_rule(layer))


def torchscan(layer: Layer) -> int:
    """The output rule, and four an axis of a transposed layer."""
    return output_rule(layer) + 4 * len(layer.axes) * layer.transposed


def torchprofile(layer: Layer) -> int:
    """The output rule; transposed, C_out for C_in where these are equal, else without groups.

    ``N·C_out·P·K`` times C_out/groups where both channel counts are the same, else C_in.
    """
    if not layer.transposed:
        return output_rule(layer)
    if layer.in_channels == layer.out_channels:
        return squared(layer)
    return output_rule(layer) * layer.groups


def onnx_tool(layer: Layer) -> int:
    """``N·P·K·C_out·(C_out/groups)`` of a transposed layer, else the output rule; and the bias."""
    return with_bias(layer, squared(layer))


def tensorflow(layer: Layer) -> int:
    """Twice the output rule, over the strides where transposed, and the bias.

    Of three axes it reports the bias alone where transposed.
    """
    flops = 2 * output_rule(layer)
    if layer.transposed:
        flops = flops // math.prod(layer.stride) if len(layer.axes) < 3 else 0
    return with_bias(layer, flops)


def moduleprofiler(layer: Layer) -> int:
    """The documented operations; additions of a transposed layer are without output padding."""
    documented = integers.count(layer, convention="documented")
    if not layer.transposed:
        return documented.total
    plain = totals.products(INTEGERS, [axis._replace(o=0) for axis in layer.axes])[1]
    lost = documented.additions_per_filter - totals.additions_per_filter(plain, "documented")
    return int(documented.total - layer.batch_size * documented.filters * lost)


#: By the name of the counter, and of what it reports where it reports two things.
COUNTERS: Mapping[str, Counter] = {
    "FlopCounterMode": Counter(
        "torch 2.13.0 FlopCounterMode", "FLOPs", flop_counter_mode, "inputs"
    ),
    "fvcore": Counter("fvcore 0.1.5", "MACs", whole_kernels, "inputs"),
    "ultralytics-thop": Counter("ultralytics-thop 2.2.3", "MACs", whole_kernels, "inputs"),
    "deepspeed": Counter("deepspeed 0.19.8", "MACs", whole_kernels, "inputs"),
    "deepspeed-flops": Counter("deepspeed 0.19.8", "FLOPs", deepspeed_flops, "inputs"),
    "ptflops": Counter("ptflops 0.7.5, aten backend", "MACs", ptflops_aten, "inputs"),
    "ptflops-pytorch": Counter("ptflops 0.7.5, pytorch backend", "MACs", ptflops_pytorch, "inputs"),
    "calflops": Counter("calflops 0.3.2", "MACs", calflops, "inputs"),
    "thop": Counter("thop 0.1.1", "MACs", output_rule),
    "torchinfo": Counter("torchinfo 1.8.0", "mult-adds", torchinfo),
    "torchscan": Counter("torchscan 0.2.0", "MACs", torchscan),
    "torchprofile": Counter("torchprofile 0.1.0", "MACs", torchprofile),
    "onnx-tool": Counter("onnx-tool 1.0.1", "MACs", onnx_tool),
    "moduleprofiler": Counter("moduleprofiler 0.0.4", "operations", moduleprofiler, "pairs"),
    "torchtnt": Counter("torchtnt 0.2.4", "FLOPs", whole_kernels, "inputs"),
    "tensorflow": Counter("TensorFlow 2.21.0 profiler", "FLOPs", tensorflow, "pairs"),
    "xla": Counter("XLA (jax 0.10.2) cost_analysis", "FLOPs", exact_flops, "pairs"),
    # Versions whose figures are in papers.
    "fvcore-2021": Counter("fvcore 0.1.5.post20210604", "MACs", squared),
    "ptflops-2024": Counter("ptflops 0.7.4", "MACs", ptflops_of_2024),
    "deepspeed-2021": Counter("deepspeed 0.3.16", "MACs", deepspeed_of_2021, "pairs"),
    # Of the backward pass, and of a training step.
    "FlopCounterMode-backward": Counter(
        "torch 2.13.0 FlopCounterMode", "backward FLOPs", flop_counter_mode_backward, "inputs"
    ),
    "torchtnt-backward": Counter("torchtnt 0.2.4", "backward FLOPs", torchtnt_backward, "pairs"),
    "calflops-training": Counter("calflops 0.3.2", "training MACs", calflops_training, "inputs"),
}
