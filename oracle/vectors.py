"""Conformance vectors: layers with every quantity, measured, for the authors of other counters.

The format is described in notes/vectors.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.layer import Layer
from oracle.certificates import samples
from oracle.certificates.box import Box
from oracle.oracles import TORCH, Oracle

#: Layers at which a counter may well be wrong, and why.
CORNERS: list[tuple[str, Layer]] = [
    ("one input, one tap", Layer((1,), 1, 1, 1)),
    ("one input", Layer((1,), 1, 1, 4)),
    ("one tap", Layer((5,), 1, 1, 1)),
    ("taps do not meet: stride = kernel", Layer((4,), 1, 1, 3, stride=3)),
    ("gaps: stride above kernel", Layer((4,), 1, 1, 2, stride=3)),
    ("gaps: kernel 1, stride 2", Layer((2, 2), 1, 1, 1, stride=2)),
    ("taps meet unevenly: kernel 3, stride 2", Layer((4,), 1, 1, 3, stride=2)),
    ("padding", Layer((4,), 1, 1, 3, padding=1)),
    ("padding of all taps but one", Layer((5,), 1, 1, 4, padding=3)),
    ("padding that cuts whole inputs", Layer((6,), 1, 1, 2, padding=2)),
    ("padding that cuts several inputs", Layer((12,), 1, 1, 3, stride=2, padding=9)),
    ("cropped to one position", Layer((3,), 1, 1, 3, padding=2)),
    ("output padding", Layer((4,), 1, 1, 3, stride=2, output_padding=1)),
    (
        "output padding equal to padding",
        Layer((4,), 1, 1, 3, stride=2, padding=1, output_padding=1),
    ),
    ("output padding above padding", Layer((4,), 1, 1, 3, stride=4, padding=1, output_padding=3)),
    ("output padding beyond what the taps reach", Layer((4,), 1, 1, 1, stride=5, output_padding=4)),
    (
        "output padding as large as dilation alone allows",
        Layer((3,), 1, 1, 2, padding=1, output_padding=4, dilation=5),
    ),
    (
        "nothing lands",
        Layer((1,), 1, 1, 1, padding=1, output_padding=2, dilation=3),
    ),
    (
        "nothing lands between two taps",
        Layer((1,), 1, 1, 2, padding=1, dilation=2),
    ),
    ("dilation", Layer((4,), 1, 1, 3, dilation=2)),
    ("dilation and stride alike", Layer((4,), 1, 1, 3, stride=2, dilation=2)),
    ("dilation and stride share a factor", Layer((7,), 1, 1, 5, stride=4, dilation=6)),
    ("dilation and stride share none", Layer((7,), 1, 1, 5, stride=3, dilation=4)),
    (
        "all at once",
        Layer((9,), 1, 1, 5, stride=4, padding=11, output_padding=3, dilation=6),
    ),
    ("fewer inputs than collide", Layer((2,), 1, 1, 5, stride=2, dilation=3)),
    ("more taps than inputs", Layer((2,), 1, 1, 9)),
    ("channels", Layer((8,), 4, 6, 4, stride=2, padding=1)),
    ("channels, no bias", Layer((8,), 4, 6, 4, stride=2, padding=1, bias=False)),
    ("one channel in, no bias", Layer((8,), 1, 6, 4, stride=2, padding=1, bias=False)),
    ("gaps, one channel in, no bias", Layer((8,), 1, 6, 2, stride=3, bias=False)),
    ("gaps, channels, no bias", Layer((8,), 4, 6, 2, stride=3, bias=False)),
    ("gaps, channels, bias", Layer((8,), 4, 6, 2, stride=3)),
    ("groups", Layer((8,), 4, 6, 4, stride=2, padding=1, groups=2)),
    ("depthwise", Layer((8,), 6, 6, 4, stride=2, padding=1, groups=6)),
    ("depthwise, no bias", Layer((8,), 6, 6, 4, stride=2, padding=1, groups=6, bias=False)),
    ("as many channels out as in", Layer((8,), 6, 6, 4, stride=2, padding=1, groups=2)),
    ("batch", Layer((8,), 4, 6, 4, stride=2, padding=1, batch_size=3)),
    ("an empty batch", Layer((8,), 4, 6, 4, stride=2, padding=1, batch_size=0)),
    ("two axes", Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)),
    ("two axes, unlike", Layer((5, 7), 4, 6, (4, 1), (2, 3), (1, 0), (1, 2), 2, True, (1, 2))),
    ("two axes, gaps on one", Layer((5, 7), 2, 3, (4, 2), stride=(2, 3))),
    ("three axes", Layer((3, 4, 5), 2, 3, 3, stride=2, padding=1, output_padding=1)),
    ("three axes, unlike", Layer((2, 3, 4), 2, 2, (3, 2, 1), (1, 2, 3), (1, 0, 0), 0, 2)),
    ("one long axis", Layer((65536,), 1, 1, 16, stride=8, padding=4)),
    ("a wide layer", Layer((64, 64), 1024, 512, 4, stride=2, padding=1)),
    ("crops apart", Layer((6,), 1, 1, 4, stride=2, padding=1, end_padding=2)),
    ("crops apart, end alone", Layer((6,), 1, 1, 4, stride=2, end_padding=3)),
    ("crops apart, negative begin", Layer((6,), 1, 1, 4, stride=2, padding=-2, end_padding=1)),
    ("crops apart, negative end", Layer((6,), 1, 1, 4, stride=2, padding=1, end_padding=-3)),
    (
        "crops apart, two axes",
        Layer((4, 6), 2, 3, 3, stride=2, padding=(0, 1), end_padding=(1, 0)),
    ),
]


ordinary = partial(Layer, transposed=False)

#: The same of ordinary convolutions.
ORDINARY_CORNERS: list[tuple[str, Layer]] = [
    ("one input, one tap", ordinary((1,), 1, 1, 1)),
    ("one output", ordinary((4,), 1, 1, 4)),
    ("one tap", ordinary((5,), 1, 1, 1)),
    ("inputs between strides are not read", ordinary((7,), 1, 1, 2, stride=3)),
    ("inputs behind the last stride are not read", ordinary((6,), 1, 1, 3, stride=2)),
    ("padding", ordinary((5,), 1, 1, 3, padding=1)),
    ("padding of all taps but one", ordinary((5,), 1, 1, 4, padding=3)),
    ("padding of whole kernels", ordinary((4,), 1, 1, 3, padding=5)),
    ("padding alone is read between two taps", ordinary((1,), 1, 1, 2, padding=3, dilation=2)),
    ("a map of one", ordinary((1, 1), 1, 1, 3, padding=1)),
    ("a map of one, stride", ordinary((1, 1), 1, 1, 3, stride=2, padding=1)),
    ("dead taps: dilation beyond the map", ordinary((8,), 1, 1, 3, padding=12, dilation=12)),
    ("dead taps on one axis", ordinary((8, 40), 1, 1, 3, padding=12, dilation=12)),
    ("dilation and stride share a factor", ordinary((40,), 1, 1, 5, stride=4, dilation=6)),
    ("dilation and stride share none", ordinary((40,), 1, 1, 5, 3, 4, dilation=4)),
    ('padding "same"', ordinary((7,), 1, 1, 3, padding="same")),
    ('padding "same", even kernel', ordinary((7,), 1, 1, 4, padding="same")),
    ("padding at the end alone", ordinary((6,), 1, 1, 3, stride=2, end_padding=1)),
    ("channels", ordinary((16,), 4, 6, 4, stride=2, padding=1)),
    ("channels, no bias", ordinary((16,), 4, 6, 4, stride=2, padding=1, bias=False)),
    ("one channel in, no bias", ordinary((16,), 1, 6, 4, stride=2, padding=1, bias=False)),
    ("groups", ordinary((16,), 4, 6, 4, stride=2, padding=1, groups=2)),
    ("depthwise", ordinary((16,), 6, 6, 3, padding=1, groups=6)),
    ("depthwise, two axes", ordinary((16, 16), 32, 32, 3, padding=1, groups=32)),
    ("batch", ordinary((16,), 4, 6, 4, stride=2, padding=1, batch_size=3)),
    ("an empty batch", ordinary((16,), 4, 6, 4, stride=2, padding=1, batch_size=0)),
    ("two axes, unlike", ordinary((9, 14), 4, 6, (4, 1), (2, 3), (1, 0), 0, 2, True, (1, 2))),
    ("three axes", ordinary((5, 6, 7), 2, 3, 3, stride=2, padding=1)),
    ("a first layer", ordinary((224, 224), 3, 64, 7, stride=2, padding=3, bias=False)),
    ("a patch embedding", ordinary((224, 224), 3, 768, 16, stride=16)),
]
SAMPLED, ORDINARY_SAMPLED, SEED = 150, 120, 0
BOX = Box.of(range(1, 8), range(1, 6), range(1, 5))

#: The fields of a `Count` that each convention has its own of.
OF_A_CONVENTION = (
    "multiplications_per_filter",
    "additions_per_filter",
    "operations_per_filter",
    "filter_aggregation",
    "total",
)


def measured(layer: Layer, by: Oracle) -> dict[str, Any]:
    """Every quantity of a layer, read off its forward pass and its gradients."""
    kind = layer.transposed
    sizes, axes = by.experiments.measure_reached(layer.axes, transposed=kind)
    products = axes.products
    passes = totals.passes(INTEGERS, layer, axes, "exact")
    conventions = {
        name: totals.count(INTEGERS, layer, sizes, products, name, "exact", kind)
        for name in totals.CONVENTIONS
    }
    return {
        "output_size": sizes,
        "positions": products.positions,
        "overlaps": products.overlaps,
        "covered": products.covered,
        "inputs_reached": axes.inputs,
        "taps_reached": axes.taps,
        "filters": totals.filters(INTEGERS, layer),
        "macs": {rule: totals.macs(INTEGERS, layer, products, rule) for rule in totals.RULES},
        **{
            name: {field: getattr(count, field) for field in OF_A_CONVENTION}
            for name, count in conventions.items()
        },
        **{name: cost._asdict() for name, cost in passes._asdict().items()},
    }


def rows(by: Oracle = TORCH) -> Iterator[str]:
    """The vectors, a line of JSON each: of each kind the corners, then a seeded sample."""
    layers = [
        *CORNERS,
        *(("sampled", layer) for layer in samples.of_channels_and_axes(BOX, SEED, SAMPLED)),
        *((f"ordinary: {why}", layer) for why, layer in ORDINARY_CORNERS),
        *(
            ("ordinary: sampled", layer)
            for layer in samples.of_channels_and_axes(BOX, SEED, ORDINARY_SAMPLED, False)
        ),
    ]
    for why, layer in layers:
        yield json.dumps({"why": why, **layer.fields(), "count": measured(layer, by)}) + "\n"
