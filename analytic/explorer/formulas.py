"""What the explorer computes: the functions of this package, evaluated over symbols.

All arithmetic of the page comes from here. Each `PageFunction` is a function of this package
applied to symbols; `analytic.export.programs` writes it as JavaScript. What differs by the kind of
convolution is written twice, ``…_transposed`` and ``…_ordinary``; what takes an axis takes the one
of the pairs, as `Axis` has it: a page makes it of what was typed by ``ordinary``, where it must.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from sympy import Expr, Max, Min, Symbol, sympify

from analytic import affine, checkerboard, maps, outputs, phases, symbolic, taps, totals
from analytic import axis as axes_
from analytic import layer as rules
from analytic.axis import Axis, size
from analytic.export import typeset
from analytic.headline import headline
from analytic.protocols import ConventionName
from analytic.symbolic import forms
from analytic.symbolic.expressions import Expressions
from analytic.tables import passes_fields

#: The counts of one convention that the page shows, in order.
FIELDS = (
    "multiplications_per_filter",
    "additions_per_filter",
    "operations_per_filter",
    "filter_aggregation",
    "total",
)
#: The kinds of convolution, and whether they are transposed.
KINDS = {"transposed": True, "ordinary": False}
#: The numbers of axes that the page counts.
AXES = (1, 2, 3)


class PageFunction(NamedTuple):
    """A function of the page: it returns a list, with one entry for each expression."""

    name: str
    arguments: tuple[Symbol, ...]
    results: tuple[Expr, ...]


class AsWritten(Expressions):
    """SymPy expressions in which a maximum stays as it is written: to simplify it takes seconds."""

    @staticmethod
    def maximum(a: Any, b: Any) -> Expr:
        """The larger of two."""
        return Max(sympify(a), sympify(b), evaluate=False)

    @staticmethod
    def minimum(a: Any, b: Any) -> Expr:
        """The smaller of two."""
        return Min(sympify(a), sympify(b), evaluate=False)


LIB = AsWritten()


def function(name: str, arguments: Iterable[Symbol], results: Iterable[Any]) -> PageFunction:
    """A formula, its numbers made SymPy's."""
    return PageFunction(name, tuple(arguments), tuple(map(sympify, results)))


def integers(names: str) -> tuple[Symbol, ...]:
    """Symbols of which nothing is known but that they are integers: the checks use them too."""
    return tuple(Symbol(name, integer=True) for name in names.split())


AXIS = Axis(*integers(" ".join(Axis._fields)))
#: An axis for each number of axes at the most.
LAYER_AXES = [
    Axis(*integers(" ".join(f"{letter}{at}" for letter in Axis._fields))) for at in range(max(AXES))
]
#: An input, a tap and a position of the output, as transposed convolutions have them.
INPUT, TAP, POSITION = integers("i t y")
#: The axis whose pairs are the same, with inputs and taps exchanged.
EXCHANGED = AXIS._replace(n=AXIS.k, k=AXIS.n, s=AXIS.d, d=AXIS.s)
PRODUCTS = totals.Products(*integers("inputs taps positions overlaps covered"))
REACHED = totals.Reached(PRODUCTS, *integers("inputs_reached taps_reached"))
#: The numbers of a layer that are products of those of its axes.
FACTORS = (*PRODUCTS, REACHED.inputs, REACHED.taps)
LAYER: Any = SimpleNamespace(
    **{
        symbol.name: symbol
        for symbol in integers("batch_size in_channels out_channels groups bias")
    }
)
OF_LAYER = tuple(vars(LAYER).values())


def formulas() -> Iterator[PageFunction]:
    """Every function of the page."""
    yield from legal()
    yield from pairs()
    yield from diagnosis()
    yield from lines()
    yield from costs()
    for kind, transposed in KINDS.items():
        yield from counts(kind, transposed)


def legal() -> Iterator[PageFunction]:
    """What is legal, the values that refusals show, and the axis of an ordinary convolution."""
    for apart in (False, True):
        slacks = rules.axis_slacks(LIB, AXIS, cropped_apart=apart)
        yield function("axisSlacksApart" if apart else "axisSlacks", AXIS, slacks)
    yield function("axisRefused", AXIS, refused(rules.AXIS_RULES, AXIS))
    yield function("ordinarySlacks", AXIS, rules.ordinary_slacks(LIB, AXIS))
    # A stride that is not positive is refused before the output size: nothing divides by it.
    *before, output = rules.ORDINARY_RULES
    positive = AXIS._replace(s=LIB.maximum(AXIS.s, 1))
    values = (*refused(tuple(before), AXIS), *refused((output,), positive))
    yield function("ordinaryRefused", AXIS, values)
    yield function("layerSlacks", OF_LAYER, rules.layer_slacks(LIB, LAYER))
    yield function("layerRefused", OF_LAYER, refused(rules.LAYER_RULES, LAYER))
    yield function("ordinary", AXIS, axes_.ordinary(*AXIS[:6]))


def refused(table: tuple[rules.Rule, ...], subject: Any) -> tuple[Expr, ...]:
    """The value that the refusal of each rule shows."""
    return tuple(rule.value(subject) for rule in table)


def pairs() -> Iterator[PageFunction]:
    """The pairs of an axis, and how many an input, a tap and a position have."""
    i, t, y = INPUT, TAP, POSITION
    yield function("size", AXIS, (size(AXIS),))
    yield function("exchanged", AXIS, EXCHANGED)
    yield function("lands", (*AXIS, i, t), (i * AXIS.s + t * AXIS.d - AXIS.b,))
    yield function("met", (*AXIS, y, t), maps.met(AXIS, y, t))
    yield function("tapsAt", (*AXIS, y), maps.reach(LIB, AXIS, y))
    yield function("tapsOf", (*AXIS, i), taps_of(i))
    yield function("count_y", (*AXIS, y), (phases.landing(LIB, AXIS, y),))
    yield function("count_i", (*AXIS, i), (maps.taps_read(LIB, AXIS, i),))
    yield function("count_t", (*AXIS, t), (maps.taps_read(LIB, EXCHANGED, t),))
    yield function("most_y", AXIS, (phases.largest(LIB, AXIS),))
    yield function("most_i", AXIS, (outputs.most_read(LIB, AXIS),))
    yield function("most_t", AXIS, (outputs.most_read(LIB, EXCHANGED),))
    # The axis whose pairs are those of the first so many inputs: the same output, longer padded.
    (m,) = integers("m")
    first = AXIS._replace(n=m, o=AXIS.o + (AXIS.n - m) * AXIS.s)
    yield function("first", (*AXIS, m), first)


def taps_of(i: Expr) -> tuple[Expr, Expr]:
    """The first and the last tap with which an input lands in the output.

    Counted from the end of the output, the position ``L − 1 − y`` is what a transposed convolution
    with stride 1 would have for an input: ``(L − 1 − y) + t·d = L − 1 + b − i·s``.
    """
    length = size(AXIS)
    turned = AXIS._replace(n=length, s=1, b=0, e=0, o=0)
    return maps.reach(LIB, turned, length - 1 + AXIS.b - i * AXIS.s)


def diagnosis() -> Iterator[PageFunction]:
    """What the interior receives, the diagnosis, dead taps and the nearest even axis."""
    one, other = LAYER_AXES[:2]
    (factor,) = integers("factor")
    received = phases.multiplied(LIB, (factor,), AXIS)
    yield function("received", (factor, *AXIS), received)
    differ, faults, _ = checkerboard.diagnosis(LIB, (one, other))
    yield function("diagnosis", (*one, *other), (differ, faults[1]))
    small = axes_.positive(LIB, phases.missing(LIB, AXIS))
    yield function("small_transposed", AXIS, (small,))
    yield function("small_ordinary", AXIS, (outputs.missing_reading(LIB, AXIS),))
    yield function("commonFactor", AXIS, (phases.common_factor(LIB, AXIS),))
    for number in AXES:
        axes = LAYER_AXES[:number]
        weights, dead = taps.dead(LIB, LAYER, axes)
        arguments = [letter for axis in axes for letter in axis]
        yield function(f"dead_{number}", (*arguments, *OF_LAYER), (weights, *dead))
    yield function("aliveFrom", AXIS, (affine.alive_from(AXIS, LIB),))
    for apart in (False, True):
        even = checkerboard.nearest(LIB, AXIS, cropped_apart=apart)
        changed = [getattr(even, name) for name in checkerboard.CHANGED]
        yield function("nearestApart" if apart else "nearest", AXIS, changed)


def lines() -> Iterator[PageFunction]:
    """From which input on the counts of an axis are lines, and these lines."""
    yield function("affineFrom", AXIS, (affine.affine_from(AXIS, LIB),))
    yield function("slopes", AXIS, affine.slopes(AXIS, LIB))
    n, start, *known = integers("n start L T C perL perT perC")
    counts_at, steps = tuple(known[:3]), tuple(known[3:])
    values = [forms.line(n, start, *count) for count in zip(counts_at, steps, strict=True)]
    yield function("line", (n, start, *known), values)


def counts(kind: str, transposed: bool) -> Iterator[PageFunction]:
    """What an axis of a kind gives to the counts of a layer, and what the conventions count."""
    known, *reached = totals.reached(LIB, (AXIS,), transposed)
    yield function(f"factors_{kind}", AXIS, (*known, *reached))
    for name in totals.CONVENTIONS:
        count = counted(name, transposed)
        yield of_layer(f"{name}_{kind}", [getattr(count, field) for field in FIELDS])


def costs() -> Iterator[PageFunction]:
    """What does not depend on the kind: filters, MACs, the headline and the passes."""
    yield of_layer("filters", [totals.filters(LIB, LAYER)])
    yield of_layer("macs", [totals.macs(LIB, LAYER, PRODUCTS, rule) for rule in totals.RULES])
    yield of_layer("headline", [value for _, value in headline(counted(DEFAULT))])
    for name, cost in passes_fields(totals.passes(LIB, LAYER, REACHED, "exact")).items():
        yield of_layer(name, cost.values())


def of_layer(name: str, results: Iterable[Any]) -> PageFunction:
    """A formula in what the axes of a layer give, and in its other numbers."""
    return function(name, (*FACTORS, *OF_LAYER), results)


def counted(convention: ConventionName, transposed: bool = True) -> totals.Count[Any]:
    """A count in one convention."""
    return totals.count(LIB, LAYER, (), PRODUCTS, convention, "exact", transposed)


#: The convention of the total that stands first.
DEFAULT = next(iter(totals.CONVENTIONS))


def polynomial(axes: int) -> str:
    """The additions of a filter from `affine.affine_from` on, as MathML, with names for numbers.

    On axis 0 the overlaps are ``a0·n0 + b0`` and the covered positions ``c0·n0 + d0``.
    """
    numbered = " ".join(f"{{0}}{at}" for at in range(axes))
    n, a, b, c, d = (integers(numbered.replace("{0}", letter)) for letter in "nabcd")
    overlaps: Expr = sympify(1)
    covered: Expr = sympify(1)
    for at in range(axes):
        overlaps *= a[at] * n[at] + b[at]
        covered *= c[at] * n[at] + d[at]
    printer = typeset.MathMl()
    printer.names = {symbol: typeset.input_name(at, axes) for at, symbol in enumerate(n)}
    return in_mathml(printer._print(overlaps - covered).toxml())


def in_mathml(inside: str) -> str:
    """An element of its own for what is displayed."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{inside}</math>'


def theorem(axes: int, transposed: bool) -> str:
    """The additions of a filter of any layer of so many axes, as MathML: the theorem."""
    return typeset.mathml(symbolic.additions_per_filter(axes=axes, transposed=transposed))


def theorems() -> tuple[dict[str, dict[int, str]], list[str]]:
    """The theorem of each kind and number of axes, and the parts that are often in them.

    A part is written once: in the theorems a character of the private use area stands for it.
    """
    written = {
        kind: {axes: theorem(axes, transposed) for axes in AXES}
        for kind, transposed in KINDS.items()
    }
    texts = [text for of_kind in written.values() for text in of_kind.values()]
    often = Counter(part for text in texts for part in PART.findall(text))
    parts = [part for part, times in often.items() if times > 1]
    short = {part: chr(PRIVATE + at) for at, part in enumerate(parts)}

    def abbreviated(text: str) -> str:
        return PART.sub(lambda part: short.get(part[0], part[0]), text)

    shortened = {
        kind: {axes: abbreviated(text) for axes, text in of_kind.items()}
        for kind, of_kind in written.items()
    }
    return shortened, parts


#: An element of MathML that has no other in it but letters, numbers and signs.
PART = re.compile(r"<mrow>(?:(?!</?mrow>).)*</mrow>")
#: The first character of the private use area: no font and no name has it.
PRIVATE = 0xE000
