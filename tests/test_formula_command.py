"""``python -m analytic formula``."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytic import symbolic
from analytic.cli import program as analytic_program
from analytic.cli import run
from analytic.commands import formula as command
from analytic.export import LANGUAGES
from analytic.protocols import LanguageName

PLAIN = "--kernel-size 4 --stride 2 --padding 1 --output-padding 0 --dilation 1"


def call(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as left:
        run(analytic_program, "analytic", ["formula", *line.split()])
    out, err = capsys.readouterr()
    return int(str(left.value.code)), out, err


def test_a_formula_in_latex(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, f"additions_per_filter {PLAIN}")
    assert (status, err) == (0, "")
    expected = r"\text{additions} = 12 H_{in} W_{in} - 8 H_{in} - 8 W_{in} + 4"
    assert out == expected + r" \qquad \text{for integers } H_{in}, W_{in} \geq 1" + "\n"


def test_a_flag_that_is_not_given_stays_a_symbol(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "total --kernel-size 4 --stride 2 --padding 1 --to latex")
    assert status == 0
    assert r"\text{output\_padding}[0]" in out
    assert r"\text{kernel\_size}" not in out


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language(capsys: pytest.CaptureFixture[str], language: LanguageName) -> None:
    line = f"macs --axes 1 --stride 2 --dilation 1 --no-bias --to {language}"
    status, out, _ = call(capsys, line)
    expected = symbolic.count(axes=1, stride=2, dilation=1, bias=False).macs.to(language)
    assert (status, out) == (0, expected.rstrip("\n") + "\n")
    assert command.LANGUAGES == LANGUAGES


def test_output_size_is_one_formula_an_axis(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, f"output_size {PLAIN} --input-size 8x9x10")
    assert out == "D_{out} = 16\n\nH_{out} = 18\n\nW_{out} = 20\n"


def test_generic_and_closed(capsys: pytest.CaptureFixture[str]) -> None:
    cut = "--kernel-size 3 --stride 2 --padding 3 --output-padding 0 --dilation 3 --axes 1"
    _, out, _ = call(capsys, f"overlaps {cut} --generic")
    assert out == r"T = 3 L_{in} - 4 \qquad \text{for integers } L_{in} \geq 3" + "\n"
    _, out, _ = call(capsys, "overlaps --stride 2 --dilation 1 --closed")
    assert "F" not in out
    assert r"\lfloor" in out


def test_passes_and_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    one = "--groups 1 --batch-size 1 --in-channels 1 --out-channels 1"
    _, out, _ = call(capsys, f"grad_weight_additions {PLAIN} {one} --generic")
    right = r"16 H_{in} W_{in} - 8 H_{in} - 8 W_{in} - 12"  # (4H − 2)(4W − 2) − 16 taps
    side = r" \qquad \text{for integers } H_{in}, W_{in} \geq 2"
    assert out == rf"\text{{grad\_weight additions}} = {right}{side}" + "\n"
    ordinary = "--kernel-size 3 --stride 1 --padding 1 --dilation 1 --axes 1 --no-transposed"
    _, out, _ = call(capsys, f"overlaps {ordinary}")
    assert out == r"T = 3 L_{in} - 2 \qquad \text{for integers } L_{in} \geq 1" + "\n"
    same = ordinary.replace("--padding 1", "--padding same")
    _, out, _ = call(capsys, f"covered {same}")
    assert out == r"C = L_{in} \qquad \text{for integers } L_{in} \geq 1" + "\n"
    _, out, _ = call(capsys, f"taps_reached {ordinary} --generic")
    assert out == r"J = 3 \qquad \text{for integers } L_{in} \geq 2" + "\n"
    _, out, _ = call(capsys, f"training_step_macs {ordinary} {one} --rule output")
    assert out.startswith(r"\text{training\_step MACs} = 9 L_{in} \qquad")
    _, out, _ = call(capsys, f"grad_bias_elements {ordinary} {one} --bias --to python")
    assert "Elements of the result in the gradient by bias of an ordinary convolution" in out


def test_output_goes_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "additions.js"
    status, out, _ = call(capsys, f"additions_per_filter {PLAIN} --to javascript --output {file}")
    assert (status, out) == (0, "")
    assert "function additions_per_filter({ n0, n1 }) {" in file.read_text()
    status, _, err = call(capsys, f"total {PLAIN} --output {tmp_path / 'no' / 'folder'}")
    assert status == 1
    assert err.endswith("No such file or directory\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("total --kernel-size 0", "kernel_size must be positive, got 0 on axis 0"),
        ("total --kernel-size 4x4 --axes 3", "kernel_size must have one entry an axis (3), got 2"),
        ("total --kernel-size __import__('os')", "is not an integer, nor integers joined by x"),
        ("total --kernel-size 2*s", "'2*s' is not an integer, nor integers joined by x"),
        ("total --generic --closed", "give --generic or --closed, not both"),
        ("total --generic --kernel-size 3", "generic() needs integers in place of stride s0 on a"),
        ("total --closed --stride 3", "closed() needs integers in place of dilation d0 on axis 0"),
        ("overlaps --no-transposed --output-padding 1", "output_padding must be 0 in an ordinary"),
        ("nothing", "'nothing' is no count; is 'positions' meant? --help says which there are"),
        ("total --to fortran", "'fortran' is not one of 'latex', 'mathml', 'python'"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], line: str, words: str) -> None:
    status, out, err = call(capsys, line)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
