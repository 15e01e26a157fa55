"""Augmentation of images where they lie: drawn once an epoch, applied batch by batch, no transfer in between."""

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class CropFlip:
    """A random crop from the image with a black border, and a mirror image half of the time, as usual for CIFAR-10."""

    pad: int = 4  # pixels of border

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
        padded = functional.pad(images, [self.pad] * 4)
        each = torch.arange(len(images), device=images.device)
        return padded[each[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
