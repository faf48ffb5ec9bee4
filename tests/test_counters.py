"""Counters' formulas, against what the counters themselves reported of the same layers."""

from __future__ import annotations

import pytest

from analytic.counters import COUNTERS, MEANINGS, meant
from analytic.layer import Layer

LAYERS = (
    Layer((5, 7), 6, 8, (4, 3), 2, 1, 1, 2, True, 1, 3),
    Layer((9,), 6, 6, 5, 3, 4, 2, 3, False, 2, 2),
    Layer((3, 4, 5), 4, 6, (3, 2, 1), (2, 1, 3), (1, 0, 0), (1, 0, 2)),
)

#: What each reported of `LAYERS`, run by ``python -m oracle audit`` with torch 2.13.0.
REPORTED = {
    "FlopCounterMode": (60480, 2160, 17280),
    "fvcore": (30240, 1080, 8640),
    "ultralytics-thop": (30240, 1080, 8640),
    "deepspeed": (30240, 1080, 8640),
    "deepspeed-flops": (64176, 2160, 19980),
    "ptflops": (33936, 1080, 11340),
    "ptflops-pytorch": (11312, 540, 11340),
    "calflops": (15120, 0, 8640),
    "thop": (133056, 3240, 64800),
    "torchinfo": (136752, 3240, 67500),
    "torchscan": (133064, 3244, 64812),
    "torchprofile": (266112, 3240, 64800),
    "onnx-tool": (181104, 3240, 99900),
    "moduleprofiler": (159408, 3900),  # it reports nothing of three axes
}


@pytest.mark.parametrize("name", COUNTERS)
def test_the_formula_gives_what_the_counter_reported(name: str) -> None:
    reported = REPORTED[name]
    layers = LAYERS[: len(reported)]
    assert tuple(COUNTERS[name].formula(layer) for layer in layers) == reported


#: By hand, of the first of `LAYERS`: N 3, ψ 24, 5·4 − 1 times 7·3 − 1 pairs, one cropped an axis;
#: C_out 8, outputs 11×14, all covered, K 12; three products meet at each and a bias.
MACS, BIAS = 3 * 24 * (19 * 20), 3 * 8 * (11 * 14)
OPERATIONS = 3 * 24 * (154 * 12 + 380 - 154) + 3 * BIAS
MEANT = {
    "MACs": MACS,
    "mult-adds": MACS,
    "FLOPs": 2 * MACS,
    "2 × MACs": 2 * MACS,
    "MACs + bias additions": MACS + BIAS,
    "MACs + bias additions, a sample": (MACS + BIAS) // 3,
    "operations": OPERATIONS,
    "operations (documented)": OPERATIONS,
}


@pytest.mark.parametrize("reports", MEANINGS)
def test_what_a_number_is_meant_to_be(reports: str) -> None:
    assert meant(reports, LAYERS[0]) == MEANT[reports]
    assert meant(reports, LAYERS[0].replace(batch_size=0)) == 0


def test_documented_operations_count_an_uncovered_pixel_as_minus_one() -> None:
    layer = Layer((2, 2), 1, 1, 1, stride=2, bias=False)  # 5 of 9 outputs receive nothing
    assert meant("operations", layer) == 9
    assert meant("operations (documented)", layer) == 4
