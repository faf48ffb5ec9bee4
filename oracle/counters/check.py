"""The lines of `oracle.plugins`, checked in the counters themselves.

What is compared is what the counter reports of a real module, without and with our line.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from analytic import counters
from analytic.layer import Layer
from oracle import ones
from oracle.counters.runners import Runner
from oracle.modules import module_of

ORDINARY = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)


class Checked(NamedTuple):
    """One layer in one counter: what is exact, what it reports, and of an ordinary convolution."""

    layer: Layer
    exact: int
    without: int | str
    plugged: int | str
    ordinary: int | str
    ordinary_plugged: int | str

    def passed(self) -> bool:
        """Whether our line is exact, and leaves an ordinary convolution as it was."""
        return self.plugged == self.exact and self.ordinary == self.ordinary_plugged


def check(runner: Runner, layer: Layer) -> Checked:
    """One layer in one counter, and the ordinary convolution that leads back from its output."""
    meaning = counters.MEANINGS[runner.plugged]
    count = ones.count(layer, convention=meaning.convention)
    shape = (layer.batch_size, layer.in_channels, *layer.input_size)
    back = (layer.batch_size, layer.out_channels, *count.output_size)

    def transposed() -> torch.nn.Module:
        return module_of(layer, runner.device)

    def ordinary() -> torch.nn.Module:
        return ordinary_of(layer, runner.device)

    return Checked(
        layer,
        meaning.of(layer, count),
        *(runner.report(transposed, shape, plugged=plugged) for plugged in (False, True)),
        *(runner.report(ordinary, back, plugged=plugged) for plugged in (False, True)),
    )


def ordinary_of(layer: Layer, device: str) -> torch.nn.Module:
    """An ordinary convolution of the same geometry, from the layer's channels out back in."""
    convolution: Any = ORDINARY[len(layer.axes) - 1]
    module: torch.nn.Module = convolution(
        layer.out_channels,
        layer.in_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=tuple(axis.d * (axis.k - 1) for axis in layer.axes),
        dilation=layer.dilation,
        groups=layer.groups,
        bias=layer.bias,
        device=device,
    )
    return module


class Summary(NamedTuple):
    """Of how many layers a counter reports something, and is exact, without our line and with it.

    Of ordinary convolutions, of how many it reports something, and how many our line leaves alone.
    """

    ran: int
    without: int
    plugged: int
    ordinary: int
    unchanged: int


def summary(layers: list[Checked]) -> Summary:
    """All layers in one counter."""
    ordinary = [layer for layer in layers if isinstance(layer.ordinary, int)]
    return Summary(
        ran=sum(isinstance(layer.plugged, int) for layer in layers),
        without=sum(layer.without == layer.exact for layer in layers),
        plugged=sum(layer.plugged == layer.exact for layer in layers),
        ordinary=len(ordinary),
        unchanged=sum(layer.ordinary == layer.ordinary_plugged for layer in ordinary),
    )
