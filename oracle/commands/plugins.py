"""``plugins``: our line in the counters that are installed, on a file of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from analytic.commands.flags import PATH, Command, Failed
from analytic.commands.toolbox import LayerFile
from analytic.layer import Layer
from analytic.report import TABLES, aligned
from oracle.commands.audit import refuse_unknown

if TYPE_CHECKING:
    from oracle.counters.check import Checked
    from oracle.counters.runners import Runner

HEADERS = (
    "counter",
    "version",
    "reports",
    "transposed",
    "exact without",
    "exact with our line",
    "ordinary",
    "exact without",
    "unchanged",
    "exact with plugins.both",
)


@click.command("plugins", cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PATH)
@click.option("--tool", "names", multiple=True, help="Only this one; may be repeated.")
@click.option("--format", "style", type=click.Choice([*TABLES]), default="table", show_default=True)
def command(files: tuple[str, ...], names: tuple[str, ...], style: str) -> None:
    r"""Check our lines in installed counters on each FILE of layers.

    These are the lines of `oracle.plugins`, checked on every layer in the counters that are here.
    Each counter is run by its public entry point on a real module, without our lines, with those
    for transposed layers and with those for both kinds. Beside each transposed layer stands the
    ordinary one that leads back from its output. The lines must be exact on the kinds they are for,
    and leave the other to the counter. Layers that come again are run once. What is exact is
    measured by experiment.

    \b
    Example:
      python -m oracle plugins tests/data/layers.jsonl --tool FlopCounterMode

    Exit status: 0 all exact and unchanged; 1 something is not; 2 wrong usage.
    """
    from oracle.counters.check import check, leading_back
    from oracle.counters.runners import plugged

    known = plugged()
    refuse_unknown("--tool", names, known)
    given = [layer for file in files for layer in LayerFile(file).layers()]
    back = [leading_back(layer) for layer in given if layer.transposed]
    layers = [*dict.fromkeys([*given, *back])]
    rows, failures = [], 0
    for name in names or known:
        checked = [check(known[name], layer) for layer in followed(layers, name)]
        for layer in checked:
            if not layer.passed():
                failures += 1
                click.echo(f"{name}: {layer}", err=True)
        rows.append(row(known[name], checked))
    columns = ["left"] * 3 + ["right"] * 7
    click.echo(aligned(rows, HEADERS, TABLES[style], columns))
    if failures:
        raise Failed(f"{failures} layers are not exact, or are changed where they should not be")


def followed(layers: list[Layer], name: str) -> Iterator[Layer]:
    """The layers, with a bar on a terminal."""
    from tqdm import tqdm

    bar: Iterable[Layer] = tqdm(layers, desc=name, leave=False, disable=None)
    yield from bar


def row(runner: Runner, checked: list[Checked]) -> list[str]:
    """What the table says of a counter."""
    from oracle.counters.check import summary

    transposed, ordinary = (
        [outcome for outcome in checked if outcome.layer.transposed is kind]
        for kind in (True, False)
    )
    up, back = summary(transposed), summary(ordinary)
    return [
        *(runner.name, runner.version(), runner.plugged),
        *(f"{up.ran} of {len(transposed)}", str(up.without), str(up.transposed)),
        *(f"{back.ran} of {len(ordinary)}", str(back.without), str(back.unchanged)),
        str(back.both),
    ]
