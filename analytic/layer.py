"""The layer, and the one table of what is legal.

A value is checked once, where it enters: first that it is made of integers, one an axis
(`integer`, `per_axis`), then against the rules (`AXIS_RULES`, `LAYER_RULES`).
"""

from __future__ import annotations

import operator
from collections import namedtuple

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size
from analytic.digits import all_digits

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn, SupportsIndex

    from analytic.protocols import Arithmetic, InputSize, LayerLike, PerAxis


class LayerError(ValueError):
    """An argument that no transposed convolution has: argument, axis and value are named."""


class Rule(namedtuple("Rule", "argument words value")):
    """What the refusal says where a rule is broken: "<argument> must <words>, got <value(of)>".

    ``of`` is the axis or the layer; names in braces in ``words`` are its fields.
    """

    __slots__ = ()


#: The rules of one axis, in the order in which they are checked.
AXIS_RULES = (
    Rule("input_size", "be positive", lambda of: of.n),
    Rule("kernel_size", "be positive", lambda of: of.k),
    Rule("stride", "be positive", lambda of: of.s),
    Rule("dilation", "be positive", lambda of: of.d),
    Rule("padding", "not be negative", lambda of: of.b),
    Rule("output_padding", "not be negative", lambda of: of.o),
    Rule(
        "output_padding",
        "be less than the larger of stride {s} and dilation {d}",
        lambda of: of.o,
    ),
    Rule("output_size", "be positive", size),
)


def axis_slacks(lib: Arithmetic, axis: Axis, *, cropped_apart: bool) -> tuple[Any, ...]:
    """By how much the axis keeps each of `AXIS_RULES`: a rule is broken where this is negative.

    Crops may be negative only where begin and end are given apart, as in ONNX.
    """
    n, k, s, d, b, _, o = axis
    padding = 0 if cropped_apart else b
    return (n - 1, k - 1, s - 1, d - 1, padding, o, lib.maximum(s, d) - 1 - o, size(axis) - 1)


#: The rules of what a layer has beside its axes, in the order in which they are checked.
LAYER_RULES = (
    Rule("in_channels", "be positive", lambda of: of.in_channels),
    Rule("out_channels", "be positive", lambda of: of.out_channels),
    Rule("groups", "be positive", lambda of: of.groups),
    Rule("batch_size", "not be negative", lambda of: of.batch_size),
    Rule("in_channels", "be divisible by groups {groups}", lambda of: of.in_channels),
    Rule("out_channels", "be divisible by groups {groups}", lambda of: of.out_channels),
)


def layer_slacks(lib: Arithmetic, layer: LayerLike) -> tuple[Any, ...]:
    """By how much the layer keeps each of `LAYER_RULES`: broken where this is negative."""
    groups = layer.groups
    divisor = lib.maximum(groups, 1)
    return (
        layer.in_channels - 1,
        layer.out_channels - 1,
        groups - 1,
        layer.batch_size,
        -(layer.in_channels % divisor),
        -(layer.out_channels % divisor),
    )


def shown(value: object) -> str:
    """A value as a refusal shows it: whole where it is short, described where it is not."""
    if isinstance(value, int) and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):  # an integer too long to print, or lists in lists in …
        return f"a {type(value).__name__} that is too long to print"
    return text if len(text) <= 100 else text[:97] + "..."


def integer(argument: str, value: object, axis: int | None = None) -> int:
    """``value`` as an int, or a `TypeError`. NumPy integers are integers, booleans are not."""
    if type(value) is int:
        return value
    if not is_boolean(value):
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
    where = "" if axis is None else f" on axis {axis}"
    raise TypeError(f"{argument} must be an integer, got {shown(value)}{where}")


def is_boolean(value: object) -> bool:
    """Whether a value is a boolean of Python, or of an array library."""
    return isinstance(value, bool) or "bool" in str(getattr(value, "dtype", ""))


def boolean(argument: str, value: object) -> bool:
    """``value`` as a bool, or a `TypeError`. NumPy booleans are booleans, 0 and 1 are not."""
    if isinstance(value, bool) or (is_boolean(value) and type(value).__module__ == "numpy"):
        return bool(value)
    raise TypeError(f"{argument} must be True or False, got {shown(value)}")


def per_axis(
    argument: str, value: object, axes: int, entry: Callable[..., Any] = integer
) -> tuple[Any, ...]:
    """``value`` with one entry an axis: a list or tuple of them, or one for all.

    ``entry`` checks one of them: that it is an `integer`, unless an evaluator takes more.
    """
    if not isinstance(value, (list, tuple)):
        return (entry(argument, value),) * axes
    if len(value) == 1 and argument != "kernel_size":  # torch takes one stride for all axes so
        return (entry(argument, value[0], 0),) * axes
    if len(value) != axes:
        raise LayerError(
            f"{argument} must have one entry an axis ({axes}), got {len(value)}: {shown(value)}"
        )
    if set(map(type, value)) == {int}:
        return tuple(value)
    return tuple([entry(argument, v, axis) for axis, v in enumerate(value)])


def sizes(input_size: object, entry: Callable[..., Any] = integer) -> tuple[Any, ...]:
    """``input_size`` as a tuple: a list or tuple, for its length is the number of axes."""
    if not isinstance(input_size, (list, tuple)):
        raise TypeError(
            f"input_size must be a list or tuple with one entry an axis, got {shown(input_size)}"
        )
    if not input_size:
        raise LayerError(f"input_size must have at least one entry, got {shown(input_size)}")
    return per_axis("input_size", input_size, len(input_size), entry)


def check(rules: tuple[Rule, ...], slacks: tuple[int, ...], of: Any, where: str = "") -> None:
    """Raise what the first broken rule says of the axis or layer ``of``."""
    for rule, slack in zip(rules, slacks, strict=True):
        if slack < 0:
            fields = of._asdict() if isinstance(of, Axis) else {"groups": of.groups}
            words = rule.words.format(**{name: shown(value) for name, value in fields.items()})
            raise LayerError(f"{rule.argument} must {words}, got {shown(rule.value(of))}{where}")


#: The arguments with one entry an axis, beside ``input_size``.
GEOMETRY = ("kernel_size", "stride", "padding", "output_padding", "dilation", "end_padding")


def axis_columns(
    input_size: object, geometry: tuple[object, ...], entry: Callable[..., Any] = integer
) -> tuple[tuple[Any, ...], ...]:
    """The fields of `Axis`, each with one entry an axis, from the values of `GEOMETRY`."""
    n = sizes(input_size, entry)
    axes = len(n)
    k, s, b, o, d, e = [
        # One integer for all axes is what is mostly given: `per_axis` would say the same, later.
        (value,) * axes if type(value) is int else per_axis(argument, value, axes, entry)
        for argument, value in zip(GEOMETRY, geometry, strict=True)
    ]
    return n, k, s, d, b, e, o


def axes_of(
    input_size: object,
    kernel_size: object,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    dilation: object = 1,
    end_padding: object = None,
) -> tuple[Axis, ...]:
    """The axes of a layer, checked: the only way in."""
    end = padding if end_padding is None else end_padding
    geometry = (kernel_size, stride, padding, output_padding, dilation, end)
    columns = axis_columns(input_size, geometry)
    made: list[Axis] = []
    for row in zip(*columns, strict=True):
        if made and row == made[-1]:
            made.append(made[-1])  # alike axes are one object: checked once, and evaluated once
            continue
        axis = Axis._make(row)
        slacks = axis_slacks(INTEGERS, axis, cropped_apart=end_padding is not None)
        if min(slacks) < 0:
            check(AXIS_RULES, slacks, axis, f" on axis {len(made)}")
        made.append(axis)
    return tuple(made)


class Layer:
    """A transposed convolution and the size of its input. Frozen; checked when made.

    Arguments are torch's, in torch's order, after ``input_size``: a list or tuple of spatial sizes,
    one an axis, whose length is the number of axes. ``kernel_size``, ``stride``, ``padding``,
    ``output_padding`` and ``dilation`` take one integer for all axes or one an axis. An unbatched
    input is ``batch_size=1``; batch 0 is legal. With ``end_padding``, ``padding`` and
    ``end_padding`` are the begin and end crops, of either sign: what ONNX has and torch has not.

    Raises `LayerError` (a `ValueError`) for a value that is not legal or a sequence of the wrong
    length, `TypeError` for an element that is not an integer.
    Source: documentation of ``torch.nn.ConvTranspose2d``, sections Parameters and Shape.

    >>> Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2).stride
    (2, 2)
    >>> Layer((8, 8), 4, 6, 4, stride=(2, 0))
    Traceback (most recent call last):
    analytic.layer.LayerError: stride must be positive, got 0 on axis 1
    """

    __slots__ = (
        "input_size",
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "output_padding",
        "groups",
        "bias",
        "dilation",
        "batch_size",
        "end_padding",
        "axes",
    )
    #: The arguments, in order.
    FIELDS = __slots__[:-1]

    input_size: tuple[int, ...]
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: bool
    dilation: tuple[int, ...]
    batch_size: int
    end_padding: tuple[int, ...] | None
    axes: tuple[Axis, ...]

    def __init__(
        self,
        input_size: InputSize,
        in_channels: SupportsIndex,
        out_channels: SupportsIndex,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis = 0,
        output_padding: PerAxis = 0,
        groups: SupportsIndex = 1,
        bias: bool = True,
        dilation: PerAxis = 1,
        batch_size: SupportsIndex = 1,
        end_padding: PerAxis | None = None,
    ) -> None:
        keep = super().__setattr__
        keep("in_channels", integer("in_channels", in_channels))
        keep("out_channels", integer("out_channels", out_channels))
        keep("groups", integer("groups", groups))
        keep("bias", boolean("bias", bias))
        keep("batch_size", integer("batch_size", batch_size))
        axes = axes_of(
            input_size, kernel_size, stride, padding, output_padding, dilation, end_padding
        )
        check(LAYER_RULES, layer_slacks(INTEGERS, self), self)
        keep("axes", axes)
        n, k, s, d, b, e, o = zip(*axes, strict=True)
        keep("input_size", n)
        keep("kernel_size", k)
        keep("stride", s)
        keep("dilation", d)
        keep("padding", b)
        keep("end_padding", None if end_padding is None else e)
        keep("output_padding", o)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Layer is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Layer is frozen: {name} cannot be deleted")

    def __reduce__(self) -> tuple[type[Layer], tuple[Any, ...]]:
        return type(self), self._arguments()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layer):
            return NotImplemented
        return self._arguments() == other._arguments()

    def __hash__(self) -> int:
        return hash(self._arguments())

    def __repr__(self) -> str:
        with all_digits():
            return f"Layer({', '.join(f'{name}={value!r}' for name, value in self.items())})"

    def _arguments(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.FIELDS)

    def items(self) -> Iterator[tuple[str, Any]]:
        """The arguments by name, in order."""
        return zip(self.FIELDS, self._arguments(), strict=True)

    def replace(self, **changes: Any) -> Layer:
        """The same layer with some arguments changed, checked anew."""
        return type(self)(**{**dict(self.items()), **changes})
