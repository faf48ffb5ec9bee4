"""From torch modules to layers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings

import analytic
import oracle
from analytic import Layer, LayerError
from oracle.modules import layer_of_operator, layer_of_run, module_of
from tests.strategies import layers


@settings(max_examples=100)
@given(layers(cropped_apart=False, least_batch=1))
def test_a_module_and_its_layer(layer: Layer) -> None:
    axes = len(layer.input_size)
    module = getattr(torch.nn, f"ConvTranspose{axes}d")(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.output_padding,
        layer.groups,
        layer.bias,
        layer.dilation,
    )
    assert oracle.layer(module, layer.input_size, layer.batch_size) == layer


def test_the_worked_number() -> None:
    module = torch.nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1)
    assert analytic.macs(oracle.layer(module, (8, 8), batch_size=2)) == 43200
    x = torch.zeros(2, 4, 8, 8)
    assert oracle.layer(module, x.shape[2:]) == oracle.layer(module, [8, 8])


def test_subclasses_are_modules() -> None:
    class Up(torch.nn.ConvTranspose1d):
        pass

    assert oracle.layer(Up(3, 5, 2, bias=False), [7]) == Layer([7], 3, 5, 2, bias=False)


@pytest.mark.parametrize("module", [torch.nn.Linear(1, 1), torch.nn.Sequential(), None])
def test_other_modules_are_refused(module: torch.nn.Module) -> None:
    with pytest.raises(TypeError, match=f"module must be .* got {type(module).__name__}"):
        oracle.layer(module, (8, 8))


def test_a_full_shape_is_refused() -> None:
    """What people pass by mistake: the shape with batch and channels."""
    module = torch.nn.ConvTranspose2d(4, 6, 4)
    with pytest.raises(LayerError, match="the 2 spatial sizes that a ConvTranspose2d takes, got 4"):
        oracle.layer(module, (2, 4, 8, 8))


def test_lazy_modules_are_refused_until_they_ran() -> None:
    module = torch.nn.LazyConvTranspose2d(6, 4)
    with pytest.raises(LayerError, match="has no channels yet"):
        oracle.layer(module, (8, 8))
    module(torch.zeros(1, 3, 8, 8))
    assert oracle.layer(module, (8, 8)).in_channels == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Layer((5,), 1, 1, 3, padding=1, end_padding=0), "crops of begin and end apart"),
        (
            Layer((5,), 1, 1, 3, padding=1, end_padding=0, transposed=False),
            "crops of begin and end apart",
        ),
        # What "same" would be of an ordinary layer of stride 1.
        (Layer((5,), 1, 1, 2, padding=0, end_padding=1), "crops of begin and end apart"),
        (
            Layer((6,), 1, 1, 2, stride=2, padding=0, end_padding=1, transposed=False),
            "crops of begin and end apart",
        ),
        (Layer((2, 2, 2, 2), 1, 1, 1, axes=4), "has 4 axes"),
        (Layer((2, 2, 2, 2), 1, 1, 1, transposed=False, axes=4), "has 4 axes"),
    ],
)
def test_layers_that_no_module_is(given: Layer, words: str) -> None:
    with pytest.raises(ValueError, match=f"no torch module has {words}|no torch module {words}"):
        module_of(given)


def test_an_uneven_padding_of_the_same_size_has_a_word() -> None:
    described = Layer((7,), 2, 2, 4, padding="same", transposed=False)
    assert described.end_padding == (2,)
    assert oracle.layer(module_of(described), (7,)) == described


@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_no_padding_has_a_word_too(mode: Any) -> None:
    module = torch.nn.Conv1d(2, 2, 4, padding="valid", padding_mode=mode)
    assert oracle.layer(module, (7,)) == Layer((7,), 2, 2, 4, transposed=False)
    with pytest.raises(TypeError, match="input_size must be a list or tuple with one entry"):
        oracle.layer(module, 7)  # type: ignore[arg-type]


def test_a_module_has_the_output_padding_of_its_layer() -> None:
    described = Layer((5, 6), 2, 4, 3, stride=2, output_padding=1)
    assert oracle.layer(module_of(described), (5, 6)) == described


@pytest.mark.parametrize("batch", [(), (5,)])
def test_a_run_may_be_of_a_single_sample(batch: tuple[int, ...]) -> None:
    """A sample by itself has channels and sizes alone."""
    up = torch.nn.ConvTranspose1d(4, 6, 4, stride=2)
    x = torch.zeros(*batch, 4, 8)
    expected = Layer((8,), 4, 6, 4, stride=2, output_padding=1, batch_size=(*batch, 1)[0])
    assert layer_of_run(up, x.shape, up(x, output_size=[19]).shape) == expected
    down = torch.nn.Conv1d(4, 6, 4, stride=2)
    expected = Layer((8,), 4, 6, 4, stride=2, batch_size=(*batch, 1)[0], transposed=False)
    assert layer_of_run(down, x.shape, down(x).shape) == expected


@pytest.mark.parametrize(("transposed", "expected"), [(True, 6), (False, 4)])
def test_channels_that_are_not_the_weight_s_are_refused(transposed: bool, expected: int) -> None:
    """A weight of 6 by 2 of two groups: transposed, from 6 channels to 4; else from 4 to 6."""
    rest: tuple[list[int], list[int], list[int], list[int], int] = ([1], [0], [1], [0], 2)
    right = layer_of_operator((1, expected, 8), (6, 2, 3), False, *rest, transposed)
    assert (right.in_channels, right.out_channels) == (expected, 10 - expected)
    with pytest.raises(LayerError, match=f"in_channels must be the weight's {expected}, got 8"):
        layer_of_operator((1, 8, 8), (6, 2, 3), False, *rest, transposed)
