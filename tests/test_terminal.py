"""The coverage in a terminal: what is printed is the map that is counted."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import analytic
from analytic.cli import program
from analytic.layer import Layer
from analytic.pictures import terminal
from analytic.pictures.colours import ANCHORS, colour, is_light

LAYER = ["--input-size", "8x8", "--kernel-size", "3", "--stride", "2", "--padding", "1"]


def run(*arguments: str, color: bool = False) -> Result:
    return CliRunner().invoke(program, ["coverage", *arguments], color=color)


def plain(layer: Layer, columns: int = 80) -> list[str]:
    return click.unstyle(terminal.drawing(layer, columns)).splitlines()


def cells(line: str) -> list[int]:
    return [int(value.replace("·", "0")) for value in re.findall(r"\d+|·", line)]


def test_the_printed_map_is_the_coverage() -> None:
    layer = Layer((5, 7), 1, 1, (3, 2), stride=(2, 3), dilation=(1, 2), padding=(1, 0))
    lines = plain(layer)
    head, rule, *body = lines[: lines.index("")]
    expected = analytic.coverage((5, 7), (3, 2), stride=(2, 3), dilation=(1, 2), padding=(1, 0))
    assert set(rule.strip()) == {"─"}
    assert [cells(row.split("│")[1]) for row in body] == expected
    across, down = cells(head), [cells(row.split("│")[0])[0] for row in body]
    assert [[a * b for b in across] for a in down] == expected


def test_one_axis_is_one_line() -> None:
    assert plain(Layer((3,), 1, 1, 2, stride=3))[0].split() == list("11·11·11")


def test_three_axes_show_every_profile() -> None:
    lines = plain(Layer((2, 3, 3), 1, 1, 3, stride=2))
    assert lines[:2] == [
        "axis 0: 1 1 2 1 1",
        "each of the axes above multiplies the map of the last two below",
    ]
    assert cells(lines[2]) == [1, 1, 2, 1, 2, 1, 1]


def test_cells_are_as_wide_as_the_numbers_in_them() -> None:
    """Twelve in the profile of the first axis, and no more than four in the map."""
    lines = plain(Layer((12, 2, 2), 1, 1, (12, 2, 2)), 200)
    assert lines[2:7] == ["     1 2 1", "    ──────", " 1│  1 2 1", " 2│  2 4 2", " 1│  1 2 1"]


def test_a_terminal_that_is_narrow_is_filled() -> None:
    """One axis: ten cells of two columns. Numbers of three digits: five cells all the same."""
    lines = plain(Layer((30,), 1, 1, 1), 20)
    assert lines[0].split() == [*["1"] * 8, "⋯", "1"]
    assert lines[1] == "positions 8 to 28 are not drawn: they repeat the 1 before them"
    lines = plain(Layer((500, 500), 1, 1, (500, 1)), 20)
    assert lines[0].split() == ["1", "1", "1", "⋯", "1"]
    assert "columns 3 to 498 are not drawn: they repeat the 1 before them" in lines


def test_what_is_not_drawn_is_named() -> None:
    lines = plain(Layer((100, 2000, 3000), 1, 1, 3, stride=2), 60)
    assert "of axis 0, positions 21 to 199 are not drawn: they repeat the 2 before them" in lines
    assert "columns 25 to 5999 are not drawn: they repeat the 2 before them" in lines
    assert "rows 37 to 3999 are not drawn: they repeat the 2 before them" in lines
    assert max(map(len, lines[: lines.index("")])) <= 80


@pytest.mark.parametrize("columns", [80, 200])
def test_a_larger_layer_keeps_its_checkerboard(columns: int) -> None:
    """32×32 inputs have 63 outputs an axis: in 80 columns 38 places, of which the last is 62."""
    lines = plain(Layer((32, 32), 1, 1, 3, stride=2, padding=1), columns)
    head, _, row, *_ = lines
    if columns == 80:
        assert head.split() == [*["1", "2"] * 18, "⋯", "1"]
        assert row.split("│")[1].split() == [*["1", "2"] * 18, "⋯", "1"]
    else:
        assert head.split() == [*["1", "2"] * 31, "1"]
    assert max(map(len, lines[: lines.index("")])) <= columns


@pytest.mark.parametrize(("kernel", "stride"), [(64, 32), (300, 100), (9, 1)])
@pytest.mark.parametrize("columns", [20, 79, 200])
def test_the_map_is_no_wider_than_the_terminal(kernel: int, stride: int, columns: int) -> None:
    lines = plain(Layer((50, 500), 1, 1, kernel, stride=stride), columns)
    assert max(map(len, lines[2:6])) <= columns


def test_below_the_map() -> None:
    layer = Layer((8, 8), 1, 1, 3, stride=2, padding=1, output_padding=1)
    assert plain(layer)[-4:] == [
        (
            "uneven: interior outputs receive 1, 2 or 4 products; "
            "kernel 3 is not a multiple of stride 2"
        ),
        (
            "nearest even layer of the same output size: "
            "--kernel-size 4x4 --padding 1x1 --output-padding 0x0"
        ),
        # The last row and column have value n·s = 16: an input that is not there would reach them.
        "interior 15x15 of 16x16 outputs",
        "of one filter 529 products land on 256 of 256 outputs",
    ]
    assert analytic.output_size((8, 8), 4, stride=2, padding=1) == (16, 16)


def test_no_even_layer_has_its_reason() -> None:
    lines = plain(Layer((8, 8), 1, 1, 3, stride=2, dilation=(1, 2)))
    assert lines[-3] == (
        "nearest even layer of the same output size: none, "
        "stride 2 and dilation 2 have the common factor 2 on axis 1"
    )


def test_an_even_layer_has_no_other() -> None:
    assert not [line for line in plain(Layer((8, 8), 1, 1, 4, stride=2)) if "nearest" in line]


def test_crops_apart_are_flags_too() -> None:
    lines = plain(Layer((8,), 1, 1, 3, stride=2, padding=-1, end_padding=3))
    assert lines[-3].endswith("--kernel-size 2 --padding -1 --end-padding 3 --output-padding 1")


def test_colours_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in run(*LAYER).output
    coloured = run(*LAYER, color=True).output
    for number, shade, ink in ((4, ANCHORS[-1], 0), (1, ANCHORS[2], 255)):  # black on light
        red, green, blue = shade
        colours = f"\x1b[38;2;{ink};{ink};{ink}m\x1b[48;2;{red};{green};{blue}m {number}"
        assert colours in coloured
    assert click.unstyle(coloured) == run(*LAYER).output


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_color(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert "\x1b[" not in run(*LAYER, color=True).output


def test_colours_grow_lighter() -> None:
    lightness = [299 * r + 587 * g + 114 * b for r, g, b in (colour(v, 50) for v in range(51))]
    assert lightness == sorted(lightness)
    assert not is_light(colour(0, 50))
    assert is_light(colour(50, 50))
    assert colour(0, 0) == ANCHORS[0]


def test_channels_may_be_left_out_and_are_checked_where_given() -> None:
    assert run(*LAYER, "--groups", "3").exit_code == 0
    refused = run(*LAYER, "--groups", "3", "--in-channels", "4")
    assert refused.exit_code == 2
    assert "in_channels must be divisible by groups 3, got 4" in refused.output


def test_width_is_an_option() -> None:
    assert "columns" in run(*LAYER, "--width", "20").output
    assert "columns" not in run(*LAYER, "--width", "80").output


def test_an_illegal_layer_is_refused(tmp_path: Path) -> None:
    refused = run("--input-size", "8x8", "--kernel-size", "0", "--output", str(tmp_path / "a.png"))
    assert refused.exit_code == 2
    assert "kernel_size must be positive, got 0 on axis 0" in refused.output


def test_the_map_of_an_ordinary_convolution() -> None:
    """By hand: a 3×3 kernel on a padded 3×3 input reads 9 inputs in the middle, 4 at a corner."""
    layer = Layer((3, 3), 4, 6, 3, padding=1, transposed=False)
    assert plain(layer) == [
        "     2 3 2",
        "    ──────",
        " 2│  4 6 4",
        " 3│  6 9 6",
        " 2│  4 6 4",
        "",
        "even: every interior output receives 9 products",
        "interior 1x1 of 3x3 outputs",
        "of one filter 49 products land on 9 of 9 outputs",
    ]


def test_dead_taps_are_said() -> None:
    """Taps at −3, 0 and 3 on two inputs: the first and the last meet none."""
    layer = Layer((2,), 1, 5, 3, padding=3, dilation=3, transposed=False)
    assert plain(layer) == [
        " 1 1",
        "",
        (
            "even: every interior output receives 3 products; the input is too small for an "
            "interior: these are the values of a larger one"
        ),
        "dead taps: 2 on axis 0, so 10 weights meet no input; none is dead from input size 4 on",
        "interior 0 of 2 outputs",
        "of one filter 2 products land on 2 of 2 outputs",
    ]
