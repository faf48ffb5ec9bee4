"""Published counters, run on real modules, beside the exact numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from analytic import counters, identify
from analytic.layer import Layer
from oracle.counters.runners import RUNNERS, Runner
from oracle.modules import module_of


class Reported(NamedTuple):
    """What a counter reported of one layer, or why it reported nothing, beside the exact number."""

    layer: Layer
    exact: int
    reported: int | None
    error: str = ""


def report(runner: Runner, layer: Layer) -> Reported:
    """Run one counter on one layer; what it raises, or reports that is no integer, is an error."""
    exact = counters.meant(runner.reports, layer)
    shape = (layer.batch_size, layer.in_channels, *layer.input_size)
    answer = runner.report(lambda: module_of(layer, runner.device), shape)
    if isinstance(answer, str):
        return Reported(layer, exact, None, answer)
    return Reported(layer, exact, answer)


class Findings(NamedTuple):
    """All that one counter reported."""

    counter: str
    reports: str
    version: str
    outcomes: list[Reported]

    def ran(self) -> list[Reported]:
        """Where it reported something."""
        return [outcome for outcome in self.outcomes if outcome.reported is not None]

    def right(self) -> int:
        """On how many layers it reported the exact number."""
        return sum(outcome.reported == outcome.exact for outcome in self.outcomes)

    def ratios(self) -> list[Fraction]:
        """What it reported over what is exact, where that is not 0."""
        return [
            Fraction(outcome.reported, outcome.exact)
            for outcome in self.outcomes
            if outcome.reported is not None and outcome.exact
        ]

    def worst(self) -> Fraction | None:
        """The ratio that is farthest from 1, by a factor; 0 is the farthest."""
        return max(self.ratios(), key=distance, default=None)

    def median(self) -> Fraction | None:
        """The median ratio."""
        ratios = self.ratios()
        return median(ratios) if ratios else None

    def follows(self) -> tuple[list[str], int]:
        """The readings that it follows on the most layers, plainest first, and on how many.

        Several are those that these layers cannot tell apart.
        """
        ran = self.ran()
        tally = {}
        for name, reading in {**identify.READINGS, **identify.TRAINING}.items():
            values = [reading.total([outcome.layer]) for outcome in ran]
            for factor, label in ((1, name), (2, f"2 × {name}")):
                pairs = zip(values, ran, strict=True)
                tally[label] = sum(factor * value == outcome.reported for value, outcome in pairs)
        most = max(tally.values())
        return [name for name, times in tally.items() if times == most], most


def distance(ratio: Fraction) -> tuple[bool, Fraction]:
    """How far a ratio is from 1, as a factor; 0 is farther than any."""
    return not ratio, max(ratio, 1 / ratio) if ratio else ratio


def installed() -> dict[str, Runner]:
    """The counters that are installed here, by name."""
    return {runner.name: runner for runner in RUNNERS if runner.version()}


def audit(
    layers: Iterable[Layer],
    follow: Callable[[Runner], object] = id,
    names: Iterable[str] | None = None,
) -> list[Findings]:
    """The counters of these names, or all that are installed, run on every layer.

    ``follow(counter)`` is called at each.

    >>> from analytic import Layer
    >>> layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1)
    >>> findings = audit([layer], names=["FlopCounterMode"])[0]
    >>> findings.counter, findings.outcomes[0].reported, findings.outcomes[0].exact
    ('FlopCounterMode', 49152, 43200)
    """
    listed = list(layers)
    findings = []
    here = installed()
    for name in here if names is None else names:
        runner = here[name]
        follow(runner)
        outcomes = [report(runner, layer) for layer in listed]
        findings.append(Findings(name, runner.reports, runner.version(), outcomes))
    return findings
