"""Algorithm 2 for a GAN: both networks trained afresh on the kept images, and what they then say of images.

Images stay on the device as uint8 and are gathered by index; nothing is read back from the device but one number in
a hundred steps, which tells a run that diverges.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from itlm_kit.errors import InputError, check_integer, check_share
from itlm_kit.vision.compiling import compiled
from itlm_kit.vision.dcgan import GAN, dcgan, draw_weights
from itlm_kit.vision.gan_losses import gan_loss

CHECKED = 100  # steps between looks at the loss, and over which it is averaged
COLLAPSED = 0.005  # loss of the discriminator below which it has nothing left to tell apart
EXPLODED = 100.0  # and above which its outputs are out of hand: one that guesses has 1.4
FAINT = 16  # largest value of images whose range is not 0..255: 1, or 16 as in scikit-learn's own digits


@dataclass(frozen=True)
class Elbow:
    """A rule that ends a training where what it generates hardly gets better; see `gan_length`."""

    every: int = 10  # steps between two looks
    images: int = 500  # generated ones, and kept ones, that are compared


@dataclass(frozen=True)
class GANRecipe:
    """The choices section 6.3 leaves open; batch, step, momentum, latent and width are DC-GAN's own."""

    steps: int  # of both networks, one batch each; few of them is early stopping. With `stop`, at most so many
    batch_size: int = 128
    step_size: float = 2e-4
    momentum: float = 0.5  # Adam's first
    latent: int = 100
    width: int = 64
    loss: str = "gan"
    initialise: Callable[[GAN, int], GAN] = draw_weights  # anew from a seed, in place
    bfloat16: bool = False  # products in bfloat16, weights and losses in float32
    compiled: bool = False  # on CUDA: both networks compiled, once for all rounds
    stop: Elbow | None = field(default=None, metadata={"later": True})  # what ends the training of a round


class Images:
    """Unlabelled images on one device, checked: x uint8 (n, c, h, w)."""

    def __init__(self, x: Any, device: str | torch.device = "cpu"):
        self.x = torch.as_tensor(_checked(x)).to(device)

    def __len__(self):
        return len(self.x)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        return tuple(self.x.shape[1:])

    @property
    def device(self) -> torch.device:
        """Where they lie."""
        return self.x.device

    def batch(self, index: Tensor) -> Tensor:
        """Float images in [-1, 1] of the samples `index`."""
        return self.x[index].float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


class Diverged(RuntimeError):
    """A training run that went wrong; its text says how."""


class Adam:
    """Adam (Kingma & Ba, 2015, algorithm 1) on a list of tensors, given their gradients; eps and beta_2 are theirs.

    By hand: torch.optim.Adam loads torch's compiler, 150 MB, and torch's function divides after the root where this
    does so before it. That last digit grows over the steps, and results on record must come again to the bit.
    """

    def __init__(self, weights, step_size, momentum):
        self.weights, self.step_size, self.beta1, self.beta2 = list(weights), step_size, momentum, 0.999
        self.means = [torch.zeros_like(w) for w in self.weights]
        self.squares = [torch.zeros_like(w) for w in self.weights]
        self.t = 0

    @torch.no_grad()
    def step(self, gradients):
        """Move the weights, in place, by their gradients."""
        self.t += 1
        rate, unbias = self.step_size / (1 - self.beta1**self.t), 1 - self.beta2**self.t
        torch._foreach_lerp_(self.means, gradients, 1 - self.beta1)
        torch._foreach_mul_(self.squares, self.beta2)
        torch._foreach_addcmul_(self.squares, gradients, gradients, value=1 - self.beta2)
        widths = torch._foreach_div(self.squares, unbias)
        torch._foreach_sqrt_(widths)
        torch._foreach_add_(widths, 1e-8)
        torch._foreach_addcdiv_(self.weights, self.means, widths, value=-rate)


def train_gan(
    images: Images,
    kept: Any,
    recipe: GANRecipe,
    *,
    seed: int,
    after_step: Callable[[GAN, int], Any] | None = None,
) -> GAN:
    """Train a new GAN on the kept images and return it. Algorithm 2 with the loss of equation (17).

    kept: bool mask (n,). after_step(gan, step) is called after each step, counted from 1; when it returns True, that
    was the last one. Weights, order and latent vectors depend on `seed` alone. Raises InputError when fewer than one
    batch are kept, Diverged when a loss or a weight is no number, or the discriminator's loss is far too large or as
    good as 0.
    """
    index = kept_index(kept, images, recipe)
    gan = recipe.initialise(dcgan(images.shape, latent=recipe.latent, width=recipe.width), seed)
    gan = GAN(*(net.to(images.device, memory_format=torch.channels_last) for net in gan))
    take_step, recent = _Step(gan, recipe, images.device, seed), deque(maxlen=CHECKED)
    for step, batch in enumerate(islice(_batches(index, recipe.batch_size, seed), recipe.steps), start=1):
        recent.append(take_step(images.batch(batch)))
        if step % CHECKED == 0 or step == recipe.steps:
            _check_alive(torch.stack(tuple(recent)).mean().item(), step)
        if after_step is not None and after_step(gan, step) is True:
            break
    _check_weights(gan)  # no loss has seen the last step
    return gan


def _batches(index, size, seed):
    """Batches of `index` without end, every pass in a new order; what does not fill a last batch sits out that pass."""
    order = torch.Generator().manual_seed(seed)
    while True:
        shuffled = index[torch.randperm(len(index), generator=order).to(index.device)]
        yield from shuffled.split(size)[: len(index) // size]


def check_recipe(recipe: GANRecipe, images: Images, k: int) -> None:
    """Raise InputError unless `recipe` can train on k of the images; says so before any work."""
    for name in ("steps", "batch_size", "latent", "width"):
        check_integer(name, getattr(recipe, name))
    if recipe.stop is not None:
        check_integer("every", recipe.stop.every)
        check_integer("images", recipe.stop.images, low=2)
    _check_numbers(recipe)
    gan_loss(recipe.loss)
    if k < recipe.batch_size:
        raise InputError(
            f"at least one batch of {recipe.batch_size} images must be kept; got {k} of {len(images)}. "
            "Raise alpha, give more images or lower the batch size."
        )
    dcgan(images.shape, latent=1, width=1)


def _check_numbers(recipe):
    if not (isinstance(recipe.step_size, Real) and 0 < recipe.step_size < np.inf):
        raise InputError(f"step_size must be a positive number; got {recipe.step_size!r}. DC-GAN's is 2e-4")
    check_share("momentum", recipe.momentum, "[0, 1)", remedy="DC-GAN's is 0.5")


def outputs(gan: GAN, images: Images, *, micro_batch: int = 500) -> Tensor:
    """The discriminator's outputs (n,) for all images as they are, in evaluation mode, without gradients."""
    gan.discriminator.eval()
    everything = torch.arange(len(images), device=images.device)
    with torch.inference_mode():
        return torch.cat([gan.discriminator(images.batch(part)) for part in everything.split(micro_batch)])


def real_losses(gan: GAN, images: Images, recipe: GANRecipe) -> Tensor:
    """The discriminator's loss (n,) on every image taken as real: what section 6.3 selects by."""
    return gan_loss(recipe.loss).surrogate(outputs(gan, images))


def called_real(losses: Tensor, recipe: GANRecipe) -> Tensor:
    """Whether D > 1/2, one bool per loss of `real_losses`. Figure 1(c) counts these as the accuracy of D."""
    return losses < gan_loss(recipe.loss).even


def draw_latents(number: int, recipe: GANRecipe, *, seed: int, device: str | torch.device = "cpu") -> Tensor:
    """Latent vectors (number, latent), the same for the same seed on every device."""
    return torch.randn(number, recipe.latent, generator=torch.Generator().manual_seed(seed)).to(device)


def generate(gan: GAN, latents: Tensor) -> Tensor:
    """Images uint8 (m, c, h, w) that the generator makes of latents (m, latent), in evaluation mode."""
    gan.generator.eval()
    with torch.inference_mode():
        made = torch.cat([gan.generator(part) for part in latents.split(500)])
        return made.add_(1).mul_(127.5).round_().to(torch.uint8).contiguous()


class _Step:
    """One step of both networks on a batch of real images; holds what lasts from step to step."""

    def __init__(self, gan, recipe, device, seed):
        self.gan, self.recipe, self.loss = gan, recipe, gan_loss(recipe.loss)
        self.adams = GAN(*(Adam(net.parameters(), recipe.step_size, recipe.momentum) for net in gan))
        self.draws = torch.Generator(device).manual_seed(seed)
        self.run = compiled(_run) if recipe.compiled and device.type == "cuda" else _run

    def __call__(self, real):
        for net in self.gan:
            net.train()
        latents = torch.randn(len(real), self.recipe.latent, generator=self.draws, device=real.device)
        fake = self._told("generator", latents)
        told = self._told("discriminator", real), self._told("discriminator", fake.detach())
        loss = self.loss.real(told[0]).mean() + self.loss.fake(told[1]).mean()
        self._descend("discriminator", loss)
        self._descend("generator", self.loss.generator(self._told("discriminator", fake)).mean())
        return loss.detach()

    def _told(self, name, x):
        return self.run(getattr(self.gan, name), x, self.recipe.bfloat16)

    def _descend(self, name, loss):
        adam = getattr(self.adams, name)
        adam.step(torch.autograd.grad(loss, adam.weights))


def _run(net, x, bfloat16):
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
        return net(x).float()


def _check_alive(loss, step):
    if not loss < EXPLODED:  # nor when it is no number
        raise Diverged(f"the discriminator's loss is {loss:.3g} by step {step}")
    if loss < COLLAPSED:
        raise Diverged(f"the discriminator's loss fell to {loss:.2g} by step {step}: the generator learns nothing")


def _check_weights(gan):
    if not all(weight.isfinite().all() for net in gan for weight in net.state_dict().values()):
        raise Diverged("weights are no numbers after the last step")


def kept_index(kept: Any, images: Images, recipe: GANRecipe) -> Tensor:
    """Positions of the images that a mask (n,) keeps; raises InputError for no mask, or too few to train on."""
    kept = torch.as_tensor(kept).to(images.device)
    if kept.dtype != torch.bool or kept.shape != (len(images),):
        raise InputError(f"kept must mark each of the {len(images)} images; got {kept.dtype} of {tuple(kept.shape)}.")
    check_recipe(recipe, images, int(kept.sum()))
    return kept.nonzero().squeeze(1)


def _checked(x):
    if isinstance(x, (list, tuple)):
        shapes = list(dict.fromkeys(np.shape(image) for image in x))
        if len(shapes) > 1:
            raise InputError(f"images must be of one size; got {shapes[0]} and {shapes[1]}. Resize them.")
        x = np.stack(x) if x else np.empty(0)
    if getattr(x, "ndim", 0) != 4 or 0 in x.shape:
        raise InputError(f"images must have shape (n, c, h, w), none of it 0; got {getattr(x, 'shape', None)}.")
    if str(x.dtype).removeprefix("torch.") != "uint8":
        raise InputError(f"images must be uint8, 0..255; got {x.dtype}. Convert them, e.g. (255 * x).astype('uint8')")
    _check_range(np.asarray(x))
    return x


def _check_range(x):
    largest = x.max(axis=(1, 2, 3))
    faint = (largest > 0) & (largest <= FAINT)
    if faint.mean() > 0.01:  # one such image may be a nearly black one
        raise InputError(
            f"images must use the range 0..255; in {faint.sum()} of {len(x)} the largest value is "
            f"{largest[faint].max()} or less. Scale these to 0..255."
        )
