"""Models of OpenVINO, written by hand where no converter would write them so."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytic.cli import program
from analytic.frameworks.openvino_models import layers_of, read
from analytic.layer import Layer, LayerError
from analytic.models import Missing, UsageError
from tests.frameworks.exported import DATA


def port(number: int, sizes: tuple[int, ...]) -> str:
    """A port and its sizes."""
    return f'<port id="{number}">{"".join(f"<dim>{n}</dim>" for n in sizes)}</port>'


def layer(
    kind: str,
    name: str,
    *inputs: tuple[int, ...],
    out: tuple[int, ...] | None,
    body: str = "",
    **words: Any,
) -> str:
    """A layer of as many inputs, whose number is its name."""
    data = " ".join(f'{key}="{value}"' for key, value in words.items())
    ports = "".join(port(number, sizes) for number, sizes in enumerate(inputs))
    made = "" if out is None else f"<output>{port(len(inputs), out)}</output>"
    return (
        f'<layer id="{name}" name="{name}" type="{kind}"><data {data}/>'
        f"<input>{ports}</input>{made}{body}</layer>"
    )


def edge(start: str, end: str, at: int = 0, port: int = 0) -> str:
    """An edge from a port of a layer to the input of another."""
    return f'<edge from-layer="{start}" from-port="{port}" to-layer="{end}" to-port="{at}"/>'


def net(*parts: str, version: str = "11") -> str:
    """A net of layers and edges."""
    layers = "".join(part for part in parts if part.startswith("<layer"))
    edges = "".join(part for part in parts if part.startswith("<edge"))
    return f'<net version="{version}"><layers>{layers}</layers><edges>{edges}</edges></net>'


def written(folder: Path, *parts: str, **words: str) -> str:
    """The path of a net."""
    path = folder / "model.xml"
    path.write_text(net(*parts, **words))
    return str(path)


W = layer("Const", "w", out=(6, 4, 3, 3))
X = layer("Parameter", "x", out=(-1, 4, 8, 8))


def conv(name: str, sizes: tuple[int, ...], out: tuple[int, ...], **words: Any) -> str:
    """A convolution of 4 channels by 6 filters of 3x3."""
    return layer("Convolution", name, sizes, (6, 4, 3, 3), out=out, **words)


C = conv("c", (-1, 4, 8, 8), (-1, 6, 6, 6))
EXPECTED = Layer((8, 8), 4, 6, 3, bias=False, batch_size=2, transposed=False)


def test_a_convolution_of_an_open_batch(tmp_path: Path) -> None:
    edges = edge("x", "c"), edge("w", "c", 1), edge("x", "nowhere")
    path = written(tmp_path, X, W, C, *edges)
    assert layers_of(path, {"x:0": 2}) == {"c": EXPECTED}
    assert layers_of(path, {"x:0": 0}) == {"c": EXPECTED.replace(batch_size=0)}
    with pytest.raises(UsageError, match=r"^dimensions without a size: x:0; bind them by name"):
        layers_of(path)
    for dims, words in (
        ({"y": 2}, "the model has no dimension called 'y'; it has: x:0"),
        ({"y:0": 2}, "the model has no dimension called 'y:0'; it has: x:0"),
        ({"x:1": 5}, "x:1 is 4 in the file, but 5 is given"),
        ({"x:0": -1}, "the dimension x:0 must be a size, got -1"),
        ({"c:4": 1}, "c:4 is given, but there are 4 axes"),
        ({"c:999": 1}, "c:999 is given, but there are 4 axes"),
        ({"c:1000": 1}, "the model has no dimension called 'c:1000'; it has: x:0"),
        ({"c:1": 5}, "c:1 is 4 in the file, but 5 is given"),
    ):
        with pytest.raises(UsageError, match=f"^{words}$"):
            read(path, dims)
    with pytest.raises(TypeError, match="x:0 must be an integer"):
        read(path, {"x:0": 1.5})  # type: ignore[dict-item]


def test_no_more_than_64_names_are_kept_of_what_wants_a_size(tmp_path: Path) -> None:
    sizes = (-1,) * 70
    parts = layer("Parameter", "x", out=sizes), W, conv("c", sizes, sizes)
    row = read(written(tmp_path, *parts, edge("x", "c"), edge("w", "c", 1))).rows["c"]
    assert isinstance(row, Missing)
    assert row.names == tuple(f"x:{axis}" for axis in range(64))


def test_no_more_than_four_hints_are_given(tmp_path: Path) -> None:
    x = layer("Parameter", "x", out=(2, 4, 8, 8))
    parts = (
        x,
        W,
        layer("Unheard", "s", (2, 4, 8, 8), out=(-1,) * 5),
        conv("c", (-1,) * 5, (-1,) * 5),
    )
    edges = edge("x", "s"), edge("s", "c", 0, 1), edge("w", "c", 1)
    row = read(written(tmp_path, *parts, *edges)).rows["c"]
    assert isinstance(row, Missing)
    assert row.reason == (
        "its input has no size on axis 0, 1, 2, 3, 4: it is lost at s (Unheard); give it by "
        "--dim c:0=SIZE --dim c:1=SIZE --dim c:2=SIZE --dim c:3=SIZE"
    )


@pytest.mark.parametrize(
    ("other", "sizes", "is_bias"),
    [
        ("Const", (1, 6, 1, 1), True),
        ("Const", (6, 1, 1), True),
        ("Const", (6,), False),
        ("Const", (1, 1, 1, 1), False),
        ("Const", (2, 6, 6, 6), False),
        ("Parameter", (1, 6, 1, 1), False),
    ],
)
def test_a_constant_that_is_added_is_a_bias(
    tmp_path: Path, other: str, sizes: tuple[int, ...], is_bias: bool
) -> None:
    added = layer("Add", "a", (2, 6, 6, 6), sizes, out=(2, 6, 6, 6))
    fixed = (
        layer("Parameter", "x", out=(2, 4, 8, 8)),
        W,
        conv("c", (2, 4, 8, 8), (2, 6, 6, 6)),
        layer(other, "b", out=sizes),
        layer("Convert", "h", sizes, out=sizes),
        *(edge("x", "c"), edge("w", "c", 1), edge("b", "h"), edge("h", "a", 1, 1)),
    )
    path = written(tmp_path, *fixed, added, edge("c", "a", 0, 2))
    assert layers_of(path)["c"].bias is is_bias
    again = layer("Add", "t", (2, 6, 6, 6), (2, 6, 6, 6), out=(2, 6, 6, 6))
    for number, more in enumerate(([edge("c", "a", 0, 2), edge("c", "t", 0, 2)], [], [again])):
        edges = more if number < 2 else [edge("c", "t", 0, 2), edge("c", "t", 1, 2)]
        assert not layers_of(written(tmp_path, *fixed, added, again, *edges))["c"].bias


def test_a_chain_of_constants_has_an_end(tmp_path: Path) -> None:
    sizes = (1, 6, 1, 1)
    path = written(
        tmp_path,
        layer("Parameter", "x", out=(2, 4, 8, 8)),
        W,
        conv("c", (2, 4, 8, 8), (2, 6, 6, 6)),
        layer("Convert", "h", sizes, out=sizes),
        layer("Add", "a", (2, 6, 6, 6), sizes, out=(2, 6, 6, 6)),
        *(edge("x", "c"), edge("w", "c", 1), edge("h", "h", 0, 1)),
        *(edge("h", "a", 1, 1), edge("c", "a", 0, 2)),
    )
    assert not layers_of(path)["c"].bias


def test_the_output_shape_of_a_transposed_convolution(tmp_path: Path) -> None:
    weights = layer("Const", "w", out=(4, 6, 3, 3))
    shape = layer("Const", "o", out=(2,))
    edges = [edge("x", "u"), edge("w", "u", 1), edge("o", "u", 2)]
    sizes: list[tuple[int, ...]] = [(2, 4, 8, 8), (4, 6, 3, 3), (2,)]
    up = layer(
        "ConvolutionBackpropData",
        "u",
        *sizes,
        out=(2, 6, 15, 16),
        strides="2, 2",
        auto_pad="same_upper",
    )
    x = layer("Parameter", "x", out=(2, 4, 8, 8))
    got = layers_of(written(tmp_path, x, weights, shape, up, *edges))["u"]
    assert (got.padding, got.end_padding, got.output_size) == ((1, 1), (1, 0), (15, 16))
    unknown = up.replace("<dim>16</dim>", "<dim>-1</dim>")
    with pytest.raises(LayerError, match=r"^u: its output_shape is not a constant of the file$"):
        layers_of(written(tmp_path, x, weights, shape, unknown, *edges))


def test_what_hands_sizes_on(tmp_path: Path) -> None:
    """An open batch through one operation of each rule, by hand."""
    steps: list[tuple[str, list[tuple[int, ...]], tuple[int, ...], dict[str, Any]]] = [
        ("ReLU", [(-1, 4, 8, 8)], (-1, 4, 8, 8), {}),
        ("MaxPool", [(-1, 4, 8, 8)], (-1, 4, 4, 4), {}),
        ("Concat", [(-1, 4, 4, 4)] * 2, (-1, 4, 4, 8), {"axis": -1}),
        ("Transpose", [(-1, 4, 4, 8)], (4, -1, 4, 8), {}),
        ("ReduceMean", [(4, -1, 4, 8)], (4, -1), {}),
        ("MatMul", [(4, -1), (5, 9)], (4, 9), {}),
    ]
    parts = [X]
    before = ("x", 0)
    for number, (kind, inputs, out, words) in enumerate(steps[:5]):
        name = f"s{number}"
        parts.append(layer(kind, name, *inputs, out=out, **words))
        parts += [edge(before[0], name, at, before[1]) for at in range(len(inputs))]
        before = (name, len(inputs))
    parts += [
        layer("Unsqueeze", "v", (4, -1), out=(4, -1, 1, 1)),
        edge("s4", "v", 0, 1),
        layer("Add", "s", (4, -1, 1, 1), (8, 8), out=(4, -1, 8, 8)),
        *(edge("v", "s", 0, 1), layer("Const", "k", out=(8, 8)), edge("k", "s", 1)),
        conv("c", (4, -1, 8, 8), (4, 6, 6, 6)),
        *(W, edge("s", "c", 0, 2), edge("w", "c", 1)),
    ]
    got = layers_of(written(tmp_path, *parts), {"x:0": 4})
    assert got == {"c": EXPECTED.replace(batch_size=4)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"kernel": "2, 3", "strides": "2, 2"}, (4, 2, 4, 4)),
        ({"kernel": "2, 3", "strides": "2, 2", "auto_pad": "same_upper"}, (4, 2, 4, 5)),
        ({"kernel": "3", "strides": "1", "pads_begin": "1, 1", "pads_end": "0, 1"}, (4, 2, 7, 9)),
        ({"kernel": "3", "strides": "2", "rounding_type": "ceil"}, None),
        ({"strides": "2"}, None),
    ],
)
def test_windows_of_open_sizes(
    tmp_path: Path, words: dict[str, str], expected: tuple[int, ...] | None
) -> None:
    """By hand: floor((n - k) / s) + 1 windows, ceil(n / s) of the same size."""
    opened = (-1, 2, -1, 9)
    out = (-1, 2, -1, -1)
    parts = [
        layer("Parameter", "x", out=opened),
        layer("MaxPool", "p", opened, out=out, **words),
        layer("Const", "w", out=(1, 2, 1, 1)),
        layer("Convolution", "c", out, (1, 2, 1, 1), out=(-1, 1, -1, -1)),
        *(edge("x", "p"), edge("p", "c", 0, 1), edge("w", "c", 1)),
    ]
    path = written(tmp_path, *parts)
    (row,) = read(path, {"x:0": 4, "x:2": 8}).rows.values()
    if expected is None:
        assert isinstance(row, Missing)
        assert "on axis 2, 3: it is lost at p (MaxPool)" in row.reason
    else:
        assert isinstance(row, Layer)
        assert (row.batch_size, row.in_channels, *row.input_size) == expected
    (row,) = read(path, {"x:0": 4}).rows.values()
    assert isinstance(row, Missing)
    assert row.names == ("x:2",)


@pytest.mark.parametrize(
    ("kind", "inputs", "out", "words"),
    [
        ("NonZero", [(-1, 4, 8, 8)], (-1, 4, 8, 8), {}),
        ("Reshape", [(-1, 4, 8, 8)], (-1, 4, -1, 8), {}),
        ("Reshape", [(-1, 4, 8, 8)], (-1, 3, 8, 8), {}),
        ("Reshape", [(-1, 4, 8, 8)], (-1, 0, 8, 8), {}),
        ("ReduceSum", [(-1, 4, 8, 8)], (-1, 4, -1, 8), {}),
        ("ReduceSum", [], (-1, 4, 8, 8), {}),
        ("ReLU", [], (-1, 4, 8, 8), {}),
        ("Concat", [(-1, 4, 8, 8)], (-1, 4, 8, 8), {"axis": 4}),
        ("Concat", [(-1, 4, 8, 8), (8, 8)], (-1, 4, 8, 8), {"axis": 1}),
        ("MatMul", [(-1, 4, 8, 8), (8, 8)], (-1, 4, 8, 8), {"transpose_a": "true"}),
        ("MatMul", [(-1, 4, 8, 8)], (-1, 4, 8, 8), {}),
    ],
)
def test_where_a_size_is_lost(
    tmp_path: Path,
    kind: str,
    inputs: list[tuple[int, ...]],
    out: tuple[int, ...],
    words: dict[str, Any],
) -> None:
    sources = layer("Const", "k", out=(8, 8))
    parts = [X.replace("<dim>-1</dim>", "<dim>2</dim>"), W, sources]
    parts.append(layer(kind, "s", *inputs, out=out, **words))
    parts += [edge("xk"[at], "s", at) for at in range(len(inputs))]
    parts += [
        conv("c", out, (-1, 6, 6, 6)),
        *(edge("s", "c", 0, len(inputs)), edge("w", "c", 1)),
        layer("Relu6", "r", (-1, 6, 6, 6), out=(-1, 6, 6, 6)),
        edge("c", "r", 0, 2),
        conv("c2", (-1, 6, 6, 6), (-1, 6, 4, 4)),
        *(edge("r", "c2", 0, 1), edge("w", "c2", 1)),
    ]
    path = written(tmp_path, *parts)
    axes = [axis for axis, n in enumerate(out) if n < 0]
    row, after = read(path).rows.values()
    assert isinstance(row, Missing)
    where = ", ".join(map(str, axes))
    hints = " ".join(f"--dim c:{axis}=SIZE" for axis in axes)
    words_ = f"its input has no size on axis {where}: it is lost at s ({kind}); give it by {hints}"
    assert row.reason == words_
    assert isinstance(after, Missing)
    assert f"on axis 0: it is lost at s ({kind}); give it by --dim c2:0=SIZE" in after.reason
    sizes = {f"c:{axis}": 2 if axis == 0 else 8 for axis in axes}
    given = read(path, {**sizes, "s:0": 2}).rows["c"]
    if out[1] == 4:
        assert given == EXPECTED


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((layer("Convolution", "c", out=None),), "it has no input"),
        ((X, layer("Convolution", "c", (2, 4, 8, 8), out=None), edge("x", "c")), "without a size"),
        (
            (
                layer("Parameter", "x", out=(2, 4, 8, 8)),
                layer("Convolution", "c", (2, 4, 8, 8), out=(2, 6, 6, 6)),
                edge("x", "c"),
            ),
            "it has no filters",
        ),
        ((layer("DeformableConvolution", "c", out=(1,)),), "DeformableConvolution is no convol"),
        (
            (
                layer("Parameter", "x", out=(2, 4, 8, 8)),
                W,
                conv("c", (2, 4, 8, 8), (2, 6, 7, 6)),
                *(edge("x", "c"), edge("w", "c", 1)),
            ),
            "its output has 6 on axis 2, but 7 in the file",
        ),
        (
            (
                layer("Parameter", "x", out=(2, 4, 8, 8)),
                W,
                conv("c", (2, 4, 8, 8), (2, 6)),
                *(edge("x", "c"), edge("w", "c", 1)),
            ),
            "its output has 4 axes, but 2 in the file",
        ),
        (
            (
                layer("Parameter", "x", out=(2, 4, 8, 8)),
                W,
                conv("c", (2, 4, 8, 8), (2, 6, 6, 6), strides="1, b"),
                *(edge("x", "c"), edge("w", "c", 1)),
            ),
            "strides must be integers, got 1, b",
        ),
        (
            (
                layer("Const", "x", out=(-1, 4, 8, 8)),
                C,
                edge("x", "c"),
            ),
            "its input has no size on axis 0; give it by --dim c:0=SIZE",
        ),
        (
            (
                layer("Parameter", "x", out=(2, 4, 8, 8)),
                layer("Const", "w", out=(6, 4, 3, -1)),
                conv("c", (2, 4, 8, 8), (2, 6, 6, 6)),
                *(edge("x", "c"), edge("w", "c", 1)),
            ),
            "filters_shape must be an integer, got None",
        ),
    ],
)
def test_what_is_not_known_is_said(tmp_path: Path, parts: tuple[str, ...], words: str) -> None:
    (row,) = read(written(tmp_path, *parts)).rows.values()
    assert isinstance(row, Missing)
    assert words in row.reason


def test_bodies_of_loops_are_read_once(tmp_path: Path) -> None:
    inner = net(X, W, C, edge("x", "c"), edge("w", "c", 1))
    body = inner.replace("<net", "<body").replace("</net", "</body")
    loop = layer("Loop", "loop", out=(1,), body=body)
    path = written(tmp_path, loop)
    assert layers_of(path, {"loop/body/x:0": 2}) == {"loop/body/c": EXPECTED}


BOMB = '<!DOCTYPE net [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("", "no element found"),
        ("<net", "unclosed token"),
        ("<net/>", "it has no net with layers"),
        ("<svg><layers/></svg>", "it has no net with layers"),
        (net(version="7"), "versions 10 and 11 of OpenVINO's files are read, and this is 7"),
        (BOMB + net(), "it has a document type, which may expand"),
        ("<a>" * 101, "nested too deeply"),
        ("<a>" * 100 + "</a>" * 100, "it has no net with layers"),
        (net(layer("Const", "w", out=(1,))).replace("<dim>1", "<dim>x"), "is no integer"),
        (
            net().replace("<layers>", "<layers>&amp;<meta_data>&amp;<a/></meta_data>&b;"),
            "undefined",
        ),
    ],
)
def test_what_is_no_model_is_one_line(tmp_path: Path, words: str, refusal: str) -> None:
    path = tmp_path / "model.xml"
    path.write_text(words)
    with pytest.raises(ValueError, match=refusal):
        read(path)
    done = CliRunner().invoke(program, ["count", str(path)])
    assert done.exit_code == 1
    assert refusal in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_changed_files_are_read_or_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(DATA) as archive:
        data = archive.read("mobile_open.xml")
    draw = random.Random(0)
    path = tmp_path / "model.xml"
    for _ in range(500):
        changed = bytearray(data)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(changed))
            changed[at : at + draw.randint(0, 3)] = draw.randbytes(draw.randint(0, 3))
        path.write_bytes(changed)
        try:
            rows = read(path).rows
        except ValueError:
            continue
        assert len(rows) <= 4
