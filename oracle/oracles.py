"""What runs the experiments: torch, or XLA, which shares no code with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import NamedTuple

import torch

from oracle import ones


class Oracle(NamedTuple):
    """An implementation of convolutions, and the module that experiments with it.

    ``experiments`` has ``run``, ``measure_reached``, ``count`` and ``passes`` as `oracle.ones` has.
    """

    name: str
    package: ModuleType
    experiments: ModuleType


#: The first oracle, which all else here asks.
TORCH = Oracle("torch", torch, ones)


def of_xla() -> Oracle:  # not in CI
    """The second; `ModuleNotFoundError` where jax is not installed."""
    import jax

    from oracle import xla

    return Oracle("XLA", jax, xla)


#: By what they are called on the command line.
ORACLES: Mapping[str, Callable[[], Oracle]] = {"torch": lambda: TORCH, "xla": of_xla}
