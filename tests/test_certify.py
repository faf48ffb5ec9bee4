"""Certificates: right formulas are certified, every planted error is caught at its least layer."""

from __future__ import annotations

import itertools
import json
import math
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Event
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

import analytic
import oracle
from analytic.axis import Axis, size
from analytic.layer import Layer, LayerError
from analytic.totals import Reached
from oracle import example, ones
from oracle.certificates import box, counterexample, samples, workers
from oracle.certificates.candidates import (
    ANALYTIC,
    READY,
    Candidate,
    CandidateError,
    keeps_crop_reduction,
    reaches_evenly,
    ready,
    truth_of,
)
from oracle.certificates.certify import (
    Tally,
    Task,
    certify,
    certify_samples,
    input_sizes,
    tally,
)
from oracle.certificates.counterexample import PLAIN as PLAIN_CHANNELS
from oracle.certificates.counterexample import Failure, layer_of
from oracle.certificates.versions import FORMULAS, versions, written
from oracle.commands.certify import command, workers_for
from oracle.oracles import ORACLES, TORCH, Oracle
from tests.test_affine import even, steps

Function = Callable[[Layer], Any]
SMALL: dict[str, Any] = {"kernel_size": range(1, 5), "stride": range(1, 4), "dilation": range(1, 4)}


def landed(axis: Axis, *, begin: int = 0, end: int = 0) -> int:
    """Pairs that land, listed one by one; the edges moved by so much."""
    n, k, s, d, b, *_ = axis
    values = [i * s + t * d for i in range(n) for t in range(k)]
    return sum(b + begin <= value < b + size(axis) + end for value in values)


def overlaps(layer: Layer) -> int:
    """The overlaps of a layer, by the definition."""
    return math.prod(map(landed, layer.axes))


def wrong_where(condition: Callable[[Axis], bool]) -> Function:
    """The overlaps, and one more where an axis meets the condition."""
    return lambda layer: overlaps(layer) + any(map(condition, layer.axes))


PLANTED: dict[str, Function] = {
    "begin edge early": lambda layer: math.prod(landed(axis, begin=-1) for axis in layer.axes),
    "begin edge late": lambda layer: math.prod(landed(axis, begin=1) for axis in layer.axes),
    "end edge early": lambda layer: math.prod(landed(axis, end=-1) for axis in layer.axes),
    "end edge late": lambda layer: math.prod(landed(axis, end=1) for axis in layer.axes),
    "gcd above 1": wrong_where(lambda axis: math.gcd(axis.s, axis.d) > 1),
    "padding above lcm": wrong_where(lambda axis: axis.b > math.lcm(axis.s, axis.d)),
    "one output padding": wrong_where(lambda axis: axis.o == 1),
}


def every_axis(most_inputs: int) -> Iterator[Layer]:
    """The layers of `SMALL` with one axis and so many inputs, whatever padding, by nested loops."""
    for k, s, d, n in itertools.product(*SMALL.values(), range(1, most_inputs + 1)):
        for o, p in itertools.product(range(max(s, d)), range(n * s + k * d)):
            if size(Axis(n, k, s, d, p, p, o)) >= 1:
                yield Layer((n,), 1, 1, k, s, p, o, 1, False, d)


@pytest.mark.parametrize("error", PLANTED)
def test_a_planted_error_is_caught_at_the_least_layer(error: str) -> None:
    wrong = PLANTED[error]
    certificate = certify(Candidate(error, "overlaps", wrong), **SMALL, sampled=30)
    assert not certificate.established
    assert certificate.counterexample is not None
    least = min(
        (layer for layer in every_axis(8) if wrong(layer) != overlaps(layer)),
        key=lambda layer: (
            size(layer.axes[0]),
            layer.input_size,
            layer.kernel_size,
            layer.stride,
            layer.dilation,
            layer.padding,
            layer.output_padding,
        ),
    )
    layer = Layer(**certificate.counterexample["layer"])
    assert layer == least
    assert certificate.counterexample["said"] == wrong(layer)
    assert certificate.counterexample["measured"] == overlaps(layer)
    assert (
        certificate.counterexample["coverage"]
        == oracle.coverage(
            layer.input_size,
            layer.kernel_size,
            stride=layer.stride,
            padding=layer.padding,
            output_padding=layer.output_padding,
            dilation=layer.dilation,
        ).tolist()
    )
    assert str(wrong(layer)) in certificate.sentence


FROM_SEVEN = wrong_where(lambda axis: axis.n >= 7)
PLAIN: dict[str, Any] = {"kernel_size": 1, "stride": 1, "dilation": 1}


def test_wrong_from_seven_inputs_on_is_caught_by_the_box_if_that_is_where_it_is_affine() -> None:
    certificate = certify(
        Candidate("late", "overlaps", FROM_SEVEN, lambda _layer: 7), **PLAIN, sampled=0
    )
    assert certificate.mismatches == 2  # n = 7 and n = 8
    assert certificate.counterexample is not None
    assert certificate.counterexample["layer"]["input_size"] == [7]


def test_wrong_from_seven_inputs_on_is_caught_by_the_far_sample_without() -> None:
    late = Candidate("late", "overlaps", FROM_SEVEN)
    certificate = certify(late, **PLAIN)
    assert certificate.mismatches == 0
    assert [sample.mismatches > 0 for sample in certificate.samples] == [False, True]
    assert certificate.counterexample is not None
    assert certificate.counterexample["layer"]["input_size"] == [7]
    assert certify(late, **PLAIN, sampled=0).established  # … which is why there is a sample


def test_wrong_with_channels_alone_is_caught_by_the_sample() -> None:
    def macs(layer: Layer) -> int:
        return layer.batch_size * layer.in_channels * layer.out_channels * overlaps(layer)

    certificate = certify(Candidate("groups forgotten", "macs", macs), **SMALL)
    assert certificate.mismatches == 0
    assert certificate.counterexample is not None
    layer = certificate.counterexample["layer"]
    assert (layer["in_channels"], layer["out_channels"], layer["groups"]) == (2, 2, 2)
    assert layer["input_size"] == layer["kernel_size"] == [1]


def test_a_filter_that_is_wrong_with_channels_alone_is_caught_at_the_least_of_them() -> None:
    with_batch = Candidate("batch", "overlaps", lambda layer: layer.batch_size * overlaps(layer))
    certificate = certify(with_batch, **SMALL)
    assert certificate.mismatches == 0
    assert certificate.counterexample is not None
    layer = certificate.counterexample["layer"]
    assert layer["input_size"] == layer["kernel_size"] == [1]
    assert (layer["in_channels"], layer["out_channels"], layer["batch_size"]) == (1, 1, 2)


def test_wrong_on_two_axes_alone_is_caught_by_the_sample() -> None:
    def sum_of_axes(layer: Layer) -> int:
        return sum(map(landed, layer.axes))

    certificate = certify(Candidate("sum", "overlaps", sum_of_axes), **SMALL)
    assert certificate.mismatches == 0
    assert certificate.counterexample is not None
    assert certificate.counterexample["layer"]["input_size"] == [1, 1]
    assert certificate.counterexample["said"] == 2
    assert certificate.counterexample["measured"] == 1
    assert (
        "every lesser layer of the box that has at most " in certificate.counterexample["searched"]
    )


@pytest.mark.parametrize("answer", [1.5, None, "7", True])
def test_an_answer_that_is_no_integer_is_wrong(answer: object) -> None:
    certificate = certify(Candidate("odd", "overlaps", lambda _layer: answer), **PLAIN, sampled=0)
    assert certificate.counterexample is not None
    assert certificate.counterexample["said"].startswith("TypeError: the answer must be an integer")


def test_a_formula_that_raises_is_wrong_where_it_does() -> None:
    divided = Candidate("divided", "overlaps", lambda layer: 1 // (layer.input_size[0] - 1))
    certificate = certify(divided, **PLAIN, sampled=0)
    assert certificate.counterexample is not None
    assert certificate.counterexample["said"].startswith("ZeroDivisionError")


def test_the_closed_form_is_certified() -> None:
    certificate = certify(**SMALL)
    assert certificate.established
    assert certificate.mismatches == 0
    assert certificate.counterexample is None
    # Counted by the definitions: every axis below the bound, from the least with an output to one
    # beyond that from which every input adds the same. Ordinary layers have no output padding from
    # the stride on.
    axes = {True: 0, False: 0}
    sizes = {True: 0, False: 0}
    for transposed, k, s, d in itertools.product(axes, *SMALL.values()):
        for o in range(max(s, d) if transposed else s):
            for p in range(max(s, (k - 1) * d + o + 1)):
                axis = Axis(1, k, s, d, p, p, o)
                n = next(n for n in itertools.count(1) if size(axis._replace(n=n)) >= 1)
                uneven = [m for m in range(n, n + 12) if steps(axis, m) != even(axis)]
                axes[transposed] += 1
                sizes[transposed] += max(uneven, default=n - 1) + 3 - n
    assert certificate.axes == sum(axes.values())
    assert (certificate.experiments, certificate.ordinary) == (sum(sizes.values()), sizes[False])
    assert certificate.kinds == ["transposed", "ordinary"]
    assert certificate.sentence == (
        "For transposed and ordinary layers, every (k, s, d) of the box and every legal input "
        "size, padding and output padding, on one axis with torch's padding (the same at both "
        "ends), size, overlaps, covered, and inputs and taps reached of the closed form equal what "
        "the definition gives; torch gave the same integers in all "
        f"{certificate.experiments:,} experiments, each a forward pass with both its gradients."
    )
    assert any("theorem 13" in hypothesis for hypothesis in certificate.hypotheses)


def wrong_by_one(function: Callable[..., Any], part: int | None = None) -> Callable[..., Any]:
    """A function that is wrong, or a part of whose result is, where an axis has three inputs."""

    def wrong(*arguments: Any) -> Any:
        result = function(*arguments)
        axis = next((each for each in arguments if isinstance(each, Axis)), result)
        if axis.n != 3:
            return result
        if part is None:
            return result + 1
        changed = list(result)
        changed[part] += 1
        return type(result)(*changed) if isinstance(result, Axis) else tuple(changed)

    return wrong


@pytest.mark.parametrize(
    ("name", "part", "kind"),
    [
        ("extent", 0, True),
        ("extent", 1, True),
        ("extent", 2, True),
        ("inputs_reached", None, True),
        ("taps_reached", None, True),
        ("ordinary", 0, False),
        ("ordinary", 6, False),
    ],
)
def test_a_closed_form_that_is_wrong_is_refuted(
    name: str, part: int | None, kind: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is run of it, whatever the one that a layer asks says."""
    right = getattr(analytic.axis, name)
    monkeypatch.setattr(f"oracle.certificates.certify.{name}", wrong_by_one(right, part))
    certificate = certify(kernel_size=2, stride=[1, 2], dilation=1, sampled=0)
    assert not certificate.established
    assert certificate.mismatches > 0
    assert certificate.counterexample is not None
    layer = Layer(**certificate.counterexample["layer"])
    assert layer.transposed is kind
    assert layer.axes[0].n == 3


@pytest.mark.parametrize("side", range(3))
@pytest.mark.parametrize("part", range(3))
def test_a_pass_that_is_wrong_is_seen(
    side: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch's nine numbers all count: elements, products and reached, of three passes."""
    measure = ones.all_sides

    def wrong(*arguments: Any) -> list[ones.Sides]:
        rows = [[list(numbers) for numbers in sides] for sides in measure(*arguments)]
        for row in rows:
            row[side][part] += 1
        return [ones.Sides(*(ones.Side(*numbers) for numbers in row)) for row in rows]

    monkeypatch.setattr(ones, "all_sides", wrong)
    certificate = certify(**PLAIN, sampled=0)
    assert certificate.mismatches == certificate.experiments
    assert not certificate.established


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("inputs_reached", lambda layer: analytic.passes(layer).grad_input.reached),
        ("taps_reached", lambda layer: analytic.passes(layer).grad_weight.reached),
        ("grad_weight.additions", lambda layer: analytic.passes(layer).grad_weight.additions),
        ("2*forward.macs", lambda layer: 2 * analytic.macs(layer)),
        ("positions", lambda layer: math.prod(analytic.count(layer).output_size)),
    ],
)
def test_a_candidate_may_be_of_ordinary_layers_and_of_any_pass(
    quantity: str, number: Function
) -> None:
    """One channel and one sample: what a pass reaches is what a filter does."""
    mine = Candidate("mine", quantity, number, reaches_evenly, True, transposed=False)
    certificate = certify(mine, **SMALL, sampled=0)
    assert certificate.established
    assert certificate.experiments == certificate.ordinary > 0
    assert certificate.kinds == ["ordinary"]
    assert certificate.sentence.startswith(
        "For ordinary layers, every (k, s, d) of the box and every "
    )
    assert any("corollary 15" in hypothesis for hypothesis in certificate.hypotheses)
    # Cropping takes outputs from an ordinary layer.
    assert ("every padding below the bound" in certificate.sentence) is (quantity == "positions")


def test_an_ordinary_layer_is_the_least_failure_of_its_kind() -> None:
    late = Candidate(
        "late",
        "overlaps",
        lambda layer: (
            analytic.count(layer).overlaps + (not layer.transposed and layer.stride > (1,))
        ),
        transposed=None,
    )
    certificate = certify(late, kernel_size=[1, 2], stride=[1, 2], dilation=1, sampled=0)
    assert certificate.counterexample is not None
    layer = certificate.counterexample["layer"]
    assert layer["transposed"] is False
    assert (layer["input_size"], layer["kernel_size"], layer["stride"]) == ([1], [1], [2])
    assert certificate.counterexample["coverage"] == [1]


@pytest.mark.parametrize(
    ("quantity", "transposed", "kept"),
    [
        ("macs", True, True),
        ("macs:input", True, False),
        ("macs:output", True, True),
        ("2*macs:input", True, False),
        ("grad_input.elements", True, False),
        ("macs", False, True),
        ("macs:input", False, True),
        ("macs:output", False, False),
        ("total", False, False),
        ("total:exact", False, True),
        ("forward.elements", False, False),
        ("taps_reached", False, True),
    ],
)
def test_what_the_crop_reduction_keeps(quantity: str, transposed: bool, kept: bool) -> None:
    assert keeps_crop_reduction(quantity, transposed) is kept


def test_layers_of_ordinary_kind_come_in_order_and_none_is_left_out() -> None:
    """By nested loops: all with at most 5 inputs and 6 outputs."""
    corner = box.Box.of([1, 3], [1, 2], [1, 2])
    listed = [
        layer_of(axes, PLAIN_CHANNELS, False)
        for axes in itertools.takewhile(
            lambda axes: axes[0].n <= 6, counterexample.in_order(corner, 1, 5, False)
        )
    ]
    brute = [
        Layer((X,), 1, 1, k, s, p, bias=False, dilation=d, transposed=False)
        for X, k, s, d, p in itertools.product(range(1, 6), (1, 3), (1, 2), (1, 2), range(9))
        if X + 2 * p >= d * (k - 1) + 1
    ]
    brute = [layer for layer in brute if layer.axes[0].n <= 6]
    assert listed == sorted(brute, key=counterexample.order)


@pytest.mark.parametrize(
    ("affine", "crops", "words"),
    [
        (None, False, "pairs equals the layer's overlaps at the layers that were run, "),
        (None, False, "2 of the box and 18 of the samples; nothing is said of any other."),
        (lambda _layer: 1, False, "every padding below the bound"),
        (lambda _layer: 1, True, "every legal input size, padding and output padding"),
    ],
)
def test_a_certificate_reaches_as_far_as_what_is_proved(
    affine: Callable[[Layer], int] | None, crops: bool, words: str
) -> None:
    certificate = certify(
        Candidate("pairs", "overlaps", overlaps, affine, crops), **PLAIN, sampled=9
    )
    assert certificate.established
    assert words in certificate.sentence
    assert ("its author" in " ".join(certificate.hypotheses)) is (affine is not None)


@pytest.mark.parametrize(
    ("sampled", "words"),
    [
        (0, "here no layer of several axes was run"),
        (1, "here no layer of several axes was run"),  # the first has one axis
        (7, "checked by experiment on 8 layers of the sample alone"),  # 4 of either kind
    ],
)
def test_several_axes_are_said_to_be_checked_where_they_were(sampled: int, words: str) -> None:
    assert words in certify(**PLAIN, sampled=sampled).hypotheses[-1]


def test_the_input_rule_is_not_said_to_hold_beyond_the_padding_that_was_run() -> None:
    rule = Candidate("rule", "macs:input", READY["input"].function, lambda _layer: 1, True)
    assert "every padding below the bound" in certify(rule, **PLAIN).sentence


@pytest.mark.parametrize("name", READY)
def test_ready_candidates(name: str) -> None:
    certificate = certify(name, **SMALL, sampled=60)
    # None of the formulas in use is exact, but the closed form and XLA's.
    assert certificate.established is (name in {"analytic", "xla"})


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("fvcore", "macs:input"),
        ("FlopCounterMode", "2*macs:input"),
        ("thop", "macs:output"),
        ("documented", "additions_per_filter:documented"),
    ],
)
def test_a_counter_is_certified_as_the_rule_that_it_follows(name: str, quantity: str) -> None:
    chosen = READY[name]
    certificate = certify(
        Candidate(name, quantity, chosen.function, chosen.affine_from, chosen.crop_reduction),
        **SMALL,
    )
    assert certificate.established


def test_what_is_said_of_counters() -> None:
    """Outputs are kept by cropping, inputs are not; of pairs nothing is proved."""
    names = ("thop", "fvcore", "moduleprofiler")
    affine = [READY[name].affine_from is not None for name in names]
    assert affine == [True, True, False]
    assert [READY[name].crop_reduction for name in names] == [True, False, False]
    forward = {name for name in READY if not name.endswith(("-backward", "-training"))}
    assert READY.keys() == forward


def test_quantities() -> None:
    with pytest.raises(ValueError, match=r"quantity must be one of 'positions', .* got 'flops'"):
        truth_of("flops")
    with pytest.raises(ValueError, match="rule must be one of"):
        truth_of("macs:nonzero")
    with pytest.raises(ValueError, match="convention must be one of"):
        truth_of("total:input")
    with pytest.raises(ValueError, match=r"quantity must be one of .* got '2\*extent'"):
        truth_of("2*extent")
    with pytest.raises(ValueError, match="its quantity is 'extent', got 'macs'"):
        Candidate("macs of the closed form", "macs", ANALYTIC.function)
    with pytest.raises(ValueError, match="candidate must be one of 'analytic', 'input'"):
        ready("nobody")


@pytest.mark.parametrize("values", [0, (), (1, -2)])
def test_a_box_has_positive_integers(values: Any) -> None:
    with pytest.raises(LayerError, match="stride must be positive integers"):
        certify(kernel_size=1, stride=values, dilation=1)
    with pytest.raises(TypeError, match="stride must be an integer"):
        certify(kernel_size=1, stride=[1.5], dilation=1)  # type: ignore[list-item]


def test_the_axes_of_a_box_are_those_of_torch_below_the_bound() -> None:
    made = [(axis.o, axis.b) for axis in box.torch_axes(2, 1, 2)]
    assert made == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3)]


def test_the_longest_steps_of_a_box_come_first() -> None:
    """So that no worker is left alone with one."""
    lengths = [
        sum(tally(Task(ANALYTIC, k, s, d)).experiments for k in (1, 6))
        for s, d in box.Box.of([1, 6], [1, 2, 3], [1, 4]).steps()
    ]
    assert (lengths[0], lengths[-1]) == (max(lengths), min(lengths))


def test_layers_come_in_order_and_none_is_left_out() -> None:
    listed = [one_axis for (one_axis,) in counterexample.in_order(box.Box.of(**SMALL), 1, 5)]
    brute = [layer.axes[0] for layer in every_axis(5)]
    assert listed == sorted(brute, key=lambda a: (size(a), a.n, a.k, a.s, a.d, a.b, a.o))


def test_layers_of_two_axes_come_in_order_and_none_is_left_out() -> None:
    corner = box.Box.of([1, 3], 2, [1, 2])
    single = [axis for (axis,) in counterexample.in_order(corner, 1, 3)]
    brute = itertools.product(single, repeat=2)
    listed = list(counterexample.in_order(corner, 2, 3))
    assert listed == sorted(
        brute,
        key=lambda pair: (
            size(pair[0]) * size(pair[1]),
            *zip(*((a.n, a.k, a.s, a.d, a.b, a.o) for a in pair), strict=True),
        ),
    )


def test_a_batch_of_none_comes_last() -> None:
    layers = [Layer((1,), 1, 1, 1, batch_size=batch) for batch in (0, 1, 2)]
    assert sorted(layers, key=counterexample.order) == [layers[1], layers[2], layers[0]]


def test_the_least_layer_may_have_more_padding_than_the_box() -> None:
    late = Candidate("late", "overlaps", wrong_where(lambda axis: axis.b >= 2))
    certificate = certify(late, **PLAIN)  # whose paddings are below 1
    assert certificate.mismatches == 0
    assert certificate.counterexample is not None
    layer = certificate.counterexample["layer"]
    assert (layer["input_size"], layer["padding"]) == ([5], [2])
    assert certificate.counterexample["searched"] == "every lesser layer of the box"


@pytest.mark.parametrize("tried", [2, 3, 4])
def test_a_search_that_is_cut_short_says_so(tried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers with one output come first: 1 input, 3 with a padding of 1, 5 of 2, then 7 of 3."""
    monkeypatch.setattr(counterexample, "TRIED", tried)
    certificate = certify(Candidate("late", "overlaps", FROM_SEVEN), **PLAIN)
    assert certificate.counterexample is not None
    assert (certificate.counterexample["layer"]["padding"] == [3]) is (tried == 4)
    words = f"; the first {tried} of them for each number of axes"
    assert certificate.counterexample["searched"].endswith(words) is (tried < 4)


@pytest.mark.parametrize(
    ("quantity", "function", "transposed", "choices"),
    [
        ("overlaps", wrong_where(lambda axis: size(axis) > 1), True, False),
        ("overlaps", lambda layer: overlaps(layer) + (layer.input_size > (1,)), False, False),
        ("macs", lambda layer: analytic.macs(layer) + (layer.output_size > (1,)), True, True),
    ],
)
def test_what_was_searched_is_said(
    quantity: str, function: Function, transposed: bool, choices: bool
) -> None:
    """Two ways each for channels in, out, bias and batch, and three for the groups."""
    late = Candidate("late", quantity, function, transposed=transposed)
    certificate = certify(late, kernel_size=1, stride=2, dilation=1, sampled=0)
    assert certificate.counterexample is not None
    words = certificate.counterexample["searched"]
    assert words.startswith("every lesser layer of the box that has at most ")
    each = ", each with 48 choices of channels, groups, bias and batch"
    assert (words.endswith(each), "choices" in words) == (choices, choices)


def test_a_map_of_many_positions_is_not_written_down() -> None:
    maps = [Failure(Layer((n,), 1, 1, 1), 0, n).as_json()["coverage"] for n in (1024, 1025)]
    assert maps == [[1] * 1024, None]


def test_samples_are_seeded_and_of_every_kind() -> None:
    drawn = samples.of_channels_and_axes(box.Box.of(**SMALL), 1, 90)
    assert drawn == samples.of_channels_and_axes(box.Box.of(**SMALL), 1, 90)
    assert drawn != samples.of_channels_and_axes(box.Box.of(**SMALL), 2, 90)
    assert {len(layer.axes) for layer in drawn} == {1, 2, 3}
    assert {layer.bias for layer in drawn} == {True, False}
    assert {layer.batch_size for layer in drawn} == {0, 1, 2, 3}
    assert max(layer.groups for layer in drawn) > 1
    far = samples.far(box.Box.of(**SMALL), 1, 90)
    assert max(layer.input_size[0] for layer in far) > 1000
    assert any(layer.axes[0] != oracle_reduced(layer.axes[0]) for layer in far)


def test_a_sample_of_large_kernels_has_fewer_axes() -> None:
    # Three axes have 65³ products or more, which is above the most that a sample may have.
    drawn = samples.of_channels_and_axes(box.Box.of(65, 1, 1), 0, 3)
    assert [len(layer.axes) for layer in drawn] == [1, 2, 2]
    # Two axes have too many as well, and one has what it has.
    drawn = samples.of_channels_and_axes(box.Box.of(520, 1, 1), 0, 3)
    assert [len(layer.axes) for layer in drawn] == [1, 1, 1]


def oracle_reduced(axis: Axis) -> Axis:
    """The axis with no more padding than a box has; itself where it has no more."""
    from analytic.affine import reduced

    return reduced(axis)


def test_tallies_add_up_and_survive_a_record() -> None:
    wrong = Candidate("wrong", "overlaps", PLANTED["gcd above 1"])
    parts = [tally(Task(wrong, k, 2, 2)) for k in (1, 2)]
    both = parts[0].plus(parts[1])
    assert both.mismatches == parts[0].mismatches + parts[1].mismatches > 0
    assert both.least == parts[0].least  # the smaller kernel is the lesser
    assert Tally.of_json(json.loads(json.dumps(both.as_json()))) == both


def test_a_certificate_is_json_and_markdown() -> None:
    certificate = certify("output", **SMALL)
    fields = json.loads(json.dumps(certificate.as_json()))
    assert fields["box"]["kernel_size"] == [1, 2, 3, 4]
    assert fields["versions"]["torch"]
    text = certificate.as_markdown()
    for part in (
        certificate.sentence,
        "--kernel-size 1..4 --stride 1..3",
        "| kernel size | 1..4 |",
        "torch says 0",
        "seed 0",
    ):
        assert part in text


def test_samples_of_the_box_are_experiments_of_it() -> None:
    small = box.Box.of(**SMALL)
    for transposed in (True, False):
        drawn = samples.of_box(small, 1, 60, transposed)
        assert drawn == samples.of_box(small, 1, 60, transposed)
        for layer in drawn:
            (axis,) = layer.axes
            open_axis = axis._replace(n=0)
            assert open_axis in box.torch_axes(axis.k, axis.s, axis.d, transposed)
            assert axis.n in input_sizes(ANALYTIC, open_axis, transposed)


def one_more(axes: tuple[Axis, ...], *, transposed: bool) -> tuple[tuple[int, ...], Reached]:
    """What torch measures, and a covered position more."""
    sizes, reached = ones.measure_reached(axes, transposed=transposed)
    products = reached.products
    return sizes, reached._replace(products=products._replace(covered=products.covered + 1))


def other(**experiments: Any) -> Oracle:
    """An oracle with experiments of its own, or torch's."""
    module = ModuleType("other")
    theirs = {name: getattr(ones, name) for name in ("__file__", "run", "measure_reached")}
    module.__dict__.update({**theirs, "__version__": "0", **experiments})
    return Oracle("Other", module, module)


def test_another_oracle_is_asked_of_samples() -> None:
    certificate = certify_samples(**SMALL, by=other(), sampled=6)
    assert certificate.established
    assert certificate.experiments == 0
    assert certificate.sentence.startswith("Other gave the size, overlaps, covered, and")
    assert "on all 36 layers that were drawn" in certificate.sentence
    assert certificate.versions["other"] == "0"
    assert "torch" not in certificate.versions
    assert len(certificate.samples) == 6
    assert certificate.hypotheses[0].startswith("Other's convolutions")
    text = certificate.as_markdown()
    assert text.startswith("# Samples: analytic")
    assert "--oracle other --sample 6`" in text
    assert "| experiments |" not in text


def test_an_oracle_that_differs_is_seen() -> None:
    certificate = certify_samples(**SMALL, by=other(measure_reached=one_more), sampled=3)
    assert [sample.mismatches for sample in certificate.samples] == [3] * 6
    assert certificate.counterexample is not None
    assert certificate.counterexample["searched"] == "the layers of the samples"
    assert "and Other gives" in certificate.sentence
    assert "- Other says" in certificate.as_markdown()


def test_a_wrong_formula_is_refuted_by_samples_alone() -> None:
    certificate = certify_samples("documented", **SMALL, by=TORCH, sampled=30)
    assert not certificate.established
    assert certificate.counterexample is not None
    assert certificate.counterexample["said"] < certificate.counterexample["measured"]
    with pytest.raises(ValueError, match="there must be layers in each sample, got 0"):
        certify_samples(**SMALL, by=TORCH, sampled=0)


class Logged(ThreadPoolExecutor):
    """Someone's executor."""

    def __init__(self) -> None:
        super().__init__(2)
        self.submitted = 0

    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        self.submitted += 1
        return super().submit(*arguments, **options)


def stripped(certificate: oracle.Certificate) -> dict[str, Any]:
    """A certificate without its times."""
    return {**certificate.as_json(), "times": None}


def test_any_executor_gives_the_same_certificate() -> None:
    with Logged() as pool:
        certificate = certify(**SMALL, executor=pool)
        assert pool.submitted == 36
        assert pool.submit(int, "7").result() == 7  # it is left open
    assert stripped(certificate) == stripped(certify(**SMALL))


def where_interrupts_are_ignored(layer: Layer) -> int:
    """The overlaps, but not in a process that hears Ctrl-C."""
    return overlaps(layer) if signal.getsignal(signal.SIGINT) == signal.SIG_IGN else -1


def test_workers_give_the_same_certificate_and_leave_an_interrupt_to_their_parent() -> None:
    unheard = Candidate("unheard", "overlaps", where_interrupts_are_ignored)
    there = certify(unheard, **SMALL, sampled=0, workers=2)
    here = certify(replace(unheard, function=overlaps), **SMALL, sampled=0)
    assert there.established
    assert {**stripped(there), "versions": {}} == {**stripped(here), "versions": {}}


def test_what_is_not_begun_is_dropped_when_the_results_are_closed() -> None:
    begun: list[int] = []
    release = Event()

    def wait(task: int) -> int:
        begun.append(task)
        return task if task == 0 else release.wait(60)

    with ThreadPoolExecutor(1) as pool:
        results = workers.results(pool, wait, range(5))
        assert next(results) == (0, 0)
        results.close()
        release.set()
    assert begun in ([0], [0, 1])


def test_workers_need_a_candidate_that_can_be_sent() -> None:
    local = Candidate("local", "overlaps", lambda layer: layer.batch_size)
    with pytest.raises(CandidateError, match="functions are those of a module"):
        certify(local, **PLAIN, workers=2)


LARGER: dict[str, Any] = {"kernel_size": [1, 5, 8], "stride": [1, 4, 6], "dilation": [2, 5]}
LARGEST: dict[str, Any] = {
    name: range(1, most) for name, most in zip(LARGER, (9, 6, 6), strict=True)
}


@pytest.mark.parametrize("box", [LARGER, pytest.param(LARGEST, marks=pytest.mark.slow)])
def test_a_larger_box(box: dict[str, Any]) -> None:
    certificate = certify(**box)
    assert certificate.established
    assert certificate.mismatches == 0
    assert certificate.experiments > 10_000


def formula(text: str) -> Function:
    """A function that is of no file."""
    names: dict[str, Any] = {"__name__": "nowhere"}
    exec(f"function = {text}", names)
    function: Function = names["function"]
    return function


def test_another_formula_is_another_version() -> None:
    texts = [
        "lambda layer: layer.batch_size * 2",
        "lambda layer: layer.batch_size * 3",  # another constant
        "lambda layer: layer.in_channels * 2",  # another name
        "lambda layer: sum(1 for _ in range(layer.batch_size))",
        "lambda layer: sum(2 for _ in range(layer.batch_size))",  # in nested code
        "lambda layer, factor=2: layer.batch_size * factor",
        "lambda layer, factor=3: layer.batch_size * factor",
        "lambda layer, *, factor=3: layer.batch_size * factor",
        "(lambda factor: lambda layer: layer.batch_size * factor)(2)",
        "(lambda factor: lambda layer: layer.batch_size * factor)(3)",
        "(lambda inner: lambda layer: inner(layer))(lambda layer: 2)",
        "(lambda inner: lambda layer: inner(layer))(lambda layer: 3)",
        "(lambda inner: lambda layer: inner(layer))(object())",
        "lambda layer: layer.groups in {2, 3}",
        "__import__('functools').partial(int, 2)",
        "__import__('functools').partial(int, 3)",
    ]
    candidates = [Candidate("mine", "macs", formula(text)) for text in texts]
    candidates += [
        Candidate("mine", "macs", formula(texts[0]), formula(text)) for text in texts[:3]
    ]
    again = [Candidate("mine", "macs", formula(text)) for text in texts]
    digests = [versions(candidate)["code of the candidate"] for candidate in candidates]
    assert len(set(digests)) == len(candidates)
    assert digests[: len(texts)] == [
        versions(candidate)["code of the candidate"] for candidate in again
    ]


def test_a_set_is_written_in_one_order() -> None:
    assert written({"b", "a", "c"}) == written(frozenset("cab")) == "{'a','b','c'}"


def test_an_edited_module_is_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "formulas_of_mine.py"
    home.write_text("FACTOR = 2\ndef function(layer):\n    return FACTOR\n")
    monkeypatch.syspath_prepend(tmp_path)
    mine = Candidate("mine", "macs", import_module("formulas_of_mine").function)
    before = versions(mine)
    home.write_text("FACTOR = 3\ndef function(layer):\n    return FACTOR\n")
    after = versions(mine)
    assert {name for name in before if before[name] != after[name]} == {"code of the candidate"}


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("oracle/ones.py", "experiments"),
        ("oracle/certificates/certify.py", "experiments"),
        *((f"analytic/{name}.py", "formulas") for name in FORMULAS),
    ],
)
def test_edited_code_is_another_version(
    file: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(READY["fvcore"])
    read = Path.read_bytes

    def edited(path: Path) -> bytes:
        return read(path) + b"#" * path.as_posix().endswith(file)

    monkeypatch.setattr(Path, "read_bytes", edited)
    after = versions(READY["fvcore"])
    assert {key for key in before if before[key] != after[key]} == {f"code of the {name}"}


def test_the_code_of_the_formulas_is_all_that_the_closed_form_runs() -> None:
    """Every module of `analytic` with code that one axis and its input sizes go through."""
    run: set[str] = set()
    sys.setprofile(lambda frame, *_: run.add(frame.f_code.co_filename))
    try:
        tally(Task(ANALYTIC, 5, 3, 4))
    finally:
        sys.setprofile(None)
    ours = Path(analytic.__file__).parent
    assert {Path(name).stem for name in run if Path(name).parent == ours} <= set(FORMULAS)


def test_a_worker_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = SimpleNamespace(sentinel=0)
    ended = Event()
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(workers, "parent_process", lambda: parent)
    monkeypatch.setattr(workers, "wait", lambda sentinels: waited.append(*sentinels))
    monkeypatch.setattr("os._exit", lambda _status: ended.set())
    waited: list[int] = []
    try:
        workers.follow_parent()
        assert ended.wait(60)
        assert waited == [0]
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_workers_are_positive() -> None:
    with (
        pytest.raises(ValueError, match="workers must be positive, got 0"),
        workers.executor(0),
    ):
        pass


def test_the_default_candidate_is_the_closed_form() -> None:
    assert READY["analytic"] is ANALYTIC


BOX = ["--kernel-size", "1..3", "--stride", "1,2", "--dilation", "2", "--workers", "1"]


def invoke(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(command, arguments)


def test_the_command_prints_the_report() -> None:
    done = invoke(*BOX)
    assert done.exit_code == 0
    certificate = certify(kernel_size=[1, 2, 3], stride=[1, 2], dilation=2)
    assert certificate.sentence in done.output
    assert f"| experiments | {certificate.experiments:,} |" in done.output


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ([], "analytic --kernel-size 1..3 --stride 1,2 --dilation 2`"),
        (["--sample", "4", "--seed", "7"], "--dilation 2 --sample 4 --seed 7`"),
        (["--candidate", "fvcore", "--quantity", "macs:input"], " --quantity macs:input`"),
        (["--candidate", "tests.test_certify:MINE"], "mine is its author's: name it by"),
    ],
)
def test_the_report_says_how_it_was_made(arguments: list[str], flags: str) -> None:
    assert flags in invoke(*BOX, *arguments).output


def test_the_command_prints_json() -> None:
    fields = json.loads(invoke(*BOX, "--json").output)
    plain = certify(kernel_size=[1, 2, 3], stride=[1, 2], dilation=2).as_json()
    assert {**fields, "times": 0} == {**json.loads(json.dumps(plain)), "times": 0}


def test_the_command_refutes() -> None:
    done = invoke(*BOX, "--candidate", "documented")
    assert done.exit_code == 1
    assert "documented is not the layer's additions_per_filter" in done.output


def test_the_command_takes_a_candidate_and_a_quantity_of_the_readers() -> None:
    done = invoke(*BOX, "--candidate", "tests.test_certify:MINE", "--quantity", "macs:output")
    assert done.exit_code == 0
    assert "mine equals the layer's macs:output" in done.output


def test_the_command_asks_another_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast("dict[str, Any]", ORACLES), "xla", other)
    alone = BOX[: BOX.index("--workers")]
    done = invoke(*alone, "--oracle", "xla", "--sample", "2")
    assert done.exit_code == 0
    assert "Other gave the size" in done.output
    for options in (["--workers", "1"], ["--record", "run.jsonl"]):
        done = invoke(*alone, "--oracle", "xla", *options)
        assert done.exit_code == 2
        assert "for a whole box; --oracle xla runs samples" in done.output
    assert invoke(*alone, "--oracle", "xla", "--sample", "0").exit_code == 2
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "jax", None)
    done = invoke(*alone, "--oracle", "xla")
    assert done.exit_code == 1
    assert "jax is not installed: pip install 'jax>=0.4.30'" in done.output


def test_a_candidate_that_cannot_be_sent_runs_in_one_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    box_alone = BOX[: BOX.index("--workers")]
    done = invoke(*box_alone, "--candidate", "tests.test_certify:LAMBDA")
    assert done.exit_code == 1
    assert "lambda is not the layer's macs" in done.output


def test_there_is_a_worker_for_each_core(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, processes in ((1, 1), (7, 7), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert workers_for(ANALYTIC) == processes


#: What a reader might write, and what cannot be run.
LAMBDA = Candidate("lambda", "macs", lambda layer: layer.batch_size)
HALF = Candidate("half", "macs", READY["output"].function, lambda _layer: 1.5)  # type: ignore[arg-type, return-value]
RAISES = Candidate(
    "raises", "macs", READY["output"].function, lambda layer: 1 // (layer.groups - 1)
)
MINE = Candidate("mine", "macs", READY["output"].function, lambda _layer: 1, crop_reduction=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stride", "0"], "stride must be positive integers, got [0]"),
        (["--stride", "2..1"], "has no integers in it"),
        (["--stride", "1..x"], "'x' is not an integer"),
        (["--candidate", "nobody"], "candidate must be one of"),
        (["--candidate", "nowhere:x"], "No module named 'nowhere'"),
        (["--candidate", "math:pi"], "must be an oracle.Candidate, got float"),
        (["--candidate", "math:tau2"], "has no attribute 'tau2'"),
        (["--quantity", "flops"], "quantity must be one of"),
        (["--quantity", "2*extent"], "quantity must be one of"),
        (["--quantity", "macs", "--sample", "0"], "its quantity is 'extent', got 'macs'"),
        (["--candidate", "tests.test_certify:LAMBDA", "--workers", "2"], "those of a module"),
        (["--candidate", "tests.test_certify:HALF"], "affine_from must be an integer, got 1.5"),
        (["--candidate", "tests.test_certify:RAISES"], "of raises, of Layer(input_size=(1,)"),
        (["--record", "/nowhere/record"], "No such file"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_the_command_refuses(arguments: list[str], words: str) -> None:
    done = invoke(*BOX, *arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_the_example_is_refuted_as_the_notes_say() -> None:
    """By hand: of one input and kernel 3, the padding 1 leaves one output, on which one lands."""
    box: dict[str, Any] = {"kernel_size": range(1, 5), "stride": [1, 2], "dilation": 1}
    certificate = certify(example.CANDIDATE, **box, workers=1, sampled=0)
    assert certificate.counterexample is not None
    layer = certificate.counterexample["layer"]
    assert (layer["input_size"], layer["kernel_size"], layer["padding"]) == ([1], [3], [1])
    assert (certificate.counterexample["said"], certificate.counterexample["measured"]) == (3, 1)
    page = (Path(__file__).parent.parent / "notes" / "validation.md").read_text()
    _, _, code = Path(str(example.__file__)).read_text().partition('"""\n\n')
    assert f"```python\n{code}```" in page
