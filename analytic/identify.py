"""What a published figure counted: every reading of a layer that is in use, held against it.

A figure such as "4.1 GMACs" may be by any rule, convention or counter, once or twice, in units of a
thousand or of 1024.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from analytic import counters, integers
from analytic.layer import Layer
from analytic.protocols import ConventionName
from analytic.totals import CONVENTIONS, RULES


def operations(layer: Layer, convention: ConventionName) -> int:
    """The total by one of `totals.CONVENTIONS`."""
    return int(integers.count(layer, convention=convention).total)


#: What counters say that they report of a forward pass.
FORWARD = {"MACs", "mult-adds", "FLOPs", "operations"}


def of_counters(reports: Collection[str]) -> dict[str, Callable[[Layer], int]]:
    """The formulas of the counters that say that they report one of these."""
    return {
        f"{counter.reports} of {counter.version}": counter.formula
        for counter in counters.COUNTERS.values()
        if counter.reports in reports
    }


#: What a figure may be a number of, in the order in which one would suspect it.
READINGS: Mapping[str, Callable[[Layer], int]] = {
    **{f"MACs, {rule} rule": partial(counters.by_rule, rule=rule) for rule in RULES},
    **{
        f"operations, {convention} convention": partial(operations, convention=convention)
        for convention in CONVENTIONS
    },
    **of_counters(FORWARD),
}
#: What a figure of training may be a number of.
TRAINING: Mapping[str, Callable[[Layer], int]] = of_counters(counters.MEANINGS.keys() - FORWARD)


def decimal(number: Fraction) -> str:
    """Six digits of a number, however large it is.

    >>> decimal(Fraction(2, 3))
    '0.666667'
    """
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
        \s* (?P<prefix>[KMGTPB]i?)? \s* (?:macs?|flops?|ops|operations|madds?|mult-?adds?)? """,
    re.VERBOSE | re.IGNORECASE,
)


class Figure(NamedTuple):
    """A published number: ``value``, give or take ``precision``, in one of ``units``."""

    text: str
    value: Fraction
    precision: Fraction
    units: tuple[str, ...]


class Match(NamedTuple):
    """A reading of the layers, ``value`` in all, that gives ``figure`` as ``factor·value/unit``.

    ``within`` says that it does so to every digit that was published; ``error`` is relative.
    """

    reading: str
    value: int
    factor: int
    unit: str
    shown: Fraction
    within: bool
    error: Fraction


def parse(text: str) -> Figure:
    """A figure as it is printed; `ValueError` for what is none.

    Without a prefix it may be in any unit; with one, a G may be 10^9 or 2^30. B is a billion.

    >>> parse("4.1 GMACs").units, parse("4.1").precision
    (('G', 'Gi'), Fraction(1, 20))
    """
    found = FIGURE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a figure such as 4.1G, 4100M or 4123456789")
    whole, part = re.sub("[,_ ]", "", found["whole"]), found["part"] or ""
    last = Fraction(10) ** (int(found["exponent"] or 0) - len(part))
    prefix = (found["prefix"] or "").capitalize().replace("B", "G")
    if not prefix:
        units = tuple(UNITS)
    elif prefix.endswith("i"):
        units = (prefix,)
    else:
        units = (prefix, f"{prefix}i")
    return Figure(text, int(whole + part) * last, last / 2, units)


def totals_of(layers: Iterable[Layer]) -> dict[str, int]:
    """Every reading, summed over the layers."""
    sums = dict.fromkeys(READINGS, 0)
    for layer in layers:
        for name, reading in READINGS.items():
            sums[name] += reading(layer)
    return sums


def alike(sums: Mapping[str, int]) -> dict[int, str]:
    """The values, each with all the readings that give it."""
    names: dict[int, list[str]] = {}
    for name, value in sums.items():
        names.setdefault(value, []).append(name)
    return {value: "; ".join(together) for value, together in names.items()}


def matches(figure: Figure, sums: Mapping[str, int]) -> list[Match]:
    """Every reading, factor and unit, best first.

    First those that give the figure to its last digit, the plainest first (one before twice, 10^9
    before 2^30, rules before counters); then the others by their error. A figure that is twice what
    it says to be is tried too.
    """
    found = [
        compare(figure, names, value, factor, unit)
        for factor in (1, 2)
        for unit in figure.units
        for value, names in alike(sums).items()
    ]
    # Sorting is stable: the order of the loops above is that of plainness.
    plain = sorted(found, key=lambda match: (match.factor, match.unit.endswith("i")))
    return sorted(
        plain, key=lambda match: (0 if match.within else 1, 0 if match.within else match.error)
    )


def compare(figure: Figure, reading: str, value: int, factor: int, unit: str) -> Match:
    """One reading in one unit beside the figure."""
    shown = Fraction(factor * value, UNITS[unit])
    gap = abs(shown - figure.value)
    error = gap / figure.value if figure.value else Fraction(int(gap != 0))
    return Match(reading, value, factor, unit, shown, gap <= figure.precision, error)
