"""The explorer in a browser: typed into as a person would, it counts and refuses as `analytic`.

Needs Chromium and its driver (Debian: ``apt-get install chromium chromium-driver``) and selenium.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import analytic
from analytic import checkerboard, explorer, maps
from analytic.arithmetic import INTEGERS
from analytic.cli import program
from analytic.explorer import LABELS, words
from analytic.layer import AXIS_RULES, PER_AXIS, Layer, shown
from analytic.phases import largest
from analytic.taps import dead_taps, dead_words
from analytic.totals import CONVENTIONS, RULES

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
    now = browser.execute_script("return CHECKED.map((id) => document.getElementById(id).checked)")
    for (identifier, checked), is_checked in zip(wanted.items(), now, strict=True):
        if checked != is_checked:
            find(browser, f"#{identifier}").click()
    wait(browser, "CHECKED.map((id) => document.getElementById(id).checked)", [*wanted.values()])
    settled(browser)


def wait(browser: Any, script: str, wanted: Any) -> None:
    """Wait until an expression of the page is as wanted, however busy the machine is."""
    support = pytest.importorskip("selenium.webdriver.support.wait")
    waiting = support.WebDriverWait(browser, PATIENCE, poll_frequency=0.01)
    waiting.until(lambda _: browser.execute_script(f"return {script}") == wanted, (script, wanted))


def settled(browser: Any) -> None:
    """Wait until the page has drawn what stands in its fields."""
    wait(browser, "document.querySelector('main').getAttribute('aria-busy')", "false")


def typed(browser: Any, fields: dict[str, Any]) -> None:
    """Type a layer with the keyboard: Tab selects what stands in the next field, a key replaces it.

    ``fields`` are arguments of `Layer`; where all of them are single numbers, the axes are linked.
    """
    keys = webdriver().Keys
    apart = any(isinstance(fields.get(name), tuple) for name in PER_AXIS if name != "input_size")
    linked = not apart and len(set(fields["input_size"])) == 1
    cropped_apart = fields.get("end_padding") is not None
    check(browser, linked=linked, apart=cropped_apart, bias=fields.get("bias", True))
    texts: list[str] = []
    for name in (*ROWS, *CHANNELS):
        value = fields.get(name, DEFAULT.get(name))
        if value is None:
            continue
        entries = value if isinstance(value, tuple) else (value,) * 2
        shown = entries[: 1 if linked or name in CHANNELS else 2]
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
    """A legal layer: small or large, linked or not, with crops apart or not."""
    while True:
        most = chance.choice((3, 9, 40, 10**9, 10**20))
        linked, apart = chance.random() < 0.4, chance.random() < 0.3

        def some(least: int, largest: int, linked: bool = linked) -> Any:
            pair = chance.randint(least, largest), chance.randint(least, largest)
            return pair[0] if linked else pair

        groups = chance.randint(1, 4)
        fields: dict[str, Any] = {
            "input_size": some(1, most),
            "kernel_size": some(1, min(most, 30)),
            "stride": some(1, min(most, 6)),
            "padding": some(-4 if apart else 0, 6),
            "end_padding": some(-4, 6) if apart else None,
            "output_padding": some(0, 3),
            "dilation": some(1, 4),
            "in_channels": groups * chance.randint(1, most),
            "out_channels": groups * chance.randint(1, most),
            "groups": groups,
            "batch_size": chance.randint(0, most),
            "bias": chance.random() < 0.5,
        }
        if linked:
            fields["input_size"] = (fields["input_size"],) * 2
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
        for field in ("positions", "overlaps", "covered", "filters"):
            found[f"{field} | layer"] = getattr(count, field)
    for rule in RULES:
        found[f"MACs | {rule}"] = analytic.macs(layer, rule=rule)
        found[f"2 × MACs | {rule}"] = 2 * found[f"MACs | {rule}"]
    for at in (0, 1):
        one = layer.replace(
            **{
                name: value[at : at + 1]
                for name, value in layer.items()
                if name in PER_AXIS and value is not None
            }
        )
        for field in ("positions", "overlaps", "covered"):
            found[f"{field} | axis {at}"] = getattr(analytic.count(one), field)
    return found


def test_a_hundred_layers_are_counted_as_analytic_counts_them(browser: Any) -> None:
    chance = random.Random(20160)
    evenness = set()
    for _ in range(100):
        fields = random_fields(chance)
        typed(browser, fields)
        layer = layer_of(fields)
        verdict = checkerboard.verdict(layer)
        evenness.add(verdict[:4])
        refusal, said, advice, size = browser.execute_script(
            "return ['#refusal', '#verdict', '#advice', '#headline strong']"
            ".map((selector) => document.querySelector(selector).innerText)"
        )
        assert (refusal, said, advice) == ("", verdict, checkerboard.advice(layer)), fields
        assert size.replace(",", "") == " × ".join(map(str, analytic.count(layer).output_size))
        assert cells(browser) == expected_cells(layer), fields
    assert evenness == {"even", "unev"}


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
    layers = [
        {
            "input_size": (first[0], second[0]),
            **{
                name: (first[at], second[at])
                for at, name in enumerate(("kernel_size", "stride", "dilation", "padding"), 1)
            },
            **({"end_padding": (0, 2)} if apart else {}),
        }
        for first in axes
        for second in axes[::3]
        for apart in (False, True)
    ]
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
        "return arguments[0].map((fields) => {"
        "  document.getElementById('linked').checked = false;"
        "  document.getElementById('apart').checked = 'end_padding' in fields;"
        "  for (const [name, values] of Object.entries(fields)) values.forEach((value, at) =>"
        "    { document.getElementById(`${name}-${at}`).value = value; });"
        "  document.querySelectorAll('[id^=output_padding-]').forEach((f) => { f.value = 0; });"
        "  update();"
        "  return ['verdict', 'advice'].map((id) => document.getElementById(id).textContent);"
        "})",
        layers,
    )


def test_the_page_tells_of_dead_taps(browser: Any) -> None:
    """By hand: on one input, padded by 1, the middle tap of 3 alone meets it."""
    typed(browser, {"input_size": (1, 2), "kernel_size": 3, "padding": 1})
    assert text(browser, "dead") == (
        "dead taps: 2 on axis 0, so 6 weights meet no input; none is dead from input size 2x2 on"
    )
    for fields in (
        {"input_size": (1, 3), "kernel_size": (3, 2), "dilation": (5, 4), "padding": (4, 2)},
        {"input_size": (2, 2), "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 3},
        {"input_size": (4, 4), "kernel_size": 3},
    ):
        typed(browser, fields)
        assert text(browser, "dead") == dead_words(dead_taps(layer_of(fields)))


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
]


@pytest.mark.parametrize("wrong", ILLEGAL, ids=str)
def test_what_is_not_legal_is_refused_as_layer_refuses_it(
    browser: Any, wrong: dict[str, Any]
) -> None:
    linked = not any(isinstance(value, tuple) for value in wrong.values())
    legal = {"input_size": (8, 8), "kernel_size": 3, "stride": 2, "padding": 1}
    if not linked:
        legal = {name: (value, value) for name, value in legal.items() if name != "input_size"}
        legal["input_size"] = (8, 8)
    fields = {**legal, "in_channels": 4, "out_channels": 4, **wrong}
    with pytest.raises((ValueError, TypeError)) as refused:
        Layer(**{**fields, "input_size": tuple(map(number, fields["input_size"]))})
    typed(browser, fields)
    assert text(browser, "refusal") == str(refused.value)
    assert not find(browser, "#answers").is_displayed()
    # The field that is wrong is marked; an output size is no field.
    argument = str(refused.value).split()[0]
    marked = browser.find_elements("css selector", MARKED)
    names = [field.get_attribute("id").partition("-")[0] for field in marked]
    assert names == [argument] * (argument != "output_size")
    assert all(field.get_attribute("aria-describedby") == "refusal" for field in marked)
    assert len(browser.find_elements("css selector", '[aria-describedby="refusal"]')) == len(marked)


#: What no keyboard has, and what Python's repr writes by its number.
ODD = ("a\u00a0b", "\u200b", "\u2028x", "é日😀", "\x07\x7f", "\U000e0001", "a\tb", "'\"", "\\'")


def test_what_was_typed_is_quoted_as_python_quotes_it(browser: Any) -> None:
    quoted = browser.execute_script("return arguments[0].map(quoted)", list(ODD))
    assert quoted == [shown(text) for text in ODD]


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
    assert find(browser, "#end_padding-1").get_attribute("value") == "2"
    assert find(browser, "#dilation-1").get_attribute("value") == "2"


@pytest.mark.parametrize("size", [(1, 2), (3, 3), (10**12, 3)])
def test_the_colours_are_scaled_as_in_the_terminal(browser: Any, size: tuple[int, int]) -> None:
    # Three inputs of five taps, the end cut before the one output on which three products land.
    fields: dict[str, Any] = {"input_size": size, "kernel_size": (5, 5), "stride": 2, "padding": 0}
    fields |= {"end_padding": (0, 5) if size == (3, 3) else (0, 0)}
    typed(browser, fields)
    most = [largest(INTEGERS, axis) for axis in layer_of(fields).axes]
    assert browser.execute_script("return map.most.map(String)") == list(map(str, most))
    assert f"few to {most[0] * most[1]} products" in text(browser, "scale")


def test_a_refusal_is_in_view_of_its_field(browser: Any) -> None:
    size = {"width": 400, "height": 600, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        wait(browser, "innerWidth === 400", True)
        typed(browser, {**LEGAL, "batch_size": -1})
        top, bottom, field = browser.execute_script(
            "const box = (id) => document.getElementById(id).getBoundingClientRect();"
            "return [box('refusal').top, box('refusal').bottom, box('batch_size').top]"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert 0 <= top < bottom <= field < 600


def test_a_flag_of_the_advice_stays_on_one_line(browser: Any) -> None:
    typed(browser, LEGAL)
    flags = [flag.text for flag in browser.find_elements("css selector", "#advice .flag")]
    assert flags == re.findall(r"--\S+ \S+", checkerboard.advice(layer_of(LEGAL)))
    assert len(flags) > 1


def position(browser: Any) -> list[str]:
    return text(browser, "position").splitlines()


def press(browser: Any, *keys: str) -> None:
    special = webdriver().Keys
    find(browser, "#map").send_keys(*(getattr(special, key) for key in keys))


def test_the_map_is_the_coverage(browser: Any) -> None:
    fields = {**LEGAL, "input_size": (5, 7), "kernel_size": (3, 2), "dilation": (1, 3)}
    typed(browser, fields)
    profiles = browser.execute_script("return map.profiles.map((of) => of.map((at) => `${at.c}`))")
    assert [[int(c) for c in of] for of in profiles] == [
        maps.along(axis) for axis in layer_of(fields).axes
    ]
    assert text(browser, "gaps") == ""


def test_a_large_map_is_drawn_at_its_ends_and_says_so(browser: Any) -> None:
    fields = {**LEGAL, "input_size": (10**15, 9)}
    typed(browser, fields)
    (axis, _) = layer_of(fields).axes
    drawn = browser.execute_script(
        "return map.profiles[0].map((at) => at && [`${at.y}`, `${at.c}`])"
    )
    gap = drawn.index(None)
    assert all(maps.at(axis, int(y)) == int(c) for y, c in drawn[:gap] + drawn[gap + 1 :])
    first, last = int(drawn[gap - 1][0]) + 1, int(drawn[gap + 1][0]) - 1
    assert text(browser, "gaps") == (
        f"hatched: rows {first:,} to {last:,} are not drawn: there is no room"
    )


#: How much is inked of a cell: of the map where a row meets a column, or of the bar of a row.
INKED = """
    const [down, across] = arguments, { cell } = map, canvas = $("map");
    const [x, width] = across === null ? [0, STRIP - 8] : [STRIP + across * cell, cell];
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(x, STRIP + down * cell, width, cell);
    return data.filter((part, at) => at % 4 === 3 && part).length * 4 / data.length;
"""


def test_a_gap_is_hatched_in_map_and_bars_and_a_hole_is_not(browser: Any) -> None:
    # Kernel 1 and stride 2: every second row is a hole.
    typed(browser, {**LEGAL, "input_size": (500, 9), "kernel_size": 1})
    gap = browser.execute_script("return map.profiles[0].indexOf(null)")
    for across in (4, None):
        assert 0.1 < browser.execute_script(INKED, gap, across) < 0.95
    assert browser.execute_script(INKED, 4, None) == 0
    assert browser.execute_script(INKED, 4, 3) < 0.1  # a dot
    typed(browser, {**LEGAL, "kernel_size": 1})
    assert browser.execute_script("return map.profiles[0].indexOf(null)") == -1


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


def test_the_pointer_shows_what_lands_under_it(browser: Any) -> None:
    typed(browser, {**LEGAL, "kernel_size": 1})
    canvas = find(browser, "#map")
    x, y = browser.execute_script("return [1, 2].map((at) => STRIP + at * map.cell + map.cell / 2)")
    left, top = canvas.size["width"] / 2, canvas.size["height"] / 2
    pointer = webdriver().ActionChains(browser)
    pointer.move_to_element_with_offset(canvas, int(x - left), int(y - top)).perform()
    wait(browser, "`${cursor}`", "2,1")
    assert position(browser) == [
        "Products on output (2, 1): 0 × 1 = 0",
        "Axis 0: no pair lands here",
        "Axis 1: input 1, tap 0",
    ]


def test_a_long_list_of_pairs_is_not_cut_silently(browser: Any) -> None:
    typed(browser, {"input_size": (50, 50), "kernel_size": 40})
    press(browser, "HOME", "PAGE_UP", *["ARROW_DOWN"] * 14)
    assert position(browser)[0] == "Products on output (14, 0): 15 × 1 = 15"
    assert position(browser)[1].endswith("input 3, tap 11; and 3 more")
    # Of 10^18 taps, those that an input meets at the end of the output are the last.
    typed(browser, {"input_size": (3, 3), "kernel_size": 10**18, "stride": 1})
    press(browser, "HOME", "PAGE_DOWN")
    assert position(browser)[1] == f"Axis 0: input 2, tap {10**18 - 1}"


def test_a_link_restores_the_layer(browser: Any, file: Path) -> None:
    fields = {**LEGAL, "kernel_size": (4, 5), "end_padding": (-1, 2), "groups": 2, "bias": False}
    fields |= {"in_channels": 6, "out_channels": 8}
    typed(browser, fields)
    wait(browser, "location.hash === `#${stateNow()}`", True)  # the link follows the fields
    link, counts = browser.current_url, cells(browser)
    assert link.startswith(f"{file.as_uri()}#")
    browser.get("about:blank")
    browser.get(link)
    assert cells(browser) == counts == expected_cells(layer_of(fields))
    assert find(browser, "#kernel_size-1").get_attribute("value") == "5"
    find(browser, "#share").click()
    wait(browser, "document.querySelector('#shared').textContent !== ''", True)


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


SCHEME = "prefers-color-scheme"


@pytest.mark.parametrize("width", [400, 1400])
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
    assert names(browser, "textbox") == both + channels
    typed(browser, LEGAL)
    assert names(browser, "textbox") == named + channels
    boxes = ["the same on both axes", "begin and end padding apart, as in ONNX", "bias"]
    assert names(browser, "checkbox") == boxes
    assert names(browser, "button") == ["Copy a link to this layer"]
    check(browser, linked=False, apart=True, bias=True)
    assert names(browser, "textbox")[6:10] == [
        f"{end} padding, axis {at}" for end in ("begin", "end") for at in (0, 1)
    ]


def test_headings_tables_and_the_map_are_what_they_look_like(browser: Any) -> None:
    typed(browser, LEGAL)
    titles = ["Counts", "Coverage", "All counts in all conventions", "Formula of this layer"]
    headings = [(of["level"], name) for _, name, _, of in accessible(browser, "heading")]
    assert headings == [(1, "Transposed convolution explorer"), *((2, name) for name in titles)]
    assert names(browser, "region") == titles
    assert names(browser, "table") == ["by convention", "MACs by rule", "what they are made of"]
    assert names(browser, "columnheader") == [
        *CONVENTIONS,
        *RULES,
        *("axis 0", "axis 1", "layer"),
    ]
    assert names(browser, "rowheader")[4:8] == ["total", "MACs", "2 × MACs", "positions"]
    ((_, name, description, properties),) = accessible(browser, "application")
    assert (name, properties["roledescription"]) == ("Coverage", "coverage map")
    assert properties["focusable"]
    assert "move with the arrow keys" in description
    assert "dark to light" in description


def test_a_refusal_is_read_out_and_describes_its_field(browser: Any) -> None:
    typed(browser, {**LEGAL, "stride": 0})
    words = "stride must be positive, got 0 on axis 0"
    fields = accessible(browser, "textbox")
    assert [name for _, name, _, of in fields if of["invalid"] == "true"] == ["stride"]
    assert [(name, said) for _, name, said, _ in fields if said] == [("stride", words)]
    ((_, _, _, properties),) = accessible(browser, "alert")
    assert (properties["live"], text(browser, "refusal")) == ("assertive", words)
    typed(browser, LEGAL)
    assert accessible(browser, "alert") == []
    assert not any(
        said or of["invalid"] == "true" for *_, said, of in accessible(browser, "textbox")
    )


def test_changes_are_read_out_in_one_place(browser: Any) -> None:
    typed(browser, {**LEGAL, "in_channels": 4, "out_channels": 6})
    count = analytic.count(layer_of({**LEGAL, "in_channels": 4, "out_channels": 6}))
    words = (
        f"output size 15 × 15; operations (nonzero convention) {count.total:,}; "
        f"MACs (exact rule) {count.macs:,}; 2 × MACs (exact rule) {2 * count.macs:,}; "
        "uneven: interior outputs receive 1, 2 or 4 products; "
        "kernel 3 is not a multiple of stride 2"
    )
    wait(browser, "$('said').textContent", words)
    press(browser, "HOME", "PAGE_UP")
    assert find(browser, "#said").get_attribute("textContent") == (
        "Products on output (0, 0): 1 × 1 = 1. Axis 0: input 0, tap 1. Axis 1: input 0, tap 1"
    )
    live = [role for role, _, _, of in accessible(browser) if of.get("live")]
    assert live == ["status"] * 2  # this, and whether the link is copied


def test_the_page_is_whole_and_small(file: Path) -> None:
    written = file.read_text(encoding="utf-8")
    assert written == explorer.page()
    assert len(written.encode()) < 300_000
    assert "/*{" not in written
    # No network: the only address is the name of MathML.
    addresses = set(re.findall(r"https?://[^\"'\s<\\]+", written))
    assert addresses == {"http://www.w3.org/1998/Math/MathML"}
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
