"""Graphs of files that say the sizes of their tensors: unknown ones are bound, and handed on.

A file says the sizes of every tensor, but for those that it leaves open: the batch, mostly. An open
size of an input has the name ``INPUT:AXIS``, and is given by it; from there it is handed on by the
rules of operations, as far as these have one. What an operation without a rule leaves open is given
as ``NODE:AXIS``: of a convolution's input, or of another operation's first output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from analytic.layer import Layer, LayerError, integer, shown
from analytic.models import Missing, UsageError
from analytic.names import listed, short, unbound

#: No more names than these are kept of what wants a size.
MOST_NAMES = 64
#: Sizes, as far as they are known.
Sizes = list[int | None]


class Operation(NamedTuple):
    """An operation of a file, what it says of it, and the tensors that it reads and makes."""

    name: str
    kind: str
    words: Mapping[str, Any]
    inputs: Sequence[Hashable]
    outputs: Sequence[Hashable]


class Graph(NamedTuple):
    """The operations of a file in order, the sizes that it says of tensors, its inputs by name,
    and the elements of small constants.
    """

    operations: list[Operation]
    sizes: dict[Hashable, Sizes]
    inputs: dict[str, Hashable]
    values: dict[Hashable, list[int]]


class Call(NamedTuple):
    """What is known where an operation runs: the sizes of its inputs, now and as the file has them,
    the elements of inputs that are constants, and the sizes that the file says of its first output.
    """

    operation: Operation
    inputs: list[Sizes]
    said_inputs: list[Sizes]
    values: list[list[int] | None]
    said: Sizes


class Convolution(NamedTuple):
    """An operation that convolves: its translation, and at which place its data come."""

    translate: Callable[[Call], Layer]
    data: int = 0


#: The sizes of an operation's first output; those that it cannot tell are None.
Rule = Callable[[Call], Sizes]


class Kinds(NamedTuple):
    """What the operations of a framework are: which convolve, and by which rule others hand on."""

    convolutions: Mapping[str, Convolution]
    rules: Mapping[str, Rule]
    is_unknown: Callable[[str], bool]
    channels_last: bool


class Lost(NamedTuple):
    """Why a size is not known: names that want one, or the operation that leaves it open."""

    names: tuple[str, ...] = ()
    words: str = ""


def rows_of(
    graph: Graph, kinds: Kinds, dims: Mapping[str, int] | None = None
) -> list[tuple[str, Layer | Missing]]:
    """The convolutions of a graph by name, known or not.

    Raises `UsageError` for a name that the graph has not, and a size that contradicts it.
    """
    return [*Reader(graph, kinds, {} if dims is None else dims).rows()]


class Reader:
    """Reads a graph once, in its order."""

    def __init__(self, graph: Graph, kinds: Kinds, dims: Mapping[str, int]) -> None:
        self.graph = graph
        self.kinds = kinds
        self.sizes = dict(graph.sizes)
        self.lost: dict[Hashable, Lost] = {}
        given = {name: integer(f"the dimension {short(name)}", n) for name, n in dims.items()}
        for name, key in graph.inputs.items():
            self.bind_input(name, key, given)
        self.given = self.of_operations(given)

    def bind_input(self, name: str, key: Hashable, given: dict[str, int]) -> None:
        """Give the open sizes of an input those that are given to them, which are used up then."""
        axes = [f"{name}:{axis}" for axis in range(len(self.sizes[key]))]
        sizes = [
            bound(axis, size, given.pop(axis, None))
            for axis, size in zip(axes, self.sizes[key], strict=True)
        ]
        self.sizes[key] = sizes
        names = [axis for axis, size in zip(axes, sizes, strict=True) if size is None]
        if names:
            self.lost[key] = Lost(tuple(names[:MOST_NAMES]))

    def of_operations(self, given: Mapping[str, int]) -> dict[str, dict[int, int]]:
        """The sizes that are given by operation and axis."""
        names = {operation.name for operation in self.graph.operations} if given else set()
        sizes: dict[str, dict[int, int]] = {}
        for name, value in given.items():
            node, _, axis = name.rpartition(":")
            if node not in names or not re.fullmatch("[0-9]{1,3}", axis):
                known = [f"{x}:{a}" for x, key in self.graph.inputs.items() for a in self.open(key)]
                raise UsageError(
                    f"the model has no dimension called {shown(name)}; it has: "
                    f"{listed(known) or 'none'}"
                )
            sizes.setdefault(node, {})[int(axis)] = value
        return sizes

    def open(self, key: Hashable) -> list[int]:
        """The axes of a tensor that the file leaves open."""
        return [axis for axis, size in enumerate(self.graph.sizes[key]) if size is None]

    def rows(self) -> Iterator[tuple[str, Layer | Missing]]:
        """Name and row of every convolution."""
        for operation in self.graph.operations:
            said = self.graph.sizes
            call = Call(
                operation,
                [self.sizes.get(key, []) for key in operation.inputs],
                [said.get(key, []) for key in operation.inputs],
                [self.graph.values.get(key) for key in operation.inputs],
                [*said.get(operation.outputs[0], [])] if operation.outputs else [],
            )
            convolution = self.kinds.convolutions.get(operation.kind)
            if convolution is not None:
                row = self.row(convolution, call)
                yield operation.name, row
                layer = row if isinstance(row, Layer) else None
                self.hand_on(call, self.of_layer(call, layer, convolution.data))
                continue
            if self.kinds.is_unknown(operation.kind):
                words = f"{operation.kind} is no convolution that has a translation"
                yield operation.name, Missing(words)
            rule = self.kinds.rules.get(operation.kind)
            sizes = self.with_given(operation.name, call.said)
            known = rule(call._replace(said=sizes)) if rule is not None else []
            self.hand_on(call, filled(sizes, known))

    def row(self, convolution: Convolution, call: Call) -> Layer | Missing:
        """The layer of a convolution, or why it is not known."""
        at = convolution.data
        if at >= len(call.inputs):
            return Missing("it has no input")
        call.inputs[at] = self.with_given(call.operation.name, call.inputs[at])
        axes = [axis for axis, size in enumerate(call.inputs[at]) if size is None]
        if axes:
            return self.missing(call, self.lost.get(call.operation.inputs[at], Lost()), axes)
        try:
            layer = convolution.translate(call)
            self.refuse_other(call, layer)
        except (ValueError, TypeError) as reason:
            return Missing(str(reason))
        return layer

    def refuse_other(self, call: Call, layer: Layer) -> None:
        """Raise where the file says other sizes of the output than the layer has."""
        ours = self.output(layer)
        if call.said and len(call.said) != len(ours):
            raise LayerError(f"its output has {len(ours)} axes, but {len(call.said)} in the file")
        for axis, (n, said) in enumerate(zip(ours, call.said, strict=False)):
            if said not in {None, n}:
                raise LayerError(
                    f"its output has {shown(n)} on axis {axis}, but {shown(said)} in the file"
                )

    def of_layer(self, call: Call, layer: Layer | None, data: int) -> Sizes:
        """The sizes of a convolution's output."""
        if layer is not None:
            return self.output(layer)
        batch = call.inputs[data][:1] if data < len(call.inputs) else []
        return filled(call.said, [*batch, *[None] * (len(call.said) - 1)])

    def output(self, layer: Layer) -> Sizes:
        """A layer's output as the framework has it."""
        last = self.kinds.channels_last
        ends = (
            [*layer.output_size, layer.out_channels]
            if last
            else [layer.out_channels, *layer.output_size]
        )
        return [layer.batch_size, *ends]

    def with_given(self, name: str, sizes: Sizes) -> Sizes:
        """Sizes with those that are given for an operation, which must not contradict."""
        for axis, value in self.given.get(name, {}).items():
            if axis >= len(sizes):
                raise UsageError(f"{short(name)}:{axis} is given, but there are {len(sizes)} axes")
            known = bound(f"{name}:{axis}", sizes[axis], value)
            sizes = [*sizes[:axis], known, *sizes[axis + 1 :]]
        return sizes

    def hand_on(self, call: Call, sizes: Sizes) -> None:
        """Keep the sizes of an operation's first output, and why some are not known."""
        if not call.operation.outputs:
            return
        key, *others = call.operation.outputs
        self.sizes[key] = sizes
        before = [self.lost[key] for key in call.operation.inputs if key in self.lost]
        names = tuple(dict.fromkeys(name for lost in before for name in lost.names))[:MOST_NAMES]
        words = [lost.words for lost in before if lost.words]
        here = f"it is lost at {short(call.operation.name)} ({short(call.operation.kind)})"
        why = Lost(names, "" if names else (words or [here])[0])
        for output in [*([key] if None in sizes else []), *others]:
            self.lost[output] = why

    def missing(self, call: Call, lost: Lost, axes: list[int]) -> Missing:
        """What is said of a convolution whose input has no size on these axes."""
        if lost.names:
            return Missing(unbound(lost.names), lost.names)
        name = short(call.operation.name)
        hints = [f"--dim {name}:{axis}=SIZE" for axis in axes[:4]]
        reason = f"its input has no size on axis {', '.join(map(str, axes))}"
        if lost.words:
            reason += f": {lost.words}"
        return Missing(f"{reason}; give it by {' '.join(hints)}")


def bound(name: str, size: int | None, given: int | None) -> int | None:
    """A size, or the one that is given where the file leaves it open."""
    if given is None:
        return size
    if given < 0:
        raise UsageError(f"the dimension {short(name)} must be a size, got {shown(given)}")
    if size not in {None, given}:
        raise UsageError(f"{short(name)} is {shown(size)} in the file, but {shown(given)} is given")
    return given


def filled(sizes: Sizes, others: Sizes) -> Sizes:
    """Sizes, where one is open that of the others, which are for as many axes or for none."""
    if len(sizes) != len(others):
        return sizes
    return [b if a is None else a for a, b in zip(sizes, others, strict=True)]


# The rules.


def first(call: Call) -> Sizes:
    """The output is as large as the first input."""
    return call.inputs[0] if call.inputs else []


def batch(call: Call) -> Sizes:
    """The first axis of the output is that of the first input."""
    return [*first(call)[:1], *[None] * (len(call.said) - 1)]


def together(call: Call) -> Sizes:
    """Inputs that are broadcast, as NumPy does it."""
    axes = len(call.said)
    padded: list[Sizes] = [
        [*[1] * (axes - len(sizes)), *sizes] for sizes in call.inputs if len(sizes) <= axes
    ]
    return [broadcast(column) for column in zip(*padded, strict=True)]


def broadcast(sizes: Sequence[int | None]) -> int | None:
    """The size of an axis on which arrays of these are broadcast.

    >>> broadcast([1, 5]), broadcast([None, 5]), broadcast([None, 1]), broadcast([1, 1])
    (5, 5, None, 1)
    """
    known = [size for size in sizes if size not in {None, 1}]
    return known[0] if known else None if None in sizes else 1


def as_many(call: Call) -> Sizes:
    """The output has as many elements as the first input: one open axis follows from the others."""
    sizes, said = first(call), call.said
    known = [size for size in said if size is not None]
    if None in sizes or len(known) != len(said) - 1:
        return []
    elements, others = 1, 1
    for n in sizes:
        elements *= n or 0
    for n in known:
        others *= n
    if not others or elements % others:
        return []
    return [elements // others if n is None else n for n in said]


def in_order(call: Call) -> Sizes:
    """Open axes of the output are those of the first input, in order, where there are as many."""
    if not call.inputs:
        return []
    pairs = zip(call.inputs[0], call.said_inputs[0], strict=True)
    opened = [now for now, said in pairs if said is None]
    if call.said.count(None) != len(opened):
        return []
    sizes = iter(opened)
    return [next(sizes) if n is None else n for n in call.said]


def concatenated(call: Call, axis: int) -> Sizes:
    """Inputs one after the other along an axis."""
    axes = len(call.said)
    if any(len(sizes) != axes for sizes in call.inputs) or not -axes <= axis < axes:
        return []
    columns = [*zip(*call.inputs, strict=True)]
    sizes = [next((n for n in column if n is not None), None) for column in columns]
    along = columns[axis]
    sizes[axis] = None if None in along else sum(n or 0 for n in along)
    return sizes


def matrix_product(call: Call, *, is_turned: bool) -> Sizes:
    """Rows of a first matrix that is not transposed, and axes in front that are broadcast."""
    axes = len(call.said)
    if len(call.inputs) < 2 or is_turned or len(call.inputs[0]) != axes or axes < 2:
        return []
    a, b = call.inputs[:2]
    front = zip(a[:-2], [*[1] * (axes - len(b)), *b][:-2], strict=False)
    return [*[broadcast(pair) for pair in front], a[-2], None]


def known(rows: Mapping[str, Layer | Missing]) -> dict[str, Layer]:
    """The layers of a model all of whose rows are known; else a `LayerError`, or a `UsageError`
    where names want sizes.
    """
    names = [name for row in rows.values() if isinstance(row, Missing) for name in row.names]
    if names:
        raise UsageError(unbound(list(dict.fromkeys(names))))
    layers = {}
    for name, row in rows.items():
        if isinstance(row, Missing):
            raise LayerError(f"{short(name)}: {row.reason}")
        layers[name] = row
    return layers
