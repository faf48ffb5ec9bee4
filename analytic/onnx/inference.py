"""The shapes in a graph, node after node, and the elements where shapes are computed with them.

Convolutions have the sizes that the texts of the operators say, which onnx's own rules have not
everywhere; every other node is asked of `Rules`, with the elements of its inputs that are known.
What is not known says why, so that a layer that cannot be counted names where its size was lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy
import onnx
from onnx import TypeProto

from analytic.layer import Layer
from analytic.models import Missing
from analytic.names import short, text
from analytic.onnx.control import CONTROL
from analytic.onnx.convolutions import (
    Operands,
    Row,
    missing,
    note_on_same,
    operands_of,
    refuse_other,
)
from analytic.onnx.dimensions import DimensionError, Dimensions, is_size, name_of_axis
from analytic.onnx.facts import (
    Causes,
    Fact,
    Facts,
    Stop,
    constants,
    fact_of,
    is_known,
    joined,
    shape_of,
    tensor_type,
    whole,
    with_shape,
)
from analytic.onnx.graphs import Graph, Node
from analytic.onnx.nodes import (
    NCHWC,
    Convolution,
    attributes_of,
    convolution_of,
    domain_of,
)
from analytic.onnx.rules import MOST_AXES, NO_RULE, ContradictionError, Rules, StoppedError
from analytic.onnx.values import (
    ARITHMETIC,
    MOST_ELEMENTS,
    NO_LARGER,
    OF_SHAPE,
    Value,
    constant,
    evaluated,
)

#: No more nodes are looked at: the bodies of loops in loops are looked at ever more often.
MOST_STEPS = 500_000

NOTE_ON_BLOCKS = (
    "channels are in blocks of onnxruntime's, filled up with zeros; they are counted as the file "
    "has them"
)
NOT_COMPUTED = f"its elements have no value, or are more than {MOST_ELEMENTS}"
NOT_ITS_OWN = "it has not the attributes or the outputs of its operator"

Declared: TypeAlias = Mapping[str, onnx.ValueInfoProto]


class Inference:
    """One pass over a model. ``notes`` has what is worth saying though everything is counted."""

    def __init__(self, rules: Rules, dimensions: Dimensions) -> None:
        self.rules = rules
        self.dimensions = dimensions
        self.notes: list[str] = []
        self.steps = 0

    # Graphs.

    def graph(
        self, graph: Graph, outer: Facts, given: Sequence[Fact] = ()
    ) -> tuple[list[Row], list[Fact]]:
        """The convolutions of a graph in the order of its nodes, and what its outputs are."""
        facts = outer.new_child(dict(constants(graph.proto)))
        declared = {value.name: value for value in (*graph.proto.value_info, *graph.proto.output)}
        for place, value in enumerate(graph.proto.input):
            if place < len(given):
                facts[value.name] = self.filled(given[place], value)
            elif value.name not in facts.maps[0]:
                facts[value.name] = self.entry(value)
        given_by_nodes = {name for node in graph.nodes for name in node.proto.output}
        for value in graph.proto.value_info:  # of a weight that was taken out of the file
            if value.name not in facts and value.name not in given_by_nodes:
                facts[value.name] = self.entry(value)
        rows: list[Row] = []
        for node in graph.nodes:
            rows += self.node(node, facts, declared)
        nothing = Fact(tensor_type(None), None, (Stop("a graph has an output that no node gives"),))
        return rows, [facts.get(value.name, nothing) for value in graph.proto.output]

    def entry(self, value: onnx.ValueInfoProto) -> Fact:
        """An input of a graph, as it is declared."""
        if value.type.WhichOneof("value") not in {"tensor_type", None}:
            return Fact(value.type)
        tensor = value.type.tensor_type
        if not tensor.HasField("shape") or len(tensor.shape.dim) > MOST_AXES:
            what = f"more than {MOST_AXES} axes" if tensor.HasField("shape") else "no shape"
            stop = Stop(f"the graph input {short(text(value.name))} has {what}")
            return Fact(tensor_type(None, tensor.elem_type), None, (stop,))
        names = [name_of_axis(value, axis) for axis in range(len(tensor.shape.dim))]
        shape = [self.sized(dim, name) for dim, name in zip(tensor.shape.dim, names, strict=True)]
        return self.explained(tensor_type(shape, tensor.elem_type), ())

    def sized(self, dim: onnx.TensorShapeProto.Dimension, name: str) -> int | str | None:
        """The size of a dimension, or its name where it has none, or neither."""
        if is_size(dim):
            return dim.dim_value
        size_of_name = self.dimensions.size(name)
        return (name or None) if size_of_name is None else size_of_name

    def explained(self, kind: TypeProto, causes: Causes) -> Fact:
        """A fact for these reasons; where each size that is missing has a name, for the names."""
        dims = kind.tensor_type.shape.dim
        missing_names = [dim.dim_param for dim in dims if not dim.HasField("dim_value")]
        if missing_names and all(missing_names):
            causes = joined(tuple(self.dimensions.unbound(name)) for name in missing_names)
        return Fact(kind, None, causes)

    def filled(self, fact: Fact, value: onnx.ValueInfoProto) -> Fact:
        """A fact with the sizes that the file declares, where there are no others."""
        shape, declared = fact.shape, value.type.tensor_type
        if is_known(shape) or not declared.HasField("shape"):
            return fact
        sizes = [self.sized(dim, text(dim.dim_param)) for dim in declared.shape.dim]
        if shape is None:
            return self.refined(fact, sizes)
        if len(shape) != len(sizes):
            return fact
        both = zip(shape, sizes, strict=True)
        return self.refined(fact, [theirs if ours is None else ours for ours, theirs in both])

    def refined(self, fact: Fact, sizes: Sequence[int | str | None]) -> Fact:
        """A fact with other sizes; once all are known, nothing is left to explain."""
        is_whole = all(isinstance(size, int) for size in sizes)
        return self.explained(with_shape(fact.type, sizes), () if is_whole else fact.causes)

    # Nodes.

    def node(self, node: Node, facts: Facts, declared: Declared) -> list[Row]:
        """Find what a node's outputs are; the convolutions that it is, or that are in it."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise ValueError(f"the model amounts to more than {MOST_STEPS} nodes")
        rows: list[Row] = []
        operator = convolution_of(node.proto)
        if operator is not None:
            row, outputs = self.convolution(node, operator, facts, declared)
            rows.append((node.name, row))
        elif node.bodies:
            rows, outputs = self.nested(node, facts)
        else:
            outputs = self.operator(node, facts)
            if "Conv" in node.operator and not self.rules.knows(node.proto):
                rows.append((node.name, Missing(f"{NO_RULE} {node.operator}")))
        for place, (name, fact) in enumerate(zip(node.proto.output, outputs, strict=False)):
            known = fact
            if name in declared:
                known = self.filled(known, declared[name])
            if not place and operator is None and node.name in self.dimensions.by_node:
                known = self.refined(known, self.dimensions.given(node.name, known.shape))
            if name:
                facts[name] = known
        return rows

    def operator(self, node: Node, facts: Facts) -> list[Fact]:
        """What the outputs of a node without graphs are."""
        try:
            inputs = inputs_of(node, facts)
            types = self.rules.types(node.proto, inputs)
            values = self.values(node.proto, inputs, types)
        except StoppedError as reason:
            return stopped(node, facts, reason)
        except (ValueError, TypeError):
            return stopped(node, facts, ContradictionError(NOT_ITS_OWN))
        causes = joined(fact.causes for fact in inputs if fact)
        if node.proto.op_type in ARITHMETIC and inputs and are_computed(inputs):
            causes = (*causes, node.stop(NOT_COMPUTED))
        return [
            fact_of(values[name]) if name in values else self.result(node, kind, causes)
            for name, kind in zip(node.proto.output, types, strict=True)
        ]

    def result(self, node: Node, kind: TypeProto, causes: Causes) -> Fact:
        """An output whose elements are not known, and its sizes perhaps not."""
        if is_known(shape_of(kind)):
            # The elements of data are nothing that anyone would miss.
            return Fact(kind, None, causes if node.proto.op_type in ARITHMETIC else ())
        if kind.WhichOneof("value") not in {"tensor_type", None}:
            return Fact(kind, None, causes)
        lost = causes or (node.stop("the size of its output depends on data"),)
        return self.explained(kind if kind.WhichOneof("value") else tensor_type(None), lost)

    def values(
        self, node: onnx.NodeProto, inputs: Sequence[Fact | None], types: Sequence[TypeProto]
    ) -> Mapping[str, Value]:
        """The elements of the outputs by name, where they follow from sizes and constants."""
        if node.op_type not in ARITHMETIC:
            return {}
        if node.op_type in OF_SHAPE and inputs and inputs[0]:
            value = OF_SHAPE[node.op_type](inputs[0].shape, attributes_of(node))
            return {} if value is None else {node.output[0]: value}
        if node.op_type == "Constant":
            value = constant(node)
            return {} if value is None else {node.output[0]: value}
        if not are_computed(inputs):
            return {}
        if node.op_type not in NO_LARGER and not are_few(types):
            return {}
        return evaluated(node, [fact and fact.value for fact in inputs], self.rules.opsets)

    # Convolutions.

    def convolution(
        self, node: Node, operator: Convolution, facts: Facts, declared: Declared
    ) -> tuple[Layer | Missing, list[Fact]]:
        """The layer that a node is, or what is missing, and its output."""
        output = declared.get(next(iter(node.proto.output), ""))
        try:
            operands, kind, causes = self.operands(node, operator, facts)
            layer = operands.layer()
            if layer is not None and output is not None:
                refuse_other(layer, shape_of(output.type))
        except DimensionError:
            raise
        except (ValueError, TypeError) as reason:
            words = str(reason) or type(reason).__name__
            return Missing(words), stopped(node, facts, ContradictionError(words))
        shape = operands.output_shape(layer)
        if layer is None:
            result = self.explained(with_shape(kind, shape), causes)
            return missing(node.name, operands, causes), [result]
        if not is_known(shape):
            return layer, stopped(node, facts, ContradictionError("its output is too large"))
        result = Fact(with_shape(kind, shape))
        if (note := note_on_same(layer, operands)) is not None:
            self.notes.append(f"{short(node.name)}: {note}")
        if node.proto.domain == NCHWC and NOTE_ON_BLOCKS not in self.notes:
            self.notes.append(NOTE_ON_BLOCKS)
        return layer, [result]

    def operands(
        self, node: Node, operator: Convolution, facts: Facts
    ) -> tuple[Operands, TypeProto, Causes]:
        """What a convolution works on, the type of its input, and why sizes are not known."""
        attributes = attributes_of(node.proto)
        x, weight = (operand(node, at, facts) for at in (0, operator.weight))
        pads = None if operator.pads is None else optional(node, operator.pads, facts)
        if pads is not None:
            if not isinstance(pads.value, numpy.ndarray):
                raise ValueError("its pads are not known: they depend on data")
            attributes["pads"] = [int(pad) for pad in pads.value.ravel()]
        shape = x.shape
        if node.name in self.dimensions.by_node:
            shape = self.dimensions.given(node.name, shape)
        bias = operator.bias is not None and optional(node, operator.bias, facts) is not None
        causes = joined([x.causes, weight.causes])
        return operands_of(attributes, operator, bias, shape, weight.shape), x.type, causes

    # Nodes with graphs.

    def nested(self, node: Node, facts: Facts) -> tuple[list[Row], list[Fact]]:
        """The convolutions in the graphs of a node, and what its outputs are."""

        def run(body: Graph, given: Sequence[Fact]) -> tuple[list[Row], list[Fact]]:
            return self.graph(body, facts, given)

        try:
            inputs = inputs_of(node, facts)
            if domain_of(node.proto) or node.proto.op_type not in CONTROL:
                raise StoppedError(NO_RULE)
            return CONTROL[node.proto.op_type](run, node, inputs)
        except DimensionError:
            raise
        except StoppedError as reason:
            why = reason
        except (KeyError, IndexError, ValueError, TypeError):
            why = ContradictionError(NOT_ITS_OWN)
        rows = [row for body in node.bodies.values() for row in run(body, ())[0]]
        return rows, stopped(node, facts, why)


def inputs_of(node: Node, facts: Facts) -> list[Fact | None]:
    """What the inputs of a node are; None for one that is left out."""
    return [optional(node, at, facts) for at in range(len(node.proto.input))]


def optional(node: Node, at: int, facts: Facts) -> Fact | None:
    """An input that a node may have."""
    name = node.proto.input[at] if at < len(node.proto.input) else ""
    if name and name not in facts:
        raise StoppedError(f"no node before it gives its input {short(text(name))}")
    return facts[name] if name else None


def operand(node: Node, at: int, facts: Facts) -> Fact:
    """An input that a node must have."""
    fact = optional(node, at, facts)
    if fact is None:
        raise ValueError(f"input {at} is missing")
    return fact


def stopped(node: Node, facts: Facts, why: StoppedError) -> list[Fact]:
    """Outputs of which nothing is known: for this, or since nothing is known of an input."""
    inputs = [facts[name] for name in node.proto.input if name in facts]
    stop = node.stop(str(why))._replace(is_wrong=isinstance(why, ContradictionError))
    causes = joined(fact.causes for fact in inputs if fact.is_lost) or (stop,)
    return [Fact(tensor_type(None), None, causes) for _ in node.proto.output]


def are_computed(inputs: Sequence[Fact | None]) -> bool:
    """Whether the elements of all inputs are known."""
    return all(fact is None or fact.value is not None for fact in inputs)


def are_few(types: Sequence[TypeProto]) -> bool:
    """Whether tensors of these types have so few elements that they are computed with."""
    amount = 0
    for kind in types:
        sizes = whole(shape_of(kind))
        if sizes is None:
            return False
        amount += math.prod(sizes)
    return amount <= MOST_ELEMENTS
