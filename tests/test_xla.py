"""The second oracle: XLA beside torch and the closed form. Skipped where jax is not installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import analytic
from analytic import Layer, tables
from tests.strategies import arguments, layers

pytest.importorskip("jax", reason="jax is not installed: pip install '.[audit]'")

from oracle import vectors, xla
from oracle.certificates.certify import certify_samples
from oracle.oracles import of_xla

DATA = Path(__file__).parent / "data"
VECTORS = [json.loads(line) for line in (DATA / "vectors.jsonl").read_text().splitlines()]
MULTIPLYING = ("forward", "grad_input", "grad_weight")


@given(arguments(largest=3, transposed=None))
@settings(max_examples=40)
def test_every_position_is_that_of_the_closed_form(geometry: dict[str, Any]) -> None:
    assert xla.coverage(**geometry).tolist() == analytic.coverage(**geometry)


@given(layers(largest=3, transposed=None))
@settings(max_examples=20)
def test_counts_and_passes(layer: Layer) -> None:
    assert xla.count(layer) == analytic.count(layer)
    assert xla.passes(layer) == analytic.passes(layer)


@given(layers(least_batch=1, largest=4, transposed=None))
@settings(max_examples=20)
def test_the_macs_of_six_passes_are_what_xla_counts(layer: Layer) -> None:
    exact = analytic.passes(layer)
    assert xla.cost_analysis(layer) == tuple(getattr(exact, name).macs for name in MULTIPLYING)


@pytest.mark.parametrize("why", ["corners", pytest.param("sampled", marks=pytest.mark.slow)])
def test_the_vectors_are_what_xla_measures(why: str) -> None:
    chosen = [row for row in VECTORS if row["why"].endswith("sampled") == (why == "sampled")]
    assert len(chosen) == {"corners": 80, "sampled": 270}[why]
    for row in chosen:
        measured = json.loads(json.dumps(vectors.measured(tables.layer_of(row), of_xla())))
        assert measured == row["count"], row["why"]


@pytest.mark.parametrize("file", ["vectors", "layers", "ordinary"])
def test_xla_counts_the_exact_macs_rounded_to_float32(file: str) -> None:
    """Of every tenth layer, all three passes that multiply."""
    rows = [json.loads(line) for line in (DATA / f"{file}.jsonl").read_text().splitlines()]
    layers = [tables.layer_of(row) for row in rows[::10]]
    for layer in (layer for layer in layers if layer.batch_size):
        exact = analytic.passes(layer)
        doubles = [2 * getattr(exact, name).macs for name in MULTIPLYING]
        nearest = [int(np.float32(double)) // 2 for double in doubles]
        assert [*xla.cost_analysis(layer)] == nearest, layer


def test_the_least_macs_that_xla_does_not_count() -> None:
    """2^24 + 1 = 97 · 172,961 products, none of which meet: twice that has 25 binary digits."""
    layer = Layer((172961,), 1, 1, 97, stride=97)
    assert analytic.macs(layer) == 2**24 + 1
    assert xla.cost_analysis(layer).forward == 2**24


def test_samples_of_a_certificate() -> None:
    box: dict[str, Any] = {"kernel_size": range(1, 8), "stride": range(1, 6), "dilation": [1, 2, 3]}
    found = certify_samples(**box, by=of_xla(), sampled=4)
    assert found.established
    assert sum(sample.layers for sample in found.samples) == 24


def test_groups_in_the_backward() -> None:
    """A depthwise layer: each gradient costs what the forward pass does."""
    layer = Layer((16, 16), 32, 32, 3, padding=1, groups=32, transposed=False)
    assert xla.cost_analysis(layer) == (67712, 67712, 67712)


def test_what_is_not_run() -> None:
    with pytest.raises(ValueError, match="convolutions of 1, 2 or 3 axes are run, got 4"):
        xla.coverage((2, 2, 2, 2), 2, axes=4)
    with pytest.raises(MemoryError, match="more than max_bytes=100"):
        xla.coverage((9, 9), 2, max_bytes=100)
