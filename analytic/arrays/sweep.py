"""Sweeps: columns evaluated by blocks that fit the cache, in integers that cannot wrap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, islice
from operator import mul
from typing import Any, NamedTuple, NoReturn

import numpy as np

from analytic import totals
from analytic.arrays.arithmetic import INT64, Exactly, Fit, Formula, Rows, plainly
from analytic.arrays.blocks import Block, Marks, blocks, either, first, marks, marks_within, within
from analytic.arrays.columns import Channels, Column, Layers
from analytic.axis import (
    Axis,
    covered,
    inputs_reached,
    ordinary,
    overlaps,
    size,
    taps_reached,
)
from analytic.layer import (
    LayerError,
    axis_slacks,
    layer_slacks,
    named_padding,
    ordinary_slacks,
)

#: Rows of a block: its columns and what is computed from them stay in the second-level cache.
BLOCK = 2**15
#: Where all axes repeat along the batch, only products are left, of fewer columns.
BLOCK_OF_PRODUCTS = 2**17

#: What the choices of every function may be.
INVALID = {"raise": False, "mask": True}
OVERFLOW = {"raise": False, "object": True}


class Question(NamedTuple):
    """What is asked of layers.

    ``names`` of the results, of which ``output_size`` is one an axis; ``needs``, the fields of
    `LazyProducts` that they are made of; and ``formula(lib, products)``, which makes them. Where it
    reads ``channels``, it has two more arguments: `Channels`, and whether layers are transposed.
    """

    names: Sequence[str]
    needs: Sequence[str]
    formula: Callable[..., Sequence[Rows]]
    channels: bool = False


class LazyProducts:
    """`totals.Products` of layers, each of them multiplied over the axes when it is asked for.

    Beside them: ``inputs_reached`` and ``taps_reached``.
    """

    def __init__(self, factors: Sequence[Mapping[str, Rows]]) -> None:
        self._factors = factors

    def __getattr__(self, name: str) -> Rows:
        product = reduce(mul, [factor[name] for factor in self._factors])
        setattr(self, name, product)
        return product

    def sizes(self) -> tuple[Rows, ...]:
        """The output size."""
        return tuple([factor["positions"] for factor in self._factors])


# A part is an axis, or the channels: it is checked and evaluated by itself.


class Part:
    """Columns that are checked and evaluated together, on the shape of their own broadcast."""

    def __init__(
        self, columns: Sequence[Column], rules: Formula, theorem: Formula, results: int
    ) -> None:
        self.columns = [column.values for column in columns]
        self.masked = [column.masked for column in columns if column.masked is not None]
        self.wrong = [column.wrong for column in columns if column.wrong is not None]
        self.rules, self.theorem, self.results = rules, theorem, results
        self.exactly = Exactly(rules, theorem)
        self.shape = np.broadcast_shapes(*[values.shape for values in self.columns])

    def at(self, block: Block) -> tuple[Marks, Sequence[Rows]]:
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
        self.illegal = [illegal]
        self.results = [store.array for store in stores]

    def at(self, block: Block) -> tuple[Marks, Sequence[Rows]]:
        """The rows of a block."""
        return marks_within(self.illegal, block), [within(part, block) for part in self.results]


def settle(tables: Sequence[Table], fit: Fit) -> Fit:
    """``fit``, once for every block that is cut out of tables alone."""
    columns, apply = fit([column for table in tables for column in table.results])
    if apply is not plainly:
        return fit
    rest = iter(columns)
    for table in tables:
        table.results = list(islice(rest, len(table.results)))
    return lambda columns: (columns, plainly)


#: What a shadow of the pairs is, from the arithmetic, the axis and its overlaps.
SHADOWS = {"covered": covered, "inputs_reached": inputs_reached, "taps_reached": taps_reached}
#: An ordinary convolution reads the pairs the other way round: what is a field of it is another
#: field of the transposed convolution with the same pairs.
REVERSED = {
    "inputs": "positions",
    "positions": "inputs",
    "covered": "inputs_reached",
    "inputs_reached": "covered",
}


def reading(fields: Sequence[str], transposed: bool) -> list[str]:
    """What fields of a layer are to the transposed convolution with the same pairs."""
    return [*fields] if transposed else [REVERSED.get(field, field) for field in fields]


def by_kind(lib: Any, kinds: Any, numbers: Callable[[bool], Sequence[Any]]) -> Sequence[Any]:
    """Numbers of layers that are transposed or not, or of both kinds, as a column says."""
    if isinstance(kinds, bool):
        return numbers(kinds)
    return [lib.where(kinds, *pair) for pair in zip(numbers(True), numbers(False), strict=True)]


def factors(lib: Any, axis: Axis[Any], fields: set[str]) -> dict[str, Any]:
    """What an axis gives to the products, these fields and maybe others; see `totals.factors`."""
    numbers = {"inputs": axis.n, "taps": axis.k, "positions": size(axis)}
    if not fields.issubset(numbers):
        numbers["overlaps"] = overlaps(lib, axis)
    for field in fields.intersection(SHADOWS):
        numbers[field] = SHADOWS[field](lib, axis, numbers["overlaps"])
    return numbers


def axis_part(axis: Axis[Column], layers: Layers, fields: Sequence[str]) -> Part:
    """The part of an axis; its results are what it gives to these fields of the products."""

    def arguments(columns: Sequence[Any]) -> tuple[Axis[Any], Any]:
        """What was given for the axis, and the kinds."""
        given: Axis[Any] = Axis._make(columns[:7])
        kinds = columns[7] if layers.kinds else layers.transposed
        return named_padding(layers.word, None, given) if layers.word else given, kinds

    def rules(lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        axis, kinds = arguments(columns)
        apart = layers.end_padding is not None
        slacks = by_kind(
            lib,
            kinds,
            lambda transposed: (
                axis_slacks(lib, axis, cropped_apart=apart)
                if transposed
                else ordinary_slacks(lib, axis)
            ),
        )
        unit_stride = [1 - axis.s] if layers.word == "same" else []
        return [slack for slack in [*slacks, *unit_stride] if not isinstance(slack, int)]

    def theorem(lib: Any, columns: Sequence[Any]) -> Sequence[Any]:
        given, kinds = arguments(columns)
        axis: Axis[Any] = Axis._make(
            by_kind(lib, kinds, lambda transposed: given if transposed else ordinary(*given[:6]))
        )
        both = [kinds] if isinstance(kinds, bool) else [True, False]
        numbers = factors(lib, axis, {name for kind in both for name in reading(fields, kind)})
        return by_kind(lib, kinds, lambda kind: [numbers[name] for name in reading(fields, kind)])

    return Part([*axis, *layers.kinds], rules, theorem, len(fields))


def channel_part(layers: Layers) -> Part:
    """The part of the channels and kinds, whose results are the columns themselves."""
    columns = [*layers.channels, *layers.kinds]
    return Part(
        columns,
        lambda lib, columns: layer_slacks(lib, Channels(*columns[: len(Channels._fields)])),
        lambda _, columns: columns,
        len(columns),
    )


class Store:
    """A result, filled block by block: int64 until a value does not fit."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.array: Rows = np.empty(shape, np.int64)

    def put(self, block: Block, values: Rows) -> None:
        """Keep the values of a block."""
        if beyond(values) is not None:
            self.array = self.array.astype(object, copy=False)
        self.array[block] = values


def beyond(values: Rows) -> Marks:
    """The values that do not fit int64."""
    if values.dtype != object:
        return None
    return marks((values < INT64.min) | (values > INT64.max))


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


class Sweep:
    """Layers under evaluation: what is asked of them, and the choices of the user."""

    def __init__(
        self, layers: Layers, question: Question, invalid: str = "raise", overflow: str = "raise"
    ) -> None:
        if not isinstance(layers, Layers):
            raise TypeError(
                f"layers must be an analytic.arrays.Layers, got {type(layers).__name__}"
            )
        self.to_mask = totals.choose("invalid", INVALID, invalid)
        self.to_object = totals.choose("overflow", OVERFLOW, overflow)
        self.layers, self.shape = layers, layers.shape or (1,)
        self.question = question
        # Axes that are alike are one part. The channels are one, where whole layers are counted.
        alike = {id(axis): axis for axis in layers.axes}
        self.order = [list(alike).index(id(axis)) for axis in layers.axes]
        self.parts = [axis_part(axis, layers, question.needs) for axis in alike.values()]
        self.axes = len(self.parts)
        if question.channels:
            self.parts.append(channel_part(layers))
        self.masked = [rows for part in self.parts for rows in part.masked]
        self.wrong = [rows for part in self.parts for rows in part.wrong]

    def formula(self, lib: Any, columns: Sequence[Rows]) -> Sequence[Rows]:
        """The results, from the columns of all parts one after the other."""
        rest: Iterator[Rows] = iter(columns)
        needs = self.question.needs
        axes = [dict(zip(needs, islice(rest, len(needs)), strict=True)) for _ in range(self.axes)]
        products = LazyProducts([axes[i] for i in self.order])
        if not self.question.channels:
            return self.question.formula(lib, products)
        channels = Channels._make(islice(rest, len(Channels._fields)))
        return self.question.formula(lib, products, channels, next(rest, self.layers.transposed))

    def evaluate(self) -> list[Rows]:
        """The results, each as an array of the shape of the layers."""
        sources = [part if part.shape == self.shape else Table(part) for part in self.parts]
        fit, most = self.plan(sources)
        sizes = [f"output_size on axis {axis}" for axis in range(len(self.order))]
        names = [[name] if name != "output_size" else sizes for name in self.question.names]
        stores = {name: Store(self.shape) for name in chain(*names)}
        mask = np.zeros(self.shape, bool)
        for block in blocks(self.shape, most):
            illegal, numbers = zip(*[source.at(block) for source in sources], strict=True)
            hidden = self.hidden(block, either(*illegal))
            columns, apply = fit([column for part in numbers for column in part])
            results = apply(self.formula, columns)
            if hidden is not None:
                mask[block] = hidden
                results = [np.where(hidden, 0, values) for values in results]
            for (name, store), values in zip(stores.items(), results, strict=True):
                self.check(name, block, values)
                store.put(block, values)
        arrays = [store.array.reshape(self.layers.shape) for store in stores.values()]
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

    def check(self, name: str, block: Block, values: Rows) -> None:
        """Raise `OverflowError` where a value does not fit int64 and has to."""
        rows = None if self.to_object else beyond(values)
        if rows is not None:
            where = place(first(rows, block, self.shape), self.layers)
            value = values[tuple(np.argwhere(rows)[0])]
            raise OverflowError(f"{name} does not fit int64{where}: {digits(value)}")


def digits(value: int) -> str:
    """An integer in decimal, or in hexadecimal where it is too long for Python to convert."""
    try:
        return str(value)
    except ValueError:
        return hex(value)
