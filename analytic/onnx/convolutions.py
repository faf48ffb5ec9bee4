"""What is known of a convolution in a graph: its layer, or which of its sizes are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from analytic.axis import size
from analytic.layer import Layer, shown
from analytic.models import Missing
from analytic.names import short, unbound
from analytic.onnx.contrib import channels_first, channels_last
from analytic.onnx.facts import Causes, Stop, whole
from analytic.onnx.nodes import SAME, Attributes, Convolution, layer_of_node
from analytic.onnx.values import Shape

#: What a convolution comes to, by the name of its node.
Row: TypeAlias = tuple[str, Layer | Missing]


class Operands(NamedTuple):
    """The attributes of a convolution and the shapes of input and weight, channels first."""

    attributes: Attributes
    operator: Convolution
    bias: bool
    input_shape: Shape
    weight_shape: Shape

    def is_last(self) -> bool:
        """Whether the node has the channels last."""
        return self.operator.channels_last or bool(self.attributes.get("channels_last"))

    def unknown_axes(self) -> list[int]:
        """The axes of the node's input that have no size, as the node has them."""
        axes = list(range(len(self.input_shape)))
        if self.is_last():
            axes = [axis or 0 for axis in channels_first([*axes])]
        return sorted(axes[at] for at, size in enumerate(self.input_shape) if size is None)

    def layer(self) -> Layer | None:
        """The layer, or None where sizes are missing. Raises what `Layer` raises."""
        input_shape, weight_shape = whole(self.input_shape), whole(self.weight_shape)
        if input_shape is None or weight_shape is None:
            return None
        return self.layer_at(input_shape, weight_shape)

    def layer_at(self, input_shape: Sequence[int], weight_shape: Sequence[int]) -> Layer:
        """The layer with these shapes of input and weight."""
        is_transposed = self.operator.transposed
        return layer_of_node(
            self.attributes, self.bias, input_shape, weight_shape, transposed=is_transposed
        )

    def output_shape(self, layer: Layer | None) -> Shape:
        """The sizes of the output as the node has them; where there is no layer, those known.

        No axis depends on another one, so those that are missing can stand in as any size.
        """
        inputs, weights = self.input_shape, self.weight_shape
        unknown: Shape = [None] * len(inputs)
        if None in [*inputs[1:2], *weights[:2]]:
            return unknown
        if layer is None:
            sizes = [STAND_IN if size is None else size for size in inputs]
            try:
                layer = self.layer_at(sizes, [1 if size is None else size for size in weights])
            except (ValueError, TypeError):
                return unknown
        pairs = zip(inputs[2:], weights[2:], layer.output_size, strict=True)
        spatial = [None if None in {n, k} or size >= 2**63 else size for n, k, size in pairs]
        shape: Shape = [inputs[0], layer.out_channels, *spatial]
        return channels_last(shape) if self.is_last() else shape


#: A size in the place of one that is not known.
STAND_IN = 2**40


def operands_of(
    attributes: Attributes,
    operator: Convolution,
    bias: bool,
    input_shape: Shape | None,
    weight_shape: Shape | None,
) -> Operands:
    """The operands; where one leaves open what another says, that is filled in.

    A weight says how many channels the input has, and ``kernel_shape`` the sizes of the weight.
    """
    is_last = operator.channels_last or attributes.get("channels_last")
    if input_shape is not None and is_last:
        input_shape = channels_first(input_shape)
    kernel = attributes.get("kernel_shape")
    kernel = kernel if isinstance(kernel, list) else []
    if weight_shape is None:
        weight_shape = [None] * (2 + len(kernel) if kernel else len(input_shape or ()))
    if input_shape is None:
        input_shape = [None] * len(weight_shape)
    if len(weight_shape) == 2 + len(kernel):
        sizes = zip(weight_shape[2:], kernel, strict=True)
        weight_shape = [*weight_shape[:2], *(b if a is None else a for a, b in sizes)]
    group = attributes.get("group", 1)
    if len(input_shape) >= 2 <= len(weight_shape) and isinstance(group, int) and group > 0:
        input_shape, weight_shape = agreed(operator, group, input_shape, weight_shape)
    return Operands(attributes, operator, bias, input_shape, weight_shape)


def agreed(
    operator: Convolution, group: int, input_shape: Shape, weight_shape: Shape
) -> tuple[Shape, Shape]:
    """Input and weight, where one has channels that are not known, with those of the other."""
    place, times = (0, 1) if operator.transposed else (1, group)
    channels, weights = input_shape[1], weight_shape[place]
    if channels is None and weights is not None:
        return [input_shape[0], weights * times, *input_shape[2:]], weight_shape
    if weights is None and channels is not None:
        weight_shape = [*weight_shape]
        weight_shape[place] = channels // times
    return input_shape, weight_shape


def missing(name: str, operands: Operands, causes: Causes) -> Missing:
    """What is said of a convolution that lacks sizes, for these reasons."""
    names = tuple(cause for cause in causes if isinstance(cause, str))
    if names:
        return Missing(unbound(names), names)
    axes = operands.unknown_axes()
    stops = [cause for cause in causes if isinstance(cause, Stop)]
    reason = f"its input has no size on axis {', '.join(map(str, axes))}"
    if not axes:
        reason = "its weight has sizes that are not known"
    if stops:
        reason += f": {stops[0].words}"
    if axes and not any(stop.is_wrong for stop in stops):
        hints = [f"--dim {short(name)}:{axis}=SIZE" for axis in axes[:4]]
        reason += f"; give it by {' '.join(hints)}"
    return Missing(reason)


def refuse_other(layer: Layer, declared: Shape | None) -> None:
    """Raise where the file says other sizes of the output than the layer has."""
    sizes = (declared or [])[2:]
    for axis, (ours, theirs) in enumerate(zip(layer.output_size, sizes, strict=False)):
        if theirs is not None and ours != theirs:
            raise ValueError(
                f"its output has {shown(ours)} positions on axis {axis}, but {theirs} in the file"
            )


def note_on_same(layer: Layer, operands: Operands) -> str | None:
    """What onnxruntime makes of SAME otherwise than the text, where a kernel spans no stride.

    It crops what is more than ``n·s`` positions, and adds none where there are fewer.
    """
    if (
        not layer.transposed
        or operands.attributes.get("auto_pad") not in SAME
        or "output_shape" in operands.attributes
    ):
        return None
    natural = [size(axis._replace(b=0, e=0)) for axis in layer.axes]
    theirs = [min(a, size(axis)) for a, axis in zip(natural, layer.axes, strict=True)]
    ours = [size(axis) for axis in layer.axes]
    if ours == theirs:
        return None
    return (
        f"SAME is {'x'.join(map(str, ours))} positions by the text of the operator, and so it is "
        f"counted; onnxruntime makes {'x'.join(map(str, theirs))} where the kernel spans no stride"
    )
