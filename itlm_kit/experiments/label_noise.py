"""Label noise: the label-noise halves of Figure 1 and the MNIST half of Table 1 (sections 1 and 6.2, appendix E.1)."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from itlm_kit import data
from itlm_kit.defences.centroid import centroid_kept
from itlm_kit.experiments.experiment import Experiment, Outcome, Where
from itlm_kit.experiments.published import published
from itlm_kit.experiments.separation import auc
from itlm_kit.trajectories import TrajectoryRecorder
from itlm_kit.vision.checkpoints import Finished, RoundsFile
from itlm_kit.vision.itlm import Trained, Watch, classifier_rounds, round_seed, train_watched
from itlm_kit.vision.models import two_layer_cnn
from itlm_kit.vision.training import Recipe, Samples, outputs, train

RATES = {"systematic": (0.6, 0.7, 0.8, 0.9), "random": (0.3, 0.5, 0.7, 0.9)}  # clean shares of Table 1
BELOW = {"itlm": 0.05, "1-step": 0.05, "centroid": 0.05, "delta-alpha-10": 0.10, "delta-alpha-15": 0.15}
METHODS = ("baseline", "itlm", "oracle", "centroid", "1-step", "delta-alpha-10", "delta-alpha-15")
ROUNDS = 5  # updates of ITLM on MNIST, section 6.2
NETS = {
    "two-layer-cnn": two_layer_cnn,
    "two-layer-cnn-tanh": partial(two_layer_cnn, tanh_logits=True),  # as the paper's own code has it
}
WATCHED = 2000  # test images looked at after every epoch; all of them are reported on at the end
HELD_OUT = 0.1  # share of the noisy training set that selects the epoch in protocol "holdout"


class Noisy(NamedTuple):
    """One noisy training set with all that watches it; `is_clean` is for reports and the oracle alone."""

    samples: Samples
    is_clean: np.ndarray  # (n,) bool
    watch: Watch
    source: str


def recipe(settings):
    """The Recipe and epochs per training for the data of a cell."""
    build = NETS[settings["net"]]
    if settings["data"] == "digits":  # 1,400 small images: smaller batches, fewer epochs
        return Recipe(build, batch_size=100, step_size=0.1), 40
    # At random 30 % the paper keeps 750 of its 3,000 images, less than a batch of 1,000: then each step sees them all.
    return Recipe(build, fewest=250), 80


def noisy_data(settings, seed, where):
    """Load, subsample and corrupt the data of a cell."""
    full = data.load(settings["data"], data_root=where.data_root)
    train_set = data.subsample(full, settings["share"], seed=seed) if settings.get("share", 1) < 1 else full
    test = data.load(settings["data"], part="test", data_root=where.data_root)
    corrupt = partial(data.LABEL_NOISE[settings["noise"]], clean=settings["clean"], classes=full.classes)
    noisy = corrupt(train_set.x, train_set.y, seed=round_seed(seed, 1001))
    watched = data.subsample(test, WATCHED / len(test.y), seed=0) if len(test.y) > WATCHED else test
    fit = partial(Samples, classes=full.classes, device=where.device)
    inside, validation = np.ones(len(noisy.y), bool), None
    if settings["protocol"] == "paper":
        labels = corrupt(watched.x, watched.y, seed=round_seed(seed, 1002)).y
        validation = torch.as_tensor(labels).to(where.device)
    elif settings["protocol"] == "holdout":
        inside = _inside(noisy.y, seed)
        validation = fit(noisy.x[~inside], noisy.y[~inside])
    watch = Watch(fit(test.x, test.y), fit(watched.x, watched.y), validation)
    return Noisy(fit(noisy.x[inside], noisy.y[inside]), noisy.is_clean[inside], watch, train_set.source)


def _inside(y, seed):
    """Mask of what stays in the training set when a part of each class is held out to select the epoch."""
    rng = np.random.default_rng(round_seed(seed, 1003))
    inside = np.ones(len(y), bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        inside[rng.permutation(members)[: round(HELD_OUT * len(members))]] = False
    return inside


def run_table1(settings, seed, where):
    """One cell of Table 1's MNIST half: a method on one noisy training set."""
    how, epochs = recipe(settings)
    return run_method(settings, seed, where, how, (epochs,) * (2 if settings["method"] == "1-step" else ROUNDS + 1))


def run_method(settings, seed, where, how, schedule, noisy=None):
    """A method on one noisy training set; its finished rounds lie in `where.rounds`, so that it can go on when cut.

    how: a Recipe. schedule: epochs of theta_0, theta_1, ...; a method that trains once takes the first. noisy: the
    training set (None: as the settings say).
    """
    noisy = noisy_data(settings, seed, where) if noisy is None else noisy
    file = RoundsFile(where.rounds, {"settings": settings, "seed": seed, "device": where.device})
    rounds = [done.row for done in file.go_on(partial(_rounds, settings, seed, noisy, how, schedule))]
    final = {name: rounds[-1][name] for name in ("last_accuracy", "selected_accuracy", "best_accuracy")}
    bad = round(1 - noisy.is_clean.mean(), 6)
    metrics = {**final, "achieved_noise_rate": bad, "rounds": rounds}
    return Outcome(metrics, noisy.source, earlier_seconds=file.earlier_seconds)


def _rounds(settings, seed, noisy, how, schedule, finished):
    """Yield what is still to come after the `finished` rounds; a method that trains once has a single round."""
    method, alpha = settings["method"], settings["clean"] - BELOW.get(settings["method"], 0)
    common = {"watch": noisy.watch, "seed": seed}
    once = _kept_once(method, alpha, noisy)
    if once is None:
        common |= {"kept": [done.kept for done in finished], "augmented": settings.get("scored") == "augmented"}
        for step in classifier_rounds(noisy.samples, how, alpha=alpha, epochs=schedule, **common):
            kept = step.kept.cpu().numpy()
            yield Finished(_row(step.t, step.state, kept, noisy.is_clean), kept)
    elif not finished:
        common["seed"] = round_seed(seed, 0)  # the same weights as theta_0 of ITLM
        theta = train_watched(noisy.samples, once, how, epochs=schedule[0], **common)
        yield Finished(_row(0, theta, once, noisy.is_clean), once)


def _kept_once(method, alpha, noisy):
    """What a method that trains once trains on, as a mask; None for those that go through the rounds."""
    if method == "baseline":
        return np.ones(len(noisy.samples), bool)
    if method == "oracle":
        return noisy.is_clean
    if method == "centroid":
        return centroid_kept(noisy.samples.x.cpu(), noisy.samples.y.cpu(), alpha=alpha)
    return None


def _row(t, theta: Trained, kept: Any, is_clean):
    share = round(100 * float(is_clean[kept].mean()), 3)
    return {"round": t, **theta.report, "clean_share": share, "kept": int(kept.sum())}


def beside_published(results, *, accuracy="selected_accuracy"):
    """Table 1 as a frame: median accuracy over seeds of each measured cell, beside the paper's figure where it has one.

    results: finished cells of either half. Columns noise, clean, method, measured, paper, seeds, source, protocol.
    """
    cells = {}
    for result in results:
        cells.setdefault(tuple(result.settings.items()), []).append(result)
    rows = [
        {
            **{name: dict(settings)[name] for name in ("noise", "clean", "method")},
            "measured": float(np.median([r.metrics[accuracy] for r in seeds])),
            "paper": published(seeds[0].experiment, seeds[0].settings).get(accuracy, np.nan),
            "seeds": len(seeds),
            "protocol": seeds[0].settings["protocol"],
            "source": seeds[0].data.rpartition(", seed")[0] or seeds[0].data,
        }
        for settings, seeds in cells.items()
    ]
    return pd.DataFrame(rows)


def run_figure1(settings, seed, where):
    """Losses and accuracies of clean and bad samples after each epoch of one naive training run."""
    noisy = noisy_data(settings, seed, where)
    how, epochs = recipe(settings)
    recorder = record_training(noisy.samples, how, epochs=epochs, seed=round_seed(seed, 0))
    return Outcome({"rounds": by_epoch(recorder, noisy.is_clean)}, noisy.source)


def by_epoch(recorder, is_clean):
    """One row per epoch: accuracy (percent) and mean loss of clean and of bad samples, and the AUC of loss for bad."""
    return [
        {
            "epoch": epoch,
            "clean_accuracy": _percent(recorder.correct[epoch, is_clean]),
            "bad_accuracy": _percent(recorder.correct[epoch, ~is_clean]),
            "clean_loss": round(float(recorder.losses[epoch, is_clean].mean()), 5),
            "bad_loss": round(float(recorder.losses[epoch, ~is_clean].mean()), 5),
            "auc": round(auc(recorder.losses[epoch], is_clean), 5),
        }
        for epoch in range(recorder.epochs)
    ]


def record_training(samples, how, *, epochs, seed, folder=None):
    """Train naively on all samples and record every sample's outputs after every epoch; returns the recorder."""
    recorder = TrajectoryRecorder(len(samples), epochs, folder, measured="after")
    everything = np.arange(len(samples))

    def after_epoch(model, epoch):
        recorder.record_logits(epoch, everything, outputs(model, samples), samples.y)

    train(samples, np.ones(len(samples), bool), how, epochs=epochs, seed=seed, after_epoch=after_epoch)
    return recorder


def digits_recording(seed):
    """A recorder of one naive training run on the digits with 40 % systematic errors, and the Noisy data it saw."""
    settings = {**_common("quick"), "protocol": "last", "noise": "systematic", "clean": 0.6}
    noisy = noisy_data(settings, seed, Where())
    how, epochs = recipe(settings)
    return record_training(noisy.samples, how, epochs=epochs, seed=round_seed(seed, 0)), noisy


def _percent(correct):
    return round(100 * float(correct.mean()), 3)


def _common(profile):
    if profile == "quick":
        return {"data": "digits", "share": 1.0, "net": "two-layer-cnn"}
    return {"data": "mnist", "share": 0.05, "net": "two-layer-cnn-tanh"}


def _table1_cells(profile):
    if profile == "quick":
        protocols = {"last": "two-layer-cnn"}
    else:
        protocols = {"paper": "two-layer-cnn-tanh", "holdout": "two-layer-cnn"}
    return [
        {**_common(profile), "protocol": protocol, "net": net, "noise": noise, "clean": clean, "method": method}
        for protocol, net in protocols.items()
        for noise, rates in RATES.items()
        for clean in rates
        for method in METHODS
    ]


def _figure1_cells(noise, profile):
    return [{**_common(profile), "protocol": "last", "noise": noise, "clean": 0.6}]


def _seconds(settings):
    """Expected time of a cell on one CPU core, from measured seconds per training."""
    trainings = {"1-step": 2, "itlm": 6, "delta-alpha-10": 6, "delta-alpha-15": 6}.get(settings.get("method"), 1)
    return trainings * (1.5 if settings["data"] == "digits" else 70.0)


def _experiment(name, title, place, cells, run):
    seeds = {"quick": 1, "full": 5 if name.startswith("table") else 3}
    return Experiment(name, title, place, 1, cells, run, seeds, _seconds)


EXPERIMENTS = {
    e.name: e
    for e in (
        _experiment("fig1a", "Clean against bad samples, random label errors", "Figure 1(a)",
                    partial(_figure1_cells, "random"), run_figure1),
        _experiment("fig1b", "Clean against bad samples, systematic label errors", "Figure 1(b)",
                    partial(_figure1_cells, "systematic"), run_figure1),
        _experiment("table1-mnist", "Label errors on 5 % of MNIST, two-layer CNN", "Table 1, left half",
                    _table1_cells, run_table1),
    )
}  # fmt: skip
