"""The table of a model in every format, and ``count model.onnx``."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import parser

import analytic
import oracle
from analytic import Layer, cli
from analytic.commands.count import layer_runs
from analytic.commands.flags import Failed
from analytic.models import (
    Counted,
    GroupName,
    Missing,
    ModelCount,
    Run,
    count_layers,
    count_runs,
    numbered,
    share,
)
from analytic.protocols import ConventionName, StyleName
from analytic.report import FORMATS, aligned, narrowed
from oracle.cli import program as oracle_program
from tests import brute
from tests.onnx_models import node_model

# Small enough to be counted pair by pair.
LAYERS = {
    "up": Layer((3, 2), 2, 4, 3, stride=2, padding=1, groups=2, batch_size=2),
    "down & out": Layer([4], 1, 1, 2, stride=3, bias=False),
}


def expected(layer: Layer) -> Counted:
    """Every product that lands, by hand; what each rule charges, as it is stated."""
    performed = brute.operations(layer)
    landing = sum(brute.coverage(layer.axes).values())
    filters = layer.in_channels * layer.out_channels // layer.groups * layer.batch_size
    taps = inputs = positions = 1
    for axis in layer.axes:
        taps, inputs, positions = taps * axis.k, inputs * axis.n, positions * brute.size(axis)
    assert performed["multiplications"] == filters * landing
    return Counted(
        macs=filters * landing,
        input_macs=filters * inputs * taps,
        output_macs=filters * positions * taps,
        additions=performed["additions"],
    )


def test_counts_of_layers_and_their_sums() -> None:
    model = count_layers(LAYERS, convention="exact")
    assert [(row.name, row.layer) for row in model.layers] == list(LAYERS.items())
    assert [row.counted for row in model.layers] == [expected(of) for of in LAYERS.values()]
    assert [row.output_size for row in model.layers] == [(5, 3), (11,)]
    for field in Counted._fields:
        parts = [getattr(row.counted, field) for row in model.layers]
        assert getattr(model.total, field) == sum(parts)
    measured = count_layers(LAYERS, convention="exact", evaluate=oracle.count)
    assert measured == model


def test_conventions_differ_in_the_additions_alone() -> None:
    """By hand: 2 filters, 4 products each on 4 of 9 positions; channels meet on 4 or on 9."""
    sparse = {"sparse": Layer((2, 2), 2, 1, 1, stride=2, bias=False)}
    expected: dict[ConventionName, int] = {"exact": 4, "nonzero": 9, "documented": 9 - 2 * 5}
    for convention, additions in expected.items():
        total = count_layers(sparse, convention=convention).total
        assert total == Counted(macs=8, input_macs=8, output_macs=18, additions=additions)
    with pytest.raises(ValueError, match="convention must be one of"):
        count_layers(LAYERS, convention="none")  # type: ignore[arg-type]


def test_names_that_come_again_are_numbered() -> None:
    layer = LAYERS["up"]
    names = ["a", "a", "a (2)", "b", "a"]
    made = numbered((name, layer) for name in names)
    assert list(made) == ["a", "a (2)", "a (2) (2)", "b", "a (3)"]


def test_each_number_of_a_name_is_tried_once() -> None:
    """100 equal names: some tries each at most, where trying all from 2 on takes thousands."""
    tried = 0

    class Name(str):
        __slots__ = ()

        def __format__(self, spec: str) -> str:
            nonlocal tried
            tried += 1
            return str.__format__(self, spec)

    layer = LAYERS["up"]
    made = numbered((Name("a"), layer) for _ in range(100))
    assert list(made) == ["a", *(f"a ({number})" for number in range(2, 101))]
    assert tried <= 200


MODEL = count_layers(LAYERS, convention="exact")


def numbers(line: str) -> list[int]:
    """The integers of a line of a table, thousands and all."""
    words = line.replace(",", "").replace("|", " ").replace("&", " ").split()
    return [int(word) for word in words if word.isdigit()]


@pytest.mark.parametrize("style", ["table", "markdown", "latex"])
def test_tables_for_people(style: StyleName) -> None:
    text = MODEL.table(style)
    rows = [*(row.counted for row in MODEL.layers), MODEL.total]
    lines = [line for line in text.splitlines() if numbers(line)]
    assert [numbers(line)[-4:] for line in lines] == [list(row) for row in rows]
    assert "5x3" in lines[0]
    assert "total of 2 layers" in lines[2]
    assert "100.00" in lines[2]
    assert "additions (exact)" in text
    if style == "latex":
        assert r"down \& out" in text
    if style == "table":
        assert str(MODEL) == text.rstrip("\n")


def test_json() -> None:
    document = json.loads(MODEL.table("json"))
    assert document["convention"] == "exact"
    for row, read in zip(MODEL.layers, document["layers"], strict=True):
        results = read.pop("count")
        assert results.pop("output_size") == list(row.output_size)
        results.pop("share_percent")
        assert results.pop("dead_weights") == 0
        assert results == row.counted._asdict()
        assert read.pop("name") == row.name
        assert Layer(**read) == row.layer
    assert document["total"] == {**MODEL.total._asdict(), "share_percent": 100.0}


def test_csv() -> None:
    *rows, total = csv.DictReader(io.StringIO(MODEL.table("csv")))
    assert [row["name"] for row in rows] == list(LAYERS)
    assert [row["count_output_size"] for row in rows] == ["5x3", "11"]
    assert total["name"] == "total"
    for row, counted in zip(
        [*rows, total], [*(row.counted for row in MODEL.layers), MODEL.total], strict=True
    ):
        assert {name: int(row[f"count_{name}"]) for name in Counted._fields} == counted._asdict()


#: Dilated beyond its input: of 3 taps an axis the middle one alone meets an input.
DILATED = Layer((28, 28), 1, 2, 3, padding=36, dilation=36, transposed=False)


def test_dead_weights_are_told() -> None:
    """By hand: 3² − 1² of each of 2 filters; tap 0 meets input 0 in the 37th output."""
    model = count_layers({"up": LAYERS["up"], "aspp": DILATED})
    head, _, up, aspp, total, line = str(model).splitlines()
    assert head.endswith("share of MACs    dead weights")
    assert (numbers(up)[-1], numbers(aspp)[-1]) == (0, 16)
    assert total.split()[-1] == "%"
    assert line == (
        "aspp: 16 of 18 weights meet no input, whatever the data; "
        "all meet one from input size 37x37 on"
    )
    assert "meet no input" not in model.table("latex")
    rows = json.loads(model.table("json"))["layers"]
    assert [row["count"]["dead_weights"] for row in rows] == [0, 16]
    assert [row.get("transposed") for row in rows] == [None, False]
    lines = [*csv.DictReader(io.StringIO(model.table("csv")))]
    assert [line["count_dead_weights"] for line in lines] == ["0", "16", ""]
    assert [line["transposed"] for line in lines] == ["", "false", ""]


def test_passes_are_told_apart_where_there_are_gradients() -> None:
    runs = [Run("aspp", DILATED, passed) for passed in ("forward", "grad_weight")]
    model = count_runs(runs)
    lines = str(model).splitlines()
    assert lines[0].split()[:3] == ["layer", "kind", "pass"]
    assert [line.split()[2] for line in lines[2:4]] == ["forward", "grad_weight"]
    assert sum("meet no input" in line for line in lines) == 1
    rows = json.loads(model.table("json"))["layers"]
    assert [row["pass"] for row in rows] == ["forward", "grad_weight"]
    cells = [*csv.DictReader(io.StringIO(model.table("csv")))]
    assert [row["pass"] for row in cells] == ["forward", "grad_weight", ""]
    forward = json.loads(count_runs(runs[:1]).table("json"))["layers"]
    assert "pass" not in forward[0]


def test_shares_are_rounded_exactly() -> None:
    assert share(1, 8) == "12.50"
    assert share(1, 80_000) == "0.00"
    assert share(1, 20_000) == "0.01"  # half up
    assert share(10**400, 3 * 10**400) == "33.33"
    assert share(0, 0) == ""


def test_models_without_layers_and_unknown_styles() -> None:
    empty = count_layers({})
    assert empty.total == Counted(0, 0, 0, 0)
    assert "total of 0 layers" in str(empty)
    assert json.loads(empty.table("json"))["total"]["share_percent"] is None
    with pytest.raises(ValueError, match="style must be one of 'table', 'markdown'"):
        empty.table("html")  # type: ignore[arg-type]


@pytest.mark.parametrize("style", FORMATS)
def test_numbers_of_any_length_are_written(style: StyleName) -> None:
    huge = count_layers({"huge": Layer([10**5000], 1, 1, 1)})
    limit = sys.get_int_max_str_digits()
    assert "1" + "0" * 5000 in huge.table(style).replace(",", "")
    assert sys.get_int_max_str_digits() == limit


TEXT = """<ir_version: 8, opset_import: ["": 17]>
g (float[batch, 2, 5] x, float[2, 3, 4] w, float[3, 1, 2] v) => (float[a, b, c] y) {
    up = ConvTranspose <strides = [2], pads = [1, 0]> (x, w)
    y = ConvTranspose <strides = [3]> (up, v)
}"""


PARTLY_KNOWN: dict[str, Layer | Missing] = {
    "first": Missing("no size"),
    "up": LAYERS["up"],
    "then": Missing("of a node"),
    "last": Missing("that | stopped"),
    "down & out": LAYERS["down & out"],
}


def test_layers_that_are_not_known_are_rows_that_say_why() -> None:
    model = count_layers(PARTLY_KNOWN)
    whole = count_layers(LAYERS)
    assert (model.layers, model.total) == (whole.layers, whole.total)
    lines = str(model).splitlines()
    assert [line.split("  ")[0] for line in lines[2:]] == [*PARTLY_KNOWN, "total of 2 known layers"]
    assert lines[0].endswith("missing")
    assert lines[4].endswith("of a node")
    assert lines[3].split() == str(whole).splitlines()[2].split()


def test_layers_that_are_not_known_in_other_formats() -> None:
    model, whole = count_layers(PARTLY_KNOWN), count_layers(LAYERS)
    document = json.loads(model.table("json"))
    assert document.pop("known") == 2
    assert document["layers"].pop(0) == {"name": "first", "missing": "no size"}
    assert [row.get("missing") for row in document["layers"]] == [
        None,
        "of a node",
        "that | stopped",
        None,
    ]
    document["layers"] = [row for row in document["layers"] if "missing" not in row]
    assert document == json.loads(whole.table("json"))
    rows = list(csv.DictReader(io.StringIO(model.table("csv"))))
    assert [row["missing"] for row in rows] == [
        "no size",
        "",
        "of a node",
        "that | stopped",
        "",
        "",
    ]
    assert [row["name"] for row in rows] == [*PARTLY_KNOWN, "total of 2 known layers"]
    assert all(row["count_macs"] == "" for row in rows if row["missing"])
    known = [row for row in rows[:-1] if not row.pop("missing")]
    assert known == list(csv.DictReader(io.StringIO(whole.table("csv"))))[:-1]
    for style in ("markdown", "latex"):
        assert model.table(style).count("of a node") == 1


@pytest.fixture
def model_file(tmp_path: Path) -> str:
    path = tmp_path / "model.onnx"
    onnx.save(parser.parse_model(TEXT), path)
    return str(path)


def run(*arguments: str) -> Result:
    """``python -m analytic count …``."""
    return CliRunner().invoke(cli.program, ["count", *arguments], standalone_mode=False)


def layers(batch_size: int) -> dict[str, Layer]:
    up = Layer([5], 2, 3, 4, 2, 1, bias=False, batch_size=batch_size, end_padding=0)
    return {"up": up, "y": Layer([11], 3, 1, 2, 3, bias=False, batch_size=batch_size)}


@pytest.mark.parametrize("style", FORMATS)
def test_count_of_a_model(model_file: str, style: StyleName) -> None:
    result = run(model_file, "--dim", "batch=7", "--format", style)
    assert result.exception is None
    assert result.stdout == count_layers(layers(7)).table(style)


def test_passes_of_a_model(model_file: str) -> None:
    result = run(model_file, "--dim", "batch=2", "--json", "--passes")
    rows = json.loads(result.stdout)["layers"]
    kinds = ("forward", "grad_input", "grad_weight")  # no layer has a bias
    assert [(row["name"], row["pass"]) for row in rows] == [
        (name, kind) for name in ("up", "y") for kind in kinds
    ]
    with_bias: dict[str, Layer | Missing] = {"up": LAYERS["up"], "?": Missing("a size")}
    assert [*layer_runs(with_bias, passes=True)] == [
        *[Run("up", LAYERS["up"], kind) for kind in (*kinds, "grad_bias")],
        ("?", Missing("a size"), "forward"),
    ]


def test_count_of_a_model_by_convention_and_by_experiment(model_file: str) -> None:
    result = run(model_file, "--dim", "batch=2", "--convention", "exact", "--json")
    assert result.stdout == count_layers(layers(2), convention="exact").table("json")
    arguments = ["count", model_file, "--dim", "batch=2", "--check", "--json"]
    result = CliRunner().invoke(oracle_program, arguments, standalone_mode=False)
    assert result.stdout == count_layers(layers(2)).table("json")


SPEECH = """<ir_version: 8, opset_import: ["": 17]>
g (float[1, 2, 5] x, float[2, 2, 4] w, int64[5] durations) => (float[a, b, c] y) {
    up = ConvTranspose <strides = [2]> (x, w)
    n = NonZero (durations)
    zero = Constant <value_ints = [0]> ()
    i = Squeeze (n, zero)
    f = Gather <axis = 2> (up, i)
    y = ConvTranspose (f, w)
}"""


def test_what_is_known_is_counted_and_a_size_is_given_by_node(tmp_path: Path) -> None:
    path = tmp_path / "speech.onnx"
    onnx.save(parser.parse_model(SPEECH), path)
    up = Layer([5], 2, 2, 4, 2, bias=False)
    result = run(str(path), "--json")
    assert isinstance(result.exception, Failed)
    assert str(result.exception) == f"{path}: 1 of 2 layers are not known"
    document = json.loads(result.stdout)
    assert document["total"]["macs"] == count_layers({"up": up}).total.macs == 80
    missing = document["layers"][1]["missing"]
    assert "axis 2: node n (NonZero): the size of its output depends on data" in missing
    assert "--dim y:2=SIZE" in missing
    for given in ("y:2=7", "f:2=7"):
        layers = {"up": up, "y": Layer([7], 2, 2, 4, bias=False)}
        assert run(str(path), "--dim", given).stdout == count_layers(layers).table()
    (first, *_) = onnx.load(path).graph.node
    model = onnx.load(path)
    model.graph.node.remove(first)
    model.graph.node.extend([onnx.helper.make_node("ConvTranspose", ["y", "w"], ["z"])])
    model.graph.input.append(
        onnx.helper.make_tensor_value_info("up", onnx.TensorProto.FLOAT, [1, 2, 9])
    )
    del model.graph.output[:]
    onnx.save(model, path)
    result = run(str(path))
    assert isinstance(result.exception, Failed)
    assert re.fullmatch(r".*: y: its input .* \(and 1 more layers\)", str(result.exception))


def test_a_note_is_one_line_beside_the_table(tmp_path: Path) -> None:
    path = tmp_path / "same.onnx"
    model = node_model([1, 1, 2], [1, 1, 1], strides=[3], auto_pad="SAME_UPPER")
    onnx.save(model, path)
    result = run(str(path))
    (note,) = result.stderr.splitlines()
    assert note.startswith(f"note: {path}: up: SAME is 6 positions by the text of the operator")
    assert "onnxruntime makes 4" in note
    assert "total of 1 layers" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (["MODEL"], "dimensions without a size: batch; ", 2),
        (["MODEL", "--dim", "batch"], "--dim must be NAME=SIZE, got 'batch'", 2),
        (["MODEL", "--dim", "batch=x"], "--dim batch: 'x' is not an integer", 2),
        (["MODEL", "--dim", "width=1"], "no dimension called 'width'", 2),
        (["MODEL", "--dim", "batch=-1"], "dimension batch must be a size, got -1", 2),
        (["MODEL", "--dim", "batch=1", "--stride", "2"], "a FILE or the flags", 2),
        (["nowhere.onnx"], "No such file", 2),
        (["layers.jsonl", "--dim", "batch=1"], "--dim is for the file of a model", 2),
        (["BROKEN"], "not an ONNX model", 1),
    ],
)
def test_what_is_wrong_is_one_line(
    model_file: str,
    arguments: list[str],
    words: str,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = Path(model_file).with_name("broken.ONNX")
    broken.write_bytes(Path(model_file).read_bytes()[:-5])
    places = {"MODEL": model_file, "BROKEN": str(broken)}
    with pytest.raises(SystemExit) as stopped:
        cli.run(cli.program, "analytic", ["count", *(places.get(a, a) for a in arguments)])
    assert stopped.value.code == status
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_model_that_the_experiment_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(node_model([1, 1, 2, 2, 2, 2], [1, 1, 1, 1, 1, 1]), path)
    assert run(str(path)).exception is None
    result = CliRunner().invoke(oracle_program, ["count", str(path)], standalone_mode=False)
    assert isinstance(result.exception, Failed)
    assert "axes" in str(result.exception)


def test_unknown_names_of_the_package() -> None:
    with pytest.raises(AttributeError, match="module 'analytic' has no attribute 'onyx'"):
        analytic.onyx  # noqa: B018


def test_a_count_prints_as_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    print(MODEL)  # noqa: T201
    assert capsys.readouterr().out == MODEL.table()
    assert isinstance(MODEL, ModelCount)


def test_names_stay_on_one_line_of_a_table() -> None:
    text = count_layers({"a\nb\x1b[31m" + "c" * 1000: LAYERS["up"]}).table()
    assert "a b [31mccc" in text
    assert len(text.splitlines()) == 4
    assert max(map(len, text.splitlines())) < 500


#: Parts of a model, of either kind.
STAGES = {
    "down.0": Layer((4, 4), 1, 2, 3, padding=1, transposed=False),
    "down.1": Layer([6], 2, 2, 2, transposed=False),
    "up.0": Layer([3], 2, 1, 2, stride=2),
    "head": DILATED,
}


def staged() -> ModelCount:
    """Forward and weight gradient of the stages."""
    runs = [Run(name, layer, kind) for name, layer in STAGES.items()
            for kind in ("forward", "grad_weight")]  # fmt: skip
    return count_runs(runs)


def test_rows_are_sorted_and_cut_and_the_sums_stay() -> None:
    model = staged()
    macs = {name: oracle.macs(layer) for name, layer in STAGES.items()}
    order = sorted(STAGES, key=lambda name: -macs[name])
    ranked = model.sorted_by("macs")
    assert [row.name for row in ranked.layers] == [name for name in order for _ in range(2)]
    assert [row.name for row in model.sorted_by("name").layers] == sorted([*STAGES] * 2)
    assert model.sorted_by("dead").layers[0].name == "head"
    additions = [row.counted.additions for row in model.sorted_by("additions").layers]
    assert additions == sorted(additions, reverse=True)
    cut = ranked.top(3)
    assert (len(cut.layers), len(cut.left_out), cut.total) == (3, 5, model.total)
    lines = str(cut).splitlines()
    more, total = lines[5], lines[6]
    assert more.startswith("5 more ")
    assert total.startswith("total of 8 passes ")
    others = 2 * sum(macs.values()) - 2 * macs[order[0]] - macs[order[1]]
    assert numbers(more)[1] == others
    read = json.loads(cut.table("json"))
    assert (len(read["layers"]), read["left_out"]) == (3, 5)
    rows = [*csv.DictReader(io.StringIO(cut.table("csv")))]
    assert [row["name"] for row in rows[3:]] == ["5 more", "total"]
    assert int(rows[3]["count_macs"]) == others
    with pytest.raises(ValueError, match="sort must be one of 'macs'"):
        model.sorted_by("size")  # type: ignore[arg-type]


def test_what_is_unknown_stays_where_rows_are_cut_and_comes_last_where_they_are_sorted() -> None:
    rows: dict[str, Layer | Missing] = {"?": Missing("a size"), **STAGES}
    model = count_layers(rows)
    assert json.loads(model.top(1).table("json"))["known"] == 4
    names = [row["name"] for row in json.loads(model.top(1).table("json"))["layers"]]
    assert names == ["?", "down.0"]
    names = [row["name"] for row in json.loads(model.sorted_by("name").table("json"))["layers"]]
    assert names[-1] == "?"


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (
            "kind",
            {
                "ordinary": ("down.0", "down.1", "head"),
                "ordinary, grad_weight": ("down.0", "down.1", "head"),
                "transposed": ("up.0",),
                "transposed, grad_weight": ("up.0",),
            },
        ),
        (
            "prefix",
            {"down": ("down.0", "down.1") * 2, "up": ("up.0",) * 2, "head": ("head",) * 2},
        ),
    ],
)
def test_rows_are_put_together(by: GroupName, groups: dict[str, tuple[str, ...]]) -> None:
    expected_macs = {
        name: sum(oracle.macs(STAGES[layer]) for layer in layers) for name, layers in groups.items()
    }
    model = staged()
    read = json.loads(model.table("json", group_by=by))
    assert {group["name"]: group["macs"] for group in read["groups"]} == expected_macs
    assert [group["layers"] for group in read["groups"]] == [*map(len, groups.values())]
    assert read["total"]["macs"] == model.total.macs
    rows = [*csv.DictReader(io.StringIO(model.top(1).table("csv", group_by=by)))]
    assert {row["name"]: int(row["count_macs"]) for row in rows[:-1]} == expected_macs
    assert rows[-1]["name"] == "total of 8 passes"
    styles: tuple[StyleName, ...] = ("table", "markdown", "latex")
    for style in styles:
        text = model.table(style, group_by=by)
        assert all(name.replace("_", " ").split()[0] in text for name in groups)
    with pytest.raises(ValueError, match="group_by must be one of 'kind', 'prefix'"):
        model.table(group_by="size")  # type: ignore[arg-type]


def test_kinds_are_told_where_there_are_ordinary_layers() -> None:
    lines = str(staged()).splitlines()
    assert lines[0].split()[:3] == ["layer", "kind", "pass"]
    assert lines[2].split()[:3] == ["down.0", "ordinary", "forward"]
    assert "kind" not in str(count_layers(LAYERS)).splitlines()[0]


def test_thousands_of_layers_stay_readable() -> None:
    many = {f"block.{index}.conv": STAGES["down.0"] for index in range(5000)}
    assert len(str(count_layers(many).sorted_by("macs").top(20)).splitlines()) == 2 + 20 + 2


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("by", [None, "kind", "prefix"])
def test_a_table_fits_into_a_width_and_says_what_is_left_out(
    width: int, by: GroupName | None
) -> None:
    names = [f"encoder.stages.{index}.blocks.{'deep.' * 12}conv" for index in range(3000)]
    runs = [Run(name, DILATED, kind) for name in names for kind in ("forward", "grad_weight")]
    model = count_runs(runs)
    lines = model.table(group_by=by, sort="macs", top=20, width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert "share of MACs" in lines[0]
    assert ("additions (nonzero)" in lines[0]) == (width == 200)
    left_out = [line for line in lines if line.startswith("not shown, for the width: ")]
    assert len(left_out) == (width == 80)
    rows = 2 if by == "kind" else 20 + 1
    assert lines[2 + rows].startswith("total of 6000 passes")
    if by is None:
        assert lines[2].startswith("encoder.stages.")
        assert "…" in lines[2]


def test_names_are_shortened_in_the_middle_and_not_below_what_tells_them_apart() -> None:
    text = count_layers({"a" * 30 + "b" * 30: DILATED}).table(width=1)
    assert text.splitlines()[2].startswith("aaaaaa…bbbbb ")
    assert text.splitlines()[0].split() == ["layer", "exact", "MACs"]
    text = count_layers({"a" * 30 + "b" * 30: DILATED}).table(width=150)
    assert " aaaaaa" not in text
    assert len(text.splitlines()[0]) == 150


def test_a_bar_in_a_name_ends_no_cell_of_markdown() -> None:
    assert r"| a\|b" in aligned([["a|b"]], ["layer"], "github", ["left"])
    assert aligned([["a|b"]], ["layer"], "simple", ["left"]).splitlines()[-1] == "a|b"


@pytest.mark.parametrize(
    ("width", "name", "columns"),
    [
        (47, "n" * 40, [0, 1]),
        (46, "n" * 19 + "…" + "n" * 19, [0, 1]),
        (39, "n" * 16 + "…" + "n" * 15, [0, 1]),
        (38, "n" * 19 + "…" + "n" * 18, [0]),
    ],
)
def test_a_column_is_left_out_where_names_would_have_less_than_32_characters(
    width: int, name: str, columns: list[int]
) -> None:
    """Beside a name: two blanks, and a column as wide as its header and two blanks."""
    cells, kept = narrowed([["n" * 40, "1"]], ["layer", "abc"], width, ["abc"], 0)
    assert cells[0][0] == name
    assert kept == columns


def test_groups_are_sorted_and_cut() -> None:
    model = staged()
    macs = {"down": 0, "up": 0, "head": 0}
    for name, layer in STAGES.items():
        macs[name.split(".")[0]] += 2 * oracle.macs(layer)
    order = sorted(macs, key=lambda name: -macs[name])
    read = json.loads(model.table("json", group_by="prefix", sort="macs", top=1))
    assert [(group["name"], group["macs"]) for group in read["groups"]] == [
        (order[0], macs[order[0]]),
        ("2 more", macs[order[1]] + macs[order[2]]),
    ]
    names = [
        row.split()[0] for row in model.table(group_by="prefix", sort="name").splitlines()[2:5]
    ]
    assert names == sorted(macs)
    assert "2 more" not in model.table(group_by="prefix", top=3)
    assert model.table(group_by="prefix", sort="dead").splitlines()[2].startswith("head")


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["/up/a.0/conv", "/up/b/conv", "/down/conv"], ["up", "up", "down"]),
        (["net.up.0", "net.up.1", "net.head"], ["net.up", "net.up", "net.head"]),
        (["net.up", "net.up (2)"], ["net.up", "net.up (2)"]),
        (["conv"], ["conv"]),
    ],
)
def test_prefixes_are_where_names_differ_first(names: list[str], groups: list[str]) -> None:
    model = count_layers(dict.fromkeys(names, DILATED))
    rows = json.loads(model.table("json", group_by="prefix"))["groups"]
    assert [row["name"] for row in rows for _ in range(row["layers"])] == groups


def test_passes_are_told_apart_where_the_gradients_are_cut_off() -> None:
    cut = staged().sorted_by("name").top(1)
    assert cut.layers[0].passed == "forward"
    assert "pass" in str(cut).splitlines()[0].split()
    assert "total of 8 passes" in str(cut)


def test_a_terminal_s_width_is_that_of_the_table(
    model_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in ("80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr("analytic.commands.toolbox.on_a_terminal", lambda: True)
        text = run(model_file, "--dim", "batch=2").stdout
        assert max(map(len, text.splitlines())) <= int(columns)
        assert ("not shown, for the width: " in text) == (columns == "80")


def test_rows_of_a_model_are_chosen_on_the_command_line(model_file: str) -> None:
    result = run(model_file, "--dim", "batch=2", "--sort", "name", "--top", "1", "--json")
    read = json.loads(result.stdout)
    assert ([row["name"] for row in read["layers"]], read["left_out"]) == (["up"], 1)
    result = run(model_file, "--dim", "batch=2", "--group-by", "kind", "--top", "1")
    assert result.stdout.splitlines()[-1].startswith("total of 2 layers")
    assert run(model_file, "--dim", "batch=2").stdout.startswith("layer ")  # nobody watches
    result = run("--sort", "macs", "--input-size", "3")
    assert "--sort, --top and --group-by are for the file of a model" in str(result.exception)


def test_another_rule_leads_and_is_shared_out() -> None:
    """By hand: kernel 3 and stride 1 on 4 inputs without crops are 12, 12 and 18; cropped by 2 at
    both ends of 8 inputs, 18 land, 24 are of the input rule and 18 of the output rule.
    """
    layers = {
        "wide": Layer([4], 1, 1, 3),
        "cropped": Layer([8], 1, 1, 3, padding=2),
    }
    model = count_layers(layers)._replace(rule="output")
    assert [row.counted[:3] for row in model.layers] == [(12, 12, 18), (18, 24, 18)]
    head, _, *rows = model.table().splitlines()
    assert re.split("  +", head)[3:6] == ["MACs (output rule)", "exact MACs", "MACs (input rule)"]
    assert [row.split()[3:6] for row in rows[:2]] == [["18", "12", "12"], ["18", "18", "24"]]
    assert [row.split()[-2] for row in rows] == ["50.00", "50.00", "100.00"]
    assert json.loads(model.table("json"))["layers"][0]["count"]["share_percent"] == 50
    by_input = model._replace(rule="input")
    assert [row.name for row in by_input.sorted_by("macs").layers] == ["cropped", "wide"]
    assert [row.name for row in model.sorted_by("macs").layers] == ["wide", "cropped"]
    narrow = model.table(width=60)
    assert "MACs (output rule)" in narrow.splitlines()[0]
    assert " MACs, MACs (input rule)" in " ".join(narrow.split())
    groups = by_input.table(group_by="kind", sort="macs").splitlines()
    assert re.split("  +", groups[0])[2] == "MACs (input rule)"
    assert groups[2].split()[2] == "36"
