"""Architectures of Keras: as `to_json` writes them, and where Keras is installed, of its models."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import analytic
from analytic.cli import program
from analytic.frameworks.keras_models import layers_of, read
from analytic.layer import Layer, LayerError
from analytic.models import UsageError
from tests.frameworks import zoo

WORDS = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "use_bias": True}


def layer(kind: str, name: str, shape: list[int | None] | None, **config: Any) -> dict[str, Any]:
    """A layer as a sequential model has it."""
    built = None if shape is None else {"input_shape": shape}
    return {"class_name": kind, "config": {"name": name, **config}, "build_config": built}


def called(kind: str, name: str, *shapes: list[int | None], **config: Any) -> dict[str, Any]:
    """A layer as a functional model has it, with its calls."""
    tensors = [{"class_name": "__keras_tensor__", "config": {"shape": shape}} for shape in shapes]
    nodes = [{"args": [tensor], "kwargs": {}} for tensor in tensors]
    return {**layer(kind, name, shapes[0], **config), "inbound_nodes": nodes}


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
    ("wrong", "words"),
    [
        (
            layer("ConvLSTM2D", "m", [1, 2, 8, 8, 4]),
            "m: ConvLSTM2D is no convolution that has a translation",
        ),
        (
            layer("TimeDistributed", "t", None, layer={"class_name": "Conv2D"}),
            "t: TimeDistributed is no convolution that has a translation",
        ),
        (
            layer("Conv2D", "c", None, filters=4, **WORDS),
            "c: the model is not built: the shape of the input is not known",
        ),
        (
            layer("Conv2D", "c", [None, None, 8, 4], filters=4, **WORDS),
            "c: input_shape must be an integer, got None",
        ),
    ],
)
def test_refusals(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(LayerError, match=f"^{words}$"):
        layers_of(model(wrong))


UP = called("Conv2DTranspose", "up", [None, 8, 8, 4], filters=6, **WORDS)
KERAS = json.dumps({"module": "keras"})[:-1] + ", " + model(UP)[1:]


@pytest.mark.parametrize("name", ["net.keras", "net.json"])
def test_a_file_on_the_command_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".keras"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", model(UP))
    else:
        path.write_text(KERAS)
    assert read(str(path)).rows == layers_of(model(UP))
    done = CliRunner().invoke(program, ["count", str(path), "--json"])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["layers"]
    assert row["name"] == "up"
    macs = analytic.macs(layers_of(model(UP))["up"])
    assert row["count"]["macs"] == json.loads(done.stdout)["total"]["macs"] == macs


def test_what_is_not_known_does_not_hide_what_is(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(
        KERAS.replace(
            '"layers": [', '"layers": [' + json.dumps(layer("ConvLSTM2D", "m", None)) + ", "
        )
    )
    reading = read(str(path))
    assert [*reading.rows] == ["m", "up"]
    assert reading.rows["up"] == layers_of(model(UP))["up"]


def test_an_archive_without_an_architecture(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights", b"")
    with pytest.raises(ValueError, match=r"^not a \.keras file: .*config\.json"):
        read(str(path))


CALLED = model({**layer("Conv2D", "c", None), "inbound_nodes": [{"args": []}]})


@pytest.mark.parametrize(
    "text", [CALLED, "[" * 10**5, "{}", "[]", "3", '{"config": {"layers": [3]}}', "{", ""]
)
def test_what_is_no_architecture(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.keras"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"^not an architecture of Keras: "):
        read(str(path))
    done = CliRunner().invoke(program, ["count", str(path)])
    assert done.exit_code == 1
    assert "not an architecture of Keras" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_sizes_of_names_are_for_onnx(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    done = CliRunner().invoke(program, ["count", str(path), "--dim", "n=3"])
    assert done.exit_code == 2
    with pytest.raises(UsageError, match="no named sizes"):
        read(str(path), {"n": 3})


@pytest.mark.parametrize("name", zoo.MODELS)
def test_models_as_they_run(name: str, tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    from analytic.frameworks import keras_objects

    built = zoo.MODELS[name](keras)
    layers = layers_of(built.to_json())
    assert keras_objects.layers_of(built) == layers
    assert zoo.run(keras, built) == Counter(
        (each.input_size, each.in_channels, analytic.count(each).output_size, each.out_channels)
        for each in layers.values()
    )
    built.save(tmp_path / "model.keras")
    assert read(str(tmp_path / "model.keras")).rows == layers


def test_a_separable_convolution_of_keras() -> None:
    keras = pytest.importorskip("keras")
    inputs = keras.Input((16, 16, 3))
    built = keras.Model(inputs, keras.layers.SeparableConv2D(5, 3)(inputs))
    weights = [kernel.shape for kernel in built.weights]
    layers = [*layers_of(built.to_json()).values()]
    assert [layer.input_size for layer in layers] == [(16, 16), (14, 14)]
    assert weights == [(3, 3, 3, 1), (1, 1, 3, 5), (5,)]


def built_models(keras: Any) -> dict[str, Any]:
    """Models of which no architecture tells all."""

    class Blocks(keras.Model):  # type: ignore[misc]
        """Layers and functions, one of them twice, another one not of Keras' own."""

        def __init__(self) -> None:
            super().__init__()
            self.same = keras.layers.Conv2D(4, 3, padding="same", name="same")
            self.up = keras.layers.Conv2DTranspose(2, 4, 2, name="up")
            self.separable = keras.layers.SeparableConv2D(3, 3, name="separable")
            self.twice = Twice(3, 1, name="twice")
            self.kernel = self.add_weight(shape=(3, 3, 2, 6))

        def call(self, array: Any) -> Any:
            ops = keras.ops
            array = ops.conv(self.up(self.same(self.same(array))), self.kernel, strides=2)
            array = ops.depthwise_conv(array, ops.ones((3, 3, 6, 1)), padding="SAME")
            array = ops.separable_conv(array, ops.ones((3, 3, 6, 2)), ops.ones((1, 1, 12, 4)))
            array = ops.conv_transpose(array, ops.ones((2, 2, 4, 4)), strides=2, padding="same")
            return self.twice(self.separable(array))

    class Twice(keras.layers.Conv2D):  # type: ignore[misc]
        """Its own call, which the words of the layer do not tell."""

        def call(self, array: Any) -> Any:
            return super().call(super().call(array))

    return {"blocks": Blocks()}


def test_models_of_keras_themselves() -> None:
    keras = pytest.importorskip("keras")
    from analytic.frameworks import keras_objects

    common: dict[str, Any] = {"batch_size": 2, "transposed": False}
    plain: dict[str, Any] = {**common, "bias": False}
    got = keras_objects.layers_of(built_models(keras)["blocks"], (2, 8, 8, 4))
    assert got == {
        "same": Layer((8, 8), 4, 4, 3, padding=1, **common),
        "same (2)": Layer((8, 8), 4, 4, 3, padding=1, **common),
        "up": Layer((8, 8), 4, 2, 4, 2, batch_size=2),
        "conv": Layer((18, 18), 2, 6, 3, 2, **plain),
        "depthwise_conv": Layer((8, 8), 6, 6, 3, padding=1, groups=6, **plain),
        "depthwise": Layer((8, 8), 6, 12, 3, groups=6, **plain),
        "pointwise": Layer((6, 6), 12, 4, 1, **plain),
        "conv_transpose": Layer((6, 6), 4, 4, 2, 2, batch_size=2, bias=False),
        "separable/depthwise": Layer((12, 12), 4, 4, 3, groups=4, **plain),
        "separable/pointwise": Layer((10, 10), 4, 3, 1, **common),
        "twice/conv": Layer((10, 10), 3, 3, 1, **plain),
        "twice/conv (2)": Layer((10, 10), 3, 3, 1, **plain),
    }
    one = keras.layers.Conv2D(6, 3, name="one")
    expected = {"one": Layer((8, 8), 4, 6, 3, **common)}
    for given in ((2, 8, 8, 4), keras.Input((8, 8, 4), 2)):
        assert keras_objects.layers_of(one, given) == expected
    parts = keras.Input((8, 8, 1), name="a"), keras.Input((8, 8, 3), name="b")
    joined = one(keras.layers.Concatenate()(list(parts)))
    for names in (list(parts), {"a": parts[0], "b": parts[1]}):
        model = keras.Model(names, joined)
        assert keras_objects.layers_of(model) == {"one": expected["one"].replace(batch_size=1)}
        shapes: Any = [(2, 8, 8, 1), (2, 8, 8, 3)]
        shapes = dict(zip("ab", shapes, strict=True)) if isinstance(names, dict) else shapes
        assert keras_objects.layers_of(model, shapes) == expected


def test_what_is_refused_of_models_of_keras() -> None:
    keras = pytest.importorskip("keras")
    from analytic.frameworks import keras_objects

    convolution = keras.layers.Conv1D(4, 3, name="c")
    repeated = keras.layers.TimeDistributed(convolution, name="t")
    memory = keras.layers.ConvLSTM1D(4, 3, name="m")
    for layer in (repeated, memory, keras.Sequential([repeated])):
        with pytest.raises(LayerError, match=r"^[tm].*: the layer [tm] repeats it$"):
            keras_objects.layers_of(layer, (2, 5, 9, 4))
    with pytest.raises(TypeError, match=r"^model must be a model or layer of Keras 3, got 'int'$"):
        keras_objects.layers_of(3)
    with pytest.raises(TypeError, match=r"^a model without inputs of its own needs a shape$"):
        keras_objects.layers_of(convolution)
    with pytest.raises(TypeError, match=r"^an input must be a shape or a tensor"):
        keras_objects.layers_of(convolution, 3)
    with pytest.raises(ValueError, match="expected axis"):
        keras_objects.layers_of(keras.Sequential([keras.Input((9, 4)), convolution]), (1, 9, 5))
    call = type(convolution).__call__
    assert call is keras.layers.Layer.__call__
