"""The layer, and the one table of what is legal.

A value is checked once, where it enters: first that it is made of integers, one an axis
(`integer`, `per_axis`), then against the rules (`AXIS_RULES`, `LAYER_RULES`).
"""

from __future__ import annotations

import operator
from functools import partial
from itertools import product

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, ordinary, same, size
from analytic.digits import all_digits
from analytic.records import NamedTuple
from analytic.remembered import Remembered

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, NoReturn, SupportsIndex, Unpack

    from analytic.protocols import Arguments, Arithmetic, InputSize, LayerLike, Padding, PerAxis


class LayerError(ValueError):
    """An argument that no convolution has: argument, axis and value are named."""


class Rule(NamedTuple):
    """What must hold of an argument, and what is said where it does not.

    ``value`` is what the argument is, as a function of the axis or the layer; ``names`` are the
    fields of it that stand in braces in ``words``.
    """

    argument: str
    words: str
    value: Callable[[Any], Any]
    names: tuple[str, ...] = ()

    def demand(self, subject: Any, show: Callable[[Any], str]) -> str:
        """What the rule demands of an axis or a layer, in whatever numbers it has.

        >>> AXIS_RULES[6].demand(Axis(*"nksdbeo"), "<{}>".format)
        'output_padding must be less than the larger of stride <s> and dilation <d>'
        """
        fields = {name: show(getattr(subject, name)) for name in self.names}
        return f"{self.argument} must {self.words.format(**fields)}"

    def refusal(self, subject: Any, show: Callable[[Any], str], where: str = "") -> str:
        """The refusal of an axis or a layer that breaks the rule.

        >>> AXIS_RULES[2].refusal(Axis(*"nksdbeo"), "<{}>".format, on_axis("<axis>"))
        'stride must be positive, got <s> on axis <axis>'
        """
        return f"{self.demand(subject, show)}, got {show(self.value(subject))}{where}"


def on_axis(axis: object) -> str:
    """Where a refusal says that a rule is broken."""
    return f" on axis {axis}"


POSITIVE = (
    Rule("input_size", "be positive", lambda axis: axis.n),
    Rule("kernel_size", "be positive", lambda axis: axis.k),
    Rule("stride", "be positive", lambda axis: axis.s),
    Rule("dilation", "be positive", lambda axis: axis.d),
)
PADDING = Rule("padding", "not be negative", lambda axis: axis.b)

#: The rules of one axis, in the order in which they are checked.
AXIS_RULES = (
    *POSITIVE,
    PADDING,
    Rule("output_padding", "not be negative", lambda axis: axis.o),
    Rule(
        "output_padding",
        "be less than the larger of stride {s} and dilation {d}",
        lambda axis: axis.o,
        ("s", "d"),
    ),
    Rule("output_size", "be positive", size),
)


def axis_slacks(lib: Arithmetic, axis: Axis[Any], *, cropped_apart: bool) -> tuple[Any, ...]:
    """By how much the axis keeps each of `AXIS_RULES`: a rule is broken where this is negative.

    Crops may be negative only where begin and end are given apart, as in ONNX.
    """
    n, k, s, d, b, _, o = axis
    padding = 0 if cropped_apart else b
    return (n - 1, k - 1, s - 1, d - 1, padding, o, lib.maximum(s, d) - 1 - o, size(axis) - 1)


#: The rules of one axis of an ordinary convolution. They are asked of its arguments, with its input
#: size for ``n``, before they make an axis: see `analytic.axis.ordinary`.
ORDINARY_RULES = (
    *POSITIVE,
    PADDING,
    Rule("end_padding", "not be negative", lambda axis: axis.e),
    Rule("output_padding", "be 0 in an ordinary convolution", lambda axis: axis.o),
    Rule("output_size", "be positive", lambda axis: ordinary(*axis[:6]).n),
)


def ordinary_slacks(lib: Arithmetic, axis: Axis[Any]) -> tuple[Any, ...]:
    """By how much the arguments keep each of `ORDINARY_RULES`: broken where this is negative."""
    n, k, s, d, b, e, o = axis
    outputs = ordinary(n, k, lib.maximum(s, 1), d, b, e).n
    return (n - 1, k - 1, s - 1, d - 1, b, e, -lib.maximum(o, -o), outputs - 1)


#: The rules of what a layer has beside its axes, in the order in which they are checked.
LAYER_RULES = (
    Rule("in_channels", "be positive", lambda layer: layer.in_channels),
    Rule("out_channels", "be positive", lambda layer: layer.out_channels),
    Rule("groups", "be positive", lambda layer: layer.groups),
    Rule("batch_size", "not be negative", lambda layer: layer.batch_size),
    Rule(
        "in_channels",
        "be divisible by groups {groups}",
        lambda layer: layer.in_channels,
        ("groups",),
    ),
    Rule(
        "out_channels",
        "be divisible by groups {groups}",
        lambda layer: layer.out_channels,
        ("groups",),
    ),
)

#: What ``padding="same"`` asks of an axis.
SAME = Rule("stride", 'be 1 where padding is "same"', lambda axis: axis.s)


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
    where = "" if axis is None else on_axis(axis)
    raise TypeError(whole(argument).refusal(value, shown, where))


def whole(argument: str) -> Rule:
    """That an argument is an integer."""
    return Rule(argument, "be an integer", lambda value: value)


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
    if type(value) is int:  # what is mostly given: `entry` would say the same, later
        return (value,) * axes
    if not isinstance(value, (list, tuple)):
        return (entry(argument, value),) * axes
    if len(value) == axes:
        for number in value:
            if type(number) is not int:
                return tuple([entry(argument, v, axis) for axis, v in enumerate(value)])
        return tuple(value)
    if len(value) == 1 and argument != "kernel_size":  # torch takes one stride for all axes so
        return (entry(argument, value[0], 0),) * axes
    raise LayerError(
        f"{argument} must have one entry an axis ({axes}), got {len(value)}: {shown(value)}"
    )


#: As many axes as torch's layers have: more are of an array with batch and channels, or asked for.
MOST_AXES = 3


def demand_axes(argument: str, value: Sequence[object], axes: object) -> None:
    """Refuse a list that is not of ``axes``; where these are None, one of more than `MOST_AXES`."""
    entries = len(value)
    if axes is not None and entries != integer("axes", axes):
        raise LayerError(
            f"{argument} must have one entry an axis ({axes}), got {entries}: {shown(value)}"
        )
    if axes is None and entries > MOST_AXES:
        raise LayerError(
            f"{argument} must have at most {MOST_AXES} entries, without batch and channels "
            f"(for {entries} axes say axes {entries} too), got {entries}: {shown(value)}"
        )


def sizes(
    input_size: object, entry: Callable[..., Any] = integer, axes: object = None
) -> tuple[Any, ...]:
    """``input_size`` as a tuple: a list or tuple, for its length is the number of axes."""
    if not isinstance(input_size, (list, tuple)):
        raise TypeError(
            f"input_size must be a list or tuple with one entry an axis, got {shown(input_size)}"
        )
    if not input_size:
        raise LayerError(f"input_size must have at least one entry, got {shown(input_size)}")
    if axes is not None or len(input_size) > MOST_AXES:
        demand_axes("input_size", input_size, axes)
    return per_axis("input_size", input_size, len(input_size), entry)


def check(rules: tuple[Rule, ...], slacks: tuple[int, ...], subject: Any, where: str = "") -> None:
    """Raise what the first broken rule says of an axis or a layer."""
    for rule, slack in zip(rules, slacks, strict=True):
        if slack < 0:
            raise LayerError(rule.refusal(subject, shown, where))


#: The arguments with one entry an axis, beside ``input_size``.
GEOMETRY = ("kernel_size", "stride", "padding", "output_padding", "dilation", "end_padding")
#: The arguments with one entry an axis, and those that are true or false.
PER_AXIS = ("input_size", *GEOMETRY)
BOOLEANS = ("bias", "transposed")


def axis_columns(
    input_size: object,
    geometry: tuple[object, ...],
    entry: Callable[..., Any] = integer,
    axes: object = None,
) -> tuple[tuple[Any, ...], ...]:
    """The fields of `Axis`, each with one entry an axis, from the values of `GEOMETRY`."""
    n = sizes(input_size, entry, axes)
    axes = len(n)
    k, s, b, o, d, e = geometry
    k = per_axis("kernel_size", k, axes, entry)
    s = per_axis("stride", s, axes, entry)
    b = per_axis("padding", b, axes, entry)
    o = per_axis("output_padding", o, axes, entry)
    d = per_axis("dilation", d, axes, entry)
    e = per_axis("end_padding", e, axes, entry)
    return n, k, s, d, b, e, o


def named_padding(word: str, end_padding: object, axis: Axis[Any]) -> Axis[Any]:
    """The axis with the paddings that torch's words for an ordinary convolution stand for."""
    if word not in ("same", "valid"):
        raise LayerError(f'padding must be an integer, "same" or "valid", got {shown(word)}')
    if end_padding is not None:
        words = f'end_padding must be None where padding is "{word}"'
        raise LayerError(f"{words}, got {shown(end_padding)}")
    if word == "valid":
        return axis
    begin, end = same(axis.k, axis.d)
    return axis._replace(b=begin, e=end)


def given_axes(
    input_size: object,
    kernel_size: object,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    dilation: object = 1,
    end_padding: object = None,
    transposed: object = True,
    axes: object = None,
) -> tuple[Axis, ...]:
    """The arguments of each axis, checked: an `Axis` that has the input size for its ``n``."""
    is_transposed = transposed is True or boolean("transposed", transposed)
    word = padding if isinstance(padding, str) and not is_transposed else None
    begin = padding if word is None else 0
    end = begin if end_padding is None or word is not None else end_padding
    geometry = (kernel_size, stride, begin, output_padding, dilation, end)
    columns = axis_columns(input_size, geometry, axes=axes)
    rows: Iterable[tuple[int, ...]] = zip(*columns, strict=True)
    if word is not None:
        rows = [named_padding(word, end_padding, Axis._make(row)) for row in rows]
    kind = is_transposed, end_padding is not None
    legal = LEGAL[kind]
    checked: list[Axis] = []
    for row in rows:
        if not checked or row != checked[-1]:  # alike axes are one object: evaluated once, as well
            axis = legal[row]
            if axis is None:
                check(*rules_of(Axis._make(row), *kind), on_axis(len(checked)))
            if word == "same":
                check((SAME,), (1 - axis.s,), axis, on_axis(len(checked)))
        checked.append(axis)
    return tuple(checked)


def rules_of(
    axis: Axis, transposed: bool, cropped_apart: bool
) -> tuple[tuple[Rule, ...], tuple[int, ...], Axis]:
    """The rules of an axis, and by how much it keeps them."""
    if transposed:
        return AXIS_RULES, axis_slacks(INTEGERS, axis, cropped_apart=cropped_apart), axis
    return ORDINARY_RULES, ordinary_slacks(INTEGERS, axis), axis


def legal_axis(row: tuple[int, ...], transposed: bool, cropped_apart: bool) -> Axis | None:
    """The axis with these fields, if it keeps its rules."""
    _, slacks, axis = rules_of(Axis._make(row), transposed, cropped_apart)
    return axis if min(slacks) >= 0 else None


def is_small(axis: tuple[int, ...]) -> bool:
    """Whether the numbers of an axis take little memory."""
    return max(axis) - min(axis) < 2**64


#: The axes that were checked last, by their kind: what a search or a file has comes again.
LEGAL = {
    kind: Remembered(
        partial(legal_axis, transposed=kind[0], cropped_apart=kind[1]), is_small, 2**15
    )
    for kind in product((True, False), repeat=2)
}


def axes_of(
    input_size: object,
    kernel_size: object,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    dilation: object = 1,
    end_padding: object = None,
    transposed: object = True,
    axes: object = None,
) -> tuple[Axis, ...]:
    """The axes of a layer, checked: the only way in."""
    given = given_axes(
        input_size,
        kernel_size,
        stride,
        padding,
        output_padding,
        dilation,
        end_padding,
        transposed,
        axes,
    )
    return given if transposed is True or transposed else ordinary_axes(given)


def ordinary_axes(given: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """The axes of an ordinary convolution, from `given_axes`; alike ones are one object."""
    axes = {axis: ordinary(*axis[:6]) for axis in given}
    return tuple([axes[axis] for axis in given])


def output_paddings(
    output_size: tuple[int, ...], input_size: object, kernel_size: object, arguments: Arguments
) -> tuple[int, ...]:
    """The output paddings of a transposed convolution with this output: each below its stride."""
    stride, dilation = arguments.get("stride", 1), arguments.get("dilation", 1)
    begin, end = arguments.get("padding", 0), arguments.get("end_padding")
    apart = end is not None
    geometry = (kernel_size, stride, begin, 0, dilation, end if apart else begin)
    columns = axis_columns(input_size, geometry, axes=arguments.get("axes"))
    paddings = []
    for number, row in enumerate(zip(*columns, strict=True)):
        axis = Axis(*row)
        slacks = axis_slacks(INTEGERS, axis, cropped_apart=apart)
        before = AXIS_RULES.index(PADDING) + 1  # the rules of what the output padding rests on
        check(AXIS_RULES[:before], slacks[:before], axis, on_axis(number))
        least = size(axis)
        demand_output(output_size[number], least, least + axis.s - 1, number)
        paddings.append(output_size[number] - least)
    return tuple(paddings)


def demand_output(wanted: int, least: int, most: int, axis: int) -> None:
    """Refuse an output size that the other arguments do not give the axis."""
    if not least <= wanted <= most:
        words = shown(least) if least == most else f"from {shown(least)} to {shown(most)}"
        raise LayerError(f"output_size must be {words}, got {shown(wanted)}{on_axis(axis)}")


def demand_output_padding(given: object, paddings: tuple[int, ...]) -> None:
    """Refuse an output padding, other than 0, that is not the one which the output size makes."""
    entries = per_axis("output_padding", given, len(paddings))
    for axis, (entry, padding) in enumerate(zip(entries, paddings, strict=True)):
        if any(entries) and entry != padding:
            words = f"output_padding must be {padding} for this output_size"
            raise LayerError(f"{words}, got {shown(entry)}{on_axis(axis)}")


def output_sizes(output_size: object, axes: int) -> tuple[int, ...]:
    """An output size, one entry an axis: alone, or behind batch and channels as in a tensor."""
    if isinstance(output_size, (list, tuple)):
        if len(output_size) == axes + 2:
            output_size = output_size[2:]
        if len(output_size) != axes:
            words = f"output_size must have one entry an axis ({axes})"
            raise LayerError(f"{words}, got {len(output_size)}: {shown(output_size)}")
    return per_axis("output_size", output_size, axes)


class Layer:
    """A convolution of either kind and the size of its input. Frozen; checked when made.

    Arguments are torch's, in torch's order, after ``input_size``: a list or tuple of spatial sizes,
    one an axis, whose length is the number of axes. ``kernel_size``, ``stride``, ``padding``,
    ``output_padding`` and ``dilation`` take one integer for all axes or one an axis. An unbatched
    input is ``batch_size=1``; batch 0 is legal. Batch and channels are no axes: a layer of more
    than three, which torch has not, must say ``axes=4``. With ``end_padding``, ``padding`` and
    ``end_padding`` are the begin and end crops, of either sign: what ONNX has and torch has not.

    ``transposed=False`` is an ordinary convolution, torch's ``Conv2d``. Its ``output_padding`` is
    0, its paddings are not negative, and may differ at begin and end; ``padding`` may be ``"same"``
    (with stride 1) or ``"valid"``, and is kept as the numbers that these stand for. ``axes`` are,
    for either kind, those of the transposed convolution with the same pairs: `axis.ordinary`.

    Raises `LayerError` (a `ValueError`) for a value that is not legal or a sequence of the wrong
    length, `TypeError` for an element that is not an integer.
    Source: documentation of ``torch.nn.ConvTranspose2d`` and ``torch.nn.Conv2d``, sections
    Parameters and Shape.

    >>> Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2).stride
    (2, 2)
    >>> Layer((8, 8), 4, 6, 4, padding="same", transposed=False).end_padding
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
        "transposed",
        "axes",
    )
    #: The arguments, in order; but for the number of axes, which the others have.
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
    transposed: bool
    axes: tuple[Axis, ...]

    def __init__(
        self,
        input_size: InputSize,
        in_channels: SupportsIndex,
        out_channels: SupportsIndex,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: Padding = 0,
        output_padding: PerAxis = 0,
        groups: SupportsIndex = 1,
        bias: bool = True,
        dilation: PerAxis = 1,
        batch_size: SupportsIndex = 1,
        end_padding: PerAxis | None = None,
        transposed: bool = True,
        axes: int | None = None,
    ) -> None:
        keep = super().__setattr__
        keep("in_channels", integer("in_channels", in_channels))
        keep("out_channels", integer("out_channels", out_channels))
        keep("groups", integer("groups", groups))
        keep("bias", boolean("bias", bias))
        keep("batch_size", integer("batch_size", batch_size))
        keep("transposed", boolean("transposed", transposed))
        given = given_axes(
            input_size,
            kernel_size,
            stride,
            padding,
            output_padding,
            dilation,
            end_padding,
            self.transposed,
            axes,
        )
        slacks = layer_slacks(INTEGERS, self)
        if min(slacks) < 0:
            check(LAYER_RULES, slacks, self)
        keep("axes", given if self.transposed else ordinary_axes(given))
        n, k, s, d, b, e, o = zip(*given, strict=True)
        keep("input_size", n)
        keep("kernel_size", k)
        keep("stride", s)
        keep("dilation", d)
        keep("padding", b)
        # A word for paddings that are alike at both ends is what torch's number is.
        apart = end_padding is not None or (isinstance(padding, str) and b != e)
        keep("end_padding", e if apart else None)
        keep("output_padding", o)

    @classmethod
    def of_output(
        cls,
        output_size: PerAxis,
        input_size: InputSize,
        in_channels: SupportsIndex,
        out_channels: SupportsIndex,
        kernel_size: PerAxis,
        **arguments: Unpack[Arguments],
    ) -> Layer:
        r"""The layer that is called with an ``output_size``, which says its output padding.

        .. math:: o = L - L_0, \qquad 0 \le o < s

        on each axis, where ``L`` is the output size and ``L_0`` that without output padding. As in
        torch, ``output_size`` may have the batch and the channels first, which are not read. An
        ``output_padding`` other than 0 must be the one that follows. An ordinary convolution has
        one output size, and no other is taken.

        ``arguments`` and errors are those of `Layer`; `LayerError` for a size that no output
        padding below the stride gives. Cost: that of two layers.
        Source: documentation of ``torch.nn.ConvTranspose2d``, ``output_size`` of its call.

        >>> Layer.of_output((16, 15), (8, 8), 4, 6, 3, stride=2, padding=1).output_padding
        (1, 0)
        >>> [1 + (8 - 1) * 2 - 2 * 1 + (3 - 1) * 1 + o for o in (1, 0)]
        [16, 15]
        >>> Layer.of_output(17, (8, 8), 4, 6, 3, stride=2, padding=1)
        Traceback (most recent call last):
        analytic.layer.LayerError: output_size must be from 15 to 16, got 17 on axis 0
        """
        axes = len(sizes(input_size, axes=arguments.get("axes")))
        wanted = output_sizes(output_size, axes)
        layer = input_size, in_channels, out_channels, kernel_size
        if not boolean("transposed", arguments.get("transposed", True)):
            ordinary = cls(*layer, **arguments)
            for number, axis in enumerate(ordinary.axes):
                demand_output(wanted[number], axis.n, axis.n, number)
            return ordinary
        paddings = output_paddings(wanted, input_size, kernel_size, arguments)
        demand_output_padding(arguments.get("output_padding", 0), paddings)
        arguments["output_padding"] = paddings
        return cls(*layer, **arguments)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Layer is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Layer is frozen: {name} cannot be deleted")

    def __reduce__(self) -> tuple[type[Layer], tuple[Any, ...]]:
        return type(self), (*self._arguments(), len(self.axes))

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
        """The arguments by name, in order; ``axes`` where there are more than `MOST_AXES`."""
        yield from zip(self.FIELDS, self._arguments(), strict=True)
        if len(self.axes) > MOST_AXES:
            yield "axes", len(self.axes)

    @property
    def output_size(self) -> tuple[int, ...]:
        """The spatial sizes of what the layer returns.

        >>> Layer((8, 8), 4, 6, 4, stride=2, padding=1).output_size
        (16, 16)
        >>> Layer((16, 16), 6, 4, 4, stride=2, padding=1, transposed=False).output_size
        (8, 8)
        """
        return tuple([size(axis) if self.transposed else axis.n for axis in self.axes])

    def fields(self) -> dict[str, Any]:
        """The arguments as a file has them, without what it need not say: no ``end_padding``, and
        that the layer is transposed.
        """
        unsaid = {"end_padding": None, "transposed": True}
        return {name: value for name, value in self.items() if unsaid.get(name, self) is not value}

    def replace(self, **changes: Any) -> Layer:
        """The same layer with some arguments changed, checked anew."""
        return type(self)(**{**dict(self.items()), **changes})
