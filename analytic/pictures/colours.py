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
    """Whether black is better read than white on it: whether its contrast is the higher one.

    Contrasts are ``(Y + 0.05)/0.05`` of black and ``1.05/(Y + 0.05)`` of white, with the relative
    luminance ``Y``. Source: Web Content Accessibility Guidelines 2.2, contrast ratio.

    >>> is_light((118, 118, 118)), is_light((117, 117, 117))
    (True, False)
    """
    return (luminance(shade) + 0.05) ** 2 > 1.05 * 0.05


def luminance(shade: Colour) -> float:
    """The relative luminance of a colour of sRGB, from 0 to 1. Source: as above.

    >>> luminance((0, 0, 0)), luminance((255, 255, 255))
    (0.0, 1.0)
    """
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in shade)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
