"""Architectures of Keras 3: ``model.to_json()``, or the ``config.json`` of a ``.keras`` file."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from analytic.frameworks import keras
from analytic.frameworks.graphs import known
from analytic.frameworks.translation import Shape
from analytic.layer import Layer, LayerError
from analytic.models import Missing, Reading, UsageError, numbered

Config = Mapping[str, Any]


def layers_of(architecture: str) -> dict[str, Layer]:
    """The convolutions of a model, from ``model.to_json()``: by the names of its layers.

    Models are functional or sequential, models within models too, and built: each layer says the
    shape of its input, in which None stands for the batch alone, which is 1 then. A layer that is
    called several times is there several times; a separable convolution is a depthwise one and one
    of kernel 1. Layers that convolve in another way (``ConvLSTM2D``, a convolution in a wrapper)
    and sizes that are not known are a `LayerError`. Source: keras.io, Whole model saving & loading.

    >>> convolution = {"filters": 6, "kernel_size": [4, 4], "strides": [2, 2], "padding": "same"}
    >>> up = {"class_name": "Conv2DTranspose", "config": {"name": "up", **convolution},
    ...       "build_config": {"input_shape": [None, 8, 8, 4]}}
    >>> net = {"class_name": "Sequential", "config": {"name": "net", "layers": [up]}}
    >>> layers_of(json.dumps(net))["up"].padding
    (1, 1)
    """
    return known(rows_of(architecture))


def read(path: str, dims: Mapping[str, int] | None = None) -> Reading:
    """The rows of a ``.keras`` file, or of the JSON of an architecture; it has no names of sizes.

    What is not known of a layer is said in its row, and does not hide the others.
    """
    if dims:
        raise UsageError(
            "a model of Keras has no named sizes: build it with the input that it is for"
        )
    return Reading(rows_of(architecture_of(path)), [])


def architecture_of(path: str) -> str:
    """The JSON that a file is, or that stands in it as ``config.json``."""
    if not zipfile.is_zipfile(path):
        return Path(path).read_text(encoding="utf-8")
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json").decode()
    except (KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as reason:
        raise ValueError(f"not a .keras file: {reason}") from None


def rows_of(architecture: str) -> dict[str, Layer | Missing]:
    """The convolutions of a model, known or not."""
    try:
        layers = json.loads(architecture)["config"]["layers"]
        return numbered(pair for layer in layers for pair in convolutions(layer))
    except (AttributeError, LookupError, TypeError, RecursionError) as reason:
        raise ValueError(f"not an architecture of Keras: {reason!r}") from None
    except json.JSONDecodeError as reason:
        raise ValueError(f"not an architecture of Keras: {reason}") from None


def convolutions(layer: Config, within: str = "") -> Iterator[tuple[str, Layer | Missing]]:
    """Name and row of each convolution of a layer, or of the model that it is."""
    config, kind = layer["config"], layer["class_name"]
    name = within + config["name"]
    for part in config.get("layers", ()):
        yield from convolutions(part, f"{name}/")
    if kind not in KINDS:
        if "Conv" in kind or "Conv" in str((config.get("layer") or {}).get("class_name", "")):
            yield name, Missing(f"{kind} is no convolution that has a translation")
        return
    shapes = input_shapes(layer)
    if not shapes:
        yield name, Missing("the model is not built: the shape of the input is not known")
    for shape in shapes:
        try:
            for suffix, convolution in KINDS[kind](shape, config).items():
                yield name + suffix, convolution
        except (LayerError, TypeError) as reason:
            yield name, Missing(str(reason))


def input_shapes(layer: Config) -> list[Shape]:
    """The shape of the input at each call."""
    nodes = layer.get("inbound_nodes", ())
    called: list[Shape] = [node["args"][0]["config"]["shape"] for node in nodes]
    built = (layer.get("build_config") or {}).get("input_shape")
    return called or ([built] if built else [])


def plain(
    function: Callable[..., Layer], *words: str
) -> Callable[[Shape, Config], dict[str, Layer]]:
    """A layer that is one convolution, of the words that it has."""
    return lambda shape, config: {
        "": function(shape, **{word: config[word] for word in words if word in config})
    }


def separable(shape: Shape, config: Config) -> dict[str, Layer]:
    """A separable convolution: depthwise without a bias, then of kernel 1."""
    words = {word: config[word] for word in DEPTHWISE if word in config and word != "use_bias"}
    depthwise = keras.depthwise_conv(shape, **words, use_bias=False)
    pointwise = Layer(
        [axis.n for axis in depthwise.axes],
        depthwise.out_channels,
        config["filters"],
        1,
        bias=config["use_bias"],
        batch_size=depthwise.batch_size,
        transposed=False,
    )
    return {"/depthwise": depthwise, "/pointwise": pointwise}


COMMON = ("kernel_size", "strides", "padding", "data_format", "dilation_rate", "use_bias")
DEPTHWISE = (*COMMON, "depth_multiplier")
CONV = plain(keras.conv, *COMMON, "filters", "groups")
TRANSPOSE = plain(keras.conv_transpose, *COMMON, "filters", "output_padding")

#: What a layer is, by its class.
KINDS: dict[str, Callable[[Shape, Config], dict[str, Layer]]] = {
    **{f"Conv{axes}D": CONV for axes in (1, 2, 3)},
    **{f"Conv{axes}DTranspose": TRANSPOSE for axes in (1, 2, 3)},
    **{f"DepthwiseConv{axes}D": plain(keras.depthwise_conv, *DEPTHWISE) for axes in (1, 2)},
    **{f"SeparableConv{axes}D": separable for axes in (1, 2)},
}
