"""Exported functions of both kinds and of every pass run in their languages, as counted by hand."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from analytic import Layer, LayerError, export, symbolic
from analytic.protocols import LanguageName
from analytic.symbolic.formula import Formula
from analytic.totals import Passes
from tests import brute
from tests.test_export import ILLEGAL, LANGUAGES, compared, in_each_language, row_of
from tests.test_symbolic_kinds import counted


def small_layers(number: int, *, transposed: bool, seed: int) -> list[Layer]:
    """Random layers of two axes, small enough to be performed."""
    draw = random.Random(seed)
    layers: list[Layer] = []
    while len(layers) < number:
        groups = draw.randint(1, 2)
        names = ("input_size", "kernel_size", "stride", "dilation", "padding", "output_padding")
        geometry: dict[str, Any] = {
            name: (draw.randint(1, 4), draw.randint(1, 4)) for name in names
        }
        geometry["padding"] = (draw.randint(0, 3), draw.randint(0, 3))
        geometry["output_padding"] = (draw.randint(0, 2) * transposed, 0)
        try:
            layers.append(
                Layer(
                    in_channels=groups * draw.randint(1, 2),
                    out_channels=groups * draw.randint(1, 2),
                    groups=groups,
                    bias=draw.random() < 0.5,
                    batch_size=draw.randint(0, 2),
                    transposed=transposed,
                    **geometry,
                )
            )
        except LayerError:
            continue
    return layers


def formulas_of(step: Passes[Formula]) -> dict[str, Formula]:
    """One number of each pass, each of which is made of another shadow."""
    return {
        "forward": step.forward.additions,
        "grad_input": step.grad_input.additions,
        "grad_weight": step.grad_weight.additions,
        "grad_bias": step.grad_bias.additions,
        "training_step": step.training_step().additions,
    }


@in_each_language
@pytest.mark.parametrize("transposed", [True, False])
def test_every_pass_of_either_kind(
    language: LanguageName, tmp_path: Path, *, transposed: bool
) -> None:
    layers = small_layers(60, transposed=transposed, seed=4)
    tallies = [brute.passes(layer) for layer in layers]
    for name, formula in formulas_of(symbolic.passes(transposed=transposed)).items():
        expected = [
            sum(additions for of_pass, (_, additions, _) in tally.items()
                if name in {of_pass, "training_step"})
            for tally in tallies
        ]  # fmt: skip
        rows = [row_of(layer, formula) for layer in layers]
        assert compared(language, tmp_path, formula, rows, expected) == 0


PLAIN: dict[str, Any] = {"axes": 1, "dilation": 2, "padding": 5, "transposed": False}


@in_each_language
@pytest.mark.parametrize(("k", "s"), [(7, 2), (3, 4), (5, 1), (2, 65)])
def test_plain_ordinary_formulas(language: LanguageName, tmp_path: Path, k: int, s: int) -> None:
    sizes = [x for x in (1, 2, 3, 4, 5, 6, 9, 13, 14, 15, 16, 40, 129) if x + 10 > 2 * (k - 1)]
    rows = [{"n0": x} for x in sizes]
    axis = {"kernel_size": (k,), "stride": (s,), "dilation": (2,), "padding": (5,)}
    counts = [counted({"input_size": (x,), "transposed": False, **axis})[0] for x in sizes]
    for name in ("overlaps", "covered", "inputs_reached", "taps_reached"):
        formula = getattr(symbolic, name)(kernel_size=k, stride=s, **PLAIN)
        expected = [count[name] for count in counts]
        compared(language, tmp_path, formula, rows, expected)
        compared(language, tmp_path, formula.closed(), rows, expected)


@in_each_language
def test_what_is_no_ordinary_layer_is_refused(language: LanguageName, tmp_path: Path) -> None:
    formula = symbolic.overlaps(axes=1, end_padding=(None,), transposed=False)
    good = {"n0": 8, "k0": 3, "s0": 2, "d0": 1, "p0": 1, "e0": 0}
    wrong = {"n0": 0, "k0": 10, "s0": 0, "d0": 0, "p0": -1, "e0": -1}
    rows = [good, *({**good, name: value} for name, value in wrong.items())]
    # Windows at −1, 1, 3 and 5 on eight inputs: the first lacks one.
    assert LANGUAGES[language](formula, rows, tmp_path) == [11, *[ILLEGAL] * 6]


def test_an_exported_function_says_of_what_kind_it_is() -> None:
    step = symbolic.passes(axes=1, kernel_size=3, transposed=False)
    text = step.grad_weight.reached.to("python")
    assert "Elements of the result that receive a product in the gradient by weight of an" in text
    assert "ordinary convolution, exact convention." in text
    assert "output_padding" not in text
    assert "kernel_size of axis 0 is 3" in text
    assert "Taps that meet an input of a transposed" in symbolic.taps_reached(axes=1).to("c")
    words = [export.described(f.name) for cost in step for f in cost]
    assert len(set(words)) == len(words) == 20
    assert export.described(step.training_step().macs.name) == (
        "Multiply-accumulates in a training step"
    )


def test_ordinary_formulas_in_a_paper() -> None:
    bound: Any = {"axes": 1, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1}
    (size,) = symbolic.output_size(**bound, transposed=False)
    assert size.to("latex").startswith(r"L_{out} = \left\lfloor{\frac{L_{in}}{2} + \frac{1}{2}}")
    (general,) = symbolic.output_size(axes=1, transposed=False)
    text = general.to("latex")
    assert r"L_{out} &= L_{0} \\" in text
    assert r"\text{where} \quad L_{0} &= \left\lfloor" in text
    assert r"& L_{0} \geq 1" in text
    step = symbolic.passes(axes=1, transposed=False)
    lines = [line.partition(" &= ")[0] for line in step.grad_input.reached.to("latex").split("\n")]
    assert lines[1:3] == [r"\text{grad\_input reached}", r"\text{where} \quad L_{0}"]
    assert lines[3:10] == ["T_{0}", "I_{0}", "g_{0}", "u_{0}", "v_{0}", "n'_{0}", "k'_{0}"]
    assert "J_{0}" in step.grad_weight.reached.to("latex")
    assert "grad_weight MACs" in step.grad_weight.macs.to("mathml")
    assert symbolic.taps_reached(**bound, transposed=False).to("latex").startswith("J = ")
