"""The convolutions of ONNX models, by their shapes: neither torch nor the weights."""

from __future__ import annotations

import mmap
import os
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

import onnx
from onnx import inliner

from analytic.layer import Layer, shown
from analytic.models import Missing, Reading, numbered
from analytic.names import short, text, unbound
from analytic.onnx.dimensions import Dimensions, UnboundError
from analytic.onnx.graphs import graph_of
from analytic.onnx.inference import Inference
from analytic.onnx.nodes import every_node
from analytic.onnx.protobuf import without_elements
from analytic.onnx.rules import Rules

#: More nodes than any model has: functions that call functions can say so in a few bytes.
MOST_NODES = 250_000

P = ParamSpec("P")
T = TypeVar("T")


def layers_of(
    model: str | os.PathLike[str] | onnx.ModelProto, dims: Mapping[str, int] | None = None
) -> dict[str, Layer]:
    """The convolutions of an ONNX model as layers by name, in the order of the file.

    ``model`` is a path or a loaded model. ``dims`` gives dimensions their sizes, by name:
    ``{"batch": 1, "height": 512}``. An axis of a graph input that has neither size nor name is
    called ``x:2``, by input and axis; a name that is an expression of others, ``(height//2)``, has
    the size that these give it. A size that depends on data is given by its name, where the file
    has one, or as ``NODE:AXIS``: of a convolution's input, or of another node's first output.

    Every size that is a function of shapes and constants is computed. Kernels come from the shape
    of the weight, and from ``kernel_shape`` where that is open; ``pads``, ``auto_pad`` and
    ``output_shape`` become ``padding`` and, where begin and end differ, ``end_padding``. Layers of
    subgraphs are named with the nodes they are in, ``if/then_branch/up``, and listed once,
    whichever branch runs and however often a loop does. Functions are inlined.

    Weights are not loaded, inside the file or beside it. Raises `UnboundError`, a `ValueError`
    that lists the dimensions that need a size; `DimensionError`, another, for a name that the model
    has not, a size that is none, and sizes that contradict; `ValueError` for a file that is no
    model, a node that is no layer, a size that is not known, with the node at which it was lost;
    `OSError` for a file that cannot be read. Only the command line bounds memory and time, which
    reads in a process of its own. Cost: that of the model's structure.
    Source: the texts of the operators Conv and ConvTranspose in the ONNX documentation.

    >>> from onnx import parser
    >>> layers_of(parser.parse_model('''<ir_version: 8, opset_import: ["": 17]>
    ...     g (float[n, 4, 8, 8] x, float[4, 6, 4, 4] w) => (float[n, 6, 17, 16] y) {
    ...         y = ConvTranspose <strides = [2, 2], pads = [1, 1, 0, 1]> (x, w)
    ...     }'''), {"n": 2})["y"].end_padding
    (0, 1)
    """
    rows = read(model, dims).rows
    unknown = {name: row for name, row in rows.items() if isinstance(row, Missing)}
    names = list(dict.fromkeys(name for row in unknown.values() for name in row.names))
    if names:
        raise UnboundError(unbound(names))
    for name, row in unknown.items():
        raise ValueError(f"{short(name)}: {row.reason}")
    return {name: row for name, row in rows.items() if isinstance(row, Layer)}


def read(
    model: str | os.PathLike[str] | onnx.ModelProto, dims: Mapping[str, int] | None = None
) -> Reading:
    """The rows of a model, where what is not known does not hide what is: see `layers_of`."""
    proto = skeleton(model)
    if proto.functions:
        guarded(refuse_endless, proto)
        proto = guarded(inliner.inline_local_functions, proto)
    graph = graph_of(proto.graph)
    dimensions = Dimensions(graph, {} if dims is None else dims)
    inference = Inference(Rules(proto.opset_import, proto.ir_version), dimensions)
    rows, _ = inference.graph(graph, ChainMap())
    return Reading(numbered(rows), inference.notes)


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
        model = onnx.ModelProto()
        model.ParseFromString(without_elements(data, onnx.ModelProto.DESCRIPTOR))
    except RecursionError:
        raise ValueError("not an ONNX model: nested too deeply") from None
    except Exception as reason:  # protobuf's errors differ from version to version
        raise ValueError(f"not an ONNX model: {_line(reason)}") from None
    if not model.graph.node and not model.opset_import:
        raise ValueError("not an ONNX model: it has no graph")
    return model


def guarded(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
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
        size = sizes[key]
        if size is None:
            raise ValueError(f"the function {text(node.op_type)} calls itself")
        return size

    total = amount(model.graph.node)
    if total > MOST_NODES:
        raise ValueError(f"the functions of the model amount to {shown(total)} nodes")
