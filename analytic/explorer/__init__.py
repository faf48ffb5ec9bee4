"""The explorer: one self-contained page that counts a layer, and draws its pairs, in the browser.

Its arithmetic is exported from `formulas`. Its words are templates from `words`: the refusals of
`analytic.layer`, and what `analytic.checkerboard` says of every diagnosis, with names in braces
where the page fills numbers in. The page itself reads, draws and writes: ``model.js`` makes a layer
of what was typed and asks the formulas, ``answers.js`` writes what they say, ``draw.js`` draws it,
``grids.js`` links and plays the pairs, ``controls.js`` has fields, links and copies. What it has to
do anew is Python's own and not this package's: ``sorted(set(…))``, and the ``repr`` of what was
typed. And it multiplies what the axes give, for they do not interact, and adds up what so many
inputs have stamped.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from analytic import checkerboard
from analytic import layer as rules
from analytic.explorer import presets, words
from analytic.explorer.formulas import (
    AXES,
    FIELDS,
    PRIVATE,
    formulas,
    polynomial,
    theorems,
)
from analytic.export import programs
from analytic.layer import PER_AXIS, Layer
from analytic.pictures import colours
from analytic.totals import CONVENTIONS, RULES, Pass, Passes

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
#: The scripts, in the order in which they build on each other.
SCRIPTS = ("model", "answers", "draw", "grids", "controls")


def page() -> str:
    """The page, whole: style, scripts, formulas and words are inside."""
    parts = {
        "style": source("page.css"),
        "data": json.dumps(data(), ensure_ascii=False).replace("<", "\\u003c"),
        "formulas": javascript(),
        "script": "".join(source(f"{name}.js") for name in SCRIPTS),
    }
    text = source("page.html")
    for name, part in parts.items():
        text = text.replace(f"/*{{{name}}}*/", part)
    return text


def source(name: str) -> str:
    """A file of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


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
    written, parts = theorems()
    return {
        "labels": LABELS,
        "begin": "begin padding",
        "defaults": DEFAULTS,
        "arguments": arguments(),
        "presets": [preset._asdict() for preset in presets.PRESETS],
        "perAxis": PER_AXIS,
        "axis": OF_AXIS,
        "letters": words.IN_WORDS,
        "order": ORDER,
        "digits": words.DIGITS,
        "rules": {
            "transposed": words.refusals(rules.AXIS_RULES),
            "ordinary": words.refusals(rules.ORDINARY_RULES),
            "layer": words.refusals(rules.LAYER_RULES),
        },
        "refusals": words.not_whole(),
        "words": {axes: words.templates(axes) for axes in AXES},
        "gap": words.gap(),
        "headline": words.names(),
        "latex": [words.latex(passes=passes) for passes in (False, True)],
        "changed": checkerboard.CHANGED,
        "conventions": [*CONVENTIONS],
        "rulesOfMacs": [*RULES],
        "fields": FIELDS,
        "passes": Passes._fields,
        "ofPass": Pass._fields,
        "shades": [*shades()],
        "polynomial": {axes: polynomial(axes) for axes in AXES},
        "theorem": written,
        "parts": parts,
        "private": PRIVATE,
    }


def arguments() -> dict[str, Any]:
    """The arguments of `Layer` in order, with what each is where it is not given, if it may be."""
    parameters = inspect.signature(Layer).parameters
    defaults = {name: parameters[name].default for name in Layer.FIELDS}
    empty = inspect.Parameter.empty
    return {name: None if value is empty else value for name, value in defaults.items()}


def shades() -> Iterator[tuple[int, int, int, bool]]:
    """The colours from the darkest to the lightest, and whether black is better read on them."""
    for step in range(SHADES + 1):
        shade = colours.colour(step, SHADES)
        yield *shade, colours.is_light(shade)
