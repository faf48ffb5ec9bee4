"""Published counters, run on real modules, beside the exact numbers.

Each is called by its public entry point on a ``torch.nn.ConvTranspose`` of the layer, in its own
guard (`oracle.tools`). Where a counter needs shapes alone, the module is on torch's meta device,
which computes nothing: the largest of published layers would take minutes otherwise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import nn

import analytic
from analytic import identify
from analytic.layer import Layer, integer
from analytic.totals import Count
from oracle import tools
from oracle.modules import module_of
from oracle.tools import Run, Tool

#: Of a layer and its exact counts: the number that a counter is meant to report.
Meant = Callable[[Layer, Count], int]


def torchinfo(module: nn.Module, batch: torch.Tensor, _plugged: bool) -> Any:
    """``summary``."""
    from torchinfo import summary

    return summary(module, input_data=batch, verbose=0, device=batch.device).total_mult_adds


def calflops(module: nn.Module, batch: torch.Tensor, _plugged: bool) -> Any:
    """``calculate_flops``: its second number, the MACs."""
    from calflops import calculate_flops

    return calculate_flops(module, args=[batch], output_as_string=False, print_results=False)[1]


def torchprofile(module: nn.Module, batch: torch.Tensor, _plugged: bool) -> Any:
    """``profile_macs``."""
    from torchprofile import profile_macs

    return profile_macs(module, batch)


def torchscan(module: nn.Module, batch: torch.Tensor, _plugged: bool) -> Any:
    """``crawl_module``."""
    from torchscan import crawl_module

    return crawl_module(module, args=(batch,))["totals"]["macs"]["value"]


def onnx_tool(module: nn.Module, batch: torch.Tensor, _plugged: bool) -> Any:
    """``model_profile`` of the exported module, read from the table that it saves."""
    from onnx_tool import model_profile

    with tempfile.TemporaryDirectory() as folder:
        model, table = Path(folder) / "module.onnx", Path(folder) / "profile.csv"
        torch.onnx.export(module, (batch,), str(model), dynamo=False)
        model_profile(str(model), save_profile=str(table))
        rows = [line.split(",") for line in table.read_text().splitlines()]
    column = rows[0].index("Forward_MACs")
    return next(int(row[column]) for row in rows if row[0] == "Total")


def deepspeed(which: int) -> Run:
    """``get_model_profile``: its first number are FLOPs, its second MACs."""

    def run(module: nn.Module, batch: torch.Tensor, _plugged: bool) -> Any:
        from deepspeed.profiling.flops_profiler import get_model_profile

        return get_model_profile(module, args=[batch], print_profile=False, as_string=False)[which]

    return run


def counter(
    name: str, distribution: str, reports: str, run: Run, *, device: str = "meta", package: str = ""
) -> Tool:
    """A counter, and what it says that it reports; its package is called as its distribution is."""
    return Tool(
        name, distribution, package or distribution, reports, MEANT[reports], "nonzero", device, run
    )


#: What a counter's number is meant to be: FLOPs are twice the MACs.
MEANT: dict[str, Meant] = {
    "MACs": tools.of_macs,
    "mult-adds": tools.of_macs,
    "FLOPs": tools.twice_macs,
    "operations": tools.operations,
}

#: fvcore, torchprofile and onnx-tool trace the module, which takes numbers to compute with.
COUNTERS = (
    counter("FlopCounterMode", "torch", "FLOPs", tools.flop_counter_mode),
    counter("fvcore", "fvcore", "MACs", tools.fvcore, device="cpu"),
    counter("thop", "thop", "MACs", tools.thop),
    counter("ultralytics-thop", "ultralytics-thop", "MACs", tools.thop, package="thop"),
    counter("ptflops", "ptflops", "MACs", tools.ptflops("aten")),
    counter("ptflops-pytorch", "ptflops", "MACs", tools.ptflops("pytorch")),
    counter("torchinfo", "torchinfo", "mult-adds", torchinfo),
    counter("calflops", "calflops", "MACs", calflops),
    counter("torchprofile", "torchprofile", "MACs", torchprofile, device="cpu"),
    counter("torchscan", "torchscan", "MACs", torchscan),
    counter("moduleprofiler", "moduleprofiler", "operations", tools.moduleprofiler),
    counter("onnx-tool", "onnx-tool", "MACs", onnx_tool, device="cpu", package="onnx_tool"),
    counter("deepspeed", "deepspeed", "MACs", deepspeed(1)),
    counter("deepspeed-flops", "deepspeed", "FLOPs", deepspeed(0)),
)


class Outcome(NamedTuple):
    """What a counter reported of one layer, or why it reported nothing, beside the exact number."""

    layer: Layer
    exact: int
    reported: int | None
    error: str = ""


def exact_of(reports: str, layer: Layer) -> int:
    """The number that a counter is meant to report that says that it reports this."""
    return MEANT[reports](layer, analytic.count(layer))


def outcome(tool: Tool, layer: Layer) -> Outcome:
    """Run one counter on one layer; what it raises, or reports that is no integer, is an error."""
    exact = exact_of(tool.meaning, layer)
    shape = (layer.batch_size, layer.in_channels, *layer.input_size)
    answer = tools.reported(tool, lambda: module_of(layer, tool.device), shape, plugged=False)
    if isinstance(answer, str):
        return Outcome(layer, exact, None, answer)
    try:
        return Outcome(layer, exact, integer("the report", answer))
    except TypeError as reason:
        return Outcome(layer, exact, None, str(reason))


class Findings(NamedTuple):
    """All that one counter reported."""

    counter: str
    reports: str
    version: str
    outcomes: list[Outcome]

    def ran(self) -> list[Outcome]:
        """Where it reported something."""
        return [one for one in self.outcomes if one.reported is not None]

    def right(self) -> int:
        """On how many layers it reported the exact number."""
        return sum(one.reported == one.exact for one in self.outcomes)

    def ratios(self) -> list[Fraction]:
        """What it reported over what is exact, where that is not 0."""
        return [
            Fraction(one.reported, one.exact)
            for one in self.outcomes
            if one.reported is not None and one.exact
        ]

    def worst(self) -> Fraction | None:
        """The ratio that is farthest from 1, by a factor; 0 is the farthest."""
        return max(self.ratios(), key=distance, default=None)

    def median(self) -> Fraction | None:
        """The median ratio."""
        ratios = self.ratios()
        return median(ratios) if ratios else None

    def follows(self) -> tuple[list[str], int]:
        """The readings that it follows on the most layers, plainest first, and on how many.

        Several are those that these layers cannot tell apart.
        """
        tally = {
            name: sum(factor * reading(one.layer) == one.reported for one in self.ran())
            for reading_name, reading in identify.READINGS.items()
            for factor, name in ((1, reading_name), (2, f"2 × {reading_name}"))
        }
        most = max(tally.values())
        return [name for name, times in tally.items() if times == most], most


def distance(ratio: Fraction) -> tuple[bool, Fraction]:
    """How far a ratio is from 1, as a factor; 0 is farther than any."""
    return not ratio, max(ratio, 1 / ratio) if ratio else ratio


def audit(layers: Iterable[Layer], follow: Callable[[Tool], object] = id) -> list[Findings]:
    """Every counter that is installed, run on every layer. ``follow(counter)`` is called at each.

    >>> from analytic import Layer
    >>> found = audit([Layer((8, 8), 4, 6, 4, stride=2, padding=1)])[0]
    >>> found.counter, found.outcomes[0].reported, found.outcomes[0].exact
    ('FlopCounterMode', 49152, 43200)
    """
    listed = list(layers)
    found = []
    for tool in COUNTERS:
        if installed := tools.version(tool):
            follow(tool)
            outcomes = [outcome(tool, layer) for layer in listed]
            found.append(Findings(tool.name, tool.meaning, installed, outcomes))
    return found
