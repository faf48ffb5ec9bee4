"""Columns of layers: what stands for an argument of many layers, and how it is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from analytic.axis import Axis
from analytic.layer import (
    Layer,
    LayerError,
    axis_columns,
    boolean,
    integer,
)

#: A boolean array, or None where no row is marked.
Marks = Any
Check = Callable[..., Any]


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
    ``bias`` an array of booleans. Arrays broadcast; ``shape`` is that of the broadcast, and all
    layers have one number of axes. Whether a row is legal is found out when it is counted.

    Raises `LayerError` for a sequence of the wrong length or arrays that do not broadcast, and
    `TypeError` for what is neither an integer nor an array.

    >>> import numpy as np
    >>> layers = Layers((8, np.array([8, 16])), 4, 6, 4, stride=2, padding=1)
    >>> layers.shape, layers.row((1,)).input_size
    ((2,), (8, 16))
    """

    FIELDS = Layer.FIELDS

    def __init__(
        self,
        input_size: Sequence[Any],
        in_channels: Any,
        out_channels: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: Any = 1,
        bias: Any = True,
        dilation: Any = 1,
        batch_size: Any = 1,
        end_padding: Any = None,
    ) -> None:
        given = locals()
        self._given = {name: given[name] for name in self.FIELDS}
        self.in_channels = entry("in_channels", in_channels)
        self.out_channels = entry("out_channels", out_channels)
        self.groups = entry("groups", groups)
        self.bias = entry("bias", bias, check=boolean)
        self.batch_size = entry("batch_size", batch_size)
        end = padding if end_padding is None else end_padding
        geometry = (kernel_size, stride, padding, output_padding, dilation, end)
        fields = Axis._make(axis_columns(input_size, geometry, entry))
        self.input_size, self.kernel_size, self.stride, self.dilation = fields[:4]
        self.padding, self.output_padding = fields.b, fields.o
        self.end_padding = None if end_padding is None else fields.e
        self.shape = common_shape(self)
        # One object that stands for several axes is one column; axes of the same are one axis.
        columns = {id(value): column(value) for field in fields for value in field}
        alike = [tuple(map(id, axis)) for axis in zip(*fields, strict=True)]
        axes = {axis: Axis(*[columns[key] for key in axis]) for axis in alike}
        self.axes = tuple([axes[axis] for axis in alike])
        self.channels = Channels(
            column(self.in_channels),
            column(self.out_channels),
            column(self.groups),
            column(self.batch_size),
            column(self.bias, "b", boolean),
        )

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Layers:
        """The columns of layers that have one number of axes.

        >>> Layers.of([Layer((8, 8), 4, 6, 4), Layer((8, 9), 4, 6, 3)]).kernel_size
        (array([4, 3]), array([4, 3]))
        """
        axes = [
            Axis(*[integers(values) for values in zip(*axis, strict=True)])
            for axis in zip(*[layer.axes for layer in layers], strict=True)
        ]
        n, k, s, d, b, e, o = map(list, zip(*axes, strict=True))
        first, *channels = [
            integers([getattr(layer, name) for layer in layers]) for name in Channels._fields[:-1]
        ]
        bias = np.array([layer.bias for layer in layers])
        return cls(n, first, channels[0], k, s, b, o, channels[1], bias, d, channels[2], e)

    def row(self, index: tuple[int, ...]) -> Layer:
        """The `analytic.Layer` at an index, or what it raises."""
        return Layer(**{name: element(value, index) for name, value in self._given.items()})


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


def element(value: Any, index: tuple[int, ...]) -> Any:
    """What an argument is for the layer at an index of the broadcast."""
    if isinstance(value, (list, tuple)):
        return [element(part, index) for part in value]
    if not is_column(value):
        return value
    array = entry("", value)
    own = index[len(index) - array.ndim :]
    return array[tuple([0 if n == 1 else i for n, i in zip(array.shape, own, strict=True)])]


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


def marks(rows: Any) -> Marks:
    """The marked rows, or None where there are none."""
    return rows if rows.any() else None


def either(*given: Marks) -> Marks:
    """The rows that are marked in any of these."""
    some = [rows for rows in given if rows is not None]
    return reduce(np.logical_or, some) if some else None
