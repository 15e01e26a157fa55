"""Rounds that go on from the last weights beside rounds with weights drawn anew (section 6, appendix B c).

The paper draws them anew "to make it harder to stuck at bad local minimum". Both arms have the noisy set, the network,
the first round and the passes in common. A round is stuck where it keeps the bad samples that the one before kept:
`bad_kept_again` is their share.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from itlm_kit.chapters.labels.alpha import ALLOWS, RECIPE, common_settings, known_alpha
from itlm_kit.chapters.labels.methods import MethodRecipe, round_row
from itlm_kit.chapters.labels.mnist import ROUNDS
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import one_of
from itlm_kit.vision import noisy_set
from itlm_kit.vision.itlm import classifier_rounds
from itlm_kit.vision.noisy_set import PROTOCOLS
from itlm_kit.vision.recording import percent_of

WEIGHTS = ("anew", "last")
CLEAN = {
    "digits": {"systematic": (0.6, 0.7, 0.8), "random": (0.3, 0.5)},
    "mnist": {"systematic": (0.6,), "random": (0.5,)},
}
COLUMNS = ("last_accuracy", "clean_share", "bad_kept_again")


@dataclass(frozen=True, kw_only=True)
class WarmRecipe(MethodRecipe):
    """All that shapes the rounds of a cell."""

    warm: bool


def recipe(settings):
    """The WarmRecipe of a cell: as many epochs for each of theta_0 ... theta_T."""
    epochs = (settings["epochs"],) * (settings["updates"] + 1)
    alpha, protocol = known_alpha(settings["clean"]), PROTOCOLS[settings["protocol"]]
    return WarmRecipe(RECIPE, epochs, alpha, protocol, warm=settings["weights"] == "last")


def run(settings, recipe, seed, where):
    """ITLM on one noisy training set, its rounds warm or not."""
    return rounds_of(noisy_set.noisy_set(settings, seed, where), recipe, seed)


def rounds_of(noisy, recipe, seed):
    """The Outcome of ITLM by a WarmRecipe on a Noisy set."""
    how = {"alpha": recipe.alpha, "epochs": recipe.epochs, "warm": recipe.warm, "watch": noisy.watch}
    rows, before = [], None
    for step in classifier_rounds(noisy.samples, recipe.training, seed=seed, **how):
        kept = step.kept.cpu().numpy()
        row = round_row(step.t, step.state, kept, noisy.is_clean)
        rows.append({**row, "bad_kept_again": kept_again(before, kept, noisy.is_clean)})
        before = kept
    return Outcome({"achieved_noise_rate": noisy.noise_rate, "rounds": rows}, noisy.source)


def kept_again(before, kept, is_clean):
    """Percent of the bad samples of one kept set that the next one holds; None where there is none before.

    before, kept, is_clean: bool masks (n,); before may be None.
    """
    held = np.zeros_like(kept) if before is None else before & ~is_clean
    return percent_of(kept[held]) if held.any() else None


def warm_table(frame):
    """The last round of both arms, mean over seeds: index noise, clean; columns (metric, anew | last).

    frame: as `results_frame` gives it for finished cells of `warm-or-anew`, of one data set. The metrics, in percent:
    last_accuracy, clean_share of what is kept, bad_kept_again.
    """
    final = frame[frame["round"] == frame["round"].max()]
    by = final.pivot_table(list(COLUMNS), ["noise", "clean"], "weights")
    return by[pd.MultiIndex.from_product([COLUMNS, WEIGHTS])].round(2)


def _cells(profile):
    about = {**common_settings(profile), "updates": ROUNDS}
    cases = [(noise, clean) for noise, cleans in CLEAN[about["data"]].items() for clean in cleans]
    return [{**about, "noise": noise, "clean": clean, "weights": each} for noise, clean in cases for each in WEIGHTS]


def _seconds(settings):
    """Expected time of a cell on one CPU core: passes over the set, and the seconds of one."""
    passes = 1 + settings["updates"] * known_alpha(settings["clean"])
    return passes * (1.5 if settings["data"] == "digits" else 6.0)


EXPERIMENTS = {
    "warm-or-anew": Experiment(
        name="warm-or-anew",
        title="Rounds from the last weights beside rounds with weights drawn anew",
        place="Appendix B (c)",
        cells=_cells,
        allows={**ALLOWS, "weights": one_of(*WEIGHTS)},
        recipe=recipe,
        run=run,
        seeds={"quick": 3, "full": 3},
        seconds=_seconds,
    )
}
