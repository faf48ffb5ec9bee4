"""How the crops of a transposed convolution of one axis are said in each framework."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from analytic.frameworks import caffe, jax, keras, mlx, openvino, paddle, tensorflow
from analytic.layer import Layer


def onnx(n: int, k: int, s: int, d: int, *, transposed: bool = True, **words: Any) -> Layer:
    """ONNX's operator of one axis, whose rules need the package onnx."""
    from analytic.onnx.nodes import layer_of_node

    attributes = {"strides": [s], "dilations": [d], **words}
    return layer_of_node(attributes, False, (1, 1, n), (1, 1, k), transposed=transposed)


class Cropped(NamedTuple):
    """Sizes of an axis, and what is cropped at its begin and end."""

    n: int
    k: int
    s: int
    d: int
    b: int
    e: int

    @property
    def span(self) -> int:
        """``K``, positions from the first tap to the last."""
        return (self.k - 1) * self.d + 1

    @property
    def output(self) -> int:
        """``O``, the output size."""
        return (self.n - 1) * self.s + self.span - self.b - self.e


class Saying(NamedTuple):
    """Words of a framework, where they say the crops, and the layer that they are."""

    framework: str
    words: str
    where: str
    holds: Callable[[Cropped], bool]
    layer: Callable[[Cropped], Layer]


def zeros(at: Cropped) -> bool:
    """Crops that a list of paddings may have."""
    return min(at.b, at.e) >= 0


def halves(at: Cropped) -> bool:
    """Crops of which TensorFlow's "SAME" makes these two, of a size that leads back."""
    return at.b == max(at.b + at.e, 0) // 2 and -(-at.output // at.s) == at.n


def square(at: Cropped, padding: str | list[list[int]]) -> Layer:
    """TensorFlow's convolution of two axes that are alike."""
    sizes, outputs = (1, at.n, at.n, 1), (1, at.output, at.output, 1)
    return tensorflow.conv_transpose(sizes, (at.k, at.k, 1, 1), outputs, at.s, padding, None, at.d)


SAYINGS = [
    Saying(
        "torch",
        "`padding=b, output_padding=b − e`",
        "0 ≤ b − e < max(s, d), b ≥ 0; else without, and a slice",
        lambda at: at.b >= 0 and 0 <= at.b - at.e < max(at.s, at.d),
        lambda at: Layer((at.n,), 1, 1, at.k, at.s, at.b, at.b - at.e, dilation=at.d),
    ),
    Saying(
        "ONNX",
        "`pads=[b, e]`",
        "b, e ≥ 0",
        zeros,
        lambda at: onnx(at.n, at.k, at.s, at.d, pads=[at.b, at.e]),
    ),
    Saying(
        "Keras",
        '`padding="valid"`, then a `Cropping` of `(b, e)`',
        "b, e ≥ 0, K ≥ s; s = 1 or d = 1",
        lambda at: zeros(at) and at.span >= at.s and 1 in {at.s, at.d},
        lambda at: keras.conv_transpose((1, at.n, 1), 1, at.k, at.s, dilation_rate=at.d).replace(
            padding=at.b, end_padding=at.e
        ),
    ),
    Saying(
        "TensorFlow, of two axes",
        "`output_shape` with O, `padding=[[0, 0], [b, e], …, [0, 0]]`",
        "b, e ≥ 0",
        zeros,
        lambda at: square(at, [[0, 0], [at.b, at.e], [at.b, at.e], [0, 0]]),
    ),
    Saying(
        "TensorFlow, TFLite",
        '`output_shape` with O, `padding="SAME"`',
        "b = ⌊max(b + e, 0)/2⌋, ⌈O/s⌉ = n",
        halves,
        lambda at: square(at, "SAME"),
    ),
    Saying(
        "JAX, Flax",
        "`padding=[(K − 1 − b, K − 1 − e)]`",
        "always",
        lambda _: True,
        lambda at: jax.conv_transpose(
            (1, at.n, 1), (at.k, 1, 1), at.s, [(at.span - 1 - at.b, at.span - 1 - at.e)], at.d
        ),
    ),
    Saying(
        "OpenVINO",
        "`pads_begin=b, pads_end=e`",
        "always",
        lambda _: True,
        lambda at: openvino.convolution_backprop_data(
            (1, 1, at.n), (1, 1, at.k), at.s, at.b, at.e, at.d
        ),
    ),
    Saying(
        "Paddle",
        "`padding=[b, e]`",
        "b, e ≥ 0",
        zeros,
        lambda at: paddle.conv_transpose(
            (1, 1, at.n), (1, 1, at.k), at.s, [at.b, at.e], dilation=at.d
        ),
    ),
    Saying(
        "MLX",
        "`padding=b, output_padding=b − e`",
        "b ≥ 0, 0 ≤ b − e < s",
        lambda at: at.b >= 0 and 0 <= at.b - at.e < at.s,
        lambda at: mlx.conv_transpose((1, at.n, 1), (1, at.k, 1), at.s, at.b, at.d, at.b - at.e),
    ),
    Saying(
        "Caffe",
        "`pad: b`",
        "b = e ≥ 0",
        lambda at: at.b == at.e >= 0,
        lambda at: caffe.deconvolution((1, 1, at.n), 1, at.k, at.s, at.b, at.d),
    ),
]


def small() -> Iterator[Cropped]:
    """Layers with an output, of small sizes."""
    for n, k, s, d in itertools.product(range(1, 4), range(1, 5), range(1, 4), range(1, 3)):
        for b, e in itertools.product(range(-3, 6), repeat=2):
            at = Cropped(n, k, s, d, b, e)
            if at.output >= 1:
                yield at
