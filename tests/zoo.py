"""Models as people write them, small, with random weights: one of each kind that the tests read."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional


def dcgan_generator() -> nn.Module:
    """Noise to a 64×64 image, as in the DCGAN paper, with fewer channels."""
    channels = [100, 64, 32, 16, 8, 3]
    layers: list[nn.Module] = []
    for at, (before, after) in enumerate(itertools.pairwise(channels)):
        stride, padding = (1, 0) if at == 0 else (2, 1)
        layers += [nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False)]
        layers += [nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-2], nn.Tanh())


class UNet(nn.Module):
    """Down and up again with skips; ``axes`` is 2 or 3."""

    def __init__(self, channels: tuple[int, ...] = (4, 8, 16), axes: int = 2) -> None:
        super().__init__()
        convolution = {2: nn.Conv2d, 3: nn.Conv3d}[axes]
        transposed = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}[axes]
        self.pool = {2: functional.max_pool2d, 3: functional.max_pool3d}[axes]

        def block(before: int, after: int) -> nn.Module:
            return nn.Sequential(convolution(before, after, 3, padding=1), nn.ReLU(inplace=True))

        pairs = list(itertools.pairwise(channels))
        self.first = block(3, channels[0])
        self.down = nn.ModuleList(block(a, b) for a, b in pairs)
        self.up = nn.ModuleList(transposed(b, a, 2, stride=2) for a, b in reversed(pairs))
        self.merge = nn.ModuleList(block(2 * a, a) for a, _ in reversed(pairs))
        self.last = convolution(channels[0], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """A map of two classes."""
        skips = [self.first(x)]
        for down in self.down:
            skips.append(down(self.pool(skips[-1], 2)))
        x = skips.pop()
        for up, merge in zip(self.up, self.merge, strict=True):
            skip = skips.pop()
            x = merge(torch.cat([skip, up(x, output_size=skip.shape[2:])], dim=1))
        result: Tensor = self.last(x)
        return result


def mask_head() -> nn.Module:
    """The mask branch of an instance segmenter: 14×14 regions to 28×28 masks."""
    convolutions = [nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()) for _ in range(4)]
    return nn.Sequential(*convolutions, nn.ConvTranspose2d(16, 16, 2, 2), nn.Conv2d(16, 5, 1))


def audio_decoder() -> nn.Module:
    """Frames to samples in one dimension, as vocoders and codecs do it, weight-normalised."""
    weight_norm = torch.nn.utils.parametrizations.weight_norm
    layers: list[nn.Module] = []
    for stride, channels in ((8, 32), (5, 16), (4, 8), (2, 4)):
        up = nn.ConvTranspose1d(
            channels,
            channels // 2,
            2 * stride,
            stride=stride,
            padding=(stride + 1) // 2,
            output_padding=stride % 2,
        )
        layers += [nn.ELU(), weight_norm(up)]
    return nn.Sequential(*layers)


class Depthwise(nn.Module):
    """Blocks of depthwise convolutions as MobileNetV3 and ConvNeXt have them, small."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.expand = nn.Conv2d(8, 24, 1, bias=False)
        self.mobile = nn.Conv2d(24, 24, 5, stride=2, padding=2, groups=24, bias=False)
        self.squeeze = nn.Sequential(nn.Conv2d(24, 6, 1), nn.ReLU(), nn.Conv2d(6, 24, 1))
        self.project = nn.Conv2d(24, 16, 1, bias=False)
        self.wide = nn.Conv2d(16, 16, 7, padding=3, groups=16)
        self.patches = nn.Conv2d(16, 32, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """A map of features."""
        x = functional.hardswish(self.mobile(self.expand(self.stem(x))))
        x = x * functional.hardsigmoid(self.squeeze(functional.adaptive_avg_pool2d(x, 1)))
        x = self.project(x)
        x = x + functional.gelu(self.wide(x))
        result: Tensor = self.patches(x)
        return result


#: Name to model and the shape of its input.
MODELS = {
    "DCGAN generator": (dcgan_generator, (2, 100, 1, 1)),
    "U-Net": (UNet, (1, 3, 37, 46)),
    "mask head": (mask_head, (6, 16, 14, 14)),
    "audio decoder": (audio_decoder, (2, 32, 11)),
    "depthwise blocks": (Depthwise, (2, 3, 33, 38)),
    "3-D U-Net": (lambda: UNet((2, 4, 8), axes=3), (1, 3, 9, 12, 14)),
}
