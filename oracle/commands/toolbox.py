"""What commands of ``python -m oracle`` share."""

from __future__ import annotations

from importlib.util import find_spec

import click

from oracle.oracles import ORACLES, Oracle

ORACLE_OPTION = click.option(
    "--oracle",
    type=click.Choice([*ORACLES]),
    default="torch",
    show_default=True,
    help="What runs the experiments.",
)


def oracle_of(name: str) -> Oracle:
    """The oracle of that name; a usage error where it cannot be run."""
    if name == "xla" and find_spec("jax") is None:
        raise click.UsageError(
            "--oracle xla runs jax, which is not installed: pip install 'convtranspose-ops[audit]'"
        )
    return ORACLES[name]()
