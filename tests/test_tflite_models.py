"""Models of TensorFlow Lite, written by hand where no converter would write them so."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytic.cli import program
from analytic.frameworks.flatbuffer import Buffer
from analytic.frameworks.tflite_models import CODES, layers_of, read
from analytic.layer import Layer, LayerError
from analytic.models import Missing, UsageError
from tests import flatbuffers
from tests.frameworks.exported import DATA


def tensor(name: str, *sizes: int, values: Sequence[int] = (), kind: int = 0) -> dict[Any, Any]:
    """A tensor with its signature; with values, a constant, of 32-bit integers by default."""
    fields: dict[Any, Any] = {
        0: [max(n, 1) for n in sizes],
        3: name.encode(),
        7: [*sizes],
        "values": [*values],
    }
    return {**fields, 1: kind or (2 if values else 0)}


def operator(kind: str, inputs: str, output: str, **options: int) -> dict[str, Any]:
    """An operator, by the names of what it reads and makes; - is an input that is left out."""
    fields = {int(name[1:]): value for name, value in options.items()}
    return {"kind": kind, "inputs": inputs.split(), "outputs": output.split(), "options": fields}


def graph(
    tensors: list[dict[Any, Any]],
    operators: list[dict[str, Any]],
    kinds: list[str],
    buffers: list[dict[int, Any]],
    name: str = "",
) -> dict[int, Any]:
    """A graph whose inputs are the tensors called x…"""
    names = [fields[3].decode() for fields in tensors]
    written = []
    for fields in tensors:
        values = fields["values"]
        if values:
            form = f"<{len(values)}{'q' if fields[1] == 4 else 'i'}"
            buffers.append({0: struct.pack(form, *values)})
        buffer = {2: len(buffers) - 1} if values else {}
        written.append({key: value for key, value in fields.items() if key != "values"} | buffer)

    def numbers(parts: list[str]) -> list[int]:
        return [-1 if part == "-" else names.index(part) for part in parts]

    made = [
        {
            0: kinds.index(entry["kind"]),
            1: numbers(entry["inputs"]),
            2: numbers(entry["outputs"]),
            **({4: entry["options"]} if entry["options"] else {}),
        }
        for entry in operators
    ]
    inputs = [number for number, each in enumerate(names) if each.startswith("x")]
    return {0: written, 1: inputs, 2: [], 3: made, 4: name.encode()}


def model(tensors: list[dict[Any, Any]], *operators: dict[str, Any]) -> bytes:
    """A file of one graph."""
    kinds = list(dict.fromkeys(entry["kind"] for entry in operators))
    buffers: list[dict[int, Any]] = [{}]
    part = graph(tensors, [*operators], kinds, buffers)
    codes = [code_of(kind) for kind in kinds]
    return flatbuffers.write({0: 3, 1: codes, 2: [part], 4: buffers})


def code_of(kind: str) -> dict[int, Any]:
    """An operator's code; of one that the schema has not, a custom one."""
    if kind not in CODES:
        return {0: CODES["CUSTOM"], 1: kind.encode(), 3: CODES["CUSTOM"]}
    return {0: min(CODES[kind], 127), 3: CODES[kind]}


def written(folder: Path, data: bytes) -> str:
    """The path of a file."""
    path = folder / "model.tflite"
    path.write_bytes(data)
    return str(path)


def x(*sizes: int) -> dict[Any, Any]:
    """An input, by default an open batch of 8x8 with 4 channels."""
    return tensor("x", *(sizes or (-1, 8, 8, 4)))


W = ("w", 6, 3, 3, 4)
CONV = {"_0": 1, "_1": 1, "_2": 1}  # VALID, strides 1
EXPECTED = Layer((8, 8), 4, 6, 3, bias=False, batch_size=2, transposed=False)


def test_each_operator_by_hand(tmp_path: Path) -> None:
    tensors = [
        x(2, 8, 8, 4),
        tensor(*W),
        tensor("b", 6),
        tensor("y", 2, 4, 3, 6),
        tensor("v", 1, 3, 3, 8),
        tensor("z", 2, 4, 8, 8),
        tensor("u", 5, 3, 2, 4),
        tensor("s", 4, values=[2, 16, 24, 5]),
        tensor("t", 2, 16, 24, 5),
    ]
    path = written(
        tmp_path,
        model(
            tensors,
            operator("CONV_2D", "x w b", "y", _0=1, _1=2, _2=1, _4=1, _5=2),
            operator("DEPTHWISE_CONV_2D", "x v", "z", _0=0, _1=1, _2=2, _5=1),
            operator("TRANSPOSE_CONV", "s u x", "t", _0=0, _1=3, _2=2),
        ),
    )
    options: dict[str, Any] = {"batch_size": 2, "bias": False}
    ordinary: dict[str, Any] = {**options, "transposed": False}
    assert layers_of(path) == {
        "y": Layer((8, 8), 4, 6, 3, (1, 2), dilation=(2, 1), **{**ordinary, "bias": True}),
        "z": Layer(
            *((8, 8), 4, 8, 3, (2, 1)), padding=(0, 1), end_padding=(1, 1), groups=4, **ordinary
        ),
        "t": Layer((8, 8), 4, 5, (3, 2), (2, 3), (0, 0), end_padding=(1, -1), **options),
    }


def test_volumes_by_hand(tmp_path: Path) -> None:
    tensors = [
        x(2, 6, 7, 8, 4),
        tensor("w", 3, 3, 3, 4, 6),
        tensor("b", 6),
        tensor("y", 2, 2, 4, 2, 6),
        tensor("v", 3, 3, 3, 5, 4),
        tensor("z", 2, 12, 14, 24, 5),
    ]
    strides = {"_1": 2, "_2": 3, "_3": 1}
    path = written(
        tmp_path,
        model(
            tensors,
            operator("CONV_3D", "x w b", "y", _0=1, **strides, _5=1, _6=1, _7=2),
            operator("CONV_3D_TRANSPOSE", "b v x", "z", _0=0, _1=2, _2=3, _3=2),
        ),
    )
    with pytest.raises(LayerError, match="in the file"):
        layers_of(path)
    tensors[3] = tensor("y", 2, 2, 3, 2, 6)
    path = written(
        tmp_path,
        model(
            tensors,
            operator("CONV_3D", "x w b", "y", _0=1, **strides, _5=1, _6=1, _7=2),
            operator("CONV_3D_TRANSPOSE", "b v x", "z", _0=0, _1=2, _2=3, _3=2),
        ),
    )
    assert layers_of(path) == {
        "y": Layer(
            *((6, 7, 8), 4, 6, 3, (2, 1, 3)),
            dilation=(1, 2, 1),
            batch_size=2,
            transposed=False,
        ),
        "z": Layer(
            *((6, 7, 8), 4, 5, 3, (2, 2, 3), 0), end_padding=(1, 1, 0), bias=False, batch_size=2
        ),
    }


def test_an_open_batch_is_bound_or_asked_for(tmp_path: Path) -> None:
    data = model(
        [x(), tensor(*W), tensor("y", -1, 6, 6, 6)], operator("CONV_2D", "x w", "y", **CONV)
    )
    path = written(tmp_path, data)
    assert layers_of(path, {"x:0": 2}) == {"y": EXPECTED}
    assert layers_of(path, {"y:0": 2}) == {"y": EXPECTED}
    with pytest.raises(UsageError, match=r"^dimensions without a size: x:0; bind them by name"):
        layers_of(path)
    with pytest.raises(UsageError, match=r"^the model has no dimension called 'z'; it has: x:0$"):
        read(path, {"z": 2})
    done = CliRunner().invoke(program, ["count", path])
    assert done.exit_code == 2
    assert "--dim x:0=SIZE" in done.stderr
    done = CliRunner().invoke(program, ["count", path, "--dim", "x:0=2", "--format", "csv"])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].startswith("y,8x8,4,6,3x3,")


@pytest.mark.parametrize(
    ("sizes", "has_values", "is_bias"),
    [((6,), True, True), ((1, 1, 6), True, True), ((6,), False, False), ((1,), True, False)],
)
def test_a_constant_that_is_added_is_a_bias(
    tmp_path: Path, sizes: tuple[int, ...], has_values: bool, is_bias: bool
) -> None:
    made = tensor("b", *sizes, values=[1] * sizes[-1] if has_values else ())
    tensors = [x(2, 8, 8, 4), tensor(*W), tensor("y", 2, 6, 6, 6), made, tensor("z", 2, 6, 6, 6)]
    conv, add = operator("CONV_2D", "x w -", "y", **CONV), operator("ADD", "y b", "z")
    (layer,) = layers_of(written(tmp_path, model(tensors, conv, add))).values()
    assert layer.bias is is_bias
    more = operator("RELU", "y", "z")
    for operators in ((conv, operator("MUL", "y b", "z")), (conv, operator("ADD", "y y", "z"))):
        tensors = [x(2, 8, 8, 4), tensor(*W), tensor("y", 2, 6, 6, 6), tensor("b", 6)]
        tensors.append(tensor("z", 2, 6, 6, 6))
        assert not layers_of(written(tmp_path, model(tensors, *operators)))["y"].bias
    tensors = [x(2, 8, 8, 4), tensor(*W), tensor("y", 2, 6, 6, 6), tensor("b", 6, values=[1] * 6)]
    tensors.append(tensor("z", 2, 6, 6, 6))
    assert not layers_of(written(tmp_path, model(tensors, conv, add, more)))["y"].bias


def test_parts_of_the_input_are_samples_of_their_own(tmp_path: Path) -> None:
    """A dilation of 2 as a converter writes it: four times as many samples, and back."""
    tensors = [
        x(),
        tensor("block", 2, values=[2, 2]),
        tensor("pads", 2, 2, values=[0, 0, 0, 0]),
        tensor("a", -1, 4, 4, 4),
        tensor(*W),
        tensor("y", -1, 2, 2, 6),
        tensor("z", -1, 4, 4, 6),
        tensor("v", 6, 1, 1, 6),
        tensor("e", -1, 4, 4, 6),
    ]
    path = written(
        tmp_path,
        model(
            tensors,
            operator("SPACE_TO_BATCH_ND", "x block pads", "a"),
            operator("CONV_2D", "a w", "y", **CONV),
            operator("BATCH_TO_SPACE_ND", "y block pads", "z"),
            operator("CONV_2D", "z v", "e", **CONV),
        ),
    )
    layers = layers_of(path, {"x:0": 3})
    assert [layer.batch_size for layer in layers.values()] == [12, 3]


@pytest.mark.parametrize(
    ("kind", "inputs", "made", "options", "batch"),
    [
        ("RELU", "x", (-1, 8, 8, 4), {}, 4),
        ("AVERAGE_POOL_2D", "x", (-1, 8, 8, 4), {}, 4),
        ("CONCATENATION", "x x", (-1, 8, 8, 4), {}, 8),
        ("PAD", "x pads", (-1, 10, 8, 4), {}, 5),
        ("PAD", "x x", (-1, 10, 8, 4), {}, None),
        ("PAD", "x", (-1, 10, 8, 4), {}, None),
        ("RESHAPE", "x", (-1, 16, 4, 4), {}, 4),
        ("FULLY_CONNECTED", "x m", (-1, 7), {}, 32),
        ("FULLY_CONNECTED", "x odd", (-1, 7), {}, None),
        ("FULLY_CONNECTED", "x", (-1, 7), {}, None),
        ("BATCH_MATMUL", "x m", (-1, 8, 8, 7), {}, 4),
        ("BATCH_MATMUL", "x m", (-1, 8, 8, 7), {"_0": 1}, None),
        ("SPACE_TO_BATCH_ND", "x x x", (-1, 4, 4, 4), {}, None),
        ("SPACE_TO_BATCH_ND", "x", (-1, 4, 4, 4), {}, None),
        ("BATCH_TO_SPACE_ND", "x block block", (-1, 16, 16, 4), {}, 1),
        ("BATCH_TO_SPACE_ND", "x three block", (-1, 16, 16, 4), {}, None),
        ("BATCH_TO_SPACE_ND", "x x x", (-1, 16, 16, 4), {}, None),
        ("NMS", "x", (-1, 8, 8, 4), {}, None),
    ],
)
def test_what_hands_an_open_batch_on(
    tmp_path: Path,
    kind: str,
    inputs: str,
    made: tuple[int, ...],
    options: dict[str, int],
    batch: int | None,
) -> None:
    tensors = [
        x(),
        tensor("pads", 4, 2, values=[1, 0, 1, 1, 0, 0, 0, 0]),
        tensor("block", 2, values=[2, 2], kind=4),
        tensor("three", 1, values=[3]),
        tensor("m", 7, 32) if kind == "FULLY_CONNECTED" else tensor("m", 4, 7),
        tensor("odd", 7, 3),
        tensor("a", *made),
        tensor("b", -1, 1, 1, 64),
        tensor("w", 6, 1, 1, 64),
        tensor("y", -1, 1, 1, 6),
    ]
    path = written(
        tmp_path,
        model(
            tensors,
            operator(kind, inputs, "a", **options),
            operator("RESHAPE", "a", "b"),
            operator("CONV_2D", "b w", "y", **CONV),
        ),
    )
    tensors = []
    (row,) = read(path, {"x:0": 4}).rows.values()
    if batch is None:
        assert isinstance(row, Missing)
        assert f"it is lost at a ({kind})" in row.reason
    else:
        elements = batch
        for n in made[1:]:
            elements *= n
        if elements % 64:
            assert isinstance(row, Missing)
        else:
            assert isinstance(row, Layer)
            assert row.batch_size == elements // 64


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"_0": 1, "_1": 2, "_2": 2, "_3": 3, "_4": 2}, (4, 4)),
        ({"_0": 0, "_1": 2, "_2": 2, "_3": 3, "_4": 2}, (4, 5)),
        ({"_0": 1, "_1": 0, "_2": 1, "_3": 1, "_4": 1}, None),
        ({}, None),
    ],
)
def test_windows_of_open_sizes(
    tmp_path: Path, options: dict[str, int], expected: tuple[int, int] | None
) -> None:
    """By hand: ceil((n - k + 1) / s) windows, ceil(n / s) of the same size."""
    tensors = [x(2, -1, -1, 4), tensor("p", 2, -1, -1, 4), tensor("w", 6, 1, 1, 4)]
    tensors.append(tensor("y", 2, -1, -1, 6))
    pool, conv = (
        operator("MAX_POOL_2D", "x", "p", **options),
        operator("CONV_2D", "p w", "y", **CONV),
    )
    path = written(tmp_path, model(tensors, pool, conv))
    (row,) = read(path, {"x:1": 8, "x:2": 9}).rows.values()
    if expected is None:
        assert isinstance(row, Missing)
        assert "it is lost at p (MAX_POOL_2D)" in row.reason
    else:
        assert isinstance(row, Layer)
        assert row.input_size == expected
    (row,) = read(path, {"x:1": 8}).rows.values()
    assert isinstance(row, Missing)


@pytest.mark.parametrize(
    ("operators", "words"),
    [
        ([operator("CONV_2D", "x", "y", **CONV)], "it has no weights"),
        ([operator("CONV_2D", "x w", "y")], "strides must be positive"),
        ([operator("CONV_2D", "x w", "y", _0=2)], "padding must be 0 (SAME) or 1 (VALID), got 2"),
        ([operator("DEPTHWISE_CONV_2D", "x w", "y", **CONV)], "weights_shape must have 1 in front"),
        ([operator("DEPTHWISE_CONV_2D", "x d", "y", **CONV)], "a multiple of the 4 channels"),
        ([operator("TRANSPOSE_CONV", "x w", "y", **CONV)], "it has no input"),
        ([operator("TRANSPOSE_CONV", "w w x", "o", **CONV)], "its output shape is not a constant"),
        (
            [operator("STABLEHLO_CONVOLUTION", "x w", "y")],
            "STABLEHLO_CONVOLUTION is no convolution",
        ),
        ([operator("Convolution2DTransposeBias", "x w", "y")], "Convolution2DTransposeBias is no"),
        ([operator("CONV_2D", "x w", "-", **CONV, _9=1)], "tensors"),
    ],
)
def test_what_is_not_known_is_said(
    tmp_path: Path, operators: list[dict[str, Any]], words: str
) -> None:
    tensors = [x(2, 8, 8, 4), tensor(*W), tensor("y", 2, 6, 6, 6), tensor("d", 1, 3, 3, 6)]
    tensors.append(tensor("o", 2, -1, 6, 6))
    (item,) = read(written(tmp_path, model(tensors, *operators))).rows.items()
    name, row = item
    if operators[0]["outputs"] == ["-"]:
        assert (name, row) == ("CONV_2D", EXPECTED)
        return
    assert isinstance(row, Missing)
    assert words in row.reason


def test_bodies_are_read_too(tmp_path: Path) -> None:
    kinds = ["CONV_2D", "operator 200"]
    buffers: list[dict[int, Any]] = [{}]
    parts = [
        graph(
            [x(2, 8, 8, 4), tensor(*W), tensor("y", 2, 6, 6, 6)],
            [operator("CONV_2D", "x w", "y", **CONV)],
            kinds,
            buffers,
            name,
        )
        for name in ("main", "body", "")
    ]
    codes = [code_of("CONV_2D"), {0: 127, 3: 200}]
    path = written(tmp_path, flatbuffers.write({0: 3, 1: codes, 2: parts, 4: buffers}))
    assert layers_of(path) == dict.fromkeys(("y", "body/y", "2/y"), EXPECTED)


def test_what_is_no_model_is_one_line(tmp_path: Path) -> None:
    whole = model([x(), tensor(*W), tensor("y", -1, 6, 6, 6)], operator("CONV_2D", "x w", "y"))
    far = bytearray(whole)
    struct.pack_into("<I", far, 0, 2**32 - 8)
    wrong = flatbuffers.write({1: [], 2: [{3: [{0: 5}]}]})
    nowhere = flatbuffers.write({1: [{}], 2: [{3: [{1: [7]}]}]})
    shared = bytearray(flatbuffers.write({2: [{0: [{}] * 300}]}))
    files = [b"", b"PK", whole[:40], bytes(far), wrong, nowhere, bytes(shared[:8])]
    for data in files:
        path = written(tmp_path, data)
        with pytest.raises(ValueError, match=r"^not a model of TensorFlow Lite: it "):
            read(path)
    done = CliRunner().invoke(program, ["count", path])
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1


def test_vectors_that_many_point_to_are_refused(tmp_path: Path) -> None:
    """A few kilobytes that would be read as a thousand times as many."""
    tensors = [{0: [1] * 1000}, *({0: [1]} for _ in range(1000))]
    data = bytearray(flatbuffers.write({1: [], 2: [{0: tensors}]}))
    sizes = data.find(struct.pack("<4I", 1000, 1, 1, 1))
    at = sizes
    while (at := data.find(struct.pack("<II", 1, 1), at + 4)) >= 0 and at + 8 < len(data):
        if struct.unpack_from("<I", data, at - 4)[0] == 4:  # the offset of a table's only field
            struct.pack_into("<i", data, at - 4, sizes - at + 4)
    with pytest.raises(ValueError, match="cut off or damaged"):
        read(written(tmp_path, bytes(data)))


def test_changed_files_are_read_or_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(DATA) as archive:
        data = archive.read("mobile_open.tflite")
    draw = random.Random(0)
    path = tmp_path / "model.tflite"
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(draw.randint(1, 4)):
            changed[draw.randrange(len(changed))] = draw.choice([0, 1, 255, draw.randrange(256)])
        path.write_bytes(changed[: draw.choice([None, None, None, draw.randrange(len(data))])])
        try:
            rows = read(path).rows
        except ValueError:
            continue
        assert len(rows) <= 1000


def test_a_vector_may_reach_to_the_end_and_no_file_is_read_over_and_over() -> None:
    """Of 1004 bytes no more than four times as many are read, and 4096."""
    buffer = Buffer(struct.pack("<I", 1000) + bytes(1000))
    assert [buffer.take(0, 1) for _ in range(8)] == [(4, 1000)] * 8
    for damaged in (buffer, Buffer(struct.pack("<I", 1001) + bytes(1000))):
        with pytest.raises(ValueError, match="cut off or damaged"):
            damaged.take(0, 1)


def test_a_vector_that_is_longer_than_asked_is_not_read() -> None:
    """By hand: where the table is; its vtable, of one field; the table; and the five bytes."""
    table = struct.pack("<I4HiI", 12, 6, 8, 4, 0, 8, 4) + struct.pack("<I", 5) + b"weigh"
    root = Buffer(table).root()
    assert [root.raw(0), root.raw(0, most=5), root.raw(0, most=4)] == [b"weigh", b"weigh", b""]
