"""Reads the tables of a flatbuffer where they lie, and never beyond what there is.

A table starts with the distance back to its vtable; that says at which distance each field lies,
0 where there is none. What is not a number is behind an offset. Vectors and strings start with
their length. All numbers are little-endian. Source: flatbuffers.dev, "FlatBuffer Internals".
"""

from __future__ import annotations

import struct
from typing import NamedTuple


class Buffer:
    """The bytes of a file. What is read of its vectors is never more than they are.

    Offsets may point many times to the same vector, and so make a small file a long read; files
    that are written have each of theirs once.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = 4 * len(data) + 4096

    def number(self, at: int, kind: str) -> int:
        """The number at a place: of the kind that `struct` calls so."""
        if not 0 <= at <= len(self.data) - struct.calcsize(f"<{kind}"):
            raise ValueError("it is cut off or damaged")
        number: int = struct.unpack_from(f"<{kind}", self.data, at)[0]
        return number

    def take(self, at: int, size: int) -> tuple[int, int]:
        """Where the elements of a vector start that is at a place, and how many there are."""
        length = self.number(at, "I")
        self.left -= length * size
        if at + 4 + length * size > len(self.data) or self.left < 0:
            raise ValueError("it is cut off or damaged")
        return at + 4, length

    def root(self) -> Table:
        """The table that all others are in."""
        return Table(self, self.number(0, "I"))


class Table(NamedTuple):
    """A table; its fields are asked by their numbers, and have the defaults of the schema."""

    buffer: Buffer
    at: int

    def place(self, field: int) -> int | None:
        """Where a field is; None where there is none."""
        number = self.buffer.number
        vtable = self.at - number(self.at, "i")
        entry = 4 + 2 * field
        if entry + 2 > number(vtable, "H"):
            return None
        distance = number(vtable + entry, "H")
        return self.at + distance if distance else None

    def integer(self, field: int, kind: str = "i", default: int = 0) -> int:
        """A number."""
        place = self.place(field)
        return default if place is None else self.buffer.number(place, kind)

    def target(self, field: int) -> int | None:
        """Where that is to which a field is an offset."""
        place = self.place(field)
        return None if place is None else place + self.buffer.number(place, "I")

    def table(self, field: int) -> Table | None:
        """A table in this one."""
        target = self.target(field)
        return None if target is None else Table(self.buffer, target)

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        target = self.target(field)
        if target is None:
            return []
        start, length = self.buffer.take(target, 4)
        places = range(start, start + 4 * length, 4)
        return [Table(self.buffer, place + self.buffer.number(place, "I")) for place in places]

    def integers(self, field: int) -> list[int]:
        """A vector of 32-bit integers."""
        target = self.target(field)
        if target is None:
            return []
        start, length = self.buffer.take(target, 4)
        return [*struct.unpack_from(f"<{length}i", self.buffer.data, start)]

    def raw(self, field: int, most: int | None = None) -> bytes:
        """A vector of bytes, or a string; empty where it has more than may be."""
        target = self.target(field)
        if target is None or (most is not None and self.buffer.number(target, "I") > most):
            return b""
        start, length = self.buffer.take(target, 1)
        return self.buffer.data[start : start + length]
