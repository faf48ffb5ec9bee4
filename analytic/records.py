"""Records: tuples with names, said once, for readers, for type checkers and at run time.

A record is written as a `typing.NamedTuple` that is generic over its number (``Axis[int]``,
``Count[Expr]``; ``int`` where nothing is said), and is just that for a type checker. At run time it
is a plain `collections.namedtuple`, for importing `typing` would cost more than all of `analytic`.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False  # not from typing, as said above
if TYPE_CHECKING:
    from typing import Any, Generic, NamedTuple

    from typing_extensions import TypeVar

    #: The numbers that a record holds: ``int``, a NumPy array, a SymPy expression …
    Number = TypeVar("Number", default=int)
else:

    class _Record(type):
        """Makes the namedtuple of a class' annotations, with what else the class has."""

        def __new__(meta, name: str, _: tuple[type, ...], namespace: dict[str, Any]) -> type:
            names = namespace.get("__annotations__", ())
            defaults = [namespace.pop(field) for field in names if field in namespace]
            fields = namedtuple(name, names, defaults=defaults)
            return type(name, (fields,), {**namespace, "__slots__": ()})

    NamedTuple = type.__new__(_Record, "NamedTuple", (), {})

    class Generic:
        """Stands for `typing.Generic`, of whatever."""

        def __class_getitem__(cls, _: object) -> type:
            return NamedTuple

    Number = None

__all__ = ["Generic", "NamedTuple", "Number"]
