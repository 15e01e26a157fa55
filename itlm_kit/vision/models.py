"""The networks of the paper's image experiments, built for the shape of the images at hand."""

import torch
from torch import nn

from itlm_kit.errors import InputError


def two_layer_cnn(shape, classes, *, tanh_logits=False):
    """The paper's MNIST network: two tanh convolutions with max-pooling, a hidden layer of 500, one output per class.

    shape: (channels, height, width), at least 8 x 8. tanh_logits: squash the outputs too, as the paper's own code
    does. From 16 x 16 the kernels are 5 x 5 as published; below, 3 x 3 with a border, so that something is left.
    """
    channels, height, width = shape
    if min(height, width) < 8:
        raise InputError(f"images must be at least 8 x 8 for this network; got {height} x {width}. Enlarge them.")
    kernel = {"kernel_size": 5} if min(height, width) >= 16 else {"kernel_size": 3, "padding": 1}
    # Pooling before tanh gives the same numbers as after it (tanh is monotone) on a quarter of the pixels.
    features = nn.Sequential(
        nn.Conv2d(channels, 20, **kernel), nn.MaxPool2d(2), nn.Tanh(),
        nn.Conv2d(20, 50, **kernel), nn.MaxPool2d(2), nn.Tanh(), nn.Flatten(),
    )  # fmt: skip
    width = features(torch.zeros(1, *shape)).shape[1]
    head = [nn.Linear(width, 500), nn.Tanh(), nn.Linear(500, classes)]
    return nn.Sequential(*features, *head, *([nn.Tanh()] if tanh_logits else []))


def initialise(model, seed):
    """Draw Xavier weights and zero biases anew from `seed`, in place; returns the model. Appendix B (c), E.1."""
    generator = torch.Generator().manual_seed(seed)
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model
