"""Formulas against the integers, which the oracle holds: any subset of the parameters bound."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from sympy import Function, Integer, Piecewise, Symbol, floor, true

import analytic
from analytic import Layer, LayerError, symbolic
from analytic.axis import Axis
from analytic.symbolic import forms
from analytic.symbolic.expressions import F
from analytic.symbolic.formula import Formula
from analytic.totals import CONVENTIONS, NUMBERS, RULES, Count
from tests import brute
from tests.strategies import arguments, axes, layers


def split(data: DataObject, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments in those that are bound and those that stay symbols, to be evaluated at."""
    rest = {name: value for name, value in given.items() if value is not None}
    chosen = data.draw(st.sets(st.sampled_from(sorted(rest))), label="bound")
    bound = {name: rest.pop(name) for name in sorted({"transposed"} & {*rest} | chosen)}
    if "end_padding" in rest:  # what makes the crops separate is that something is bound to it
        bound["end_padding"] = (None,) * len(given["input_size"])
    return bound, rest


def flat(count: Count[Any]) -> dict[str, Any]:
    """The counts of a `Count` one by one."""
    sizes = {f"output_size_{at}": size for at, size in enumerate(count.output_size)}
    return {**{name: getattr(count, name) for name in NUMBERS}, **sizes}


def one_axis(axis: Axis) -> dict[str, Any]:
    """Everything but the input size of an axis, bound."""
    return {
        "kernel_size": axis.k,
        "stride": axis.s,
        "dilation": axis.d,
        "padding": axis.b,
        "end_padding": (axis.e,),
        "output_padding": axis.o,
    }


@settings(max_examples=40, deadline=None)
@given(layer=layers(transposed=None), data=st.data())
def test_every_field_of_a_count_is_that_of_the_integers(layer: Layer, data: DataObject) -> None:
    convention = data.draw(st.sampled_from([*CONVENTIONS]))
    rule = data.draw(st.sampled_from([*RULES]))
    bound, rest = split(data, dict(layer.items()))
    axes = len(layer.axes)
    formulas = symbolic.count(axes=axes, convention=convention, rule=rule, **bound)
    expected = flat(analytic.count(layer, convention=convention, rule=rule))
    assert {name: f.evaluate(**rest) for name, f in flat(formulas).items()} == expected
    assert symbolic.macs(axes=axes, rule=rule, **bound).evaluate(**rest) == expected["macs"]


@settings(max_examples=80, deadline=None)
@given(given=arguments(), data=st.data())
def test_each_function_is_that_of_the_integers(given: dict[str, Any], data: DataObject) -> None:
    bound, rest = split(data, given)
    bound["axes"] = len(given["input_size"])
    convention = data.draw(st.sampled_from([*CONVENTIONS]))
    additions = symbolic.additions_per_filter(convention=convention, **bound)
    assert additions.evaluate(**rest) == analytic.additions_per_filter(
        **given, convention=convention
    )
    assert symbolic.overlaps(**bound).evaluate(**rest) == analytic.overlaps(**given)
    assert symbolic.covered(**bound).evaluate(**rest) == analytic.covered(**given)
    sizes = symbolic.output_size(**bound)
    assert tuple(size.evaluate(**rest) for size in sizes) == analytic.output_size(**given)


def at(formula: Formula, values: dict[str, Any]) -> dict[Symbol, Integer]:
    """Values of the symbols, from arguments of a layer."""
    named = {name: value for name, value in values.items() if name in symbolic_fields(formula)}
    return dict(formula.meaning(named))


def symbolic_fields(formula: Formula) -> set[str]:
    """The arguments of which some entry is not an integer."""
    return {field for field, _, value in formula.layer.values() if value.free_symbols}


@settings(max_examples=50, deadline=None)
@given(given=arguments(most_axes=2), data=st.data())
def test_the_closed_form_is_exact_and_has_no_f(given: dict[str, Any], data: DataObject) -> None:
    bound, rest = split(data, given)
    for name in ("stride", "dilation"):
        bound[name] = given[name]
        rest.pop(name, None)
    formula = symbolic.additions_per_filter(axes=len(given["input_size"]), **bound)
    closed = formula.closed()
    expected = analytic.additions_per_filter(**given)
    assert closed.evaluate(**rest) == expected
    assert {type(part) for part in closed.expr.atoms(Function)} <= {floor}
    assert (
        closed.expr.xreplace(at(closed, rest))
        == expected
        == formula.expr.xreplace(at(formula, rest))
    )


@pytest.mark.parametrize("s_d", [(55, 34), (64, 63), (37, 64), (1, 64), (64, 48), (2, 1), (1, 1)])
@pytest.mark.parametrize(
    "n_k_p_o", [(1, 1, 0, 0), (99, 3, 90, 0), (3, 99, 95, 5), (99, 98, 3000, 2)]
)
def test_the_closed_form_of_long_steps(s_d: tuple[int, int], n_k_p_o: tuple[int, ...]) -> None:
    (s, d), (n, k, p, o) = s_d, n_k_p_o
    o = min(o, max(s, d) - 1)
    p = min(p, ((n - 1) * s + (k - 1) * d + o) // 2)
    closed = symbolic.covered(axes=1, stride=s, dilation=d).closed()
    assert not closed.expr.has(F)
    expected = sum(c > 0 for c in brute.profile(Axis(n, k, s, d, p, p, o)))
    assert closed.evaluate(n0=n, k0=k, p0=p, o0=o) == expected


@settings(max_examples=100, deadline=None)
@given(axis=axes(largest=9, cropped_apart=True))
def test_a_generic_formula_holds_from_its_bounds_on_and_they_are_the_least(axis: Axis) -> None:
    bound = one_axis(axis)
    exact = [f(axes=1, **bound) for f in (symbolic.overlaps, symbolic.covered)]
    generic = [f.generic() for f in exact]
    (start,) = generic[0].bounds or ()

    def truth(n: int) -> list[int]:
        profile = brute.profile(axis._replace(n=n))
        return [sum(profile), sum(c > 0 for c in profile)]

    for n in range(start, start + 4):
        assert [f.evaluate(n0=n) for f in generic] == truth(n)
    before = start - 1
    with pytest.raises(LayerError):
        generic[0].evaluate(n0=before)
    if before >= 1 and brute.size(axis._replace(n=before)) >= 1:
        steps = [f.evaluate(n0=start + 1) - f.evaluate(n0=start) for f in generic]
        assert [b - a for a, b in zip(truth(before), truth(start), strict=True)] != steps
        assert [f.evaluate(n0=before) for f in exact] == truth(before)
        words = f"input_size must be at least {start} for this formula, got {before} on axis 0"
        with pytest.raises(LayerError, match=words):
            generic[0].evaluate(n0=before)


PLAIN: dict[str, Any] = {
    "kernel_size": 4,
    "stride": 2,
    "padding": 1,
    "output_padding": 0,
    "dilation": 1,
}
#: The table below theorem 6 of notes/derivation.md: T = 1, 2, 5, 8, … and C = 1, 2, 5, 7, ….
CUT: dict[str, Any] = {
    "kernel_size": 3,
    "stride": 2,
    "padding": 3,
    "output_padding": 0,
    "dilation": 3,
}


def test_kernel_4_stride_2_padding_1() -> None:
    formula = symbolic.additions_per_filter(**PLAIN)
    H, W = formula.symbols
    assert formula.expr == 12 * H * W - 8 * H - 8 * W + 4
    assert formula.generic().expr == formula.expr
    assert formula.generic().bounds == (1, 1)
    assert str(formula.domain) == "(n0 >= 1) & (n1 >= 1)"


def test_an_axis_whose_first_inputs_are_cut() -> None:
    overlaps, covered = symbolic.overlaps(axes=1, **CUT), symbolic.covered(axes=1, **CUT)
    (n,) = overlaps.symbols
    assert overlaps.expr == Piecewise((3 * n - 4, n >= 3), (n, True))
    assert covered.expr == Piecewise((2 * n - 1, n >= 3), (n, True))
    assert overlaps.generic().expr == 3 * n - 4


def test_a_size_that_is_bound_has_no_bound() -> None:
    formula = symbolic.overlaps(input_size=(None, 1), **CUT).generic()
    (n,) = formula.symbols
    assert formula.expr == 3 * n - 4  # T = 1 on the other axis
    assert formula.bounds == (3, 1)
    assert formula.evaluate(n0=3) == 5


def test_a_single_size_below_the_bound() -> None:
    """Kernel 5, padding 2: one input meets one output, two meet four, three meet nine."""
    bound: Any = {"kernel_size": 5, "stride": 1, "padding": 2, "output_padding": 0, "dilation": 1}
    formula = symbolic.overlaps(axes=1, **bound)
    (n,) = formula.symbols
    assert formula.expr == Piecewise((5 * n - 6, n >= 2), (1, True))


def test_many_cases_of_one_axis_alone() -> None:
    bound: Any = {"kernel_size": 61, "stride": 1, "padding": 30, "output_padding": 0, "dilation": 1}
    formula = symbolic.additions_per_filter(input_size=(None, 9), **bound)
    for n in (1, 2, 7, 29, 30, 31):
        expected = analytic.additions_per_filter((n, 9), **bound)
        assert formula.evaluate(n0=n) == expected


def test_the_closed_form_beside_an_axis_of_numbers() -> None:
    closed = symbolic.overlaps(input_size=(None, 1), **CUT).closed()
    assert [closed.evaluate(n0=n) for n in (1, 2, 3, 4)] == [1, 2, 5, 8]


def test_where_one_polynomial_holds_everywhere_there_are_no_cases() -> None:
    (size,) = symbolic.output_size(axes=1, **CUT)
    (n,) = size.symbols
    assert size.expr == 2 * n - 1
    assert str(symbolic.macs(axes=1, rule="input", **CUT, **CHANNELS).expr) == "6*n0"


def half_padded(p: int) -> Formula:
    """Overlaps of a kernel of 2p + 1 with padding p: affine from p inputs on."""
    return symbolic.overlaps(
        axes=1, kernel_size=2 * p + 1, stride=1, dilation=1, padding=p, output_padding=0
    )


def test_up_to_twelve_cases_are_listed() -> None:
    assert [len(half_padded(p).outline.args) for p in (22, 23, 24, 25)] == [12, 12, 2, 2]


def test_up_to_64_sizes_below_the_bound_are_listed() -> None:
    assert [bool(half_padded(p).definitions) for p in (64, 65, 66)] == [False, False, True]


def test_an_output_of_any_input_goes_without_saying() -> None:
    """The least input size is 1, 2 or 3: only from 2 on is there something to say."""
    domains = [symbolic.overlaps(axes=1, **{**CUT, "padding": p}).domain for p in (3, 4, 5)]
    assert [str(found) for found in domains] == ["n0 >= 1", "n0 >= 2", "n0 >= 3"]
    generic = [symbolic.overlaps(axes=1, **{**CUT, "dilation": d}).generic() for d in (1, 2)]
    assert [str(f.domain) for f in generic] == ["n0 >= 3", "n0 >= 2"]


def test_a_bound_of_two_inputs_is_a_condition() -> None:
    generic = half_padded(2).generic()
    assert str(generic.domain) == "n0 >= 2"
    with pytest.raises(LayerError, match="input_size must be at least 2 for this formula, got 1"):
        generic.evaluate(n0=1)


def test_a_case_that_the_next_one_has_in_it_is_left_out() -> None:
    a, b = Symbol("a", integer=True, positive=True), Symbol("b", integer=True, positive=True)
    three = Integer(3)
    assert forms.choice([(three, (a >= 4) & (b >= 2)), (three, a >= 4), (a, true)]) == Piecewise(
        (3, a >= 4), (a, True)
    )
    assert forms.implies((a >= 4) & (b >= 2), a >= 4)
    assert not forms.implies(a >= 4, a >= 5)
    assert not forms.implies(a >= 4, (a >= 4) & (b >= 2))


CHANNELS: dict[str, Any] = {"groups": 1, "in_channels": 1, "out_channels": 2, "batch_size": 1}


@pytest.mark.parametrize(
    ("bound", "listed"),
    [
        # Too many combinations of the axes' cases to list them all.
        ({"kernel_size": 15, "stride": 1, "dilation": 1, "padding": 7, "output_padding": 0}, True),
        # More input sizes below the bound than are listed: the closed form takes over there.
        ({**CUT, "stride": 1, "dilation": 1, "kernel_size": 400, "padding": 150}, False),
        ({**CUT, "stride": 70, "dilation": 69, "kernel_size": 80}, False),
    ],
)
def test_many_cases(bound: Any, *, listed: bool) -> None:
    formula = symbolic.additions_per_filter(**bound)
    assert isinstance(formula.expr, Piecewise)
    assert bool(formula.definitions) is not listed
    (start, _) = formula.generic().bounds or (0, 0)
    sizes = (1, 2, 5, start // 2, start - 1, start, start + 1, 10**20)
    for size in itertools.product(sizes, repeat=2):
        expected = outcome(partial(analytic.additions_per_filter, size, **bound))
        assert outcome(partial(formula.evaluate, input_size=size)) == expected


def test_an_integer_of_any_size() -> None:
    huge = 10**30
    values: dict[str, Any] = {"input_size": (huge, 3), "kernel_size": 5, "stride": 7}
    values |= {"padding": 9, "output_padding": 0, "dilation": 4}
    expected = analytic.additions_per_filter(**values)
    assert symbolic.additions_per_filter().evaluate(**values) == expected


def test_sizes_may_stand_without_their_names() -> None:
    formula = symbolic.overlaps((8, 8), 4, stride=2)
    values = {"p0": 0, "p1": 0, "o0": 0, "o1": 0, "d0": 1, "d1": 1}
    assert formula.evaluate(**values) == analytic.overlaps((8, 8), 4, stride=2)
    assert symbolic.covered(9, axes=1).symbols == symbolic.covered(axes=1).symbols[1:]
    _, width = symbolic.output_size((None, 8), 3, stride=1)
    assert [str(found) for found in width.symbols] == ["d1", "p1", "o1"]
    with pytest.raises(TypeError, match="kernel_size is given twice"):
        symbolic.additions_per_filter((8, 8), 4, kernel_size=4)
    with pytest.raises(TypeError, match="only input_size and kernel_size may be given without a n"):
        symbolic.additions_per_filter((8, 8), 4, 2)


def test_a_layer_binds_everything() -> None:
    layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    assert symbolic.count(layer).total.expr == analytic.count(layer).total == 239808
    assert symbolic.count(layer).total.symbols == ()
    assert symbolic.macs(layer, batch_size=None).evaluate(N=2) == 43200
    with pytest.raises(TypeError, match=r"layer must be an analytic\.Layer, got str"):
        symbolic.count("layer")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["convention", "rule"])
def test_unknown_names_are_value_errors_that_list_what_exists(name: str) -> None:
    one: Any = symbolic.additions_per_filter if name == "convention" else symbolic.macs
    every: Any = symbolic.count
    for call in (one, every):
        with pytest.raises(ValueError, match=f"{name} must be one of '.*', got 'nonsense'"):
            call(**{name: "nonsense"})


# What may be bound.

k = Symbol("k", integer=True, positive=True)
odd = Symbol("q", odd=True, positive=True)
m = Symbol("m", integer=True, nonnegative=True)


def test_one_symbol_for_a_square_input() -> None:
    formula = symbolic.additions_per_filter(input_size=k, **PLAIN)
    assert formula.symbols == (k,)
    assert formula.expr == 12 * k**2 - 16 * k + 4
    assert formula.evaluate(k=8) == formula.evaluate(input_size=(8, 8)) == 644
    with pytest.raises(ValueError, match="input_size is given two values, 8 and 9"):
        formula.evaluate(input_size=(8, 9))


def test_a_kernel_of_twice_the_stride() -> None:
    formula = symbolic.covered(axes=1, kernel_size=2 * k, stride=k, dilation=1)
    for stride in (1, 2, 3):
        values: Any = {"output_padding": 0, "padding": 1}
        expected = analytic.covered([5], 2 * stride, stride=stride, **values)
        assert formula.evaluate(n0=5, k=stride, **values) == expected
        assert formula.evaluate(n0=5, kernel_size=2 * stride, stride=stride, **values) == expected
    with pytest.raises(TypeError, match="covered needs a value of k"):
        formula.evaluate(n0=5, kernel_size=4, **values)
    with pytest.raises(ValueError, match=r"kernel_size is 2\*k in this formula, got 5"):
        formula.evaluate(n0=5, kernel_size=5, stride=2, **values)


def test_half_of_an_odd_kernel_is_a_padding() -> None:
    half = (odd - 1) / 2
    formula = symbolic.overlaps(axes=1, kernel_size=odd, padding=half, stride=1, dilation=1)
    assert formula.evaluate(q=5, n0=7, o0=0) == analytic.overlaps([7], 5, padding=2)
    with pytest.raises(LayerError, match="q must be odd, got 4"):
        formula.evaluate(q=4, n0=7, o0=0)
    with pytest.raises(LayerError, match="q must be positive, got -1"):
        formula.evaluate(q=-1, n0=7, o0=0)


def test_a_bound_does_not_wait_for_what_is_not_asked() -> None:
    """Overlaps and covered are even from 100 inputs on, inputs reached from a larger number on."""
    bound: Any = {"axes": 1, "kernel_size": 2, "stride": 2, "dilation": 401, "padding": 200,
                  "output_padding": 0}  # fmt: skip
    assert symbolic.overlaps(**bound).generic().bounds == (100,)
    (reached,) = symbolic.inputs_reached(**bound).generic().bounds or ()
    assert reached > 100 + forms.MOST_SIZES

    def truth(n: int) -> tuple[int, int]:
        profile = brute.profile(Axis(n, 2, 2, 401, 200, 200, 0))
        return sum(profile), sum(c > 0 for c in profile)

    for counts in zip(*map(truth, range(99, 105)), strict=True):
        steps = [b - a for a, b in itertools.pairwise(counts)]
        assert steps[0] != steps[1] == steps[2] == steps[3] == steps[4]


def test_of_numbers_there_is_nothing_to_check() -> None:
    assert symbolic.overlaps(input_size=(8, 8), **PLAIN).conditions == ()


def test_nothing_is_divided_by_one() -> None:
    closed = symbolic.overlaps(axes=1, stride=1, dilation=1).closed()
    assert not any(value.has(floor) for value in (closed.expr, *closed.definitions.values()))


def test_a_condition_on_a_half_is_written_without_fractions() -> None:
    q = Symbol("q", odd=True)
    formula = symbolic.overlaps(axes=1, kernel_size=5, padding=(q - 3) / 2, stride=1, dilation=1)
    assert [str(c.relation) for c in formula.conditions if c.rule.argument == "padding"] == [
        "q >= 3"
    ]


@pytest.mark.parametrize(
    ("symbol", "legal", "wrong", "words"),
    [
        (Symbol("q", even=True), -2, 1, "q must be even, got 1"),
        (Symbol("q", integer=True, negative=True), -2, 0, "q must be negative, got 0"),
        (Symbol("q", integer=True, nonpositive=True), -2, 1, "q must not be positive, got 1"),
        (m, 0, -1, "m must not be negative, got -1"),
    ],
)
def test_assumptions_are_checked(symbol: Symbol, legal: int, wrong: int, words: str) -> None:
    formula = symbolic.overlaps(
        axes=1, input_size=9, kernel_size=3, stride=1, dilation=1, output_padding=0,
        padding=symbol, end_padding=0,
    )  # fmt: skip
    expected = analytic.overlaps([9], 3, padding=legal, end_padding=0)
    assert formula.evaluate(**{symbol.name: legal}) == expected
    with pytest.raises(LayerError, match=words):
        formula.evaluate(**{symbol.name: wrong})


def test_depthwise() -> None:
    channels = Symbol("C", integer=True, positive=True)
    formula = symbolic.macs(
        in_channels=channels, out_channels=channels, groups=channels, batch_size=1, **PLAIN
    )
    layer = Layer((8, 8), 5, 5, 4, stride=2, padding=1, groups=5)
    assert formula.evaluate(C=5, n0=8, n1=8) == analytic.macs(layer)


@pytest.mark.parametrize(
    ("bound", "error", "words"),
    [
        ({"kernel_size": 2.5}, TypeError, "kernel_size must be an integer, got 2.5 on axis 0"),
        ({"kernel_size": True}, TypeError, "kernel_size must be an integer, got True on axis 0"),
        ({"kernel_size": "4"}, TypeError, "kernel_size must be an integer, got '4' on axis 0"),
        ({"stride": (1, k / 2)}, TypeError, "stride must be an integer by the .* 'k/2' on axis 1"),
        ({"kernel_size": Symbol("x")}, TypeError, "kernel_size must be an integer by the assump"),
        ({"groups": Symbol("x")}, TypeError, "groups must be an integer by .* got 'x'$"),
        ({"bias": 2}, TypeError, "bias must be True or False, got 2"),
        ({"foo": 2}, TypeError, "there is no parameter 'foo'; there are input_size, in_channels"),
        ({"kernel_size": 0}, LayerError, "kernel_size must be positive, got 0 on axis 0"),
        ({"stride": (2, -k)}, LayerError, "stride must be positive, got -k on axis 1"),
        ({"padding": -1}, LayerError, "padding must not be negative, got -1 on axis 0"),
        ({"in_channels": 3, "groups": 2}, LayerError, "in_channels must be divisible by groups 2"),
        ({"axes": 0}, LayerError, "axes must be positive, got 0"),
        ({"axes": "2"}, TypeError, "axes must be an integer, got '2'"),
        ({"axes": 2, "kernel_size": (3,)}, LayerError, r"one entry an axis \(2\), got 1: \(3,\)"),
        ({"stride": (1, 2, 3), "padding": (0, 1)}, LayerError, "padding must have one entry an a"),
        ({"stride": ()}, LayerError, "stride must have one entry an axis"),
        (
            {"kernel_size": Symbol("n0", integer=True)},
            ValueError,
            "two symbols with different assumptions are called n0",
        ),
        (
            {"kernel_size": Symbol("q", prime=True)},
            ValueError,
            "the symbol q is assumed to be more than an integer of some sign and parity",
        ),
    ],
)
def test_what_may_not_be_bound(bound: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        symbolic.count(**bound)


def test_axes_come_from_the_sequences_or_are_two() -> None:
    assert len(symbolic.output_size()) == 2
    assert len(symbolic.output_size(kernel_size=(3, 3, 3), stride=[2])) == 3
    assert len(symbolic.output_size(kernel_size=(3,))) == 1
    assert [str(s) for s in symbolic.overlaps(input_size=(None, 8), **PLAIN).symbols] == ["n0"]


# Refusals, at the same values and in the same words as the integers.


def outcome(call: Any) -> Any:
    """What a call returns, or what it raises and in which words."""
    try:
        return call()
    except (ValueError, TypeError) as reason:
        return type(reason), str(reason)


@st.composite
def maybe_layers(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a layer that may well be illegal, by a little."""
    axes = draw(st.integers(1, 2))
    small = st.lists(st.integers(-1, 4), min_size=axes, max_size=axes).map(tuple)
    names = ("input_size", "kernel_size", "stride", "dilation", "padding", "output_padding")
    given: dict[str, Any] = {name: draw(small) for name in names}
    if draw(st.booleans()):
        given["end_padding"] = draw(small)
    channels = st.integers(-1, 4)
    given |= {name: draw(channels) for name in ("in_channels", "out_channels", "groups")}
    return {**given, "batch_size": draw(channels), "bias": draw(st.booleans())}


@settings(max_examples=100, deadline=None)
@given(given=maybe_layers())
def test_what_is_refused_is_refused_in_the_same_words(given: dict[str, Any]) -> None:
    axes = len(given["input_size"])
    expected = outcome(lambda: analytic.count(Layer(**given)).total)
    assert outcome(lambda: int(symbolic.count(axes=axes, **given).total.expr)) == expected
    apart: Any = {"end_padding": (None,) * axes} if "end_padding" in given else {}
    general = symbolic.count(axes=axes, **apart).total
    assert outcome(lambda: general.evaluate(**given)) == expected
    if given["groups"] != 0:  # by which nothing is divided
        values = at(general, given)
        assert bool(general.domain.xreplace(values)) is not isinstance(expected, tuple)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"n0": 8}, TypeError, "additions_per_filter needs a value of n1"),
        (
            {"n0": 8, "n1": 8, "k0": 4},
            TypeError,
            "additions_per_filter has no parameter 'k0'",
        ),
        ({"n0": 8.0, "n1": 8}, TypeError, "n0 must be an integer, got 8.0"),
        ({"n0": 0, "n1": 8}, LayerError, "input_size must be positive, got 0 on axis 0"),
        ({"input_size": 8, "stride": 3}, ValueError, "stride is 2 in this formula, got 3"),
        ({"input_size": (8, 8), "n0": 9}, ValueError, "n0 is given two values, 8 and 9"),
    ],
)
def test_what_cannot_be_evaluated(values: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        symbolic.additions_per_filter(**PLAIN).evaluate(**values)


def test_what_is_not_an_integer_is_named() -> None:
    formula = symbolic.overlaps(kernel_size=(3, k), stride=2, padding=0, output_padding=0)
    words = "generic.. needs integers in place of dilation d0 on axis 0, kernel_size k on axis 1"
    with pytest.raises(ValueError, match=words):
        formula.generic()
    with pytest.raises(ValueError, match="closed\\(\\) needs integers in place of dilation d0"):
        formula.closed()
    padded = symbolic.overlaps(axes=1, kernel_size=3, stride=1, dilation=1, output_padding=0)
    with pytest.raises(ValueError, match=r"needs integers in place of padding p0 on axis 0$"):
        padded.generic()
    apart = symbolic.overlaps(axes=1, kernel_size=3, stride=1, dilation=1, end_padding=(None,))
    with pytest.raises(ValueError, match="padding p0 on axis 0, end_padding e0 on axis 0, output"):
        apart.generic()


def test_a_bias_is_true_or_false() -> None:
    total = symbolic.count(Layer((8, 8), 4, 6, 4), bias=None).total
    assert total.evaluate(bias=True) - total.evaluate(bias=0) == 6 * 11 * 11
    with pytest.raises(LayerError, match="bias must be True or False, got 2"):
        total.evaluate(bias=2)


def test_how_a_formula_introduces_itself() -> None:
    formula = symbolic.overlaps(**PLAIN)
    assert repr(formula) == "<Formula overlaps of n0, n1>"
    assert repr(symbolic.overlaps(input_size=(3, 3), **PLAIN)) == "<Formula overlaps of nothing>"


def test_forms_are_named_once() -> None:
    """Fields of a count share the axes' forms: nothing is derived anew for each."""
    formula = symbolic.count().overlaps
    assert forms.exact(formula.layer.axes[0], ()) is forms.exact(formula.layer.axes[0], ())


def test_a_symbol_may_be_called_self() -> None:
    size = Symbol("self", integer=True, positive=True)
    formula = symbolic.overlaps(size, 1, axes=1, stride=1, padding=0, output_padding=0, dilation=1)
    assert formula.evaluate(self=7) == 7


@pytest.mark.parametrize("name", ["stride", "groups"])
def test_a_symbol_is_not_called_as_another_parameter(name: str) -> None:
    found = Symbol(name, integer=True, positive=True)
    with pytest.raises(ValueError, match=f"a symbol that is not the parameter is called {name}"):
        symbolic.overlaps(axes=1, kernel_size=found, groups=1)
