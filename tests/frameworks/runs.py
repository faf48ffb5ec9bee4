"""Random settings of a framework's convolution, what the framework makes of ones, and our layer.

A run has the words of a function for both: `translate` hands them to `analytic.frameworks`, with
shapes for arrays; `execute` to the framework, with ones. Frameworks are imported where they run.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import random
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from analytic.layer import Layer

Words = dict[str, Any]

# With oneDNN, TensorFlow takes output shapes that do not lead back to the input, and sums wrongly
# where an ordinary convolution of three axes has one column of outputs.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


class Run(NamedTuple):
    """A function of a framework: its package, settings of it, and what both sides make of them."""

    name: str
    package: str
    draw: Callable[[random.Random], Words]
    execute: Callable[[Words], Any]
    translate: Callable[[Words], Layer]
    #: Where the channels of the result stand.
    channels: int = 1
    #: What a refusal says that is of the machine or the backend, not of the layer.
    limits: tuple[str, ...] = ()
    #: Our refusal of what a framework is not asked, for it ends, or returns something all the same.
    unasked: str | None = None
    #: Of which layers the framework is known to return wrong numbers.
    faults: Callable[[Layer], bool] = lambda _: False
    #: The shape alone, where the framework says it without running.
    shape: Callable[[Words], tuple[int, ...]] | None = None

    def installed(self) -> bool:
        """Whether the framework can be imported."""
        return importlib.util.find_spec(self.package) is not None

    def version(self) -> str:
        """The version of the framework."""
        distribution = importlib.metadata.packages_distributions()[self.package][0]
        return importlib.metadata.version(distribution)


def options_of(words: Words) -> Words:
    """The words that are no shapes: what a function takes by name."""
    return {name: value for name, value in words.items() if not name.endswith("_shape")}


def ones(shape: Any) -> Any:
    """Ones in float32: counts of small layers are exact in it."""
    return np.ones(shape, np.float32)


class Geometry(NamedTuple):
    """What every setting has: sizes, kernel, stride, dilation, and channels in groups."""

    axes: int
    n: list[int]
    k: list[int]
    s: list[int]
    d: list[int]
    groups: int
    inputs: int
    outputs: int


def geometry(random: random.Random, *, groups: bool = True, dilated: bool = True) -> Geometry:
    """Small layers of one to three axes, most of them with stride or dilation 1."""
    axes = random.choice([1, 2, 2, 2, 3])

    def column(most: int) -> list[int]:
        return [random.randint(1, most) for _ in range(axes)]

    plain = [1] * axes
    strided, wide = column(4), column(3)
    s = random.choice([strided, strided, plain])
    d = random.choice([wide, plain, plain]) if dilated else plain
    count = random.choice([1, 1, 2, 3]) if groups else 1
    return Geometry(
        axes,
        column(7 if axes < 3 else 4),
        column(5 if axes < 3 else 3),
        s,
        d,
        count,
        count * random.randint(1, 2),
        count * random.randint(1, 2),
    )


def sizes_near(random: random.Random, of: Geometry) -> list[int]:
    """Output sizes about those of the uncropped transposed convolution."""
    return [
        max((n - 1) * s + random.randint(-3, (k - 1) * d + 1 + s), 1)
        for n, k, s, d in zip(of.n, of.k, of.s, of.d, strict=True)
    ]


# Keras.


def keras_words(random: random.Random) -> Words:
    of = geometry(random, groups=False)
    extra = [random.randint(0, s) for s in of.s]
    return {
        "input_shape": (1, *of.n, of.inputs),
        "filters": of.outputs,
        "kernel_size": tuple(of.k),
        "strides": tuple(of.s),
        "padding": random.choice(["valid", "same"]),
        "output_padding": random.choice([None, tuple(extra)]),
        "dilation_rate": tuple(of.d),
        "use_bias": False,
    }


def keras_ordinary_words(random: random.Random) -> Words:
    of = geometry(random)
    words = ["valid", "same", "causal"] if of.axes == 1 else ["valid", "same"]
    return {
        "input_shape": (1, *of.n, of.inputs),
        "filters": of.outputs,
        "kernel_size": tuple(of.k),
        "strides": tuple(of.s),
        "padding": random.choice(words),
        "dilation_rate": tuple(of.d),
        "groups": of.groups,
        "use_bias": False,
    }


def keras_depthwise_words(random: random.Random) -> Words:
    of = geometry(random)
    axes = min(of.axes, 2)
    stride = random.randint(1, 3)  # which TensorFlow wants alike on both axes
    return {
        "input_shape": (1, *of.n[:axes], of.inputs),
        "kernel_size": tuple(of.k[:axes]),
        "strides": (stride,) * axes,
        "padding": random.choice(["valid", "same"]),
        "depth_multiplier": random.randint(1, 2),
        "use_bias": False,
    }


def keras_runs(kind: str) -> Callable[[Words], Any]:
    def execute(words: Words) -> Any:
        keras = importlib.import_module("keras")
        shape, options = words["input_shape"], options_of(words)
        initializer = "depthwise_initializer" if kind == "Depthwise" else "kernel_initializer"
        name = "DepthwiseConv{}D" if kind == "Depthwise" else "Conv{}D" + kind
        layer = getattr(keras.layers, name.format(len(shape) - 2))
        return keras.ops.convert_to_numpy(layer(**options, **{initializer: "ones"})(ones(shape)))

    return execute


def translated(module: str, function: str) -> Callable[[Words], Layer]:
    """A function of `analytic.frameworks`."""
    translation = getattr(importlib.import_module(f"analytic.frameworks.{module}"), function)

    def translate(words: Words) -> Layer:
        layer: Layer = translation(**words)
        return layer

    return translate


# TensorFlow and TensorFlow Lite.


def tensorflow_words(random: random.Random) -> Words:
    of = geometry(random, groups=False, dilated=False)
    padding: Any = random.choice(["SAME", "VALID"])
    same = padding == "SAME"
    outputs = [
        (n - 1) * s + (1 if same else k) + random.randint(0, s - 1)
        for n, k, s in zip(of.n, of.k, of.s, strict=True)
    ]
    if random.random() < 0.1:
        outputs = sizes_near(random, of)
    if of.axes == 2 and random.random() < 0.2:
        pairs = [[random.randint(0, 2), random.randint(0, 2)] for _ in range(2)]
        padding = [[0, 0], *pairs, [0, 0]]
        full = [(n - 1) * s + k for n, k, s in zip(of.n, of.k, of.s, strict=True)]
        outputs = [size - sum(pair) for size, pair in zip(full, pairs, strict=True)]
    return {
        "input_shape": (1, *of.n, of.inputs),
        "filter_shape": (*of.k, of.outputs, of.inputs),
        "output_shape": (1, *outputs, of.outputs),
        "strides": of.s,
        "padding": padding,
    }


def run_tensorflow(words: Words) -> Any:
    tf = importlib.import_module("tensorflow")
    axes = len(words["input_shape"]) - 2
    arrays = ones(words["input_shape"]), ones(words["filter_shape"])
    transpose = getattr(tf.nn, f"conv{axes}d_transpose")
    return transpose(*arrays, words["output_shape"], **options_of(words)).numpy()


def tensorflow_ordinary_words(random: random.Random) -> Words:
    of = geometry(random)
    return {
        "input_shape": (1, *of.n, of.inputs),
        "filter_shape": (*of.k, of.inputs // of.groups, of.outputs),
        "strides": of.s,
        "padding": random.choice(["SAME", "VALID"]),
        "dilations": of.d if max(of.s) == 1 else [1] * of.axes,
    }


def run_tensorflow_ordinary(words: Words) -> Any:
    tf = importlib.import_module("tensorflow")
    arrays = ones(words["input_shape"]), ones(words["filter_shape"])
    convolution = tf.nn.convolution if isinstance(words["padding"], str) else tf.nn.conv2d
    return convolution(*arrays, **options_of(words)).numpy()


def tensorflow_depthwise_words(random: random.Random) -> Words:
    of = of_axes(random, 2)
    stride = random.randint(1, 3)  # alike on both axes, as TensorFlow wants it
    return {
        "input_shape": (1, *of.n, of.inputs),
        "filter_shape": (*of.k, of.inputs, random.randint(1, 3)),
        "strides": (1, stride, stride, 1),
        "padding": random.choice(["SAME", "VALID"]),
        "dilations": tuple(of.d) if stride == 1 else (1, 1),
    }


def run_tensorflow_depthwise(words: Words) -> Any:
    tf = importlib.import_module("tensorflow")
    return tf.nn.depthwise_conv2d(
        ones(words["input_shape"]),
        ones(words["filter_shape"]),
        words["strides"],
        words["padding"],
        dilations=words["dilations"],
    ).numpy()


def tflite_words(random: random.Random) -> Words:
    words = tensorflow_words(random)
    while len(words["input_shape"]) != 4 or not isinstance(words["padding"], str):
        words = tensorflow_words(random)
    height, width, outputs, inputs = words["filter_shape"]
    return {
        "input_shape": words["input_shape"],
        "weights_shape": (outputs, height, width, inputs),
        "output_shape": words["output_shape"],
        "stride_h": words["strides"][0],
        "stride_w": words["strides"][1],
        "padding": words["padding"],
    }


def run_tflite(words: Words) -> Any:
    tf = importlib.import_module("tensorflow")
    interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter
    outputs, height, width, inputs = words["weights_shape"]
    strides = [words["stride_h"], words["stride_w"]]

    def convolution(array: Any) -> Any:
        filters = tf.constant(ones((height, width, outputs, inputs)))
        shape, padding = words["output_shape"], words["padding"]
        return tf.nn.conv2d_transpose(array, filters, shape, strides, padding)

    signature = [tf.TensorSpec(words["input_shape"], tf.float32)]
    concrete = tf.function(convolution, input_signature=signature).get_concrete_function()
    model = interpreter(
        model_content=tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()
    )
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], ones(words["input_shape"]))
    model.invoke()
    return model.get_tensor(model.get_output_details()[0]["index"])


def lite_words(of: Geometry, random: random.Random, axes: int, *, dilated: bool) -> Words:
    """What the operators of that many axes have in common."""
    names = "dhw"[3 - axes :]
    strides = of.s if max(of.d) == 1 or dilated else [1] * axes
    return {
        "input_shape": (1, *of.n, of.inputs),
        **{f"stride_{name}": s for name, s in zip(names, strides, strict=True)},
        "padding": random.choice(["SAME", "VALID"]),
        **{f"dilation_{name}_factor": d for name, d in zip(names, of.d, strict=True)},
    }


def of_axes(random: random.Random, axes: int, **options: bool) -> Geometry:
    """A geometry of that many axes."""
    of = geometry(random, **options)
    while of.axes != axes:
        of = geometry(random, **options)
    return of


def lite_ordinary_words(random: random.Random) -> Words:
    of = of_axes(random, 2)
    weights = (of.outputs, *of.k, of.inputs // of.groups)
    return {**lite_words(of, random, 2, dilated=True), "weights_shape": weights}


def lite_depthwise_words(random: random.Random) -> Words:
    of = of_axes(random, 2)
    weights = (1, *of.k, of.inputs * random.randint(1, 3))
    return {**lite_words(of, random, 2, dilated=True), "weights_shape": weights}


def lite_volume_words(random: random.Random) -> Words:
    of = of_axes(random, 3, groups=False)
    weights = (*of.k, of.inputs, of.outputs)
    return {**lite_words(of, random, 3, dilated=True), "weights_shape": weights}


def lite_volume_transposed_words(random: random.Random) -> Words:
    of = of_axes(random, 3, groups=False)
    words = lite_words(of, random, 3, dilated=True)
    same = words["padding"] == "SAME"
    outputs = [
        (n - 1) * s + (1 if same else (k - 1) * d + 1) + random.randint(0, s - 1)
        for n, k, s, d in zip(of.n, of.k, of.s, of.d, strict=True)
    ]
    if random.random() < 0.1:
        outputs = sizes_near(random, of)
    weights = (*of.k, of.outputs, of.inputs)
    return {**words, "weights_shape": weights, "output_shape": (1, *outputs, of.outputs)}


#: The fields of the options, after the padding.
FIELDS_2D = {"stride_w": 1, "stride_h": 2}
FIELDS_3D = {"stride_d": 1, "stride_w": 2, "stride_h": 3}
DILATIONS_3D = {"dilation_d_factor": 5, "dilation_w_factor": 6, "dilation_h_factor": 7}
LITE_FIELDS = {
    "CONV_2D": {**FIELDS_2D, "dilation_w_factor": 4, "dilation_h_factor": 5},
    "DEPTHWISE_CONV_2D": {**FIELDS_2D, "dilation_w_factor": 5, "dilation_h_factor": 6},
    "CONV_3D": {**FIELDS_3D, **DILATIONS_3D},
    "CONV_3D_TRANSPOSE": {**FIELDS_3D, **DILATIONS_3D},
}


def lite_runs(kind: str, order: tuple[str, ...], outputs: int) -> Callable[[Words], Any]:
    """Runs an operator of which weights have the outputs at that place."""

    def execute(words: Words) -> Any:
        shape = words["weights_shape"]
        inputs = {"x": words["input_shape"], "weights": shape, "bias": (shape[outputs],)}
        inputs["shape"] = words.get("output_shape", ())
        options = {field: words[name] for name, field in LITE_FIELDS[kind].items()}
        options[0] = ("SAME", "VALID").index(words["padding"])
        if kind == "DEPTHWISE_CONV_2D":
            options[3] = shape[-1] // words["input_shape"][-1]
        lite = importlib.import_module("tests.frameworks.lite")
        output = words.get("output_shape", (1,) * len(words["input_shape"]))
        return lite.run(lite.file_of(kind, inputs, order, output, options), words["input_shape"])

    return execute


def lite_run(
    function: str, draw: Callable[[random.Random], Words], *order: str, outputs: int
) -> Run:
    """An operator of TensorFlow Lite."""
    execute = lite_runs(function.upper(), order, outputs)
    return Run(
        f"tflite.{function}",
        "ai_edge_litert",
        draw,
        execute,
        translated("tflite", function),
        channels=-1,
        unasked="output_",
    )


# JAX, which wants tuples where a file has lists.


def tuples(value: Any) -> Any:
    """Lists as tuples, within one another too."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def jax_words(random: random.Random) -> Words:
    of = geometry(random, groups=False)
    pairs = [(random.randint(-1, 4), random.randint(-1, 4)) for _ in range(of.axes)]
    return {
        "lhs_shape": (1, *of.n, of.inputs),
        "rhs_shape": (*of.k, of.inputs, of.outputs),
        "strides": tuple(of.s),
        "padding": random.choice(["SAME", "VALID", pairs]),
        "rhs_dilation": tuple(of.d),
        "use_consistent_padding": random.random() < 0.3,
    }


def jax_call(function: str, words: Words) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """A function of JAX with its options, and the ones that it takes."""
    options = {name: tuples(value) for name, value in options_of(words).items()}
    arrays = ones(words["lhs_shape"]), ones(words["rhs_shape"])
    call = getattr(importlib.import_module("jax").lax, function)
    if function == "conv_transpose":
        name = "DHW"[3 - len(words["strides"]) :]
        options = {"dimension_numbers": (f"N{name}C", f"{name}IO", f"N{name}C"), **options}
    return partial(call, **options), arrays


def jax_runs(function: str) -> Callable[[Words], Any]:
    def execute(words: Words) -> Any:
        call, arrays = jax_call(function, words)
        return np.asarray(call(*arrays))

    return execute


def jax_shapes(function: str) -> Callable[[Words], tuple[int, ...]]:
    def shape(words: Words) -> tuple[int, ...]:
        call, arrays = jax_call(function, words)
        return tuple(importlib.import_module("jax").eval_shape(call, *arrays).shape)

    return shape


def jax_general_words(random: random.Random) -> Words:
    of = geometry(random)
    pairs = [(random.randint(-1, 4), random.randint(-1, 4)) for _ in range(of.axes)]
    dilated = random.random() < 0.5
    one = (1,) * of.axes
    return {
        "lhs_shape": (1, of.inputs, *of.n),
        "rhs_shape": (of.outputs, of.inputs // of.groups, *of.k),
        "window_strides": one if dilated else tuple(of.s),
        "padding": random.choice(["SAME", "SAME_LOWER", "VALID", pairs]),
        "lhs_dilation": tuple(of.s) if dilated else one,
        "rhs_dilation": tuple(of.d),
        "feature_group_count": of.groups,
    }


def padding_of(random: random.Random, of: Geometry, *words: str) -> Any:
    """A word, a number, or a number or a pair of each axis."""
    each = [random.choice([random.randint(0, 4), pair_of(random)]) for _ in of.n]
    return random.choice([*words, random.randint(0, 3), each])


def pair_of(random: random.Random) -> tuple[int, int]:
    """Zeros at both ends."""
    return random.randint(0, 4), random.randint(0, 4)


def flax_words(random: random.Random) -> Words:
    of = geometry(random)
    words = ("SAME", "SAME_LOWER", "VALID", "CAUSAL", "CIRCULAR", "REFLECT")
    return {
        "input_shape": (*random.choice([(), (1,), (1, 1)]), *of.n, of.inputs),
        "features": of.outputs,
        "kernel_size": tuple(of.k),
        "strides": tuple(of.s),
        "padding": padding_of(random, of, *words),
        "kernel_dilation": tuple(of.d),
        "feature_group_count": of.groups,
        "use_bias": False,
    }


def flax_transposed_words(random: random.Random) -> Words:
    words = flax_words(random)
    del words["feature_group_count"]
    while words["padding"] in ("CIRCULAR", "REFLECT", "CAUSAL"):  # the first wraps its result
        words["padding"] = flax_words(random)["padding"]
    if not isinstance(words["padding"], (str, int)):
        words["padding"] = words["padding"][: len(words["kernel_size"])]
        words["padding"] += [1] * (len(words["kernel_size"]) - len(words["padding"]))
    return words


def flax_runs(name: str) -> Callable[[Words], Any]:
    """A module of linen, or of nnx."""

    def execute(words: Words) -> Any:
        jax = importlib.import_module("jax")
        options = {key: value for key, value in words.items() if key != "input_shape"}
        array = ones(words["input_shape"])
        initializer = {"kernel_init": lambda _, shape, *__: ones(shape)}
        if sum(words["kernel_size"]) % 2:
            module = getattr(importlib.import_module("flax.linen"), name)(**options, **initializer)
            result, _ = module.init_with_output(jax.random.key(0), array)
        else:
            nnx = importlib.import_module("flax.nnx")
            inputs, outputs = array.shape[-1], options.pop("features")
            rngs = {"rngs": nnx.Rngs(0)}
            result = getattr(nnx, name)(inputs, outputs, **options, **initializer, **rngs)(array)
        axes = len(words["kernel_size"])
        return np.asarray(result).reshape(-1, *result.shape[-axes - 1 :])

    return execute


def haiku_words(random: random.Random) -> Words:
    of = geometry(random)
    return {
        "input_shape": (1, *of.n, of.inputs),
        "output_channels": of.outputs,
        "kernel_shape": tuple(of.k),
        "stride": tuple(of.s),
        "rate": tuple(of.d),
        "padding": random.choice(
            ["SAME", "valid", pair_of(random), [pair_of(random) for _ in of.n]]
        ),
        "feature_group_count": of.groups,
        "with_bias": False,
    }


def haiku_transposed_words(random: random.Random) -> Words:
    of = geometry(random, groups=False, dilated=False)
    words: Words = {
        "input_shape": (1, *of.n, of.inputs),
        "output_channels": of.outputs,
        "kernel_shape": tuple(of.k),
        "stride": tuple(of.s),
        "padding": random.choice(["SAME", "VALID", [pair_of(random) for _ in of.n]]),
        "with_bias": False,
    }
    if random.random() < 0.6:
        same = words["padding"] == "SAME"
        words["output_shape"] = [
            (n - 1) * s + (1 if same else k) + random.randint(0, s - 1)
            for n, k, s in zip(of.n, of.k, of.s, strict=True)
        ]
        if random.random() < 0.2:
            words["output_shape"] = sizes_near(random, of)
    return words


def haiku_runs(name: str) -> Callable[[Words], Any]:
    def execute(words: Words) -> Any:
        hk = importlib.import_module("haiku")
        options = {key: value for key, value in words.items() if key != "input_shape"}
        options["w_init"] = lambda shape, _: ones(shape)
        array = ones(words["input_shape"])

        def net(x: Any) -> Any:
            return getattr(hk, name)(array.ndim - 2, **options)(x)

        transformed = hk.without_apply_rng(hk.transform(net))
        return np.asarray(transformed.apply(transformed.init(None, array), array))

    return execute


def equinox_words(random: random.Random) -> Words:
    of = geometry(random)
    return {
        "input_shape": (of.inputs, *of.n),
        "out_channels": of.outputs,
        "kernel_size": tuple(of.k),
        "stride": tuple(of.s),
        "padding": padding_of(random, of, "SAME", "SAME_LOWER", "VALID"),
        "dilation": tuple(of.d),
        "groups": of.groups,
        "use_bias": False,
        "padding_mode": random.choice(["ZEROS", "ZEROS", "CIRCULAR", "REPLICATE"]),
    }


def equinox_transposed_words(random: random.Random) -> Words:
    words = equinox_words(random)
    extra = [random.randint(0, s) if random.random() < 0.3 else 0 for s in words["stride"]]
    return {**words, "output_padding": tuple(extra), "padding_mode": random.choice(CIRCULAR)}


#: Modes of Equinox' transposed convolution, which has not all.
CIRCULAR = ("ZEROS", "ZEROS", "ZEROS", "CIRCULAR")


def equinox_runs(name: str) -> Callable[[Words], Any]:
    def execute(words: Words) -> Any:
        jax, eqx = importlib.import_module("jax"), importlib.import_module("equinox")
        options = {key: value for key, value in words.items() if key != "input_shape"}
        inputs, *sizes = words["input_shape"]
        make = getattr(eqx.nn, name)
        options["key"] = jax.random.key(0)
        module = eqx.filter_eval_shape(make, len(sizes), inputs, **options)
        weight = ones(module.weight.shape)
        module = eqx.tree_at(lambda layer: layer.weight, module, weight)
        return np.asarray(module(ones(words["input_shape"])))[None]

    return execute


# OpenVINO.


def openvino_words(random: random.Random) -> Words:
    of = geometry(random)
    begin = [random.randint(0, 3) for _ in of.n]
    end = [random.randint(0, 3) for _ in of.n]
    front = (of.groups,) if of.groups > 1 or random.random() < 0.2 else ()
    inputs, outputs = of.inputs // of.groups, of.outputs // of.groups
    words: Words = {
        "data_shape": (1, of.inputs, *of.n),
        "filters_shape": (*front, inputs, outputs, *of.k),
        "strides": of.s,
        "pads_begin": begin,
        "pads_end": end,
        "dilations": of.d,
        "auto_pad": random.choice(["explicit", "same_upper", "same_lower", "valid"]),
        "output_padding": [random.randint(0, 2) if random.random() < 0.5 else 0 for _ in of.n],
    }
    if random.random() < 0.5:
        words["output_shape"] = sizes_near(random, of)
        words["output_padding"] = [0] * of.axes
    return words


def run_openvino(words: Words) -> Any:
    ov = importlib.import_module("openvino")
    ops = importlib.import_module("openvino.opset13")
    grouped = len(words["filters_shape"]) > len(words["data_shape"])
    make = ops.group_convolution_backprop_data if grouped else ops.convolution_backprop_data
    options = options_of(words)
    if "output_shape" in words:
        options["output_shape"] = ops.constant(np.array(words["output_shape"], np.int64))
    return openvino_result(ov, ops, make, words, options)


def openvino_result(ov: Any, ops: Any, make: Any, words: Words, options: Words) -> Any:
    data = ops.parameter(words["data_shape"], np.float32)
    filters = ops.constant(ones(words["filters_shape"]))
    model = ov.Model([make(data, filters, **options)], [data])
    compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled([ones(words["data_shape"])])[0]


def openvino_ordinary_words(random: random.Random) -> Words:
    of = geometry(random)
    front = (of.groups,) if of.groups > 1 else ()
    return {
        "data_shape": (1, of.inputs, *of.n),
        "filters_shape": (*front, of.outputs // of.groups, of.inputs // of.groups, *of.k),
        "strides": of.s,
        "pads_begin": [random.randint(0, 3) for _ in of.n],
        "pads_end": [random.randint(0, 3) for _ in of.n],
        "dilations": of.d,
        "auto_pad": random.choice(["explicit", "same_upper", "same_lower", "valid"]),
    }


def run_openvino_ordinary(words: Words) -> Any:
    ov = importlib.import_module("openvino")
    ops = importlib.import_module("openvino.opset13")
    grouped = len(words["filters_shape"]) > len(words["data_shape"])
    make = ops.group_convolution if grouped else ops.convolution
    return openvino_result(ov, ops, make, words, options_of(words))


# PaddlePaddle.


def paddle_padding(random: random.Random, of: Geometry) -> Any:
    """A padding in one of Paddle's forms."""
    each = [random.randint(0, 3) for _ in of.n]
    pairs = [[random.randint(0, 3), random.randint(0, 3)] for _ in of.n]
    turns = [zeros for pair in pairs for zeros in pair]
    forms = ["SAME", "VALID", each, turns]
    if of.axes > 1:
        forms.append([[0, 0], [0, 0], *pairs])
    return random.choice(forms)


def paddle_words(random: random.Random) -> Words:
    of = geometry(random)
    words: Words = {
        "x_shape": (1, of.inputs, *of.n),
        "weight_shape": (of.inputs, of.outputs // of.groups, *of.k),
        "stride": of.s,
        "padding": paddle_padding(random, of),
        "groups": of.groups,
        "dilation": of.d,
    }
    if random.random() < 0.4:
        words["output_size"] = sizes_near(random, of)
    else:
        words["output_padding"] = [
            random.randint(0, max(s, d) - 1) for s, d in zip(of.s, of.d, strict=True)
        ]
    return words


def run_paddle(words: Words, transposed: bool = True) -> Any:
    paddle = importlib.import_module("paddle")
    axes = len(words["x_shape"]) - 2
    name = f"conv{axes}d_transpose" if transposed else f"conv{axes}d"
    arrays = [paddle.to_tensor(ones(words[name])) for name in ("x_shape", "weight_shape")]
    return getattr(paddle.nn.functional, name)(*arrays, **options_of(words)).numpy()


def paddle_ordinary_words(random: random.Random) -> Words:
    of = geometry(random)
    return {
        "x_shape": (1, of.inputs, *of.n),
        "weight_shape": (of.outputs, of.inputs // of.groups, *of.k),
        "stride": of.s,
        "padding": paddle_padding(random, of),
        "groups": of.groups,
        "dilation": of.d,
    }


# MLX.


def mlx_words(random: random.Random) -> Words:
    of = geometry(random, groups=False)
    return {
        "input_shape": (1, *of.n, of.inputs),
        "weight_shape": (of.outputs, *of.k, of.inputs),
        "stride": tuple(of.s),
        "padding": tuple(random.randint(0, (k - 1) * d) for k, d in zip(of.k, of.d, strict=True)),
        "dilation": tuple(of.d),
        "output_padding": tuple(random.randint(0, s - 1) for s in of.s),
    }


def run_mlx(words: Words, transposed: bool = True) -> Any:
    mx = importlib.import_module("mlx.core")
    axes = len(words["input_shape"]) - 2
    options = options_of(words)
    for name, value in options.items():
        if isinstance(value, (list, tuple)):
            options[name] = value[0] if axes == 1 else tuple(value)
    name = f"conv_transpose{axes}d" if transposed else f"conv{axes}d"
    arrays = [mx.ones(words[name]) for name in ("input_shape", "weight_shape")]
    return np.array(getattr(mx, name)(*arrays, **options, stream=mx.cpu))


def mlx_ordinary_words(random: random.Random) -> Words:
    of = geometry(random, groups=False)
    return {
        "input_shape": (1, *of.n, of.inputs),
        "weight_shape": (of.outputs, *of.k, of.inputs),
        "stride": tuple(of.s),
        "padding": tuple(random.randint(0, 3) for _ in of.n),
        "dilation": tuple(of.d),
    }


#: What TensorFlow says that it has on GPUs alone: channels first, and dilations.
ON_GPUS = ("only supports N", "not yet support dilation")


def keras_run(function: str, kind: str, draw: Callable[[random.Random], Words]) -> Run:
    """A layer of Keras, on the backend that KERAS_BACKEND names."""
    # TensorFlow refuses what does not lead back to the input, where Keras does not.
    limits = ("doesn't match computed", "not supported", *ON_GPUS)
    execute, translate = keras_runs(kind), translated("keras", function)
    return Run(f"keras.{function}", "keras", draw, execute, translate, channels=-1, limits=limits)


def one_column(layer: Layer) -> bool:
    """Where OpenVINO 2026.4.1 sums wrongly on a CPU: 0 for 8 in (1, 1, 5, 5) by (1, 1, 2, 4),
    strides (1, 4), without any padding.
    """
    return layer.axes[-1].n == 1 and layer.stride[-1] > 1


#: What OpenVINO's CPU plugin has no kernel for.
NO_KERNEL = ("could not create a primitive descriptor",)


def all_runs() -> list[Run]:
    """Every function that is translated and can be run here."""
    return [
        keras_run("conv_transpose", "Transpose", keras_words),
        keras_run("conv", "", keras_ordinary_words),
        keras_run("depthwise_conv", "Depthwise", keras_depthwise_words),
        Run(
            "tensorflow.conv_transpose",
            "tensorflow",
            tensorflow_words,
            run_tensorflow,
            translated("tensorflow", "conv_transpose"),
            channels=-1,
            limits=ON_GPUS,
        ),
        Run(
            "tensorflow.convolution",
            "tensorflow",
            tensorflow_ordinary_words,
            run_tensorflow_ordinary,
            translated("tensorflow", "convolution"),
            channels=-1,
            # No groups of three axes on a CPU, and strides and dilations in conv2d alone.
            limits=("must match last dimension of input", "in conjunction with", *ON_GPUS),
            unasked="output_size must be positive",
        ),
        Run(
            "tflite.transpose_conv",
            "ai_edge_litert",
            tflite_words,
            run_tflite,
            translated("tflite", "transpose_conv"),
            channels=-1,
            unasked="output_shape must lead back",
        ),
        Run(
            "tensorflow.depthwise_conv2d",
            "tensorflow",
            tensorflow_depthwise_words,
            run_tensorflow_depthwise,
            translated("tensorflow", "depthwise_conv2d"),
            channels=-1,
            unasked="output_size must be positive",
        ),
        lite_run("conv_2d", lite_ordinary_words, "x", "weights", "bias", outputs=0),
        lite_run("depthwise_conv_2d", lite_depthwise_words, "x", "weights", "bias", outputs=-1),
        lite_run("conv_3d", lite_volume_words, "x", "weights", outputs=-1),
        lite_run(
            "conv_3d_transpose",
            lite_volume_transposed_words,
            *("shape", "weights", "x"),
            outputs=-2,
        ),
        Run(
            "jax.conv_transpose",
            "jax",
            jax_words,
            jax_runs("conv_transpose"),
            translated("jax", "conv_transpose"),
            channels=-1,
            shape=jax_shapes("conv_transpose"),
        ),
        Run(
            "jax.conv_general_dilated",
            "jax",
            jax_general_words,
            jax_runs("conv_general_dilated"),
            translated("jax", "conv_general_dilated"),
            shape=jax_shapes("conv_general_dilated"),
        ),
        Run(
            *("flax.conv", "flax", flax_words),
            *(flax_runs("Conv"), translated("flax", "conv")),
            channels=-1,
        ),
        Run(
            *("flax.conv_transpose", "flax", flax_transposed_words),
            *(flax_runs("ConvTranspose"), translated("flax", "conv_transpose")),
            channels=-1,
        ),
        Run(
            *("haiku.conv_nd", "haiku", haiku_words),
            *(haiku_runs("ConvND"), translated("haiku", "conv_nd")),
            channels=-1,
        ),
        Run(
            *("haiku.conv_nd_transpose", "haiku", haiku_transposed_words),
            *(haiku_runs("ConvNDTranspose"), translated("haiku", "conv_nd_transpose")),
            channels=-1,
        ),
        Run(
            *("equinox.conv", "equinox", equinox_words),
            *(equinox_runs("Conv"), translated("equinox", "conv")),
        ),
        Run(
            *("equinox.conv_transpose", "equinox", equinox_transposed_words),
            *(equinox_runs("ConvTranspose"), translated("equinox", "conv_transpose")),
        ),
        Run(
            "openvino.convolution_backprop_data",
            "openvino",
            openvino_words,
            run_openvino,
            translated("openvino", "convolution_backprop_data"),
            limits=NO_KERNEL,
        ),
        Run(
            "openvino.convolution",
            "openvino",
            openvino_ordinary_words,
            run_openvino_ordinary,
            translated("openvino", "convolution"),
            limits=NO_KERNEL,
            faults=one_column,
        ),
        Run(
            "paddle.conv_transpose",
            "paddle",
            paddle_words,
            run_paddle,
            translated("paddle", "conv_transpose"),
            # Kernels that have no output padding of the stride or more.
            limits=("are inconsistent", "are mismatching"),
            unasked="output_size must be positive",
        ),
        Run(
            "paddle.conv",
            "paddle",
            paddle_ordinary_words,
            lambda words: run_paddle(words, transposed=False),
            translated("paddle", "conv"),
            unasked="output_size must be positive",
        ),
        Run(
            "mlx.conv_transpose",
            "mlx",
            mlx_words,
            run_mlx,
            translated("mlx", "conv_transpose"),
            channels=-1,
        ),
        Run(
            "mlx.conv",
            "mlx",
            mlx_ordinary_words,
            lambda words: run_mlx(words, transposed=False),
            translated("mlx", "conv"),
            channels=-1,
            unasked="output_size must be positive",
        ),
    ]


RUNS = {run.name: run for run in all_runs()}
