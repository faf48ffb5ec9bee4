"""``compare``: the three MAC rules against each other, as a figure or a table."""

from __future__ import annotations

import sys
from typing import Any

import click

from analytic import report
from analytic.commands.flags import (
    FILE,
    LAYER_OPTIONS,
    Command,
    Failed,
    layer_of_flags,
    one_filter,
    refuse_missing,
    with_options,
)
from analytic.commands.toolbox import CAPTION, OUTPUT, LayerFile, save_figure, width
from analytic.headline import macs_name
from analytic.layer import Layer
from analytic.pictures import comparison

HELP = """Compare the MAC rules over a range, or over a FILE of layers.

The range is of one argument of a layer, which the flags describe. FILE is as in count. What is left
out, because it is no legal layer or has no MACs, is named.

\b
Examples:
  python -m analytic compare --over kernel_size --from 1 --to 12 \\
      --input-size 64x64 --stride 2 --padding 1 --output kernels.svg
  python -m analytic compare layers.jsonl --output layers.pdf

Exit status: 0 compared; 1 a row of FILE is left out, nothing to compare, or the figure cannot be
drawn; 2 wrong usage.
"""


def compare(
    file: str | None,
    over: str | None,
    first: int | None,
    last: int | None,
    output: str | None,
    caption: bool,
    **flags: Any,
) -> None:
    """Compare what the flags or the file say, and draw it or write it down."""
    if (file is None) == (over is None):
        raise click.UsageError("give a FILE of layers, or --over with the flags of one layer")
    rows = None
    if over is None:
        refuse_beside_file({"from": first, "to": last, **flags})
        rows = LayerFile(str(file))
        compared = of_file(rows)
    else:
        values = range(1 if first is None else first, 1 + (12 if last is None else last))
        compared = of_range(over, values, flags)
        for reason in compared.left_out:
            click.echo(f"left out: {reason}", err=True)
    if not compared.labels:
        raise Failed("no layer is left to compare")
    if output is None:
        sys.stdout.write(table(comparison.table(compared, over or "line")))
    else:
        save_figure(output, lambda: figure(compared, over, flags, caption=caption))
    if rows:
        rows.close()


def table(columns: dict[str, list[Any]]) -> str:
    """Columns by their heads, as a table for people."""
    cells = [
        [report.grouped(value) for value in row] for row in zip(*columns.values(), strict=True)
    ]
    heads = [*columns]
    sides = ["left" if head == "layer" else "right" for head in heads]
    spare = [macs_name(rule) for rule in ("input", "output", "exact")]
    names = heads.index("layer") if "layer" in heads else 0
    return report.fitted(cells, heads, "simple", sides, width(), spare, names)


def refuse_beside_file(flags: dict[str, Any]) -> None:
    """Refuse what a file says itself: no flag is ignored."""
    for name, value in flags.items():
        if value is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} cannot stand beside a FILE")


def of_range(over: str, values: range, flags: dict[str, Any]) -> comparison.Compared:
    """The layers of the flags with one argument varied, compared."""
    if not values:
        raise click.UsageError(f"--from {values.start} is above --to {values.stop - 1}")
    refuse_missing(one_filter({**flags, over: values.start}))
    return comparison.sweep(lambda **changes: layer_with(flags, changes), over, values)


def of_file(rows: LayerFile) -> comparison.Compared:
    """The layers of a file, compared."""
    compared = comparison.empty()
    for row in rows:
        if row.layer is None:
            compared.left_out.append(f"line {row.line}: {row.error}")
            continue
        try:
            compared.add(row.line, row.layer, report.label(row.fields))
        except ValueError as reason:
            rows.refuse(row, reason)
            compared.left_out.append(f"line {row.line}: {reason}")
    return compared


def layer_with(flags: dict[str, Any], changes: dict[str, int]) -> Layer:
    """The layer of the flags with some of them changed; one channel where none are given."""
    try:
        return layer_of_flags(one_filter({**flags, **changes}))
    except click.UsageError as reason:
        raise ValueError(reason.format_message()) from None


def figure(
    compared: comparison.Compared, over: str | None, flags: dict[str, Any], *, caption: bool
) -> Any:
    """The figure of what is compared."""
    from analytic.pictures import figures

    if over is None:
        return figures.layers(compared, caption=caption)
    layer = layer_with(flags, {over: compared.labels[0]})
    return figures.sweep(compared, over, layer, caption=caption)


command = click.command("compare", cls=Command, help=HELP)(
    with_options(
        compare,
        FILE,
        click.option("--over", type=click.Choice(comparison.SWEPT), help="What is varied."),
        click.option("--from", "first", type=int, help="[default: 1]"),
        click.option("--to", "last", type=int, help="[default: 12]"),
        OUTPUT,
        CAPTION,
        *LAYER_OPTIONS,
    )
)
