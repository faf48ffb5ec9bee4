"""``python -m tests.frameworks.exported FOLDER``: models of `zoo`, as files of other frameworks.

It writes what the packages that are installed make: Keras the JSON of each architecture, TensorFlow
a ``.tflite``, once with a batch of 2 and once with an open one; torch the ``.onnx`` of its twin,
open in the batch, and OpenVINO from that an ``.xml``, once open and once with a batch of 2. Then
``python -m tests.frameworks.exported FOLDER --pack`` makes of them ``tests/data/frameworks.zip``.
Keras 3.15.1, TensorFlow 2.21.0, torch 2.13.0 and OpenVINO 2026.4.1 made what is there.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.frameworks import zoo

DATA = Path(__file__).parent.parent / "data" / "frameworks.zip"
#: When every file of the archive was made: the same files are the same bytes.
DATE = (2026, 1, 1, 0, 0, 0)
NAMES = ("unet", "residual", "autoencoder", "super_resolution", "mobile", "volume")


def installed(package: str) -> bool:
    """Whether a package is."""
    return importlib.util.find_spec(package) is not None


def by_keras(folder: Path) -> None:
    """Architectures, and models of TensorFlow Lite, with weights that no optimiser takes away."""
    keras = importlib.import_module("keras")
    for name in NAMES:
        model = zoo.MODELS[name](keras)
        (folder / f"{name}.json").write_text(model.to_json())
        if installed("tensorflow"):
            for weight in model.weights:
                weight.assign(np.full(weight.shape, 0.125))
            for batch, suffix in ((2, ""), (None, "_open")):
                data = as_tflite(model, batch, folder / "saved")
                (folder / f"{name}{suffix}.tflite").write_bytes(data)


def as_tflite(model: Any, batch: int | None, folder: Path) -> bytes:
    """A model of Keras, converted."""
    tf = importlib.import_module("tensorflow")
    shape = (batch, *model.inputs[0].shape[1:])
    model.export(folder, verbose=False, input_signature=[tf.TensorSpec(shape, tf.float32, "x")])
    data: bytes = tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert()
    return data


def by_torch(folder: Path) -> None:
    """What torch exports of the twins."""
    torch = importlib.import_module("torch")
    twins = importlib.import_module("tests.frameworks.twins")
    for name in NAMES:
        build, shape = twins.TWINS[name]
        options: dict[str, Any] = {"dynamo": False, "input_names": ["x"]}
        options["dynamic_axes"] = {"x": {0: "batch"}}
        path = folder / f"{name}.onnx"
        torch.onnx.export(build().eval(), (torch.zeros(1, *shape),), path, **options)


def by_openvino(folder: Path) -> None:
    """What OpenVINO makes of the files of torch."""
    openvino = importlib.import_module("openvino")
    for name in NAMES:
        model = openvino.convert_model(folder / f"{name}.onnx")
        openvino.save_model(model, folder / f"{name}_open.xml")
        shape = model.inputs[0].partial_shape
        shape[0] = 2
        model.reshape(shape)
        openvino.save_model(model, folder / f"{name}.xml")


def pack(folder: Path) -> None:
    """The archive of all that was made."""
    paths = [path for name in NAMES for path in sorted(folder.glob(f"{name}[._]*"))]
    with zipfile.ZipFile(DATA, "w") as archive:
        for path in paths:
            if path.suffix in {".json", ".tflite", ".xml"}:
                entry = zipfile.ZipInfo(path.name, DATE)
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    """Make what can be made here, or pack it."""
    parser = argparse.ArgumentParser(prog="python -m tests.frameworks.exported")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pack", action="store_true")
    options = parser.parse_args()
    if options.pack:
        pack(options.folder)
        return
    for package, make in (("keras", by_keras), ("torch", by_torch), ("openvino", by_openvino)):
        if installed(package):
            make(options.folder)


if __name__ == "__main__":
    main()
