"""ITLM for GANs: Algorithm 1 with `train_gan` as its update and the discriminator's loss as its score."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from itlm_kit.errors import check_integer
from itlm_kit.loop import Round, refit_rounds
from itlm_kit.trimming import num_kept
from itlm_kit.vision.dcgan import GAN
from itlm_kit.vision.gan_length import train_to_elbow
from itlm_kit.vision.gan_training import Diverged, GANRecipe, Images, check_recipe, real_losses, train_gan

ATTEMPTS = 3  # trainings of one round, each with a seed of its own, before a run is given up


class TrainedGAN(NamedTuple):
    """theta_t: both networks, the seed they come from, and why earlier seeds of this round were given up."""

    gan: GAN
    seed: int
    steps: int  # that it was trained
    restarts: tuple = ()  # one text per training that diverged


def gan_rounds(
    images: Images,
    recipe: GANRecipe,
    *,
    alpha: float,
    rounds: int,
    seed: int,
    kept: Sequence[Any] = (),
    first: TrainedGAN | None = None,
) -> Iterator[Round]:
    """Yield the Rounds of ITLM on unlabelled images: theta_0 ... theta_{rounds-1} and S_0 ... S_{rounds-1}.

    images: Images. alpha: share to keep. Round.state is a TrainedGAN, Round.losses (n,) the discriminator's loss on
    each image taken as real, Round.kept the mask S_t. Both networks are trained afresh each round (appendix B c).
    kept: S_0 ... S_{t-1} of the rounds that a cut run has finished; then Round t comes first, just as it would have
    come. first: theta_0 where it is known, for it depends on no alpha. Raises InputError before any training, Diverged
    when a round fails with every one of its seeds. Section 6.3.
    """
    k = num_kept(alpha, len(images))
    check_recipe(recipe, images, k)

    def fit(kept, t):
        return fit_gan(images, kept, recipe, seed=seed, t=t)

    def losses(theta):
        return real_losses(theta.gan, images, recipe)

    yield from refit_rounds(fit, losses, n=len(images), k=k, rounds=rounds, kept=kept, first=first)


def fit_gan(
    images: Images,
    kept: Any,
    recipe: GANRecipe,
    *,
    seed: int,
    t: int = 0,
    after_step: Callable[[GAN, int], Any] | None = None,
) -> TrainedGAN:
    """Train the GAN of round t, with another seed of that round whenever it diverges; returns a TrainedGAN.

    It is trained for the recipe's steps or, where these have a rule to `stop`, to the elbow of that training.
    """
    restarts = []
    for attempt in range(ATTEMPTS):
        here = attempt_seed(seed, t, attempt)
        try:
            gan, steps = _trained(images, kept, recipe, seed=here, after_step=after_step)
            return TrainedGAN(gan, here, steps, tuple(restarts))
        except Diverged as error:
            restarts.append(f"round {t}, seed {here}: {error}")
    raise Diverged(f"{ATTEMPTS} trainings of one round went wrong; lower the step size. " + "; ".join(restarts))


def _trained(images, kept, recipe, **choices):
    if recipe.stop is None:
        return train_gan(images, kept, recipe, **choices), recipe.steps
    return train_to_elbow(images, kept, recipe, **choices)


def attempt_seed(seed: int, t: int, attempt: int = 0) -> int:
    """The seed of an attempt at round t, independent between rounds and attempts."""
    seed = check_integer("seed", seed, low=0, remedy="It fixes weights, batches and latent vectors.")
    return int(np.random.SeedSequence([seed, t, attempt]).generate_state(1)[0])
