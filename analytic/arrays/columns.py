"""Columns of layers: what stands for an argument of many layers, and how it is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, NoReturn, Protocol, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytic.arrays.blocks import Marks, marks
from analytic.axis import Axis
from analytic.digits import all_digits
from analytic.layer import (
    Layer,
    LayerError,
    axis_columns,
    boolean,
    integer,
    named_padding,
    shown,
)


class SupportsArray(Protocol):
    """A NumPy array, a pandas column, and their like."""

    def __array__(self) -> NDArray[Any]:
        """The elements."""


#: An argument of layers: an integer, or a column of them.
Argument: TypeAlias = SupportsIndex | SupportsArray
#: One argument for all axes, or one an axis.
PerAxis: TypeAlias = Argument | Sequence[Argument]
#: An ordinary convolution also takes torch's words.
Padding: TypeAlias = PerAxis | Literal["same", "valid"]
#: Says of a value which integer or boolean it is, or raises a `TypeError`.
Check: TypeAlias = Callable[..., Any]


#: The arguments with one entry an axis that every layer has.
AXIS_FIELDS = ("input_size", "kernel_size", "stride", "padding", "output_padding", "dilation")


class Column(NamedTuple):
    """An argument as integers, and which of its entries were masked or wrong: they are 1 here."""

    values: Any
    masked: Marks = None
    wrong: Marks = None


class Channels(NamedTuple):
    """What the totals read of a layer beside its axes."""

    in_channels: Any
    out_channels: Any
    groups: Any
    batch_size: Any
    bias: Any


class Layers:
    """Columns of layers: the fields of `analytic.Layer`, each of which may hold arrays.

    Arguments are those of `analytic.Layer`; an integer may be an array wherever it stands, and
    ``bias`` and ``transposed`` arrays of booleans; torch's words for ``padding`` need
    ``transposed=False``. Arrays broadcast; ``shape`` is that of the broadcast, and all layers have
    one number of axes. Whether a row is legal is found out when it is counted. Frozen, as
    `analytic.Layer` is; the arrays are those that were given.

    Raises `LayerError` for a sequence of the wrong length or arrays that do not broadcast, and
    `TypeError` for what is neither an integer nor an array.

    >>> import numpy as np
    >>> layers = Layers((8, np.array([8, 16])), 4, 6, 4, stride=2, padding=1)
    >>> layers.shape, layers.row((1,)).input_size
    ((2,), (8, 16))
    """

    FIELDS = Layer.FIELDS

    _arguments: dict[str, Any]
    input_size: tuple[Any, ...]
    in_channels: Any
    out_channels: Any
    kernel_size: tuple[Any, ...]
    stride: tuple[Any, ...]
    padding: tuple[Any, ...]
    output_padding: tuple[Any, ...]
    groups: Any
    bias: Any
    dilation: tuple[Any, ...]
    batch_size: Any
    end_padding: tuple[Any, ...] | None
    shape: tuple[int, ...]
    transposed: Any
    axes: tuple[Axis[Column], ...]
    channels: Channels
    #: The padding in torch's word, if that was given.
    word: str | None
    #: Whether each layer is transposed, or nothing where ``transposed`` says it of all.
    kinds: tuple[Column, ...]

    def __init__(
        self,
        input_size: Sequence[Argument],
        in_channels: Argument,
        out_channels: Argument,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: Padding = 0,
        output_padding: PerAxis = 0,
        groups: Argument = 1,
        bias: bool | SupportsArray = True,
        dilation: PerAxis = 1,
        batch_size: Argument = 1,
        end_padding: PerAxis | None = None,
        transposed: bool | SupportsArray = True,
        axes: int | None = None,
    ) -> None:
        arguments = locals()
        keep = super().__setattr__
        names = self.FIELDS if axes is None else (*self.FIELDS, "axes")
        keep("_arguments", {name: arguments[name] for name in names})
        for name in ("in_channels", "out_channels", "groups", "bias", "batch_size"):
            check = boolean if name == "bias" else integer
            keep(name, entry(name, arguments[name], check=check))
        keep("transposed", entry("transposed", transposed, check=boolean))
        word = padding if isinstance(padding, str) and self.transposed is False else None
        keep("word", word)
        begin = padding if word is None else 0
        end = begin if end_padding is None or word is not None else end_padding
        geometry = (kernel_size, stride, begin, output_padding, dilation, end)
        fields: Axis[Any] = Axis._make(axis_columns(input_size, geometry, entry, axes))
        if word is not None:
            named_padding(word, end_padding, Axis(1, 1, 1, 1, 0, 0, 0))
        keep("input_size", fields.n)
        keep("kernel_size", fields.k)
        keep("stride", fields.s)
        keep("dilation", fields.d)
        keep("padding", fields.b if word is None else (word,) * len(fields.b))
        keep("output_padding", fields.o)
        keep("end_padding", None if end_padding is None else fields.e)
        keep("shape", common_shape(self))
        # One object that stands for several axes is one column; axes of the same are one axis.
        columns = {id(value): column(value) for field in fields for value in field}
        keys = [tuple(map(id, axis)) for axis in zip(*fields, strict=True)]
        unlike = {key: Axis._make([columns[part] for part in key]) for key in keys}
        keep("axes", tuple([unlike[key] for key in keys]))
        *channels, bias = [getattr(self, name) for name in Channels._fields]
        kinds = [] if isinstance(self.transposed, bool) else [self.transposed]
        keep("kinds", tuple([column(kind, "b", boolean) for kind in kinds]))
        keep("channels", Channels._make([*map(column, channels), column(bias, "b", boolean)]))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Layers are frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Layers are frozen: {name} cannot be deleted")

    def __repr__(self) -> str:
        with all_digits():
            return f"Layers({', '.join(f'{name}={x!r}' for name, x in self._arguments.items())})"

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Layers:
        """The columns of layers that have one number of axes, which have ``end_padding`` where one
        of the layers has.

        >>> Layers.of([Layer((8, 8), 4, 6, 4), Layer((8, 9), 4, 6, 3)]).kernel_size
        (array([4, 3]), array([4, 3]))
        """
        check_alike(layers)
        axes: dict[str, Any] = {
            name: [
                integers([getattr(layer, name)[axis] for layer in layers])
                for axis in range(len(layers[0].axes))
            ]
            for name in AXIS_FIELDS
        }
        ends = [layer.end_padding or layer.padding for layer in layers]
        if any(layer.end_padding for layer in layers):
            axes["end_padding"] = [integers(end) for end in zip(*ends, strict=True)]
        channels = {
            name: integers([getattr(layer, name) for layer in layers])
            for name in Channels._fields[:-1]
        }
        bias = np.array([layer.bias for layer in layers])
        kinds = {layer.transposed for layer in layers}
        column = np.array([layer.transposed for layer in layers])
        return cls(
            **axes, **channels, bias=bias, transposed=kinds.pop() if len(kinds) == 1 else column,
            axes=len(layers[0].axes),
        )  # fmt: skip

    def row(self, index: tuple[int, ...]) -> Layer:
        """The `analytic.Layer` at an index, or what it raises."""
        return Layer(**{name: element(name, x, index) for name, x in self._arguments.items()})


def check_alike(layers: Sequence[Layer]) -> None:
    """Raise what keeps these from being columns: that they are no layers, or not alike."""
    if not layers:
        raise LayerError("layers must have at least one entry, got none")
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(
                f"layers must be of analytic.Layer, got {shown(layer)} at index {index}"
            )
        axes, others = len(layers[0].axes), len(layer.axes)
        if axes != others:
            raise LayerError(
                f"layers must have one number of axes, got {axes} at index 0 and {others} at index "
                f"{index}"
            )


def integers(values: Sequence[int]) -> Any:
    """Integers of any size as an array. Left to itself, NumPy makes floats of some."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return np.array(values, object)


def is_column(value: object) -> bool:
    """Whether a value is a column of layers rather than one integer."""
    return hasattr(value, "__array__")


def entry(argument: str, value: object, axis: int | None = None, check: Check = integer) -> Any:
    """What an argument has for one axis: an array, or else one value that passes the check."""
    if not is_column(value):
        return check(argument, value) if axis is None else check(argument, value, axis)
    return value if isinstance(value, np.ma.MaskedArray) else np.asarray(value)


def element(argument: str, value: Any, index: tuple[int, ...], axis: int | None = None) -> Any:
    """What an argument is for the layer at an index of the broadcast."""
    if isinstance(value, (list, tuple)):
        return [element(argument, part, index, i) for i, part in enumerate(value)]
    if not is_column(value):
        return value
    array = entry("", value)
    own = index[len(index) - array.ndim :]
    cell = array[tuple([0 if n == 1 else i for n, i in zip(array.shape, own, strict=True)])]
    # As a whole argument, though not in a column, a layer takes these.
    an_argument = isinstance(cell, (list, tuple)) or cell is None
    is_boolean = argument in {"bias", "transposed"}
    return integer(argument, cell, axis) if an_argument and not is_boolean else cell


def common_shape(layers: Layers) -> tuple[int, ...]:
    """The shape of the broadcast of all columns."""
    fields = {name: getattr(layers, name) for name in layers.FIELDS}
    shapes = {
        name: [np.shape(part) for part in (value if isinstance(value, tuple) else (value,))]
        for name, value in fields.items()
    }
    try:
        return np.broadcast_shapes(*[shape for parts in shapes.values() for shape in parts])
    except ValueError:
        arrays = [f"{name} {part}" for name, parts in shapes.items() for part in parts if part]
        raise LayerError(f"arrays must broadcast to one shape, got {', '.join(arrays)}") from None


def column(value: Any, kinds: str = "iu", check: Check = integer) -> Column:
    """The `Column` of an entry: its elements are of these kinds of dtype, or pass the check."""
    values = np.atleast_1d(np.ma.getdata(value))
    if values.dtype.kind in kinds and not isinstance(value, np.ma.MaskedArray):
        return Column(values)
    masked = np.atleast_1d(np.ma.getmaskarray(value))
    wrong = np.full(values.shape, values.dtype.kind not in kinds)
    if values.dtype.kind not in kinds + "O":
        values = np.ones(values.shape, np.int64)
    elif values.dtype == object:
        values = np.frompyfunc(partial(checked, check), 1, 1)(values)
        wrong = values == np.array(None)
    values = np.where(masked | wrong, 1, values)
    return Column(values, marks(masked), marks(wrong & ~masked))


def checked(check: Check, value: object) -> Any:
    """A value that passes a check, or None."""
    try:
        return check("", value)
    except TypeError:
        return None
