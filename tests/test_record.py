"""Records of long runs: continued after any end, and never spoilt."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle.certificates.certify import Tally, Task, certify
from oracle.certificates.record import Record, RecordError
from oracle.commands.certify import parse_values

RUN = {"box": [1, 2]}
BOX: dict[str, Any] = {"kernel_size": [1, 2, 3], "stride": [1, 2], "dilation": [1, 2]}


def steps(path: Path) -> list[dict[str, Any]]:
    """What a later run finds in the file."""
    with Record(path, RUN) as record:
        return record.steps


def written(path: Path, *parts: bytes) -> bytes:
    """A record with two steps, and then these bytes."""
    with Record(path, RUN) as record:
        record.append({"stride": 1})
        record.append({"stride": 2})
    path.write_bytes(path.read_bytes() + b"".join(parts))
    return path.read_bytes()


def test_steps_are_found_again(tmp_path: Path) -> None:
    written(tmp_path / "record")
    assert steps(tmp_path / "record") == [{"stride": 1}, {"stride": 2}]


def test_a_step_is_synced_before_append_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes | None] = []
    folders: list[int] = []
    sync = os.fsync
    path = tmp_path / "record"

    def noted(descriptor: int) -> None:
        folder = os.path.samestat(os.fstat(descriptor), tmp_path.stat())
        folders.extend([descriptor] * folder)
        synced.append(None if folder else path.read_bytes())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with Record(path, RUN) as record:
        assert synced == [record.head, None]  # the name of the new file too
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(*folders)
        record.append({"stride": 1})
        assert synced[2:] == [record.head + b'{"stride": 1}\n']


@pytest.mark.parametrize("torn", [b"{", b'{"stride": 3}', b'{"stri\xff', b'{"stride": 1234567890'])
def test_a_torn_last_line_is_dropped(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "record"
    whole = written(path)
    path.write_bytes(whole + torn)
    with Record(path, RUN) as record:
        assert record.steps == [{"stride": 1}, {"stride": 2}]
        record.append({"stride": 4})
    assert path.read_bytes() == whole + b'{"stride": 4}\n'


def test_a_torn_first_line_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "record"
    with Record(path, RUN):
        head = path.read_bytes()
    for length in range(len(head)):
        path.write_bytes(head[:length])
        assert steps(path) == []
        assert path.read_bytes() == head


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"run": {"box": [1, 3]}}\n', r'it is of {"box": \[1, 3\]}'),
        (b"my notes\n", "another kind of file"),
        (b"my notes", "another kind of file"),
        (b"[]\n", "another kind of file"),
    ],
)
def test_another_file_is_refused_untouched(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "record"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=words), Record(path, RUN):
        pass
    assert path.read_bytes() == content


def test_a_spoilt_line_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "record"
    content = written(path, b"nonsense\n", b'{"stride": 3}\n')
    with pytest.raises(RecordError, match="line 4, is not a finished step"), Record(path, RUN):
        pass
    assert path.read_bytes() == content


STEP = {"stride": 1, "dilation": 1, **Tally(1, 1, 0).as_json()}


@pytest.mark.parametrize(
    "step",
    [
        [],
        {},
        None,
        1,
        {"stride": 1},
        {**STEP, "axes": "many"},
        {**STEP, "stride": [1]},
        {**STEP, "seconds": None},
        {**STEP, "least": {"layer": {}}},
        {**STEP, "least": [1]},
    ],
)
def test_a_line_that_is_no_step_is_refused_untouched(tmp_path: Path, step: object) -> None:
    path = tmp_path / "record"
    certify(**BOX, record=path, sampled=0)
    head, *_ = path.read_bytes().splitlines(keepends=True)
    content = head + json.dumps(step).encode() + b"\n"
    path.write_bytes(content)
    with pytest.raises(RecordError, match="line 2, is not a finished step"):
        certify(**BOX, record=path, sampled=0)
    assert path.read_bytes() == content


def test_a_file_in_use_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record"
    with Record(path, RUN), pytest.raises(RecordError, match="in use"), Record(path, RUN):
        pass


def test_a_file_in_use_is_not_known_where_the_system_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    path = tmp_path / "record"
    with Record(path, RUN), Record(path, RUN) as record:
        assert record.steps == []


def test_nothing_is_appended_to_a_closed_record(tmp_path: Path) -> None:
    record = Record(tmp_path / "record", RUN)
    with pytest.raises(ValueError, match="not open"):
        record.append({})
    with record:
        record.append({})
    with pytest.raises(ValueError, match="not open"):
        record.append({})


def test_a_run_continues_where_it_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "record"
    run: list[tuple[int, int]] = []

    def stop(_: list[Task], results: Iterator[tuple[Task, Tally]]) -> Iterator[tuple[Task, Tally]]:
        for task, found in results:
            yield task, found
            run.append((task.s, task.d))
            if len(run) == 8:  # two finished (stride, dilation) of three kernels each, and a part
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        certify(**BOX, record=path, follow=stop)
    assert len(path.read_bytes().splitlines()) == 3
    before = set(run[:6])
    run.clear()

    def note(
        tasks: list[Task], results: Iterator[tuple[Task, Tally]]
    ) -> Iterator[tuple[Task, Tally]]:
        run.extend((task.s, task.d) for task in tasks)
        return results

    found = certify(**BOX, record=path, follow=note)
    assert len(run) == 6
    assert not before & set(run)
    plain = certify(**BOX)
    assert {**found.as_json(), "times": 0} == {**plain.as_json(), "times": 0}


def test_a_record_of_another_candidate_or_box_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record"
    certify(**BOX, record=path)
    content = path.read_bytes()
    with pytest.raises(RecordError, match="not the record of this run"):
        certify("output", **BOX, record=path)
    with pytest.raises(RecordError, match="not the record of this run"):
        certify(**{**BOX, "stride": [1]}, record=path)
    assert path.read_bytes() == content


#: How often a run is killed, with its box: by night ten times, in one that takes longer.
KILLS = [
    (1, ("1..5", "1..4", "1..3")),
    pytest.param(10, ("1..12", "1..8", "1..6"), marks=pytest.mark.slow),
]


def started(
    path: Path, sizes: tuple[str, str, str], output: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """A run with two workers and a record, in a process of its own."""
    kernel_size, stride, dilation = sizes
    box = ["--kernel-size", kernel_size, "--stride", stride, "--dilation", dilation]
    rest = ["--sample", "20", "--json", "--workers", "2", "--record", str(path)]
    return subprocess.Popen(
        [sys.executable, "-m", "oracle", "certify", *box, *rest],
        stdout=output,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def lines(path: Path) -> int:
    """Whole lines of a file that may not be there yet."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def descendants(process: int) -> set[int]:
    """The processes below one, as /proc has them."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):  # it has just ended
                continue
            if parent == process:
                found |= {int(entry.name), *descendants(int(entry.name))}
    return found


def running(process: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("kills", "sizes"), KILLS)
def test_a_killed_run_leaves_no_process_and_is_continued(
    tmp_path: Path, kills: int, sizes: tuple[str, str, str]
) -> None:
    path = tmp_path / "record"
    chance = random.Random(0)
    left: set[int] = set()
    finished = []
    for kill in range(kills):
        process = started(path, sizes)
        before, late = lines(path), kill % 3 != 2  # some are killed before there is a step
        while process.poll() is None and late and lines(path) <= before:
            time.sleep(0.01)
        time.sleep(chance.random() / (2 if late else 0.5))
        left |= descendants(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        finished.append(lines(path))
    assert left  # there were workers to be left behind
    for _ in range(1000):
        if not any(map(running, left)):
            break
        time.sleep(0.05)
    assert not any(map(running, left))
    found = json.loads(started(path, sizes, subprocess.PIPE).communicate()[0])
    kernel_size, stride, dilation = map(parse_values, sizes)
    undisturbed = certify(kernel_size=kernel_size, stride=stride, dilation=dilation, sampled=20)
    plain = json.loads(json.dumps(undisturbed.as_json()))
    assert {**found, "times": 0} == {**plain, "times": 0}
    assert found["established"]
    print("steps in the record after each kill, and at the end:", finished, lines(path))  # noqa: T201
