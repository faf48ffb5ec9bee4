"""What is legal, and the words of each refusal."""

from __future__ import annotations

import copy
import csv
import io
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import analytic
from analytic import Layer, LayerError, arrays, symbolic
from analytic.arrays import Layers
from analytic.axis import Axis
from analytic.layer import AXIS_RULES, LAYER_RULES, LEGAL, ORDINARY_RULES, shown
from analytic.models import count_layers
from analytic.tables import layer_of
from tests.strategies import layers

GOOD: dict[str, Any] = {
    "input_size": (8, 6),
    "in_channels": 4,
    "out_channels": 6,
    "kernel_size": 3,
}

REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"input_size": (8, 0)}, "input_size must be positive, got 0 on axis 1"),
    ({"input_size": (-3, 6)}, "input_size must be positive, got -3 on axis 0"),
    ({"kernel_size": 0}, "kernel_size must be positive, got 0 on axis 0"),
    ({"kernel_size": (3, -1)}, "kernel_size must be positive, got -1 on axis 1"),
    ({"stride": (1, 0)}, "stride must be positive, got 0 on axis 1"),
    ({"dilation": -2}, "dilation must be positive, got -2 on axis 0"),
    ({"padding": (0, -1)}, "padding must not be negative, got -1 on axis 1"),
    ({"output_padding": -1}, "output_padding must not be negative, got -1 on axis 0"),
    (
        {"output_padding": (0, 3), "stride": 2, "dilation": (1, 3)},
        "output_padding must be less than the larger of stride 2 and dilation 3, got 3 on axis 1",
    ),
    (
        {"output_padding": 1, "end_padding": 0},
        "output_padding must be less than the larger of stride 1 and dilation 1, got 1 on axis 0",
    ),
    ({"padding": (5, 4)}, "output_size must be positive, got 0 on axis 0"),
    ({"padding": (0, 40)}, "output_size must be positive, got -72 on axis 1"),
    ({"padding": -1, "end_padding": 11}, "output_size must be positive, got 0 on axis 0"),
    ({"in_channels": 0}, "in_channels must be positive, got 0"),
    ({"out_channels": -1}, "out_channels must be positive, got -1"),
    ({"groups": 0}, "groups must be positive, got 0"),
    ({"groups": 3}, "in_channels must be divisible by groups 3, got 4"),
    ({"groups": 4}, "out_channels must be divisible by groups 4, got 6"),
    ({"batch_size": -1}, "batch_size must not be negative, got -1"),
    ({"input_size": ()}, "input_size must have at least one entry, got ()"),
    ({"kernel_size": (3,)}, "kernel_size must have one entry an axis (2), got 1: (3,)"),
    ({"kernel_size": [3, 3, 3]}, "kernel_size must have one entry an axis (2), got 3: [3, 3, 3]"),
    ({"stride": ()}, "stride must have one entry an axis (2), got 0: ()"),
    ({"padding": (0, 0, 0)}, "padding must have one entry an axis (2), got 3: (0, 0, 0)"),
    ({"end_padding": (0, 0, 0)}, "end_padding must have one entry an axis (2), got 3: (0, 0, 0)"),
]

NO_OUTPUT_PADDING = "output_padding must be 0 in an ordinary convolution"

#: What an ordinary convolution refuses, beside what either kind does.
ORDINARY_REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"input_size": (8, 0)}, "input_size must be positive, got 0 on axis 1"),
    ({"kernel_size": (3, 0)}, "kernel_size must be positive, got 0 on axis 1"),
    ({"stride": (0, 1)}, "stride must be positive, got 0 on axis 0"),
    ({"dilation": 0, "padding": "same"}, "dilation must be positive, got 0 on axis 0"),
    ({"padding": (1, -1)}, "padding must not be negative, got -1 on axis 1"),
    ({"padding": -1, "end_padding": 3}, "padding must not be negative, got -1 on axis 0"),
    ({"end_padding": (0, -1)}, "end_padding must not be negative, got -1 on axis 1"),
    (
        {"output_padding": (0, 1)},
        "output_padding must be 0 in an ordinary convolution, got 1 on axis 1",
    ),
    (
        {"output_padding": -1},
        "output_padding must be 0 in an ordinary convolution, got -1 on axis 0",
    ),
    ({"kernel_size": 7}, "output_size must be positive, got 0 on axis 1"),
    ({"dilation": (4, 1)}, "output_size must be positive, got 0 on axis 0"),
    ({"padding": "full"}, 'padding must be an integer, "same" or "valid", got \'full\''),
    (
        {"padding": "same", "stride": (1, 2)},
        'stride must be 1 where padding is "same", got 2 on axis 1',
    ),
    (
        {"padding": "valid", "end_padding": 0},
        'end_padding must be None where padding is "valid", got 0',
    ),
    ({"groups": 3}, "in_channels must be divisible by groups 3, got 4"),
    ({"batch_size": -1}, "batch_size must not be negative, got -1"),
]

WRONG_TYPES: list[tuple[dict[str, Any], str]] = [
    ({"input_size": 8}, "input_size must be a list or tuple with one entry an axis, got 8"),
    ({"input_size": "8x6"}, "input_size must be a list or tuple with one entry an axis, got '8x6'"),
    ({"input_size": None}, "input_size must be a list or tuple with one entry an axis, got None"),
    ({"input_size": (8, 6.0)}, "input_size must be an integer, got 6.0 on axis 1"),
    ({"input_size": (True, 6)}, "input_size must be an integer, got True on axis 0"),
    ({"input_size": ((8, 6),)}, "input_size must be an integer, got (8, 6) on axis 0"),
    ({"kernel_size": 2.0}, "kernel_size must be an integer, got 2.0"),
    ({"kernel_size": True}, "kernel_size must be an integer, got True"),
    ({"kernel_size": None}, "kernel_size must be an integer, got None"),
    ({"stride": "2"}, "stride must be an integer, got '2'"),
    ({"stride": (2, float("nan"))}, "stride must be an integer, got nan on axis 1"),
    ({"stride": [[2], 2]}, "stride must be an integer, got [2] on axis 0"),
    ({"stride": ["2"]}, "stride must be an integer, got '2' on axis 0"),
    ({"padding": "same"}, "padding must be an integer, got 'same'"),
    ({"dilation": 1j}, "dilation must be an integer, got 1j"),
    ({"output_padding": {0}}, "output_padding must be an integer, got {0}"),
    ({"end_padding": 0.5}, "end_padding must be an integer, got 0.5"),
    ({"in_channels": 4.0}, "in_channels must be an integer, got 4.0"),
    ({"in_channels": (4,)}, "in_channels must be an integer, got (4,)"),
    ({"out_channels": "6"}, "out_channels must be an integer, got '6'"),
    ({"groups": False}, "groups must be an integer, got False"),
    ({"batch_size": None}, "batch_size must be an integer, got None"),
    ({"bias": 1}, "bias must be True or False, got 1"),
    ({"bias": "no"}, "bias must be True or False, got 'no'"),
    ({"transposed": 0}, "transposed must be True or False, got 0"),
    ({"transposed": "no"}, "transposed must be True or False, got 'no'"),
    ({"transposed": None}, "transposed must be True or False, got None"),
    (
        {"transposed": False, "padding": ("same", 1)},
        "padding must be an integer, got 'same' on axis 0",
    ),
    ({"stride": np.bool_(True)}, f"stride must be an integer, got {np.bool_(True)!r}"),
    ({"stride": np.float64(2)}, f"stride must be an integer, got {np.float64(2)!r}"),
    ({"stride": np.array([2, 2])}, "stride must be an integer, got array([2, 2])"),
    ({"stride": np.array([[2], [2]])}, "stride must be an integer, got array([[2], [2]])"),
    ({"stride": np.array(True)}, "stride must be an integer, got array(True)"),
    ({"stride": torch.tensor(True)}, "stride must be an integer, got tensor(True)"),
    ({"bias": torch.tensor(True)}, "bias must be True or False, got tensor(True)"),
]


@pytest.mark.parametrize(("change", "words"), REFUSALS, ids=lambda case: str(case)[:60])
def test_illegal_values(change: dict[str, Any], words: str) -> None:
    with pytest.raises(LayerError) as refusal:
        Layer(**{**GOOD, **change})
    assert str(refusal.value) == words
    assert isinstance(refusal.value, ValueError)


@pytest.mark.parametrize(("change", "words"), ORDINARY_REFUSALS, ids=lambda case: str(case)[:60])
def test_what_an_ordinary_convolution_refuses(change: dict[str, Any], words: str) -> None:
    with pytest.raises(LayerError) as refusal:
        Layer(**{**GOOD, **change}, transposed=False)
    assert str(refusal.value) == words


def test_the_words_for_paddings_are_torchs() -> None:
    """What `torch.nn.functional.pad` would add before the convolution, by its documentation."""
    same = Layer((9, 9), 1, 1, (4, 3), padding="same", dilation=(3, 2), transposed=False)
    assert (same.padding, same.end_padding) == ((4, 2), (5, 2))
    assert analytic.count(same).output_size == (9, 9)
    even = Layer((9,), 1, 1, 3, padding="same", transposed=False)
    assert even == Layer((9,), 1, 1, 3, padding=1, transposed=False)
    valid = Layer((9,), 1, 1, 3, padding="valid", transposed=False)
    assert valid == Layer((9,), 1, 1, 3, transposed=False)


def test_a_layer_of_either_kind_has_its_own_input_size() -> None:
    layer = Layer((8, 9), 1, 1, 3, stride=2, transposed=False)
    assert (layer.input_size, layer.output_padding) == ((8, 9), (0, 0))
    assert layer.axes == (Axis(3, 3, 2, 1, 0, 0, 1), Axis(4, 3, 2, 1, 0, 0, 0))
    assert layer != layer.replace(transposed=True)
    assert layer.fields()["transposed"] is False
    assert "transposed" not in layer.replace(transposed=True).fields()


@pytest.mark.parametrize(("change", "words"), WRONG_TYPES, ids=lambda case: str(case)[:60])
def test_wrong_types(change: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError) as refusal:
        Layer(**{**GOOD, **change})
    assert str(refusal.value) == words


CHANNELS = {"in_channels", "out_channels", "groups", "bias", "batch_size"}


def test_every_rule_is_tried_above() -> None:
    words = " | ".join(words for _, words in (*REFUSALS, *ORDINARY_REFUSALS))
    for rule in (*AXIS_RULES, *ORDINARY_RULES, *LAYER_RULES):
        assert f"{rule.argument} must {rule.words.split('{')[0]}" in words


@pytest.mark.parametrize(
    "function",
    [
        analytic.output_size,
        analytic.overlaps,
        analytic.covered,
        analytic.additions_per_filter,
        analytic.coverage,
    ],
)
def test_the_functions_refuse_as_the_layer_does(function: Any) -> None:
    for change, words in REFUSALS + WRONG_TYPES:
        arguments = {**GOOD, **change}
        if change.keys() & CHANNELS:
            continue
        geometry = {name: value for name, value in arguments.items() if name not in CHANNELS}
        with pytest.raises((ValueError, TypeError)) as refusal:
            function(**geometry)
        assert str(refusal.value) == words


def test_one_entry_serves_all_axes_but_not_the_kernel() -> None:
    layer = Layer((8, 6, 4), 1, 1, (3, 2, 1), [2], (1,), [1], dilation=(1,))
    assert (layer.stride, layer.padding, layer.output_padding) == ((2,) * 3, (1,) * 3, (1,) * 3)
    with pytest.raises(LayerError, match="kernel_size must have one entry an axis"):
        Layer((8, 6, 4), 1, 1, [3])


def test_numpy_integers_are_integers() -> None:
    layer = Layer(
        [np.int64(8), np.uint8(6)],
        np.int32(4),
        6,
        np.array(3),
        bias=np.bool_(False),  # type: ignore[arg-type]
    )
    assert layer == Layer((8, 6), 4, 6, 3, bias=False)
    assert {type(v) for v in (*layer.input_size, layer.in_channels, *layer.kernel_size)} == {int}
    assert layer.bias is False


def test_torch_order_of_arguments() -> None:
    layer = Layer((9,), 4, 8, 3, 2, 1, 1, 4, False, 5, 7, 2)
    assert dict(layer.items()) == {
        "input_size": (9,),
        "in_channels": 4,
        "out_channels": 8,
        "kernel_size": (3,),
        "stride": (2,),
        "padding": (1,),
        "output_padding": (1,),
        "groups": 4,
        "bias": False,
        "dilation": (5,),
        "batch_size": 7,
        "end_padding": (2,),
        "transposed": True,
    }


def test_frozen() -> None:
    layer = Layer(**GOOD)
    with pytest.raises(AttributeError, match="frozen: stride"):
        layer.stride = (2, 2)
    with pytest.raises(AttributeError, match="frozen: stride"):
        del layer.stride
    with pytest.raises(AttributeError):
        layer.name = "mine"


@given(layers())
def test_copies_are_equal(layer: Layer) -> None:
    for twin in (
        pickle.loads(pickle.dumps(layer)),
        copy.deepcopy(layer),
        layer.replace(),
        eval(repr(layer)),
    ):
        assert twin == layer
        assert hash(twin) == hash(layer)
        assert twin.axes == layer.axes


def test_replace_checks_anew() -> None:
    layer = Layer(**GOOD)
    assert layer.replace(stride=2).stride == (2, 2)
    assert layer != layer.replace(stride=2)
    assert layer != "a layer"
    with pytest.raises(LayerError, match="stride must be positive, got 0 on axis 0"):
        layer.replace(stride=0)


def test_end_padding_alone_makes_another_layer() -> None:
    torch_like = Layer((8,), 1, 1, 3, padding=1)
    assert torch_like.end_padding is None
    onnx_like = torch_like.replace(end_padding=1)
    assert onnx_like != torch_like
    assert analytic.count(onnx_like) == analytic.count(torch_like)


def test_huge_integers_are_legal_and_shown_short() -> None:
    huge = 10**5000
    assert Layer((huge,), huge, 1, 1).in_channels == huge
    with pytest.raises(LayerError) as refusal:
        Layer((4,), 1, 1, 1, padding=huge)
    assert (
        str(refusal.value) == "output_size must be positive, got an integer of 16611 bits on axis 0"
    )
    with pytest.raises(LayerError, match="got 2: a list that is too long to print"):
        Layer((4,), 1, 1, [huge, 2])
    assert repr(Layer((huge,), 1, 1, 1)).startswith("Layer(input_size=(1000")
    assert str(analytic.count(Layer((huge,), 1, 1, 1))).endswith("0")
    with pytest.raises(LayerError, match="the larger of stride 1 and dilation an integer of"):
        Layer((4,), 1, 1, 1, dilation=huge, output_padding=huge)


def test_lists_in_lists_without_end_are_refused() -> None:
    nested: list[Any] = []
    for _ in range(10**5):
        nested = [nested]
    with pytest.raises(TypeError, match="stride must be an integer, got a list that is too long"):
        Layer((4, 4), 1, 1, 1, stride=cast("Any", [nested, 1]))
    while nested:  # taken apart by hand: Python's own way recurses too
        nested = nested[0]


def test_long_values_are_shown_short() -> None:
    assert shown("x" * 1000) == "'" + "x" * 96 + "..."
    with pytest.raises(LayerError) as refusal:
        Layer((4,), 1, 1, [1] * 10**6)
    assert len(str(refusal.value)) < 200


def test_an_integer_is_shown_whole_up_to_256_bits() -> None:
    assert shown(2**256 - 1) == str(2**256 - 1)
    assert shown(2**256) == "an integer of 257 bits"


CONV_TRANSPOSE = (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d, torch.nn.ConvTranspose3d)


@given(layers(least_batch=1, cropped_apart=False), st.data())
def test_output_sizes_are_torchs(layer: Layer, data: st.DataObject) -> None:
    """The output that torch has of them, or its refusal."""
    axes = len(layer.axes)
    module = CONV_TRANSPOSE[axes - 1](*[*layer.fields().values()][1:-1])
    sizes = tuple(
        data.draw(st.integers(max(size - 3, 1), size + 3))
        for size in analytic.count(layer).output_size
    )
    channels_first = data.draw(st.sampled_from([(), (layer.batch_size, layer.out_channels)]))
    arguments = {**layer.fields(), "output_size": (*channels_first, *sizes)}
    del arguments["output_padding"]
    ones = torch.ones(layer.batch_size, layer.in_channels, *layer.input_size)
    try:
        output = module(ones, output_size=[*channels_first, *sizes])
    except (RuntimeError, ValueError):
        with pytest.raises(LayerError, match="output_size must be"):
            Layer.of_output(**arguments)
    else:
        assert analytic.count(Layer.of_output(**arguments)).output_size == (*output.shape[2:],)


UP: dict[str, Any] = {**GOOD, "input_size": (8, 8), "stride": 2, "padding": 1}  # 15 to 16 outputs
NO_OUTPUT: list[tuple[dict[str, Any], str]] = [
    ({"output_size": (16, 17)}, "output_size must be from 15 to 16, got 17 on axis 1"),
    ({"output_size": 14}, "output_size must be from 15 to 16, got 14 on axis 0"),
    ({"output_size": 9, "stride": 1}, "output_size must be 8, got 9 on axis 0"),
    ({"output_size": [16]}, "output_size must have one entry an axis (2), got 1: [16]"),
    ({"output_size": (6, 16, 16)}, "output_size must have one entry an axis (2), got 3:"),
    ({"output_size": (16, 16.0)}, "output_size must be an integer, got 16.0 on axis 1"),
    ({"output_size": None}, "output_size must be an integer, got None"),
    ({"output_size": 0, "padding": 8}, "output_size must be from 1 to 2, got 0 on axis 0"),
    ({"output_size": 0, "padding": 9}, "output_size must be positive, got 0 on axis 0"),
    ({"output_size": 16, "stride": 0}, "stride must be positive, got 0 on axis 0"),
    ({"output_size": 16, "padding": -1}, "padding must not be negative, got -1 on axis 0"),
    ({"output_size": 16, "padding": "same"}, "padding must be an integer, got 'same'"),
    ({"output_size": 16, "input_size": 8}, "input_size must be a list or tuple with one entry"),
    ({"output_size": 16, "groups": 3}, "in_channels must be divisible by groups 3, got 4"),
    (
        {"output_size": (16, 15), "output_padding": 1},
        "output_padding must be 0 for this output_size, got 1 on axis 1",
    ),
    (
        {"output_size": (8, 8), "transposed": False},
        "output_size must be 4, got 8 on axis 0",
    ),
]


@pytest.mark.parametrize(("change", "words"), NO_OUTPUT, ids=lambda case: str(case)[:60])
def test_output_sizes_that_no_layer_has(change: dict[str, Any], words: str) -> None:
    with pytest.raises((LayerError, TypeError)) as refusal:
        Layer.of_output(**{**UP, **change})
    assert str(refusal.value).startswith(words)


def test_an_output_size_says_the_output_padding() -> None:
    layer = Layer(**UP, output_padding=(1, 0))
    for given_padding in (0, (0, 0), (1, 0)):
        assert Layer.of_output((16, 15), **UP, output_padding=given_padding) == layer
    assert Layer.of_output(16, **UP) == Layer(**UP, output_padding=1)
    # Without output padding there is no output at all, and with it there is one.
    assert Layer.of_output([1], (1,), 1, 1, 2, stride=2, padding=1).output_padding == (1,)
    crops = {**UP, "padding": -1, "end_padding": 3}
    assert Layer.of_output(16, **crops) == Layer(**crops, output_padding=1)
    ordinary = {**UP, "transposed": False}
    assert Layer.of_output(4, **ordinary) == Layer(**ordinary)


def of_output(sizes: tuple[int, ...], **axes: Any) -> Layer:
    return Layer.of_output([2 * n for n in sizes], sizes, 4, 6, 4, stride=2, padding=1, **axes)


#: Everything that takes the sizes of an input.
ASKED: list[Callable[..., Any]] = [
    partial(Layer, in_channels=4, out_channels=6, kernel_size=3),
    partial(arrays.Layers, in_channels=4, out_channels=6, kernel_size=3),
    of_output,
    partial(analytic.coverage, kernel_size=2),
    *[partial(module.overlaps, kernel_size=2) for module in (analytic, arrays, symbolic)],
]


@pytest.mark.parametrize("ask", ASKED)
def test_more_than_three_axes_must_be_asked_for(ask: Callable[..., Any]) -> None:
    """The shape of an array has batch and channels, which are no axes."""
    words = "input_size must have at most 3 entries, without batch and channels "
    with pytest.raises(LayerError) as refusal:
        ask((1, 4, 8, 8))
    assert str(refusal.value) == words + "(for 4 axes say axes 4 too), got 4: (1, 4, 8, 8)"
    ask((1, 4, 8, 8), axes=4)
    with pytest.raises(LayerError, match=r"input_size must have one entry an axis \(2\), got 4"):
        ask((1, 4, 8, 8), axes=2)
    with pytest.raises(TypeError, match="axes must be an integer, got '4'"):
        ask((1, 4, 8, 8), axes="4")


def test_a_layer_of_four_axes() -> None:
    """By hand: kernel 2 and stride 1 on n inputs are 2n pairs of an axis."""
    layer = Layer((1, 2, 3, 4), 1, 1, 2, axes=4)
    assert analytic.macs(layer) == 2**4 * 24
    assert dict(layer.items())["axes"] == layer.fields()["axes"] == 4
    assert "axes" not in Layer((2, 3, 4), 1, 1, 2, axes=3).fields()
    for again in (pickle.loads(pickle.dumps(layer)), eval(repr(layer)), layer.replace(groups=1)):
        assert again == layer
    columns = Layers.of([layer])
    assert eval(repr(Layers(**layer.fields()))).row(()) == columns.row((0,)) == layer
    assert arrays.macs(columns).tolist() == [2**4 * 24]
    assert symbolic.macs(layer, input_size=None).evaluate(input_size=(1, 2, 3, 4)) == 2**4 * 24
    rows = count_layers({"four": layer, "two": Layer((2, 2), 1, 1, 2)}).table("csv")
    assert [row["axes"] for row in csv.DictReader(io.StringIO(rows))] == ["4", "", ""]
    row = {"in_channels": "1", "out_channels": "1", "kernel_size": "2", "axes": "4"}
    assert layer_of({"input_size": "1x2x3x4", **row}) == layer


def test_axes_are_remembered_in_bounded_memory() -> None:
    known = LEGAL[True, False]
    known.clear()
    layer = Layer((8, 9), 1, 1, 3, padding=1)
    assert known == {axis: axis for axis in layer.axes}
    assert Layer((8,), 2, 2, 3, padding=1).axes[0] is layer.axes[0]
    Layer((2**64,), 1, 1, 3)
    with pytest.raises(LayerError):
        Layer((8,), 1, 1, 0)
    assert len(known) == 3  # of huge ones none, and of illegal ones that none is legal
    assert {remembered.most for remembered in LEGAL.values()} == {2**15}


def test_alike_axes_are_one_object_however_large() -> None:
    one, other = Layer((10**30, 10**30), 1, 1, 3).axes
    assert one is other
