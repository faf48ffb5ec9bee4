"""Small models of Flax, of ``linen`` and of ``nnx``, and what their convolutions do in a run."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Jax = Any
#: The products of a convolution, and the elements of its result.
Call = tuple[int, int]


def unet() -> tuple[Callable[..., Any], tuple[int, ...]]:
    """Two steps down and up, of linen: SAME, a stride, a dilation, and what is joined."""
    nn: Any = importlib.import_module("flax.linen")
    jnp = importlib.import_module("jax.numpy")

    class Net(nn.Module):  # type: ignore[misc]
        @nn.compact  # type: ignore[untyped-decorator]
        def __call__(self, array: Any) -> Any:
            skipped = []
            for features in (4, 8):
                array = nn.relu(nn.Conv(features, (3, 3))(array))
                skipped.append(array)
                array = nn.max_pool(array, (2, 2), (2, 2))
            array = nn.Conv(16, (3, 3), kernel_dilation=2)(array)
            for features, skip in zip((8, 4), reversed(skipped), strict=True):
                up = nn.ConvTranspose(features, (2, 2), (2, 2))(array)
                array = nn.Conv(features, (3, 3))(jnp.concatenate([up, skip], -1))
            return nn.Conv(2, (1, 1))(array)

    return linen(Net()), (1, 16, 16, 3)


def dcgan() -> tuple[Callable[..., Any], tuple[int, ...]]:
    """A generator, of nnx: a vector, then twice as large three times."""
    nnx: Any = importlib.import_module("flax.nnx")

    class Net(nnx.Module):  # type: ignore[misc]
        def __init__(self, rngs: Any) -> None:
            self.dense = nnx.Linear(8, 4 * 4 * 16, rngs=rngs)
            self.first = nnx.ConvTranspose(16, 8, (5, 5), (2, 2), use_bias=False, rngs=rngs)
            self.norm = nnx.BatchNorm(8, use_running_average=True, rngs=rngs)
            self.second = nnx.ConvTranspose(8, 4, (4, 4), (2, 2), rngs=rngs)
            self.third = nnx.ConvTranspose(4, 3, (4, 4), (2, 2), padding=(2, (3, 1)), rngs=rngs)

        def __call__(self, array: Any) -> Any:
            array = self.dense(array).reshape(-1, 4, 4, 16)
            return self.third(self.second(nnx.relu(self.norm(self.first(array)))))

    return nnx_net(Net(nnx.Rngs(0))), (2, 8)


def autoencoder() -> tuple[Callable[..., Any], tuple[int, ...]]:
    """A variational autoencoder, of linen, with strides on the way down."""
    nn: Any = importlib.import_module("flax.linen")
    jnp = importlib.import_module("jax.numpy")

    class Net(nn.Module):  # type: ignore[misc]
        @nn.compact  # type: ignore[untyped-decorator]
        def __call__(self, array: Any) -> Any:
            for features in (4, 8):
                array = nn.relu(nn.Conv(features, (3, 3), strides=2)(array))
            code = nn.Dense(6)(array.reshape(array.shape[0], -1))
            mean, spread = jnp.split(code, 2, -1)
            array = nn.Dense(7 * 7 * 8)(mean + jnp.exp(spread)).reshape(-1, 7, 7, 8)
            for features in (4, 1):
                array = nn.ConvTranspose(features, (3, 3), (2, 2))(array)
            return array

    return linen(Net()), (2, 28, 28, 1)


def audio() -> tuple[Callable[..., Any], tuple[int, ...]]:
    """One axis, of nnx: causal and dilated layers, a circle, groups, and a large stride up."""
    nnx: Any = importlib.import_module("flax.nnx")

    class Net(nnx.Module):  # type: ignore[misc]
        def __init__(self, rngs: Any) -> None:
            causal = {"padding": "CAUSAL", "rngs": rngs}
            self.layers = nnx.List(
                [
                    nnx.Conv(2, 8, 9, strides=4, **causal),
                    nnx.Conv(8, 8, 3, kernel_dilation=4, **causal),
                    nnx.Conv(8, 8, 3, padding="CIRCULAR", feature_group_count=4, rngs=rngs),
                    nnx.ConvTranspose(8, 2, 8, 4, padding="VALID", rngs=rngs),
                ]
            )

        def __call__(self, array: Any) -> Any:
            for layer in self.layers:
                array = layer(array)
            return array

    return nnx_net(Net(nnx.Rngs(0))), (2, 64, 2)


def convnext() -> tuple[Callable[..., Any], tuple[int, ...]]:
    """Patches, then depthwise kernels of 7 beside what passes by, of linen."""
    nn: Any = importlib.import_module("flax.linen")

    class Net(nn.Module):  # type: ignore[misc]
        @nn.compact  # type: ignore[untyped-decorator]
        def __call__(self, array: Any) -> Any:
            array = nn.Conv(8, (4, 4), strides=4, padding="VALID")(array)
            for features in (8, 16):
                if array.shape[-1] != features:
                    array = nn.Conv(features, (2, 2), strides=2, padding="VALID")(array)
                beside = nn.Conv(features, (7, 7), feature_group_count=features)(array)
                beside = nn.gelu(nn.Dense(4 * features)(nn.LayerNorm()(beside)))
                array = array + nn.Dense(features)(beside)
            return array

    return linen(Net()), (1, 32, 32, 3)


def linen(module: Any) -> Callable[..., Any]:
    """A module of linen as a function of its weights, which come first, and of its input."""

    def net(weights: Any, array: Any) -> Any:
        return module.apply(weights, array)

    net.initial = module.init  # type: ignore[attr-defined]
    return net


def nnx_net(module: Any) -> Callable[..., Any]:
    """A module of nnx as such a function."""
    nnx: Any = importlib.import_module("flax.nnx")
    definition, weights, rest = nnx.split(module, nnx.Param, ...)

    def net(weights: Any, array: Any) -> Any:
        return nnx.merge(definition, weights, rest)(array)

    net.initial = lambda *_: weights  # type: ignore[attr-defined]
    return net


MODELS: dict[str, Callable[[], tuple[Any, tuple[int, ...]]]] = {
    build.__name__: build for build in (unet, dcgan, autoencoder, audio, convnext)
}


@contextmanager
def executed(jax: Jax) -> Iterator[Counter[Call]]:
    """The convolutions that run, meanwhile, one operation after the other: gradients are seen too.

    Of each, how many products it has, which is the sum of what it makes of ones, and the elements
    of its result.
    """
    primitive = importlib.import_module("jax.extend.core.primitives").conv_general_dilated_p
    calls: Counter[Call] = Counter()
    before = primitive.impl

    def noted(*arrays: Any, **words: Any) -> Any:
        result = before(*arrays, **words)
        ones = before(*[array * 0 + 1 for array in arrays], **words)
        calls[round(float(ones.sum())), result.size] += 1
        return result

    primitive.def_impl(noted)
    try:
        with jax.disable_jit():
            yield calls
    finally:
        primitive.def_impl(before)
