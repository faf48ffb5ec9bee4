"""The transposed convolutions of ONNX models, by shape inference: neither torch nor the weights.

Needs the package ``onnx`` (extra ``onnx``).
"""

from __future__ import annotations

import mmap
import os
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import onnx
from onnx import inliner

from analytic.axis import size
from analytic.layer import Layer, integer, shown
from analytic.models import numbered
from analytic.onnx.inference import infer_shapes
from analytic.onnx.nodes import (
    attributes_of,
    every_graph,
    every_node,
    is_transposed,
    layer_of_node,
    subgraphs,
    text,
)
from analytic.onnx.protobuf import without_elements

#: More nodes than any model has: functions that call functions can say so in a few bytes.
MOST_NODES = 250_000
#: No more names than these are listed in an error.
MOST_NAMES = 20

T = TypeVar("T")
Shape = list[int | str | None]
Shapes = ChainMap[str, Shape]


class DimensionError(ValueError):
    """What is said of a dimension by name is wrong."""


class UnboundError(DimensionError):
    """Dimensions that have a name and no size."""


def layers_of(
    model: str | os.PathLike[str] | onnx.ModelProto, dims: Mapping[str, int] | None = None
) -> dict[str, Layer]:
    """The ``ConvTranspose`` nodes of an ONNX model as layers by name, in the order of the file.

    ``model`` is a path or a loaded model. ``dims`` gives symbolic dimensions their sizes, by name:
    ``{"batch": 1, "height": 512}``; an axis of a graph input that has neither size nor name is
    called ``x:2``, by input and axis. A size that depends on data can be given too, where the file
    has a name for it. Input sizes come from shape inference, kernels from the shape
    of the weight. Layers of subgraphs are named with the nodes they are in, ``if/then_branch/up``,
    and listed once, whichever branch runs and however often a loop does. Functions are inlined.
    ``pads`` become ``padding`` and, where they differ or are negative, ``end_padding``;
    ``auto_pad`` and ``output_shape`` become the pads that the operator's text says.

    Weights are not loaded, inside the file or beside it. Raises `UnboundError`, a `ValueError`
    that lists the dimensions that need a size; `DimensionError`, another, for a name that the model
    has not and a size that is none; `ValueError` for a file that is no model, a node that is no
    layer, a size that cannot be inferred; `OSError` for a file that cannot be read. A hostile file
    can make onnx's inference take any memory and time: only the command line bounds them, which
    reads in a process of its own. Cost: that of the model's structure. Source: the text of the
    operator ConvTranspose, versions 1, 11 and 22, in the ONNX documentation.

    >>> from onnx import parser
    >>> layers_of(parser.parse_model('''<ir_version: 8, opset_import: ["": 17]>
    ...     g (float[n, 4, 8, 8] x, float[4, 6, 4, 4] w) => (float[n, 6, 17, 16] y) {
    ...         y = ConvTranspose <strides = [2, 2], pads = [1, 1, 0, 1]> (x, w)
    ...     }'''), {"n": 2})["y"].end_padding
    (0, 1)
    """
    found = skeleton(model)
    if found.functions:
        guarded(refuse_endless, found)
        found = guarded(inliner.inline_local_functions, found)
    free = bind(found.graph, {} if dims is None else dims)
    return numbered(inferred(found, free))


def inferred(model: onnx.ModelProto, free: list[str]) -> Iterator[tuple[str, Layer]]:
    """The layers at the sizes that shape inference finds, from the nodes as they are written."""
    named = list(names_of(model.graph))
    written = [copied(node) for node in every_node(model.graph.node) if is_transposed(node)]
    graph = guarded(infer_shapes, model)
    found = zip(walk(graph, ChainMap()), written, strict=True)
    places = [place._replace(node=node) for place, node in found]
    refuse_unbound(places, free, named)
    refuse_shapeless(places, graph)
    for place in places:
        layer = place.layer()
        place.refuse_other(layer)
        yield place.name, layer


def copied(node: onnx.NodeProto) -> onnx.NodeProto:
    """A node that stays as it is, whatever becomes of the model."""
    made = onnx.NodeProto()
    made.CopyFrom(node)
    return made


def skeleton(model: str | os.PathLike[str] | onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model without its weights."""
    if isinstance(model, onnx.ModelProto):
        return parsed(memoryview(guarded(model.SerializeToString)))
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model must be a path or an onnx.ModelProto, got {type(model).__name__}")
    with Path(model).open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise ValueError("not an ONNX model: the file is empty")
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return parsed(data)


def parsed(data: memoryview) -> onnx.ModelProto:
    """The model that the bytes are, without its weights."""
    try:
        found = onnx.ModelProto()
        found.ParseFromString(without_elements(data, onnx.ModelProto.DESCRIPTOR))
    except RecursionError:
        raise ValueError("not an ONNX model: nested too deeply") from None
    except Exception as reason:  # protobuf's errors differ from version to version
        raise ValueError(f"not an ONNX model: {_line(reason)}") from None
    if not found.graph.node and not found.opset_import:
        raise ValueError("not an ONNX model: it has no graph")
    return found


def guarded(function: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """What a function of the onnx package returns; what it raises becomes one line."""
    try:
        return function(*arguments, **options)
    except MemoryError:
        raise ValueError("the onnx package needs more memory for it than there is") from None
    except Exception as reason:  # onnx raises errors of its own, of protobuf's and of C++'s
        raise ValueError(f"the model is malformed: {_line(reason)}") from None


def _line(reason: Exception) -> str:
    return text(str(reason))[:200] or type(reason).__name__


def refuse_endless(model: onnx.ModelProto) -> None:
    """Raise where the functions of a model call each other in circles, or for millions of nodes."""
    bodies = {(body.domain, body.name, body.overload): body.node for body in model.functions}
    sizes: dict[tuple[str, str, str], int | None] = {}

    def amount(nodes: Iterable[onnx.NodeProto]) -> int:
        # A node of many bytes stands for several: they are copied as often as it is.
        return sum(1 + node.ByteSize() // 1024 + called(node) for node in every_node(nodes))

    def called(node: onnx.NodeProto) -> int:
        key = node.domain, node.op_type, node.overload
        if key not in bodies:
            return 0
        if key not in sizes:
            sizes[key] = None
            sizes[key] = amount(bodies[key])
        found = sizes[key]
        if found is None:
            raise ValueError(f"the function {text(node.op_type)} calls itself")
        return found

    total = amount(model.graph.node)
    if total > MOST_NODES:
        raise ValueError(f"the functions of the model amount to {shown(total)} nodes")


def bind(graph: onnx.GraphProto, dims: Mapping[str, int]) -> list[str]:
    """Give dimensions their sizes; the names of those of the graph's inputs that are left."""
    if not isinstance(dims, Mapping):
        raise TypeError(f"dims must map names to sizes, got {type(dims).__name__}")
    names = symbols(graph)
    others = set(names_of(graph))
    for name, given in dims.items():
        if name not in names and name not in others:
            known = listed(names) or "none"
            raise DimensionError(f"the model has no dimension called {name!r}; it has: {known}")
        if not 0 <= integer(f"the dimension {name}", given) < 2**63:
            raise DimensionError(f"the dimension {name} must be a size, got {shown(given)}")
    for dim in every_dimension(graph):
        if text(dim.dim_param) in dims:
            dim.dim_value = int(dims[text(dim.dim_param)])
    return [name for name in names if name not in dims]


def every_dimension(graph: onnx.GraphProto) -> Iterator[onnx.TensorShapeProto.Dimension]:
    """The dimensions of all that a graph and its subgraphs declare."""
    for nested in every_graph(graph):
        for value in (*nested.input, *nested.value_info, *nested.output):
            yield from value.type.tensor_type.shape.dim


def names_of(graph: onnx.GraphProto) -> Iterator[str]:
    """The names of dimensions in a graph, each as often as it is there."""
    return (text(dim.dim_param) for dim in every_dimension(graph) if dim.dim_param)


def listed(names: list[str]) -> str:
    """Names for an error, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def symbols(graph: onnx.GraphProto) -> list[str]:
    """The symbolic dimensions of a graph's inputs; an axis without name or size gets a name."""
    weights = {tensor.name for tensor in graph.initializer}
    names = []
    for value in graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if value.name not in weights and (dim.dim_value < 0 or not dim.WhichOneof("value")):
                dim.dim_param = f"{value.name}:{axis}"
            names.append(text(dim.dim_param))
    return [name for name in dict.fromkeys(names) if name]


class Place(NamedTuple):
    """A ``ConvTranspose`` node, its name with those of the nodes it is in, and the shapes there."""

    name: str
    node: onnx.NodeProto
    shapes: Shapes

    def shape(self, at: int) -> Shape | None:
        """The shape of an input of the node, as far as it is known."""
        if at >= len(self.node.input) or not self.node.input[at]:
            raise ValueError(f"{self.name}: input {at} is missing")
        return self.shapes.get(self.node.input[at])

    def unknown(self) -> set[str | None]:
        """The names of sizes that are not known; None for one that has no name."""
        shapes = [self.shape(at) for at in (0, 1)]
        sizes = {None} if None in shapes else {size for shape in shapes for size in shape or ()}
        return {size for size in sizes if not isinstance(size, int)}

    def layer(self) -> Layer:
        """The node as a layer."""
        if self.unknown():
            raise ValueError(
                f"{self.name}: the sizes of its inputs are not known: they depend on data, or on "
                "an operator that shape inference does not know"
            )
        try:
            bias = len(self.node.input) > 2 and bool(self.node.input[2])
            shapes = (self.shape(at) or [] for at in (0, 1))
            return layer_of_node(attributes_of(self.node), bias, *shapes)
        except (ValueError, TypeError) as reason:
            raise ValueError(f"{self.name}: {str(reason) or type(reason).__name__}") from None

    def refuse_other(self, layer: Layer) -> None:
        """Raise where shape inference has another output, as where its integers wrap."""
        known = self.shapes.get(self.node.output[0], [])[2:] if self.node.output else []
        for axis, (ours, theirs) in enumerate(zip(map(size, layer.axes), known, strict=False)):
            if isinstance(theirs, int) and ours != theirs:
                raise ValueError(
                    f"{self.name}: its output has {shown(ours)} positions on axis {axis}, but "
                    f"{theirs} in the file or by shape inference"
                )


def walk(graph: onnx.GraphProto, outer: Shapes, path: str = "") -> Iterator[Place]:
    """The transposed convolutions of a graph and of its subgraphs, in the order of the nodes."""
    shapes = outer.new_child(dict(shapes_of(graph)))
    for node in graph.node:
        if is_transposed(node):
            yield Place(path + name_of(node), node, shapes)
        elif "ConvTranspose" in text(node.op_type):
            operator = f"{text(node.domain)}.{text(node.op_type)}"
            raise ValueError(f"{path}{name_of(node)}: {operator} is no operator of ONNX's")
        for branch, inner in subgraphs(node):
            yield from walk(inner, shapes, f"{path}{name_of(node)}/{text(branch)}/")


def name_of(node: onnx.NodeProto) -> str:
    """What a node is called: most exporters name it, and where not, its output has a name."""
    return text(node.name or next(iter(node.output), "") or node.op_type)


def shapes_of(graph: onnx.GraphProto) -> Iterator[tuple[str, Shape]]:
    """The names of a graph and their shapes; a weight's own shape stands last, for it is sure."""
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.HasField("shape"):
            dims = value.type.tensor_type.shape.dim
            yield (
                value.name,
                [
                    dim.dim_value if dim.HasField("dim_value") else text(dim.dim_param)
                    for dim in dims
                ],
            )
    for sparse in graph.sparse_initializer:
        yield sparse.values.name, list(sparse.dims)
    for tensor in graph.initializer:
        yield tensor.name, list(tensor.dims)


def refuse_unbound(places: list[Place], free: list[str], named: list[str]) -> None:
    """Raise where sizes are missing for want of bound dimensions.

    ``free`` are those of the graph's inputs; only where there are none is it one of the others that
    are ``named`` in the file, of a value whose size depends on data.
    """
    missing = {size for place in places for size in place.unknown()}
    names = [name for name in dict.fromkeys(free or named) if name in missing]
    if free and not missing <= set(free):
        # A size without a name comes from the free ones in ways that inference does not follow.
        names = free
    if missing and names:
        raise UnboundError(
            f"dimensions without a size: {listed(names)}; bind them by name, as in "
            f"dims={{{names[0]!r}: 1}} or --dim {names[0]}=1"
        )


def refuse_shapeless(places: list[Place], graph: onnx.GraphProto) -> None:
    """Raise where sizes are missing for want of the shape of a graph input."""
    if any(place.unknown() for place in places):
        known = dict(shapes_of(graph))
        for value in graph.input:
            if value.name not in known:
                raise ValueError(f"the graph input {text(value.name)} has no shape")
