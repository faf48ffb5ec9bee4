"""The table of frameworks, held to what each framework made of recorded settings on ones."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import analytic
from analytic import LayerError
from analytic.commands.flags import FRAMEWORKS
from analytic.commands.toolbox import LayerFile
from analytic.frameworks import layer_of
from analytic.frameworks.words import CALLS, LETTERS, OURS, Call, meaning
from analytic.rows import read
from analytic.tables import layer_of as layer_of_row
from tests.frameworks.held import coverage, figures
from tests.test_frameworks import RECORDED

KINDS = {
    call.name(): (framework, call, transposed)
    for framework, (up, ordinary) in CALLS.items()
    for call, transposed in ((up, True), (ordinary, False))
}


def of_ours(call: Call, words: dict[str, Any]) -> dict[str, Any]:
    """Recorded words of a framework as arguments of `Layer`: shapes are taken apart."""
    given: dict[str, Any] = {}
    for name, layout in call.shapes.items():
        first = next(iter(call.shapes))
        shape, axes = [*words[name]], len(words[first]) - len(call.shapes[first]) + 1
        for letter in layout.replace("g", "" if len(shape) == axes + 2 else "g"):
            entries = [shape.pop(0) for _ in range(axes if letter in "*KL" else 1)]
            given.setdefault(letter, entries if letter in "*KL" else entries[0])
    groups = given.pop("g", words.get("groups", words.get("feature_group_count", 1)) or 1)
    if "c" in given and "C" not in given:
        given["C"] = given["c"] * groups
    if call.name() in {"tensorflow.convolution", "tflite.conv_2d"}:
        groups = given["C"] // given["c"]
    if "o" in given:
        given["O"] = given.pop("o") * groups
    given.pop("c", None)
    ours = {LETTERS[letter]: value for letter, value in given.items()}
    for name, its in call.names.items():
        said = [words[its_name] for its_name in its if words.get(its_name) is not None]
        if said and name not in {"padding", "end_padding"}:
            ours[name] = said[0] if len(said) == 1 else said
    begin, end = words.get("pads_begin"), words.get("pads_end")
    word = words.get("auto_pad", "explicit")
    padding = words.get("padding", words.get("pad", begin if word == "explicit" else word))
    ours |= {"groups": groups, "padding": padding}
    if word == "explicit" and end is not None:
        ours["end_padding"] = end
    return {name: value for name, value in ours.items() if value is not None}


def is_asked(row: dict[str, Any]) -> bool:
    """Whether a recorded setting is one that our arguments have."""
    words = row["words"]
    last = ("channels_last", "NWC", "NHWC", "NDHWC")
    batches = row["function"].startswith("flax")
    if batches and len(words["input_shape"]) != len(words["kernel_size"]) + 2:
        return False
    if words.get("padding_mode", "ZEROS") != "ZEROS":
        return False
    default = words.get("data_format") in {None, *last} or row["function"].startswith("paddle")
    others = ("dimension_numbers", "lhs_dilation", "transpose_kernel", "use_consistent_padding")
    return default and not any(words.get(name) for name in others)


@pytest.mark.parametrize(
    "function", [name for name in KINDS if name in {row["function"] for row in RECORDED}]
)
def test_recorded_settings_in_both_languages(function: str) -> None:
    framework, call, transposed = KINDS[function]
    rows = [row for row in RECORDED if row["function"] == function]
    for row in rows:
        languages = [row["words"], *([of_ours(call, row["words"])] if is_asked(row) else [])]
        for arguments in languages:
            if "refused" in row:
                with pytest.raises(LayerError):
                    layer_of(framework, **arguments, transposed=transposed)
                continue
            layer = layer_of(framework, **arguments, transposed=transposed)
            expected = coverage(layer) * (layer.in_channels // layer.groups)
            assert [*expected.shape] == row["shape"], (arguments, row)
            assert figures(expected) == row["figures"], (arguments, row)


SIDE = {"input_size": (8,), "in_channels": 4, "out_channels": 6, "kernel_size": 3}
OWN = {"input_shape": (None, 8, 4), "filters": 6, "kernel_size": 3}

OWN_OF_EQUINOX = {"input_shape": (4, 8), "out_channels": 6, "kernel_size": 3}

#: By hand: what each cropped or padded at begin and end, and how many outputs there are.
BY_HAND: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("keras", {**SIDE, "stride": 2, "padding": "SAME"}, (0, 1, 16)),
    ("keras", {**SIDE, "transposed": False, "padding": "causal"}, (2, 0, 8)),
    ("keras", {**SIDE, "data_format": "channels_first", "stride": 2}, (0, 0, 17)),
    ("keras", {**OWN, "strides": 5}, (0, -2, 40)),
    ("caffe", {**SIDE, "stride": 2, "padding": 1, "end_padding": 1}, (1, 1, 15)),
    ("caffe", {**SIDE, "stride": 2, "pad": 1}, (1, 1, 15)),
    ("jax", {**SIDE, "padding": 1, "end_padding": 0, "transposed": False}, (1, 0, 7)),
    (
        "tensorflow",
        {**SIDE, "input_size": (8, 8), "padding": 1, "end_padding": 0, "transposed": False},
        (1, 1, 0, 0, 7, 7),
    ),
    ("flax", {**SIDE, "stride": 2}, (0, 1, 16)),
    ("flax", {**SIDE, "padding": "causal", "transposed": False}, (2, 0, 8)),
    ("flax", {**SIDE, "padding": 1, "kernel_dilation": 2, "transposed": False}, (1, 1, 6)),
    ("haiku", {**SIDE, "stride": 2, "output_size": 15}, (1, 1, 15)),
    ("haiku", {**SIDE, "kernel_shape": 3, "kernel_size": None, "transposed": False}, (1, 1, 8)),
    ("haiku", {**SIDE, "padding": 1, "transposed": False}, (1, 1, 8)),
    ("haiku", {**SIDE, "padding": [1, 0], "transposed": False}, (1, 0, 7)),
    ("equinox", {**SIDE, "stride": 2, "padding": 1, "output_padding": 1}, (1, 0, 16)),
    ("equinox", {**OWN_OF_EQUINOX, "padding": "SAME", "transposed": False}, (1, 1, 8)),
    ("jax", {**SIDE, "padding": [(1, 0)], "transposed": False}, (1, 0, 7)),
    ("openvino", {**SIDE, "auto_pad": "valid", "transposed": False}, (0, 0, 6)),
    ("paddle", {**SIDE, "padding": [1, 0], "transposed": False}, (1, 0, 7)),
    ("tensorflow", {**SIDE, "stride": 2, "output_size": (15,)}, (1, 1, 15)),
    ("keras", {**SIDE, "stride": 2, "output_size": 17, "dilation": 1}, (0, 0, 17)),
]


@pytest.mark.parametrize(("framework", "arguments", "expected"), BY_HAND)
def test_by_hand(framework: str, arguments: dict[str, Any], expected: tuple[int, ...]) -> None:
    layer = layer_of(framework, **arguments)
    end = layer.padding if layer.end_padding is None else layer.end_padding
    assert (*layer.padding, *end, *layer.output_size) == expected
    assert (layer.in_channels, layer.out_channels, layer.batch_size) == (4, 6, 1)


def test_numbers_of_tensorflow_are_of_two_axes() -> None:
    """By hand: 8 and 9 inputs, kernel 3, one zero at each end of the first axis."""
    image = {**SIDE, "input_size": (8, 9), "padding": (1, 0), "transposed": False}
    layer = layer_of("tensorflow", **image)
    assert (layer.padding, layer.end_padding, layer.output_size) == ((1, 0), None, (8, 7))
    with pytest.raises(LayerError, match="padding must be one of 'SAME', 'VALID'"):
        layer_of("tensorflow", **SIDE, padding=1, transposed=False)


def test_biases() -> None:
    """The default of a layer's class is a bias, that of a function of arrays is none."""
    assert layer_of("keras", **SIDE).bias
    assert not layer_of("keras", **SIDE, bias=False).bias
    assert not layer_of("mlx", **SIDE).bias
    assert layer_of("mlx", **SIDE, bias=True).bias


KNOWN = ", ".join(map(repr, CALLS))
UP = "keras.conv_transpose"
NHWC = (1, 8, 8, 4)
MIXED = {"input_shape": (1, 4, 8), "data_format": "NCW", **SIDE, "output_size": (10,)}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("torch", SIDE, f"framework must be one of {KNOWN}, got 'torch'"),
    ("keras", {}, f"{', '.join(SIDE)} are missing, which {UP} must have"),
    ("jax", SIDE, "padding is missing, which jax.conv_transpose must have"),
    ("keras", {**SIDE, "padding": 1}, f"padding must be 'same' or 'valid' in {UP}, got 1"),
    (
        "mlx",
        {**SIDE, "padding": "same"},
        "padding must be integers in mlx.conv_transpose, got 'same'",
    ),
    (
        "mlx",
        {**SIDE, "padding": 1, "end_padding": 0},
        "end_padding must be that of the begin (1,), got (0,)",
    ),
    (
        "keras",
        {**SIDE, "groups": 2},
        f"groups must be 1 in {UP}, which has no such argument, got 2",
    ),
    (
        "equinox",
        {**SIDE, "batch_size": 2},
        "batch_size must be 1 in equinox.conv_transpose, which has no such argument, got 2",
    ),
    ("mlx", {**SIDE, "groups": 3}, "in_channels must be divisible by groups 3, got 4"),
    ("paddle", {**SIDE, "groups": 4}, "out_channels must be divisible by groups 4, got 6"),
    ("mlx", {**SIDE, "groups": 0}, "in_channels must be divisible by groups 0, got 4"),
    (
        "keras",
        {**SIDE, "strides": 2, "stride": 2},
        f"strides of {UP} is given twice, by two names",
    ),
    (
        "keras",
        {**OWN, "input_size": (8,)},
        f"input_size must be left out: the shapes of {UP} say it",
    ),
    ("keras", {**OWN, "axis": 1}, f"{UP} has no argument axis"),
    ("keras", {**SIDE, "output_size": 9}, f"output_size must be (10,) in {UP}, got (9,)"),
    (
        "keras",
        {**SIDE, "input_size": NHWC},
        (
            "input_size must have at most 3 entries, without batch and channels "
            f"(for 4 axes say axes 4 too), got 4: {NHWC}"
        ),
    ),
    (
        "tensorflow",
        MIXED,
        (
            "data_format of tensorflow.conv_transpose needs input_shape and filter_shape "
            "and output_shape beside it"
        ),
    ),
]


@pytest.mark.parametrize(("framework", "arguments", "words"), REFUSED)
def test_refusals(framework: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        layer_of(framework, **arguments)
    assert str(refusal.value) == words


def test_names_of_all_frameworks() -> None:
    assert ("torch", *CALLS) == FRAMEWORKS
    assert meaning("tflite", "stride_h") == "groups"
    assert meaning("mlx", "padding") == "word"
    assert {name for call in KINDS.values() for name in call[1].names} <= {*OURS}


HEAD = "framework,input_shape,filters,kernel_size,strides"
ROWS = [
    json.dumps({"framework": "keras", **OWN, "strides": 5}),
    json.dumps({"framework": "Keras", **SIDE, "stride": 5, "name": "up"}),
    f'{HEAD},use_bias\nkeras,"(None, 8, 4)",6,3,5.0,true',
    f"{HEAD},data_format\nkeras,?x4x8,6,3,5,channels_first",
    f"{HEAD},data_format,padding\nkeras,1x8x4,6,3,5,channels_last,",
]


@pytest.mark.parametrize("text", ROWS)
def test_rows_in_the_words_of_a_framework(text: str) -> None:
    """By hand: 8 inputs of kernel 3 and stride 5 are 24 pairs, on 40 positions."""
    (row,) = read(io.BytesIO(text.encode()))
    assert row.layer, row.error
    assert (row.layer.output_size, analytic.count(row.layer).overlaps) == ((40,), 24)
    assert row.layer.bias


@pytest.mark.parametrize("framework", ["torch", None, " "])
def test_rows_in_the_words_of_torch(framework: str | None) -> None:
    """By hand: 8 inputs of kernel 3 reach 10 positions."""
    assert layer_of_row({"framework": framework, **SIDE}).output_size == (10,)


NOT = "is not an integer, nor integers joined by x"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"framework": "theano"}, f"framework must be one of {KNOWN}, got 'theano'"),
        ({"framework": 3}, f"framework must be one of {KNOWN}, got '3'"),
        ({"framework": None}, "input_size is missing"),
        ({"framework": " "}, "input_size is missing"),
        ({"framework": "torch"}, "input_size is missing"),
        ({"framework": "keras", "strides": "two"}, f"strides: 'two' {NOT}"),
        ({"framework": "keras", "input_shape": "8,b"}, "input_shape: 'b' is not an integer"),
    ],
)  # fmt: skip
def test_rows_that_are_refused(row: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        layer_of_row(row)
    assert str(refusal.value) == words


def test_own_names_of_rows_are_no_misspelt_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(ROWS[:2]))
    assert [layer.output_size for layer in LayerFile(str(path)).layers()] == [(40,), (40,)]
    assert capsys.readouterr() == ("", "")
