"""The checkerboard diagnosis: is the overlap of a layer even, why not, and which layer's is?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from analytic import phases
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis
from analytic.layer import Layer
from analytic.protocols import Arithmetic
from analytic.tables import write_sizes

#: What the verdict says, here and on the explorer page. Names in braces are those of `facts`.
WORDS = {
    "even": "even: every interior output receives {products}",
    "uneven": "uneven: interior outputs receive {products}",
    "kernel": "kernel {k} is not a multiple of stride {s}",
    "common": "stride {s} and dilation {d} have the common factor {g}",
    "axis": " on axis {axis}",
    "nearest": "nearest even layer of the same output size: {flags}",
    "none": "nearest even layer of the same output size: none, {reason}",
    "small": "the input is too small for an interior{where}: these are the values of a larger one",
}
#: The arguments in which an even layer may differ, in the order in which they are named.
CHANGED = ("kernel_size", "padding", "end_padding", "output_padding")


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
    if any(phases.common_factor(axis) > 1 for axis in layer.axes):
        return None
    apart = layer.end_padding is not None
    axes = [nearest(even_axes(INTEGERS, axis, cropped_apart=apart)) for axis in layer.axes]
    return layer.replace(
        kernel_size=[axis.kernel_size for axis in axes],
        padding=[axis.padding for axis in axes],
        output_padding=[axis.output_padding for axis in axes],
        end_padding=[axis.end_padding for axis in axes] if apart else None,
    )


class Even(NamedTuple):
    """An even axis in the place of another: what differs, and by how much.

    ``slack`` is negative where there is no such axis.
    """

    kernel_size: Any
    padding: Any
    end_padding: Any
    output_padding: Any
    slack: Any
    kernel_change: Any
    padding_change: Any


def nearest(found: Sequence[Even]) -> Even:
    """The one whose kernel changes least, then its padding; then the one with fewer taps."""
    return min(
        (even for even in found if even.slack >= 0),
        key=lambda even: (even.kernel_change, even.padding_change, even.kernel_size),
    )


def even_axes(lib: Arithmetic, axis: Axis, *, cropped_apart: bool) -> tuple[Even, Even]:
    """The even axes of the same size whose kernels are the next multiples of the stride.

    The one not above the kernel, where there is one with a padding that is not negative, and the
    one above, which always is: any other multiple is farther than this one. Written once, over the
    arithmetic.
    """
    make = even_axis_apart if cropped_apart else even_axis
    below = axis.k - axis.k % axis.s
    return make(lib, axis, below), make(lib, axis, below + axis.s)


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
    if all(map(phases.is_even, layer.axes)):
        return ""
    other = nearest_even(layer)
    if other is None:
        common = [reason(axis) if phases.common_factor(axis) > 1 else "" for axis in layer.axes]
        return WORDS["none"].format(reason="; ".join(where(common)))
    given = {name: getattr(other, name) for name in CHANGED}
    flags = [f"--{n.replace('_', '-')} {write_sizes(v)}" for n, v in given.items() if v is not None]
    return WORDS["nearest"].format(flags=" ".join(flags))
