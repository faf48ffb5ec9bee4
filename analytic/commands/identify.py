"""``identify``: what a published figure counted."""

from __future__ import annotations

import json
from typing import Any

import click

from analytic import identify, report
from analytic.commands.toolbox import LAYER_OPTIONS, Failed, LayerFile, layer_of_flags, with_options
from analytic.layer import Layer


def layers_of(path: str | None, flags: dict[str, Any]) -> list[Layer]:
    """The layer of the flags, or every layer of the file."""
    if path is None:
        return [layer_of_flags(flags)]
    if any(value is not None for value in flags.values()):
        raise click.UsageError("give --layers or the flags of one layer, not both")
    return LayerFile(path).layers()


def as_json(figure: str, match: identify.Match) -> str:
    """One match as a line of JSON."""
    fields = {
        **match._asdict(),
        "shown": identify.decimal(match.shown),
        "error": identify.decimal(match.error),
    }
    return json.dumps({"figure": figure, **fields}, ensure_ascii=False)


def cells(match: identify.Match) -> list[str]:
    """One match as a row of the table."""
    factor = "" if match.factor == 1 else f"{match.factor} × "
    shown = f"{identify.decimal(match.shown)} {match.unit}".strip()
    fits = (
        "to the last digit" if match.within else f"off by {identify.decimal(100 * match.error)} %"
    )
    return [fits, shown, f"{factor}{match.value:,}", f"{factor}{match.reading}"]


def identify_figures(
    figures: tuple[str, ...], layers: str | None, best: int, as_lines: bool, **flags: Any
) -> None:
    """Hold every figure against every reading of the layers."""
    try:
        parsed = [identify.parse(text) for text in figures]
    except ValueError as reason:
        raise click.UsageError(str(reason)) from None
    sums = identify.totals_of(layers_of(layers, flags))
    unknown = []
    for figure in parsed:
        found = identify.matches(figure, sums)
        if not found[0].within:
            unknown.append(figure.text)
        if as_lines:
            click.echo("\n".join(as_json(figure.text, match) for match in found[:best]))
            continue
        rows = [cells(match) for match in found[:best]]
        headers = ("fits", figure.text, "exactly", "what is counted")
        click.echo(
            report.aligned(rows, headers, "simple", ("left", "right", "right", "left")) + "\n"
        )
    if unknown:
        raise Failed(f"no reading gives {', '.join(unknown)} to the last digit")


HELP = r"""Say what a published FIGURE counted, best matches first.

A figure is a number as it was printed: 4.1G, "4.1 GMACs", 4123456789. The layer is given by flags,
or a model's by --layers FILE, whose sum the figure then is. Every rule, convention and counter's
formula is tried, once and twice, in units of a thousand and of 1024.

\b
Example:
  python -m analytic identify 197K --input-size 8x8 --in-channels 4 --out-channels 6 \
      --kernel-size 4 --stride 2 --padding 1 --batch-size 2

Exit status: 0 each figure has a reading that gives it to the last digit; 1 one has none, or a row
of FILE is no layer; 2 wrong usage.
"""

command = click.command("identify", help=HELP)(
    with_options(
        identify_figures,
        click.argument("figures", metavar="FIGURE...", nargs=-1, required=True),
        click.option("--layers", metavar="FILE", help="Layers, one a line; - is standard input."),
        click.option("--best", type=click.IntRange(min=1), default=8, show_default=True),
        click.option("--json", "as_lines", is_flag=True, help="One match a line, as JSON."),
        *LAYER_OPTIONS,
    )
)
