"""When the parameters of a formula are legal: the rules of `layer`, as conditions on symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sympy import Add, Eq, Expr, Ge, Gt, Integer, Le, Mod, Symbol, sympify
from sympy.core.relational import Relational

from analytic.axis import Axis
from analytic.layer import LAYER_RULES, Rule, layer_slacks, on_axis
from analytic.symbolic.expressions import EXPRESSIONS
from analytic.symbolic.forms import is_plain, least_size
from analytic.symbolic.parameters import GeneralAxis, GeneralLayer, axis_rules

#: A generic formula is not claimed for fewer inputs than this.
BOUND = "be at least {} for this formula"
BIAS = Rule("bias", "be True or False", lambda layer: layer.bias)


class Condition(NamedTuple):
    """A relation that must hold, and the rule whose words refuse what breaks it.

    ``subject`` is the axis, the layer or the symbol of which the rule speaks, ``implied`` whether
    the assumptions on the symbols and the other conditions make it true.
    """

    relation: Relational
    rule: Rule
    subject: Axis[Expr] | GeneralLayer | Symbol
    axis: int | None
    implied: bool

    def refusal(self, show: Callable[[Expr], str]) -> str:
        """What is said of values that break it."""
        return self.rule.refusal(self.subject, show, self.where)

    @property
    def where(self) -> str:
        """The end of the refusal."""
        return "" if self.axis is None else on_axis(self.axis)


def at_least_0(slack: Expr) -> Relational:
    """``slack ≥ 0`` as one writes it: without minus signs, a remainder as equal to 0."""
    if isinstance(-slack, Mod):
        return Eq(-slack, 0, evaluate=False)
    numerator, denominator = slack.as_numer_denom()
    if denominator.is_positive and denominator != 1:
        slack = numerator
    constant, rest = slack.as_coeff_Add()
    if isinstance(rest, Symbol):
        return Ge(rest, -constant, evaluate=False)
    if isinstance(-rest, Symbol):
        return Le(-rest, constant, evaluate=False)
    terms = Add.make_args(rest)
    more = Add(*[term for term in terms if not term.could_extract_minus_sign()])
    less = Add(*[-term for term in terms if term.could_extract_minus_sign()])
    if constant == -1:
        return Gt(more, less, evaluate=False)
    return Ge(more + max(constant, 0), less + max(-constant, 0), evaluate=False)


def is_implied(slack: Expr) -> bool:
    """Whether assumptions make the slack non-negative, in a way that goes without saying."""
    return bool(slack.is_nonnegative) and not isinstance(slack.as_coeff_Add()[1], Symbol)


def of_axis(axis: GeneralAxis, *, cropped_apart: bool) -> Iterator[Condition]:
    """The conditions on one axis that do not hold already."""
    rules, slacks = axis_rules(axis, cropped_apart=cropped_apart)
    for rule, slack in zip(rules, map(sympify, slacks), strict=True):
        implied = is_implied(slack)
        if rule.argument == "output_size":
            slack, certain = output_slack(axis, slack)  # noqa: PLW2901
            implied = implied or certain
        if not isinstance(slack, Integer):
            yield Condition(at_least_0(slack), rule, axis.given, axis.at, implied)


def output_slack(axis: GeneralAxis, slack: Expr) -> tuple[Expr, bool]:
    """By how much an axis has an output, without floors, and whether it has one in any case."""
    given = axis.given
    if is_plain(axis) and not isinstance(given.n, Integer):
        # Solved for the input size.
        least = least_size(axis)
        return given.n - least, least == 1
    if axis.transposed:
        return slack, False
    return given.n + given.b + given.e - given.d * (given.k - 1) - 1, False


def of_bounds(axes: Sequence[GeneralAxis], bounds: Sequence[int]) -> Iterator[Condition]:
    """That every input size is one for which a generic formula is claimed."""
    for (given, at, _), least in zip(axes, bounds, strict=True):
        if least > 1 and not isinstance(given.n, Integer):
            rule = Rule("input_size", BOUND.format(least), lambda axis: axis.n)
            yield Condition(at_least_0(given.n - least), rule, given, at, implied=False)


def of_layer(layer: GeneralLayer, about: set[Symbol]) -> Iterator[Condition]:
    """The conditions on what a layer has beside its axes, as far as they are about some symbols."""
    slacks = (*layer_slacks(EXPRESSIONS, layer), layer.bias, 1 - layer.bias)
    for rule, slack in zip((*LAYER_RULES, BIAS, BIAS), map(sympify, slacks), strict=True):
        if slack.free_symbols and slack.free_symbols <= about:
            yield Condition(at_least_0(slack), rule, layer, None, is_implied(slack))


def of_symbols(symbols: Sequence[Symbol]) -> Iterator[Condition]:
    """What the assumptions on symbols that are not the layer's own say of them."""
    for symbol in symbols:
        for assumption, (words, condition) in assumed(symbol).items():
            if getattr(symbol, f"is_{assumption}"):
                rule = Rule(symbol.name, words, lambda symbol: symbol)
                yield Condition(condition, rule, symbol, None, implied=False)


def assumed(symbol: Symbol) -> Mapping[str, tuple[str, Relational]]:
    """The assumptions that can be checked, each in words and as a condition."""
    parity = Mod(symbol, 2, evaluate=False)
    return {
        "positive": ("be positive", Ge(symbol, 1, evaluate=False)),
        "nonnegative": ("not be negative", Ge(symbol, 0, evaluate=False)),
        "negative": ("be negative", Le(symbol, -1, evaluate=False)),
        "nonpositive": ("not be positive", Le(symbol, 0, evaluate=False)),
        "odd": ("be odd", Eq(parity, 1, evaluate=False)),
        "even": ("be even", Eq(parity, 0, evaluate=False)),
    }


def distinct(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """The conditions without repetition; those that a stronger bound implies are marked."""
    first: dict[Relational, Condition] = {}
    least: dict[Symbol, int] = {}
    for condition in conditions:
        first.setdefault(condition.relation, condition)
        symbol, bound = least_value(condition)
        if symbol is not None:
            least[symbol] = max(bound, least.get(symbol, bound))
    return tuple(
        condition._replace(implied=True) if implied_by(least, condition) else condition
        for condition in first.values()
    )


def least_value(condition: Condition) -> tuple[Symbol | None, int]:
    """The symbol, and its bound, where the condition is a least value of a symbol."""
    relation = condition.relation
    if isinstance(relation, Ge) and relation.lhs.is_Symbol and relation.rhs.is_Integer:
        return relation.lhs, int(relation.rhs)
    return None, 0


def implied_by(least: Mapping[Symbol, int], condition: Condition) -> bool:
    """Whether the condition is the least value of a symbol that has a larger one too."""
    symbol, bound = least_value(condition)
    return symbol is not None and bound < least[symbol]
