"""The types of a node's outputs: by onnx's own rule for its operator, or by that of one like it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy
import onnx
from onnx import TypeProto, helper, numpy_helper, shape_inference

from analytic.names import text
from analytic.onnx import contrib
from analytic.onnx.contrib import channels_first, channels_last
from analytic.onnx.facts import Fact, shape_of, tensor_type, whole, with_shape
from analytic.onnx.nodes import attributes_of, domain_of
from analytic.onnx.values import Shape

#: A tensor of more axes is none that anyone computes with.
MOST_AXES = 64
NO_RULE = "nothing is known of the operator"


class StoppedError(ValueError):
    """A node whose outputs are not known, and why."""


class ContradictionError(StoppedError):
    """A node that cannot run as it is, whichever sizes are given."""


class Rules:
    """The rules of the operators, as of the versions that a model imports."""

    def __init__(self, opsets: Iterable[onnx.OperatorSetIdProto], ir_version: int) -> None:
        versions = {"": 1}  # files older than versions of operators have none
        for opset in opsets:
            versions["" if opset.domain == "ai.onnx" else opset.domain] = opset.version
        self.versions = versions
        self.opsets = [helper.make_opsetid(*pair) for pair in versions.items()]
        self.ir_version = ir_version
        self.known: dict[tuple[str, str], bool] = {}

    def is_standard(self, domain: str, operator: str) -> bool:
        """Whether onnx knows an operator."""
        key = domain, operator
        if key not in self.known:
            version = self.versions.get(domain, 1)
            try:
                onnx.defs.get_schema(operator, version, domain)
                self.known[key] = True
            except (
                Exception
            ):  # onnx has a class of its own for it, which is not the same everywhere
                self.known[key] = False
        return self.known[key]

    def knows(self, node: onnx.NodeProto) -> bool:
        """Whether there is a rule for a node's operator."""
        key = domain_of(node), node.op_type
        return key in contrib.RULES or key in contrib.STANDARDS or self.is_standard(*key)

    def types(self, node: onnx.NodeProto, inputs: Sequence[Fact | None]) -> list[TypeProto]:
        """The types of the outputs, in order; `StoppedError` where there are none."""
        key = domain_of(node), node.op_type
        if key in contrib.RULES:
            return [self.by_contrib(node, inputs)]
        if key in contrib.STANDARDS:
            return self.by_standard(node, inputs, contrib.STANDARDS[key])
        if not self.is_standard(*key):
            raise StoppedError(NO_RULE)
        types = self.inferred(node, inputs)
        if not any(kind.WhichOneof("value") for kind in types):
            raise StoppedError("onnx has no rule for this version of the operator")
        if key == ("", "Reshape"):
            refuse_other_size(inputs, types)
        return types

    def by_contrib(self, node: onnx.NodeProto, inputs: Sequence[Fact | None]) -> TypeProto:
        """The type of the output, by a rule of our own."""
        known = [fact for fact in inputs if fact]
        shapes = [shape for fact in known if (shape := fact.shape) is not None]
        if len(shapes) < len(known):
            return tensor_type(None)
        rule = contrib.RULES[node.domain, node.op_type]
        return with_shape(known[0].type, rule(shapes, attributes_of(node)))

    def by_standard(
        self, node: onnx.NodeProto, inputs: Sequence[Fact | None], standard: contrib.Standard
    ) -> list[TypeProto]:
        """The type of the first output, as an operator of ONNX's has it."""
        places = [place for place in standard.inputs if place < len(inputs)]
        plain = onnx.NodeProto()
        plain.CopyFrom(node)
        plain.op_type, plain.domain = standard.operator, ""
        del plain.input[:], plain.output[1:]
        plain.input.extend(node.input[place] for place in places)
        is_last = any(a.name == "channels_last" and a.i for a in node.attribute)
        is_last = is_last or node.op_type.startswith("Nhwc")
        chosen = [inputs[place] for place in places]
        if not is_last:
            return self.inferred(plain, chosen)
        first = [
            fact and fact._replace(type=reordered(fact.type, channels_first)) for fact in chosen
        ]
        return [reordered(kind, channels_last) for kind in self.inferred(plain, first)]

    def inferred(self, node: onnx.NodeProto, inputs: Sequence[Fact | None]) -> list[TypeProto]:
        """The types of the outputs by onnx's rule: of a model of this node alone."""
        facts = {name: fact for name, fact in zip(node.input, inputs, strict=True) if fact and name}
        model = onnx.ModelProto(ir_version=self.ir_version, opset_import=self.opsets)
        model.graph.node.append(node)
        for name, fact in facts.items():
            if isinstance(fact.value, numpy.ndarray):
                model.graph.initializer.append(numpy_helper.from_array(fact.value, name))
            else:
                model.graph.input.append(onnx.ValueInfoProto(name=name, type=fact.type))
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in node.output if name)
        try:
            graph = shape_inference.infer_shapes(model, strict_mode=True).graph
        except Exception as reason:  # onnx raises errors of its own, of protobuf's and of C++'s
            raise ContradictionError(why_not(reason, facts.values())) from None
        types = {value.name: value.type for value in graph.output}
        outputs = [types.get(name, TypeProto()) for name in node.output]
        given = {name for fact in facts.values() for name in names_in(fact.type)}
        for kind in outputs:
            if len(kind.tensor_type.shape.dim) > MOST_AXES:
                raise ContradictionError(f"its output has more than {MOST_AXES} axes")
            for dim in kind.tensor_type.shape.dim:
                if dim.dim_param and dim.dim_param not in given:
                    dim.ClearField("dim_param")  # a name that inference makes up
            if any(size is not None and size < 0 for size in shape_of(kind) or ()):
                words = f"the file contradicts itself: it cannot run on {sizes(facts.values())}"
                raise ContradictionError(f"{words} (a size would be negative)")
        return outputs


def names_in(kind: TypeProto) -> Iterator[str]:
    """The names of the sizes of a type that are not known."""
    return (dim.dim_param for dim in kind.tensor_type.shape.dim if dim.dim_param)


def reordered(kind: TypeProto, order: Callable[[Shape], Shape]) -> TypeProto:
    """A type with its axes in another order."""
    shape = shape_of(kind)
    return kind if shape is None else with_shape(kind, order(shape))


def refuse_other_size(inputs: Sequence[Fact | None], types: Sequence[TypeProto]) -> None:
    """Raise where a `Reshape` has not as many elements as its input, of which onnx says nothing."""
    before, after = whole(inputs[0].shape if inputs[0] else None), whole(shape_of(types[0]))
    if before is not None and after is not None and math.prod(before) != math.prod(after):
        words = f"it cannot make {written([*after])} of {written([*before])}"
        raise ContradictionError(f"the file contradicts itself: {words}")


def written(shape: Shape | None) -> str:
    """Sizes as a message has them.

    >>> written([1, None, 8])
    '1x?x8'
    """
    if shape is None:
        return "a tensor of unknown axes"
    return "x".join("?" if size is None else str(size) for size in shape) or "a number"


def sizes(facts: Iterable[Fact]) -> str:
    """The sizes of inputs as a message has them."""
    return ", ".join([written(fact.shape) for fact in facts][:4])


def why_not(reason: Exception, facts: Iterable[Fact]) -> str:
    """What is said where onnx's rule refuses the inputs."""
    words = text(str(reason)).rpartition("[ShapeInferenceError] ")[2][:200]
    words = words or type(reason).__name__
    return f"the file contradicts itself: it cannot run on {sizes(facts)} ({words})"
