"""The pairs, listed, drawn and animated: each is a product that a loop over the kernel finds."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from PIL import Image

from analytic import pairs
from analytic.axis import Axis
from analytic.cli import program
from analytic.layer import Layer
from analytic.pictures import pairs as pictures

HERE = Path(__file__).parent
README = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
LAYER = ["--input-size", "3x3", "--kernel-size", "3", "--stride", "2", "--padding", "1"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["pairs", *arguments])


def brute(layer: Layer) -> Counter[tuple[tuple[int, ...], ...]]:
    """Input, tap and output of every product, by going through all inputs and taps."""
    start = layer.padding
    sizes = [pairs.of_layer(layer).sizes[field] for field in ("input", "output")]
    scattered, gathered = sizes if layer.transposed else reversed(sizes)
    products = []
    for element in itertools.product(*map(range, scattered)):
        for tap in itertools.product(*map(range, layer.kernel_size)):
            end = tuple(
                i * s + t * d - b
                for i, t, s, d, b in zip(
                    element, tap, layer.stride, layer.dilation, start, strict=True
                )
            )
            if all(0 <= y < size for y, size in zip(end, gathered, strict=True)):
                ends = (element, end) if layer.transposed else (end, element)
                products.append((ends[0], tap, ends[1]))
    return Counter(products)


LAYERS = [
    README,
    Layer((3, 4), 1, 1, (3, 2), stride=(2, 3), padding=(1, 0), dilation=(1, 2)),
    Layer((5,), 1, 1, 2, stride=3, padding=-1, end_padding=2),
    Layer((3,), 1, 1, 3, stride=4, dilation=2, output_padding=3),
    Layer((2, 2, 3), 1, 1, 2),
    Layer((6, 5), 1, 1, 3, stride=2, padding=1, transposed=False),
    Layer((4, 4), 1, 1, 3, padding=6, dilation=6, transposed=False),
    Layer((6, 7), 1, 1, 1, stride=2, transposed=False),
]


@pytest.mark.parametrize("passed", pairs.PASSES)
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_every_result_sums_its_products(layer: Layer, passed: str) -> None:
    expected = brute(layer)
    listed = pairs.of_layer(layer, passed)
    fields = ("input", "tap", "output")
    found: Counter[tuple[tuple[int, ...], ...]] = Counter()
    numbers = listed.numbers(listed.roles.result)
    for at in itertools.product(*map(range, listed.results)):
        summed = listed.summed(at)
        assert numbers[at] == len(summed)
        for pair in summed:
            assert pairs.place(pair, listed.roles.result) == at
            found[tuple(pairs.place(pair, field) for field in fields)] += 1
    assert found == expected
    assert listed.number() == expected.total()


def test_a_million_taps_are_gone_through_and_no_more() -> None:
    """Of one input, every output has one pair: there are as many as taps."""
    assert len(pairs.of_axis(Axis(1, 1000, 1, 1, 0, 0, 0))) == 1000
    with pytest.raises(OverflowError, match="got 1001 times 1001"):
        pairs.of_axis(Axis(1, 1001, 1, 1, 0, 0, 0))


@pytest.mark.parametrize(
    ("passed", "factors", "result"),
    [
        ("forward", ("input", "tap"), "output"),
        ("grad_input", ("output", "tap"), "input"),
        ("grad_weight", ("input", "output"), "tap"),
    ],
)
def test_what_a_pass_multiplies(passed: str, factors: tuple[str, str], result: str) -> None:
    """As in backpropagation: a gradient multiplies that of the output with the other factor."""
    roles = pairs.of_layer(README, passed).roles
    assert (roles.factors, roles.result) == (factors, result)
    assert roles.names[result] == (passed if passed != "forward" else "output")


def test_another_pass_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pass must be one of 'forward', .*, got 'backward'"):
        pairs.of_layer(README, "backward")


def test_the_result_that_sums_most_is_in_the_middle() -> None:
    """By hand: kernel 3, stride 2 lands 1 1 2 1 2 1 1 times on outputs 0 to 6; 2 and 4 tie."""
    listed = pairs.of_layer(Layer((3,), 1, 1, 3, stride=2))
    assert listed.fullest() == (2,)
    assert pairs.of_layer(README).fullest() == (7, 7)


def collections(figure: Figure, kind: type[Any]) -> list[Any]:
    return [one for one in figure.axes[0].collections if type(one) is kind]


def test_the_lines_are_the_products() -> None:
    """The 2×2 inputs and every other tap that meet in an inner output of kernel 4, stride 2."""
    figure = pictures.figure(README)
    (lines,) = collections(figure, LineCollection)
    left, kernel, output = pictures.grids(pairs.of_layer(README))
    drawn = {tuple(map(tuple, path)) for path in lines.get_segments()}
    met = [(4, 0), (3, 2)]  # inputs and taps of output 7 of an axis: 2·i + t − 1 = 7
    assert drawn == {
        (left.centre((i, j)), kernel.centre((t, u)), output.side((7, 7)))
        for i, t in met
        for j, u in met
    }


def test_cells_are_square_and_of_one_size() -> None:
    figure = pictures.figure(README)
    figure.draw_without_rendering()
    (left, right), (bottom, top) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert (right - left, bottom - top) == pytest.approx(tuple(figure.get_size_inches()))
    grids = pictures.grids(pairs.of_layer(README))
    assert [(grid.rows, grid.columns) for grid in grids] == [(8, 8), (4, 4), (16, 16)]
    assert len({grid.cell for grid in grids}) == 1
    assert [grid.name for grid in grids] == ["input", "× kernel", "→ output"]


SHAPES = [
    (README, "forward"),
    (Layer((1,), 1, 1, 1), "grad_weight"),
    (Layer((32,), 1, 1, 1), "grad_input"),
    (Layer((2, 32), 1, 1, 1), "forward"),
    (Layer((7,), 1, 1, 3, stride=2, dilation=4), "grad_weight"),
]


@pytest.mark.parametrize(("layer", "passed"), SHAPES, ids=str)
def test_all_is_on_the_paper(layer: Layer, passed: str) -> None:
    figure = pictures.figure(layer, passed)
    figure.draw_without_rendering()
    words = figure.get_tightbbox()
    assert words.x0 >= -1e-6
    assert words.y0 >= -1e-6
    assert words.x1 <= figure.get_figwidth() + 1e-6  # the paper itself is part of the box
    assert words.y1 <= figure.get_figheight() + 1e-6


def words(figure: Figure) -> str:
    caption = figure.get_supxlabel()
    assert isinstance(caption, str)
    return caption.replace("\n", " ").replace("\u00a0", " ")


def test_the_caption_counts() -> None:
    assert words(pictures.figure(README)) == (
        "8x8 → 16x16, kernel 4x4, stride 2x2, padding 1x1 "
        "output (7, 7) sums 4 products of input and kernel "
        "900 products × 24 filters × 2 samples = 43,200 exact MACs"
    )
    weight = words(pictures.figure(Layer((2,), 1, 1, 1), "grad_weight"))
    assert "grad_weight (0) sums 2 products of input and grad_output" in weight
    assert "2 products × 1 filter × 1 sample = 2 exact MACs" in weight


def test_the_caption_of_a_figure_may_be_left_out() -> None:
    whole, bare = (pictures.figure(README, caption=flag) for flag in (True, False))
    assert not bare.get_supxlabel()
    assert bare.get_figheight() < whole.get_figheight()


def test_what_is_in_no_product_is_hatched() -> None:
    """A 1×1 kernel of stride 2 on 3×3 inputs reads four of them, and not the other five."""
    figure = pictures.figure(Layer((3, 3), 1, 1, 1, stride=2, transposed=False))
    hatched = [
        len(one.get_paths()) for one in collections(figure, PolyCollection) if one.get_hatch()
    ]
    assert hatched == [5, 0, 0]
    assert words(figure).endswith("hatched: in no product")
    assert "hatched" not in words(pictures.figure(README))


def filled(scene: pictures.Scene) -> list[tuple[float, ...]]:
    shades: Any = scene.cells.get_facecolor()
    return [tuple(shade) for shade in shades]


def test_a_colour_is_one_number_of_products_in_the_result_too() -> None:
    layer = Layer((3, 3), 1, 1, 3, stride=2, padding=1)
    scene = pictures.Scene(layer, pairs.of_layer(layer), caption=True)
    white = to_rgba("white")
    scene.show((0, 0), [(0, 0)])
    assert [shade == white for shade in filled(scene)] == [False] + [True] * 24
    assert words(scene.figure).split(" so far")[0].endswith("of input and kernel; 1 of 49")
    scene.show((0, 1), [*scene.results])
    profile = [1, 2, 1, 2, 1]  # by hand: outputs −1 and 5 are cropped
    colour = dict(zip([a * b for a in profile for b in profile], filled(scene), strict=False))
    assert filled(scene) == [colour[a * b] for a in profile for b in profile]
    assert len(set(filled(scene))) == 3
    swatches = {patch.get_facecolor() for patch in scene.figure.axes[1].patches}
    assert swatches == set(filled(scene))
    written = {
        line.get_marker(): len(np.asarray(line.get_xdata())) for line in scene.figure.axes[0].lines
    }
    assert (written["$1$"], written["$2$"], written["$4$"]) == (9, 12, 4)
    assert "so far" not in words(scene.figure)


def test_small_cells_have_no_numbers() -> None:
    markers = {line.get_marker() for line in pictures.figure(README).axes[0].lines}
    assert markers == {"o"}


@pytest.mark.parametrize(("inputs", "lines"), [(8, 1), (9, 0)])
def test_too_many_products_are_cells_alone(inputs: int, lines: int) -> None:
    """The one tap of a kernel meets all inputs: 64 are drawn as lines, 81 are not."""
    figure = pictures.figure(Layer((inputs, inputs), 1, 1, 1), "grad_weight")
    assert len(collections(figure, LineCollection)) == lines
    lit = [len(one.get_paths()) for one in collections(figure, PolyCollection)]
    assert lit.count(inputs**2) == 4  # cells and factors of input and of grad_output


@pytest.mark.parametrize("suffix", ["gif", "apng"])
def test_an_animation_shows_every_result(tmp_path: Path, suffix: str) -> None:
    files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    layer = ["--input-size", "2x2", "--kernel-size", "2", "--no-transposed", "--pass", "grad_input"]
    for file in files:
        assert run(*layer, "--output", str(file)).exit_code == 0
    first, second = (file.read_bytes() for file in files)
    assert first == second
    with Image.open(files[0]) as image:
        assert image.format == {"gif": "GIF", "apng": "PNG"}[suffix]
        assert (
            getattr(image, "n_frames", 1) == 4
        )  # the last one stays: frames that are alike are one


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize(
    ("passed", "field"), [(name, pairs.PASSES[name].result) for name in pairs.PASSES]
)
def test_both_kinds_and_every_pass_are_animated(
    passed: str, field: str, transposed: bool, tmp_path: Path
) -> None:
    """3 inputs, 2 taps, and 4 or 2 outputs."""
    results = {"input": 3, "tap": 2, "output": 4 if transposed else 2}
    file = tmp_path / "a.gif"
    pictures.animate(Layer((3,), 1, 1, 2, transposed=transposed), str(file), passed)
    with Image.open(file) as image:
        assert getattr(image, "n_frames", 1) == results[field]


def test_an_animation_goes_through_holes(tmp_path: Path) -> None:
    """Inputs that nothing reads have a picture too: no line, and the number 0."""
    layer = Layer((3,), 1, 1, 1, stride=2, transposed=False)
    followed: list[tuple[int, ...]] = []

    def follow(results: Any) -> Any:
        for at in results:
            followed.append(at)
            yield at

    pictures.animate(layer, str(tmp_path / "a.gif"), "grad_input", follow=follow)
    assert followed == [(0,), (1,), (2,)]
    for at, products in (((0,), 1), ((1,), 0)):
        figure = pictures.figure(layer, "grad_input", at)
        assert len(collections(figure, LineCollection)) == products
        ends = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
        assert len(ends) == products


TOO_LARGE = [
    (["--input-size", "64x64", "--kernel-size", "4"], "a.png", "at most 32 positions a side"),
    (
        ["--input-size", "17x16", "--kernel-size", "1"],
        "a.gif",
        "at most 256 results, got output 17x16",
    ),
    (["--input-size", "64x64", "--kernel-size", "4"], "a.gif", "at most 32 positions a side"),
    (["--input-size", "9" * 16, "--kernel-size", "4"], "a.gif", "positions times taps of an axis"),
    (["--input-size", "9" * 400, "--kernel-size", "4"], None, "an integer of 1329 bits times 4"),
]


@pytest.mark.parametrize(("arguments", "file", "refusal"), TOO_LARGE, ids=str)
def test_too_large_to_show(
    arguments: list[str], file: str | None, refusal: str, tmp_path: Path
) -> None:
    output = [] if file is None else ["--output", str(tmp_path / file)]
    result = run(*arguments, *output)
    assert result.exit_code == 1
    assert result.output.count(refusal) == 1
    assert not [*tmp_path.iterdir()]


WRONG_USAGE = [
    (["--at", "5x5"], "at must be a position of output 5x5, from 0 on, got '5x5'"),
    (["--at", "1"], "at must be a position of output 5x5, from 0 on, got '1'"),
    (["--at", "1x-1"], "at must be a position of output 5x5, from 0 on, got '1x-1'"),
    (["--at", "3x0", "--pass", "grad_weight"], "at must be a position of grad_weight 3x3"),
    (["--at", "1x1", "--output", "a.gif"], "at cannot stand beside an animation"),
    (["--output", "a.jpg"], "--output must end in .png, .svg, .pdf, .gif, .apng, got a.jpg"),
    (["--input-size", "3x3x3", "--output", "a.png"], "pairs are drawn of one axis or two, got 3"),
    (["--output", "nowhere/a.gif"], "nowhere/a.gif: No such file or directory"),
]


@pytest.mark.parametrize(("arguments", "refusal"), WRONG_USAGE, ids=str)
def test_wrong_usage(
    arguments: list[str], refusal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*LAYER, *arguments)
    assert result.exit_code == 2
    assert result.output.count(refusal) == 1
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("suffix", ["SVG", "png", "pdf"])
def test_a_figure_of_a_result_is_the_same_each_time(suffix: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for file in files:
        assert run(*LAYER, "--at", "0x0", "--output", str(file)).exit_code == 0
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith({"SVG": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix])


def test_the_table_of_a_result() -> None:
    """By hand: with padding 1, output 1 is 2·i + t − 1 for input 0, tap 2 and input 1, tap 0."""
    result = run(*LAYER, "--at", "0x1")
    assert result.exit_code == 0
    head, _, *rows, _, last = result.output.splitlines()
    assert head.split() == ["input", "kernel", "output"]
    assert {tuple(re.split("  +", row)) for row in rows} == {
        ("(0, 1)", "(1, 0)", "(0, 1)"),
        ("(0, 0)", "(1, 2)", "(0, 1)"),
    }
    assert last == "output (0, 1) sums 2 of 49 products"


def test_a_long_table_says_what_is_left_out() -> None:
    result = run("--input-size", "11x11", "--kernel-size", "1", "--pass", "grad_weight")
    assert len(result.output.splitlines()) == 2 + 100 + 3
    assert "and 21 more" in result.output
    assert result.output.endswith("grad_weight (0, 0) sums 121 of 121 products\n")


def test_listing_needs_no_drawing() -> None:
    code = "import sys, analytic.commands.pairs; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=HERE.parent)
