"""How samples pull at a network: their gradients, one by one and in sum."""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from itlm_kit.vision.training import Recipe, Samples, new_network, train


class Pull(NamedTuple):
    """What a group of samples does to the weights in one step, as lengths of gradients."""

    length: float  # of the sum of their gradients
    agreement: float  # that length as a share of what the lengths of the single gradients sum to: 1 where all agree


def pull(model: nn.Module, samples: Samples, index: Any) -> Pull:
    """The Pull of the samples `index` (m,) on all weights of a network, by the gradients of their cross-entropy."""
    weights = [each for each in model.parameters() if each.requires_grad]
    gradients = (_gradient(model, weights, samples.images([i]), samples.y[[i]]) for i in index)
    total, lengths = 0.0, 0.0
    for gradient in gradients:
        total, lengths = total + gradient, lengths + float(gradient.norm())
    return Pull(float(total.norm()), float(total.norm()) / lengths)


def pulls_by_epoch(
    samples: Samples, groups: dict[str, Any], recipe: Recipe, *, epochs: int, seed: int, looks: Collection[int]
) -> list[dict]:
    """Train naively on all samples; one row for each epoch in `looks`, counted from 0, -1 for the network untrained.

    groups: {name: (m,) index}. Rows: epoch, and for each group {name}_pull and {name}_agreement, its Pull.
    """
    rows = []

    def look(model, epoch):
        if epoch in looks:
            pulls = {name: pull(model, samples, index) for name, index in groups.items()}
            rows.append({"epoch": epoch} | {f"{name}_pull": each.length for name, each in pulls.items()})
            rows[-1] |= {f"{name}_agreement": each.agreement for name, each in pulls.items()}

    look(new_network(samples, recipe, seed), -1)
    train(samples, np.ones(len(samples), bool), recipe, epochs=epochs, seed=seed, after_epoch=look)
    return rows


def _gradient(model, weights, image, label):
    loss = functional.cross_entropy(model(image), label)
    return torch.cat([each.flatten() for each in torch.autograd.grad(loss, weights)])
