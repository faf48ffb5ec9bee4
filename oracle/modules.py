"""From torch modules to layers."""

from __future__ import annotations

import torch

from analytic.layer import Layer, LayerError, shown, sizes
from analytic.protocols import InputSize

MODULES = (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d, torch.nn.ConvTranspose3d)


def layer(module: torch.nn.Module, input_size: InputSize, batch_size: int = 1) -> Layer:
    """The `Layer` of a ``torch.nn.ConvTranspose1d/2d/3d`` at an input size.

    ``input_size`` has the spatial sizes alone, one an axis: ``x.shape[2:]`` of a batched input. The
    output padding is the module's own; where a forward call passes ``output_size=``, say so with
    ``layer.replace(output_padding=…)``. Raises `TypeError` for another module, `LayerError` for an
    input size of another number of axes or with no output.
    Source: documentation of ``torch.nn.ConvTranspose2d``, sections Parameters and Shape.

    >>> layer(torch.nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1), (8, 8)).stride
    (2, 2)
    """
    if not isinstance(module, MODULES):
        raise TypeError(
            "module must be a torch.nn.ConvTranspose1d, ConvTranspose2d or ConvTranspose3d, "
            f"got {type(module).__name__}"
        )
    if module.in_channels == 0:
        raise LayerError(f"the {type(module).__name__} has no channels yet: run it once")
    given = sizes(input_size)
    if len(given) != len(module.kernel_size):
        raise LayerError(
            f"input_size must have the {len(module.kernel_size)} spatial sizes that a "
            f"{type(module).__name__} takes, got {len(given)}: {shown(given)}"
        )
    return Layer(
        given,
        module.in_channels,
        module.out_channels,
        module.kernel_size,
        stride=module.stride,
        padding=module.padding,  # type: ignore[arg-type]  # never a string here
        output_padding=module.output_padding,
        groups=module.groups,
        bias=module.bias is not None,
        dilation=module.dilation,
        batch_size=batch_size,
    )
