"""Published architectures as both exporters of torch write them: see `tests.exports`."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import onnx
import pytest

from analytic import Layer, macs
from analytic.onnx import UnboundError, layers_of

ARCHIVE = zipfile.ZipFile(Path(__file__).parent / "data" / "exported.zip")
NAMES = [name.removesuffix(".onnx") for name in ARCHIVE.namelist() if name.endswith(".onnx")]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_the_layers_that_run_in_the_model(name: str) -> None:
    """Exporters may fold what follows a layer into its bias, and zeros before it into its padding,
    and write layers in another order.
    """
    record = json.loads(ARCHIVE.read(f"{name}.json"))
    model = onnx.load_from_string(ARCHIVE.read(f"{name}.onnx"))
    layers = layers_of(model, record["dims"])
    expected = [[Layer(**fields) for fields in part] for part in record["layers"]]
    assert sum(map(macs, layers.values())) in {sum(map(macs, part)) for part in expected}
    without_bias = [Counter(layer.replace(bias=True) for layer in part) for part in expected]
    assert Counter(layer.replace(bias=True) for layer in layers.values()) in without_bias
    if record["dims"]:
        with pytest.raises(UnboundError, match=f"without a size: ({'|'.join(record['dims'])})[,;]"):
            layers_of(model)


def test_there_are_ten_architectures_by_both_exporters() -> None:
    """Static and with named sizes; not all can be exported by both."""
    for kind in ("script", "dynamo"):
        assert sum(name.endswith(f"-{kind}") for name in NAMES) >= 10
        assert sum(name.endswith(f"-{kind}-named") for name in NAMES) >= 6
