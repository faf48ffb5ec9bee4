"""Formulas of both kinds of convolution and of every pass, against counting pair by pair."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from sympy import Function, Piecewise, Symbol, ceiling, floor

import analytic
from analytic import Layer, LayerError, symbolic
from analytic.symbolic import forms
from analytic.symbolic.expressions import F
from analytic.totals import RULES, Pass
from tests import brute
from tests.strategies import arguments, layers
from tests.test_symbolic import outcome, split

#: What is counted of the pairs of a layer, and the formula of it.
COUNTED = {
    "overlaps": symbolic.overlaps,
    "inputs_reached": symbolic.inputs_reached,
    "taps_reached": symbolic.taps_reached,
    "covered": symbolic.covered,
}
PLAIN: dict[str, Any] = {
    "kernel_size": 4,
    "stride": 2,
    "padding": 1,
    "output_padding": 0,
    "dilation": 1,
}
#: Ordinary layers that everyone uses: kernel, stride, padding, dilation; and two that few use.
ORDINARY = [(3, 1, 1, 1), (3, 2, 1, 1), (7, 2, 3, 1), (4, 4, 0, 1), (3, 1, 36, 36), (2, 5, 3, 1)]
ORDINARY += [(5, 3, 7, 2), (3, 4, 9, 6)]


def counted(given: dict[str, Any]) -> tuple[dict[str, int], list[int]]:
    """Of the arguments of a layer, each of `COUNTED`, and the output size, by its pairs."""
    names = ("input_size", "kernel_size", "stride", "dilation", "padding")
    columns: list[Any] = [given[name] for name in names]
    zeros = (0,) * len(given["input_size"])
    columns += [given.get("end_padding", given["padding"]), given.get("output_padding", zeros)]
    kind = given.get("transposed", True)
    axes = [brute.meetings(*row, transposed=kind) for row in zip(*columns, strict=True)]
    sides = {"overlaps": [len(pairs) for pairs, _ in axes]}
    for at, name in enumerate(("inputs_reached", "taps_reached", "covered")):
        sides[name] = [len({pair[at] for pair in pairs}) for pairs, _ in axes]
    return {name: math.prod(side) for name, side in sides.items()}, [size for _, size in axes]


@settings(max_examples=100, deadline=None)
@given(given=arguments(transposed=None), data=st.data())
def test_each_count_of_either_kind_is_that_of_its_pairs(
    given: dict[str, Any], data: DataObject
) -> None:
    bound, rest = split(data, given)
    bound["axes"] = len(given["input_size"])
    expected, sizes = counted(given)
    assert {name: f(**bound).evaluate(**rest) for name, f in COUNTED.items()} == expected
    assert [size.evaluate(**rest) for size in symbolic.output_size(**bound)] == sizes


@settings(max_examples=60, deadline=None)
@given(given=arguments(transposed=None, most_axes=2), data=st.data())
def test_the_closed_forms_are_exact(given: dict[str, Any], data: DataObject) -> None:
    bound, rest = split(data, given)
    for name in ("stride", "dilation"):
        bound[name] = given[name]
        rest.pop(name, None)
    bound["axes"] = len(given["input_size"])
    closed = {name: f(**bound).closed() for name, f in COUNTED.items()}
    assert {name: f.evaluate(**rest) for name, f in closed.items()} == counted(given)[0]
    functions = {type(part) for f in closed.values() for part in f.expr.atoms(Function)}
    assert functions <= {floor}


def is_ordinary(layer: tuple[int, ...], **more: Any) -> dict[str, Any]:
    """The arguments of one axis of an ordinary layer."""
    k, s, p, d = layer
    axis = {"kernel_size": k, "stride": s, "padding": p, "dilation": d}
    return {"axes": 1, "transposed": False, **axis, **more}


@pytest.mark.parametrize("layer", ORDINARY)
def test_a_plain_ordinary_axis_is_in_floors_of_its_size(layer: tuple[int, ...]) -> None:
    k, s, p, d = layer
    axis = {"kernel_size": (k,), "stride": (s,), "padding": (p,), "dilation": (d,)}
    sizes = [x for x in range(1, 140) if x + 2 * p > d * (k - 1)]
    rows = {x: counted({"input_size": (x,), "transposed": False, **axis}) for x in sizes}
    for name, function in COUNTED.items():
        formula = function(**is_ordinary(layer))
        assert not formula.expr.has(F)
        assert {type(part) for part in formula.expr.atoms(Function)} <= {floor, ceiling, Piecewise}
        expected = {x: counts[name] for x, (counts, _) in rows.items()}
        assert {x: formula.evaluate(n0=x) for x in sizes} == expected
        generic = formula.generic()
        (start,) = generic.bounds or ()
        assert all(generic.evaluate(n0=x) == expected[x] for x in sizes if x >= start)
        # From the bound on as many inputs as the stride add the same to all that is asked for,
        # and not before it.
        asked = {
            x: (size, n["overlaps"], n["covered"], n[name]) for x, (n, (size,)) in rows.items()
        }
        grown = {
            x: [b - a for a, b in zip(asked[x], asked[x + s], strict=True)]
            for x in sizes if x + s in asked
        }  # fmt: skip
        assert all(grown[x] == grown[start] for x in grown if x >= start)
        assert start == sizes[0] or grown[start - 1] != grown[start]
    (size,) = symbolic.output_size(**is_ordinary(layer))
    assert [size.generic().evaluate(n0=x) for x in sizes[-9:]] == [
        rows[x][1][0] for x in sizes[-9:]
    ]


@pytest.mark.parametrize("layer", ORDINARY)
def test_an_input_size_of_a_residue_makes_a_polynomial(layer: tuple[int, ...]) -> None:
    k, s, p, d = layer
    m = Symbol("m", integer=True, positive=True)
    for residue in range(s):
        formula = symbolic.overlaps(input_size=s * m + residue, **is_ordinary(layer))
        assert not formula.expr.has(floor, ceiling, F)
        for value in (1, 2, 3, 20):
            size = s * value + residue
            if size + 2 * p > d * (k - 1):
                pairs, _ = brute.meetings(size, k, s, d, p, p, 0, transposed=False)
                assert formula.evaluate(m=value) == len(pairs)
        assert not formula.generic().expr.has(Piecewise)


def test_an_ordinary_layer_that_everyone_uses() -> None:
    n = Symbol("n0", integer=True, positive=True)
    bound = is_ordinary((3, 2, 1, 1))
    # Tap 0 is cut at the first output, tap 2 at the last one where the size is odd.
    assert symbolic.overlaps(**bound).expr == 2 * n - floor(n / 2) - 1
    assert symbolic.output_size(**bound)[0].expr == floor((n + 1) / 2)
    assert symbolic.inputs_reached(**bound).expr == n
    same = symbolic.overlaps(axes=1, kernel_size=3, padding="same", stride=1, dilation=1,
                             transposed=False)  # fmt: skip
    assert same.generic().expr == 3 * n - 2


def test_a_stride_of_many_residues_is_in_closed_form() -> None:
    bound = is_ordinary((70, 65, 3, 1))
    formula = symbolic.overlaps(**bound)
    for size in (64, 65, 130, 999):
        pairs, _ = brute.meetings(size, 70, 65, 1, 3, 3, 0, transposed=False)
        assert formula.evaluate(n0=size) == len(pairs)
    words = r"generic\(\) needs a stride of at most 64 in an ordinary convolution, got 65 on axis 0"
    with pytest.raises(ValueError, match=words):
        formula.generic()
    assert symbolic.overlaps(**is_ordinary((64, 64, 0, 1))).generic().bounds == (64,)


def test_up_to_a_stride_of_64_there_is_a_floor_for_each_residue() -> None:
    formulas = [symbolic.overlaps(**is_ordinary((3, stride, 1, 1))) for stride in (63, 64, 65)]
    assert [bool(f.definitions) for f in formulas] == [False, False, True]


def test_far_below_the_bound_the_closed_form_takes_over() -> None:
    bound = is_ordinary((3, 2, 300, 1))
    formula = symbolic.inputs_reached(**bound)
    for size in (1, 2, 3, 5, 100, 297, 400):
        pairs, _ = brute.meetings(size, 3, 2, 1, 300, 300, 0, transposed=False)
        assert formula.evaluate(n0=size) == len({x for x, _, _ in pairs})


# Passes.


def numbers(step: Mapping[str, Pass[Any]], **values: Any) -> dict[str, tuple[int, ...]]:
    """MACs, additions and elements reached, as `brute.passes` has them."""
    return {
        name: tuple(f.evaluate(**values) for f in (cost.macs, cost.additions, cost.reached))
        for name, cost in step.items()
    }


@settings(max_examples=40, deadline=None)
@given(
    layer=layers(transposed=None, most_axes=2, most_channels=2),
    data=st.data(),
)
def test_each_pass_of_either_kind_is_performed_product_by_product(
    layer: Layer, data: DataObject
) -> None:
    given = dict(layer.items())
    bound, rest = split(data, given)
    step = symbolic.passes(axes=len(layer.axes), **bound)
    assert numbers(step._asdict(), **rest) == brute.passes(layer)
    tallies = brute.passes(layer)
    sizes = counted({**given, "end_padding": layer.end_padding or layer.padding})[1]
    shapes = {
        "forward": (layer.batch_size, layer.out_channels, *sizes),
        "grad_input": (layer.batch_size, layer.in_channels, *layer.input_size),
        "grad_weight": (layer.in_channels, layer.out_channels // layer.groups, *layer.kernel_size),
        "grad_bias": (layer.out_channels,),
    }
    for name, p in step._asdict().items():
        macs, additions, _ = tallies[name]
        assert p.operations.evaluate(**rest) == macs + additions
        elements = math.prod(shapes[name]) if name != "grad_bias" or layer.bias else 0
        assert p.elements.evaluate(**rest) == elements
    for skipped in ("", "grad_input"):
        total = step.training_step(grad_input=not skipped)
        sums = zip(*(tally for name, tally in tallies.items() if name != skipped), strict=True)
        assert numbers({"step": total}, **rest)["step"] == tuple(map(sum, sums))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("transposed", [True, False])
def test_macs_of_a_pass_are_by_any_rule(rule: Any, *, transposed: bool) -> None:
    step = symbolic.passes(rule=rule, transposed=transposed)
    macs = symbolic.macs(rule=rule, transposed=transposed)
    for p in step[:3]:
        assert p.macs.expr == macs.expr
        assert p.macs.choice == f"{rule} rule"
        assert p.additions.choice == "exact convention"
    assert step.grad_bias.macs.expr == 0


def test_the_gradient_by_weight_of_a_common_layer_is_a_polynomial() -> None:
    step = symbolic.passes(**PLAIN, groups=1, batch_size=1, in_channels=1, out_channels=1)
    H, W = step.grad_weight.macs.symbols
    # Overlaps are 4n − 2 an axis, and all 16 taps meet an input from two inputs on.
    assert step.grad_weight.macs.expr == ((4 * H - 2) * (4 * W - 2)).expand()
    generic = step.grad_weight.additions.generic()
    assert generic.expr == ((4 * H - 2) * (4 * W - 2)).expand() - 16
    assert generic.bounds == (2, 2)
    assert step.grad_input.additions.expr == ((4 * H - 2) * (4 * W - 2)).expand() - H * W
    with pytest.raises(LayerError, match="input_size must be at least 2 for this formula, got 1"):
        generic.evaluate(n0=1, n1=2)


def test_formulas_of_different_things_do_not_add_up() -> None:
    step, other = symbolic.passes(), symbolic.passes()
    for strange in (other.forward.macs, step.forward.additions):
        with pytest.raises(ValueError, match=r"forward_macs and forward_.* are not of the s"):
            step.forward.macs + strange


# Refusals.


@st.composite
def maybe_ordinary(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of an ordinary layer that may well be illegal, by a little."""
    axes = draw(st.integers(1, 2))
    small = st.lists(st.integers(-1, 5), min_size=axes, max_size=axes).map(tuple)
    names = ("input_size", "kernel_size", "stride", "dilation", "padding")
    given: dict[str, Any] = {name: draw(small) for name in names}
    if draw(st.booleans()):
        given["end_padding"] = draw(small)
    return given | {"transposed": False, "output_padding": draw(st.sampled_from([0, 0, 0, 1]))}


@settings(max_examples=150, deadline=None)
@given(given=maybe_ordinary())
def test_an_ordinary_layer_is_refused_in_the_same_words(given: dict[str, Any]) -> None:
    axes = len(given["input_size"])
    expected = outcome(lambda: analytic.overlaps(**given))
    assert outcome(lambda: int(symbolic.overlaps(axes=axes, **given).expr)) == expected
    apart: Any = {"end_padding": (None,) * axes} if "end_padding" in given else {}
    general = symbolic.overlaps(axes=axes, transposed=False, **apart)
    if not given["output_padding"]:  # which is no parameter of a general ordinary layer
        assert outcome(lambda: general.evaluate(**given)) == expected


@pytest.mark.parametrize(
    ("bound", "error", "words"),
    [
        ({"transposed": 1}, TypeError, "transposed must be True or False, got 1"),
        ({"transposed": False, "output_padding": 1}, LayerError, "output_padding must be 0 in an"),
        ({"transposed": False, "padding": -1}, LayerError, "padding must not be negative, got -1"),
        ({"transposed": False, "end_padding": (-1,)}, LayerError, "end_padding must not be nega"),
        ({"transposed": False, "padding": "full"}, LayerError, 'padding must be an integer, "same'),
        ({"transposed": False, "padding": "same"}, LayerError, "stride must be 1 where padding is"),
        ({"padding": "same"}, TypeError, "padding must be an integer, got 'same' on axis 0"),
        (
            {"transposed": False, "padding": "valid", "end_padding": (0,)},
            LayerError,
            'end_padding must be None where padding is "valid", got',
        ),
    ],
)
def test_what_no_ordinary_layer_has(bound: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        symbolic.overlaps(axes=1, **bound)


def test_a_formula_is_of_one_kind() -> None:
    ordinary = symbolic.overlaps(axes=1, kernel_size=3, stride=1, dilation=1, transposed=False)
    assert ordinary.evaluate(n0=5, p0=1, transposed=False) == 13
    with pytest.raises(ValueError, match="transposed is False in this formula, got True"):
        ordinary.evaluate(n0=5, p0=1, transposed=True)
    with pytest.raises(TypeError, match="transposed must be True or False, got 0"):
        ordinary.evaluate(n0=5, p0=1, transposed=0)


def test_paddings_of_an_ordinary_layer_are_not_negative() -> None:
    for transposed in (True, False):
        formula = symbolic.overlaps(axes=1, end_padding=(None,), transposed=transposed)
        signs = {str(s): s.is_nonnegative for s in formula.symbols if str(s) in {"p0", "e0"}}
        assert signs == dict.fromkeys(("p0", "e0"), None if transposed else True)


def test_words_for_paddings() -> None:
    bound: Any = {"axes": 1, "stride": 1, "dilation": 2, "transposed": False}
    same, valid = (symbolic.overlaps(padding=word, **bound) for word in ("same", "valid"))
    for k, size in itertools.product((1, 2, 3, 4), (7, 9)):
        # torch pads as much as a kernel spans, and what is odd of it at the end.
        paddings = {"same": (k - 1, k - 1), "valid": (0, 0)}
        for word, formula in (("same", same), ("valid", valid)):
            pairs, _ = brute.meetings(size, k, 1, 2, *paddings[word], 0, transposed=False)
            assert formula.evaluate(n0=size, k0=k) == len(pairs)
    odd = symbolic.overlaps(axes=1, stride=1, dilation=1, kernel_size=4, padding="same",
                            transposed=False)  # fmt: skip
    pairs, _ = brute.meetings(9, 4, 1, 1, 1, 2, 0, transposed=False)
    assert odd.evaluate(n0=9) == len(pairs)


def test_forms_ask_for_what_they_need() -> None:
    """A count pays for no gradient."""
    (axis, _) = symbolic.count(**PLAIN).total.layer.axes
    ((n, k, *rest),) = (case.form.factors for case in forms.exact(axis, ()))
    assert (str(n), int(k), len(rest)) == ("n0", 4, 3)
    assert {len(case.form.factors) for case in forms.exact(axis, ("inputs", "taps"))} == {7}
    assert len(Pass._fields) == 5
