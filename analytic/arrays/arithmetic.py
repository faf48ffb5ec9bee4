"""The arithmetic of NumPy arrays, and the bound that says in which integers it cannot wrap.

`Exactly` evaluates a formula over arrays: in the narrowest integers in which a bound computed from
its arguments proves that nothing, intermediate values included, can wrap; rows that the bound
cannot clear, in Python integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytic.floorsum import lattice_points

#: Numbers, one a row.
Rows: TypeAlias = NDArray[Any]
#: ``formula(lib, columns)``: numbers, from columns of numbers.
Formula: TypeAlias = Callable[[Any, Sequence[Any]], Sequence[Any]]


class Tabulated:
    """A function of integers ≥ 0 that is looked up where columns have few values.

    In the sweeps that people make, strides, dilations and what they leave of other numbers are
    small: a table of all that the function can be has fewer entries than a block has rows.
    """

    def __init__(self, function: Callable[..., Rows]) -> None:
        self.function = function
        self.table = lru_cache(maxsize=16)(self._table)

    def _table(self, shape: tuple[int, ...]) -> Rows:
        return self.function(*np.ogrid[tuple([slice(n) for n in shape])]).reshape(-1)

    def __call__(self, *columns: Rows) -> Rows:
        if columns[0].dtype == object:
            return self.function(*columns)
        shape = tuple([int(column.max(initial=0)) + 1 for column in columns])
        if math.prod(shape) > max(column.size for column in columns):
            return self.function(*columns)
        entry, *others = columns
        for n, column in zip(shape[1:], others, strict=True):
            entry = entry * n + column
        return self.table(shape).take(entry).astype(entry.dtype)


class Arrays:
    """Arrays of machine integers, or of Python integers (of dtype object), row by row."""

    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    gcd = staticmethod(Tabulated(np.gcd))
    quotient = staticmethod(np.floor_divide)
    where = staticmethod(np.where)

    @staticmethod
    def F(n: Rows, k: Rows, s: Rows, d: Rows, t: Rows) -> Rows:
        pointed = (t > 0) & (n > 0) & (k > 0)
        if 2 * np.count_nonzero(pointed) > pointed.size:
            every: Rows = lattice_points(ARRAYS, n, k, s, d, np.maximum(t, 0))
            return every
        # To find the few rows that have points costs less than to count those of all.
        shape = np.broadcast(n, k, s, d, t).shape
        rows = rows_where(pointed, shape)
        points = np.zeros(math.prod(shape), t.dtype)
        columns = [taken(column, shape, rows) for column in (n, k, s, d, t)]
        points[rows] = lattice_points(ARRAYS, *columns)
        return points.reshape(shape)

    @staticmethod
    def floor_sum(n: Rows, m: Rows, a: Rows, b: Rows) -> Rows:
        # Without the whole parts of b/m, fewer sums differ.
        quotient, b = divided(b, m)
        return quotient * n + floor_sums(n, m, a, b)


ARRAYS = Arrays()


def euclid(n: Rows, m: Rows, a: Rows, b: Rows) -> Rows:
    """`floorsum.floor_sum` of every row: Euclid's algorithm on those that are not finished."""
    shape = full = np.broadcast(n, m, a, b).shape
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
    return total.reshape(full)


#: No row has m or a below 1, but the table has.
floor_sums = Tabulated(lambda n, m, a, b: euclid(n, np.maximum(m, 1), np.maximum(a, 1), b))


def divided(a: Rows, m: Rows) -> tuple[Rows, Rows]:
    """Quotients and remainders of numbers ≥ 0."""
    if a.dtype == object:  # of which NumPy has no divmod
        return a // m, a % m
    unsigned = f"u{a.dtype.itemsize}"  # which takes less time: no sign is looked at
    quotient, rest = np.divmod(a.view(unsigned), m.view(unsigned))
    return quotient.view(a.dtype), rest.view(a.dtype)


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
    def where(_: Any, a: Any, b: Any) -> Magnitude:
        # The condition is 0 or 1, and no bound is below 1.
        a, b = magnitude(a), magnitude(b)
        return Magnitude(largest(a.bound, b.bound), a, b)

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
#: Integers, and what the peak has to be below: half of what they hold.
LIMITS = ((np.int32, 2.0**30), (np.int64, 2.0**62))
INT64 = np.iinfo(np.int64)


def reach(column: Rows) -> float:
    """A power of two that no absolute value in a column exceeds."""
    most = max(int(column.max(initial=1)), -int(column.min(initial=1)))
    return float(min(1 << (most - 1).bit_length(), HUGE))


def reaches(column: Rows) -> Rows:
    """The absolute value of each row of a column, and at least 1."""
    if column.dtype == object:
        column = np.frompyfunc(lambda value: min(abs(value), HUGE), 1, 1)(column)
    return np.maximum(np.abs(column.astype(np.float64)), 1.0)


def peak(formula: Formula, bounds: Sequence[Any]) -> Any:
    """The largest magnitude that occurs in a formula, or in a column that it does not read."""
    with np.errstate(over="ignore"):
        results = formula(MAGNITUDES, [Magnitude(bound) for bound in bounds])
        return largest(*bounds, *[magnitude(result).peak for result in results])


#: How to evaluate a formula over columns.
Apply: TypeAlias = Callable[[Formula, Sequence[Rows]], Sequence[Rows]]
#: Columns as they are needed, and how to evaluate a formula over them.
Fit: TypeAlias = Callable[[Sequence[Rows]], tuple[Sequence[Rows], Apply]]


class Exactly:
    """Formulas over blocks of columns, exactly, and in the narrowest integers that suffice."""

    def __init__(self, *formulas: Formula) -> None:
        self.formulas = formulas
        #: What suffices, by how far columns reach: blocks of one sweep are much alike.
        self.known: dict[tuple[float, ...], Any] = {}

    def fit(self, columns: Sequence[Rows]) -> tuple[Sequence[Rows], Apply]:
        """The columns as they are needed, and how to evaluate any of the formulas over them."""
        bounds = tuple([reach(column) for column in columns])
        if bounds not in self.known:
            highest = max(peak(formula, bounds) for formula in self.formulas)
            self.known[bounds] = next((dtype for dtype, most in LIMITS if highest < most), None)
        dtype = self.known[bounds]
        if dtype is None:
            return columns, by_rows
        return [column.astype(dtype, copy=False) for column in columns], plainly


def plainly(formula: Formula, columns: Sequence[Rows]) -> Sequence[Rows]:
    """A formula in the integers that its columns have."""
    return [np.asarray(numbers) for numbers in formula(ARRAYS, columns)]


def by_rows(formula: Formula, columns: Sequence[Rows]) -> Sequence[Rows]:
    """A formula in int64 on the rows that their bounds clear, in Python integers on the others."""
    narrow, limit = LIMITS[-1]
    shape = np.broadcast_shapes(*[column.shape for column in columns])
    columns = [np.broadcast_to(column, shape).reshape(-1) for column in columns]
    cleared = peak(formula, [reaches(column) for column in columns]) < limit
    parts = [
        (rows, plainly(formula, [column.take(rows).astype(dtype) for column in columns]))
        for rows, dtype in ((np.flatnonzero(cleared), narrow), (np.flatnonzero(~cleared), object))
        if rows.size
    ]
    return [merged(shape, parts, i) for i in range(len(parts[0][1]))]


def merged(shape: tuple[int, ...], parts: Sequence[Any], result: int) -> Rows:
    """One result of a formula that was evaluated on some rows here and on the others there."""
    dtype = parts[-1][1][result].dtype  # object, if any of them are
    numbers = np.empty(math.prod(shape), dtype)
    for rows, results in parts:
        numbers[rows] = results[result]
    return numbers.reshape(shape)
