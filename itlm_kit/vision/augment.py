"""Augmentation of images where they lie: drawn once an epoch, applied batch by batch, no transfer in between."""

from dataclasses import dataclass, field

import torch
from torch.nn import functional


@dataclass(frozen=True)
class CropFlip:
    """A random crop from the image with a border, and a mirror image half of the time, as usual for CIFAR-10."""

    pad: int = 4  # pixels of border
    mirrored: bool = field(default=False, metadata={"later": True})  # the border; else it is black

    def draw(self, n, generator):
        """One draw for each of n images, int64 (n, 3): row and column of the crop, 0 .. 2 pad, and mirrored or not."""
        corner = torch.randint(2 * self.pad + 1, (n, 2), generator=generator)
        return torch.cat([corner, torch.randint(2, (n, 1), generator=generator)], 1)

    def __call__(self, images, drawn):
        """The images (m, c, h, w), of any dtype, each under its own draw."""
        height, width = images.shape[2:]
        across = torch.arange(width, device=images.device)
        rows = drawn[:, :1] + torch.arange(height, device=images.device)
        columns = drawn[:, 1:2] + torch.where(drawn[:, 2:] == 1, across.flip(0), across)
        if self.mirrored:
            return _picked(images, _reflected(rows - self.pad, height), _reflected(columns - self.pad, width))
        return _picked(functional.pad(images, [self.pad] * 4), rows, columns)


@dataclass(frozen=True)
class Shift:
    """A shift up or down and one to a side; the pixels at the border are repeated. Right for digits and photographs."""

    by: float = 1 / 8  # of a side, at most: 4 pixels of 32

    def draw(self, n, generator):
        """One draw for each of n images, (n, 2) in [-1, 1): the part of the largest shift down, and to the right."""
        return 2 * torch.rand(n, 2, generator=generator) - 1

    def __call__(self, images, drawn):
        """The images (m, c, h, w), of any dtype, each under its own draw."""
        rows, columns = (_shifted(*each, self.by) for each in zip(images.shape[2:], drawn.T, strict=True))
        return _picked(images, rows, columns)


def _reflected(positions, size):
    """Positions of up to size - 1 beyond 0 .. size - 1, thrown back at the outermost pixels."""
    return size - 1 - (size - 1 - positions.abs()).abs()


def _shifted(size, drawn, by):
    """For each of m shifts which pixel, 0 .. size - 1, comes where, (m, size)."""
    shifts = (drawn * (by * size + 0.5)).round().long()  # all of them alike likely, where by * size is whole
    return (torch.arange(size, device=drawn.device) - shifts[:, None]).clamp(0, size - 1)


def _picked(images, rows, columns):
    """Of each image (m, c, h, w) its own rows (m, h') and columns (m, w')."""
    each = torch.arange(len(images), device=images.device)
    return images[each[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
