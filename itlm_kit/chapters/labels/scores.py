"""How early, and how well, scores read off trajectories tell bad labels from clean ones: section 1, in figures.

One naive training per cell, recorded after every epoch; a score of epoch e has seen the epochs up to e and no others.
"""

from itlm_kit.chapters.labels import mnist
from itlm_kit.chapters.labels.methods import RATES
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.trajectories import SCORES
from itlm_kit.trajectories.separation import auc_by_epoch
from itlm_kit.vision import noisy_set
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.recording import record_training

FIGURE1 = mnist.EXPERIMENTS["fig1a"]


def run_scores(settings, recipe, seed, where):
    """The AUC of every score after every epoch of one naive training run on noisy labels."""
    noisy = noisy_set.noisy_set(settings, seed, where)
    recorder = record_training(noisy.samples, recipe.training, epochs=recipe.epochs, seed=round_seed(seed, 0))
    rows = auc_by_epoch(recorder, noisy.is_clean)
    return Outcome({"achieved_noise_rate": noisy.noise_rate, "rounds": rows}, noisy.source)


def by_score(frame):
    """A frame of such cells made long: one row per (cell, seed, epoch, score), the last two columns score and auc.

    frame: as `results_frame` gives it for the experiment scores.
    """
    names = [name for name in SCORES if name in frame]
    return frame.melt([c for c in frame if c not in names], names, var_name="score", value_name="auc")


def _cells(profile):
    figure1 = FIGURE1.cells(profile)[0]
    return [{**figure1, "noise": noise, "clean": clean} for noise, rates in RATES.items() for clean in rates]


EXPERIMENTS = {
    "scores": Experiment(
        name="scores",
        title="Scores from trajectories: bad against clean, epoch by epoch",
        place="Section 1, beyond Figure 1",
        cells=_cells,
        allows=mnist.SOME_BAD,
        recipe=mnist.recorded_recipe,
        run=run_scores,
        seeds=FIGURE1.seeds,
        seconds=FIGURE1.seconds,
    )
}
