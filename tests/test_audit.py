"""The audit: counters on real modules, each in its own guard."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from analytic.layer import Layer
from oracle.commands.audit import command
from oracle.counters import audit
from oracle.counters.audit import Findings, Reported, report
from oracle.counters.runners import RUNNERS, Runner, runner
from tests.test_counters import LAYERS, ORDINARY, PLAIN, REPORTED

INSTALLED = [counter for counter in RUNNERS if counter.version()]


@pytest.mark.parametrize("counter", INSTALLED, ids=lambda counter: counter.name)
def test_a_counter_that_is_installed_reports_what_it_is_known_to(counter: Runner) -> None:
    if counter.name == "tensorflow":
        assert [report(counter, layer).reported for layer in PLAIN] == [64152, 130, 8760]
        assert [report(counter, layer).reported for layer in LAYERS] == [None] * 3
        return
    for layers, reported in zip((LAYERS, ORDINARY), REPORTED[counter.name], strict=True):
        here = [report(counter, layer).reported for layer in layers]
        assert tuple(here[: len(reported)]) == reported


def test_flop_counter_mode_is_installed() -> None:
    assert INSTALLED[0].name == "FlopCounterMode"
    assert INSTALLED[0].version() == torch.__version__


def test_a_counter_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = runner("none", "none", print, package="no_such_package")
    # torch is there, but it is not this distribution that brings it.
    other = runner("other", "no-such-torch", print, package="torch")
    monkeypatch.setattr(audit, "RUNNERS", (absent, other))
    assert audit.audit([LAYER]) == []


def reporting(answer: Any) -> Runner:
    """A counter of MACs that reports, or raises, always the same."""

    def run(module: torch.nn.Module, batch: torch.Tensor, _lines: object) -> Any:
        print("what a counter has to say", module(batch).shape)  # noqa: T201
        if isinstance(answer, Exception):
            raise answer
        return answer

    return runner("fvcore", "torch", run, device="cpu")


LAYER = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)


@pytest.mark.parametrize(
    ("answer", "reported", "error"),
    [
        (43200, 43200, ""),
        (43200.0, 43200, ""),
        (43200.5, None, "the report must be an integer, got 43200.5"),
        (None, None, "the report must be an integer, got None"),
        (KeyError("conv"), None, "KeyError: 'conv'"),
        (ValueError("one\ntwo"), None, "ValueError: one"),
    ],
)
def test_a_counter_runs_in_a_guard(
    answer: Any, reported: int | None, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(reporting(answer), LAYER) == Reported(LAYER, 43200, reported, error)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Layer((8,), 1, 1, 4, padding=1, end_padding=2), "crops of begin and end apart"),
        (Layer((2, 2, 2, 2), 1, 1, 2, axes=4), "no torch module has 4 axes"),
    ],
)
def test_a_layer_that_torch_has_not_is_reported(layer: Layer, words: str) -> None:
    assert words in report(reporting(1), layer).error


def findings(*reported: int | None) -> Findings:
    """What a counter reported of as many layers whose exact number is 43200."""
    return Findings("some", "MACs", "1.0", [Reported(LAYER, 43200, number) for number in reported])


def test_what_is_found() -> None:
    some = findings(43200, 21600, 86401, None)
    assert some.right() == 1
    assert len(some.ran()) == 3
    assert some.median() == 1
    assert some.worst() == Fraction(86401, 43200)
    assert findings(43200, 0, 86400).worst() == 0
    assert findings(10800, 86400).worst() == Fraction(1, 4)
    assert findings(None).median() is findings(None).worst() is None
    readings, times = findings(49152, 49152).follows()
    assert (readings[0], times) == ("MACs, input rule", 2)
    assert any("fvcore" in reading for reading in readings[1:])  # it follows the rule always
    readings, times = findings(2 * 49152).follows()
    assert (readings[0], times) == ("2 × MACs, input rule", 1)
    assert findings(196608 + 8).follows() == (["MACs of torchscan 0.2.0"], 1)
    assert findings(43200, 1).follows() == (["MACs, exact rule"], 1)


@pytest.fixture
def layers(tmp_path: Path) -> str:
    """A file of layers, one of them bad."""
    rows = [{"model": "A", **dict(LAYER.items())}, {"input_size": [1]}]
    path = tmp_path / "layers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def invoke(*arguments: str) -> Result:
    """Run the command, with FlopCounterMode and a counter that raises alone."""
    return CliRunner().invoke(command, arguments)


@pytest.fixture
def two_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """FlopCounterMode, and one that raises."""
    raising = reporting(RuntimeError("no transposed convolutions"))
    monkeypatch.setattr(audit, "RUNNERS", (RUNNERS[0], raising))


@pytest.mark.usefixtures("two_counters")
def test_the_report(layers: str) -> None:
    done = invoke(layers)
    assert done.exit_code == 1  # the second row is bad
    text = done.output
    assert "line 2: in_channels is missing" in text
    row = next(line for line in text.splitlines() if line.startswith("| FlopCounterMode"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "FlopCounterMode",
        torch.__version__,
        "FLOPs",
        "1",
        "0",
        "1.13778",  # 98304/86400
        "1.13778",
        "2 × MACs, input rule",
    ]
    assert "- fvcore on 1 layers, first A: RuntimeError: no transposed convolutions" in text
    assert "- FlopCounterMode: 2 × MACs, input rule; " in text  # and the formulas that are it
    assert "\n- fvcore: " not in text
    assert ".csv" not in text


@pytest.mark.usefixtures("two_counters")
def test_what_each_reported_of_each_layer_is_written(layers: str, tmp_path: Path) -> None:
    table = tmp_path / "field.csv"
    text = invoke(layers, "--csv", str(table)).output
    assert f"--csv {table}`" in text
    assert "is in\n[field.csv](field.csv), a row a layer" in text
    assert table.read_text().splitlines() == [
        "layer,transposed,macs,operations,FlopCounterMode,fvcore",
        "A,true,43200,239808,98304,",  # fvcore raised
    ]
    done = invoke(layers, "--csv", str(tmp_path))
    assert done.exit_code == 2
    assert f"--csv {tmp_path}: Is a directory" in done.output


@pytest.mark.usefixtures("two_counters")
def test_findings_of_another_environment_are_put_beside(layers: str, tmp_path: Path) -> None:
    there = tmp_path / "there.jsonl"
    lines = invoke(layers, "--json").output.splitlines()
    counters = [json.loads(line) for line in lines if line.startswith("{")]
    assert [counter["counter"] for counter in counters] == ["FlopCounterMode", "fvcore"]
    renamed = [
        {**counter, "counter": name}
        for counter, name in zip(counters, ("elsewhere", "failing there"), strict=True)
    ]
    there.write_text("".join(json.dumps(counter) + "\n" for counter in renamed))
    text = invoke(layers, "--also", str(there)).output
    assert "| elsewhere " in text
    assert "- failing there on 1 layers, first A: RuntimeError: no transposed" in text
    assert f"Made by `python -m oracle audit {layers} --also {there}`" in text
    there.write_text(json.dumps({**counters[0], "outcomes": []}) + "\n")
    done = invoke(layers, "--also", str(there))
    assert done.exit_code == 2
    assert "is about 0 other layers" in done.output


OUTCOME = {"exact": 86400, "reported": 98304, "error": ""}
THERE = {"counter": "elsewhere", "reports": "FLOPs", "version": "1.0", "outcomes": [OUTCOME]}


@pytest.mark.usefixtures("two_counters")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"x": 1}', "line 1: these are not the findings that --json writes"),
        ("zzz", "line 1: not JSON"),
        ("[1]", "line 1: one JSON object a layer is needed, got [1]"),
        (b"\xff", "line 1: the line is not UTF-8 text"),
        ({**THERE, "reports": "guesses"}, "these are not the findings"),
        ({**THERE, "outcomes": [1]}, "these are not the findings"),
        ({**THERE, "outcomes": [{**OUTCOME, "reported": 1.5}]}, "these are not the findings"),
        (
            {**THERE, "outcomes": [{**OUTCOME, "exact": 86402}]},
            "line 1: this is about other layers: FLOPs of layer 1 are 86400, got 86402",
        ),
    ],
)
def test_other_findings_are_refused(
    layers: str, tmp_path: Path, content: bytes | str | dict[str, Any], words: str
) -> None:
    there = tmp_path / "there.jsonl"
    text = json.dumps(content) if isinstance(content, dict) else content
    there.write_bytes(text.encode() if isinstance(text, str) else text)
    done = invoke(layers, "--also", str(there))
    assert done.exit_code == 2
    assert words in done.output


@pytest.mark.usefixtures("two_counters")
def test_counters_are_chosen_by_name(layers: str) -> None:
    text = invoke(layers, "--counter", "fvcore").output
    assert "audit " + layers + " --counter fvcore`" in text
    assert "| fvcore" in text
    assert "| FlopCounterMode" not in text
    done = invoke(layers, "--counter", "none")
    assert done.exit_code == 2
    assert "--counter none is not installed here; FlopCounterMode, fvcore are" in done.output


@pytest.mark.usefixtures("two_counters")
def test_kinds_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("up.jsonl", "down.jsonl")]
    for path, transposed in zip(paths, (True, False), strict=True):
        path.write_text(json.dumps(dict(LAYER.replace(transposed=transposed).items())))
    text = invoke(*map(str, paths)).output
    up, down = text.split("## 1 ordinary convolutions")
    assert "# What counters report of 2 convolutions" in up
    assert "## 1 transposed convolutions" in up
    assert "2 × MACs, input rule" in up
    assert "2 × MACs, output rule" in down


def test_a_file_without_layers(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_text("")
    assert invoke(str(path)).exit_code == 1


def test_fvcore_if_it_is_installed() -> None:
    names = {counter.name for counter in INSTALLED}
    assert ("fvcore" in names) is (find_spec("fvcore") is not None)
