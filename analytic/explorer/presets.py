"""Layers of published models that the explorer starts from, as hooks found them in these models."""

from __future__ import annotations

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """A layer by the name of its model, where it stands there, and the arguments of `Layer`."""

    title: str
    model: str
    layer: str
    arguments: dict[str, Any]


PRESETS = (
    Preset(
        "DCGAN",
        "DCGAN (pytorch/examples)",
        "Generator.main.6",
        {
            "input_size": (8, 8),
            "in_channels": 256,
            "out_channels": 128,
            "kernel_size": 4,
            "stride": 2,
            "padding": 1,
            "bias": False,
        },
    ),
    Preset(
        "U-Net",
        "U-Net (milesial) 572",
        "up1.up",
        {
            "input_size": (35, 35),
            "in_channels": 1024,
            "out_channels": 512,
            "kernel_size": 2,
            "stride": 2,
        },
    ),
    Preset(
        "HiFi-GAN (1-D)",
        "HiFi-GAN v1",
        "ups.0",
        {
            "input_size": (32,),
            "in_channels": 512,
            "out_channels": 256,
            "kernel_size": 16,
            "stride": 8,
            "padding": 4,
        },
    ),
    Preset(
        "3D U-Net",
        "Residual 3D U-Net (pytorch-3dunet, deconv)",
        "decoders.0.upsampling.upsample.conv_transposed",
        {
            "input_size": (10, 21, 21),
            "in_channels": 512,
            "out_channels": 256,
            "kernel_size": 3,
            "stride": 2,
            "padding": 1,
            "bias": False,
        },
    ),
    Preset(
        "depthwise 3×3",
        "MobileNetV2",
        "features.1.conv.0.0",
        {
            "input_size": (112, 112),
            "in_channels": 32,
            "out_channels": 32,
            "kernel_size": 3,
            "padding": 1,
            "groups": 32,
            "bias": False,
            "transposed": False,
        },
    ),
    Preset(
        "ASPP branch",
        "DeepLabV3 ResNet-50",
        "classifier.0.convs.3.0",
        {
            "input_size": (28, 28),
            "in_channels": 2048,
            "out_channels": 256,
            "kernel_size": 3,
            "padding": 36,
            "dilation": 36,
            "bias": False,
            "transposed": False,
        },
    ),
)
