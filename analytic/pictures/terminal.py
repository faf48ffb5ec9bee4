"""The coverage of a layer as text for a terminal: map, axis profiles, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import click

from analytic.checkerboard import advice, verdict
from analytic.integers import count
from analytic.layer import Layer
from analytic.outputs import Outputs, of_layer
from analytic.pictures.colours import colour, is_light
from analytic.pictures.window import Window, window
from analytic.tables import write_sizes
from analytic.taps import dead_taps, dead_words

#: Rows of a map that are drawn at the most, whatever the terminal: it scrolls.
ROWS = 40
HOLE, GAP = "·", "⋯"


def drawing(layer: Layer, columns: int) -> str:
    """The coverage of a layer in so many columns of text, coloured, with verdict and counts."""
    return "\n".join([*coverage(of_layer(layer), columns), "", *said(layer)]) + "\n"


def coverage(axes: tuple[Outputs, ...], columns: int) -> Iterator[str]:
    """The map of the last two axes, or of the only one, with the profiles at its sides."""
    *leading, across = axes
    digits = len(str(prod(axis.largest() for axis in axes[-2:])))
    down = window(leading.pop(), ROWS) if leading else None
    margin = margin_width(down)
    wide = window(across, max(5, (columns - margin) // (digits + 1)))
    for number, axis in enumerate(leading):
        profile = window(axis, wide_enough(axis, columns))
        yield f"axis {number}: {' '.join(map(str_or_gap, profile.profile()))}"
        yield from profile.said(f"of axis {number}, positions")
    if leading:
        yield "each of the axes above multiplies the map of the last two below"
    yield from rows(down, wide, digits, margin)
    yield from wide.said("columns" if down else "positions")
    yield from down.said("rows") if down else ()


def wide_enough(axis: Outputs, columns: int) -> int:
    """How many values of a profile fit in a line, beside its label."""
    return max(5, (columns - 12) // (len(str(axis.largest())) + 1))


def margin_width(down: Window | None) -> int:
    """The width of the profile at the left, with its rule."""
    return 0 if down is None else len(str(down.outputs.largest())) + 3


def str_or_gap(value: int | None) -> str:
    """A coverage as it is written: a hole as a dot, positions that are not drawn as dots."""
    return GAP if value is None else HOLE if value == 0 else str(value)


def rows(down: Window | None, wide: Window, digits: int, margin: int) -> Iterator[str]:
    """The lines of the map."""
    top = wide.profile()
    if down is None:
        yield line(top, 1, wide.outputs.largest(), digits)
        return
    head = "".join(str_or_gap(value).rjust(digits + 1) for value in top)
    yield " " * margin + head.rstrip()
    yield " " * margin + "─" * len(head)
    for factor in down.profile():
        label = str_or_gap(factor).rjust(margin - 2) + "│ "
        if factor is None:
            yield label + GAP.rjust(digits + 1) * len(top)
        else:
            most = down.outputs.largest() * wide.outputs.largest()
            yield label + line(top, factor, most, digits)


def line(top: list[int | None], factor: int, most: int, digits: int) -> str:
    """One row of cells, each on its colour."""
    values = [None if value is None else factor * value for value in top]
    return "".join(cell(value, most, digits) for value in values)


def cell(value: int | None, most: int, digits: int) -> str:
    """One output position: how many products land on it."""
    text = str_or_gap(value).rjust(digits + 1)
    if not value:
        return text
    shade = colour(value, most)
    return click.style(text, fg=(0, 0, 0) if is_light(shade) else (255, 255, 255), bg=shade)


def said(layer: Layer) -> Iterator[str]:
    """The verdict in words, the nearest even layer, and the counts of the map."""
    counts = count(layer)
    yield verdict(layer)
    yield from filter(None, [advice(layer), dead_words(dead_taps(layer))])
    inside = [axis.interior for axis in of_layer(layer)]
    yield f"interior {write_sizes(inside)} of {write_sizes(counts.output_size)} outputs"
    yield (
        f"of one filter {counts.overlaps:,} products land on {counts.covered:,} of "
        f"{counts.positions:,} outputs"
    )
