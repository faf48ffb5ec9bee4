"""The page of ready formulas is what the code writes, and says what the oracle measures."""

from __future__ import annotations

import math
import re
import runpy
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import oracle
from analytic import Layer, symbolic
from analytic.export import catalogue
from tests import brute

PAGE = Path(__file__).parents[1] / "notes" / "formulas.md"


def test_the_page_is_current(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "analytic.export.catalogue")
    runpy.run_module("analytic.export.catalogue", run_name="__main__")
    assert PAGE.read_text("utf-8") == capsys.readouterr().out


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading of the page, cell by cell."""
    _, _, section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    section, _, _ = section.partition("\n## ")
    lines = re.findall(r"^\| (\d.*) \|$", section, re.MULTILINE)
    return [line.split(" | ") for line in lines]


@pytest.mark.parametrize("size", [(1, 1), (3, 4)])
def test_the_table_says_what_the_oracle_measures(size: tuple[int, int]) -> None:
    rows = table("Layers that everyone uses")
    assert len(rows) == len(catalogue.COMMON) == 9
    for *layer, height, overlaps, additions in rows:
        k, s, p, o = map(int, layer)
        kind: Any = {"stride": s, "padding": p, "output_padding": o}
        assert oracle.output_size(size, k, **kind)[0] == value_of(height, *size)
        assert oracle.overlaps(size, k, **kind) == value_of(overlaps, *size)
        assert oracle.additions_per_filter(size, k, **kind) == value_of(additions, *size)


def test_the_gradients_are_as_performed() -> None:
    rows = table("Their gradients")
    assert len(rows) == len(catalogue.COMMON)
    for *layer, by_input, by_weight, least in rows:
        k, s, p, o = map(int, layer)
        for size in [(int(least), int(least)), (3, 4)]:
            of_pass = brute.passes(Layer(size, 1, 1, k, s, p, o))
            assert of_pass["grad_input"][1] == value_of(by_input, *size)
            assert of_pass["grad_weight"][1] == value_of(by_weight, *size)


def test_ordinary_layers_are_as_their_pairs() -> None:
    rows = table("Ordinary layers that everyone uses")
    assert len(rows) == len(catalogue.ORDINARY)
    for *layer, length, overlaps, least in rows:
        k, s, p = map(int, layer)
        for size in range(int(least), int(least) + 2 * s + 3):
            pairs, outputs = brute.meetings(size, k, s, 1, p, p, 0, transposed=False)
            assert outputs == in_floors(length, size)
            assert len(pairs) == in_floors(overlaps, size)


def in_floors(cell: str, size: int) -> int:
    """A formula in floors of the page at an input length."""
    text = re.sub(r"\\frac\{(\d+|L_\{in\})\}\{(\d+)\}", r"Fraction(\1, \2)", cell.strip(" $"))
    text = text.replace(r"\left\lfloor{", "floor(").replace(r"}\right\rfloor", ")")
    text = re.sub(r"(\d) (?=[Lf])", r"\1*", text).replace("L_{in}", str(size))
    return int(eval(text, {"Fraction": Fraction, "floor": math.floor}))


def value_of(cell: str, height: int, width: int) -> int:
    """A polynomial of the page at an input size, read term by term."""
    terms = re.findall(r"([+-]?) ?(\d*) ?((?:[HW]_\{in\} ?)*)", cell.strip(" $"))
    total = 0
    for sign, number, symbols in terms:
        if number or symbols:
            value = int(number or 1) * height ** symbols.count("H") * width ** symbols.count("W")
            total += -value if sign == "-" else value
    return total


def test_a_formula_with_a_proviso_does_not_go_in_the_table() -> None:
    cut = symbolic.overlaps(
        kernel_size=1, stride=1, padding=1, output_padding=0, dilation=1, axes=1
    )
    with pytest.raises(ValueError, match="does not hold everywhere"):
        catalogue.cell(cut)
