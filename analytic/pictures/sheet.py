"""The sheet that figures are drawn on: its style, places in inches, the legend, the caption."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from textwrap import wrap
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analytic.layer import Layer
from analytic.outputs import of_layer
from analytic.pictures import colours
from analytic.tables import write_sizes

#: One column of a paper and the whole page, in inches.
COLUMN, PAGE = 3.4, 7.0
#: In inches: a digit and a line of the caption, the paper around all, and a swatch of the legend.
DIGIT, LINE, MARGIN, SWATCH = 0.065, 0.125, 0.08, 0.1
#: Characters that fit in a line of the caption of a column.
WIDTH = 66
#: As many values have a swatch each; more are a bar from the least to the largest.
SWATCHES = 8
BAR_STEPS = 64
#: In the legend, in inches: its first word, and the space between a colour and its number.
WORD, GAP = 0.5, 0.04
#: What is said of a layer beside its sizes, and values that need not be said.
GEOMETRY = {
    "kernel_size": "kernel",
    "stride": "stride",
    "padding": "padding",
    "end_padding": "end padding",
    "output_padding": "output padding",
    "dilation": "dilation",
}
PLAIN = {"padding": 0, "output_padding": 0, "dilation": 1}
#: What is not drawn.
HATCHED: dict[str, Any] = {"facecolor": "none", "edgecolor": "#b0b0b0", "hatch": "//////", "lw": 0}
#: Fonts stay text in PDF; an SVG is the same bytes each time it is drawn.
STYLE: Any = {
    "axes.linewidth": 0.5,
    "font.size": 7.0,
    "pdf.fonttype": 42,
    "svg.hashsalt": "analytic",
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
}


def styled(draw: Any) -> Any:
    """A function that draws, in the style of this module."""
    return mpl.rc_context(STYLE)(draw)


def save(figure: Figure, path: str) -> None:
    """Write a figure to FILE.png, FILE.svg or FILE.pdf, without the date in it."""
    date = {".svg": "Date", ".pdf": "CreationDate"}.get(path[-4:].lower())
    with mpl.rc_context(STYLE):
        figure.savefig(path, dpi=300, metadata=None if date is None else {date: None})


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches, from the upper left corner of a figure."""
    across, down = figure.get_size_inches()
    place = (left / across, 1 - (top + height) / down, width / across, height / down)
    return figure.add_axes(place)


def shades(values: Iterable[float], most: float) -> Any:
    """The colours of numbers of products, where no other is more than ``most``."""
    return mpl.colormaps[colours.NAME]([value / (most or 1) for value in values])


def legend(figure: Figure, values: list[int], top: float) -> None:
    """Which colour is which number of products: each, or a bar where there is no room for each."""
    width = COLUMN - 2 * MARGIN
    axes = axes_at(figure, MARGIN, top, width, SWATCH)
    axes.set(xlim=(0, width), ylim=(0, SWATCH), label="legend")
    axes.axis("off")
    beside(axes, 0, "products")
    steps = [SWATCH + 3 * GAP + DIGIT * len(f"{value:,}") for value in values]
    if len(values) <= SWATCHES and sum(steps) <= width - WORD:
        for value, place in zip(values, accumulate(steps, initial=WORD), strict=False):
            (shade,) = shades([value], values[-1])
            axes.add_patch(Rectangle((place, 0), SWATCH, SWATCH, facecolor=shade))
            beside(axes, place + SWATCH + GAP, f"{value:,}")
    else:
        colour_bar(axes, values[0], values[-1], width)


def colour_bar(axes: Axes, least: int, most: int, width: float) -> None:
    """The colours from the least number of products to the largest."""
    start = WORD + DIGIT * len(f"{least:,}") + GAP
    end = max(start + SWATCH, width - DIGIT * len(f"{most:,}") - GAP)
    values = [least + (most - least) * step / BAR_STEPS for step in range(BAR_STEPS + 1)]
    edges = [start + (end - start) * step / len(values) for step in range(len(values) + 1)]
    axes.pcolormesh(edges, [0, SWATCH], [values], cmap=colours.NAME, vmin=0, vmax=most)
    beside(axes, WORD, f"{least:,}")
    beside(axes, end + GAP, f"{most:,}")


def beside(axes: Axes, place: float, words: str) -> None:
    """Words of the legend."""
    axes.text(place, SWATCH / 2, words, va="center_baseline", fontsize=6.5)


def below(figure: Figure, lines: list[str]) -> None:
    """Write a caption at the bottom of a figure."""
    figure.supxlabel("\n".join(lines), x=MARGIN / figure.get_figwidth(), ha="left", fontsize=6.5)


def described(layer: Layer, width: int) -> list[str]:
    """The sizes and the geometry of a layer, in lines of so many characters."""
    output_size = [axis.size for axis in of_layer(layer)]
    sizes = f"{write_sizes(layer.input_size)} → {write_sizes(output_size)}"
    return wrap(", ".join([sizes, *geometry(layer)]), width)


def geometry(layer: Layer, without: str = "") -> list[str]:
    """What a layer has beside its sizes; what is plain, or is asked to be left out, is not said."""
    given = {name: getattr(layer, name) for name in GEOMETRY if name != without}
    return [
        unbroken(f"{words} {write_sizes(given[name])}")
        for name, words in GEOMETRY.items()
        if given.get(name) is not None and set(given[name]) != {PLAIN.get(name)}
    ]


def unbroken(words: str) -> str:
    """Words that stay on one line: with spaces that do not break."""
    return words.replace(" ", "\u00a0")
