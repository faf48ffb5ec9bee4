"""Reads a model file without its weights, straight from the wire format of protocol buffers.

A message is a sequence of fields: a tag, which is the field's number and wire type, and a value. A
weight is one long field of a ``TensorProto``; it is skipped, never read.
Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

#: A field of no more bytes is kept as it is: no weight worth skipping is in it.
SHORT = 4096
#: The fields of a tensor that hold its elements, by the names that onnx.proto gives them.
ELEMENTS = {
    "float_data",
    "int32_data",
    "string_data",
    "int64_data",
    "raw_data",
    "double_data",
    "uint64_data",
}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Field(NamedTuple):
    """A field of a message: its number, where it starts, where its value does, where it ends."""

    number: int
    wire_type: int
    start: int
    value: int
    end: int


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number at a position, seven bits a byte, and the position behind it.

    >>> varint(memoryview(bytes([0b10101100, 0b00000010])), 0)
    (300, 2)
    """
    number = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
    raise ValueError("it is cut off or damaged")


def write_varint(number: int) -> bytes:
    """The inverse of `varint`.

    >>> write_varint(300) == bytes([0b10101100, 0b00000010])
    True
    """
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def fields(data: memoryview) -> Iterator[Field]:
    """The fields of a message."""
    at = 0
    while at < len(data):
        start = at
        tag, value = varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == VARINT:
            at = varint(data, value)[1]
        elif wire_type == BYTES:
            size, value = varint(data, value)
            at = value + size
        elif wire_type in (FIXED64, FIXED32):
            at = value + (8 if wire_type == FIXED64 else 4)
        else:
            raise ValueError(f"it has a field of wire type {wire_type}")
        if at > len(data):
            raise ValueError("it is cut off or damaged")
        yield Field(number, wire_type, start, value, at)


def without_elements(data: memoryview, message: Any) -> bytes:
    """A message without the long tensors in it; ``message`` is its descriptor.

    Only what is long is looked into, so that the cost is that of the structure alone.
    Raises `ValueError` where the data are no such message.
    """
    kept = bytearray()
    for field in fields(data):
        known = message.fields_by_number.get(field.number)
        if field.end - field.start <= SHORT or known is None:  # numbers are never longer
            kept += data[field.start : field.end]
        elif known.message_type is not None:
            inner = without_elements(data[field.value : field.end], known.message_type)
            kept += write_varint(field.number << 3 | BYTES) + write_varint(len(inner)) + inner
        elif known.name not in ELEMENTS:
            kept += data[field.start : field.end]
    return bytes(kept)
