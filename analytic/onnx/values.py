"""The elements of small tensors: arithmetic on shapes, by onnx's reference evaluator, node by node.

Shapes are computed in the graph itself, from `Shape` and constants. Every node whose inputs are all
known is evaluated, if its operator does no more work than it has elements, and these are few.
Weights are never among them: their elements are not loaded.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from analytic.layer import integer
from analytic.onnx.nodes import Attributes

#: No more elements of a tensor are computed with: shapes, pads and tables of indices have fewer.
MOST_ELEMENTS = 4096

Array: TypeAlias = "numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.generic]]"
#: A tensor, or a sequence of them.
Value: TypeAlias = "Array | list[Array]"
#: The sizes of a tensor; None where one is not known.
Shape: TypeAlias = list[int | None]


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set of names."""
    return frozenset(text.split())


#: Operators that are evaluated, for their work is that of their elements and they execute nothing.
ARITHMETIC = words(
    """
    Constant Shape Size
    Abs Add And BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Clip Cos Div
    Equal Exp Floor Greater GreaterOrEqual Identity IsInf IsNaN Less LessOrEqual Log Max Mean Min
    Mod Mul Neg Not Or Pow Reciprocal Relu Round Sign Sin Sqrt Sub Sum Where Xor
    ArgMax ArgMin CumSum Gemm MatMul ReduceL1 ReduceL2 ReduceLogSum ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare
    CenterCropPad Compress Concat ConstantOfShape DepthToSpace Expand EyeLike Flatten Gather
    GatherElements GatherND NonZero OneHot Pad Range Reshape ReverseSequence Scatter ScatterElements
    ScatterND Slice SpaceToDepth Split Squeeze Tile TopK Transpose Trilu Unique Unsqueeze
    ConcatFromSequence SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
    SequenceLength SplitToSequence
    """
)
#: Those of them whose outputs have no more elements than their inputs, times the axes.
NO_LARGER = words(
    """
    Compress NonZero Unique ConcatFromSequence SequenceAt SequenceConstruct SequenceEmpty
    SequenceErase SequenceInsert SequenceLength SplitToSequence
    """
)


def value_of(tensor: onnx.TensorProto) -> Array | None:
    """The elements of a tensor that is small, and holds them all."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.data_type not in NUMBERS:
        return None
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError):  # as where the elements were long, and left out
        return None


#: The types of elements that are computed with.
NUMBERS = frozenset(
    map(
        onnx.TensorProto.DataType.Value,
        words("FLOAT DOUBLE FLOAT16 BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64"),
    )
)


def evaluated(
    node: onnx.NodeProto, inputs: Sequence[Value | None], opsets: Iterable[onnx.OperatorSetIdProto]
) -> dict[str, Value]:
    """The outputs of a node on these inputs, by name; none where the evaluator has none.

    >>> from onnx import helper
    >>> evaluated(helper.make_node("Add", ["a", "b"], ["c"]), [numpy.array([2]), numpy.array([3])],
    ...           [helper.make_opsetid("", 17)])
    {'c': array([5])}
    """
    if any(part.HasField("t") and value_of(part.t) is None for part in node.attribute):
        return {}  # as of a tensor beside the file, which the evaluator would open
    plain = onnx.NodeProto()
    plain.CopyFrom(node)
    plain.domain = ""
    names = [name for name in dict.fromkeys(node.input) if name]
    outputs = [name for name in node.output if name]
    function = onnx.helper.make_function("local", "node", names, outputs, [plain], list(opsets))
    feeds = {name: value for name, value in zip(node.input, inputs, strict=True) if name}
    try:
        with numpy.errstate(all="raise"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = ReferenceEvaluator(function).run(None, feeds, attributes={})
    except Exception:  # numpy's, the evaluator's own: whichever, the node has no value
        return {}
    values = [as_value(result) for result in results]
    return {name: value for name, value in zip(outputs, values, strict=True) if value is not None}


def as_value(result: object) -> Value | None:
    """What the evaluator returned, if it is made of numbers, and few of them."""
    parts = [numpy.asarray(part) for part in (result if isinstance(result, list) else [result])]
    if sum(1 + part.size for part in parts) > 1 + MOST_ELEMENTS:
        return None
    if any(part.dtype.kind not in "biuf" for part in parts):
        return None
    return parts if isinstance(result, list) else parts[0]


def sizes_of(shape: Shape | None, attributes: Attributes) -> Array | None:
    """`Shape`: the sizes, or those from ``start`` to ``end``."""
    if shape is None:
        return None
    start, end = attributes.get("start", 0), attributes.get("end", len(shape))
    part = shape[integer("start", start) : integer("end", end)]
    return None if None in part else numpy.array(part, numpy.int64)


def amount_of(shape: Shape | None, attributes: Attributes) -> Array | None:
    """`Size`: the number of elements."""
    del attributes
    if shape is None or None in shape:
        return None
    return numpy.array(math.prod(size or 0 for size in shape), numpy.int64)


#: Operators whose output is a function of the shape of their input alone.
OF_SHAPE = {"Shape": sizes_of, "Size": amount_of}


def constant(node: onnx.NodeProto) -> Array | None:
    """`Constant`: its elements, if they are few."""
    for attribute in node.attribute:
        if attribute.name == "value":
            return value_of(attribute.t)
        if attribute.name in CONSTANTS:
            values = onnx.helper.get_attribute_value(attribute)
            array = numpy.array(values, CONSTANTS[attribute.name])
            return array if array.size <= MOST_ELEMENTS else None
    return None


#: The attributes of `Constant` that hold numbers, and of which type these are.
CONSTANTS = {
    "value_int": numpy.int64,
    "value_ints": numpy.int64,
    "value_float": numpy.float32,
    "value_floats": numpy.float32,
}
