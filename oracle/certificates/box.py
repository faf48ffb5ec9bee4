"""The box of a certificate: its kernels, strides and dilations, and every axis that follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analytic.affine import padding_bound
from analytic.axis import Axis
from analytic.layer import LayerError, integer


class Box(NamedTuple):
    """Kernel sizes, strides and dilations: every combination of them is certified."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    @classmethod
    def of(
        cls,
        kernel_size: int | Iterable[int],
        stride: int | Iterable[int],
        dilation: int | Iterable[int],
    ) -> Box:
        """A box of positive integers, each given as one or as many; `LayerError` for others."""
        return cls(
            values("kernel_size", kernel_size),
            values("stride", stride),
            values("dilation", dilation),
        )

    def steps(self) -> list[tuple[int, int]]:
        """Every (stride, dilation), the longest first, so that no worker is left with it alone."""
        k = self.kernel_size[-1]
        pairs = [(s, d) for s in self.stride for d in self.dilation]
        return sorted(pairs, key=lambda pair: (-about(k, *pair), pair))


def about(k: int, s: int, d: int) -> int:
    """How many experiments (k, s, d) takes, roughly: output paddings × paddings × sizes."""
    return max(s, d) * (s + k * d) * (3 + k * d // (4 * s))


def values(argument: str, given: int | Iterable[int]) -> tuple[int, ...]:
    """Positive integers in order, each once."""
    listed = list(given) if isinstance(given, Iterable) else [given]
    distinct = sorted({integer(argument, value) for value in listed})
    if not distinct or distinct[0] < 1:
        raise LayerError(f"{argument} must be positive integers, got {distinct}")
    return tuple(distinct)


def output_paddings(s: int, d: int, transposed: bool) -> range:
    """The output paddings that torch takes; those that axes of ordinary layers have."""
    return range(max(s, d) if transposed else s)


def torch_axes(k: int, s: int, d: int, transposed: bool = True) -> Iterator[Axis]:
    """The axes that a certificate runs at one (k, s, d), ``n`` left open (0): every output padding,
    and every padding below the bound of the crop reduction.
    """
    for o in output_paddings(s, d, transposed):
        for p in range(padding_bound(Axis(0, k, s, d, 0, 0, o))):
            yield Axis(0, k, s, d, p, p, o)
