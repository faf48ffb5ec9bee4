"""The dimensions that a file names, and the sizes that are given to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import onnx

from analytic.layer import integer, shown
from analytic.models import UsageError
from analytic.names import listed, short, text
from analytic.onnx.expressions import NoValueError, parse
from analytic.onnx.graphs import Graph


class DimensionError(UsageError):
    """What is said of a dimension by name is wrong."""


class UnboundError(DimensionError):
    """Dimensions that have a name and no size."""


class Dimensions:
    """The sizes of dimensions, by name: those that are given, and those that follow from them.

    ``given`` has the names of the file, names in expressions that are names in the file, and
    ``NODE:AXIS``, the size of a convolution's input, or of another node's output, on an axis.
    Raises `DimensionError` for a name that the file has not, a size that is none, and sizes that
    contradict each other.
    """

    def __init__(self, graph: Graph, given: Mapping[str, int]) -> None:
        if not isinstance(given, Mapping):
            raise TypeError(f"dims must map names to sizes, got {type(given).__name__}")
        self.sizes = {name: size_of(name, size) for name, size in given.items()}
        self.inputs = list(dict.fromkeys(names_of_inputs(graph.proto)))
        self.names = {
            *self.inputs,
            *(name for part in graph.every() for name in names_declared(part)),
        }
        self.parts: dict[str, list[str]] = {}
        for name in self.names:
            self.parts[name] = self.parts_of(name)
        self.by_node = self.given_by_node(graph)
        for name in sorted(self.names):
            self.refuse_contradiction(name)

    def parts_of(self, name: str) -> list[str]:
        """The names that a name is an expression of; its own, where it is none."""
        expression = parse(name)
        if expression is None or expression.parts is None:
            return [name]
        parts = list(dict.fromkeys(expression.names()))
        # "batch-size" is one name, unless one of the two is a name as well.
        is_hyphenated = re.fullmatch(r"[A-Za-z_][\w.-]*", name)
        if is_hyphenated and not {*self.names, *self.sizes}.intersection(parts):
            return [name]
        return parts or [name]

    def size(self, name: str) -> int | None:
        """The size of a dimension, if it is known."""
        if name in self.sizes:
            return self.sizes[name]
        try:
            return self.derived(name)
        except NoValueError:
            return None

    def derived(self, name: str) -> int | None:
        """What the expression that a name is comes to; `NoValueError` where that is no size."""
        parts = self.parts.get(name, [name])
        expression = parse(name)
        if parts == [name] or expression is None or not self.sizes.keys() >= set(parts):
            return None
        value = expression.value(self.sizes)
        if value.denominator != 1 or not 0 <= value < 2**63:
            raise NoValueError(f"it comes to {shown(str(value))}")
        return int(value)

    def unbound(self, name: str) -> list[str]:
        """The names for which a size is wanted, for this one to have one."""
        return [part for part in self.parts.get(name, [name]) if part not in self.sizes] or [name]

    def refuse_contradiction(self, name: str) -> None:
        """Raise where an expression has another size than is given, or none that is wanted."""
        where = ", ".join(
            f"{short(part)} = {self.sizes.get(part)}" for part in self.parts[name][:4]
        )
        try:
            size = self.derived(name)
        except NoValueError as reason:
            if name in self.inputs or name in self.sizes:
                raise DimensionError(
                    f"the dimension {short(name)} has no size where {where}: {reason}"
                ) from None
            return
        given = self.sizes.get(name, size)
        if size is not None and given != size:
            raise DimensionError(
                f"the dimension {short(name)} is {size} where {where}, but {given} is given"
            )

    def given_by_node(self, graph: Graph) -> dict[str, dict[int, int]]:
        """The sizes that are given by node and axis."""
        by_node: dict[str, dict[int, int]] = {}
        others = (
            self.sizes.keys()
            - self.names
            - {part for parts in self.parts.values() for part in parts}
        )
        nodes = {node.name for part in graph.every() for node in part.nodes} if others else set()
        for name in self.sizes:
            node, _, axis = name.rpartition(":")
            if name not in others:
                continue
            if node not in nodes or not re.fullmatch("[0-9]{1,3}", axis):
                known = listed(self.inputs) or "none"
                raise DimensionError(
                    f"the model has no dimension called {shown(name)}; it has: {known}"
                )
            by_node.setdefault(node, {})[int(axis)] = self.sizes[name]
        return by_node

    def given(self, node: str, shape: Sequence[int | None] | None) -> list[int | None]:
        """The sizes of a node with those that are given for it, which must not contradict."""
        sizes_given = self.by_node[node]
        unknown: Sequence[int | None] = [None] * (1 + max(sizes_given))
        sizes = [*(unknown if shape is None else shape)]
        for axis, size in sizes_given.items():
            if axis >= len(sizes):
                raise DimensionError(
                    f"{short(node)}:{axis} is given, but there are {len(sizes)} axes"
                )
            if sizes[axis] not in {None, size}:
                raise DimensionError(
                    f"{node}:{axis} is {sizes[axis]} in the file, but {size} is given"
                )
            sizes[axis] = size
        return sizes


def size_of(name: str, size: object) -> int:
    """A size that is given to a name."""
    if not 0 <= (value := integer(f"the dimension {name}", size)) < 2**63:
        raise DimensionError(f"the dimension {name} must be a size, got {shown(value)}")
    return value


def names_of_inputs(graph: onnx.GraphProto) -> Iterator[str]:
    """The names of the dimensions of a graph's inputs that have no size."""
    weights = {tensor.name for tensor in graph.initializer}
    for value in graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if value.name not in weights and not is_size(dim):
                yield name_of_axis(value, axis)


def is_size(dim: onnx.TensorShapeProto.Dimension) -> bool:
    """Whether a dimension has a size: some exporters write -1 for none."""
    return bool(dim.HasField("dim_value")) and dim.dim_value >= 0


def name_of_axis(value: onnx.ValueInfoProto, axis: int) -> str:
    """The name of a dimension; one without is called by input and axis."""
    return text(value.type.tensor_type.shape.dim[axis].dim_param) or f"{text(value.name)}:{axis}"


def names_declared(graph: Graph) -> Iterator[str]:
    """The names of the dimensions of all that a graph declares."""
    for value in (*graph.proto.input, *graph.proto.value_info, *graph.proto.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                yield text(dim.dim_param)
