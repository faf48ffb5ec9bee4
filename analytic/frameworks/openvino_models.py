"""Models of OpenVINO: the ``.xml`` of their intermediate representation, versions 10 and 11."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET  # parsed by expat, without a DTD: see tree_of
from xml.parsers import expat

from analytic.frameworks import openvino
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
from analytic.frameworks.translation import each_axis
from analytic.layer import Layer, LayerError
from analytic.models import Reading, numbered
from analytic.names import short, text

#: A size in the place of an open one: no axis depends on another.
STAND_IN = 2**40
#: Elements in elements: bodies of loops in bodies of loops are no deeper.
MOST_DEPTH = 100


def layers_of(
    model: str | os.PathLike[str], dims: Mapping[str, int] | None = None
) -> dict[str, Layer]:
    """The convolutions of a model of OpenVINO, from the path of its ``.xml``, by their names in it.

    Of ``Convolution``, ``ConvolutionBackpropData`` and their ``Group`` forms, of every size that
    the file says; the weights beside it are not read. A constant of a size for each channel that is
    added to a convolution alone is its bias. Open sizes of inputs are bound by ``dims``, by input
    and axis, ``{"x:0": 8}``; what is lost on the way is given by convolution and axis,
    ``{"conv:0": 8}``. Bodies of loops and branches are read too, once each, ``loop/body/conv``.

    Raises `LayerError` for a convolution that is not known, with the reason, `UsageError` for
    sizes that want to be given, `ValueError` for what is no such file, and `OSError`. Cost: that of
    the file's text. Source: docs.openvino.ai, Operation Specifications.
    """
    return known(read(model, dims).rows)


def read(model: str | os.PathLike[str], dims: Mapping[str, int] | None = None) -> Reading:
    """The rows of a model, where what is not known does not hide what is: see `layers_of`."""
    graph = graph_of(tree_of(model))
    return Reading(numbered(rows_of(graph, KINDS, dims)), [])


def tree_of(path: str | os.PathLike[str]) -> ET.Element:
    """The elements of a file. A document type is refused: no entity is ever declared."""
    builder = Builder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.buffer_text = True
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # of whatever open takes
            parser.ParseFile(file)
    except expat.ExpatError as reason:
        raise ValueError(f"not a model of OpenVINO: {reason}") from None
    root = builder.close()
    if root.tag != "net" or root.find("layers") is None:
        raise ValueError("not a model of OpenVINO: it has no net with layers")
    if root.get("version") not in {"10", "11"}:
        version = short(str(root.get("version")))
        raise ValueError(f"versions 10 and 11 of OpenVINO's files are read, and this is {version}")
    return root


class Builder:
    """Builds the tree of a file, without what is in ``rt_info``, which says nothing of layers."""

    def __init__(self) -> None:
        self.tree = ET.TreeBuilder()
        self.depth = self.skipped = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ValueError("not a model of OpenVINO: nested too deeply")
        if self.skipped or tag in {"rt_info", "meta_data"}:
            self.skipped += 1
        else:
            self.tree.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if self.skipped:
            self.skipped -= 1
        else:
            self.tree.end(tag)

    def data(self, words: str) -> None:
        if not self.skipped:
            self.tree.data(words)

    def refuse(self, *_: object) -> None:
        raise ValueError("not a model of OpenVINO: it has a document type, which may expand")

    def close(self) -> ET.Element:
        return self.tree.close()


def graph_of(root: ET.Element) -> Graph:
    """The operations of a net and of the bodies in it, and the sizes of all tensors."""
    graph = Graph([], {}, {}, {})
    for net, within in nets(root, ""):
        part = Net(net, within)
        graph.operations.extend(part.operations())
        graph.sizes.update(part.sizes)
        graph.inputs.update(part.inputs())
    return graph


def nets(net: ET.Element, within: str) -> Iterator[tuple[ET.Element, str]]:
    """A net and the bodies in it, each with the names of the layers that it is in."""
    yield net, within
    for layer in net.iterfind("layers/layer"):
        for body in layer:
            if body.find("layers") is not None:
                yield from nets(body, f"{within}{text(layer.get('name', ''))}/{body.tag}/")


class Net:
    """The layers of a net. A tensor is known by the net, and by layer and port that make it."""

    def __init__(self, net: ET.Element, within: str) -> None:
        self.within = within
        self.layers = net.findall("layers/layer")
        self.by_id = {layer.get("id"): layer for layer in self.layers}
        self.edges = {
            (edge.get("to-layer"), edge.get("to-port")): (
                edge.get("from-layer"),
                edge.get("from-port"),
            )
            for edge in net.iterfind("edges/edge")
        }
        self.readers: dict[object, list[ET.Element]] = {}
        for (layer, _), source in self.edges.items():
            if layer in self.by_id:
                self.readers.setdefault(source, []).append(self.by_id[layer])
        self.sizes: dict[Hashable, Sizes] = {
            self.key(source): sizes_of(port)
            for layer in self.layers
            for source, port in zip(self.outputs(layer), layer.iterfind("output/port"), strict=True)
        }

    def key(self, source: tuple[str | None, str | None] | None) -> Hashable:
        """How a tensor is called in the graph of the whole."""
        return (self.within, source)

    def outputs(self, layer: ET.Element) -> list[tuple[str | None, str | None]]:
        """Layer and port of what a layer makes."""
        return [(layer.get("id"), port.get("id")) for port in layer.iterfind("output/port")]

    def sources(self, layer: ET.Element) -> list[tuple[str | None, str | None] | None]:
        """Layer and port of what a layer reads."""
        ports = layer.iterfind("input/port")
        return [self.edges.get((layer.get("id"), port.get("id"))) for port in ports]

    def name(self, layer: ET.Element) -> str:
        """The name of a layer, with those of the layers that it is in."""
        return self.within + text(layer.get("name", ""))

    def inputs(self) -> dict[str, Hashable]:
        """The inputs of the net by name."""
        return {
            self.name(layer): self.key(output)
            for layer in self.layers
            if layer.get("type") == "Parameter"
            for output in self.outputs(layer)
        }

    def operations(self) -> Iterator[Operation]:
        """The layers in order, but for inputs and constants."""
        for layer in self.layers:
            kind = text(layer.get("type", ""))
            if kind in {"Parameter", "Const"}:
                continue
            data = layer.find("data")
            words: dict[str, Any] = {} if data is None else dict(data.attrib)
            if kind in CONVOLUTIONS:
                words["bias"] = self.has_bias(layer)
            inputs = [self.key(source) for source in self.sources(layer)]
            outputs = [self.key(output) for output in self.outputs(layer)]
            yield Operation(self.name(layer), kind, words, inputs, outputs)

    def has_bias(self, layer: ET.Element) -> bool:
        """Whether nothing is done with a convolution but to add a constant of each channel."""
        outputs = self.outputs(layer)
        readers = [reader for output in outputs for reader in self.readers.get(output, [])]
        if len(readers) != 1 or readers[0].get("type") != "Add":
            return False
        others = [source for source in self.sources(readers[0]) if source not in outputs]
        if len(others) != 1 or not self.is_constant(others[0]):
            return False
        channels = (self.sizes[self.key(outputs[0])] or [None] * 2)[1:2]
        sizes = self.sizes.get(self.key(others[0]), [])
        axes = len(self.sizes[self.key(outputs[0])])
        padded = [1] * (axes - len(sizes)) + sizes
        return padded[:1] == [1] and padded[1:2] == channels and {*padded[2:]} == {1}

    def is_constant(self, source: tuple[str | None, str | None] | None) -> bool:
        """Whether a tensor is a constant, or one that is converted."""
        for _ in range(MOST_DEPTH):
            layer = self.by_id.get(source[0]) if source else None
            if layer is None or layer.get("type") != "Convert":
                return layer is not None and layer.get("type") == "Const"
            source = (self.sources(layer) or [None])[0]
        return False


def sizes_of(port: ET.Element) -> Sizes:
    """The sizes that a port says; -1 is an open one."""
    try:
        sizes = [int(dim.text or "") for dim in port.iterfind("dim")]
    except ValueError:
        raise ValueError("not a model of OpenVINO: a size in it is no integer") from None
    return [None if n < 0 else n for n in sizes]


def integers(words: Mapping[str, str], name: str, default: int) -> int | tuple[int, ...]:
    """Integers of an attribute, which has commas between them."""
    try:
        return tuple([int(part) for part in words[name].split(",")]) if words.get(name) else default
    except ValueError:
        raise LayerError(f"{name} must be integers, got {short(words[name])}") from None


def common(call: Call) -> dict[str, Any]:
    """What both kinds of convolution say."""
    words = call.operation.words
    if len(call.inputs) < 2:
        raise LayerError("it has no filters")
    return {
        "data_shape": call.inputs[0],
        "filters_shape": call.inputs[1],
        "strides": integers(words, "strides", 1),
        "dilations": integers(words, "dilations", 1),
        "pads_begin": integers(words, "pads_begin", 0),
        "pads_end": integers(words, "pads_end", 0),
        "auto_pad": words.get("auto_pad", "explicit"),
    }


def ordinary(call: Call) -> Layer:
    """The layer of a ``Convolution`` or ``GroupConvolution``."""
    return openvino.convolution(**common(call)).replace(bias=call.operation.words["bias"])


def transposed(call: Call) -> Layer:
    """The layer of a ``ConvolutionBackpropData``, or of its ``Group`` form."""
    words = common(call)
    if len(call.inputs) > 2:
        words["output_shape"] = call.said[2:]
        if None in call.said[2:] or not call.said:
            raise LayerError("its output_shape is not a constant of the file")
    extra = integers(call.operation.words, "output_padding", 0)
    layer = openvino.convolution_backprop_data(**words, output_padding=extra)
    return layer.replace(bias=call.operation.words["bias"])


def concatenation(call: Call) -> Sizes:
    """``Concat``."""
    axis = integers(call.operation.words, "axis", 1)
    return concatenated(call, axis[0] if isinstance(axis, tuple) else axis)


def pooled(call: Call) -> Sizes:
    """``AvgPool`` and ``MaxPool``: as many windows as a convolution has, where none is cut."""
    words = call.operation.words
    sizes = first(call)
    if words.get("rounding_type", "floor") != "floor" or None in sizes[1:2]:
        return batch(call)
    try:
        k = each_axis("kernel", integers(words, "kernel", 0), max(len(sizes) - 2, 1))
        stand_in = [1, 1, *[STAND_IN if n is None else n for n in sizes[2:]]]
        window = openvino.convolution(
            stand_in,
            (1, 1, *k),
            integers(words, "strides", 1),
            integers(words, "pads_begin", 0),
            integers(words, "pads_end", 0),
            integers(words, "dilations", 1),
            words.get("auto_pad", "explicit"),
        )
    except (ValueError, TypeError):
        return batch(call)
    pairs = zip(sizes[2:], window.output_size, strict=True)
    return [*sizes[:2], *[None if n is None else made for n, made in pairs]]


def matmul(call: Call) -> Sizes:
    """``MatMul``."""
    is_turned = call.operation.words.get("transpose_a", "false").lower() not in {"false", "0"}
    return matrix_product(call, is_turned=is_turned)


CONVOLUTIONS = {
    "Convolution": Convolution(ordinary),
    "GroupConvolution": Convolution(ordinary),
    "ConvolutionBackpropData": Convolution(transposed),
    "GroupConvolutionBackpropData": Convolution(transposed),
}
#: What is as large as its first input, and what is broadcast.
ALIKE = """
    Abs BatchNormInference Clamp Convert Elu Erf Exp FakeQuantize Floor Gelu GroupNormalization
    HSigmoid HSwish HardSigmoid LRN Log LogSoftmax MVN Mish Negative NormalizeL2 PReLU ReLU Result
    Round Selu ShuffleChannels Sigmoid SoftMax SoftPlus Softmax Softsign Sqrt Swish Tanh
"""
BROADCAST = "Add Divide Maximum Minimum Mod Multiply Power SquaredDifference Subtract"
REDUCED = "ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum"
AS_MANY = "DepthToSpace Reshape SpaceToDepth Squeeze Transpose Unsqueeze"
BATCHED = "AdaptiveAvgPool AdaptiveMaxPool Interpolate"

KINDS = Kinds(
    CONVOLUTIONS,
    {
        **dict.fromkeys(ALIKE.split(), first),
        **dict.fromkeys(BROADCAST.split(), together),
        **dict.fromkeys(REDUCED.split(), in_order),
        **dict.fromkeys(AS_MANY.split(), as_many),
        **dict.fromkeys(BATCHED.split(), batch),
        **dict.fromkeys(("AvgPool", "MaxPool"), pooled),
        "Concat": concatenation,
        "MatMul": matmul,
    },
    is_unknown=lambda kind: "Conv" in kind and not kind.startswith("Convert"),
    channels_last=False,
)
