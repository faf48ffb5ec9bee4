"""The same counts by experiment: torch runs the layer on ones, and the output is read.

What `analytic` has in closed form is measured here, under the same names. Needs torch.
"""

import sys

try:
    import torch as torch
except ModuleNotFoundError as missing:
    if missing.name != "torch":
        raise
    words = "oracle runs torch, which is not installed: pip install 'convtranspose-ops[oracle]'"
    if sys.argv[:1] == ["-m"]:  # python -m oracle, on its way here: an error of use, in one line
        sys.stderr.write(f"{words}\n")
        sys.exit(2)
    raise ModuleNotFoundError(words, name="torch") from None

from oracle.certificates.candidates import Candidate
from oracle.certificates.certificate import Certificate
from oracle.certificates.certify import certify
from oracle.models import count_module, layers_of
from oracle.modules import layer
from oracle.ones import (
    additions_per_filter,
    count,
    coverage,
    covered,
    inputs_reached,
    macs,
    output_size,
    overlaps,
    passes,
    published_snippet,
    taps_reached,
)

__all__ = [
    "Candidate",
    "Certificate",
    "additions_per_filter",
    "certify",
    "count",
    "count_module",
    "coverage",
    "covered",
    "inputs_reached",
    "layer",
    "layers_of",
    "macs",
    "output_size",
    "overlaps",
    "passes",
    "published_snippet",
    "taps_reached",
]
