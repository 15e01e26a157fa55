"""What a defence is given and what it gives back."""

from typing import Any, NamedTuple

import numpy as np

from itlm_kit.vision.features import penultimate_features
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.out_of_sample import logits_out_of_sample
from itlm_kit.vision.training import Recipe, Samples, train


class LabelTask(NamedTuple):
    """One training set with wrong labels, how networks are trained on it, and what some methods are told."""

    samples: Samples
    training: Recipe
    epochs: int  # of one training
    budget: float  # training passes over the whole set that ITLM spends
    clean: float  # the share of clean labels, which some methods take as known
    alpha: float  # the share kept, by the rule that ITLM goes by
    folds: int  # of out-of-sample outputs
    seed: int

    def train_once(self, kept: np.ndarray, extra: float = 0.0, named: np.ndarray | None = None) -> "Fitted":
        """Train once on what a mask (n,) keeps; extra: passes spent before; named: what is taken for clean."""
        model = train(self.samples, kept, self.training, epochs=self.epochs, seed=round_seed(self.seed, 0))
        return Fitted(model, extra + self.epochs * kept.mean(), named)

    def out_of_sample(self) -> tuple[np.ndarray, float]:
        """Out-of-sample outputs (n, classes), and the passes they cost."""
        logits = logits_out_of_sample(self.samples, self.training, epochs=self.epochs, folds=self.folds, seed=self.seed)
        return logits.cpu().numpy(), self.epochs * (self.folds - 1)


class Fitted(NamedTuple):
    """What a method ends with."""

    model: Any
    passes: float  # over the whole training set, forward and back
    kept: np.ndarray | None = None  # bool mask (n,) of what it takes for clean, None where it does not say


class Evidence(NamedTuple):
    """What a defence that trains twice sees of the first training, which was on all samples."""

    model: Any  # theta_0
    recorder: Any  # a TrajectoryRecorder: losses of its training pass
    samples: Samples
    early: int  # epochs of an early-stopped round
    alpha: float  # share kept
    rate: float  # poisons as a share of a class
    target: int  # the class that poisons are labelled as, which few defences may know

    @property
    def labels(self):
        """The labels given, (n,)."""
        return self.samples.y.cpu().numpy()

    @property
    def features(self):
        """What the network's last layer reads of each sample, (n, d)."""
        return penultimate_features(self.model, self.samples).float().cpu().numpy()

    @property
    def expected(self):
        """The number of poisons that the rate makes of a class of average size."""
        return round(self.rate * len(self.samples) / self.samples.classes)
