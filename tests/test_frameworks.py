"""Translations of other frameworks' words, held to what the frameworks made of them."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analytic import macs
from analytic.frameworks import (
    caffe,
    coreml,
    equinox,
    flax,
    haiku,
    jax,
    keras,
    mlx,
    openvino,
    paddle,
    tensorflow,
    tflite,
)
from analytic.frameworks.translation import letters
from analytic.layer import Layer, LayerError
from tests.frameworks import coreml_sizes, flax_zoo
from tests.frameworks.crops import SAYINGS, Saying, small
from tests.frameworks.held import coverage, figures, held, verdict
from tests.frameworks.page import PAGE, page
from tests.frameworks.runs import RUNS
from tests.frameworks.shapes import TORCH, cases, expected, rows, translated

DATA = Path(__file__).parent / "data"
RECORDED = [
    json.loads(line) for line in (DATA / "framework_settings.jsonl").read_text().splitlines()
]
SHAPES = rows()
HELD = [json.loads(line) for line in (DATA / "frameworks.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("function", RUNS)
def test_recorded_settings(function: str) -> None:
    """What each framework made of some settings, once: shape, and sums of an output channel."""
    rows = [row for row in RECORDED if row["function"] == function]
    assert len(rows) >= 20
    for row in rows:
        if "refused" in row:
            with pytest.raises(LayerError):
                RUNS[function].translate(row["words"])
            continue
        layer = RUNS[function].translate(row["words"])
        expected = coverage(layer) * (layer.in_channels // layer.groups)
        assert [*expected.shape] == row["shape"]
        assert figures(expected) == row["figures"], row


@pytest.mark.parametrize("function", RUNS)
def test_settings_on_the_framework_itself(function: str) -> None:
    run = RUNS[function]
    if not run.installed():
        pytest.skip(f"{run.package} is not installed")
    _, differing = held(run, 100, seed=1)
    assert differing == []


def test_every_function_was_held_to_its_framework() -> None:
    assert {row["function"] for row in HELD} == {*RUNS}
    for row in HELD:
        assert row["settings"] >= 2000
        assert row["equal at every position"] >= 500
        assert "differ" not in row
        said = [key for key in row if isinstance(row[key], int) and key != "settings"]
        assert sum(row[key] for key in said) == row["settings"]


@pytest.mark.parametrize("function", dict.fromkeys(row["function"] for row in SHAPES))
def test_the_shapes_of_the_frameworks_own_tests(function: str) -> None:
    for row in SHAPES:
        if row["function"] != function:
            continue
        for words, shape in cases(row):
            assert translated(function, words) == expected(words, shape), (row["test"], words)


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
@pytest.mark.parametrize("function", TORCH)
def test_the_shapes_that_torch_makes(function: str) -> None:
    torch = pytest.importorskip("torch")
    name = "ConvTranspose" if TORCH[function] else "Conv"
    for row in SHAPES:
        if row["function"] == function:
            batch, channels, *sizes = row["words"]["input_shape"]
            options = {key: value for key, value in row["words"].items() if key != "input_shape"}
            module = getattr(torch.nn, f"{name}{len(sizes)}d")(**options, device="meta")
            array = torch.empty((batch, channels, *sizes), device="meta")
            assert [[*module(array).shape]] == row["outputs"], row


@pytest.mark.parametrize("function", RUNS)
def test_the_frameworks_own_tests_on_the_framework_itself(function: str) -> None:
    """All that a test states, and some of the others: every position of ones."""
    run = RUNS[function]
    if not run.installed():
        pytest.skip(f"{run.package} is not installed")
    for row in SHAPES:
        if row["function"] == function:
            for words, shape in list(cases(row))[:: 1 if row["stated by"] == "its test" else 100]:
                if expected(words, shape) == shape and 0 not in (shape or []):
                    assert not verdict(run, words).startswith("differ"), (row["test"], words)


def test_every_framework_has_tests_of_shapes() -> None:
    stated = {row["function"].split(".")[0] for row in SHAPES}
    assert stated == {"keras", "tensorflow", "tflite", "jax", "openvino", "paddle", "mlx", "torch"}
    assert all("@" in row["source"] or "torch" in row["stated by"] for row in SHAPES)


@pytest.mark.parametrize("saying", SAYINGS, ids=[saying.framework for saying in SAYINGS])
def test_crops_are_said_in_every_framework(saying: Saying) -> None:
    """The words of one framework for the crops of another, on every small layer."""
    said = [at for at in small() if saying.holds(at)]
    assert len(said) > 100
    for at in said:
        layer = saying.layer(at)
        axis, size = layer.axes[0], layer.output_size[0]
        assert (axis.b, axis.e - axis.o, size) == (at.b, at.e, at.output), at


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page()


def only_axis(layer: Layer) -> tuple[int, int, int]:
    """Crops or zeros at begin and end, and the output size."""
    (axis,) = layer.axes
    size = (axis.n - 1) * axis.s + (axis.k - 1) * axis.d + 1 - axis.b - axis.e + axis.o
    return axis.b, axis.e, size if layer.transposed else axis.n


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # By hand, from the rules as they are documented.
        (keras.conv_transpose((None, 4, 1), 1, 3, 2, "same"), (0, 1, 8)),
        (keras.conv_transpose((None, 1, 4), 1, 1, 3, data_format="channels_first"), (0, -2, 12)),
        (keras.conv((None, 8, 2), 4, 3, dilation_rate=2, padding="causal"), (4, 0, 8)),
        (keras.depthwise_conv((None, 8, 2), 3, 2, "same", 3), (0, 1, 4)),
        (tensorflow.conv_transpose((1, 4, 1), (3, 1, 1), (1, 7, 1), 2), (1, 1, 7)),
        (tensorflow.conv_transpose((1, 4, 1), (3, 1, 1), (1, 8, 1), [1, 2, 1]), (0, 1, 8)),
        (
            tensorflow.conv_transpose((1, 1, 4), (3, 1, 1), (1, 1, 9), [2], "VALID", "NCW"),
            (0, 0, 9),
        ),
        (jax.conv_transpose((1, 4, 1), (3, 1, 1), 2, "SAME"), (0, 1, 8)),
        (
            jax.conv_transpose((1, 4, 1), (3, 2, 1), 2, [(1, 1)], transpose_kernel=True),
            (1, 1, 7),
        ),
        (openvino.convolution((1, 1, 8), (1, 1, 3), 2, 0, 0, 1, "same_lower"), (1, 0, 4)),
        (openvino.convolution((1, 1, 8), (1, 1, 3), 2, 5, 5, 1, "valid"), (0, 0, 3)),
        (paddle.conv_transpose((1, 1, 4), (1, 1, 3), 2, "SAME", dilation=5), (0, 1, 8)),
        (
            paddle.conv((1, 8, 1), (1, 1, 3), 1, [[0, 0], [2, 1], [0, 0]], data_format="NLC"),
            (2, 1, 9),
        ),
        (jax.conv_transpose((1, 4, 1), (3, 1, 1), 2, [(3, 3)]), (-1, -1, 11)),
        (mlx.conv_transpose((1, 4, 1), (1, 3, 1), 2, 1, 1, 1), (1, 0, 8)),
        # Keras, Paddle and JAX's ordinary convolution take their words in any case.
        (keras.conv_transpose((None, 1, 4), 1, 3, 2, "SAME", None, "Channels_First"), (0, 1, 8)),
        (keras.depthwise_conv((None, 8, 2), 3, 2, "Same", 3), (0, 1, 4)),
        (keras.conv((None, 8, 2), 4, 3, dilation_rate=2, padding="CAUSAL"), (4, 0, 8)),
        (paddle.conv_transpose((1, 1, 4), (1, 1, 3), 2, "same"), (0, 1, 8)),
        (jax.conv_general_dilated((1, 1, 8), (1, 1, 3), 2, "same_lower"), (1, 0, 4)),
        (caffe.deconvolution((1, 1, 4), 1, 4, 2, 1), (1, 1, 8)),
        (caffe.convolution((1, 1, 8), 1, 3, 2, 1, bias_term=False), (1, 1, 4)),
        (jax.conv_transpose((1, 4, 1), (4, 1, 1), 1, "SAME_LOWER"), (1, 2, 4)),
        (coreml.conv((1, 4, 8), (6, 2, 3), 2, "custom", [1, 2], groups=2), (1, 2, 5)),
        (coreml.conv((1, 4, 8), (6, 4, 3), pad_type="same_lower", dilations=2), (2, 2, 8)),
        (coreml.conv_transpose((1, 4, 8), (4, 3, 4), 2, "same"), (1, 1, 16)),
        (coreml.conv_transpose((1, 4, 8), (4, 3, 4), 2, output_shape=(1, 3, 18)), (0, 0, 18)),
        (coreml.conv_transpose((1, 4, 8), (4, 3, 4), 2, "custom", (0, 3)), (0, 3, 15)),
        (flax.conv((8, 2), 3, 3, 2), (0, 1, 4)),
        (flax.conv((2, None, 8, 2), 3, [3], padding=(1,)), (1, 1, 8)),
        (flax.conv((1, 8, 2), 3, 3, padding="CAUSAL", kernel_dilation=2), (4, 0, 8)),
        (flax.conv((1, 8, 2), 4, 3, padding="REFLECT", feature_group_count=2), (0, 0, 8)),
        (flax.conv_transpose((1, 4, 1), 2, 3, 2), (0, 1, 8)),
        (flax.conv_transpose((1, 4, 1), 2, 3, 2, [(0, 2)], 2), (4, 2, 5)),
        (flax.conv_transpose((1, 4, 1), 2, 3, 2, "CIRCULAR"), (0, 0, 9)),
        (haiku.conv_nd((1, 8, 2), 3, 3, 2), (0, 1, 4)),
        (haiku.conv_nd((1, 2, 8), 3, 3, 1, 2, (4, 0), data_format="channels_first"), (4, 0, 8)),
        (haiku.conv_nd((1, 8, 2), 3, 3, padding=[(1, 2)], with_bias=False), (1, 2, 9)),
        (haiku.conv_nd_transpose((1, 4, 1), 2, 3, 2), (0, 1, 8)),
        (haiku.conv_nd_transpose((1, 4, 1), 2, 3, 2, 7), (1, 1, 7)),
        (haiku.conv_nd_transpose((1, 4, 1), 2, 3, 2, [10], "VALID"), (0, -1, 10)),
        (equinox.conv((2, 8), 3, 3, 2, "SAME_LOWER"), (1, 0, 4)),
        (equinox.conv((2, 8), 3, 3, 1, [(1, 2)], padding_mode="reflect"), (0, 0, 9)),
        (equinox.conv_transpose((1, 4), 2, 3, 2, 1, 1), (1, 0, 8)),
        (equinox.conv_transpose((1, 4), 2, 3, 2, [(0, 2)]), (0, 2, 7)),
        (equinox.conv_transpose((1, 4), 2, 3, 2, "valid", 1), (0, -1, 10)),
        (equinox.conv_transpose((1, 4), 2, 4, 2, "SAME", 1), (1, 2, 7)),
        (equinox.conv_transpose((1, 4), 2, 4, 2, "SAME_LOWER", 1), (2, 1, 7)),
        (equinox.conv_transpose((1, 4), 2, 1, 3, "SAME"), (0, -2, 12)),
        # lo = hi = 2, of which one number each is the input's own: 6 inputs, and lo = hi = 0.
        (equinox.conv_transpose((1, 4), 2, 4, 2, "SAME", padding_mode="CIRCULAR"), (3, 3, 8)),
    ],
)
def test_by_hand(layer: Layer, expected: tuple[int, int, int]) -> None:
    assert only_axis(layer) == expected


def test_channels_groups_and_batch() -> None:
    layer = keras.depthwise_conv((7, 9, 9, 4), 3, depth_multiplier=2, use_bias=False)
    assert (layer.batch_size, layer.in_channels, layer.out_channels) == (7, 4, 8)
    assert (layer.groups, layer.bias) == (4, False)
    grouped = openvino.convolution_backprop_data((2, 4, 8), (2, 2, 3, 4), 2, 1, 1, 1)
    assert (grouped.in_channels, grouped.out_channels, grouped.groups) == (4, 6, 2)
    lite = tflite.transpose_conv((1, 4, 4, 3), (5, 2, 2, 3), (1, 8, 8, 5), 2, 2, bias=True)
    assert (lite.in_channels, lite.out_channels, lite.bias) == (3, 5, True)
    assert tflite.conv_2d((1, 9, 9, 4), (6, 3, 3, 2), 2, 2).groups == 2
    assert tensorflow.depthwise_conv2d((1, 9, 9, 4), (3, 3, 4, 2)).out_channels == 8
    explicit = [[0, 0], [1, 0], [0, 2], [0, 0]]
    padded = tensorflow.convolution((1, 9, 9, 4), (3, 3, 4, 2), 1, explicit)
    assert (padded.padding, padded.end_padding) == ((1, 0), (0, 2))


def test_more_axes_than_images_have() -> None:
    assert letters(4) == "abcd"
    layer = keras.conv((1, 3, 3, 3, 3, 2), 1, 2)
    assert layer.input_size == (3, 3, 3, 3)


def equation(lhs: tuple[int, ...], rhs: tuple[int, ...], name: str = "", **words: Any) -> Any:
    """A convolution as it stands in a trace of JAX, of channels last."""
    axes = len(lhs) - 2
    spec = (0, axes + 1, *range(1, axes + 1))
    numbers = SimpleNamespace(lhs_spec=spec, rhs_spec=(axes + 1, axes, *range(axes)))
    one = (1,) * axes
    params = {
        "window_strides": one, "padding": ((0, 0),) * axes, "lhs_dilation": one,
        "rhs_dilation": one, "feature_group_count": 1, "batch_group_count": 1, **words,
        "dimension_numbers": numbers,
    }  # fmt: skip
    return SimpleNamespace(
        primitive=SimpleNamespace(name="conv_general_dilated"),
        source_info=SimpleNamespace(name_stack=name),
        invars=[SimpleNamespace(aval=SimpleNamespace(shape=shape)) for shape in (lhs, rhs)],
        params=params,
    )


def test_layers_of_a_trace() -> None:
    last = equation((4, 8, 2), (3, 2, 6), batch_group_count=2, lhs_dilation=(2,))
    inner = SimpleNamespace(jaxpr=SimpleNamespace(eqns=[last]))
    call = SimpleNamespace(primitive=SimpleNamespace(name="cond"), params={"branches": (inner,)})
    first = equation((4, 8, 2), (3, 2, 6), "net/up", window_strides=(2,))
    trace = SimpleNamespace(jaxpr=SimpleNamespace(eqns=[first, call, first]))
    layers = jax.layers_of(trace)
    assert [*layers] == ["net/up", "conv_general_dilated", "net/up (2)"]
    assert layers["net/up"] == Layer([8], 2, 6, 3, 2, bias=False, batch_size=4, transposed=False)
    nested = Layer([8], 2, 6, 3, 2, padding=2, bias=False, batch_size=2)
    assert layers["conv_general_dilated"] == nested


def test_every_pass_of_a_real_trace() -> None:
    framework = pytest.importorskip("jax")
    x, w = framework.numpy.ones((2, 8, 8, 4)), framework.numpy.ones((4, 4, 4, 6))

    def loss(x: Any, w: Any) -> Any:
        return framework.lax.conv_transpose(x, w, (2, 2), "SAME").sum()

    trace = framework.make_jaxpr(framework.grad(framework.jit(loss), (0, 1)))(x, w)
    layer = jax.conv_transpose(x.shape, w.shape, 2, "SAME")
    assert {macs(each) for each in jax.layers_of(trace).values()} == {macs(layer)}


@pytest.mark.parametrize(
    ("function", "words", "refusal"),
    [
        (
            keras.conv,
            ((1, 8), 1, 3),
            "input_shape must have batch, channels and an axis, got (1, 8)",
        ),
        (
            keras.conv,
            ((1, 8, 1), 1, 3, 1, "full"),
            "padding must be one of 'valid', 'same', 'causal'",
        ),
        (keras.conv, ((1, 8, 1), 1, 0), "kernel_size must be positive, got 0 on axis 0"),
        (
            keras.conv,
            ((1, 8, 1), 1, 3, 2, "same", "channels_last", 2),
            "dilation_rate must be 1 where",
        ),
        (
            keras.conv_transpose,
            ((1, 8, 1), 1, 3, 2, "same", 2),
            "output_padding must be less than the stride 2, got 2 on axis 0",
        ),
        (
            keras.conv_transpose,
            ((1, 8, 1), 1, 3, 2, "same", -1),
            "output_padding must not be negative, got -1 on axis 0",
        ),
        (
            tensorflow.conv_transpose,
            ((1, 4, 1), (3, 1, 1), (1, 9, 1), 2),
            "output_shape must lead back to the input size 4 on axis 0, got 9, which leads to 5",
        ),
        (
            tensorflow.conv_transpose,
            ((1, 4, 1), (3, 1, 2), (1, 8, 1), 2),
            "filter_shape must have 1 channels there, got 2",
        ),
        (
            tensorflow.conv_transpose,
            ((1, 4, 1), (3, 1, 1), (1, 8, 2), 2),
            "output_shape must have 1 channels there, got 2",
        ),
        (
            tensorflow.conv_transpose,
            ((1, 4, 1), (3, 1, 1), (1, 8), 2),
            "output_shape must have 3 entries (NWC), got 2: (1, 8)",
        ),
        (
            tensorflow.convolution,
            ((1, 4, 1), (3, 1, 1), [1, 1, 2]),
            "strides must be 1 for batch and channels, got [1, 1, 2]",
        ),
        (
            tensorflow.convolution,
            ((1, 4, 4, 1), (3, 3, 1, 1), 1, [[0, 0], [1, 1]]),
            "padding must have 4 entries (NHWC), got [[0, 0], [1, 1]]",
        ),
        (
            tensorflow.convolution,
            ((1, 4, 4, 1), (3, 3, 1, 1), 1, [[0, 0], [1, 1], [1, 1], [0, 1]]),
            "padding must be 0 for batch and channels, got",
        ),
        (
            tensorflow.convolution,
            ((1, 4, 1), (3, 1, 1), 1, [[0, 0], [1, 1], [0, 0]]),
            "padding must be one of 'SAME', 'VALID', got [[0, 0], [1, 1], [0, 0]]",
        ),
        (
            jax.conv_transpose,
            ((1, 4, 1), (3, 2, 1), 2, "SAME"),
            "rhs_shape must have 1 inputs, got 2",
        ),
        (
            jax.conv_transpose,
            ((1, 4, 1), (3, 1, 1), 2, [(1, 1), (1, 1)]),
            "padding must have one pair an axis (1), got [(1, 1), (1, 1)]",
        ),
        (
            jax.conv_general_dilated,
            ((1, 4, 8), (6, 3, 3), 1, "SAME"),
            "rhs_shape must have inputs that are 4 for all 1 groups, got 3",
        ),
        (
            jax.conv_general_dilated,
            ((1, 4, 8), (6, 4, 3), 1, "SAME", 2),
            "padding must be pairs where lhs_dilation is not 1, got 'SAME'",
        ),
        (
            jax.conv_general_dilated,
            ((1, 4, 8), (6, 4, 3), 2, [(1, 1)], 2),
            "window_strides must be 1 where lhs_dilation is not: a transposed convolution of which",
        ),
        (
            openvino.convolution,
            ((1, 4, 8), (6, 3, 3), 1, 0, 0, 1),
            "filters_shape must have 4 inputs, got 3",
        ),
        (
            paddle.conv_transpose,
            ((1, 4, 8), (3, 6, 3)),
            "weight_shape must have 4 inputs, got 3",
        ),
        (
            paddle.conv_transpose,
            ((1, 1, 4), (1, 1, 3), 2, 0, 0, 1, 1, 11),
            "output_size must be from 9 to 10, got 11 on axis 0",
        ),
        (
            paddle.conv_transpose,
            ((1, 1, 4, 4), (1, 1, 3, 3), 2, 0, (1, 2)),
            "output_padding must be at most 1, got 2 on axis 1",
        ),
        (
            paddle.conv_transpose,
            ((1, 1, 4), (1, 1, 3), 1, 0, 2, 1, 3),
            "output_padding must be at most 1, got 2 on axis 0",
        ),
        (
            paddle.conv,
            ((1, 4, 8), (6, 3, 3)),
            "weight_shape must have inputs that are 4 for all 1 groups, got 3",
        ),
        (
            paddle.conv_transpose,
            ((1, 1, 4, 4), (1, 1, 3, 3), 2, [[1, 1], [1, 1], [0, 0], [0, 0]]),
            "padding must be 0 for batch and channels, got [[1, 1], [1, 1], [0, 0], [0, 0]]",
        ),
        (
            paddle.conv,
            ((1, 1, 4, 4), (1, 1, 3, 3), 2, [[0, 0], [1, 1]]),
            "padding must have 4 entries (NCHW), got [[0, 0], [1, 1]]",
        ),
        (
            tensorflow.convolution,
            ((1, 4, 1), (3, 1, 1), 1, "same"),
            "padding must be one of 'SAME', 'VALID', got 'same'",
        ),
        (
            jax.conv_transpose,
            ((1, 4, 1), (3, 1, 1), 2, "same"),
            "padding must be one of 'SAME', 'VALID', got 'same'",
        ),
        (
            flax.conv,
            ((1, 8, 8, 4), 6, [3, 3], 1, "CAUSAL"),
            'padding must not be "CAUSAL" where there are 2 axes',
        ),
        (
            coreml.conv,
            ((1, 4, 8), (6, 4, 3), 2, "same"),
            "pad_type must be custom where strides are not 1, got 'same'",
        ),
        (
            coreml.conv,
            ((1, 4, 8), (6, 4, 4), 1, "same"),
            "pad_type must be custom where 3 cannot be halved on axis 0, got 'same'",
        ),
        (
            coreml.conv,
            ((1, 4, 8), (6, 3, 3)),
            "weight_shape must have inputs that are 4 for all 1 groups, got 3",
        ),
        (
            coreml.conv_transpose,
            ((1, 4, 8), (4, 6, 1), 3, "same"),
            "pad_type must be custom where -2 cannot be halved on axis 0, got 'same'",
        ),
        (
            coreml.conv_transpose,
            ((1, 4, 8), (4, 6, 3), 1, "custom"),
            "pad must be given where pad_type is custom, and there alone, got None",
        ),
        (
            coreml.conv_transpose,
            ((1, 4, 8), (3, 6, 3)),
            "weight_shape must have 4 inputs, got 3",
        ),
        (
            coreml.conv_transpose,
            ((1, 4, 8), (4, 6, 3), 2, "valid", None, (1, 6, 18)),
            "output_shape must be (1, 6, 17), which follows from the others, got (1, 6, 18)",
        ),
        (flax.conv, ((8,), 6, 3), "input_shape must have features and 1 axes, got (8,)"),
        (
            haiku.conv_nd_transpose,
            ((1, 4, 1), 2, 3, 2, 8, [(1, 1)]),
            "padding must be a word where output_shape is given, got [(1, 1)]",
        ),
        (
            equinox.conv,
            ((4, 8, 8), 6, 3, 1, [1, (1, 2)]),
            "padding must be numbers or pairs, got [1, (1, 2)]",
        ),
        (equinox.conv, ((8,), 6, 3), "input_shape must have channels and an axis, got (8,)"),
        (
            equinox.conv_transpose,
            ((4, 8), 6, 3, 2, 0, 2),
            "output_padding must be less than the stride 2, got 2 on axis 0",
        ),
        (
            equinox.conv_transpose,
            ((4, 8), 6, 3, 2, "VALID", 0, 1, 1, True, "CIRCULAR"),
            "padding must be 'SAME' or 'SAME_LOWER', without output_padding, in a circle",
        ),
        (
            mlx.conv,
            ((1, 8, 4), (6, 3, 3)),
            "weight_shape must have inputs that are 4 for all 1 groups, got 3",
        ),
    ],
)
def test_refusals(function: Any, words: tuple[Any, ...], refusal: str) -> None:
    with pytest.raises(LayerError, match=f"^{re.escape(refusal)}"):
        function(*words)


@pytest.mark.parametrize("name", flax_zoo.MODELS)
def test_models_of_flax_as_they_run(name: str) -> None:
    """The convolutions of a trace are those that run, forward and with gradients."""
    framework = pytest.importorskip("jax")
    pytest.importorskip("flax")
    net, shape = flax_zoo.MODELS[name]()
    array = np.ones(shape, np.float32)
    weights = net.initial(framework.random.key(0), array)

    def loss(weights: Any, array: Any) -> Any:
        return (net(weights, array) ** 2).sum()

    for function in (net, framework.grad(loss, (0, 1))):
        layers = jax.layers_of(framework.make_jaxpr(function)(weights, array))
        with flax_zoo.executed(framework) as calls:
            function(weights, array)
        assert calls == Counter(
            (macs(layer), layer.batch_size * layer.out_channels * math.prod(layer.output_size))
            for layer in layers.values()
        )


@pytest.mark.parametrize("kind", ["conv", "conv_transpose"])
def test_sizes_that_coremltools_infers(kind: str) -> None:
    pytest.importorskip("coremltools")
    verdicts = coreml_sizes.held(kind, 100)
    assert {*verdicts} <= {"equal in size", "refused by both", "side not said"}
    assert verdicts["equal in size"] > 40
