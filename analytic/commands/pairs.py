"""``pairs``: which input and tap are summed into an output, listed, drawn or animated."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from analytic import pairs, report
from analytic.commands.flags import (
    LAYER_OPTIONS,
    PATH,
    Command,
    Failed,
    Sizes,
    layer_of_flags,
    one_filter,
    with_options,
)
from analytic.commands.toolbox import ANIMATIONS, CAPTION, FIGURES, write_picture
from analytic.layer import Layer
from analytic.tables import as_sizes

HELP = """Show the pairs of input and kernel that make each output.

Without --output, the pairs of one result as a table. A figure shows them as lines; a .gif or .apng
shows every result, one after the other. Also of the gradients, with --pass.

\b
Examples:
  python -m analytic pairs --input-size 3x3 --kernel-size 3 --stride 2 --output pairs.gif
  python -m analytic pairs --input-size 5x5 --kernel-size 3 --no-transposed --at 0x0
  python -m analytic pairs --input-size 4x4 --kernel-size 3 --pass grad_weight --output pairs.svg

Exit status: 0 shown; 1 the pairs are too many to be shown; 2 wrong usage or an illegal layer.
"""

#: As many pairs are listed at the most.
ROWS = 100


def show(
    output: str | None, passed: str, at: int | tuple[int, ...] | None, caption: bool, **flags: Any
) -> None:
    """List or draw the pairs of the layer of the flags."""
    layer = layer_of_flags(one_filter(flags))
    place = None if at is None else as_sizes(at)
    try:
        if output is None:
            click.echo(table(layer, passed, place))
        elif not output.lower().endswith(ANIMATIONS):
            draw = partial(still, layer, output, passed, place, caption)
            write_picture(output, draw, (*FIGURES, *ANIMATIONS))
        elif place is not None:
            raise ValueError("at cannot stand beside an animation, which shows every result")
        else:
            write_picture(output, partial(animation, layer, output, passed, caption), ANIMATIONS)
    except ValueError as reason:
        raise click.UsageError(str(reason)) from None


def table(layer: Layer, passed: str, at: tuple[int, ...] | None) -> str:
    """The pairs of one result, one a line."""
    try:
        listed = pairs.of_layer(layer, passed)
    except OverflowError as reason:
        raise Failed(f"too many pairs to list: {reason}") from None
    place = listed.fullest() if at is None else listed.result_at(at)
    summed = listed.summed(place)
    roles = listed.roles
    heads = [roles.names[field] for field in (*roles.factors, roles.result)]
    cells = [
        [written(pairs.place(pair, field)) for field in (*roles.factors, roles.result)]
        for pair in summed[:ROWS]
    ]
    more = [f"and {len(summed) - ROWS:,} more"] if len(summed) > ROWS else []
    text = report.aligned(cells, heads, "simple", ["left"] * 3)
    words = f"{heads[-1]} {written(place)} sums {len(summed):,} of {listed.number():,} products"
    return "\n".join([text, *more, "", words])


def written(place: tuple[int, ...]) -> str:
    """A position as it is written.

    >>> written((3, 0))
    '(3, 0)'
    """
    return f"({', '.join(map(str, place))})"


def still(layer: Layer, path: str, passed: str, at: tuple[int, ...] | None, caption: bool) -> None:
    """Write the figure of the pairs of one result."""
    from analytic.pictures import pairs, sheet

    sheet.save(pairs.figure(layer, passed, at, caption=caption), path)


def animation(layer: Layer, path: str, passed: str, caption: bool) -> None:
    """Write the animation of the pairs of all results; a terminal sees how far it is."""
    from tqdm import tqdm

    from analytic.pictures import pairs

    follow = partial(tqdm, disable=None, leave=False, unit="result")
    pairs.animate(layer, path, passed, caption=caption, follow=follow)


command = click.command("pairs", cls=Command, help=HELP)(
    with_options(
        show,
        *LAYER_OPTIONS,
        click.option(
            "--pass",
            "passed",
            type=click.Choice([*pairs.PASSES]),
            default="forward",
            show_default=True,
            help="What is summed: outputs, or a gradient.",
        ),
        click.option(
            "--at",
            type=Sizes(),
            help="The result, as 7x7.  [default: one that sums most, near the middle]",
        ),
        click.option(
            "--output",
            type=PATH,
            help="Draw: FILE.png, .svg or .pdf, or animate: .gif or .apng.",
        ),
        CAPTION,
    )
)
