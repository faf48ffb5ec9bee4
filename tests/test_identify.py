"""What a published figure counted."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytic import identify
from analytic.commands.identify import command
from analytic.layer import Layer

#: Its MACs are 43200 by the exact rule, 49152 by the input rule, 196608 by the output rule.
LAYER = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
SIZES = ["--input-size", "8x8", "--kernel-size", "4", "--stride", "2", "--padding", "1"]
FLAGS = [*SIZES, "--in-channels", "4", "--out-channels", "6", "--batch-size", "2"]


@pytest.mark.parametrize(
    ("text", "value", "precision", "units"),
    [
        ("4.1 GMACs", Fraction(41, 10), Fraction(1, 20), ("G", "Gi")),
        ("4.10GFLOPs", Fraction(41, 10), Fraction(1, 200), ("G", "Gi")),
        ("12Mi", 12, Fraction(1, 2), ("Mi",)),
        ("3 MACs", 3, Fraction(1, 2), tuple(identify.UNITS)),
        ("3M", 3, Fraction(1, 2), ("M", "Mi")),
        ("3 mult-adds", 3, Fraction(1, 2), tuple(identify.UNITS)),
        ("1.2B", Fraction(6, 5), Fraction(1, 20), ("G", "Gi")),
        ("1,234,567", 1234567, Fraction(1, 2), tuple(identify.UNITS)),
        ("1.5e9", 1500000000, Fraction(10**8, 2), tuple(identify.UNITS)),
        ("15e-1", Fraction(3, 2), Fraction(1, 20), tuple(identify.UNITS)),
    ],
)
def test_a_figure_is_read_as_it_is_printed(
    text: str, value: Fraction | int, precision: Fraction, units: tuple[str, ...]
) -> None:
    assert identify.parse(text) == (text, value, precision, units)


@pytest.mark.parametrize("text", ["", "x", "4.1X", "-3", "1,23", "4.", "4.1 G G", "1e9999"])
def test_what_is_no_figure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a figure such as"):
        identify.parse(text)


@pytest.mark.parametrize(
    ("figure", "reading", "factor", "unit"),
    [
        ("43200", "MACs, exact rule", 1, ""),
        ("43.2K", "MACs, exact rule", 1, "K"),
        ("42.19K", "MACs, exact rule", 1, "Ki"),  # 43200/1024
        ("0.0864M", "operations, exact convention", 1, "M"),  # with bias, twice the exact MACs
        ("393216", "MACs, output rule", 2, ""),
        ("49152", "MACs, input rule; MACs of fvcore", 1, ""),
        ("98304", "FLOPs of torch 2.13.0 FlopCounterMode", 1, ""),
        ("197K", "MACs, output rule; MACs of thop", 1, "K"),
        ("239808", "operations, nonzero convention", 1, ""),
        ("196616", "MACs of torchscan 0.2.0", 1, ""),
    ],
)
def test_the_best_match(figure: str, reading: str, factor: int, unit: str) -> None:
    sums = identify.totals_of([LAYER])
    best = identify.matches(identify.parse(figure), sums)[0]
    assert best.within
    assert best.reading.startswith(reading)
    assert (best.factor, best.unit) == (factor, unit)


def test_matches_to_the_last_digit_come_first_then_the_nearest() -> None:
    found = identify.matches(identify.parse("48K"), identify.totals_of([LAYER]))
    within = [match.within for match in found]
    assert within == sorted(within, reverse=True)
    errors = [match.error for match in found if not match.within]
    assert errors == sorted(errors)
    assert found[0].reading.startswith("MACs, input rule")
    assert (found[0].unit, found[0].shown) == ("Ki", Fraction(48))  # 49152 = 48 · 1024


def test_a_figure_of_nothing() -> None:
    empty = identify.totals_of([LAYER.replace(batch_size=0)])
    found = identify.matches(identify.parse("0"), empty)
    assert found[0].within
    assert found[0].error == 0
    assert found[-1].error == 1  # torchscan adds 8 to nothing


def test_decimals_have_six_digits_whatever_the_size() -> None:
    assert identify.decimal(Fraction(10**400)) == "1" + "0" * 400
    assert identify.decimal(Fraction(43200, 1024)) == "42.1875"


def invoke(*arguments: str, text: str = "") -> Result:
    """Run the command."""
    return CliRunner().invoke(command, arguments, input=text)


def test_a_layer_by_flags() -> None:
    done = invoke("43.2K", "239808", *FLAGS, "--best", "1")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[2].split()[:6] == ["to", "the", "last", "digit", "43.2", "K"]
    assert lines[2].endswith("43,200  MACs, exact rule")
    assert "operations, nonzero convention" in done.output


def test_a_file_is_a_model_whose_sum_the_figure_is(tmp_path: Path) -> None:
    row = json.dumps(dict(LAYER.items()))
    path = tmp_path / "model.jsonl"
    path.write_text(f"{row}\n{row}\n")
    done = invoke("86400", "--layers", str(path), "--json", "--best", "2")
    assert done.exit_code == 0
    first = json.loads(done.output.splitlines()[0])
    assert first == {
        "figure": "86400",
        "reading": "MACs, exact rule",
        "value": 86400,
        "factor": 1,
        "unit": "",
        "shown": "86400",
        "within": True,
        "error": "0",
    }
    assert len(done.output.splitlines()) == 2


def test_a_figure_without_a_reading() -> None:
    done = invoke("7", *FLAGS)
    assert done.exit_code == 1
    assert "off by" in done.output
    assert "no reading gives 7 to the last digit" in done.output


@pytest.mark.parametrize(
    ("arguments", "text", "status", "words"),
    [
        (["x", *FLAGS], "", 2, "'x' is not a figure"),
        (["7"], "", 2, "--input-size is missing"),
        (["7", "--layers", "-", *FLAGS], "", 2, "not both"),
        (["7", "--layers", "/nowhere"], "", 2, "No such file"),
        (["7", "--layers", "-"], "", 1, "has no layers"),
    ],
)
def test_refusals(arguments: list[str], text: str, status: int, words: str) -> None:
    done = invoke(*arguments, text=text)
    assert done.exit_code == status
    assert words in done.output
