"""The experiment and the closed form agree; torch and `Layer` accept the same layers."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import analytic
import oracle
from analytic import CONVENTIONS, RULES, Layer, LayerError
from analytic.layer import axes_of
from oracle.ones import experiment_bytes, one_thread
from tests import brute, channels
from tests.strategies import arguments, layers

NAMES = ("output_size", "overlaps", "covered", "inputs_reached", "taps_reached")


@settings(max_examples=150)
@given(arguments(transposed=None))
def test_functions_agree(geometry: dict[str, Any]) -> None:
    for name in NAMES:
        assert getattr(oracle, name)(**geometry) == getattr(analytic, name)(**geometry), name
    for convention in CONVENTIONS:
        measured = oracle.additions_per_filter(**geometry, convention=convention)
        assert measured == analytic.additions_per_filter(**geometry, convention=convention)
    coverage = oracle.coverage(**geometry)
    assert coverage.dtype == torch.int64
    assert coverage.tolist() == analytic.coverage(**geometry)


@settings(max_examples=60)
@given(layers(transposed=None))
def test_counts_agree(layer: Layer) -> None:
    for convention, rule in itertools.product(CONVENTIONS, RULES):
        assert oracle.count(layer, convention=convention, rule=rule) == analytic.count(
            layer, convention=convention, rule=rule
        )
    for rule in RULES:
        assert oracle.macs(layer, rule=rule) == analytic.macs(layer, rule=rule)
        assert oracle.passes(layer, rule=rule) == analytic.passes(layer, rule=rule)
    assert layer.output_size == oracle.count(layer).output_size


@settings(max_examples=50)
@given(arguments(largest=3))
def test_the_experiment_is_the_definition(geometry: dict[str, Any]) -> None:
    """Torch against pairs walked in Python: a third opinion, of neither the other two."""
    expected = brute.coverage(axes_of(**geometry))
    assert oracle.coverage(**geometry).flatten().tolist() == list(expected.values())


@settings(max_examples=100)
@given(layers(transposed=None, largest=2, most_channels=2, most_groups=2))
def test_every_pass_is_performed_product_by_product(layer: Layer) -> None:
    expected = brute.passes(layer)
    for measured in (oracle.passes(layer), analytic.passes(layer)):
        assert {
            name: (cost.macs, cost.additions, cost.reached)
            for name, cost in measured._asdict().items()
        } == expected
        for cost in measured:
            assert cost.operations == cost.macs + cost.additions


@one_thread()
@settings(max_examples=120)
@given(layers(transposed=None, largest=3, cropped_apart=False, least_batch=1, most_batch=2))
def test_every_pass_is_what_torch_sums(layer: Layer) -> None:
    """Torch with all channels at once: sums are products, values that are not 0 are reached."""
    passes = analytic.passes(layer)
    for name, summed in channels.passes(layer).items():
        cost = getattr(passes, name)
        assert summed == (cost.macs, cost.additions, cost.elements, cost.reached), name


def torch_runs(arguments: dict[str, Any]) -> tuple[int, ...] | None:
    """The output size with which torch builds and runs the layer in float64, or None."""
    size, batch = arguments["input_size"], arguments["batch_size"]
    kind = "Transpose" if arguments.get("transposed", True) else ""
    module = getattr(torch.nn, f"Conv{kind}{len(size)}d")
    names = set(arguments) - {"input_size", "batch_size", "transposed"}
    try:
        built = module(**{name: arguments[name] for name in names}, dtype=torch.float64)
        with torch.inference_mode():
            result = built(
                torch.ones((batch, arguments["in_channels"], *size), dtype=torch.float64)
            )
    except (ValueError, RuntimeError, ZeroDivisionError):
        return None
    return tuple(result.shape)[2:]


def analytic_accepts(arguments: dict[str, Any]) -> tuple[int, ...] | None:
    try:
        size: tuple[int, ...] = analytic.count(Layer(**arguments)).output_size
    except LayerError:
        return None
    return size


def arguments_of(layer: Layer) -> dict[str, Any]:
    """The arguments of a legal layer, of which those above are mostly a little off."""
    missing = () if layer.transposed else ("output_padding",)
    return {
        name: value for name, value in layer.items() if value is not None and name not in missing
    }


@st.composite
def any_arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Legal or not, mostly by a little; in the forms that torch takes."""
    count = draw(st.integers(1, 3))
    transposed = draw(st.booleans())

    def per_axis(least: int, most: int, *, one: bool = True) -> Any:
        entries = st.integers(least, most)
        forms = [
            entries,
            st.tuples(*[entries] * count),
            st.lists(entries, min_size=count, max_size=count),
        ]
        forms += [st.tuples(entries)] if one else []
        return draw(st.one_of(forms))

    def seldom(wrong: int, right: int) -> int:
        return wrong if draw(st.integers(0, 9)) == 0 else right

    padding = per_axis(seldom(-1, 0), 4)
    if not transposed:
        padding = draw(st.sampled_from([padding, padding, "same", "valid", "Same"]))
    only = {"output_padding": per_axis(seldom(-1, 0), 3)} if transposed else {"transposed": False}
    return {
        "input_size": tuple(draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))),
        "in_channels": draw(st.integers(1, 4)),
        "out_channels": draw(st.integers(1, 4)),
        "kernel_size": per_axis(1, 4, one=False),
        "stride": per_axis(seldom(0, 1), seldom(3, 1) if padding == "same" else 3),
        "padding": padding,
        "groups": draw(st.sampled_from([1, 1, 1, 2, 3, 0, -1])),
        "bias": draw(st.booleans()),
        "dilation": per_axis(seldom(0, 1), 3),
        "batch_size": draw(st.integers(1, 2)),
        **only,
    }


legal_arguments = layers(least_batch=1, cropped_apart=False, transposed=None).map(arguments_of)


@pytest.mark.parametrize("examples", [400, pytest.param(20_000, marks=pytest.mark.slow)])
def test_torch_and_layer_accept_the_same(examples: int) -> None:
    @settings(max_examples=examples)
    @given(st.one_of(any_arguments(), legal_arguments))
    def accept_the_same(arguments: dict[str, Any]) -> None:
        assert torch_runs(arguments) == analytic_accepts(arguments)

    with one_thread(), warnings.catch_warnings():
        # torch says that it copies the input where "same" pads its ends unevenly.
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
        accept_the_same()


ENTRIES = {"kernel_size": 2, "stride": 1, "padding": 0, "dilation": 1}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    ("transposed", "name", "entry"),
    [(kind, *entry) for kind in (True, False) for entry in ENTRIES.items()]
    + [(True, "output_padding", 0)],
)
def test_torch_and_layer_accept_the_same_lengths(
    axes: int, name: str, entry: int, transposed: bool
) -> None:
    for length, kind in itertools.product(range(5), (tuple, list)):
        arguments = {
            "input_size": (3,) * axes,
            "in_channels": 1,
            "out_channels": 1,
            "kernel_size": 2,
            "batch_size": 1,
            "transposed": transposed,
            name: kind([entry] * length),
        }
        assert torch_runs(arguments) == analytic_accepts(arguments)


@pytest.mark.parametrize(
    "change",
    [
        {"input_size": (0, 3)},
        {"kernel_size": 0},
        {"kernel_size": (2, 0)},
        {"kernel_size": (2,)},
        {"kernel_size": (2, 2, 2)},
        {"in_channels": 0},
        {"out_channels": 0},
        {"stride": -1},
        {"dilation": (1, -1)},
        {"padding": (1, 1, 1)},
        {"output_padding": 1},
    ],
)
def test_torch_refuses_what_layer_refuses(change: dict[str, Any]) -> None:
    arguments = {
        "input_size": (3, 3),
        "in_channels": 2,
        "out_channels": 2,
        "kernel_size": 2,
        "batch_size": 1,
        **change,
    }
    with pytest.raises(LayerError):
        Layer(**arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of empty weights before it refuses them
        assert torch_runs(arguments) is None


@pytest.mark.parametrize(("transposed", "kind"), [(True, "transposed"), (False, "ordinary")])
@pytest.mark.parametrize("ask", [oracle.overlaps, oracle.taps_reached])
def test_more_than_three_axes_are_refused(ask: Any, transposed: bool, kind: str) -> None:
    with pytest.raises(ValueError, match=f"torch has {kind} convolutions of 1, 2 or 3 axes, got 4"):
        ask((2, 2, 2, 2), 1, transposed=transposed, axes=4)


def test_other_devices_are_refused() -> None:
    with pytest.raises(ValueError, match="device must be cpu"):
        oracle.coverage((2, 2), 2, device="cuda")
    assert oracle.coverage((2, 2), 2, device=torch.device("cpu")).sum() == 16


@pytest.mark.parametrize(
    "ask", [oracle.coverage, oracle.output_size, oracle.overlaps, oracle.covered]
)
def test_max_bytes(ask: Any) -> None:
    """2×2 inputs, 2×2 taps, 16 column entries and 9 outputs, 8 bytes each."""
    assert experiment_bytes(axes_of((2, 2), 2)) == 8 * (4 + 4 + 16 + 9)
    ask((2, 2), 2, max_bytes=264)
    with pytest.raises(MemoryError, match="would take 264 bytes, more than max_bytes=263"):
        ask((2, 2), 2, max_bytes=263)
    with pytest.raises(MemoryError, match="bytes"):
        oracle.macs(Layer((10**9, 10**9), 1, 1, 3))


def test_crops_apart_need_the_uncropped_result_too() -> None:
    apart = axes_of([5], 3, padding=2, end_padding=-1)
    assert experiment_bytes(apart) == 8 * (5 + 3 + 15 + 7 + 8)


@pytest.mark.parametrize("ask", [oracle.inputs_reached, oracle.taps_reached])
def test_gradients_take_twice_the_bytes(ask: Any) -> None:
    ask((2, 2), 2, max_bytes=2 * 264)
    with pytest.raises(MemoryError, match="would take 528 bytes, more than max_bytes=527"):
        ask((2, 2), 2, max_bytes=527)


@pytest.mark.parametrize("ask", [oracle.inputs_reached, oracle.taps_reached])
def test_a_gradient_that_float64_cannot_hold_is_refused(ask: Any) -> None:
    with pytest.raises(ValueError, match="of up to 9007199254740993 products is not exact in floa"):
        ask([2**53 + 1], 1, max_bytes=2**90)
    with pytest.raises(MemoryError):
        ask([2**53], 1)


def test_uneven_paddings_of_an_ordinary_layer_are_zeros_around_its_input() -> None:
    """Five inputs with one zero before and three behind: a kernel of 3 reads 2 3 3 3 2 1 0."""
    geometry: dict[str, Any] = {"padding": 1, "end_padding": 3, "transposed": False}
    assert oracle.coverage([5], 3, **geometry).tolist() == [2, 3, 3, 3, 2, 1, 0]
    assert oracle.inputs_reached([5], 3, **geometry) == 5
    # Input, kernel, columns and output, and the padded input.
    axes = axes_of([5], 3, **geometry)
    assert experiment_bytes(axes, transposed=False) == 8 * (7 + 3 + 21 + 5 + 9)


def test_large_results_are_read_like_small_ones() -> None:
    """A value of 3 in the middle of each stride of 2, at any length."""
    for n in (100, 200):
        assert oracle.covered([n], 3, stride=4) == oracle.overlaps([n], 3, stride=4) == 3 * n
        assert oracle.inputs_reached([4 * n], 1, stride=4, transposed=False) == n


def test_crops_apart_by_hand() -> None:
    """Three inputs, two taps, stride 2: 1 1 1 1 1 1, cut by 1, extended by 2."""
    assert (
        oracle.coverage([3], 2, stride=2, padding=1, end_padding=-2).tolist() == [1] * 5 + [0] * 2
    )

    # Alike, and negative: torch takes neither. 1 2 2 1, extended by 1 at both ends.
    assert oracle.coverage([3], 2, padding=-1, end_padding=-1).tolist() == [0, 1, 2, 2, 1, 0]


def test_published_snippet_rounds() -> None:
    """2048², kernel 4, stride 2, padding 1: float32 loses 4 of 50298884 additions."""
    geometry: dict[str, Any] = {"stride": 2, "padding": 1}
    assert oracle.published_snippet((2048, 2048), 4, **geometry) == 50298880
    assert oracle.additions_per_filter((2048, 2048), 4, **geometry) == 50298884
    assert analytic.additions_per_filter((2048, 2048), 4, **geometry) == 50298884


def test_published_snippet_passes_everything_on() -> None:
    """Two inputs 3 apart, two taps 3 apart, 2 more positions: 1 0 0 2 0 0 1 0 0."""
    geometry: dict[str, Any] = {"stride": 3, "dilation": 3, "output_padding": 2}
    assert oracle.coverage([2], 2, **geometry).tolist() == [1, 0, 0, 2, 0, 0, 1, 0, 0]
    assert oracle.published_snippet([2], 2, **geometry) == 4 - 9


def test_published_snippet_keeps_to_its_bytes() -> None:
    """The output of 7801 positions stands twice, as it is and less one, in float32."""
    needed = 2 * 4 * 7801**2
    with pytest.raises(MemoryError, match=f"would take {needed} bytes"):
        oracle.published_snippet((40, 40), 3, stride=200, padding=1, max_bytes=needed - 1)


def test_steps_that_torch_cannot_keep_are_refused() -> None:
    for name in ("stride", "dilation"):
        words = f"torch takes a {name} below 2147483648, got 2147483648 on axis 1"
        with pytest.raises(ValueError, match=words):
            oracle.overlaps((1, 1), 1, **{name: (1, 2**31)})  # type: ignore[arg-type]
        assert oracle.overlaps((1, 1), 1, **{name: (1, 2**31 - 1)}) == 1  # type: ignore[arg-type]


def test_published_snippet_counts_minus_one() -> None:
    """It is the documented convention: an uncovered pixel subtracts one."""
    assert oracle.published_snippet((2, 2), 1, stride=2) == -5


def test_errors_are_the_same() -> None:
    for wrong in [{"stride": 0}, {"padding": 9}, {"dilation": 1.5}, {"stride": (1, 2, 3)}]:
        with pytest.raises((LayerError, TypeError)) as ours:
            analytic.overlaps((4, 4), 3, **wrong)  # type: ignore[arg-type]
        with pytest.raises(type(ours.value)) as theirs:
            oracle.overlaps((4, 4), 3, **wrong)  # type: ignore[arg-type]
        assert str(theirs.value) == str(ours.value)
    with pytest.raises(TypeError, match=r"layer must be an analytic\.Layer"):
        oracle.count(torch.nn.ConvTranspose2d(1, 1, 1))  # type: ignore[arg-type]
