"""The forms in which an axis enters a formula: the theorem, the closed form, plain polynomials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeAlias

from sympy import And, Expr, Ge, Integer, Piecewise, floor, true
from sympy.logic.boolalg import Boolean

from analytic.affine import affine_from, least_input_size, ordinary_from, reached_affine_from
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, covered, inputs_reached, ordinary, taps_reached
from analytic.protocols import Arithmetic
from analytic.symbolic.expressions import Closed, Local, Theorem
from analytic.symbolic.parameters import GeneralAxis
from analytic.totals import products

#: Below the size from which it is even, a plain axis is listed case by case up to this many.
MOST_SIZES = 64

#: A plain axis of an ordinary convolution has a floor for each residue of its size by the stride,
#: up to this stride.
MOST_RESIDUES = 64

#: The axes whose forms are remembered: those of the fields of a count are the same.
CACHED = 64


#: Which fields of `totals.Reached` are asked for beside the products: those that a gradient needs.
Shadows: TypeAlias = tuple[Literal["inputs", "taps"], ...]


class Form(NamedTuple):
    """What an axis gives to `Products` and, if asked, to `Reached`; what the names in it mean."""

    factors: tuple[Expr, ...]
    definitions: Mapping[Local, Expr]


class Case(NamedTuple):
    """A form that holds from the input size ``least`` on, up to where the case before it does."""

    least: int
    form: Form


class Kind(NamedTuple):
    """A kind of formula: the cases of an axis, the largest input sizes first."""

    cases: Callable[[GeneralAxis, Shadows], list[Case]]
    #: Whether nothing is claimed of sizes below the first case.
    bounded: bool = False
    #: Whether terms are collected, which would take long where floors stand in floors.
    collected: bool = True


def is_plain(axis: GeneralAxis) -> bool:
    """Whether everything but the input size is an integer."""
    return not not_integers(axis)


def not_integers(axis: GeneralAxis) -> Mapping[str, Expr]:
    """What of an axis, beside the input size, is not an integer, by letter."""
    return {
        letter: value
        for letter, value in axis.given._asdict().items()
        if letter != "n" and not isinstance(value, Integer)
    }


def integers(axis: GeneralAxis, n: int = 1) -> Axis:
    """The arguments of a plain axis as integers, at an input size."""
    return Axis(n, *(int(value) for value in axis.given[1:]))


def factors_at(axis: GeneralAxis, n: int, shadows: Shadows) -> tuple[int, ...]:
    """What a plain axis gives to the products, at an input size."""
    given = integers(axis, n)
    return asked(INTEGERS, given if axis.transposed else ordinary(*given[:6]), axis, shadows)


def asked(
    lib: Arithmetic, axis: Axis[Any], general: GeneralAxis, shadows: Shadows
) -> tuple[Any, ...]:
    """What one axis gives to `totals.products`, and to `totals.reached` as far as it is asked."""
    _, known = products(lib, (axis,), general.transposed)
    inputs = inputs_reached if general.transposed else covered
    beside = {"inputs": inputs, "taps": taps_reached}
    return (*known, *(beside[name](lib, axis, known.overlaps) for name in shadows))


def numbers(axis: GeneralAxis, shadows: Shadows) -> Form:
    """An axis of integers alone."""
    return Form(tuple(map(Integer, factors_at(axis, int(axis.given.n), shadows))), {})


def theorem(axis: GeneralAxis, shadows: Shadows) -> Form:
    """The theorem, with ``F`` as a function."""
    return in_names(Theorem(axis), axis, shadows)


def closed(axis: GeneralAxis, shadows: Shadows) -> Form:
    """The theorem with ``F`` unrolled; stride and dilation are integers."""
    return in_names(Closed(axis), axis, shadows)


def in_names(lib: Theorem, axis: GeneralAxis, shadows: Shadows) -> Form:
    """What an axis gives to the products, with the names that an arithmetic gives to its parts."""
    _, k, size, overlaps, *others = asked(lib, lib.axis, axis, shadows)
    size = lib.define("L", size)
    # A shadow is the overlaps less the pairs with a successor: say so, and write them once.
    named = lib.define("T", overlaps)
    letters = ["C", *({"inputs": "I", "taps": "J"}[name] for name in shadows)]
    others = [
        lib.define(letter, named - (overlaps - other))
        for letter, other in zip(letters, others, strict=True)
    ]
    return Form((axis.given.n, k, size, named, *others), lib.definitions)


def line(n: Expr, start: int, count: Expr, step: Expr) -> Expr:
    """A count that is known at the input size ``start``, and what an input adds to it."""
    return count + step * (n - start)


def stairs(n: Expr, start: int, count: int, steps: Sequence[int]) -> Expr:
    """A count that is known at ``start``, and what the inputs add to it in turn.

    ``steps[j]`` is added where ``⌊(n + j)/len(steps)⌋`` grows by one. These floors add up to ``n``,
    so that one of them need not be written.
    """
    period = len(steps)
    # The step whose floor is not written: what leaves the fewest terms.
    base = min(reversed(steps), key=lambda c: (c != 0) + sum(step != c for step in steps))
    total = line(n, start, Integer(count), Integer(base))
    for j, step in enumerate(steps):
        if step != base:
            total += (step - base) * (floor((n + j) / Integer(period)) - (start + j) // period)
    return total


def least_size(axis: GeneralAxis) -> int:
    """The least input size of a plain axis with an output."""
    given = integers(axis)
    if axis.transposed:
        return int(least_input_size(given))
    return max(1, (given.k - 1) * given.d + 1 - given.b - given.e)


def even_from(axis: GeneralAxis, shadows: Shadows) -> int:
    """An input size of a plain axis from which as many inputs as `period` says add the same.

    It is the least, unless that is more than `MOST_SIZES` below the bound of the theorem.
    """
    if axis.transposed and not shadows:
        return int(affine_from(integers(axis)))
    if axis.transposed:
        start = int(reached_affine_from(integers(axis)))
    else:
        start = ordinary_from(integers(axis), reached_affine_from)
    added = added_at(axis, start, shadows)
    least = max(least_size(axis), start - MOST_SIZES)
    while start > least and added_at(axis, start - 1, shadows) == added:
        start -= 1
    return start


def added_at(axis: GeneralAxis, n: int, shadows: Shadows) -> tuple[int, ...]:
    """What the inputs of a period add to those of a plain axis."""
    before, after = (factors_at(axis, size, shadows) for size in (n, n + period(axis)))
    return tuple(b - a for a, b in zip(before, after, strict=True))


def period(axis: GeneralAxis) -> int:
    """After how many inputs of a plain axis the same is added."""
    return 1 if axis.transposed else int(axis.given.s)


def generic(axis: GeneralAxis, shadows: Shadows) -> list[Case]:
    """The one case of a plain axis from `even_from` on: notes/derivation.md, theorems 6, 13."""
    if isinstance(axis.given.n, Integer):
        return [Case(1, numbers(axis, shadows))]
    start = even_from(axis, shadows)
    rows = [factors_at(axis, n, shadows) for n in range(start, start + period(axis) + 1)]
    return [piece(axis, start, rows)]


def piece(axis: GeneralAxis, start: int, rows: Sequence[tuple[int, ...]]) -> Case:
    """The case from ``start`` on, of which the first counts are known: steps of a period."""
    steps = [[0] * period(axis) for _ in rows[0]]
    for n, (before, row) in enumerate(pairwise(rows), start + 1):
        for count, step in enumerate(b - a for a, b in zip(before, row, strict=True)):
            steps[count][-n % period(axis)] = step
    n, k = axis.given[:2]
    counts = [*zip(rows[0], steps, strict=True)][2:]
    values = [stairs(n, start, count, step) for count, step in counts]
    return Case(start, Form((n, k, *values), {}))


@lru_cache(maxsize=CACHED)
def exact(axis: GeneralAxis, shadows: Shadows) -> list[Case]:
    """Numbers, or the cases of a plain axis, or the theorem: exact for every legal axis."""
    if not is_plain(axis):
        return [Case(1, theorem(axis, shadows))]
    if isinstance(axis.given.n, Integer):
        return [Case(1, numbers(axis, shadows))]
    if period(axis) > MOST_RESIDUES:
        return unrolled(axis, shadows)
    (last,) = generic(axis, shadows)
    least = least_size(axis)
    if last.least - least > MOST_SIZES:
        return [last, Case(least, closed(axis, shadows))]
    return [last, *pieces(axis, least, last.least - 1, shadows)]


@lru_cache(maxsize=CACHED)
def unrolled(axis: GeneralAxis, shadows: Shadows) -> list[Case]:
    """Numbers, or the closed form."""
    if is_plain(axis) and isinstance(axis.given.n, Integer):
        return [Case(1, numbers(axis, shadows))]
    return [Case(1, closed(axis, shadows))]


def pieces(axis: GeneralAxis, least: int, last: int, shadows: Shadows) -> list[Case]:
    """The input sizes from ``least`` to ``last`` in few pieces, the largest ones first."""
    rows = {n: factors_at(axis, n, shadows) for n in range(least, last + 1)}
    steps = {
        n: tuple(b - a for a, b in zip(rows[n - 1], rows[n], strict=True))
        for n in range(least + 1, last + 1)
    }
    cases, stride = [], period(axis)
    while last >= least:
        start = last
        added: dict[int, tuple[int, ...]] = {}
        while start > least and added.setdefault(start % stride, steps[start]) == steps[start]:
            start -= 1
        cases.append(piece(axis, start, [rows[n] for n in range(start, last + 1)]))
        last = start - 1
    return cases


def folded(axis: GeneralAxis, cases: list[Case]) -> Form:
    """The cases of one axis as one form, of `Piecewise` counts."""
    if len(cases) == 1:
        return cases[0].form
    conditions = [*(from_on(axis, case.least) for case in cases[:-1]), true]
    columns = zip(*(case.form.factors for case in cases), strict=True)
    values = [choice([*zip(column, conditions, strict=True)]) for column in columns]
    definitions: dict[Local, Expr] = {}
    for case in cases:
        definitions |= case.form.definitions
    return Form(tuple(values), definitions)


def choice(branches: Sequence[tuple[Expr, Boolean]]) -> Expr:
    """`Piecewise`, less the branches that the next one, of the same value, has in it.

    SymPy would join their conditions: ``n ≥ 9 or n ≥ 4``.
    """
    kept = [
        branch
        for branch, following in pairwise(branches)
        if branch[0] != following[0] or not implies(branch[1], following[1])
    ]
    return Piecewise(*kept, branches[-1])


def implies(condition: Boolean, other: Boolean) -> bool:
    """Whether the input sizes of one condition are at least those of another, axis by axis."""
    least = {bound.lhs: bound.rhs for bound in And.make_args(condition)}
    return other == True or all(  # noqa: E712  # SymPy's
        bound.lhs in least and least[bound.lhs] >= bound.rhs for bound in And.make_args(other)
    )


def from_on(axis: GeneralAxis, least: int) -> Boolean:
    """The condition of a case."""
    return Ge(axis.given.n, least)


def together(
    axes: Sequence[GeneralAxis], chosen: Sequence[Case], lowest: Sequence[Case]
) -> Boolean:
    """The condition under which every axis is in its chosen case; none is needed for the lowest."""
    return And(
        *[
            from_on(axis, case.least)
            for axis, case, last in zip(axes, chosen, lowest, strict=True)
            if case is not last
        ]
    )


EXACT = Kind(exact)
GENERIC = Kind(generic, bounded=True)
CLOSED = Kind(unrolled, collected=False)
