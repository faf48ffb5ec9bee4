"""The lines of `oracle.plugins`, checked in the counters themselves.

What is compared is what the counter reports of a real module, without and with our lines. Those for
transposed convolutions alone must leave ordinary ones to the counter, to the last unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import analytic
from analytic import counters
from analytic.layer import Layer
from oracle import ones
from oracle.counters import plugins
from oracle.counters.runners import Runner
from oracle.modules import module_of

#: The lines that are checked: none, the ones for transposed layers, the ones for both kinds.
LINES = (None, plugins.transposed, plugins.both)


class Checked(NamedTuple):
    """One layer in one counter: what is exact, and what it reports with each of `LINES`."""

    layer: Layer
    exact: int
    without: int | str
    transposed: int | str
    both: int | str

    def ran(self) -> bool:
        """Whether the counter reports anything of the layer by itself."""
        return isinstance(self.without, int)

    def passed(self) -> bool:
        """Whether our lines are exact where they are meant to be, and change nothing elsewhere."""
        expected = self.exact if self.layer.transposed else self.without
        silent = isinstance(self.without, str) and self.both == self.without
        return self.transposed == expected and (self.both == self.exact or silent)


def check(runner: Runner, layer: Layer) -> Checked:
    """One layer in one counter. What is exact is measured."""
    meaning = counters.MEANINGS[runner.plugged]
    exact = meaning.of(layer, ones.count(layer, convention=meaning.convention))
    shape = (layer.batch_size, layer.in_channels, *layer.input_size)
    module = partial(module_of, layer, runner.device)
    return Checked(layer, exact, *(runner.report(module, shape, lines) for lines in LINES))


def leading_back(layer: Layer) -> Layer:
    """An ordinary convolution of the geometry and channels of a transposed one, from its output.

    Its padding is that of a whole kernel, so that it has an output whatever the sizes are.
    """
    return Layer(
        analytic.count(layer).output_size,
        layer.out_channels,
        layer.in_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=[axis.d * (axis.k - 1) for axis in layer.axes],
        groups=layer.groups,
        bias=layer.bias,
        dilation=layer.dilation,
        batch_size=layer.batch_size,
        transposed=False,
        axes=len(layer.axes),
    )


class Summary(NamedTuple):
    """Of layers of one kind in one counter: how many it reports anything of, and is exact on.

    Without our lines, with those for transposed layers, and with those for both; and how many these
    leave as they were.
    """

    ran: int
    without: int
    transposed: int
    both: int
    unchanged: int


def summary(layers: Sequence[Checked]) -> Summary:
    """All these layers in one counter. One may report a layer with our lines that it knows not."""
    return Summary(
        ran=sum(isinstance(layer.transposed, int) for layer in layers),
        without=sum(layer.without == layer.exact for layer in layers),
        transposed=sum(layer.transposed == layer.exact for layer in layers),
        both=sum(layer.both == layer.exact for layer in layers),
        unchanged=sum(layer.transposed == layer.without for layer in layers if layer.ran()),
    )
