"""From torch to layers: a module, a module that has run, or the arguments of an operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from analytic.axis import same, size
from analytic.layer import Layer, LayerError, shown, sizes
from analytic.protocols import InputSize

#: The modules of each kind, of one, two and three axes.
TRANSPOSED = (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d, torch.nn.ConvTranspose3d)
ORDINARY = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
MODULES = (*TRANSPOSED, *ORDINARY)


def layer(module: torch.nn.Module, input_size: InputSize, batch_size: int = 1) -> Layer:
    """The `Layer` of a ``torch.nn.ConvTranspose1d/2d/3d`` or ``Conv1d/2d/3d`` at an input size.

    ``input_size`` has the spatial sizes alone, one an axis: ``x.shape[2:]`` of a batched input. The
    output padding is the module's own; where a forward call passes ``output_size=``, say so with
    ``layer.replace(output_padding=…)``. An ordinary module whose ``padding_mode`` is not zeros pads
    its input with numbers that count: its layer is that of the padded input. Raises `TypeError` for
    another module, `LayerError` for an input size of another number of axes or with no output.
    Source: documentation of ``torch.nn.ConvTranspose2d`` and ``torch.nn.Conv2d``, sections
    Parameters and Shape.

    >>> layer(torch.nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1), (8, 8)).stride
    (2, 2)
    >>> layer(torch.nn.Conv1d(4, 6, 3, padding=1, padding_mode="reflect"), [8]).input_size
    (10,)
    """
    if not isinstance(module, MODULES):
        raise TypeError(
            "module must be a torch.nn.ConvTranspose1d, ConvTranspose2d or ConvTranspose3d, "
            f"or a Conv1d, Conv2d or Conv3d, got {type(module).__name__}"
        )
    if module.in_channels == 0:
        raise LayerError(f"the {type(module).__name__} has no channels yet: run it once")
    axes = len(module.kernel_size)
    if isinstance(input_size, (list, tuple)) and len(input_size) != axes:
        raise LayerError(
            f"input_size must have the {axes} spatial sizes that a {type(module).__name__} takes, "
            f"got {len(input_size)}: {shown(input_size)}"
        )
    given = sizes(input_size)
    padding: Any = module.padding
    if module.padding_mode != "zeros":
        added = zip(paddings(module), given, strict=True)
        given, padding = tuple(begin + end + entry for (begin, end), entry in added), 0
    return Layer(
        given,
        module.in_channels,
        module.out_channels,
        module.kernel_size,
        stride=module.stride,
        padding=padding,
        output_padding=module.output_padding,
        groups=module.groups,
        bias=module.bias is not None,
        dilation=module.dilation,
        batch_size=batch_size,
        transposed=isinstance(module, TRANSPOSED),
    )


def paddings(module: Any) -> list[tuple[int, int]]:
    """What a module pads each axis with, at its begin and its end."""
    if module.padding == "valid":
        return [(0, 0)] * len(module.kernel_size)
    if module.padding == "same":
        return [same(k, d) for k, d in zip(module.kernel_size, module.dilation, strict=True)]
    return [(padding, padding) for padding in module.padding]


def layer_of_run(
    module: torch.nn.Module, input_shape: Sequence[int], output_shape: Sequence[int]
) -> Layer:
    """The `Layer` of a module that has run: its output padding is the one that was in force.

    A forward call with ``output_size=`` puts its own output padding in the place of the module's;
    the output says which. Shapes are those of the tensors, batched or not. Errors as in `layer`.

    >>> up = torch.nn.ConvTranspose1d(4, 6, 4, stride=2)
    >>> layer_of_run(up, (5, 4, 8), up(torch.zeros(5, 4, 8), output_size=[19]).shape).output_padding
    (1,)
    """
    axes = len(getattr(module, "kernel_size", ()))
    batch_size = input_shape[0] if len(input_shape) > axes + 1 else 1
    own = layer(module, tuple(input_shape[-axes:]), batch_size)
    if not own.transposed:
        return own
    unpadded = [size(axis._replace(o=0)) for axis in own.axes]
    added = [L - least for L, least in zip(output_shape[-axes:], unpadded, strict=True)]
    return own.replace(output_padding=added)


def layer_of_operator(
    input_shape: Sequence[int],
    weight_shape: Sequence[int],
    bias: bool,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    output_padding: Sequence[int],
    groups: int,
    transposed: bool = True,
) -> Layer:
    """The `Layer` of a call of ``aten.convolution``.

    Shapes are whole: ``(N, C_in, …)`` and ``(C_in, C_out/groups, …)``, or of an ordinary one
    ``(C_out, C_in/groups, …)``. Errors are those of `Layer`.

    >>> layer_of_operator((5, 4, 8), (4, 3, 2), True, [2], [0], [1], [0], 2).out_channels
    6
    """
    batch_size, in_channels, *input_size = input_shape
    first, per_group, *kernel_size = weight_shape
    expected = first if transposed else per_group * groups
    if expected != in_channels:
        raise LayerError(f"in_channels must be the weight's {expected}, got {in_channels}")
    return Layer(
        input_size,
        in_channels,
        per_group * groups if transposed else first,
        kernel_size,
        stride=list(stride),
        padding=list(padding),
        output_padding=list(output_padding),
        groups=groups,
        bias=bias,
        dilation=list(dilation),
        batch_size=batch_size,
        transposed=transposed,
    )


def module_of(layer: Layer, device: str = "cpu") -> torch.nn.Module:
    """The torch module that a layer describes, its weights random: the inverse of `layer`.

    Raises `ValueError` for what torch has not: begin and end apart, unless it is what ``"same"``
    pads an ordinary convolution with, and more than 3 axes.

    >>> described = Layer((8, 8), 4, 6, 4, stride=2, padding=1)
    >>> layer(module_of(described), (8, 8)) == described
    True
    """
    padding: Any = layer.padding
    if layer.end_padding is not None:
        ends = zip(layer.padding, layer.end_padding, strict=True)
        same_ends = [same(axis.k, axis.d) for axis in layer.axes]
        if layer.transposed or {*layer.stride} != {1} or [*ends] != same_ends:
            raise ValueError("no torch module has crops of begin and end apart")
        padding = "same"
    kinds: Any = TRANSPOSED if layer.transposed else ORDINARY
    if len(layer.axes) > len(kinds):
        raise ValueError(f"no torch module has {len(layer.axes)} axes")
    more = {"output_padding": layer.output_padding} if layer.transposed else {}
    module: torch.nn.Module = kinds[len(layer.axes) - 1](
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=padding,
        groups=layer.groups,
        bias=layer.bias,
        dilation=layer.dilation,
        device=device,
        **more,
    )
    return module
