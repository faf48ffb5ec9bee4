"""Figures for papers and notes, with matplotlib: vector, in greyscale-safe colours."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis as Ruler
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from analytic.checkerboard import verdict
from analytic.integers import count
from analytic.layer import Layer
from analytic.outputs import of_layer
from analytic.pictures import colours
from analytic.pictures.comparison import Compared, ratios
from analytic.pictures.window import Window, window
from analytic.tables import write_sizes
from analytic.taps import dead_taps, dead_words

#: One column of a paper, in inches, and positions of an axis that are drawn in it at the most.
COLUMN = 3.4
ROOM = 40
#: Characters that fit in a line of its caption, and the first number too long to stand at an axis.
WIDTH = 66
TOO_LARGE = 10**15
#: What is not drawn.
HATCHED: dict[str, Any] = {"facecolor": "none", "edgecolor": "#b0b0b0", "hatch": "//////", "lw": 0}
#: The width of a line in its own colour around each cell: without it the paper is seen between them
#: where a vector figure is enlarged.
SEAM = 0.3
#: Fonts stay text in PDF; an SVG is the same bytes each time it is drawn.
STYLE: Any = {
    "axes.linewidth": 0.5,
    "font.size": 7.0,
    "pdf.fonttype": 42,
    "svg.hashsalt": "analytic",
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
}


def save(figure: Figure, path: str) -> None:
    """Write a figure to FILE.png, FILE.svg or FILE.pdf, without the date in it."""
    date = {".svg": "Date", ".pdf": "CreationDate"}.get(path[-4:])
    with mpl.rc_context(STYLE):
        figure.savefig(path, dpi=300, metadata=None if date is None else {date: None})


def styled(draw: Any) -> Any:
    """A function that draws, in the style of this module."""
    return mpl.rc_context(STYLE)(draw)


@styled
def coverage(layer: Layer) -> Figure:
    """The coverage of a layer: heat map, profiles at its sides, caption with formula and counts.

    A layer of one axis is its profile; of three or more axes the map is that of the last two.
    Positions of a large axis that are not drawn are a hatched gap, and named in the caption.
    Raises `OverflowError` where the number of a position, or a coverage, has more than 15 digits.
    """
    *leading, across = of_layer(layer)
    if any(max(axis.size, axis.largest()) >= TOO_LARGE for axis in (*leading[-1:], across)):
        raise OverflowError("numbers of more than 15 digits")
    wide = window(across, ROOM)
    down = window(leading.pop(), ROOM) if leading else None
    lines = caption(layer, wide, down)
    if down is None:
        figure = Figure(figsize=(COLUMN, 1.5 + 0.13 * len(lines)), layout="constrained")
        profile(figure.subplots(), wide, upright=True)
    else:
        ratio = min(1.5, len(down.profile()) / len(wide.profile()))
        height = max(1.6, 2.6 * ratio + 0.6)
        figure = Figure(figsize=(COLUMN, height + 0.13 * len(lines)), layout="constrained")
        grid = figure.subplots(
            2, 2, width_ratios=(1, 5), height_ratios=(1, max(1.0, 5 * ratio)), squeeze=False
        )
        grid[0, 0].axis("off")
        profile(grid[0, 1], wide, upright=True)
        profile(grid[1, 0], down, upright=False)
        heat_map(figure, grid[1, 1], wide, down)
    below(figure, lines)
    thin_out(figure)
    return figure


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


def below(figure: Figure, lines: list[str]) -> None:
    """Write a caption."""
    figure.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=6.5)


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


def profile(axes: Axes, shown: Window, *, upright: bool) -> None:
    """The coverage along an axis as bars, in the colours of the map."""
    values = numbers(shown)
    largest = int(max(value for value in values if value == value))  # noqa: PLR0124  # not NaN
    shades = [mpl.colormaps[colours.NAME](0 if v != v else v / largest) for v in values]  # noqa: PLR0124
    places = range(len(values))
    gaps = [place for place in places if values[place] != values[place]]
    labelled = ticks(shown)
    axes.spines[["top", "right"]].set_visible(False)
    for gap in gaps:  # a hole has no bar either
        span = axes.axvspan if upright else axes.axhspan
        span(gap - 0.5, gap + 0.5, **HATCHED)
    if upright:
        axes.bar(places, values, width=1.0, color=shades, edgecolor=shades, lw=SEAM)
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_yticks([0, largest])
        axes.set_xticks(*labelled)
    else:
        axes.barh(places, values, height=1.0, color=shades, edgecolor=shades, lw=SEAM)
        axes.set_ylim(len(values) - 0.5, -0.5)
        axes.set_xticks([0, largest])
        axes.set_yticks(*labelled)
        axes.invert_xaxis()


def heat_map(figure: Figure, axes: Axes, wide: Window, down: Window) -> None:
    """The outer product of two profiles, with the colour bar of whole numbers."""
    cells = [[a * b for b in numbers(wide)] for a in numbers(down)]
    values = sorted({int(v) for row in cells for v in row if v == v})  # noqa: PLR0124  # not NaN
    mesh = axes.pcolormesh(
        cells, cmap=colours.NAME, vmin=0, vmax=values[-1], edgecolors="face", lw=SEAM
    )
    axes.invert_yaxis()
    if wide.gaps or down.gaps:
        axes.patch.set(**HATCHED)  # seen where no cell is drawn
    axes.set_xticks([])
    axes.set_yticks([])
    bar = figure.colorbar(mesh, ax=axes, shrink=0.9, aspect=25)
    bar.set_ticks(values if len(values) <= 8 else [values[0], values[-1]])
    bar.set_label("products that land")


#: What is drawn, by whether the layer is transposed.
COVERAGE = {
    True: r"$c(y) = \#\{(i, t) : i s + t d - p = y\}$",
    False: r"$c(i) = \#\{t : 0 \leq i s + t d - p < L\}$",
}


def caption(layer: Layer, wide: Window, down: Window | None) -> list[str]:
    """The lines below the figure: layer, formula, counts, verdict and gaps."""
    counts = count(layer)
    shape = {
        "kernel": layer.kernel_size,
        "stride": layer.stride,
        "padding": layer.padding,
        "end padding": layer.end_padding,
        "output padding": layer.output_padding,
        "dilation": layer.dilation,
    }
    plain = {"padding": 0, "output padding": 0, "dilation": 1}
    said = [f"{write_sizes(layer.input_size)} to {write_sizes(counts.output_size)}"]
    said += [
        unbroken(f"{name} {write_sizes(value)}")
        for name, value in shape.items()
        if value is not None and set(value) != {plain.get(name)}
    ]
    gaps = [*wide.said("columns" if down else "positions"), *(down.said("rows") if down else ())]
    if len(layer.axes) > 2:
        gaps.append(f"map of the last two of {len(layer.axes)} axes")
    return [
        *wrap(", ".join(said), WIDTH),
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


def unbroken(words: str) -> str:
    """Words that stay on one line: with spaces that do not break."""
    return words.replace(" ", "\u00a0")


#: How a rule is drawn: told apart in greyscale too, and where two rules are equal.
HOLLOW: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.6}
LINES: dict[str, dict[str, Any]] = {
    "exact": {"color": "black", "linestyle": "-", "marker": "o", "markersize": 2, "zorder": 3},
    "input": {"color": "#26386f", "linestyle": "--", "marker": "s", "markersize": 5, **HOLLOW},
    "output": {"color": "#9b9476", "linestyle": "-.", "marker": "^", "markersize": 3},
}


@styled
def sweep(compared: Compared, over: str) -> Figure:
    """The MACs by every rule over the values of one argument, on a logarithmic scale."""
    figure = Figure(figsize=(COLUMN, 2.2), layout="constrained")
    axes = figure.subplots()
    for rule, values in compared.macs.items():
        axes.plot(compared.labels, values, label=f"{rule} rule", lw=0.8, **LINES[rule])
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(over.replace("_", " "))
    axes.set_ylabel("MACs")
    return finished(figure, axes, compared)


@styled
def layers(compared: Compared) -> Figure:
    """How many times the exact MACs the other rules charge, over layers in the order of that."""
    figure = Figure(figsize=(COLUMN, 2.2), layout="constrained")
    axes = figure.subplots()
    share = [100 * (place + 0.5) / len(compared.labels) for place in range(len(compared.labels))]
    axes.axhline(1.0, label="exact rule", lw=0.8, color=LINES["exact"]["color"])
    for rule, values in ratios(compared).items():
        look = LINES[rule] if len(share) <= ROOM else {**LINES[rule], "marker": ""}
        axes.plot(share, values, label=f"{rule} rule", lw=1.2, **look)
    axes.set_yscale("log")
    axes.set_xlabel(f"% of {len(compared.labels)} layers, each rule in its own order")
    axes.set_ylabel("times the exact MACs")
    return finished(figure, axes, compared)


def finished(figure: Figure, axes: Axes, compared: Compared) -> Figure:
    """A comparison with its legend; the number of what is left out stands below it."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    if compared.left_out:
        note = f"{len(compared.left_out)} left out: {compared.left_out[0]}"
        note += ", …" if len(compared.left_out) > 1 else ""
        below(figure, wrap(note, WIDTH))
    return figure
