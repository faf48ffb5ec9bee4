"""The outputs along one axis of a layer, of either kind: how many products each of them sums.

Of a transposed convolution what an output receives far from the edges depends on its phase: see
`phases`. Of an ordinary one every output reads all taps, but at the edges, where some read padding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from analytic import maps, phases
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, size
from analytic.layer import Layer

if TYPE_CHECKING:
    from analytic.protocols import Arithmetic


def reading_edges(lib: Arithmetic, axis: Axis[Any]) -> tuple[Any, Any]:
    """How many outputs of an ordinary convolution at begin and end read padding.

    ``⌈b/s⌉`` and ``⌈(e − o)/s⌉``, neither more than there are outputs.

    >>> from analytic.axis import ordinary
    >>> axis = ordinary(8, k=3, s=2, d=2, b=2, e=2)
    >>> reading_edges(INTEGERS, axis), maps.along(axis, transposed=False)
    ((1, 1), [2, 3, 3, 2])
    """
    n, _, s, _, b, e, o = axis
    begin, end = (lib.maximum(0, -(-crop // s)) for crop in (b, e - o))
    return lib.minimum(begin, n), lib.minimum(end, n)


def missing_reading(lib: Arithmetic, axis: Axis[Any]) -> Any:
    """1 where every output of an ordinary convolution reads padding, so that none is interior.

    >>> from analytic.axis import ordinary
    >>> missing_reading(INTEGERS, ordinary(8, k=3, s=2, d=2, b=2, e=2))
    0
    """
    begin, end = reading_edges(lib, axis)
    return lib.maximum(1 - lib.maximum(axis.n - begin - end, 0), 0)


def most_read(lib: Arithmetic, axis: Axis[Any]) -> Any:
    """No output of an ordinary convolution reads more taps than there are, or more than inputs."""
    return lib.minimum(axis.k, size(axis))


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

        Of an ordinary convolution those that read padding: `reading_edges`.
        """
        edges = phases.edges if self.transposed else reading_edges
        return edges(INTEGERS, self.axis)

    @property
    def interior(self) -> int:
        """How many outputs lie between the edges."""
        return max(0, self.size - sum(self.edges()))

    def has_interior(self) -> bool:
        """Whether a whole period lies between the edges."""
        return self.interior >= self.period

    def largest(self) -> int:
        """No output sums more than this; in an interior, if there is one, some do."""
        return int((phases.largest if self.transposed else most_read)(INTEGERS, self.axis))


def of_layer(layer: Layer) -> tuple[Outputs, ...]:
    """The outputs of each axis of a layer."""
    return tuple(Outputs(axis, layer.transposed) for axis in layer.axes)
