"""Sweeps: columns evaluated by blocks that fit the cache, in integers that cannot wrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice
from typing import Any, NoReturn

import numpy as np

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.arrays.arithmetic import INT64, Exactly, Fit, Formula, plainly
from analytic.arrays.columns import Channels, Column, Layers, Marks, either, marks
from analytic.axis import Axis, extent, size
from analytic.layer import (
    LayerError,
    axis_slacks,
    layer_slacks,
)
from analytic.totals import Products

#: Rows of a block: its columns and what is computed from them stay in the second-level cache.
BLOCK = 2**15
#: Where all axes repeat along the batch, only products are left, of fewer columns.
BLOCK_OF_PRODUCTS = 2**17

#: What the choices of every function may be.
INVALID = {"raise": False, "mask": True}
OVERFLOW = {"raise": False, "object": True}

#: A block of rows: one slice for each dimension.
Block = tuple[slice, ...]


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
        self, columns: Sequence[Column], rules: Formula, theorem: Formula, asked: Sequence[int]
    ) -> None:
        self.columns = [column.values for column in columns]
        self.masked = [column.masked for column in columns if column.masked is not None]
        self.wrong = [column.wrong for column in columns if column.wrong is not None]
        self.rules, self.theorem = rules, theorem
        #: Which results of the theorem are asked for. The bound is of all that it evaluates.
        self.asked = asked
        self.exactly = Exactly(rules, theorem)
        self.shape = np.broadcast_shapes(*[values.shape for values in self.columns])

    def at(self, block: Block) -> tuple[Marks, Sequence[Any]]:
        """Which rows of a block are illegal, and what the theorem says of the others."""
        columns, apply = self.exactly.fit([within(values, block) for values in self.columns])
        illegal = marks(reduce(np.minimum, apply(self.rules, columns)) < 0)
        if illegal is not None:
            columns = [np.where(illegal, 1, values) for values in columns]
        results = apply(self.theorem, columns)
        return illegal, [results[i] for i in self.asked]


class Table:
    """What `Part.at` says of all blocks: for a part whose rows repeat along the batch."""

    def __init__(self, part: Part) -> None:
        illegal = np.zeros(part.shape, bool)
        stores = [Store(part.shape) for _ in part.asked]
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


def axis_part(axis: Axis[Any], fields: Sequence[str], *, cropped_apart: bool) -> Part:
    """The part of an axis; its results are these fields of the `Products` of one axis."""

    def rules(lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        slacks = axis_slacks(lib, Axis(*columns), cropped_apart=cropped_apart)
        return [slack for slack in slacks if not isinstance(slack, int)]  # some rules always hold

    def theorem(lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        axis = Axis(*columns)
        return [axis.n, axis.k, *(extent(lib, axis) if counted else [size(axis)])]

    counted = not {"overlaps", "covered"}.isdisjoint(fields)
    return Part(axis, rules, theorem, [Products._fields.index(field) for field in fields])


def channel_part(channels: Channels) -> Part:
    """The part of the channels, whose results are the columns themselves."""
    return Part(
        channels,
        lambda lib, columns: layer_slacks(lib, Channels(*columns)),
        lambda _, columns: columns,
        range(len(channels)),
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
