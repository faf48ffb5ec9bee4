"""One table of the frameworks: which function is which kind of convolution, and in which words.

`layer_of` takes the arguments of `analytic.Layer` with the name of a framework, whose rules say
what they mean (of ``padding``, what is cropped), or the framework's own arguments, by its names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from analytic.frameworks import (
    caffe,
    equinox,
    flax,
    haiku,
    jax,
    keras,
    mlx,
    openvino,
    paddle,
    tensorflow,
    tflite,
)
from analytic.layer import (
    Layer,
    LayerError,
    boolean,
    integer,
    output_sizes,
    per_axis,
    shown,
    sizes,
)
from analytic.totals import choose

#: What a padding is in the words of a function, from begin and end of each axis.
Numbers = Callable[[tuple[int, ...], tuple[int, ...]], dict[str, Any]]


class Call(NamedTuple):
    """A function of a framework, and what its arguments are in those of `Layer`.

    ``shapes`` are its shapes by letters: N and C batch and channels of the input, O those of the
    output, c and o of a group, g the groups, ``*``, K and L the sizes of input, kernel and output;
    B is any number of batch axes, where the kernel says how many axes there are.
    ``names`` are those of ours that it has, one an axis where these are several, ``words`` those
    that its padding may be, and ``numbers`` what it has for
    numbers of ours, if it takes any.
    """

    function: Callable[..., Layer]
    shapes: Mapping[str, str]
    names: Mapping[str, tuple[str, ...]]
    words: tuple[str, ...]
    numbers: Numbers | None

    def name(self) -> str:
        """The function as one writes it."""
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"

    def own(self) -> Mapping[str, inspect.Parameter]:
        """Its arguments by their names."""
        return inspect.signature(self.function).parameters


def alike(name: str) -> Numbers:
    """Numbers that are those of both ends."""

    def numbers(begin: tuple[int, ...], end: tuple[int, ...]) -> dict[str, Any]:
        if begin != end:
            raise LayerError(f"end_padding must be that of the begin {begin}, got {end}")
        return {name: begin}

    return numbers


def of_pairs(begin: tuple[int, ...], end: tuple[int, ...]) -> dict[str, Any]:
    """A pair an axis."""
    return {"padding": [*zip(begin, end, strict=True)]}


def of_pairs_or_one(begin: tuple[int, ...], end: tuple[int, ...]) -> dict[str, Any]:
    """A pair an axis, where two numbers are one pair for all."""
    return of_pairs(begin, end)


def of_all_pairs(begin: tuple[int, ...], end: tuple[int, ...]) -> dict[str, Any]:
    """A pair for each dimension of an array with channels last."""
    return {"padding": [(0, 0), *zip(begin, end, strict=True), (0, 0)]}


def in_turn(begin: tuple[int, ...], end: tuple[int, ...]) -> dict[str, Any]:
    """Begin and end of each axis in turn."""
    return {"padding": [zeros for pair in zip(begin, end, strict=True) for zeros in pair]}


def apart(begin: tuple[int, ...], end: tuple[int, ...]) -> dict[str, Any]:
    """All begins, then all ends."""
    return {"pads_begin": begin, "pads_end": end}


def named(*same: str, **others: str | tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Names of ours that are the same there, and others with what they are there."""
    names = {ours: (its,) if isinstance(its, str) else its for ours, its in others.items()}
    return {**{name: (name,) for name in same}, **names}


LOWER, UPPER = ("same", "valid"), ("SAME", "VALID")
KERAS = named(
    "kernel_size", out_channels="filters", stride="strides", dilation="dilation_rate",
    bias="use_bias",
)  # fmt: skip
TENSORFLOW = named(stride="strides", dilation="dilations")
TFLITE = named("bias", stride=("stride_h", "stride_w"))
OPENVINO = named(
    stride="strides", dilation="dilations", padding="pads_begin", end_padding="pads_end"
)
MLX = named("stride", "dilation", "groups")
CAFFE = named(
    "kernel_size", "stride", "dilation", out_channels="num_output", padding="pad", groups="group",
    bias="bias_term",
)  # fmt: skip
FLAX = named(
    "kernel_size", out_channels="features", stride="strides", dilation="kernel_dilation",
    bias="use_bias",
)  # fmt: skip
HAIKU = named(
    "stride", kernel_size="kernel_shape", out_channels="output_channels", bias="with_bias"
)
EQUINOX = named("kernel_size", "out_channels", "stride", "dilation", "groups", bias="use_bias")
AUTO_PAD = openvino.AUTO_PAD[1:]

#: The function of each kind of convolution, the transposed one first.
CALLS: Mapping[str, tuple[Call, Call]] = {
    "keras": (
        Call(
            keras.conv_transpose,
            {"input_shape": "N*C"},
            {**KERAS, **named("output_padding")},
            LOWER,
            None,
        ),
        Call(
            keras.conv,
            {"input_shape": "N*C"},
            {**KERAS, **named("groups")},
            (*LOWER, "causal"),
            None,
        ),
    ),
    "tensorflow": (
        Call(
            tensorflow.conv_transpose,
            {"input_shape": "N*C", "filter_shape": "KOC", "output_shape": "NLO"},
            TENSORFLOW,
            UPPER,
            of_all_pairs,
        ),
        Call(
            tensorflow.convolution,
            {"input_shape": "N*C", "filter_shape": "KcO"},
            TENSORFLOW,
            UPPER,
            of_all_pairs,
        ),
    ),
    "tflite": (
        Call(
            tflite.transpose_conv,
            {"input_shape": "N*C", "weights_shape": "OKC", "output_shape": "NLO"},
            TFLITE,
            UPPER,
            None,
        ),
        Call(
            tflite.conv_2d,
            {"input_shape": "N*C", "weights_shape": "OKc"},
            {**TFLITE, **named(dilation=("dilation_h_factor", "dilation_w_factor"))},
            UPPER,
            None,
        ),
    ),
    "jax": (
        Call(
            jax.conv_transpose,
            {"lhs_shape": "N*C", "rhs_shape": "KCO"},
            named(stride="strides", dilation="rhs_dilation"),
            UPPER,
            of_pairs,
        ),
        Call(
            jax.conv_general_dilated,
            {"lhs_shape": "NC*", "rhs_shape": "OcK"},
            named(stride="window_strides", dilation="rhs_dilation", groups="feature_group_count"),
            (*UPPER, "SAME_LOWER"),
            of_pairs,
        ),
    ),
    "flax": (
        Call(
            flax.conv_transpose,
            {"input_shape": "B*C"},
            FLAX,
            (*UPPER, "SAME_LOWER", "CIRCULAR"),
            of_pairs,
        ),
        Call(
            flax.conv,
            {"input_shape": "B*C"},
            {**FLAX, **named(groups="feature_group_count")},
            (*UPPER, "SAME_LOWER", "CAUSAL", "CIRCULAR", "REFLECT"),
            of_pairs,
        ),
    ),
    "haiku": (
        Call(
            haiku.conv_nd_transpose,
            {"input_shape": "N*C"},
            {**HAIKU, **named(output_size="output_shape")},
            UPPER,
            of_pairs,
        ),
        Call(
            haiku.conv_nd,
            {"input_shape": "N*C"},
            {**HAIKU, **named(dilation="rate", groups="feature_group_count")},
            UPPER,
            of_pairs_or_one,
        ),
    ),
    "equinox": (
        Call(
            equinox.conv_transpose,
            {"input_shape": "C*"},
            {**EQUINOX, **named("output_padding")},
            (*UPPER, "SAME_LOWER"),
            of_pairs,
        ),
        Call(equinox.conv, {"input_shape": "C*"}, EQUINOX, (*UPPER, "SAME_LOWER"), of_pairs),
    ),
    "openvino": (
        Call(
            openvino.convolution_backprop_data,
            {"data_shape": "NC*", "filters_shape": "gcoK"},
            {**OPENVINO, **named("output_padding", output_size="output_shape")},
            AUTO_PAD,
            apart,
        ),
        Call(
            openvino.convolution,
            {"data_shape": "NC*", "filters_shape": "gocK"},
            OPENVINO,
            AUTO_PAD,
            apart,
        ),
    ),
    "paddle": (
        Call(
            paddle.conv_transpose,
            {"x_shape": "NC*", "weight_shape": "CoK"},
            named("stride", "output_padding", "groups", "dilation", "output_size"),
            UPPER,
            in_turn,
        ),
        Call(
            paddle.conv,
            {"x_shape": "NC*", "weight_shape": "OcK"},
            named("stride", "dilation", "groups"),
            UPPER,
            in_turn,
        ),
    ),
    "mlx": (
        Call(
            mlx.conv_transpose,
            {"input_shape": "N*C", "weight_shape": "OKc"},
            {**MLX, **named("output_padding")},
            (),
            alike("padding"),
        ),
        Call(mlx.conv, {"input_shape": "N*C", "weight_shape": "OKc"}, MLX, (), alike("padding")),
    ),
    "caffe": (
        Call(caffe.deconvolution, {"bottom_shape": "NC*"}, CAFFE, (), alike("pad")),
        Call(caffe.convolution, {"bottom_shape": "NC*"}, CAFFE, (), alike("pad")),
    ),
}

#: The arguments of `Layer`, and of torch's call.
OURS = (*Layer.FIELDS, "axes", "output_size")
#: Which of them each letter of a shape is made of.
LETTERS = {
    "*": "input_size",
    "C": "in_channels",
    "c": "in_channels",
    "O": "out_channels",
    "o": "out_channels",
    "K": "kernel_size",
    "L": "output_size",
    "N": "batch_size",
    "B": "batch_size",
    "g": "groups",
}
#: Arguments that need not be said.
UNSAID = {"batch_size", "groups", "stride", "dilation", "end_padding"}
#: What a function without such an argument does all the same.
NEUTRAL = {"groups": 1, "output_padding": 0, "dilation": 1, "batch_size": 1}


def call_of(framework: str, transposed: bool) -> Call:
    """The function of a framework for a kind of convolution; a `ValueError` lists those known."""
    both = choose("framework", CALLS, framework)
    return both[0] if transposed else both[1]


def meaning(framework: str, key: str) -> str | None:
    """What a name of a framework's own is: an argument of `Layer`, a ``shape``, or a ``word``.

    >>> [meaning("keras", key) for key in ("strides", "input_shape", "data_format", "name")]
    ['stride', 'shape', 'word', None]
    """
    for call in choose("framework", CALLS, framework):
        for ours, its in call.names.items():
            if key in its:
                return ours if len(its) == 1 else "groups"  # one integer: stride_h
        if key in call.own():
            return "shape" if key in call.shapes else "word"
    return None


def layer_of(framework: str, /, **arguments: Any) -> Layer:
    r"""The layer that the arguments of `Layer` are by the rules of a framework.

    .. math:: O = (n - 1)s + K - b - e

    of a transposed convolution, whose crops ``b`` and ``e`` are what the framework's ``padding``
    stands for: a word, or numbers as it means them. ``output_size`` is what the framework is given,
    or what has to come out. In place of these arguments there may be the framework's own, by its
    names (``filters``, ``strides``, ``input_shape``): see `CALLS`. What is not said has the
    framework's default, but stride and dilation 1 and, of functions of arrays, no bias.

    Raises `LayerError` for what the framework refuses and for an argument that it has not, and
    `ValueError` where one is missing, or the framework is not known. Cost: that of a `Layer`.
    Source: that of each function (notes/frameworks.md).

    >>> up = layer_of("keras", input_size=(8, 8), in_channels=4, out_channels=6, kernel_size=3,
    ...     stride=2, padding="same")
    >>> up.padding, up.end_padding, (8 - 1) * 2 + 3 - 0 - 1
    ((0, 0), (1, 1), 16)
    >>> up == layer_of("keras", input_shape=(None, 8, 8, 4), filters=6, kernel_size=3, strides=2,
    ...     padding="same")
    True
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    call = call_of(framework, boolean("transposed", given.pop("transposed", True)))
    own = {name: given.pop(name) for name in call.own() if name in given and name not in OURS}
    refuse_missing(call, given, own)
    leave_layouts(call, own)
    axes = number_of_axes(call, given, own)
    bias = None if "bias" in call.names else given.pop("bias", None)
    for part in (paddings, shapes, renamed):
        added = part(call, given, own, axes)
        for name in own.keys() & added:
            raise LayerError(f"{name} of {call.name()} is given twice, by two names")
        own |= added
    wanted = given.pop("output_size", None)
    refuse_left(call, given)
    layer = call.function(**own)
    if wanted is not None and output_sizes(wanted, axes) != layer.output_size:
        words = f"output_size must be {layer.output_size} in {call.name()}"
        raise LayerError(f"{words}, got {shown(output_sizes(wanted, axes))}")
    return layer if bias is None else layer.replace(bias=bias)


def refuse_missing(call: Call, given: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """A `ValueError` for arguments that the function must have: it names them all."""
    layouts = [layout for name, layout in call.shapes.items() if name not in own]
    needed = {LETTERS[letter] for letter in "".join(layouts)}
    by_name = {name: ours for ours, its in call.names.items() for name in its}
    for name, parameter in call.own().items():
        if parameter.default is parameter.empty and name not in {*own, *call.shapes}:
            needed.add(by_name.get(name, "padding"))
    if "auto_pad" in own:
        needed.discard("padding")
    missing = [name for name in OURS if name in needed - given.keys() - UNSAID]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise ValueError(f"{', '.join(missing)} {verb} missing, which {call.name()} must have")


def leave_layouts(call: Call, own: dict[str, Any]) -> None:
    """The order of dimensions says nothing of shapes that are made here, and is left out."""
    of_ours = call.shapes.keys() - own
    for name in ("data_format", "dimension_numbers"):
        if of_ours and own.pop(name, None) is not None and of_ours != call.shapes.keys():
            shapes = " and ".join(call.shapes)
            raise LayerError(f"{name} of {call.name()} needs {shapes} beside it")


def number_of_axes(call: Call, given: dict[str, Any], own: Mapping[str, Any]) -> int:
    """How many axes there are: as many as sizes, or those of the first shape."""
    first = next(iter(call.shapes))
    if first in own and "B" in call.shapes[first]:
        kernel = own.get("kernel_size", given.get("kernel_size"))
        return len(kernel) if isinstance(kernel, (list, tuple)) else 1
    if first in own:
        return len(own[first]) - len(call.shapes[first].replace("*", ""))
    given["input_size"] = sizes(given["input_size"], axes=given.pop("axes", None))
    return len(given["input_size"])


def paddings(
    call: Call, given: dict[str, Any], own: Mapping[str, Any], axes: int
) -> dict[str, Any]:
    """The padding in the framework's words, from ours; nothing where none is given."""
    padding, end = given.pop("padding", None), given.pop("end_padding", None)
    if padding is None and end is None:
        pads = {"pads_begin", "pads_end"} - own.keys()
        return dict.fromkeys(pads, 0) if "auto_pad" in own else {}
    if isinstance(padding, (list, tuple)) and (
        any(isinstance(pair, (list, tuple)) for pair in padding)
        or (call.numbers is in_turn and len(padding) == 2 * axes)
        or (call.numbers is of_pairs_or_one and len(padding) == 2)
    ):
        return {"padding": padding}  # as the framework has them
    known = {word.casefold(): word for word in call.words}
    if call.numbers and not isinstance(padding, str):
        begin = per_axis("padding", 0 if padding is None else padding, axes)
        return call.numbers(begin, begin if end is None else per_axis("end_padding", end, axes))
    if not isinstance(padding, str) or padding.casefold() not in known or end is not None:
        words = " or ".join([*map(repr, call.words), *["integers"] * bool(call.numbers)])
        raise LayerError(f"padding must be {words} in {call.name()}, got {shown(padding)}")
    word = known[padding.casefold()]
    if call.numbers is apart:
        return {"auto_pad": word, "pads_begin": 0, "pads_end": 0}
    return {"padding": word}


def shapes(call: Call, given: dict[str, Any], own: Mapping[str, Any], axes: int) -> dict[str, Any]:
    """The shapes that are not given by the framework's names, of what is given by ours."""
    layouts = {name: layout for name, layout in call.shapes.items() if name not in own}
    letters = set("".join(layouts.values()))
    grouped = letters & {"g", "c", "o"}
    groups = integer("groups", given.get("groups", 1)) if grouped else 1
    parts: dict[str, Sequence[Any]] = {"g": [groups] if groups != 1 else []}
    for letter in letters - {"g"}:
        parts[letter] = entries(letter, given, groups, axes)
    used = {LETTERS[letter] for letter in letters} | ({"groups"} if grouped else set())
    for name in used - call.names.keys():
        given.pop(name, None)
    return {
        name: [number for letter in layout for number in parts[letter]]
        for name, layout in layouts.items()
    }


def entries(letter: str, given: Mapping[str, Any], groups: int, axes: int) -> Sequence[Any]:
    """What stands for a letter of a shape."""
    if letter in "NB":
        return [given.get("batch_size", 1)]
    name = LETTERS[letter]
    if letter in "*K":
        return per_axis(name, given[name], axes)
    if letter == "L":
        return output_sizes(given[name], axes)
    channels = integer(name, given[name])
    if letter in "CO":
        return [channels]
    if groups < 1 or channels % groups:
        raise LayerError(f"{name} must be divisible by groups {groups}, got {channels}")
    return [channels // groups]


def renamed(call: Call, given: dict[str, Any], own: Mapping[str, Any], axes: int) -> dict[str, Any]:
    """The other arguments by the framework's names; stride and dilation are 1 unless said."""
    arguments: dict[str, Any] = {}
    for ours, its in call.names.items():
        default = 1 if ours in {"stride", "dilation"} and not own.keys() & its else None
        value = given.pop(ours, default)
        if value is not None:
            if ours == "kernel_size" or len(its) > 1:
                value = per_axis(ours, value, axes)
            values = [value] if len(its) == 1 else value
            arguments |= zip(its, values, strict=True)
    return arguments


def refuse_left(call: Call, given: Mapping[str, Any]) -> None:
    """Refuse arguments that the function has not, unless they say what it does."""
    for name, value in given.items():
        if name not in OURS:
            raise LayerError(f"{call.name()} has no argument {name}")
        if name not in NEUTRAL:
            raise LayerError(f"{name} must be left out: the shapes of {call.name()} say it")
        entries = value if isinstance(value, (list, tuple)) else [value]
        if any(entry != NEUTRAL[name] for entry in entries):
            words = f"{name} must be {NEUTRAL[name]} in {call.name()}, which has no such argument"
            raise LayerError(f"{words}, got {shown(value)}")
