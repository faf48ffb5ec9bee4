"""``plugins``: our line in the counters that are installed, on a file of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from analytic.commands.toolbox import Failed, LayerFile
from analytic.layer import Layer
from analytic.report import TABLES, aligned

if TYPE_CHECKING:
    from oracle.counters.check import Checked
    from oracle.counters.runners import Runner

HEADERS = (
    "tool",
    "version",
    "reports",
    "layers that ran",
    "exact without",
    "exact with our line",
    "ordinary convolutions unchanged",
)


@click.command("plugins")
@click.argument("file")
@click.option("--tool", "names", multiple=True, help="Only this one; may be repeated.")
@click.option("--format", "style", type=click.Choice([*TABLES]), default="table", show_default=True)
def command(file: str, names: tuple[str, ...], style: str) -> None:
    r"""Check `oracle.plugins` in the counters that are installed here, on every layer of FILE.

    Each counter is run by its public entry point on a real module, without and with our line, and
    on an ordinary convolution, which our line must leave as it was. Layers that come again are run
    once. What is exact is measured by experiment.

    \b
    Example:
      python -m oracle plugins tests/data/layers.jsonl --tool FlopCounterMode

    Exit status: 0 all exact and unchanged; 1 something is not; 2 wrong usage.
    """
    from oracle.counters.check import check
    from oracle.counters.runners import RUNNERS

    known = {runner.name: runner for runner in RUNNERS if runner.plugged and runner.version()}
    for name in names:
        if name not in known:
            raise click.UsageError(f"--tool {name} is not installed here; {', '.join(known)} are")
    layers = [*dict.fromkeys(LayerFile(file).layers())]
    rows, failures = [], 0
    for name in names or known:
        checked = [check(known[name], layer) for layer in followed(layers, name)]
        for layer in checked:
            if not layer.passed():
                failures += 1
                click.echo(f"{name}: {layer}", err=True)
        rows.append(row(known[name], checked))
    columns = ["left"] * 3 + ["right"] * 4
    click.echo(aligned(rows, HEADERS, TABLES[style], columns))
    if failures:
        raise Failed(f"{failures} layers are not exact, or change an ordinary convolution")


def followed(layers: list[Layer], name: str) -> Iterator[Layer]:
    """The layers, with a bar on a terminal."""
    from tqdm import tqdm

    bar: Iterable[Layer] = tqdm(layers, desc=name, leave=False, disable=None)
    yield from bar


def row(runner: Runner, checked: list[Checked]) -> list[str]:
    """What the table says of a counter."""
    from oracle.counters.check import summary

    ran, without, exact, ordinary, unchanged = summary(checked)
    return [
        runner.name,
        runner.version(),
        runner.plugged,
        f"{ran} of {len(checked)}",
        str(without),
        str(exact),
        f"{unchanged} of {ordinary}",
    ]
