"""What is known of the values of a graph: types, sizes, elements, and why not all is known."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import onnx
from onnx import TypeProto, helper

from analytic.onnx.values import Shape, Value, value_of

#: No more reasons are kept of a value that is not known.
MOST_CAUSES = 64


class Stop(NamedTuple):
    """Where a size was lost, and why: one line that names the node."""

    words: str
    #: Whether the file contradicts itself there, so that a size that is given would not help.
    is_wrong: bool = False


#: Why something is not known: the name of a dimension without a size, or where it was lost.
Causes: TypeAlias = tuple[str | Stop, ...]


class Fact(NamedTuple):
    """What is known of a value: its type with its sizes, its elements, and why not all is known."""

    type: TypeProto
    value: Value | None = None
    causes: Causes = ()

    @property
    def shape(self) -> Shape | None:
        """The sizes, as far as they are known; None for a number of axes that is not."""
        return shape_of(self.type)

    @property
    def is_lost(self) -> bool:
        """Whether nothing is known of it, not even the number of axes."""
        return bool(self.causes) and self.shape is None


Facts: TypeAlias = ChainMap[str, Fact]


def shape_of(kind: TypeProto) -> Shape | None:
    """The sizes that a type says."""
    if not kind.tensor_type.HasField("shape"):
        return None
    dims = kind.tensor_type.shape.dim
    return [dim.dim_value if dim.HasField("dim_value") else None for dim in dims]


def whole(shape: Shape | None) -> list[int] | None:
    """The sizes, where every one is known."""
    if shape is None:
        return None
    sizes = [size for size in shape if size is not None]
    return sizes if len(sizes) == len(shape) else None


def is_known(shape: Shape | None) -> bool:
    """Whether every size is."""
    return whole(shape) is not None


def joined(causes: Iterable[Causes]) -> Causes:
    """Reasons of several values."""
    return tuple(dict.fromkeys(cause for part in causes for cause in part))[:MOST_CAUSES]


def tensor_type(shape: Sequence[int | str | None] | None, element: int = 0) -> TypeProto:
    """A type; of floats, where nothing is known of the elements."""
    return helper.make_tensor_type_proto(element or onnx.TensorProto.FLOAT, shape)


def integer_of(fact: Fact | None) -> int | None:
    """The only element of a fact, where it is known: a number of turns, or a condition."""
    value = None if fact is None else fact.value
    if value is None or isinstance(value, list) or value.size != 1:
        return None
    return int(value.item())


def with_shape(kind: TypeProto, shape: Sequence[int | str | None] | None) -> TypeProto:
    """A type with other sizes."""
    return tensor_type(shape, kind.tensor_type.elem_type)


def fact_of(value: Value) -> Fact:
    """What elements say."""
    if isinstance(value, list):
        kinds = [helper.np_dtype_to_tensor_dtype(part.dtype) for part in value]
        return Fact(helper.make_sequence_type_proto(tensor_type(None, *kinds[:1])), value)
    return Fact(tensor_type(value.shape, helper.np_dtype_to_tensor_dtype(value.dtype)), value)


def constants(graph: onnx.GraphProto) -> Iterator[tuple[str, Fact]]:
    """The weights of a graph by name; the elements of those that are small."""
    for sparse in graph.sparse_initializer:
        yield sparse.values.name, Fact(tensor_type(sparse.dims, sparse.values.data_type))
    for tensor in graph.initializer:
        yield tensor.name, Fact(tensor_type(tensor.dims, tensor.data_type), value_of(tensor))
