"""``identify``: what a published figure counted."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from analytic import identify, report
from analytic.commands.count import layers_of_model
from analytic.commands.flags import (
    LAYER_OPTIONS,
    PATH,
    Command,
    Failed,
    layer_of_flags,
    with_options,
)
from analytic.commands.readers import model_reader
from analytic.commands.toolbox import LayerFile
from analytic.digits import all_digits
from analytic.layer import Layer


def given_layers(path: str | None, flags: dict[str, Any]) -> list[Layer]:
    """The layer of the flags, or every layer of the file or the model."""
    if path is None:
        return [layer_of_flags(flags, " (or give a FILE)")]
    if any(value is not None for value in flags.values()):
        raise click.UsageError("give a FILE or the flags of one layer, not both")
    if model_reader(path) is None:
        return LayerFile(path).layers()
    layers = layers_of_model(path, {})
    unknown = [name for name, layer in layers.items() if not isinstance(layer, Layer)]
    if unknown:
        raise Failed(f"{path}: the layer {unknown[0]} is not known")
    return [layer for layer in layers.values() if isinstance(layer, Layer)]


def split(arguments: tuple[str, ...]) -> tuple[list[identify.Figure], str | None]:
    """The figures, and the file if the last argument is one."""
    *others, last = arguments
    file = last if others and (model_reader(last) or Path(last).is_file()) else None
    figures = others if file else arguments
    try:
        return [identify.parse(text) for text in figures], file
    except ValueError as reason:
        raise click.UsageError(str(reason)) from None


def scale(per: str | None, figures: Iterable[identify.Figure]) -> Fraction:
    """How many pixels, or runs a second, the figures are of one of."""
    wanted = [figure for figure in figures if figure.per]
    if per is None:
        if wanted:
            example = "1920x1080 pixels" if wanted[0].per == "pixel" else "30 runs a second"
            raise click.UsageError(f"{wanted[0].text!r} needs --per, as of {example}")
        return Fraction(1)
    if not wanted:
        raise click.UsageError("--per is for a figure of a pixel or a second, such as 6.5K/pixel")
    try:
        number = math.prod(Fraction(part) for part in per.split("x"))
    except (ValueError, ZeroDivisionError):
        number = Fraction(0)
    if number <= 0:
        raise click.UsageError(f"--per must be a size such as 1920x1080 or a rate, got {per!r}")
    return Fraction(number)


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
    digits = "every digit" if match.assumed else "to the last digit"
    fits = digits if match.within else f"off by {identify.decimal(100 * match.error)} %"
    rest = f" + {'' if match.rest == 1 else '2 × '}rest" if match.rest else ""
    exactly = f"{factor}{match.value:,}{rest}"
    return [fits, shown, exactly, f"{factor}{match.reading}", "; ".join(match.assumed)]


def identify_figures(
    arguments: tuple[str, ...],
    layers: str | None,
    rest: str | None,
    per: str | None,
    training: bool,
    best: int,
    as_lines: bool,
    **flags: Any,
) -> None:
    """Hold every figure against every reading of the layers."""
    figures, file = split(arguments)
    if file and layers:
        raise click.UsageError("give one file of layers, not two")
    try:
        other = None if rest is None else identify.parse_rest(rest)
    except ValueError as reason:
        raise click.UsageError(f"--rest {reason}") from None
    times = scale(per, figures)
    readings = {**identify.READINGS, **(identify.TRAINING if training else {})}
    sums = identify.totals_of(given_layers(file or layers, flags), readings)
    unknown = []
    for figure in figures:
        matches = identify.matches(figure, sums, other, times)
        if not matches[0].identifies():
            unknown.append(figure.text)
        with all_digits():
            if as_lines:
                text = "\n".join(as_json(figure.text, match) for match in matches[:best])
            else:
                text = table(figure.text, matches[:best])
        click.echo(text)
    if unknown:
        raise Failed(f"no reading gives {', '.join(unknown)} to the last digit")


def table(figure: str, matches: list[identify.Match]) -> str:
    """Matches for people; what they assume where any assumes something."""
    rows = [cells(match) for match in matches]
    headers = ["fits", figure, "exactly", "what is counted", "if it is of"]
    if not any(match.assumed for match in matches):
        rows, headers = [row[:-1] for row in rows], headers[:-1]
    sides = ["left", "right", "right", "left", "left"][: len(headers)]
    return report.aligned(rows, headers, "simple", sides) + "\n"


HELP = r"""Say what a published FIGURE counted, best matches first.

A figure is a number as it was printed: 4.1G, "4.1 GMACs", 4123456789, 6.5K/pixel. The layer is
given by flags, or a model's by a FILE of layers or of a model, whose sum the figure then is;
--rest is what its other layers cost. Every rule, convention and counter's formula is tried, once
and twice, in units of a thousand and of 1024. What must be assumed for a reading is said, and those
that assume least come first: with more than two assumptions some reading gives any figure.

\b
Example:
  python -m analytic identify 197K --input-size 8x8 --in-channels 4 --out-channels 6 \
      --kernel-size 4 --stride 2 --padding 1 --batch-size 2

Exit status: 0 each figure has a reading that gives it to the last digit; 1 one has none, or a row
of FILE is no layer; 2 wrong usage.
"""

command = click.command("identify", cls=Command, help=HELP)(
    with_options(
        identify_figures,
        click.argument("arguments", metavar="FIGURE... [FILE]", nargs=-1, required=True, type=PATH),
        click.option(
            "--layers",
            metavar="FILE",
            type=PATH,
            help="Layers, one a line; - is standard input.",
        ),
        click.option(
            "--rest",
            metavar="MACS",
            help="What other layers cost: 1.83G is within its digits, 1830 is no thousands.",
        ),
        click.option(
            "--per", help="The pixels that a figure of a pixel is of: 1920x1080; or runs a second."
        ),
        click.option("--training", is_flag=True, help="Also readings of a training step."),
        click.option("--best", type=click.IntRange(min=1), default=8, show_default=True),
        click.option("--json", "as_lines", is_flag=True, help="One match a line, as JSON."),
        *LAYER_OPTIONS,
    )
)
