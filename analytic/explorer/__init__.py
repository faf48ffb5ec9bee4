"""The explorer: one self-contained page that counts and draws a 2-D layer in the browser.

Its arithmetic is exported from `formulas`, its refusals are the tables of `analytic.layer`, its
verdict has the words of `analytic.checkerboard`. The page itself reads, draws and writes, lists the
pairs that land on a position, and puts the words of the verdict together.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from analytic import checkerboard
from analytic import layer as rules
from analytic.axis import Axis
from analytic.explorer.formulas import FIELDS, formulas, polynomial, theorem
from analytic.export import programs
from analytic.layer import Layer
from analytic.pictures import colours
from analytic.tables import PER_AXIS
from analytic.totals import CONVENTIONS, RULES

#: What stands before each field, and what it holds when the page opens.
LABELS = {
    "input_size": "input size",
    "kernel_size": "kernel size",
    "stride": "stride",
    "padding": "padding",
    "end_padding": "end padding",
    "output_padding": "output padding",
    "dilation": "dilation",
    "in_channels": "in channels",
    "out_channels": "out channels",
    "groups": "groups",
    "batch_size": "batch size",
}
DEFAULTS = {
    "input_size": 8,
    "kernel_size": 3,
    "stride": 2,
    "padding": 1,
    "end_padding": 1,
    "output_padding": 1,
    "dilation": 1,
    "in_channels": 4,
    "out_channels": 6,
    "groups": 1,
    "batch_size": 1,
}
#: The arguments of `Layer` that make an axis, in the order of its letters.
OF_AXIS = (
    "input_size",
    "kernel_size",
    "stride",
    "dilation",
    "padding",
    "end_padding",
    "output_padding",
)


class Placeholder:
    """Is shown in a refusal as what the page is to fill in."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{{{self.name}}}"


def page() -> str:
    """The page, whole: style, script, formulas and words are inside."""
    here = files(__package__)
    parts = {
        "style": here.joinpath("page.css").read_text(encoding="utf-8"),
        "data": json.dumps(data(), ensure_ascii=False).replace("<", "\\u003c"),
        "formulas": javascript(),
        "script": here.joinpath("page.js").read_text(encoding="utf-8"),
    }
    text = here.joinpath("page.html").read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"/*{{{name}}}*/", part)
    return text


def javascript() -> str:
    """The exported formulas, as one object of functions from BigInts to a list of BigInts."""
    program = programs.JavaScript()
    written = [program.prelude(with_f=True), program.helper(programs.lattice_points())]
    for formula in formulas():
        parameters = ", ".join(argument.name for argument in formula.arguments)
        results = ", ".join(map(program.text, formula.results))
        written.append(f"function {formula.name}({parameters}) {{\n  return [{results}];\n}}\n")
    names = ", ".join(formula.name for formula in formulas())
    return f"const formulas = (() => {{\n{''.join(written)}return {{ {names} }};\n}})();"


def data() -> dict[str, Any]:
    """What the page knows: rules, words, names and colours, as JSON has them."""
    return {
        "labels": LABELS,
        "begin": "begin padding",
        "defaults": DEFAULTS,
        "perAxis": PER_AXIS,
        "axis": OF_AXIS,
        "letters": Axis._fields,
        "order": order(),
        "axisRules": [rule._asdict() | {"value": None} for rule in rules.AXIS_RULES],
        "layerRules": [rule._asdict() | {"value": None} for rule in rules.LAYER_RULES],
        "refusals": refusals(),
        "words": checkerboard.WORDS,
        "changed": checkerboard.CHANGED,
        "even": checkerboard.Even._fields,
        "conventions": [*CONVENTIONS],
        "rules": [*RULES],
        "fields": FIELDS,
        "colours": colours.ANCHORS,
        "polynomial": polynomial(),
        "theorem": theorem(),
    }


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


def order() -> list[str]:
    """The arguments in the order in which `Layer` asks whether they are integers."""
    given: dict[str, Any] = dict.fromkeys(LABELS, "?")
    given["input_size"] = ("?",)
    found = []
    for _ in LABELS:
        found.append(refused(Layer, **given).partition(" ")[0])
        given[found[-1]] = (1,) if found[-1] == "input_size" else 1
    return found
