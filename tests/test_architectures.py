"""Published architectures: a sample of those whose packages are installed."""

from __future__ import annotations

import random
import warnings
from importlib.util import find_spec

import pytest

from tests.architectures import ARCHITECTURES, hold

SAMPLE = 4
INSTALLED = [
    name
    for name, architecture in ARCHITECTURES.items()
    if find_spec(architecture.package.split(".")[0])
]


def test_there_are_forty_of_several_packages() -> None:
    assert len(ARCHITECTURES) >= 40
    assert len({architecture.package for architecture in ARCHITECTURES.values()}) >= 5


NONE = pytest.param("none", marks=pytest.mark.skip(reason="no package of architectures is here"))


@pytest.mark.parametrize(
    "name", random.Random(15).sample(INSTALLED, min(SAMPLE, len(INSTALLED))) or [NONE]
)
def test_layers_and_passes_are_those_that_torch_runs(name: str) -> None:
    """As hooks and torch's counter see them; the table in notes/architectures.md has them all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a package warns of is its own
        held = hold(ARCHITECTURES[name])
    assert held.step >= 2 * held.macs > 0
