"""The same counts by experiment: torch runs the layer on ones, and the output is read.

What `analytic` has in closed form is measured here, under the same names. Needs torch.
"""

from analytic.packages import explained

try:
    import torch as torch
except ModuleNotFoundError as reason:
    if reason.name != "torch":  # it is there, and lacks something
        raise
    # Help needs no torch; whatever does says what installs it.
    missing = explained(reason)

    def _lacking(_: str) -> object:
        raise missing

    globals()["__getattr__"] = _lacking
else:
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
