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

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Literal, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from analytic import totals
from analytic.arrays.arithmetic import Rows
from analytic.arrays.columns import Argument, Channels, Layers, Padding, PerAxis, SupportsArray
from analytic.arrays.sweep import Question, Sweep, by_kind
from analytic.protocols import ConventionName, RuleName
from analytic.totals import NUMBERS, Count, Pass, Passes, Products, Reached

__all__ = [
    "Layers",
    "additions_per_filter",
    "count",
    "covered",
    "extents",
    "inputs_reached",
    "macs",
    "output_size",
    "overlaps",
    "passes",
    "rows",
    "taps_reached",
]


class Choices(TypedDict, total=False):
    """The two choices of every function: see the module."""

    invalid: Literal["raise", "mask"]
    overflow: Literal["raise", "object"]


class Options(Choices, total=False):
    """The arguments of functions of axes beside the sizes of input and kernel, and the choices."""

    stride: PerAxis
    padding: Padding
    output_padding: PerAxis
    dilation: PerAxis
    end_padding: PerAxis | None
    transposed: bool | SupportsArray
    axes: int | None


def output_size(
    input_size: Sequence[Argument], kernel_size: PerAxis, **options: Unpack[Options]
) -> tuple[NDArray[Any], ...]:
    r"""Output positions along each axis: `analytic.output_size` of every row.

    .. math:: L = (n - 1) s - 2 p + d (k - 1) + o + 1

    ``input_size`` is a list or tuple with one entry an axis. Every other argument is one integer or
    one array for all axes, or a sequence with one entry an axis: ``kernel_size``, ``stride``,
    ``padding``, ``output_padding``, ``dilation``, ``end_padding``, with the defaults of
    `analytic.output_size`. For ``invalid`` and ``overflow`` see the module.

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
    question = Question(["output_size"], ["positions"], lambda _, products: products.sizes())
    return tuple(of_axes(question, input_size, kernel_size, **options))


def extents(
    input_size: Sequence[Argument], kernel_size: PerAxis, **options: Unpack[Options]
) -> tuple[tuple[NDArray[Any], ...], NDArray[Any], NDArray[Any]]:
    r"""`output_size`, `overlaps` and `covered` of every row, in one evaluation instead of three.

    .. math:: (L_0, L_1, …), \qquad \prod T, \qquad \prod C

    Arguments and errors as in `output_size`. Cost: as `overlaps`.

    >>> import numpy as np
    >>> extents([np.array([8, 16])], 2, stride=3)
    ((array([23, 47]),), array([16, 32]), array([16, 32]))
    """
    question = Question(
        ["output_size", "overlaps", "covered"],
        ["positions", "overlaps", "covered"],
        lambda _, products: [*products.sizes(), products.overlaps, products.covered],
    )
    *sizes, pairs, positions = of_axes(question, input_size, kernel_size, **options)
    return tuple(sizes), pairs, positions


def overlaps(
    input_size: Sequence[Argument], kernel_size: PerAxis, **options: Unpack[Options]
) -> NDArray[Any]:
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
    question = Question(["overlaps"], ["overlaps"], lambda _, products: [products.overlaps])
    return of_axes(question, input_size, kernel_size, **options)[0]


def covered(
    input_size: Sequence[Argument], kernel_size: PerAxis, **options: Unpack[Options]
) -> NDArray[Any]:
    r"""Output positions on which a product lands: `analytic.covered` of every row.

    .. math:: \prod C, \qquad C = \#\{y : c(y) > 0\}

    Arguments and errors as in `output_size`, cost as in `overlaps`. Source: notes/derivation.md,
    theorem 2.

    >>> import numpy as np
    >>> landed = [{i * s + t for i in range(8) for t in range(2)} for s in (1, 2, 3)]
    >>> covered([8], 2, stride=np.array([1, 2, 3])).tolist() == [len(row) for row in landed]
    True
    """
    question = Question(["covered"], ["covered"], lambda _, products: [products.covered])
    return of_axes(question, input_size, kernel_size, **options)[0]


def inputs_reached(
    input_size: Sequence[Argument], kernel_size: PerAxis, **options: Unpack[Options]
) -> NDArray[Any]:
    r"""Inputs that take part in a product: `analytic.inputs_reached` of every row.

    .. math:: \prod I, \qquad I = \#\{i : \exists t,\ 0 \le i s + t d - p < L\}

    Arguments and errors as in `output_size`, cost as in `overlaps`. Source: notes/derivation.md,
    theorem 11.

    >>> import numpy as np
    >>> lands = [[any(0 <= i * 3 + t - p < 11 - 2 * p for t in (0, 1)) for i in range(4)]
    ...          for p in (0, 2, 4)]
    >>> inputs_reached([4], 2, stride=3, padding=np.array([0, 2, 4])).tolist() == [
    ...     sum(row) for row in lands
    ... ]
    True
    """
    question = Question(
        ["inputs_reached"], ["inputs_reached"], lambda _, products: [products.inputs_reached]
    )
    return of_axes(question, input_size, kernel_size, **options)[0]


def taps_reached(
    input_size: Sequence[Argument], kernel_size: PerAxis, **options: Unpack[Options]
) -> NDArray[Any]:
    r"""Taps of a filter that take part in a product: `analytic.taps_reached` of every row.

    .. math:: \prod J, \qquad J = \#\{t : \exists i,\ 0 \le i s + t d - p < L\}

    Arguments and errors as in `output_size`, cost as in `overlaps`. Source: notes/derivation.md,
    theorem 11.

    >>> import numpy as np
    >>> sizes = np.array([28, 36, 37])
    >>> taps_reached((sizes, sizes), 3, padding=36, dilation=36, transposed=False)
    array([1, 1, 9])
    """
    question = Question(
        ["taps_reached"], ["taps_reached"], lambda _, products: [products.taps_reached]
    )
    return of_axes(question, input_size, kernel_size, **options)[0]


def additions_per_filter(
    input_size: Sequence[Argument],
    kernel_size: PerAxis,
    *,
    convention: ConventionName = "nonzero",
    **options: Unpack[Options],
) -> NDArray[Any]:
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

    def additions(lib: Any, products: Any, _: Channels, kinds: Any) -> Sequence[Rows]:
        return by_kind(
            lib, kinds, lambda kind: [totals.additions_per_filter(products, convention, kind)]
        )

    needs = ["taps", "positions", "overlaps", "covered"]
    question = Question(["additions_per_filter"], needs, additions, channels=True)
    return of_axes(question, input_size, kernel_size, **options)[0]


def count(
    layers: Layers,
    *,
    convention: ConventionName = "nonzero",
    rule: RuleName = "exact",
    **choices: Unpack[Choices],
) -> Count[NDArray[Any]]:
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

    def numbers(lib: Any, products: Any, channels: Channels, kinds: Any) -> Sequence[Rows]:
        def counts(transposed: bool) -> Sequence[Rows]:
            sizes = products.sizes()
            return totals.count(
                lib, channels, sizes, products, convention, rule, transposed
            ).numbers()

        return [*products.sizes(), *by_kind(lib, kinds, counts)]

    question = Question(["output_size", *NUMBERS], Products._fields, numbers, channels=True)
    results = Sweep(layers, question, **choices).evaluate()
    axes = len(layers.axes)
    return Count._make((tuple(results[:axes]), *results[axes:], convention, rule))


def rows(counts: Count[NDArray[Any]]) -> Iterator[Count]:
    """The counts of layers one by one, in Python integers: those of a grid in the order of its
    elements, the last index running fastest. Rows that are masked are left out.

    >>> import numpy as np
    >>> [layer.macs for layer in rows(count(Layers([np.array([8, 9])], 4, 6, 4)))]
    [768, 864]
    """
    axes = len(counts.output_size)
    legal = ~np.ma.getmaskarray(counts.total)
    fields = [
        np.ma.getdata(field)[legal].tolist() for field in (*counts.output_size, *counts.numbers())
    ]
    for row in zip(*fields, strict=True):
        yield Count._make((row[:axes], *row[axes:], counts.convention, counts.rule))


def macs(layers: Layers, *, rule: RuleName = "exact", **choices: Unpack[Choices]) -> NDArray[Any]:
    r"""Multiply-accumulates of every layer: `analytic.macs` of every row.

    .. math:: N \psi \prod T \ (\text{"exact"}), \qquad N \psi \prod n \prod k \ (\text{"input"}),
              \qquad N \psi \prod L \prod k \ (\text{"output"})

    Choices and errors as in `count`. Source: notes/conventions.md.

    >>> import numpy as np
    >>> macs(Layers((8, 8), 4, 6, 4, stride=2, padding=1, groups=np.array([1, 2])))
    array([21600, 10800])
    """
    totals.choose("rule", totals.RULES, rule)

    def numbers(lib: Any, products: Any, channels: Channels, _: Any) -> Sequence[Rows]:
        return [totals.macs(lib, channels, products, rule)]

    question = Question(["macs"], NEEDED_BY[rule], numbers, channels=True)
    return Sweep(layers, question, **choices).evaluate()[0]


def passes(
    layers: Layers, *, rule: RuleName = "exact", **choices: Unpack[Choices]
) -> Passes[NDArray[Any]]:
    r"""What each pass of every layer costs: `analytic.passes` of every row.

    .. math:: M = N \psi \prod T \text{ multiplications}, \qquad
              M - \text{elements reached} \text{ additions}

    A `Passes` of `Pass`, whose fields are arrays. Choices and errors as in `count`. Cost: as that
    of `count`, with twice as many floor sums a row of each axis.
    Source: notes/derivation.md, theorems 11 and 12.

    >>> import numpy as np
    >>> layers = Layers((8, 8), 4, 6, 4, stride=2, padding=1, groups=np.array([1, 2]))
    >>> [cost.additions.tolist() for cost in passes(layers)]
    [[21600, 10800], [21344, 10544], [21216, 10608], [1530, 1530]]
    """
    totals.choose("rule", totals.RULES, rule)

    def numbers(lib: Any, products: Any, channels: Channels, _: Any) -> Sequence[Rows]:
        axes = Reached(products, products.inputs_reached, products.taps_reached)
        return [*chain(*totals.passes(lib, channels, axes, rule))]

    names = [f"{name} {field}" for name in Passes._fields for field in Pass._fields]
    needs = [*Products._fields, "inputs_reached", "taps_reached"]
    results = Sweep(layers, Question(names, needs, numbers, channels=True), **choices).evaluate()
    width = len(Pass._fields)
    return Passes._make([Pass._make(results[i : i + width]) for i in range(0, len(results), width)])


#: The fields of `Products` that the MACs of a filter are made of.
NEEDED_BY = {
    "exact": ["overlaps"],
    "input": ["inputs", "taps"],
    "output": ["positions", "taps"],
}


def of_axes(
    question: Question,
    input_size: Sequence[Argument],
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
    transposed: bool | SupportsArray = True,
    axes: int | None = None,
    **choices: Unpack[Choices],
) -> list[NDArray[Any]]:
    """What is asked of axes alone."""
    layers = Layers(
        input_size, 1, 1, kernel_size, stride, padding, output_padding,
        dilation=dilation, end_padding=end_padding, transposed=transposed, axes=axes,
    )  # fmt: skip
    return Sweep(layers, question, **choices).evaluate()
