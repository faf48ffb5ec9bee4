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
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from itertools import islice
from typing import Any, NamedTuple, NoReturn

import numpy as np

from analytic import totals
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
from analytic.numpy_arithmetic import INT64, Formula, exactly
from analytic.totals import Count, Products

#: Rows of a block: its columns and what is computed from them stay in the second-level cache.
BLOCK = 2**15

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

    def row(self, index: tuple[int, ...]) -> Layer:
        """The `analytic.Layer` at an index, or what it raises."""
        return Layer(**{name: element(value, index) for name, value in self._given.items()})


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
    if values.dtype == object:
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


def blocks(shape: tuple[int, ...], most: int = BLOCK) -> Iterator[Block]:
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
    pieces = math.ceil(cut * inner / most)
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
    some = either(*[within(rows, block) for rows in given])
    return None if some is None else marks(some)


# Evaluation. A part is an axis, or the channels: it is checked and evaluated by itself.


class Part:
    """Columns that are checked and evaluated together, on the shape of their own broadcast."""

    def __init__(self, columns: Sequence[Column], rules: Formula, theorem: Formula) -> None:
        self.columns = [column.values for column in columns]
        self.masked = [column.masked for column in columns if column.masked is not None]
        self.wrong = [column.wrong for column in columns if column.wrong is not None]
        self.rules, self.theorem = rules, theorem
        self.shape = np.broadcast_shapes(*[values.shape for values in self.columns])

    def at(self, block: Block) -> tuple[Marks, Sequence[Any]]:
        """Which rows of a block are illegal, and what the theorem says of the others."""
        columns = [within(values, block) for values in self.columns]
        illegal = marks(reduce(np.minimum, exactly(self.rules, columns)) < 0)
        if illegal is not None:
            columns = [np.where(illegal, 1, values) for values in columns]
        return illegal, exactly(self.theorem, columns)

    def once(self) -> Callable[[Block], tuple[Marks, Sequence[Any]]]:
        """`at`, looked up in what is evaluated now: for a part that repeats along the batch."""
        illegal = np.zeros(self.shape, bool)
        stores: list[Store] = []
        for block in blocks(self.shape):
            broken, results = self.at(block)
            stores = stores or [Store(self.shape) for _ in results]
            for store, values in zip(stores, results, strict=True):
                store.put(block, values)
            if broken is not None:
                illegal[block] = broken
        tables = [store.array for store in stores]
        return lambda block: (
            marks_within([illegal], block),
            [within(table, block) for table in tables],
        )


def axis_part(axis: Axis, theorem: Callable[..., Any], *, cropped_apart: bool) -> Part:
    """The part of an axis; its columns are those of `Axis`, its results `Products` of one axis."""

    def rules(lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        slacks = axis_slacks(lib, Axis(*columns), cropped_apart=cropped_apart)
        return [slack for slack in slacks if not isinstance(slack, int)]  # some rules always hold

    return Part(axis, rules, lambda lib, columns: theorem(lib, Axis(*columns)))


def channel_part(channels: Channels) -> Part:
    """The part of the channels, whose results are the columns themselves."""
    return Part(
        channels,
        lambda lib, columns: layer_slacks(lib, Channels(*columns)),
        lambda _, columns: columns,
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


#: ``results(lib, channels, factors)``: one number or more a layer, from the columns of `Channels`
#: and from what the theorem says of each axis.
Results = Callable[[Any, Channels, Sequence[Sequence[Any]]], Sequence[Any]]


class Sweep:
    """Layers under evaluation, and the choices of the user."""

    def __init__(
        self, layers: Layers, theorem: Callable[..., Any], invalid: str, overflow: str
    ) -> None:
        self.to_mask = totals.choose("invalid", INVALID, invalid)
        self.to_object = totals.choose("overflow", OVERFLOW, overflow)
        self.layers, self.shape = layers, layers.shape or (1,)
        apart = layers.end_padding is not None
        axes = {id(axis): axis_part(axis, theorem, cropped_apart=apart) for axis in layers.axes}
        #: Which part each axis is.
        self.order = [list(axes).index(id(axis)) for axis in layers.axes]
        self.parts = [*axes.values(), channel_part(layers.channels)]

    def evaluate(self, names: Sequence[str], results: Results) -> list[Any]:
        """The results, which have these names, each as an array of the shape of the layers."""
        parts = [part.at if part.shape == self.shape else part.once() for part in self.parts]
        stores = [Store(self.shape) for _ in names]
        mask = np.zeros(self.shape, bool)
        for block in blocks(self.shape):
            marked, numbers = zip(*[part(block) for part in parts], strict=True)
            hidden = self.hidden(block, either(*marked))
            if hidden is not None:
                mask[block] = hidden
            formula = partial(self.formula, results, [len(part) for part in numbers])
            made = exactly(formula, [column for part in numbers for column in part])
            for name, store, values in zip(names, stores, made, strict=True):
                shown = values if hidden is None else np.where(hidden, 0, values)
                self.check(name, block, shown)
                store.put(block, shown)
        whole = [store.array.reshape(self.layers.shape) for store in stores]
        if not self.to_mask:
            return whole
        return [np.ma.MaskedArray(array, mask.reshape(self.layers.shape)) for array in whole]

    def formula(
        self, results: Results, widths: Sequence[int], lib: Any, columns: Sequence[Any]
    ) -> Sequence[Any]:
        """The results, from all columns of all parts one after the other."""
        rest = iter(columns)
        *factors, channels = [list(islice(rest, width)) for width in widths]
        return results(lib, Channels(*channels), [factors[i] for i in self.order])

    def hidden(self, block: Block, illegal: Marks) -> Marks:
        """The rows to mask; raises where there are rows to refuse."""
        masked, wrong = (
            marks_within([rows for part in self.parts for rows in getattr(part, kind)], block)
            for kind in ("masked", "wrong")
        )
        illegal = either(illegal, masked)
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

    def __init__(self, factors: Sequence[Sequence[Any]]) -> None:
        self._factors = [Products(*factor) for factor in factors]

    def __getattr__(self, name: str) -> Any:
        value = math.prod([getattr(factor, name) for factor in self._factors])
        setattr(self, name, value)
        return value

    def sizes(self) -> tuple[Any, ...]:
        """The output size."""
        return tuple([factor.positions for factor in self._factors])


def sizes_alone(_lib: Any, axis: Axis) -> Sequence[Any]:
    """What there is to evaluate of an axis of which only the size is asked for."""
    return (size(axis),)


def factor(lib: Any, axis: Axis) -> Sequence[Any]:
    """What an axis contributes to the products."""
    return Products(axis.n, axis.k, *extent(lib, axis))


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
    sweep = Sweep(layers, sizes_alone, invalid, overflow)
    return tuple(sweep.evaluate(size_names(layers), lambda _, __, of: [size for (size,) in of]))


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
    names = [*size_names(layers), "overlaps", "covered"]
    *sizes, pairs, positions = Sweep(layers, factor, invalid, overflow).evaluate(names, all_extents)
    return tuple(sizes), pairs, positions


def all_extents(_lib: Any, _channels: Any, factors: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """The results of `extents`."""
    of = Lazily(factors)
    return [*of.sizes(), of.overlaps, of.covered]


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
    names = [*sizes, *Count._fields[1:-2]]

    def every_count(lib: Any, channels: Any, factors: Sequence[Sequence[Any]]) -> Sequence[Any]:
        of: Any = Lazily(factors)
        made = totals.count(lib, channels, of.sizes(), of, convention, rule)
        return [*made.output_size, *made[1:-2]]

    results = Sweep(layers, factor, invalid, overflow).evaluate(names, every_count)
    fields = [tuple(results[: len(sizes)]), *results[len(sizes) :], convention, rule]
    return Count._make(fields)


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

    def macs_alone(lib: Any, channels: Any, factors: Sequence[Sequence[Any]]) -> Sequence[Any]:
        of: Any = Lazily(factors)
        return [totals.macs(lib, channels, of, rule)]

    return Sweep(as_layers(layers), factor, invalid, overflow).evaluate(["macs"], macs_alone)[0]


def product(
    layers: Layers, name: str, chosen: Callable[[Any], Any], invalid: str, overflow: str
) -> Any:
    """One number a layer, made of the products over its axes."""

    def results(_lib: Any, _channels: Any, factors: Sequence[Sequence[Any]]) -> Sequence[Any]:
        return [chosen(Lazily(factors))]

    return Sweep(layers, factor, invalid, overflow).evaluate([name], results)[0]


def size_names(layers: Layers) -> list[str]:
    """What the output sizes of the axes are called."""
    return [f"output_size on axis {axis}" for axis in range(len(layers.axes))]


def as_layers(layers: object) -> Layers:
    """``layers`` itself, or a `TypeError`."""
    if not isinstance(layers, Layers):
        raise TypeError(f"layers must be an analytic.arrays.Layers, got {type(layers).__name__}")
    return layers
