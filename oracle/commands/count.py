"""``count``, by experiment."""

from __future__ import annotations

from functools import partial
from typing import cast

import analytic
from analytic.commands.count import Evaluator, count_command
from oracle.commands.toolbox import NAMES, oracle_of


def evaluator(name: str) -> Evaluator:
    """The experiments of the oracle of that name."""
    return cast("Evaluator", oracle_of(name).experiments)


command = count_command(
    "oracle", {name: partial(evaluator, name) for name in NAMES}, check=analytic
)
