"""Which output positions of an axis are drawn, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from analytic.outputs import Outputs

NO_ROOM = "there is no room"


class Window(NamedTuple):
    """The positions of an axis that are drawn: parts, in order, with gaps between them.

    ``periodic`` says that the gaps repeat the last period that is drawn before them.
    """

    outputs: Outputs
    parts: tuple[range, ...]
    periodic: bool

    @property
    def gaps(self) -> list[range]:
        """The positions that are not drawn."""
        return [range(left.stop, right.start) for left, right in pairwise(self.parts)]

    def profile(self) -> list[int | None]:
        """The coverage of the positions that are drawn; None stands for each gap."""
        values: list[int | None] = []
        for part in self.parts:
            values += [None] if values else []
            values += [self.outputs.at(y) for y in part]
        return values

    def said(self, what: str) -> Iterator[str]:
        """What the reader is told of the gaps."""
        why = f"they repeat the {self.outputs.period} before them" if self.periodic else NO_ROOM
        for gap in self.gaps:
            yield not_drawn(what, gap.start, gap.stop - 1, why)


def not_drawn(what: str, first: object, last: object, why: str) -> str:
    """What is said of a gap.

    >>> not_drawn("rows", 3, 9, NO_ROOM)
    'rows 3 to 9 are not drawn: there is no room'
    """
    return f"{what} {first} to {last} are not drawn: {why}"


def window(outputs: Outputs, room: int) -> Window:
    """What is drawn of an axis with ``room`` for so many positions.

    The whole axis where it fits; else its edges and as many interior periods as do; where not one
    does, as much as does of each end and of what lies between: the interior, or the middle. A gap
    takes the room of a position.

    >>> from analytic.axis import Axis
    >>> window(Outputs(Axis(n=1000, k=3, s=2, d=1, b=0, e=0, o=0)), 20).parts
    (range(0, 17), range(2000, 2001))
    """
    length = outputs.size
    if length <= room:
        return Window(outputs, (range(length),), periodic=True)
    begin, end = outputs.edges()
    last = max(end, 1)
    periods = (room - 1 - begin - last) // outputs.period
    if periods > 0:  # in less room than there are outputs: there is an interior then
        first = begin + periods * outputs.period
        return Window(outputs, (range(first), range(length - last, length)), periodic=True)
    third = max(1, (room - 2) // 3)
    middle = begin if outputs.has_interior() else (length - third) // 2
    parts = range(third), range(middle, middle + third), range(length - third, length)
    return Window(outputs, joined(parts), periodic=False)


def joined(parts: tuple[range, ...]) -> tuple[range, ...]:
    """Parts in order, those that meet merged one."""
    merged = [parts[0]]
    for part in parts[1:]:
        if part.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(part.stop, merged[-1].stop))
        else:
            merged.append(part)
    return tuple(merged)
