"""The table of a model in every format, and ``count model.onnx``."""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import parser

import analytic
import oracle
from analytic import Layer, cli
from analytic.commands import reading
from analytic.commands.toolbox import Failed
from analytic.models import Counted, ModelCount, count_layers, numbered, share
from analytic.report import FORMATS
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
    for convention, additions in (("exact", 4), ("nonzero", 9), ("documented", 9 - 2 * 5)):
        total = count_layers(sparse, convention=convention).total
        assert total == Counted(macs=8, input_macs=8, output_macs=18, additions=additions)
    with pytest.raises(ValueError, match="convention must be one of"):
        count_layers(LAYERS, convention="none")


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
def test_tables_for_people(style: str) -> None:
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
        empty.table("html")


@pytest.mark.parametrize("style", FORMATS)
def test_numbers_of_any_length_are_written(style: str) -> None:
    huge = count_layers({"huge": Layer([10**5000], 1, 1, 1)})
    limit = sys.get_int_max_str_digits()
    assert "1" + "0" * 5000 in huge.table(style).replace(",", "")
    assert sys.get_int_max_str_digits() == limit


TEXT = """<ir_version: 8, opset_import: ["": 17]>
g (float[batch, 2, 5] x, float[2, 3, 4] w, float[3, 1, 2] v) => (float[a, b, c] y) {
    up = ConvTranspose <strides = [2], pads = [1, 0]> (x, w)
    y = ConvTranspose <strides = [3]> (up, v)
}"""


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
def test_count_of_a_model(model_file: str, style: str) -> None:
    result = run(model_file, "--dim", "batch=7", "--format", style)
    assert result.exception is None
    assert result.stdout == count_layers(layers(7)).table(style)


def test_count_of_a_model_by_convention_and_by_experiment(model_file: str) -> None:
    result = run(model_file, "--dim", "batch=2", "--convention", "exact", "--json")
    assert result.stdout == count_layers(layers(2), convention="exact").table("json")
    arguments = ["count", model_file, "--dim", "batch=2", "--check", "--json"]
    result = CliRunner().invoke(oracle_program, arguments, standalone_mode=False)
    assert result.stdout == count_layers(layers(2)).table("json")


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
        (["layers.jsonl", "--dim", "batch=1"], "--dim is for a FILE.onnx", 2),
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


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """The limits that would have been set, in this process, which keeps its own."""
    found: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", found.__setitem__)
    return found


@pytest.mark.usefixtures("limits")
def test_without_the_onnx_package(model_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(analytic, "onnx")  # which looks it up first, and so loads it if need be
    monkeypatch.delitem(sys.modules, "analytic.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert reading.answer(model_file, {}, 1) == {"usage": "an ONNX model needs the package onnx"}


@pytest.mark.usefixtures("limits")
def test_answers_of_the_process_that_reads(
    model_file: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps([model_file, {"batch": 3}, 1])))
    reading.main()
    found = json.loads(capsys.readouterr().out)["layers"]
    assert {name: Layer(**fields) for name, fields in found.items()} == layers(3)
    assert reading.answer(model_file, {}, 1).keys() == {"usage"}
    assert reading.answer(model_file + "x", {}, 1) == {
        "usage": f"{model_file}x: No such file or directory"
    }
    Path(model_file).write_bytes(b"")
    words = f"{model_file}: not an ONNX model: the file is empty"
    assert reading.answer(model_file, {}, 1) == {"failed": words}


def test_the_process_that_reads_is_limited(
    limits: dict[int, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not below what is there already, and never above a hard limit."""
    unlimited = resource.RLIM_INFINITY
    for hard in (unlimited, 1000):
        monkeypatch.setattr(resource, "getrlimit", lambda _, hard=hard: (unlimited, hard))
        reading.limit(10**12)
        memory, time = limits[resource.RLIMIT_AS], limits[resource.RLIMIT_CPU]
        assert (memory[1], time) == (hard, (60, hard))
        if hard == unlimited:
            assert 10**12 + 10**7 < memory[0] < 10**12 + 10**12
        else:
            assert memory[0] == hard
    limits.clear()
    monkeypatch.setattr(Path, "exists", lambda _: False)
    reading.limit(1)
    assert limits == {}


def test_a_process_that_does_not_answer_is_one_line(
    model_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stderr, words in (("", r"crash \(-11\)"), ("a\nout of it\n", r"crash \(out of it\)")):
        done = subprocess.CompletedProcess([], -11, "", stderr)
        monkeypatch.setattr(subprocess, "run", lambda *_, done=done, **__: done)
        result = run(model_file)
        assert re.search(words, str(result.exception))


def test_the_process_that_reads_imports_nothing_from_where_the_command_is_run(
    model_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "onnx.py").write_text("raise SystemExit('not the package')")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert reading.layers_of(model_file, {"batch": 3}) == layers(3)


def test_a_hostile_file_of_a_hundred_bytes_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 2^40 integers nobody keeps every one: they are not what a layer needs."""
    path = tmp_path / "hostile.onnx"
    text = """<ir_version: 8, opset_import: ["": 17]>
    g (int64[1099511627776] s, float[1, 1, 2] x, float[1, 1, 2] w) => (float[a, b, c] y) {
        t = Add (s, s)
        y = ConvTranspose (x, w)
    }"""
    onnx.save(parser.parse_model(text), path)
    monkeypatch.setattr(reading, "MOST_MEMORY", 2**28)
    assert run(str(path)).exception is None


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
