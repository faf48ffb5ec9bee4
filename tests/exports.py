"""Small models of published architectures, as packages configure them, exported by torch.

``python -m tests.exports FILE.zip`` writes what both exporters of torch make of each, without
weights, and the layers that `oracle.layers_of` sees run in the model, once static and once with
named sizes. It needs transformers, diffusers, monai and onnxscript, of which the tests need none:
they read ``tests/data/exported.zip``, which torch 2.13.0, transformers 5.24.0, diffusers 0.42.1,
monai 1.6.1 and onnxscript 0.7.2 made.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

import oracle
from analytic.onnx.reader import skeleton
from analytic.report import layer_fields

DATA = Path(__file__).parent / "data" / "exported.zip"
#: When every file of the archive was made: the same files are the same bytes.
DATE = (2026, 1, 1, 0, 0, 0)


class Output(nn.Module):
    """A model that returns one tensor of its own results."""

    def __init__(self, model: nn.Module, name: str) -> None:
        super().__init__()
        self.model = model
        self.name = name

    def forward(self, x: torch.Tensor) -> Any:
        """The named part of the result."""
        return getattr(self.model(x), self.name)


class Block(nn.Module):
    """Twice as large, padded to the size of what it is joined with, as U-Nets of any size do."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(channels, channels // 2, 2, 2)
        self.convolution = nn.Conv2d(channels, out, 3, padding=1)

    def forward(self, below: torch.Tensor, beside: torch.Tensor) -> Any:
        """One step up."""
        large = self.up(below)
        y, x = (beside.size(axis) - large.size(axis) for axis in (2, 3))
        pads = [x // 2, x - x // 2, y // 2, y - y // 2]
        return self.convolution(torch.cat([beside, nn.functional.pad(large, pads)], 1))


class PaddedUNet(nn.Module):
    """A U-Net for maps of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 16, 3, padding=1)
        self.third = nn.Conv2d(16, 32, 3, padding=1)
        self.ups = nn.ModuleList([Block(32, 16), Block(16, 8)])

    def forward(self, x: torch.Tensor) -> Any:
        """Down and up."""
        first = self.first(x)
        second = self.second(nn.functional.max_pool2d(first, 2))
        third = self.third(nn.functional.max_pool2d(second, 2))
        return self.ups[1](self.ups[0](third, second), first)


class PaddedAudio(nn.Module):
    """Sound, padded to whole hops, coded and decoded, and cut to its length."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Conv1d(1, 8, 8, 4)
        self.decoder = nn.ConvTranspose1d(8, 1, 8, 4)

    def forward(self, x: torch.Tensor) -> Any:
        """There and back."""
        behind = (4 - (x.shape[-1] - 8) % 4) % 4
        padded = nn.functional.pad(x, (0, behind))
        return self.decoder(self.encoder(padded).relu())[..., : x.shape[-1]]


class Tokens(nn.Module):
    """A row of tokens that becomes a map, as decoders of transformers make it."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.up = nn.ConvTranspose2d(8, 4, 4, 4)

    def forward(self, x: torch.Tensor) -> Any:
        """To tokens, and to a map."""
        n, _, h, w = x.shape
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.up(tokens.transpose(1, 2).reshape(n, 8, h // 4, w // 4))


def dcgan() -> nn.Module:
    """The generator of DCGAN, small."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(8, 16, 4, 1, 0, bias=False), nn.BatchNorm2d(16)]
    layers += [nn.ReLU(), nn.ConvTranspose2d(16, 8, 4, 2, 1, bias=False), nn.BatchNorm2d(8)]
    return nn.Sequential(*layers, nn.ReLU(), nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False))


def dpt() -> nn.Module:
    """The dense prediction transformer."""
    from transformers import DPTConfig, DPTForDepthEstimation

    config = DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        reassemble_factors=[4, 2, 1, 0.5],
    )
    return Output(DPTForDepthEstimation(config), "predicted_depth")


def sam() -> nn.Module:
    """Segment Anything: the encoder of images and the decoder of masks."""
    from transformers import SamConfig, SamModel

    vision = {
        "hidden_size": 16,
        "output_channels": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 16,
        "window_size": 2,
        "global_attn_indexes": [0],
        "mlp_dim": 32,
        "num_pos_feats": 4,
    }
    prompts = {"hidden_size": 8, "image_size": 64, "patch_size": 16, "mask_input_channels": 4}
    masks = {
        "hidden_size": 8,
        "mlp_dim": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "iou_head_hidden_dim": 8,
    }
    config = SamConfig(
        vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=masks
    )

    class Segmenter(nn.Module):
        """Masks at one point."""

        def __init__(self) -> None:
            super().__init__()
            self.model = SamModel(config)

        def forward(self, x: torch.Tensor) -> Any:
            """The masks."""
            points = torch.tensor([[[[20.0, 30.0]]]])
            return self.model(pixel_values=x, input_points=points).pred_masks

    return Segmenter()


def encodec() -> nn.Module:
    """The decoder of EnCodec."""
    from transformers import EncodecConfig, EncodecModel

    config = EncodecConfig(
        num_filters=4,
        hidden_size=8,
        codebook_size=16,
        codebook_dim=8,
        num_lstm_layers=1,
        upsampling_ratios=[4, 2],
        target_bandwidths=[1.5],
    )
    decoder: nn.Module = EncodecModel(config).decoder
    return decoder


def autoencoder() -> nn.Module:
    """The variational autoencoder of latent diffusion."""
    from diffusers import AutoencoderKL

    model = AutoencoderKL(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )
    return Output(model, "sample")


def hifigan() -> nn.Module:
    """The vocoder HiFi-GAN."""
    from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

    config = SpeechT5HifiGanConfig(
        model_in_dim=8,
        upsample_initial_channel=16,
        upsample_rates=[4, 2],
        upsample_kernel_sizes=[8, 4],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
    )
    vocoder: nn.Module = SpeechT5HifiGan(config)
    return vocoder


def upernet() -> nn.Module:
    """UPerNet: a feature pyramid with pooling of pyramids, on a ConvNeXt."""
    from transformers import ConvNextConfig, UperNetConfig, UperNetForSemanticSegmentation

    stages = ["stage1", "stage2", "stage3", "stage4"]
    backbone = ConvNextConfig(
        num_stages=4, hidden_sizes=[4, 8, 8, 8], depths=[1, 1, 1, 1], out_features=stages
    )
    config = UperNetConfig(
        backbone_config=backbone,
        hidden_size=8,
        auxiliary_channels=4,
        auxiliary_in_channels=8,
        num_labels=3,
        pool_scales=[1, 2],
        use_auxiliary_head=False,
    )
    return Output(UperNetForSemanticSegmentation(config), "logits")


def segformer() -> nn.Module:
    """SegFormer: a segmentation head on tokens that become maps."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[4, 8],
        patch_sizes=[3, 3],
        strides=[2, 2],
        num_attention_heads=[1, 1],
        mlp_ratios=[2, 2],
        decoder_hidden_size=8,
    )
    return Output(SegformerForSemanticSegmentation(config), "logits")


def monai(name: str, **options: Any) -> Callable[[], nn.Module]:
    """A network of monai, on maps of one channel."""

    def build() -> nn.Module:
        from monai.networks import nets

        options.setdefault("spatial_dims", 2)
        network: nn.Module = getattr(nets, name)(in_channels=1, out_channels=2, **options)
        return network

    return build


#: Each with the shape of its input, and another one for the sizes that are named, if there are any.
MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], tuple[int, ...] | None]] = {
    "autoencoder": (autoencoder, (1, 3, 16, 16), (2, 3, 24, 32)),
    "basic-unet": (
        monai("BasicUNet", features=(4, 4, 8, 8, 16, 4)),
        (1, 1, 37, 42),
        (2, 1, 69, 74),
    ),
    "dcgan": (dcgan, (1, 8, 1, 1), (3, 8, 1, 1)),
    "dpt": (dpt, (1, 3, 32, 32), (3, 3, 32, 32)),
    "dynunet": (
        monai(
            "DynUNet",
            kernel_size=[3, 3, 3],
            strides=[1, 2, 2],
            upsample_kernel_size=[2, 2],
            filters=[4, 8, 8],
        ),
        (1, 1, 16, 16),
        None,
    ),
    "encodec": (encodec, (1, 8, 13), None),
    "hifigan": (hifigan, (1, 9, 8), (1, 17, 8)),
    "padded-audio": (PaddedAudio, (1, 1, 501), (1, 1, 777)),
    "padded-unet": (PaddedUNet, (1, 3, 27, 30), (2, 3, 45, 38)),
    "sam": (sam, (1, 3, 64, 64), None),
    "segformer": (segformer, (1, 3, 32, 32), (2, 3, 64, 96)),
    "segresnet": (
        monai(
            "SegResNet", init_filters=8, upsample_mode="deconv", blocks_down=(1, 1), blocks_up=(1,)
        ),
        (1, 1, 16, 16),
        None,
    ),
    "tokens": (Tokens, (1, 3, 16, 16), (2, 3, 24, 32)),
    "unet-3d": (
        monai("UNet", spatial_dims=3, channels=(4, 8), strides=(2,), num_res_units=0),
        (1, 1, 8, 8, 8),
        None,
    ),
    "unetr": (
        monai("UNETR", img_size=(32, 32), feature_size=4, hidden_size=24, mlp_dim=32, num_heads=2),
        (1, 1, 32, 32),
        None,
    ),
    # Not with named sizes: an exporter writes adaptive pooling as of the size at hand.
    "upernet": (upernet, (1, 3, 64, 64), None),
}


def named_axes(shape: tuple[int, ...], other: tuple[int, ...]) -> dict[int, str]:
    """The axes in which two shapes differ, and what they are called."""
    pairs = zip(shape, other, strict=True)
    return {axis: f"axis{axis}" for axis, (a, b) in enumerate(pairs) if a != b}


def exported(
    model: nn.Module, shape: tuple[int, ...], axes: dict[int, str], *, dynamo: bool
) -> onnx.ModelProto:
    """What an exporter writes, without weights and without what is told about the program."""
    x = torch.randn([size + (axis == 0 and axis in axes) for axis, size in enumerate(shape)])
    buffer = io.BytesIO()
    options: dict[str, Any] = {"dynamo": False, "input_names": ["input"]}
    options["dynamic_axes"] = {"input": axes}
    if dynamo:
        options = {"dynamo": True}
        if axes:
            options["dynamic_shapes"] = (dict.fromkeys(axes, torch.export.Dim.DYNAMIC),)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x,), buffer, **options)  # type: ignore[arg-type]
    proto = skeleton(onnx.load_from_string(buffer.getvalue()))
    for part in (proto, proto.graph, *proto.graph.node, *proto.graph.value_info, *proto.functions):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    for tensor in proto.graph.initializer:
        tensor.ClearField("float_data")
        if tensor.data_type == onnx.TensorProto.FLOAT and sum(tensor.dims) > 8:
            tensor.ClearField("raw_data")
    return proto


def write(archive: zipfile.ZipFile, name: str) -> None:
    """The files of one architecture, and a record of what they have to be read as."""
    build, shape, other = MODELS[name]
    torch.manual_seed(14)
    model = build().eval()
    for at in (shape, other):
        if at is None:
            continue
        axes = named_axes(shape, at) if at is other else {}
        # One of the exporters makes zeros around an input the padding of the layer behind, where
        # their amount is a constant.
        either = [
            oracle.layers_of(model, torch.randn(at), kinds="both", fold_padding=folded).values()
            for folded in (False, True)
        ]
        for dynamo in (False, True):
            kind = ("dynamo" if dynamo else "script") + ("-named" if axes else "")
            try:
                proto = exported(model, shape, axes, dynamo=dynamo)
            except Exception as reason:  # whatever an exporter raises
                print(f"{name}-{kind}: not exported: {str(reason)[:200]!r}")  # noqa: T201
                continue
            (value, *_) = proto.graph.input
            names = [dim.dim_param for dim in value.type.tensor_type.shape.dim]
            record = {
                "dims": {name: size for name, size in zip(names, at, strict=True) if name},
                "layers": [[layer_fields(layer) for layer in layers] for layers in either],
            }
            parts = {"onnx": proto.SerializeToString(), "json": json.dumps(record).encode()}
            for suffix, data in parts.items():
                member = zipfile.ZipInfo(f"{name}-{kind}.{suffix}", DATE)
                archive.writestr(member, data, zipfile.ZIP_DEFLATED, 9)
            print(f"{name}-{kind}: {len(either[0])} layers")  # noqa: T201


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[1], "w") as target:
        for architecture in sys.argv[2:] or MODELS:
            write(target, architecture)
