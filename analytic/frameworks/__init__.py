"""Other frameworks' words for a convolution, translated to `analytic.Layer`: pure integers.

Each module has functions with the names and arguments of a framework's own, shapes in the place of
arrays, and imports no framework. What is not said of a layer by its shapes has the framework's
default, but for ``bias``, which functions of arrays do not have: it is False unless said.

Of a transposed convolution, every rule here gives what is cropped at begin ``b`` and end ``e`` of
``full = (n − 1)s + K``, with ``K = (k − 1)d + 1``: the output size is ``O = full − b − e``. They
are of either sign: a negative crop adds positions. Of an ordinary convolution it gives the zeros at
both ends. Sources stand with each function; each rule is held to its framework by running it on
ones (notes/frameworks.md).
"""

from __future__ import annotations

from analytic.frameworks import (
    caffe,
    coreml,
    equinox,
    flax,
    haiku,
    jax,
    keras,
    mlx,
    openvino,
    paddle,
    tensorflow,
    tflite,
)
from analytic.frameworks.words import layer_of

__all__ = [
    "caffe",
    "coreml",
    "equinox",
    "flax",
    "haiku",
    "jax",
    "keras",
    "layer_of",
    "mlx",
    "openvino",
    "paddle",
    "tensorflow",
    "tflite",
]
