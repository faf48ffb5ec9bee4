"""The outputs along one axis of a layer, of either kind: how many products each of them sums.

Of a transposed convolution what an output receives far from the edges depends on its phase: see
`phases`. Of an ordinary one every output reads all taps, but at the edges, where some read padding.
"""

from __future__ import annotations

from typing import NamedTuple

from analytic import maps, phases
from analytic.affine import ceil_div
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size
from analytic.layer import Layer


class Outputs(NamedTuple):
    """The outputs of an axis, by their position."""

    axis: Axis
    transposed: bool = True

    @property
    def size(self) -> int:
        """How many there are."""
        return int(size(self.axis)) if self.transposed else self.axis.n

    def at(self, output: int) -> int:
        """The products that an output sums. Source: notes/derivation.md, theorem 4, corollary 9."""
        if self.transposed:
            return maps.at(self.axis, output)
        return int(maps.taps_read(INTEGERS, self.axis, output))

    @property
    def period(self) -> int:
        """What an interior output sums is what the one so many positions before it does."""
        return self.axis.s if self.transposed else 1

    def edges(self) -> tuple[int, int]:
        """How many outputs at begin and end may sum less than an interior one.

        Of an ordinary convolution those that read padding: ``⌈b/s⌉`` and ``⌈(e − o)/s⌉``.

        >>> from analytic.axis import ordinary
        >>> outputs = Outputs(ordinary(8, k=3, s=2, d=2, b=2, e=2), transposed=False)
        >>> outputs.edges(), [outputs.at(i) for i in range(outputs.size)]
        ((1, 1), [2, 3, 3, 2])
        """
        if self.transposed:
            return phases.edges(INTEGERS, self.axis)
        _, _, s, _, b, e, o = self.axis
        begin, end = max(0, ceil_div(b, s)), max(0, ceil_div(e - o, s))
        return min(begin, self.size), min(end, self.size)

    @property
    def interior(self) -> int:
        """How many outputs lie between the edges."""
        return max(0, self.size - sum(self.edges()))

    def has_interior(self) -> bool:
        """Whether a whole period lies between the edges."""
        return self.interior >= self.period

    def largest(self) -> int:
        """No output sums more than this; in an interior, if there is one, some do."""
        if self.transposed:
            return int(phases.largest(INTEGERS, self.axis))
        return min(self.axis.k, int(size(self.axis)))


def of_layer(layer: Layer) -> tuple[Outputs, ...]:
    """The outputs of each axis of a layer."""
    return tuple(Outputs(axis, layer.transposed) for axis in layer.axes)
