"""The page of ready formulas is what the code writes, and says what the oracle measures."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

import oracle
from analytic import catalogue, symbolic

PAGE = Path(__file__).parents[1] / "notes" / "formulas.md"


def test_the_page_is_current(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "analytic.catalogue")
    runpy.run_module("analytic.catalogue", run_name="__main__")
    assert PAGE.read_text("utf-8") == capsys.readouterr().out


@pytest.mark.parametrize("size", [(1, 1), (3, 4)])
def test_the_table_says_what_the_oracle_measures(size: tuple[int, int]) -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|(.*)\|$", PAGE.read_text(), re.M)
    assert len(rows) == len(catalogue.COMMON) == 9
    for *layer, cells in rows:
        k, s, p, o = map(int, layer)
        height, overlaps, additions = (value_of(cell, *size) for cell in cells.split("|"))
        kind: Any = {"stride": s, "padding": p, "output_padding": o}
        assert oracle.output_size(size, k, **kind)[0] == height
        assert oracle.overlaps(size, k, **kind) == overlaps
        assert oracle.additions_per_filter(size, k, **kind) == additions


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
