"""The ones-tensor experiment: what every formula of this project is held to.

Fill input and kernel with ones, run torch's convolution with one channel and no bias: every output
value is the number of products that are summed there. Its gradients by input and by kernel, of an
output of ones, are the products of each input and of each tap. Values are int64, and float64 where
torch has no integer kernel for a gradient, so the experiment is exact; only `published_snippet`
runs in float32, as published.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple, Unpack

import torch
from torch.nn import functional

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size
from analytic.integers import as_layer
from analytic.layer import Layer, axes_of, shown
from analytic.protocols import ConventionName, Geometry, InputSize, PerAxis, RuleName
from analytic.totals import Count, Passes, Products, Reached

#: torch keeps strides and dilations in 32 bits, whatever the size of the output.
TOO_LARGE = 2**31
#: float64 holds every integer up to this one.
EXACT_FLOATS = 2**53

TRANSPOSED: dict[int, Callable[..., torch.Tensor]] = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}
ORDINARY: dict[int, Callable[..., torch.Tensor]] = {
    1: functional.conv1d,
    2: functional.conv2d,
    3: functional.conv3d,
}

#: Up to this many values are read as a list, which is then faster than asking torch for sums.
LISTED = 256
#: Experiments of up to so many bytes only lose time with more threads than one.
SMALL = 2**22


class Side(NamedTuple):
    """The result of one pass: its elements, the products in all, the elements that have one."""

    elements: int
    products: int
    reached: int


class Sides(NamedTuple):
    """What three passes sum into: the layer's outputs, its inputs and its taps."""

    forward: Side
    grad_input: Side
    grad_weight: Side


@contextmanager
def one_thread(needed: int = 0) -> Iterator[None]:
    """Torch on one thread, unless it needs more bytes than a `SMALL` experiment."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if needed <= SMALL else threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def ones(sizes: tuple[int, ...], dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """A batch of one with one channel of ones; small ones are kept for the next experiment."""
    if math.prod(sizes) <= LISTED:
        return _small_ones(sizes, dtype)
    return torch.ones((1, 1, *sizes), dtype=dtype)


@lru_cache(maxsize=4096)
def _small_ones(sizes: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.ones((1, 1, *sizes), dtype=dtype)


def in_and_out(axes: tuple[Axis, ...], transposed: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Input and output size of a layer by its axes, which are those of the transposed one."""
    few, many = tuple(axis.n for axis in axes), tuple(int(size(axis)) for axis in axes)
    return (few, many) if transposed else (many, few)


def convolve(
    inputs: torch.Tensor, taps: torch.Tensor, axes: tuple[Axis, ...], transposed: bool
) -> torch.Tensor:
    """The experiment itself: what torch makes of an input and a kernel, one channel, no bias.

    Begin and end crops of a transposed layer that differ, or are negative, are what torch does not
    have: it is run without any crop, and its result is cut, or extended by zeros, to the output
    size. Paddings of an ordinary layer that differ are zeros around its input.
    """
    _, _, s, d, p, _, o = zip(*axes, strict=True)
    if not transposed:
        if _cropped_apart(axes):
            ends = [(axis.b, axis.e) for axis in reversed(axes)]  # pad takes the last axis first
            inputs, p = functional.pad(inputs, [pad for end in ends for pad in end]), (0,) * len(p)
        return ORDINARY[len(axes)](inputs, taps, None, s, p, d)
    if not _cropped_apart(axes):
        return TRANSPOSED[len(axes)](inputs, taps, None, s, p, o, 1, d)
    result = TRANSPOSED[len(axes)](inputs, taps, None, s, 0, 0, 1, d)
    # Extended first, so that more may be cut than there was.
    ends = [(max(-axis.b, 0), max(axis.o - axis.e, 0)) for axis in reversed(axes)]
    result = functional.pad(result, [pad for end in ends for pad in end])
    starts = [max(axis.b, 0) for axis in axes]
    rows = [slice(y, y + size(axis)) for y, axis in zip(starts, axes, strict=True)]
    return result[(slice(None), slice(None), *rows)]


def read(result: torch.Tensor) -> Side:
    """How many values there are, their sum, and how many of them are not zero."""
    if result.numel() > LISTED:
        products = int(result.sum(dtype=torch.int64))
        return Side(result.numel(), products, int(torch.count_nonzero(result)))
    values = result.flatten().tolist()
    return Side(len(values), int(sum(values)), len(values) - values.count(0))


def forward_sides(axis: Axis, sizes: Iterable[int], transposed: bool = True) -> list[Side]:
    """The outputs of one axis at many ``n``, one experiment each, for certificates.

    The axis is taken as legal, its crops as torch's padding, its own ``n`` is not read. Entering
    torch's inference mode, in which this is fastest, is left to the caller.

    >>> axis = Axis(n=1, k=4, s=2, d=1, b=1, e=1, o=0)
    >>> [tuple(outputs) for outputs in forward_sides(axis, [1, 2, 8])]
    [(2, 2, 2), (4, 6, 4), (16, 30, 16)]
    """
    _, k, s, d, p, _, o = axis
    taps = ones((k,))
    if transposed:
        transpose = functional.conv_transpose1d
        return [read(transpose(ones((n,)), taps, None, s, p, o, 1, d)) for n in sizes]
    at = axis._replace(n=0)
    inputs = [(int(size(at)) + n * s,) for n in sizes]
    return [read(functional.conv1d(ones(X), taps, None, s, p, d)) for X in inputs]


def all_sides(axis: Axis, sizes: Iterable[int], transposed: bool = True) -> list[Sides]:
    """`forward_sides`, and the inputs and taps beside them: its two gradients.

    >>> all_sides(Axis(n=1, k=2, s=1, d=2, b=4, e=4, o=0), [8])[0].grad_input
    Side(elements=8, products=4, reached=4)
    """
    _, k, s, d, p, _, o = axis
    taps, least = ones((k,), torch.float64), int(size(axis._replace(n=0)))
    gradients, measured = torch.ops.aten.convolution_backward.default, []
    both = list(sizes)
    for n, forward in zip(both, forward_sides(axis, both, transposed), strict=True):
        few, many = ones((n,), torch.float64), ones((least + n * s,), torch.float64)
        output, inputs = (many, few) if transposed else (few, many)
        extra = o if transposed else 0
        by_input, by_taps, _ = gradients(
            output, inputs, taps, None, [s], [p], [d], transposed, [extra], 1, [True, True, False]
        )
        measured.append(Sides(forward, read(by_input), read(by_taps)))
    return measured


def experiment_bytes(axes: tuple[Axis, ...], itemsize: int = 8, transposed: bool = True) -> int:
    """The bytes that the experiment takes: input, kernel, torch's column buffer, and results."""
    few = math.prod(axis.n for axis in axes)
    taps = math.prod(axis.k for axis in axes)
    many = math.prod(map(size, axes))
    if _cropped_apart(axes) and transposed:
        many = math.prod(map(size, map(_uncropped, axes))) + math.prod(map(_extended, axes))
    elif _cropped_apart(axes):
        many += math.prod(size(axis) + axis.b + axis.e for axis in axes)
    return int(itemsize * (few + taps + few * taps + many))


def refuse_beyond(max_bytes: int, needed: int) -> None:
    """Raise `MemoryError` where an experiment needs more than it may take."""
    if needed > max_bytes:
        raise MemoryError(f"the experiment would take {needed} bytes, more than {max_bytes=}")


def refuse_large_steps(axes: tuple[Axis, ...]) -> None:
    """Raise `ValueError` for a stride or dilation that torch cannot keep."""
    for index, axis in enumerate(axes):
        for name, value in (("stride", axis.s), ("dilation", axis.d)):
            if value >= TOO_LARGE:
                words = f"torch takes a {name} below {TOO_LARGE}, got {shown(value)}"
                raise ValueError(f"{words} on axis {index}")


def refuse(axes: tuple[Axis, ...], transposed: bool, device: str | torch.device = "cpu") -> None:
    """Raise `ValueError` for what torch does not run, or not exactly."""
    if len(axes) not in TRANSPOSED:
        kind = "transposed" if transposed else "ordinary"
        raise ValueError(f"torch has {kind} convolutions of 1, 2 or 3 axes, got {len(axes)}")
    if torch.device(device).type != "cpu":
        # Elsewhere torch has no integer kernels, and a float kernel may use Winograd or TF32.
        raise ValueError(f"device must be cpu, where torch runs int64 exactly, got {device}")
    refuse_large_steps(axes)


def run(
    axes: tuple[Axis, ...],
    dtype: torch.dtype = torch.int64,
    *,
    transposed: bool = True,
    max_bytes: int = 2**30,
    device: str | torch.device = "cpu",
) -> torch.Tensor:
    """The output of torch's convolution of ones with ones, one channel, no bias: `convolve`."""
    refuse(axes, transposed, device)
    needed = experiment_bytes(axes, dtype.itemsize, transposed)
    refuse_beyond(max_bytes, needed)
    taps = tuple(axis.k for axis in axes)
    with one_thread(needed), torch.inference_mode():
        inputs = ones(in_and_out(axes, transposed)[0], dtype)
        return convolve(inputs, ones(taps, dtype), axes, transposed)[0, 0]


def gradients(
    axes: tuple[Axis, ...], *, transposed: bool = True, max_bytes: int = 2**30
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of the sum of `run` by input and by kernel, by autograd, in float64.

    Raises `ValueError` where a sum could pass 2^53, up to which float64 is exact.
    """
    refuse(axes, transposed)
    products = math.prod(axis.n * axis.k for axis in axes)
    if products > EXACT_FLOATS:
        words = f"a gradient of up to {shown(products)} products is not exact in float64"
        raise ValueError(f"{words}, which holds integers up to {EXACT_FLOATS}")
    needed = 2 * experiment_bytes(axes, transposed=transposed)
    refuse_beyond(max_bytes, needed)
    taps = tuple(axis.k for axis in axes)
    with one_thread(needed), torch.enable_grad():
        inputs, kernel = (
            torch.ones((1, 1, *shape), dtype=torch.float64, requires_grad=True)
            for shape in (in_and_out(axes, transposed)[0], taps)
        )
        result = convolve(inputs, kernel, axes, transposed)
        by_input, by_taps = torch.autograd.grad(result, (inputs, kernel), torch.ones_like(result))
    return by_input[0, 0], by_taps[0, 0]


def _cropped_apart(axes: tuple[Axis, ...]) -> bool:
    """Whether these are crops that torch does not have."""
    return any(axis.b != axis.e or axis.b < 0 for axis in axes)


def _extended(axis: Axis) -> int:
    """Positions of the uncropped result once it reaches over the whole output."""
    return int(size(axis) + max(axis.b, 0) + max(axis.e - axis.o, 0))


def _uncropped(axis: Axis) -> Axis:
    return Axis(axis.n, axis.k, axis.s, axis.d, 0, 0, 0)


def measure(
    axes: tuple[Axis, ...], *, transposed: bool = True, max_bytes: int = 2**30
) -> tuple[tuple[int, ...], Products]:
    """Output size and products of a layer, read off one experiment."""
    result = run(axes, transposed=transposed, max_bytes=max_bytes)
    outputs = read(result)
    return tuple(result.shape), Products(
        inputs=math.prod(in_and_out(axes, transposed)[0]),
        taps=math.prod(axis.k for axis in axes),
        positions=outputs.elements,
        overlaps=outputs.products,
        covered=outputs.reached,
    )


def measure_reached(
    axes: tuple[Axis, ...], *, transposed: bool = True, max_bytes: int = 2**30
) -> tuple[tuple[int, ...], Reached]:
    """Output size, products, and inputs and taps reached, read off a layer and its gradients."""
    by_input, by_taps = map(read, gradients(axes, transposed=transposed, max_bytes=max_bytes))
    sizes, products = measure(axes, transposed=transposed, max_bytes=max_bytes)
    return sizes, Reached(products, by_input.reached, by_taps.reached)


def coverage(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    device: str | torch.device = "cpu",
    **geometry: Unpack[Geometry],
) -> torch.Tensor:
    """Kernel-tap overlaps of every output position, as an int64 tensor of the output's shape.

    Arguments as in `analytic.output_size`: those of the layer, ``transposed=False`` for torch's
    ordinary convolution. Raises what `analytic.coverage` raises, `ValueError` for more than 3 axes
    and for a device on which the experiment is not exact, and `MemoryError` before it takes more
    than ``max_bytes``. Cost: that of the layer, one channel. Source: documentation of
    ConvTranspose1d in the ModuleProfiler project, section Operations per filter.

    >>> coverage((2, 2), 2).tolist()
    [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    >>> coverage([4], 3, padding=1, transposed=False).tolist()
    [2, 3, 3, 2]
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return run(axes, transposed=is_transposed(geometry), max_bytes=max_bytes, device=device)


def is_transposed(geometry: Geometry) -> bool:
    """The kind of a layer, from what is given beside its sizes."""
    return bool(geometry.get("transposed", True))


def output_size(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> tuple[int, ...]:
    """Output positions along each axis: the shape of what torch returns. See `coverage`.

    >>> output_size((8, 8), 4, stride=2, padding=1)
    (16, 16)
    """
    return tuple(coverage(input_size, kernel_size, max_bytes=max_bytes, **geometry).shape)


def overlaps(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> int:
    """Products of one filter that land in the output: the sum of the `coverage`.

    >>> overlaps([8], 4, stride=2, padding=1)
    30
    """
    return read(coverage(input_size, kernel_size, max_bytes=max_bytes, **geometry)).products


def covered(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> int:
    """Output positions on which a product lands: the nonzero values of the `coverage`.

    >>> covered([8], 2, stride=3, output_padding=2)
    16
    """
    return read(coverage(input_size, kernel_size, max_bytes=max_bytes, **geometry)).reached


def inputs_reached(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> int:
    """Inputs that take part in a product: the nonzero values of torch's gradient by the input.

    Raises what `coverage` raises, and `ValueError` where the gradient is not exact in float64.

    >>> inputs_reached([4], 2, stride=3, padding=2)
    2
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return read(gradients(axes, transposed=is_transposed(geometry), max_bytes=max_bytes)[0]).reached


def taps_reached(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> int:
    """Taps that take part in a product: the nonzero values of torch's gradient by the kernel.

    Raises what `inputs_reached` raises.

    >>> taps_reached((28, 28), 3, padding=36, dilation=36, transposed=False)
    1
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return read(gradients(axes, transposed=is_transposed(geometry), max_bytes=max_bytes)[1]).reached


def additions_per_filter(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    convention: ConventionName = "nonzero",
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> int:
    """Additions that sum the products of one filter, by experiment. See `coverage`.

    >>> additions_per_filter((2, 2), 2)
    7
    """
    axes, transposed = axes_of(input_size, kernel_size, **geometry), is_transposed(geometry)
    _, products = measure(axes, transposed=transposed, max_bytes=max_bytes)
    return int(totals.additions_per_filter(products, convention, transposed))


def published_snippet(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    max_bytes: int = 2**30,
) -> float:
    """What the published snippet returns, rounding included: ``torch.sum(y - 1.0)`` in float32.

    For showing what it does, not for counting: beyond 2^24 a float32 sum may be off.

    >>> published_snippet((2, 2), 2)
    7.0
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation)
    refuse_beyond(max_bytes, 2 * 4 * math.prod(map(size, axes)))  # the output, and it less one
    return float(torch.sum(run(axes, torch.float32, max_bytes=max_bytes) - 1.0))


def count(
    layer: Layer,
    *,
    convention: ConventionName = "nonzero",
    rule: RuleName = "exact",
    max_bytes: int = 2**30,
) -> Count:
    """Every count of a layer, its axes measured by experiment. See `analytic.count`.

    >>> count(Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)).total
    239808
    """
    layer = as_layer(layer)
    sizes, products = measure(layer.axes, transposed=layer.transposed, max_bytes=max_bytes)
    return totals.count(INTEGERS, layer, sizes, products, convention, rule, layer.transposed)


def macs(layer: Layer, *, rule: RuleName = "exact", max_bytes: int = 2**30) -> int:
    """Multiply-accumulates of a layer, its axes measured by experiment. See `analytic.macs`.

    >>> macs(Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2))
    43200
    """
    layer = as_layer(layer)
    _, products = measure(layer.axes, transposed=layer.transposed, max_bytes=max_bytes)
    return int(totals.macs(INTEGERS, layer, products, rule))


def passes(layer: Layer, *, rule: RuleName = "exact", max_bytes: int = 2**30) -> Passes:
    """What each pass of a layer costs, its axes measured by experiment. See `analytic.passes`.

    Raises what `inputs_reached` raises.

    >>> passes(Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)).grad_weight.additions
    42816
    """
    layer = as_layer(layer)
    _, axes = measure_reached(layer.axes, transposed=layer.transposed, max_bytes=max_bytes)
    return totals.passes(INTEGERS, layer, axes, rule)
