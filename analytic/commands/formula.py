"""``formula``: a count as a formula, general or for some layers, in a language."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from analytic.commands.flags import CHOICES, Command, Failed, Whole, layer_option, with_options
from analytic.layer import Layer
from analytic.protocols import ConventionName, LanguageName, RuleName
from analytic.totals import NUMBERS, Pass, Passes

if TYPE_CHECKING:
    from analytic.symbolic.formula import Formula

#: Fields of a count, and what gradients need; numbers of a pass are called ``grad_weight_macs``.
COUNTS = ("output_size", *NUMBERS, "inputs_reached", "taps_reached")
OF_PASS = tuple(
    f"{name}_{number}" for name in (*Passes._fields, "training_step") for number in Pass._fields
)
LANGUAGES: tuple[LanguageName, ...] = get_args(LanguageName)


class Counts(click.Choice):  # type: ignore[type-arg]  # not generic before click 8.2
    """A choice among so many that a wrong one is told the nearest."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """What is said of a name that no count has."""
        del ctx
        nearest = get_close_matches(str(value).replace("-", "_"), self.choices, n=1, cutoff=0)
        return f"{value!r} is no count; is {nearest[0]!r} meant? --help says which there are"


OPTIONS = (
    click.argument("count", type=Counts((*COUNTS, *OF_PASS)), metavar="COUNT"),
    *map(layer_option, Layer.FIELDS),
    click.option("--axes", type=Whole(), help="Number of axes.  [default: as the flags say, or 2]"),
    *CHOICES,
    click.option("--generic", is_flag=True, help="The polynomial that holds from some size on."),
    click.option("--closed", is_flag=True, help="Floors in place of F; integer stride, dilation."),
    click.option(
        "--to", "language", type=click.Choice(LANGUAGES), default="latex", show_default=True
    ),
    click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file."),
)


def formulas(count: str, axes: int | None, choices: Any, bound: Any) -> list[Formula]:
    """The formulas of a count: one, or of the output size one an axis."""
    from analytic import symbolic

    if count in OF_PASS:
        name, _, number = count.rpartition("_")
        step = symbolic.passes(axes=axes, rule=choices["rule"], **bound)
        cost = step.training_step() if name == "training_step" else getattr(step, name)
        return [getattr(cost, number)]
    if count in {"inputs_reached", "taps_reached"}:
        return [getattr(symbolic, count)(axes=axes, **bound)]
    field = getattr(symbolic.count(axes=axes, **choices, **bound), count)
    return list(field) if isinstance(field, tuple) else [field]


def formula(
    count: str,
    axes: int | None,
    convention: ConventionName,
    rule: RuleName,
    generic: bool,
    closed: bool,
    language: LanguageName,
    output: Path | None,
    **flags: Any,
) -> None:
    r"""Write a count as a formula.

    COUNT is total, macs, additions_per_filter or another field of a count; inputs_reached or
    taps_reached; or macs, additions, operations, elements or reached of a pass, as in
    grad_weight_macs or training_step_operations. A flag that is not given stays a symbol; a value
    is 4, for all axes, or 4x2.

    \b
    Example:
      python -m analytic formula additions_per_filter --kernel-size 4 --stride 2 --padding 1 \
          --output-padding 0 --dilation 1
    """
    from analytic.export import write

    if generic and closed:
        raise click.UsageError("give --generic or --closed, not both")
    bound = {name: value for name, value in flags.items() if value is not None}
    try:
        exact = formulas(count, axes, {"convention": convention, "rule": rule}, bound)
        chosen = [f.generic() if generic else f.closed() if closed else f for f in exact]
        text = write({f.name: f for f in chosen}, language)
    except (ValueError, TypeError) as reason:
        raise click.UsageError(str(reason)) from None
    save(text.rstrip("\n") + "\n", output)


def save(text: str, output: Path | None) -> None:
    """Write to a file, or to standard output."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as reason:
        raise Failed(f"{output}: {reason.strerror}") from None


command = click.command("formula", cls=Command)(with_options(formula, *OPTIONS))
