"""Models of TensorFlow Lite: the flatbuffer of a ``.tflite`` file."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from analytic.frameworks import tflite
from analytic.frameworks.flatbuffer import Buffer, Table
from analytic.frameworks.graphs import (
    Call,
    Convolution,
    Graph,
    Kinds,
    Operation,
    Sizes,
    as_many,
    batch,
    concatenated,
    first,
    in_order,
    known,
    matrix_product,
    rows_of,
    together,
)
from analytic.layer import Layer, LayerError
from analytic.models import Reading, numbered
from analytic.names import text

#: How a file is known: at its fifth byte.
IDENTIFIER = b"TFL3"
#: Constants of no more bytes are read: the sizes of axes, never weights.
MOST_BYTES = 64


def layers_of(
    model: str | os.PathLike[str], dims: Mapping[str, int] | None = None
) -> dict[str, Layer]:
    """The convolutions of a model of TensorFlow Lite, from the path of its file.

    Of ``CONV_2D``, ``DEPTHWISE_CONV_2D``, ``TRANSPOSE_CONV``, ``CONV_3D`` and
    ``CONV_3D_TRANSPOSE``, by the names of their outputs, as the file has them: a converter makes a
    convolution of one axis one of two, may write a dilated one as a plain one of parts of the
    input, and gives ordinary ones biases of zeros. A constant of a size for each channel that is
    added to a convolution alone is its bias. Open sizes, such as a batch, are bound by ``dims``, by
    input and axis, ``{"x:0": 8}``; what is lost on the way is given by convolution and axis. Graphs
    beside the first are bodies of loops and branches; they are read once each.

    Raises `LayerError` for a convolution that is not known, with the reason, `UsageError` for
    sizes that want to be given, `ValueError` for what is no such file, and `OSError`. Cost: that of
    the file's structure. Source: TensorFlow Lite's schema, ``schema.fbs``, version 3.
    """
    return known(read(model, dims).rows)


def read(model: str | os.PathLike[str], dims: Mapping[str, int] | None = None) -> Reading:
    """The rows of a model, where what is not known does not hide what is: see `layers_of`."""
    return Reading(numbered(rows_of(graph_of(Path(model).read_bytes()), KINDS, dims)), [])


def graph_of(data: bytes) -> Graph:
    """The operations of all graphs of a file, and the sizes of their tensors."""
    if data[4:8] != IDENTIFIER:
        raise ValueError("not a model of TensorFlow Lite: it is not marked TFL3")
    graph = Graph([], {}, {}, {})
    try:
        root = Buffer(data).root()
        kinds = [kind_of(code) for code in root.tables(1)]
        buffers = root.tables(4)
        for number, table in enumerate(root.tables(2)):
            within = f"{text(table.raw(4)) or number}/" if number else ""
            part = Part(table, within, kinds, buffers)
            graph.operations.extend(part.operations())
            graph.sizes.update(part.sizes)
            graph.values.update(part.values())
            graph.inputs.update(part.inputs)
    except ValueError as reason:
        raise ValueError(f"not a model of TensorFlow Lite: {reason}") from None
    return graph


def kind_of(code: Table) -> str:
    """The name of an operator."""
    number = max(code.integer(0, "b"), code.integer(3))
    if number == CODES["CUSTOM"]:
        return text(code.raw(1))
    return NAMES.get(number, f"operator {number}")


class Operator(NamedTuple):
    """An operator: its name, the numbers of the tensors that it reads and makes, its options."""

    kind: str
    inputs: list[int]
    outputs: list[int]
    options: Table | None


class Part:
    """One graph of a file. A tensor is known by the graph, and by its number in it."""

    def __init__(self, table: Table, within: str, kinds: list[str], buffers: list[Table]) -> None:
        self.within = within
        self.tensors = table.tables(0)
        self.operators = [operator_of(entry, kinds) for entry in table.tables(3)]
        self.buffers = [buffer_of(tensor, buffers) for tensor in self.tensors]
        self.names = [within + text(tensor.raw(3)) for tensor in self.tensors]
        self.sizes: dict[Hashable, Sizes] = {
            self.key(n): sizes_of(tensor) for n, tensor in enumerate(self.tensors)
        }
        self.inputs: dict[str, Hashable] = {
            self.names[number]: key
            for number in table.integers(1)
            if (key := self.key(number)) is not None
        }
        self.readers: dict[int, list[Operator]] = {}
        for operator in self.operators:
            for number in operator.inputs:
                self.readers.setdefault(number, []).append(operator)

    def key(self, number: int) -> tuple[str, int] | None:
        """How a tensor is called in the graph of the whole; None where an input is left out."""
        if number >= len(self.tensors):
            raise ValueError("it has no tensor of a number that it names")
        return None if number < 0 else (self.within, number)

    def values(self) -> Iterator[tuple[Hashable, list[int]]]:
        """The elements of small constants of integers."""
        for number, (tensor, buffer) in enumerate(zip(self.tensors, self.buffers, strict=True)):
            kind = {2: "i", 4: "q"}.get(tensor.integer(1, "b"))
            data = buffer.raw(0, most=MOST_BYTES) if buffer and kind else b""
            if kind and data and not len(data) % struct.calcsize(f"<{kind}"):
                yield self.key(number), [value for (value,) in struct.iter_unpack(f"<{kind}", data)]

    def operations(self) -> Iterator[Operation]:
        """The operators in order, each by the name of its first output."""
        for operator in self.operators:
            inputs, outputs = (
                [self.key(number) for number in numbers]
                for numbers in (operator.inputs, operator.outputs)
            )
            words: dict[str, Any] = {"options": operator.options}
            if operator.kind in CONVOLUTIONS:
                words["bias"] = self.has_bias(operator)
            is_named = outputs and outputs[0] is not None
            name = self.names[operator.outputs[0]] if is_named else self.within + operator.kind
            yield Operation(name, operator.kind, words, inputs, outputs)

    def has_bias(self, operator: Operator) -> bool:
        """Whether a convolution has a bias, or all that is done with it is to add one."""
        place = 3 if CONVOLUTIONS[operator.kind].data else 2
        if len(operator.inputs) > place and operator.inputs[place] >= 0:
            return True
        readers = [reader for output in operator.outputs for reader in self.readers.get(output, [])]
        if len(readers) != 1 or readers[0].kind != "ADD":
            return False
        others = [number for number in readers[0].inputs if number not in operator.outputs]
        return len(others) == 1 and self.is_bias(others[0], operator.outputs[0])

    def is_bias(self, number: int, output: int) -> bool:
        """Whether a tensor is a constant with an element for each channel of an output."""
        sizes, channels = self.sizes[self.key(number)], self.sizes[self.key(output)][-1:]
        buffer = self.buffers[number]
        has_data = buffer is not None and buffer.place(0) is not None
        return has_data and sizes[-1:] == channels and {*sizes[:-1]} <= {1}


def operator_of(table: Table, kinds: list[str]) -> Operator:
    """An operator of a graph."""
    number = table.integer(0, "I")
    if number >= len(kinds):
        raise ValueError("it has no operator of a number that it names")
    return Operator(kinds[number], table.integers(1), table.integers(2), table.table(4))


def buffer_of(tensor: Table, buffers: list[Table]) -> Table | None:
    """The buffer of a tensor."""
    number = tensor.integer(2, "I")
    return buffers[number] if number < len(buffers) else None


def sizes_of(tensor: Table) -> Sizes:
    """The sizes of a tensor; a negative one in its signature is open."""
    sizes = tensor.integers(7) or tensor.integers(0)
    return [None if n < 0 else n for n in sizes]


# The operators.


def options(call: Call, names: Mapping[str, int]) -> dict[str, int]:
    """Numbers of the options by name: dilations are 1 where they are not said."""
    table: Table | None = call.operation.words["options"]
    return {
        name: default if table is None else table.integer(field, default=default)
        for name, field in names.items()
        for default in [1 if name.startswith("dilation") else 0]
    }


def arguments(call: Call, names: Mapping[str, int], data: int) -> dict[str, Any]:
    """What is said of every convolution."""
    if len(call.inputs) < 2:
        raise LayerError("it has no weights")
    table: Table | None = call.operation.words["options"]
    padding = table.integer(0, "b") if table is not None else 0
    if padding not in {0, 1}:
        raise LayerError(f"padding must be 0 (SAME) or 1 (VALID), got {padding}")
    return {
        "input_shape": call.inputs[data],
        "weights_shape": call.inputs[1],
        "padding": ("SAME", "VALID")[padding],
        "bias": call.operation.words["bias"],
        **options(call, names),
    }


def conv_2d(call: Call) -> Layer:
    """``CONV_2D``, of ``Conv2DOptions``."""
    return tflite.conv_2d(**arguments(call, {**STRIDES, **dilations(4)}, 0))


def depthwise_conv_2d(call: Call) -> Layer:
    """``DEPTHWISE_CONV_2D``, of ``DepthwiseConv2DOptions``."""
    return tflite.depthwise_conv_2d(**arguments(call, {**STRIDES, **dilations(5)}, 0))


def transpose_conv(call: Call) -> Layer:
    """``TRANSPOSE_CONV``, of ``TransposeConvOptions``."""
    return tflite.transpose_conv(**arguments(call, STRIDES, 2), output_shape=output_shape(call))


def conv_3d(call: Call) -> Layer:
    """``CONV_3D``, of ``Conv3DOptions``."""
    return tflite.conv_3d(**arguments(call, {**STRIDES_3D, **DILATIONS_3D}, 0))


def conv_3d_transpose(call: Call) -> Layer:
    """``CONV_3D_TRANSPOSE``, of ``Conv3DOptions``."""
    words = arguments(call, {**STRIDES_3D, **DILATIONS_3D}, 2)
    return tflite.conv_3d_transpose(**words, output_shape=output_shape(call))


def output_shape(call: Call) -> list[int | None]:
    """The output shape of a transposed convolution: its batch is that of the input."""
    given = call.values[0]
    shape: Sizes = call.said if given is None else [*given]
    if None in shape[1:] or not shape:
        raise LayerError("its output shape is not a constant of the file")
    return [call.inputs[2][0], *shape[1:]]


def pooled(call: Call) -> Sizes:
    """``AVERAGE_POOL_2D`` and its like: as many windows as a convolution has."""
    table: Table | None = call.operation.words["options"]
    sizes = first(call)
    if table is None or len(sizes) != 4:
        return batch(call)
    words = options(call, {**STRIDES, "filter_w": 3, "filter_h": 4})
    is_same = table.integer(0, "b") == 0
    made = [
        None if n is None or s < 1 else -(-(n if is_same else n - k + 1) // s)
        for n, k, s in zip(
            sizes[1:3],
            (words["filter_h"], words["filter_w"]),
            (words["stride_h"], words["stride_w"]),
            strict=True,
        )
    ]
    return [sizes[0], *made, sizes[3]]


def padded(call: Call) -> Sizes:
    """``PAD``: numbers at both ends of each axis."""
    zeros = call.values[1] if len(call.values) > 1 else None
    sizes = first(call)
    if zeros is None or len(zeros) != 2 * len(sizes):
        return []
    pairs = zip(sizes, zeros[::2], zeros[1::2], strict=True)
    return [None if n is None else n + begin + end for n, begin, end in pairs]


def in_blocks(call: Call) -> Sizes:
    """``SPACE_TO_BATCH_ND``: for each place in a block, a sample of its own."""
    blocks = call.values[1] if len(call.values) > 1 else None
    samples = batch(call)[:1]
    if blocks is None or samples in ([], [None]):
        return []
    parts = math.prod(blocks)
    return [(samples[0] or 0) * parts, *[None] * (len(call.said) - 1)]


def out_of_blocks(call: Call) -> Sizes:
    """``BATCH_TO_SPACE_ND``, its inverse."""
    blocks = call.values[1] if len(call.values) > 1 else None
    samples = batch(call)[:1]
    parts = 0 if blocks is None else math.prod(blocks)
    if not parts or samples in ([], [None]) or (samples[0] or 0) % parts:
        return []
    return [(samples[0] or 0) // parts, *[None] * (len(call.said) - 1)]


def fully_connected(call: Call) -> Sizes:
    """``FULLY_CONNECTED``: vectors as long as the weights have columns, however the input lies."""
    sizes, weights = first(call), call.inputs[1] if len(call.inputs) > 1 else []
    if None in sizes or len(weights) != 2 or not weights[1] or len(call.said) != 2:
        return []
    elements = math.prod(n or 0 for n in sizes)
    return [None if elements % weights[1] else elements // weights[1], weights[0]]


def batch_matmul(call: Call) -> Sizes:
    """``BATCH_MATMUL``."""
    table: Table | None = call.operation.words["options"]
    return matrix_product(call, is_turned=table is not None and table.integer(0, "b") != 0)


def concatenation(call: Call) -> Sizes:
    """``CONCATENATION``."""
    return concatenated(call, options(call, {"axis": 0})["axis"])


STRIDES = {"stride_w": 1, "stride_h": 2}
STRIDES_3D = {"stride_d": 1, "stride_w": 2, "stride_h": 3}
DILATIONS_3D = {"dilation_d_factor": 5, "dilation_w_factor": 6, "dilation_h_factor": 7}


def dilations(field: int) -> dict[str, int]:
    """The fields of dilations of two axes."""
    return {"dilation_w_factor": field, "dilation_h_factor": field + 1}


CONVOLUTIONS = {
    "CONV_2D": Convolution(conv_2d),
    "DEPTHWISE_CONV_2D": Convolution(depthwise_conv_2d),
    "TRANSPOSE_CONV": Convolution(transpose_conv, data=2),
    "CONV_3D": Convolution(conv_3d),
    "CONV_3D_TRANSPOSE": Convolution(conv_3d_transpose, data=2),
}

#: The numbers of operators, as the schema has them.
CODES = {
    "ADD": 0,
    "AVERAGE_POOL_2D": 1,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 4,
    "DEPTH_TO_SPACE": 5,
    "DEQUANTIZE": 6,
    "FLOOR": 8,
    "FULLY_CONNECTED": 9,
    "L2_NORMALIZATION": 11,
    "L2_POOL_2D": 12,
    "LOCAL_RESPONSE_NORMALIZATION": 13,
    "LOGISTIC": 14,
    "MAX_POOL_2D": 17,
    "MUL": 18,
    "RELU": 19,
    "RELU_N1_TO_1": 20,
    "RELU6": 21,
    "RESHAPE": 22,
    "RESIZE_BILINEAR": 23,
    "SOFTMAX": 25,
    "SPACE_TO_DEPTH": 26,
    "TANH": 28,
    "CUSTOM": 32,
    "PAD": 34,
    "BATCH_TO_SPACE_ND": 37,
    "SPACE_TO_BATCH_ND": 38,
    "TRANSPOSE": 39,
    "MEAN": 40,
    "SUB": 41,
    "DIV": 42,
    "SQUEEZE": 43,
    "EXP": 47,
    "LOG_SOFTMAX": 50,
    "CAST": 53,
    "PRELU": 54,
    "MAXIMUM": 55,
    "MINIMUM": 57,
    "NEG": 59,
    "PADV2": 60,
    "SIN": 66,
    "TRANSPOSE_CONV": 67,
    "EXPAND_DIMS": 70,
    "LOG": 73,
    "SUM": 74,
    "SQRT": 75,
    "RSQRT": 76,
    "POW": 78,
    "REDUCE_PROD": 81,
    "REDUCE_MAX": 82,
    "REDUCE_MIN": 89,
    "FLOOR_DIV": 90,
    "SQUARE": 92,
    "FLOOR_MOD": 95,
    "RESIZE_NEAREST_NEIGHBOR": 97,
    "LEAKY_RELU": 98,
    "SQUARED_DIFFERENCE": 99,
    "MIRROR_PAD": 100,
    "ABS": 101,
    "CEIL": 104,
    "COS": 108,
    "ELU": 111,
    "QUANTIZE": 114,
    "ROUND": 116,
    "HARD_SWISH": 117,
    "BATCH_MATMUL": 126,
    "CONV_3D": 132,
    "CONV_3D_TRANSPOSE": 141,
    "GELU": 150,
    "SIGN": 158,
    "STABLEHLO_CONVOLUTION": 171,
}
NAMES = {number: name for name, number in CODES.items()}

ALIKE = """
    ABS CAST CEIL COS DEQUANTIZE ELU EXP FLOOR GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU
    LOCAL_RESPONSE_NORMALIZATION LOG LOGISTIC LOG_SOFTMAX NEG PRELU QUANTIZE RELU RELU6 RELU_N1_TO_1
    ROUND RSQRT SIGN SIN SOFTMAX SQRT SQUARE TANH
"""
BROADCAST = "ADD DIV FLOOR_DIV FLOOR_MOD MAXIMUM MINIMUM MUL POW SQUARED_DIFFERENCE SUB"
REDUCED = "MEAN REDUCE_MAX REDUCE_MIN REDUCE_PROD SUM"
AS_MANY = "DEPTH_TO_SPACE EXPAND_DIMS RESHAPE SPACE_TO_DEPTH SQUEEZE TRANSPOSE"
POOLED = "AVERAGE_POOL_2D L2_POOL_2D MAX_POOL_2D"
BATCHED = "RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR"

KINDS = Kinds(
    CONVOLUTIONS,
    {
        **dict.fromkeys(ALIKE.split(), first),
        **dict.fromkeys(BROADCAST.split(), together),
        **dict.fromkeys(REDUCED.split(), in_order),
        **dict.fromkeys(AS_MANY.split(), as_many),
        **dict.fromkeys(BATCHED.split(), batch),
        **dict.fromkeys(POOLED.split(), pooled),
        **dict.fromkeys(("MIRROR_PAD", "PAD", "PADV2"), padded),
        "BATCH_MATMUL": batch_matmul,
        "BATCH_TO_SPACE_ND": out_of_blocks,
        "CONCATENATION": concatenation,
        "FULLY_CONNECTED": fully_connected,
        "SPACE_TO_BATCH_ND": in_blocks,
    },
    is_unknown=lambda kind: "conv" in kind.lower(),
    channels_last=True,
)
