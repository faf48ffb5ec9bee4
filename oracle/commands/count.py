"""``count``, by experiment."""

from __future__ import annotations

from importlib.util import find_spec

import click

import analytic
import oracle
from analytic.commands.count import Evaluator, count_command


def by_torch() -> Evaluator:
    """The experiment in torch."""
    return oracle


def by_xla() -> Evaluator:
    """The experiment in XLA; a usage error where it cannot be run."""
    if find_spec("jax") is None:
        raise click.UsageError(
            "--oracle xla runs jax, which is not installed: pip install 'convtranspose-ops[audit]'"
        )
    from oracle import xla  # not in CI

    return xla  # not in CI


command = count_command("oracle", {"torch": by_torch, "xla": by_xla}, check=analytic)
