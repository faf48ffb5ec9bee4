"""Writes flatbuffers, for what no converter would write."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any


def write(root: Mapping[int, Any], mark: bytes = b"TFL3") -> bytes:
    """A file whose root is a table of these fields, by their numbers.

    A field is a number (written as 32 bits), bytes, a list of integers, a table, or a list of
    tables. Tables come before what is in them, and nothing is shared.
    """
    data = bytearray(struct.pack("<I4s", 0, mark))
    patch(data, 0, place_table(data, root))
    return bytes(data)


def patch(data: bytearray, at: int, target: int) -> None:
    """Make what is at a place an offset to another."""
    struct.pack_into("<I", data, at, target - at)


def pad(data: bytearray, start: int, multiple: int) -> None:
    """Zeros, until what is so far behind the end lies at a multiple."""
    data += bytes(-(len(data) + start) % multiple)


def place_table(data: bytearray, fields: Mapping[int, Any]) -> int:
    """Where a table is put at the end."""
    most = max(fields, default=-1) + 1
    pad(data, 4 + 2 * most, 4)
    vtable = len(data)
    size = 4 + 4 * len(fields)
    places = {field: 4 + 4 * number for number, field in enumerate(fields)}
    data += struct.pack("<HH", 4 + 2 * most, size)
    data += struct.pack(f"<{most}H", *[places.get(field, 0) for field in range(most)])
    at = len(data)
    data += struct.pack("<i", at - vtable) + bytes(4 * len(fields))
    for field, value in fields.items():
        if isinstance(value, int):
            struct.pack_into("<i", data, at + places[field], value)
        else:
            patch(data, at + places[field], place(data, value))
    return at


def place(data: bytearray, value: Any) -> int:
    """Where what is no number is put at the end."""
    if isinstance(value, Mapping):
        return place_table(data, value)
    pad(data, 4, 16 if isinstance(value, bytes) else 4)
    at = len(data)
    data += struct.pack("<I", len(value))
    if isinstance(value, bytes):
        data += value + bytes(1)
    elif value and isinstance(value[0], Mapping):
        data += bytes(4 * len(value))
        for number, table in enumerate(value):
            patch(data, at + 4 + 4 * number, place_table(data, table))
    else:
        data += struct.pack(f"<{len(value)}i", *value)
    return at
