"""The command lines, as a person types them."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import runpy
import subprocess
import sys
import termios
import threading
import tracemalloc
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

import analytic
import oracle.cli
from analytic import Layer, cli
from analytic.commands import count as count_module
from analytic.commands import toolbox
from analytic.digits import all_digits
from analytic.tables import layer_of
from analytic.totals import Count, Passes

DATA = Path(__file__).parent / "data"
ONE = "--input-size 8x8 --in-channels 4 --out-channels 6 --kernel-size 4 --stride 2 --padding 1"
GOOD = '{"input_size": [8, 8], "in_channels": 4, "out_channels": 6, "kernel_size": 4}'


class Done(NamedTuple):
    status: int
    out: str
    err: str


class Pipe(io.BytesIO):
    """Standard input that can only be read from begin to end."""

    def seekable(self) -> bool:
        return False


class Program:
    """Runs a command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys = capsys
        self.monkeypatch = monkeypatch

    def __call__(self, line: str, stdin: str = "", name: str = "analytic") -> Done:
        program = {"analytic": cli.program, "oracle": oracle.cli.program}[name]
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(stdin.encode())))
        with pytest.raises(SystemExit) as end:
            cli.run(program, name, line.split())
        status = end.value.code
        assert isinstance(status, int)
        return Done(status, *self.capsys.readouterr())


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    return Program(capsys, monkeypatch)


def test_one_layer_for_people(program: Program) -> None:
    done = program(f"count {ONE} --batch-size 2")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:4] == [
        "exact MACs                    43,200",
        "2 × exact MACs                86,400",
        "published formula (nonzero)  239,808",
        "",
    ]
    assert "output size                    16x16" in lines


@pytest.mark.parametrize("name", ["analytic", "oracle"])
def test_one_layer_for_programs(program: Program, name: str) -> None:
    done = program(f"count {ONE} --no-bias --json --convention exact --rule input", name=name)
    fields = json.loads(done.out)
    count = fields.pop("count")
    layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, bias=False)
    assert layer_of(fields) == layer
    expected = analytic.count(layer, convention="exact", rule="input")._asdict()
    assert count == {**expected, "output_size": [16, 16]}


def test_every_flag_is_passed_on(program: Program) -> None:
    flags = (
        "--input-size 5x6 --in-channels 4 --out-channels 6 --kernel-size 3x2 --stride 2x3 "
        "--padding 1x0 --output-padding 1 --groups 2 --no-bias --dilation 2 --batch-size 3 "
        "--end-padding -1x2"
    )
    done = program(f"count {flags} --format csv")
    (row,) = csv.DictReader(io.StringIO(done.out))
    layer = Layer((5, 6), 4, 6, (3, 2), (2, 3), (1, 0), 1, 2, False, 2, 3, (-1, 2))
    assert layer_of(row) == layer
    assert row["count_total"] == str(analytic.count(layer).total)


#: What is said of a word for the padding of torch's transposed layer.
OF_WHOM = (
    "padding 'same' is of ordinary convolutions (transposed false), or of a framework "
    "(framework keras)"
)


def test_an_ordinary_layer(program: Program) -> None:
    """By hand: of 8 outputs an axis, all but one at each end read 3 inputs: 22 pairs."""
    line = f"count {ONE.replace('--kernel-size 4 --stride 2 --padding 1', '')} --no-transposed"
    for flags in ("--kernel-size 3 --padding same", "--kernel-size 3 --padding 1"):
        fields = json.loads(program(f"{line} {flags} --json").out)
        assert fields["transposed"] is False
        assert fields["count"]["overlaps"] == 22 * 22
        assert fields["count"]["macs"] == 24 * 22 * 22
    refused = program(f"count {ONE} --padding same")
    assert refused == (2, "", f"analytic: {OF_WHOM}\n")
    refused = program(f"{line} --kernel-size 3 --padding half")
    words = """padding must be an integer, "same" or "valid", got 'half'"""
    assert refused == (2, "", f"analytic: {words}\n")


def test_files_have_layers_of_both_kinds(program: Program) -> None:
    content = (
        "input_size,in_channels,out_channels,kernel_size,padding,transposed\n"
        "8x8,4,6,3,same,False\n8x8,4,6,3,0, \n8x8,4,6,3,1,1\n8x8,4,6,3,same,1\n8,4,6,3,1,2\n"
    )
    done = program("count - --format csv", stdin=content)
    rows = [*csv.DictReader(io.StringIO(done.out))]
    assert [row["count_overlaps"] for row in rows] == [str(22 * 22), str(24 * 24), str(22 * 22)]
    assert f"line 5: {OF_WHOM}\n" in done.err
    assert "line 6: transposed must be True or False, got '2'\n" in done.err
    row = GOOD.replace("}", ', "transposed": false, "padding": "valid", "name": "a"}')
    done = program("count - --json", stdin=row)
    assert json.loads(done.out)["count"]["output_size"] == [5, 5]


def passes_by_hand(axis: int) -> dict[str, list[int]]:
    """Of 2 filters of 3 taps, stride 2 and a bias, on 2 samples of inputs of so many: all pairs.

    MACs, additions, operations, elements and elements that are reached of each pass.
    """
    pairs = [(i, t) for i in range(axis) for t in range(3)]
    landed = 2 * 2 * len(pairs)
    outputs, covered = 2 * axis + 1, len({2 * i + t for i, t in pairs})
    costs = {
        "forward": [landed, landed, 2 * 2 * outputs, 2 * 2 * covered],  # the bias makes up for it
        "grad_input": [landed, landed - 2 * axis, 2 * axis, 2 * axis],
        "grad_weight": [landed, landed - 2 * 3, 2 * 3, 2 * 3],
        "grad_bias": [0, 2 * (2 * outputs - 1), 2, 2],
    }
    return {
        name: [macs, additions, macs + additions, elements, reached]
        for name, (macs, additions, elements, reached) in costs.items()
    }


def test_passes(program: Program) -> None:
    flags = "--in-channels 1 --out-channels 2 --kernel-size 3 --stride 2 --batch-size 2 --passes"
    costs = passes_by_hand(5)
    step = [*map(sum, zip(*costs.values(), strict=True))]
    without = [total - part for total, part in zip(step, costs["grad_input"], strict=True)]
    expected = {**costs, "training_step": step, "training_step_without_grad_input": without}
    fields = json.loads(program(f"count --input-size 5 {flags} --json").out)
    assert {name: [*cost.values()] for name, cost in fields["passes"].items()} == expected
    assert "passes" not in fields["count"]
    (row,) = csv.DictReader(io.StringIO(program(f"count --input-size 5 {flags} --format csv").out))
    names = ("macs", "additions", "operations", "elements", "reached")
    for kind, cost in expected.items():
        assert [int(row[f"passes_{kind}_{name}"]) for name in names] == cost
    for style in ("table", "markdown", "latex"):
        text = program(f"count --input-size 5 {flags} --format {style}").out
        line = next(line for line in text.splitlines() if "without grad" in line)
        assert [int(number) for number in re.findall(r"\d+", line)] == without


def test_passes_of_a_file(program: Program) -> None:
    rows = [
        json.dumps({"input_size": [size], "in_channels": 1, "out_channels": 2, "kernel_size": 3})
        for size in (5, 7)
    ]
    content = "\n".join(row.replace("}", ', "stride": 2, "batch_size": 2}') for row in rows)
    hand = [passes_by_hand(size) for size in (5, 7)]
    operations = [[cost[2] for cost in costs.values()] for costs in hand]
    steps = [sum(of_passes) for of_passes in operations]
    lines = program("count - --passes", stdin=content).out.splitlines()
    assert lines[0].endswith(
        "forward (exact)    grad_input (exact)    grad_weight (exact)    "
        "grad_bias (exact)    training step (exact)"
    )
    for line, of_passes, step in zip(lines[2:4], operations, steps, strict=True):
        assert [int(word) for word in line.split()[-5:]] == [*of_passes, step]
    assert int(lines[4].split()[-1]) == sum(steps)
    done = program("count - --passes --json", stdin=content)
    assert done.err.endswith(f", training step (exact) {sum(steps)}\n")
    assert [
        json.loads(line)["passes"]["training_step"]["operations"] for line in done.out.splitlines()
    ] == steps
    clash = content.replace("{", '{"passes": 1, ', 1)
    done = program("count - --passes --json", stdin=clash)
    assert "line 1: the row's own key 'passes' would be overwritten" in done.err
    assert json.loads(program("count - --json", stdin=clash).out.splitlines()[0])["passes"] == 1
    none = program("count - --passes", stdin=GOOD.replace("4}", "0}"))
    words = "analytic: -, line 1: kernel_size must be positive, got 0 on axis 0\n"
    assert none == (1, "", words)


def test_formats_of_one_layer(program: Program) -> None:
    assert program(f"count {ONE} --format markdown").out.startswith("| what is counted")
    assert program(f"count {ONE} --format latex").out.startswith("\\begin{tabular}{lr}")


@pytest.mark.parametrize("name", ["analytic", "oracle"])
def test_a_file_of_layers(program: Program, name: str) -> None:
    """The DCGAN generator; the totals are sums over the experiment's own figures."""
    done = program(f"count {DATA / 'dcgan.jsonl'} --json", name=name)
    found = [json.loads(line) for line in done.out.splitlines()]
    rows = [json.loads(line) for line in (DATA / "dcgan.jsonl").read_text().splitlines()]
    for row, result in zip(rows, found, strict=True):
        count = result.pop("count")
        assert result == row
        assert (count["overlaps"], count["covered"]) == (row["taps"], row["nonzero"])
        assert count["macs"] == row["in_channels"] * row["out_channels"] * row["taps"]
    macs = sum(row["in_channels"] * row["out_channels"] * row["taps"] for row in rows)
    assert done.err.startswith("total of 5 layers: ")
    assert f"exact MACs {macs}, 2 × exact MACs {2 * macs}, " in done.err
    assert done.status == 0


def test_a_table_of_a_file(program: Program) -> None:
    done = program(f"count {DATA / 'dcgan.jsonl'} --rule output")
    lines = done.out.splitlines()
    assert lines[0].endswith("published formula (nonzero)")
    assert "2 × MACs (output rule)" in lines[0]
    assert len(lines) == 2 + 5 + 1
    assert lines[2].split()[:3] == ["1", "DCGAN", "(pytorch/examples)"]
    assert "total of 5 layers" in lines[-1]
    assert len({len(line) for line in lines}) == 1


def test_long_tables_are_written_in_blocks(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytic.report, "BLOCK", 2)
    lines = program("count -", stdin=f"{GOOD}\n" * 5).out.splitlines()
    assert sum("published" in line for line in lines) == 3
    assert sum("8x8" in line for line in lines) == 5
    for style in ("markdown", "latex"):  # one table, however long
        text = program(f"count - --format {style}", stdin=f"{GOOD}\n" * 5).out
        assert text.count("published") == 1
        assert text.count("8x8") == 5


def test_a_bar_in_a_name_ends_no_cell(program: Program) -> None:
    row = GOOD.replace("{", '{"name": "a|b", ')
    assert r"| a\|b" in program("count - --format markdown", stdin=row).out


def test_csv_in_and_out(program: Program) -> None:
    content = "id,input_size,in_channels,out_channels,kernel_size,bias\nup,8x8,4,6,4,false\n"
    done = program("count - --format csv", stdin=content)
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert [*row][:6] == ["id", "input_size", "in_channels", "out_channels", "kernel_size", "bias"]
    assert (row["id"], row["bias"], row["count_output_size"]) == ("up", "false", "11x11")
    assert row["count_macs"] == str(4 * 6 * 32 * 32)


def test_bad_rows_are_named_and_the_others_counted(program: Program) -> None:
    # A layer: 121 positions, 1024 overlaps; 24·(121·16 + 903) + 6·121·4 = 71040 operations.
    done = program("count - --json", stdin=f"{GOOD}\n{{}}\nnonsense\n{GOOD}\n")
    assert done.status == 1
    assert len(done.out.splitlines()) == 2
    sums = "exact MACs 49152, 2 × exact MACs 98304, published formula (nonzero) 142080"
    assert done.err.splitlines() == [
        "-, line 2: input_size is missing",
        "-, line 3: not JSON: Expecting value at column 1 (nor the header of a CSV file)",
        f"total of 2 layers: {sums}",
        "analytic: 2 of 4 rows were not counted",
    ]


def test_rows_that_all_fail_for_one_reason_are_named_once(program: Program) -> None:
    bad = [GOOD.replace("8, 8", f"{-size}, 8") for size in range(500)]
    done = program("count -", stdin="\n".join(bad))
    words = "line 1: input_size must be positive, got 0 on axis 0 (and so do all 500 rows)"
    assert done == (1, "", f"analytic: -, {words}\n")
    done = program("count - --json", stdin="\n".join([*bad, "{}", *bad[:2], GOOD, *bad[:2]]))
    reason = "input_size must be positive, got"
    assert len(done.out.splitlines()) == 1
    assert [line for line in done.err.splitlines() if "total" not in line] == [
        f"-, 500 lines from 1 to 500: {reason} 0 on axis 0",
        "-, line 501: input_size is missing",
        f"-, 2 lines from 502 to 503: {reason} 0 on axis 0",
        f"-, line 505: {reason} 0 on axis 0",
        f"-, line 506: {reason} -1 on axis 0",
        "analytic: 505 of 506 rows were not counted",
    ]
    clash = GOOD.replace("{", '{"count": 1, ')
    done = program("count - --json", stdin=f"{clash}\n" * 3)
    words = "line 1: the row's own key 'count' would be overwritten (and so do all 3 rows)"
    assert done == (1, "", f"analytic: -, {words}\n")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("count FILE", "analytic"),
        ("compare FILE", "analytic"),
        ("audit FILE", "oracle"),
        ("identify 24576 --layers FILE", "analytic"),
        ("plugins FILE", "oracle"),
    ],
)
def test_a_file_without_layers_is_one_line(
    program: Program, tmp_path: Path, line: str, name: str
) -> None:
    path = tmp_path / "layers.csv"
    path.write_text("layers:\n  - stride: 2\n")
    done = program(line.replace("FILE", str(path)), name=name)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"{name}: {path} is YAML: wanted are JSON Lines")
    assert done.err.count("\n") == 1
    path.write_text("{}\n" * 2 + "x\n[1]")
    done = program(f"count {path}")
    assert done.err.splitlines() == [
        f"{path}, 2 lines from 1 to 2: input_size is missing",
        f"{path}, line 3: not JSON: Expecting value at column 1 (nor the header of a CSV file)",
        f"{path}, line 4: one JSON object a layer is needed, got [1]",
        f"{name}: 4 of 4 rows were not counted".replace("oracle", "analytic"),
    ]


def test_names_are_shown_on_one_line_and_not_for_ever(program: Program) -> None:
    names = ["a\\nb\\u001b[31m", "x" * 100_000, "\\ud800", "couche n° 1", "y" * 80, "z" * 81]
    rows = "".join(GOOD.replace("{", f'{{"name": "{name}", ') + "\n" for name in names)
    done = program("count -", stdin=rows)
    assert (done.status, done.err) == (0, "")
    assert "\x1b" not in done.out
    shown = [line.split("  8x8")[0][8:].strip() for line in done.out.splitlines()[2:8]]
    assert shown[:4] == ["a b [31m", "x" * 79 + "…", "", "couche n° 1"]
    assert shown[4:] == ["y" * 80, "z" * 79 + "…"]


def test_names_of_any_kind_pass_through(program: Program) -> None:
    row = GOOD.replace("{", '{"name": "\\ud800 é", ')
    done = program("count - --json", stdin=row)
    assert json.loads(done.out)["name"] == json.loads(row)["name"]
    assert done.out.isascii()


def test_a_terminal_that_knows_ascii_alone() -> None:
    done = run(
        "count", *ONE.split(), capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0
    assert b"2 \\xd7 exact MACs" in done.stdout


def test_rows_whose_results_would_overwrite_are_bad(program: Program) -> None:
    done = program("count - --json", stdin=GOOD.replace("{", '{"count": 1, '))
    assert done.status == 1
    assert "line 1: the row's own key 'count' would be overwritten" in done.err


def test_misspelt_keys_are_pointed_out_once(program: Program) -> None:
    row = GOOD.replace("}", ', "strid": 2, "name": "up"}')
    done = program("count - --json", stdin=f"{row}\n{row}\n")
    assert done.status == 0
    assert done.err.count("note: 'strid' is not an argument and is carried through") == 1
    assert "is 'stride' meant?" in done.err
    assert "'name'" not in done.err


def test_the_data_has_no_misspelt_keys(program: Program) -> None:
    done = program(f"count {DATA / 'layers.jsonl'} --json")
    assert done.status == 0
    assert "note" not in done.err


HEADER = "input_size,in_channels,out_channels,kernel_size\n"


@pytest.mark.parametrize("content", ["", "\n\n", HEADER])
def test_files_without_layers(program: Program, content: str) -> None:
    done = program("count -", stdin=content)
    assert done == (1, "", "analytic: - has no layers\n")


@pytest.mark.parametrize(
    ("line", "name", "used"),
    [
        ("count FILE --json", "analytic", '"macs": 24576'),
        ("count FILE --json", "oracle", '"macs": 24576'),
        ("compare FILE", "analytic", "24,576"),
        ("audit FILE", "oracle", "2 transposed convolutions"),
        ("identify 24576 --layers FILE", "analytic", ""),  # a sum that lacks a layer is none
        ("plugins FILE", "oracle", ""),
    ],
)
def test_every_command_reads_a_file_alike(
    program: Program, tmp_path: Path, line: str, name: str, used: str
) -> None:
    path = tmp_path / "layers.jsonl"
    bad = GOOD.replace("8, 8", "8, 0")
    misspelt = GOOD.replace("}", ', "strid": 1}')
    path.write_text(f"{GOOD}\n{bad}\n{misspelt}\n")
    done = program(line.replace("FILE", str(path)), name=name)
    assert done.status == 1
    assert f"{path}, line 2: input_size must be positive, got 0 on axis 1\n" in done.err
    assert "note: 'strid' is not an argument and is carried through; is 'stride' m" in done.err
    assert done.err.endswith(f"{name}: 1 of 3 rows were not counted\n")
    assert used in done.out
    assert bool(used) == bool(done.out)
    path.write_text("\n")
    done = program(line.replace("FILE", str(path)), name=name)
    assert (done.status, done.out) == (1, "")


def test_a_row_is_written_before_the_next_one_is_read() -> None:
    command = [sys.executable, "-m", "analytic", "count", "-", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        assert process.stdout
        timer = threading.Timer(60, process.kill)  # a program that waits for more writes nothing
        timer.start()
        for size in (8, 9, 10):
            process.stdin.write(GOOD.replace("[8, 8]", f"[{size}]").encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["input_size"] == [size]
        timer.cancel()
        process.communicate()


def peak(rows: int, style: str, program: Program) -> int:
    """The most memory in use at a time, in bytes, as a file of so many rows is counted."""
    lines = (GOOD.replace("{", f'{{"name": "layer {i % 100}", ') for i in range(rows))
    content = "\n".join(lines)
    tracemalloc.start()
    program(f"count - --format {style}", stdin=content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_is_flat(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the file: what is kept of a row would be some hundred bytes of each."""

    class Discarded(io.StringIO):
        def write(self, text: str) -> int:
            return len(text)

    monkeypatch.setattr(sys, "stdout", Discarded())
    monkeypatch.setattr(analytic.rows, "BLOCK", 2**14)
    for style in ("json", "csv", "table"):
        monkeypatch.setattr(analytic.report, "BLOCK", 100)
        peak(100, style, program)
        few, many = (peak(rows, style, program) for rows in (500, 1500))
        assert many - few < 1000 * 150 + 1000 * 110  # the file itself, twice: as text and as bytes


def test_of_a_thousand_keys_nothing_more_is_said(program: Program) -> None:
    rows = [GOOD.replace("{", f'{{"k{i}": 1, ') for i in range(1100)]
    rows += [GOOD.replace("}", ', "strid": 1}')]
    assert "strid" in program("count - --json", stdin="\n".join(rows[-900:])).err
    assert "strid" not in program("count - --json", stdin="\n".join(rows)).err


def test_totals_of_a_file_are_exact(program: Program) -> None:
    """By hand: kernel 1, one channel, no bias: n² operations and MACs."""
    head = "input_size,in_channels,out_channels,kernel_size,bias"
    sizes = (1, 10**12, 10**3000)
    rows = [head, *(f"{size}x{size},1,1,1,false" for size in sizes)]
    done = program("count - --json", stdin="\n".join(rows))
    with all_digits():
        total = sum(size * size for size in sizes)
        expected = f"total of 3 layers: exact MACs {total}, 2 × exact MACs {2 * total}, "
    assert done.err.startswith(expected)


NEEDED = "--input-size, --in-channels, --out-channels, --kernel-size"
USAGE = [
    ("count", f"{NEEDED} are missing (or give a FILE)"),
    ("count --input-size 8 --kernel-size 3 --in-channels 4", "--out-channels is missing (or give"),
    (f"count {ONE} --stride 0", "stride must be positive, got 0 on axis 0"),
    (f"count {ONE} --stride 1x0", "stride must be positive, got 0 on axis 1"),
    (
        f"count {ONE} --kernel-size 4x4x4",
        "kernel_size must have one entry an axis (2), got 3: (4, 4, 4)",
    ),
    (f"count {ONE} --padding 99", "output_size must be positive, got -180 on axis 0"),
    (f"count {ONE} --groups 3", "in_channels must be divisible by groups 3, got 4"),
    (
        f"count {ONE} --stride 2.0",
        "Invalid value for '--stride': '2.0' is not an integer, nor integers joined by x",
    ),
    (
        f"count {ONE} --in-channels 4x4",
        "Invalid value for '--in-channels': '4x4' is not an integer",
    ),
    (
        f"count {ONE} --stride=",
        "Invalid value for '--stride': '' is not an integer, nor integers joined by x",
    ),
    ("count nowhere.jsonl", "nowhere.jsonl: No such file or directory"),
    (f"count {DATA}", f"{DATA}: Is a directory"),
    (f"count - {ONE}", "give a FILE or the flags of one layer, not both"),
    (
        f"count {ONE} --convention mine",
        "Invalid value for '--convention': 'mine' is not one of 'nonzero', 'documented', 'exact'.",
    ),
    (
        f"count {ONE} --rule mine",
        "Invalid value for '--rule': 'mine' is not one of 'exact', 'input', 'output'.",
    ),
    (f"count {ONE} --json --format csv", "--json and --format csv contradict each other"),
    (f"count {ONE} --kernel 4", "No such option"),  # the rest is click's
    ("cuont", "No such command 'cuont'. Is 'count' meant?"),
    ("frobnicate", "No such command 'frobnicate'.\n"),
]


@pytest.mark.parametrize(("line", "words"), USAGE)
@pytest.mark.parametrize("name", ["analytic", "oracle"])
def test_wrong_usage_is_one_line(program: Program, name: str, line: str, words: str) -> None:
    done = program(line, name=name)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"{name}: {words}")
    assert done.err.count("\n") == 1


def test_huge_integers(program: Program) -> None:
    done = program(f"count {ONE} --input-size {'9' * 4000}x1 --json")
    count = done.out.split('"macs": ')[1].split(",")[0]
    n = 10**4000 - 1
    assert done.status == 0
    assert len(count) > 4000
    with all_digits():
        assert int(count) == 24 * (4 * n - 2) * 2


def test_the_experiment_says_what_it_cannot(program: Program) -> None:
    done = program(f"count {ONE} --input-size 999999x999999", name="oracle")
    assert done.status == 2
    assert "the experiment would take" in done.err
    done = program(f"count {ONE} --input-size 2x2x2x2 --axes 4", name="oracle")
    assert "torch has transposed convolutions of 1, 2 or 3 axes, got 4" in done.err
    row = GOOD.replace("[8, 8]", "[999999, 999999]")
    done = program("count - --json", stdin=f"{row}\n{GOOD}\n", name="oracle")
    assert done.status == 1
    assert "line 1: the experiment would take" in done.err
    assert len(done.out.splitlines()) == 1


def test_check_compares(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    done = program(f"count {ONE} --check", name="oracle")
    assert (done.status, done.err) == (0, "1 of the counts agree with the closed form\n")
    done = program(f"count {DATA / 'dcgan.jsonl'} --check", name="oracle")
    assert done.status == 0
    assert done.err == "5 of the counts agree with the closed form\n"

    class Wrong:
        """Says 7 positions, and 5 additions of the gradient by the input."""

        def count(self, layer: Layer, **choices: Any) -> Count:
            return analytic.count(layer, **choices)._replace(covered=7 if seven else 121)

        def passes(self, layer: Layer, **choices: Any) -> Passes:
            passes = analytic.passes(layer, **choices)
            return passes._replace(grad_input=passes.grad_input._replace(additions=5))

    seven = True
    wrong = count_module.count_command("oracle", {"wrong": Wrong}, check=analytic)
    group = cli.commands("oracle", "", {})
    group.add_command(wrong, "wrong")
    monkeypatch.setattr(oracle.cli, "program", group)
    monkeypatch.setattr(group, "get_command", lambda _, name: {"wrong": wrong}.get(name))
    differs = "the experiment gives covered 7, the closed form 256"
    assert program(f"wrong {ONE} --check", name="oracle") == (1, "", f"oracle: {differs}\n")
    done = program("wrong - --check --json", stdin=f"{GOOD}\n", name="oracle")
    assert done.status == 1
    assert "line 1: the experiment gives covered 7, the closed form 121" in done.err
    assert program(f"wrong {ONE}", name="oracle").status == 0
    seven = False
    assert program("wrong - --check --json", stdin=f"{GOOD}\n", name="oracle").status == 0
    done = program("wrong - --check --json --passes", stdin=f"{GOOD}\n", name="oracle")
    differs = "the experiment gives grad_input additions 5, the closed form 24320"
    assert f"line 1: {differs}" in done.err


def test_published_snippet(program: Program) -> None:
    line = "snippet --input-size 2048x2048 --kernel-size 4 --stride 2 --padding 1"
    done = program(line, name="oracle")
    assert [words.split()[-1] for words in done.out.splitlines()] == ["50298880", "50298884"]
    # Dilation, output padding and uncovered pixels: 4 products on 9 positions, 2 on one of them.
    line = "snippet --input-size 2 --kernel-size 2 --stride 3 --dilation 3 --output-padding 2"
    done = program(line, name="oracle")
    assert [words.split()[-1] for words in done.out.splitlines()] == ["-5", "-5"]
    done = program("snippet --kernel-size 1", name="oracle")
    assert done.err == "oracle: --input-size is missing\n"
    done = program("snippet --input-size 2x2x2x2 --kernel-size 1", name="oracle")
    assert done.status == 2
    assert done.err.startswith("oracle: input_size must have at most 3 entries")
    done = program("snippet --input-size 1000000x1000000 --kernel-size 1", name="oracle")
    assert done.status == 2
    assert "max_bytes" in done.err


@pytest.mark.parametrize("name", ["analytic", "oracle"])
def test_help_and_version(program: Program, name: str) -> None:
    assert program("--version", name=name).out == f"{name}, version {analytic.__version__}\n"
    assert "count" in program("--help", name=name).out
    asked = program("", name=name)
    assert (asked.status, asked.out) == (2, "")
    assert asked.err.startswith("Usage:")
    for page in (program("--help", name=name).out, program("count --help", name=name).out):
        example_works(program, name, page)


@pytest.mark.parametrize("name", ["analytic", "oracle"])
def test_every_command_has_help_with_an_example(program: Program, name: str) -> None:
    group = {"analytic": cli.program, "oracle": oracle.cli.program}[name]
    for command in group.list_commands(click.Context(group)):
        page = program(f"{command} --help", name=name).out
        assert f"python -m {name} {command} " in page
        assert "\\b" not in page


def example_works(program: Program, name: str, page: str) -> None:
    start = page.index(f"python -m {name} count")
    example = page[start : page.index("\n\n", start)].replace("\\\n", " ")
    done = program(example.removeprefix(f"python -m {name} "), name=name)
    assert done.out.startswith("exact MACs                    21,600\n")


@pytest.mark.parametrize("name", ["analytic", "oracle"])
def test_as_a_module(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "count", *ONE.split()])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(name, run_name="__main__")
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("exact MACs                    21,600\n")


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "analytic", *arguments], check=False, **options)


@pytest.mark.parametrize("file", ["dcgan.jsonl", "layers.jsonl"])
def test_a_closed_pipe_is_no_error(file: str) -> None:
    """As in ``python -m analytic count FILE --json | head -1``."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = run("count", str(DATA / file), "--json", stdout=closed, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_output_that_breaks_at_the_last_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still buffered when the command ends is written by us, not by the interpreter."""

    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

        def fileno(self) -> int:
            return unused

    reader, unused = os.pipe()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Closed())
        patched.setattr(click, "echo", lambda *_, **__: None)
        with pytest.raises(SystemExit) as end:
            cli.run(cli.program, "analytic", ["count", *ONE.split()])
    os.close(reader)
    os.close(unused)
    assert end.value.code == 1


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("count", *ONE.split(), stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.endswith(b"No space left on device\n")
    assert done.stderr.count(b"\n") == 1


def test_a_file_that_fails_when_read(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(analytic.rows, "read", fail)
    words = "analytic: input or output: Input/output error\n"
    assert program("count -") == (1, "", words)


def test_interrupted(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(analytic.rows, "read", interrupt)
    assert program("count -") == (130, "", "\nanalytic: interrupted\n")


class Terminal(io.StringIO):
    """Standard error, if it were a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("file", [True, False])
def test_a_progress_bar_on_a_terminal(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: bool
) -> None:
    content = f"{GOOD}\n" * 50 + "nonsense\n"
    path = tmp_path / "layers.jsonl"
    path.write_text(content)
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    source = str(path) if file else "-"
    done = program(f"count {source} --json", stdin="" if file else content)
    assert done.status == 1
    assert len(done.out.splitlines()) == 50
    assert ("B/s" if file else "rows/s") in shown.getvalue()
    assert ("rows/s" if file else "B/s") not in shown.getvalue()
    assert f"{source}, line 51: not JSON" in shown.getvalue()


def test_a_progress_bar_on_a_real_terminal(tmp_path: Path) -> None:
    path = tmp_path / "layers.jsonl"
    path.write_text(f"{GOOD}\n")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    done = run("count", str(path), "--json", stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = os.read(ours, 10**6).decode()
    os.close(ours)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert "0.00/78.0" in shown


def test_the_second_oracle_where_it_is_installed(program: Program) -> None:
    done = program(f"count {ONE} --oracle xla --check", name="oracle")
    if find_spec("jax") is None:
        assert done == (1, "", "oracle: jax is not installed: pip install 'jax>=0.4.30'\n")
    else:
        assert (done.status, done.out) == (0, program(f"count {ONE}").out)


def test_a_bar_is_of_what_is_left_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard input may be a file of which something was read before."""
    path = tmp_path / "file"
    path.write_bytes(b"read;left")

    def opened(_path: str) -> Any:
        stream = path.open("rb")
        stream.seek(5)
        return stream

    monkeypatch.setattr(toolbox, "open_file", opened)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with toolbox.reading("-") as (source, _, _):
        assert source.read1(100) == b"left"
    assert "0.00/4.00" in capsys.readouterr().err


@pytest.mark.parametrize(("known", "hints"), [(1000, 1), (1001, 0)])
def test_the_keys_that_are_remembered_are_bounded(known: int, hints: int) -> None:
    said: list[str] = []
    file = toolbox.LayerFile("layers.jsonl")
    file.say = said.append
    file.known = {str(number) for number in range(known)}
    file.hint({"strid": 2})
    assert [text[:13] for text in said] == ["note: 'strid'"] * hints


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["{}"], ", line 1: input_size is missing"),
        (["{}", "{}"], ", line 1: input_size is missing (and so do all 2 rows)"),
        (["{}", '{"input_size": [8]}'], "2 of 2 rows were not counted"),
    ],
)
def test_what_is_wrong_with_all_rows_is_said_in_the_end(
    rows: list[str], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "layers.jsonl"
    path.write_text("\n".join(rows))
    file = toolbox.LayerFile(str(path))
    assert [row.layer for row in file] == [None] * len(rows)
    with pytest.raises(click.ClickException) as failed:
        file.close()
    assert failed.value.message == (f"{path}{words}" if words[0] == "," else words)


def test_words_of_a_framework_are_no_misspelt_arguments() -> None:
    said: list[str] = []
    file = toolbox.LayerFile("layers.jsonl")
    file.say = said.append
    fields = {"framework": "jax", "rhs_dilation": 2, "transposed": False}
    file.hint(fields)
    assert not said
