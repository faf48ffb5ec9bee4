"""Integer arithmetic on NumPy arrays of int64 that is exact or refused: nothing wraps."""

from __future__ import annotations

from typing import Any

import numpy as np

LEAST, MOST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def whole(name: str, value: Any) -> Any:
    """An argument as int64: an integer or an array of integers."""
    array = np.asarray(value)
    if array.dtype.kind == "b" and name == "bias":
        return array.astype(np.int64)
    if array.dtype.kind == "O" and all(type(entry) is int for entry in array.flat):
        raise OverflowError(f"{name} does not fit in int64")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    if np.any(array > MOST):
        raise OverflowError(f"{name} does not fit in int64")
    return array.astype(np.int64)


def shaped(value: Any, *arguments: Any) -> Any:
    """A result in the shape of the arguments, on which it need not depend."""
    return np.add(value, np.zeros(np.broadcast_shapes(*map(np.shape, arguments)), np.int64))


def refuse_where(wrong: Any) -> None:
    """Refuse what would wrap."""
    if np.any(wrong):
        raise OverflowError("a number on the way does not fit in int64")


def legal(kept: Any, words: str) -> None:
    """Refuse what no layer has."""
    if not np.all(kept):
        raise ValueError(words)


def add(a: Any, b: Any) -> Any:
    """``a + b``."""
    total = np.add(a, b)
    refuse_where(((a ^ total) & (b ^ total)) < 0)
    return total


def sub(a: Any, b: Any) -> Any:
    """``a − b``."""
    rest = np.subtract(a, b)
    refuse_where(((a ^ b) & (a ^ rest)) < 0)
    return rest


def mul(a: Any, b: Any) -> Any:
    """``a·b``."""
    product = np.multiply(a, b)
    divisor = np.where((a == 0) | (a == -1), 1, a)
    wrong = (a != 0) & (np.floor_divide(product, divisor) != b)
    refuse_where(np.where(a == -1, b == LEAST, wrong))
    return product


def power(base: Any, exponent: Any) -> Any:
    """``base`` to a power that is not negative."""
    result = np.ones_like(np.add(base, exponent))
    while np.any(exponent > 0):
        result = mul(result, np.where(exponent % 2 == 1, base, 1))
        exponent = exponent // 2
        base = np.where(exponent > 0, base, 1)
        base = mul(base, base)
    return result


def floor_div(a: Any, b: Any) -> Any:
    """``⌊a/b⌋``."""
    refuse_where((b == 0) | ((a == LEAST) & (b == -1)))
    return np.floor_divide(a, b)


def mod(a: Any, b: Any) -> Any:
    """``a − b·⌊a/b⌋``."""
    refuse_where(b == 0)
    return np.remainder(a, b)


def floor_sum(n: Any, m: Any, a: Any, b: Any) -> Any:
    """``Σ_{i<n} ⌊(a·i + b)/m⌋``, by Euclid's steps, each for all that are not done yet."""
    n, m, a, b = np.broadcast_arrays(n, m, a, b)
    total = np.zeros_like(n)
    while np.any(n > 0):
        n, m = np.maximum(n, 0), np.maximum(m, 1)
        slope = np.floor_divide(a, m)
        # Without a slope, n(n − 1)/2 is of no account, however large.
        columns = np.where(slope == 0, 0, n)
        even = columns % 2 == 0
        half = np.where(even, columns // 2, columns)
        other = np.where(even, columns - 1, (columns - 1) // 2)
        total = add(total, mul(slope, mul(half, other)))
        total = add(total, mul(np.floor_divide(b, m), n))
        a = np.remainder(a, m)
        reach = add(mul(a, n), np.remainder(b, m))
        n, b, m, a = np.floor_divide(reach, m), np.remainder(reach, m), a, m
    return total
