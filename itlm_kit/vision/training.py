"""Algorithm 2 for image classifiers: batch gradient steps on the kept samples, from weights drawn anew or given.

Images stay on the device as uint8 and are gathered by index: no DataLoader. On a CPU a batch is worked through in
micro-batches whose gradients are summed, which is the same step and faster on its caches. On CUDA nothing in a step
waits for the device.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from itlm_kit.classes import as_labels
from itlm_kit.errors import InputError, check_integer
from itlm_kit.machine import has_bfloat16
from itlm_kit.trajectories.recorder import TrajectoryRecorder
from itlm_kit.vision.compiling import compiled
from itlm_kit.vision.descent import Descent
from itlm_kit.vision.models import draw_xavier


class Augment(Protocol):
    """How images are changed in training, drawn once an epoch and applied batch by batch; augment.CropFlip is one."""

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """One draw for each of n images, (n, ...)."""

    def __call__(self, images: Tensor, drawn: Tensor) -> Tensor:
        """The images uint8 (m, c, h, w), each under its own draw, (m, ...)."""


LATER = {"later": True}
PREPARING = 500  # images that a network is prepared by


@dataclass(frozen=True)
class Recipe:
    """The choices Algorithm 2 leaves open; the defaults are the paper's for MNIST (appendix E.1)."""

    build: Callable[[tuple[int, int, int], int], nn.Module]  # (shape (c, h, w), classes) -> network
    initialise: Callable[[nn.Module, int], nn.Module] = draw_xavier  # draws weights anew from a seed, in place
    batch_size: int = 1000
    step_size: float = 0.3
    drop_at: float = 50 / 80  # share of the epochs after which the step size drops
    drop_by: float = 5.0
    micro_batch: int | None = 250  # None: whole batches, as batch normalisation needs them; on CUDA always
    fewest: int | None = None  # samples that must be kept at least; None: one batch
    loss: Callable[..., Tensor] = functional.cross_entropy  # trained with; scored is always by the cross-entropy
    augment: Augment | None = None  # for training, never for scoring
    bfloat16: bool = False  # products of the training pass in bfloat16 where that is faster, all else in float32
    compiled: bool = False  # on CUDA: the training pass compiled, once for all networks of one form
    # Later than the first stored results: at their defaults they are no part of a result's key.
    momentum: float = field(default=0.0, metadata=LATER)  # Nesterov's
    weight_decay: float = field(default=0.0, metadata=LATER)
    warm_up: float | None = field(default=None, metadata=LATER)  # share in which the step size rises; None: it drops
    # prepare(network, images float (m, c, h, w)) sets what is not drawn but follows from the images; None: nothing.
    prepare: Callable[[nn.Module, Tensor], None] | None = field(default=None, metadata=LATER)


class Samples:
    """Images and labels on one device, checked: x uint8 (n, c, h, w), y int64 (n,)."""

    def __init__(self, x: Any, y: Any, classes: int, device: str | torch.device = "cpu"):
        _check_samples(x, y, classes)
        self.x = torch.as_tensor(x).to(device)
        self.y = torch.as_tensor(as_labels(y).astype(np.int64)).to(device)
        self.classes = classes

    def __len__(self):
        return len(self.y)

    def images(self, index: Any, change: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Float images in [0, 1] of the samples `index`; change(x uint8) -> x uint8 is applied before."""
        x = self.x[index] if change is None else change(self.x[index])
        return x.float().div_(255).contiguous(memory_format=torch.channels_last)


def train(
    samples: Samples,
    kept: Any,
    recipe: Recipe,
    *,
    epochs: int,
    seed: int,
    start: nn.Module | None = None,
    recorder: TrajectoryRecorder | None = None,
    after_epoch: Callable[[nn.Module, int], Any] | None = None,
) -> nn.Module:
    """Train a new network for `epochs` on the kept samples and return it. Algorithm 2, step 3 included.

    kept: bool mask (n,) or index. start: a network whose weights the new one begins with, itself left as it is (None:
    weights drawn anew). recorder: a TrajectoryRecorder that gets every loss of the training pass, at no extra pass.
    after_epoch(model, epoch) is called after each epoch (counted from 0). Raises InputError when fewer samples than
    one batch are kept, or the mask is of another length. Weights drawn anew, the order of samples and their
    augmentation depend on `seed` alone.
    """
    index = torch.as_tensor(kept).to(samples.y.device)
    if index.dtype == torch.bool:
        _check_mask(index, samples)
        index = index.nonzero().squeeze(1)
    check_batch(len(index), recipe)
    model = new_network(samples, recipe, seed) if start is None else deepcopy(start)
    descent = Descent(model, recipe, epochs)
    order, augmentation = (torch.Generator().manual_seed(each) for each in (seed, seed + 1))
    for epoch in range(epochs):
        shuffled = index[torch.randperm(len(index), generator=order).to(index.device)]
        changes = _drawn_changes(recipe.augment, len(index), augmentation, index.device)
        scores = _one_epoch(model, samples, shuffled, changes, recipe=recipe, descent=descent, epoch=epoch)
        if recorder is not None:
            recorder.record(epoch, shuffled, *scores)
        if after_epoch is not None:
            after_epoch(model, epoch)
    return model


def new_network(samples: Samples, recipe: Recipe, seed: int) -> nn.Module:
    """A network for Samples as the recipe builds it, on their device, with weights drawn from `seed`.

    What the recipe prepares follows from PREPARING of the samples, always the same, whatever is kept of them.
    """
    model = recipe.initialise(recipe.build(tuple(samples.x.shape[1:]), samples.classes), seed)
    if recipe.prepare is not None:
        recipe.prepare(model, samples.images(_spread(len(samples), PREPARING)).cpu())
    return model.to(samples.y.device, memory_format=torch.channels_last)


def _spread(n, number):
    """At most `number` of n positions, evenly spread."""
    return torch.arange(0, n, max(1, -(-n // number)))


def _check_mask(kept, samples):
    if kept.shape != samples.y.shape:
        raise InputError(f"kept must mark each of the {len(samples)} samples; got a mask of shape {tuple(kept.shape)}.")


def check_batch(kept: int, recipe: Recipe) -> None:
    """Raise InputError unless at least one batch is kept, or as many samples as the recipe says are enough."""
    fewest = recipe.batch_size if recipe.fewest is None else recipe.fewest
    if kept < fewest:
        words = f"one batch of {fewest}" if recipe.fewest is None else f"{fewest}"
        raise InputError(
            f"at least {words} samples must be kept; got {kept}. "
            "Raise alpha, give more samples or lower the batch size."
        )


def outputs(
    model: nn.Module,
    samples: Samples,
    index: Tensor | None = None,
    *,
    micro_batch: int | None = None,
    changes: Callable[[slice], Callable[[Tensor], Tensor] | None] | None = None,
) -> Tensor:
    """The network's outputs (m, classes) in float32 for the samples `index` (all by default), without gradients.

    micro_batch: how many at once; None: what suits the device. changes(slice of 0..m-1) -> change of these images, as
    `Samples.images` takes it.
    """
    index = torch.arange(len(samples), device=samples.y.device) if index is None else index
    size = (2000 if _on_cuda(samples) else 250) if micro_batch is None else micro_batch
    changes = changes or _unchanged
    model.eval()
    with torch.inference_mode():
        parts = _slices(0, max(len(index), 1), size)
        return torch.cat([model(samples.images(index[here], changes(here))) for here in parts])


def per_sample_losses(model: nn.Module, samples: Samples, *, augment: Augment | None = None, seed: int = 0) -> Tensor:
    """The cross-entropy of every sample (n,), in the given order, under a fixed network.

    augment: score each image under one such change, drawn from `seed` (None: as it is).
    """
    changes = _drawn_changes(augment, len(samples), torch.Generator().manual_seed(seed), samples.y.device)
    return functional.cross_entropy(outputs(model, samples, changes=changes), samples.y, reduction="none")


def _one_epoch(model, samples, shuffled, changes, *, recipe, descent, epoch):
    """One pass over `shuffled`; returns each sample's loss and correctness as the pass saw them."""
    model.train()
    losses = torch.empty(len(shuffled), device=shuffled.device)
    correct = torch.empty(len(shuffled), dtype=torch.bool, device=shuffled.device)
    micro_batch = recipe.batch_size if _on_cuda(samples) else recipe.micro_batch or recipe.batch_size
    scored = compiled(_scored) if recipe.compiled and _on_cuda(samples) else _scored
    bfloat16 = recipe.bfloat16 and has_bfloat16(samples.y.device.type)
    for batch in _slices(0, len(shuffled), recipe.batch_size):
        model.zero_grad()
        for here in _slices(batch.start, batch.stop, micro_batch):
            images, labels = samples.images(shuffled[here], changes(here)), samples.y[shuffled[here]]
            # A last batch of another size would be compiled anew: it goes the plain way.
            score = scored if len(labels) == recipe.batch_size else _scored
            loss, correct[here] = score(model, images, labels, bfloat16, recipe.loss)
            (loss.sum() / (batch.stop - batch.start)).backward()
            losses[here] = loss.detach()
        descent.step(epoch + (batch.start + batch.stop) / (2 * len(shuffled)))
    return losses, correct


def _scored(model, images, labels, bfloat16, loss):
    """Each sample's loss, to be differentiated, and whether the network calls it right."""
    with torch.autocast(images.device.type, torch.bfloat16, enabled=bfloat16):
        logits = model(images)
    logits = logits.float()
    return loss(logits, labels, reduction="none"), logits.detach().argmax(1) == labels


def _drawn_changes(augment, n, generator, device):
    """Draw how n images are changed; returns a function from a slice of them to the change of its images."""
    if augment is None:
        return _unchanged
    drawn = augment.draw(n, generator).to(device)
    return lambda here: partial(augment, drawn=drawn[here])


def _unchanged(here):
    return None


def _slices(start, stop, size):
    return [slice(i, min(i + size, stop)) for i in range(start, stop, size)]


def _on_cuda(samples):
    return samples.y.is_cuda


def _check_samples(x, y, classes):
    classes = check_integer("classes", classes, low=2)
    y = as_labels(y)
    if getattr(x, "ndim", 0) != 4 or len(x) != len(y) or len(y) == 0:
        shape = getattr(x, "shape", None)
        raise InputError(f"images must have shape (n, c, h, w) with one label each; got {shape} and {len(y)} labels.")
    if str(x.dtype).removeprefix("torch.") != "uint8":
        raise InputError(f"images must be uint8, 0..255; got {x.dtype}. Convert them, e.g. (255 * x).astype('uint8')")
    if not np.issubdtype(y.dtype, np.integer) or y.min() < 0 or y.max() >= classes:
        found = f"{y.min()}..{y.max()}" if y.dtype.kind in "biuf" else y.dtype
        remedy = "Others are numbered by Classes.of(y).encode(y)."
        raise InputError(f"labels must be whole numbers in 0..{classes - 1}; got {found}. {remedy}")
    missing = np.setdiff1d(np.arange(classes), y)
    if missing.size:
        raise InputError(f"every class must have a sample; class {missing[0]} of {classes} has none.")
