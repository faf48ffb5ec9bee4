"""What the explorer says: the words of this package, for every case, with names in braces.

Each is had by asking for it, of a rule or of a diagnosis that has names for its numbers. The page
picks one, and fills the numbers in: ``{k0}`` is the kernel of axis 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any

from analytic import checkerboard, taps
from analytic.axis import Axis
from analytic.layer import Rule, on_axis, whole
from analytic.pictures import window

#: The letters of the numbers that stand in words.
IN_WORDS = (*Axis._fields, "g")


def templates() -> dict[str, Any]:
    """Verdict, advice and what is said of a gap, by the numbers on which their words depend."""
    axes = [{letter: brace(letter, at) for letter in IN_WORDS} for at in (0, 1)]
    known = dict(diagnoses())
    return {
        "interior": dict(interior()),
        "reason": {key: checkerboard.reason_words(case, axes) for key, case in known.items()},
        "small": {f"{a},{b}": checkerboard.small_words((a, b)) for a, b in product((0, 1), (0, 1))},
        "advice": [
            {
                key: checkerboard.advice_words(diagnosed, axes, changed)
                for key, diagnosed in known.items()
            }
            for changed in (changes(cropped_apart=False), changes(cropped_apart=True))
        ],
        "dead": dict(dead()),
        "gap": window.not_drawn("{what}", "{first}", "{last}", window.NO_ROOM),
    }


def brace(name: str, at: int) -> str:
    """The name of a number of an axis, in braces."""
    return f"{{{name}{at}}}"


def interior() -> Iterator[tuple[str, str]]:
    """What is said of so many numbers of products; ``one`` is that of 1 alone.

    There are nine at the most: each axis has three `phases.levels`.
    """
    yield "one", checkerboard.interior_words((1,))
    for count in range(1, 10):
        yield str(count), checkerboard.interior_words([f"{{{at}}}" for at in range(count)])


def diagnoses() -> Iterator[tuple[str, checkerboard.Diagnosis]]:
    """Every diagnosis of two axes, by its numbers."""
    faults = range(len(checkerboard.FAULTS))
    for differ, first, second in product((0, 1), faults, faults):
        yield f"{differ},{first},{second}", checkerboard.Diagnosis(differ, (first, second), (0, 0))


def dead() -> Iterator[tuple[str, str]]:
    """What is said of dead taps, by whether each axis has some."""
    least = ["{least0}", "{least1}"]
    for first, second in product((0, 1), (0, 1)):
        some = (first and "{dead0}", second and "{dead1}")
        yield f"{first},{second}", taps.said(some, "{weights}", least) if any(some) else ""


def changes(*, cropped_apart: bool) -> dict[str, tuple[Any, ...]]:
    """The arguments of an even layer."""
    names = checkerboard.CHANGED
    evens = [checkerboard.Even(*(brace(name, at) for name in names)) for at in (0, 1)]
    return checkerboard.by_argument(evens, cropped_apart=cropped_apart)


def refusals(table: Iterable[Rule]) -> list[dict[str, str]]:
    """The argument of each rule, and its refusal."""
    names = Axis(*map("{{{}}}".format, Axis._fields))
    layer = SimpleNamespace(groups="{groups}")
    return [
        {
            "argument": rule.argument,
            "words": rule._replace(value=lambda _: "{value}").refusal(subject, str, "{where}"),
        }
        for rule in table
        for subject in [layer if "groups" in rule.names else names]
    ]


def not_whole() -> dict[str, str]:
    """How `Layer` refuses what is no integer, and where it says that a refused value is."""
    rule, where = whole("{argument}"), on_axis("{axis}")
    return {
        "where": where,
        "type": rule.refusal("{value}", str),
        "typeOnAxis": rule.refusal("{value}", str, where),
    }
