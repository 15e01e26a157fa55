"""How long the GAN of a round is trained, told without labels: until what it generates hardly gets better.

A discriminator ranks clean images first while the generator still learns to draw them; once it draws them well, the
ranking is lost. So a round ends at the elbow of a curve: the distance of generated from kept images, over the steps.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from itlm_kit.vision.dcgan import GAN
from itlm_kit.vision.frechet import frechet_distance
from itlm_kit.vision.gan_training import Elbow, GANRecipe, Images, draw_latents, generate, kept_index, train_gan

SIDE = 8  # pixels that both sides of an image are averaged to before images are compared


def elbow(steps: Sequence[int], distances: Sequence[float], most: int) -> int:
    """The position of the elbow of a falling curve: where distances / distances[0] + steps / most is smallest.

    steps: (m,), rising. distances: (m,), at these. most: the steps that are worth the whole of the first distance.
    """
    return int(np.argmin(_costs(steps, distances, most)))


def past_elbow(steps: Sequence[int], distances: Sequence[float], most: int) -> bool:
    """Whether the `elbow` stays where it is, whatever distances are to come."""
    return bool(_costs(steps, distances, most).min() <= steps[-1] / most)


def _costs(steps, distances, most):
    return np.asarray(distances) / distances[0] + np.asarray(steps) / most


def train_to_elbow(
    images: Images, kept: Any, recipe: GANRecipe, *, seed: int, after_step: Callable[[GAN, int], Any] | None = None
) -> tuple[GAN, int]:
    """`train_gan` to the elbow of its distances; returns the GAN as it was there, and its steps.

    A recipe's `steps` are the `most` of `elbow`, its `stop` says how often, and on how many images, a Yardstick looks.
    Arguments and errors as for `train_gan`.
    """
    watch = _Watch(images, kept, recipe)

    def look(gan, step):
        if after_step is not None:
            after_step(gan, step)
        return watch(gan, step)

    train_gan(images, kept, recipe, seed=seed, after_step=look)
    return watch.best


class Yardstick:
    """How far what a generator makes of the same latent vectors lies from the same kept images."""

    def __init__(self, images: Images, kept: Any, recipe: GANRecipe):
        index = kept_index(kept, images, recipe)
        some = torch.linspace(0, len(index) - 1, min(recipe.stop.images, len(index))).long()
        self.real = images.x[index[some.to(index.device)]]
        self.latents = draw_latents(recipe.stop.images, recipe, seed=0, device=images.device)

    def __call__(self, gan: GAN) -> float:
        return pixel_distance(generate(gan, self.latents), self.real)


def pixel_distance(a: Tensor, b: Tensor) -> float:
    """Frechet distance between images uint8 (n, c, h, w) and (m, c, h, w), their pixels averaged to 8 x 8."""
    return frechet_distance(*(adaptive_avg_pool2d(x.float() / 255, SIDE).flatten(1).cpu().numpy() for x in (a, b)))


class _Watch:
    """Looks at a training, keeps its GAN at the elbow so far, and says when none can come later."""

    def __init__(self, images, kept, recipe):
        self.distance, self.recipe, self.steps, self.distances = Yardstick(images, kept, recipe), recipe, [], []

    def __call__(self, gan, step):
        if not is_look(step, self.recipe.stop):
            return False
        self.steps.append(step)
        self.distances.append(self.distance(gan))
        curve = self.steps, self.distances, self.recipe.steps
        if elbow(*curve) == len(self.steps) - 1:
            self.best = deepcopy(gan), step
        return past_elbow(*curve)


def is_look(step: int, stop: Elbow) -> bool:
    """Whether the distance is measured after this step: the first, and then every few."""
    return step == 1 or step % stop.every == 0
