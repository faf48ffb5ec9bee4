"""``coverage``: the map of a layer in the terminal, or as a figure."""

from __future__ import annotations

import os
from shutil import get_terminal_size
from typing import Any

import click

from analytic.commands.flags import LAYER_OPTIONS, Command, layer_of_flags, one_filter, with_options
from analytic.commands.toolbox import CAPTION, OUTPUT, save_figure
from analytic.layer import Layer

HELP = """Show how many products land on each output.

And whether all get as many: if not, the layer prints a checkerboard. Channels and batch do not
matter here and may be left out. Positions that are not drawn for want of room are named.

\b
Example:
  python -m analytic coverage --input-size 8x8 --kernel-size 3 --stride 2 --padding 1

Exit status: 0 shown; 1 the figure cannot be drawn; 2 wrong usage or an illegal layer.
"""


def coverage(output: str | None, width: int | None, caption: bool, **flags: Any) -> None:
    """Draw the layer of the flags."""
    layer = layer_of_flags(one_filter(flags))
    if output is None:
        in_terminal(layer, width)
    else:
        save_figure(output, lambda: figure(layer, caption=caption))


def figure(layer: Layer, *, caption: bool) -> Any:
    """The figure of a layer."""
    from analytic.pictures import figures

    return figures.coverage(layer, caption=caption)


def in_terminal(layer: Layer, width: int | None) -> None:
    """Write the map to standard output: in colour on a terminal that has and wants it."""
    from analytic.pictures import terminal

    text = terminal.drawing(layer, width or get_terminal_size().columns)
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    click.echo(text, nl=False, color=False if plain else None)


command = click.command("coverage", cls=Command, help=HELP)(
    with_options(
        coverage,
        *LAYER_OPTIONS,
        OUTPUT,
        CAPTION,
        click.option("--width", type=click.IntRange(20), help="[default: that of the terminal]"),
    )
)
