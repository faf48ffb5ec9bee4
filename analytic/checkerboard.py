"""The checkerboard diagnosis: is the overlap of a layer even, why not, and which layer's is?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from analytic import phases
from analytic.axis import Axis
from analytic.layer import Layer

#: What the verdict says, here and on the explorer page. Names in braces are those of `facts`.
WORDS = {
    "even": "even: every interior output receives {products}",
    "uneven": "uneven: interior outputs receive {products}",
    "kernel": "kernel {k} is not a multiple of stride {s}",
    "common": "stride {s} and dilation {d} have the common factor {g}",
    "axis": " on axis {axis}",
    "small": "the input is too small for an interior{where}: these are the values of a larger one",
}


def verdict(layer: Layer) -> str:
    """Whether interior outputs receive equally many products, in words, with the reason.

    Uneven overlap is the cause of checkerboard patterns (Odena, Dumoulin, Olah, "Deconvolution and
    Checkerboard Artifacts", Distill 2016). Source: notes/derivation.md, theorem 5.

    >>> verdict(Layer((8, 8), 4, 6, 4, stride=2, padding=1))
    'even: every interior output receives 4 products'
    >>> verdict(Layer((8, 8), 4, 6, 3, stride=2, padding=1))
    'uneven: interior outputs receive 1, 2 or 4 products; kernel 3 is not a multiple of stride 2'
    """
    axes = layer.axes
    found = phases.products(axes)
    said = [WORDS["even" if len(found) == 1 else "uneven"].format(products=counted(found))]
    said += where([reason(axis) for axis in axes])
    small = ["" if phases.has_interior(axis) else "small" for axis in axes]
    said += [WORDS["small"].format(where=text) for text in where(small, only_place=True)]
    return "; ".join(said)


def counted(found: Sequence[int]) -> str:
    """Numbers of products in words: ``1, 2 or 4 products``."""
    *most, last = map(str, found)
    listed = f"{', '.join(most)} or {last}" if most else last
    return f"{listed} product{'' if tuple(found) == (1,) else 's'}"


def reason(axis: Axis) -> str:
    """Why the coverage of an axis is uneven; nothing where it is even."""
    if phases.is_even(axis):
        return ""
    common = phases.common_factor(axis)
    words = WORDS["common" if common > 1 else "kernel"]
    return words.format(k=axis.k, s=axis.s, d=axis.d, g=common)


def where(said: Sequence[str], *, only_place: bool = False) -> Iterator[str]:
    """What is said of each axis, with its place; once, and without a place, if said of all."""
    alike = len(set(said)) == 1
    for number, words in enumerate(said[:1] if alike else said):
        if words:
            place = "" if alike else WORDS["axis"].format(axis=number)
            yield place if only_place else words + place


def nearest_even(layer: Layer) -> Layer | None:
    """The even layer nearest to this one, of the same input and output size; itself if it is even.

    Input size, stride and dilation stay. On each axis the kernel changes least; among equal changes
    the padding does; the output padding is free. `None` where stride and dilation have a common
    factor on some axis: then no kernel reaches every phase. Cost: O(1).
    Source: notes/derivation.md, theorem 5 (f).

    >>> even = nearest_even(Layer((8, 8), 4, 6, 3, stride=2, padding=1, output_padding=1))
    >>> even.kernel_size, even.padding, even.output_padding
    ((4, 4), (1, 1), (0, 0))
    """
    torch = layer.end_padding is None
    if any(phases.common_factor(axis) > 1 for axis in layer.axes):
        return None
    axes = [min(even_axes(axis, symmetric=torch), key=partial(change, axis)) for axis in layer.axes]
    return layer.replace(
        kernel_size=[axis.k for axis in axes],
        padding=[axis.b for axis in axes],
        output_padding=[axis.o for axis in axes],
        end_padding=None if torch else [axis.e for axis in axes],
    )


def change(axis: Axis, other: Axis) -> tuple[int, int, int]:
    """What makes one even axis nearer than another: kernel, then padding, then fewer taps."""
    padding = abs(other.b - axis.b) + abs(other.e - axis.e)
    return abs(other.k - axis.k), padding, other.k


def even_axes(axis: Axis, *, symmetric: bool) -> Iterator[Axis]:
    """The even axes of the same size whose kernel is the next multiple of the stride.

    One downwards, where a padding that is not negative allows it, and one upwards, which is always
    possible: any other multiple is farther than this one.
    """
    below = axis.k - axis.k % axis.s
    for kernel in sorted({below, below + axis.s if axis.k % axis.s else below}):
        # Any output padding from 0 to `room` is legal, and changes the crops with it.
        room = max(axis.s, axis.d) - 1
        least = axis.b + axis.e - axis.o + axis.d * (kernel - axis.k)
        if kernel and symmetric and least + room >= 0:
            padding = min(max(axis.b, -(-least // 2)), (least + room) // 2)
            yield axis._replace(k=kernel, b=padding, e=padding, o=2 * padding - least)
        elif kernel and not symmetric:
            crops = min(max(axis.b + axis.e, least), least + room)
            begin = axis.b + (crops - axis.b - axis.e) // 2
            yield axis._replace(k=kernel, b=begin, e=crops - begin, o=crops - least)
