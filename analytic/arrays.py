"""The NumPy evaluator: the counts of `analytic` for whole columns of layers at once, exactly.

An argument may be an array wherever `analytic` takes an integer. A list or tuple is always one
entry an axis, as in torch, and its entries may be arrays; an array alone, or anything else with
``__array__`` (a pandas column), is a column of layers and stands for every axis. Arrays broadcast
as in a ufunc, and results have the shape of the broadcast.

Every function takes two choices:

``invalid``
    ``"raise"``, the default: a row that is not legal raises what `analytic.Layer` says of it, with
    its index. ``"mask"``: results are masked arrays, in which such rows, and rows that are masked
    in an argument, are masked. What is not an integer is a `TypeError` all the same.
``overflow``
    ``"raise"``, the default: a result that does not fit int64 is an `OverflowError` that names
    index and value. ``"object"``: an array with such a result is one of Python integers.

Numbers are int64 inside only where a bound computed from the arguments proves that nothing can
wrap, and Python integers in the other rows. Rows are evaluated by blocks that fit the cache; each
axis is evaluated on the shape of its own arguments, so a grid costs the sum of its sides in
evaluations and its area in multiplications.

>>> import numpy as np
>>> heights, widths = np.arange(1, 4)[:, None], np.arange(1, 5)
>>> overlaps((heights, widths), 4, stride=2, padding=1)
array([[  4,  12,  20,  28],
       [ 12,  36,  60,  84],
       [ 20,  60, 100, 140]])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from itertools import islice
from typing import Any, NamedTuple, NoReturn

import numpy as np

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, extent, size
from analytic.layer import (
    Layer,
    LayerError,
    axis_columns,
    axis_slacks,
    boolean,
    integer,
    layer_slacks,
)
from analytic.numpy_arithmetic import INT64, Exactly, Fit, Formula, plainly
from analytic.totals import Count, Products

#: Rows of a block: its columns and what is computed from them stay in the second-level cache.
BLOCK = 2**15
#: Where all axes repeat along the batch, only products are left, of fewer columns.
BLOCK_OF_PRODUCTS = 2**17

#: What the choices of every function may be.
INVALID = {"raise": False, "mask": True}
OVERFLOW = {"raise": False, "object": True}

#: A block of rows: one slice for each dimension.
Block = tuple[slice, ...]
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


# Blocks of rows.


def blocks(shape: tuple[int, ...], most: int) -> Iterator[Block]:
    """The rows of a shape in their order, cut into blocks of at most so many."""
    if 0 in shape:
        return
    # The last dimensions whole, as many as a block holds; a part of the one before them; and one
    # index of each of the others.
    inner, whole = 1, len(shape)
    while whole and inner * shape[whole - 1] <= most:
        whole -= 1
        inner *= shape[whole]
    rest = (slice(None),) * (len(shape) - whole)
    if not whole:
        yield rest
        return
    cut = shape[whole - 1]
    pieces = math.ceil(cut / (most // inner))
    step = math.ceil(cut / pieces)
    for outer in np.ndindex(shape[: whole - 1]):
        for start in range(0, cut, step):
            yield (*[slice(i, i + 1) for i in outer], slice(start, start + step), *rest)


def within(array: Any, block: Block) -> Any:
    """The part of an array that broadcasts to a block."""
    own = block[len(block) - array.ndim :]
    whole = slice(None)
    return array[tuple([whole if n == 1 else i for n, i in zip(array.shape, own, strict=True)])]


def marks_within(given: Sequence[Marks], block: Block) -> Marks:
    """The rows of a block that are marked in any of these."""
    some = either(*[within(rows, block) for rows in given if rows is not None])
    return None if some is None else marks(some)


# Evaluation. A part is an axis, or the channels: it is checked and evaluated by itself.


class Part:
    """Columns that are checked and evaluated together, on the shape of their own broadcast."""

    def __init__(
        self, columns: Sequence[Column], rules: Formula, theorem: Formula, results: int
    ) -> None:
        self.columns = [column.values for column in columns]
        self.masked = [column.masked for column in columns if column.masked is not None]
        self.wrong = [column.wrong for column in columns if column.wrong is not None]
        self.rules, self.theorem = rules, theorem
        self.results = results
        self.exactly = Exactly(rules, theorem)
        self.shape = np.broadcast_shapes(*[values.shape for values in self.columns])

    def at(self, block: Block) -> tuple[Marks, Sequence[Any]]:
        """Which rows of a block are illegal, and what the theorem says of the others."""
        columns, apply = self.exactly.fit([within(values, block) for values in self.columns])
        illegal = marks(reduce(np.minimum, apply(self.rules, columns)) < 0)
        if illegal is not None:
            columns = [np.where(illegal, 1, values) for values in columns]
        return illegal, apply(self.theorem, columns)


class Table:
    """What `Part.at` says of all blocks: for a part whose rows repeat along the batch."""

    def __init__(self, part: Part) -> None:
        illegal = np.zeros(part.shape, bool)
        stores = [Store(part.shape) for _ in range(part.results)]
        for block in blocks(part.shape, BLOCK):
            broken, results = part.at(block)
            for store, values in zip(stores, results, strict=True):
                store.put(block, values)
            if broken is not None:
                illegal[block] = broken
        self.illegal = marks(illegal)
        self.results = [store.array for store in stores]

    def at(self, block: Block) -> tuple[Marks, Sequence[Any]]:
        """The rows of a block."""
        return marks_within([self.illegal], block), [within(part, block) for part in self.results]


def settle(tables: Sequence[Table], fit: Fit) -> Fit:
    """``fit``, once for every block that is cut out of tables alone."""
    columns, apply = fit([column for table in tables for column in table.results])
    if apply is not plainly:
        return fit
    rest = iter(columns)
    for table in tables:
        table.results = list(islice(rest, len(table.results)))
    return lambda columns: (columns, plainly)


def axis_part(axis: Axis, fields: Sequence[str], *, cropped_apart: bool) -> Part:
    """The part of an axis; its results are these fields of the `Products` of one axis."""

    def rules(lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        slacks = axis_slacks(lib, Axis(*columns), cropped_apart=cropped_apart)
        return [slack for slack in slacks if not isinstance(slack, int)]  # some rules always hold

    def theorem(lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        if tuple(fields) == ("positions",):
            return [size(Axis(*columns))]
        axis = Axis(*columns)
        factor = Products(axis.n, axis.k, *extent(lib, axis))
        return [getattr(factor, field) for field in fields]

    return Part(axis, rules, theorem, len(fields))


def channel_part(channels: Channels) -> Part:
    """The part of the channels, whose results are the columns themselves."""
    return Part(
        channels,
        lambda lib, columns: layer_slacks(lib, Channels(*columns)),
        lambda _, columns: columns,
        len(channels),
    )


class Store:
    """A result, filled block by block: int64 until a value does not fit."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.array: Any = np.empty(shape, np.int64)

    def put(self, block: Block, values: Any) -> None:
        """Keep the values of a block."""
        if beyond(values) is not None:
            self.array = self.array.astype(object, copy=False)
        self.array[block] = values


def beyond(values: Any) -> Marks:
    """The values that do not fit int64."""
    if values.dtype != object:
        return None
    return marks((values < INT64.min) | (values > INT64.max))


def first(rows: Any, block: Block, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of the first row of a block that is marked."""
    runs = [range(n)[part] for n, part in zip(shape, block, strict=True)]
    local = np.argwhere(np.broadcast_to(rows, [len(run) for run in runs]))[0]
    return tuple([run[i] for run, i in zip(runs, local, strict=True)])


def place(index: tuple[int, ...], layers: Layers) -> str:
    """An index as a message names it; nothing where there is one layer alone."""
    if not layers.shape:
        return ""
    return f" at index {index[0] if len(index) == 1 else index}"


def refuse(layers: Layers, index: tuple[int, ...]) -> NoReturn:
    """Raise what `Layer` says of the layer at an index."""
    try:
        layers.row(index)
    except (LayerError, TypeError) as reason:
        raise type(reason)(f"{reason}{place(index, layers)}") from None
    raise AssertionError(f"analytic.Layer takes the layer{place(index, layers)}")


#: ``results(lib, of, *channels)``: numbers of a layer, from the products over its axes, which are
#: `Lazily`, and the columns of its `Channels`.
Results = Callable[..., Sequence[Any]]


class Sweep:
    """Layers under evaluation: what is asked of them, and the choices of the user."""

    def __init__(
        self, layers: Layers, results: Results, *, whole: bool, invalid: str, overflow: str
    ) -> None:
        self.to_mask = totals.choose("invalid", INVALID, invalid)
        self.to_object = totals.choose("overflow", OVERFLOW, overflow)
        self.layers, self.shape = layers, layers.shape or (1,)
        self.results = results
        # Axes that are alike are one part. The channels are one, where whole layers are counted.
        alike = {id(axis): axis for axis in layers.axes}
        self.order = [list(alike).index(id(axis)) for axis in layers.axes]
        self.fields = fields_used(results, len(self.order))
        apart = layers.end_padding is not None
        self.parts = [axis_part(axis, self.fields, cropped_apart=apart) for axis in alike.values()]
        self.axes = len(self.parts)
        if whole:
            self.parts.append(channel_part(layers.channels))
        self.masked = [rows for part in self.parts for rows in part.masked]
        self.wrong = [rows for part in self.parts for rows in part.wrong]

    def formula(self, lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        """The results, from the columns of all parts one after the other."""
        rest = iter(columns)
        axes = [
            dict(zip(self.fields, islice(rest, len(self.fields)), strict=True))
            for _ in range(self.axes)
        ]
        return self.results(lib, Lazily([axes[i] for i in self.order]), *rest)

    def evaluate(self, names: Sequence[str]) -> list[Any]:
        """The results, which have these names, each as an array of the shape of the layers."""
        sources = [part if part.shape == self.shape else Table(part) for part in self.parts]
        fit, most = self.plan(sources)
        stores = [Store(self.shape) for _ in names]
        mask = np.zeros(self.shape, bool)
        for block in blocks(self.shape, most):
            marked, numbers = zip(*[source.at(block) for source in sources], strict=True)
            hidden = self.hidden(block, either(*marked))
            columns, apply = fit([column for part in numbers for column in part])
            made = apply(self.formula, columns)
            if hidden is not None:
                mask[block] = hidden
                made = [np.where(hidden, 0, values) for values in made]
            for name, store, values in zip(names, stores, made, strict=True):
                self.check(name, block, values)
                store.put(block, values)
        arrays = [store.array.reshape(self.layers.shape) for store in stores]
        if not self.to_mask:
            return arrays
        return [np.ma.MaskedArray(array, mask.reshape(self.layers.shape)) for array in arrays]

    def plan(self, sources: Sequence[Part | Table]) -> tuple[Fit, int]:
        """How to fit the columns of a block, and how many rows a block has."""
        fit = Exactly(self.formula).fit
        tables = [source for source in sources if isinstance(source, Table)]
        if len(tables) < len(sources):
            return fit, BLOCK
        return settle(tables, fit), BLOCK_OF_PRODUCTS

    def hidden(self, block: Block, illegal: Marks) -> Marks:
        """The rows to mask; raises where there are rows to refuse."""
        illegal = either(illegal, marks_within(self.masked, block))
        wrong = marks_within(self.wrong, block)
        refused = wrong if self.to_mask else either(illegal, wrong)
        if refused is not None:
            refuse(self.layers, first(refused, block, self.shape))
        return illegal

    def check(self, name: str, block: Block, values: Any) -> None:
        """Raise `OverflowError` where a value does not fit int64 and has to."""
        rows = None if self.to_object else beyond(values)
        if rows is not None:
            index = first(rows, block, self.shape)
            value = values[tuple(np.argwhere(rows)[0])]
            raise OverflowError(
                f"{name} does not fit int64{place(index, self.layers)}: {digits(value)}"
            )


def digits(value: int) -> str:
    """An integer in decimal, or in hexadecimal where it is too long for Python to convert."""
    try:
        return str(value)
    except ValueError:
        return hex(value)


class Lazily:
    """`Products` of the axes of layers, each of them multiplied when it is asked for."""

    def __init__(self, factors: Sequence[Mapping[str, Any]]) -> None:
        self._factors = factors

    def __getattr__(self, name: str) -> Any:
        value = math.prod([factor[name] for factor in self._factors])
        setattr(self, name, value)
        return value

    def sizes(self) -> tuple[Any, ...]:
        """The output size."""
        return tuple([factor["positions"] for factor in self._factors])


class Asked(dict[str, int]):
    """A factor that notes what it is asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = 1
        return 1


def fields_used(results: Results, axes: int) -> tuple[str, ...]:
    """The fields of `Products` that the results are made of."""
    asked = Asked()
    results(INTEGERS, Lazily([asked] * axes), 1, 1, 1, 1, True)
    return tuple(asked)


# What is public.


def output_size(
    input_size: Sequence[Any],
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    end_padding: Any = None,
    invalid: str = "raise",
    overflow: str = "raise",
) -> tuple[Any, ...]:
    r"""Output positions along each axis: `analytic.output_size` of every row.

    .. math:: L = (n - 1) s - 2 p + d (k - 1) + o + 1

    ``input_size`` is a list or tuple with one entry an axis. Every other argument is one integer or
    one array for all axes, or a sequence with one entry an axis. For ``invalid`` and ``overflow``
    see the module.

    Returns one array an axis, each of the shape of the broadcast. Raises `LayerError` and
    `TypeError` as `analytic.output_size` does, with the index of the first row that is refused, and
    `OverflowError`. Cost: O(1) a row. Source: documentation of ``torch.nn.ConvTranspose2d``.

    >>> import numpy as np
    >>> output_size((np.array([8, 16]), 8), 4, stride=2, padding=1)
    (array([16, 32]), array([16, 16]))
    >>> output_size([8], 4, stride=np.array([2, 0]))
    Traceback (most recent call last):
    analytic.layer.LayerError: stride must be positive, got 0 on axis 0 at index 1
    """
    layers = Layers(
        input_size, 1, 1, kernel_size, stride, padding, output_padding, 1, True, dilation, 1,
        end_padding,
    )  # fmt: skip
    sweep = Sweep(layers, sizes_alone, whole=False, invalid=invalid, overflow=overflow)
    return tuple(sweep.evaluate(size_names(layers)))


def extents(
    input_size: Sequence[Any],
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    end_padding: Any = None,
    invalid: str = "raise",
    overflow: str = "raise",
) -> tuple[tuple[Any, ...], Any, Any]:
    r"""`output_size`, `overlaps` and `covered` of every row, in one evaluation instead of three.

    .. math:: (L_0, L_1, …), \qquad \prod T, \qquad \prod C

    Arguments and errors as in `output_size`. Cost: as `overlaps`.

    >>> import numpy as np
    >>> extents([np.array([8, 16])], 2, stride=3)
    ((array([23, 47]),), array([16, 32]), array([16, 32]))
    """
    layers = Layers(
        input_size, 1, 1, kernel_size, stride, padding, output_padding, 1, True, dilation, 1,
        end_padding,
    )  # fmt: skip
    sweep = Sweep(layers, all_extents, whole=False, invalid=invalid, overflow=overflow)
    *sizes, pairs, positions = sweep.evaluate([*size_names(layers), "overlaps", "covered"])
    return tuple(sizes), pairs, positions


def overlaps(
    input_size: Sequence[Any],
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    end_padding: Any = None,
    invalid: str = "raise",
    overflow: str = "raise",
) -> Any:
    r"""Products of one filter that land in the output: `analytic.overlaps` of every row.

    .. math:: \prod T, \qquad T = \#\{(i, t) : 0 \le i s + t d - p < L\} = \sum_y c(y)

    Arguments and errors as in `output_size`. Cost: O(log min(s, d)) a row of each axis, and one
    multiplication a row of the broadcast. Source: notes/derivation.md, theorem 1.

    >>> import numpy as np
    >>> landed = [[i * s + t - 1 for i in range(8) for t in range(4)] for s in (1, 2, 3)]
    >>> overlaps([8], 4, stride=np.array([1, 2, 3]), padding=1).tolist() == [
    ...     sum(0 <= y < 7 * s + 2 for y in row) for s, row in zip((1, 2, 3), landed)
    ... ]
    True
    """
    layers = Layers(
        input_size, 1, 1, kernel_size, stride, padding, output_padding, 1, True, dilation, 1,
        end_padding,
    )  # fmt: skip
    return product(layers, "overlaps", lambda of: of.overlaps, invalid, overflow)


def covered(
    input_size: Sequence[Any],
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    end_padding: Any = None,
    invalid: str = "raise",
    overflow: str = "raise",
) -> Any:
    r"""Output positions on which a product lands: `analytic.covered` of every row.

    .. math:: \prod C, \qquad C = \#\{y : c(y) > 0\}

    Arguments and errors as in `output_size`, cost as in `overlaps`. Source: notes/derivation.md,
    theorem 2.

    >>> import numpy as np
    >>> landed = [{i * s + t for i in range(8) for t in range(2)} for s in (1, 2, 3)]
    >>> covered([8], 2, stride=np.array([1, 2, 3])).tolist() == [len(row) for row in landed]
    True
    """
    layers = Layers(
        input_size, 1, 1, kernel_size, stride, padding, output_padding, 1, True, dilation, 1,
        end_padding,
    )  # fmt: skip
    return product(layers, "covered", lambda of: of.covered, invalid, overflow)


def additions_per_filter(
    input_size: Sequence[Any],
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    end_padding: Any = None,
    convention: str = "nonzero",
    invalid: str = "raise",
    overflow: str = "raise",
) -> Any:
    r"""Additions that sum the products of a filter: `analytic.additions_per_filter` of every row.

    .. math:: \prod T - \prod C \quad (\text{"nonzero", "exact"}), \qquad
              \prod T - \prod L \quad (\text{"documented"})

    Arguments and errors as in `output_size`, cost as in `overlaps`; an unknown convention is a
    `ValueError`. Source: the documentation of ConvTranspose1d in the ModuleProfiler project,
    section Operations per filter; notes/derivation.md, theorems 1 and 2.

    >>> import numpy as np
    >>> sides = np.arange(1, 4)
    >>> additions_per_filter((sides[:, None], sides), 2)
    array([[ 0,  2,  4],
           [ 2,  7, 12],
           [ 4, 12, 20]])
    """
    totals.choose("convention", totals.CONVENTIONS, convention)
    layers = Layers(
        input_size, 1, 1, kernel_size, stride, padding, output_padding, 1, True, dilation, 1,
        end_padding,
    )  # fmt: skip
    additions = partial(totals.additions_per_filter, convention=convention)
    return product(layers, "additions_per_filter", additions, invalid, overflow)


def count(
    layers: Layers,
    *,
    convention: str = "nonzero",
    rule: str = "exact",
    invalid: str = "raise",
    overflow: str = "raise",
) -> Count:
    r"""Every count of every layer: a `Count` whose fields are arrays.

    .. math:: \text{total} = N (\psi \lambda + \gamma), \quad \psi = C_{in} C_{out} / groups

    Choices and errors as in `analytic.count`, with the index of the first row that is refused; for
    ``invalid`` and ``overflow`` see the module. Cost: O(log min(s, d)) a row of each axis, and some
    twenty multiplications and additions a row of the broadcast.
    Source: notes/conventions.md; notes/derivation.md, theorems 1 and 2.

    >>> import numpy as np
    >>> layers = Layers((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=np.array([1, 2]))
    >>> count(layers).total
    array([119904, 239808])
    """
    totals.choose("convention", totals.CONVENTIONS, convention)
    totals.choose("rule", totals.RULES, rule)
    sizes = size_names(as_layers(layers))

    def every_count(lib: Any, of: Any, *channels: Any) -> Sequence[Any]:
        made = totals.count(lib, Channels(*channels), of.sizes(), of, convention, rule)
        return [*made.output_size, *made[1:-2]]

    sweep = Sweep(layers, every_count, whole=True, invalid=invalid, overflow=overflow)
    results = sweep.evaluate([*sizes, *Count._fields[1:-2]])
    fields = [tuple(results[: len(sizes)]), *results[len(sizes) :], convention, rule]
    return Count._make(fields)


def rows(counts: Count) -> Iterator[Count]:
    """The counts of a column of layers one by one, in Python integers.

    >>> import numpy as np
    >>> [of.macs for of in rows(count(Layers([np.array([8, 9])], 4, 6, 4)))]
    [768, 864]
    """
    sizes = zip(*[size.tolist() for size in counts.output_size], strict=True)
    numbers = [field.tolist() for field in counts[1:-2]]
    for row in zip(sizes, *numbers, strict=True):
        yield Count._make((*row, counts.convention, counts.rule))


def macs(
    layers: Layers, *, rule: str = "exact", invalid: str = "raise", overflow: str = "raise"
) -> Any:
    r"""Multiply-accumulates of every layer: `analytic.macs` of every row.

    .. math:: N \psi \prod T \ (\text{"exact"}), \qquad N \psi \prod n \prod k \ (\text{"input"}),
              \qquad N \psi \prod L \prod k \ (\text{"output"})

    Choices and errors as in `count`. Source: notes/conventions.md.

    >>> import numpy as np
    >>> macs(Layers((8, 8), 4, 6, 4, stride=2, padding=1, groups=np.array([1, 2])))
    array([21600, 10800])
    """
    totals.choose("rule", totals.RULES, rule)

    def macs_alone(lib: Any, of: Any, *channels: Any) -> Sequence[Any]:
        return [totals.macs(lib, Channels(*channels), of, rule)]

    sweep = Sweep(as_layers(layers), macs_alone, whole=True, invalid=invalid, overflow=overflow)
    return sweep.evaluate(["macs"])[0]


def sizes_alone(_lib: Any, of: Any, *_: Any) -> Sequence[Any]:
    """The results of `output_size`."""
    return list(of.sizes())


def all_extents(_lib: Any, of: Any, *_: Any) -> Sequence[Any]:
    """The results of `extents`."""
    return [*of.sizes(), of.overlaps, of.covered]


def product(
    layers: Layers, name: str, chosen: Callable[[Any], Any], invalid: str, overflow: str
) -> Any:
    """One number a layer, made of the products over its axes."""
    sweep = Sweep(
        layers, lambda _, of, *__: [chosen(of)], whole=False, invalid=invalid, overflow=overflow
    )
    return sweep.evaluate([name])[0]


def size_names(layers: Layers) -> list[str]:
    """What the output sizes of the axes are called."""
    return [f"output_size on axis {axis}" for axis in range(len(layers.axes))]


def as_layers(layers: object) -> Layers:
    """``layers`` itself, or a `TypeError`."""
    if not isinstance(layers, Layers):
        raise TypeError(f"layers must be an analytic.arrays.Layers, got {type(layers).__name__}")
    return layers
