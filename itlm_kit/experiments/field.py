"""ITLM beside what people use on label noise: the same network, steps, noisy sets and seeds (beyond section 6.2).

The budget of a cell is what ITLM spends on it, in training passes over the whole set: one naive training and one on the
kept share for each update. Co-teaching (two networks) and generalized cross-entropy get as much. Naive training and the
oracle train once. cleanlab, and ITLM where it chooses alpha, add five networks of four fifths each, and say so in
`passes`. ITLM knows alpha by the paper's rule, co-teaching the true noise rate, as its authors have it; cleanlab,
generalized cross-entropy and "itlm-chosen" know neither.
"""

from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from itlm_kit.choosing import choose_alpha
from itlm_kit.defences.cleanlab_issues import check_cleanlab, cleanlab_kept
from itlm_kit.defences.coteaching import coteach
from itlm_kit.defences.gce import generalized_cross_entropy
from itlm_kit.experiments import label_noise
from itlm_kit.experiments.alpha import EPOCHS, FOLDS, INSTANCE, RECIPE, UPDATES, known_alpha, rounds_from
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision.itlm import accuracy, round_seed
from itlm_kit.vision.out_of_sample import out_of_sample
from itlm_kit.vision.training import per_sample_losses, train

GCE_RECIPE = replace(RECIPE, loss=generalized_cross_entropy, step_size=0.2)  # its gradients are smaller, so twice that
MNIST_RATES = {"systematic": (0.6, 0.8), "random": (0.3, 0.5)}


class Task(NamedTuple):
    """One noisy training set, how long a training is, and what some methods are told."""

    noisy: label_noise.Noisy
    clean: float  # known to ITLM and co-teaching
    epochs: int
    updates: int
    seed: int

    @property
    def budget(self):
        """Training passes over the whole set that ITLM spends."""
        return self.epochs * (1 + self.updates * known_alpha(self.clean))


class Fitted(NamedTuple):
    """What a method ends with."""

    model: Any
    passes: float  # over the whole training set, forward and back
    kept: Any = None  # bool mask (n,) of what it takes for clean, None where it does not say


def run_field(settings, seed, where):
    """One method on one noisy training set: accuracy, and precision and recall of the errors it names."""
    noisy = label_noise.noisy_data(settings, seed, where)
    task = Task(noisy, settings["clean"], settings["epochs"], settings["updates"], seed)
    fitted = METHODS[settings["method"]](task)
    bad = round(1 - float(noisy.is_clean.mean()), 6)
    metrics = {"last_accuracy": accuracy(fitted.model, noisy.watch.test), "passes": round(fitted.passes, 2)}
    return Outcome({**metrics, **found(fitted.kept, noisy.is_clean), "achieved_noise_rate": bad}, noisy.source)


def found(kept, is_clean):
    """Precision and recall, in percent, of the errors that a method names, and how many it names; None if it does not.

    kept, is_clean: bool masks (n,); kept may be None.
    """
    if kept is None or kept.all() or is_clean.all():
        return {"precision": None, "recall": None, "named": 0 if kept is None else int((~kept).sum())}
    hits = (~kept & ~is_clean).sum()
    share = {"precision": hits / (~kept).sum(), "recall": hits / (~is_clean).sum()}
    return {name: round(100 * float(value), 3) for name, value in share.items()} | {"named": int((~kept).sum())}


def _once(task, kept, extra=0.0, named=None):
    """Train once on what is kept; extra: passes spent before."""
    model = train(task.noisy.samples, kept, RECIPE, epochs=task.epochs, seed=round_seed(task.seed, 0))
    return Fitted(model, extra + task.epochs * kept.mean(), named)


def _baseline(task):
    return _once(task, np.ones(len(task.noisy.samples), bool))


def _oracle(task):
    return _once(task, task.noisy.is_clean)


def _itlm(task, share=None, extra=0.0):
    share = known_alpha(task.clean) if share is None else share
    theta_0 = _baseline(task)
    rounds = rounds_from(theta_0.model, task.noisy.samples, share, epochs=task.epochs, seed=task.seed)
    *_, last = islice(rounds, task.updates + 1)
    passes = theta_0.passes + task.epochs * task.updates * last.kept.double().mean().item()
    return Fitted(last.state, extra + passes, last.kept.cpu().numpy())


def _judged_out_of_sample(task):
    """Out-of-sample outputs, and the passes they cost."""
    logits = out_of_sample(task.noisy.samples, RECIPE, epochs=task.epochs, folds=FOLDS, seed=task.seed)
    return logits.cpu().numpy(), task.epochs * (FOLDS - 1)


def _itlm_chosen(task):
    logits, passes = _judged_out_of_sample(task)
    agrees = logits.argmax(1) == task.noisy.samples.y.cpu().numpy()
    return _itlm(task, choose_alpha(method="agreement", agrees=agrees), passes)


def _cleanlab(task):
    check_cleanlab()  # before five networks are trained for it
    logits, passes = _judged_out_of_sample(task)
    kept = cleanlab_kept(task.noisy.samples.y.cpu(), logits)
    return _once(task, kept, passes, kept)


def _coteaching(task):
    """Forgets more and more until the end: of the ramps tried on other seeds, the best by far with so few epochs."""
    samples, epochs = task.noisy.samples, round(task.budget / 2)
    nets = coteach(samples, RECIPE, forget=1 - task.clean, epochs=epochs, seed=task.seed, ramp=epochs)
    losses = sum(per_sample_losses(net, samples) for net in nets)
    return Fitted(nets[0], 2 * epochs, trim(losses, num_kept(task.clean, len(samples))).cpu().numpy())


def _gce(task):
    epochs, everything = round(task.budget), np.ones(len(task.noisy.samples), bool)
    model = train(task.noisy.samples, everything, GCE_RECIPE, epochs=epochs, seed=round_seed(task.seed, 0))
    return Fitted(model, epochs)


METHODS = {
    "baseline": _baseline,
    "itlm": _itlm,
    "itlm-chosen": _itlm_chosen,
    "cleanlab": _cleanlab,
    "coteaching": _coteaching,
    "gce": _gce,
    "oracle": _oracle,
}


def field_table(frame, value="last_accuracy"):
    """Mean over seeds of a metric, settings by methods, and the winner of each row: the best but for the oracle.

    frame: as `results_frame` gives it for finished cells of `field`, of one data set. Columns: the methods, winner,
    ahead (points before the second best), won (in how many of the seeds it is the best).
    """
    cells = frame.pivot_table(value, ["noise", "clean", "seed"], "method")
    cells = cells[[method for method in METHODS if method in cells]]  # not all of them name errors
    table = cells.groupby(["noise", "clean"]).mean()
    rivals = table.drop(columns="oracle", errors="ignore")
    ranked = np.sort(rivals.to_numpy(), axis=1)
    winner = rivals.idxmax(axis=1)
    by_seed = cells.drop(columns="oracle", errors="ignore").idxmax(axis=1)
    won = (by_seed == winner.reindex(by_seed.index.droplevel("seed")).to_numpy()).groupby(["noise", "clean"]).sum()
    return table.assign(winner=winner, ahead=ranked[:, -1] - ranked[:, -2], won=won).round(2)


def _cells(profile):
    name, share, rates = ("digits", 1.0, label_noise.RATES) if profile == "quick" else ("mnist", 0.05, MNIST_RATES)
    common = {"data": name, "share": share, "protocol": "last", "epochs": EPOCHS[name], "updates": UPDATES[name]}
    rates = rates | {"instance": INSTANCE[name]}
    cases = [(noise, clean) for noise, cleans in rates.items() for clean in cleans]
    return [{**common, "noise": noise, "clean": clean, "method": m} for noise, clean in cases for m in METHODS]


def _seconds(settings):
    """Expected time of a cell on one CPU core: passes over the set, and the seconds of one."""
    itlm = 1 + settings["updates"] * known_alpha(settings["clean"])
    trainings = {"itlm": itlm, "itlm-chosen": 4 + itlm, "cleanlab": 5, "coteaching": itlm, "gce": itlm}
    return trainings.get(settings["method"], 1) * (1.1 if settings["data"] == "digits" else 4.5)


EXPERIMENTS = {
    "field": Experiment(
        "field", "ITLM beside cleanlab, co-teaching and generalized cross-entropy", "Section 6.2 and beyond", 1,
        _cells, run_field, {"quick": 3, "full": 3}, _seconds,
    )
}  # fmt: skip
