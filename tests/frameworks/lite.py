"""One operator of TensorFlow Lite in a file of its own, run on ones by its interpreter."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytic.frameworks.tflite_models import CODES
from tests import flatbuffers

#: The numbers of the options of operators, as the schema has them.
OPTIONS = {
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 2,
    "TRANSPOSE_CONV": 49,
    "CONV_3D": 106,
    "CONV_3D_TRANSPOSE": 106,
}


def tensor(number: int, shape: Sequence[int], buffer: int = 0, kind: int = 0) -> dict[int, Any]:
    """A tensor of floats, or of another kind."""
    return {0: [*shape], 1: kind, 2: buffer, 3: f"t{number}".encode()}


def file_of(
    kind: str,
    inputs: Mapping[str, Sequence[int]],
    order: Sequence[str],
    output: Sequence[int],
    options: Mapping[int, int],
) -> bytes:
    """A model of one operator: ``inputs`` are shapes by name, ``x`` the data, ``shape`` an output
    shape, the others ones, but for zeros in ``bias``.
    """
    tensors = []
    buffers: list[dict[int, Any]] = [{}]
    for number, name in enumerate(order):
        shape = inputs[name]
        if name == "x":
            tensors.append(tensor(number, shape))
            continue
        if name == "shape":
            tensors.append(tensor(number, [len(shape)], len(buffers), kind=2))
            constant: Any = np.array(shape, np.int32)
        else:
            tensors.append(tensor(number, shape, len(buffers)))
            constant = np.full(shape, name != "bias", np.float32)
        buffers.append({0: constant.tobytes()})
    tensors.append(tensor(len(order), output))
    entry = {0: 0, 1: [*range(len(order))], 2: [len(order)], 3: OPTIONS[kind], 4: {**options}}
    graph = {0: tensors, 1: [order.index("x")], 2: [len(order)], 3: [entry]}
    code = {0: min(CODES[kind], 127), 2: 1, 3: CODES[kind]}
    return flatbuffers.write({0: 3, 1: [code], 2: [graph], 4: buffers})


def run(data: bytes, shape: Sequence[int]) -> Any:
    """What the interpreter makes of ones."""
    model = importlib.import_module("ai_edge_litert.interpreter").Interpreter(model_content=data)
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], np.ones(shape, np.float32))
    model.invoke()
    return model.get_tensor(model.get_output_details()[0]["index"])
