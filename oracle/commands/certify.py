"""``certify``: a certificate of the closed form, or of any other formula."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from analytic.commands.flags import Command, Failed, Sizes
from analytic.tables import parse_integer
from oracle.commands.toolbox import ORACLE_OPTION, oracle_of

if TYPE_CHECKING:
    from oracle.certificates.candidates import Candidate
    from oracle.certificates.certificate import Certificate
    from oracle.certificates.certify import Tally, Task


def parse_values(text: str) -> list[int]:
    """Integers as one writes a box: ``4``, ``1..12``, ``1,2,8..10``.

    >>> parse_values("1,2,8..10")
    [1, 2, 8, 9, 10]
    """
    values: list[int] = []
    for part in text.split(","):
        first, dots, last = part.partition("..")
        low = parse_integer(first)
        values += range(low, (parse_integer(last) if dots else low) + 1)
    if not values:
        raise ValueError(f"{text} has no integers in it")
    return values


class Values(Sizes):
    """Integers and ranges of them."""

    name = "values"
    parse = staticmethod(parse_values)


def candidate_of(name: str, quantity: str | None) -> Candidate:
    """A ready candidate, or the object of a module of the reader's: ``module:object``."""
    from oracle.certificates.candidates import Candidate, ready

    module, colon, attribute = name.partition(":")
    try:
        if colon:
            sys.path.insert(0, "")  # the reader's module may lie where the command is run
            chosen = getattr(import_module(module), attribute)
        else:
            chosen = ready(name)
        if not isinstance(chosen, Candidate):
            raise TypeError(f"{name} must be an oracle.Candidate, got {type(chosen).__name__}")
        return chosen if quantity is None else replace(chosen, quantity=quantity)
    except (ValueError, TypeError, ImportError, AttributeError) as reason:
        raise click.UsageError(str(reason)) from None


def workers_for(chosen: Candidate) -> int:
    """As many processes as there are cores; this one alone for what others cannot be sent."""
    from oracle.certificates.candidates import CandidateError
    from oracle.certificates.certify import check_portable

    try:
        check_portable(chosen)
    except CandidateError:
        return 1
    return os.cpu_count() or 1


def bar(tasks: list[Task], results: Iterator[tuple[Task, Tally]]) -> Iterator[tuple[Task, Tally]]:
    """The results, with a bar of their rate and the time that is left, on a terminal."""
    from tqdm import tqdm

    from oracle.certificates.box import about

    expected = sum(about(task.k, task.s, task.d) for task in tasks)
    done = 0
    with tqdm(unit=" experiments", unit_scale=True, leave=False, disable=None) as drawn:
        for task, part in results:
            yield task, part
            done += about(task.k, task.s, task.d)
            # How many there are in all is known at the end alone: judge by those that are done.
            drawn.total = (drawn.n + part.experiments) * expected / done
            drawn.update(part.experiments)


def certified(
    chosen: Candidate, oracle: str, workers: int | None, record: str | None, **choices: Any
) -> Certificate:
    """A certificate by torch, or by another oracle of its samples."""
    from oracle.certificates.certify import certify, certify_samples

    if oracle == "torch":
        processes = workers or workers_for(chosen)
        return certify(chosen, workers=processes, record=record, follow=bar, **choices)
    if workers or record:
        raise click.UsageError(
            f"--workers and --record are for a whole box; --oracle {oracle} runs samples"
        )
    return certify_samples(chosen, by=oracle_of(oracle), **choices)


@click.command("certify", cls=Command)
@click.option(
    "--candidate",
    default="analytic",
    show_default=True,
    help="A ready candidate, or module:object for a Candidate of yours.",
)
@click.option("--quantity", help="What it is held to, such as macs:input. [default: its own]")
@click.option("--kernel-size", type=Values(), required=True, help="4, 1..12, or 1,2,8..10.")
@click.option("--stride", type=Values(), required=True)
@click.option("--dilation", type=Values(), required=True)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes. [default: one a core; 1 for a candidate that other processes cannot be sent]",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False),
    help="Keep finished steps in this file, and continue from it.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the samples.")
@click.option(
    "--sample",
    "sampled",
    type=click.IntRange(min=0),
    default=300,
    show_default=True,
    help="Layers in each sample.",
)
@ORACLE_OPTION
@click.option("--json", "as_json", is_flag=True, help="JSON in place of a Markdown report.")
def command(candidate: str, quantity: str | None, as_json: bool, **options: Any) -> None:
    r"""Hold a formula against torch, and certify or refute it.

    It is held on a box of kernel sizes, strides and dilations.

    \b
    Example:
      python -m oracle certify --kernel-size 1..4 --stride 1..3 --dilation 1..3
      python -m oracle certify --kernel-size 1..4 --stride 1..3 --dilation 1..3 --oracle xla

    Every output padding, every padding below the bound of the crop reduction and every input size
    up to where all sizes are settled is run, one experiment each: a layer forward, and its
    gradients. The closed form is held on transposed and on ordinary layers. XLA, which compiles
    each layer anew, is asked of samples alone: of the experiments of the box, and beside it.

    Exit status: 0 nothing contradicts; 1 the formula is wrong somewhere; 2 wrong usage.
    """
    chosen = candidate_of(candidate, quantity)
    try:
        certificate = certified(chosen, **options)
    except (ValueError, OSError) as reason:
        raise click.UsageError(str(reason)) from None
    click.echo(
        json.dumps(certificate.as_json(), indent=1, ensure_ascii=False)
        if as_json
        else certificate.as_markdown()
    )
    if not certificate.established:
        raise Failed(certificate.sentence)
