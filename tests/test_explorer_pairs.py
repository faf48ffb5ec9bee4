"""The grids of the explorer: what they draw, light up and stamp, held to lists of all pairs."""

from __future__ import annotations

import base64
import math
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import analytic
from analytic import maps
from analytic.arithmetic import INTEGERS
from analytic.layer import Layer
from analytic.phases import largest
from analytic.totals import Passes
from tests import brute
from tests.page import (
    GRIDS,
    LEGAL,
    PATIENCE,
    find,
    headline_of,
    kept,
    layer_of,
    press,
    resized,
    said,
    text,
    typed,
    wait,
    webdriver,
)


@pytest.mark.parametrize("size", [(1, 2), (3, 3), (10**12, 3)])
def test_the_colours_are_scaled_as_in_the_terminal(browser: Any, size: tuple[int, int]) -> None:
    # Three inputs of five taps, the end cut before the one output on which three products land.
    fields: dict[str, Any] = {"input_size": size, "kernel_size": (5, 5), "stride": 2, "padding": 0}
    fields |= {"end_padding": (0, 5) if size == (3, 3) else (0, 0)}
    typed(browser, fields)
    most = [largest(INTEGERS, axis) for axis in layer_of(fields).axes]
    assert browser.execute_script("return `${view.grids.output.most}`") == str(most[0] * most[1])
    assert f"few to {most[0] * most[1]} products" in text(browser, "scale")


def test_a_colour_is_one_number_in_cells_and_bars(browser: Any) -> None:
    """In cells 1, 2 and 4 products, in bars 1 and 2: three colours, of which bars have two."""
    typed(browser, LEGAL)
    colours = browser.execute_script(
        "const { base, left, top, wide, rows } = view.grids.output;"
        "const copy = new OffscreenCanvas(base.width, base.height);"
        "const pen = copy.getContext('2d', { willReadFrequently: true });"
        "pen.drawImage(base, 0, 0);"
        "const at = (x, y) => `${pen.getImageData(x, y, 1, 1).data.slice(0, 3)}`;"
        "const bars = rows.map((_, row) => at(left - 8, top + row * wide + 2));"
        "const first = rows.map((_, row) => at(left + 2, top + row * wide + 2));"
        "const second = rows.map((_, row) => at(left + wide + 2, top + row * wide + 2));"
        "return [bars, first, second]"
    )
    bars, first, second = colours
    # The first column has the numbers of the bars, the second twice these.
    assert bars == first
    assert len({*bars}) == 2
    assert len({*bars, *second}) == 3


def position(browser: Any) -> list[str]:
    return text(browser, "position").splitlines()


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
    assert not find(browser, "#player").is_displayed()  # there would be no end of it
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


@pytest.mark.parametrize("fields", LINKED, ids=str)
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
    assert browser.execute_script(STAMPED, len(order) + 1, grid) == wanted
    find(browser, "#show-all").click()
    if len(layer.axes) < 3:
        assert counts_in(browser, grid) == wanted[-1][0]


#: The numbers of a grid, slice by slice, and all products that have landed, with so many stamps.
STAMPED = """
    const [steps, name] = arguments;
    return upTo(steps).map((at) => {
      stampTo(BigInt(at));
      const { plane, lengths } = view.grids[name], planes = plane.slice === null ? 1n : lengths[0];
      const numbers = upTo(Number(planes)).flatMap((number) => {
        if (plane.slice !== null) slices[name] = BigInt(number);
        fillGrids();
        return view.grids[name].counts.map((row) => row.map(Number));
      });
      return [numbers, Number(landedBefore(BigInt(at)))];
    });
"""


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
    assert text(browser, "position").endswith(f"{outputs:,} of {outputs:,}; samples 2, channels 6")
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


def test_the_grids_are_saved_as_svg(browser: Any, explorer_html: Path) -> None:
    fields = {**LEGAL, "input_size": (3, 4), "kernel_size": 3}
    typed(browser, fields)
    press(browser, "HOME", "PAGE_UP", "ARROW_RIGHT", "ARROW_DOWN")
    find(browser, "#svg").click()
    saved = explorer_html.parent / "convolution.svg"
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


def test_the_grids_are_saved_as_png(browser: Any, explorer_html: Path) -> None:
    typed(browser, LEGAL)
    find(browser, "#png").click()
    saved = explorer_html.parent / "convolution.png"
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
