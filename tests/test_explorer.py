"""The explorer in a browser: typed into as a person would, it counts and refuses as `analytic`."""

from __future__ import annotations

import random
import re
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import analytic
from analytic import checkerboard, explorer
from analytic.cli import program
from analytic.explorer import words
from analytic.layer import AXIS_RULES, Layer, shown
from analytic.taps import dead_taps, dead_words
from tests.page import (
    LEGAL,
    arguments,
    cells,
    expected_cells,
    expected_headline,
    find,
    headline_of,
    kept,
    layer_of,
    number,
    settled,
    text,
    typed,
    wait,
    webdriver,
)


def random_fields(chance: random.Random) -> dict[str, Any]:
    """A legal layer of either kind: small or large, linked or not, with crops apart or not."""
    while True:
        most, axes = chance.choice((3, 9, 40, 10**9, 10**20)), chance.choice((1, 2, 2, 2, 3))
        linked, apart = axes == 1 or chance.random() < 0.4, chance.random() < 0.3
        transposed = chance.random() < 0.6

        def some(least: int, largest: int) -> Any:
            numbers = tuple(chance.randint(least, largest) for _ in range(axes))  # noqa: B023
            return numbers[0] if linked else numbers  # noqa: B023

        least, groups = -4 if apart and transposed else 0, chance.randint(1, 4)
        fields: dict[str, Any] = {
            "input_size": some(1, most),
            "kernel_size": some(1, min(most, 30)),
            "stride": some(1, min(most, 6)),
            "padding": some(least, 6),
            "end_padding": some(least, 6) if apart else None,
            "output_padding": some(0, 3) if transposed else 0,
            "dilation": some(1, 4),
            "in_channels": groups * chance.randint(1, most),
            "out_channels": groups * chance.randint(1, most),
            "groups": groups,
            "batch_size": chance.randint(0, most),
            "bias": chance.random() < 0.5,
            "transposed": transposed,
        }
        if linked:
            fields["input_size"] = (fields["input_size"],) * axes
        try:
            Layer(**fields)
        except ValueError:
            continue
        return fields


def test_a_hundred_layers_are_counted_as_analytic_counts_them(browser: Any) -> None:
    chance = random.Random(20160)
    seen = set()
    for _ in range(100):
        fields = random_fields(chance)
        typed(browser, fields)
        layer = layer_of(fields)
        verdict = checkerboard.verdict(layer)
        seen.add((layer.transposed, len(layer.axes), verdict[:4]))
        refusal, said, advice, dead = browser.execute_script(
            "return ['refusal', 'verdict', 'advice', 'dead'].map((id) => $(id).textContent)"
        )
        assert (refusal, said, advice) == ("", verdict, checkerboard.advice(layer)), fields
        assert dead == dead_words(dead_taps(layer)), fields
        assert headline_of(browser) == expected_headline(layer), fields
        assert cells(browser) == expected_cells(layer), fields
    assert {axes for _, axes, _ in seen} == {1, 2, 3}
    assert {(kind, even) for kind, _, even in seen} == {(1, "even"), (1, "unev"), (0, "even")}


FACTS = (
    "even: ",
    "uneven: ",
    "kernel 3 is not a multiple of stride 2",
    "kernel 3 is not a multiple of stride 2 on axis 1",
    "stride 2 and dilation 4 have the common factor 2",
    "too small for an interior:",
    "too small for an interior on axis 0:",
    "1 product",
    "0, 1, 2 or 4 products",
    "2, 3, 4 or 6 products",
    "none, stride 2 and dilation 4 have the common factor 2 on axis 1",
    "--kernel-size 2x4",
    "--end-padding",
)


def test_the_page_says_what_analytic_says_of_every_kind_of_layer(browser: Any) -> None:
    axes = [(n, k, s, d, b) for n in (1, 9) for k in (1, 2, 3, 5) for s, d, b in SHAPES]
    pairs = [pair for first in axes for pair in product([first], axes[::3])]
    alone = [(axis,) for axis in axes]
    threes = [(axis, axes[at - 7], axes[at * 5 % 56]) for at, axis in enumerate(axes)]
    layers: list[dict[str, Any]] = [
        {**arguments(each), **({"end_padding": (0,) * len(each)} if apart else {})}
        for each in (*pairs, *alone, *threes, *((axis,) * 3 for axis in axes[::9]))
        for apart in (False, True)
    ]
    layers += [{**fields, "transposed": False} for fields in layers[::3]]
    legal = [fields for fields in layers if is_legal(fields)]
    # A few at a time: a single long answer would be given up by the driver on a busy machine.
    said = [
        words for at in range(0, len(legal), 20) for words in words_of(browser, legal[at : at + 20])
    ]
    expected = [[checkerboard.verdict(of), checkerboard.advice(of)] for of in map(layer_of, legal)]
    assert said == expected
    everything = "\n".join(text for pair in expected for text in pair)
    assert [fact for fact in FACTS if fact not in everything] == []


def words_of(browser: Any, layers: list[dict[str, Any]]) -> Any:
    """Verdict and advice of the page, for each of these arguments of `Layer`."""
    return browser.execute_script(
        "return arguments[0].map(({ transposed, ...fields }) => {"
        "  const kind = { transposed: transposed ?? true };"
        "  setLayer({ in_channels: 1, out_channels: 1, ...fields, ...kind });"
        "  update();"
        "  return ['verdict', 'advice'].map((id) => $(id).textContent);"
        "})",
        layers,
    )


def test_the_page_tells_of_dead_taps(browser: Any) -> None:
    """By hand: on one input, padded by 1, the middle tap of 3 alone meets it."""
    typed(browser, {"input_size": (1, 2), "kernel_size": 3, "padding": 1})
    assert text(browser, "dead") == (
        "dead taps: 2 on axis 0, so 6 weights meet no input; none is dead from input size 2x2 on"
    )
    assert dead_in(browser) == [[True] * 3, [False] * 3, [True] * 3]
    for fields in DEAD:
        typed(browser, fields)
        layer = layer_of(fields)
        assert text(browser, "dead") == dead_words(dead_taps(layer))
        alive = [{t for _, t, _ in kept(axis)} for axis in layer.axes]
        rows, columns = ([t not in of for t in range(3)] for of in alive)
        assert dead_in(browser) == [[row or column for column in columns] for row in rows]


def dead_in(browser: Any) -> Any:
    """Which cells of the kernel are hatched."""
    wanted = [[bool(of) for of in row] for row in browser.execute_script(HATCHED)]
    assert wanted == browser.execute_script("return view.grids.kernel.dead")
    return wanted


#: Whether each cell of the kernel has the colour of dead taps in it: its middle row of pixels.
HATCHED = """
    const { base, rows, columns, left, top, wide, tall } = view.grids.kernel, scale = ratio();
    const copy = new OffscreenCanvas(base.width, base.height), often = { willReadFrequently: true };
    const pen = copy.getContext("2d", often);
    const dead = parseInt(paletteNow().dead.slice(1), 16);
    pen.drawImage(base, 0, 0);
    const isDead = ([red, green, blue]) => (red << 16) + (green << 8) + blue === dead;
    return rows.map((_, down) => columns.map((__, across) => {
      const box = [left + across * wide + 4, top + (down + 0.5) * tall, wide - 8, 1];
      const { data } = pen.getImageData(...box.map((of) => Math.round(of * scale)));
      return upTo(data.length / 4).some((at) => isDead(data.slice(4 * at, 4 * at + 3)));
    }));
"""


DEAD: tuple[dict[str, Any], ...] = (
    {"input_size": (1, 3), "kernel_size": (3, 3), "dilation": (5, 4), "padding": (4, 2)},
    {"input_size": (2, 2), "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 3},
    {"input_size": (4, 4), "kernel_size": 3},
    {
        "input_size": (5, 28),
        "kernel_size": (3, 3),
        "dilation": (7, 3),
        "padding": (7, 3),
        "transposed": False,
    },
)


#: Stride, dilation, padding.
SHAPES = [(1, 1, 0), (2, 1, 0), (2, 1, 1), (2, 3, 1), (2, 4, 1), (3, 1, 2), (4, 2, 0)]


def is_legal(fields: dict[str, Any]) -> bool:
    try:
        layer_of(fields)
    except ValueError:
        return False
    return True


MARKED = '[aria-invalid="true"]'


ILLEGAL: list[dict[str, Any]] = [
    {"kernel_size": 0},
    {"kernel_size": (3, 0)},
    {"stride": (2, -1)},
    {"dilation": 0},
    {"padding": -1},
    {"padding": 40},
    {"padding": (1, 10), "end_padding": (1, 10)},
    {"output_padding": -1},
    {"output_padding": 2},
    {"output_padding": (1, 3), "dilation": (1, 2)},
    {"input_size": (0, 8)},
    {"groups": 0},
    {"groups": 3},
    {"in_channels": 6, "groups": 3},
    {"in_channels": 0},
    {"out_channels": -2},
    {"batch_size": -1},
    {"kernel_size": "abc"},
    {"kernel_size": (3, "abc")},
    {"stride": "1.5"},
    {"padding": (1, "")},
    {"groups": "it's"},
    {"groups": 'it\'s "a  b" \\'},
    {"groups": '"a\\b"'},
    {"input_size": ("8", "x")},
    {"batch_size": "", "in_channels": 0, "kernel_size": 0},
    {"padding": "p", "kernel_size": "k", "in_channels": 0},
    {"padding": "p", "out_channels": "c"},
    {"kernel_size": 0, "transposed": False},
    {"stride": 0, "transposed": False},
    {"padding": -1, "transposed": False},
    {"padding": (1, 1), "end_padding": (1, -2), "transposed": False},
    {"kernel_size": 11, "transposed": False},
    {"input_size": (8, 8, 0)},
    {"input_size": (8,), "kernel_size": "abc"},
    {"groups": "x" * 130},
]


@pytest.mark.parametrize("wrong", ILLEGAL, ids=str)
def test_what_is_not_legal_is_refused_as_layer_refuses_it(
    browser: Any, wrong: dict[str, Any]
) -> None:
    linked = not any(isinstance(value, tuple) for value in wrong.values())
    legal = {"input_size": (8, 8), "kernel_size": 3, "stride": 2, "padding": 1}
    if not linked:
        both = {name: value for name, value in legal.items() if name != "input_size"}
        axes = len(wrong.get("input_size", (8, 8)))
        legal = {**legal, **{name: (value,) * axes for name, value in both.items()}}
    fields = {**legal, "in_channels": 4, "out_channels": 4, **wrong}
    with pytest.raises((ValueError, TypeError)) as refused:
        Layer(**{**fields, "input_size": tuple(map(number, fields["input_size"]))})
    typed(browser, fields)
    assert text(browser, "refusal") == str(refused.value)
    assert "stale" in find(browser, "body").get_attribute("class")
    # The field that is wrong is marked; an output size is no field.
    argument = str(refused.value).split()[0]
    marked = browser.find_elements("css selector", MARKED)
    names = [field.get_attribute("id").partition("-")[0] for field in marked]
    assert names == [argument] * (argument != "output_size")
    assert all(field.get_attribute("aria-describedby") == "refusal" for field in marked)
    assert len(browser.find_elements("css selector", '[aria-describedby="refusal"]')) == len(marked)


@pytest.mark.parametrize(("linked", "where"), [(True, ""), (False, " on axis 1")])
def test_the_thirty_first_digit_is_refused_and_not_dropped(
    browser: Any, linked: bool, where: str
) -> None:
    large = 10**29  # 30 digits
    typed(browser, {**LEGAL, "input_size": (large, large if linked else large + 1)})
    assert text(browser, "refusal") == ""
    typed(
        browser,
        {**LEGAL, "input_size": (large, large)} if linked else {**LEGAL, "kernel_size": (3, 3)},
    )
    field = find(browser, f"#kernel_size-{0 if linked else 1}")
    field.send_keys(webdriver().Keys.CONTROL + "a" + webdriver().Keys.NULL + "1" * 31)
    wait(browser, "inputs().some((input) => input.value.length === 31)", True)
    settled(browser)
    assert text(browser, "refusal") == (
        f"kernel_size must have at most 30 digits in the explorer, got 31{where}"
    )
    typed(browser, LEGAL)


#: What no keyboard has, and what Python's repr writes by its number.
ODD = ("a\u00a0b", "\u200b", "\u2028x", "é日😀", "\x07\x7f", "\U000e0001", "a\tb", "'\"", "\\'")


LONG = ("😀" * 98, "😀" * 99, "\u200b" * 40, "a  b" * 30)


def test_what_was_typed_is_quoted_as_python_quotes_it(browser: Any) -> None:
    quoted = browser.execute_script("return arguments[0].map(quoted)", [*ODD, *LONG])
    assert quoted == [shown(text) for text in (*ODD, *LONG)]


def test_a_flag_of_the_advice_stays_on_one_line(browser: Any) -> None:
    typed(browser, LEGAL)
    flags = [flag.text for flag in browser.find_elements("css selector", "#advice .flag")]
    assert flags == re.findall(r"--\S+ \S+", checkerboard.advice(layer_of(LEGAL)))
    assert len(flags) > 1


def polynomial(browser: Any) -> str:
    found = browser.execute_script("return document.querySelector('#polynomial').textContent")
    return re.sub(r"\s|\u2062", "", found)


def test_the_formula_of_the_layer(browser: Any) -> None:
    # Kernel 3, stride 2, padding 1: T = 3n − 2 of 2n − 1 positions, each covered.
    typed(browser, LEGAL)
    assert polynomial(browser) == "(3Hin−2)(3Win−2)−(2Hin−1)(2Win−1)"
    assert text(browser, "formula-words").endswith("at least 1 × 1; here 259")
    # Kernel 1 without padding: each input lands on an output of its own, T = C = n.
    typed(browser, {"input_size": (4, 4), "kernel_size": 1, "stride": 2})
    assert polynomial(browser) == "(Hin)(Win)−(Hin)(Win)"
    # Kernel 5, padding 2: the first input is cut on both sides, so the line begins at 2.
    typed(browser, {"input_size": (1, 9), "kernel_size": (5, 5), "padding": (2, 2)})
    assert polynomial(browser) == "(5Hin−6)(5Win−6)−(Hin)(Win)"
    additions = analytic.additions_per_filter((1, 9), 5, padding=2)
    assert text(browser, "formula-words").endswith(
        f"at least 2 × 2; this one is smaller, and has {additions}"
    )


@pytest.mark.parametrize("axes", [1, 3])
def test_the_formula_of_one_and_of_three_axes(browser: Any, axes: int) -> None:
    """T = 3n − 2 and C = 2n − 1 as above; with padding 0, T = 3n and C = 2n + 1."""
    typed(browser, {**LEGAL, "input_size": (8,) * axes})
    if axes == 1:
        assert polynomial(browser) == "3Lin−2−2Lin+1"
    else:
        size = "{letter}in"
        lines = ["".join(f"({a}{letter}in−{b})" for letter in "DHW") for a, b in ((3, 2), (2, 1))]
        assert polynomial(browser) == "−".join(lines), size
    typed(browser, {**LEGAL, "input_size": (8,) * axes, "padding": 0})
    first, second = (
        ("3Lin", "2Lin−1") if axes == 1 else ("(3Din)(3Hin)(3Win)", "(2Din+1)(2Hin+1)(2Win+1)")
    )
    assert polynomial(browser) == f"{first}−{second}"
    additions = analytic.additions_per_filter((8,) * axes, 3, stride=2)
    assert text(browser, "formula-words").endswith(f"here {additions:,}")


def test_the_formula_of_every_layer_is_that_of_its_kind(browser: Any) -> None:
    from analytic.explorer.formulas import theorem

    shown = set()
    for axes, transposed in product((1, 2, 3), (True, False)):
        typed(browser, {**LEGAL, "input_size": (8,) * axes, "transposed": transposed})
        written = browser.execute_script("return $('theorem').textContent")
        assert written == "".join(ElementTree.fromstring(theorem(axes, transposed)).itertext())
        shown.add(written)
    assert len(shown) == 6
    assert polynomial(browser) == ""
    typed(browser, LEGAL)


def test_the_page_is_whole_and_small(explorer_html: Path) -> None:
    written = explorer_html.read_text(encoding="utf-8")
    assert written == explorer.page()
    assert len(written.encode()) < 300_000
    assert "/*{" not in written
    # No network: the only addresses are the names of MathML and of SVG.
    addresses = set(re.findall(r"https?://[^\"'\s<\\]+", written))
    assert addresses == {"http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)=|@import|url\(|fetch\(|import\(", written)


def test_the_page_asks_for_nothing(browser: Any) -> None:
    typed(browser, LEGAL)
    asked = browser.execute_script("return performance.getEntriesByType('resource')")
    assert [entry["name"] for entry in asked if not entry["name"].startswith("blob:")] == []


def test_the_page_cannot_be_written(tmp_path: Path) -> None:
    nowhere = CliRunner().invoke(program, ["explorer", "--output", str(tmp_path / "a" / "b.html")])
    assert nowhere.exit_code == 2
    assert "No such file or directory" in nowhere.output


def test_the_words_of_a_refusal_are_those_of_layer() -> None:
    rows = {row["words"]: row["argument"] for row in words.refusals(AXIS_RULES)}
    template = "output_padding must be less than the larger of stride {s} and dilation {d}, got "
    assert rows[template + "{value}{where}"] == "output_padding"
    assert words.not_whole()["typeOnAxis"] == (
        "{argument} must be an integer, got {value} on axis {axis}"
    )


def test_the_order_of_the_arguments_is_that_in_which_layer_asks() -> None:
    given: dict[str, Any] = dict.fromkeys(explorer.ORDER, "?") | {"input_size": ("?",)}
    for argument in explorer.ORDER:
        with pytest.raises(TypeError, match=f"^{argument} must be an integer"):
            Layer(**given)
        given[argument] = (1,) if argument == "input_size" else 1
