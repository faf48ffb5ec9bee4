"""``compare``: the three MAC rules against each other, as a figure or a table."""

from __future__ import annotations

import sys
from typing import Any

import click

from analytic import report, tables
from analytic.cli import (
    LAYER_OPTIONS,
    OUTPUT,
    Failed,
    layer_of_flags,
    one_filter,
    open_file,
    save_figure,
    with_options,
)
from analytic.layer import Layer
from analytic.pictures import comparison

HELP = """Compare the MAC rules: over a range of one argument of a layer, or over a FILE of layers.

FILE is as in count. What is left out, because it is no legal layer, is named.

\b
Examples:
  python -m analytic compare --over kernel_size --from 1 --to 12 \\
      --input-size 64x64 --stride 2 --output kernels.svg
  python -m analytic compare layers.jsonl --output layers.pdf

Exit status: 0 compared; 1 nothing to compare, or the figure cannot be drawn; 2 wrong usage.
"""


def compare(
    file: str | None, over: str | None, first: int, last: int, output: str | None, **flags: Any
) -> None:
    """Compare what the flags or the file say, and draw it or write it down."""
    if (file is None) == (over is None):
        raise click.UsageError("give a FILE of layers, or --over with the flags of one layer")
    if over is None:
        made = of_file(file)
    else:
        made = comparison.sweep(
            lambda **changes: layer_with(flags, changes), over, range(first, last + 1)
        )
    for reason in made.left_out:
        click.echo(f"left out: {reason}", err=True)
    if not made.labels:
        raise Failed("no layer is left to compare")
    if output is None:
        heads, cells = comparison.table(made, over or "line")
        text = [[report.grouped(value) for value in row] for row in cells]
        sys.stdout.write(report.aligned(text, heads, "simple", ["right"] * len(heads)) + "\n")
    else:
        save_figure(output, lambda: figure(made, over))


def of_file(path: str | None) -> comparison.Compared:
    """The layers of a file, compared."""
    with open_file(str(path)) as stream:
        return comparison.layers(tables.read(stream))


def layer_with(flags: dict[str, Any], changes: dict[str, int]) -> Layer:
    """The layer of the flags with some of them changed; one channel where none are given."""
    try:
        return layer_of_flags(one_filter({**flags, **changes}))
    except click.UsageError as reason:
        raise ValueError(reason.format_message()) from None


def figure(made: comparison.Compared, over: str | None) -> Any:
    """The figure of what is compared."""
    from analytic.pictures import figures

    return figures.layers(made) if over is None else figures.sweep(made, over)


command = click.command("compare", help=HELP)(
    with_options(
        compare,
        click.argument("file", required=False),
        click.option("--over", type=click.Choice(comparison.SWEPT), help="What is varied."),
        click.option("--from", "first", type=int, default=1, show_default=True),
        click.option("--to", "last", type=int, default=12, show_default=True),
        OUTPUT,
        *LAYER_OPTIONS,
    )
)
