"""Seeded samples of layers, run beside a certificate's box: they refute, and settle nothing."""

from __future__ import annotations

import math
import random

from analytic.affine import least_input_size, padding_bound, reached_affine_from
from analytic.axis import Axis
from analytic.layer import Layer
from oracle.certificates.box import Box, output_paddings
from oracle.certificates.counterexample import PLAIN, Channels, layer_of

#: Products of a layer of the sample, Πn·Πk, at the most: what one experiment may cost.
PRODUCTS = 2**18
#: After so many layers with too many products, one with an axis fewer is drawn.
TRIES = 1000


def axis(chance: random.Random, box: Box, transposed: bool, paddings: int, most: int) -> Axis:
    """An axis of the box; padding below so many times its bound, ``n`` so much above the least."""
    k, s, d = (chance.choice(values) for values in box)
    o = chance.choice(output_paddings(s, d, transposed))
    p = chance.randrange(paddings * padding_bound(Axis(0, k, s, d, 0, 0, o)))
    drawn = Axis(0, k, s, d, p, p, o)
    return drawn._replace(n=least_input_size(drawn) + chance.randrange(most))


def channels(chance: random.Random) -> Channels:
    """Channels, groups, bias and batch."""
    groups = chance.choice((1, 1, 2, 3, 8))
    inputs, outputs = (groups * chance.randrange(1, 5) for _ in range(2))
    return inputs, outputs, groups, chance.random() < 0.5, chance.choice((0, 1, 1, 2, 3))


def chance_of(seed: int, what: str, transposed: bool) -> random.Random:
    """The chance by which one sample is drawn."""
    kind = "" if transposed else "ordinary "
    return random.Random(f"{kind}{what} {seed}")  # noqa: S311  # a sample, not a secret


def of_channels_and_axes(box: Box, seed: int, number: int, transposed: bool = True) -> list[Layer]:
    """Layers of one, two and three axes in turn, with channels, groups, bias and batch."""
    chance = chance_of(seed, "axes", transposed)
    return [
        layer_of(small_enough(chance, box, transposed, 1 + drawn % 3), channels(chance), transposed)
        for drawn in range(number)
    ]


def small_enough(chance: random.Random, box: Box, transposed: bool, most: int) -> tuple[Axis, ...]:
    """So many axes with few enough `PRODUCTS`; fewer where the box has no such, and one anyway."""
    for axes in range(most, 1, -1):
        for _ in range(TRIES):
            drawn = tuple(axis(chance, box, transposed, 1, 6) for _ in range(axes))
            if math.prod(axis.n * axis.k for axis in drawn) <= PRODUCTS:
                return drawn
    return (axis(chance, box, transposed, 1, 6),)


def of_box(box: Box, seed: int, number: int, transposed: bool = True) -> list[Layer]:
    """Experiments of the box itself: one axis, padding below the bound, one of its sizes."""
    chance = chance_of(seed, "box", transposed)
    drawn = (axis(chance, box, transposed, 1, 1) for _ in range(number))
    sizes = ((row, chance.randint(row.n, reached_affine_from(row) + 1)) for row in drawn)
    return [layer_of((row._replace(n=n),), PLAIN, transposed) for row, n in sizes]


def far(box: Box, seed: int, number: int, transposed: bool = True) -> list[Layer]:
    """Layers of one axis with far larger sizes, and paddings up to three times the bound."""
    chance = chance_of(seed, "far", transposed)
    return [
        layer_of((axis(chance, box, transposed, 3, 2 ** (3 + drawn % 10)),), PLAIN, transposed)
        for drawn in range(number)
    ]
