"""Models and layers of Keras 3 themselves, of any backend, through symbolic tensors.

Keras is not imported: whoever has one of its objects has imported it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from analytic.frameworks import keras
from analytic.frameworks.keras_models import KINDS, separable
from analytic.layer import Layer, LayerError, is_boolean, shown
from analytic.models import numbered

#: What a layer has of the words of its convolution.
WORDS = (
    *("filters", "kernel_size", "strides", "padding", "output_padding", "data_format"),
    *("dilation_rate", "groups", "depth_multiplier", "use_bias"),
)


def layers_of(model: Any, *inputs: Any) -> dict[str, Layer]:
    """Every convolution that runs when a model or layer of Keras is called, by name.

    ``inputs`` are shapes with the batch, tensors of `keras.Input`, or lists and dicts of these, as
    the model is called with them; without any, a built functional or sequential model has those of
    its inputs, and a batch of 1. Names are those of the layers, within those that they are in; a
    layer that is called again is numbered. Functional, sequential and subclassed models, layers
    within layers, layers that are shared, and convolutions of `keras.ops` alike; what a loop of
    `keras.ops` repeats is there once. Zeros of ``"causal"`` are the layer's padding.

    Nothing is computed and no weight is read: the backend traces the call on shapes alone, as Keras
    does where it asks for the shape of an output. A model that was never called is built by it.
    Raises `TypeError` for what is no layer of Keras, and `LayerError` for a convolution that has no
    translation, or is in a layer that repeats others (``TimeDistributed``, ``RNN``); what the model
    itself raises goes through. Cost: that of two traces.
    Source: keras.io, Making new layers and models via subclassing.
    """
    base = base_of(model)
    package = sys.modules["keras"]
    tensors = [*map(symbolic(package), inputs)] or [of_inputs(package, model)]

    # The call as an operation of its own: the backend traces it, whatever the model says of itself.
    call = package.Operation()
    call.call = model
    call.compute_output_spec(*tensors)  # builds what is not, which would call layers once more
    recorder = Recorder(package, model)
    try:
        with recorder.patched(base):
            call.compute_output_spec(*tensors)
    except Exception:
        if recorder.refusal is not None:  # not as Keras wraps it
            raise recorder.refusal from None
        raise
    return numbered(recorder.rows)


def base_of(model: Any) -> Any:
    """The class of all layers of Keras, of which the model is one."""
    for kind in type(model).__mro__:
        if kind.__name__ == "Layer" and kind.__module__.startswith("keras.src."):
            return kind
    raise TypeError(f"model must be a model or layer of Keras 3, got {shown(type(model).__name__)}")


def symbolic(package: Any) -> Callable[[Any], Any]:
    """What makes tensors without values of shapes, in lists and dicts of them too."""

    def tensor(given: Any) -> Any:
        if isinstance(given, package.KerasTensor):
            return given
        if isinstance(given, Mapping):
            return {name: tensor(part) for name, part in given.items()}
        if not isinstance(given, (list, tuple)):
            raise TypeError(f"an input must be a shape or a tensor of keras.Input, got {given!r}")
        if all(isinstance(size, int) and not is_boolean(size) for size in given):
            return package.KerasTensor(tuple(given), package.config.floatx())
        return [*map(tensor, given)]

    return tensor


def of_inputs(package: Any, model: Any) -> Any:
    """Tensors like the inputs of a model that has some, of a batch of 1."""
    if not getattr(model, "inputs", None):
        raise TypeError("a model without inputs of its own needs a shape")
    structure = getattr(model, "_inputs_struct", model.inputs)
    known = model.inputs[0] if len(model.inputs) == 1 and not isinstance(structure, dict) else None

    def alike(given: Any) -> Any:
        first, *others = given.shape
        sizes = (1 if first is None else first, *others)
        return package.KerasTensor(sizes, given.dtype)

    return alike(known) if known is not None else package.tree.map_structure(alike, structure)


class Recorder:
    """Records convolutions, meanwhile, at the layers that convolve and in the backend."""

    def __init__(self, package: Any, model: Any) -> None:
        self.package = package
        self.model = model
        self.rows: list[tuple[str, Layer]] = []
        self.within: list[Any] = []
        self.is_recorded = False
        self.refusal: LayerError | None = None

    @contextmanager
    def patched(self, base: Any) -> Iterator[None]:
        """Calls of layers, and the convolutions of the backend, are seen meanwhile."""
        backend = sys.modules["keras.src.backend"].nn
        places = [(base, "__call__", self.layer), *((backend, name, self.operator) for name in OPS)]
        before = [(place, name, getattr(place, name), wrap) for place, name, wrap in places]
        for place, name, function, wrap in before:
            setattr(place, name, wrap(function))
        try:
            yield
        finally:
            for place, name, function, _ in before:
                setattr(place, name, function)

    def layer(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """A layer's call that is also recorded, where the layer is one that convolves."""

        def recorded(layer: Any, *args: Any, **keywords: Any) -> Any:
            kind = kind_of(layer)
            if layer is self.model and kind is None and not repeats(layer):  # in no other's name
                return call(layer, *args, **keywords)
            self.within.append(layer)
            try:
                if kind is None or not args:
                    return call(layer, *args, **keywords)
                config = {word: getattr(layer, word) for word in WORDS if hasattr(layer, word)}
                rows = partial(KINDS[kind], sizes_of(args[0]), config)
                return self.once(rows, lambda: call(layer, *args, **keywords))
            finally:
                self.within.pop()

        return recorded

    def operator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A convolution of the backend that is also recorded, where no layer has recorded it."""
        signature = inspect.signature(function)

        def recorded(*args: Any, **keywords: Any) -> Any:
            given = signature.bind(*args, **keywords)
            given.apply_defaults()
            words = {name: value for name, value in given.arguments.items() if value is not None}
            words.setdefault("data_format", self.package.config.image_data_format())
            rows = partial(OPS[function.__name__], words)
            return self.once(rows, lambda: function(*args, **keywords))

        return recorded

    def once(self, rows: Callable[[], Mapping[str, Layer]], call: Callable[[], Any]) -> Any:
        """What a call returns, within which nothing is recorded, for it has been."""
        if self.is_recorded:
            return call()
        name = "/".join(layer.name for layer in self.within)
        try:
            refuse_repeated(self.within)
            parts = rows()
        except LayerError as reason:
            self.refusal = LayerError(f"{name}: {reason}")
            raise
        self.rows += [(f"{name}{suffix}".strip("/"), layer) for suffix, layer in parts.items()]
        self.is_recorded = True
        try:
            return call()
        finally:
            self.is_recorded = False


def kind_of(layer: Any) -> str | None:
    """Which convolution of Keras a layer is; None where it does something else of its own."""
    own = type(layer)
    for kind in own.__mro__:
        if kind.__name__ in KINDS and kind.__module__.startswith("keras.src."):
            same = all(
                getattr(own, name, None) is getattr(kind, name, None)
                for name in ("call", "convolution_op")
            )
            return kind.__name__ if same else None
    return None


def repeats(layer: Any) -> bool:
    """Whether a layer calls another one again and again."""
    return any(kind.__name__ in {"RNN", "TimeDistributed"} for kind in type(layer).__mro__)


def refuse_repeated(layers: list[Any]) -> None:
    """Raise where one of the layers repeats the others, so often as is not known here."""
    for layer in layers:
        if repeats(layer):
            raise LayerError(f"the layer {layer.name} repeats it")


def sizes_of(array: Any) -> tuple[int, ...]:
    """The shape of a tensor of a backend."""
    return tuple(map(int, array.shape))


def common(words: Mapping[str, Any]) -> dict[str, Any]:
    """What the functions of `keras.ops` have in common."""
    names = ("strides", "data_format", "dilation_rate", "output_padding")
    shared = {name: words[name] for name in names if name in words}
    padding = words["padding"].lower()
    return {**shared, "input_shape": sizes_of(words["inputs"]), "padding": padding}


def conv(words: Mapping[str, Any]) -> dict[str, Layer]:
    """`keras.ops.conv`: kernels (spatial…, in/groups, out)."""
    *k, inputs, filters = sizes_of(words["kernel"])
    shared = common(words)
    channels = shared["input_shape"][-1 if words["data_format"] == "channels_last" else 1]
    options: dict[str, Any] = {"groups": max(channels // max(inputs, 1), 1), "use_bias": False}
    return {"/conv": keras.conv(filters=filters, kernel_size=k, **shared, **options)}


def conv_transpose(words: Mapping[str, Any]) -> dict[str, Layer]:
    """`keras.ops.conv_transpose`: kernels (spatial…, out, in)."""
    *k, filters, _ = sizes_of(words["kernel"])
    options: dict[str, Any] = {"filters": filters, "kernel_size": k, "use_bias": False}
    return {"/conv_transpose": keras.conv_transpose(**options, **common(words))}


def depthwise_conv(words: Mapping[str, Any]) -> dict[str, Layer]:
    """`keras.ops.depthwise_conv`: kernels (spatial…, in, multiplier)."""
    *k, _, multiplier = sizes_of(words["kernel"])
    options: dict[str, Any] = {"kernel_size": k, "depth_multiplier": multiplier, "use_bias": False}
    return {"/depthwise_conv": keras.depthwise_conv(**options, **common(words))}


def separable_conv(words: Mapping[str, Any]) -> dict[str, Layer]:
    """`keras.ops.separable_conv`: a depthwise kernel, and one of kernel 1."""
    *k, _, multiplier = sizes_of(words["depthwise_kernel"])
    filters = sizes_of(words["pointwise_kernel"])[-1]
    options = {"kernel_size": k, "depth_multiplier": multiplier, "filters": filters}
    shared = common(words)
    return separable(shared.pop("input_shape"), {**options, **shared, "use_bias": False})


#: The convolutions of a backend.
OPS = {
    function.__name__: function
    for function in (conv, conv_transpose, depthwise_conv, separable_conv)
}
