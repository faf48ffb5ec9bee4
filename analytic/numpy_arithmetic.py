"""The arithmetic of NumPy arrays, and the bound that says in which integers it cannot wrap.

`exactly` evaluates a formula over arrays: in the narrowest integers in which a bound computed from
its arguments proves that nothing, intermediate values included, can wrap; rows that the bound
cannot clear, in Python integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analytic.floorsum import lattice_points

#: An array, or an integer that stands for every row.
Rows = Any
#: ``formula(lib, columns)``: numbers, from columns of numbers.
Formula = Callable[[Any, Sequence[Rows]], Sequence[Rows]]


class Arrays:
    """Arrays of machine integers, or of Python integers (of dtype object), row by row."""

    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    gcd = staticmethod(np.gcd)
    quotient = staticmethod(np.floor_divide)

    @staticmethod
    def F(n: Rows, k: Rows, s: Rows, d: Rows, t: Rows) -> Rows:
        # To find the rows that have points costs less than a tenth of what counting them does.
        shape = np.broadcast(n, k, s, d, t).shape
        rows = rows_where((t > 0) & (n > 0) & (k > 0), shape)
        points = np.zeros(math.prod(shape), t.dtype)
        columns = [taken(column, shape, rows) for column in (n, k, s, d, t)]
        points[rows] = lattice_points(ARRAYS, *columns)
        return points.reshape(shape)

    @staticmethod
    def floor_sum(n: Rows, m: Rows, a: Rows, b: Rows) -> Rows:
        # Euclid's algorithm, as in `floorsum.floor_sum`, on the rows that are not finished.
        shape = whole = np.broadcast(n, m, a, b).shape
        total = np.zeros(math.prod(shape), n.dtype)
        rows = unfinished = rows_where(n > 0, shape)
        while rows.size:
            n, m, a, b = [taken(column, shape, unfinished) for column in (n, m, a, b)]
            quotient, a = divided(a, m)
            part = quotient * (n * (n - 1) // 2)
            quotient, b = divided(b, m)
            total[rows] += part + quotient * n
            n, b = divided(a * n + b, m)
            m, a = a, m
            shape = rows.shape
            unfinished = rows_where(n > 0, shape)
            rows = rows.take(unfinished)
        return total.reshape(whole)


ARRAYS = Arrays()


def divided(a: Rows, m: Rows) -> tuple[Rows, Rows]:
    """Quotients and remainders; NumPy has no ``divmod`` of Python integers."""
    return (a // m, a % m) if a.dtype == object else np.divmod(a, m)


def rows_where(true: Rows, shape: tuple[int, ...]) -> Rows:
    """The numbers of the rows in which something is true, once it is broadcast to a shape."""
    return np.flatnonzero(true if true.shape == shape else np.broadcast_to(true, shape))


def taken(column: Rows, shape: tuple[int, ...], rows: Rows) -> Rows:
    """Some rows of a column that is broadcast to a shape; a column of one row stays as it is."""
    if column.size == 1:
        return column.reshape(1)
    if column.shape != shape:
        column = np.broadcast_to(column, shape)
    return column.reshape(-1).take(rows)


class Magnitude:
    """What a number is, at the most, in absolute value: in a row, or in every row of a block.

    ``bound`` is for the number, ``peak`` for it and everything that it was computed from. They are
    float64. Sums and products of them do not cancel, so they are relatively exact but for the last
    bits, and the `LIMITS` leave a factor of two. A bound is at least 1, so no product vanishes.
    """

    __slots__ = ("bound", "peak")

    def __init__(self, bound: Any, *sources: Any) -> None:
        self.bound = bound
        self.peak = largest(bound, *[source.peak for source in sources])

    def __add__(self, other: Any) -> Magnitude:
        other = magnitude(other)
        return Magnitude(self.bound + other.bound, self, other)

    __radd__ = __sub__ = __rsub__ = __add__

    def __mul__(self, other: Any) -> Magnitude:
        other = magnitude(other)
        return Magnitude(self.bound * other.bound, self, other)

    __rmul__ = __mul__

    def __neg__(self) -> Magnitude:
        return self

    # The divisors of legal rows are positive, and so not below 1.

    def __floordiv__(self, other: Any) -> Magnitude:
        return Magnitude(self.bound, self, magnitude(other))

    def __mod__(self, other: Any) -> Magnitude:
        other = magnitude(other)
        return Magnitude(other.bound, self, other)


def magnitude(number: Any) -> Magnitude:
    """A magnitude as it is; that of an integer."""
    return number if isinstance(number, Magnitude) else Magnitude(max(abs(float(number)), 1.0))


def largest(first: Any, *others: Any) -> Any:
    """The largest of bounds: floats, or arrays of them."""
    for other in others:
        plain = isinstance(first, float) and isinstance(other, float)
        first = max(first, other) if plain else np.maximum(first, other)
    return first


class Magnitudes:
    """How the magnitude of a result follows from those of the arguments."""

    @staticmethod
    def maximum(a: Any, b: Any) -> Magnitude:
        a, b = magnitude(a), magnitude(b)
        return Magnitude(largest(a.bound, b.bound), a, b)

    @staticmethod
    def minimum(a: Any, b: Any) -> Magnitude:
        # The larger absolute value may be the smaller number only where numbers are negative.
        a, b = magnitude(a), magnitude(b)
        return Magnitude(-largest(-a.bound, -b.bound), a, b)

    gcd = minimum

    @staticmethod
    def quotient(a: Any, b: Any) -> Magnitude:
        return Magnitude(magnitude(a).bound, magnitude(a), magnitude(b))

    @staticmethod
    def floor_sum(n: Any, m: Any, a: Any, b: Any) -> Magnitude:
        # For a ≥ 1 and b ≥ 0. Neither n nor the slope a/m grows from one step of Euclid's algorithm
        # to the next; what a step adds is a part of the sum, and no step's numbers exceed this.
        bound = (n + 1) * (a * (n + 1) + b)
        return Magnitude(bound.bound, bound, m)

    @staticmethod
    def F(n: Any, k: Any, s: Any, d: Any, t: Any) -> Magnitude:
        points: Magnitude = lattice_points(MAGNITUDES, n, k, s, d, t)
        return points


MAGNITUDES = Magnitudes()

#: Beyond this, magnitudes are cut off: far above every limit, and its products are finite.
HUGE = 2**100
#: Where the peak is below the limit, nothing wraps: half of what the type holds.
LIMITS = ((np.int32, 2.0**30), (np.int64, 2.0**62))
INT64 = np.iinfo(np.int64)


def reach(column: Rows) -> float:
    """The largest absolute value in a column, and at least 1."""
    return float(min(max(int(column.max()), -int(column.min()), 1), HUGE))


def reaches(column: Rows) -> Rows:
    """The absolute value of each row of a column, and at least 1."""
    if column.dtype == object:
        column = np.frompyfunc(lambda value: min(abs(value), HUGE), 1, 1)(column)
    return np.maximum(np.abs(column.astype(np.float64)), 1.0)


def peak(formula: Formula, bounds: Sequence[Any]) -> Any:
    """The largest magnitude that occurs in a formula."""
    with np.errstate(over="ignore"):
        results = formula(MAGNITUDES, [Magnitude(bound) for bound in bounds])
        return largest(*[magnitude(result).peak for result in results])


def exactly(formula: Formula, columns: Sequence[Rows]) -> Sequence[Rows]:
    """A formula over columns, exactly: machine integers where they suffice, or else objects."""
    highest = peak(formula, [reach(column) for column in columns])
    for dtype, limit in LIMITS:
        if highest < limit:
            return formula(ARRAYS, [column.astype(dtype, copy=False) for column in columns])
    shape = np.broadcast_shapes(*[column.shape for column in columns])
    columns = [np.broadcast_to(column, shape).reshape(-1) for column in columns]
    cleared = peak(formula, [reaches(column) for column in columns]) < limit
    parts = [
        (rows, formula(ARRAYS, [column.take(rows).astype(numbers) for column in columns]))
        for rows, numbers in ((np.flatnonzero(cleared), dtype), (np.flatnonzero(~cleared), object))
        if rows.size
    ]
    return [merged(shape, parts, i) for i in range(len(parts[0][1]))]


def merged(shape: tuple[int, ...], parts: Sequence[Any], result: int) -> Rows:
    """One result of a formula that was evaluated on some rows here and on the others there."""
    numbers = parts[-1][1][result].dtype  # object, if any of them are
    whole = np.empty(math.prod(shape), numbers)
    for rows, results in parts:
        whole[rows] = results[result]
    return whole.reshape(shape)
