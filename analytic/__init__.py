"""Exact operation counts of a transposed convolution, in closed form, without running it.

Importing this package imports neither torch nor numpy nor sympy.
"""

from analytic.floorsum import floor_sum
from analytic.integers import (
    additions_per_filter,
    count,
    covered,
    macs,
    output_size,
    overlaps,
)
from analytic.layer import Layer, LayerError
from analytic.maps import coverage
from analytic.totals import CONVENTIONS, RULES, Count

__version__ = "0.1.0"

__all__ = [
    "CONVENTIONS",
    "RULES",
    "Count",
    "Layer",
    "LayerError",
    "additions_per_filter",
    "count",
    "coverage",
    "covered",
    "floor_sum",
    "macs",
    "output_size",
    "overlaps",
]
