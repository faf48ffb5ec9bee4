"""Hypothesis strategies for legal axes and layers, transposed ones where nothing else is said.

They are legal by construction, so nothing is filtered, and every choice shrinks to its corner:
size-1 inputs and kernels, stride and dilation 1, no padding. The other corners (stride > kernel,
holes between dilated taps, a common factor of stride and dilation, the last legal padding, the
largest output padding) are within the ranges: `test_strategies` finds each of them.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from analytic.axis import Axis
from analytic.layer import Layer


def up_to(least: int, most: int) -> SearchStrategy[int]:
    """Integers of a range, its far end drawn often."""
    return st.one_of(st.integers(least, most), st.just(most))


@st.composite
def axes(draw: DrawFn, *, largest: int = 6, cropped_apart: bool = False) -> Axis:
    """A legal axis; ``largest`` bounds inputs, taps, stride and dilation."""
    parameter = st.integers(1, largest)
    n, k, s, d = draw(parameter), draw(parameter), draw(parameter), draw(parameter)
    if draw(st.booleans()):  # a common factor, which chance alone seldom gives
        factor = draw(st.integers(1, 3))
        s, d = factor * s, factor * d
    o = draw(up_to(0, max(s, d) - 1))
    spare = (n - 1) * s + (k - 1) * d + o  # what may be cropped, so that one position is left
    if not cropped_apart:
        p = draw(up_to(0, spare // 2))
        return Axis(n, k, s, d, p, p, o)
    b = draw(st.integers(-2 * largest, spare + largest))
    e = draw(up_to(-2 * largest, spare - b)) if spare - b > -2 * largest else spare - b
    return Axis(n, k, s, d, b, e, o)


@st.composite
def ordinary_axes(draw: DrawFn, *, largest: int = 6, cropped_apart: bool = False) -> Axis:
    """The arguments of a legal axis of an ordinary convolution: ``n`` is its input size.

    Paddings are also wider than the kernel, and kernels than the input.
    """
    parameter = st.integers(1, largest)
    k, s, d = draw(parameter), draw(parameter), draw(parameter)
    span = (k - 1) * d
    b = draw(up_to(0, span + largest))
    e = draw(up_to(0, span + largest)) if cropped_apart else b
    least = max(span + 1 - b - e, 1)
    return Axis(draw(st.integers(least, least + 2 * largest)), k, s, d, b, e, 0)


@st.composite
def arguments(
    draw: DrawFn,
    *,
    least_axes: int = 1,
    most_axes: int = 3,
    largest: int = 4,
    cropped_apart: bool | None = None,
    transposed: bool | None = True,
) -> dict[str, Any]:
    """The arguments of `analytic.overlaps` and its like, one entry an axis; None is either kind."""
    apart = draw(st.booleans()) if cropped_apart is None else cropped_apart
    is_transposed = draw(st.booleans()) if transposed is None else transposed
    kind = axes if is_transposed else ordinary_axes
    count = draw(st.integers(least_axes, most_axes))
    axis = kind(largest=largest if count > 1 else 2 * largest, cropped_apart=apart)
    n, k, s, d, b, e, o = zip(*draw(st.lists(axis, min_size=count, max_size=count)), strict=True)
    geometry: dict[str, Any] = {
        "input_size": n,
        "kernel_size": k,
        "stride": s,
        "dilation": d,
        "padding": b,
        "output_padding": o,
    }
    if apart:
        geometry["end_padding"] = e
    return geometry if is_transposed else {**geometry, "transposed": False}


@st.composite
def layers(
    draw: DrawFn,
    /,
    *,
    least_batch: int = 0,
    most_batch: int = 3,
    most_channels: int = 3,
    most_groups: int = 3,
    **geometry: Any,
) -> Layer:
    """A legal layer with channels, groups, bias and batch; ``geometry`` is that of `arguments`."""
    groups = draw(st.integers(1, most_groups))
    return Layer(
        **draw(arguments(**geometry)),
        in_channels=groups * draw(st.integers(1, most_channels)),
        out_channels=groups * draw(st.integers(1, most_channels)),
        groups=groups,
        bias=draw(st.booleans()),
        batch_size=draw(st.integers(least_batch, most_batch)),
    )
