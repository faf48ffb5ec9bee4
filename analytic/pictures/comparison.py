"""The MAC rules against each other: over a range of one argument, and over a file of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from analytic.integers import macs
from analytic.layer import Layer
from analytic.protocols import RuleName
from analytic.totals import RULES

#: The arguments over which the rules are compared.
SWEPT = ("kernel_size", "stride", "padding")


class Compared(NamedTuple):
    """Layers with their MACs by every rule, and those that are left out, with the reason.

    ``labels`` are what tells the layers apart: the value of an argument, or the line in a file.
    """

    labels: list[int]
    macs: Mapping[RuleName, list[int]]
    left_out: list[str]

    def add(self, label: int, layer: Layer) -> None:
        """Add a layer; `ValueError` where it has no MACs: 0 has no ratio and no logarithm."""
        if not macs(layer):
            raise ValueError("no products land, nothing to compare with")
        self.labels.append(label)
        for rule, values in self.macs.items():
            values.append(macs(layer, rule=rule))


def empty() -> Compared:
    """Nothing compared yet."""
    return Compared([], {rule: [] for rule in RULES}, [])


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


def table(compared: Compared, label: str) -> tuple[list[str], list[list[Any]]]:
    """The numbers themselves: heads and rows."""
    heads = [label, *(f"MACs ({rule} rule)" for rule in compared.macs)]
    return heads, [list(row) for row in zip(compared.labels, *compared.macs.values(), strict=True)]
