"""Answers that are remembered, in bounded memory: from layer to layer, most come again."""

from __future__ import annotations

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Remembered(dict["Any", "Any"]):
    """What a function says of each key, for the keys that came last.

    Keys that are not ``small`` are asked for again, and of the others there are at most ``most``.

    >>> squares = Remembered(lambda n: n * n, small=lambda n: n < 10, most=2)
    >>> squares[3], squares[12], squares[4], squares
    (9, 144, 16, {3: 9, 4: 16})
    >>> squares[5], squares
    (25, {5: 25})
    """

    __slots__ = ("function", "small", "most")

    def __init__(
        self, function: Callable[[Any], Any], small: Callable[[Any], bool], most: int
    ) -> None:
        super().__init__()
        self.function = function
        self.small = small
        self.most = most

    def __missing__(self, key: Any) -> Any:
        answer = self.function(key)
        if self.small(key):
            if len(self) >= self.most:
                self.clear()
            self[key] = answer
        return answer
