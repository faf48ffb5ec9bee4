"""Exact operation counts of convolutions, the transposed one at the heart, in closed form.

Importing this package imports neither torch nor numpy nor sympy.
"""

from analytic.integers import (
    additions_per_filter,
    count,
    covered,
    floor_sum,
    inputs_reached,
    macs,
    output_size,
    overlaps,
    passes,
    taps_reached,
)
from analytic.layer import Layer, LayerError
from analytic.maps import coverage
from analytic.taps import DeadTaps, dead_taps
from analytic.totals import CONVENTIONS, RULES, Count, Pass, Passes

__version__ = "0.2.0"

__all__ = [
    "CONVENTIONS",
    "RULES",
    "Count",
    "DeadTaps",
    "Layer",
    "LayerError",
    "Pass",
    "Passes",
    "additions_per_filter",
    "count",
    "coverage",
    "covered",
    "dead_taps",
    "floor_sum",
    "inputs_reached",
    "macs",
    "output_size",
    "overlaps",
    "passes",
    "taps_reached",
]

#: Modules that not everyone needs, or that import what is heavy: loaded when first asked for.
LAZY = ("arrays", "checkerboard", "export", "frameworks", "onnx", "phases", "symbolic")


def __getattr__(name: str) -> object:
    if name in LAZY:
        from analytic.packages import imported

        return imported(f"analytic.{name}")
    raise AttributeError(f"module 'analytic' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *LAZY})
