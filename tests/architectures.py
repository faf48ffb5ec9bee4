"""Published architectures, built from the configurations of installed packages, weights on meta.

``python -m tests.architectures`` holds each to what hooks see in a forward pass on meta, its
training step to torch's own counter with our line, and every pass of it to autograd on ones: the
table of notes/architectures.md, and the layers of data/architectures.jsonl.
"""

from __future__ import annotations

import importlib
import json
import math
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)
from torch.utils.flop_counter import FlopCounterMode

import oracle
from analytic import Layer, passes
from analytic.counters import whole_kernels
from analytic.models import ModelCount, count_layers
from oracle import count_module, layers_of, plugins
from oracle.modules import MODULES, layer_of_run
from oracle.tracing import results_of
from tests import channels

DATA = Path(__file__).parent / "data" / "architectures.jsonl"
PAGE = Path(__file__).parent.parent / "notes" / "architectures.md"


class Architecture(NamedTuple):
    """A model of a package: how it is built, and the shapes of its inputs, or tensors."""

    package: str
    build: Callable[[Any], nn.Module]
    inputs: tuple[Any, ...]
    device: str = "meta"  # or "cpu", where a model reads values

    def module(self) -> nn.Module:
        """The model in eval mode; on the meta device it has no weights."""
        package = importlib.import_module(self.package)
        with torch.device(self.device), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.build(package).eval()

    def arguments(self) -> tuple[Any, ...]:
        """Tensors of the shapes; integers where a function says so."""
        return tuple(
            shape(self.device) if callable(shape) else torch.zeros(shape, device=self.device)
            for shape in self.inputs
        )


def tokens(*shape: int) -> Callable[[str], Tensor]:
    """Indices of this shape."""
    return lambda device: torch.zeros(shape, dtype=torch.long, device=device)


IMAGE = ((1, 3, 224, 224),)


def timm(name: str, inputs: tuple[Any, ...] = IMAGE) -> Architecture:
    """A model of timm by its name."""
    return Architecture("timm", lambda package: package.create_model(name), inputs)


def vision(path: str, inputs: tuple[Any, ...] = IMAGE, **options: Any) -> Architecture:
    """A model of torchvision."""

    def build(package: Any) -> nn.Module:
        for part in path.split("."):
            package = getattr(package, part)
        module: nn.Module = package(weights=None, **options)
        return module

    return Architecture("torchvision.models", build, inputs)


def smp(name: str, encoder: str = "resnet34") -> Architecture:
    """A segmentation model."""
    return Architecture(
        "segmentation_models_pytorch",
        lambda package: getattr(package, name)(encoder, encoder_weights=None, classes=4),
        ((2, 3, 256, 256),),
    )


def monai(name: str, inputs: tuple[Any, ...], **options: Any) -> Architecture:
    """A network of MONAI."""
    return Architecture(
        "monai.networks.nets", lambda package: getattr(package, name)(**options), inputs
    )


def diffusers(name: str, inputs: tuple[Any, ...], **options: Any) -> Architecture:
    """A network of diffusers."""
    return Architecture("diffusers", lambda package: getattr(package, name)(**options), inputs)


def transformers(
    model: str, config: str, inputs: tuple[Any, ...], device: str = "meta"
) -> Architecture:
    """A model of transformers, from its configuration."""
    return Architecture(
        "transformers",
        lambda package: getattr(package, model)(getattr(package, config)()),
        inputs,
        device,
    )


WIDE = ((1, 3, 512, 512),)
VOLUME = ((1, 1, 96, 96, 96),)
SOUND = ((1, 16000),)
ARCHITECTURES: Mapping[str, Architecture] = {
    **{
        name: timm(name)
        for name in (
            "resnet18", "resnet50", "resnext50_32x4d", "densenet121", "efficientnet_b0",
            "tf_efficientnetv2_s", "mobilenetv3_large_100", "mixnet_s", "ghostnet_100",
            "regnety_008", "convnext_tiny", "convnextv2_nano", "hrnet_w18", "dla34",
            "res2net50_26w_4s", "repvgg_a0", "xception41", "inception_v4", "mobilevit_s",
            "edgenext_small", "poolformer_s12", "vit_base_patch16_224",
            "swin_tiny_patch4_window7_224",
            "fastvit_t8",
        )
    },
    "fcn_resnet50": vision("segmentation.fcn_resnet50", weights_backbone=None),
    "deeplabv3_mobilenet_v3_large": vision(
        "segmentation.deeplabv3_mobilenet_v3_large", weights_backbone=None
    ),
    "r3d_18": vision("video.r3d_18", ((1, 3, 16, 112, 112),)),
    "googlenet": vision("googlenet", init_weights=False, aux_logits=False),
    "raft_small": vision("optical_flow.raft_small", ((1, 3, 256, 256), (1, 3, 256, 256))),
    **{
        f"smp {name}": smp(name)
        for name in ("Unet", "UnetPlusPlus", "FPN", "Linknet", "PSPNet", "DeepLabV3Plus", "MAnet")
    },
    "monai UNet": monai(
        "UNet", VOLUME, spatial_dims=3, in_channels=1, out_channels=2,
        channels=(16, 32, 64, 128, 256), strides=(2, 2, 2, 2), num_res_units=2,
    ),
    "monai DynUNet": monai(
        "DynUNet", VOLUME, spatial_dims=3, in_channels=1, out_channels=3,
        kernel_size=[3] * 4, strides=[1, 2, 2, 2], upsample_kernel_size=[2, 2, 2],
    ),
    "monai VNet": monai("VNet", VOLUME),
    "monai UNETR": monai("UNETR", VOLUME, in_channels=1, out_channels=4, img_size=(96, 96, 96)),
    "monai SegResNet": monai("SegResNet", VOLUME),
    "monai AttentionUnet": monai(
        "AttentionUnet", ((1, 1, 128, 128),), spatial_dims=2, in_channels=1, out_channels=2,
        channels=(16, 32, 64), strides=(2, 2),
    ),
    "diffusers UNet2DModel": diffusers(
        "UNet2DModel", ((1, 3, 64, 64), tokens(1)), sample_size=64
    ),
    "diffusers AutoencoderKL": diffusers("AutoencoderKL", ((1, 3, 64, 64),)),
    "diffusers VQModel": diffusers("VQModel", ((1, 3, 64, 64),)),
    "HiFi-GAN (SpeechT5)": transformers("SpeechT5HifiGan", "SpeechT5HifiGanConfig", ((1, 80, 80),)),
    "UnivNet": transformers("UnivNetModel", "UnivNetConfig", ((1, 40, 100), (1, 40, 64))),
    "DAC": transformers("DacModel", "DacConfig", ((1, 1, 16000),)),
    "Segformer": transformers("SegformerForSemanticSegmentation", "SegformerConfig", WIDE),
    "DPT": transformers("DPTForDepthEstimation", "DPTConfig", ((1, 3, 384, 384),)),
    "ConvNeXt": transformers("ConvNextModel", "ConvNextConfig", IMAGE),
    "Swin2SR": transformers("Swin2SRForImageSuperResolution", "Swin2SRConfig", ((1, 3, 64, 64),)),
    "Whisper encoder": Architecture(
        "transformers.models.whisper.modeling_whisper",
        lambda package: package.WhisperEncoder(package.WhisperConfig()),
        ((1, 80, 3000),),
    ),
    "Wav2Vec2": transformers("Wav2Vec2Model", "Wav2Vec2Config", SOUND),
    "HuBERT": transformers("HubertModel", "HubertConfig", SOUND),
    "WavLM": transformers("WavLMModel", "WavLMConfig", SOUND),
    "SEW": transformers("SEWModel", "SEWConfig", SOUND),
    "EnCodec": transformers("EncodecModel", "EncodecConfig", ((1, 1, 24000),), "cpu"),
    "SuperPoint": transformers(
        "SuperPointForKeypointDetection", "SuperPointConfig", ((1, 3, 240, 320),), "cpu"
    ),
}  # fmt: skip


class Held(NamedTuple):
    """What was found of an architecture.

    ``layers``, and how many are ``transposed``; MACs by the exact rule, and as usual: every output
    of an ordinary layer, every input of a transposed one a whole kernel; twice the MACs of a
    training ``step``, and what torch's counter says of it without our line; ``dead`` weights of so
    many; the ``times`` of `layers_of`, as `overheads` has them. ``rows`` are the layers that
    differ, as measured on ones.
    """

    layers: int
    transposed: int
    macs: int
    usual: int
    step: int
    torch_says: int
    dead: int
    weights: int
    times: tuple[float, float] | None
    rows: list[dict[str, Any]]


def seen(module: nn.Module, arguments: tuple[Any, ...]) -> list[tuple[str, Layer]]:
    """The layers of torch's own modules that hooks see in a forward pass."""
    layers: list[tuple[str, Layer]] = []

    def keep(path: str) -> Callable[..., None]:
        def hook(part: Any, inputs: Any, result: Tensor) -> None:
            layers.append((path, layer_of_run(part, inputs[0].shape, result.shape)))

        return hook

    handles = [
        part.register_forward_hook(keep(path))
        for path, part in module.named_modules()
        if type(part) in MODULES  # a subclass may pad its input itself
    ]
    try:
        with torch.no_grad():
            module(*arguments)
    finally:
        for handle in handles:
            handle.remove()
    return layers


def called(layers: Mapping[str, Layer], names: Collection[str]) -> list[tuple[str, Layer]]:
    """The layers of these modules, by the modules' names."""
    rows = [(re.sub(r" \(\d+\)$", "", name), layer) for name, layer in layers.items()]
    return [(name, layer) for name, layer in rows if name in names]


def flops_of_a_step(module: nn.Module, arguments: Any, mapping: Any = None) -> int:
    """What torch's counter says of the convolutions of a training step on meta."""
    with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
        results = [result for result in results_of(module(*arguments)) if result.requires_grad]
        torch.autograd.backward(results, [torch.ones_like(result) for result in results])
    module.zero_grad(set_to_none=True)
    counts = counter.get_flop_counts()["Global"]
    return sum(number for operator, number in counts.items() if "convolution" in str(operator))


def hold(architecture: Architecture) -> Held:
    """Hold an architecture to hooks and to torch's counter; `AssertionError` where they differ."""
    module, arguments = architecture.module(), architecture.arguments()
    layers = layers_of(module, *arguments, kinds="both")
    hooked = seen(module, arguments)
    assert called(layers, {name for name, _ in hooked}) == hooked
    step = count_module(module, *arguments, kinds="both", training=True)
    ours = flops_of_a_step(module, arguments, plugins.both.FLOP_COUNTER_MODE)
    assert 2 * step.total.macs == ours
    total = count_layers(layers).total
    usual = sum(whole_kernels(layer) for layer in layers.values())
    rows = count_layers(layers).layers
    return Held(
        layers=len(layers),
        transposed=sum(layer.transposed for layer in layers.values()),
        macs=total.macs,
        usual=usual,
        step=ours,
        torch_says=flops_of_a_step(module, arguments),
        dead=sum(row.dead for row in rows),
        weights=sum(weights(layer) for layer in layers.values()),
        times=overheads(module, arguments),
        rows=[*on_ones(step)],
    )


def on_ones(step: ModelCount) -> Iterator[dict[str, Any]]:
    """Every pass of every layer that differs, held to autograd on ones: what was run, what it gave.

    A layer is run with all its channels, or with fewer where these are too many; then it is run
    with one as well, which is multiplied by the number of its filters.
    """
    runs: dict[Layer, Counter[str]] = {}
    names = {row.layer: row.name for row in reversed(step.layers)}
    for row in step.layers:
        runs.setdefault(row.layer, Counter())[row.passed] += 1
        assert row.counted.macs == getattr(passes(row.layer), row.passed).macs
    for layer, passed in runs.items():
        fewer = channels.scaled(layer)
        costs = channels.passes(fewer)
        assert costs == expected(passes(fewer))
        if fewer != layer:
            costs = expected(oracle.passes(layer, max_bytes=2**33))
        assert costs == expected(passes(layer))
        yield {
            "layer": names[layer],
            **arguments(layer),
            "ran": [fewer.in_channels, fewer.out_channels, fewer.groups],
            "passes": passed,
            "macs": costs["forward"].macs,
            "additions": {name: costs[name].additions for name in passed},
        }


def arguments(layer: Layer) -> dict[str, Any]:
    """The arguments of a layer that are not what they are when they are left out."""
    plain = dict(Layer([1] * len(layer.axes), 1, 1, 1, transposed=False).items())
    wanted = {"input_size", "in_channels", "out_channels", "kernel_size", "transposed"}
    return {name: value for name, value in layer.items() if name in wanted or value != plain[name]}


def expected(costs: Any) -> dict[str, channels.Summed]:
    """What `channels.passes` gives, of the passes of a `Layer`."""
    return {
        name: channels.Summed(cost.macs, cost.additions, cost.elements, cost.reached)
        for name, cost in costs._asdict().items()
    }


def weights(layer: Layer) -> int:
    """The weights of a layer."""
    kernels = layer.in_channels * layer.out_channels // layer.groups
    return kernels * math.prod(layer.kernel_size)


def spent(run: Callable[[], object], rounds: int = 3) -> float:
    """CPU time of the fastest of a few rounds, after one that is not measured."""
    run()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def overheads(module: nn.Module, arguments: tuple[Any, ...]) -> tuple[float, float] | None:
    """CPU time of `layers_of` over that of a bare forward pass on fake tensors, twice.

    Once the mode makes fakes of weights as they come, once all of them are made beforehand, which
    is less work, and is part of the time. Nothing where no bare pass runs, for the model reads
    values.
    """

    def as_they_come() -> None:
        with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
            module(*arguments)

    def beforehand() -> None:
        mode = FakeTensorMode()
        named = (*module.named_parameters(), *module.named_buffers())
        fakes: dict[str, Tensor] = {name: mode.from_tensor(tensor) for name, tensor in named}
        inputs = tuple(map(mode.from_tensor, arguments))
        with mode, torch.no_grad():
            torch.func.functional_call(module, fakes, inputs)

    def ours() -> None:
        with torch.no_grad():
            layers_of(module, *arguments, kinds="both")

    try:
        bare = spent(as_they_come), spent(beforehand)
    except (DataDependentOutputException, DynamicOutputShapeException):
        return None
    needed = spent(ours)
    return needed / bare[0], needed / bare[1]


def row_of(name: str, held: Held) -> str:
    """A row of the table."""
    over = (held.usual - held.macs) / held.macs
    fewer = sum(row["ran"][0] < row["in_channels"] for row in held.rows)
    cells = (
        name,
        str(held.layers),
        str(held.transposed),
        str(len(held.rows)),
        str(fewer or ""),
        f"{held.macs:,}",
        f"{100 * over:.1f} %",
        f"{held.step:,}",
        f"{held.torch_says / held.step:.3f}",
        f"{100 * held.dead / held.weights:.1f} %",
        *(f"{time:.2f}" for time in held.times or ()),
    )
    blank = ("",) * (0 if held.times else 2)
    return f"| {' | '.join((*cells, *blank))} |\n"


HEADERS = (
    "architecture", "layers", "transposed", "that differ", "fewer channels", "exact MACs", "usual",
    "FLOPs of a training step", "torch", "dead", "time", "weights first",
)  # fmt: skip


def write_page(rows: list[str]) -> None:
    """Put the rows in the place of the table of the notes."""
    page = PAGE.read_text()
    start = page.index("| architecture |")
    end = page.index("\n\n", start) + 1
    head = [f"| {' | '.join(HEADERS)} |\n", f"|---|{'---:|' * (len(HEADERS) - 1)}\n"]
    PAGE.write_text(page[:start] + "".join([*head, *rows]) + page[end:])


def main() -> None:
    """Hold the named architectures, or all, and print a row of the table for each.

    Of all of them the page and the data file are written.
    """
    named = sys.argv[1:]
    rows, lines = [], []
    for name in named or ARCHITECTURES:
        held = hold(ARCHITECTURES[name])
        rows.append(row_of(name, held))
        sys.stdout.write(rows[-1])
        sys.stdout.flush()
        lines += [json.dumps({"model": name, **row}) for row in held.rows]
    if not named:
        write_page(rows)
        DATA.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
