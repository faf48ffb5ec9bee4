"""What commands of ``python -m oracle`` share. Help of theirs needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from oracle.oracles import Oracle

#: What `oracle.oracles.ORACLES` has.
NAMES = ("torch", "xla")

ORACLE_OPTION = click.option(
    "--oracle",
    type=click.Choice(NAMES),
    default="torch",
    show_default=True,
    help="What runs the experiments.",
)


def oracle_of(name: str) -> Oracle:
    """The oracle of that name; `ModuleNotFoundError` where it is not installed."""
    from oracle.oracles import ORACLES

    return ORACLES[name]()
