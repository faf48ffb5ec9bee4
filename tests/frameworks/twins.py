"""Models of `zoo` once more, in torch: the same layers, up to the side of an odd zero.

Where Keras pads or crops an odd number, the larger half is at the end, and torch's at the begin:
the layers are mirror images, and every count of them is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class UNet(nn.Module):
    """`zoo.unet`."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)])
        self.middle = nn.Conv2d(16, 32, 3, padding=2, dilation=2)
        self.up = nn.ModuleList(
            [nn.ConvTranspose2d(32, 16, 2, stride=2), nn.ConvTranspose2d(16, 8, 2, stride=2)]
        )
        self.join = nn.ModuleList([nn.Conv2d(32, 16, 3, padding=1), nn.Conv2d(16, 8, 3, padding=1)])
        self.last = nn.Conv2d(8, 2, 1)

    def forward(self, array: torch.Tensor) -> torch.Tensor:
        """Down and up again, joined at each size."""
        skipped = []
        for convolution in self.down:
            array = convolution(array)
            skipped.append(array)
            array = nn.functional.max_pool2d(array, 2)
        array = self.middle(array)
        for up, join, skip in zip(self.up, self.join, reversed(skipped), strict=True):
            array = join(torch.cat([up(array), skip], 1))
        last: torch.Tensor = self.last(array)
        return last


class Residual(nn.Module):
    """`zoo.residual`."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList()
        self.beside = nn.ModuleList()
        for channels, filters in ((4, 4), (4, 8)):
            half = nn.Conv2d(channels, filters, 3, stride=2, padding=1, groups=2)
            self.branches.append(nn.Sequential(half, nn.Conv2d(filters, filters, 3, padding=1)))
            self.beside.append(nn.Conv2d(channels, filters, 1, stride=2))

    def forward(self, array: torch.Tensor) -> torch.Tensor:
        """Branches are added."""
        for branch, beside in zip(self.branches, self.beside, strict=True):
            array = branch(array) + beside(array)
        return array


def autoencoder() -> nn.Module:
    """`zoo.autoencoder`."""
    half: dict[str, Any] = {"kernel_size": 3, "stride": 2, "padding": 1}
    return nn.Sequential(
        *(nn.Conv2d(1, 8, **half), nn.Conv2d(8, 16, **half), nn.Flatten(), nn.Linear(784, 4)),
        *(nn.Linear(4, 784), nn.Unflatten(1, (16, 7, 7))),
        *(nn.ConvTranspose2d(16, 8, **half, output_padding=1),),
        *(nn.ConvTranspose2d(8, 1, **half, output_padding=1),),
    )


def super_resolution() -> nn.Module:
    """`zoo.super_resolution`."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 9, padding=4),
        nn.Conv2d(16, 8, 1),
        nn.ConvTranspose2d(8, 3, 9, stride=3, padding=3),
    )


def mobile() -> nn.Module:
    """`zoo.mobile`."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.Conv2d(8, 16, 1),
        nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=16),
    )


def volume() -> nn.Module:
    """`zoo.volume`."""
    return nn.Sequential(
        nn.Conv3d(1, 4, 3, padding=1),
        nn.Conv3d(4, 8, 2, stride=2),
        nn.ConvTranspose3d(8, 4, 2, stride=2),
    )


#: Models and the shapes of their inputs, channels first, without the batch.
TWINS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "unet": (UNet, (3, 32, 32)),
    "residual": (Residual, (4, 20, 20)),
    "autoencoder": (autoencoder, (1, 28, 28)),
    "super_resolution": (super_resolution, (3, 16, 24)),
    "mobile": (mobile, (3, 33, 33)),
    "volume": (volume, (1, 8, 8, 8)),
}
