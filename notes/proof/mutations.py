"""Edits of the Python of which the proofs are, each of which changes a count and must break them.

``python notes/proof/mutations.py`` applies them one by one to a copy of the sources, finds the
first axis of a small box of which the edited code says something else, builds the proofs of the
edited code, and writes what came of it to ``mutations.md``.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from check import HERE, SOURCES, build
from gallina import RefusedError

PAGE = HERE / "mutations.md"
PROGRAM = """
import itertools, json, sys
import analytic
from analytic.affine import *
from analytic.arithmetic import INTEGERS
from analytic.axis import *
from analytic.floorsum import *
from analytic.maps import along, at, reach, taps_read
from analytic.phases import edges, interior, landing, levels, shares
from analytic.taps import dead_on
F = INTEGERS.F
padded = lambda axis: axis._replace(n=axis.n + 3, e=axis.b)
shadow = lambda function, axis: function(INTEGERS, axis, overlaps(INTEGERS, axis))
layer = lambda axis, **other: analytic.Layer(
    [axis.n], 4, 6, axis.k, axis.s, axis.b, axis.o, 2, True, axis.d, end_padding=axis.e, **other
)
values = []
for numbers in json.loads(sys.argv[1]):
    axis = Axis(*numbers)
    try:
        values.append(repr(eval(sys.argv[2])))
    except (analytic.LayerError, ArithmeticError) as error:
        values.append(type(error).__name__)
print(json.dumps(values))
"""


class Mutation(NamedTuple):
    """An edit of a module, and a count of an axis that it changes."""

    module: str
    old: str
    new: str
    asked: str


EXTENT = "extent(INTEGERS, axis)"
TOTAL = "analytic.count(layer(axis), convention='exact').total"
PASSES = "[cost.additions for cost in analytic.passes(layer(axis))]"
MUTATIONS = [
    Mutation("floorsum", "n * (n - 1) // 2", "n * (n + 1) // 2", "floor_sum(axis.n, 3, 7, -4)"),
    Mutation("floorsum", "while n > 0:", "while n > 1:", "floor_sum(axis.n, 1, 0, 5)"),
    Mutation("floorsum", "top = a * n + b % m", "top = a * n", "floor_sum(axis.n, 3, 7, 4)"),
    Mutation("floorsum", "n = top // m", "n = top // m - 1", "floor_sum(axis.n, 3, 7, 4)"),
    Mutation("floorsum", "(t - 1 + s) // s, n", "(t - 1) // s, n", EXTENT),
    Mutation("floorsum", "t - 1 - (k - 1) * d + 2", "t - (k - 1) * d + 2", EXTENT),
    Mutation("floorsum", "t - 1 - (some - 1) * s", "t - (some - 1) * s", EXTENT),
    Mutation("floorsum", "whole * k + partial +", "whole * k +", EXTENT),
    Mutation("arithmetic", "or n <= 0", "or n < 0", "F(axis.n - 1, axis.k, axis.s, axis.d, 1)"),
    Mutation("arithmetic", "if t <= s:", "if t <= s + 1:", EXTENT),
    Mutation("arithmetic", "(t - 1) // d + 1", "t // d + 1", EXTENT),
    Mutation("arithmetic", "staticmethod(min)", "staticmethod(max)", EXTENT),
    Mutation("arithmetic", "staticmethod(math.gcd)", "staticmethod(max)", EXTENT),
    Mutation("axis", "(k - 1) * d + 1 - b", "(k - 1) * d - b", EXTENT),
    Mutation("axis", "lib.F(n, k, s, d, right)", "lib.F(n, k, s, d, left)", EXTENT),
    Mutation(
        "axis",
        "return kept(lib, n, k, s, d, b, e - o)",
        "return kept(lib, n, k, s, d, b, e)",
        EXTENT,
    ),
    Mutation("axis", "b - lcm, e - o - lcm", "b - lcm, e - lcm", EXTENT),
    Mutation("axis", "lcm = s * inputs_apart", "lcm = s * d", EXTENT),
    Mutation("axis", "lib.maximum(n - inputs_apart, 0)", "lib.maximum(n - taps_apart, 0)", EXTENT),
    Mutation("axis", "size(axis) - d)", "size(axis) - s)", "shadow(inputs_reached, axis)"),
    Mutation("axis", "n - 1, k, s, d, b", "n, k, s, d, b", "shadow(taps_reached, axis)"),
    Mutation("axis", "spare // s + 1", "-(-spare // s) + 1", "ordinary(*axis[:6])"),
    Mutation("affine", "meet * lib.quotient(d, g)", "meet * d", "affine_from(axis)"),
    Mutation(
        "affine", "return 1 + lib.maximum(0", "return lib.maximum(0", "least_input_size(axis)"
    ),
    Mutation("affine", "1 + ceil_div(lib.maximum", "ceil_div(lib.maximum", "alive_from(axis)"),
    Mutation("affine", "(long - 1 + before)", "(long - 1)", "reached_affine_from(axis)"),
    Mutation(
        "affine",
        "lib.minimum(k, lib.quotient(s, lib.gcd(s, d)))",
        "lib.minimum(k, s)",
        "slopes(axis)",
    ),
    Mutation("affine", "(k - 1) * d + o + 1))", "(k - 1) * d + 1))", "padding_bound(axis)"),
    Mutation("affine", "Axis(n - 2 * steps", "Axis(n - steps", "reduced(padded(axis))"),
    Mutation("affine", "range(axis.s)]", "range(1)]", "ordinary_from(axis, alive_from)"),
    Mutation("maps", "(n - 1) * s - value", "n * s - value", "reach(INTEGERS, axis, 3)"),
    Mutation("maps", "value // g * pow", "(value // g + 1) * pow", "at(axis, 3)"),
    Mutation("maps", "(first - 1 - residue)", "(first - residue)", "at(axis, 3)"),
    Mutation(
        "maps", "until = below + size(axis)", "until = size(axis)", "taps_read(INTEGERS, axis, 1)"
    ),
    Mutation("maps", "for y in range(size(axis))", "for y in range(axis.n)", "along(axis)"),
    Mutation("taps", "axis.k - taps_reached(", "axis.n - taps_reached(", "dead_on(axis)"),
    Mutation("phases", "s, d, y + b)", "s, d, y)", "landing(INTEGERS, axis, 3)"),
    Mutation("phases", "(least, met - more)", "(least, met)", "shares(INTEGERS, axis)"),
    Mutation("phases", "axis.e - axis.o", "axis.e", "edges(INTEGERS, axis)"),
    Mutation("phases", "least + positive(lib, more)", "least + 1", "levels(INTEGERS, axis)"),
    Mutation(
        "totals",
        "overlaps = overlaps * pairs",
        "overlaps = overlaps + pairs",
        "analytic.macs(layer(axis))",
    ),
    Mutation(
        "totals",
        "aggregated=lambda layer: layer.covered",
        "aggregated=lambda layer: layer.positions",
        TOTAL,
    ),
    Mutation(
        "totals",
        "lambda layer: layer.inputs * layer.taps",
        "lambda layer: layer.positions * layer.taps",
        "analytic.macs(layer(axis), rule='input')",
    ),
    Mutation("totals", "- 1 + layer.bias", "- layer.bias", TOTAL),
    Mutation(
        "totals", "layer.groups) * layer.out_channels", "layer.groups) * layer.in_channels", TOTAL
    ),
    Mutation(
        "totals", "additions = landed - reached + biases", "additions = landed - reached", PASSES
    ),
    Mutation("totals", "inputs = inputs * from_inputs", "inputs = inputs * pairs", PASSES),
    Mutation(
        "totals",
        "axes.products.positions - sample",
        "axes.products.positions - 1",
        "analytic.passes(layer(axis, batch_size=0)).grad_bias.additions",
    ),
    Mutation("totals", "1 if result.batched else", "0 if result.batched else", PASSES),
    Mutation(
        "totals",
        "first.elements + second.elements",
        "first.elements + second.reached",
        "analytic.passes(layer(axis)).training_step().elements",
    ),
]


def box() -> list[tuple[int, ...]]:
    """Small axes that are legal: numbers of `Axis`, in order."""
    ranges = [range(1, 4)] * 4 + [range(4)] * 2 + [range(2)]
    return [
        (n, k, s, d, b, e, o)
        for n, k, s, d, b, e, o in itertools.product(*ranges)
        if (n - 1) * s + (k - 1) * d + 1 - b - e + o >= 1
    ]


@functools.cache
def counts(folder: Path, count: str) -> list[str]:
    """What the sources in a folder say of each axis of the box."""
    command = [sys.executable, "-c", PROGRAM, json.dumps(box()), count]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    answers: list[str] = json.loads(done.stdout)
    return answers


def mutated(mutation: Mutation, folder: Path) -> Path:
    """The edited sources, in a folder; the package is where they are."""
    package = folder / "analytic"
    shutil.copytree(SOURCES, package, ignore=shutil.ignore_patterns("__pycache__"))
    module = package / f"{mutation.module}.py"
    text = module.read_text()
    if text.count(mutation.old) != 1:
        raise ValueError(f"{mutation.old!r} is not once in {module.name}")
    module.write_text(text.replace(mutation.old, mutation.new))
    return package


def witness(mutation: Mutation, folder: Path) -> tuple[tuple[int, ...], str, str]:
    """The first axis of which the edited code says something else; what was said, and what is."""
    pairs = zip(
        box(), counts(SOURCES.parent, mutation.asked), counts(folder, mutation.asked), strict=True
    )
    return next((axis, said, says) for axis, said, says in pairs if said != says)


def broken(package: Path, folder: Path, *files: str) -> str:
    """Where the build of the proofs of the edited code stops; "" where it goes through."""
    proof = folder / "proof"
    shutil.copytree(
        HERE, proof, ignore=shutil.ignore_patterns("__pycache__", "Makefile.coq*", ".*")
    )
    try:
        wrong = build(proof, package, *files)
    except RefusedError as refused:
        return f"the translation: {refused}"
    place = re.search(r'File "\./(\w+\.v)", line (\d+)', wrong)
    if not wrong or place is None:
        return wrong
    before = (proof / place[1]).read_text().splitlines()[: int(place[2])]
    *_, statement = re.findall(r"^(?:Theorem|Lemma) (\w+)", "\n".join(before), re.MULTILINE)
    return f"`{statement}`, {place[1]}"


def row(mutation: Mutation) -> str:
    """A mutation, applied: a row of the page."""
    with tempfile.TemporaryDirectory() as folder:
        package = mutated(mutation, Path(folder))
        numbers, said, says = witness(mutation, Path(folder))
        stopped = broken(package, Path(folder))
    edit = f"`{mutation.old}` → `{mutation.new}`"
    axis = ", ".join(map(str, numbers))
    cells = [f"{mutation.module}.py", edit, f"`{mutation.asked}`", axis, said, says, stopped]
    return f"| {' | '.join(cells)} |\n"


HEAD = """\
# Edits that break the proofs

Written by `python notes/proof/mutations.py`. Each row is an edit of the Python that is translated;
what it was asked of the first axis (n, k, s, d, b, e, o) of a small box of which it says something
else, what it says, and what it said; and the statement of which the proof no longer goes through.

| module | edit | asked | axis | said | says | the build stops in |
|---|---|---|---|---|---|---|
"""


def main() -> int:
    """All mutations; 1 where one of them is built all the same."""
    rows = []
    for mutation in MUTATIONS:
        rows.append(row(mutation))
        sys.stdout.write(rows[-1])
        sys.stdout.flush()
    PAGE.write_text(HEAD + "".join(rows))
    return int(any(row.endswith("|  |\n") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
