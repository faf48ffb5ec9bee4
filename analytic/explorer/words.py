"""What the explorer says: the words of this package, for every case, with names in braces.

Each is had by asking for it: refusals are provoked, diagnoses are made up. The page picks one, and
fills in the numbers: ``{k0}`` is the kernel of axis 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from analytic import checkerboard
from analytic import layer as rules
from analytic.axis import Axis
from analytic.layer import Layer
from analytic.pictures import window

#: The letters of the numbers that stand in words.
IN_WORDS = (*Axis._fields, "g")


def templates() -> dict[str, Any]:
    """Verdict, advice and what is said of a gap, by the numbers on which their words depend."""
    axes = [{letter: brace(letter, at) for letter in IN_WORDS} for at in (0, 1)]
    known = dict(diagnoses())
    return {
        "interior": dict(interior()),
        "reason": {key: checkerboard.reason_words(of, axes) for key, of in known.items()},
        "small": {f"{a},{b}": checkerboard.small_words((a, b)) for a, b in product((0, 1), (0, 1))},
        "advice": [
            {key: checkerboard.advice_words(of, axes, changed) for key, of in known.items()}
            for changed in (changes(cropped_apart=False), changes(cropped_apart=True))
        ],
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


def changes(*, cropped_apart: bool) -> dict[str, tuple[Any, ...]]:
    """The arguments of an even layer."""
    names = checkerboard.CHANGED
    evens = [checkerboard.Even(*(brace(name, at) for name in names)) for at in (0, 1)]
    return checkerboard.by_argument(evens, cropped_apart=cropped_apart)


class Placeholder:
    """Is shown in a refusal as what the page is to fill in."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{{{self.name}}}"


def refusals() -> dict[str, str]:
    """How `Layer` words a refusal, with names in braces for what differs: as it words them."""
    argument, value, axis = "{argument}", Placeholder("value"), Placeholder("axis")
    rule = rules.Rule(argument, "{{words}}", lambda _: value)
    return {
        "value": refused(rules.check, (rule,), (-1,), Axis(*[1] * 7), "{where}"),
        "where": refused(Layer, (0,), 1, 1, 1).partition("got 0")[2].replace("0", "{axis}"),
        "type": refused(rules.integer, argument, value),
        "typeOnAxis": refused(rules.integer, argument, value, axis),
    }


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    """The words with which a call refuses its arguments."""
    try:
        call(*arguments, **named)
    except (ValueError, TypeError) as reason:
        return str(reason)
    raise AssertionError("nothing was refused")
