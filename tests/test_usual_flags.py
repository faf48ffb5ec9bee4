"""The flags as people write them: what is taken, with its counts, and what is told, in a line."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import onnx.parser
import pytest

import oracle.cli
from analytic import cli
from tests.test_cli import Done

GROUPS = {"analytic": cli.program, "oracle": oracle.cli.program}


def run(capsys: pytest.CaptureFixture[str], line: str, name: str = "python -m analytic") -> Done:
    """What a command line answers."""
    with pytest.raises(SystemExit) as end:
        cli.run(GROUPS[name.rsplit(maxsplit=1)[-1]], name, shlex.split(line))
    assert isinstance(end.value.code, int)
    return Done(end.value.code, *capsys.readouterr())


def ones(*axes: tuple[int, ...]) -> int:
    """Products of one filter that land, by running over all of them: input, kernel, stride, crops.

    Each axis is ``n, k, s, b, e``: of ``(n − 1)s + k`` positions, ``b`` and ``e`` are cropped.
    """
    total = 1
    for n, k, s, b, e in axes:
        size = (n - 1) * s + k - b - e
        total *= sum(0 <= i * s + t - b < size for i in range(n) for t in range(k))
    return total


LAYER = "count --in-channels 4 --out-channels 6 --json"
#: What is taken: the flags, the products of a filter, and fields of the layer.
TAKEN = [
    ("--input-size 8x8 --kernel-size 3", ones((8, 3, 1, 0, 0), (8, 3, 1, 0, 0)), {}),
    ("--input-size 8X8 --kernel-size 3X3", ones((8, 3, 1, 0, 0), (8, 3, 1, 0, 0)), {}),
    ("--input-size 8×9 --kernel-size 3×2", ones((8, 3, 1, 0, 0), (9, 2, 1, 0, 0)), {}),
    ("--input-size '(8,9)' --kernel-size '(3, 2)'", ones((8, 3, 1, 0, 0), (9, 2, 1, 0, 0)), {}),
    ("--input-size '[8, 9]' --kernel-size [3,2]", ones((8, 3, 1, 0, 0), (9, 2, 1, 0, 0)), {}),
    ("--input_size 8x8 --kernel_size 3", ones((8, 3, 1, 0, 0), (8, 3, 1, 0, 0)), {}),
    ("--input-size=8 --kernel-size=4 --stride=2 --padding=1", ones((8, 4, 2, 1, 1)), {}),
    ("--input-size 8 --kernel-size 4 --padding=-1 --end-padding 1", ones((8, 4, 1, -1, 1)), {}),
    ("--input-size 8 --kernel-size 4 --bias false", ones((8, 4, 1, 0, 0)), {"bias": False}),
    ("--input-size 8 --kernel-size 4 --bias True", ones((8, 4, 1, 0, 0)), {"bias": True}),
    ("--input-size 8 --kernel-size 4 --bias=0", ones((8, 4, 1, 0, 0)), {"bias": False}),
    ("--bias --input-size 8 --kernel-size 4", ones((8, 4, 1, 0, 0)), {"bias": True}),
    ("--input-size 8 --kernel-size 4 --no-bias", ones((8, 4, 1, 0, 0)), {"bias": False}),
    # An ordinary convolution of 8 outputs is the transposed one from 8 inputs, cropped to 8.
    (
        "--input-size 8 --kernel-size 3 --transposed false --padding same",
        ones((8, 3, 1, 1, 1)),
        {"transposed": False},
    ),
    (
        "--input-size 8 --kernel-size 3 --no-transposed --padding valid",
        ones((6, 3, 1, 0, 0)),
        {"transposed": False},
    ),
    # With an output size, the output padding follows: 8 inputs of stride 2, one position more.
    (
        "--input-size 8 --kernel-size 3 --stride 2 --padding 1 --output-size 16",
        ones((8, 3, 2, 1, 0)),
        {"output_padding": [1]},
    ),
    # Keras crops max(K − s, 0), the smaller half at the begin; an output of n·s.
    (
        "--framework keras --input-size 8x9 --kernel-size 5x4 --stride 2 --padding same",
        ones((8, 5, 2, 1, 2), (9, 4, 2, 1, 1)),
        {"padding": [1, 1], "end_padding": [2, 1], "bias": True},
    ),
    # Its own names; what is left of the stride stands behind the last tap.
    (
        "--framework=keras --input-size 8 --kernel-size 2 --strides 3 --use-bias false",
        ones((8, 2, 3, 0, -1)),
        {"bias": False},
    ),
    # Its shapes, of which the batch may be open.
    (
        (
            "--framework keras --input-shape '(None, 8, 4)' --filters 6 --kernel-size 4 "
            "--strides=2 --padding same --data-format channels_last"
        ),
        ones((8, 4, 2, 1, 1)),
        {"batch_size": 1, "in_channels": 4},
    ),
    (
        (
            "--framework openvino --data-shape 1,4,8 --filters-shape=4x6x4 --strides 2 "
            "--pads-begin 1 --pads-end 1"
        ),
        ones((8, 4, 2, 1, 1)),
        {"out_channels": 6},
    ),
    # TensorFlow is given the output, of which it crops the smaller half at the begin.
    (
        (
            "--framework tensorflow --padding SAME --input-size 8 --kernel-size 3 --strides 2 "
            "--output-size 15"
        ),
        ones((8, 3, 2, 1, 1)),
        {"bias": False},
    ),
    # OpenVINO's same_upper has the larger half of the crop at the begin.
    (
        (
            "--framework openvino --padding same_upper --output-size 16 --input-size 8 "
            "--kernel-size 3 --strides 2"
        ),
        ones((8, 3, 2, 1, 0)),
        {"padding": [1], "end_padding": [0]},
    ),
    # JAX pads a dilated input: 1 zero of the 2 that a kernel of 3 has crops 1.
    (
        "--framework jax --padding 1 --input-size 8 --kernel-size 3 --strides 2",
        ones((8, 3, 2, 1, 1)),
        {},
    ),
    (
        "--framework mlx --padding 1 --input-size 8 --kernel-size 4 --stride 2",
        ones((8, 4, 2, 1, 1)),
        {},
    ),
    ("--framework torch --input-size 8 --kernel-size 4", ones((8, 4, 1, 0, 0)), {"bias": True}),
    ("--input-size 1x2x3x4 --axes 4 --kernel-size 2", 2**4 * 24, {"axes": 4}),
]


#: What says the channels by another name.
BY_SHAPES = ("--input-shape", "--data-shape")


@pytest.mark.parametrize(("flags", "products", "fields"), TAKEN)
def test_what_is_taken(
    capsys: pytest.CaptureFixture[str], flags: str, products: int, fields: dict[str, object]
) -> None:
    layer = "count --json" if any(name in flags for name in BY_SHAPES) else LAYER
    done = run(capsys, f"{layer} {flags}")
    assert (done.status, done.err) == (0, "")
    row = json.loads(done.out)
    assert (row["count"]["overlaps"], row["count"]["macs"]) == (products, 24 * products)
    assert fields.items() <= row.items()


ONE = f"{LAYER} --input-size 8x8 --kernel-size 3"
SIZES = "is not an integer, nor integers joined by x: is 3x3 meant?"
#: What is told: the command line, and the whole of the one line.
TOLD = [
    (f"{ONE} --stride 3,3", f"Invalid value for '--stride': '3,3' {SIZES}"),
    (f"{ONE} --stride '3 3'", f"Invalid value for '--stride': '3 3' {SIZES}"),
    (f"{ONE} --stride 3 3", "--stride 3 3 is written --stride 3x3"),
    (f"{ONE} --stride [3, 3]", "--stride [3, 3] is written --stride 3x3"),
    (f"{ONE} --bias=maybe", "--bias must be true or false, got 'maybe'"),
    (
        f"{ONE} --bias maybe",
        "give a FILE or the flags of one layer, not both (maybe is read as a FILE)",
    ),
    (
        "count --in-channels 4",
        "--input-size, --out-channels, --kernel-size are missing (or give a FILE)",
    ),
    ("coverage --stride 2", "--input-size, --kernel-size are missing"),
    ("compare --over stride", "--input-size, --kernel-size are missing"),
    (
        "identify 4G --input-size 8",
        "--in-channels, --out-channels, --kernel-size are missing (or give a FILE)",
    ),
    (
        f"{LAYER} --input-size 1x4x8x8 --kernel-size 3",
        (
            "input_size must have at most 3 entries, without batch and channels (for 4 axes "
            "say axes 4 too), got 4: (1, 4, 8, 8)"
        ),
    ),
    (
        f"{ONE} --padding same",
        (
            "padding 'same' is of ordinary convolutions (transposed false), or of a framework "
            "(framework keras)"
        ),
    ),
    (f"{ONE} --output-size 12", "output_size must be 10, got 12 on axis 0"),
    (
        "count --framework keras --input-shape 1,8,4 --strides 2",
        "out_channels, kernel_size are missing, which keras.conv_transpose must have",
    ),
    (
        "coverage --framework keras --input-shape 1,b,4 --filters 6 --kernel-size 4",
        "input_shape: 'b' is not an integer",
    ),
    (
        f"{ONE} --framework openvino --padding same",
        (
            "padding must be 'same_upper' or 'same_lower' or 'valid' or integers in "
            "openvino.convolution_backprop_data, got 'same'"
        ),
    ),
    (
        f"{ONE} --framework tensorflow",
        "output_size is missing, which tensorflow.conv_transpose must have",
    ),
    (
        f"{ONE} --framework keras --padding 1",
        "padding must be 'same' or 'valid' in keras.conv_transpose, got 1",
    ),
    (
        f"{ONE} --framework theano",
        (
            "Invalid value for '--framework': 'theano' is not one of 'torch', 'keras', "
            "'tensorflow', 'tflite', 'jax', 'flax', 'haiku', 'equinox', 'openvino', 'paddle', "
            "'mlx', 'caffe'."
        ),
    ),
    (
        f"{ONE} --axes 3",
        "input_size must have one entry an axis (3), got 2: (8, 8)",
    ),
    (
        "formula additons_per_filter",
        (
            "Invalid value for 'COUNT': 'additons_per_filter' is no count; is "
            "'additions_per_filter' meant? --help says which there are"
        ),
    ),
    (
        "coverage --input-size 8 --kernel-size 3 --output a.bmp",
        "--output must end in .png, .svg, .pdf, got a.bmp",
    ),
]


@pytest.mark.parametrize(("line", "words"), TOLD)
def test_what_is_told(capsys: pytest.CaptureFixture[str], line: str, words: str) -> None:
    assert run(capsys, line) == (2, "", f"analytic: {words}\n")


def commands() -> list[tuple[str, str]]:
    """Every command of both programs."""
    return [
        (name, command)
        for name, group in GROUPS.items()
        for command in group.list_commands(click.Context(group))
    ]


@pytest.mark.parametrize(("name", "command"), commands())
def test_help_can_be_asked_for_in_short(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    # Imported anew: a command that was called by itself keeps the names that help had there.
    group = GROUPS[name]
    assert isinstance(group, cli.Commands)
    monkeypatch.delitem(sys.modules, group.homes[command], raising=False)
    short = run(capsys, f"{command} -h", f"python -m {name}")
    assert short == run(capsys, f"{command} --help", f"python -m {name}")
    assert short.out.startswith(f"Usage: python -m {name} {command} ")
    assert f"    python -m {name} {command} " in short.out
    assert "\\\\" not in short.out  # an example is as a shell takes it


def test_the_example_of_formula_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    page = run(capsys, "formula --help").out
    example = page[page.index("    python -m") : page.index("\n\nOptions")]
    done = run(capsys, example.strip().replace("\\\n", " ").removeprefix("python -m analytic "))
    assert done.out.startswith(r"\text{additions} = 12 H_{in} W_{in}")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The console script, as an installer writes it."""
    path = tmp_path / "convtranspose-ops"
    path.write_text(f"#!{sys.executable}\nfrom analytic.cli import main\nmain()\n")
    path.chmod(0o755)
    return path


def test_the_console_script_calls_itself_by_its_name(script: Path) -> None:
    done = subprocess.run([script, "count", "-h"], capture_output=True, check=True, text=True)
    assert done.stdout.startswith("Usage: convtranspose-ops count [OPTIONS] [FILE]\n")
    assert "python -m" not in done.stdout
    assert "  convtranspose-ops count --input-size 8x8" in done.stdout
    done = subprocess.run([script], capture_output=True, check=False, text=True)
    assert "  convtranspose-ops count --input-size 8x8" in done.stderr
    done = subprocess.run([script, "count"], capture_output=True, check=False, text=True)
    assert done.stderr.startswith("convtranspose-ops: --input-size")
    module = [sys.executable, "-m", "analytic", "count", "-h"]
    done = subprocess.run(module, capture_output=True, check=True, text=True)
    assert done.stdout.startswith("Usage: python -m analytic count [OPTIONS] [FILE]\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("convtranspose-ops co", ["plain,compare", "plain,count", "plain,coverage"]),
        ("convtranspose-ops count --in", ["plain,--input-size", "plain,--in-channels"]),
        ("convtranspose-ops count --rule o", ["plain,output"]),
        ("convtranspose-ops compare --over k", ["plain,kernel-size"]),
        ("convtranspose-ops count lay", ["file,lay"]),
    ],
)
def test_a_shell_completes(script: Path, words: str, expected: list[str]) -> None:
    asked = {
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
        "_CONVTRANSPOSE_OPS_COMPLETE": "bash_complete",
    }
    environment = {**os.environ, **asked}
    done = subprocess.run([script], capture_output=True, check=True, text=True, env=environment)
    assert done.stdout.split() == expected


def test_a_shell_is_given_the_completion(script: Path) -> None:
    environment = {**os.environ, "_CONVTRANSPOSE_OPS_COMPLETE": "bash_source"}
    done = subprocess.run([script], capture_output=True, check=True, text=True, env=environment)
    assert "complete -o nosort -F" in done.stdout
    assert re.search(r"_CONVTRANSPOSE_OPS_COMPLETE=bash_complete", done.stdout)


def test_a_model_without_layers_ends_as_an_empty_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = tmp_path / "relu.onnx"
    text = '<ir_version: 8, opset_import: ["": 17]> g (float[2] x) => (float[2] y) {y = Relu(x)}'
    onnx.save(onnx.parser.parse_model(text), model)
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    for file in (model, empty):
        assert run(capsys, f"count {file}") == (1, "", f"analytic: {file} has no layers\n")


@pytest.mark.parametrize("name", GROUPS)
def test_the_list_of_commands_fits_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = run(capsys, "-h", f"python -m {name}").out
    assert "..." not in page.split("Commands:")[1]
    assert max(map(len, page.splitlines())) <= 80


def test_the_rule_of_a_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """By hand: 8 inputs, 4 taps and stride 2 with crops of 1: 30 pairs, 32 and 64 charged."""
    path = tmp_path / "up.onnx"
    text = (
        '<ir_version: 8, opset_import: ["": 17]> '
        "g (float[1, 1, 8] x, float[1, 1, 4] w) => (float[1, 1, 16] y) "
        "{ y = ConvTranspose <strides = [2], pads = [1, 1]> (x, w) }"
    )
    onnx.save(onnx.parser.parse_model(text), path)
    for rule, macs in (("exact", "30"), ("input", "32"), ("output", "64")):
        done = run(capsys, f"count {path} --rule {rule}")
        head, _, row, *_ = done.out.splitlines()
        name = "exact MACs" if rule == "exact" else f"MACs ({rule} rule)"
        assert re.split("  +", head)[3] == name
        assert row.split()[3] == macs


@pytest.mark.parametrize("columns", [80, 200])
def test_the_table_of_a_file_fits_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("analytic.commands.toolbox.on_a_terminal", lambda: True)
    file = Path(__file__).parent / "data" / "dcgan.jsonl"
    lines = run(capsys, f"count {file}").out.splitlines()
    assert max(map(len, lines)) <= columns
    heads = re.split("  +", lines[0].strip())
    if columns == 200:
        assert heads[-3:] == ["exact MACs", "2 × exact MACs", "published formula (nonzero)"]
        assert len(lines) == 2 + 5 + 1
    else:
        assert heads[-2:] == ["exact MACs", "2 × exact MACs"]
        assert lines[2].split()[-2:] == ["819,200", "1,638,400"]
        assert lines[-1] == "not shown, for the width: input, output, published formula (nonzero)"


def test_the_ratios_of_a_file_fit_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("analytic.commands.toolbox.on_a_terminal", lambda: True)
    file = Path(__file__).parent / "data" / "dcgan.jsonl"
    lines = run(capsys, f"compare {file}").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert re.split("  +", lines[0].strip()) == ["line", "layer", "input ÷ exact", "output ÷ exact"]
    assert lines[2].split()[-2:] == ["1", "16"]  # 1x1 inputs: the kernel, and 16 of it
