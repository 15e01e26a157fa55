"""One noisy training set of images with all that watches a training on it, as several chapters need it."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from itlm_kit import data
from itlm_kit.errors import check_choice
from itlm_kit.machine import Where
from itlm_kit.vision.itlm import Watch, round_seed
from itlm_kit.vision.training import Samples


@dataclass(frozen=True)
class Protocol:
    """How the epoch that becomes theta_t is selected, and by how many images."""

    name: str
    held_out: float = 0.0  # share of the noisy training set that selects the epoch
    watched: int = 2000  # test images looked at after every epoch; all of them are reported on at the end


# "paper": by a noisy copy of the test images watched, as the authors' code does. "holdout": by a part of the noisy
# training set. "last": none is selected. "authors": as "paper"; what differs is how their code trains.
PROTOCOLS = {each.name: each for each in (Protocol("last"), Protocol("paper"), Protocol("holdout", held_out=0.1))}
PROTOCOLS["authors"] = PROTOCOLS["paper"]


class Noisy(NamedTuple):
    """One noisy training set with all that watches it; `is_clean` is for reports and the oracle alone."""

    samples: Samples
    is_clean: np.ndarray  # (n,) bool
    watch: Watch
    source: str

    @property
    def noise_rate(self) -> float:
        """The share of wrong labels that came out, to six decimals; for reports alone."""
        return round(1 - float(self.is_clean.mean()), 6)


def noisy_set(settings: dict, seed: int, where: Where) -> Noisy:
    """Load, subsample and corrupt a set of images; returns a Noisy.

    settings: data (a name of `data.load`), noise (of `data.LABEL_NOISE`), clean (share), share of the training images
    (1 unless given) and protocol, a name of PROTOCOLS. Raises InputError for others, and for data that are not there.
    """
    protocol = PROTOCOLS[check_choice("protocol", settings["protocol"], tuple(PROTOCOLS))]
    noise = check_choice("noise", settings["noise"], tuple(data.LABEL_NOISE))
    full = data.load(settings["data"], data_root=where.data_root)
    train_set = data.subsample(full, settings["share"], seed=seed) if settings.get("share", 1) < 1 else full
    test = data.load(settings["data"], part="test", data_root=where.data_root)
    corrupt = partial(data.LABEL_NOISE[noise], clean=settings["clean"], classes=full.classes)
    noisy = corrupt(train_set.x, train_set.y, seed=round_seed(seed, 1001))
    watched = a_few(test, protocol.watched)
    fit = partial(Samples, classes=full.classes, device=where.device)
    inside, validation = np.ones(len(noisy.y), bool), None
    if protocol.name == "paper":
        labels = corrupt(watched.x, watched.y, seed=round_seed(seed, 1002)).y
        validation = torch.as_tensor(labels).to(where.device)
    elif protocol.held_out:
        inside = _inside(noisy.y, protocol.held_out, seed)
        validation = fit(noisy.x[~inside], noisy.y[~inside])
    watch = Watch(fit(test.x, test.y), fit(watched.x, watched.y), validation)
    return Noisy(fit(noisy.x[inside], noisy.y[inside]), noisy.is_clean[inside], watch, train_set.source)


def a_few(test, number):
    """The ImageSet `test`, or `number` of its images, always the same, where it has more."""
    return data.subsample(test, number / len(test.y), seed=0) if len(test.y) > number else test


def _inside(y, held_out, seed):
    """Mask of what stays in the training set when a share of each class is held out to select the epoch."""
    rng = np.random.default_rng(round_seed(seed, 1003))
    inside = np.ones(len(y), bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        inside[rng.permutation(members)[: round(held_out * len(members))]] = False
    return inside
