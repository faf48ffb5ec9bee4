"""The arithmetic of arrays, and that its bound is one."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.arrays.arithmetic import (
    ARRAYS,
    LIMITS,
    MAGNITUDES,
    Exactly,
    Magnitude,
    Tabulated,
    by_rows,
    euclid,
    peak,
    plainly,
    reach,
    reaches,
)
from analytic.arrays.columns import Channels, Layers
from analytic.arrays.sweep import axis_part
from analytic.layer import Layer, layer_slacks
from analytic.protocols import ConventionName
from analytic.totals import Products, Reached
from tests.strategies import axes, layers, ordinary_axes


class Seen(int):
    """An integer whose results are noted."""

    largest = 0


def noted(name: str) -> Any:
    def operation(*numbers: Any) -> Any:
        result = getattr(int, name)(*[int(number) for number in numbers])
        if isinstance(result, bool) or not isinstance(result, int):
            return result
        Seen.largest = max(Seen.largest, abs(result))
        return Seen(result)

    return operation


for _name in ("add", "sub", "mul", "floordiv", "mod"):
    setattr(Seen, f"__{_name}__", noted(f"__{_name}__"))
    setattr(Seen, f"__r{_name}__", noted(f"__r{_name}__"))
Seen.__neg__ = noted("__neg__")  # type: ignore[method-assign]


def largest_seen(formula: Any, columns: list[int]) -> int:
    """The largest absolute value that occurs when a formula is evaluated over arrays."""
    Seen.largest = 0
    boxed = []
    for column in columns:
        cell = np.empty(1, object)
        cell[0] = Seen(column)
        boxed.append(cell)
    formula(ARRAYS, boxed)
    return Seen.largest


@given(st.data(), st.sampled_from([True, False]), st.booleans(), st.integers(0, 60))
@settings(max_examples=200)
def test_the_bound_is_no_less_than_anything_that_occurs(
    data: st.DataObject, transposed: bool, both: bool, shift: int
) -> None:
    """In rules and theorem of an axis, where all layers are of one kind, and where they may not."""
    apart = data.draw(st.booleans())
    kind = axes if transposed else ordinary_axes
    axis = data.draw(kind(largest=40, cropped_apart=apart))
    columns = [axis.n << shift, axis.k << (shift // 2), *axis[2:], *([transposed] if both else [])]
    kinds = np.array([True, False]) if both else transposed
    layers = Layers([1], 1, 1, 1, end_padding=0 if apart else None, transposed=kinds)
    part = axis_part(layers.axes[0], layers, [*Products._fields, "inputs_reached", "taps_reached"])
    for formula in (part.rules, part.theorem):
        bound = peak(formula, [float(max(abs(value), 1)) for value in columns])
        assert largest_seen(formula, columns) <= bound * (1 + 1e-12)


@given(*[st.integers(least, 10**6) for least in (0, 1, 1, 0)])
def test_the_bound_of_a_floor_sum(n: int, m: int, a: int, b: int) -> None:
    def sums(lib: Any, columns: Any) -> Any:
        return [lib.floor_sum(*columns)]

    bound = peak(sums, [float(max(value, 1)) for value in (n, m, a, b)])
    assert largest_seen(sums, [n, m, a, b]) <= bound * (1 + 1e-12)


@given(
    layers(transposed=None),
    st.sampled_from([*totals.CONVENTIONS]),
    st.booleans(),
    st.integers(0, 40),
)
def test_the_bound_of_the_totals(
    layer: Layer, convention: ConventionName, transposed: bool, shift: int
) -> None:
    reached = totals.reached(INTEGERS, layer.axes, layer.transposed)
    products = [*reached.products, reached.inputs, reached.taps]
    columns = [
        *[int(product) << shift for product in products],
        *[int(getattr(layer, name)) for name in Channels._fields],
    ]

    def count(lib: Any, columns: Any) -> Any:
        channels, axes = Channels(*columns[7:]), Products(*columns[:5])
        return totals.count(lib, channels, (), axes, convention, "output", transposed).numbers()

    def passes(lib: Any, columns: Any) -> Any:
        axes = Reached(Products(*columns[:5]), *columns[5:7])
        return [*chain(*totals.passes(lib, Channels(*columns[7:]), axes, "output"))]

    def rules(lib: Any, columns: Any) -> Any:
        return layer_slacks(lib, Channels(*columns[7:]))

    for formula in (count, passes, rules):
        bound = peak(formula, [float(max(abs(value), 1)) for value in columns])
        assert largest_seen(formula, columns) <= bound * (1 + 1e-12)


def test_the_bound_of_a_choice_is_of_both() -> None:
    small, large = Magnitude(2.0, Magnitude(9.0)), Magnitude(5.0)
    for pair in ((small, large), (large, small)):
        chosen = MAGNITUDES.where(None, *pair)
        assert (chosen.bound, chosen.peak) == (5, 9)


@given(st.data())
def test_euclid_is_the_sum(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 5))

    def column(least: int) -> Any:
        return np.array(data.draw(st.lists(st.integers(least, 9), min_size=rows, max_size=rows)))

    n, m, a, b = column(-1), column(1), column(1), column(0)
    expected = [
        sum((a1 * i + b1) // m1 for i in range(n1))
        for n1, m1, a1, b1 in zip(n, m, a, b, strict=True)
    ]
    assert euclid(n, m, a, b).tolist() == expected
    assert euclid(*[x.astype(object) for x in (n, m, a, b)]).tolist() == expected
    many = [np.tile(np.maximum(x, 0), 2000) for x in (n, m, a, b)]  # these are looked up
    assert ARRAYS.floor_sum(*many)[:rows].tolist() == expected


def test_a_table_is_used_where_it_is_smaller_than_the_column() -> None:
    asked = []

    def product(a: Any, b: Any) -> Any:
        asked.append(np.broadcast(a, b).size)
        return a * b

    tabulated = Tabulated(product)
    few = np.array([2, 3, 1]), np.array([1, 1, 2])
    assert tabulated(*few).tolist() == [2, 3, 2]
    assert asked == [3]
    many = [np.tile(column, 100) for column in few]
    assert tabulated(*many).tolist() == [2, 3, 2] * 100
    assert tabulated(*many).tolist() == [2, 3, 2] * 100
    assert asked == [3, 4 * 3]
    assert tabulated(*[column.astype(object) for column in many]).tolist() == [2, 3, 2] * 100
    assert asked == [3, 4 * 3, 300]


@pytest.mark.parametrize(
    ("most", "dtype"), [(2**14, np.int32), (2**15, np.int64), (2**30, np.int64), (2**31, None)]
)
def test_the_narrowest_integers_that_suffice(most: int, dtype: Any) -> None:
    def square(_: Any, columns: Any) -> Any:
        return [columns[0] * columns[0]]

    column = np.array([3, -most])
    columns, apply = Exactly(square).fit([column])
    if dtype is None:
        assert apply is by_rows
        assert columns[0] is column
    else:
        assert apply is plainly
        assert columns[0].dtype == dtype
    assert apply(square, columns)[0].tolist() == [9, most**2]


def test_rows_that_the_bound_clears_are_not_of_python_integers() -> None:
    kinds = []

    def square(_: Any, columns: Any) -> Any:
        kinds.append(getattr(columns[0], "dtype", float))
        return [columns[0] * columns[0]]

    assert by_rows(square, [np.array([3, 2**40, 5])])[0].tolist() == [9, 2**80, 25]
    assert kinds == [float, np.int64, object]
    cleared = by_rows(square, [np.array([3, 5])])[0]
    assert cleared.dtype == np.int64
    assert cleared.tolist() == [9, 25]


@pytest.mark.parametrize("column", [[0], [-5, 3], [2**63 - 1, 0], [-(2**63)], [10**400, -1]])
def test_how_far_a_column_reaches(column: list[int]) -> None:
    array = np.array(column, object if max(column) > 2**63 else np.int64)
    bound = reach(array)
    assert bound >= min(max(map(abs, column)), 2.0**100)
    rows = zip(reaches(array).tolist(), column, strict=True)
    assert all(of >= min(abs(value), 2.0**100) * (1 - 2**-53) for of, value in rows)
    assert bound > LIMITS[-1][1] or bound < 2 * max(*map(abs, column), 1)
