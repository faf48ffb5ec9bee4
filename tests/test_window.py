"""What is drawn of an axis, and that nothing is left out silently."""

from __future__ import annotations

import itertools

import pytest

from analytic.axis import Axis, ordinary, size
from analytic.outputs import Outputs
from analytic.pictures.window import joined, window


def coverage_of(axis: Axis, transposed: bool) -> list[int]:
    """Products of each output, by the pairs of the axis."""
    pairs = [(i, i * axis.s + t * axis.d - axis.b) for i in range(axis.n) for t in range(axis.k)]
    kept = [(y, i)[not transposed] for i, y in pairs if 0 <= y < size(axis)]
    return [kept.count(y) for y in range(size(axis) if transposed else axis.n)]


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("room", [5, 9, 20])
def test_every_position_is_drawn_or_named(room: int, transposed: bool) -> None:
    for n, k, s, d, b in itertools.product((1, 2, 30), (1, 3, 8, 40), (1, 2, 7), (1, 3), (0, 2)):
        axis = Axis(n, k, s, d, b, b, 0) if transposed else ordinary(3 * n, k, s, d, b, b + 1)
        if min(axis.n, size(axis)) < 1:
            continue
        outputs = Outputs(axis, transposed)
        shown = window(outputs, room)
        coverage = coverage_of(axis, transposed)
        assert outputs.size == len(coverage)
        begin, end = outputs.edges()
        assert outputs.interior == len(coverage[begin : len(coverage) - end])
        if outputs.has_interior():
            assert max(coverage) == outputs.largest()
        assert max(coverage) <= outputs.largest()
        drawn = [y for part in shown.parts for y in part]
        missing = [y for gap in shown.gaps for y in gap]
        assert sorted(drawn + missing) == list(range(outputs.size))
        assert len(drawn) <= room
        assert drawn[-1] == outputs.size - 1
        assert len(list(shown.said("rows"))) == len(shown.gaps)
        assert [c for c in shown.profile() if c is not None] == [coverage[y] for y in drawn]
        assert shown.profile().count(None) == len(shown.gaps)
        if shown.periodic:
            # Each position that is not drawn repeats the one a period before it.
            assert all(coverage[y] == coverage[y - outputs.period] for y in missing)
        assert all(shown.gaps)
        assert bool(missing) is (outputs.size > room)
        if not shown.periodic and outputs.has_interior():
            # Not one period has room beside the edges and the gap.
            assert begin + outputs.period + 1 + max(end, 1) > room
        if shown.periodic and missing:
            # The room is filled: with the gap, and one period more, there would be too many.
            assert room - outputs.period < len(shown.profile()) <= room


def test_words_of_a_gap() -> None:
    periodic = window(Outputs(Axis(n=1000, k=3, s=2, d=1, b=0, e=0, o=0)), 20)
    assert list(periodic.said("rows")) == [
        "rows 17 to 1999 are not drawn: they repeat the 2 before them"
    ]
    crowded = window(Outputs(Axis(n=100, k=300, s=100, d=1, b=0, e=0, o=0)), 17)
    assert crowded.parts == (range(5), range(200, 205), range(10195, 10200))
    assert list(crowded.said("columns")) == [
        "columns 5 to 199 are not drawn: there is no room",
        "columns 205 to 10194 are not drawn: there is no room",
    ]


def test_parts_that_meet_are_one() -> None:
    # The interior begins where the first part ends.
    assert window(Outputs(Axis(n=30, k=2, s=40, d=1, b=0, e=0, o=0)), 17).parts[0] == range(5)
    assert joined((range(3), range(1, 5), range(5, 8))) == (range(8),)
    assert joined((range(5), range(1, 3), range(6, 7))) == (range(5), range(6, 7))
