"""The explorer as it is used: typing, stepping, going back, links, copies, screen readers."""

from __future__ import annotations

import json
import re
import shlex
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import analytic
from analytic import checkerboard
from analytic.cli import program
from analytic.explorer import presets
from analytic.layer import Layer
from analytic.totals import CONVENTIONS, RULES
from tests.page import (
    CHANNELS,
    GRIDS,
    LEGAL,
    ROWS,
    accessible,
    cells,
    check,
    choose,
    expected_cells,
    expected_headline,
    find,
    headline_of,
    layer_of,
    linked,
    names,
    press,
    resized,
    said,
    settled,
    text,
    typed,
    wait,
    webdriver,
)


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
    for alike in (True, False):
        check(browser, linked=alike, apart=True, bias=True)
        assert cells(browser) == counts
    choose(browser, axes="3")
    assert find(browser, "#end_padding-2").get_attribute("value") == "2"
    assert cells(browser) == expected_cells(layer_of({**fields, "input_size": (8, 8, 8)}))
    choose(browser, axes="2")
    assert find(browser, "#end_padding-1").get_attribute("value") == "2"
    assert find(browser, "#dilation-1").get_attribute("value") == "2"


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


def wait_for_counts(browser: Any, fields: dict[str, Any]) -> None:
    macs = analytic.macs(layer_of(fields))
    wait(browser, "document.querySelectorAll('#headline strong')[1].textContent", f"{macs:,}")
    assert cells(browser) == expected_cells(layer_of(fields))


def test_a_link_names_every_field_and_restores_the_layer(browser: Any, explorer_html: Path) -> None:
    fields = {**LEGAL, "kernel_size": (4, 5), "end_padding": (-1, 2), "groups": 2, "bias": False}
    fields |= {"in_channels": 6, "out_channels": 8}
    typed(browser, fields, "grad_weight")
    linked(browser)  # the link follows the fields
    link, counts = browser.current_url, cells(browser)
    assert link.startswith(f"{explorer_html.as_uri()}#")
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
    browser.get(f"{explorer_html.as_uri()}#input_size-0=5&input_size-1=5")
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


def test_the_headline_comes_first_on_a_telephone(narrow: Any) -> None:
    typed(narrow, LEGAL)
    tops = narrow.execute_script(
        "return ['first', 'layer', 'answers'].map((id) => $(id).getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    bottom = narrow.execute_script("return $('headline').getBoundingClientRect().bottom + scrollY")
    assert bottom < 900


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
