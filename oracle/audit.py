"""Published counters, run on real modules, beside the exact numbers.

Each counter is called by its public entry point on a ``torch.nn.ConvTranspose`` of the layer, in
its own guard. Where a counter needs shapes alone, the module is on torch's meta device, which
computes nothing: the largest of published layers would take minutes otherwise.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import nn

from analytic import identify
from analytic.layer import Layer, integer
from oracle.candidates import MEANT, closed_form, truth_of

MODULES = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}

#: A real module and its input, to what the counter reports.
Run = Callable[[nn.Module, torch.Tensor], Any]


class Counter(NamedTuple):
    """A counter: the ``package`` that is imported, the ``distribution`` that brings it.

    ``reports`` says in the field's words what ``run`` returns, ``device`` where the module is.
    """

    name: str
    package: str
    distribution: str
    reports: str
    device: str
    run: Run


def module_of(layer: Layer, device: str) -> nn.Module:
    """The torch module that the layer describes; `ValueError` for crops that torch has not."""
    if layer.end_padding is not None:
        raise ValueError("no torch module has crops of begin and end apart")
    if len(layer.axes) not in MODULES:
        raise ValueError(f"no torch module has {len(layer.axes)} axes")
    return MODULES[len(layer.axes)](
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]  # as many as the module has axes
        layer.stride,  # type: ignore[arg-type]
        layer.padding,  # type: ignore[arg-type]
        layer.output_padding,  # type: ignore[arg-type]
        layer.groups,
        layer.bias,
        layer.dilation,  # type: ignore[arg-type]
        device=device,
    )


def input_of(layer: Layer, device: str) -> torch.Tensor:
    """A batch that the layer's module takes."""
    return torch.zeros((layer.batch_size, layer.in_channels, *layer.input_size), device=device)


def flop_counter_mode(module: nn.Module, batch: torch.Tensor) -> Any:
    """The counter that comes with torch."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counted:
        module(batch)
    return counted.get_total_flops()


def fvcore(module: nn.Module, batch: torch.Tensor) -> Any:
    """``FlopCountAnalysis``."""
    from fvcore.nn import FlopCountAnalysis

    return FlopCountAnalysis(module, batch).total()


def thop(module: nn.Module, batch: torch.Tensor) -> Any:
    """``profile``, of either distribution that brings the package thop."""
    from thop import profile

    return profile(module, (batch,), verbose=False)[0]


def ptflops(backend: str) -> Run:
    """``get_model_complexity_info``, told the whole batch in the form that the backend takes."""

    def run(module: nn.Module, batch: torch.Tensor) -> Any:
        from ptflops import get_model_complexity_info

        return get_model_complexity_info(
            module,
            tuple(batch.shape[1:]),
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
            input_constructor=lambda _: {"input": batch} if backend == "aten" else batch,
        )[0]

    return run


def torchinfo(module: nn.Module, batch: torch.Tensor) -> Any:
    """``summary``."""
    from torchinfo import summary

    return summary(module, input_data=batch, verbose=0, device=batch.device).total_mult_adds


def calflops(module: nn.Module, batch: torch.Tensor) -> Any:
    """``calculate_flops``: its second number, the MACs."""
    from calflops import calculate_flops

    return calculate_flops(module, args=[batch], output_as_string=False, print_results=False)[1]


def torchprofile(module: nn.Module, batch: torch.Tensor) -> Any:
    """``profile_macs``."""
    from torchprofile import profile_macs

    return profile_macs(module, batch)


def torchscan(module: nn.Module, batch: torch.Tensor) -> Any:
    """``crawl_module``."""
    from torchscan import crawl_module

    return crawl_module(module, args=(batch,))["totals"]["macs"]["value"]


def moduleprofiler(module: nn.Module, batch: torch.Tensor) -> Any:
    """``estimate_ops``."""
    from moduleprofiler import ModuleProfiler

    return ModuleProfiler().estimate_ops(module, batch)["__root__"]["ops"]


def onnx_tool(module: nn.Module, batch: torch.Tensor) -> Any:
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

    def run(module: nn.Module, batch: torch.Tensor) -> Any:
        from deepspeed.profiling.flops_profiler import get_model_profile

        return get_model_profile(module, args=[batch], print_profile=False, as_string=False)[which]

    return run


META, CPU = "meta", "cpu"
#: fvcore, torchprofile and onnx-tool trace the module, which takes numbers to compute with.
COUNTERS = (
    Counter("FlopCounterMode", "torch", "torch", "FLOPs", META, flop_counter_mode),
    Counter("fvcore", "fvcore", "fvcore", "MACs", CPU, fvcore),
    Counter("thop", "thop", "thop", "MACs", META, thop),
    Counter("ultralytics-thop", "thop", "ultralytics-thop", "MACs", META, thop),
    Counter("ptflops", "ptflops", "ptflops", "MACs", META, ptflops("aten")),
    Counter("ptflops-pytorch", "ptflops", "ptflops", "MACs", META, ptflops("pytorch")),
    Counter("torchinfo", "torchinfo", "torchinfo", "mult-adds", META, torchinfo),
    Counter("calflops", "calflops", "calflops", "MACs", META, calflops),
    Counter("torchprofile", "torchprofile", "torchprofile", "MACs", CPU, torchprofile),
    Counter("torchscan", "torchscan", "torchscan", "MACs", META, torchscan),
    Counter(
        "moduleprofiler", "moduleprofiler", "moduleprofiler", "operations", META, moduleprofiler
    ),
    Counter("onnx-tool", "onnx_tool", "onnx-tool", "MACs", CPU, onnx_tool),
    Counter("deepspeed", "deepspeed", "deepspeed", "MACs", META, deepspeed(1)),
    Counter("deepspeed-flops", "deepspeed", "deepspeed", "FLOPs", META, deepspeed(0)),
)


def version(counter: Counter) -> str | None:
    """The version that is installed; None where the counter is not."""
    if find_spec(counter.package) is None:
        return None
    try:
        return metadata.version(counter.distribution)
    except metadata.PackageNotFoundError:  # another distribution brings a package of this name
        return None


class Outcome(NamedTuple):
    """What a counter reported of one layer, or why it reported nothing, beside the exact number."""

    layer: Layer
    exact: int
    reported: int | None
    error: str = ""


def outcome(counter: Counter, layer: Layer) -> Outcome:
    """Run one counter on one layer, in a guard: whatever it raises is its outcome."""
    exact = truth_of(MEANT[counter.reports])(layer, *closed_form(layer))
    try:
        with warnings.catch_warnings(), quiet(), torch.no_grad():
            warnings.simplefilter("ignore")
            module = module_of(layer, counter.device)
            answer = counter.run(module, input_of(layer, counter.device))
        if isinstance(answer, float) and answer.is_integer():
            answer = int(answer)
        return Outcome(layer, exact, integer("the report", answer))
    except Exception as reason:  # a counter that raises is reported, not fatal
        return Outcome(layer, exact, None, f"{type(reason).__name__}: {reason}".splitlines()[0])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What counters print is not what was asked for."""
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        yield


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

    def follows(self) -> tuple[str, int]:
        """The reading that it follows on the most layers, and on how many of those it ran."""
        tally = {
            name: sum(factor * reading(one.layer) == one.reported for one in self.ran())
            for reading_name, reading in identify.READINGS.items()
            for factor, name in ((1, reading_name), (2, f"2 × {reading_name}"))
        }
        return max(tally.items(), key=lambda item: item[1])


def distance(ratio: Fraction) -> tuple[bool, Fraction]:
    """How far a ratio is from 1, as a factor; 0 is farther than any."""
    return not ratio, max(ratio, 1 / ratio) if ratio else ratio


def audit(layers: Iterable[Layer], follow: Callable[[Counter], object] = id) -> list[Findings]:
    """Every counter that is installed, run on every layer. ``follow(counter)`` is called at each.

    >>> from analytic import Layer
    >>> found = audit([Layer((8, 8), 4, 6, 4, stride=2, padding=1)])[0]
    >>> found.counter, found.outcomes[0].reported, found.outcomes[0].exact
    ('FlopCounterMode', 49152, 43200)
    """
    listed = list(layers)
    found = []
    for counter in COUNTERS:
        installed = version(counter)
        if installed is not None:
            follow(counter)
            outcomes = [outcome(counter, layer) for layer in listed]
            found.append(Findings(counter.name, counter.reports, installed, outcomes))
    return found
