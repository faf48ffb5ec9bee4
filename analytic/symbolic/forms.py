"""The forms in which an axis enters a formula: the theorem, the closed form, plain polynomials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from sympy import And, Expr, Ge, Integer, Piecewise, true
from sympy.logic.boolalg import Boolean

from analytic.affine import affine_from, least_input_size, slopes
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, extent
from analytic.symbolic.expressions import Closed, Local, Theorem

#: Below the size from which it is affine, a plain axis is listed case by case up to this many.
MOST_SIZES = 64

#: The axes whose forms are remembered: those of the fields of a count are the same.
CACHED = 64


class Form(NamedTuple):
    """L, T and C of an axis, and what the names in them stand for."""

    size: Expr
    overlaps: Expr
    covered: Expr
    definitions: Mapping[Local, Expr]


class Case(NamedTuple):
    """A form that holds from the input size ``least`` on, up to where the case before it does."""

    least: int
    form: Form


class Kind(NamedTuple):
    """A kind of formula: from an axis and its number to its cases, the largest sizes first."""

    cases: Callable[[Axis, int], list[Case]]
    #: Whether nothing is claimed of sizes below the first case.
    bounded: bool = False
    #: Whether terms are collected, which would take long where floors stand in floors.
    collected: bool = True


def is_plain(axis: Axis) -> bool:
    """Whether everything but the input size is an integer."""
    return not not_integers(axis)


def not_integers(axis: Axis) -> Mapping[str, Expr]:
    """What of an axis, beside the input size, is not an integer, by letter."""
    return {
        letter: value
        for letter, value in axis._asdict().items()
        if letter != "n" and not isinstance(value, Integer)
    }


def integers(axis: Axis, n: int = 1) -> Axis:
    """A plain axis as integers, at an input size."""
    return Axis(n, *(int(value) for value in axis[1:]))


def numbers(axis: Axis) -> Form:
    """An axis of integers alone."""
    size, overlaps, covered = extent(INTEGERS, integers(axis, int(axis.n)))
    return Form(Integer(size), Integer(overlaps), Integer(covered), {})


def theorem(axis: Axis, at: int) -> Form:
    """The theorem, with ``F`` as a function."""
    lib = Theorem(at)
    size, overlaps, covered = lib.extent(axis)
    return Form(size, overlaps, covered, lib.definitions)


def closed(axis: Axis, at: int) -> Form:
    """The theorem with ``F`` unrolled; stride and dilation are integers."""
    lib = Closed(at)
    size, overlaps, covered = lib.extent(axis)
    return Form(size, overlaps, covered, lib.definitions)


def line(n: Expr, start: int, counts: tuple[int, ...], steps: tuple[int, ...]) -> Form:
    """Counts that are known at the input size ``start``, and what an input adds to each."""
    size, overlaps, covered = (
        c + step * (n - start) for c, step in zip(counts, steps, strict=True)
    )
    return Form(size, overlaps, covered, {})


def generic(axis: Axis, _at: int) -> list[Case]:
    """The one case of a plain axis from `affine_from` on: there it is affine, by theorem 6."""
    if isinstance(axis.n, Integer):
        return [Case(1, numbers(axis))]
    start = affine_from(integers(axis))
    counts = extent(INTEGERS, integers(axis, start))
    return [Case(start, line(axis.n, start, counts, slopes(integers(axis))))]


@lru_cache(maxsize=CACHED)
def exact(axis: Axis, at: int) -> list[Case]:
    """Numbers, or the cases of a plain axis, or the theorem: exact for every legal axis."""
    if not is_plain(axis):
        return [Case(1, theorem(axis, at))]
    if isinstance(axis.n, Integer):
        return [Case(1, numbers(axis))]
    (last,) = generic(axis, at)
    least = least_input_size(integers(axis))
    if last.least - least > MOST_SIZES:
        return [last, Case(least, closed(axis, at))]
    return [last, *pieces(axis, least, last.least - 1)]


@lru_cache(maxsize=CACHED)
def unrolled(axis: Axis, at: int) -> list[Case]:
    """Numbers, or the closed form."""
    if is_plain(axis) and isinstance(axis.n, Integer):
        return [Case(1, numbers(axis))]
    return [Case(1, closed(axis, at))]


def pieces(axis: Axis, least: int, last: int) -> list[Case]:
    """The input sizes from ``least`` to ``last`` in as few lines as can be, the last ones first."""
    counts = {n: extent(INTEGERS, integers(axis, n)) for n in range(least, last + 1)}
    cases = []
    while last >= least:
        steps = steps_at(counts, last)
        start = last
        while start > least and steps_at(counts, start) == steps:
            start -= 1
        cases.append(Case(start, line(axis.n, start, counts[start], steps)))
        last = start - 1
    return cases


def steps_at(counts: Mapping[int, tuple[int, ...]], n: int) -> tuple[int, ...]:
    """What input ``n`` added to each count; nothing where it is the first."""
    if n - 1 not in counts:
        return (0, 0, 0)
    return tuple(a - b for a, b in zip(counts[n], counts[n - 1], strict=True))


def folded(axis: Axis, cases: list[Case]) -> Form:
    """The cases of one axis as one form, of `Piecewise` counts."""
    if len(cases) == 1:
        return cases[0].form
    conditions = [*(from_on(axis, case.least) for case in cases[:-1]), true]
    size, overlaps, covered = (
        choice([(case.form[i], c) for case, c in zip(cases, conditions, strict=True)])
        for i in range(3)
    )
    definitions: dict[Local, Expr] = {}
    for case in cases:
        definitions |= case.form.definitions
    return Form(size, overlaps, covered, definitions)


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


def from_on(axis: Axis, least: int) -> Boolean:
    """The condition of a case."""
    return Ge(axis.n, least)


def together(axes: list[Axis], chosen: list[Case], lowest: list[Case]) -> Boolean:
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
