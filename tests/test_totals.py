"""Conventions, rules and totals: against the published text, identities, and a literal loop."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from hypothesis import given, settings

import analytic
from analytic import CONVENTIONS, RULES, Count, Layer
from analytic.protocols import ConventionName, RuleName
from tests import brute
from tests.strategies import layers


def test_published_example_of_one_axis() -> None:
    """Two inputs, kernel 3: outputs 1, 2, 2, 1, so 2 additions (ModuleProfiler documentation)."""
    assert analytic.coverage([2], 3) == [1, 2, 2, 1]
    assert analytic.additions_per_filter([2], 3) == 2


def test_published_example_of_two_axes() -> None:
    assert analytic.coverage((2, 2), 2) == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert analytic.additions_per_filter((2, 2), 2) == 7


def test_conventions_differ_where_they_must() -> None:
    """Kernel 1, stride 2, input 2×2: four products, nine positions, five of them uncovered."""
    additions = {
        name: analytic.additions_per_filter((2, 2), 1, stride=2, convention=name)
        for name in CONVENTIONS
    }
    assert additions == {"nonzero": 0, "documented": -5, "exact": 0}


def test_worked_number() -> None:
    """Batch 2, 4 to 6 channels, kernel 4, stride 2, padding 1, 8×8, by hand.

    An axis has 8·4 pairs, less one cut at each end: 30. Two of its 16 outputs, the first and the
    last, receive 1 product and 14 receive 2. So 30² = 900 products on 256 positions.
    """
    layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    assert analytic.count(layer) == Count(
        output_size=(16, 16),
        positions=256,
        overlaps=900,
        covered=256,
        filters=24,
        multiplications_per_filter=256 * 16,
        additions_per_filter=900 - 256,
        operations_per_filter=256 * 16 + 644,
        filter_aggregation=6 * 256 * 4,
        total=2 * (24 * (256 * 16 + 644) + 6 * 256 * 4),
        macs=2 * 24 * 900,
        convention="nonzero",
        rule="exact",
    )
    assert [analytic.macs(layer, rule=rule) for rule in ("exact", "input", "output")] == [
        43200,
        49152,
        196608,
    ]


@given(layers())
def test_published_split_form(layer: Layer) -> None:
    """N·(ψ·λ + γ), with ψ, λ and γ as the published text writes them."""
    profiles = [brute.profile(axis) for axis in layer.axes]
    outputs = brute.outer(profiles)
    kernel = 1
    for taps in layer.kernel_size:
        kernel *= taps
    psi = layer.in_channels // layer.groups * (layer.out_channels // layer.groups) * layer.groups
    gamma = layer.out_channels * len(outputs) * (layer.in_channels // layer.groups - 1)
    gamma += layer.out_channels * len(outputs) if layer.bias else 0
    published_additions: dict[ConventionName, int] = {
        "documented": sum(y - 1 for y in outputs),
        "nonzero": sum(y - 1 for y in outputs if y),
    }
    for convention, additions in published_additions.items():
        lamda = len(outputs) * kernel + additions
        count = analytic.count(layer, convention=convention)
        assert count.filters == psi
        assert count.additions_per_filter == additions
        assert count.operations_per_filter == lamda
        assert count.filter_aggregation == gamma
        assert count.total == layer.batch_size * (psi * lamda + gamma)


@given(layers())
def test_published_expanded_forms(layer: Layer) -> None:
    """N·(C_in·C_out/groups)·(P·(K + 1) + additions), less N·C_out·P without bias."""
    outputs = brute.outer([brute.profile(axis) for axis in layer.axes])
    kernel = 1
    for taps in layer.kernel_size:
        kernel *= taps
    for convention in ("documented", "nonzero"):
        kept = [y for y in outputs if y or convention == "documented"]
        expanded = (
            layer.batch_size
            * (layer.in_channels * layer.out_channels // layer.groups)
            * (len(outputs) * (kernel + 1) + sum(y - 1 for y in kept))
        )
        if not layer.bias:
            expanded -= layer.batch_size * layer.out_channels * len(outputs)
        assert analytic.count(layer, convention=convention).total == expanded


@settings(max_examples=60)
@given(layers(largest=3, most_axes=2, most_channels=2))
def test_exact_totals_by_a_literal_loop(layer: Layer) -> None:
    """Multiply, assign the first product, add the others, add the bias: one by one."""
    done = brute.operations(layer)
    count = analytic.count(layer, convention="exact")
    multiplications = layer.batch_size * count.filters * count.multiplications_per_filter
    assert multiplications == done["multiplications"] == count.macs
    assert count.total - multiplications == done["additions"]


def test_the_literal_loop_on_three_axes() -> None:
    layer = Layer((2, 1, 2), 2, 4, (2, 1, 3), stride=(2, 3, 1), padding=(0, 0, 1), groups=2)
    done = brute.operations(layer)
    assert analytic.count(layer, convention="exact").total == sum(done.values())


@given(layers())
def test_twice_the_macs_with_bias(layer: Layer) -> None:
    """With bias the exact total is 2·N·ψ·ΠT; without, N·C_out·ΠC less."""
    count = analytic.count(layer, convention="exact")
    less = 0 if layer.bias else layer.batch_size * layer.out_channels * count.covered
    assert count.total == 2 * count.macs - less


@given(layers())
def test_how_the_conventions_differ_at_uncovered_pixels(layer: Layer) -> None:
    """The identities of notes/conventions.md, in additions of the whole layer."""

    def additions(convention: ConventionName) -> int:
        count = analytic.count(layer, convention=convention)
        per_image = count.filters * count.additions_per_filter + count.filter_aggregation
        return int(layer.batch_size * per_image)

    count = analytic.count(layer)
    uncovered = count.positions - count.covered
    group = layer.in_channels // layer.groups
    pixels = layer.batch_size * layer.out_channels * uncovered
    assert additions("nonzero") - additions("exact") == pixels * (group - 1 + layer.bias)
    assert additions("exact") - additions("documented") == (0 if layer.bias else pixels)


def test_the_expanded_form_is_not_for_the_exact_convention() -> None:
    """Two inputs, kernel 1, stride 2: 2 products, none added, and a bias on each of them."""
    layer = Layer([2], 1, 1, 1, stride=2)
    assert analytic.count(layer, convention="exact").total == 2 + 2
    assert analytic.count(layer).total == 3 * 1 + 0 + 3 == 3 * (1 + 1) + 0


@given(layers())
def test_rules(layer: Layer) -> None:
    """The MACs of one kernel by each rule, and by `macs` and `count` alike."""
    outputs = brute.outer([brute.profile(axis) for axis in layer.axes])
    taps = prod(layer.kernel_size)
    kernels = layer.batch_size * (layer.in_channels * layer.out_channels // layer.groups)
    expected: dict[RuleName, int] = {
        "exact": kernels * sum(outputs),
        "input": kernels * prod(layer.input_size) * taps,
        "output": kernels * len(outputs) * taps,
    }
    for rule, macs in expected.items():
        assert analytic.macs(layer, rule=rule) == analytic.count(layer, rule=rule).macs == macs


@settings(max_examples=30)
@given(layers(largest=3, most_channels=2, least_batch=1, cropped_apart=False))
def test_gradients_cost_as_much(layer: Layer) -> None:
    """Both gradients of a layer of ones, summed over ones, count their products one by one."""
    axes = len(layer.input_size)
    group = layer.out_channels // layer.groups
    x = torch.ones((layer.batch_size, layer.in_channels, *layer.input_size), dtype=torch.float64)
    w = torch.ones((layer.in_channels, group, *layer.kernel_size), dtype=torch.float64)
    x.requires_grad_()
    w.requires_grad_()
    convolve = getattr(torch.nn.functional, f"conv_transpose{axes}d")
    y = convolve(
        x,
        w,
        stride=layer.stride,
        padding=layer.padding,
        output_padding=layer.output_padding,
        groups=layer.groups,
        dilation=layer.dilation,
    )
    for gradient in torch.autograd.grad(y, (x, w), torch.ones_like(y)):
        assert int(gradient.sum()) == analytic.macs(layer)


def test_batch_zero() -> None:
    count = analytic.count(Layer((3, 3), 2, 2, 2, batch_size=0))
    assert (count.total, count.macs, count.overlaps) == (0, 0, 36)


@pytest.mark.parametrize("name", ["published", "", None, ["nonzero"], "Nonzero"])
def test_unknown_names_list_the_known(name: Any) -> None:
    layer = Layer((3,), 1, 1, 2)
    words = f"convention must be one of 'nonzero', 'documented', 'exact', got {name!r}"
    for ask in (
        lambda: analytic.count(layer, convention=name),
        lambda: analytic.additions_per_filter([3], 2, convention=name),
    ):
        with pytest.raises(ValueError, match=r"^convention must") as refusal:
            ask()
        assert str(refusal.value) == words
    for ask in (lambda: analytic.count(layer, rule=name), lambda: analytic.macs(layer, rule=name)):
        with pytest.raises(ValueError, match=r"^rule must") as refusal:
            ask()
        assert str(refusal.value) == f"rule must be one of 'exact', 'input', 'output', got {name!r}"


def test_what_people_see_first() -> None:
    text = str(analytic.count(Layer((8, 8), 4, 6, 4, stride=2, padding=1), rule="input"))
    assert [line.rsplit(maxsplit=1) for line in text.splitlines()] == [
        ["MACs (input rule)", "24576"],
        ["2 × MACs (input rule)", "49152"],
        ["published formula (nonzero)", "119904"],
    ]


def test_names() -> None:
    assert list(CONVENTIONS) == ["nonzero", "documented", "exact"]
    assert list(RULES) == ["exact", "input", "output"]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("groups", [1, 2])
def test_the_published_page_of_ordinary_convolutions(bias: bool, groups: int) -> None:
    """λ = P·(2K − 1) with the same γ, and its two summaries, which are one number."""
    layer = Layer((9, 7), 4, 6, (3, 2), 2, 1, 0, groups, bias, batch_size=3, transposed=False)
    P, K, psi = 5 * 4, 3 * 2, 4 * 6 // groups
    gamma = 6 * P * (4 // groups - 1 + bias)
    count = analytic.count(layer, convention="documented")
    assert (count.positions, count.filters) == (P, psi)
    assert count.multiplications_per_filter == P * K
    assert count.additions_per_filter == P * (K - 1)
    assert count.operations_per_filter == P * (2 * K - 1)
    assert count.filter_aggregation == gamma
    assert count.total == 3 * (psi * P * (2 * K - 1) + gamma)
    assert count.total == 3 * (psi * P * 2 * K - (0 if bias else 6 * P))


def test_conventions_and_rules_of_an_ordinary_convolution() -> None:
    """Input 2, kernel 3, padding 5: of 10 outputs 4 read an input, with 1, 2, 2, 1 taps."""
    layer = Layer((2,), 1, 1, 3, padding=5, transposed=False)
    count = analytic.count(layer, convention="exact")
    assert (count.output_size, count.overlaps, count.covered) == ((10,), 6, 4)
    assert (count.additions_per_filter, count.filter_aggregation) == (6 - 4, 4)
    assert (count.multiplications_per_filter, count.total) == (6, 12)
    nonzero = analytic.count(layer, convention="nonzero")
    assert (nonzero.multiplications_per_filter, nonzero.additions_per_filter) == (10 * 3, 6 - 4)
    assert nonzero.filter_aggregation == 10
    rules = {rule: analytic.macs(layer, rule=rule) for rule in RULES}
    assert rules == {"exact": 6, "input": 2 * 3, "output": 10 * 3}
    assert analytic.coverage([2], 3, padding=5, transposed=False) == [0, 0, 0, 1, 2, 2, 1, 0, 0, 0]
