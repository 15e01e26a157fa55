"""How early, and how well, scores read off trajectories tell bad labels from clean ones: section 1, in figures.

One naive training per cell, recorded after every epoch; a score of epoch e has seen the epochs up to e and no others.
"""

from itlm_kit.experiments import label_noise
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.label_noise import RATES, noisy_data, recipe, record_training
from itlm_kit.experiments.separation import auc_by_epoch
from itlm_kit.trajectories import SCORES
from itlm_kit.vision.itlm import round_seed

FIGURE1 = label_noise.EXPERIMENTS["fig1a"]


def run_scores(settings, seed, where):
    """The AUC of every score after every epoch of one naive training run on noisy labels."""
    noisy = noisy_data(settings, seed, where)
    how, epochs = recipe(settings)
    recorder = record_training(noisy.samples, how, epochs=epochs, seed=round_seed(seed, 0))
    bad = round(1 - float(noisy.is_clean.mean()), 6)
    return Outcome({"achieved_noise_rate": bad, "rounds": auc_by_epoch(recorder, noisy.is_clean)}, noisy.source)


def by_score(frame):
    """A frame of such cells made long: one row per (cell, seed, epoch, score), the last two columns score and auc.

    frame: as `results_frame` gives it for the experiment scores.
    """
    names = [name for name in SCORES if name in frame]
    return frame.melt([c for c in frame if c not in names], names, var_name="score", value_name="auc")


def _cells(profile):
    (figure1,) = FIGURE1.cells(profile)
    return [{**figure1, "noise": noise, "clean": clean} for noise, rates in RATES.items() for clean in rates]


EXPERIMENTS = {
    "scores": Experiment(
        "scores", "Scores from trajectories: bad against clean, epoch by epoch", "Section 1, beyond Figure 1", 1,
        _cells, run_scores, FIGURE1.seeds, FIGURE1.seconds,
    )
}  # fmt: skip
