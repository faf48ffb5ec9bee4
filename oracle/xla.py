"""The second oracle: the same experiment by XLA, which shares no code with torch.

Every convolution is one ``lax.conv_general_dilated``: a transposed one spreads its input
(``lhs_dilation``) where an ordinary one takes strides. Ones are convolved with ones, in int64;
gradients are XLA's own, of an output of ones, in float64. And XLA's own count of a compiled pass,
`cost_analysis`, is twice the exact MACs. Needs jax.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Unpack

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.axis import Axis
from analytic.integers import as_layer
from analytic.layer import Layer, axes_of
from analytic.protocols import ConventionName, Geometry, InputSize, PerAxis, RuleName
from analytic.totals import Count, Passes, Products, Reached
from oracle.ones import EXACT_FLOATS, in_and_out, is_transposed, refuse_beyond

#: The spatial dimensions in XLA's words.
LETTERS = "DHW"


class MacsOfPasses(NamedTuple):
    """The MACs of each pass that multiplies."""

    forward: int
    grad_input: int
    grad_weight: int


def convolution(
    axes: tuple[Axis, ...], transposed: bool, groups: int = 1
) -> Callable[[Any, Any], Any]:
    """The convolution of these axes, of an input ``(N, C_in, …)`` and taps ``(C_out, C_in/g, …)``.

    The taps of a transposed convolution are turned around, which ones and counts do not tell.
    """
    if len(axes) > len(LETTERS):
        raise ValueError(f"convolutions of 1, 2 or 3 axes are run, got {len(axes)}")
    from jax import lax

    strides = [axis.s for axis in axes]
    unit = [1] * len(axes)
    pads = [(axis.b, axis.e) for axis in axes]
    if transposed:
        pads = [
            ((axis.k - 1) * axis.d - axis.b, (axis.k - 1) * axis.d - axis.e + axis.o)
            for axis in axes
        ]
    letters = LETTERS[-len(axes) :]

    def convolve(inputs: Any, taps: Any) -> Any:
        return lax.conv_general_dilated(
            inputs,
            taps,
            window_strides=unit if transposed else strides,
            padding=pads,
            lhs_dilation=strides if transposed else unit,
            rhs_dilation=[axis.d for axis in axes],
            dimension_numbers=(f"NC{letters}", f"OI{letters}", f"NC{letters}"),
            feature_group_count=groups,
        )

    return convolve


@contextmanager
def sixty_four_bits() -> Iterator[None]:
    """Arrays of 64 bits; what XLA compiles for them is dropped, or a thousand layers fill 4 GB."""
    import jax

    with jax.enable_x64():
        yield
    jax.clear_caches()


def run(axes: tuple[Axis, ...], *, transposed: bool = True, max_bytes: int = 2**30) -> Any:
    """What XLA makes of ones and ones: the coverage, as a NumPy array of int64."""
    import numpy as np

    convolve = convolution(axes, transposed)
    sizes, outputs = in_and_out(axes, transposed)
    taps = [axis.k for axis in axes]
    refuse_beyond(max_bytes, 8 * (math.prod(sizes) + math.prod(taps) + math.prod(outputs)))
    with sixty_four_bits():
        ones = [np.ones((1, 1, *sides), np.int64) for sides in (sizes, taps)]
        return np.asarray(convolve(*ones))[0, 0]


def gradients(
    axes: tuple[Axis, ...], *, transposed: bool = True, max_bytes: int = 2**30
) -> tuple[Any, Any]:
    """The products of each input and of each tap: gradients of an output of ones, in float64.

    Raises `ValueError` where one could pass 2^53, and is no longer exact.
    """
    import numpy as np
    from jax import vjp

    convolve = convolution(axes, transposed)
    sizes, outputs = in_and_out(axes, transposed)
    taps = [axis.k for axis in axes]
    refuse_beyond(max_bytes, 16 * (math.prod(sizes) + math.prod(taps) + math.prod(outputs)))
    if math.prod(max(axis.n, axis.k) for axis in axes) > EXACT_FLOATS:
        raise ValueError("a sum could pass 2^53, where float64 is no longer exact")
    with sixty_four_bits():
        ones = [np.ones((1, 1, *sides)) for sides in (sizes, taps)]
        result, back = vjp(convolve, *ones)
        by_input, by_taps = back(np.ones(result.shape))
        return np.asarray(by_input)[0, 0], np.asarray(by_taps)[0, 0]


def measure(
    axes: tuple[Axis, ...], *, transposed: bool = True, max_bytes: int = 2**30
) -> tuple[tuple[int, ...], Products]:
    """Output size and products of a layer, read off one experiment."""
    result = run(axes, transposed=transposed, max_bytes=max_bytes)
    return result.shape, Products(
        inputs=math.prod(in_and_out(axes, transposed)[0]),
        taps=math.prod(axis.k for axis in axes),
        positions=result.size,
        overlaps=int(result.sum()),
        covered=int((result != 0).sum()),
    )


def measure_reached(
    axes: tuple[Axis, ...], *, transposed: bool = True, max_bytes: int = 2**30
) -> tuple[tuple[int, ...], Reached]:
    """Output size, products, and inputs and taps reached, read off a layer and its gradients."""
    by_input, by_taps = gradients(axes, transposed=transposed, max_bytes=max_bytes)
    sizes, products = measure(axes, transposed=transposed, max_bytes=max_bytes)
    return sizes, Reached(products, int((by_input != 0).sum()), int((by_taps != 0).sum()))


def coverage(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    max_bytes: int = 2**30,
    **geometry: Unpack[Geometry],
) -> Any:
    """Kernel-tap overlaps of every output position, by XLA, as a NumPy array of int64.

    Arguments and errors as in `oracle.coverage`. Cost: that of the layer, one channel.
    Source: documentation of ``jax.lax.conv_general_dilated``.
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return run(axes, transposed=is_transposed(geometry), max_bytes=max_bytes)


def count(
    layer: Layer,
    *,
    convention: ConventionName = "nonzero",
    rule: RuleName = "exact",
    max_bytes: int = 2**30,
) -> Count:
    """Every count of a layer, its axes measured by XLA. See `analytic.count`."""
    layer = as_layer(layer)
    sizes, products = measure(layer.axes, transposed=layer.transposed, max_bytes=max_bytes)
    return totals.count(INTEGERS, layer, sizes, products, convention, rule, layer.transposed)


def passes(layer: Layer, *, rule: RuleName = "exact", max_bytes: int = 2**30) -> Passes:
    """What each pass of a layer costs, its axes measured by XLA. See `analytic.passes`."""
    layer = as_layer(layer)
    _, axes = measure_reached(layer.axes, transposed=layer.transposed, max_bytes=max_bytes)
    return totals.passes(INTEGERS, layer, axes, rule)


def cost_analysis(layer: Layer) -> MacsOfPasses:
    """The MACs of each pass as XLA counts them: half the ``flops`` of the compiled convolution.

    XLA walks the pairs of a window and leaves out those in padding and between spread inputs: the
    exact rule. Its figure is the float32 nearest to twice the MACs, so these are exact up to 2^24,
    and beyond it if twice the MACs have 24 digits before their zeros, in binary. It is of batches
    of at least one sample. Nothing is run. Source: documentation of
    ``jax.stages.Compiled.cost_analysis``.
    """
    import jax

    convolve, inputs, taps = shaped(as_layer(layer))
    outputs = jax.eval_shape(convolve, inputs, taps)

    def grad_input(taps: Any, outputs: Any) -> Any:
        return jax.linear_transpose(lambda x: convolve(x, taps), inputs)(outputs)

    def grad_weight(inputs: Any, outputs: Any) -> Any:
        return jax.linear_transpose(lambda w: convolve(inputs, w), taps)(outputs)

    return MacsOfPasses(
        forward=forward_flops(layer) // 2,
        grad_input=flops(grad_input, taps, outputs) // 2,
        grad_weight=flops(grad_weight, inputs, outputs) // 2,
    )


def forward_flops(layer: Layer) -> int:
    """The operations of the forward pass, as XLA reports them."""
    return flops(*shaped(layer))


def shaped(layer: Layer) -> tuple[Callable[[Any, Any], Any], Any, Any]:
    """The convolution of a layer, and what its input and its taps are: shapes without values."""
    import jax

    convolve = convolution(layer.axes, layer.transposed, layer.groups)
    sizes, _ = in_and_out(layer.axes, layer.transposed)
    per_group = layer.in_channels // layer.groups
    shapes = (
        (layer.batch_size, layer.in_channels, *sizes),
        (layer.out_channels, per_group, *layer.kernel_size),
    )
    inputs, taps = (jax.ShapeDtypeStruct(shape, "float32") for shape in shapes)
    return convolve, inputs, taps


def flops(function: Callable[..., Any], *arguments: Any) -> int:
    """The operations that XLA counts of a function; it says nothing of none."""
    import jax

    return int(jax.jit(function).lower(*arguments).cost_analysis().get("flops", 0))
