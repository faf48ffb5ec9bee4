"""``python -m tests.frameworks.page``: notes/frameworks.md, from the code and what was held."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analytic.frameworks import jax, keras, openvino, paddle, tensorflow
from analytic.frameworks.words import CALLS
from analytic.layer import Layer, LayerError
from tests.frameworks.crops import SAYINGS, onnx
from tests.frameworks.shapes import rows as rows_of_shapes

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "notes" / "frameworks.md"
HELD = ROOT / "tests" / "data" / "frameworks.jsonl"

#: A layer of one axis, from its input size, kernel, stride and dilation.
Same = Callable[[int, int, int, int], Layer]

TEXT = """\
# Other frameworks

How a convolution of another framework is a `Layer`: `analytic.frameworks` has a module for each,
with functions that take the framework's own words, shapes in the place of arrays, and import
nothing.

```python
>>> from analytic import macs
>>> from analytic.frameworks import keras, tensorflow
>>> layer = keras.conv_transpose((None, 8, 8, 4), 6, 4, strides=2, padding="same")
>>> layer.padding, layer.end_padding, macs(layer)
((1, 1), None, 21600)
>>> tensorflow.conv_transpose((1, 8, 8, 4), (3, 3, 6, 4), (1, 16, 16, 6), 2).end_padding
(1, 1)

```

The rules stand with each function, with their sources. With $K = (k-1)d + 1$, a transposed
convolution of $n$ inputs covers $(n-1)s + K$ positions, of which it crops $b$ at the begin and $e$
at the end; an ordinary one pads $b$ and $e$ zeros.

- [What "same" means](#what-same-means), and [where two of them differ](#where-two-of-them-differ)
- [From one framework to another](#from-one-framework-to-another)
- [Functions of JAX](#functions-of-jax), [models of Keras](#models-of-keras)
- [What was held to the frameworks](#what-was-held-to-the-frameworks), and
  [the frameworks' own tests](#the-frameworks-own-tests)

## What "same" means

Of a transposed convolution, crops $(b, e)$; a negative crop adds positions. TensorFlow and OpenVINO
are given the output size $n s$. torch, MLX and Caffe have no such word for it.

{transposed}

Of an ordinary convolution, zeros $(b, e)$. torch's `"same"` needs stride 1.

{ordinary}

What is peculiar:

- Paddle's `"SAME"` takes every dilation as 1, and what it crops from the *input* size.
- OpenVINO's `same_upper` puts the larger half of the crop at the begin, ONNX's at the end; with
  groups its CPU plugin ignores `pads_begin` where an output shape is given.
- ONNX halves what there is to add downwards too, where the kernel is narrower than the stride;
  these are the rules of its text, of which onnxruntime makes smaller outputs there.
- Keras' `"same"` with an output padding of 0 is not the one without an output padding.
- TensorFlow's `"SAME"` needs the output shape: sizes 15 and 16 both come from 8 by stride 2, and
  are other layers.

## Where two of them differ

The smallest transposed convolution, by $n + k + s + d$, of which two words mean something else, and
what the word of the row and that of the column crop. Words in one row are the same for all sizes up
to 6 that they have.

{differences}

## From one framework to another

Read $b$ and $e$ of the one (`layer.padding`, and `layer.end_padding` where it is another), and say
them in the words of the other. With $O = (n-1)s + K - b - e$:

{sayings}

Where they cannot be said, convolve without crops, and cut or pad the result: `Cropping` and
`ZeroPadding` layers in Keras, slices and `F.pad` in torch.

`frameworks.layer_of` takes the arguments of `Layer` and the name of a framework, which gives them
its meaning; on the command line that is `--framework`, in a file a key or a column `framework`. The
framework's own names are taken as well, in files its shapes too.

```python
>>> from analytic.frameworks import layer_of
>>> layer_of("keras", input_shape=(1, 8, 4), filters=6, kernel_size=2, padding="same").axes[0].e
1

```

    python -m analytic count --framework keras --input-size 8x8 --in-channels 4 --filters 6 \\
        --kernel-size 3 --strides 2 --padding same

    {{"framework": "keras", "input_shape": [null, 8, 8, 4], "filters": 6, "kernel_size": 3}}

{words}

## What was held to the frameworks

Random settings of one to three axes with channels and groups, run by the framework on ones: every
position of the result is compared with `coverage`, and what one refuses the other has to refuse.
`python -m tests.frameworks` does it for the frameworks that are installed;
[frameworks.jsonl](../tests/data/frameworks.jsonl) is what it said. Nothing differs, but for a fault
of one framework in the last column.

{held}

"No output" are settings whose result has no positions, an empty array: `Layer` refuses them. "Not
a layer" are negative zeros of an ordinary convolution with a stride, which JAX cuts off its input.
"Not asked" are settings that we refuse, and at which a framework ends the process (Paddle, without
an output) or returns something all the same (TensorFlow's and MLX's ordinary convolutions without
an output, TensorFlow Lite where a size does not lead back to the input). "Not run" is what a
backend has no kernel for, or refuses where Keras does not. "Wrong there" is a fault of the
framework: OpenVINO's CPU plugin sums wrongly where an ordinary convolution has one column of
outputs and a stride beyond 1 along it, as in data (1, 1, 5, 5), filters (1, 1, 2, 4), strides
(1, 4), no padding: 8, 0, 8, 0 where ones give 8 everywhere. So does TensorFlow's with oneDNN, of
three axes, which was not used. Caffe's rules are from its sources alone, and
CoreML's from its documentation: sizes are those that coremltools 9.0 infers, in 2,000 random
settings of each kind (`python -m tests.frameworks.coreml_sizes`); on which side its `same` has an
odd zero is not said, so such layers are refused.

## The frameworks' own tests

[framework_shapes.jsonl](../tests/data/framework_shapes.jsonl) has the settings that the frameworks'
own tests of these layers have, with the shape of the output or that it is refused: stated by the
test, or made by the framework where a test compares values alone (`python -m tests.frameworks
--shapes`). All are read by the translations, with the same shapes and refusals; but for JAX's
convolutions that are strided and spread at once, and its empty outputs, which are no layer.

{tests}

## Functions of JAX

`frameworks.jax.layers_of(jax.make_jaxpr(function)(*inputs))` has every convolution that a function
runs, those of its gradients too, if it computes them: with `jax.grad`, all passes of a training
step. Modules of Flax (`linen` and `nnx`), Haiku and Equinox are such functions. The gradient by the
weights convolves the input with the gradient of the output: another layer, with the same pairs, and
so the same MACs. Of five small models of Flax (a U-Net, a DCGAN, a variational autoencoder, 1-D
audio, one like ConvNeXt) the layers have the products that the convolutions make of ones as they
run, forward and with all gradients.

A convolution that both dilates its input and strides its window is refused: a transposed
convolution of which some outputs are left out is a layer of neither kind.

## Models of Keras

`frameworks.keras_models.layers_of(model.to_json())` has the convolutions of a functional or
sequential model, of any backend, without running it; `python -m analytic count model.keras` (or the
JSON of an architecture) counts them. `frameworks.keras_objects.layers_of(model, shape)` takes the
model or the layer itself: functional, sequential or subclassed, with layers that are shared and
functions of `keras.ops`, on JAX, TensorFlow or torch, through symbolic tensors, without a run. Ten
small models of many kinds, which the tests build where Keras is installed, have the layers that a
real run of them has, either way.

## Files of OpenVINO and TensorFlow Lite

`python -m analytic count model.xml` and `count model.tflite` count the convolutions of what
OpenVINO and TensorFlow's converter write, without either package; so do
`frameworks.openvino_models.layers_of(path)` and `frameworks.tflite_models.layers_of(path)`. Such a
file says the size of every tensor, but for those that it leaves open, mostly the batch: that of an
input is given by input and axis, `--dim x:0=8`. Operations that have a rule hand it on; where one
has none, the row of a convolution behind it says so, and takes its size by name, `--dim conv:0=8`.
The weights of a `.xml`, in the `.bin` beside it, are not read.

What is counted is what the file has, and converters change models:

- a constant of a size for each channel, added to a convolution alone, is its bias; of a batch
  normalisation that was folded into the weights, that is what is left;
- TensorFlow's converter makes a convolution of one axis one of two, gives an ordinary one without a
  bias a bias of zeros, takes away a bias of zeros of others, and writes a dilated one of an open
  batch as a plain one of parts of the input, with zeros in them: with the batch 2, the layer of
  kernel 3, dilation 2 and 8×8 inputs that Keras pads with `"same"` becomes one of batch 8 and 6×6
  inputs.

Six of the models below, which Keras has as JSON and torch as a module of the same layers, were
written by TensorFlow's converter, by torch as ONNX, and from that by OpenVINO: every count of every
layer is the same in all five (`tests/test_model_files.py`).
"""


def words() -> str:
    """Which function is which kind, and what its names and its words are."""
    rows = []
    for framework, calls in CALLS.items():
        for call, kind in zip(calls, ("transposed", "ordinary"), strict=True):
            renamed = [
                f"{' and '.join(f'`{name}`' for name in its)} for `{ours}`"
                for ours, its in call.names.items()
                if its != (ours,)
            ]
            padding = [f"`{word}`" for word in call.words] + ["numbers"] * bool(call.numbers)
            shapes = ", ".join(f"`{name}`" for name in call.shapes)
            cells = [f"`{call.name()}`", shapes, ", ".join(renamed), ", ".join(padding)]
            rows.append([framework, kind, *cells])
    return table(["framework", "kind", "function", "shapes", "names", "padding"], rows)


def crops(layer: Layer) -> tuple[int, int]:
    """What is cropped or padded at begin and end of the one axis."""
    end = layer.padding if layer.end_padding is None else layer.end_padding
    return layer.padding[0], end[0]


def keras_same(n: int, k: int, s: int, d: int, extra: int | None = None) -> Layer:
    """Keras' transposed convolution."""
    return keras.conv_transpose((1, n, 1), 1, k, s, "same", extra, dilation_rate=d)


def tensorflow_same(n: int, k: int, s: int, d: int) -> Layer:
    """TensorFlow's, of the output size that others have."""
    return tensorflow.conv_transpose((1, n, 1), (k, 1, 1), (1, n * s, 1), s, "SAME", None, d)


def jax_same(n: int, k: int, s: int, d: int) -> Layer:
    """JAX's."""
    return jax.conv_transpose((1, n, 1), (k, 1, 1), s, "SAME", d)


def openvino_same(word: str) -> Same:
    """OpenVINO's, of the output size that others have."""
    return lambda n, k, s, d: openvino.convolution_backprop_data(
        (1, 1, n), (1, 1, k), s, 0, 0, d, word, output_shape=n * s
    )


def paddle_same(n: int, k: int, s: int, d: int) -> Layer:
    """Paddle's."""
    return paddle.conv_transpose((1, 1, n), (1, 1, k), s, "SAME", dilation=d)


def onnx_same(word: bytes, *, transposed: bool) -> Same:
    """ONNX's."""
    return lambda n, k, s, d: onnx(n, k, s, d, transposed=transposed, auto_pad=word)


TRANSPOSED: dict[str, Same] = {
    'Keras `"same"`': keras_same,
    'Keras `"same"`, output_padding 0': lambda n, k, s, d: keras_same(n, k, s, d, 0),
    'TensorFlow, TFLite `"SAME"`': tensorflow_same,
    'JAX, Flax `"SAME"`': jax_same,
    "OpenVINO `same_upper`": openvino_same("same_upper"),
    "OpenVINO `same_lower`": openvino_same("same_lower"),
    'Paddle `"SAME"`': paddle_same,
    "ONNX `SAME_UPPER`": onnx_same(b"SAME_UPPER", transposed=True),
    "ONNX `SAME_LOWER`": onnx_same(b"SAME_LOWER", transposed=True),
}

ORDINARY: dict[str, Same] = {
    'torch `"same"`': lambda n, k, s, d: Layer(
        [n], 1, 1, k, stride=s, dilation=d, padding="same", transposed=False
    ),
    'Keras `"same"`': lambda n, k, s, d: keras.conv((1, n, 1), 1, k, s, "same", dilation_rate=d),
    'TensorFlow, TFLite `"SAME"`': lambda n, k, s, d: tensorflow.convolution(
        (1, n, 1), (k, 1, 1), s, "SAME", None, d
    ),
    'JAX, Flax `"SAME"`': lambda n, k, s, d: jax.conv_general_dilated(
        (1, 1, n), (1, 1, k), s, "SAME", 1, d
    ),
    "OpenVINO `same_upper`": lambda n, k, s, d: openvino.convolution(
        (1, 1, n), (1, 1, k), s, 0, 0, d, "same_upper"
    ),
    "OpenVINO `same_lower`": lambda n, k, s, d: openvino.convolution(
        (1, 1, n), (1, 1, k), s, 0, 0, d, "same_lower"
    ),
    'Paddle `"SAME"`': lambda n, k, s, d: paddle.conv((1, 1, n), (1, 1, k), s, "SAME", d),
    "ONNX `SAME_UPPER`": onnx_same(b"SAME_UPPER", transposed=False),
    "ONNX `SAME_LOWER`": onnx_same(b"SAME_LOWER", transposed=False),
}

EXAMPLES = [(8, 4, 2, 1), (8, 3, 2, 1), (8, 5, 2, 1), (8, 2, 3, 1), (8, 4, 1, 1), (8, 4, 1, 2)]


def answer(same: Same, example: tuple[int, int, int, int]) -> tuple[int, int] | None:
    """The crops, or None where the framework has no such layer."""
    try:
        return crops(same(*example))
    except LayerError:
        return None


def table(head: list[str], rows: list[list[str]]) -> str:
    """Cells as a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(pair: tuple[int, int] | None) -> str:
    """A pair as in mathematics, or a dash."""
    return "–" if pair is None else f"({pair[0]}, {pair[1]})".replace("-", "−")


def sames(words: dict[str, Same]) -> str:
    """What the words mean on the examples."""
    head = ["n, k, s, d", *[", ".join(map(str, example)) for example in EXAMPLES]]
    rows = [[name, *[shown(answer(same, e)) for e in EXAMPLES]] for name, same in words.items()]
    return table(head, rows)


#: Small layers, the smallest first.
SMALL: list[tuple[int, int, int, int]] = [
    (n, k, s, d)
    for total in range(4, 25)
    for s, d, k in itertools.product(range(1, 7), repeat=3)
    if 1 <= (n := total - s - d - k) <= 6
]


def difference(one: Same, other: Same) -> str:
    """The smallest layer of which two words say something else."""
    for example in SMALL:
        pair = answer(one, example), answer(other, example)
        if None not in pair and pair[0] != pair[1]:
            return f"{', '.join(map(str, example))}: {shown(pair[0])}, {shown(pair[1])}"
    return ""


def meanings(words: dict[str, Same]) -> list[list[str]]:
    """Names of words, those together that mean the same of every small layer that both have."""
    alike: list[list[str]] = []
    for name, same in words.items():
        for names in alike:
            if not any(difference(words[other], same) for other in names):
                names.append(name)
                break
        else:
            alike.append([name])
    return alike


def differences(words: dict[str, Same]) -> str:
    """Every meaning against every other."""
    alike = meanings(words)
    rows = [
        [f"{number}: {'; '.join(names)}"]
        + [difference(words[names[0]], words[others[0]]) for others in alike]
        for number, names in enumerate(alike, 1)
    ]
    return table(["n, k, s, d: crops", *map(str, range(1, len(alike) + 1))], rows)


def sayings() -> str:
    """How crops are said in each framework."""
    rows = [[saying.framework, saying.words, saying.where] for saying in SAYINGS]
    return table(["framework", "words", "where"], rows)


def tests() -> str:
    """How many settings of which test are read."""
    tally: dict[tuple[str, str], list[int]] = {}
    for row in rows_of_shapes():
        where = row["source"].replace(" ", ": ", 1)
        count = tally.setdefault((row["function"], where), [0, 0, 0])
        count[0] += len(row["outputs"])
        count[1] += len(row["outputs"]) if row["stated by"] == "its test" else 0
        count[2] += row["outputs"].count(None)
    rows = [
        [f"`{function}`", where, *[f"{number:,}" for number in count]]
        for (function, where), count in tally.items()
    ]
    return table(["function", "tests in", "settings", "shapes stated there", "refused"], rows)


def held() -> str:
    """What was held to the frameworks."""
    verdicts = [
        *("equal at every position", "refused by both", "no output", "no layer", "not asked"),
        *("not run", "wrong there"),
    ]
    rows = []
    for line in HELD.read_text().splitlines():
        row: dict[str, Any] = json.loads(line)
        backend = f" on {row['backend']}" if "backend" in row else ""
        who = f"{row['package']} {row['version']}{backend}"
        tally = [f"{row.get(name, 0):,}" for name in verdicts]
        rows.append([f"`{row['function']}`", who, *tally])
    head = ["function", "held to", "equal", *verdicts[1:3], "not a layer", *verdicts[4:]]
    return table(head, rows)


def page() -> str:
    """The whole page."""
    return TEXT.format(
        words=words(),
        held=held(),
        transposed=sames(TRANSPOSED),
        ordinary=sames(ORDINARY),
        differences=differences(TRANSPOSED),
        sayings=sayings(),
        tests=tests(),
    )


if __name__ == "__main__":
    PAGE.write_text(page())
