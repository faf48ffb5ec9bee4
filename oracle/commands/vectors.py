"""``vectors``: layers with every quantity, measured."""

from __future__ import annotations

import sys

import click

from analytic.commands.flags import Command
from oracle.commands.toolbox import ORACLE_OPTION, oracle_of


@click.command("vectors", cls=Command)
@ORACLE_OPTION
def command(oracle: str) -> None:
    r"""Print conformance vectors for other counters.

    Layers with every quantity, measured.

    \b
    Example:
      python -m oracle vectors > tests/data/vectors.jsonl
      python -m oracle vectors --oracle xla | cmp - tests/data/vectors.jsonl
    """
    from oracle.vectors import rows

    sys.stdout.writelines(rows(oracle_of(oracle)))
