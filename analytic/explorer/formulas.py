"""What the explorer computes: the functions of this package, evaluated over symbols.

The counts of the page come from here. Each `Formula` is a function of `axis`, `phases`, `layer`
or `totals` applied to symbols; `analytic.export.programs` writes it as JavaScript.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from types import SimpleNamespace
from typing import Any, NamedTuple

from sympy import Expr, Symbol, sympify

from analytic import affine, checkerboard, phases, symbolic, totals
from analytic import layer as rules
from analytic.axis import Axis, extent
from analytic.export import typeset
from analytic.symbolic.expressions import EXPRESSIONS

#: The counts of one convention that the page shows, in order.
FIELDS = (
    "multiplications_per_filter",
    "additions_per_filter",
    "operations_per_filter",
    "filter_aggregation",
    "total",
)


class Formula(NamedTuple):
    """A function of the page: it returns a list, with one entry for each expression."""

    name: str
    arguments: tuple[Symbol, ...]
    results: tuple[Expr, ...]


def formula(name: str, arguments: Iterable[Symbol], results: Iterable[Any]) -> Formula:
    """A formula, its numbers made SymPy's."""
    return Formula(name, tuple(arguments), tuple(map(sympify, results)))


def integers(names: str) -> tuple[Symbol, ...]:
    """Symbols of which nothing is known but that they are integers: the checks use them too."""
    return tuple(Symbol(name, integer=True) for name in names.split())


AXIS = Axis(*integers("n k s d b e o"))
POSITION = Symbol("y", integer=True)
PRODUCTS = totals.Products(*integers("inputs taps positions overlaps covered"))
LAYER: Any = SimpleNamespace(
    **{
        symbol.name: symbol
        for symbol in integers("batch_size in_channels out_channels groups bias")
    }
)


def formulas() -> Iterator[Formula]:
    """Every function of the page."""
    of_layer = tuple(vars(LAYER).values())
    yield formula("extent", AXIS, extent(EXPRESSIONS, AXIS))
    for apart in (False, True):
        slacks = rules.axis_slacks(EXPRESSIONS, AXIS, cropped_apart=apart)
        yield formula("axisSlacksApart" if apart else "axisSlacks", AXIS, slacks)
    yield formula("axisRefused", AXIS, refused(rules.AXIS_RULES, AXIS))
    yield formula("layerSlacks", of_layer, rules.layer_slacks(EXPRESSIONS, LAYER))
    yield formula("layerRefused", of_layer, refused(rules.LAYER_RULES, LAYER))
    yield formula("landing", (*AXIS, POSITION), (phases.landing(EXPRESSIONS, AXIS, POSITION),))
    shares = phases.shares(EXPRESSIONS, AXIS)
    yield formula("shares", AXIS, [number for share in shares for number in share])
    yield formula("interiorSize", AXIS, (phases.interior_size(EXPRESSIONS, AXIS),))
    for apart in (False, True):
        evens = checkerboard.even_axes(EXPRESSIONS, AXIS, cropped_apart=apart)
        yield formula("evenAxesApart" if apart else "evenAxes", AXIS, chain(*evens))
    yield formula("commonFactor", AXIS, (EXPRESSIONS.gcd(AXIS.s, AXIS.d),))
    yield formula("affineFrom", AXIS, (affine.affine_from(AXIS, EXPRESSIONS),))
    yield formula("slopes", AXIS, affine.slopes(AXIS, EXPRESSIONS))
    yield from counts(of_layer)


def counts(of_layer: tuple[Symbol, ...]) -> Iterator[Formula]:
    """The counts of a layer of two axes, by every convention and every rule."""
    axes = [Axis(*integers(" ".join(f"{letter}{at}" for letter in Axis._fields))) for at in (0, 1)]
    _, products = totals.products(EXPRESSIONS, axes)
    yield formula("products", (*axes[0], *axes[1]), products)
    arguments = (*PRODUCTS, *of_layer)
    yield formula("filters", arguments, (totals.filters(EXPRESSIONS, LAYER),))
    for name in totals.CONVENTIONS:
        count = totals.count(EXPRESSIONS, LAYER, (), PRODUCTS, name, "exact")
        yield formula(name, arguments, [getattr(count, field) for field in FIELDS])
    macs = [totals.macs(EXPRESSIONS, LAYER, PRODUCTS, rule) for rule in totals.RULES]
    yield formula("macs", arguments, macs)


def refused(table: tuple[rules.Rule, ...], of: Any) -> tuple[Expr, ...]:
    """The value that the refusal of each rule shows."""
    return tuple(rule.value(of) for rule in table)


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
