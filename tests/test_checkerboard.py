"""The verdict in words, and the nearest even layer against an exhaustive search."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from analytic.axis import Axis, size
from analytic.checkerboard import advice, interior_words, nearest_even, verdict
from analytic.layer import Layer, LayerError


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"kernel_size": 3, "stride": 2},
            (
                "uneven: interior outputs receive 1, 2 or 4 products; "
                "kernel 3 is not a multiple of stride 2"
            ),
        ),
        ({"kernel_size": 4, "stride": 2}, "even: every interior output receives 4 products"),
        ({"kernel_size": 2, "stride": 2}, "even: every interior output receives 1 product"),
        (
            {"kernel_size": (4, 3), "stride": 2},
            (
                "uneven: interior outputs receive 2 or 4 products; "
                "kernel 3 is not a multiple of stride 2 on axis 1"
            ),
        ),
        (
            {"kernel_size": 4, "stride": (2, 4), "dilation": (1, 2)},
            (
                "uneven: interior outputs receive 0 or 4 products; "
                "stride 4 and dilation 2 have the common factor 2 on axis 1"
            ),
        ),
        (
            # Only where all is alike one sentence is true of both.
            {"kernel_size": 3, "stride": 2, "dilation": (1, 3)},
            (
                "uneven: interior outputs receive 1, 2 or 4 products; "
                "kernel 3 is not a multiple of stride 2 on axis 0; "
                "kernel 3 is not a multiple of stride 2 on axis 1"
            ),
        ),
        (
            {"kernel_size": 1, "stride": 2},
            (
                "uneven: interior outputs receive 0 or 1 products; "
                "kernel 1 is not a multiple of stride 2"
            ),
        ),
    ],
)
def test_verdict(arguments: dict[str, Any], words: str) -> None:
    assert verdict(Layer((16, 16), 1, 1, **arguments)) == words


def test_verdict_of_a_small_input() -> None:
    note = "the input is too small for an interior{}: these are the values of a larger one"
    even = "even: every interior output receives 16 products; "
    assert verdict(Layer((1, 1), 1, 1, 4)) == even + note.format("")
    assert verdict(Layer((9, 1), 1, 1, 4)) == even + note.format(" on axis 1")


def test_one_product_is_singular() -> None:
    assert [interior_words(n).partition("receive")[2] for n in ((1,), (4,), (0, 1), (0, 1, 2))] == [
        "s 1 product",
        "s 4 products",
        " 0 or 1 products",
        " 0, 1 or 2 products",
    ]


def is_even(axis: Axis) -> bool:
    """Whether equally many taps fall on every residue: what the interior receives, by listing."""
    taps = Counter(t * axis.d % axis.s for t in range(axis.k))
    return len(taps) == axis.s and len(set(taps.values())) == 1


def searched(axis: Axis, crops: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """The least change of kernel, and of the crops with it, over every layer there is."""
    changes = []
    kernels = [k for k in range(1, axis.k + axis.s + 1) if is_even(axis._replace(k=k))]
    for kernel, (b, e), free in itertools.product(kernels, crops, range(max(axis.s, axis.d))):
        other = axis._replace(k=kernel, b=b, e=e, o=free)
        if size(other) == size(axis):
            changes.append((abs(kernel - axis.k), abs(b - axis.b) + abs(e - axis.e)))
    return min(changes, default=None)


def check_nearest(layer: Layer, crops: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """The change to the nearest even layer of one axis, held to the search."""
    (axis,) = layer.axes
    even, expected = nearest_even(layer), searched(axis, crops)
    if even is None:
        assert expected is None
        return None
    (other,) = even.axes
    assert is_even(other)
    assert size(other) == size(axis)
    assert (other.n, other.s, other.d) == (axis.n, axis.s, axis.d)
    assert (abs(other.k - axis.k), abs(other.b - axis.b) + abs(other.e - axis.e)) == expected
    return expected


def legal(**arguments: Any) -> Layer | None:
    try:
        return Layer((5,), 1, 1, **arguments)
    except LayerError:
        return None


def test_nearest_even_is_nearest() -> None:
    crops = [(p, p) for p in range(40)]
    seen = set()
    for k, s, d, p, o in itertools.product(range(1, 6), range(1, 5), (1, 2, 3), (0, 1, 2), (0, 1)):
        layer = legal(kernel_size=k, stride=s, dilation=d, padding=p, output_padding=o)
        if layer is not None:
            change = check_nearest(layer, crops)
            seen.add(None if change is None else change[0])
    assert seen == {None, 0, 1, 2, 3}


def test_nearest_even_is_nearest_with_crops_apart() -> None:
    crops = [(b, e) for b in range(-7, 9) for e in range(-7, 9)]
    seen = set()
    for k, s, d, b, e in itertools.product((1, 2, 3, 5), (1, 2, 3), (1, 2), (-1, 0, 2), (0, 1)):
        layer = legal(kernel_size=k, stride=s, dilation=d, padding=b, end_padding=e)
        if layer is not None:
            seen.add(check_nearest(layer, crops))
    assert {None, (0, 0), (1, 0), (1, 1), (2, 2)} <= seen


def test_an_even_layer_is_its_own_nearest() -> None:
    layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, groups=2, bias=False)
    assert nearest_even(layer) == layer


def test_crops_apart_stay_apart() -> None:
    # Kernel 4 lengthens the output by 1; the output padding of 1, no longer wanted, takes it back.
    layer = Layer((8,), 1, 1, 3, stride=2, padding=-1, end_padding=3, output_padding=1)
    even = nearest_even(layer)
    assert even == layer.replace(kernel_size=4, output_padding=0)
    # Without one to spare, a crop takes it.
    even = nearest_even(layer.replace(output_padding=0))
    assert even is not None
    assert (even.kernel_size, even.output_padding) == ((2,), (1,))
    assert (even.padding, even.end_padding) == ((-1,), (3,))


def test_a_kernel_shorter_than_the_stride_grows() -> None:
    # 0 is the nearest multiple of 3, but no kernel; 3 lengthens the output by 2, which is cropped.
    even = nearest_even(Layer((8,), 1, 1, 1, stride=3, padding=0, end_padding=0))
    assert even is not None
    assert (even.kernel_size, even.padding, even.end_padding) == ((3,), (1,), (1,))


def test_no_even_layer() -> None:
    assert nearest_even(Layer((8, 8), 1, 1, 4, stride=(2, 2), dilation=(1, 2))) is None


def test_an_ordinary_layer_is_even() -> None:
    """Every interior output reads the whole kernel, whatever the stride."""
    layer = Layer((9, 9), 1, 1, 3, stride=2, padding=1, transposed=False)
    assert nearest_even(layer) is layer
    assert verdict(layer) == "even: every interior output receives 9 products"
    assert advice(layer) == ""
