"""A formula of one's own, to copy: hardware papers charge every output ⌈k/s⌉ products an axis.

``python -m oracle certify --candidate oracle.example:CANDIDATE …`` holds it to torch.
"""

from math import prod

from analytic.layer import Layer
from oracle.certificates.candidates import Candidate


def overlaps(layer: Layer) -> int:
    """Output positions times ⌈k/s⌉ on every axis."""
    pairs = zip(layer.kernel_size, layer.stride, strict=True)
    return prod(layer.output_size) * prod(-(-k // s) for k, s in pairs)


#: Nothing is proved of it; ``quantity`` says what it is meant to be.
CANDIDATE = Candidate("⌈k/s⌉ products an output", "overlaps", overlaps)
