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
from onnx import inliner, shape_inference

from analytic.axis import size
from analytic.layer import Layer, integer, shown
from analytic.models import numbered
from analytic.onnx.protobuf import without_elements

#: The names of ONNX's own operators' domain.
DOMAINS = ("", "ai.onnx")
#: More nodes than any model has: functions that call functions can say so in a few bytes.
MOST_NODES = 10**6

SAME = (b"SAME_UPPER", b"SAME_LOWER")
AUTO_PADS = (b"NOTSET", b"VALID", *SAME)

T = TypeVar("T")
Shape = list[int | str | None]
Shapes = ChainMap[str, Shape]


class UnboundError(ValueError):
    """Dimensions that have a name and no size."""


def layers_of(
    model: str | os.PathLike[str] | onnx.ModelProto, dims: Mapping[str, int] | None = None
) -> dict[str, Layer]:
    """The ``ConvTranspose`` nodes of an ONNX model as layers by name, in the order of the file.

    ``model`` is a path or a loaded model. ``dims`` gives symbolic dimensions their sizes, by name:
    ``{"batch": 1, "height": 512}``; an axis of a graph input that has neither size nor name is
    called ``x:2``, by input and axis. Input sizes come from shape inference, kernels from the shape
    of the weight. Layers of subgraphs are named with the nodes they are in, ``if/then_branch/up``,
    and listed once, whichever branch runs and however often a loop does. Functions are inlined.
    ``pads`` become ``padding`` and, where they differ or are negative, ``end_padding``;
    ``auto_pad`` and ``output_shape`` become the pads that the operator's text says.

    Weights are not loaded, inside the file or beside it. Raises `UnboundError`, a `ValueError`
    that lists the dimensions that need a size; `ValueError` for a file that is no model, a node
    that is no layer, a size that cannot be inferred; `OSError` for a file that cannot be read.
    Cost: that of the model's structure. Source: the text of the operator ConvTranspose, versions
    1, 11 and 22, in the ONNX documentation.

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
    while (layers := inferred(found, free)) is None:
        pass
    return numbered(layers)


def inferred(model: onnx.ModelProto, free: list[str]) -> list[tuple[str, Layer]] | None:
    """The layers at the sizes that shape inference finds; None where it must be run again.

    For ``auto_pad`` SAME with a kernel narrower than its stride, or with output padding, onnx's
    inference has another size than the operator's text, and with it all that follows. Such a node
    is told its ``output_shape``, which by the text is the same.
    """
    graph = guarded(shape_inference.infer_shapes, model, data_prop=True).graph
    places = list(walk(graph, ChainMap()))
    refuse_unbound(places, free)
    refuse_shapeless(places, graph)
    layers = []
    for place, source in zip(places, walk(model.graph, ChainMap()), strict=True):
        layer = place.layer()
        difference = place.difference(layer)
        attributes = attributes_of(source.node)
        if difference and attributes.get("auto_pad") in SAME and "output_shape" not in attributes:
            sizes = [size(axis) for axis in layer.axes]
            source.node.attribute.append(onnx.helper.make_attribute("output_shape", sizes))
            return None
        if difference:
            raise ValueError(difference)
        layers.append((place.name, layer))
    return layers


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
    except Exception as reason:  # onnx raises errors of its own, of protobuf's and of C++'s
        raise ValueError(f"the model is malformed: {_line(reason)}") from None


def _line(reason: Exception) -> str:
    return text(str(reason))[:200] or type(reason).__name__


def text(name: str | bytes) -> str:
    """A name as one printable line; protobuf hands over as bytes what is not UTF-8."""
    decoded = name if isinstance(name, str) else name.decode(errors="replace")
    return " ".join("".join(c if c.isprintable() else " " for c in decoded).split())


def refuse_endless(model: onnx.ModelProto) -> None:
    """Raise where the functions of a model call each other in circles, or for millions of nodes."""
    bodies = {(body.domain, body.name, body.overload): body.node for body in model.functions}
    sizes: dict[tuple[str, str, str], int | None] = {}

    def amount(nodes: Iterable[onnx.NodeProto]) -> int:
        return sum(1 + called(node) for node in every_node(nodes))

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


def every_node(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes and those of their subgraphs."""
    for node in nodes:
        yield node
        for _, graph in subgraphs(node):
            yield from every_node(graph.node)


def subgraphs(node: onnx.NodeProto) -> Iterator[tuple[str, onnx.GraphProto]]:
    """The branches or the body of a node, by the name of the attribute."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH or attribute.HasField("g"):
            yield attribute.name, attribute.g


def every_graph(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and its subgraphs."""
    yield graph
    for node in graph.node:
        for _, inner in subgraphs(node):
            yield from every_graph(inner)


def bind(graph: onnx.GraphProto, dims: Mapping[str, int]) -> list[str]:
    """Give dimensions their sizes; the names of those of the graph's inputs that are left."""
    if not isinstance(dims, Mapping):
        raise TypeError(f"dims must map names to sizes, got {type(dims).__name__}")
    names = symbols(graph)
    for name, given in dims.items():
        if name not in names:
            known = ", ".join(names) or "none"
            raise ValueError(f"the model has no dimension called {name!r}; it has: {known}")
        if not 0 <= integer(f"the dimension {name}", given) < 2**63:
            raise ValueError(f"the dimension {name} must be a size, got {shown(given)}")
    for nested in every_graph(graph):
        for value in (*nested.input, *nested.value_info, *nested.output):
            for dim in value.type.tensor_type.shape.dim:
                if text(dim.dim_param) in dims:
                    dim.dim_value = int(dims[text(dim.dim_param)])
    return [name for name in names if name not in dims]


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

    def difference(self, layer: Layer) -> str:
        """What is wrong where shape inference has another output, as where its integers wrap."""
        known = self.shapes.get(self.node.output[0], [])[2:] if self.node.output else []
        for axis, (ours, theirs) in enumerate(zip(map(size, layer.axes), known, strict=False)):
            if isinstance(theirs, int) and ours != theirs:
                return (
                    f"{self.name}: its output has {shown(ours)} positions on axis {axis}, but "
                    f"{theirs} in the file or by shape inference"
                )
        return ""


def walk(graph: onnx.GraphProto, outer: Shapes, path: str = "") -> Iterator[Place]:
    """The transposed convolutions of a graph and of its subgraphs, in the order of the nodes."""
    shapes = outer.new_child(dict(shapes_of(graph)))
    for node in graph.node:
        own = text(node.name or next(iter(node.output), "") or node.op_type)
        if node.op_type == "ConvTranspose" and node.domain in DOMAINS:
            yield Place(path + own, node, shapes)
        elif "ConvTranspose" in text(node.op_type):
            operator = f"{text(node.domain)}.{text(node.op_type)}"
            raise ValueError(f"{path}{own}: {operator} is no operator of ONNX's")
        for branch, inner in subgraphs(node):
            yield from walk(inner, shapes, f"{path}{own}/{text(branch)}/")


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


def refuse_unbound(places: list[Place], free: list[str]) -> None:
    """Raise where sizes are missing for want of bound dimensions."""
    missing = {size for place in places for size in place.unknown()}
    if free and missing:
        # A size without a name comes from the free ones in ways that inference does not follow.
        names = [name for name in free if name in missing] if missing <= set(free) else free
        raise UnboundError(
            f"dimensions without a size: {', '.join(names)}; bind them by name, as in "
            f"dims={{{names[0]!r}: 1}} or --dim {names[0]}=1"
        )


def refuse_shapeless(places: list[Place], graph: onnx.GraphProto) -> None:
    """Raise where sizes are missing for want of the shape of a graph input."""
    known = dict(shapes_of(graph))
    for value in graph.input:
        if value.name not in known and any(place.unknown() for place in places):
            raise ValueError(f"the graph input {text(value.name)} has no shape")


def layer_of_node(
    given: Mapping[str, Any], bias: bool, input_shape: list[Any], weight_shape: list[Any]
) -> Layer:
    """The layer of a ``ConvTranspose`` node with the attributes ``given`` and these shapes.

    Source: the text of the operator ConvTranspose in the ONNX documentation.
    """
    if len(input_shape) < 3 or len(weight_shape) != len(input_shape):
        raise ValueError(
            f"input and weight must have batch, channels and as many axes, got {input_shape} "
            f"and {weight_shape}"
        )
    batch_size, in_channels, *input_size = input_shape
    weight_channels, per_group, *kernel_size = weight_shape
    group = integer("group", given.get("group", 1))
    if weight_channels != in_channels:
        raise ValueError(f"in_channels must be the weight's {weight_channels}, got {in_channels}")
    if "kernel_shape" in given and kernel_size != ints(given, "kernel_shape", 1, len(kernel_size)):
        raise ValueError(f"kernel_shape must be the weight's {kernel_size}")
    layer = Layer(
        input_size,
        in_channels,
        per_group * group,
        kernel_size,
        stride=ints(given, "strides", 1, len(input_size)),
        dilation=ints(given, "dilations", 1, len(input_size)),
        output_padding=ints(given, "output_padding", 0, len(input_size)),
        groups=group,
        bias=bias,
        batch_size=batch_size,
        end_padding=0,
    )
    begin, end = pads_of(given, layer)
    alike = begin == end and min(begin) >= 0
    return layer.replace(padding=begin, end_padding=None if alike else end)


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node by name."""
    given = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise ValueError(f"{text(attribute.name)} refers to an attribute of no function")
        given[attribute.name] = onnx.helper.get_attribute_value(attribute)
    return given


def ints(given: Mapping[str, Any], name: str, default: int, length: int) -> list[int]:
    """An attribute with one integer an axis."""
    values = given.get(name, [default] * length)
    if not isinstance(values, list) or len(values) != length:
        raise ValueError(f"{name} must have {length} integers, got {shown(values)}")
    return [integer(name, value, axis) for axis, value in enumerate(values)]


def pads_of(given: Mapping[str, Any], uncropped: Layer) -> tuple[list[int], list[int]]:
    """What the attributes crop from begin and end of each axis of the layer."""
    axes = len(uncropped.axes)
    auto_pad = given.get("auto_pad", b"NOTSET")
    if auto_pad not in AUTO_PADS:
        raise ValueError(f"auto_pad must be one of {AUTO_PADS}, got {shown(auto_pad)}")
    if auto_pad != b"NOTSET" and "pads" in given:
        raise ValueError("pads and auto_pad must not both be given")
    if "output_shape" in given:
        wanted = ints(given, "output_shape", 0, axes)
    elif auto_pad in SAME:
        wanted = [axis.n * axis.s for axis in uncropped.axes]
    else:
        pads = ints(given, "pads", 0, 2 * axes)
        return pads[:axes], pads[axes:]
    total = [size(axis) - L for axis, L in zip(uncropped.axes, wanted, strict=True)]
    less, more = [pad // 2 for pad in total], [pad - pad // 2 for pad in total]
    return (less, more) if auto_pad == b"SAME_UPPER" else (more, less)
