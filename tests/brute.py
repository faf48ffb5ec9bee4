"""Slow twins: the definition of coverage, walked pair by pair."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

from analytic.axis import Axis
from analytic.layer import Layer


def size(axis: Axis) -> int:
    """Output positions: from the first to the last value, uncropped, then cropped and padded."""
    last = (axis.n - 1) * axis.s + (axis.k - 1) * axis.d
    return int(len(range(last + 1)) - axis.b - axis.e + axis.o)


def profile(axis: Axis) -> list[int]:
    """The coverage of one axis."""
    landed = Counter(i * axis.s + t * axis.d - axis.b for i in range(axis.n) for t in range(axis.k))
    return [landed[y] for y in range(size(axis))]


def coverage(axes: tuple[Axis, ...]) -> dict[tuple[int, ...], int]:
    """The coverage of a layer, by the coordinates of the position, without any product rule."""
    landed: Counter[tuple[int, ...]] = Counter()
    for inputs in itertools.product(*(range(axis.n) for axis in axes)):
        for taps in itertools.product(*(range(axis.k) for axis in axes)):
            landed[
                tuple(
                    i * axis.s + t * axis.d - axis.b
                    for i, t, axis in zip(inputs, taps, axes, strict=True)
                )
            ] += 1
    positions = itertools.product(*(range(size(axis)) for axis in axes))
    return {y: landed[y] for y in positions}


def operations(layer: Layer) -> dict[str, int]:
    """Multiplications and additions of the whole layer, performed one by one and tallied.

    Every product that lands is formed; on each position the first product is assigned and every
    further one added, then the bias is added where a product has landed.
    """
    multiplications = additions = 0
    inputs_of_group = layer.in_channels // layer.groups
    outputs_of_group = layer.out_channels // layer.groups
    for _, group, _ in itertools.product(
        range(layer.batch_size), range(layer.groups), range(outputs_of_group)
    ):
        del group
        assigned = set()
        for _ in range(inputs_of_group):
            for position, products in coverage(layer.axes).items():
                for _ in range(products):
                    multiplications += 1
                    additions += position in assigned
                    assigned.add(position)
        additions += len(assigned) * layer.bias
    return {"multiplications": multiplications, "additions": additions}


def meetings(
    inputs: int, k: int, s: int, d: int, b: int, e: int, o: int, *, transposed: bool
) -> tuple[list[tuple[int, int, int]], int]:
    """Every (input, tap, output) of one axis that meet, and how many outputs it has.

    A transposed convolution lays a kernel on its output for each input, and cuts and pads the
    result. An ordinary one lays it on the padded input wherever all of it fits.
    """
    if transposed:
        outputs = range(len(range((inputs - 1) * s + (k - 1) * d + 1)) - b - e + o)
        pairs = [(x, t, x * s + t * d - b) for x in range(inputs) for t in range(k)]
        return [(x, t, y) for x, t, y in pairs if y in outputs], len(outputs)
    starts = range(0, b + inputs + e - (k - 1) * d, s)
    pairs = [(start + t * d - b, t, y) for y, start in enumerate(starts) for t in range(k)]
    return [(x, t, y) for x, t, y in pairs if x in range(inputs)], len(starts)


def passes(layer: Layer) -> dict[str, tuple[int, int, int]]:
    """Multiplications, additions and elements that receive a product, of each pass.

    Each is performed product by product, over batch, groups and channels: the first product of an
    element is assigned, every further one added; the bias is added where a product is.
    """
    ends = layer.end_padding or layer.padding
    rows = zip(
        layer.input_size,
        layer.kernel_size,
        layer.stride,
        layer.dilation,
        layer.padding,
        ends,
        layer.output_padding,
        strict=True,
    )
    axes = [meetings(*row, transposed=layer.transposed) for row in rows]
    met = [tuple(zip(*pairs, strict=True)) for pairs in itertools.product(*(m for m, _ in axes))]
    sums: dict[str, Counter[tuple[Any, ...]]] = {
        name: Counter() for name in ("forward", "grad_input", "grad_weight", "grad_bias")
    }
    inputs, outputs = layer.in_channels // layer.groups, layer.out_channels // layer.groups
    for sample, group in itertools.product(range(layer.batch_size), range(layer.groups)):
        for c_in, c_out in itertools.product(range(inputs), range(outputs)):
            for x, tap, y in met:
                sums["forward"][sample, group, c_out, y] += 1
                sums["grad_input"][sample, group, c_in, x] += 1
                sums["grad_weight"][group, c_in, c_out, tap] += 1
    positions = math.prod(count for _, count in axes)
    for _, channel, _ in itertools.product(
        range(layer.batch_size), range(layer.out_channels * layer.bias), range(positions)
    ):
        sums["grad_bias"][(channel,)] += 1
    tallies = {}
    for name, products in sums.items():
        multiplications = 0 if name == "grad_bias" else products.total()
        biases = len(products) if name == "forward" and layer.bias else 0
        additions = products.total() - len(products) + biases
        tallies[name] = multiplications, additions, len(products)
    return tallies


def legal(axis: Axis, *, cropped_apart: bool = False) -> bool:
    """Whether torch (or ONNX, where crops are apart) has such an axis, by its own messages."""
    return (
        min(axis.n, axis.k, axis.s, axis.d) >= 1
        and (cropped_apart or axis.b >= 0)
        and 0 <= axis.o < max(axis.s, axis.d)
        and size(axis) >= 1
    )


def outer(profiles: list[list[int]]) -> list[int]:
    """The outer product of profiles, flat, in row-major order."""
    return [math.prod(values) for values in itertools.product(*profiles)]
