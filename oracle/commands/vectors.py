"""``vectors``: layers with every quantity, measured."""

from __future__ import annotations

import sys

import click


@click.command("vectors")
def command() -> None:
    r"""Print conformance vectors for other counters: layers with every quantity, measured by torch.

    \b
    Example:
      python -m oracle vectors > tests/data/vectors.jsonl
    """
    from oracle.vectors import rows

    sys.stdout.writelines(rows())
