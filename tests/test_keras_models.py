"""Architectures of Keras: as `to_json` writes them, and where Keras is installed, of its models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analytic.frameworks.keras_models import layers_of
from analytic.layer import Layer, LayerError

WORDS = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "use_bias": True}


def layer(kind: str, name: str, shape: list[int | None] | None, **config: Any) -> dict[str, Any]:
    """A layer as a sequential model has it."""
    built = None if shape is None else {"input_shape": shape}
    return {"class_name": kind, "config": {"name": name, **config}, "build_config": built}


def called(kind: str, name: str, *shapes: list[int | None], **config: Any) -> dict[str, Any]:
    """A layer as a functional model has it, with its calls."""
    tensors = [{"class_name": "__keras_tensor__", "config": {"shape": shape}} for shape in shapes]
    nodes = [{"args": [tensor], "kwargs": {}} for tensor in tensors]
    return {**layer(kind, name, None, **config), "inbound_nodes": nodes}


def model(*layers: dict[str, Any]) -> str:
    """An architecture."""
    return json.dumps({"class_name": "Functional", "config": {"name": "net", "layers": layers}})


def test_layers_of_models_within_models_and_of_every_call() -> None:
    shared = called("Conv2D", "shared", [None, 8, 8, 4], [None, 6, 6, 4], filters=4, **WORDS)
    depthwise = layer("DepthwiseConv2D", "dw", [None, 6, 6, 4], depth_multiplier=2, **WORDS)
    part = {"class_name": "Sequential", "config": {"name": "part", "layers": [depthwise]}}
    layers = layers_of(model(layer("InputLayer", "in", None), shared, part))
    common: dict[str, Any] = {"kernel_size": 3, "padding": 1, "transposed": False}
    assert layers == {
        "shared": Layer((8, 8), 4, 4, **common),
        "shared (2)": Layer((6, 6), 4, 4, **common),
        "part/dw": Layer((6, 6), 4, 8, groups=4, **common),
    }


def test_a_separable_convolution_is_two_layers() -> None:
    words = {**WORDS, "padding": "valid"}
    layers = layers_of(model(layer("SeparableConv2D", "s", [2, 8, 8, 4], filters=5, **words)))
    options: dict[str, Any] = {"batch_size": 2, "transposed": False}
    assert layers == {
        "s/depthwise": Layer((8, 8), 4, 4, 3, groups=4, bias=False, **options),
        "s/pointwise": Layer((6, 6), 4, 5, 1, **options),
    }


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (layer("ConvLSTM2D", "m", [1, 2, 8, 8, 4]), LayerError, "a translation, got ConvLSTM2D m"),
        (
            layer("TimeDistributed", "t", None, layer={"class_name": "Conv2D"}),
            LayerError,
            "a translation, got TimeDistributed t",
        ),
        (
            layer("Conv2D", "c", None, filters=4, **WORDS),
            LayerError,
            "models must be built, got c without the shape of its input",
        ),
        (
            layer("Conv2D", "c", [None, None, 8, 4], filters=4, **WORDS),
            TypeError,
            "input_shape must be an integer, got None",
        ),
    ],
)
def test_refusals(wrong: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        layers_of(model(wrong))


def test_a_model_of_keras() -> None:
    keras = pytest.importorskip("keras")
    inputs = keras.Input((16, 16, 3))
    narrow = keras.layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    wide = keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same")(narrow)
    outputs = keras.layers.SeparableConv2D(5, 3)(keras.layers.add([inputs, wide]))
    layers = layers_of(keras.Model(inputs, outputs).to_json())
    assert [each.input_size for each in layers.values()] == [(16, 16), (8, 8), (16, 16), (14, 14)]
