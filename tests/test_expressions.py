"""F, Gcd and Quotient as SymPy functions, and the parts of a formula."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sympy import Integer, Sum, Symbol, latex, symbols

from analytic import symbolic
from analytic.floorsum import floor_sum
from analytic.symbolic.expressions import EXPRESSIONS, F, FloorSum, Gcd, Quotient, larger, smaller

n, k, s, d = symbols("n k s d", integer=True, positive=True)
t = Symbol("t", integer=True)


def test_f_of_numbers_counts_the_pairs() -> None:
    for a, b, c, e, f in itertools.product(range(4), range(4), (1, 2, 3), (1, 2), range(-1, 9)):
        pairs = [i * c + j * e < f for i in range(a) for j in range(b)]
        assert F(a, b, c, e, f) == sum(pairs)


def test_f_of_symbols_stays() -> None:
    call = F(n, k, s, d, t)
    assert isinstance(call, F)
    assert call.is_integer
    assert call.is_nonnegative
    assert call.subs({n: 5, k: 4, s: 3, d: 2, t: 11}) == 4 + 4 + 3 + 1
    assert F(n, k, s, d, -k) == F(0, k, s, d, t) == F(n, 0, s, d, t) == 0


def test_f_is_a_sum_over_the_rows() -> None:
    total = F(n, k, s, d, t).rewrite(Sum)
    assert isinstance(total, Sum)
    for values in [(5, 4, 3, 2, 11), (3, 3, 1, 4, 2), (4, 2, 2, 3, -1), (2, 9, 5, 1, 40)]:
        at = dict(zip((n, k, s, d, t), values, strict=True))
        assert total.subs(at).doit() == F(*values)


def test_latex() -> None:
    assert latex(F(n, k, s, d, t)) == r"F_{s, d}\left(n, k; t\right)"
    assert latex(Gcd(s, d)) == r"\gcd\left(s, d\right)"
    assert latex(Quotient(s, Gcd(s, d))) == r"\frac{s}{\gcd\left(s, d\right)}"


def test_gcd() -> None:
    assert Gcd(12, 18) == 6
    assert Gcd(s, 1) == Gcd(1, s) == 1
    assert Gcd(s, s) == Gcd(3 * s, s) == Gcd(s, 2 * s) == s
    assert Gcd(s, d).is_positive
    assert Gcd(s, d).is_integer
    assert Gcd(s, d).subs({s: 8, d: 12}) == 4


def test_quotient() -> None:
    assert Quotient(6, 3) == 2
    assert Quotient(6 * s, 2 * s) == 3
    assert Quotient(s, d).is_integer
    assert Quotient(s, d).is_positive
    assert Quotient(t, d).is_positive is None
    assert Quotient(s, d).subs({s: 8, d: 4}) == 2


def test_floor_sum() -> None:
    assert FloorSum(5, 3, 7, -4) == floor_sum(5, 3, 7, -4)
    assert EXPRESSIONS.floor_sum(n, 3, 7, -4).subs(n, 5) == floor_sum(5, 3, 7, -4)


@pytest.mark.parametrize(("a", "b"), [(n, Integer(0)), (Integer(0), n), (n + 2, n), (n, n + k)])
def test_what_is_seen_to_be_larger(a: Integer, b: Integer) -> None:
    first = (a - b).is_nonnegative
    assert larger(a, b) == (a if first else b)
    assert smaller(a, b) == (b if first else a)


def test_what_is_not_seen_to_be_larger() -> None:
    for values in [(1, 2), (2, 1), (2, 2)]:
        at = dict(zip((n, k), map(Integer, values), strict=True))
        assert larger(n, k).xreplace(at) == max(values)
        assert smaller(n, k).xreplace(at) == min(values)


def test_parts_are_named_by_what_they_are() -> None:
    cases: list[tuple[Any, str]] = [
        ({}, "g0 u0 v0 n0_met k0_met T0 C0"),
        ({"stride": 3, "dilation": 2}, "n0_met k0_met T0 C0"),
        ({"stride": 1, "dilation": 1}, "n0_met k0_met T0 C0"),
        ({"stride": 3}, "g0 u0 v0 n0_met k0_met T0 C0"),
    ]
    for bound, expected in cases:
        names = [str(name) for name in symbolic.covered(axes=1, **bound).definitions]
        assert names == expected.split()
    # Where n − u happens to be L − s, it is n − u all the same.
    alike = {"kernel_size": k, "padding": k, "stride": 1, "dilation": 2, "output_padding": 1}
    parts = symbolic.covered(axes=1, **alike).definitions
    assert [str(value) for name, value in parts.items() if str(name) == "n0_met"] == [
        "Max(0, n0 - 2)"
    ]
    step = symbolic.passes(axes=1, transposed=False)
    names = [str(name) for name in step.grad_input.reached.definitions]
    assert names == ["L0", "g0", "u0", "v0", "n0_met", "k0_met", "T0", "I0"]
    assert [str(name) for name in step.grad_weight.reached.definitions] == ["L0", "T0", "J0"]


@pytest.mark.parametrize(("s", "d"), [(-3, 2), (0, 2), (3, 0), (3, -1)])
def test_the_steps_of_f_are_positive(s: int, d: int) -> None:
    with pytest.raises(ValueError, match=f"the steps of F must be positive, got {s} and {d}"):
        F(5, 4, s, d, 11)
