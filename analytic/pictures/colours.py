"""The colours of a coverage: cividis, whose lightness grows evenly and survives greyscale.

J. R. Nuñez, C. R. Anderton, R. S. Renslow, "Optimizing colormaps with consideration for color
vision deficiency to enable accurate interpretation of scientific data", PLOS ONE 2018.
"""

from __future__ import annotations

Colour = tuple[int, int, int]

#: The name by which matplotlib knows the map, and nine equally spaced colours of it.
NAME = "cividis"
ANCHORS: tuple[Colour, ...] = (
    (0, 34, 78),
    (26, 56, 111),
    (67, 78, 108),
    (97, 101, 111),
    (125, 124, 120),
    (155, 148, 118),
    (188, 174, 108),
    (222, 201, 88),
    (254, 232, 56),
)


def colour(value: int, most: int) -> Colour:
    """The colour of a coverage where no other is more than ``most``: from dark to light.

    >>> colour(0, 4), colour(4, 4)
    ((0, 34, 78), (254, 232, 56))
    """
    steps = len(ANCHORS) - 1
    whole, rest = divmod(value * steps, most or 1)
    low, high = ANCHORS[whole], ANCHORS[min(whole + 1, steps)]
    red, green, blue = (a + (b - a) * rest // (most or 1) for a, b in zip(low, high, strict=True))
    return red, green, blue


def is_light(shade: Colour) -> bool:
    """Whether black is better read than white on it, by relative luminance."""
    red, green, blue = shade
    return 299 * red + 587 * green + 114 * blue > 1000 * 115
