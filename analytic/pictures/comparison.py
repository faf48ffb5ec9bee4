"""The MAC rules against each other: over a range of one argument, and over a file of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from analytic.headline import macs_name
from analytic.integers import macs
from analytic.layer import Layer
from analytic.protocols import RuleName
from analytic.totals import RULES

#: The arguments over which the rules are compared.
SWEPT = ("kernel_size", "stride", "padding")


class Compared(NamedTuple):
    """Layers with their MACs by every rule, and those that are left out, with the reason.

    ``labels`` are what tells the layers apart: the value of an argument, or the line in a file;
    ``names`` are what a file calls them.
    """

    labels: list[int]
    names: list[str]
    macs: Mapping[RuleName, list[int]]
    left_out: list[str]

    def add(self, label: int, layer: Layer, name: str = "") -> None:
        """Add a layer; `ValueError` where it has no MACs: 0 has no ratio and no logarithm."""
        if not macs(layer):
            raise ValueError("no products land, nothing to compare with")
        self.labels.append(label)
        self.names.append(name)
        for rule, values in self.macs.items():
            values.append(macs(layer, rule=rule))


def empty() -> Compared:
    """Nothing compared yet."""
    return Compared([], [], {rule: [] for rule in RULES}, [])


def sweep(layer_with: Callable[..., Layer], over: str, values: Iterable[int]) -> Compared:
    """The MACs of the layers ``layer_with(<over>=value)``.

    What is not legal, or has no MACs, is left out.

    >>> def layer(**changes):
    ...     return Layer((8, 8), 1, 1, **{"kernel_size": 4, "stride": 2, **changes})
    >>> sweep(layer, "padding", (0, 1)).macs
    {'exact': [1024, 900], 'input': [1024, 1024], 'output': [5184, 4096]}
    """
    compared = empty()
    for value in values:
        try:
            compared.add(value, layer_with(**{over: value}))
        except ValueError as reason:
            compared.left_out.append(f"{over} {value}: {reason}")
    return compared


def ratios(compared: Compared) -> dict[str, list[float]]:
    """How many times the exact MACs the other rules charge, layer by layer.

    For drawing: these are floats.
    """
    exact = compared.macs["exact"]
    return {
        rule: [value / truth for value, truth in zip(values, exact, strict=True)]
        for rule, values in compared.macs.items()
        if rule != "exact"
    }


def times(charged: int, exact: int) -> str:
    """How many times the exact MACs a rule charges: to four places, where it is no whole number.

    >>> times(12, 3), times(10, 3), times(3 * 10**20 + 1, 3 * 10**20)
    ('4', '3.3333', '1.0000')
    """
    if charged % exact == 0:
        return f"{charged // exact:,}"
    places = (2 * 10**4 * charged + exact) // (2 * exact)
    return f"{places // 10**4:,}.{places % 10**4:04}"


def table(compared: Compared, label: str) -> dict[str, list[Any]]:
    """The numbers themselves, by the head of their column; names only where there are any."""
    exact = compared.macs["exact"]
    ratios = {
        f"{rule} ÷ exact": list(map(times, values, exact))
        for rule, values in compared.macs.items()
        if rule != "exact"
    }
    return {
        label: compared.labels,
        **({"layer": compared.names} if any(compared.names) else {}),
        **{macs_name(rule): values for rule, values in compared.macs.items()},
        **ratios,
    }
