"""Where a formula is wrong: the least such layer, what it said, what torch said."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import count, islice, product, takewhile
from typing import Any, NamedTuple

from analytic.axis import Axis, size
from analytic.layer import Layer
from analytic.totals import Reached
from oracle import ones
from oracle.certificates.box import Box, output_paddings
from oracle.certificates.candidates import EXTENT, Candidate, truth_of
from oracle.oracles import TORCH, Oracle

#: A coverage map of more positions is not written down.
MAPPED = 1024
#: How many layers with so many axes the search for a lesser one may try.
TRIED = 20_000


class Failure(NamedTuple):
    """A layer on which a candidate is wrong: what it ``said`` and what was ``measured``."""

    layer: Layer
    said: Any
    measured: Any

    def as_json(self, by: Oracle = TORCH) -> dict[str, Any]:
        """The failure with the layer's coverage map, as the oracle returns it."""
        layer, run = self.layer, by.experiments.run
        small = math.prod(outputs(layer)) <= MAPPED
        return {
            "layer": {name: plain(value) for name, value in layer.items() if value is not None},
            "said": self.said,
            "measured": self.measured,
            "coverage": run(layer.axes, transposed=layer.transposed).tolist() if small else None,
        }


def outputs(layer: Layer) -> tuple[int, ...]:
    """The output size of a layer."""
    return ones.in_and_out(layer.axes, layer.transposed)[1]


def order(layer: Layer) -> tuple[Any, ...]:
    """What makes one layer less than another: axes, kind, positions, sizes, then channels.

    Ordinary layers come after transposed ones. A batch of 0 comes after the others: it makes a poor
    example.
    """
    batch = layer.batch_size
    channels = (layer.in_channels, layer.out_channels, layer.groups, layer.bias, not batch, batch)
    return (
        len(layer.axes),
        not layer.transposed,
        math.prod(outputs(layer)),
        layer.input_size,
        layer.kernel_size,
        layer.stride,
        layer.dilation,
        layer.padding,
        layer.output_padding,
        channels,
    )


def failure(candidate: Candidate, layer: Layer, by: Oracle = TORCH) -> Failure | None:
    """What is wrong with the candidate on one layer, by one experiment; None where nothing is."""
    measured = truth_of(candidate.quantity)(layer, *measure(layer.axes, layer.transposed, by))
    return difference(layer, candidate.says(layer), measured)


def difference(layer: Layer, said: Any, measured: Any) -> Failure | None:
    """What was said of a layer beside what was measured; None where it is the same."""
    return None if said == measured else Failure(layer, plain(said), plain(measured))


@lru_cache(maxsize=1)
def measure(
    axes: tuple[Axis, ...], transposed: bool, by: Oracle
) -> tuple[tuple[int, ...], Reached]:
    """One experiment serves layers that differ in channels alone, which come one after another."""
    measured: tuple[tuple[int, ...], Reached] = by.experiments.measure_reached(
        axes, transposed=transposed
    )
    return measured


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
OF_A_FILTER = {EXTENT, "positions", "overlaps", "covered", "inputs_reached", "taps_reached"}


def layer_of(axes: tuple[Axis, ...], channels: Channels, transposed: bool) -> Layer:
    """Torch axes and channels as a layer."""
    _, k, s, d, p, _, o = zip(*axes, strict=True)
    inputs, outputs, groups, bias, batch = channels
    sizes, _ = ones.in_and_out(axes, transposed)
    extra = o if transposed else 0
    return Layer(
        sizes, inputs, outputs, k, s, p, extra, groups, bias, d, batch, transposed=transposed
    )


def of_sizes(transposed: bool, inputs: int, k: int, s: int, d: int, outputs: int) -> list[Axis]:
    """The torch axes with these sizes: every padding and output padding that gives them."""
    n, length = (inputs, outputs) if transposed else (outputs, inputs)
    uncropped = int(size(Axis(n, k, s, d, 0, 0, 0)))
    halves = [(o, *divmod(uncropped + o - length, 2)) for o in output_paddings(s, d, transposed)]
    return [Axis(n, k, s, d, p, p, o) for o, p, odd in halves if p >= 0 and not odd]


def factorizations(number: int, factors: int) -> Iterator[tuple[int, ...]]:
    """``number`` as an ordered product of so many factors."""
    if factors == 1:
        yield (number,)
        return
    for first in range(1, number + 1):
        if number % first == 0:
            for rest in factorizations(number // first, factors - 1):
                yield (first, *rest)


def in_order(
    box: Box, axes: int, inputs: int, transposed: bool = True
) -> Iterator[tuple[Axis, ...]]:
    """Every layer of the box with so many axes and at most so many inputs on each, least first."""
    k, s, d = map(max, box)
    longest = int(size(Axis(inputs, k, s, d, 0, 0, max(s, d) - 1)))
    # There is no end of ordinary layers: padding alone makes outputs.
    for positions in range(1, longest**axes + 1) if transposed else count(1):
        sizes = list(factorizations(positions, axes))
        for n in product(range(1, inputs + 1), repeat=axes):
            for ksd in product(*(product(values, repeat=axes) for values in box)):
                of_these = partial(of_sizes, transposed)
                rows = [row for out in sizes for row in product(*map(of_these, n, *ksd, out))]
                yield from sorted(rows, key=crops)


def crops(axes: tuple[Axis, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Padding, then output padding."""
    return tuple(axis.b for axis in axes), tuple(axis.o for axis in axes)


def least(candidate: Candidate, box: Box, wrong: Failure) -> tuple[Failure, str]:
    """The least failure that a search in order finds before ``wrong``, and what was searched.

    That is every lesser torch layer of the box, with whatever padding, that has no more inputs on
    an axis than ``wrong``; where channels matter, with each of `CHANNELS`. Of each number of axes
    and each kind `TRIED` at the most are tried; what was searched says so.
    """
    inputs = max(wrong.layer.input_size)
    plain_layer = layer_of(wrong.layer.axes, PLAIN, wrong.layer.transposed)
    alone = wrong.layer == plain_layer and candidate.quantity in OF_A_FILTER
    channels = [PLAIN] if alone else CHANNELS
    complete = True
    for axes, transposed in product(range(1, len(wrong.layer.axes) + 1), candidate.kinds):
        layers = (
            layer_of(row, choice, transposed)
            for row in in_order(box, axes, inputs, transposed)
            for choice in channels
        )
        lesser = takewhile(lambda layer: order(layer) < order(wrong.layer), layers)
        for layer in islice(lesser, TRIED):
            if better := failure(candidate, layer):
                return better, searched(better.layer, inputs, channels, complete)
        complete = complete and next(lesser, None) is None
    return wrong, searched(wrong.layer, inputs, channels, complete)


def searched(layer: Layer, inputs: int, channels: list[Channels], complete: bool) -> str:
    """Of which layers a failing one is the least."""
    words = "every lesser layer of the box"
    # A transposed layer with one position: no lesser has more inputs.
    if len(layer.axes) > 1 or outputs(layer)[0] > 1 or not layer.transposed:
        words += f" that has at most {inputs:,} inputs on an axis"
    if channels != [PLAIN]:
        words += f", each with {len(channels)} choices of channels, groups, bias and batch"
    if not complete:
        words += f"; the first {TRIED:,} of them for each number of axes"
    return words
