"""The explorer in a browser: typed into as a person would, it counts and refuses as `analytic`.

Needs Chromium and its driver (Debian: ``apt-get install chromium chromium-driver``) and selenium.
"""

from __future__ import annotations

import base64
import json
import math
import random
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import analytic
from analytic import checkerboard, explorer, headline, maps
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis
from analytic.cli import program
from analytic.explorer import LABELS, presets, words
from analytic.layer import AXIS_RULES, PER_AXIS, Layer, shown
from analytic.phases import largest
from analytic.tables import passes_fields
from analytic.taps import dead_taps, dead_words
from analytic.totals import CONVENTIONS, RULES, Passes
from tests import brute

#: Nothing is downloaded, nothing is synchronised, and nothing of the user's own is read.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
)
CHANNELS = ("in_channels", "out_channels", "groups", "batch_size")


def webdriver() -> Any:
    """Selenium's ways to drive a browser, or a skipped test."""
    return pytest.importorskip("selenium.webdriver", reason="selenium is not installed")


#: Seconds after which a page that does not answer is given up: no test is to fail before it does.
PATIENCE = 3600


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, as the command writes it."""
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    assert CliRunner().invoke(program, ["explorer", "--output", str(path)]).exit_code == 0
    return path


@pytest.fixture(scope="module")
def browser(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser with the page open."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("there is no Chromium with its driver here")
    selenium = webdriver()
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1400,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(file.parent)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SE_OFFLINE", "true")
        service = selenium.ChromeService(driver)
        opened = selenium.Chrome(options=options, service=service)
    try:
        opened.set_script_timeout(PATIENCE)
        opened.get(file.as_uri())
        yield opened
        assert opened.get_log("browser") == []
    finally:
        opened.quit()


def find(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def text(browser: Any, identifier: str) -> str:
    return str(find(browser, f"#{identifier}").text)


def check(browser: Any, **wanted: bool) -> None:
    """Click the boxes that are not as wanted."""
    now = browser.execute_script("return CHECKED.map((id) => $(id).checked)")
    for (identifier, checked), is_checked in zip(wanted.items(), now, strict=True):
        box = find(browser, f"#{identifier}")
        if checked != is_checked and box.is_displayed():
            box.click()
        else:
            wanted[identifier] = is_checked
    wait(browser, "CHECKED.map((id) => $(id).checked)", [*wanted.values()])
    settled(browser)


def choose(browser: Any, **wanted: str) -> None:
    """Choose kind, axes and pass, where they are not as wanted."""
    support = pytest.importorskip("selenium.webdriver.support.select")
    for identifier, value in wanted.items():
        if find(browser, f"#{identifier}").get_attribute("value") != value:
            support.Select(find(browser, f"#{identifier}")).select_by_value(value)
            wait(browser, f"[$('{identifier}').value, {ARRANGED}]", [value, True])
    settled(browser)


#: Whether the fields are those of the kind and of the number of axes that are chosen.
ARRANGED = (
    "$('linked-row').hidden === (axesNow() === 1) && "
    "document.querySelector('[data-row=output_padding]').hidden === isOrdinary()"
)


def wait(browser: Any, script: str, wanted: Any) -> None:
    """Wait until an expression of the page is as wanted, however busy the machine is."""
    support = pytest.importorskip("selenium.webdriver.support.wait")
    waiting = support.WebDriverWait(browser, PATIENCE, poll_frequency=0.01)
    waiting.until(lambda _: browser.execute_script(f"return {script}") == wanted, (script, wanted))


def settled(browser: Any) -> None:
    """Wait until the page has drawn what stands in its fields."""
    wait(browser, "document.querySelector('main').getAttribute('aria-busy')", "false")


def typed(browser: Any, fields: dict[str, Any], of_pass: str = "forward") -> None:
    """Type a layer with the keyboard: Tab selects what stands in the next field, a key replaces it.

    ``fields`` are arguments of `Layer`; where all of them are single numbers, the axes are linked.
    """
    keys = webdriver().Keys
    sizes, ordinary = fields["input_size"], fields.get("transposed") is False
    kind = "ordinary" if ordinary else "transposed"
    choose(browser, **{"kind": kind, "axes": str(len(sizes)), "pass": of_pass})
    apart = any(isinstance(fields.get(name), tuple) for name in PER_AXIS if name != "input_size")
    linked = not apart and len(set(sizes)) == 1
    cropped_apart = fields.get("end_padding") is not None
    check(browser, linked=linked, apart=cropped_apart, bias=fields.get("bias", True))
    texts: list[str] = []
    for name in (*ROWS, *CHANNELS):
        value = fields.get(name, DEFAULT.get(name))
        if value is None or (ordinary and name == "output_padding"):
            continue
        entries = value if isinstance(value, tuple) else (value,) * len(sizes)
        shown = entries[: 1 if linked or name in CHANNELS else len(sizes)]
        texts += [str(entry) or keys.DELETE for entry in shown]
    first = find(browser, "#input_size-0")
    first.send_keys(keys.CONTROL + "a" + keys.NULL + keys.TAB.join(texts))
    entered = "inputs().filter((input) => input.offsetParent).map((input) => input.value)"
    wait(browser, entered, ["" if entry == keys.DELETE else entry for entry in texts])
    settled(browser)


#: The rows of the page with one value an axis, in its order.
ROWS = [name for name in LABELS if name in PER_AXIS]
DEFAULT = {
    "stride": 1,
    "padding": 0,
    "output_padding": 0,
    "dilation": 1,
    "groups": 1,
    "batch_size": 1,
    "in_channels": 1,
    "out_channels": 1,
}


def layer_of(fields: dict[str, Any]) -> Layer:
    return Layer(**{"in_channels": 1, "out_channels": 1, **fields})


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


def cells(browser: Any) -> dict[str, int]:
    """The counts of the page, by row and column."""
    found = browser.execute_script(
        "return [...document.querySelectorAll('[data-count]')]"
        ".map((cell) => [cell.dataset.count, cell.innerText])"
    )
    return {name: int(number.replace(",", "")) for name, number in found}


def expected_cells(layer: Layer) -> dict[str, int]:
    """The same from `analytic`."""
    found: dict[str, int] = {}
    for convention in CONVENTIONS:
        count = analytic.count(layer, convention=convention)
        for field in (
            "multiplications_per_filter",
            "additions_per_filter",
            "operations_per_filter",
            "filter_aggregation",
            "total",
        ):
            found[f"{field.replace('_', ' ')} | {convention}"] = getattr(count, field)
    for rule in RULES:
        found[f"MACs | {rule}"] = analytic.macs(layer, rule=rule)
        found[f"2 × MACs | {rule}"] = 2 * found[f"MACs | {rule}"]
    for name, cost in passes_fields(analytic.passes(layer)).items():
        row = name.replace("training_step", "training step").replace("_without_", " without ")
        found |= {f"{row} | {field}": number for field, number in cost.items()}
    found |= expected_parts(layer, "layer") | {"filters | layer": analytic.count(layer).filters}
    for at in range(len(layer.input_size)):
        found |= expected_parts(axis_alone(layer, at), f"axis {at}")
    return found


def expected_parts(layer: Layer, column: str) -> dict[str, int]:
    """What a column of the last table has."""
    geometry = {name: getattr(layer, name) for name in (*PER_AXIS[1:], "transposed")}
    asked = layer.input_size, geometry.pop("kernel_size")
    count = analytic.count(layer)
    parts = {field: getattr(count, field) for field in ("positions", "overlaps", "covered")}
    parts["inputs reached"] = analytic.inputs_reached(*asked, **geometry)
    parts["taps reached"] = analytic.taps_reached(*asked, **geometry)
    return {f"{name} | {column}": number for name, number in parts.items()}


def axis_alone(layer: Layer, at: int) -> Layer:
    """The layer of one axis of another."""
    fields = dict(layer.items())
    own = {name: fields[name] for name in PER_AXIS if fields[name] is not None}
    return layer.replace(**{name: value[at : at + 1] for name, value in own.items()})


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


def headline_of(browser: Any) -> dict[str, str]:
    """What stands first, by name."""
    return dict(
        browser.execute_script(
            "return [...$('headline').children].map((box) =>"
            " ['span', 'strong'].map((part) => box.querySelector(part).textContent))"
        )
    )


def expected_headline(layer: Layer) -> dict[str, str]:
    count = analytic.count(layer)
    numbers = {name: f"{number:,}" for name, number in headline.headline(count)}
    return {"output size": " × ".join(f"{size:,}" for size in count.output_size), **numbers}


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


def arguments(axes: tuple[tuple[int, ...], ...]) -> dict[str, tuple[int, ...]]:
    """The arguments of `Layer`, from those of each axis."""
    names = ("input_size", "kernel_size", "stride", "dilation", "padding")
    return dict(zip(names, zip(*axes, strict=True), strict=True))


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


def kept(axis: Axis) -> list[tuple[int, int, int]]:
    """The pairs of an axis by their definition: input, tap, position."""
    inside = range(brute.size(axis))
    pairs = [(i, t, i * axis.s + t * axis.d - axis.b) for i in range(axis.n) for t in range(axis.k)]
    return [(i, t, y) for i, t, y in pairs if y in inside]


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


def number(typed_in: Any) -> Any:
    """What was typed, as a number where it is one."""
    return int(typed_in) if re.fullmatch("-?[0-9]+", str(typed_in)) else typed_in


LEGAL: dict[str, Any] = {"input_size": (8, 8), "kernel_size": 3, "stride": 2, "padding": 1}


def test_fields_come_and_go_before_the_next_key(browser: Any) -> None:
    typed(browser, LEGAL)
    hidden, busy = browser.execute_script(
        "document.getElementById('linked').click();"
        "return [document.getElementById('kernel_size-1').hidden,"
        " document.querySelector('main').ariaBusy]"
    )
    assert (hidden, busy) == (False, "true")
    settled(browser)


def test_fields_that_come_keep_the_layer(browser: Any) -> None:
    fields = {**LEGAL, "kernel_size": 5, "stride": 3, "padding": 2, "dilation": 2}
    typed(browser, fields)
    counts = cells(browser)
    assert counts == expected_cells(layer_of(fields))
    for apart, linked in ((True, True), (True, False)):
        check(browser, linked=linked, apart=apart, bias=True)
        assert cells(browser) == counts
    choose(browser, axes="3")
    assert find(browser, "#end_padding-2").get_attribute("value") == "2"
    assert cells(browser) == expected_cells(layer_of({**fields, "input_size": (8, 8, 8)}))
    choose(browser, axes="2")
    assert find(browser, "#end_padding-1").get_attribute("value") == "2"
    assert find(browser, "#dilation-1").get_attribute("value") == "2"


@pytest.mark.parametrize("size", [(1, 2), (3, 3), (10**12, 3)])
def test_the_colours_are_scaled_as_in_the_terminal(browser: Any, size: tuple[int, int]) -> None:
    # Three inputs of five taps, the end cut before the one output on which three products land.
    fields: dict[str, Any] = {"input_size": size, "kernel_size": (5, 5), "stride": 2, "padding": 0}
    fields |= {"end_padding": (0, 5) if size == (3, 3) else (0, 0)}
    typed(browser, fields)
    most = [largest(INTEGERS, axis) for axis in layer_of(fields).axes]
    assert browser.execute_script("return `${view.grids.output.most}`") == str(most[0] * most[1])
    assert f"few to {most[0] * most[1]} products" in text(browser, "scale")


def test_a_refusal_is_in_view_of_its_field(browser: Any) -> None:
    size = {"width": 400, "height": 600, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        wait(browser, "innerWidth === 400", True)
        typed(browser, {**LEGAL, "batch_size": -1})
        *box, above, below = browser.execute_script(
            "const box = (id) => document.getElementById(id).getBoundingClientRect();"
            "return [box('refused'), box('batch_size')].flatMap(({ top, bottom }) => [top, bottom])"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    top, bottom = box
    assert 0 <= top < bottom <= 600
    assert bottom <= above or below <= top


def test_a_flag_of_the_advice_stays_on_one_line(browser: Any) -> None:
    typed(browser, LEGAL)
    flags = [flag.text for flag in browser.find_elements("css selector", "#advice .flag")]
    assert flags == re.findall(r"--\S+ \S+", checkerboard.advice(layer_of(LEGAL)))
    assert len(flags) > 1


def position(browser: Any) -> list[str]:
    return text(browser, "position").splitlines()


def press(browser: Any, *keys: str, grid: str = "output") -> None:
    special = webdriver().Keys
    find(browser, f"#grid-{grid}").send_keys(*(getattr(special, key) for key in keys))


def counts_in(browser: Any, grid: str) -> Any:
    """The numbers of the cells of a grid, with the stamps so far."""
    return browser.execute_script(f"return view.grids.{grid}.counts.map((row) => row.map(Number))")


def test_the_map_is_the_coverage(browser: Any) -> None:
    fields = {**LEGAL, "input_size": (5, 7), "kernel_size": (3, 2), "dilation": (1, 3)}
    typed(browser, fields)
    rows, columns = (maps.along(axis) for axis in layer_of(fields).axes)
    assert counts_in(browser, "output") == [[row * column for column in columns] for row in rows]
    assert text(browser, "gaps") == ""


def test_a_large_map_is_drawn_at_its_ends_and_says_so(browser: Any) -> None:
    fields = {**LEGAL, "input_size": (10**15, 9)}
    typed(browser, fields)
    (axis, _) = layer_of(fields).axes
    drawn, profile = browser.execute_script(
        "const { rows, profiles: { down } } = view.grids.output;"
        "return [rows, down.profile].map((of) => of.map((at) => at === null ? null : `${at}`))"
    )
    gap = drawn.index(None)
    assert all(
        maps.at(axis, int(y)) == int(c)
        for y, c in zip(drawn, profile, strict=True)
        if y is not None
    )
    first, last = int(drawn[gap - 1]) + 1, int(drawn[gap + 1]) - 1
    assert text(browser, "gaps").startswith("hatched: rows of the input ")
    assert text(browser, "gaps").endswith(
        f"rows {first:,} to {last:,} are not drawn: there is no room"
    )


#: How much is inked of a cell: of the map where a row meets a column, or of the bar of a row.
INKED = """
    const [down, across] = arguments, { left, top, wide, base } = view.grids.output;
    const [x, width] = across === null ? [0, STRIP - 8] : [left + across * wide, wide];
    const copy = new OffscreenCanvas(base.width, base.height).getContext("2d");
    copy.drawImage(base, 0, 0);
    const { data } = copy.getImageData(x, top + down * wide, width, wide);
    return data.filter((part, at) => at % 4 === 3 && part).length * 4 / data.length;
"""


def test_a_gap_is_hatched_in_map_and_bars_and_a_hole_is_not(browser: Any) -> None:
    # Kernel 1 and stride 2: every second row is a hole.
    typed(browser, {**LEGAL, "input_size": (1500, 9), "kernel_size": 1})
    gap = browser.execute_script("return view.grids.output.rows.indexOf(null)")
    for across in (4, None):
        assert 0.1 < browser.execute_script(INKED, gap, across) < 0.95
    assert browser.execute_script(INKED, 4, None) == 0
    assert browser.execute_script(INKED, 4, 3) < 0.1  # a dot
    typed(browser, {**LEGAL, "kernel_size": 1})
    assert browser.execute_script("return view.grids.output.rows.indexOf(null)") == -1


def test_the_map_is_walked_with_the_keyboard(browser: Any) -> None:
    typed(browser, LEGAL)
    press(browser, "HOME", "PAGE_UP")
    assert position(browser)[0] == "Products on output (0, 0): 1 × 1 = 1"
    press(browser, "ARROW_RIGHT", "ARROW_DOWN", "ARROW_DOWN", "ARROW_DOWN")
    # y = 3 is the value 4 = 2·2 + 0 = 1·2 + 2; y = 1 is 2 = 1·2 + 0 = 0·2 + 2.
    assert position(browser) == [
        "Products on output (3, 1): 2 × 2 = 4",
        "Axis 0: input 2, tap 0; input 1, tap 2",
        "Axis 1: input 1, tap 0; input 0, tap 2",
    ]
    press(browser, "END", "PAGE_DOWN", "ARROW_LEFT", "ARROW_UP")
    assert position(browser)[0] == "Products on output (13, 13): 2 × 2 = 4"


def test_inputs_and_taps_are_walked_too(browser: Any) -> None:
    typed(browser, LEGAL)
    press(browser, "HOME", "PAGE_UP", "ARROW_RIGHT", grid="input")
    # Input 0 lands with tap t on t − 1, input 1 on t + 1.
    assert position(browser) == [
        "Products of input (0, 1): 2 × 3 = 6",
        "Axis 0: tap 1, output 0; tap 2, output 1",
        "Axis 1: tap 0, output 1; tap 1, output 2; tap 2, output 3",
    ]
    press(browser, "HOME", "PAGE_UP", grid="kernel")
    # Tap 0 lands from input i on 2i − 1: not from input 0.
    assert position(browser)[:1] == ["Products with tap (0, 0): 7 × 7 = 49"]
    assert position(browser)[1].startswith("Axis 0: input 1, output 1; input 2, output 3")
    typed(browser, {"input_size": (5,), "kernel_size": 3, "stride": 2, "transposed": False})
    press(browser, "HOME", "ARROW_RIGHT", grid="output")
    assert position(browser) == [
        "Products on output 1: 3",
        "Axis 0: input 2, tap 0; input 3, tap 1; input 4, tap 2",
    ]


def places_of(layer: Layer) -> dict[str, int]:
    """Where a pair of `kept` has the element of each grid."""
    ends = ("input", "output") if layer.transposed else ("output", "input")
    return {ends[0]: 0, "kernel": 1, ends[1]: 2}


#: Layers of which every element is pointed at.
LINKED: tuple[dict[str, Any], ...] = (
    {"input_size": (3, 2), "kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
    {"input_size": (4, 3), "kernel_size": (2, 3), "stride": (3, 2), "dilation": (2, 1)},
    {"input_size": (7,), "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2},
    {"input_size": (2, 3, 2), "kernel_size": (2, 3, 2), "stride": (2, 1, 2), "padding": (0, 1, 1)},
    {"input_size": (5, 4), "kernel_size": (3, 2), "padding": (2, 0), "transposed": False},
    {"input_size": (6, 5, 4), "kernel_size": (3, 2, 2), "stride": 2, "transposed": False},
)
GRIDS = ("input", "kernel", "output")
#: Points at each element of a grid, and gathers what lights up in the others, on their slices.
POINTED = """
    const [name] = arguments, { lengths, plane } = view.grids[name], pointed = [];
    for (let number = 0n; number < product(lengths); number++) {
      const at = elementAt(number, lengths);
      moveTo(name, at);
      const others = GRIDS.filter((other) => other !== name).map((other) => {
        const grid = view.grids[other], lit = litIn(grid, lettersOfPairs()).cells;
        const slice = plane.slice === null ? [] : [slices[other]];
        const placed = (row) => [...slice, ...(plane.down === null ? [] : [grid.rows[row]])];
        const places = lit.map(({ down, across, name: letter }) =>
          [`${[...placed(down), grid.columns[across]]}`, letter ?? null]);
        return [other, `${slice}`, places];
      });
      pointed.push([`${at}`, others]);
    }
    return pointed;
"""


@pytest.mark.parametrize("fields", LINKED, ids=str)
def test_what_belongs_to_an_element_lights_up(browser: Any, fields: dict[str, Any]) -> None:
    """Against the pairs by their definition: pairs of all axes, those of each axis multiplied."""
    typed(browser, fields)
    layer = layer_of(fields)
    letters = places_of(layer)
    pairs = [*product(*map(kept, layer.axes))]

    def place(pair: tuple[tuple[int, ...], ...], grid: str) -> str:
        return ",".join(str(along[letters[grid]]) for along in pair)

    for name in GRIDS:
        for at, others in browser.execute_script(POINTED, name):
            own = [pair for pair in pairs if place(pair, name) == at]
            lettered = []
            for other, shown_slice, lit in others:
                all_places = {place(pair, other) for pair in own}
                on_slice = {
                    of for of in all_places if of.startswith(f"{shown_slice},") or not shown_slice
                }
                assert {of for of, _ in lit} == on_slice, (name, at, other)
                assert bool(on_slice) == bool(own)
                lettered.append({letter: of for of, letter in lit if letter})
            # The same letter is the same pair.
            first, second = lettered
            linked = {(place(pair, others[0][0]), place(pair, others[1][0])) for pair in own}
            assert all(
                (first[letter], second[letter]) in linked for letter in first if letter in second
            )
            if len(layer.axes) < 3 and len(own) <= 26:
                assert len(first) == len(second) == len(own)


#: The grid into which each pass sums.
RESULTS = {"forward": "output", "grad_input": "input", "grad_weight": "kernel"}


@pytest.mark.parametrize("fields", LINKED[:3] + LINKED[4:5], ids=str)
@pytest.mark.parametrize("name", RESULTS)
def test_the_kernel_is_stamped_input_by_input(
    browser: Any, fields: dict[str, Any], name: str
) -> None:
    """Against the pairs by their definition, of the first so many inputs."""
    typed(browser, fields, name)
    layer = layer_of(fields)
    letters = places_of(layer)
    grid, order = RESULTS[name], [*product(*(range(axis.n) for axis in layer.axes))]
    lengths = {0: [axis.n for axis in layer.axes], 1: [*layer.kernel_size]}
    lengths[2] = [brute.size(axis) for axis in layer.axes]
    pairs = [*product(*map(kept, layer.axes))]
    wanted = []
    for stamped in range(len(order) + 1):
        done = {*order[:stamped]}
        landed = [pair for pair in pairs if tuple(along[0] for along in pair) in done]
        counts = Counter(tuple(along[letters[grid]] for along in pair) for pair in landed)
        shape = lengths[letters[grid]]
        rows = [*product(*map(range, shape[:-1]))]
        wanted.append(
            [[[counts[(*row, column)] for column in range(shape[-1])] for row in rows], len(landed)]
        )
    stamps = browser.execute_script(
        "return Array.from({ length: arguments[0] }, (_, at) => {"
        "  stampTo(BigInt(at));"
        "  const numbers = view.grids[arguments[1]].counts.map((row) => row.map(Number));"
        "  return [numbers, Number(landedBefore(BigInt(at)))];"
        "})",
        len(order) + 1,
        grid,
    )
    assert stamps == wanted
    find(browser, "#show-all").click()
    assert counts_in(browser, grid) == wanted[-1][0]


def test_play_goes_through_all_inputs_and_stops(browser: Any) -> None:
    typed(browser, {**LEGAL, "input_size": (2, 3)})
    everything = counts_in(browser, "output")
    find(browser, "#play").click()
    wait(browser, "[$('play').textContent, `${view.stamped}`]", ["Play", "6"])
    # Two taps of the inputs at the ends, three of one between: (2 + 2)·(2 + 3 + 2) products.
    assert text(browser, "step-words") == "input (1, 2): 4 products; 28 of 28 so far"
    assert counts_in(browser, "output") == everything
    find(browser, "#back").click()
    assert text(browser, "step-words") == "input (1, 1): 6 products; 24 of 28 so far"
    assert sum(map(sum, counts_in(browser, "output"))) == 24
    find(browser, "#step").click()
    assert text(browser, "step-words") == "input (1, 2): 4 products; 28 of 28 so far"
    assert "28 of 28 so far. Products of input (1, 2)" in said(browser)
    find(browser, "#at-step").send_keys(webdriver().Keys.HOME)
    assert text(browser, "step-words") == "none of 6 inputs stamped"
    assert sum(map(sum, counts_in(browser, "output"))) == 0
    find(browser, "#play").click()
    find(browser, "#play").click()  # a pause
    assert text(browser, "play") == "Play"
    find(browser, "#show-all").click()
    assert text(browser, "step-words") == "all of 6 inputs stamped"


def said(browser: Any) -> str:
    """What a screen reader is to read out."""
    return str(find(browser, "#said").get_attribute("textContent"))


@pytest.mark.parametrize("transposed", [True, False])
def test_each_pass_has_its_own_headline(browser: Any, transposed: bool) -> None:
    fields = {**LEGAL, "in_channels": 4, "out_channels": 6, "transposed": transposed}
    for name in Passes._fields:
        typed(browser, {**fields, "batch_size": 2}, name)
        cost = getattr(analytic.passes(layer_of({**fields, "batch_size": 2})), name)
        if name == "forward":
            assert headline_of(browser)["exact MACs"] == f"{cost.macs:,}"
            continue
        assert headline_of(browser) == {
            "pass": name,
            "exact MACs": f"{cost.macs:,}",
            "2 × exact MACs": f"{2 * cost.macs:,}",
            "operations (exact)": f"{cost.operations:,}",
            "elements reached": f"{cost.reached:,} of {cost.elements:,}",
        }
    outputs = math.prod(analytic.count(layer_of(fields)).output_size)
    assert text(browser, "position").endswith(
        f"{outputs:,} of {outputs:,}, in each of 2 samples and 6 channels"
    )
    find(browser, "#step").click()
    assert text(browser, "step-words").endswith(f"1 of {outputs:,} so far")
    typed(browser, {**fields, "bias": False}, "grad_bias")
    assert text(browser, "position") == "This layer has no bias"
    typed(browser, LEGAL)


def test_a_slice_of_three_axes(browser: Any) -> None:
    fields = {"input_size": (2, 3, 4), "kernel_size": (3, 3, 3), "stride": (2, 2, 2)}
    typed(browser, fields)
    planes, rows, columns = (maps.along(axis) for axis in layer_of(fields).axes)
    browser.execute_script("moveTo('output', [0n, 0n, 0n])")
    for number, plane in enumerate(planes):
        assert text(browser, "slice-words-output") == f"slice {number} of 0 to 4 on axis 0"
        assert counts_in(browser, "output") == [
            [plane * row * column for column in columns] for row in rows
        ]
        find(browser, "#more-output").click()
    # Output 4 on axis 0 is of input 1 and tap 2 alone; a slice more there is not.
    assert text(browser, "slice-words-input") == "slice 1 of 0 to 1 on axis 0"
    assert text(browser, "slice-words-kernel") == "slice 2 of 0 to 2 on axis 0"
    find(browser, "#less-kernel").click()
    assert text(browser, "slice-words-output") == "slice 3 of 0 to 4 on axis 0"
    typed(browser, LEGAL)
    assert not find(browser, "#slice-output").is_displayed()


def test_the_pointer_shows_what_lands_under_it(browser: Any) -> None:
    typed(browser, {**LEGAL, "kernel_size": 1})
    at_cell(browser, "output", 2, 1)
    wait(browser, "`${cursors.output}`", "2,1")
    assert position(browser) == [
        "Products on output (2, 1): 0 × 1 = 0",
        "Axis 0: no pair",
        "Axis 1: input 1, tap 0",
    ]
    at_cell(browser, "input", 3, 4)
    wait(browser, "`${active} ${cursors.input}`", "input 3,4")
    assert position(browser)[0] == "Products of input (3, 4): 1 × 1 = 1"


def at_cell(browser: Any, grid: str, down: int, across: int) -> None:
    """Move the pointer to a cell."""
    canvas = find(browser, f"#grid-{grid}")
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", canvas)
    x, y = browser.execute_script(
        "const { left, top, wide, tall } = view.grids[arguments[0]];"
        "return [left + (arguments[2] + 0.5) * wide, top + (arguments[1] + 0.5) * tall]",
        grid,
        down,
        across,
    )
    left, top = canvas.size["width"] / 2, canvas.size["height"] / 2
    pointer = webdriver().ActionChains(browser)
    pointer.move_to_element_with_offset(canvas, int(x - left), int(y - top)).perform()


def test_a_long_list_of_pairs_is_not_cut_silently(browser: Any) -> None:
    typed(browser, {"input_size": (50, 50), "kernel_size": 40})
    press(browser, "HOME", "PAGE_UP", *["ARROW_DOWN"] * 14)
    assert position(browser)[0] == "Products on output (14, 0): 15 × 1 = 15"
    assert position(browser)[1].endswith("input 3, tap 11; and 3 more")
    # Of 10^18 taps, those that an input meets at the end of the output are the last.
    typed(browser, {"input_size": (3, 3), "kernel_size": 10**18, "stride": 1})
    press(browser, "HOME", "PAGE_DOWN")
    assert position(browser)[1] == f"Axis 0: input 2, tap {10**18 - 1}"


# --- Typing, stepping, going back -----------------------------------------------------------------


def resized(browser: Any, width: int, height: int = 900) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wait(browser, "innerWidth", width)
    settled(browser)


@pytest.fixture
def narrow(browser: Any) -> Iterator[Any]:
    """The browser as wide as a telephone."""
    resized(browser, 400)
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [400, 800, 1400])
def test_the_last_answers_stay_while_one_types(browser: Any, width: int) -> None:
    resized(browser, width)
    try:
        typed(browser, LEGAL)
        counts, before = cells(browser), text(browser, "position")
        field = find(browser, "#batch_size")
        field.click()
        # On a wide screen the form stays beside what is read.
        browser.execute_script(
            "if (arguments[0] === 1400) scrollTo(0, 900);"
            "else $('batch_size').scrollIntoView({ block: 'center' });",
            width,
        )
        scroll, height = browser.execute_script("return [scrollY, document.body.scrollHeight]")
        assert scroll > 200
        keys = webdriver().Keys
        browser.switch_to.active_element.send_keys(keys.CONTROL + "a" + keys.NULL + keys.DELETE)
        wait(browser, "document.body.classList.contains('stale')", True)
        assert browser.execute_script("return scrollY") == scroll
        assert browser.execute_script("return document.body.scrollHeight") == height
        assert (cells(browser), text(browser, "position")) == (counts, before)
        wait(browser, "+getComputedStyle($('answers')).opacity < 0.5", True)
        browser.switch_to.active_element.send_keys("2")
        wait(browser, "document.body.classList.contains('stale')", False)
        assert browser.execute_script("return scrollY") == scroll
        assert cells(browser) == expected_cells(layer_of({**LEGAL, "batch_size": 2}))
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_arrow_keys_and_buttons_move_a_field(browser: Any) -> None:
    typed(browser, LEGAL)
    keys, field = webdriver().Keys, find(browser, "#padding-0")
    for key, value in ((keys.ARROW_UP, 2), (keys.ARROW_UP, 3), (keys.ARROW_DOWN, 2)):
        field.send_keys(key)
        settled(browser)
        assert field.get_attribute("value") == str(value)
        assert cells(browser) == expected_cells(layer_of({**LEGAL, "padding": value}))
    field.send_keys(keys.SHIFT, keys.ARROW_DOWN)
    assert field.get_attribute("value") == "-8"
    field.send_keys(keys.NULL, keys.SHIFT, keys.ARROW_UP)
    up, down = browser.find_elements(
        "css selector", '[data-row="stride"] .field:first-of-type button'
    )
    up.click()
    up.click()
    down.click()
    settled(browser)
    assert cells(browser) == expected_cells(layer_of({**LEGAL, "padding": 2, "stride": 3}))
    typed(browser, {**LEGAL, "stride": "x"})
    find(browser, "#stride-0").send_keys(keys.ARROW_UP)
    assert find(browser, "#stride-0").get_attribute("value") == "x"


def fields_of_hash(browser: Any) -> str:
    return str(browser.execute_script("return location.hash"))


def test_a_step_back_undoes_a_change(browser: Any) -> None:
    typed(browser, LEGAL)
    linked(browser)
    keys = webdriver().Keys
    layers = [LEGAL]
    for name, value in (("kernel_size", 14), ("padding", 2)):
        find(browser, f"#{name}-0").send_keys(keys.CONTROL + "a" + keys.NULL + str(value))
        linked(browser)
        layers.append({**layers[-1], name: value})
    choose(browser, kind="ordinary")
    linked(browser)
    layers.append({**layers[-1], "kernel_size": 14, "transposed": False})
    # Of 8 inputs an ordinary kernel of 14 has no output: this too is a step.
    assert text(browser, "refusal") == "output_size must be positive, got 0 on axis 0"
    for fields in layers[-2::-1]:
        browser.back()
        wait(browser, "$('refusal').textContent", "")
        wait_for_counts(browser, fields)
    for fields in layers[1:-1]:
        browser.forward()
        wait_for_counts(browser, fields)
    browser.forward()
    wait(browser, "$('kind').value", "ordinary")
    typed(browser, LEGAL)


def linked(browser: Any) -> None:
    """Wait until the link follows the fields."""
    settled(browser)
    wait(browser, "location.hash === `#${stateNow()}`", True)


def wait_for_counts(browser: Any, fields: dict[str, Any]) -> None:
    macs = analytic.macs(layer_of(fields))
    wait(browser, "document.querySelectorAll('#headline strong')[1].textContent", f"{macs:,}")
    assert cells(browser) == expected_cells(layer_of(fields))


def test_a_link_names_every_field_and_restores_the_layer(browser: Any, file: Path) -> None:
    fields = {**LEGAL, "kernel_size": (4, 5), "end_padding": (-1, 2), "groups": 2, "bias": False}
    fields |= {"in_channels": 6, "out_channels": 8}
    typed(browser, fields, "grad_weight")
    linked(browser)  # the link follows the fields
    link, counts = browser.current_url, cells(browser)
    assert link.startswith(f"{file.as_uri()}#")
    everything = {*re.findall(r"[#&](\w[\w-]*)=", link)}
    assert everything == {
        field.get_attribute("id")
        for field in browser.find_elements("css selector", "#layer input, #layer select")
    }
    browser.get("about:blank")
    browser.get(link)
    assert cells(browser) == counts == expected_cells(layer_of(fields))
    assert find(browser, "#kernel_size-1").get_attribute("value") == "5"
    assert find(browser, "#pass").get_attribute("value") == "grad_weight"
    find(browser, "#share").click()
    wait(browser, "document.querySelector('#shared').textContent !== ''", True)
    # What a link does not name is as the page opens.
    browser.get("about:blank")
    browser.get(f"{file.as_uri()}#input_size-0=5&input_size-1=5")
    opened = {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}
    opened |= {"in_channels": 4, "out_channels": 6}
    assert cells(browser) == expected_cells(layer_of({"input_size": (5, 5), **opened}))


def test_the_nearest_even_layer_is_a_button(browser: Any) -> None:
    for fields in (
        {**LEGAL, "output_padding": 1},
        {**LEGAL, "input_size": (8, 9), "kernel_size": (3, 5), "stride": (2, 3)},
        {**LEGAL, "input_size": (4, 5, 6), "kernel_size": (3, 4, 5), "stride": (2, 2, 2)},
        {**LEGAL, "end_padding": 3},
    ):
        typed(browser, fields)
        even = checkerboard.nearest_even(layer_of(fields))
        assert even is not None
        find(browser, "#nearest").click()
        settled(browser)
        assert text(browser, "verdict").startswith("even")
        assert cells(browser) == expected_cells(even)
        assert headline_of(browser)["output size"] == expected_headline(even)["output size"]
        assert not find(browser, "#nearest").is_displayed()
    for fields in ({**LEGAL, "dilation": 2}, {**LEGAL, "transposed": False}):
        typed(browser, fields)
        assert not find(browser, "#nearest").is_displayed()


DATA = Path(__file__).parent / "data"


def test_presets_are_layers_of_published_models() -> None:
    rows = [
        json.loads(line)
        for name in ("layers", "ordinary")
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for preset in presets.PRESETS:
        (row,) = (r for r in rows if (r["model"], r["layer"]) == (preset.model, preset.layer))
        layer = Layer(**{name: value for name, value in row.items() if name in Layer.FIELDS})
        assert layer == Layer(**preset.arguments)
        count = analytic.count(layer)  # the data have what was measured
        assert (count.overlaps, count.covered) == (row["taps"], row["nonzero"])


def test_presets_are_buttons(browser: Any) -> None:
    for preset in presets.PRESETS:
        button = find(browser, f'#presets [title^="{preset.model}"]')
        assert button.text == preset.title
        button.click()
        settled(browser)
        layer = Layer(**preset.arguments)
        assert cells(browser) == expected_cells(layer)
        assert headline_of(browser) == expected_headline(layer)
        linked(browser)
    browser.back()
    before = Layer(**presets.PRESETS[-2].arguments)
    wait(browser, "$('kind').value + $('padding-0').value", f"ordinary{before.padding[0]}")
    assert cells(browser) == expected_cells(before)
    typed(browser, LEGAL)


# --- What is taken along --------------------------------------------------------------------------

TAKEN: tuple[tuple[dict[str, Any], str], ...] = (
    ({**LEGAL, "in_channels": 4, "out_channels": 6, "output_padding": 1}, "forward"),
    ({"input_size": (7,), "kernel_size": 3, "padding": 1, "bias": False}, "grad_input"),
    ({**LEGAL, "input_size": (5, 6, 7), "kernel_size": (3, 2, 1), "end_padding": 3}, "forward"),
    ({**LEGAL, "input_size": (9, 8), "transposed": False, "batch_size": 0}, "grad_weight"),
)


@pytest.mark.parametrize(("fields", "name"), TAKEN, ids=str)
def test_what_is_copied_counts_the_layer(browser: Any, fields: dict[str, Any], name: str) -> None:
    typed(browser, fields, name)
    layer = layer_of(fields)
    line, code, table = browser.execute_script(
        "return [commandLine(view), pythonCode(view), latexTable(view)]"
    )
    python, module, package, *arguments = shlex.split(line)
    assert [python, module, package] == ["python", "-m", "analytic"]
    ran = CliRunner().invoke(program, [*arguments, "--format", "json"])
    assert json.loads(ran.stdout)["count"]["total"] == analytic.count(layer).total
    latex = CliRunner().invoke(program, [*arguments, "--format", "latex"])
    assert re.sub(r" +", " ", table) == re.sub(r" +", " ", latex.stdout)
    told = StringIO()
    scope: dict[str, Any] = {"print": lambda value: told.write(f"{value}\n")}
    exec(code, scope)
    assert scope["layer"] == layer
    result = analytic.count(layer) if name == "forward" else getattr(analytic.passes(layer), name)
    assert told.getvalue() == f"{result}\n"


@pytest.mark.parametrize("identifier", ["share", "cli", "python", "latex"])
def test_what_cannot_be_copied_can_be_selected(browser: Any, identifier: str) -> None:
    """Whether or not the browser lets a page write to the clipboard."""
    typed(browser, LEGAL)
    wanted = browser.execute_script(
        "return { cli: commandLine, python: pythonCode, latex: latexTable,"
        " share: () => `${location.href.split('#')[0]}#${stateNow()}` }[arguments[0]](view)",
        identifier,
    )
    browser.execute_script(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))"
    )
    try:
        browser.execute_script("$('shared').textContent = ''")
        find(browser, f"#{identifier}").click()
        wait(browser, "$('shared').textContent.endsWith('press Ctrl+C')", True)
        assert find(browser, "#copied").get_attribute("value") == wanted
        assert browser.execute_script("return document.activeElement.id") == "copied"
        copied: list[str] = []
        browser.execute_script(
            "window.taken = []; navigator.clipboard.writeText = async (of) => { taken.push(of); }"
        )
        find(browser, f"#{identifier}").click()
        wait(browser, "$('shared').textContent.endsWith('copied')", True)
        copied += browser.execute_script("return taken")
        assert copied == [wanted]
        assert not find(browser, "#copied").is_displayed()
    finally:
        browser.execute_script("delete navigator.clipboard.writeText")


def test_the_grids_are_saved_as_svg(browser: Any, file: Path) -> None:
    fields = {**LEGAL, "input_size": (3, 4), "kernel_size": 3}
    typed(browser, fields)
    press(browser, "HOME", "PAGE_UP", "ARROW_RIGHT", "ARROW_DOWN")
    find(browser, "#svg").click()
    saved = file.parent / "convolution.svg"
    awaited(browser, saved)
    space = "{http://www.w3.org/2000/svg}"
    drawing = ElementTree.fromstring(saved.read_text(encoding="utf-8"))
    written = [text.text for text in drawing.iter(f"{space}text")]
    assert {"input, 3 × 4", "kernel, 3 × 3", "output, 5 × 7"} <= {*written}
    rows, columns = (maps.along(axis) for axis in layer_of(fields).axes)
    numbers = Counter(str(row * column) for row in rows for column in columns)
    assert Counter(of for of in written if of and of.isdigit()) == numbers
    # Output (1, 1) has four pairs: each letter stands at an input and at a tap.
    assert Counter(of for of in written if of and of.isalpha()) == dict.fromkeys("abcd", 2)


def awaited(browser: Any, saved: Path) -> None:
    support = pytest.importorskip("selenium.webdriver.support.wait")
    waiting = support.WebDriverWait(browser, PATIENCE, poll_frequency=0.01)
    waiting.until(lambda _: saved.exists() and saved.stat().st_size > 0)


def test_the_grids_are_saved_as_png(browser: Any, file: Path) -> None:
    typed(browser, LEGAL)
    find(browser, "#png").click()
    saved = file.parent / "convolution.png"
    awaited(browser, saved)
    head = saved.read_bytes()[:24]
    width, height = browser.execute_script(
        "const { width, height } = composed();"
        "return [width, height].map((of) => Math.round(2 * of))"
    )
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (width, height)
    # As it is drawn: the colours of the least and the largest of the numbers are in it.
    url = browser.execute_script("return pngCanvas().toDataURL()")
    assert base64.b64decode(url.partition(",")[2])[:8] == head[:8]


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


SCHEME = "prefers-color-scheme"


@pytest.mark.parametrize("width", [400, 800, 1400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_and_follows_the_theme(browser: Any, width: int, theme: str) -> None:
    large = {"input_size": (10**20,) * 2, "in_channels": 10**20, "out_channels": 10**20}
    typed(browser, {**LEGAL, **large})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    media = {"features": [{"name": SCHEME, "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        wait(browser, f"innerWidth === {width} && matchMedia('({SCHEME}: {theme})').matches", True)
        settled(browser)
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert wide <= width
    assert paper == ("rgb(255, 255, 255)" if theme == "light" else "rgb(20, 24, 29)")


def test_what_is_dimmed_fits_a_narrower_page_too(browser: Any) -> None:
    resized(browser, 1400)
    try:
        typed(browser, {**LEGAL, "kernel_size": "x"})
        typed(browser, {**LEGAL, "input_size": (40, 40)})
        typed(browser, {**LEGAL, "kernel_size": "x"})
        resized(browser, 400)
        wide = "document.documentElement.scrollWidth <= innerWidth"
        wait(browser, wide, True)
        assert text(browser, "refusal") == "kernel_size must be an integer, got 'x'"
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    typed(browser, LEGAL)


@pytest.mark.parametrize("width", [400, 800, 1400])
@pytest.mark.parametrize("transposed", [True, False])
def test_a_layer_of_128_by_128_is_drawn_whole(browser: Any, width: int, transposed: bool) -> None:
    resized(browser, width)
    try:
        fields = {**LEGAL, "input_size": (128, 128), "stride": 1, "transposed": transposed}
        typed(browser, fields)
        assert text(browser, "gaps") == ""
        sizes = browser.execute_script(
            "return GRIDS.map((name) => [view.grids[name].rows, view.grids[name].columns])"
            ".flat().map((of) => of.length)"
        )
        assert sizes == [128, 128, 3, 3, 128, 128]
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_headline_comes_first_on_a_telephone(narrow: Any) -> None:
    typed(narrow, LEGAL)
    tops = narrow.execute_script(
        "return ['first', 'layer', 'answers'].map((id) => $(id).getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    bottom = narrow.execute_script("return $('headline').getBoundingClientRect().bottom + scrollY")
    assert bottom < 900


def accessible(browser: Any, *roles: str) -> list[tuple[str, str, str, dict[str, Any]]]:
    """What a screen reader is told: role, name, description, properties of the nodes of a role."""
    found = []
    for node in browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]:
        role, name, description = (
            node.get(of, {}).get("value", "") for of in ("role", "name", "description")
        )
        if not node["ignored"] and (role in roles or not roles):
            properties = {of["name"]: of["value"].get("value") for of in node["properties"]}
            found.append((role, name, description, properties))
    return found


def names(browser: Any, role: str) -> list[str]:
    return [name for _, name, *_ in accessible(browser, role)]


def test_every_field_has_a_name(browser: Any) -> None:
    typed(browser, {**LEGAL, "kernel_size": (3, 3)})
    named = [name.replace("_", " ") for name in ROWS if name != "end_padding"]
    channels = [name.replace("_", " ") for name in CHANNELS]
    both = [f"{name}, axis {at}" for name in named for at in (0, 1)]
    assert names(browser, "spinbutton") == both + channels
    typed(browser, LEGAL)
    assert names(browser, "spinbutton") == named + channels
    boxes = ["the same on both axes", "begin and end padding apart, as in ONNX", "bias"]
    assert sorted(names(browser, "checkbox")) == sorted(boxes)
    assert names(browser, "combobox") == ["kind", "axes", "pass"]
    assert names(browser, "slider") == ["stamps"]
    buttons = [
        "Take the nearest even layer",
        *(preset.title for preset in presets.PRESETS),
        *("Play", "Step back", "Step forward", "All"),
        *("Copy link", "Copy command", "Copy Python", "Copy LaTeX", "Save PNG", "Save SVG"),
    ]
    assert sorted(names(browser, "button")) == sorted(buttons)
    check(browser, linked=False, apart=True, bias=True)
    assert names(browser, "spinbutton")[6:10] == [
        f"{end} padding, axis {at}" for end in ("begin", "end") for at in (0, 1)
    ]
    typed(browser, {**LEGAL, "input_size": (8, 8, 8)})
    slices = [f"{way} slice of the {grid}" for grid in GRIDS for way in ("previous", "next")]
    assert {*slices} <= {*names(browser, "button")}
    typed(browser, LEGAL)


def test_headings_tables_and_the_grids_are_what_they_look_like(browser: Any) -> None:
    typed(browser, LEGAL)
    titles = [
        "Counts",
        "Pairs",
        "Take along",
        "All counts in all conventions",
        "Formula of this layer",
    ]
    headings = [(of["level"], name) for _, name, _, of in accessible(browser, "heading")]
    assert headings == [(1, "Convolution explorer"), *((2, name) for name in titles)]
    assert names(browser, "region") == titles
    assert names(browser, "table") == [
        "by convention",
        "MACs by rule",
        "by pass, in the exact convention",
        "what they are made of",
    ]
    assert names(browser, "columnheader") == [
        *CONVENTIONS,
        *RULES,
        *("macs", "additions", "operations", "elements", "reached"),
        *("axis 0", "axis 1", "layer"),
    ]
    assert names(browser, "rowheader")[4:8] == ["total", "MACs", "2 × MACs", "forward"]
    grids = accessible(browser, "application")
    assert [name for _, name, *_ in grids] == ["input, 8 × 8", "kernel, 3 × 3", "output, 15 × 15"]
    for _, _, description, properties in grids:
        assert properties["roledescription"] == "grid"
        assert properties["focusable"]
        assert "move with the arrow keys" in description
        assert "dark to light" in description


def test_a_refusal_is_read_out_and_describes_its_field(browser: Any) -> None:
    typed(browser, {**LEGAL, "stride": 0})
    words = "stride must be positive, got 0 on axis 0"
    fields = accessible(browser, "spinbutton")
    assert [name for _, name, _, of in fields if of["invalid"] == "true"] == ["stride"]
    assert [(name, said) for _, name, said, _ in fields if said] == [("stride", words)]
    ((_, _, _, properties),) = accessible(browser, "alert")
    assert (properties["live"], text(browser, "refusal")) == ("assertive", words)
    typed(browser, LEGAL)
    assert accessible(browser, "alert") == []
    assert not any(
        said or of["invalid"] == "true" for *_, said, of in accessible(browser, "spinbutton")
    )


def test_changes_are_read_out_in_one_place(browser: Any) -> None:
    typed(browser, {**LEGAL, "in_channels": 4, "out_channels": 6})
    count = analytic.count(layer_of({**LEGAL, "in_channels": 4, "out_channels": 6}))
    words = (
        f"output size 15 × 15; exact MACs {count.macs:,}; 2 × exact MACs {2 * count.macs:,}; "
        f"published formula (nonzero) {count.total:,}; "
        "uneven: interior outputs receive 1, 2 or 4 products; "
        "kernel 3 is not a multiple of stride 2"
    )
    wait(browser, "$('said').textContent", words)
    press(browser, "HOME", "PAGE_UP")
    assert said(browser) == (
        "Products on output (0, 0): 1 × 1 = 1. Axis 0: input 0, tap 1. Axis 1: input 0, tap 1"
    )
    live = [role for role, _, _, of in accessible(browser) if of.get("live")]
    assert live == ["status"] * 2  # this, and whether the link is copied


def test_a_grid_says_what_it_is_when_it_has_the_focus(browser: Any) -> None:
    typed(browser, LEGAL)
    wait(browser, "saving", None)  # what the fields say is said
    keys = webdriver().Keys
    find(browser, "#at-step").send_keys(keys.TAB)
    assert said(browser).startswith("input, 8 × 8. Point at an element, or focus a grid")
    browser.switch_to.active_element.send_keys(keys.TAB)
    assert said(browser).startswith("kernel, 3 × 3. ")
    browser.switch_to.active_element.send_keys(keys.TAB)
    assert said(browser).startswith("output, 15 × 15. ")


def test_the_page_is_whole_and_small(file: Path) -> None:
    written = file.read_text(encoding="utf-8")
    assert written == explorer.page()
    assert len(written.encode()) < 300_000
    assert "/*{" not in written
    # No network: the only addresses are the names of MathML and of SVG.
    addresses = set(re.findall(r"https?://[^\"'\s<\\]+", written))
    assert addresses == {"http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)=|@import|url\(|fetch\(|import\(", written)


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
