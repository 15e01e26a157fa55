"""ITLM for image classifiers: Algorithm 1 with `train` as its update, and reports that watch test images."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch

from itlm_kit.errors import InputError, check_integer
from itlm_kit.loop import Round, itlm_rounds, refit_rounds
from itlm_kit.trajectories.recorder import TrajectoryRecorder
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision.training import Recipe, Samples, check_batch, outputs, per_sample_losses, train

SCORING = 2000  # stands for a round where something is drawn for the scoring of all


class Trained(NamedTuple):
    """theta_t: a network at its selected epoch, and the accuracies (percent) seen on the way."""

    model: Any  # weights of the selected epoch
    report: dict  # last, selected and best accuracy on the test images; selected_epoch


def classifier_rounds(
    samples: Samples,
    recipe: Recipe,
    *,
    alpha: float,
    epochs: Sequence[int],
    seed: int,
    watch: "Watch",
    groups: Any = None,
    kept: Sequence[Any] = (),
    first: Trained | None = None,
    warm: bool = False,
    augmented: bool = False,
) -> Iterator[Round]:
    """Yield the Rounds of ITLM on labelled images, one for each of theta_0 ... theta_T.

    samples: Samples. epochs: explicit, one number for each of theta_0 ... theta_T. alpha: share to keep. watch: a
    Watch, which selects the epoch that becomes theta_t. groups: (n,) labels, where that share of each group is to be
    kept, as `trim_groups` does. kept: S_0 ... S_{t-1} of the rounds that a cut run has finished; then Round t comes
    first, just as it would have come. first: theta_0 where it is known, for it depends on no alpha. Every round starts
    from weights drawn anew (appendix B c); warm: from those of the round before. These are in no mask, so that a cut
    run of warm rounds cannot go on: it begins again. A round is scored by one pass over the images as they are;
    augmented: over images changed as in training, once for all rounds, as the authors' code does. Raises InputError
    before any training.
    """
    if len(epochs) == 0:
        raise InputError("epochs must name a number for each of theta_0 ... theta_T; got none, e.g. (80, 80, 80)")
    epochs = [check_integer("epochs", number, remedy="They are whole passes, e.g. (80, 80, 80)") for number in epochs]
    k = partial(num_kept, alpha, least=0 if groups is None else 1)
    check_batch(int(trim(np.zeros(len(samples)), k, groups).sum()), recipe)
    scoring = {"augment": recipe.augment, "seed": round_seed(seed, SCORING)} if augmented else {}

    def fit(kept, t, start=None):
        seeds = {"epochs": epochs[t], "seed": round_seed(seed, t)}
        return train_watched(samples, kept, recipe, **seeds, watch=watch, start=start)

    def losses(theta):
        return per_sample_losses(theta.model, samples, **scoring)

    how = {"n": len(samples), "k": k, "rounds": len(epochs), "groups": groups, "kept": kept, "first": first}
    yield from (_warm_rounds if warm else refit_rounds)(fit, losses, **how)


def _warm_rounds(fit, losses, *, n, k, rounds, groups, kept, first):
    """As `refit_rounds`, but theta_{t+1} starts from the weights of theta_t."""
    _check_nothing_done(kept)
    first = fit(np.ones(n, bool), 0) if first is None else first
    steps = itlm_rounds(first, losses, lambda theta, kept, t: fit(kept, t + 1, theta.model), k=k, groups=groups)
    return islice(steps, rounds)


def _check_nothing_done(kept):
    if len(kept):
        raise InputError(
            f"kept must be empty where rounds are warm; got {len(kept)} masks. A round goes on from the weights of the "
            "one before, which no mask holds: begin again, or draw weights anew (warm=False)."
        )


def train_watched(
    samples: Samples,
    kept: Any,
    recipe: Recipe,
    *,
    epochs: int,
    seed: int,
    watch: "Watch",
    start: torch.nn.Module | None = None,
    recorder: TrajectoryRecorder | None = None,
) -> Trained:
    """Train once, as `train` does, and return the network at the epoch that `watch` selects, as a Trained."""
    watching, how = watch.start(), {"epochs": epochs, "seed": seed, "start": start, "recorder": recorder}
    return watching.finish(train(samples, kept, recipe, **how, after_epoch=watching))


def round_seed(seed: int, t: int) -> int:
    """The seed of round t's weights and sample order, independent between rounds."""
    return int(np.random.SeedSequence([seed, t]).generate_state(1)[0])


class Watch:
    """What is looked at after each epoch: noisy labels select it, true labels only report.

    test: Samples that `last`, `selected` and `best` are reported on. watched: a few of them, looked at after every
    epoch, so that watching stays cheap. validation: noisy labels (m,) of the watched images (protocol "paper": one
    pass serves both), Samples of their own with noisy labels ("holdout"), or None to select the last epoch ("last").
    """

    def __init__(self, test: Samples, watched: Samples, validation: torch.Tensor | Samples | None = None):
        self.test, self.watched, self.validation = test, watched, validation

    def start(self):
        """A new watcher for one training run: call it after each epoch, then `finish`."""
        return _Watching(self)

    def scores(self, model, epoch):
        """(what selects the epoch, what finds the best one): accuracies in percent, or the epoch itself."""
        called = outputs(model, self.watched).argmax(1)
        correct = [called == self.watched.y]
        if isinstance(self.validation, Samples):
            correct.append(_correct(model, self.validation))
        elif self.validation is not None:
            correct.append(called == self.validation)
        seen, *selecting = _percent(*correct)
        return (selecting[0] if selecting else epoch), seen


class _Watching:
    def __init__(self, watch):
        self.watch = watch
        self.selected, self.best = _Top(), _Top()

    def __call__(self, model, epoch):
        self.epoch = epoch
        for top, score in zip((self.selected, self.best), self.watch.scores(model, epoch), strict=True):
            top.offer(score, epoch, model)

    def finish(self, model):
        """Report on all test images, once for each epoch asked of, and return the network at its selected epoch."""
        told = {self.epoch: accuracy(model, self.watch.test)}
        for top in (self.best, self.selected):
            model.load_state_dict(top.weights)
            if top.epoch not in told:
                told[top.epoch] = accuracy(model, self.watch.test)
        epochs = {"last": self.epoch, "best": self.best.epoch, "selected": self.selected.epoch}
        report = {f"{name}_accuracy": told[epoch] for name, epoch in epochs.items()}
        return Trained(model, {**report, "selected_epoch": self.selected.epoch})


class _Top:
    """The first epoch with the highest score, and the weights it had."""

    def __init__(self):
        self.score = -1.0

    def offer(self, score, epoch, model):
        if score > self.score:
            self.score, self.epoch = score, epoch
            self.weights = {name: value.clone() for name, value in model.state_dict().items()}


def accuracy(model: torch.nn.Module, samples: Samples) -> float:
    """Share of samples called by their label, in percent."""
    return _percent(_correct(model, samples))[0]


def _correct(model, samples):
    return outputs(model, samples).argmax(1) == samples.y


def _percent(*correct):
    """The shares of what is correct, in one transfer from the device."""
    return [round(100 * share, 3) for share in torch.stack([c.double().mean() for c in correct]).tolist()]
