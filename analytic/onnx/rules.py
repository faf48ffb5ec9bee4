"""The types of a node's outputs: by onnx's own rule for its operator, or by that of one like it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import onnx
from onnx import TypeProto, helper, numpy_helper, shape_inference

from analytic.onnx import contrib
from analytic.onnx.contrib import channels_first, channels_last
from analytic.onnx.facts import Fact, is_known, shape_of, tensor_type, with_shape
from analytic.onnx.nodes import attributes_of, domain_of, text
from analytic.onnx.values import Shape

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
        self.schemas: dict[tuple[str, str], onnx.defs.OpSchema | None] = {}
        self.names: dict[tuple[str, str], frozenset[str]] = {}

    def schema(self, domain: str, operator: str) -> onnx.defs.OpSchema | None:
        """What onnx says of an operator, if it knows it."""
        key = domain, operator
        if key not in self.schemas:
            try:
                version = self.versions.get(domain, 1)
                self.schemas[key] = onnx.defs.get_schema(operator, version, domain)
            except (
                Exception
            ):  # onnx has a class of its own for it, which is not everywhere the same
                self.schemas[key] = None
        return self.schemas[key]

    def attributes(self, schema: onnx.defs.OpSchema) -> frozenset[str]:
        """The names of the attributes of an operator."""
        key = schema.domain, schema.name
        if key not in self.names:
            self.names[key] = frozenset(schema.attributes)
        return self.names[key]

    def knows(self, node: onnx.NodeProto) -> bool:
        """Whether there is a rule for a node's operator."""
        key = domain_of(node), node.op_type
        return key in contrib.RULES or key in contrib.STANDARDS or self.schema(*key) is not None

    def types(self, node: onnx.NodeProto, inputs: Sequence[Fact | None]) -> list[TypeProto]:
        """The types of the outputs, in order; `StoppedError` where there are none."""
        key = domain_of(node), node.op_type
        if key in contrib.RULES:
            return [self.by_contrib(node, inputs)]
        if key in contrib.STANDARDS:
            return self.by_standard(node, inputs, contrib.STANDARDS[key])
        schema = self.schema(*key)
        if schema is None:
            raise StoppedError(NO_RULE)
        types = self.inferred(schema, node, inputs)
        if key == ("", "Reshape"):
            refuse_other_size(inputs, types)
        return types

    def by_contrib(self, node: onnx.NodeProto, inputs: Sequence[Fact | None]) -> TypeProto:
        """The type of the output, by a rule of our own."""
        (fact, *_) = inputs
        if fact is None or (shape := fact.shape) is None:
            return tensor_type(None)
        try:
            rule = contrib.RULES[node.domain, node.op_type]
            return with_shape(fact.type, rule(shape, attributes_of(node)))
        except (ValueError, KeyError, TypeError) as reason:
            raise ContradictionError(
                f"its attributes are not those of its operator: {reason}"
            ) from None

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
        schema = self.schema("", standard.operator)
        if schema is None:
            raise StoppedError(f"the model imports no version that has {standard.operator}")
        is_last = any(a.name == "channels_last" and a.i for a in node.attribute)
        is_last = is_last or node.op_type.startswith("Nhwc")
        chosen = [inputs[place] for place in places]
        if not is_last:
            return self.inferred(schema, plain, chosen)
        first = [
            fact and fact._replace(type=reordered(fact.type, channels_first)) for fact in chosen
        ]
        return [reordered(kind, channels_last) for kind in self.inferred(schema, plain, first)]

    def inferred(
        self, schema: onnx.defs.OpSchema, node: onnx.NodeProto, inputs: Sequence[Fact | None]
    ) -> list[TypeProto]:
        """The types of the outputs by onnx's rule; attributes that it does not know are left out."""
        node = with_attributes(node, self.attributes(schema))
        facts = {name: fact for name, fact in zip(node.input, inputs, strict=True) if fact and name}
        values = {
            name: numpy_helper.from_array(fact.value)
            for name, fact in facts.items()
            if fact.value is not None and not isinstance(fact.value, list)
        }
        try:
            types = shape_inference.infer_node_outputs(
                schema,
                node,
                {name: fact.type for name, fact in facts.items()},
                values,
                opset_imports=self.opsets,
                ir_version=self.ir_version,
            )
        except Exception as reason:  # onnx raises errors of its own, of protobuf's and of C++'s
            raise ContradictionError(why_not(reason, facts.values())) from None
        outputs = [types.get(name, TypeProto()) for name in node.output]
        for kind in outputs:
            if any(size is not None and size < 0 for size in shape_of(kind) or ()):
                raise ContradictionError(
                    f"it cannot run on {shapes(facts.values())}: a size is negative"
                )
        return outputs


def with_attributes(node: onnx.NodeProto, names: frozenset[str]) -> onnx.NodeProto:
    """A node without the attributes that have none of the names."""
    if names.issuperset(attribute.name for attribute in node.attribute):
        return node
    kept = [attribute for attribute in node.attribute if attribute.name in names]
    plain = onnx.NodeProto()
    plain.CopyFrom(node)
    del plain.attribute[:]
    plain.attribute.extend(kept)
    return plain


def reordered(kind: TypeProto, order: Callable[[Shape], Shape]) -> TypeProto:
    """A type with its axes in another order."""
    shape = shape_of(kind)
    return kind if shape is None else with_shape(kind, order(shape))


def refuse_other_size(inputs: Sequence[Fact | None], types: Sequence[TypeProto]) -> None:
    """Raise where a `Reshape` has not as many elements as its input, of which onnx says nothing."""
    before, after = (inputs[0] and inputs[0].shape), shape_of(types[0])
    if before is None or after is None or not (is_known(before) and is_known(after)):
        return
    if math.prod(size or 0 for size in before) != math.prod(size or 0 for size in after):
        raise ContradictionError(f"it cannot make {written(after)} of {written(before)}")


def written(shape: Shape | None) -> str:
    """Sizes as a message has them.

    >>> written([1, None, 8])
    '1x?x8'
    """
    if shape is None:
        return "a tensor of unknown axes"
    return "x".join("?" if size is None else str(size) for size in shape) or "a number"


def shapes(facts: Iterable[Fact]) -> str:
    """The sizes of inputs as a message has them."""
    return ", ".join([written(fact.shape) for fact in facts][:4])


def why_not(reason: Exception, facts: Iterable[Fact]) -> str:
    """What is said where onnx's rule refuses the inputs."""
    words = text(str(reason)).removeprefix("[ShapeInferenceError] ")[:200]
    return f"it cannot run on {shapes(facts)}: {words or type(reason).__name__}"
