"""Where a formula is wrong: the least such layer, what it said, what torch said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import count, islice, product, takewhile
from typing import Any, NamedTuple

from analytic.axis import Axis, size
from analytic.layer import Layer
from oracle import ones
from oracle.certificates.box import Box, torch_axes
from oracle.certificates.candidates import EXTENT, Candidate, truth_of

#: A coverage map of more positions is not written down.
MAPPED = 1024
#: How many layers the search for a lesser one may try.
TRIED = 5_000


class Failure(NamedTuple):
    """A layer on which a candidate is wrong: what it ``said`` and what torch ``measured``."""

    layer: Layer
    said: Any
    measured: Any

    def as_json(self) -> dict[str, Any]:
        """The failure with the layer's coverage map, as torch returns it."""
        small = math.prod(map(size, self.layer.axes)) <= MAPPED
        return {
            "layer": {
                name: plain(value) for name, value in self.layer.items() if value is not None
            },
            "said": self.said,
            "measured": self.measured,
            "coverage": ones.run(self.layer.axes).tolist() if small else None,
        }


def order(layer: Layer) -> tuple[Any, ...]:
    """What makes one layer less than another: axes, positions, sizes, then channels.

    A batch of 0 comes after the others: it makes a poor example.
    """
    batch = layer.batch_size
    channels = (layer.in_channels, layer.out_channels, layer.groups, layer.bias, not batch, batch)
    return (
        len(layer.axes),
        math.prod(map(size, layer.axes)),
        layer.input_size,
        layer.kernel_size,
        layer.stride,
        layer.dilation,
        layer.padding,
        layer.output_padding,
        channels,
    )


def failure(candidate: Candidate, layer: Layer) -> Failure | None:
    """What is wrong with the candidate on one layer, by one experiment; None where nothing is."""
    said = candidate.says(layer)
    measured = truth_of(candidate.quantity)(layer, *ones.measure(layer.axes))
    return None if said == measured else Failure(layer, plain(said), plain(measured))


def plain(answer: Any) -> Any:
    """An answer as JSON has it: an integer, text, or a list of such."""
    return [plain(part) for part in answer] if isinstance(answer, tuple) else answer


#: Channels in and out, groups, bias and batch.
Channels = tuple[int, int, int, bool, int]

#: One channel, no bias, and then the others, least first.
PLAIN: Channels = (1, 1, 1, False, 1)
CHANNELS: list[Channels] = sorted(
    (groups * inputs, groups * outputs, groups, bias, batch)
    for inputs, outputs, groups in product((1, 2), (1, 2), (1, 2, 3))
    for bias in (False, True)
    for batch in (1, 2)
)
#: Quantities of one filter, to which channels mean nothing.
OF_A_FILTER = {EXTENT, "positions", "overlaps", "covered"}


def layer_of(axes: tuple[Axis, ...], channels: Channels) -> Layer:
    """Torch axes and channels as a layer."""
    n, k, s, d, p, _, o = zip(*axes, strict=True)
    inputs, outputs, groups, bias, batch = channels
    return Layer(n, inputs, outputs, k, s, p, o, groups, bias, d, batch)


def axes_of_size(templates: Iterable[Axis], positions: int) -> Iterator[Axis]:
    """The axes with so many positions, among those that differ from a template in ``n`` alone."""
    for axis in templates:
        inputs, rest = divmod(positions - size(axis._replace(n=1)), axis.s)
        if inputs >= 0 and rest == 0:
            yield axis._replace(n=inputs + 1)


def factorizations(number: int, factors: int) -> Iterator[tuple[int, ...]]:
    """``number`` as an ordered product of so many factors."""
    if factors == 1:
        yield (number,)
        return
    for first in range(1, number + 1):
        if number % first == 0:
            for rest in factorizations(number // first, factors - 1):
                yield (first, *rest)


def in_order(box: Box, axes: int, channels: list[Channels]) -> Iterator[Layer]:
    """Every layer of the box with so many axes and padding below its bound, least first."""
    templates = [
        axis
        for k, s, d in product(box.kernel_size, box.stride, box.dilation)
        for axis in torch_axes(k, s, d)
    ]
    for positions in count(1):
        layers = [
            layer_of(row, channels[0])
            for sizes in factorizations(positions, axes)
            for row in product(*(list(axes_of_size(templates, size)) for size in sizes))
        ]
        for layer in sorted(layers, key=order):
            yield from (layer_of(layer.axes, choice) for choice in channels)


def least(candidate: Candidate, box: Box, found: Failure) -> Failure:
    """The least failure before ``found``, by a search in order; ``found`` where there is none.

    The search takes the lower end of the box and paddings below the bound, and stops after `TRIED`
    layers of each number of axes: a lesser failure outside of that is not found.
    """
    channels = [PLAIN] if candidate.quantity in OF_A_FILTER else CHANNELS
    for axes in range(1, len(found.layer.axes) + 1):
        reach = 6 if axes == 1 else 2
        corner = Box(*(values[:reach] for values in box))
        lesser = takewhile(
            lambda layer: order(layer) < order(found.layer),
            islice(in_order(corner, axes, channels), TRIED),
        )
        for layer in lesser:
            if better := failure(candidate, layer):
                return better
    return found
