"""What the explorer says: the words of this package, for every case, with names in braces.

Each is had by asking for it, of a rule or of a diagnosis that has names for its numbers. The page
picks one, and fills the numbers in: ``{k0}`` is the kernel of axis 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any

from sympy import Symbol

from analytic import checkerboard, headline, report, taps
from analytic.axis import Axis
from analytic.explorer import formulas
from analytic.layer import Rule, on_axis, whole
from analytic.pictures import window
from analytic.totals import NUMBERS, Count, Pass, Passes

#: The letters of the numbers that stand in words.
IN_WORDS = (*Axis._fields, "g")
#: A field of the page takes so many digits: enough for every layer.
DIGITS = 30


def templates(axes: int) -> dict[str, Any]:
    """Verdict, advice and dead taps of so many axes, by the numbers on which their words depend."""
    named = [{letter: brace(letter, at) for letter in IN_WORDS} for at in range(axes)]
    known = dict(diagnoses(axes))
    return {
        "interior": dict(interior(axes)),
        "reason": {key: checkerboard.reason_words(case, named) for key, case in known.items()},
        "small": {key(flags): checkerboard.small_words(flags) for flags in each((0, 1), axes)},
        "advice": [
            {
                key: checkerboard.advice_words(diagnosed, named, changed)
                for key, diagnosed in known.items()
            }
            for changed in (changes(axes, cropped_apart=apart) for apart in (False, True))
        ],
        "dead": dict(dead(axes)),
    }


def key(numbers: Iterable[int]) -> str:
    """Numbers as JavaScript writes a list of them."""
    return ",".join(map(str, numbers))


def each(choices: Iterable[int], axes: int) -> Iterator[tuple[int, ...]]:
    """One of the choices for each axis, in every way."""
    return product(choices, repeat=axes)


def brace(name: str, at: int) -> str:
    """The name of a number of an axis, in braces."""
    return f"{{{name}{at}}}"


def interior(axes: int) -> Iterator[tuple[str, str]]:
    """What is said of so many numbers of products; ``one`` is that of 1 alone.

    There are no more than each axis has `phases.levels`, multiplied.
    """
    yield "one", checkerboard.interior_words((1,))
    for count in range(1, 3**axes + 1):
        yield str(count), checkerboard.interior_words([f"{{{at}}}" for at in range(count)])


def diagnoses(axes: int) -> Iterator[tuple[str, checkerboard.Diagnosis]]:
    """Every diagnosis of so many axes, by its numbers: axes that do not differ have one fault."""
    kinds = range(len(checkerboard.FAULTS))
    for faults in each(kinds, axes):
        for differ in (0, 1) if len({*faults}) == 1 else (1,):
            diagnosed = checkerboard.Diagnosis(differ, faults, (0,) * axes)
            yield key((differ, *faults)), diagnosed


def dead(axes: int) -> Iterator[tuple[str, str]]:
    """What is said of dead taps, by whether each axis has some."""
    least = [brace("least", at) for at in range(axes)]
    for flags in each((0, 1), axes):
        some = [flag and brace("dead", at) for at, flag in enumerate(flags)]
        yield key(flags), taps.said(some, "{weights}", least) if any(some) else ""


def changes(axes: int, *, cropped_apart: bool) -> dict[str, tuple[Any, ...]]:
    """The arguments of an even layer."""
    names = checkerboard.CHANGED
    evens = [checkerboard.Even(*(brace(name, at) for name in names)) for at in range(axes)]
    return checkerboard.by_argument(evens, cropped_apart=cropped_apart)


def gap() -> str:
    """What is said of positions that are not drawn."""
    return window.not_drawn("{what}", "{first}", "{last}", window.NO_ROOM)


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
    """How `Layer` refuses what is no integer, how the page refuses what is too long, and where."""
    rule, where = whole("{argument}"), on_axis("{axis}")
    digits = rule._replace(words=f"have at most {DIGITS} digits in the explorer")
    return {
        "where": where,
        "type": rule.refusal("{value}", str),
        "typeOnAxis": rule.refusal("{value}", str, where),
        "digits": digits.refusal("{value}", str),
        "digitsOnAxis": digits.refusal("{value}", str, where),
    }


def names() -> tuple[str, ...]:
    """What the numbers of the headline are called."""
    return tuple(name for name, _ in headline.headline(formulas.counted(formulas.DEFAULT)))


class NamedPasses(Passes[Any]):
    """Passes that have names for their numbers, and so have the sums over them."""

    def training_step(self, *, grad_input: bool = True) -> Pass[Any]:
        """The names of the numbers of a training step."""
        return named_pass("training_step" if grad_input else "training_step_without_grad_input")


def named_pass(name: str) -> Pass[Any]:
    """The names of the numbers of a pass."""
    return Pass(*(placeholder(name + field) for field in Pass._fields))


def placeholder(name: str) -> str:
    """The name of a number in a table: without what LaTeX would write otherwise."""
    return f"@{name.replace('_', '')}@"


def latex(*, passes: bool) -> str:
    """The table that ``count --format latex`` writes, with names between ``@`` for its numbers."""
    numbers: dict[str, Any] = {name: Symbol(placeholder(name)) for name in NUMBERS}
    sizes: Any = (placeholder("output_size"),)
    layer: Any = SimpleNamespace(input_size=(placeholder("input_size"),))
    count = Count(sizes, **numbers, convention=formulas.DEFAULT, rule="exact")
    twice = str(headline.FLOPS_PER_MAC * numbers["macs"])
    text = report.summary(layer, count, "latex").replace(twice, placeholder("twice"))
    if not passes:
        return text
    costs = NamedPasses(*map(named_pass, Passes._fields))
    return text + "\n" + report.passes_table(costs, "latex")
