"""Conformance vectors: layers with every quantity, measured, for the authors of other counters.

The format is described in notes/vectors.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.layer import Layer
from oracle import ones
from oracle.certificates import samples
from oracle.certificates.box import Box

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
SAMPLED, SEED = 150, 0
BOX = Box.of(range(1, 8), range(1, 6), range(1, 5))


def measured(layer: Layer) -> dict[str, Any]:
    """Every quantity of a layer, read off one experiment."""
    sizes, of = ones.measure(layer.axes)
    counts = {
        convention: totals.count(INTEGERS, layer, sizes, of, convention, "exact")
        for convention in totals.CONVENTIONS
    }
    any_count = counts["nonzero"]
    alike = {
        name: getattr(any_count, name) for name in ("positions", "overlaps", "covered", "filters")
    }
    of_convention = (
        "multiplications_per_filter",
        "additions_per_filter",
        "operations_per_filter",
        "filter_aggregation",
        "total",
    )
    return {
        "output_size": sizes,
        **alike,
        "macs": {rule: totals.macs(INTEGERS, layer, of, rule) for rule in totals.RULES},
        **{
            convention: {name: getattr(count, name) for name in of_convention}
            for convention, count in counts.items()
        },
    }


def rows() -> Iterator[str]:
    """The vectors, a line of JSON each: the corners, then a seeded sample."""
    sampled = samples.of_channels_and_axes(BOX, SEED, SAMPLED)
    for why, layer in [*CORNERS, *(("sampled", layer) for layer in sampled)]:
        fields = layer.fields()
        yield json.dumps({"why": why, **fields, "count": measured(layer)}) + "\n"
