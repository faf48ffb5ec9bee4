"""Integers of any length may be written: counts are exact, however many digits they have."""

from __future__ import annotations

import sys


class all_digits:  # noqa: N801 - used as the context managers of contextlib are
    """Within it, Python writes (and reads) integers of more than 4300 digits.

    It refuses to by default, for converting takes quadratic time; so files are read outside of it.

    >>> with all_digits():
    ...     len(str(10**5000))
    5001
    """

    def __enter__(self) -> None:
        self.limit = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)

    def __exit__(self, *_: object) -> None:
        sys.set_int_max_str_digits(self.limit)
