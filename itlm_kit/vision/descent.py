"""The way down: gradient steps on a network's weights, as a Recipe has them."""

from typing import Any

import torch
from torch import nn
from torch.optim.sgd import sgd


class Descent:
    """The steps of one training of a network by a Recipe, in place; frozen weights stay as they are."""

    def __init__(self, model: nn.Module, recipe: Any, epochs: int):
        self.recipe, self.epochs = recipe, epochs
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.velocities = [None] * len(self.weights)

    def step(self, passed: float) -> None:
        """One step along the gradients that the weights hold, with `passed` epochs behind. Algorithm 2, step 6."""
        how = {"momentum": self.recipe.momentum, "weight_decay": self.recipe.weight_decay}
        _step(self.weights, self.velocities, step_size_at(self.recipe, passed, self.epochs), **how)


def descend(model: nn.Module, step_size: float) -> None:
    """One plain gradient step, in place. Algorithm 2, step 6."""
    _step(list(model.parameters()), [], step_size)


def step_size_at(recipe: Any, passed: float, epochs: int) -> float:
    """The step size of a Recipe when `passed` of the epochs are over, a fraction within an epoch.

    It drops once, at the start of an epoch; or, with a warm-up, it rises from 0 to its full size and falls to 0 again,
    each in a straight line: one cycle of Smith and Topin (2018).
    """
    if recipe.warm_up is None:
        return recipe.step_size / (recipe.drop_by if int(passed) >= recipe.drop_at * epochs else 1)
    share = passed / epochs
    return recipe.step_size * min(share / recipe.warm_up, (1 - share) / (1 - recipe.warm_up))


@torch.no_grad()
def _step(weights, velocities, step_size, *, momentum=0.0, weight_decay=0.0):
    # The function, not torch.optim.SGD: a step of that class loads torch's compiler, 150 MB.
    gradients = [weight.grad for weight in weights]
    nesterov = {"momentum": momentum, "nesterov": momentum > 0, "dampening": 0, "maximize": False}
    sgd(weights, gradients, velocities, lr=step_size, weight_decay=weight_decay, **nesterov)
