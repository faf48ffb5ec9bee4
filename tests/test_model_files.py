"""Files of other frameworks: the same model as Keras, OpenVINO, TensorFlow Lite, ONNX and torch."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import analytic
import oracle
from analytic import onnx as onnx_models
from analytic.cli import program
from analytic.commands import readers
from analytic.frameworks import keras_models, openvino_models, tflite_models
from analytic.layer import Layer
from tests.frameworks.exported import DATA, NAMES
from tests.frameworks.twins import TWINS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the archive."""
    folder = tmp_path_factory.mktemp("frameworks")
    with zipfile.ZipFile(DATA) as archive:
        archive.extractall(folder)
    return folder


def counts(layers: Mapping[str, Layer]) -> list[Any]:
    """All that is counted of layers, sorted."""
    return sorted(
        (
            layer.transposed,
            layer.input_size,
            [analytic.count(layer, convention=c)[1:] for c in analytic.CONVENTIONS],
            [analytic.macs(layer, rule=rule) for rule in analytic.RULES],
            analytic.passes(layer),
        )
        for layer in layers.values()
    )


def torch_layers(name: str) -> dict[str, Layer]:
    """What runs in torch, with a batch of 2."""
    build, shape = TWINS[name]
    return oracle.layers_of(build(), (2, *shape), kinds="both")


@pytest.mark.parametrize("name", NAMES)
def test_one_model_in_five_frameworks(name: str, folder: Path, tmp_path: Path) -> None:
    expected = counts(torch_layers(name))
    build, shape = TWINS[name]
    path = tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(build().eval(), (torch.zeros(2, *shape),), path, dynamo=False)
    assert counts(onnx_models.layers_of(path)) == expected
    keras = keras_models.layers_of((folder / f"{name}.json").read_text())
    assert counts({key: layer.replace(batch_size=2) for key, layer in keras.items()}) == expected
    assert counts(openvino_models.layers_of(folder / f"{name}.xml")) == expected
    assert counts(tflite_models.layers_of(folder / f"{name}.tflite")) == expected


@pytest.mark.parametrize("name", NAMES)
def test_an_open_batch_is_bound(name: str, folder: Path) -> None:
    static = openvino_models.layers_of(folder / f"{name}.xml")
    opened = openvino_models.layers_of(folder / f"{name}_open.xml", {"x:0": 2})
    assert [*opened.values()] == [*static.values()]
    static = tflite_models.layers_of(folder / f"{name}.tflite")
    opened = tflite_models.layers_of(folder / f"{name}_open.tflite", {"serving_default_x:0:0": 2})
    differing = [
        (other.batch_size, other.input_size, other.dilation)
        for layer, other in zip(static.values(), opened.values(), strict=True)
        if layer != other
    ]
    # A dilation of an open batch is written as a plain layer of parts of the input.
    assert differing == ([(8, (6, 6), (1, 1))] if name == "unet" else [])


@pytest.mark.parametrize(
    ("name", "bind"),
    [
        ("mobile.json", None),
        ("mobile.xml", None),
        ("mobile_open.tflite", "serving_default_x:0:0=2"),
    ],
)
def test_files_are_known_by_how_they_begin(
    name: str, bind: str | None, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model"
    path.write_bytes((folder / name).read_bytes())
    done = CliRunner().invoke(
        program, ["count", str(path), "--json", *(["--dim", bind] if bind else [])]
    )
    assert done.exit_code == 0, done.output
    macs = [row["count"]["macs"] for row in json.loads(done.stdout)["layers"]]
    batch = 1 if name.endswith("json") else 2
    expected = [analytic.macs(layer) for layer in torch_layers("mobile").values()]
    assert [2 * each // batch for each in macs] == expected


@pytest.mark.parametrize(
    ("start", "reader"),
    [
        (b'{"module": "keras.src.models", "class_name": "Functional"', readers.KERAS),
        (b'{\n  "module": "keras', readers.KERAS),
        (b'{"class_name": "Sequential", ', readers.KERAS),
        (b"PK\x03\x04" + bytes(26) + b"metadata.json", readers.KERAS),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", None),
        (b"\x08\x09\x12\x07pytorch", readers.ONNX),
        (b"\x1c\n\x00\x00TFL3", readers.TFLITE),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<net', readers.OPENVINO),
        (b"<html>", None),
        (b"\n<net", readers.OPENVINO),
        (b" " * 1020 + b"<net", readers.OPENVINO),  # of 1024 bytes no more are looked at
        (b" " * 1021 + b"<net", None),
        (b'{"module": "up", "input_size": [8]}', None),
        (b'{"class_name": "ConvTranspose2d"}', None),
        (b"input_size,in_channels\n", None),
        (b"", None),
    ],
)
def test_what_files_begin_with(start: bytes, reader: str | None, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(start)
    assert readers.model_reader(str(path)) == reader


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_left_to_who_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)
    try:
        os.write(end, b" " * 1020 + b"<net")
        assert readers.model_reader(str(path)) is None
        assert os.read(end, 2000) == b" " * 1020 + b"<net"
    finally:
        os.close(end)


def test_names_that_are_models_whatever_is_in_them(tmp_path: Path) -> None:
    for ending, reader in readers.ENDINGS.items():
        assert readers.model_reader(f"nowhere{ending.upper()}") == reader
    assert readers.model_reader(str(tmp_path)) is None
    assert readers.model_reader("a\0b") is None


def test_a_file_that_cannot_be_opened_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert readers.model_reader(__file__) is None
