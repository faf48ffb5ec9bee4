"""``python -m tests.frameworks.coreml_sizes``: sizes of CoreML, as coremltools infers them.

Only macOS runs them, so no position is compared.
"""

from __future__ import annotations

import importlib
import random
import sys
from collections import Counter
from typing import Any

import numpy as np

from analytic.frameworks import coreml
from analytic.layer import LayerError
from tests.frameworks.runs import Words, geometry


def words_of(random: random.Random, kind: str) -> Words:
    """A setting of one of both kinds."""
    of = geometry(random)
    channels = (of.outputs, of.inputs) if kind == "conv" else (of.inputs, of.outputs)
    pad_type = random.choice(["valid", "custom", "custom", "same"])
    pad = [random.randint(0, 2) for _ in range(2 * of.axes)]
    return {
        "x_shape": (1, of.inputs, *of.n),
        "weight_shape": (channels[0], channels[1] // of.groups, *of.k),
        "strides": of.s,
        "dilations": of.d,
        "groups": of.groups,
        "pad_type": pad_type,
        **({"pad": pad} if pad_type == "custom" else {}),
    }


def inferred(kind: str, words: Words) -> tuple[int, ...] | None:
    """The shape that coremltools infers; None where it refuses, or nothing is left."""
    builder: Any = importlib.import_module("coremltools.converters.mil").Builder
    function: Any = importlib.import_module("coremltools.converters.mil.mil").Function
    options = {name: value for name, value in words.items() if not name.endswith("_shape")}
    weight = np.ones(words["weight_shape"], np.float32)
    try:
        with function({"x": builder.placeholder(shape=words["x_shape"])}) as net:
            shape = getattr(builder, kind)(x=net.inputs["x"], weight=weight, **options).shape
    except ValueError:
        return None
    return tuple(map(int, shape)) if min(shape) > 0 else None


def verdict(kind: str, words: Words) -> str:
    """How both agree on a setting."""
    theirs = inferred(kind, words)
    try:
        layer = getattr(coreml, kind)(**words)
    except LayerError as refusal:
        if str(refusal).startswith("pad_type must be custom"):
            return "side not said"
        return "refused by both" if theirs is None else f"differ: only we refuse, {refusal}"
    ours = (layer.batch_size, layer.out_channels, *layer.output_size)
    return "equal in size" if ours == theirs else f"differ: {ours}, theirs {theirs}"


def held(kind: str, settings: int) -> Counter[str]:
    """How often which verdict."""
    draw = random.Random(f"coreml.{kind}")
    return Counter(verdict(kind, words_of(draw, kind)) for _ in range(settings))


if __name__ == "__main__":
    for kind in ("conv", "conv_transpose"):
        sys.stdout.write(f"{kind} {dict(held(kind, 2000))}\n")
