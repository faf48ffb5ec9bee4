"""The same counts by experiment: torch runs the layer on ones, and the output is read.

What `analytic` has in closed form is measured here, under the same names. Needs torch.
"""

from oracle.candidates import Candidate
from oracle.certificate import Certificate
from oracle.certify import certify
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
    "Candidate",
    "Certificate",
    "additions_per_filter",
    "certify",
    "count",
    "coverage",
    "covered",
    "layer",
    "macs",
    "output_size",
    "overlaps",
    "published_snippet",
]
