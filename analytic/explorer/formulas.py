"""What the explorer computes: the functions of this package, evaluated over symbols.

All arithmetic of the page comes from here. Each `PageFunction` is a function of this package
applied to symbols; `analytic.export.programs` writes it as JavaScript.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from sympy import Expr, Symbol, sympify

from analytic import affine, checkerboard, maps, phases, symbolic, taps, totals
from analytic import layer as rules
from analytic.axis import Axis, extent
from analytic.export import typeset
from analytic.symbolic import forms
from analytic.symbolic.expressions import EXPRESSIONS

#: The counts of one convention that the page shows, in order.
FIELDS = (
    "multiplications_per_filter",
    "additions_per_filter",
    "operations_per_filter",
    "filter_aggregation",
    "total",
)


class PageFunction(NamedTuple):
    """A function of the page: it returns a list, with one entry for each expression."""

    name: str
    arguments: tuple[Symbol, ...]
    results: tuple[Expr, ...]


def function(name: str, arguments: Iterable[Symbol], results: Iterable[Any]) -> PageFunction:
    """A formula, its numbers made SymPy's."""
    return PageFunction(name, tuple(arguments), tuple(map(sympify, results)))


def integers(names: str) -> tuple[Symbol, ...]:
    """Symbols of which nothing is known but that they are integers: the checks use them too."""
    return tuple(Symbol(name, integer=True) for name in names.split())


AXIS = Axis(*integers(" ".join(Axis._fields)))
AXES = [Axis(*integers(" ".join(f"{letter}{at}" for letter in Axis._fields))) for at in (0, 1)]
POSITION, TAP = integers("y t")
PRODUCTS = totals.Products(*integers("inputs taps positions overlaps covered"))
LAYER: Any = SimpleNamespace(
    **{
        symbol.name: symbol
        for symbol in integers("batch_size in_channels out_channels groups bias")
    }
)
OF_LAYER = tuple(vars(LAYER).values())


def formulas() -> Iterator[PageFunction]:
    """Every function of the page."""
    yield function("extent", AXIS, extent(EXPRESSIONS, AXIS))
    yield from legal()
    yield from interior()
    yield function("landing", (*AXIS, POSITION), (phases.landing(EXPRESSIONS, AXIS, POSITION),))
    yield function("reach", (*AXIS, POSITION), maps.reach(EXPRESSIONS, AXIS, POSITION))
    yield function("met", (*AXIS, POSITION, TAP), maps.met(AXIS, POSITION, TAP))
    yield function("affineFrom", AXIS, (affine.affine_from(AXIS, EXPRESSIONS),))
    yield function("slopes", AXIS, affine.slopes(AXIS, EXPRESSIONS))
    n, start, *known = integers("n start L T C perL perT perC")
    counts_at, steps = tuple(known[:3]), tuple(known[3:])
    lines = [forms.line(n, start, *count) for count in zip(counts_at, steps, strict=True)]
    yield function("line", (n, start, *known), lines)
    yield from counts()


def legal() -> Iterator[PageFunction]:
    """What is legal, and the values that refusals show."""
    for apart in (False, True):
        slacks = rules.axis_slacks(EXPRESSIONS, AXIS, cropped_apart=apart)
        yield function("axisSlacksApart" if apart else "axisSlacks", AXIS, slacks)
    yield function("axisRefused", AXIS, refused(rules.AXIS_RULES, AXIS))
    yield function("layerSlacks", OF_LAYER, rules.layer_slacks(EXPRESSIONS, LAYER))
    yield function("layerRefused", OF_LAYER, refused(rules.LAYER_RULES, LAYER))


def interior() -> Iterator[PageFunction]:
    """What the interior receives, and the diagnosis."""
    both = (*AXES[0], *AXES[1])
    products = phases.multiplied(EXPRESSIONS, phases.levels(EXPRESSIONS, AXES[0]), AXES[1])
    yield function("interior", both, products)
    differ, faults, small = checkerboard.diagnosis(EXPRESSIONS, AXES)
    yield function("diagnosis", both, (differ, *faults))
    yield function("small", both, small)
    yield function("commonFactor", AXIS, (phases.common_factor(EXPRESSIONS, AXIS),))
    yield function("largest", AXIS, (phases.largest(EXPRESSIONS, AXIS),))
    weights, dead = taps.dead(EXPRESSIONS, LAYER, AXES)
    least = [affine.alive_from(axis, EXPRESSIONS) for axis in AXES]
    yield function("dead", (*both, *OF_LAYER), (weights, *dead, *least))
    for apart in (False, True):
        even = checkerboard.nearest(EXPRESSIONS, AXIS, cropped_apart=apart)
        changed = [getattr(even, name) for name in checkerboard.CHANGED]
        yield function("nearestApart" if apart else "nearest", AXIS, changed)


def counts() -> Iterator[PageFunction]:
    """The counts of a layer of two axes, by every convention and every rule."""
    _, products = totals.products(EXPRESSIONS, AXES)
    yield function("products", (*AXES[0], *AXES[1]), products)
    arguments = (*PRODUCTS, *OF_LAYER)
    yield function("filters", arguments, (totals.filters(EXPRESSIONS, LAYER),))
    for name in totals.CONVENTIONS:
        count = totals.count(EXPRESSIONS, LAYER, (), PRODUCTS, name, "exact")
        yield function(name, arguments, [getattr(count, field) for field in FIELDS])
    macs = [totals.macs(EXPRESSIONS, LAYER, PRODUCTS, rule) for rule in totals.RULES]
    yield function("macs", arguments, macs)


def refused(table: tuple[rules.Rule, ...], subject: Any) -> tuple[Expr, ...]:
    """The value that the refusal of each rule shows."""
    return tuple(rule.value(subject) for rule in table)


def polynomial() -> str:
    """The additions of a filter from `affine.affine_from` on, as MathML, with names for numbers.

    On axis 0 the overlaps are ``a0·n0 + b0`` and the covered positions ``c0·n0 + d0``.
    """
    a, b, c, d = (integers(f"{letter}0 {letter}1") for letter in "abcd")
    n = integers("n0 n1")
    overlaps, covered = (
        (slope[0] * n[0] + start[0]) * (slope[1] * n[1] + start[1])
        for slope, start in ((a, b), (c, d))
    )
    printer = typeset.MathMl()
    printer.names = {symbol: typeset.input_name(at, 2) for at, symbol in enumerate(n)}
    inside = printer._print(overlaps - covered).toxml()
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{inside}</math>'


def theorem() -> str:
    """The additions of a filter of any layer of two axes, as MathML: the theorem."""
    return typeset.mathml(symbolic.additions_per_filter(axes=2))
