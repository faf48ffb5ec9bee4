"""The explorer: one self-contained page that counts and draws a 2-D layer in the browser.

Its arithmetic is exported from `formulas`. Its words are templates from `words`: the refusals of
`analytic.layer`, and what `analytic.checkerboard` says of every diagnosis, with names in braces
where the page fills numbers in. The page itself reads, draws and writes. What it has to do anew is
Python's own and not this package's: ``sorted(set(…))``, and the ``repr`` of what was typed. And it
multiplies: twice the MACs, and for each cell the coverage of its row and its column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from analytic import checkerboard
from analytic import layer as rules
from analytic.explorer.formulas import FIELDS, formulas, polynomial, theorem
from analytic.explorer.words import IN_WORDS, not_whole, refusals, templates
from analytic.export import programs
from analytic.layer import PER_AXIS
from analytic.pictures import colours
from analytic.totals import CONVENTIONS, RULES

#: The fields in their order, with what they hold when the page opens, and what stands before them.
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
LABELS = {name: name.replace("_", " ") for name in DEFAULTS}
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
#: The arguments in the order in which `Layer` asks whether they are integers.
ORDER = ("in_channels", "out_channels", "groups", "batch_size", "input_size", *rules.GEOMETRY)
#: Steps from the darkest colour to the lightest.
SHADES = 256


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
    functions = [*formulas()]
    for formula in functions:
        parameters = ", ".join(argument.name for argument in formula.arguments)
        results = ", ".join(map(program.text, formula.results))
        written.append(f"function {formula.name}({parameters}) {{\n  return [{results}];\n}}\n")
    names = ", ".join(formula.name for formula in functions)
    return f"const formulas = (() => {{\n{''.join(written)}return {{ {names} }};\n}})();"


def data() -> dict[str, Any]:
    """What the page knows: rules, words, names and colours, as JSON has them."""
    return {
        "labels": LABELS,
        "begin": "begin padding",
        "defaults": DEFAULTS,
        "perAxis": PER_AXIS,
        "axis": OF_AXIS,
        "letters": IN_WORDS,
        "order": ORDER,
        "axisRules": refusals(rules.AXIS_RULES),
        "layerRules": refusals(rules.LAYER_RULES),
        "refusals": not_whole(),
        "words": templates(),
        "changed": checkerboard.CHANGED,
        "conventions": [*CONVENTIONS],
        "rules": [*RULES],
        "fields": FIELDS,
        "shades": [*shades()],
        "polynomial": polynomial(),
        "theorem": theorem(),
    }


def shades() -> Iterator[tuple[int, int, int, bool]]:
    """The colours from the darkest to the lightest, and whether black is better read on them."""
    for step in range(SHADES + 1):
        shade = colours.colour(step, SHADES)
        yield *shade, colours.is_light(shade)
