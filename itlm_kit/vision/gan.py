"""ITLM for GANs: Algorithm 1 with `train_gan` as its update and the discriminator's loss as its score."""

from itertools import islice
from typing import NamedTuple

import numpy as np

from itlm_kit.errors import InputError, check_integer
from itlm_kit.loop import itlm_rounds
from itlm_kit.trimming import num_kept
from itlm_kit.vision.dcgan import GAN
from itlm_kit.vision.gan_training import Diverged, check_recipe, real_losses, train_gan

ATTEMPTS = 3  # trainings of one round, each with a seed of its own, before a run is given up


class TrainedGAN(NamedTuple):
    """theta_t: both networks, the seed they come from, and why earlier seeds of this round were given up."""

    gan: GAN
    seed: int
    restarts: tuple = ()  # one text per training that diverged


def gan_rounds(images, recipe, *, alpha, rounds, seed, kept=(), first=None):
    """Yield the Rounds of ITLM on unlabelled images: theta_0 ... theta_{rounds-1} and S_0 ... S_{rounds-1}.

    images: Images. alpha: share to keep. Round.state is a TrainedGAN, Round.losses (n,) the discriminator's loss on
    each image taken as real, Round.kept the mask S_t. Both networks are trained afresh each round (appendix B c).
    kept: S_0 ... S_{t-1} of the rounds that a cut run has finished; then Round t comes first, just as it would have
    come. first: theta_0 where it is known, for it depends on no alpha. Raises InputError before any training, Diverged
    when a round fails with every one of its seeds. Section 6.3.
    """
    rounds, done = check_integer("rounds", rounds, remedy="It is the number of rounds, e.g. 5"), len(kept)
    k = num_kept(alpha, len(images))
    check_recipe(recipe, images, k)
    if not all(np.shape(mask) == (len(images),) for mask in kept):
        raise InputError(f"kept must hold a mask of the {len(images)} images for each round that is done.")
    if done >= rounds:
        return

    def fit(kept, t):
        return fit_gan(images, kept, recipe, seed=seed, t=t)

    known = first is not None and not done
    steps = itlm_rounds(
        first if known else fit(kept[-1] if done else np.ones(len(images), bool), done),
        losses=lambda theta: real_losses(theta.gan, images, recipe),
        update=lambda theta, kept, t: fit(kept, done + t + 1),
        k=k,
    )
    for step in islice(steps, rounds - done):
        yield step._replace(t=done + step.t)


def fit_gan(images, kept, recipe, *, seed, t=0, after_step=None):
    """Train the GAN of round t, with another seed of that round whenever it diverges; returns a TrainedGAN."""
    restarts = []
    for attempt in range(ATTEMPTS):
        here = attempt_seed(seed, t, attempt)
        try:
            gan = train_gan(images, kept, recipe, seed=here, after_step=after_step)
            return TrainedGAN(gan, here, tuple(restarts))
        except Diverged as error:
            restarts.append(f"round {t}, seed {here}: {error}")
    raise Diverged(f"{ATTEMPTS} trainings of one round went wrong; lower the step size. " + "; ".join(restarts))


def attempt_seed(seed, t, attempt=0):
    """The seed of an attempt at round t, independent between rounds and attempts."""
    seed = check_integer("seed", seed, low=0, remedy="It fixes weights, batches and latent vectors.")
    return int(np.random.SeedSequence([seed, t, attempt]).generate_state(1)[0])
