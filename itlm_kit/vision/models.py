"""The networks of the paper's image experiments, built for the shape of the images at hand."""

from functools import partial

import torch
from torch import nn

from itlm_kit.errors import InputError, check_integer


def two_layer_cnn(shape, classes, *, tanh_logits=False):
    """The paper's MNIST network: two tanh convolutions with max-pooling, a hidden layer of 500, one output per class.

    shape: (channels, height, width), at least 8 x 8. tanh_logits: squash the outputs too, as the paper's own code
    does. From 16 x 16 the kernels are 5 x 5 as published; below, 3 x 3 with a border, so that something is left.
    """
    channels, height, width = shape
    check_sides(shape, 8)
    kernel = {"kernel_size": 5} if min(height, width) >= 16 else {"kernel_size": 3, "padding": 1}
    # Pooling before tanh gives the same numbers as after it (tanh is monotone) on a quarter of the pixels.
    features = nn.Sequential(
        nn.Conv2d(channels, 20, **kernel), nn.MaxPool2d(2), nn.Tanh(),
        nn.Conv2d(20, 50, **kernel), nn.MaxPool2d(2), nn.Tanh(), nn.Flatten(),
    )  # fmt: skip
    width = features(torch.zeros(1, *shape)).shape[1]
    head = [nn.Linear(width, 500), nn.Tanh(), nn.Linear(500, classes)]
    return nn.Sequential(*features, *head, *([nn.Tanh()] if tanh_logits else []))


def normalised_cnn(shape, classes, *, width=16):
    """A small network for any pictures: three 3 x 3 convolutions, each normalised over the batch, then the mean.

    shape: (channels, height, width), at least 8 x 8; from 64 on, pictures are averaged to less first. The convolutions
    have width, 2 width and 4 width channels. The first normalisation (Ioffe & Szegedy 2015), without scale or centre,
    is that of the pixels: how bright they are does not matter, and a channel that is the same everywhere becomes 0.
    """
    check_sides(shape, 8)
    channels, side = shape[0], min(shape[1:])
    layers = [] if side < 64 else [nn.AvgPool2d(side // 32)]
    layers.append(nn.BatchNorm2d(channels, affine=False))
    side //= max(1, side // 32)
    for before, after in ((channels, width), (width, 2 * width), (2 * width, 4 * width)):
        pooling = [nn.MaxPool2d(2)] if side >= 4 else []
        layers += [_conv3x3(before, after), *pooling, nn.BatchNorm2d(after), nn.ReLU()]
        side //= 2
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, classes))


def wide_resnet(shape, classes, *, depth=16, width=10):
    """The paper's CIFAR-10 network: a WideResNet of pre-activation blocks (Zagoruyko & Komodakis 2016).

    shape: (channels, height, width), at least 8 x 8. depth: 6 m + 4, three stages of m blocks with 16, 32 and 64 times
    `width` channels. The first normalisation, without scale or centre, stands for that of the pixels, as in the
    gluoncv model that the paper's code takes; its second one, right before the first block's own, is left out.
    """
    depth, width = check_integer("depth", depth, low=10), check_integer("width", width)
    if (depth - 4) % 6:
        raise InputError(f"depth must be 10, 16, 22, ... (6 m + 4); got {depth}. The paper's is 16.")
    check_sides(shape, 8)
    layers = [nn.BatchNorm2d(shape[0], affine=False), _conv3x3(shape[0], 16)]
    before, blocks = 16, (depth - 4) // 6
    for after, stride in ((16 * width, 1), (32 * width, 2), (64 * width, 2)):
        layers += [_Block(before, after, stride), *(_Block(after, after) for _ in range(blocks - 1))]
        before = after
    head = [nn.BatchNorm2d(before), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes)]
    return nn.Sequential(*layers, *head)


def check_sides(shape, least):
    """Raise InputError unless images of `shape`, (channels, height, width), have sides of `least` pixels or more."""
    _, height, width = shape
    if min(height, width) < least:
        raise InputError(
            f"images must be at least {least} x {least} for this network; got {height} x {width}. Enlarge them."
        )


class _Block(nn.Module):
    """x + two 3 x 3 convolutions of it, each after its own normalisation and ReLU."""

    def __init__(self, before, after, stride=1):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(before), _conv3x3(before, after, stride)
        self.norm2, self.conv2 = nn.BatchNorm2d(after), _conv3x3(after, after)
        self.shortcut = None if before == after else nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, x):
        active = torch.relu(self.norm1(x))
        residual = x if self.shortcut is None else self.shortcut(active)
        return residual + self.conv2(torch.relu(self.norm2(self.conv1(active))))


def _conv3x3(before, after, stride=1):
    return nn.Conv2d(before, after, 3, stride, padding=1, bias=False)


def draw_xavier(model, seed):
    """Draw Xavier weights and zero biases anew from `seed`, in place; returns the model. Appendix B (c) names none."""
    return _drawn_anew(model, seed, nn.init.xavier_uniform_)


def draw_normal(model, seed, *, sigma):
    """Draw weights from N(0, sigma^2) and zero biases anew from `seed`, in place; returns the model.

    The authors' code names Xavier, but draws all weights again in this way, with sigma = 0.02, before it trains.
    """
    return _drawn_anew(model, seed, partial(nn.init.normal_, std=sigma))


def _drawn_anew(model, seed, draw):
    """The model with draw(weight, generator=...) in each layer; normalisations forget what they have seen."""
    generator = torch.Generator().manual_seed(seed)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            draw(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model
