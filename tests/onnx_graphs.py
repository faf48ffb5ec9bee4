"""Random ONNX graphs that compute sizes before convolutions, and what onnxruntime makes of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

#: The sizes of the input, by the names that they have where they are symbolic.
SIZES = {"n": 2, "h": 9, "w": 7}


class Builder:
    """A graph that grows from an input of 4 channels. Each step takes what the last one gave."""

    def __init__(self, source: random.Random, *, symbolic: bool) -> None:
        self.source = source
        self.sizes = {name: size + source.randrange(6) for name, size in SIZES.items()}
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.value, self.channels = "x", 4
        n, h, w = self.sizes if symbolic else self.sizes.values()
        self.inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [n, 4, h, w])]

    def add(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """A node; the name of its first output."""
        names = [f"v{len(self.nodes)}_{at}" for at in range(outputs)]
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [*inputs], names, name=name, **attributes))
        return names[0]

    def constant(self, values: Any, kind: Any = numpy.int64) -> str:
        """An initializer, or now and then a node that gives the same."""
        array = numpy.array(values, kind)
        name = f"c{len(self.constants)}_{len(self.nodes)}"
        tensor = numpy_helper.from_array(array, name)
        if self.source.random() < 0.3:
            return self.add("Constant", value=tensor)
        self.constants.append(tensor)
        return name

    def weight(self, *shape: int) -> str:
        """A weight of ones, small so that nothing overflows."""
        return self.constant(numpy.full(shape, 2.0**-6), numpy.float32)

    def pick(self, *choices: Any) -> Any:
        """One of several."""
        return self.source.choice(choices)

    # Integers of the graph, as one-element vectors and longer ones.

    def size(self, axis: int) -> str:
        """The size of an axis, a vector of one element, in one of the ways exporters write it."""
        way = self.pick("slice", "gather", "scalar", "split")
        if way == "slice":
            return self.add("Shape", self.value, start=axis, end=axis + 1)
        shape = self.add("Shape", self.value)
        if way == "gather":
            return self.add("Gather", shape, self.constant([axis]), axis=0)
        if way == "split":
            name = self.add("Split", shape, outputs=4, axis=0, num_outputs=4)
            return name[:-1] + str(axis)
        scalar = self.add("Gather", shape, self.constant(axis), axis=0)
        return self.add("Unsqueeze", scalar, self.constant([0]))

    def arithmetic(self, size: str) -> str:
        """A size between 3 and the one that is given."""
        two = self.constant([self.pick(2, 3)])
        way = self.pick("sub", "div", "ceil", "float", "where", "mod")
        if way == "sub":
            smaller = self.add("Sub", size, two)
        elif way == "div":
            smaller = self.add("Div", size, two)
        elif way == "ceil":
            smaller = self.add("Neg", self.add("Div", self.add("Neg", size), two))
        elif way == "float":
            real = self.add("Cast", size, to=TensorProto.FLOAT)
            half = self.add("Mul", real, self.constant([0.625], numpy.float32))
            smaller = self.add("Cast", self.add(self.pick("Floor", "Ceil"), half), to=7)
        elif way == "where":
            large = self.add("Greater", size, self.constant([8]))
            smaller = self.add("Where", large, self.add("Sub", size, two), size)
        else:
            smaller = self.add("Sub", size, self.add("Mod", size, two))
        return self.add("Min", self.add("Max", smaller, self.constant([3])), size)

    def joined(self, *parts: str) -> str:
        """Vectors in one."""
        return self.add("Concat", *parts, axis=0)

    # Steps.

    def pad_to_multiple(self) -> None:
        """Zeros behind the end, so that a multiple of the hop is there."""
        hop = self.constant([self.pick(2, 4)])
        behind = []
        for axis in (2, 3):
            rest = self.add("Mod", self.size(axis), hop)
            behind.append(self.add("Mod", self.add("Sub", hop, rest), hop))
        zeros = self.constant([0, 0, 0, 0])
        pads = self.joined(zeros, self.constant([0, 0]), *behind)
        self.value = self.add("Pad", self.value, pads)

    def pad_as_exported(self) -> None:
        """The chain of torch's exporter: pairs from the last axis on, turned around."""
        pairs = [self.source.randrange(3) for _ in range(4)]
        filled = self.add("ConstantOfShape", self.constant([4]))
        filled = self.add("Cast", filled, to=TensorProto.INT64)
        rows = self.add(
            "Reshape", self.joined(self.constant(pairs), filled), self.constant([-1, 2])
        )
        start, end = self.constant([-1]), self.constant([-(2**63) + 1])
        turned = self.add("Slice", rows, start, end, self.constant([0]), self.constant([-1]))
        flat = self.add("Reshape", self.add("Transpose", turned, perm=[1, 0]), self.constant([-1]))
        self.value = self.add("Pad", self.value, self.add("Cast", flat, to=TensorProto.INT64))

    def crop(self) -> None:
        """What is before a computed end."""
        axis = self.pick(2, 3)
        end = self.arithmetic(self.size(axis))
        self.value = self.add("Slice", self.value, self.constant([0]), end, self.constant([axis]))

    def resize(self) -> None:
        """By factors, or to sizes that are computed."""
        mode = self.pick("nearest", "linear")
        if self.pick(True, False):
            factors = [1, 1, self.pick(1.5, 2, 0.75), self.pick(1, 2)]
            scales = self.constant(factors, numpy.float32)
            self.value = self.add("Resize", self.value, "", scales, mode=mode)
        else:
            two = self.constant([2])
            parts = [self.size(0), self.size(1), self.add("Mul", self.size(2), two), self.size(3)]
            sizes = self.joined(*parts)
            self.value = self.add("Resize", self.value, "", "", sizes, mode=mode)

    def tokens(self) -> None:
        """To a row of tokens and back to a map, as transformers of images do."""
        n, h, w = (self.size(axis) for axis in (0, 2, 3))
        channels = self.constant([self.channels])
        rows = self.joined(n, channels, self.constant([-1]))
        flat = self.add("Transpose", self.add("Reshape", self.value, rows), perm=[0, 2, 1])
        back = self.add("Transpose", flat, perm=[0, 2, 1])
        self.value = self.add("Reshape", back, self.joined(n, channels, h, w))

    def turn(self) -> None:
        """Height and width exchanged."""
        self.value = self.add("Transpose", self.value, perm=[0, 1, 3, 2])

    def pool(self) -> None:
        """A pooling of any kind of padding."""
        attributes: dict[str, Any] = {"kernel_shape": [2, 3], "strides": [self.pick(1, 2), 2]}
        attributes |= self.pick(
            {"ceil_mode": 1}, {"auto_pad": "SAME_UPPER"}, {"pads": [0, 1, 1, 1]}, {}
        )
        if self.pick(True, False):
            attributes["count_include_pad"] = 0
            self.value = self.add("AveragePool", self.value, **attributes)
        else:
            self.value = self.add("MaxPool", self.value, **attributes)

    def shuffle(self) -> None:
        """Space to depth, where there is space, behind padding to a multiple."""
        self.pad_to_multiple()
        self.value = self.add("SpaceToDepth", self.value, blocksize=2)
        self.channels *= 4

    def twice(self) -> None:
        """Joined with itself, along an axis."""
        axis = self.pick(1, 2, 3)
        self.value = self.add("Concat", self.value, self.value, axis=axis)
        self.channels *= 2 if axis == 1 else 1

    def expand(self) -> None:
        """To a size that is computed from its own."""
        one = self.constant([1])
        twice = self.add("Add", self.add("Div", self.size(3), self.size(3)), one)
        self.value = self.add("Tile", self.value, self.joined(one, one, one, twice))

    def convolve(self) -> None:
        """An ordinary convolution."""
        group, kernel = self.groups(), [self.pick(1, 2, 3), self.pick(1, 3)]
        out = group * self.pick(1, 2, 3)
        weight = self.weight(out, self.channels // group, *kernel)
        attributes = self.attributes(kernel, group)
        self.value = self.add("Conv", self.value, weight, *self.bias(out), **attributes)
        self.channels = out

    def convolve_transposed(self) -> None:
        """A transposed convolution."""
        group, kernel = self.groups(), [self.pick(2, 3, 4), self.pick(1, 2, 3)]
        out = group * self.pick(1, 2)
        weight = self.weight(self.channels, out // group, *kernel)
        attributes = self.attributes(kernel, group)
        strides = attributes["strides"]
        if "pads" in attributes and self.pick(True, False):
            attributes["output_padding"] = [self.source.randrange(max(s, 1)) for s in strides]
        self.value = self.add("ConvTranspose", self.value, weight, *self.bias(out), **attributes)
        self.channels = out

    def groups(self) -> int:
        """A number of groups that divides the channels."""
        return int(self.pick(1, 1, 2 if self.channels % 2 == 0 else 1))

    def bias(self, out: int) -> list[str]:
        """A bias, now and then."""
        return [self.weight(out)] if self.pick(True, False) else []

    def attributes(self, kernel: list[int], group: int) -> dict[str, Any]:
        """The attributes of a convolution. SAME is drawn where onnxruntime sizes it as the text."""
        strides = [self.pick(1, 2), self.pick(1, 2)]
        attributes: dict[str, Any] = {"strides": strides, "group": group}
        if self.pick(True, False):
            attributes["kernel_shape"] = kernel
        pads = [self.source.randrange(k) for k in (*kernel, *kernel)]
        fits = all(k >= s for k, s in zip(kernel, strides, strict=True))
        way = self.pick("pads", "pads", "dilations", "SAME_UPPER", "SAME_LOWER", "VALID")
        if way == "dilations":
            attributes |= {"dilations": [self.pick(1, 2), 1], "pads": pads}
        elif way == "pads" or (way.startswith("SAME") and not fits):
            attributes["pads"] = pads
        else:
            attributes["auto_pad"] = way
        return attributes

    def model(self) -> onnx.ModelProto:
        """The graph as it is."""
        output = helper.make_tensor_value_info(self.value, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "g", self.inputs, [output], self.constants)
        opset = helper.make_opsetid("", 18)
        return helper.make_model(graph, opset_imports=[opset], ir_version=9)


#: What stands before and between convolutions.
STEPS: tuple[Callable[[Builder], None], ...] = (
    Builder.pad_to_multiple,
    Builder.pad_as_exported,
    Builder.crop,
    Builder.resize,
    Builder.tokens,
    Builder.turn,
    Builder.pool,
    Builder.shuffle,
    Builder.twice,
    Builder.expand,
    Builder.convolve,
)


def random_graph(seed: int) -> tuple[onnx.ModelProto, dict[str, int], dict[str, int]]:
    """A model, the sizes of its input, and those of them that have to be given by name."""
    source = random.Random(seed)
    symbolic = bool(seed % 2)
    builder = Builder(source, symbolic=symbolic)
    for _ in range(source.randrange(1, 5)):
        source.choice(STEPS)(builder)
    builder.convolve_transposed()
    for _ in range(source.randrange(3)):
        source.choice(STEPS)(builder)
    source.choice([Builder.convolve, Builder.convolve_transposed])(builder)
    return builder.model(), builder.sizes, builder.sizes if symbolic else {}


def run(model: onnx.ModelProto, feeds: dict[str, Any]) -> list[Any]:
    """What onnxruntime makes of a model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return list(session.run(None, feeds))


def measured(
    model: onnx.ModelProto, feeds: dict[str, Any]
) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Of each convolution of a model: its name, the shape of its input as it runs, its MACs.

    The model is run for the shapes; each convolution is then run on ones alone, in float64 of a
    reference where onnxruntime has none: here all sums are below 2^24, so float32 is exact.
    """
    convolutions = [node for node in model.graph.node if node.op_type in {"Conv", "ConvTranspose"}]
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    names = list(dict.fromkeys(name for node in convolutions for name in node.input[:2]))
    inner = [name for name in names if name not in {value.name for value in model.graph.input}]
    watched.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in inner
    )
    arrays = {**feeds, **dict(zip(inner, run(watched, feeds), strict=True))}
    for node in convolutions:
        x, weight = (numpy.ones_like(arrays[name]) for name in node.input[:2])
        yield node.name, x.shape, int(alone(node, x, weight, model).sum(dtype=numpy.float64))


def alone(node: onnx.NodeProto, x: Any, weight: Any, model: onnx.ModelProto) -> Any:
    """The output of a convolution without bias, on these."""
    single = onnx.NodeProto()
    single.CopyFrom(node)
    del single.input[:]
    single.input.extend(["x", "weight"])
    values = {"x": x, "weight": weight}
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape)
        for name, value in values.items()
    ]
    output = helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph([single], "g", inputs, [output])
    opsets = list(model.opset_import)
    return run(helper.make_model(graph, opset_imports=opsets, ir_version=8), values)[0]
