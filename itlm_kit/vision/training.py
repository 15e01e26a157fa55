"""Algorithm 2 for image classifiers: batch gradient steps on the kept samples, from weights drawn anew.

Images stay on the device as uint8 and are gathered by index: no DataLoader. A batch is worked through in
micro-batches whose gradients are summed, which is the same step and faster on a CPU's caches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from itlm_kit.errors import InputError, check_integer
from itlm_kit.vision.models import initialise


@dataclass(frozen=True)
class Recipe:
    """The choices Algorithm 2 leaves open; the defaults are the paper's for MNIST (appendix E.1)."""

    build: Callable  # (shape, classes) -> network
    batch_size: int = 1000
    step_size: float = 0.3
    drop_at: float = 50 / 80  # share of the epochs after which the step size drops
    drop_by: float = 5.0
    micro_batch: int = 250
    fewest: int | None = None  # samples that must be kept at least; None: one batch


class Samples:
    """Images and labels on one device, checked: x uint8 (n, c, h, w), y int64 (n,)."""

    def __init__(self, x, y, classes, device="cpu"):
        _check_samples(x, y, classes)
        self.x = torch.as_tensor(x).to(device)
        self.y = torch.as_tensor(np.asarray(y, dtype=np.int64)).to(device)
        self.classes = classes

    def __len__(self):
        return len(self.y)

    def images(self, index):
        """Float images in [0, 1] of the samples `index`."""
        return self.x[index].float().div_(255).contiguous(memory_format=torch.channels_last)


def train(samples, kept, recipe, *, epochs, seed, recorder=None, after_epoch=None):
    """Train a new network for `epochs` on the kept samples and return it. Algorithm 2, step 3 included.

    kept: bool mask (n,) or index. recorder: a TrajectoryRecorder that gets every loss of the training pass, at no
    extra pass. after_epoch(model, epoch) is called after each epoch (counted from 0). Raises InputError when fewer
    samples than one batch are kept, or the mask is of another length. Weights and the order of samples depend on
    `seed` alone.
    """
    index = torch.as_tensor(kept).to(samples.y.device)
    if index.dtype == torch.bool:
        _check_mask(index, samples)
        index = index.nonzero().squeeze(1)
    check_batch(len(index), recipe)
    model = initialise(recipe.build(tuple(samples.x.shape[1:]), samples.classes), seed)
    model = model.to(samples.y.device, memory_format=torch.channels_last)
    order = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        shuffled = index[torch.randperm(len(index), generator=order).to(index.device)]
        scores = _one_epoch(model, samples, shuffled, recipe, _step_size(recipe, epoch, epochs))
        if recorder is not None:
            recorder.record(epoch, shuffled, *scores)
        if after_epoch is not None:
            after_epoch(model, epoch)
    return model


def _check_mask(kept, samples):
    if kept.shape != samples.y.shape:
        raise InputError(f"kept must mark each of the {len(samples)} samples; got a mask of shape {tuple(kept.shape)}.")


def check_batch(kept, recipe):
    """Raise InputError unless at least one batch is kept, or as many samples as the recipe says are enough."""
    fewest = recipe.batch_size if recipe.fewest is None else recipe.fewest
    if kept < fewest:
        words = f"one batch of {fewest}" if recipe.fewest is None else f"{fewest}"
        raise InputError(
            f"at least {words} samples must be kept; got {kept}. "
            "Raise alpha, give more samples or lower the batch size."
        )


def outputs(model, samples, index=None, *, micro_batch=250):
    """The network's outputs (m, classes) for the samples `index` (all by default), without gradients."""
    index = torch.arange(len(samples), device=samples.y.device) if index is None else index
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(samples.images(part)) for part in index.split(micro_batch)])


def per_sample_losses(model, samples):
    """The cross-entropy of every sample (n,), in the given order, under a fixed network."""
    return functional.cross_entropy(outputs(model, samples), samples.y, reduction="none")


def _one_epoch(model, samples, shuffled, recipe, step_size):
    """One pass over `shuffled`; returns each sample's loss and correctness as the pass saw them."""
    model.train()
    losses = torch.empty(len(shuffled), device=shuffled.device)
    correct = torch.empty(len(shuffled), dtype=torch.bool, device=shuffled.device)
    start = 0
    for batch in shuffled.split(recipe.batch_size):
        model.zero_grad()
        for part in batch.split(recipe.micro_batch):
            logits, labels = model(samples.images(part)), samples.y[part]
            loss = functional.cross_entropy(logits, labels, reduction="none")
            (loss.sum() / len(batch)).backward()
            here = slice(start, start + len(part))
            losses[here], correct[here] = loss.detach(), logits.detach().argmax(1) == labels
            start += len(part)
        _descend(model, step_size)
    return losses, correct


@torch.no_grad()
def _descend(model, step_size):
    # Algorithm 2, step 6, by hand: torch.optim would load its compiler, 100 MB, for this one line.
    for weight in model.parameters():
        weight.add_(weight.grad, alpha=-step_size)


def _step_size(recipe, epoch, epochs):
    return recipe.step_size / (recipe.drop_by if epoch >= recipe.drop_at * epochs else 1)


def _check_samples(x, y, classes):
    classes = check_integer("classes", classes, low=2)
    y = np.asarray(y)
    if getattr(x, "ndim", 0) != 4 or len(x) != len(y) or len(y) == 0:
        shape = getattr(x, "shape", None)
        raise InputError(f"images must have shape (n, c, h, w) with one label each; got {shape} and {len(y)} labels.")
    if str(x.dtype).removeprefix("torch.") != "uint8":
        raise InputError(f"images must be uint8, 0..255; got {x.dtype}. Convert them, e.g. (255 * x).astype('uint8')")
    if not np.issubdtype(y.dtype, np.integer) or y.min() < 0 or y.max() >= classes:
        raise InputError(f"labels must be whole numbers in 0..{classes - 1}; got {y.min()}..{y.max()} of {y.dtype}.")
    missing = np.setdiff1d(np.arange(classes), y)
    if missing.size:
        raise InputError(f"every class must have a sample; class {missing[0]} of {classes} has none.")
