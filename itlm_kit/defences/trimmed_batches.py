"""Trimming in the batch: every step goes down the small losses of its own batch (Shah, Wu & Sanghavi 2020).

No rounds and no scoring pass. Trimmed from the first step, though, a network drops what it has not learnt yet and then
never learns it, whole classes at times. A training on all samples before helps; where 40 % of the labels are wrong in
one way, a class or two of the digits starve all the same (experiment small-loss).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from itlm_kit.defences.tasks import Fitted, LabelTask
from itlm_kit.errors import check_integer
from itlm_kit.trimming import check_alpha, num_kept, trim, trimmed_mean
from itlm_kit.vision.descent import Descent
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.training import Recipe, Samples, check_batch, new_network, per_sample_losses


def train_trimmed(
    samples: Samples,
    recipe: Recipe,
    *,
    alpha: float,
    epochs: int,
    seed: int,
    warm_up: int = 0,
    after_epoch: Callable[[torch.nn.Module, int], Any] = lambda model, epoch: None,
) -> torch.nn.Module:
    """Train a network whose every step goes down the `trimmed_mean` of its batch; small-loss SGD.

    alpha: share of each batch that is kept, in (0, 1], from epoch `warm_up` on, counted from 0; before, all is kept.
    recipe: its network, batches and steps; the loss is the cross-entropy, and images are not augmented.
    after_epoch(model, epoch) is called after each epoch. Raises InputError as `train`, and for alpha outside.
    """
    alpha, epochs = check_alpha(alpha), check_integer("epochs", epochs)
    warm_up = check_integer("warm_up", warm_up, low=0, remedy="It is how many epochs keep all samples.")
    check_batch(len(samples), recipe)
    net, order = new_network(samples, recipe, seed), torch.Generator().manual_seed(seed)
    descent = Descent(net, recipe, epochs)
    for epoch in range(epochs):
        share = 1 if epoch < warm_up else alpha
        batches = torch.randperm(len(samples), generator=order).split(recipe.batch_size)
        net.train()
        for i, batch in enumerate(batches):
            losses = functional.cross_entropy(net(samples.images(batch)), samples.y[batch], reduction="none")
            net.zero_grad()
            trimmed_mean(losses, share).backward()
            descent.step(epoch + (i + 0.5) / len(batches))
        after_epoch(net, epoch)
    return net


@dataclass(frozen=True)
class TrimmedBatches:
    """As many samples of each batch as ITLM keeps of all, for the whole budget, after a warm-up on all samples."""

    warm_up: float = 1.0  # in trainings: 1 means as many epochs as theta_0 of ITLM has, the best of those tried

    def __call__(self, task: LabelTask) -> Fitted:
        how = {"alpha": task.alpha, "epochs": round(task.budget), "warm_up": round(self.warm_up * task.epochs)}
        net = train_trimmed(task.samples, task.training, seed=round_seed(task.seed, 0), **how)
        losses = per_sample_losses(net, task.samples)
        return Fitted(net, how["epochs"], trim(losses, num_kept(task.alpha, len(losses))).cpu().numpy())


LABEL_RIVALS = {"small-loss": TrimmedBatches()}
