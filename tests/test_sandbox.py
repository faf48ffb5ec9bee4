"""Readers that run in a process of their own."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import parser

from analytic import Layer, sandbox
from analytic.models import Missing, Reading, UsageError

READER = "analytic.onnx.reader:read"
TEXT = """<ir_version: 8, opset_import: ["": 17]>
g (float[batch, 2, 5] x, float[2, 3, 4] w, float[3, 3] v) => (float[a, b, c] y, float[d, e] z) {
    up = ConvTranspose <strides = [2], pads = [1, 0]> (x, w)
    y = ConvTranspose <auto_pad = "SAME_UPPER", strides = [9]> (up, v)
    z = ConvTranspose <auto_pad = "SAME_UPPER", strides = [9]> (x, w)
}"""
UP = Layer([5], 2, 3, 4, 2, 1, bias=False, batch_size=3, end_padding=0)


@pytest.fixture
def model_file(tmp_path: Path) -> str:
    path = tmp_path / "model.onnx"
    onnx.save(parser.parse_model(TEXT), path)
    return str(path)


def is_read(reading: Reading) -> None:
    """Whether the rows of the model are right: two layers, one that is none, one note."""
    same = Layer([5], 2, 3, 4, 9, -3, bias=False, batch_size=3, end_padding=-2)
    assert reading.rows["up"] == UP
    assert reading.rows["z"] == same
    missing = reading.rows["y"]
    assert isinstance(missing, Missing)
    assert "as many axes" in missing.reason
    assert [*reading.rows] == ["up", "y", "z"]
    (note,) = reading.notes
    assert note.startswith("z: SAME is 45 positions")


def test_rows_and_notes_come_through(model_file: str) -> None:
    is_read(sandbox.read(READER, model_file, {"dims": {"batch": 3}}))


def test_what_the_reader_says_is_raised(model_file: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"model.onnx: .* no dimension called 'width'"):
        sandbox.read(READER, model_file, {"dims": {"width": 3}})
    with pytest.raises(UsageError, match=r"nowhere: No such file or directory$"):
        sandbox.read(READER, str(tmp_path / "nowhere"), {})
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="empty: not an ONNX model: the file is empty") as refused:
        sandbox.read(READER, str(tmp_path / "empty"), {})
    assert not isinstance(refused.value, UsageError)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """The limits that would have been set, in this process, which keeps its own."""
    limits: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    return limits


@pytest.mark.usefixtures("limits")
def test_without_the_package_that_the_reader_needs(
    model_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("analytic.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert sandbox.answer(READER, model_file, {}, 1) == {
        "usage": f"{model_file}: onnx is not installed: pip install 'onnx>=1.17'"
    }


@pytest.mark.usefixtures("limits")
def test_answers_of_the_process_that_reads(
    model_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    request = [READER, model_file, {"dims": {"batch": 3}}, 1]
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(request)))
    sandbox.main()
    reply = capsys.readouterr().out
    done = subprocess.CompletedProcess([], 0, "printed by a package\n" + reply, "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    is_read(sandbox.read(READER, model_file, {}))
    assert sandbox.answer(READER, model_file + "x", {}, 1) == {
        "usage": f"{model_file}x: No such file or directory"
    }
    wrong = sandbox.answer(READER, model_file, {"dims": {"y": 1}}, 1)
    assert wrong.keys() == {"usage"}
    Path(model_file).write_bytes(b"")
    words = f"{model_file}: not an ONNX model: the file is empty"
    assert sandbox.answer(READER, model_file, {}, 1) == {"failed": words}


def test_the_process_that_reads_is_limited(
    limits: dict[int, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not below what is there already, and never above a hard limit."""
    unlimited = resource.RLIM_INFINITY
    for hard in (unlimited, 1000):
        monkeypatch.setattr(resource, "getrlimit", lambda _, hard=hard: (unlimited, hard))
        sandbox.limit(10**12)
        memory, time = limits[resource.RLIMIT_AS], limits[resource.RLIMIT_CPU]
        assert (memory[1], time) == (hard, (60, hard))
        if hard == unlimited:
            assert 10**12 + 10**7 < memory[0] < 10**12 + 10**12
        else:
            assert memory[0] == hard
    limits.clear()
    monkeypatch.setattr(Path, "exists", lambda _: False)
    sandbox.limit(1)
    assert limits == {}


def test_a_process_that_does_not_answer_is_one_line(
    model_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stderr, words in (("", r"crash \(-11\)"), ("a\nout of it\n", r"crash \(out of it\)")):
        done = subprocess.CompletedProcess([], -11, "", stderr)
        monkeypatch.setattr(subprocess, "run", lambda *_, done=done, **__: done)
        with pytest.raises(ValueError, match=words):
            sandbox.read(READER, model_file, {})


READERS = """
from analytic.models import Reading

def greedy(path):
    with open(path, "rb") as file:
        return Reading({}, [str(len(bytearray(2**40)))])

def endless(path):
    while True:
        pass
"""


@pytest.mark.parametrize("reader", ["greedy", "endless"])
def test_a_reader_that_takes_too_much_is_stopped(
    reader: str, model_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "readers_of_a_test.py").write_text(READERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    program = Path(sandbox.__file__).read_text()
    (tmp_path / "quick_sandbox.py").write_text(program.replace("MOST_TIME = 60", "MOST_TIME = 1"))
    monkeypatch.setattr(sandbox, "__name__", "quick_sandbox")
    with pytest.raises(ValueError, match=r"not read: it takes more than 2 GiB of memory or 60 s"):
        sandbox.read(f"readers_of_a_test:{reader}", model_file, {})


def test_the_process_that_reads_imports_nothing_from_where_the_command_is_run(
    model_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "onnx.py").write_text("raise SystemExit('not the package')")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    is_read(sandbox.read(READER, model_file, {"dims": {"batch": 3}}))
