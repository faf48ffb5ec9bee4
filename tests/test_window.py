"""What is drawn of an axis, and that nothing is left out silently."""

from __future__ import annotations

import itertools

import pytest

from analytic.axis import Axis, size
from analytic.maps import along
from analytic.pictures.window import window


@pytest.mark.parametrize("room", [5, 9, 20])
def test_every_position_is_drawn_or_named(room: int) -> None:
    for n, k, s, d, b in itertools.product((1, 2, 30), (1, 3, 8, 40), (1, 2, 7), (1, 3), (0, 2)):
        axis = Axis(n, k, s, d, b, b, 0)
        if size(axis) < 1:
            continue
        shown = window(axis, room)
        coverage = along(axis)
        drawn = [y for part in shown.parts for y in part]
        missing = [y for gap in shown.gaps for y in gap]
        assert sorted(drawn + missing) == list(range(size(axis)))
        assert len(drawn) <= room
        assert drawn[-1] == size(axis) - 1
        assert len(list(shown.said("rows"))) == len(shown.gaps)
        assert [c for c in shown.profile() if c is not None] == [coverage[y] for y in drawn]
        assert shown.profile().count(None) == len(shown.gaps)
        if shown.periodic:
            # Each position that is not drawn repeats the one a period before it.
            assert all(coverage[y] == coverage[y - s] for y in missing)


def test_words_of_a_gap() -> None:
    periodic = window(Axis(n=1000, k=3, s=2, d=1, b=0, e=0, o=0), 20)
    assert list(periodic.said("rows")) == [
        "rows 3 to 1999 are not drawn: they repeat the 2 before them"
    ]
    crowded = window(Axis(n=100, k=300, s=100, d=1, b=0, e=0, o=0), 17)
    assert crowded.parts == (range(5), range(200, 205), range(10195, 10200))
    assert list(crowded.said("columns")) == [
        "columns 5 to 199 are not drawn: there is no room",
        "columns 205 to 10194 are not drawn: there is no room",
    ]


def test_parts_that_meet_are_one() -> None:
    # The interior begins where the first part ends.
    assert window(Axis(n=30, k=2, s=40, d=1, b=0, e=0, o=0), 17).parts[0] == range(5)
