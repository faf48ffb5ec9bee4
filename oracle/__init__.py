"""The same counts by experiment: torch runs the layer on ones, and the output is read.

What `analytic` has in closed form is measured here, under the same names. Needs torch.
"""

from oracle.models import count_module, layers_of
from oracle.modules import layer
from oracle.ones import (
    additions_per_filter,
    count,
    coverage,
    covered,
    macs,
    output_size,
    overlaps,
    published_snippet,
)

__all__ = [
    "additions_per_filter",
    "count",
    "count_module",
    "coverage",
    "covered",
    "layer",
    "layers_of",
    "macs",
    "output_size",
    "overlaps",
    "published_snippet",
]
