"""What a published figure counted."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import onnx
import pytest
from click.testing import CliRunner, Result

import oracle
from analytic import counters, identify
from analytic.commands.identify import command
from analytic.layer import Layer
from analytic.models import Missing
from tests.onnx_models import node_model

#: Its MACs are 43200 by the exact rule, 49152 by the input rule, 196608 by the output rule.
LAYER = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
SIZES = ["--input-size", "8x8", "--kernel-size", "4", "--stride", "2", "--padding", "1"]
FLAGS = [*SIZES, "--in-channels", "4", "--out-channels", "6", "--batch-size", "2"]


@pytest.mark.parametrize(
    ("text", "value", "precision", "units"),
    [
        ("4.1 GMACs", Fraction(41, 10), Fraction(1, 20), ("G", "Gi")),
        ("4.10GFLOPs", Fraction(41, 10), Fraction(1, 200), ("G", "Gi")),
        ("12Mi", 12, Fraction(1, 2), ("Mi",)),
        ("3 MACs", 3, Fraction(1, 2), tuple(identify.UNITS)),
        ("3M", 3, Fraction(1, 2), ("M", "Mi")),
        ("3 mult-adds", 3, Fraction(1, 2), tuple(identify.UNITS)),
        ("1.2B", Fraction(6, 5), Fraction(1, 20), ("G", "Gi")),
        ("1,234,567", 1234567, Fraction(1, 2), tuple(identify.UNITS)),
        ("1.5e9", 1500000000, Fraction(10**8, 2), tuple(identify.UNITS)),
        ("15e-1", Fraction(3, 2), Fraction(1, 20), tuple(identify.UNITS)),
    ],
)
def test_a_figure_is_read_as_it_is_printed(
    text: str, value: Fraction | int, precision: Fraction, units: tuple[str, ...]
) -> None:
    assert identify.parse(text)[:4] == (text, value, precision, units)


@pytest.mark.parametrize("text", ["", "x", "4.1X", "-3", "1,23", "4.", "4.1 G G", "1e9999"])
def test_what_is_no_figure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a figure such as"):
        identify.parse(text)


@pytest.mark.parametrize(
    ("figure", "reading", "factor", "unit"),
    [
        ("43200", "MACs, exact rule", 1, ""),
        ("43.2K", "MACs, exact rule", 1, "K"),
        ("42.19K", "MACs, exact rule", 1, "Ki"),  # 43200/1024
        ("0.0864M", "operations, exact convention", 1, "M"),  # with bias, twice the exact MACs
        ("393216", "MACs, output rule", 2, ""),
        ("49152", "MACs, input rule; MACs of fvcore", 1, ""),
        ("98304", "FLOPs of torch 2.13.0 FlopCounterMode", 1, ""),
        ("197K", "MACs, output rule; MACs of thop", 1, "K"),
        ("239808", "operations, nonzero convention", 1, ""),
        ("196616", "MACs of torchscan 0.2.0", 1, ""),
    ],
)
def test_the_best_match(figure: str, reading: str, factor: int, unit: str) -> None:
    sums = identify.totals_of([LAYER])
    best = identify.matches(identify.parse(figure), sums)[0]
    assert best.within
    assert best.reading.startswith(reading)
    assert (best.factor, best.unit) == (factor, unit)


@pytest.mark.parametrize(
    ("text", "word", "per"),
    [
        ("4.1 GMACs", "MACs", ""),
        ("4.1G mult-adds", "MACs", ""),
        ("4.1GFLOPs/pixel", "FLOPs", "pixel"),
        ("6.5K/px", "", "pixel"),
        ("12 GMACs/s", "MACs", "second"),
        ("12 GOPS per second", "FLOPs", "second"),
    ],
)
def test_a_figure_says_what_it_is_of(text: str, word: str, per: str) -> None:
    assert identify.parse(text)[4:] == (word, per)


def fsrcnn(times: int, channels: int, *size: int) -> tuple[Layer, list[Layer]]:
    """The last layer, transposed, and the others, of d 56, s 12, m 4."""
    height, width = size
    last = Layer((height, width), 56, channels, 9, times, 4, times - 1, bias=False)
    shapes = [(channels, 56, 5), (56, 12, 1), *[(12, 12, 3)] * 4, (12, 56, 1)]
    return last, [
        Layer((height, width), before, after, kernel, padding=kernel // 2, transposed=False)
        for before, after, kernel in shapes
    ]


#: Usual MACs a pixel of the others, by hand: 5²·56, 56·12, 4 of 3²·12², 12·56.
REST = 25 * 56 + 56 * 12 + 4 * 9 * 144 + 12 * 56


def best(text: str, layers: list[Layer], rest: str = "", **options: Any) -> identify.Match:
    """The first match."""
    other = identify.parse_rest(rest) if rest else None
    readings = {**identify.READINGS, **identify.TRAINING}
    sums = identify.totals_of(layers, readings)
    return identify.matches(identify.parse(text), sums, other, **options)[0]


def test_a_published_network_whose_last_layer_is_counted_fourfold() -> None:
    """FSRCNN ×2 to 1280×720 is published at 6.0G."""
    last, others = fsrcnn(2, 1, 360, 640)
    for match in (best("6.0G", [last], str(REST * 360 * 640)), best("6.0G", [last, *others])):
        assert match.reading.startswith("MACs, output rule")
        assert identify.decimal(match.shown) == "6.00699"
        assert match.assumed == ()
    exact = oracle.macs(last) + REST * 360 * 640
    assert round(exact / 10**9, 4) == 2.8667


def test_a_published_network_that_is_counted_twice() -> None:
    """FSRCNN ×4 with 3 channels on 32×32 is published at 468M."""
    last, _ = fsrcnn(4, 3, 32, 32)
    rest = (REST + 2 * 25 * 56) * 32 * 32
    assert 2 * (counters.output_rule(last) + rest) == 467_877_888
    match = best("468M", [last], str(rest))
    assert (match.factor, match.rest, match.assumed) == (2, 2, ("twice the number",))
    assert match.reading.startswith("MACs, output rule")
    assert match.shown == Fraction(467_877_888, 10**6)
    assert best("468 MFLOPs", [last], str(rest)).assumed == ()


#: The whole synthesis of a published image codec: 320 channels of a sixteenth of the size to three,
#: kernel 18, stride 16, here of a picture of 768×512.
SYNTHESIS = Layer((32, 48), 320, 3, 18, 16, 1)


def test_the_profiler_s_figure_of_a_synthesis_layer_by_hand() -> None:
    """Twice 1536 latents times 960 kernels of 324 taps, and a bias for each of 3·768·512 values."""
    assert 2 * 1536 * 960 * 18**2 + 3 * 768 * 512 == 956_694_528
    assert oracle.count(SYNTHESIS).output_size == (512, 768)


@pytest.mark.parametrize(
    ("figure", "layer", "counter"),
    [
        ("208", Layer((2, 2), 3, 1, 2, 2), "mult-adds of torchinfo 1.8.0; MACs of ptflops 0.7.4"),
        ("64152", Layer((8, 8), 4, 6, 4, 2), "FLOPs of TensorFlow 2.21.0 profiler"),
        ("956694528", SYNTHESIS, "FLOPs of TensorFlow 2.21.0 profiler"),
    ],
)
def test_figures_that_a_counter_prints(figure: str, layer: Layer, counter: str) -> None:
    match = best(figure, [layer])
    assert match.within
    assert match.factor == 1
    assert set(counter.split("; ")) <= set(match.reading.split("; "))


def test_a_rest_may_stand_beside_a_figure_that_is_twice() -> None:
    """FLOPs of a counter, and MACs of the rest: 2·49152 and 1000."""
    match = best("99304", [LAYER], "1000")
    assert (match.value * match.factor, match.rest) == (98304, 1)
    assert "a rest that is counted otherwise" in match.assumed
    doubled = best("100304", [LAYER], "1000")
    assert (doubled.value * doubled.factor, doubled.rest) == (98304, 2)
    assert best("44.2K", [LAYER], "1.0K").within  # 43200 and 1000 ± 50


@pytest.mark.parametrize(
    ("text", "value", "precision"),
    [
        ("1000", 1000, Fraction(1, 2)),
        ("1,000 MACs", 1000, Fraction(1, 2)),
        ("1.0K", 1000, 50),
        ("2.0 MFLOPs", 10**6, 25_000),
        ("3GMACs", 3 * 10**9, Fraction(10**9, 2)),
        ("1Ki", 1024, 512),
    ],
)
def test_a_rest_is_in_the_units_that_it_says(text: str, value: Any, precision: Any) -> None:
    rest = identify.parse_rest(text)
    assert (rest.value, rest.precision) == (value, precision)


def test_a_rest_in_flops_is_that_of_a_figure_in_flops() -> None:
    """2·43200 FLOPs, and 1000 more."""
    match = best("87400 FLOPs", [LAYER], "1000 FLOPs")
    assert (match.value * match.factor, match.rest, match.assumed) == (86400, 2, ())


def test_figures_of_a_pixel_and_of_a_second() -> None:
    match = best("675 MACs/pixel", [LAYER], per=Fraction(64))
    assert (match.reading, match.value) == ("MACs, exact rule", 43200)
    match = best("1.296 MMACs/s", [LAYER], per=Fraction(30))
    assert (match.reading, match.value) == ("MACs, exact rule", 43200)
    assert best("43200", [LAYER], per=Fraction(30)).value == 43200  # it is of neither
    assert best("43200 MACs/s", [LAYER]).value == 43200  # once a second


def test_a_training_step() -> None:
    """Three times a layer's MACs; twice the first one's, whose input needs no gradient."""
    match = best("216000", [LAYER, LAYER])
    assert match.reading == "MACs of a training step, exact rule"
    assert match.assumed == ("a training step",)


def test_what_assumes_most_comes_last_and_says_nothing() -> None:
    """Twice torchscan's own number, in units of 1024, is no answer."""
    ranked = identify.matches(identify.parse("384.02K"), identify.totals_of([LAYER]))
    within = [match for match in ranked if match.within]
    assert [len(match.assumed) for match in within] == sorted(len(m.assumed) for m in within)
    odd = next(match for match in within if match.reading == "MACs of torchscan 0.2.0")
    assert odd.assumed == ("the formula of torchscan 0.2.0", "twice the number", "powers of 1024")
    assert not odd.identifies()


def test_a_unit_that_is_left_out_is_assumed() -> None:
    for figure, assumed in (("43.2", ("a unit that is left out",)), ("43.2K", ()), ("43200", ())):
        match = best(figure, [LAYER])
        assert (match.reading, match.value) == ("MACs, exact rule", 43200)
        assert match.assumed == assumed


def test_two_assumptions_are_not_too_many() -> None:
    """Twice what torchscan says: 2·(196608 + 8)."""
    match = best("393232", [LAYER])
    assert match.assumed == ("the formula of torchscan 0.2.0", "twice the number")
    assert match.identifies()


@pytest.mark.parametrize(
    ("figure", "reading", "factor", "assumed"),
    [
        ("43200 MACs", "MACs, exact rule", 1, []),
        ("43200 FLOPs", "MACs, exact rule", 1, ["FLOPs that are MACs"]),
        ("86400 FLOPs", "MACs, exact rule", 2, []),
        ("86400 MACs", "MACs, exact rule", 2, ["twice the number"]),
        ("239808 FLOPs", "operations, nonzero convention", 1, []),
        ("239808 MACs", "operations, nonzero convention", 1, ["MACs that are FLOPs"]),
        ("479616 FLOPs", "operations, nonzero convention", 2, ["twice the number"]),
        ("479616 MACs", "operations, nonzero convention", 2, ["twice the number"]),
        ("1 FLOPs", "operations of moduleprofiler 0.0.4", 1, []),
        ("1 MACs", "operations of moduleprofiler 0.0.4", 1, ["MACs that are FLOPs"]),
        ("98304 FLOPs", "FLOPs of torch 2.13.0 FlopCounterMode", 1, []),
    ],
)
def test_what_a_figure_in_macs_or_flops_assumes(
    figure: str, reading: str, factor: int, assumed: list[str]
) -> None:
    """Operations and FLOPs are two a MAC by themselves; a MAC is none."""
    own = [f"the formula of {reading.partition(' of ')[2]}"] if " of " in reading else []
    layer = LAYER.replace(output_padding=1)  # of which no two of these say the same
    sums = identify.totals_of([layer if "moduleprofiler" in reading else LAYER])
    match = next(
        match
        for match in identify.matches(identify.parse(figure), sums)
        if reading in match.reading and (match.factor, match.unit) == (factor, "")
    )
    assert [words for words in match.assumed if words != "a unit that is left out"] == own + assumed


@pytest.mark.parametrize("figure", ["2e1", "3e1"])
def test_half_a_digit_is_rounded_either_way(figure: str) -> None:
    """25 MACs, to one digit."""
    assert best(figure, [Layer((25,), 1, 1, 1)]).within
    assert not best(figure, [Layer((25,), 1, 1, 1)], "1000").within


def test_matches_to_the_last_digit_come_first_then_the_nearest() -> None:
    found = identify.matches(identify.parse("48K"), identify.totals_of([LAYER]))
    within = [match.within for match in found]
    assert within == sorted(within, reverse=True)
    errors = [match.error for match in found if not match.within]
    assert errors == sorted(errors)
    assert found[0].reading.startswith("MACs, input rule")
    assert (found[0].unit, found[0].shown) == ("Ki", Fraction(48))  # 49152 = 48 · 1024


def test_a_figure_of_nothing() -> None:
    empty = identify.totals_of([LAYER.replace(batch_size=0)])
    found = identify.matches(identify.parse("0"), empty)
    assert found[0].within
    assert found[0].error == 0
    assert found[-1].error == 1  # torchscan adds 8 to nothing


def test_decimals_have_six_digits_whatever_the_size() -> None:
    assert identify.decimal(Fraction(10**400)) == "1" + "0" * 400
    assert identify.decimal(Fraction(43200, 1024)) == "42.1875"


def invoke(*arguments: str, text: str = "") -> Result:
    """Run the command."""
    return CliRunner().invoke(command, arguments, input=text)


def test_a_layer_by_flags() -> None:
    done = invoke("43.2K", "239808", *FLAGS, "--best", "1")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[2].split()[:6] == ["to", "the", "last", "digit", "43.2", "K"]
    assert lines[2].endswith("43,200  MACs, exact rule")
    assert "operations, nonzero convention" in done.output


def test_a_file_is_a_model_whose_sum_the_figure_is(tmp_path: Path) -> None:
    row = json.dumps(dict(LAYER.items()))
    path = tmp_path / "model.jsonl"
    path.write_text(f"{row}\n{row}\n")
    done = invoke("86400", "--layers", str(path), "--json", "--best", "2")
    assert done.exit_code == 0
    first = json.loads(done.output.splitlines()[0])
    assert first == {
        "figure": "86400",
        "reading": "MACs, exact rule",
        "value": 86400,
        "factor": 1,
        "unit": "",
        "shown": "86400",
        "within": True,
        "error": "0",
        "rest": 0,
        "assumed": [],
    }
    assert len(done.output.splitlines()) == 2


def test_the_rest_and_the_size_are_options(tmp_path: Path) -> None:
    path = tmp_path / "last.jsonl"
    path.write_text(json.dumps(dict(fsrcnn(2, 1, 360, 640)[0].items())))
    arguments = ["6.0G", str(path), "--rest", "1.827G", "--best", "1"]
    done = invoke(*arguments)
    assert done.exit_code == 0
    assert "4,180,377,600 + rest  MACs, output rule" in done.output
    done = invoke("6.52 KMACs/px", str(path), "--rest", "1.827G", "--per", "1280x720")
    assert "4,180,377,600 + rest  MACs, output rule" in done.output


def test_assumptions_are_said() -> None:
    done = invoke("86.4K", *FLAGS, "--best", "2")
    assert "operations, exact convention" in done.output
    assert "twice the number" in done.output
    done = invoke("129600", *FLAGS, "--training", "--best", "1")
    assert "if it is of" in done.output
    assert "training MACs of" in invoke("147456", *FLAGS, "--training").output


def test_a_model_is_a_file(tmp_path: Path) -> None:
    """64 inputs, each meeting 2·4 kernels of 4 taps that do not overlap."""
    path = tmp_path / "model.onnx"
    onnx.save(node_model([1, 2, 8, 8], [2, 4, 2, 2], strides=[2, 2]), path)
    done = invoke("2048", str(path), "--best", "1")
    assert done.exit_code == 0
    assert "2,048  MACs, exact rule; MACs, input rule" in done.output


def test_a_model_whose_layers_are_not_all_known(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"up": LAYER, "down": Missing("a size")}
    monkeypatch.setattr("analytic.commands.identify.layers_of_model", lambda *_: rows)
    done = invoke("43200", "model.onnx")
    assert done.exit_code == 1
    assert "model.onnx: the layer down is not known" in done.output


def test_numbers_of_any_length_are_written() -> None:
    size = "1" + "0" * 4000
    flags = ["--input-size", size, "--in-channels", "1", "--out-channels", "1", "--kernel-size"]
    for form in ([], ["--json"]):
        done = invoke("7", *flags, "1" + "0" * 400, "--best", "1", *form)
        assert done.exit_code == 1
        assert "1" + "0" * 300 in done.output.replace(",", "")


def test_a_figure_without_a_reading() -> None:
    done = invoke("7", *FLAGS)
    assert done.exit_code == 1
    assert "off by" in done.output
    assert "no reading gives 7 to the last digit" in done.output


@pytest.mark.parametrize(
    ("arguments", "text", "status", "words"),
    [
        (["x", *FLAGS], "", 2, "'x' is not a figure"),
        (["7"], "", 2, "--out-channels, --kernel-size are missing (or give a FILE)"),
        (["7", "--layers", "-", *FLAGS], "", 2, "not both"),
        (["7", "--layers", "/nowhere"], "", 2, "No such file"),
        (["7", "--layers", "-"], "", 1, "has no layers"),
        (["7/pixel", *FLAGS], "", 2, "'7/pixel' needs --per, as of 1920x1080 pixels"),
        (["7/s", *FLAGS], "", 2, "'7/s' needs --per, as of 30 runs a second"),
        (["7", "--per", "2", *FLAGS], "", 2, "--per is for a figure of a pixel or a second"),
        (["7/s", "--per", "0x2", *FLAGS], "", 2, "--per must be a size such as 1920x1080"),
        (["7/s", "--per", "2/0", *FLAGS], "", 2, "--per must be a size such as 1920x1080"),
        (["7", "--rest", "x", *FLAGS], "", 2, "--rest 'x' is not a figure"),
        (
            ["7", "--rest", "7/px", *FLAGS],
            "",
            2,
            "'7/px' is of a pixel, and not of the whole model",
        ),
        (["7", __file__, "--layers", "-"], "", 2, "give one file of layers, not two"),
        (["7", "nowhere.onnx"], "", 2, "No such file"),
    ],
)
def test_refusals(arguments: list[str], text: str, status: int, words: str) -> None:
    done = invoke(*arguments, text=text)
    assert done.exit_code == status
    assert words in done.output
