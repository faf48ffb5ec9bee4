"""Blocks of rows: slices of a shape that fit the cache, and what lies in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A block of rows: one slice for each dimension.
Block: TypeAlias = tuple[slice, ...]
#: A boolean array, or None where no row is marked.
Marks: TypeAlias = NDArray[np.bool_] | None


def blocks(shape: tuple[int, ...], most: int) -> Iterator[Block]:
    """The rows of a shape in their order, cut into blocks of at most so many."""
    if 0 in shape:
        return
    # The last dimensions whole, as many as a block holds; a part of the one before them; and one
    # index of each of the others.
    inner, outer = 1, len(shape)
    while outer and inner * shape[outer - 1] <= most:
        outer -= 1
        inner *= shape[outer]
    rest = (slice(None),) * (len(shape) - outer)
    if not outer:
        yield rest
        return
    cut = shape[outer - 1]
    pieces = math.ceil(cut / (most // inner))
    step = math.ceil(cut / pieces)
    for index in np.ndindex(shape[: outer - 1]):
        for start in range(0, cut, step):
            yield (*[slice(i, i + 1) for i in index], slice(start, start + step), *rest)


def within(array: NDArray[Any], block: Block) -> NDArray[Any]:
    """The part of an array that broadcasts to a block."""
    own = block[len(block) - array.ndim :]
    every = slice(None)
    return array[tuple([every if n == 1 else i for n, i in zip(array.shape, own, strict=True)])]


def marks(rows: NDArray[np.bool_]) -> Marks:
    """The marked rows, or None where there are none."""
    return rows if rows.any() else None


def either(*marked: Marks) -> Marks:
    """The rows that are marked in any of these."""
    present = [rows for rows in marked if rows is not None]
    return reduce(np.logical_or, present) if present else None


def marks_within(marked: Sequence[NDArray[np.bool_]], block: Block) -> Marks:
    """The rows of a block that are marked in any of these."""
    rows = either(*[within(rows, block) for rows in marked])
    return None if rows is None else marks(rows)


def first(rows: NDArray[np.bool_], block: Block, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index, in the whole shape, of the first row of a block that is marked."""
    runs = [range(n)[part] for n, part in zip(shape, block, strict=True)]
    local = np.argwhere(np.broadcast_to(rows, [len(run) for run in runs]))[0]
    return tuple([run[i] for run, i in zip(runs, local, strict=True)])
