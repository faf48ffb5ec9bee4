"""The explorer page in a browser: opened once, typed into as a person would.

Needs Chromium and its driver (Debian: ``apt-get install chromium chromium-driver``) and selenium.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import analytic
from analytic import headline
from analytic.axis import Axis
from analytic.cli import program
from analytic.layer import PER_AXIS, Layer
from analytic.tables import passes_fields
from analytic.totals import CONVENTIONS, RULES
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


@pytest.fixture(scope="session")
def explorer_html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, as the command writes it."""
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    assert CliRunner().invoke(program, ["explorer", "--output", str(path)]).exit_code == 0
    return path


@pytest.fixture(scope="session")
def browser(explorer_html: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
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
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(explorer_html.parent)}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SE_OFFLINE", "true")
        service = selenium.ChromeService(driver)
        opened = selenium.Chrome(options=options, service=service)
    try:
        opened.set_script_timeout(PATIENCE)
        opened.get(explorer_html.as_uri())
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
ROWS = (
    "input_size",
    "kernel_size",
    "stride",
    "padding",
    "end_padding",
    "output_padding",
    "dilation",
)


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


def arguments(axes: tuple[tuple[int, ...], ...]) -> dict[str, tuple[int, ...]]:
    """The arguments of `Layer`, from those of each axis."""
    names = ("input_size", "kernel_size", "stride", "dilation", "padding")
    return dict(zip(names, zip(*axes, strict=True), strict=True))


def kept(axis: Axis) -> list[tuple[int, int, int]]:
    """The pairs of an axis by their definition: input, tap, position."""
    inside = range(brute.size(axis))
    pairs = [(i, t, i * axis.s + t * axis.d - axis.b) for i in range(axis.n) for t in range(axis.k)]
    return [(i, t, y) for i, t, y in pairs if y in inside]


def number(typed_in: Any) -> Any:
    """What was typed, as a number where it is one."""
    return int(typed_in) if re.fullmatch("-?[0-9]+", str(typed_in)) else typed_in


LEGAL: dict[str, Any] = {"input_size": (8, 8), "kernel_size": 3, "stride": 2, "padding": 1}


def press(browser: Any, *keys: str, grid: str = "output") -> None:
    special = webdriver().Keys
    find(browser, f"#grid-{grid}").send_keys(*(getattr(special, key) for key in keys))


GRIDS = ("input", "kernel", "output")


def said(browser: Any) -> str:
    """What a screen reader is to read out."""
    return str(find(browser, "#said").get_attribute("textContent"))


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


def linked(browser: Any) -> None:
    """Wait until the link follows the fields."""
    settled(browser)
    wait(browser, "location.hash === `#${stateNow()}`", True)


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
