"""The pairs of a layer themselves, listed: what meets what, and where the product is summed.

`maps` and `totals` count pairs in closed form; here each of them is named, for a picture, a table,
or a check by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size
from analytic.layer import Layer, shown
from analytic.maps import met, reach
from analytic.outputs import of_layer as outputs_of
from analytic.tables import write_sizes
from analytic.totals import choose

#: More taps than this are not gone through, position by position, to list the pairs of an axis.
MOST = 10**6


class Pair(NamedTuple):
    """A product of an axis: an input meets a tap, and is summed into an output."""

    input: int
    tap: int
    output: int


class Roles(NamedTuple):
    """What a pass multiplies and what it sums into: fields of a `Pair`, and their usual names."""

    factors: tuple[str, str]
    result: str
    names: Mapping[str, str]


FORWARD = {"input": "input", "tap": "kernel", "output": "output"}
#: All passes run over the same pairs. Source: notes/derivation.md, theorem 12.
PASSES: Mapping[str, Roles] = {
    "forward": Roles(("input", "tap"), "output", FORWARD),
    "grad_input": Roles(
        ("output", "tap"), "input", {**FORWARD, "output": "grad_output", "input": "grad_input"}
    ),
    "grad_weight": Roles(
        ("input", "output"), "tap", {**FORWARD, "output": "grad_output", "tap": "grad_weight"}
    ),
}


def of_axis(axis: Axis, transposed: bool = True) -> list[Pair]:
    r"""The kept pairs of an axis, in the order of their values, then of their taps.

    .. math:: \{(i, t) : 0 \le i s + t d - b < L\}

    An ordinary convolution reads ``i`` as its output and the value as its input. Raises
    `OverflowError` where more than a million taps would have to be gone through.

    >>> from analytic.axis import ordinary
    >>> of_axis(Axis(n=2, k=2, s=1, d=1, b=1, e=0, o=0))
    [Pair(input=1, tap=0, output=0), Pair(input=0, tap=1, output=0), Pair(input=1, tap=1, output=1)]
    >>> pairs = of_axis(ordinary(8, k=3, s=2, d=2, b=2, e=2), transposed=False)
    >>> brute = [(i, t) for i in range(4) for t in range(3) if 0 <= i * 2 + t * 2 - 2 < 8]
    >>> sorted((pair.output, pair.tap) for pair in pairs) == brute
    True
    """
    if size(axis) * axis.k > MOST:
        raise OverflowError(
            f"at most {MOST:,} positions times taps of an axis, "
            f"got {shown(size(axis))} times {shown(axis.k)}"
        )
    pairs = []
    for position in range(size(axis)):
        first, last = reach(INTEGERS, axis, position)
        for tap in range(first, last + 1):
            element, rest = met(axis, position, tap)
            if not rest:
                ends = (element, position) if transposed else (position, element)
                pairs.append(Pair(ends[0], tap, ends[1]))
    return pairs


class Listed(NamedTuple):
    """The pairs of a pass of a layer, axis by axis: the axes do not interact.

    ``sizes`` are those of input, kernel and output, by the fields of `Pair`.
    """

    axes: tuple[list[Pair], ...]
    sizes: Mapping[str, tuple[int, ...]]
    roles: Roles

    @property
    def results(self) -> tuple[int, ...]:
        """The size of what is summed into."""
        return self.sizes[self.roles.result]

    def number(self) -> int:
        """How many pairs there are: the overlaps of the layer."""
        return prod(map(len, self.axes))

    def profiles(self, field: str) -> list[list[int]]:
        """How many pairs each position of the input, the kernel or the output has, axis by axis."""
        counts = [Counter(getattr(pair, field) for pair in pairs) for pairs in self.axes]
        sizes = self.sizes[field]
        return [
            [count[at] for at in range(size)] for count, size in zip(counts, sizes, strict=True)
        ]

    def result_at(self, at: Sequence[int]) -> tuple[int, ...]:
        """The place of a result, or a `ValueError` where there is none."""
        sizes = self.results
        if len(at) == len(sizes) and all(0 <= a < n for a, n in zip(at, sizes, strict=True)):
            return tuple(at)
        name = self.roles.names[self.roles.result]
        raise ValueError(
            f"at must be a position of {name} {write_sizes(sizes)}, from 0 on, "
            f"got {shown(write_sizes(tuple(at)))}"
        )

    def numbers(self, field: str) -> dict[tuple[int, ...], int]:
        """How many products each position of the input, the kernel or the output takes part in."""
        profiles = self.profiles(field)
        return {
            at: prod(profile[index] for profile, index in zip(profiles, at, strict=True))
            for at in product(*map(range, self.sizes[field]))
        }

    def summed(self, at: Sequence[int]) -> list[tuple[Pair, ...]]:
        """The products that one result sums: each a pair on every axis."""
        result = self.roles.result
        chosen = [
            [pair for pair in pairs if getattr(pair, result) == index]
            for pairs, index in zip(self.axes, at, strict=True)
        ]
        return [*product(*chosen)]

    def fullest(self) -> tuple[int, ...]:
        """The result that sums most, nearest to the middle."""
        return tuple(
            max(range(len(counts)), key=lambda at: (counts[at], -abs(2 * at - len(counts) + 1)))
            for counts in self.profiles(self.roles.result)
        )


def place(pairs: Iterable[Pair], field: str) -> tuple[int, ...]:
    """Where the pairs of the axes lie in the input, the kernel or the output of the layer."""
    return tuple(getattr(pair, field) for pair in pairs)


def of_layer(layer: Layer, passed: str = "forward") -> Listed:
    """The pairs of a layer, as one of its passes sums them: forward, grad_input or grad_weight.

    Raises `OverflowError` as `of_axis` does, and `ValueError` for another pass.

    >>> listed = of_layer(Layer((2, 2), 1, 1, 2))
    >>> listed.number()
    16
    >>> [(place(pairs, "input"), place(pairs, "tap")) for pairs in listed.summed((0, 1))]
    [((0, 1), (0, 0)), ((0, 0), (0, 1))]
    """
    roles = choose("pass", PASSES, passed)
    outputs = tuple(axis.size for axis in outputs_of(layer))
    sizes = {"input": layer.input_size, "tap": layer.kernel_size, "output": outputs}
    return Listed(tuple(of_axis(axis, layer.transposed) for axis in layer.axes), sizes, roles)
