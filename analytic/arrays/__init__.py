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

Where several rows are refused, or one is and the result of another does not fit, the error is that
of the first block of rows that has one: in it an illegal row comes before a result that does not
fit, the former by index, the latter by result and then by index.

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

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from analytic import totals
from analytic.arrays.columns import Channels, Layers
from analytic.arrays.sweep import Sweep
from analytic.protocols import ConventionName, RuleName
from analytic.totals import NUMBERS, Count

__all__ = [
    "Layers",
    "additions_per_filter",
    "count",
    "covered",
    "extents",
    "macs",
    "output_size",
    "overlaps",
    "rows",
]


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
    convention: ConventionName = "nonzero",
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
    convention: ConventionName = "nonzero",
    rule: RuleName = "exact",
    invalid: str = "raise",
    overflow: str = "raise",
) -> Count[Any]:
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
    results = sweep.evaluate([*sizes, *NUMBERS])
    fields = [tuple(results[: len(sizes)]), *results[len(sizes) :], convention, rule]
    return Count._make(fields)


def rows(counts: Count[Any]) -> Iterator[Count]:
    """The counts of layers one by one, in Python integers: those of a grid in the order of its
    elements, the last index running fastest. Rows that are masked are left out.

    >>> import numpy as np
    >>> [of.macs for of in rows(count(Layers([np.array([8, 9])], 4, 6, 4)))]
    [768, 864]
    """
    axes = len(counts.output_size)
    legal = ~np.ma.getmaskarray(counts.total)
    fields = [
        np.ma.getdata(field)[legal].tolist() for field in (*counts.output_size, *counts[1:-2])
    ]
    for row in zip(*fields, strict=True):
        yield Count._make((row[:axes], *row[axes:], counts.convention, counts.rule))


def macs(
    layers: Layers, *, rule: RuleName = "exact", invalid: str = "raise", overflow: str = "raise"
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
