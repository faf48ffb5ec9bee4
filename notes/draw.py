"""The pictures of the notes and of the README: ``python notes/draw.py`` draws them all anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, extent, size
from analytic.layer import Layer
from analytic.pictures import figures, pairs, sheet

HERE = Path(__file__).parent / "pictures"
#: The axis of the pictures: small enough to count by hand, and cut at both ends.
AXIS = Axis(n=6, k=5, s=2, d=1, b=3, e=3, o=0)
KEPT: dict[str, Any] = {"color": "black", "marker": "o", "linestyle": "", "markersize": 4}
CUT: dict[str, Any] = {**KEPT, "markerfacecolor": "white"}


def box(axis: Axis) -> list[tuple[int, int]]:
    """The pairs of an input and a tap."""
    return [(i, t) for i in range(axis.n) for t in range(axis.k)]


def lands(axis: Axis, i: int, t: int) -> bool:
    """Whether a pair is kept."""
    return bool(0 <= i * axis.s + t * axis.d - axis.b < size(axis))


def lattice(axis: Axis) -> tuple[Figure, Axes]:
    """The pairs of an axis as lattice points: those that are kept are filled."""
    figure = Figure(figsize=(sheet.COLUMN, 2.5), layout="constrained")
    axes = figure.subplots()
    for look, kept in ((KEPT, True), (CUT, False)):
        points = [pair for pair in box(axis) if lands(axis, *pair) == kept]
        axes.plot(*zip(*points, strict=True), **look, zorder=3, label="kept" if kept else "cut")
    axes.set_xlabel("input i")
    axes.set_ylabel("tap t")
    axes.set_xticks(range(axis.n))
    axes.set_yticks(range(axis.k))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_aspect("equal")
    return figure, axes


def line(axes: Axes, axis: Axis, value: float, words: str) -> None:
    """The line ``i·s + t·d = value``, with its name at its upper end."""
    top, bottom = axis.k - 0.4, -0.6
    ends = [(value - t * axis.d) / axis.s for t in (bottom, top)]
    axes.plot(ends, [bottom, top], color="#26386f", lw=1.0)
    axes.annotate(words, (ends[1], top), ha="center", va="bottom", color="#26386f")


@sheet.styled
def cropping(axis: Axis) -> Figure:
    """What padding cuts: the lattice points under one line, and over another."""
    figure, axes = lattice(axis)
    # Between whole numbers, so that no point lies on a line.
    line(axes, axis, axis.b - 0.5, "v < b")
    line(axes, axis, axis.b + size(axis) - 0.5, "v ≥ b + L")
    left = INTEGERS.F(axis.n, axis.k, axis.s, axis.d, axis.b)
    right = INTEGERS.F(axis.n, axis.k, axis.s, axis.d, axis.e - axis.o)
    _, overlaps, _ = extent(INTEGERS, axis)
    axes.set_xlim(-1.6, axis.n + 0.4)
    parameters = f"n = {axis.n} inputs, k = {axis.k} taps, stride {axis.s}, padding {axis.b}"
    sheet.below(
        figure,
        [
            f"{parameters}: size L = {size(axis)}",
            f"T = nk − F − F = {axis.n * axis.k} − {left} − {right} = {overlaps}",
        ],
    )
    return figure


@sheet.styled
def collisions(axis: Axis) -> Figure:
    """What lands together: the points with a successor are a smaller box, moved."""
    figure, axes = lattice(axis)
    common = INTEGERS.gcd(axis.s, axis.d)
    right, down = axis.d // common, axis.s // common
    for i, t in box(axis):
        if i + right < axis.n and t - down >= 0:
            axes.annotate(
                "",
                (i + right, t - down),
                (i, t),
                arrowprops={"arrowstyle": "->", "color": "#9b9476", "lw": 0.6},
            )
    corner = (-0.35, down - 0.35)
    size_of = (axis.n - right - 1 + 0.7, axis.k - down - 1 + 0.7)
    axes.add_patch(Rectangle(corner, *size_of, fill=False, color="#26386f", lw=1.0))
    _, overlaps, covered = extent(INTEGERS, axis)
    axes.set_xlim(-0.7, axis.n - 0.3)
    axes.set_ylim(-0.7, axis.k - 0.3)
    smaller = f"n′ = {axis.n - right} by k′ = {axis.k - down}"
    sheet.below(
        figure,
        [
            f"arrows join pairs of one value; they begin in a box of {smaller}",
            f"C = T − kept in the box = {overlaps} − {overlaps - covered} = {covered}",
        ],
    )
    return figure


def main(folder: Path = HERE) -> None:
    """Draw every picture into a folder."""
    folder.mkdir(exist_ok=True)
    checkerboard = Layer((8, 8), 1, 1, 3, stride=2, padding=1, output_padding=1)
    sheet.save(cropping(AXIS), str(folder / "cropping.svg"))
    sheet.save(collisions(AXIS), str(folder / "collisions.svg"))
    sheet.save(figures.coverage(checkerboard), str(folder / "coverage.svg"))
    readme = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    sheet.save(pairs.figure(readme), str(folder / "readme.svg"))
    small = Layer((3, 3), 1, 1, 3, stride=2, padding=1)
    pairs.animate(small, str(folder / "pairs.gif"))
    sheet.save(pairs.figure(small, "grad_weight"), str(folder / "gradient.svg"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
