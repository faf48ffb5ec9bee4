"""What a type checker says of the public interface: where it is not so, it is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, assert_type, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import analytic
import oracle
from analytic import CONVENTIONS, RULES, Layer, arrays, export, symbolic
from analytic.axis import Axis
from analytic.protocols import ConventionName, LanguageName, RuleName
from analytic.symbolic.formula import Formula
from analytic.totals import Count, Pass, Passes

Array = NDArray[Any]
LAYER = Layer((8, 8), 4, 6, 4)


def test_integers() -> None:
    assert_type(analytic.output_size((8,), 3), tuple[int, ...])
    assert_type(analytic.overlaps((8,), 3, padding=1), int)
    assert_type(analytic.covered((8,), 3, transposed=False, padding="same"), int)
    assert_type(analytic.inputs_reached((8,), 3), int)
    assert_type(analytic.taps_reached((8,), 3), int)
    assert_type(analytic.additions_per_filter((8,), 3, convention="exact"), int)
    assert_type(analytic.macs(LAYER, rule="output"), int)
    assert_type(analytic.floor_sum(5, 3, 7, -4), int)
    assert_type(analytic.count(LAYER), Count[int])
    assert_type(analytic.count(LAYER).total, int)
    assert_type(analytic.count(LAYER).output_size, tuple[int, ...])
    assert_type(analytic.count(LAYER).convention, ConventionName)
    assert_type(analytic.count(LAYER).rule, RuleName)
    assert_type(analytic.passes(LAYER), Passes[int])
    assert_type(analytic.passes(LAYER).grad_weight, Pass[int])
    assert_type(analytic.passes(LAYER).training_step(grad_input=False).macs, int)


def test_layers() -> None:
    assert_type(LAYER.axes, tuple[Axis[int], ...])
    assert_type(LAYER.axes[0].n, int)
    assert_type(LAYER.input_size, tuple[int, ...])
    assert_type(LAYER.end_padding, tuple[int, ...] | None)
    assert_type(LAYER.bias, bool)
    assert_type(LAYER.transposed, bool)
    assert_type(LAYER.replace(stride=2), Layer)


def test_arrays() -> None:
    sizes = np.arange(5, 9)
    layers = arrays.Layers((sizes,), 4, 6, 4)
    assert_type(arrays.overlaps((sizes,), 3), Array)
    assert_type(arrays.output_size((sizes,), 3), tuple[Array, ...])
    assert_type(arrays.macs(layers), Array)
    assert_type(arrays.count(layers), Count[Array])
    assert_type(arrays.count(layers).total, Array)
    assert_type(arrays.passes(layers).forward.macs, Array)


def test_formulas() -> None:
    assert_type(symbolic.output_size(), tuple[Formula, ...])
    assert_type(symbolic.overlaps(), Formula)
    assert_type(symbolic.count(), Count[Formula])
    assert_type(symbolic.count().total, Formula)
    assert_type(symbolic.passes().grad_weight.macs, Formula)
    assert_type(symbolic.passes().training_step(), Pass[Formula])
    assert_type(symbolic.overlaps().bounds, tuple[int, ...] | None)
    assert_type(symbolic.overlaps(8, 3, axes=1).to("python"), str)
    formula = symbolic.overlaps(axes=1, kernel_size=1, stride=1, padding=0, dilation=1,
                                transposed=False)  # fmt: skip
    assert_type(formula.evaluate(n0=7), int)


def test_experiments() -> None:
    assert_type(oracle.output_size((8,), 3), tuple[int, ...])
    assert_type(oracle.overlaps((8,), 3), int)
    assert_type(oracle.coverage((8,), 3), torch.Tensor)
    assert_type(oracle.count(LAYER), Count[int])
    assert_type(oracle.count(LAYER).total, int)
    assert_type(oracle.macs(LAYER), int)


def test_names() -> None:
    """Names that do not exist are errors, of a type checker as of the functions."""
    for wrong in (
        lambda: analytic.count(LAYER, convention="none"),  # type: ignore[arg-type]
        lambda: analytic.count(LAYER, rule="none"),  # type: ignore[arg-type]
        lambda: analytic.Layer((8,), 1, 1, 3, padding="full"),  # type: ignore[arg-type]
        lambda: arrays.overlaps(8, 3),  # type: ignore[arg-type]
        lambda: symbolic.macs(rule="none"),  # type: ignore[arg-type]
        lambda: symbolic.overlaps().to("fortran"),  # type: ignore[arg-type]
        lambda: oracle.count(LAYER, convention="none"),  # type: ignore[arg-type]
    ):
        with pytest.raises((ValueError, TypeError)):
            wrong()
    assert get_args(ConventionName) == (*CONVENTIONS,)
    assert get_args(RuleName) == (*RULES,)
    assert get_args(LanguageName) == export.LANGUAGES


def test_a_type_checker_agrees() -> None:
    pytest.importorskip("mypy")
    top = Path(__file__).parents[1]
    done: Any = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", __file__],
        cwd=top, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert not done.stdout + done.stderr, done.stdout + done.stderr
