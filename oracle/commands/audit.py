"""``audit``: the counters that are installed, on a file of layers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytic.commands.flags import PATH, Command
from analytic.commands.toolbox import LayerFile, open_file
from analytic.identify import decimal
from analytic.layer import Layer, integer
from analytic.report import aligned
from analytic.rows import Row, lines, read_json

if TYPE_CHECKING:
    from oracle.counters.audit import Findings


def refuse_unknown(option: str, names: Iterable[str], known: Iterable[str]) -> None:
    """A usage error for a counter that is not installed."""
    for name in names:
        if name not in known:
            raise click.UsageError(f"{option} {name} is not installed here; {', '.join(known)} are")


def name_of(row: Row) -> str:
    """What the report calls a layer."""
    named = [str(row.fields[key]) for key in ("model", "layer") if key in row.fields]
    return " ".join(named) or f"line {row.line}"


def as_json(findings: Findings) -> str:
    """All that one counter reported, as a line of JSON."""
    outcomes = [
        {name: value for name, value in outcome._asdict().items() if name != "layer"}
        for outcome in findings.outcomes
    ]
    return json.dumps({**findings._asdict(), "outcomes": outcomes}, ensure_ascii=False)


def of_json(path: str, layers: list[Layer]) -> list[Findings]:
    """Findings that were written by `as_json`, in another environment, about the same layers."""
    findings = []
    with open_file(path) as stream:
        for number, text in lines(stream):
            try:
                if isinstance(text, ValueError):
                    raise text
                findings.append(findings_of(read_json(text), layers))
            except ValueError as reason:
                raise click.UsageError(f"{path}, line {number}: {reason}") from None
    return findings


def findings_of(fields: Mapping[str, Any], layers: list[Layer]) -> Findings:
    """What one counter reported of these layers; `ValueError` if it is of others, or no such."""
    from analytic.counters import meant
    from oracle.counters.audit import Findings, Reported

    try:
        outcomes = [Reported(layers[0], **outcome) for outcome in fields["outcomes"]]
        findings = Findings(**{**fields, "outcomes": outcomes})
        exact = [meant(findings.reports, layer) for layer in layers]
        for outcome in outcomes:
            if outcome.reported is not None:
                integer("reported", outcome.reported)
    except (KeyError, TypeError):
        raise ValueError("these are not the findings that --json writes") from None
    if len(outcomes) != len(layers):
        raise ValueError(f"this is about {len(outcomes)} other layers")
    for number, (outcome, here) in enumerate(zip(outcomes, exact, strict=True), 1):
        if outcome.exact != here:
            raise ValueError(
                f"this is about other layers: {findings.reports} of layer {number} are {here}, "
                f"got {outcome.exact}"
            )
    pairs = zip(outcomes, layers, strict=True)
    return findings._replace(outcomes=[outcome._replace(layer=layer) for outcome, layer in pairs])


def ratio(value: Fraction | None) -> str:
    """A ratio to six digits; nothing where there is none."""
    return "" if value is None else decimal(value)


def summary(findings: list[Findings]) -> str:
    """One row a counter."""
    headers = ("counter", "version", "reports", "ran on", "exact on", "median", "worst", "follows")
    rows = []
    for counter in findings:
        (reading, *_), times = counter.follows()
        ran = len(counter.ran())
        follows = "" if not times else reading if times == ran else f"{reading} on {times} of {ran}"
        names = (counter.counter, counter.version, counter.reports)
        numbers = (ran, counter.right(), ratio(counter.median()), ratio(counter.worst()))
        rows.append([*names, *map(str, numbers), follows])
    sides = ("left", "left", "left", "right", "right", "right", "right", "left")
    return aligned(rows, headers, "github", sides)


def alike(findings: list[Findings]) -> list[str]:
    """The readings that give a counter's numbers, a line for every counter with several."""
    lines = []
    for counter in findings:
        readings, times = counter.follows()
        if times and len(readings) > 1:
            lines.append(f"- {counter.counter}: {'; '.join(readings)}")
    return lines


def section(title: str, items: list[str]) -> str:
    """A list under its title; nothing where it is empty."""
    return "\n".join(["", title, "", *items, ""] if items else [""])


def raised(findings: list[Findings], names: list[str]) -> list[str]:
    """What raised, a line for every counter and error."""
    first: dict[tuple[str, str], list[str]] = {}
    for counter in findings:
        for name, outcome in zip(names, counter.outcomes, strict=True):
            if outcome.error:
                first.setdefault((counter.counter, outcome.error), []).append(name)
    return [
        f"- {counter} on {len(where)} layers, first {where[0]}: {error}"
        for (counter, error), where in first.items()
    ]


def write_by_layer(
    path: str, findings: list[Findings], names: list[str], layers: list[Layer]
) -> None:
    """A CSV file with a row a layer: what is exact, and what each counter reported."""
    import csv

    import analytic

    headers = ["layer", "transposed", "macs", "operations"]
    headers += [counter.counter for counter in findings]
    try:
        with Path(path).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(headers)
            for number, (name, layer) in enumerate(zip(names, layers, strict=True)):
                count = analytic.count(layer)
                exact = [name, str(layer.transposed).lower(), count.macs, count.total]
                reported = (counter.outcomes[number].reported for counter in findings)
                writer.writerow([*exact, *reported])  # what raised leaves a blank cell
    except OSError as reason:
        raise click.UsageError(f"--csv {path}: {reason.strerror}") from None


REPORT = """# What counters report of {number} convolutions

Made by `python -m oracle audit {arguments}`, torch {torch}. Each counter is called
by its public entry point on a real module of each layer.

A counter is held to what it says that it reports: MACs and mult-adds to the products that land in
the output, FLOPs to twice that, operations to the published total (convention "nonzero"); backward
FLOPs to both gradients, four times the MACs, and training MACs to three times. *exact on* is on how
many layers it is right; *median* and *worst* are of reported over exact; *follows* is the rule,
convention or formula that gives its numbers, the plainest where there are several.
{by_layer}{kinds}"""

BY_LAYER = """
What each reported of each layer, beside the exact MACs and operations, is in
[{name}]({name}), a row a layer; a blank cell is where it raised or does not count.
"""

OF_A_KIND = """
## {number} {kind} convolutions

{summary}
{alike}{errors}"""


def report(
    arguments: str, findings: list[Findings], names: list[str], layers: list[Layer], table: str = ""
) -> str:
    """The whole audit, as Markdown; the ``arguments`` that made it are said in it.

    ``table`` is the file with a row a layer, where one is written.
    """
    import torch

    parts = [
        of_a_kind(kind, findings, names, layers, transposed=transposed)
        for kind, transposed in (("transposed", True), ("ordinary", False))
        if any(layer.transposed is transposed for layer in layers)
    ]
    return REPORT.format(
        number=len(layers),
        arguments=arguments,
        torch=torch.__version__,
        by_layer=BY_LAYER.format(name=Path(table).name) if table else "",
        kinds="".join(parts),
    )


def of_a_kind(
    kind: str, findings: list[Findings], names: list[str], layers: list[Layer], *, transposed: bool
) -> str:
    """What is found of the layers of one kind."""
    chosen = [layer.transposed is transposed for layer in layers]
    names, layers = [*compress(names, chosen)], [*compress(layers, chosen)]
    findings = [
        counter._replace(outcomes=[*compress(counter.outcomes, chosen)]) for counter in findings
    ]
    return OF_A_KIND.format(
        number=len(layers),
        kind=kind,
        summary=summary(findings),
        alike=section("What cannot be told apart here:", alike(findings)),
        errors=section("What raised:", raised(findings, names)),
    )


@click.command("audit", cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PATH)
@click.option("--counter", "names", multiple=True, help="Only this one; may be repeated.")
@click.option("--json", "as_lines", is_flag=True, help="One line of JSON a counter.")
@click.option(
    "--also",
    multiple=True,
    metavar="FILE",
    help="Findings of another environment, written there with --json.",
)
@click.option(
    "--csv", "table", metavar="FILE", help="Write here what each reported, a row a layer."
)
def command(
    files: tuple[str, ...],
    names: tuple[str, ...],
    as_lines: bool,
    also: tuple[str, ...],
    table: str | None,
) -> None:
    r"""Run installed counters on each FILE of layers: who is right?

    \b
    Example:
      python -m oracle audit tests/data/layers.jsonl tests/data/ordinary.jsonl

    A FILE has one layer a line, as for count. FlopCounterMode comes with torch; the others with the
    extra "audit". ultralytics-thop has the package name of thop and needs its own environment: run
    it there with --json, and name the file here with --also.
    """
    from oracle.counters.audit import audit, installed

    refuse_unknown("--counter", names, installed())
    opened = [LayerFile(file) for file in files]
    named = [(name_of(row), row.layer) for rows in opened for row in rows if row.layer is not None]
    if not named:
        opened[0].close()
    labels, layers = [label for label, _ in named], [layer for _, layer in named]
    findings = audit(layers, lambda counter: click.echo(counter.name, err=True), names or None)
    for path in also:
        here = {counter.counter for counter in findings}
        findings += [there for there in of_json(path, layers) if there.counter not in here]
    if table:
        write_by_layer(table, findings, labels, layers)
    if as_lines:
        sys.stdout.writelines(as_json(counter) + "\n" for counter in findings)
    else:
        only = [f"--counter {name}" for name in names]
        there = [f"--also {path}" for path in also]
        arguments = " ".join([*files, *only, *there, *([f"--csv {table}"] if table else [])])
        click.echo(report(arguments, findings, labels, layers, table or ""), nl=False)
    for rows in opened:
        rows.close()
