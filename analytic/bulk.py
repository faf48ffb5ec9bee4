"""Many rows of a file at once, in columns: what makes a long file quick to count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Any

import numpy as np

from analytic import arrays
from analytic.arrays.columns import integers
from analytic.layer import BOOLEANS, PER_AXIS
from analytic.protocols import ConventionName, RuleName
from analytic.rows import Row
from analytic.tables import Keys
from analytic.totals import Count


def counts(
    rows: Sequence[Row], *, convention: ConventionName, rule: RuleName
) -> list[Count | None]:
    """The count of each row, by `analytic.arrays`; None where its own layer must be asked.

    That is a row that is not legal, or is written as few are. The others are put together with
    those that have the same arguments and number of axes.
    """
    answers: list[Count | None] = [None] * len(rows)
    for names, places in alike(rows):
        try:
            layers = arrays.Layers(**columns(names, [rows[place].values for place in places]))
        except (ValueError, TypeError):
            continue
        counted = arrays.count(
            layers, convention=convention, rule=rule, invalid="mask", overflow="object"
        )
        legal = ~np.ma.getmaskarray(counted.total)
        for place, count in zip(compress(places, legal), arrays.rows(counted), strict=True):
            answers[place] = count
    return answers


def alike(rows: Sequence[Row]) -> Iterator[tuple[Sequence[str], list[int]]]:
    """The places of rows that can be put together, and the names of their arguments."""
    groups: dict[tuple[Keys, Any], list[int]] = {}
    for place, row in enumerate(rows):
        if row.keys and row.values and not row.keys.demands:
            size = row.values[0]  # the input size
            axes = len(size) if isinstance(size, (tuple, list)) else None
            groups.setdefault((row.keys, axes), []).append(place)
    for (keys, _), places in groups.items():
        yield keys.names, places


def columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """The arguments of rows as `arrays.Layers` takes them; `ValueError` where one is none."""
    arguments: dict[str, Any] = {}
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        if name in BOOLEANS:
            demand(values, bool)
            arguments[name] = np.array(values)
        elif name in PER_AXIS and values[0] is not None:
            axes = len(rows[0][0])
            lists = [x if isinstance(x, (tuple, list)) else (x,) * axes for x in values]
            arguments[name] = [whole(column) for column in zip(*lists, strict=True)]
        elif values[0] is not None:
            arguments[name] = whole(values)
        else:  # what is not given: of all rows, or they are not alike
            demand(values, type(None))
    return arguments


def whole(values: Sequence[Any]) -> Any:
    """Integers as an array."""
    demand(values, int)
    return integers(values)


def demand(values: Sequence[Any], kind: type) -> None:
    """Refuse values of another type, of which NumPy would make some."""
    if {*map(type, values)} != {kind}:
        raise ValueError(f"a value is no {kind.__name__}")
