"""``python -m tests.data.measure``: measure the real ordinary layers of this folder again.

Every model of ``models.csv`` is built as its package builds it, without weights, on torch's meta
device, and run once while hooks read its convolutions. What a row says of a layer is then measured:
ones through torch's ordinary convolution with one channel and no bias, in float64, and the
gradients of their sum. Needs torch, tqdm, and the packages of ``models.csv``.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import json
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from operator import ge, gt
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

HERE = Path(__file__).parent
#: Rows of one model in the file of corners.
MOST = 6

#: The public repository of each package, and where in it the package stands.
REPOSITORIES = {
    "torchvision": "pytorch/vision ",
    "timm": "huggingface/pytorch-image-models ",
    "segmentation_models_pytorch": "qubvel-org/segmentation_models.pytorch ",
    "transformers": "huggingface/transformers src/",
    "diffusers": "huggingface/diffusers src/",
    "monai": "Project-MONAI/MONAI ",
    "pytorchvideo": "facebookresearch/pytorchvideo ",
    "efficientnet_pytorch": "lukemelas/EfficientNet-PyTorch ",
}

CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}

Sizes = tuple[int, ...]


def build(entry: dict[str, str]) -> nn.Module:
    """The model of a line of ``models.csv``, without weights."""
    package = importlib.import_module(entry["package"])
    if entry["package"] == "pytorchvideo":  # which imports none of its modules
        for name in ("slowfast", "x3d", "csn"):
            importlib.import_module(f"pytorchvideo.models.{name}")
    model: nn.Module = eval(entry["build"], {"package": package})
    return model.eval()


def source(model: nn.Module, entry: dict[str, str]) -> str:
    """The public repository and file that a model is from, and the version of the package."""
    name = entry["package"]
    package = importlib.import_module(name)
    kind = type(model)
    if name == "pytorchvideo":  # whose models are of one class
        kind = eval(entry["build"].split("(")[0], {"package": package})
    path = Path(inspect.getsourcefile(kind) or "").as_posix()
    file = path[path.rindex(f"/{name}/") + 1 :]
    return f"{REPOSITORIES[name]}{file} ({package.__version__.split('+')[0]})"


def layers(entry: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The convolutions of a model in the order of their calls, as rows without figures."""
    rows: list[dict[str, Any]] = []
    with torch.device("meta"), torch.no_grad():
        model = build(entry)
        where = {"model": entry["model"], "source": source(model, entry)}
        for name, module in model.named_modules():
            if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
                module.register_forward_hook(
                    lambda layer, inputs, output, name=name: rows.append(
                        {**where, "layer": name, **fields(layer, inputs[0].shape, output.shape)}
                    )
                )
        inputs = [torch.zeros([*map(int, size.split("x"))]) for size in entry["input"].split()]
        model(inputs if len(inputs) > 1 else inputs[0])
    yield from rows


def fields(layer: Any, inputs: Sizes, outputs: Sizes) -> dict[str, Any]:
    """What a layer is, and the sizes of its input and output."""
    begin, end = paddings(layer, inputs[2:])
    padding = {"padding": begin} if begin == end else {"padding": begin, "end_padding": end}
    return {
        "in_channels": int(layer.in_channels),
        "out_channels": int(layer.out_channels),
        "kernel_size": [*map(int, layer.kernel_size)],
        "stride": [*map(int, layer.stride)],
        **padding,
        "output_padding": [0] * len(begin),
        "dilation": [*map(int, layer.dilation)],
        "groups": layer.groups,
        "bias": layer.bias is not None,
        "transposed": False,
        "input_size": [*inputs[2:]],
        "output_size": [*outputs[2:]],
    }


def paddings(layer: Any, inputs: Sizes) -> tuple[list[int], list[int]]:
    """The zeros at both ends, those included that a layer with TensorFlow's padding pads first."""
    kernel = zip(layer.kernel_size, layer.dilation, strict=True)
    spans = [int(d * (k - 1)) for k, d in kernel]
    name = type(layer).__name__
    if name == "Conv2dStaticSamePadding" and isinstance(layer.static_padding, nn.ZeroPad2d):
        left, right, top, bottom = layer.static_padding.padding
        return [top, left], [bottom, right]
    if name in {"Conv2dSame", "ScaledStdConv2dSame"}:
        steps = zip(inputs, layer.stride, spans, strict=True)
        zeros = [max((-(-n // s) - 1) * s + span + 1 - n, 0) for n, s, span in steps]
        return [zero // 2 for zero in zeros], [zero - zero // 2 for zero in zeros]
    if layer.padding == "same":
        return [span // 2 for span in spans], [span - span // 2 for span in spans]
    assert layer.padding_mode == "zeros", layer  # the others pad with real numbers
    padding = [0] * len(spans) if layer.padding == "valid" else [*map(int, layer.padding)]
    return padding, padding


def measured(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its figures, from ones through the layer and the gradients of their sum."""
    begin, end = row["padding"], row.get("end_padding", row["padding"])
    inputs = torch.ones((1, 1, *row["input_size"]), dtype=torch.float64, requires_grad=True)
    taps = torch.ones((1, 1, *row["kernel_size"]), dtype=torch.float64, requires_grad=True)
    zeros = [zero for pair in zip(reversed(begin), reversed(end), strict=True) for zero in pair]
    padded = functional.pad(inputs, zeros)
    convolve = CONVOLUTIONS[len(begin)]
    result = convolve(padded, taps, None, row["stride"], 0, row["dilation"])
    assert list(result.shape[2:]) == row["output_size"], row
    total = result.sum()
    assert total < 2**53, row
    by_input, by_tap = torch.autograd.grad(total, (inputs, taps))
    return {
        **row,
        "taps": int(total),
        "nonzero": int(torch.count_nonzero(result)),
        "inputs_reached": int(torch.count_nonzero(by_input)),
        "taps_reached": int(torch.count_nonzero(by_tap)),
        "how": "hooked",
    }


def geometry(row: dict[str, Any]) -> str:
    """All of a row but its name."""
    return json.dumps({name: value for name, value in row.items() if name != "layer"})


def spans(row: dict[str, Any]) -> list[int]:
    """From the first tap to the last, along each axis."""
    return [d * (k - 1) for k, d in zip(row["kernel_size"], row["dilation"], strict=True)]


#: Where counts are easily wrong.
CORNERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "a kernel wider than the map": lambda y: any(map(ge, spans(y), y["input_size"])),
    "a map of one element": lambda y: max(y["input_size"]) == 1,
    "uneven padding": lambda y: "end_padding" in y,
    "depthwise": lambda y: y["groups"] == y["in_channels"] > 1,
    "one axis": lambda y: len(y["input_size"]) == 1,
    "three axes": lambda y: len(y["input_size"]) == 3,
    "stride beyond the kernel": lambda y: any(map(gt, y["stride"], [r + 1 for r in spans(y)])),
    "dilation": lambda y: max(y["dilation"]) > 1,
    "axes that differ": lambda y: len({*y["kernel_size"]}) > 1,
}


def corners(row: dict[str, Any]) -> list[str]:
    """The corners that a layer is in."""
    return [name for name, holds in CORNERS.items() if holds(row)]


def chosen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some layers of a model, those in corners first: of each kernel, stride and dilation one."""
    kinds: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: len(corners(row)), reverse=True):
        names = ("kernel_size", "stride", "dilation", "padding", "end_padding")
        kind = json.dumps([corners(row), *[row.get(name) for name in names]])
        kinds.setdefault(kind, row)
    return [*kinds.values()][:MOST]


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """A file of rows."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (HERE / name).write_text("".join(lines))


def main() -> None:
    """Write ``ordinary.jsonl`` and ``networks.jsonl``."""
    # torchvision's operators are compiled for another build of torch, and no model needs them.
    meta = "torchvision._meta_registrations"
    sys.modules[meta] = types.ModuleType(meta)
    ordinary, networks = [], []
    entries = [*csv.DictReader((HERE / "models.csv").open())]
    for entry in tqdm(entries, unit="model", disable=None):
        rows = [*layers(entry)]
        ordinary += [measured(row) for row in chosen(rows)]
        if entry["networks"]:
            times = Counter(map(geometry, rows))
            first = {geometry(row): row for row in reversed(rows)}
            networks += [{**measured(first[key]), "times": n} for key, n in times.items()]
    write("ordinary.jsonl", ordinary)
    write("networks.jsonl", networks)


if __name__ == "__main__":
    main()
