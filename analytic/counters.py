"""What published counters report of a transposed convolution, as formulas over a `Layer`.

A published figure counts whatever its counter counts. Each formula is what the named version was
seen to report; notes/field.md compares the counters themselves with them.
"""

from __future__ import annotations

import math
from collections import namedtuple

from analytic import integers, totals
from analytic.arithmetic import INTEGERS
from analytic.axis import size
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


TWICE_MACS = Meaning(2, "macs")
#: By what a counter says that it reports. FLOPs are twice the MACs.
MEANINGS: Mapping[str, Meaning] = {
    "MACs": Meaning(1, "macs"),
    "mult-adds": Meaning(1, "macs"),
    "FLOPs": TWICE_MACS,
    "2 × MACs": TWICE_MACS,
    "MACs + bias additions": Meaning(1, "macs", bias=True),
    "MACs + bias additions, a sample": Meaning(1, "macs", bias=True, sample=True),
    "operations": Meaning(1, "total"),
    "operations (documented)": Meaning(1, "total", convention="documented"),
}


def meant(reports: str, layer: Layer) -> int:
    """The number that is right for a layer, of a counter that says that it reports this."""
    meaning = MEANINGS[reports]
    return meaning.of(layer, integers.count(layer, convention=meaning.convention))


class Counter(namedtuple("Counter", "version reports formula reads")):
    """``formula(layer)`` is what a counter of this ``version`` prints under ``reports``.

    It ``reads`` the sizes of the "inputs" or those of the "outputs" of a layer, as factors, or else
    its "pairs".
    """

    __slots__ = ()


def by_rule(layer: Layer, rule: RuleName) -> int:
    """MACs by one of `totals.RULES`."""
    return int(totals.macs(INTEGERS, layer, totals.products(INTEGERS, layer.axes)[1], rule))


def input_rule(layer: Layer) -> int:
    """``N·ψ·Πn·K``."""
    return by_rule(layer, "input")


def output_rule(layer: Layer) -> int:
    """``N·ψ·P·K``."""
    return by_rule(layer, "output")


def positions(layer: Layer) -> int:
    """``P = ΠL``."""
    return math.prod(map(size, layer.axes))


def taps(layer: Layer) -> int:
    """``K = Πk``."""
    return math.prod(layer.kernel_size)


def bias_additions(layer: Layer, positions: int) -> int:
    """``N·C_out·P·[bias]``: one for each output value."""
    return layer.batch_size * layer.out_channels * positions * layer.bias


def flop_counter_mode(layer: Layer) -> int:
    """Twice the input rule."""
    return 2 * input_rule(layer)


def deepspeed_flops(layer: Layer) -> int:
    """Twice the input rule, and the bias."""
    return 2 * input_rule(layer) + bias_additions(layer, positions(layer))


def ptflops_aten(layer: Layer) -> int:
    """The input rule, and the bias."""
    return input_rule(layer) + bias_additions(layer, positions(layer))


def ptflops_pytorch(layer: Layer) -> int:
    """The input rule and the bias, of one sample of the batch."""
    return ptflops_aten(layer.replace(batch_size=1))


def calflops(layer: Layer) -> int:
    """The input rule with the groups divided out twice."""
    kernels = layer.in_channels * (layer.out_channels // layer.groups // layer.groups)
    return layer.batch_size * kernels * math.prod(layer.input_size) * taps(layer)


def torchinfo(layer: Layer) -> int:
    """The output rule, and the bias."""
    return output_rule(layer) + bias_additions(layer, positions(layer))


def torchscan(layer: Layer) -> int:
    """The output rule, and four a axis."""
    return output_rule(layer) + 4 * len(layer.axes)


def torchprofile(layer: Layer) -> int:
    """``N·C_out·P·K`` times C_out/groups where both channel counts are the same, else C_in."""
    same = layer.in_channels == layer.out_channels
    kernels = layer.out_channels * (
        layer.out_channels // layer.groups if same else layer.in_channels
    )
    return layer.batch_size * kernels * positions(layer) * taps(layer)


def onnx_tool(layer: Layer) -> int:
    """``N·C_out·P·(C_out/groups)·K``, and the bias."""
    kernels = layer.out_channels * (layer.out_channels // layer.groups)
    products = layer.batch_size * kernels * positions(layer) * taps(layer)
    return products + bias_additions(layer, positions(layer))


def moduleprofiler(layer: Layer) -> int:
    """The documented operations; their additions are those of the layer without output padding."""
    sizes, products = totals.products(INTEGERS, layer.axes)
    documented = totals.count(INTEGERS, layer, sizes, products, "documented", "exact")
    plain = totals.products(INTEGERS, [axis._replace(o=0) for axis in layer.axes])[1]
    lost = documented.additions_per_filter - totals.additions_per_filter(plain, "documented")
    return int(documented.total - layer.batch_size * documented.filters * lost)


#: By the name of the counter, and of what it reports where it reports two things.
COUNTERS: Mapping[str, Counter] = {
    "FlopCounterMode": Counter(
        "torch 2.13.0 FlopCounterMode", "FLOPs", flop_counter_mode, "inputs"
    ),
    "fvcore": Counter("fvcore 0.1.5", "MACs", input_rule, "inputs"),
    "ultralytics-thop": Counter("ultralytics-thop 2.2.3", "MACs", input_rule, "inputs"),
    "deepspeed": Counter("deepspeed 0.19.8", "MACs", input_rule, "inputs"),
    "deepspeed-flops": Counter("deepspeed 0.19.8", "FLOPs", deepspeed_flops, "inputs"),
    "ptflops": Counter("ptflops 0.7.5, aten backend", "MACs", ptflops_aten, "inputs"),
    "ptflops-pytorch": Counter("ptflops 0.7.5, pytorch backend", "MACs", ptflops_pytorch, "inputs"),
    "calflops": Counter("calflops 0.3.2", "MACs", calflops, "inputs"),
    "thop": Counter("thop 0.1.1", "MACs", output_rule, "outputs"),
    "torchinfo": Counter("torchinfo 1.8.0", "mult-adds", torchinfo, "outputs"),
    "torchscan": Counter("torchscan 0.2.0", "MACs", torchscan, "outputs"),
    "torchprofile": Counter("torchprofile 0.1.0", "MACs", torchprofile, "outputs"),
    "onnx-tool": Counter("onnx-tool 1.0.1", "MACs", onnx_tool, "outputs"),
    "moduleprofiler": Counter("moduleprofiler 0.0.4", "operations", moduleprofiler, "pairs"),
}
