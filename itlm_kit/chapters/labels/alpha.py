"""Choosing alpha without knowing the clean share: what each chooser costs against the known alpha (section 6.2).

A cell is one noisy training set. ITLM runs once for each alpha of a grid, on four fifths of the set, from one common
theta_0; the other fifth, noisy as the rest, is held out for cross-validation. Each chooser sees noisy labels alone. Its
accuracy is read off the grid, along straight lines between its points, and its regret is the accuracy of the known
alpha, less its own. Known is the paper's rule, 5 points below the clean share; where no label is wrong, keeping all.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from itlm_kit.chapters.labels.methods import NOISY_SETTINGS, RATES
from itlm_kit.choosing import choose_alpha
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import one_of, whole
from itlm_kit.loop import refit_rounds
from itlm_kit.trajectories import TrajectoryRecorder
from itlm_kit.trajectories.scores import mean_loss
from itlm_kit.trimming import num_kept
from itlm_kit.vision import noisy_set
from itlm_kit.vision.itlm import accuracy, round_seed
from itlm_kit.vision.models import two_layer_cnn
from itlm_kit.vision.noisy_set import PROTOCOLS, Protocol
from itlm_kit.vision.out_of_sample import logits_out_of_sample
from itlm_kit.vision.recording import percent_of
from itlm_kit.vision.training import Recipe, Samples, per_sample_losses, train

RECIPE = Recipe(two_layer_cnn, batch_size=50, step_size=0.1)
EPOCHS = {"digits": 20, "mnist": 8}  # of each training: about 450 steps of 50 images
UPDATES = {"digits": 3, "mnist": 2}
INSTANCE = {"digits": (0.6, 0.8), "mnist": (0.6,)}  # clean shares with errors that depend on the image
GRID = (0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0)  # every known alpha of the printed rates lies on it
FOLDS = 5
CHOOSERS = ("cv", "mixture", "elbow", "agreement")


def known_alpha(clean):
    """The paper's alpha for a known clean share: 5 points below it; all where nothing is wrong."""
    return 1.0 if clean == 1 else round(clean - 0.05, 2)


@dataclass(frozen=True)
class AlphaRecipe:
    """All that shapes how the choosers are compared, beside the epochs and updates of the settings."""

    training: Recipe
    grid: tuple[float, ...]
    folds: int
    protocol: Protocol


def recipe(settings):
    """The AlphaRecipe of a cell; the known alpha lies on its grid, whatever the clean share."""
    grid = tuple(sorted({*GRID, known_alpha(settings["clean"])}))
    return AlphaRecipe(RECIPE, grid, FOLDS, PROTOCOLS[settings["protocol"]])


def run_alpha(settings, recipe, seed, where):
    """One noisy training set: accuracy for each alpha of the grid, and what each chooser picks."""
    noisy = noisy_set.noisy_set(settings, seed, where)
    grid = GridRuns(noisy, recipe, epochs=settings["epochs"], updates=settings["updates"], seed=seed)
    chosen = choices(grid, seed)
    reached = {row["alpha"]: row["last_accuracy"] for row in grid.rows}
    known = known_alpha(settings["clean"])
    picks = [_pick(name, alpha, reached, known) for name, alpha in chosen.items()]
    metrics = {"achieved_noise_rate": noisy.noise_rate, "known_accuracy": reached[known]}
    metrics |= {"baseline_accuracy": reached[1.0], "choices": picks, "rounds": grid.rows}
    return Outcome(metrics, noisy.source)


def choices(grid, seed):
    """{chooser: alpha} of one noisy training set, given its GridRuns, which this sets going."""
    samples, recipe = grid.noisy.samples, grid.recipe
    logits = logits_out_of_sample(samples, recipe.training, epochs=grid.epochs, folds=recipe.folds, seed=seed)
    agrees = (logits.argmax(1) == samples.y).cpu().numpy()
    by_cv = choose_alpha(fit_and_score=grid, n=len(samples), grid=recipe.grid, folds=recipe.folds, splits=1, seed=seed)
    by_losses = {method: choose_alpha(grid.mean_losses, method=method) for method in ("mixture", "elbow")}
    return {"cv": by_cv, **by_losses, "agreement": choose_alpha(method="agreement", agrees=agrees)}


class GridRuns:
    """ITLM on one noisy training set, alpha by alpha, as `choose_alpha` calls it; `rows` and `mean_losses` remember.

    mean_losses: of each sample inside, over the epochs of naive training, as the training pass saw them.
    """

    def __init__(self, noisy, recipe, *, epochs, updates, seed):
        self.noisy, self.recipe, self.epochs, self.updates, self.seed = noisy, recipe, epochs, updates, seed
        self.rows, self.theta_0, self.mean_losses = [], None, None

    def __call__(self, inside, held_out, alpha):
        """Held-out losses (m,) of the network that ITLM ends with; inside and held_out are indices."""
        part, rest = (_part(self.noisy.samples, index) for index in (inside, held_out))
        if self.theta_0 is None:
            self._train_naively(part)
        updates = 0 if alpha == 1 else self.updates
        *_, last = rounds_from(
            self.theta_0, part, self.recipe.training, alpha=alpha, epochs=self.epochs, updates=updates, seed=self.seed
        )
        kept = last.kept.cpu().numpy()
        row = {"alpha": alpha, "last_accuracy": accuracy(last.state, self.noisy.watch.test)}
        row |= {
            "held_out_accuracy": accuracy(last.state, rest),
            "clean_share": percent_of(self.noisy.is_clean[inside][kept]),
        }
        self.rows.append(row)
        return per_sample_losses(last.state, rest).cpu().numpy()

    def _train_naively(self, part):
        recorder, everything = TrajectoryRecorder(len(part), self.epochs), np.ones(len(part), bool)
        how = {"epochs": self.epochs, "seed": round_seed(self.seed, 0), "recorder": recorder}
        self.theta_0 = train(part, everything, self.recipe.training, **how)
        self.mean_losses = mean_loss(recorder)


def rounds_from(theta_0, samples, recipe, *, alpha, epochs, updates, seed):
    """The Rounds of ITLM on Samples from a trained network on: each update trains anew on what is kept."""
    return refit_rounds(
        lambda kept, t: train(samples, kept, recipe, epochs=epochs, seed=round_seed(seed, t)),
        lambda theta: per_sample_losses(theta, samples),
        n=len(samples),
        k=num_kept(alpha, len(samples)),
        rounds=updates + 1,
        first=theta_0,
    )


def _part(samples, index):
    return Samples(samples.x[index], samples.y[index].cpu(), samples.classes, samples.y.device)


def _pick(chooser, alpha, reached, known):
    """What a choice costs; reached: alpha -> accuracy on the grid, on which the known alpha lies."""
    own = float(np.interp(alpha, *np.array(sorted(reached.items())).T))
    regret = round(reached[known] - own, 3)
    return {"chooser": chooser, "alpha": round(alpha, 4), "off": round(alpha - known, 4), "accuracy": round(own, 3),
            "regret": regret}  # fmt: skip


def choices_frame(results):
    """Tidy frame of finished cells of `alpha`: one row per (setting, seed, chooser).

    Columns: the settings, seed, chooser, alpha, off (by how much it lies above the known one), accuracy, regret, gain
    (of the known alpha over keeping all), all in points of test accuracy but the alphas; source.
    """
    return pd.DataFrame(
        {**r.settings, "seed": r.seed, **choice, "gain": _gain(r.metrics), "source": r.data}
        for r in results
        for choice in r.metrics["choices"]
    )


def regret_table(frame):
    """Regrets by noise and clean share, from a `choices_frame`: the mean over seeds and the worst seed of each chooser.

    Index noise, clean; columns gain (mean gain of the known alpha over keeping all), then (chooser, mean | worst |
    off), off the mean of how far its alpha lies above the known one.
    """
    groups = frame.groupby(["noise", "clean", "chooser"])
    by = groups["regret"].agg(["mean", "max"]).assign(off=groups["off"].mean()).unstack("chooser")
    table = pd.DataFrame({("known", "gain"): frame.groupby(["noise", "clean"])["gain"].mean()})
    for chooser in CHOOSERS:
        for name, column in (("mean", "mean"), ("worst", "max"), ("off", "off")):
            table[chooser, name] = by[column, chooser]
    return table.round(2)


def _gain(metrics):
    return round(metrics["known_accuracy"] - metrics["baseline_accuracy"], 3)


def common_settings(profile):
    """What cells of short runs have in common: digits, or a part of MNIST, and how long one trains on them."""
    name, share = ("digits", 1.0) if profile == "quick" else ("mnist", 0.05)
    return {"data": name, "share": share, "protocol": "last", "epochs": EPOCHS[name], "updates": UPDATES[name]}


def _cells(profile):
    about = common_settings(profile)
    by_noise = RATES | {"instance": INSTANCE[about["data"]]}
    rates = [(noise, clean) for noise, cleans in by_noise.items() for clean in cleans] + [("random", 1.0)]
    return [{**about, "noise": noise, "clean": clean} for noise, clean in rates]


def _seconds(settings):
    return 20.0 if settings["data"] == "digits" else 75.0


ALLOWS = {**NOISY_SETTINGS, "data": one_of(*EPOCHS, "fashion_mnist"), "epochs": whole(), "updates": whole()}
EXPERIMENTS = {
    "alpha": Experiment(
        name="alpha",
        title="Choosing alpha without knowing the clean share",
        place="Section 6.2, cross-validation",
        cells=_cells,
        allows=ALLOWS,
        recipe=recipe,
        run=run_alpha,
        seeds={"quick": 3, "full": 3},
        seconds=_seconds,
    )
}
