"""The figures: what is drawn is what is counted, and a figure is written whole or not at all."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from matplotlib.axis import Axis as Ruler
from matplotlib.figure import Figure
from PIL import Image

import analytic
from analytic import pictures
from analytic.cli import program
from analytic.commands import compare
from analytic.commands.toolbox import FIGURES, LayerFile, write_picture
from analytic.layer import Layer
from analytic.pictures import comparison, figures, sheet
from analytic.pictures.colours import ANCHORS

HERE = Path(__file__).parent
LAYER = ["--input-size", "8x8", "--kernel-size", "3", "--stride", "2", "--padding", "1"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments)


def words(figure: Figure) -> str:
    caption = figure.get_supxlabel()
    assert isinstance(caption, str)
    return caption.replace("\n", " ").replace("\u00a0", " ")


def test_the_heat_map_is_the_coverage() -> None:
    layer = Layer((5, 7), 1, 1, (3, 2), stride=(2, 3), dilation=(1, 2), padding=(1, 0))
    mesh = figures.coverage(layer).axes[2].collections[0]
    drawn = mesh.get_array()
    assert drawn is not None
    expected = analytic.coverage((5, 7), (3, 2), stride=(2, 3), dilation=(1, 2), padding=(1, 0))
    assert drawn.tolist() == expected


def test_the_profiles_stand_at_the_sides() -> None:
    figure = figures.coverage(Layer((4, 3), 1, 1, 3, stride=2))
    across, down, image = figure.axes[:3]
    assert [bar.get_height() for bar in across.patches] == [1, 1, 2, 1, 2, 1, 1]
    assert [bar.get_width() for bar in down.patches] == [1, 1, 2, 1, 2, 1, 2, 1, 1]
    # The first row is at the top, and a bar stands at its row or column of the map.
    assert down.get_ylim() == image.get_ylim() == (8.5, -0.5)
    assert across.get_xlim() == image.get_xlim() == (-0.5, 6.5)
    assert across.get_position().intervalx.tolist() == image.get_position().intervalx.tolist()
    assert down.get_position().intervaly.tolist() == image.get_position().intervaly.tolist()
    assert not image.patch.get_hatch()
    assert (labels(across.yaxis), labels(down.xaxis)) == (["2"], ["2"])
    assert (labels(image.xaxis), labels(image.yaxis)) == (["0", "6"], ["0", "8"])
    assert (image.get_xlabel(), image.get_ylabel()) == ("output column", "output row")
    assert (across.get_ylabel(), down.get_xlabel()) == ("products", "products")


SHAPES = [
    Layer((8, 8), 1, 1, 3, stride=2),
    Layer((32, 32), 1, 1, 3, stride=2),
    Layer((2, 60), 1, 1, 5, stride=3),
    Layer((60, 2), 1, 1, 5, stride=3),
    Layer((1, 1), 1, 1, 1),
    Layer((10**13, 3), 1, 1, 3, stride=2),
    Layer((3, 10**13), 1, 1, 3, stride=2),
    Layer((1, 40), 1, 1, 1),
    Layer((40, 1), 1, 1, 1),
]


@pytest.mark.parametrize("layer", SHAPES, ids=str)
def test_cells_are_square_and_on_the_paper(layer: Layer) -> None:
    figure = figures.coverage(layer)
    figure.draw_without_rendering()
    image = figure.axes[2]
    (left, right), (bottom, top) = image.get_xlim(), image.get_ylim()
    box = image.get_window_extent()
    assert box.width / (right - left) == pytest.approx(box.height / (bottom - top))
    on_the_paper(figure)
    names = [
        name.get_window_extent()
        for axes in figure.axes[:3]
        for name in (axes.xaxis.label, axes.yaxis.label)
        if name.get_text()
    ]
    assert len(names) >= 3
    assert not any(box.count_overlaps(names[:at]) for at, box in enumerate(names))


def on_the_paper(figure: Figure) -> None:
    words = figure.get_tightbbox()
    assert min(words.x0, words.y0) >= 0
    assert words.x1 <= figure.get_figwidth()
    assert words.y1 <= figure.get_figheight()


@pytest.mark.parametrize("inputs", [1, 40, 10**13])
def test_a_profile_is_on_the_paper(inputs: int) -> None:
    figure = figures.coverage(Layer((inputs,), 1, 1, 3, stride=2))
    figure.draw_without_rendering()
    on_the_paper(figure)


def test_a_single_cell_has_its_colour(tmp_path: Path) -> None:
    """One product, so the lightest colour, in the middle of the map."""
    figure = figures.coverage(Layer((1, 1), 1, 1, 1))
    file = tmp_path / "a.png"
    sheet.save(figure, str(file))
    box = figure.axes[2].get_window_extent()
    with Image.open(file) as image:
        scale = image.width / figure.bbox.width
        middle = (box.x0 + box.x1) / 2, figure.bbox.height - (box.y0 + box.y1) / 2
        pixel = image.convert("RGB").getpixel((round(middle[0] * scale), round(middle[1] * scale)))
    assert pixel == ANCHORS[-1]


def test_a_colour_is_one_number_of_products() -> None:
    """In map, profiles and legend: 1, 2 and 4 on the map, 1 and 2 beside it."""
    figure = figures.coverage(Layer((8, 8), 1, 1, 3, stride=2))
    figure.draw_without_rendering()
    across, down, image, legend = figure.axes
    seen: dict[float, set[tuple[float, ...]]] = {}
    for bar in across.patches:
        seen.setdefault(bar.get_height(), set()).add(bar.get_facecolor())
    for bar in down.patches:
        seen.setdefault(bar.get_width(), set()).add(bar.get_facecolor())
    (cells,) = image.collections
    values = cells.get_array()
    assert values is not None
    for value, shade in zip(values.ravel(), cells.get_facecolor(), strict=True):
        seen.setdefault(value, set()).add(tuple(shade))
    assert set(seen) == {1, 2, 4}
    assert all(len(shades) == 1 for shades in seen.values())
    assert len(set.union(*seen.values())) == 3
    named, *numbers = [text.get_text() for text in legend.texts]
    assert named == "products"
    swatches = [swatch.get_facecolor() for swatch in legend.patches]
    assert dict(zip(map(float, numbers), swatches, strict=True)) == {
        value: shade for value, (shade,) in seen.items()
    }


def test_no_paper_is_seen_between_cells() -> None:
    # A line around each in its own colour: else an enlarged vector figure has white seams.
    figure = figures.coverage(Layer((4, 3), 1, 1, 3, stride=2))
    figure.draw_without_rendering()
    cells = figure.axes[2].collections[0]
    assert cells.get_edgecolor().tolist() == cells.get_facecolor().tolist()
    assert min(cells.get_linewidth()) > 0
    for bar in (*figure.axes[0].patches, *figure.axes[1].patches):
        assert bar.get_edgecolor() == bar.get_facecolor()
        assert bar.get_linewidth() > 0


def labels(ruler: Ruler) -> list[str]:
    return [label.get_text() for label in ruler.get_ticklabels() if label.get_text()]


CUT = Layer((100, 3), 1, 1, 30, stride=20)
WIDE = Layer((3, 10**13), 1, 1, 3, stride=2)


@pytest.mark.parametrize("layer", [CUT, WIDE, Layer((10**13,) * 2, 1, 1, 3, stride=30)], ids=str)
def test_labels_do_not_touch(layer: Layer) -> None:
    figure = figures.coverage(layer)
    figure.draw_without_rendering()
    for axes in figure.axes[:3]:
        for ruler in (axes.xaxis, axes.yaxis):
            shown = [label for label in ruler.get_ticklabels() if label.get_text()]
            boxes = [label.get_window_extent() for label in shown]
            assert not any(one.count_overlaps(boxes[:at]) for at, one in enumerate(boxes))


def test_a_label_without_room_is_left_out() -> None:
    # 70 columns of which 0 to 21 and 58 to 69 are drawn: 58 stands two cells after 21.
    drawn = labels(figures.coverage(CUT).axes[2].xaxis)
    assert (drawn[0], drawn[-1]) == ("0", str(2 * 20 + 30 - 1))
    assert len(drawn) == 3


def test_a_gap_is_hatched_and_a_hole_is_not() -> None:
    across, down, image = figures.coverage(Layer((3, 500), 1, 1, 1, stride=2)).axes[:3]
    # Columns 0 to 37 and 998 are drawn: 19 periods, a gap, and the last.
    (gap,) = (bar for bar in across.patches if bar.get_hatch())
    assert (gap.get_x(), gap.get_width()) == (37.5, 1.0)
    assert not any(bar.get_hatch() for bar in down.patches)
    (gap,) = (
        bar
        for bar in figures.coverage(Layer((500, 3), 1, 1, 1, stride=2)).axes[1].patches
        if bar.get_hatch()
    )
    assert (gap.get_y(), gap.get_height()) == (37.5, 1.0)
    assert image.patch.get_hatch()


def test_caption() -> None:
    caption = words(figures.coverage(Layer((8, 8), 1, 1, 3, stride=2, padding=1)))
    assert "8x8 → 15x15, kernel 3x3, stride 2x2, padding 1x1" in caption
    assert "additions of a filter: ΠT − ΠC = 484 − 225 = 259" in caption
    assert "uneven: interior outputs receive 1, 2 or 4 products" in caption


def test_a_line_of_the_caption_does_not_part_a_name_from_its_value() -> None:
    layer = Layer((8, 8), 1, 1, 3, stride=2, padding=1, output_padding=1)
    first, second, *_ = str(figures.coverage(layer).get_supxlabel()).splitlines()
    assert first == "8x8 → 16x16, kernel\u00a03x3, stride\u00a02x2, padding\u00a01x1,"
    assert second == "output\u00a0padding\u00a01x1"


def test_caption_names_what_is_not_drawn() -> None:
    caption = words(figures.coverage(Layer((2, 500, 900), 1, 1, 3, stride=2)))
    assert "columns 37 to 1799 are not drawn: they repeat the 2 before them" in caption
    assert "rows 37 to 999 are not drawn: they repeat the 2 before them" in caption
    assert "map of the last two of 3 axes" in caption


def test_one_axis_is_its_profile() -> None:
    figure = figures.coverage(Layer((3,), 1, 1, 2, stride=3, padding=-1, end_padding=0))
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [0, 1, 1, 0, 1, 1, 0, 1, 1]
    assert "padding -1, end padding 0" in words(figure)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_figure_is_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    files = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for file in files:
        assert run("coverage", *LAYER, "--output", str(file)).exit_code == 0
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])


def test_a_figure_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = run("coverage", *LAYER, "--output", str(tmp_path / "a.jpg"))
    assert other.exit_code == 2
    assert "--output must end in .png, .svg, .pdf" in other.output
    nowhere = run("coverage", *LAYER, "--output", str(tmp_path / "missing" / "a.png"))
    assert nowhere.exit_code == 2
    assert "No such file or directory" in nowhere.output
    huge = ["--input-size", "9" * 400, "--kernel-size", "9" * 400, "--output"]
    large = run("coverage", *huge, str(tmp_path / "a.png"))
    assert large.exit_code == 1
    assert "too large to draw" in large.output
    for size in ("9" * 400, "9" * 16):
        large = run("coverage", "--input-size", size, "--kernel-size", "3", huge[-1], "a.png")
        assert (large.exit_code, large.output.count("too large to draw")) == (1, 1)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "analytic.pictures.figures")
    monkeypatch.delattr(pictures, "figures")
    without = run("coverage", *LAYER, "--output", str(tmp_path / "a.png"))
    assert without.exit_code == 1
    assert "matplotlib is not installed: pip install 'matplotlib>=3.9'" in without.output


SWEEP = ["--over", "padding", "--from", "0", "--input-size", "8x8", "--kernel-size", "5"]


def test_compare_over_padding() -> None:
    # At padding 9 one output an axis is left, on which 2 pairs land: 4 MACs.
    result = run("compare", *SWEEP, "--to", "10", "--stride", "2")
    assert result.exit_code == 0
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()[2:]}
    assert rows["0"] == ["1,600", "1,600", "9,025", "1", "5.6406"]
    assert rows["9"] == ["4", "1,600", "25", "400", "6.2500"]
    assert set(rows) == set(map(str, range(10)))
    assert result.stderr == "left out: padding 10: output_size must be positive, got -1 on axis 0\n"


def test_compare_is_drawn(tmp_path: Path) -> None:
    figure = tmp_path / "a.svg"
    assert run("compare", *SWEEP, "--output", str(figure)).exit_code == 0
    assert figure.stat().st_size > 5000
    file = HERE / "data" / "layers.jsonl"
    assert run("compare", str(file), "--output", str(figure)).exit_code == 0
    assert figure.stat().st_size > 5000


def layer_with(stride: int) -> Layer:
    return Layer((8, 8), 1, 1, 5, stride=stride)


def test_the_lines_are_the_ratios() -> None:
    """By hand: 8 inputs meet 5 taps an axis, 40² products; outputs are 7·s + 5 an axis."""
    made = comparison.sweep(layer_with, "stride", range(-1, 4))
    assert made.labels == [1, 2, 3]
    figure = figures.sweep(made, "stride", layer_with(2))
    axes = figure.axes[0]
    one, *lines = axes.lines
    assert list(one.get_ydata()) == [1.0, 1.0]
    drawn = {line.get_label(): list(line.get_ydata()) for line in lines}
    assert drawn == {
        "input rule": [1.0, 1.0, 1.0],
        "output rule": [size * size * 25 / 1600 for size in (12, 19, 26)],
    }
    assert axes.get_yscale() == "log"
    assert all(float(place).is_integer() for place in axes.get_xticks())
    caption = words(figure)
    assert caption.startswith("input 8x8, kernel 5x5 2 left out: stride -1: stride must be")
    assert not figures.sweep(made, "stride", layer_with(2), caption=False).get_supxlabel()
    assert not figures.layers(made, caption=False).get_supxlabel()


@pytest.mark.parametrize(
    ("kernel", "numbers"), [(2, ["1", "1.1"]), (5, ["1", "2"]), (16, ["1", "2", "5"])]
)
def test_ratios_have_numbers(kernel: int, numbers: list[str]) -> None:
    """A kernel of k on 8 inputs without stride charges (k + 7)²/64 by the output rule."""
    made = comparison.sweep(lambda kernel: Layer((8, 8), 1, 1, kernel), "kernel", [kernel])
    figure = figures.layers(made)
    figure.draw_without_rendering()
    ruler = figure.axes[0].yaxis
    low, high = sorted(ruler.get_view_interval())
    places = [float(place) for place in ruler.get_majorticklocs()]
    shown = [text for text, at in zip(labels(ruler), places, strict=True) if low <= at <= high]
    assert shown[: len(numbers)] == numbers


def test_the_layers_of_a_file_in_order(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "input_size,in_channels,out_channels,kernel_size,padding,batch_size\n"
        "2x2,1,1,2,0,1\n3,1,1,3,2,1\n3,1,1,0,0,1\n3,1,1,3,0,0\n"
    )
    made = compare.of_file(LayerFile(str(file)))
    # 16 products land on 3x3 outputs; then 3 inputs by 3 taps of which 3 land on 1 output.
    assert made.labels == [2, 3]
    assert made.macs == {"exact": [16, 3], "input": [16, 9], "output": [36, 3]}
    assert comparison.ratios(made) == {"input": [1.0, 3.0], "output": [2.25, 1.0]}
    assert made.left_out == [
        "line 4: kernel_size must be positive, got 0 on axis 0",
        "line 5: no products land, nothing to compare with",
    ]
    result = run("compare", str(file))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{file}, line 4: kernel_size must be positive, got 0 on axis 0",
        f"{file}, line 5: no products land, nothing to compare with",
        "Error: 2 of 4 rows were not counted",
    ]
    assert [line.split()[0] for line in result.stdout.splitlines()[2:]] == ["2", "3"]
    figure = figures.layers(made)
    assert words(figure).startswith("2 layers 2 left out: line 4")
    drawn = {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in figure.axes[0].lines[1:]
    }
    assert drawn == {
        "input rule": ([25.0, 75.0], [1.0, 3.0]),
        "output rule": ([25.0, 75.0], [1.0, 2.25]),
    }
    assert figure.axes[0].get_yscale() == "log"
    assert list(figure.axes[0].lines[0].get_ydata()) == [1.0, 1.0]


def named(tmp_path: Path, names: list[str]) -> str:
    """A file of layers of one axis, of one more kernel tap each."""
    file = tmp_path / "named.jsonl"
    rows = [
        {"name": name, "input_size": [3], "in_channels": 1, "out_channels": 1, "kernel_size": taps}
        for taps, name in enumerate(names, 1)
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(file)


def test_layers_keep_their_names(tmp_path: Path) -> None:
    """By hand: 3 inputs without stride or padding charge k taps, and k + 2 outputs do."""
    file = named(tmp_path, ["one", "two"])
    head, _, *rows = run("compare", file).stdout.splitlines()
    assert re.split("  +", head.strip()) == [
        "line",
        "layer",
        "exact MACs",
        "MACs (input rule)",
        "MACs (output rule)",
        "input ÷ exact",
        "output ÷ exact",
    ]
    assert [row.split() for row in rows] == [
        ["1", "one", "3", "3", "3", "1", "1"],
        ["2", "two", "6", "6", "8", "1", "1.3333"],
    ]


def test_a_few_named_layers_are_a_line_each(tmp_path: Path) -> None:
    names = ["$one", "two$", "t" * 100]
    figure = figures.layers(compare.of_file(LayerFile(named(tmp_path, names))))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert labels(axes.yaxis) == [r"\$one", r"two\$", "t" * 59 + "…"]
    _, charged, output = axes.lines
    assert list(charged.get_xdata()) == [1.0, 1.0, 1.0]
    assert list(output.get_xdata()) == [1.0, 8 / 6, 15 / 9]
    assert list(output.get_ydata()) == [0, 1, 2]
    assert axes.get_ylim() == (2.5, -0.5)
    assert words(figure) == "3 layers"


@pytest.mark.parametrize(("names", "lines"), [(24, True), (25, False)])
def test_many_named_layers_are_in_order(names: int, lines: bool, tmp_path: Path) -> None:
    made = compare.of_file(LayerFile(named(tmp_path, ["layer"] * names)))
    (axes,) = figures.layers(made).axes
    assert axes.get_xlabel().startswith("times") == lines


def test_dollars_are_no_formulas(tmp_path: Path) -> None:
    made = comparison.empty()
    made.add(1, layer_with(1))
    made.left_out.append("$x_{$")
    sheet.save(figures.layers(made), str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(("count", "marked"), [(1, True), (40, True), (41, False)])
def test_few_layers_are_marked(count: int, marked: bool) -> None:
    made = comparison.sweep(layer_with, "stride", range(1, count + 1))
    lines = figures.layers(made).axes[0].lines[1:]
    assert [line.get_marker() != "" for line in lines] == [marked, marked]


def test_the_curves_rise() -> None:
    made = comparison.sweep(
        lambda padding: Layer((8, 8), 1, 1, 5, padding=padding), "padding", (5, 0, 3)
    )
    for line in figures.layers(made).axes[0].lines[1:]:
        assert list(line.get_ydata()) == sorted(line.get_ydata())


def test_nothing_to_compare(tmp_path: Path) -> None:
    assert run("compare").exit_code == 2
    assert run("compare", "file", *SWEEP).exit_code == 2
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    result = run("compare", str(empty))
    assert result.exit_code == 1
    assert "no layer is left to compare" in result.output


def test_what_has_no_macs_is_left_out(tmp_path: Path) -> None:
    figure = tmp_path / "a.svg"
    result = run("compare", *SWEEP, "--to", "1", "--batch-size", "0", "--output", str(figure))
    assert result.exit_code == 1
    assert "left out: padding 0: no products land, nothing to compare with" in result.output
    assert "no layer is left to compare" in result.output
    assert not figure.exists()


WRONG_USAGE = [
    (["layers.jsonl", "--stride", "2"], "--stride cannot stand beside a FILE"),
    (["layers.jsonl", "--no-bias"], "--bias cannot stand beside a FILE"),
    (["layers.jsonl", "--to", "3"], "--to cannot stand beside a FILE"),
    (["--over", "padding", "--input-size", "8"], "--kernel-size is missing"),
    (["--over", "kernel_size"], "--input-size is missing"),
    ([*SWEEP, "--to", "-1"], "--from 0 is above --to -1"),
]


@pytest.mark.parametrize(("arguments", "refusal"), WRONG_USAGE, ids=str)
def test_wrong_usage_of_compare(arguments: list[str], refusal: str) -> None:
    result = run("compare", *arguments)
    assert result.exit_code == 2
    assert result.output.count(refusal) == 1
    assert "left out" not in result.output


def test_the_pictures_of_the_notes(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    subprocess.run(
        [sys.executable, str(HERE.parent / "notes" / "draw.py"), str(folder)],
        check=True,
        cwd=HERE.parent,
        env={"PYTHONPATH": str(HERE.parent), "PATH": ""},
    )
    drawn = sorted(file.name for file in folder.iterdir())
    assert (folder / "pairs.gif").stat().st_size < 200_000
    assert drawn == sorted(file.name for file in (HERE.parent / "notes" / "pictures").iterdir())
    page = (HERE.parent / "notes" / "pictures.md").read_text()
    assert sorted(set(re.findall(r"\(pictures/(\w+\.\w+)\)", page))) == drawn


def test_importing_the_package_imports_no_drawing() -> None:
    heavy = "{'matplotlib', 'analytic.phases', 'analytic.pictures.figures', 'analytic.explorer'}"
    code = f"import sys, analytic; assert not {heavy} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=HERE.parent)


def test_the_figure_of_an_ordinary_convolution() -> None:
    layer = Layer((3, 3), 4, 6, 3, padding=1, transposed=False)
    figure = figures.coverage(layer)
    cells = figure.axes[2].collections[0].get_array()
    assert cells is not None
    assert cells.tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]
    caption = words(figure)
    assert caption.startswith("3x3 → 3x3, kernel 3x3, stride 1x1, padding 1x1")
    assert "ΠT − ΠI = 49 − 9 = 40" in caption


@pytest.mark.parametrize(("kernel", "shown"), [(8, [1, 2, 3, 4, 5, 6, 7, 8]), (9, [1, 9])])
def test_up_to_eight_values_are_in_the_legend(kernel: int, shown: list[int]) -> None:
    legend = figures.coverage(Layer((1, 9), 1, 1, (1, kernel))).axes[-1]
    assert [text.get_text() for text in legend.texts] == ["products", *map(str, shown)]
    assert len(legend.patches) == (kernel if kernel == 8 else 0)


def test_long_numbers_have_a_bar() -> None:
    """Three numbers would do, but not with twelve digits each: a kernel of 10**6 on 10**6 rows."""
    legend = figures.coverage(Layer((10**6, 10**6), 1, 1, 10**6)).axes[-1]
    assert [text.get_text() for text in legend.texts] == ["products", "1", f"{10**12:,}"]
    (bar,) = legend.collections
    shown = bar.get_array()
    assert shown is not None
    assert (shown.min(), shown.max()) == (1, 10**12)


def test_the_caption_may_be_left_out() -> None:
    layer = Layer((8, 8), 1, 1, 3, stride=2)
    bare, whole = figures.coverage(layer, caption=False), figures.coverage(layer)
    assert not bare.get_supxlabel()
    assert bare.get_figheight() < whole.get_figheight()


def test_no_caption_is_a_flag(tmp_path: Path) -> None:
    whole, bare = tmp_path / "a.svg", tmp_path / "b.svg"
    assert run("coverage", *LAYER, "--output", str(whole)).exit_code == 0
    assert run("coverage", *LAYER, "--no-caption", "--output", str(bare)).exit_code == 0
    assert bare.stat().st_size < whole.stat().st_size


def test_the_ending_of_a_picture_in_any_case_and_no_other() -> None:
    drawn: list[str] = []
    write_picture("A.PNG", lambda: drawn.append("A.PNG"), FIGURES)
    for path, more in (("a.jpg", ""), ("a.GIF", "; pairs has animations")):
        with pytest.raises(click.UsageError) as refusal:
            write_picture(path, lambda: drawn.append("refused"), FIGURES)
        words = f"--output must end in .png, .svg, .pdf, got {path}{more}"
        assert refusal.value.message == words
    assert drawn == ["A.PNG"]
