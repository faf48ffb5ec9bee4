"""The int64 arithmetic that goes along with exported NumPy and C code, against Python's."""

from __future__ import annotations

import itertools
import math
import operator
import shutil
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytic.export.runtime import numpy_int64 as arithmetic
from analytic.floorsum import floor_sum

LEAST, MOST = -(2**63), 2**63 - 1
EDGES = [LEAST, LEAST + 1, -(2**32), -(2**31), -3, -1, 0, 1, 2, 2**31, 2**32, MOST - 1, MOST]


@pytest.mark.parametrize(
    ("checked", "exact"),
    [
        (arithmetic.add, operator.add),
        (arithmetic.sub, operator.sub),
        (arithmetic.mul, operator.mul),
    ],
)
def test_exact_or_refused(checked: Callable[..., Any], exact: Callable[..., int]) -> None:
    for a, b in itertools.product(EDGES, repeat=2):
        arrays = np.array([a, 0]), np.array([b, 0])
        if LEAST <= exact(a, b) <= MOST:
            assert list(checked(*arrays)) == [exact(a, b), 0]
        else:
            with pytest.raises(OverflowError, match="a number on the way does not fit in int64"):
                checked(*arrays)


DIVISORS = [b for b in EDGES if b != 0]


def test_division_rounds_down() -> None:
    for a, b in itertools.product([*EDGES, *range(-7, 8)], [*DIVISORS, -2]):
        array = np.array([a])
        assert arithmetic.mod(array, b) == a % b
        if a // b <= MOST:
            assert arithmetic.floor_div(array, b) == a // b
        else:
            with pytest.raises(OverflowError):
                arithmetic.floor_div(array, b)
    for divide in (arithmetic.floor_div, arithmetic.mod):
        with pytest.raises(OverflowError):
            divide(np.array([7]), np.array([0]))


def test_power() -> None:
    base, exponent = np.array([2, -3, 7]), np.array([5, 3, 0])
    assert list(arithmetic.power(base, exponent)) == [32, -27, 1]
    assert list(arithmetic.power(np.array([1, -1, 0, 2]), np.array([MOST, MOST, MOST, 62]))) == [
        1,
        -1,
        0,
        2**62,
    ]
    with pytest.raises(OverflowError):
        arithmetic.power(base, np.array([63, 0, 0]))


def test_floor_sum() -> None:
    cases = [*itertools.product(range(-1, 6), range(1, 5), (-7, 0, 3, 8), (-9, 0, 5))]
    cases += [(2**40, 1, 0, 5), (2**32, 1, 1, 0), (2**32 - 1, 1, 1, 0)]
    columns = map(np.array, zip(*cases, strict=True))
    expected = [floor_sum(*map(int, case)) for case in cases]
    assert list(arithmetic.floor_sum(*columns)) == expected


def test_arguments_are_integers_of_64_bits() -> None:
    assert arithmetic.whole("n0", [1, 2]).dtype == np.int64
    assert arithmetic.whole("n0", np.array([3], np.uint8)) == 3
    assert arithmetic.whole("bias", True) == 1
    wrong: list[Any] = [1.0, "1", True, [None]]
    for value in wrong:
        with pytest.raises(TypeError, match="n0 must be integers, got"):
            arithmetic.whole("n0", value)
    large: list[Any] = [2**63, 2**64, np.array([2**63], np.uint64)]
    for value in large:
        with pytest.raises(OverflowError, match="n0 does not fit in int64"):
            arithmetic.whole("n0", value)


def test_results_have_the_shape_of_the_arguments() -> None:
    assert arithmetic.shaped(7, np.ones((2, 1)), np.ones(3)).shape == (2, 3)
    assert arithmetic.shaped(7, 1, 2) == 7


def test_what_is_illegal_is_refused_wherever_it_is() -> None:
    arithmetic.legal(np.array([True, True]), "n0 must be positive")
    with pytest.raises(ValueError, match="n0 must be positive"):
        arithmetic.legal(np.array([True, False]), "n0 must be positive")


#: Of the C header: each function as Python's integers have it, and whether it may overflow.
IN_C: dict[str, tuple[Callable[..., int], bool]] = {
    "add": (operator.add, True),
    "sub": (operator.sub, True),
    "mul": (operator.mul, True),
    "floor_div": (operator.floordiv, True),
    "mod": (operator.mod, True),
    "power": (pow, True),
    "max": (max, False),
    "min": (min, False),
    "gcd": (math.gcd, False),
    "floor_sum": (floor_sum, True),
}
MAIN = """
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    char name[16];
    int64_t a, b, c, d;
    while (scanf("%15s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, name, &a, &b, &c, &d) == 5) {
        int bad = 0;
        int64_t result = 0;
        CALLS
        if (bad) printf("None\\n"); else printf("%" PRId64 "\\n", result);
    }
    return 0;
}
"""


def c_arguments() -> list[tuple[str, tuple[int, ...]]]:
    """Calls of each function: at the edges of the range, or where it is called."""
    pairs = [*itertools.product(EDGES, repeat=2)]
    positive = [value for value in EDGES if value > 0]
    calls = [(name, pair) for name in ("add", "sub", "mul", "max", "min") for pair in pairs]
    calls += [(name, (a, b)) for name in ("floor_div", "mod") for a, b in pairs]
    calls += [("gcd", pair) for pair in itertools.product(positive, repeat=2)]
    calls += [
        ("power", (a, b))
        for a in (-3, -2, -1, 0, 1, 2, 3, 2**31)
        for b in (0, 1, 2, 3, 63, 64, 10**6)
    ]
    small = itertools.product(range(-1, 6), range(1, 5), (-7, 0, 3, 8), (-9, 0, 5))
    calls += [("floor_sum", case) for case in small]
    calls += [("floor_sum", (2**40, 1, 0, 5)), ("floor_sum", (2**32 + 1, 1, 1, 0))]
    calls += [("floor_sum", (2**32, 1, 1, 0)), ("floor_sum", (2**32 - 1, 1, 1, 0))]
    return [*calls, ("floor_sum", (2**33, 1, 1, 0)), ("floor_sum", (3, 2, MOST, MOST))]


def exact_in_c(name: str, arguments: tuple[int, ...]) -> int | None:
    """What Python's integers give, if it fits; None where the function has to say that it fails."""
    function, _ = IN_C[name]
    if name in {"floor_div", "mod"} and arguments[1] == 0:
        return None
    value = function(*arguments)
    return value if LEAST <= value <= MOST else None


def test_c_is_exact_or_says_that_it_is_not(tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    calls = "".join(
        f'if (!strcmp(name, "{name}")) result = i64_{name}'
        f"(a, b{', c, d' if name == 'floor_sum' else ''}{', &bad' if fails else ''});\n"
        for name, (_, fails) in IN_C.items()
    )
    header = resources.files("analytic.export.runtime").joinpath("int64.h").read_text("utf-8")
    source, program = tmp_path / "int64.c", tmp_path / "int64"
    source.write_text(header + MAIN.replace("CALLS", calls))
    strict = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fwrapv"]
    subprocess.run([compiler, *strict, "-o", program, source], check=True)
    rows = c_arguments()
    text = "".join(f"{name} {' '.join(map(str, (*a, 0, 0)[:4]))}\n" for name, a in rows)
    done = subprocess.run([program], input=text, capture_output=True, check=True, text=True)
    got = [None if line == "None" else int(line) for line in done.stdout.split()]
    assert dict(zip(rows, got, strict=True)) == {row: exact_in_c(*row) for row in rows}
