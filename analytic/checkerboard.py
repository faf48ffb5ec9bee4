"""The checkerboard diagnosis: is the overlap of a layer even, why not, and which layer's is?

What is true of a layer is found in numbers, by formulas that are written once over the arithmetic
(`diagnosis`, `nearest`). What is said of it depends on these numbers alone: `interior_words`,
`reason_words`, `small_words`, `advice_words`. The explorer page has both from here: the formulas as
JavaScript, and the words for every diagnosis, with names in braces where numbers are to stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from analytic import phases
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, positive
from analytic.layer import Layer
from analytic.outputs import of_layer
from analytic.protocols import Arithmetic
from analytic.tables import write_sizes

#: What makes an axis uneven: nothing, its kernel, a common factor. `diagnosis` has the place here.
FAULTS = (
    "",
    "kernel {k} is not a multiple of stride {s}",
    "stride {s} and dilation {d} have the common factor {g}",
)
COMMON = 2
SMALL, LARGER = "the input is too small for an interior", ": these are the values of a larger one"
NEAREST = "nearest even layer of the same output size: "
#: The arguments in which an even layer may differ, in the order in which they are named.
CHANGED = ("kernel_size", "padding", "end_padding", "output_padding")

#: The numbers that stand in words of an axis, by the letters of `Axis` and ``g``.
Numbers = Mapping[str, Any]


class Diagnosis(NamedTuple):
    """What words about a layer depend on, beside the numbers that stand in them.

    ``differ`` is 0 where the axes have one kernel, stride and dilation, so that one reason is true
    of all. An axis has a place in `FAULTS`, and a 1 where it is too ``small`` for an interior.
    """

    differ: Any
    faults: tuple[Any, ...]
    small: tuple[Any, ...]


def diagnosis(lib: Arithmetic, axes: Sequence[Axis]) -> Diagnosis:
    """The diagnosis of a layer. Source: notes/derivation.md, theorem 5 (b) and (f).

    >>> diagnosis(INTEGERS, Layer((8, 1), 4, 6, (4, 3), stride=2).axes)
    Diagnosis(differ=1, faults=(0, 1), small=(0, 1))
    """
    first = axes[0]
    apart = sum(
        distance(lib, getattr(first, letter), getattr(axis, letter))
        for axis in axes[1:]
        for letter in "ksd"
    )
    return Diagnosis(
        differ=positive(lib, apart),
        faults=tuple(fault(lib, axis) for axis in axes),
        small=tuple(positive(lib, phases.missing(lib, axis)) for axis in axes),
    )


def fault(lib: Arithmetic, axis: Axis) -> Any:
    """What makes an axis uneven, as a place in `FAULTS`: with a common factor it always is."""
    least, _, most = phases.levels(lib, axis)
    return positive(lib, most - least) + positive(lib, phases.common_factor(lib, axis) - 1)


def verdict(layer: Layer) -> str:
    """Whether interior outputs receive equally many products, in words, with the reason.

    Uneven overlap is the cause of checkerboard patterns (Odena, Dumoulin, Olah, "Deconvolution and
    Checkerboard Artifacts", Distill 2016). Source: notes/derivation.md, theorem 5.

    >>> verdict(Layer((8, 8), 4, 6, 4, stride=2, padding=1))
    'even: every interior output receives 4 products'
    >>> verdict(Layer((8, 8), 4, 6, 3, stride=2, padding=1))
    'uneven: interior outputs receive 1, 2 or 4 products; kernel 3 is not a multiple of stride 2'
    >>> verdict(Layer((8, 8), 4, 6, 3, stride=2, padding=1, transposed=False))
    'even: every interior output receives 9 products'
    """
    if not layer.transposed:
        return ordinary_verdict(layer)
    diagnosed = diagnosis(INTEGERS, layer.axes)
    interior = interior_words(phases.products(layer.axes))
    return (
        interior
        + reason_words(diagnosed, [*map(numbers, layer.axes)])
        + small_words(diagnosed.small)
    )


def ordinary_verdict(layer: Layer) -> str:
    """An ordinary convolution is even: every interior output reads the whole kernel."""
    small = [not axis.has_interior() for axis in of_layer(layer)]
    return interior_words((prod(layer.kernel_size),)) + small_words(small)


def numbers(axis: Axis) -> Numbers:
    """The numbers that stand in words of an axis."""
    return {**axis._asdict(), "g": phases.common_factor(INTEGERS, axis)}


def interior_words(values: Sequence[Any]) -> str:
    """The numbers of products that interior outputs receive, in words.

    >>> interior_words((1,))
    'even: every interior output receives 1 product'
    >>> interior_words((0, 1, 2))
    'uneven: interior outputs receive 0, 1 or 2 products'
    """
    *most, last = map(str, values)
    if most:
        return f"uneven: interior outputs receive {', '.join(most)} or {last} products"
    return f"even: every interior output receives {last} product{'' if last == '1' else 's'}"


def reason_words(diagnosed: Diagnosis, axes: Sequence[Numbers]) -> str:
    """What the verdict adds: why interior outputs differ."""
    return added(reasons(diagnosed, axes))


def small_words(small: Sequence[int]) -> str:
    """What the verdict adds where there is no interior.

    >>> small_words((0, 1))[:55]
    '; the input is too small for an interior on axis 1: the'
    """
    said = placed([SMALL if flag else "" for flag in small], together=all(small))
    return added([words + LARGER for words in said])


def added(said: Sequence[str]) -> str:
    """Words that follow others."""
    return "".join(f"; {words}" for words in said)


def reasons(diagnosed: Diagnosis, axes: Sequence[Numbers]) -> list[str]:
    """Why the coverage is uneven: axis by axis, or once where the axes do not differ."""
    said = [
        FAULTS[fault].format(**axis) for fault, axis in zip(diagnosed.faults, axes, strict=True)
    ]
    return placed(said, together=not diagnosed.differ)


def placed(said: Sequence[str], *, together: bool) -> list[str]:
    """What is said of the axes, each with its place; once, without a place, if of all together.

    >>> placed(["even", ""], together=False), placed(["even", "even"], together=True)
    (['even on axis 0'], ['even'])
    """
    if together:
        return [*filter(None, said[:1])]
    return [f"{words} on axis {at}" for at, words in enumerate(said) if words]


def nearest_even(layer: Layer) -> Layer | None:
    """The even layer nearest to this one, of the same input and output size; itself if it is even.

    Input size, stride and dilation stay. On each axis the kernel changes least; among equal changes
    the padding does; the output padding is free. `None` where stride and dilation have a common
    factor on some axis: then no kernel reaches every phase. An ordinary layer is even. Cost: O(1).
    Source: notes/derivation.md, theorem 5 (f).

    >>> even = nearest_even(Layer((8, 8), 4, 6, 3, stride=2, padding=1, output_padding=1))
    >>> even.kernel_size, even.padding, even.output_padding
    ((4, 4), (1, 1), (0, 0))
    """
    if not layer.transposed:
        return layer
    if COMMON in diagnosis(INTEGERS, layer.axes).faults:
        return None
    return layer.replace(**changes(layer))


def changes(layer: Layer) -> dict[str, tuple[int, ...]]:
    """The arguments of the nearest even layer that may differ, one entry an axis."""
    apart = layer.end_padding is not None
    evens = [nearest(INTEGERS, axis, cropped_apart=apart) for axis in layer.axes]
    return by_argument(evens, cropped_apart=apart)


class Even(NamedTuple):
    """An even axis in the place of another: what differs, and by how much.

    ``slack`` is negative where there is no such axis.
    """

    kernel_size: Any
    padding: Any
    end_padding: Any
    output_padding: Any
    slack: Any = 0
    kernel_change: Any = 0
    padding_change: Any = 0


def by_argument(evens: Sequence[Even], *, cropped_apart: bool) -> dict[str, tuple[Any, ...]]:
    """What may differ in a layer of even axes, by argument."""
    names = [name for name in CHANGED if cropped_apart or name != "end_padding"]
    return {name: tuple(getattr(even, name) for even in evens) for name in names}


def nearest(lib: Arithmetic, axis: Axis, *, cropped_apart: bool) -> Even:
    """The even axis of the same size whose kernel changes least, then its padding.

    Its kernel is a multiple of the stride: the one not above the kernel, where there is one with a
    padding that is not negative, or the one above, which always is. Any other is farther than this.
    """
    make = even_axis_apart if cropped_apart else even_axis
    below = axis.k - axis.k % axis.s
    return nearer(lib, make(lib, axis, below), make(lib, axis, below + axis.s))


def nearer(lib: Arithmetic, lower: Even, upper: Even) -> Even:
    """Of two even axes the one that changes less; the one with fewer taps, where both are as near.

    >>> near, far = Even(2, 0, 0, 0, kernel_change=1), Even(4, 0, 0, 0, kernel_change=3)
    >>> nearer(INTEGERS, near, far) == near, nearer(INTEGERS, near._replace(slack=-1), far) == far
    (True, True)
    """
    kernels = sign(lib, lower.kernel_change - upper.kernel_change)
    paddings = sign(lib, lower.padding_change - upper.padding_change)
    # The kernels decide, unless they are as near. A negative slack: there is no lower one.
    is_upper = positive(lib, positive(lib, 2 * kernels + paddings) + positive(lib, -lower.slack))
    return Even(*(a + is_upper * (b - a) for a, b in zip(lower, upper, strict=True)))


def sign(lib: Arithmetic, number: Any) -> Any:
    """1, 0 or −1: of a number that is positive, 0 or negative."""
    return positive(lib, number) - positive(lib, -number)


def even_axis(lib: Arithmetic, axis: Axis, kernel: Any) -> Even:
    """The axis of the same size with this kernel and the nearest padding, as torch has it."""
    least, most = crops(lib, axis, kernel)
    padding = lib.minimum(lib.maximum(axis.b, -(-least // 2)), most // 2)
    change = distance(lib, padding, axis.b)
    return Even(
        kernel_size=kernel,
        padding=padding,
        end_padding=padding,
        output_padding=2 * padding - least,
        slack=lib.minimum(kernel - 1, most),
        kernel_change=distance(lib, kernel, axis.k),
        padding_change=2 * change,
    )


def even_axis_apart(lib: Arithmetic, axis: Axis, kernel: Any) -> Even:
    """The axis of the same size with this kernel and the nearest crops, begin and end apart."""
    least, most = crops(lib, axis, kernel)
    both = lib.minimum(lib.maximum(axis.b + axis.e, least), most)
    begin = axis.b + (both - axis.b - axis.e) // 2
    return Even(
        kernel_size=kernel,
        padding=begin,
        end_padding=both - begin,
        output_padding=both - least,
        slack=kernel - 1,
        kernel_change=distance(lib, kernel, axis.k),
        padding_change=distance(lib, both, axis.b + axis.e),
    )


def crops(lib: Arithmetic, axis: Axis, kernel: Any) -> tuple[Any, Any]:
    """The least and the most that may be cropped with this kernel: output padding fills the rest.

    Any output padding from 0 to one less than the larger of stride and dilation is legal.
    """
    least = axis.b + axis.e - axis.o + axis.d * (kernel - axis.k)
    return least, least + lib.maximum(axis.s, axis.d) - 1


def distance(lib: Arithmetic, a: Any, b: Any) -> Any:
    """``|a − b|``."""
    return lib.maximum(a - b, b - a)


def advice(layer: Layer) -> str:
    """The nearest even layer as flags, or why there is none; nothing where this one is even.

    >>> advice(Layer((8,), 1, 1, 3, stride=2, padding=1, output_padding=1))
    'nearest even layer of the same output size: --kernel-size 4 --padding 1 --output-padding 0'
    """
    if not layer.transposed:
        return ""
    diagnosed = diagnosis(INTEGERS, layer.axes)
    return advice_words(diagnosed, [*map(numbers, layer.axes)], changes(layer))


def advice_words(
    diagnosed: Diagnosis, axes: Sequence[Numbers], changed: Mapping[str, tuple[Any, ...]]
) -> str:
    """The advice for a diagnosis, with these arguments where there is an even layer."""
    if not any(diagnosed.faults):
        return ""
    if COMMON in diagnosed.faults:
        common = [fault if fault == COMMON else 0 for fault in diagnosed.faults]
        return (
            f"{NEAREST}none, {'; '.join(reasons(diagnosed._replace(faults=tuple(common)), axes))}"
        )
    flags = [f"--{name.replace('_', '-')} {write_sizes(v)}" for name, v in changed.items()]
    return NEAREST + " ".join(flags)
