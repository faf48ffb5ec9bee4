"""Names that a file gives, as messages have them: on one line, and not long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analytic.layer import shown

#: No more names than these are listed in an error.
MOST_NAMES = 20
#: Nor of names of more characters together, but for the last of them.
MOST_CHARACTERS = 200


def text(name: str | bytes) -> str:
    """A name as one printable line, also where its bytes are not UTF-8."""
    decoded = name if isinstance(name, str) else name.decode(errors="replace")
    if not decoded.isprintable():
        decoded = "".join(c if c.isprintable() else " " for c in decoded)
    return " ".join(decoded.split())


def short(name: str) -> str:
    """A name as a message has it, cut where it is long."""
    return shown(name)[1:-1]


def listed(names: Iterable[str]) -> str:
    """Names for an error, and how many more there are; a long name counts for several."""
    labels = [short(name) for name in names]
    most, length = 0, 0
    while most < min(len(labels), MOST_NAMES) and length < MOST_CHARACTERS:
        length += len(labels[most])
        most += 1
    more = len(labels) - most
    return ", ".join(labels[:most]) + (f" and {more} more" if more > 0 else "")


def unbound(names: Sequence[str]) -> str:
    """What is said of dimensions that have a name and no size."""
    return (
        f"dimensions without a size: {listed(names)}; bind them by name, as in "
        f"dims={{{shown(names[0])}: SIZE}} or --dim {short(names[0])}=SIZE"
    )
