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

ORDINARY = (
    Layer((9, 11), 6, 8, (4, 3), 2, 1, 0, 2, True, 1, 3, transposed=False),
    Layer((23,), 6, 6, 5, 3, 4, 0, 3, False, 2, 2, transposed=False),
    Layer((5, 6, 7), 4, 6, (3, 2, 1), (2, 1, 3), (1, 0, 0), transposed=False),
)
#: Of the kinds that TensorFlow's graphs were made of: no groups, no dilation, two axes.
PLAIN = (
    Layer((8, 8), 4, 6, 4, 2),
    Layer((3, 3), 2, 3, 1, 3, bias=False, batch_size=2),
    Layer((8, 9), 4, 6, 3, 2, 1, transposed=False),
)

#: What each reported of `LAYERS` and of `ORDINARY`, run by ``python -m oracle audit`` with torch
#: 2.13.0.
REPORTED: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "FlopCounterMode": ((60480, 2160, 17280), (41472, 1920, 12960)),
    "FlopCounterMode-backward": ((181440, 8640, 34560), (124416, 7680, 25920)),
    "torchtnt": ((30240, 1080, 8640), (20736, 960, 6480)),
    "torchtnt-backward": ((806400, 18576, 656640), (62208, 3840, 12960)),
    "fvcore": ((30240, 1080, 8640), (20736, 960, 6480)),
    "ultralytics-thop": ((30240, 1080, 8640), (20736, 960, 6480)),
    "deepspeed": ((30240, 1080, 8640), (20736, 960, 6480)),
    "deepspeed-flops": ((64176, 2160, 19980), (42048, 1920, 13230)),
    "ptflops": ((33936, 1080, 11340), (21312, 960, 6750)),
    "ptflops-pytorch": ((11312, 540, 11340), (7104, 480, 6750)),
    "calflops": ((15120, 0, 8640), (20736, 960, 6480)),
    "calflops-training": ((45360, 0, 25920), (62208, 2880, 19440)),
    "thop": ((133056, 3240, 64800), (20736, 960, 6480)),
    "torchinfo": ((136752, 3240, 67500), (21312, 960, 6750)),
    "torchscan": ((133064, 3244, 64812), (20736, 960, 6480)),
    "torchprofile": ((266112, 3240, 64800), (20736, 960, 6480)),
    "onnx-tool": ((181104, 3240, 99900), (21312, 960, 6750)),
    "moduleprofiler": ((159408, 3900), (41472, 1824)),  # it reports nothing of three axes
    "xla": ((54720, 1968, 15360), (34560, 1680, 10080)),
    # The versions of papers, each run by itself. deepspeed 0.3.16 raises of one axis, and takes the
    # last two of three for all.
    "fvcore-2021": ((177408, 3240, 97200), (20736, 960, 6480)),
    "ptflops-2024": ((45584, 1620, 67500), (7104, 480, 6750)),
    "deepspeed-2021": ((22824,), (21312,)),
}


@pytest.mark.parametrize("name", REPORTED)
def test_the_formula_gives_what_the_counter_reported(name: str) -> None:
    for layers, reported in zip((LAYERS, ORDINARY), REPORTED[name], strict=True):
        formula = COUNTERS[name].formula
        assert tuple(map(formula, layers[: len(reported)])) == reported


def test_the_profiler_of_tensorflow_divides_by_the_strides() -> None:
    """Rounded down, and of three transposed axes it reports nothing but the bias."""
    formula = COUNTERS["tensorflow"].formula
    assert tuple(map(formula, PLAIN)) == (64152, 130, 8760)
    assert formula(Layer((3, 3, 3), 4, 5, 2, 2, bias=False)) == 0
    assert formula(Layer((3, 3, 3), 4, 5, 2, padding="same", bias=False, transposed=False)) == 8640
    assert {*COUNTERS} == {*REPORTED, "tensorflow"}


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
    "backward MACs": 2 * MACS,
    "backward FLOPs": 4 * MACS,
    "training MACs": 3 * MACS,
}


@pytest.mark.parametrize("reports", MEANINGS)
def test_what_a_number_is_meant_to_be(reports: str) -> None:
    assert meant(reports, LAYERS[0]) == MEANT[reports]
    assert meant(reports, LAYERS[0].replace(batch_size=0)) == 0
    samples = 3 if reports.endswith("a sample") else 1  # of the batch of 3
    assert 3 * meant(reports, LAYERS[0].replace(batch_size=1)) == samples * MEANT[reports]


def test_documented_operations_count_an_uncovered_pixel_as_minus_one() -> None:
    layer = Layer((2, 2), 1, 1, 1, stride=2, bias=False)  # 5 of 9 outputs receive nothing
    assert meant("operations", layer) == 9
    assert meant("operations (documented)", layer) == 4
