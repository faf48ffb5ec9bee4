"""What a published figure counted: every reading of a layer or a model, held against it.

A figure such as "4.1 GMACs" may be by any rule, convention or counter, once or twice, in units of a
thousand or of 1024, of an image or of a pixel. The more of that must be assumed, the less it says
that a reading gives the figure's digits: readings are ranked by how much they assume.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from analytic import counters, integers
from analytic.layer import Layer
from analytic.protocols import ConventionName, RuleName
from analytic.totals import CONVENTIONS, RULES


def operations(layer: Layer, convention: ConventionName) -> int:
    """The total by one of `totals.CONVENTIONS`."""
    return int(integers.count(layer, convention=convention).total)


def by_layer(reading: Callable[[Layer], int]) -> Callable[[Sequence[Layer]], int]:
    """A reading of a model that is the sum of those of its layers."""
    return lambda layers: sum(map(reading, layers))


def training_step(layers: Sequence[Layer], rule: RuleName) -> int:
    """MACs of a forward pass and of all gradients but that of the first layer's input."""
    costs = [integers.passes(layer, rule=rule) for layer in layers]
    steps = [cost.training_step(grad_input=at > 0).macs for at, cost in enumerate(costs)]
    return int(sum(steps))


class Reading(NamedTuple):
    """What a figure may be a number of: ``total`` of the layers of a model.

    ``flops`` where it is twice the MACs by itself, and ``assumed`` what must be so for it to be.
    """

    total: Callable[[Sequence[Layer]], int]
    flops: bool = False
    assumed: tuple[str, ...] = ()


#: What counters say that they report of a forward pass.
FORWARD = {"MACs", "mult-adds", "FLOPs", "operations"}


def of_counters(reports: Collection[str], *assumed: str) -> dict[str, Reading]:
    """The formulas of the counters that say that they report one of these."""
    return {
        f"{counter.reports} of {counter.version}": Reading(
            by_layer(counter.formula),
            "FLOPs" in counter.reports or "operations" in counter.reports,
            (f"the formula of {counter.version}", *assumed),
        )
        for counter in counters.COUNTERS.values()
        if counter.reports in reports
    }


#: What a figure may be a number of, in the order in which one would suspect it.
READINGS: Mapping[str, Reading] = {
    **{
        f"MACs, {rule} rule": Reading(by_layer(partial(counters.by_rule, rule=rule)))
        for rule in RULES
    },
    **{
        f"operations, {convention} convention": Reading(
            by_layer(partial(operations, convention=convention)), flops=True
        )
        for convention in CONVENTIONS
    },
    **of_counters(FORWARD),
}
#: What a figure of training may be a number of.
TRAINING: Mapping[str, Reading] = {
    **{
        f"MACs of a training step, {rule} rule": Reading(
            partial(training_step, rule=rule), assumed=("a training step",)
        )
        for rule in RULES
    },
    **of_counters(counters.MEANINGS.keys() - FORWARD, "a training step"),
}


def decimal(number: Fraction) -> str:
    """Six digits of a number, however large it is; all of an integer.

    >>> decimal(Fraction(2, 3)), decimal(Fraction(956694528))
    ('0.666667', '956694528')
    """
    if number.denominator == 1:
        return str(number.numerator)
    quotient = Context(prec=6).divide(Decimal(number.numerator), Decimal(number.denominator))
    return f"{quotient:f}"


PREFIXES = "KMGTP"
#: Units by name: powers of a thousand, then powers of 1024.
UNITS: Mapping[str, int] = {
    "": 1,
    **{prefix: 1000**power for power, prefix in enumerate(PREFIXES, 1)},
    **{f"{prefix}i": 1024**power for power, prefix in enumerate(PREFIXES, 1)},
}

FIGURE = re.compile(
    r"""(?P<whole>\d+(?:[,_ ]\d{3})*) (?:\.(?P<part>\d+))? (?:e(?P<exponent>[+-]?\d{1,3}))?
        \s* (?P<prefix>[KMGTPB]i?)?
        \s* (?:(?P<macs>macs?|madds?|mult-?adds?)|(?P<flops>flops?|ops|operations))?
        \s* (?:(?:/|per\s)\s*(?P<per>pixel|px|s|second))? """,
    re.VERBOSE | re.IGNORECASE,
)


class Figure(NamedTuple):
    """A published number: ``value``, give or take ``precision``, in one of ``units``.

    ``word`` is "MACs", "FLOPs" or nothing, as it says; ``per`` is "pixel", "second" or nothing.
    """

    text: str
    value: Fraction
    precision: Fraction
    units: tuple[str, ...]
    word: str = ""
    per: str = ""


class Rest(NamedTuple):
    """What the layers that are not at hand cost, in MACs, give or take ``precision``."""

    value: Fraction = Fraction(0)
    precision: Fraction = Fraction(0)


class Match(NamedTuple):
    """A reading of the layers, ``value`` in all, that gives ``figure`` as ``factor·value/unit``.

    With the rest of the model ``rest`` times beside it. ``within`` says that it does so to every
    digit that was published, if what is ``assumed`` is so; ``error`` is relative.
    """

    reading: str
    value: int
    factor: int
    unit: str
    shown: Fraction
    within: bool
    error: Fraction
    rest: int
    assumed: tuple[str, ...]

    def identifies(self) -> bool:
        """Whether it says what was counted: every digit, and not by assuming whatever fits."""
        return self.within and len(self.assumed) <= MOST_ASSUMED


#: With more assumptions than these, some reading gives any figure.
MOST_ASSUMED = 2


def parse(text: str) -> Figure:
    """A figure as it is printed; `ValueError` for what is none.

    Without a prefix it may be in any unit; with one, a G may be 10^9 or 2^30. B is a billion.

    >>> parse("4.1 GMACs").units, parse("4.1").precision
    (('G', 'Gi'), Fraction(1, 20))
    >>> parse("6.5 KFLOPs/pixel")[4:]
    ('FLOPs', 'pixel')
    """
    parts = FIGURE.fullmatch(text.strip())
    if parts is None:
        raise ValueError(f"{text!r} is not a figure such as 4.1G, 4100M or 4123456789")
    digits, decimals = re.sub("[,_ ]", "", parts["whole"]), parts["part"] or ""
    last = Fraction(10) ** (int(parts["exponent"] or 0) - len(decimals))
    prefix = (parts["prefix"] or "").capitalize().replace("B", "G")
    if not prefix:
        units = tuple(UNITS)
    elif prefix.endswith("i"):
        units = (prefix,)
    else:
        units = (prefix, f"{prefix}i")
    word = "MACs" if parts["macs"] else "FLOPs" if parts["flops"] else ""
    per = {"p": "pixel", "s": "second", "": ""}[(parts["per"] or "")[:1].lower()]
    return Figure(text, int(digits + decimals) * last, last / 2, units, word, per)


def parse_rest(text: str) -> Rest:
    """What the other layers of the whole model cost, as it is printed.

    A plain number is one of MACs, and a K, M or G is a power of a thousand; FLOPs are two a MAC.
    `ValueError` for what is no such number.

    >>> parse_rest("1.83G")
    Rest(value=Fraction(1830000000, 1), precision=Fraction(5000000, 1))
    >>> parse_rest("1830 FLOPs").value, parse_rest("1Ki").value
    (Fraction(915, 1), Fraction(1024, 1))
    """
    figure = parse(text)
    if figure.per:
        raise ValueError(f"{text!r} is of a {figure.per}, and not of the whole model")
    unit = Fraction(UNITS[figure.units[0]], 2 if figure.word == "FLOPs" else 1)
    return Rest(figure.value * unit, figure.precision * unit)


def totals_of(
    layers: Iterable[Layer], readings: Mapping[str, Reading] = READINGS
) -> dict[str, int]:
    """Every reading, summed over the layers."""
    listed = list(layers)
    return {name: reading.total(listed) for name, reading in readings.items()}


def alike(sums: Mapping[str, int]) -> dict[int, list[str]]:
    """The values, each with all the readings that give it, the plainest first."""
    names: dict[int, list[str]] = {}
    for name, value in sums.items():
        names.setdefault(value, []).append(name)
    return names


def matches(
    figure: Figure,
    sums: Mapping[str, int],
    rest: Rest | None = None,
    per: Fraction = Fraction(1),
) -> list[Match]:
    """Every reading, factor and unit, best first.

    First those that give the figure to its last digit, by how much they must assume: a factor of
    two that the figure does not say, powers of 1024, a counter's own formula, a rest that is not
    doubled with the figure. Then the others by their error. ``per`` is how many pixels the layers
    are of, or how often a second they run, where the figure is of one pixel or of a second.
    """
    if figure.per == "pixel":
        per = 1 / per
    elif not figure.per:
        per = Fraction(1)
    rests = (1, 2) if rest else (0,)
    candidates = [
        compare(figure, names, value, factor, unit, rest or Rest(), times, per)
        for factor in (1, 2)
        for unit in figure.units
        for value, names in alike(sums).items()
        for times in rests
    ]
    # Sorting is stable: the order of the loops above is that of plainness.
    return sorted(
        candidates,
        key=lambda match: (
            (0, len(match.assumed), match.factor) if match.within else (1, match.error, 0)
        ),
    )


def compare(
    figure: Figure,
    names: Sequence[str],
    value: int,
    factor: int,
    unit: str,
    rest: Rest,
    times: int,
    per: Fraction,
) -> Match:
    """The readings of one value, in one unit, beside the figure."""
    scale = per / UNITS[unit]
    shown = (factor * value + times * rest.value) * scale
    gap = abs(shown - figure.value)
    error = gap / figure.value if figure.value else Fraction(int(gap != 0))
    within = gap <= figure.precision + times * rest.precision * scale
    reading = {**READINGS, **TRAINING}[names[0]]
    assumed = assumptions(figure, reading, factor, unit, times)
    return Match("; ".join(names), value, factor, unit, shown, within, error, times, assumed)


def assumptions(
    figure: Figure, reading: Reading, factor: int, unit: str, times: int
) -> tuple[str, ...]:
    """What must be so for a figure to be of this reading, a line for each."""
    doubled = factor * (2 if reading.flops else 1)
    assumed = list(reading.assumed)
    if factor == 2 and (reading.flops or figure.word != "FLOPs"):
        assumed.append("twice the number")
    elif doubled == 1 and figure.word == "FLOPs":
        assumed.append("FLOPs that are MACs")
    elif doubled == 2 and figure.word == "MACs":
        assumed.append("MACs that are FLOPs")
    if times and times != min(doubled, 2):
        assumed.append("a rest that is counted otherwise")
    if unit.endswith("i") and len(figure.units) > 1:
        assumed.append("powers of 1024")
    if unit and len(figure.units) == len(UNITS):
        assumed.append("a unit that is left out")
    return tuple(assumed)
