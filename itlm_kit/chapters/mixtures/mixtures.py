"""Unlabelled images of two kinds mixed, as section 6.3 filters them."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from itlm_kit import data
from itlm_kit.errors import InputError, check_choice, check_integer, check_share
from itlm_kit.machine import Where
from itlm_kit.names import percent
from itlm_kit.vision.gan_training import Images
from itlm_kit.vision.itlm import round_seed

# Which images are clean and which are bad; "gaussian" is drawn, not loaded.
PAIRS = {
    "mnist+fashion_mnist": ("mnist", "fashion_mnist"),
    "mnist+gaussian": ("mnist", "gaussian"),
    "celeba+cifar10": ("celeba", "cifar10"),
    "digits+patches": ("digits", "patches"),
}


class Mixture(NamedTuple):
    """Unlabelled images of two kinds; `is_clean` is for reports alone."""

    images: Images
    is_clean: np.ndarray  # (n,) bool
    source: str


def mixture(settings: dict, seed: int, where: Where) -> Mixture:
    """The Mixture of a cell.

    settings: pair, a name of PAIRS; images, how many clean ones; clean, their share of the mixture, in (0, 1). Raises
    InputError when a set is not there, or has fewer images than that.
    """
    pair, images, clean = settings["pair"], settings["images"], settings["clean"]
    check_choice("pair", pair, PAIRS)
    check_integer("images", images, remedy="It is the number of clean ones.")
    check_share("clean", clean, "(0, 1)", remedy="It is the share of clean images, e.g. 0.8")
    return _mixed(pair, images, clean, seed, replace(where, rounds=None))


@lru_cache(maxsize=2)  # the cells of one mixture follow each other
def _mixed(pair, images, clean, seed, where):
    good = drawn(data.load(PAIRS[pair][0], data_root=where.data_root), images, seed)
    bad, kind = bad_images(pair, int(images / clean + 1e-9) - images, good, seed, where)
    mixed = data.mix_images(good.x, bad, clean=clean, seed=round_seed(seed, 1001))
    source = f"{good.source}, mixed with {percent(1 - clean)} {kind}"
    return Mixture(Images(mixed.x, where.device), mixed.is_clean, source)


def needs(settings):
    """Names of the data sets that the Mixture of a cell is made of."""
    return [name for name in PAIRS[settings["pair"]] if name != "gaussian"]


def drawn(image_set, number, seed):
    """An ImageSet of `number` images, each class with its share; all of them are left as they are."""
    n = len(image_set.x)
    if number > n:
        raise InputError(f"images must be at most {n}, as many as {image_set.name} has; got {number}. Ask for fewer.")
    return data.subsample(image_set, number / n, seed=seed) if number < n else image_set


def bad_images(pair, number, good, seed, where, part="train"):
    """(images, what they are): at least `number` bad images of a pair, of the form of the ImageSet `good`."""
    name, shape = PAIRS[pair][1], good.x.shape[1:]
    if name == "gaussian":
        return gaussian_images(number, shape, seed=round_seed(seed, 1002)), "Gaussian noise"
    bad = data.load(name, part, where.data_root)
    if bad.x.shape[2:] != shape[1:]:  # CIFAR-10 beside faces: only what is drawn is enlarged
        rows = np.random.default_rng(round_seed(seed, 1003)).permutation(len(bad.x))[:number]
        bad = data.enlarge(bad._replace(x=bad.x[rows]), shape[-1])
    return bad.x, bad.source.split(",")[0]


def gaussian_images(number, shape, *, seed):
    """Images of pure Gaussian noise, uint8 (number, *shape): mean 127.5, deviation 64, cut to 0..255. Appendix E.2."""
    noise = np.random.default_rng(seed).normal(127.5, 64, (number, *shape))
    return np.rint(noise).clip(0, 255).astype(np.uint8)
