"""Figures for papers and notes, with matplotlib: vector, in greyscale-safe colours."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis as Ruler
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from analytic.checkerboard import verdict
from analytic.integers import count
from analytic.layer import Layer
from analytic.outputs import of_layer
from analytic.pictures import colours
from analytic.pictures.comparison import Compared, ratios
from analytic.pictures.sheet import (
    COLUMN,
    DIGIT,
    HATCHED,
    LINE,
    MARGIN,
    PAGE,
    WIDTH,
    axes_at,
    below,
    described,
    geometry,
    legend,
    shades,
    styled,
    unbroken,
)
from analytic.pictures.window import Window, window
from analytic.tables import write_sizes
from analytic.taps import dead_taps, dead_words

#: Positions of an axis that are drawn at the most.
ROOM = 40
#: The first number too long to stand at an axis.
TOO_LARGE = 10**15
#: In inches: the longest bar, the space beside it, the largest cell and the tallest map.
BAR, SPACE, CELL, TALLEST = 0.45, 0.05, 0.25, 3.4
#: In inches: the side of a map of few cells, and below which there is no room for long names.
SMALLEST, NARROW = 0.5, 0.8
#: In inches, below a map: its numbers and the name of its axis; the legend.
NAMED, KEY = 0.36, 0.12
#: The width of a line in its own colour around each cell: without it the paper is seen between them
#: where a vector figure is enlarged.
SEAM = 0.3


@styled
def coverage(layer: Layer, *, caption: bool = True) -> Figure:
    """The coverage of a layer: a map, profiles at its sides, caption with formula and counts.

    A colour is one number of products, in map and profiles alike. A layer of one axis is its
    profile; of three or more axes the map is that of the last two. Positions of a large axis that
    are not drawn are a hatched gap, and named in the caption. Raises `OverflowError` where the
    number of a position, or a coverage, has more than 15 digits.
    """
    *leading, across = of_layer(layer)
    if any(max(axis.size, axis.largest()) >= TOO_LARGE for axis in (*leading[-1:], across)):
        raise OverflowError("numbers of more than 15 digits")
    wide = window(across, ROOM)
    down = window(leading.pop(), ROOM) if leading else None
    lines = caption_of(layer, wide, down) if caption else []
    figure = one_axis(wide, len(lines)) if down is None else two_axes(wide, down, len(lines))
    below(figure, lines)
    thin_out(figure)
    return figure


def one_axis(wide: Window, lines: int) -> Figure:
    """The profile of a layer of one axis, with room for so many lines below it."""
    left, height = 2 * MARGIN + digits(wide.outputs.largest()) + 0.2, 2 * BAR
    figure = Figure(figsize=(COLUMN, height + NAMED + KEY + 3 * MARGIN + LINE * lines))
    right = MARGIN + max(MARGIN, digits(wide.outputs.size) / 2)
    axes = axes_at(figure, left, MARGIN, COLUMN - left - right, height)
    values = drawn(wide.profile())
    profile(axes, wide, values[-1], upright=True)
    axes.set_xticks(*ticks(wide))
    axes.set_xlabel("output position")
    axes.set_ylabel("products")
    legend(figure, values, height + NAMED + 2 * MARGIN)
    return figure


def two_axes(wide: Window, down: Window, lines: int) -> Figure:
    """The map of two axes between their profiles, with room for so many lines below it."""
    columns, rows = wide.profile(), down.profile()
    left = 3 * MARGIN + digits(down.outputs.size) + 0.1
    right = 2 * MARGIN + BAR + SPACE + digits(down.outputs.largest()) / 2
    top = MARGIN + BAR + SPACE
    largest = max(CELL, SMALLEST / min(len(columns), len(rows)))
    cell = min((COLUMN - left - right) / len(columns), TALLEST / len(rows), largest)
    width, height = cell * len(columns), cell * len(rows)
    paper = top + height + NAMED + KEY + 2 * MARGIN + LINE * lines
    figure = Figure(figsize=(COLUMN, paper))
    values = drawn([*columns, *rows])
    values = drawn([*values, *(a * b for a in drawn(columns) for b in drawn(rows))])
    above = axes_at(figure, left, MARGIN, width, BAR)
    beside = axes_at(figure, left + width + SPACE, top, BAR, height)
    profile(above, wide, values[-1], upright=True)
    profile(beside, down, values[-1], upright=False)
    above.set_ylabel("products", fontsize=6)
    beside.set_xlabel("products" if width > SMALLEST else "", fontsize=6)
    above.set_xticks([])
    beside.set_yticks([])
    image = axes_at(figure, left, top, width, height)
    heat_map(image, wide, down, values[-1])
    image.set_xlabel("output column" if width > NARROW else "column")
    image.set_ylabel("output row" if height > NARROW else "row")
    legend(figure, values, top + height + NAMED + MARGIN)
    return figure


def digits(number: int) -> float:
    """The room that a number takes, in inches."""
    return DIGIT * len(str(number))


def drawn(values: Iterable[int | None]) -> list[int]:
    """The numbers of products that are drawn, from the least to the largest."""
    return sorted({value for value in values if value is not None})


def thin_out(figure: Figure) -> None:
    """Take away the labels of the profiles that would touch another one, those within first."""
    figure.draw_without_rendering()
    for axes in figure.axes[:3]:
        keep_apart(axes.xaxis)
        keep_apart(axes.yaxis)


def keep_apart(ruler: Ruler) -> None:
    """Empty the labels of an axis that would touch one before them; its ends come first."""
    labels = ruler.get_ticklabels()
    kept: list[Bbox] = []
    words = [label.get_text() for label in labels]
    for at in sorted(range(len(labels)), key=lambda at: 0 < at < len(labels) - 1):
        around = labels[at].get_window_extent().padded(1)
        if around.count_overlaps(kept):
            words[at] = ""
        else:
            kept.append(around)
    ruler.set_ticks(ruler.get_majorticklocs(), words)


def numbers(shown: Window) -> list[float]:
    """A profile to draw: not-a-number, which matplotlib leaves blank, for a gap."""
    return [float("nan") if value is None else value for value in shown.profile()]


def ticks(shown: Window) -> tuple[list[int], list[str]]:
    """Where the parts of a window begin and end on the paper, and which positions these are."""
    places: dict[int, str] = {}
    start = 0
    for part in shown.parts:
        places[start] = str(part.start)
        places[start + len(part) - 1] = str(part.stop - 1)
        start += len(part) + 1
    return list(places), list(places.values())


def profile(axes: Axes, shown: Window, most: int, *, upright: bool) -> None:
    """The coverage along an axis as bars, in the colours of the map."""
    values = shown.profile()
    bars = [(place, value) for place, value in enumerate(values) if value is not None]
    places, lengths = zip(*bars, strict=True)
    look = {"color": shades(lengths, most), "edgecolor": shades(lengths, most), "lw": SEAM}
    axes.spines[["top", "right"]].set_visible(False)
    for gap, value in enumerate(values):
        if value is None:
            span = axes.axvspan if upright else axes.axhspan
            span(gap - 0.5, gap + 0.5, **HATCHED)
    if upright:
        axes.bar(places, lengths, width=1.0, **look)
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_yticks([max(lengths)])
    else:
        axes.barh(places, lengths, height=1.0, **look)
        axes.set_ylim(len(values) - 0.5, -0.5)
        axes.set_xticks([max(lengths)])


def heat_map(axes: Axes, wide: Window, down: Window, most: int) -> None:
    """The outer product of two profiles, in square cells."""
    cells = [[a * b for b in numbers(wide)] for a in numbers(down)]
    look: dict[str, Any] = {
        "cmap": colours.NAME,
        "vmin": 0,
        "vmax": most,
        "edgecolors": "face",
        "lw": SEAM,
    }
    down_edges, across_edges = (
        [place - 0.5 for place in range(length + 1)] for length in (len(cells), len(cells[0]))
    )
    axes.pcolormesh(across_edges, down_edges, cells, **look)
    axes.invert_yaxis()
    if wide.gaps or down.gaps:
        axes.patch.set(**HATCHED)  # seen where no cell is drawn
    axes.set_xticks(*ticks(wide))
    axes.set_yticks(*ticks(down))


#: What is drawn, by whether the layer is transposed.
COVERAGE = {
    True: r"$c(y) = \#\{(i, t) : i s + t d - p = y\}$",
    False: r"$c(i) = \#\{t : 0 \leq i s + t d - p < L\}$",
}


def caption_of(layer: Layer, wide: Window, down: Window | None) -> list[str]:
    """The lines below the figure: layer, formula, counts, verdict and gaps."""
    counts = count(layer)
    gaps = [*wide.said("columns" if down else "positions"), *(down.said("rows") if down else ())]
    if len(layer.axes) > 2:
        gaps.append(f"map of the last two of {len(layer.axes)} axes")
    return [
        *described(layer, WIDTH),
        COVERAGE[layer.transposed],
        *wrap(
            f"additions of a filter: ΠT − {'ΠC' if layer.transposed else 'ΠI'} = "
            f"{counts.overlaps:,} − {counts.covered:,} "
            + unbroken(f"= {counts.additions_per_filter:,}"),
            WIDTH,
        ),
        *wrap(verdict(layer), WIDTH),
        *wrap(dead_words(dead_taps(layer)), WIDTH),
        *(line for gap in gaps for line in wrap(gap, WIDTH)),
    ]


#: Where an axis of ratios has numbers, in each decade; and where no ratio reaches the second.
COARSE, FINE = (1, 2, 5), (1, 1.1, 1.2, 1.5, 2)
#: As many layers have a line with their name, and as many characters of it.
NAMED_LAYERS, NAME = 24, 60
#: How a rule is drawn: told apart in greyscale too, and where two rules are equal.
HOLLOW: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.6}
LINES: dict[str, dict[str, Any]] = {
    "input": {"color": "#26386f", "linestyle": "--", "marker": "s", "markersize": 5, **HOLLOW},
    "output": {"color": "#9b9476", "linestyle": "-.", "marker": "^", "markersize": 3},
}


@styled
def sweep(compared: Compared, over: str, layer: Layer, *, caption: bool = True) -> Figure:
    """How many times the exact MACs the other rules charge, over the values of one argument.

    ``layer`` is one of those compared: the caption says what all of them have.
    """
    figure, axes = comparison(compared)
    for rule, values in ratios(compared).items():
        axes.plot(compared.labels, values, label=f"{rule} rule", lw=0.8, **LINES[rule])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(over.replace("_", " "))
    sizes = f"input {write_sizes(layer.input_size)}"
    words = ", ".join([sizes, *geometry(layer, without=over)])
    return finished(figure, axes, compared, [words] if caption else [])


@styled
def layers(compared: Compared, *, caption: bool = True) -> Figure:
    """How many times the exact MACs the other rules charge, over the layers of a file.

    A few layers that have names are a line each; more are put in order, by each rule.
    """
    number = len(compared.labels)
    said = [f"{number:,} layer{'' if number == 1 else 's'}"] if caption else []
    if number <= NAMED_LAYERS and all(compared.names):
        return named_layers(compared, said)
    figure, axes = comparison(compared)
    share = [100 * (place + 0.5) / number for place in range(number)]
    for rule, values in ratios(compared).items():
        look = LINES[rule] if number <= ROOM else {**LINES[rule], "marker": ""}
        axes.plot(share, sorted(values), label=f"{rule} rule", lw=1.2, **look)
    axes.set_xlabel("% of the layers, each rule in its own order")
    return finished(figure, axes, compared, said)


def named_layers(compared: Compared, said: list[str]) -> Figure:
    """The ratios of each layer beside its name, in the order of the file."""
    places = range(len(compared.names))
    figure = Figure(figsize=(PAGE, 0.9 + 0.17 * len(places)), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.axvline(1.0, label="exact rule", lw=0.8, color="black")
    for rule, values in ratios(compared).items():
        look = {**LINES[rule], "linestyle": ""}
        axes.plot(values, places, label=f"{rule} rule", **look)
    number_ratios(axes.xaxis, compared)
    axes.set_xlabel("times the exact MACs")
    axes.set_yticks(places, [*map(cut, compared.names)])
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.grid(axis="y", lw=0.3, color="#d0d0d0")
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside upper right", ncols=3, frameon=False
    )
    return finished(figure, axes, compared, said)


def cut(name: str) -> str:
    r"""The name of a layer as it stands at an axis.

    >>> cut("a$b"), len(cut("name" * 100))
    ('a\\$b', 60)
    """
    return literal(name if len(name) <= NAME else f"{name[: NAME - 1]}…")


def literal(words: str) -> str:
    """Words of others, in which a dollar is no beginning of a formula."""
    return words.replace("$", r"\$")


def comparison(compared: Compared) -> tuple[Figure, Axes]:
    """A figure of ratios, with the line of the exact rule."""
    figure = Figure(figsize=(COLUMN, 2.2), layout="constrained")
    axes = figure.subplots()
    axes.set_yscale("log")
    axes.axhline(1.0, label="exact rule", lw=0.8, color="black")
    number_ratios(axes.yaxis, compared)
    axes.set_ylabel("times the exact MACs")
    return figure, axes


def number_ratios(ruler: Ruler, compared: Compared) -> None:
    """Give a logarithmic axis numbers that people read: 1, 2, 5, 10."""
    largest = max(map(max, ratios(compared).values()))
    ruler.set_major_locator(LogLocator(subs=COARSE if largest > COARSE[1] else FINE))
    ruler.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ruler.set_minor_locator(NullLocator())


def finished(figure: Figure, axes: Axes, compared: Compared, said: list[str]) -> Figure:
    """A comparison with its legend; below it, where there is a caption, what is left out too."""
    axes.spines[["top", "right"]].set_visible(False)
    if not figure.legends:
        axes.legend(frameon=False)
    if said and compared.left_out:
        more = ", …" if len(compared.left_out) > 1 else ""
        first = literal(compared.left_out[0])
        said = [*said, f"{len(compared.left_out)} left out: {first}{more}"]
    if said:
        below(figure, [line for words in said for line in wrap(words, WIDTH)])
    return figure
