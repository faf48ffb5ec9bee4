"""The arithmetic of Python integers.

The formulas of `axis`, `totals` and `floorsum` are written once, over an arithmetic that supplies
what differs between number systems (`protocols.Arithmetic`). Each evaluator brings its own.
"""

from __future__ import annotations

import math
import operator
from functools import lru_cache

from analytic.floorsum import floor_sum, lattice_points


class Integers:
    """Python integers."""

    maximum = staticmethod(max)
    minimum = staticmethod(min)
    gcd = staticmethod(math.gcd)
    quotient = staticmethod(operator.floordiv)
    floor_sum = staticmethod(floor_sum)

    @staticmethod
    def F(n: int, k: int, s: int, d: int, t: int) -> int:
        # The thresholds of most real layers are not positive, or cut the first input only.
        if t <= 0 or n <= 0:
            return 0
        if t <= s:
            return min(k, (t - 1) // d + 1)
        return _lattice_points(n, k, s, d, t)


INTEGERS = Integers()


@lru_cache(maxsize=1)  # the thresholds at both ends of an axis are mostly alike
def _lattice_points(n: int, k: int, s: int, d: int, t: int) -> int:
    return int(lattice_points(INTEGERS, n, k, s, d, t))
