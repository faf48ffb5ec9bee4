"""The frameworks' own tests of shapes, as data.

A row of `tests/data/framework_shapes.jsonl` has the function, the test that the words are from, and
the shape of the output, or null where the framework refuses. ``each`` has what varies: every
combination, in the order of ``itertools.product``. The shapes are stated by the test itself or,
where it only compares values, by the framework that ran the words; ``stated by`` says which.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analytic.layer import Layer, LayerError
from tests.frameworks.held import channels_last
from tests.frameworks.runs import RUNS, Run, Words

PATH = Path(__file__).parent.parent / "data" / "framework_shapes.jsonl"

Row = dict[str, Any]
Shape = list[int] | None


def rows() -> list[Row]:
    """Every row of the file."""
    return [json.loads(line) for line in PATH.read_text().splitlines()]


def settings(row: Row) -> Iterator[Words]:
    """The words of each combination."""
    each = row.get("each", {})
    for values in itertools.product(*each.values()):
        yield {**row["words"], **dict(zip(each, values, strict=True))}


def cases(row: Row) -> Iterator[tuple[Words, Shape]]:
    """The words of each combination, and the shape that is stated."""
    yield from zip(settings(row), row["outputs"], strict=True)


def translated(function: str, words: Words) -> Shape:
    """The shape by our translation, in the framework's layout; None for a refusal."""
    try:
        if function in TORCH:
            return arranged(of_torch(words, transposed=TORCH[function]), last=False)
        run = RUNS[function]
        return arranged(run.translate(words), last=channels_last(run, words))
    except LayerError:
        return None


#: Functions of torch, whose words are our own; whether they are transposed.
TORCH = {"torch.conv": False, "torch.conv_transpose": True}


def of_torch(words: Words, *, transposed: bool) -> Layer:
    """A layer of torch; ``input_shape`` has batch and channels."""
    batch, _, *sizes = words["input_shape"]
    options = {name: value for name, value in words.items() if name != "input_shape"}
    return Layer(sizes, batch_size=batch, transposed=transposed, **options)


def expected(words: Words, shape: Shape) -> Shape:
    """The shape that is stated; None of what is no layer of ours.

    That is what has no positions, and what JAX makes ordinary and transposed at once.
    """
    spread = max(words.get("lhs_dilation", [1])) > 1
    both = spread and max(words["window_strides"]) > 1
    return None if shape is None or both or 0 in shape[1:] else shape


def arranged(layer: Layer, *, last: bool) -> list[int]:
    """The shape of what a layer makes."""
    sizes, channels = layer.output_size, layer.out_channels
    return [layer.batch_size, *sizes, channels] if last else [layer.batch_size, channels, *sizes]


def ran(run: Run, words: Words) -> Shape:
    """The shape of what the framework makes; None where it refuses."""
    try:
        return [*(run.shape(words) if run.shape else run.execute(words).shape)]
    except Exception:  # whatever a framework raises is a refusal
        return None


def restated() -> Iterator[Row]:
    """The rows, with what the installed frameworks make of words of which no test states it."""
    for row in rows():
        run = RUNS.get(row["function"])
        if row["stated by"] == "its test" or run is None or not run.installed():
            yield row
            continue
        backend = f" on {os.environ.get('KERAS_BACKEND')}" if run.package == "keras" else ""
        stated = {"stated by": f"{run.package} {run.version()}{backend}"}
        yield {**row, "outputs": [ran(run, words) for words in settings(row)], **stated}
