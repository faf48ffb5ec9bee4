"""Slow twins: the definition of coverage, walked pair by pair."""

from __future__ import annotations

import itertools
import math
from collections import Counter

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
