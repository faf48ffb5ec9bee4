"""Which files are models, and what reads them."""

from __future__ import annotations

import re
from pathlib import Path

#: What reads models of which kind.
ONNX = "analytic.onnx.reader:read"
KERAS = "analytic.frameworks.keras_models:read"
OPENVINO = "analytic.frameworks.openvino_models:read"
TFLITE = "analytic.frameworks.tflite_models:read"

#: Names of files that are models, whatever is in them.
ENDINGS = {".onnx": ONNX, ".keras": KERAS, ".xml": OPENVINO, ".tflite": TFLITE}
#: How models begin, and no other file: fields of a protobuf, an archive with the files of Keras,
#: the JSON of an architecture, a flatbuffer with its mark, and XML with the element of OpenVINO.
BEGINNINGS = {
    rb"\x08[\x01-\x1f][\x12\x1a\x22:]": ONNX,
    rb"(?s:PK\x03\x04.{26})(?:metadata|config)\.json": KERAS,
    rb'\s*\{\s*"module"\s*:\s*"keras': KERAS,
    rb'\s*\{\s*"class_name"\s*:\s*"(?:Functional|Model|Sequential)"': KERAS,
    rb"(?s:.{4})TFL3": TFLITE,
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<net\b": OPENVINO,
}
#: So much of a file is looked at.
BEGINNING = 1024


def model_reader(path: str) -> str | None:
    """What reads a file that is a model, by its name or how it begins; None of a file of layers."""
    for ending, reader in ENDINGS.items():
        if path.lower().endswith(ending):
            return reader
    start = beginning(path)
    for pattern, reader in BEGINNINGS.items():
        if re.match(pattern, start):
            return reader
    return None


def beginning(path: str) -> bytes:
    """The first bytes of a file: none of what can be read once alone, or not at all."""
    try:
        if not Path(path).is_file():
            return b""
        with Path(path).open("rb") as file:
            return file.read(BEGINNING)
    except (OSError, ValueError):
        return b""
