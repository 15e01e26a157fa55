"""ITLM beside what people use on label noise: the same network, steps, noisy sets and seeds (beyond section 6.2).

The budget of a cell is what ITLM spends on it, in training passes over the whole set: one naive training and one on the
kept share for each update. Co-teaching (two networks), generalized cross-entropy and trimming in the batch (small-loss,
after a naive training) get as much. Naive training and the oracle train once. cleanlab, and ITLM where it chooses
alpha, add five networks of four fifths each, and say so in `passes`. ITLM and small-loss know alpha by the paper's
rule, co-teaching the true noise rate, as its authors have it; cleanlab, generalized cross-entropy and "itlm-chosen"
know neither. The rivals are those that `defences` lists. Beside all of them stands ITLM with the paper's five rounds,
which take more passes than the budget.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from itlm_kit.chapters.labels.alpha import ALLOWS, FOLDS, INSTANCE, RECIPE, common_settings, known_alpha, rounds_from
from itlm_kit.chapters.labels.methods import RATES
from itlm_kit.chapters.labels.mnist import ROUNDS
from itlm_kit.choosing import choose_alpha
from itlm_kit.defences import label_rivals
from itlm_kit.defences.tasks import Fitted, LabelTask
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import one_of
from itlm_kit.vision import noisy_set
from itlm_kit.vision.itlm import accuracy
from itlm_kit.vision.noisy_set import PROTOCOLS, Protocol
from itlm_kit.vision.recording import percent_of
from itlm_kit.vision.training import Recipe

OURS = ("baseline", "itlm", "itlm-chosen")
METHODS = (*OURS, *label_rivals(), "oracle")


@dataclass(frozen=True)
class RivalRecipe:
    """All that shapes what a method makes of one noisy training set, beside the epochs and updates of the settings."""

    training: Recipe
    folds: int  # of out-of-sample outputs
    alpha: float  # that ITLM is told, and that the budget is reckoned by
    protocol: Protocol
    rival: Callable | None  # from `defences`; None for the methods of this file


def recipe(settings):
    """The RivalRecipe of a cell."""
    protocol, rival = PROTOCOLS[settings["protocol"]], label_rivals().get(settings["method"])
    return RivalRecipe(RECIPE, FOLDS, known_alpha(settings["clean"]), protocol, rival)


def run_field(settings, recipe, seed, where):
    """One method on one noisy training set: accuracy, and precision and recall of the errors it names."""
    noisy = noisy_set.noisy_set(settings, seed, where)
    epochs, updates, budget = settings["epochs"], settings["updates"], itlm_passes(settings, recipe.alpha)
    told = {"clean": settings["clean"], "alpha": recipe.alpha, "folds": recipe.folds, "seed": seed}
    task = LabelTask(noisy.samples, recipe.training, epochs, budget, **told)
    fitted = _fit(settings["method"], recipe, task, updates=updates, is_clean=noisy.is_clean)
    metrics = {"last_accuracy": accuracy(fitted.model, noisy.watch.test), "passes": round(fitted.passes, 2)}
    metrics |= {**found(fitted.kept, noisy.is_clean), "achieved_noise_rate": noisy.noise_rate}
    return Outcome(metrics, noisy.source)


def itlm_passes(settings, alpha):
    """Training passes over the whole set that ITLM spends in a cell: theta_0 on all, each update on the share alpha."""
    return settings["epochs"] * (1 + settings["updates"] * alpha)


def _fit(method, recipe, task, *, updates, is_clean):
    if recipe.rival is not None:
        return recipe.rival(task)
    if method == "oracle":
        return task.train_once(is_clean)
    if method == "baseline":
        return task.train_once(np.ones(len(task.samples), bool))
    if method == "itlm":
        return _itlm(task, recipe.alpha, updates=updates)
    logits, passes = task.out_of_sample()
    agrees = logits.argmax(1) == task.samples.y.cpu().numpy()
    return _itlm(task, choose_alpha(method="agreement", agrees=agrees), updates=updates, extra=passes)


def _itlm(task, alpha, *, updates, extra=0.0):
    theta_0 = task.train_once(np.ones(len(task.samples), bool))
    how = {"alpha": alpha, "epochs": task.epochs, "updates": updates, "seed": task.seed}
    *_, last = rounds_from(theta_0.model, task.samples, task.training, **how)
    passes = theta_0.passes + task.epochs * updates * last.kept.double().mean().item()
    return Fitted(last.state, extra + passes, last.kept.cpu().numpy())


def found(kept, is_clean):
    """Precision and recall, in percent, of the errors that a method names, and how many it names; None if it does not.

    kept, is_clean: bool masks (n,); kept may be None.
    """
    if kept is None or kept.all() or is_clean.all():
        return {"precision": None, "recall": None, "named": 0 if kept is None else int((~kept).sum())}
    dropped, bad = ~kept, ~is_clean
    return {"precision": percent_of(bad[dropped]), "recall": percent_of(dropped[bad]), "named": int(dropped.sum())}


def field_table(frame, value="last_accuracy"):
    """Mean over seeds of a metric, settings by methods, and the winner of each row: the best but for the oracle.

    frame: as `results_frame` gives it for finished cells of `field`, of one data set. Columns: the methods, winner,
    ahead (points before the second best), won (in how many of the seeds it is the best). ITLM with more rounds than the
    budget pays for has their number in its name, and NaN where it is not finished.
    """
    cells = frame.assign(method=_with_rounds(frame)).pivot_table(value, ["noise", "clean", "seed"], "method")
    cells = cells[sorted(cells, key=lambda name: METHODS.index(name.partition(",")[0]))]  # not all of them name errors
    table = cells.groupby(["noise", "clean"]).mean()
    rivals = table.drop(columns="oracle", errors="ignore")
    ranked = np.sort(rivals.fillna(-np.inf).to_numpy(), axis=1)
    winner = rivals.idxmax(axis=1)
    by_seed = cells.drop(columns="oracle", errors="ignore").idxmax(axis=1)
    won = (by_seed == winner.reindex(by_seed.index.droplevel("seed")).to_numpy()).groupby(["noise", "clean"]).sum()
    return table.assign(winner=winner, ahead=ranked[:, -1] - ranked[:, -2], won=won).round(2)


def _with_rounds(frame):
    longer = frame["method"] + ", " + frame["updates"].astype(str) + " rounds"
    return frame["method"].where(frame["updates"] == frame["updates"].min(), longer)


def _cells(profile):
    about = common_settings(profile)
    rates = RATES | {"instance": INSTANCE[about["data"]]}
    cases = [{**about, "noise": noise, "clean": clean} for noise, cleans in rates.items() for clean in cleans]
    as_paper = [{**case, "updates": ROUNDS, "method": "itlm"} for case in cases]
    return [{**case, "method": method} for case in cases for method in METHODS] + as_paper


def _seconds(settings):
    """Expected time of a cell on one CPU core: passes over the set, and the seconds of one."""
    itlm = 1 + settings["updates"] * known_alpha(settings["clean"])
    trainings = dict.fromkeys(METHODS, itlm) | {"baseline": 1, "oracle": 1, "itlm-chosen": 4 + itlm, "cleanlab": 5}
    return trainings[settings["method"]] * (1.1 if settings["data"] == "digits" else 4.5)


EXPERIMENTS = {
    "field": Experiment(
        name="field",
        title="ITLM beside cleanlab, co-teaching, generalized cross-entropy and trimming in the batch",
        place="Section 6.2 and beyond",
        cells=_cells,
        allows={**ALLOWS, "method": one_of(*METHODS)},
        recipe=recipe,
        run=run_field,
        seeds={"quick": 3, "full": 3},
        seconds=_seconds,
    )
}
