"""What nodes give that have graphs of their own: `If`, `Loop` and `Scan`.

Layers in them are listed once, whichever branch runs and however often a body does.
Source: the texts of these operators in the ONNX documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy
import onnx
from onnx import TypeProto

from analytic.layer import integer
from analytic.onnx.convolutions import Row
from analytic.onnx.facts import (
    Causes,
    Fact,
    Stop,
    integer_of,
    joined,
    tensor_type,
    with_shape,
)
from analytic.onnx.graphs import Graph, Node
from analytic.onnx.nodes import attributes_of, ints

#: The layers of a graph, and its outputs, where its inputs are these.
Run: TypeAlias = Callable[[Graph, Sequence[Fact]], tuple[list[Row], list[Fact]]]
Inputs: TypeAlias = Sequence[Fact | None]


def branches(run: Run, node: Node, inputs: Inputs) -> tuple[list[Row], list[Fact]]:
    """`If`: the layers of both branches; the outputs of the one that runs, if that is known."""
    rows: list[Row] = []
    outputs: dict[str, list[Fact]] = {}
    for name, body in node.bodies.items():
        rows_of_body, outputs[name] = run(body, ())
        rows += rows_of_body
    first, second = outputs["then_branch"], outputs["else_branch"]
    condition = integer_of(inputs[0])
    if condition is not None:
        return rows, first if condition else second
    stop = node.stop("its branches give different sizes, and which of them runs depends on data")
    return rows, [either(a, b, stop) for a, b in zip(first, second, strict=True)]


def either(a: Fact, b: Fact, stop: Stop) -> Fact:
    """What is known of a value that is one or the other."""
    left, right = a.shape, b.shape
    causes = joined([a.causes, b.causes]) or (stop,)
    if left is None or right is None or len(left) != len(right):
        return Fact(with_shape(a.type, None), None, causes)
    sizes = [x if x == y else None for x, y in zip(left, right, strict=True)]
    return Fact(with_shape(a.type, sizes), None, causes if None in sizes else ())


def loop(run: Run, node: Node, inputs: Inputs) -> tuple[list[Row], list[Fact]]:
    """`Loop`: the body at the sizes that are the same in every turn."""
    turns, condition, *carried = inputs
    goes_on = condition is None or bool(integer_of(condition))
    stop = node.stop("a size changes from turn to turn")
    before = [without_value(fact) for fact in carried]
    while True:
        rows, still, after, slices = turn(run, node.bodies["body"], goes_on, before)
        alike = [either(a, b, stop) for a, b in zip(before, after, strict=True)]
        if [fact.shape for fact in alike] == [fact.shape for fact in before]:
            break
        before = alike
    amount = integer_of(turns) if goes_on and still else None
    why = () if amount is not None else (node.stop("how often it runs depends on data"),)
    scanned = [stacked(fact, 0, amount, why) for fact in slices]
    return rows, [without_value(fact) for fact in (after if amount else before)] + scanned


def turn(
    run: Run, body: Graph, goes_on: bool, before: Sequence[Fact]
) -> tuple[list[Row], bool, list[Fact], list[Fact]]:
    """One turn of a loop: its layers, whether it surely goes on, what is carried and collected."""
    count = Fact(tensor_type([], onnx.TensorProto.INT64))
    going = Fact(tensor_type([], onnx.TensorProto.BOOL))
    if goes_on:
        going = going._replace(value=numpy.array(True))
    rows, (still, *outputs) = run(body, [count, going, *before])
    return rows, bool(integer_of(still)), outputs[: len(before)], outputs[len(before) :]


def scan(run: Run, node: Node, inputs: Inputs) -> tuple[list[Row], list[Fact]]:
    """`Scan`: the body on a slice of each input that is scanned."""
    attributes = attributes_of(node.proto)
    scanned = integer("num_scan_inputs", attributes["num_scan_inputs"])
    states = len(inputs) - scanned
    facts = [without_value(fact) for fact in inputs]
    axes = ints(attributes, "scan_input_axes", 0, scanned)
    slices = [sliced(fact, axis) for fact, axis in zip(facts[states:], axes, strict=True)]
    rows, outputs = run(node.bodies["body"], [*facts[:states], *(fact for fact, _ in slices)])
    lengths = [length for _, length in slices if length is not None]
    causes = () if lengths else joined(fact.causes for fact in facts[states:])
    places = ints(attributes, "scan_output_axes", 0, len(outputs) - states)
    collected = [
        stacked(fact, place, lengths[0] if lengths else None, causes)
        for fact, place in zip(outputs[states:], places, strict=True)
    ]
    return rows, [without_value(fact) for fact in outputs[:states]] + collected


def sliced(fact: Fact, axis: int) -> tuple[Fact, int | None]:
    """A fact without one of its axes, and the size of that."""
    if (shape := fact.shape) is None:
        return fact, None
    rest = [*shape]
    length = rest.pop(axis)
    return fact._replace(type=with_shape(fact.type, rest)), length


def stacked(fact: Fact, axis: int, amount: int | None, why: Causes) -> Fact:
    """As many values in one, along an axis, where the amount may not be known for a reason."""
    causes = joined([fact.causes, why])
    if (shape := fact.shape) is None:
        return Fact(fact.type, None, causes)
    place = axis % (len(shape) + 1)
    sizes = [*shape[:place], amount, *shape[place:]]
    return Fact(with_shape(fact.type, sizes), None, causes if None in sizes else ())


def without_value(fact: Fact | None) -> Fact:
    """A fact of a value whose elements change."""
    return Fact(TypeProto()) if fact is None else fact._replace(value=None)


#: By the name of the operator.
CONTROL: Mapping[str, Callable[[Run, Node, Inputs], tuple[list[Row], list[Fact]]]] = {
    "If": branches,
    "Loop": loop,
    "Scan": scan,
}
