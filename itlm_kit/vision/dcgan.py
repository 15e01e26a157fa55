"""DC-GAN (Radford, Metz & Chintala, 2016), built for the shape of the images at hand."""

from typing import NamedTuple

import torch
from torch import nn

from itlm_kit.errors import InputError


class GAN(NamedTuple):
    """theta = (theta^G, theta^D) of section 6.3."""

    generator: nn.Module  # latents (m, latent) -> images (m, c, h, w) in [-1, 1]
    discriminator: nn.Module  # images in [-1, 1] -> outputs (m,); its D = P(real) is their sigmoid


def dcgan(shape: tuple[int, int, int], *, latent: int = 100, width: int = 64) -> GAN:
    """A GAN for images of `shape` (channels, height, width), with weights yet to be drawn.

    latent: length of the random vectors; width: channels of the convolution nearest to the image, doubled at every
    halving of its sides (28 -> 14 -> 7, 64 -> 32 -> 16 -> 8 -> 4, 8 -> 4 -> 2). Raises InputError for sides that
    cannot be halved so often.
    """
    channels, height, width_px = shape
    halvings = _halvings(height, width_px)
    smallest = (height >> halvings, width_px >> halvings)
    widths = [width << i for i in range(halvings)]
    return GAN(_generator(channels, smallest, widths, latent), _discriminator(channels, smallest, widths))


def draw_weights(gan: GAN, seed: int) -> GAN:
    """Draw the weights anew from `seed`, in place, as DC-GAN does: normal, deviation 0.02; returns the GAN."""
    generator = torch.Generator().manual_seed(seed)
    for layer in (*gan.generator.modules(), *gan.discriminator.modules()):
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, 0.02, generator=generator)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02, generator=generator)
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)
    return gan


def _halvings(height, width):
    """How often the sides are halved: at least twice, and until one of them is 7 or less."""
    halvings = 2
    while min(height, width) >> halvings > 7:
        halvings += 1
    if min(height, width) >> halvings < 2 or height % (1 << halvings) or width % (1 << halvings):
        raise InputError(
            f"the sides of the images must be halved {halvings} times and leave 2 pixels; got {height} x {width}. "
            "Resize them, e.g. to 8, 28, 32 or 64 pixels."
        )
    return halvings


def _generator(channels, smallest, widths, latent):
    layers = [nn.Unflatten(1, (latent, 1, 1)), nn.ConvTranspose2d(latent, widths[-1], smallest, bias=False)]
    for wide, narrow in zip(widths[:0:-1], widths[-2::-1], strict=True):
        layers += [nn.BatchNorm2d(wide), nn.ReLU(), nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False)]
    layers += [nn.BatchNorm2d(widths[0]), nn.ReLU(), nn.ConvTranspose2d(widths[0], channels, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers)


def _discriminator(channels, smallest, widths):
    # No batch normalisation on the first layer, as in DC-GAN.
    layers = [nn.Conv2d(channels, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
    for narrow, wide in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Conv2d(narrow, wide, 4, 2, 1, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, smallest), nn.Flatten(0))
