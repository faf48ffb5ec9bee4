"""Exported functions run in their own languages, and give what the integers give or refuse."""

from __future__ import annotations

import ctypes
import itertools
import json
import math
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Abs, Integer, Max, Min, Mod, Piecewise, Symbol, ceiling, floor, sin

import analytic
from analytic import Layer, LayerError, export, symbolic
from analytic.export import printers
from analytic.protocols import LanguageName
from analytic.symbolic.formula import Formula

LEAST, MOST = -(2**63), 2**63 - 1
#: What a function does with a layer that it refuses, and with one that is too large for it.
ILLEGAL, TOO_LARGE = "illegal", "too large"
Rows = Sequence[Mapping[str, int]]
Outcome = int | str
#: All outcomes of a formula in a language, row by row.
Run = Callable[[Formula, Rows, Path], list[Outcome]]


def run_python(formula: Formula, rows: Rows, _folder: Path) -> list[Outcome]:
    function = loaded(formula, "python")

    def one(row: Mapping[str, int]) -> Outcome:
        try:
            return int(function(**row))
        except ValueError:
            return ILLEGAL

    return [one(row) for row in rows]


def run_numpy(formula: Formula, rows: Rows, _folder: Path) -> list[Outcome]:
    function = loaded(formula, "numpy")

    def one(row: Mapping[str, int]) -> Outcome:
        try:
            return int(function(**row))
        except ValueError:
            return ILLEGAL
        except OverflowError:
            return TOO_LARGE

    found = [one(row) for row in rows]
    counted = [row for row, value in zip(rows, found, strict=True) if isinstance(value, int)]
    if counted:  # and all of them at once
        columns = {name: np.array([row[name] for row in counted]) for name in counted[0]}
        assert list(function(**columns)) == [value for value in found if isinstance(value, int)]
    return found


def loaded(formula: Formula, language: LanguageName) -> Any:
    """An exported function of Python."""
    space: dict[str, Any] = {}
    exec(compile(formula.to(language), "exported", "exec"), space)
    return space[formula.name]


NUMBERS = itertools.count()


def run_c(formula: Formula, rows: Rows, folder: Path) -> list[Outcome]:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    # A library of a path that is loaded already would not be loaded again.
    name = f"exported_{next(NUMBERS)}"
    source, library = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(formula.to("c"))
    strict = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-shared", "-fPIC"]
    subprocess.run([compiler, *strict, "-o", library, source], check=True)
    function = getattr(ctypes.CDLL(str(library)), formula.name)

    def one(row: Mapping[str, int]) -> Outcome:
        if any(value not in range(LEAST, MOST + 1) for value in row.values()):
            return TOO_LARGE
        result = ctypes.c_int64(-12345)
        values = [ctypes.c_int64(row[symbol.name]) for symbol in formula.symbols]
        status = function(*values, ctypes.byref(result))
        if status:
            assert result.value == -12345
        outcomes: list[Outcome] = [result.value, ILLEGAL, TOO_LARGE]
        return outcomes[int(status)]

    return [one(row) for row in rows]


DRIVER = """
const big = (row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, BigInt(v)]));
for (const row of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  try { console.log(FUNCTION(big(row)).toString()); }
  catch (error) { if (!(error instanceof RangeError)) throw error; console.log("illegal"); }
}
"""


def run_javascript(formula: Formula, rows: Rows, folder: Path) -> list[Outcome]:
    text = formula.to("javascript") + DRIVER.replace("FUNCTION", formula.name)
    values = [{name: str(value) for name, value in row.items()} for row in rows]
    lines = node(text, folder, json.dumps(values)).split()
    return [line if line == ILLEGAL else int(line) for line in lines]


def node(text: str, folder: Path, given: str = "") -> str:
    """What a program prints."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("there is no node")
    source = folder / "exported.js"
    source.write_text(text)
    done = subprocess.run([program, source], input=given.encode(), capture_output=True, check=True)
    return done.stdout.decode()


LANGUAGES: Mapping[LanguageName, Run] = {
    "python": run_python,
    "numpy": run_numpy,
    "c": run_c,
    "javascript": run_javascript,
}
in_each_language = pytest.mark.parametrize("language", LANGUAGES)


def some_layer(draw: random.Random, largest: int) -> Layer | None:
    """A random layer of two axes; None where what was drawn is none."""

    def pair(least: int = 1, most: int = largest) -> tuple[int, int]:
        return draw.randint(least, most), draw.randint(least, most)

    groups = draw.randint(1, 3)
    try:
        return Layer(
            input_size=pair(),
            in_channels=groups * draw.randint(1, 4),
            out_channels=groups * draw.randint(1, 4),
            kernel_size=pair(),
            stride=pair(),
            padding=pair(0),
            output_padding=pair(0, largest // 2),
            groups=groups,
            bias=draw.random() < 0.5,
            dilation=pair(),
            batch_size=draw.randint(0, 2),
        )
    except LayerError:
        return None


def some_layers(
    number: int, *, seed: int = 1, largest: tuple[int, ...] = (3, 8, 40)
) -> list[Layer]:
    """Random layers, small ones above all."""
    draw = random.Random(seed)
    found: list[Layer] = []
    while len(found) < number:
        layer = some_layer(draw, draw.choice(largest))
        found += [layer] if layer is not None else []
    return found


def row_of(layer: Layer, formula: Formula) -> dict[str, int]:
    """A layer as the arguments of an exported function."""
    values = formula.meaning(dict(layer.items()))
    return {symbol.name: int(values[symbol]) for symbol in formula.symbols}


def compared(
    language: LanguageName, folder: Path, formula: Formula, rows: Rows, expected: list[int]
) -> int:
    """How many rows were too large; all others are as expected."""
    found = LANGUAGES[language](formula, rows, folder)
    assert [b if a == TOO_LARGE else a for a, b in zip(found, expected, strict=True)] == expected
    return found.count(TOO_LARGE)


@in_each_language
def test_a_general_formula_on_hundreds_of_layers(language: LanguageName, tmp_path: Path) -> None:
    layers = some_layers(300)
    total = symbolic.count().total
    rows = [row_of(layer, total) for layer in layers]
    expected = [analytic.count(layer).total for layer in layers]
    assert compared(language, tmp_path, total, rows, expected) == 0


@in_each_language
def test_near_the_edges_of_the_range(language: LanguageName, tmp_path: Path) -> None:
    layers = some_layers(200, seed=2, largest=(10**4, 10**5, 10**9))
    for formula in (symbolic.additions_per_filter(), symbolic.macs()):
        rows = [row_of(layer, formula) for layer in layers]
        expected = [int(getattr(analytic.count(layer), formula.name)) for layer in layers]
        found = LANGUAGES[language](formula, rows, tmp_path)
        fits = [language in {"python", "javascript"} or has_room(layer) for layer in layers]
        assert fits.count(True) > 20
        for value, right, must in zip(found, expected, fits, strict=True):
            assert value == right or (value == TOO_LARGE and not must)


def has_room(layer: Layer) -> bool:
    """Whether all numbers on the way are far from the edge."""
    pairs = math.prod(axis.n * axis.k for axis in layer.axes)
    channels = max(layer.batch_size, 1) * layer.in_channels * layer.out_channels
    lengths = [axis.n * axis.s + axis.k * axis.d + axis.s * axis.d for axis in layer.axes]
    return bool(4 * max(pairs * channels, *lengths) <= MOST)


@in_each_language
def test_the_last_count_that_fits(language: LanguageName, tmp_path: Path) -> None:
    formula = symbolic.overlaps(
        axes=1, kernel_size=1, stride=1, padding=0, output_padding=0, dilation=1
    )
    edge = [MOST - 1, MOST, MOST + 1, 10**30]
    assert compared(language, tmp_path, formula, [{"n0": n} for n in edge], edge) == (
        2 if language in {"numpy", "c"} else 0
    )


@in_each_language
def test_sums_that_are_too_large(language: LanguageName, tmp_path: Path) -> None:
    bound: Any = {"axes": 1, "stride": 1, "dilation": 1, "output_padding": 0}
    (sum_,) = symbolic.output_size(**bound, padding=0)  # n0 + k0 − 1
    (rest,) = symbolic.output_size(**bound, kernel_size=1, end_padding=0)  # n0 − p0
    rows = [{"n0": MOST - 2, "k0": 2}, {"n0": MOST, "k0": MOST}]
    expected = [MOST - 1, 2 * MOST - 1]
    refused = int(language in {"numpy", "c"})
    assert compared(language, tmp_path, sum_, rows, expected) == refused
    rows = [{"n0": 5, "p0": 5 - MOST}, {"n0": 5, "p0": -MOST}]
    assert compared(language, tmp_path, rest, rows, [MOST, MOST + 5]) == refused


@in_each_language
def test_plain_generic_and_closed_formulas(language: LanguageName, tmp_path: Path) -> None:
    for number, (k, s, d, p, o) in enumerate([(3, 2, 3, 3, 0), (9, 1, 1, 8, 0), (5, 6, 4, 1, 3)]):
        bound: Any = {"kernel_size": k, "stride": s, "dilation": d, "padding": p}
        formula = symbolic.additions_per_filter(output_padding=o, **bound)
        closed = symbolic.additions_per_filter(stride=s, dilation=d).closed()
        sizes = [n for n in (1, 2, 3, 7, 9, 20) if (n - 1) * s + (k - 1) * d + o >= 2 * p]
        pairs = [(a, b) for a in sizes for b in sizes]
        expected = [analytic.additions_per_filter(n, output_padding=o, **bound) for n in pairs]
        rows = [{"n0": a, "n1": b} for a, b in pairs]
        rest = {f"{name}{at}": v for name, v in (("k", k), ("p", p), ("o", o)) for at in (0, 1)}
        folder = tmp_path / str(number)
        folder.mkdir()
        compared(language, folder, formula, rows, expected)
        folder = tmp_path / f"closed {number}"
        folder.mkdir()
        compared(language, folder, closed, [{**row, **rest} for row in rows], expected)
        generic = formula.generic()
        start = max(generic.bounds or ())
        outcomes = LANGUAGES[language](generic, [{"n0": start, "n1": start - 1}], tmp_path)
        assert outcomes == [ILLEGAL]


def test_plain_formulas_of_random_layers_run() -> None:
    draw = random.Random(3)
    joined = 0
    for _ in range(150):
        k, s, d = (draw.randint(1, 20) for _ in range(3))
        bound: Any = {"kernel_size": k, "stride": s, "dilation": d}
        bound |= {"padding": draw.randint(0, 9), "output_padding": draw.randint(0, max(s, d) - 1)}
        formula = symbolic.overlaps(axes=1, **bound)
        joined += r"\vee" in formula.to("latex")
        function = loaded(formula, "python")
        for n in (1, 2, 3, 5, 9, 30):
            if (n - 1) * s + (k - 1) * d + bound["output_padding"] >= 2 * bound["padding"]:
                assert function(n0=n) == analytic.overlaps([n], **bound)
    assert joined == 0


@in_each_language
def test_cases_of_two_axes_that_have_one_value(language: LanguageName, tmp_path: Path) -> None:
    bound: Any = {"kernel_size": 5, "stride": 1, "dilation": 9, "padding": 4, "output_padding": 0}
    formula = symbolic.overlaps(**bound)
    rows = [{"n0": a, "n1": b} for a in (1, 3, 4, 8, 9, 12) for b in (1, 4, 9, 10)]
    expected = [analytic.overlaps((row["n0"], row["n1"]), **bound) for row in rows]
    compared(language, tmp_path, formula, rows, expected)


@in_each_language
def test_what_is_no_layer_is_refused(language: LanguageName, tmp_path: Path) -> None:
    formula = symbolic.count(axes=1).total
    good = {"N": 1, "C_in": 4, "C_out": 6, "groups": 2, "bias": 1, "n0": 8, "k0": 3, "s0": 2}
    good |= {"d0": 1, "p0": 1, "o0": 1}
    wrong = {"N": -1, "C_in": 3, "C_out": 5, "groups": 0, "bias": 2, "n0": 0, "k0": 0, "s0": 0}
    wrong |= {"d0": 0, "p0": -1, "o0": 2}
    rows = [good, *({**good, name: value} for name, value in wrong.items()), {**good, "p0": 9}]
    layer = Layer((8,), 4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)
    expected: list[Outcome] = [analytic.count(layer).total, *[ILLEGAL] * 12]
    assert LANGUAGES[language](formula, rows, tmp_path) == expected


m = Symbol("m", integer=True)


@in_each_language
@pytest.mark.parametrize(
    "crop",
    [
        floor((m - 7) / 3),
        ceiling((m - 7) / 3),
        -floor(m / 2) - 3,
        -Max(m, 3) - Abs(m),
        ceiling(m / Min(-2, m)) - 3,
        Mod(m - 7, 3) + Mod(m, -3),
        Abs(m - 5) - Abs(m) - 2,
        Max(m, 2, -m) - 4,
        Piecewise((m - 4, m > 2), (-m, (m <= 1) & (m >= -3)), (-3, True)),
        Piecewise((m - 4, (m > 2) | (m < -3)), (-3, True)),
        Piecewise((m - 4, m > LEAST), (-3, True)),
        -((m - 3) ** 2),
        m * (m - 1) / 2 - 9,
        2 * m - 3 * (m + 1) * (m - 2),
    ],
    ids=str,
)
def test_what_may_be_bound_is_written_exactly(
    language: LanguageName, crop: Any, tmp_path: Path
) -> None:
    if not crop.is_integer:
        crop = floor(crop)  # SymPy cannot tell of m·(m − 1)/2
    bound: Any = {"kernel_size": 3, "stride": 3, "dilation": 2, "output_padding": 1}
    # In this convention the crop always tells.
    bound |= {"convention": "documented", "end_padding": 2}
    formula = symbolic.additions_per_filter(input_size=(30,), padding=crop, **bound)
    values = [-9, -4, -3, -2, -1, 0, 1, 2, 3, 4, 9]
    values += [LEAST, LEAST + 1] if crop.has(Integer(LEAST)) else []
    crops = [int(crop.xreplace({m: Integer(value)})) for value in values]
    expected = [analytic.additions_per_filter([30], padding=b, **bound) for b in crops]
    assert len(set(expected)) > 2
    compared(language, tmp_path, formula, [{"m": value} for value in values], expected)


@in_each_language
def test_halves_that_are_whole(language: LanguageName, tmp_path: Path) -> None:
    odd, even = Symbol("a", odd=True, positive=True), Symbol("b", even=True, positive=True)
    formula = symbolic.overlaps(
        input_size=(9, 9), kernel_size=(odd, 5), padding=((odd - 1) / 2, even / 2), stride=1,
        dilation=1, output_padding=0,
    )  # fmt: skip
    pairs = [(a, b) for a in (1, 3, 5, 7) for b in (2, 4, 6)]
    expected = [analytic.overlaps((9, 9), (a, 5), padding=((a - 1) // 2, b // 2)) for a, b in pairs]
    rows = [{"a": a, "b": b} for a, b in pairs]
    compared(language, tmp_path, formula, rows, expected)
    odd_one = [{"a": 2, "b": 2}, {"a": 3, "b": 3}]
    assert LANGUAGES[language](formula, odd_one, tmp_path) == [ILLEGAL, ILLEGAL]


@in_each_language
def test_powers(language: LanguageName, tmp_path: Path) -> None:
    power = Symbol("j", integer=True, nonnegative=True)
    formula = symbolic.overlaps(
        axes=1, kernel_size=3, stride=2**power, padding=0, output_padding=0, dilation=1
    )
    rows = [{"j": j, "n0": n} for j in range(4) for n in (1, 5)]
    expected = [analytic.overlaps([row["n0"]], 3, stride=2 ** row["j"]) for row in rows]
    compared(language, tmp_path, formula, rows, expected)


@in_each_language
def test_what_has_no_exact_arithmetic_is_refused(language: LanguageName) -> None:
    strange = symbolic.overlaps(axes=1, padding=floor(sin(m)), end_padding=0)
    with pytest.raises(ValueError, match=f"sin cannot be written in {language}: sin.m."):
        strange.to(language)
    undecided = Piecewise((m, m > 2), (1, m < 9))
    with pytest.raises(ValueError, match="Piecewise cannot be written in"):
        symbolic.overlaps(axes=1, padding=undecided, end_padding=0).to(language)
    root = symbolic.overlaps(axes=1, padding=floor(2**m), end_padding=0)
    with pytest.raises(ValueError, match="Pow cannot be written in"):
        root.to(language)


@in_each_language
@pytest.mark.parametrize(
    "crop",
    [
        ceiling(Max((m - 1) / 2, 0)),
        floor(2 * Max(m / 2, 3)),
        floor(2 * Abs(m / 2 - 3)),
        floor(3 * Mod(m / 2, 1)),
        floor(3 * Piecewise((m / 2, m > 2), (m, True))),
        floor(m / 2 + Max(m / 2, 1)),
        floor(Min(m / 3, 4) + Integer(2) / 3),
        Piecewise((m, m / 2 > Mod(m, 3) / 3), (-1, True)),
        Piecewise((m, Min(m / 2, 4) < m - 3), (-1, True)),
    ],
    ids=str,
)
def test_a_fraction_that_may_be_no_integer_is_refused(language: LanguageName, crop: Any) -> None:
    formula = symbolic.overlaps(axes=1, padding=crop, end_padding=0)
    with pytest.raises(ValueError, match=f"may be no integer and cannot be written in {language}"):
        formula.to(language)


@in_each_language
@pytest.mark.parametrize("name", ["return", "if", "F", r"\alpha", "a b", "i64_add", ""])
def test_a_name_that_is_none_is_refused(language: LanguageName, name: str) -> None:
    strange = Symbol(name, integer=True, positive=True)
    with pytest.raises(ValueError, match=f"cannot be a name in {language}"):
        symbolic.overlaps(axes=1, kernel_size=strange).to(language)


@pytest.mark.parametrize(
    "name",
    ["int64_t", "uint_fast8_t", "INT64_MAX", "UINT8_C", "SIZE_MAX", "COUNT_OK", "NULL", "asm",
     "linux", "unix", "_Bool", "CONVTRANSPOSE_OPS_F"],
)  # fmt: skip
def test_a_name_that_c_or_its_headers_have_is_refused(name: str) -> None:
    formula = symbolic.overlaps(axes=1, kernel_size=Symbol(name, integer=True, positive=True))
    with pytest.raises(ValueError, match=f"'{name}' cannot be a name in c"):
        formula.to("c")


@in_each_language
def test_a_symbol_may_be_called_as_a_part_of_the_formula(
    language: LanguageName, tmp_path: Path
) -> None:
    formula = symbolic.overlaps(axes=1, kernel_size=Symbol("T0", integer=True, positive=True))
    row = {"T0": 3, "n0": 5, "s0": 2, "d0": 1, "p0": 1, "o0": 0}
    expected = analytic.overlaps([5], 3, stride=2, padding=1)
    assert {symbol.name for symbol in formula.symbols} & {name.name for name in formula.definitions}
    assert LANGUAGES[language](formula, [row], tmp_path) == [expected]


@pytest.mark.parametrize("language", ["numpy", "c"])
def test_a_number_of_more_than_64_bits_is_refused(language: LanguageName) -> None:
    formula = symbolic.overlaps(
        axes=1, kernel_size=2**64, stride=2**64, padding=0, output_padding=0, dilation=1
    )
    with pytest.raises(ValueError, match=f"18446744073709551616 does not fit .* of {language}"):
        formula.to(language)


def test_literals_of_c_are_wide_from_16_bits_on() -> None:
    number = printers.C().number
    assert [number(n) for n in (-(2**15), 1 - 2**15, 2**15 - 1, 2**15, 2**63 - 1)] == [
        "INT64_C(-32768)",
        "-32767",
        "32767",
        "INT64_C(32768)",
        f"INT64_C({2**63 - 1})",
    ]
    assert number(-(2**63)) == "INT64_MIN"
    for n in (-(2**63) - 1, 2**63):
        with pytest.raises(ValueError, match=f"{n} does not fit in the 64 bits of c"):
            number(n)


@in_each_language
def test_f_goes_along_only_where_it_is_needed(language: LanguageName) -> None:
    polynomial = symbolic.overlaps(kernel_size=4, stride=2, padding=1, output_padding=0, dilation=1)
    assert "F(" not in polynomial.to(language)
    assert "F(" in symbolic.overlaps().to(language)


def test_a_minus_sign_is_no_factor() -> None:
    product = -m * Symbol("j", integer=True)
    assert [printers.Python().whole(product), printers.JavaScript().whole(product)] == ["-j*m"] * 2


def test_several_functions_share_their_helpers(tmp_path: Path) -> None:
    formulas = {name: symbolic.count(convention=name).total for name in analytic.CONVENTIONS}
    named = {f"total_{name}": formula for name, formula in formulas.items()}
    text = export.write(named, "javascript")
    assert text.count("function F(") == 1
    layer = some_layers(1, seed=5)[0]
    rows = row_of(layer, formulas["exact"])
    for name in formulas:
        call = f"console.log(total_{name}({json.dumps(rows)}).toString());\n"
        expected = analytic.count(layer, convention=name).total
        assert int(node(text + call, tmp_path)) == expected


def test_javascript_takes_numbers_that_are_integers_and_nothing_else(tmp_path: Path) -> None:
    formula = symbolic.count(
        axes=1, kernel_size=1, stride=1, padding=0, output_padding=0, dilation=1, groups=1,
        in_channels=1, out_channels=1, batch_size=1,
    ).total  # fmt: skip
    calls = "".join(
        f"try {{ console.log(total({{ n0: {n}, bias: {bias} }}).toString()); }}"
        "catch (error) { console.log(error.name + ': ' + error.message); }\n"
        for n, bias in [("7n", "1n"), ("7", "true"), ("7", "false"), ("7.5", "1"), ("'7'", "1"),
                        ("2**53", "1"), ("true", "1"), ("0", "1")]
    )  # fmt: skip
    lines = node(formula.to("javascript") + calls, tmp_path).splitlines()
    assert lines == [
        "14",
        "14",
        "7",
        "TypeError: n0 must be an integer, got 7.5",
        "TypeError: n0 must be an integer, got 7",
        "TypeError: n0 must be an integer, got 9007199254740992",
        "TypeError: n0 must be an integer, got true",
        "RangeError: input_size must be positive, got 0 on axis 0",
    ]


def test_python_refuses_in_the_words_of_the_integers() -> None:
    function = loaded(symbolic.overlaps(axes=1), "python")
    values = {"n0": 2, "k0": 1, "s0": 3, "d0": 1, "p0": 0, "o0": 3}
    words = (
        "output_padding must be less than the larger of stride 3 and dilation 1, got 3 on axis 0"
    )
    with pytest.raises(ValueError, match=words):
        function(**values)
    with pytest.raises(LayerError, match=words):
        analytic.overlaps([2], 1, stride=3, output_padding=3)
    with pytest.raises(TypeError):
        function(**{**values, "n0": 2.0})


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_true_is_an_integer_for_a_bias_alone(language: LanguageName) -> None:
    bound: Any = {"kernel_size": 1, "stride": 1, "dilation": 1, "padding": 0, "output_padding": 0}
    bound |= {"batch_size": 1, "in_channels": 1, "out_channels": 1, "groups": 1}
    total = loaded(symbolic.count(axes=1, **bound).total, language)
    assert [total(n0=7, bias=True), total(n0=7, bias=False)] == [14, 7]
    with pytest.raises(TypeError, match="n0 must be"):
        total(n0=True, bias=False)


def test_an_unknown_language_lists_those_that_exist() -> None:
    with pytest.raises(ValueError, match="language must be one of 'latex', 'mathml', 'python', "):
        symbolic.overlaps().to("fortran")  # type: ignore[arg-type]


def test_an_exported_function_says_what_it_counts() -> None:
    text = symbolic.macs(axes=1, rule="input", stride=2).to("python")
    assert "Multiply-accumulates of a transposed convolution, input rule." in text
    assert "n0: input_size of axis 0" in text
    assert "stride of axis 0 is 2" in text
