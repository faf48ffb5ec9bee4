"""The pairs of a pass as a figure, and as an animation: what is multiplied, what it is summed into.

Input, kernel and output stand side by side in cells of one size. The products of one result are
drawn as lines through their two factors; every result has the colour of its number of products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from textwrap import wrap
from typing import Any, NamedTuple

from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from analytic.integers import count, macs
from analytic.layer import Layer
from analytic.pairs import Listed, of_layer, place
from analytic.pictures.colours import is_light
from analytic.pictures.sheet import (
    COLUMN,
    DIGIT,
    HATCHED,
    LINE,
    MARGIN,
    PAGE,
    SWATCH,
    WIDTH,
    axes_at,
    below,
    described,
    legend,
    shades,
    styled,
)
from analytic.tables import write_sizes

Place = tuple[int, ...]

#: Positions of a side that are drawn, results of an animation, and lines, at the most.
SIDE, FRAMES, LINES = 32, 256, 64
#: So many lines are drawn in full strength.
FEW = 16
#: In inches: the largest cell, the tallest grid, the paper between grids and above them, and below.
CELL, TALLEST, BETWEEN, HEAD, FOOT = 0.3, 2.7, 0.55, 0.4, 0.22
SIGNS = ("", "× ", "→ ")
#: In inches, the smallest cell that has its number written in it.
WRITTEN = 0.17
#: A product, in a colour that no number of products has: told from them by everyone, and in grey by
#: its outline.
LIT = "#d55e00"
#: A position, one that is a factor, the line of a product where there are few and many, the result.
EMPTY: Any = {"facecolor": "white", "edgecolor": "#b0b0b0", "lw": 0.4}
FACTOR: Any = {"facecolor": "#fbdcc0", "edgecolor": LIT, "lw": 0.9, "zorder": 2}
STRONG: Any = {"lw": 0.8, "path_effects": [withStroke(linewidth=1.8, foreground="white")]}
WEAK: Any = {"lw": 0.4, "alpha": 0.6}
RESULT: Any = {
    "facecolor": "none",
    "edgecolor": LIT,
    "lw": 1.4,
    "zorder": 4,
    "path_effects": [withStroke(linewidth=3, foreground="white")],
}
#: The number of a row or a column.
NUMBER: Any = {"fontsize": 5.5, "path_effects": [withStroke(linewidth=1.5, foreground="white")]}
#: Pictures a second, seconds that an animation lasts at the most, and pictures that its end stays.
RATE, LONGEST, STAY = 3, 25, 6
#: Dots an inch of an animation.
RESOLUTION = 100


class Grid(NamedTuple):
    """The positions of an input, a kernel or an output, as cells at a place on the paper."""

    field: str
    name: str
    left: float
    top: float
    cell: float
    rows: int
    columns: int

    def corner(self, position: Place) -> tuple[float, float]:
        """The upper left corner of a cell; one axis goes down."""
        row, column = (*position, 0)[:2]
        return self.left + self.cell * column, self.top + self.cell * row

    def centre(self, position: Place) -> tuple[float, float]:
        """The middle of a cell."""
        left, top = self.corner(position)
        return left + self.cell / 2, top + self.cell / 2

    def side(self, position: Place) -> tuple[float, float]:
        """The middle of the left side of a cell."""
        left, top = self.corner(position)
        return left, top + self.cell / 2

    def square(self, position: Place) -> list[tuple[float, float]]:
        """The corners of a cell."""
        left, top = self.corner(position)
        right, bottom = left + self.cell, top + self.cell
        return [(left, top), (right, top), (right, bottom), (left, bottom)]


def grids(listed: Listed) -> list[Grid]:
    """The two factors of a pass and its result, from left to right."""
    fields = (*listed.roles.factors, listed.roles.result)
    shapes = [(*listed.sizes[field], 1)[:2] for field in fields]
    tallest, columns = max(rows for rows, _ in shapes), sum(columns for _, columns in shapes)
    room = PAGE - 6 * MARGIN - 2 * BETWEEN
    cell = min(room / columns, TALLEST / tallest, CELL)
    between = max(BETWEEN, (COLUMN - 6 * MARGIN - cell * columns) / 2)
    names = [
        f"{sign}{listed.roles.names[field]}" for sign, field in zip(SIGNS, fields, strict=True)
    ]
    placed: list[Grid] = []
    left = MARGIN + max(2 * MARGIN, overhang(names[0], cell * shapes[0][1]))
    for field, name, (rows, columns) in zip(fields, names, shapes, strict=True):
        top = HEAD + cell * (tallest - rows) / 2
        placed.append(Grid(field, name, left, top, cell, rows, columns))
        left += cell * columns + between
    return placed


def overhang(name: str, width: float) -> float:
    """How far the name of a grid of this width reaches beyond it at each side, in inches."""
    return (DIGIT * len(name) - width) / 2


def refuse_undrawn(listed: Listed) -> None:
    """An error where the pairs of a layer cannot be drawn."""
    if len(listed.axes) > 2:
        raise ValueError(f"pairs are drawn of one axis or two, got {len(listed.axes)}")
    for field, sizes in listed.sizes.items():
        if max(sizes) > SIDE:
            raise OverflowError(
                f"at most {SIDE} positions a side, got {listed.roles.names[field]} "
                f"{write_sizes(sizes)}; a smaller input has the same pairs in its interior"
            )


class Scene:
    """The figure, in which the products of one result after the other may be shown."""

    def __init__(self, layer: Layer, listed: Listed, *, caption: bool) -> None:
        self.layer, self.listed, self.caption = layer, listed, caption
        self.grids = grids(listed)
        self.numbers = {field: listed.numbers(field) for field in listed.sizes}
        self.results = self.numbers[listed.roles.result]
        values = sorted(set(self.results.values()))
        self.shades = dict(zip(values, shades(values, values[-1]), strict=True))
        last = self.grids[-1]
        wide = last.cell * last.columns
        beyond = MARGIN + max(2 * MARGIN, overhang(last.name, wide))
        width = max(COLUMN, last.left + wide + beyond)
        key = HEAD + FOOT + max(grid.cell * grid.rows for grid in self.grids)
        self.characters = int(WIDTH * width / COLUMN)
        lines = self.words(listed.fullest(), 0) if caption else []
        height = key + SWATCH + 2 * MARGIN + LINE * len(lines)
        self.figure = Figure(figsize=(width, height))
        self.axes = axes_at(self.figure, 0, 0, width, height)
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.axis("off")
        self.draw_grids()
        legend(self.figure, values, key)
        self.artists: list[Any] = []

    def draw_grids(self) -> None:
        """The cells, their names and numbers, and hatches where no product lies."""
        for grid in self.grids:
            numbers = self.numbers[grid.field]
            cells = PolyCollection([grid.square(at) for at in numbers], **EMPTY)
            self.axes.add_collection(cells)
            idle = [grid.square(at) for at, number in numbers.items() if not number]
            self.axes.add_collection(PolyCollection(idle, zorder=2.5, **HATCHED))
            name_grid(self.axes, grid, f"{grid.name}\n{write_sizes(self.listed.sizes[grid.field])}")
        self.cells = cells  # of the result, which comes last

    def show(self, at: Place, reached: Sequence[Place]) -> None:
        """The products of one result, and the numbers of products of those that are reached."""
        for artist in self.artists:
            artist.remove()
        self.artists = []
        summed = self.listed.summed(at)
        *factors, last = self.grids
        paths = [
            [grid.centre(place(pairs, grid.field)) for grid in factors] + [last.side(at)]
            for pairs in summed
        ]
        for grid in factors:
            squares = [grid.square(lit) for lit in {place(pairs, grid.field) for pairs in summed}]
            self.add(PolyCollection(sorted(squares), **FACTOR))
        if 0 < len(paths) <= LINES:
            weight = STRONG if len(paths) <= FEW else WEAK
            self.add(LineCollection(paths, colors=LIT, zorder=3, **weight))
            dots = zip(*(dot for path in paths for dot in path[:-1]), strict=True)
            self.artists += self.axes.plot(*dots, "o", color=LIT, markersize=1.5, zorder=3)
        self.add(PolyCollection([last.square(at)], **RESULT))
        self.fill(reached)
        if self.caption:
            below(self.figure, self.words(at, sum(self.results[done] for done in reached)))

    def add(self, collection: Any) -> None:
        """Draw what the next result takes away."""
        self.artists.append(self.axes.add_collection(collection))

    def fill(self, reached: Sequence[Place]) -> None:
        """Each result that is reached in the colour of its number, and the number in it."""
        done = {*reached}
        empty = (1.0, 1.0, 1.0, 1.0)
        self.cells.set_facecolor(
            [self.shades[number] if at in done else empty for at, number in self.results.items()]
        )
        for number in self.shades if self.grids[-1].cell >= WRITTEN else ():
            self.write(number, [at for at in reached if self.results[at] == number])

    def write(self, number: int, places: Sequence[Place]) -> None:
        """A number of products in the cells of the results: as a marker, which is drawn at once."""
        centres = [self.grids[-1].centre(at) for at in places]
        across, down = zip(*centres, strict=True) if centres else ((), ())
        red, green, blue = (round(255 * part) for part in self.shades[number][:3])
        self.artists += self.axes.plot(
            across,
            down,
            linestyle="",
            color="black" if is_light((red, green, blue)) else "white",
            marker=f"${number}$",
            markersize=max(3.8, 3.4 * len(str(number))),
            markeredgewidth=0,
            zorder=3.5,
        )

    def words(self, at: Place, reached: int) -> list[str]:
        """The caption: the layer, the products of this result, and of all of them."""
        names = self.listed.roles.names
        first, second = (names[field] for field in self.listed.roles.factors)
        result = f"{names[self.listed.roles.result]} ({', '.join(map(str, at))})"
        total = self.listed.number()
        so_far = f"; {reached:,} of {total:,} so far" if reached < total else ""
        number = plural(self.results[at], "product")
        filters = plural(count(self.layer).filters, "filter")
        samples = plural(self.layer.batch_size, "sample")
        summed = f"{result} sums {number} of {first} and {second}{so_far}"
        every = f"{total:,} products × {filters} × {samples} = {macs(self.layer):,} exact MACs"
        idle = any(0 in numbers.values() for numbers in self.numbers.values())
        return [
            *described(self.layer, self.characters),
            *wrap(summed, self.characters),
            *wrap(every, self.characters),
            *(["hatched: in no product"] if idle else []),
        ]


def plural(number: int, thing: str) -> str:
    """So many things, in words.

    >>> plural(1, "filter"), plural(1000, "filter")
    ('1 filter', '1,000 filters')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def name_grid(axes: Axes, grid: Grid, words: str) -> None:
    """The name of a grid above it, and its first and last row and column beside and below it."""
    middle = grid.left + grid.cell * grid.columns / 2
    axes.text(middle, grid.top - 0.05, words, ha="center", va="bottom", fontsize=7)
    bottom = grid.top + grid.cell * grid.rows + 0.04
    for row in ends(grid.rows):
        _, down = grid.centre((row, 0))
        axes.text(grid.left - 0.04, down, str(row), ha="right", va="center", zorder=4, **NUMBER)
    for column in ends(grid.columns):
        across, _ = grid.centre((0, column))
        axes.text(across, bottom, str(column), ha="center", va="top", **NUMBER)


def ends(positions: int) -> list[int]:
    """The first and the last of so many positions; a single one needs no number."""
    return [0, positions - 1] if positions > 1 else []


@styled
def figure(
    layer: Layer, passed: str = "forward", at: Place | None = None, *, caption: bool = True
) -> Figure:
    """The pairs of one result of a pass: forward, grad_input or grad_weight.

    ``at`` is the result, one entry an axis; else the one that sums most, nearest to the middle.
    Raises `ValueError` for a layer of more than two axes, another pass or a result that is none,
    `OverflowError` for a side of more than 32 positions.
    """
    listed = of_layer(layer, passed)
    refuse_undrawn(listed)
    scene = Scene(layer, listed, caption=caption)
    scene.show(listed.fullest() if at is None else listed.result_at(at), [*scene.results])
    return scene.figure


@styled
def animate(
    layer: Layer,
    path: str,
    passed: str = "forward",
    *,
    caption: bool = True,
    follow: Callable[[Sequence[Place]], Iterable[Place]] = iter,
) -> None:
    """Write the pairs of every result of a pass, one after the other: FILE.gif or FILE.apng.

    ``follow`` hands the results on, and may tell of it. Raises as `figure` does, and
    `OverflowError` for more than 256 results.
    """
    listed = of_layer(layer, passed)
    refuse_undrawn(listed)
    if prod(listed.results) > FRAMES:
        result = f"{listed.roles.names[listed.roles.result]} {write_sizes(listed.results)}"
        raise OverflowError(f"an animation shows at most {FRAMES} results, got {result}")
    scene = Scene(layer, listed, caption=caption)
    results = [*scene.results]
    writer = PillowWriter(fps=max(RATE, len(results) // LONGEST))
    writer.setup(scene.figure, path, dpi=RESOLUTION)
    reached: list[Place] = []
    for at in follow(results):
        reached.append(at)
        scene.show(at, reached)
        writer.grab_frame()
    for _ in range(STAY):
        writer.grab_frame()
    writer.finish()
