"""The ones-tensor experiment: what every formula of this project is held to.

Fill input and kernel with ones, run torch's transposed convolution with one channel and no bias:
every output value is the number of products that land on it. Here the numbers are int64, so the
experiment is exact; only `published_snippet` runs in float32, as published.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
from torch.nn import functional

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size
from analytic.integers import as_layer
from analytic.layer import Layer, axes_of, shown
from analytic.protocols import ConventionName, InputSize, PerAxis, RuleName
from analytic.totals import Count, Products

#: torch keeps strides and dilations in 32 bits, whatever the size of the output.
TOO_LARGE = 2**31

CONVOLUTIONS = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}

#: Up to this many values are read as a list, which is then faster than asking torch for sums.
LISTED = 256


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread: small experiments only lose time with more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def ones(sizes: tuple[int, ...], dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """A batch of one with one channel of ones; small ones are kept for the next experiment."""
    if math.prod(sizes) <= LISTED:
        return _small_ones(sizes, dtype)
    return torch.ones((1, 1, *sizes), dtype=dtype)


@lru_cache(maxsize=1024)
def _small_ones(sizes: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.ones((1, 1, *sizes), dtype=dtype)


def convolve(
    inputs: torch.Tensor,
    taps: torch.Tensor,
    s: tuple[int, ...],
    d: tuple[int, ...],
    p: tuple[int, ...],
    o: tuple[int, ...],
) -> torch.Tensor:
    """The experiment itself: torch convolves `ones` with `ones`. Letters as in `Axis`."""
    return CONVOLUTIONS[len(s)](inputs, taps, None, s, p, o, 1, d)


def read(result: torch.Tensor) -> tuple[int, int, int]:
    """Positions, overlaps and covered: how many values, their sum, how many are not zero."""
    return result.numel(), int(result.sum()), int(torch.count_nonzero(result))


def extents(axis: Axis, input_sizes: Iterable[int]) -> list[tuple[int, int, int]]:
    """Size, overlaps and covered of one axis at many input sizes, one experiment each.

    What `analytic.axis.extent` says in closed form, for certificates, which ask by the million: the
    axis is taken as legal, its crops as torch's padding, and its own ``n`` is not read. Entering
    torch's inference mode, in which this is fastest, is left to the caller.

    >>> extents(Axis(n=1, k=4, s=2, d=1, b=1, e=1, o=0), [1, 2, 8])
    [(2, 2, 2), (4, 6, 4), (16, 30, 16)]
    """
    _, k, s, d, p, _, o = axis
    taps = ones((k,))
    convolve, measured = functional.conv_transpose1d, []
    for n in input_sizes:
        result = convolve(ones((n,)), taps, None, s, p, o, 1, d)
        if result.numel() > LISTED:
            measured.append(read(result))
            continue
        values = result.tolist()[0][0]
        positions = len(values)
        measured.append((positions, sum(values), positions - values.count(0)))
    return measured


def experiment_bytes(axes: tuple[Axis, ...], itemsize: int = 8) -> int:
    """The bytes that the experiment takes: input, kernel, torch's column buffer, and results."""
    inputs = math.prod(axis.n for axis in axes)
    taps = math.prod(axis.k for axis in axes)
    results = math.prod(map(size, axes))
    if _cropped_apart(axes):
        results = math.prod(map(size, map(_uncropped, axes))) + math.prod(map(_extended, axes))
    return int(itemsize * (inputs + taps + inputs * taps + results))


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


def run(
    axes: tuple[Axis, ...],
    dtype: torch.dtype = torch.int64,
    *,
    max_bytes: int = 2**30,
    device: str | torch.device = "cpu",
) -> torch.Tensor:
    """The output of torch's transposed convolution of ones with ones, one channel, no bias.

    Begin and end crops that differ, or are negative, are what torch does not have: such a layer is
    run without any crop, and its result is cut, or extended by zeros, to the output size.
    """
    if len(axes) not in CONVOLUTIONS:
        raise ValueError(f"torch has transposed convolutions of 1, 2 or 3 axes, got {len(axes)}")
    if torch.device(device).type != "cpu":
        # Elsewhere torch has no integer kernels, and a float kernel may use Winograd or TF32.
        raise ValueError(f"device must be cpu, where torch runs int64 exactly, got {device}")
    refuse_large_steps(axes)
    refuse_beyond(max_bytes, experiment_bytes(axes, dtype.itemsize))
    apart = _cropped_apart(axes)
    measured = [_uncropped(axis) for axis in axes] if apart else axes
    with torch.inference_mode():
        n, k, s, d, p, _, o = zip(*measured, strict=True)
        result = convolve(ones(n, dtype), ones(k, dtype), s, d, p, o)[0, 0]
        if apart:
            # Extended first, so that more may be cut than there was; pad takes the last axis first.
            ends = [(max(-axis.b, 0), max(axis.o - axis.e, 0)) for axis in reversed(axes)]
            result = functional.pad(result, [pad for end in ends for pad in end])
            starts = [max(axis.b, 0) for axis in axes]
            result = result[
                tuple(slice(y, y + size(axis)) for y, axis in zip(starts, axes, strict=True))
            ]
    return result


def _cropped_apart(axes: tuple[Axis, ...]) -> bool:
    """Whether these are crops that torch does not have."""
    return any(axis.b != axis.e or axis.b < 0 for axis in axes)


def _extended(axis: Axis) -> int:
    """Positions of the uncropped result once it reaches over the whole output."""
    return int(size(axis) + max(axis.b, 0) + max(axis.e - axis.o, 0))


def _uncropped(axis: Axis) -> Axis:
    return Axis(axis.n, axis.k, axis.s, axis.d, 0, 0, 0)


def measure(axes: tuple[Axis, ...], *, max_bytes: int = 2**30) -> tuple[tuple[int, ...], Products]:
    """Output size and products of a layer, read off one experiment."""
    result = run(axes, max_bytes=max_bytes)
    positions, overlaps, covered = read(result)
    return tuple(result.shape), Products(
        inputs=math.prod(axis.n for axis in axes),
        taps=math.prod(axis.k for axis in axes),
        positions=positions,
        overlaps=overlaps,
        covered=covered,
    )


def coverage(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
    max_bytes: int = 2**30,
    device: str | torch.device = "cpu",
) -> torch.Tensor:
    """Kernel-tap overlaps of every output position, as an int64 tensor of the output's shape.

    Raises what `analytic.coverage` raises, `ValueError` for more than 3 axes and for a device on
    which the experiment is not exact, and `MemoryError` before it takes more than ``max_bytes``.
    Cost: that of the layer, one channel. Source: documentation of ConvTranspose1d in the
    ModuleProfiler project, section Operations per filter.

    >>> coverage((2, 2), 2).tolist()
    [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    return run(axes, max_bytes=max_bytes, device=device)


def output_size(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
    max_bytes: int = 2**30,
) -> tuple[int, ...]:
    """Output positions along each axis: the shape of what torch returns. See `coverage`.

    >>> output_size((8, 8), 4, stride=2, padding=1)
    (16, 16)
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    return tuple(run(axes, max_bytes=max_bytes).shape)


def overlaps(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
    max_bytes: int = 2**30,
) -> int:
    """Products of one filter that land in the output: the sum of the `coverage`.

    >>> overlaps([8], 4, stride=2, padding=1)
    30
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    return int(measure(axes, max_bytes=max_bytes)[1].overlaps)


def covered(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
    max_bytes: int = 2**30,
) -> int:
    """Output positions on which a product lands: the nonzero values of the `coverage`.

    >>> covered([8], 2, stride=3, output_padding=2)
    16
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    return int(measure(axes, max_bytes=max_bytes)[1].covered)


def additions_per_filter(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
    convention: ConventionName = "nonzero",
    max_bytes: int = 2**30,
) -> int:
    """Additions that sum the products of one filter, by experiment. See `coverage`.

    >>> additions_per_filter((2, 2), 2)
    7
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    _, products = measure(axes, max_bytes=max_bytes)
    return int(totals.additions_per_filter(products, convention))


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
    sizes, products = measure(layer.axes, max_bytes=max_bytes)
    return totals.count(INTEGERS, layer, sizes, products, convention, rule)


def macs(layer: Layer, *, rule: RuleName = "exact", max_bytes: int = 2**30) -> int:
    """Multiply-accumulates of a layer, its axes measured by experiment. See `analytic.macs`.

    >>> macs(Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2))
    43200
    """
    layer = as_layer(layer)
    _, products = measure(layer.axes, max_bytes=max_bytes)
    return int(totals.macs(INTEGERS, layer, products, rule))
