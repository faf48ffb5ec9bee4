"""Formulas in other languages: for the paper in LaTeX and MathML, for programs in code.

What is exported is exact or refused, as here: each function checks that its arguments are those of
a layer, and where integers have 64 bits an overflow is reported, never wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from analytic.export import typeset
from analytic.export.programs import PROGRAMS, Routine
from analytic.protocols import LanguageName
from analytic.symbolic.expressions import F
from analytic.symbolic.formula import Formula
from analytic.symbolic.parameters import is_own
from analytic.totals import choose

#: What each count is.
DESCRIPTIONS = {
    "output_size": "Output positions along an axis",
    "positions": "Output positions",
    "overlaps": "Products of one filter that land in the output",
    "covered": "Output positions on which a product lands",
    "filters": "Kernels: pairs of an input and an output channel that meet",
    "multiplications_per_filter": "Multiplications of one filter",
    "additions_per_filter": "Additions that sum the products of one filter",
    "operations_per_filter": "Multiplications and additions of one filter",
    "filter_aggregation": "Additions that sum the channels of a group and the bias",
    "total": "Operations",
    "macs": "Multiply-accumulates",
    "inputs_reached": "Inputs that a product reads",
    "taps_reached": "Taps that meet an input",
}
#: What each number of a pass is, and each pass.
PASS_NUMBERS = {
    "macs": "Multiply-accumulates",
    "additions": "Additions of products that land",
    "operations": "Multiplications that land and additions",
    "elements": "Elements of the result",
    "reached": "Elements of the result that receive a product",
}
PASS_NAMES = {
    "forward": "the forward pass",
    "grad_input": "the gradient by input",
    "grad_weight": "the gradient by weight",
    "grad_bias": "the gradient by bias",
    "training_step": "a training step",
}

TYPESET = {"latex": typeset.latex, "mathml": typeset.mathml}
LANGUAGES = (*TYPESET, *PROGRAMS)


def described(name: str) -> str:
    """What a count is, or a number of a pass."""
    of_pass, _, number = name.rpartition("_")
    if of_pass in PASS_NAMES:
        return f"{PASS_NUMBERS[number]} in {PASS_NAMES[of_pass]}"
    return DESCRIPTIONS[re.sub(r"_\d+$", "", name)]


def about(formula: Formula) -> list[str]:
    """What a formula counts, and what its parameters are, line by line."""
    kind = "a transposed" if formula.layer.transposed else "an ordinary"
    choice = f", {formula.choice}" if formula.choice else ""
    lines = [f"{described(formula.name)} of {kind} convolution{choice}.", ""]
    for field, at, value in formula.layer.values():
        where = "" if at is None else f" of axis {at}"
        if value in formula.symbols and is_own(formula.layer, value):
            lines.append(f"{value}: {field}{where}")
        elif at in formula.axes or value.free_symbols & {*formula.symbols}:
            lines.append(f"{field}{where} is {value}")
    return lines


def write(formulas: Mapping[str, Formula], language: LanguageName) -> str:
    r"""Formulas in a language, one of `LANGUAGES`.

    LaTeX and MathML are ready to paste, with the domain as a side condition. A program has one
    function a formula, called as its key says, and the helpers that these need. The function takes
    the formula's symbols, in order, or in JavaScript one object that has them; it is exact or it
    refuses: Python and NumPy raise, JavaScript throws, C returns a status.

    Raises `ValueError` for a language that is not known, for a symbol that cannot be a name in it
    and for what has no exact integer arithmetic there.

    >>> from analytic import symbolic
    >>> f = symbolic.covered(axes=1, kernel_size=2, stride=3, padding=0, output_padding=2,
    ...                      dilation=1)
    >>> print(write({"covered": f}, "latex"))
    C = 2 L_{in} \qquad \text{for integers } L_{in} \geq 1
    >>> space = {}
    >>> exec(write({"landed": f}, "python"), space)
    >>> space["landed"](n0=10**30) == 2 * 10**30
    True
    """
    if choose("language", dict.fromkeys(LANGUAGES, language), language) in TYPESET:
        return "\n\n".join(TYPESET[language](formula) for formula in formulas.values())
    routines = [
        Routine(name, about(f), f.symbols, f.conditions, f.definitions, f.outline)
        for name, f in formulas.items()
    ]
    written = [e for f in formulas.values() for e in (f.outline, *f.definitions.values())]
    return PROGRAMS[language]().write(routines, with_f=any(e.has(F) for e in written))
