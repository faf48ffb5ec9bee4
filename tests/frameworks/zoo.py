"""Small models of Keras, of many kinds, and what their convolutions are in a real run."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

Keras = Any
#: Sizes and channels of the input and of the output of a layer.
Shapes = tuple[tuple[int, ...], int, tuple[int, ...], int]


def unet(keras: Keras) -> Any:
    layers = keras.layers
    inputs = array = keras.Input((32, 32, 3))
    skipped = []
    for filters in (8, 16):
        array = layers.Conv2D(filters, 3, padding="same")(array)
        skipped.append(array)
        array = layers.MaxPooling2D()(array)
    array = layers.Conv2D(32, 3, padding="same", dilation_rate=2)(array)
    for filters, skip in zip((16, 8), reversed(skipped), strict=True):
        array = layers.Conv2DTranspose(filters, 2, strides=2)(array)
        array = layers.Conv2D(filters, 3, padding="same")(layers.Concatenate()([array, skip]))
    return keras.Model(inputs, layers.Conv2D(2, 1)(array))


def dcgan(keras: Keras) -> Any:
    layers = keras.layers
    up = {"kernel_size": 5, "strides": 2, "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((16,)),
            layers.Dense(512),
            layers.Reshape((4, 4, 32)),
            layers.Conv2DTranspose(16, **up, use_bias=False),
            layers.BatchNormalization(),
            layers.Conv2DTranspose(8, **up),
            layers.Conv2DTranspose(3, **up, output_padding=1),
        ]
    )


def autoencoder(keras: Keras) -> Any:
    layers = keras.layers
    half = {"kernel_size": 3, "strides": 2, "padding": "same"}
    encoder = [keras.Input((28, 28, 1)), layers.Conv2D(8, **half), layers.Conv2D(16, **half)]
    decoder = [
        *(keras.Input((4,)), layers.Dense(784), layers.Reshape((7, 7, 16))),
        *(layers.Conv2DTranspose(8, **half), layers.Conv2DTranspose(1, **half)),
    ]
    flat = [layers.Flatten(), layers.Dense(4)]
    inputs = keras.Input((28, 28, 1))
    code = keras.Sequential([*encoder, *flat], name="encoder")(inputs)
    return keras.Model(inputs, keras.Sequential(decoder, name="decoder")(code))


def super_resolution(keras: Keras) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 24, 3)),
            layers.Conv2D(16, 9, padding="same"),
            layers.Conv2D(8, 1),
            layers.Conv2DTranspose(3, 9, strides=3, padding="same"),
        ]
    )


def audio(keras: Keras) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((200, 2)),
            layers.Conv1D(8, 15, strides=4, padding="causal"),
            layers.Conv1DTranspose(8, 8, strides=4),
            layers.DepthwiseConv1D(5, padding="same", depth_multiplier=2),
            layers.Conv1D(1, 3),
        ]
    )


def mobile(keras: Keras) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((33, 33, 3)),
            layers.Conv2D(8, 3, strides=2, padding="same"),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.Conv2D(16, 1),
            layers.DepthwiseConv2D(3, strides=2, padding="same"),
        ]
    )


def residual(keras: Keras) -> Any:
    layers = keras.layers
    inputs = array = keras.Input((20, 20, 4))
    for filters in (4, 8):
        branch = layers.Conv2D(filters, 3, strides=2, padding="same", groups=2)(array)
        branch = layers.Conv2D(filters, 3, padding="same")(branch)
        array = layers.Add()([branch, layers.Conv2D(filters, 1, strides=2)(array)])
    return keras.Model(inputs, array)


def volume(keras: Keras) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 8, 1)),
            layers.Conv3D(4, 3, padding="same"),
            layers.Conv3D(8, 2, strides=2),
            layers.Conv3DTranspose(4, 2, strides=2),
        ]
    )


def shared(keras: Keras) -> Any:
    convolution = keras.layers.Conv2D(4, 3, padding="same")
    inputs = keras.Input((12, 12, 4))
    smaller = keras.layers.AveragePooling2D(2)(convolution(inputs))
    return keras.Model(inputs, convolution(smaller))


def pyramid(keras: Keras) -> Any:
    inputs = keras.Input((16, 16, 8))
    rates = (1, 6, 12)
    branches = [
        keras.layers.Conv2D(4, 3, padding="same", dilation_rate=rate)(inputs) for rate in rates
    ]
    return keras.Model(inputs, keras.layers.Concatenate()(branches))


MODELS: dict[str, Callable[[Keras], Any]] = {
    build.__name__: build
    for build in (
        *(unet, dcgan, autoencoder, super_resolution, audio),
        *(mobile, residual, volume, shared, pyramid),
    )
}


def run(keras: Keras, model: Any) -> Counter[Shapes]:
    """The convolutions of a model as it runs on ones: what goes in, what comes out."""
    with hooked(keras) as calls:
        shape = [1 if size is None else size for size in model.inputs[0].shape]
        model(np.ones(shape, np.float32))
    return calls


@contextmanager
def hooked(keras: Keras) -> Iterator[Counter[Shapes]]:
    """What Keras' convolutions are called with, meanwhile."""
    package = "keras.src.layers.convolutional"
    kinds = [
        importlib.import_module(f"{package}.base_conv").BaseConv,
        importlib.import_module(f"{package}.base_conv_transpose").BaseConvTranspose,
        *(keras.layers.Conv1D, keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D),
    ]
    calls: Counter[Shapes] = Counter()
    before = [(kind, kind.call) for kind in kinds]
    for kind, call in before:
        kind.call = noting(call, calls)
    try:
        yield calls
    finally:
        for kind, call in before:
            kind.call = call


def noting(call: Callable[..., Any], calls: Counter[Shapes]) -> Callable[..., Any]:
    """A layer's call that also notes its shapes, of channels last."""

    def noted(layer: Any, inputs: Any) -> Any:
        outputs = call(layer, inputs)
        sizes = tuple(inputs.shape[1:-1]), tuple(outputs.shape[1:-1])
        calls[sizes[0], inputs.shape[-1], sizes[1], outputs.shape[-1]] += 1
        return outputs

    return noted
