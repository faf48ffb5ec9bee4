"""Every pass of a layer as torch sums it with its channels: ones, by autograd in float64."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from analytic import Layer, macs

#: A layer that takes more bytes, MACs or groups (which torch runs one by one) has fewer channels.
BYTES, MACS, GROUPS = 2**30, 2**32, 32


class Summed(NamedTuple):
    """What a pass on ones gives: products, what sums them, elements, and those with a product."""

    macs: int
    additions: int
    elements: int
    reached: int


def scaled(layer: Layer) -> Layer:
    """The layer itself where it fits, or one with fewer groups, then with fewer channels in each.

    Its sizes stay. torch writes what each tap meets, of all channels of a group, in columns.
    """
    groups = min(layer.groups, GROUPS)
    inputs, outputs = layer.in_channels // layer.groups, layer.out_channels // layer.groups
    while True:
        fewer = layer.replace(
            in_channels=groups * inputs, out_channels=groups * outputs, groups=groups
        )
        products = macs(fewer, rule="input" if layer.transposed else "output")
        columns = 8 * products // (groups * (inputs if layer.transposed else outputs))
        if inputs == outputs == 1 or (columns <= BYTES and products <= MACS):
            return fewer
        inputs, outputs = max(inputs // 2, 1), max(outputs // 2, 1)


def results(layer: Layer) -> dict[str, Tensor]:
    """The result of each pass, the forward one without its bias."""
    axes, kind = len(layer.input_size), "_transpose" if layer.transposed else ""
    outputs, inputs = layer.out_channels, layer.in_channels
    channels = (inputs, outputs // layer.groups) if kind else (outputs, inputs // layer.groups)
    x, weight, bias = (
        torch.ones(shape, dtype=torch.float64, requires_grad=True)
        for shape in (
            (layer.batch_size, inputs, *layer.input_size),
            (*channels, *layer.kernel_size),
            (outputs,),
        )
    )
    padded, padding = x, layer.padding
    if layer.end_padding is not None:  # of an ordinary layer: zeros around its input
        ends = [*zip(layer.padding, layer.end_padding, strict=True)]
        padded = functional.pad(x, [zeros for end in reversed(ends) for zeros in end])
        padding = (0,) * axes
    result = getattr(functional, f"conv{kind}{axes}d")(
        padded,
        weight,
        bias if layer.bias else None,
        stride=layer.stride,
        padding=padding,
        dilation=layer.dilation,
        groups=layer.groups,
        **({"output_padding": layer.output_padding} if layer.transposed else {}),
    )
    result.backward(torch.ones_like(result))
    gradients = {"grad_input": x.grad, "grad_weight": weight.grad, "grad_bias": bias.grad}
    return {
        "forward": result.detach() - int(layer.bias),
        **{name: torch.zeros(0) if grad is None else grad for name, grad in gradients.items()},
    }


def passes(layer: Layer) -> dict[str, Summed]:
    """What each pass costs: sums of ones are products, values that are not 0 are reached.

    A forward value that is reached gets the bias too; where nothing lands there is nothing to add.
    """
    costs = {}
    for name, result in results(layer).items():
        products, reached = int(result.sum()), int(torch.count_nonzero(result))
        biases = reached if name == "forward" and layer.bias else 0
        macs = 0 if name == "grad_bias" else products
        costs[name] = Summed(macs, products - reached + biases, result.numel(), reached)
    return costs
