"""Trimming in the batch, epoch by epoch: which classes starve where it trims from the first step (beyond section 6.2).

The method small-loss of the experiment field, with its network, alpha and passes, and the same without its warm-up:
here it is told after each epoch what they would keep of each class, and how well they know it.
"""

from dataclasses import dataclass

from itlm_kit.chapters.labels.alpha import ALLOWS, RECIPE, common_settings, known_alpha
from itlm_kit.chapters.labels.rivals import itlm_passes
from itlm_kit.defences.trimmed_batches import train_trimmed
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import number
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision import noisy_set
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.noisy_set import PROTOCOLS, Protocol
from itlm_kit.vision.recording import percent_of
from itlm_kit.vision.training import Recipe, outputs, per_sample_losses

CASES = (("systematic", 0.6), ("random", 0.5))
STARVED = 5.0  # percent: a class of which less is kept


@dataclass(frozen=True)
class SmallLossRecipe:
    """All that shapes one training trimmed in the batch."""

    training: Recipe
    alpha: float
    epochs: int
    warm_up: int  # epochs that keep all
    protocol: Protocol


def recipe(settings):
    """The SmallLossRecipe of a cell: as long as ITLM is in passes, its warm-up in trainings of theta_0."""
    alpha, warm_up = known_alpha(settings["clean"]), round(settings["warm_up"] * settings["epochs"])
    return SmallLossRecipe(RECIPE, alpha, round(itlm_passes(settings, alpha)), warm_up, PROTOCOLS[settings["protocol"]])


def run(settings, recipe, seed, where):
    """What one training trimmed in the batch keeps and knows of each class, epoch by epoch."""
    noisy = noisy_set.noisy_set(settings, seed, where)
    rows = []

    def after_epoch(model, epoch):
        rows.append({"epoch": epoch, **by_class(model, noisy, recipe.alpha)})

    how = {"alpha": recipe.alpha, "epochs": recipe.epochs, "warm_up": recipe.warm_up, "after_epoch": after_epoch}
    train_trimmed(noisy.samples, recipe.training, seed=round_seed(seed, 0), **how)
    return Outcome({"achieved_noise_rate": noisy.noise_rate, "rounds": rows}, noisy.source)


def by_class(model, noisy, alpha):
    """What a network keeps of Noisy data, and what it knows of the test images watched; all but `starved` in percent.

    accuracy and worst_class, that of the class it knows least; clean_share of the share alpha of smallest losses,
    least_kept, the part kept of the class of which the least is (by given labels), and starved, how many classes have
    less than 5 % kept.
    """
    samples, test = noisy.samples, noisy.watch.watched
    losses = per_sample_losses(model, samples)
    kept = trim(losses, num_kept(alpha, len(losses))).cpu().numpy()
    correct = (outputs(model, test).argmax(1) == test.y).cpu().numpy()
    kept_of, known_of = _of_each_class(kept, samples), _of_each_class(correct, test)
    return {
        "accuracy": percent_of(correct),
        "worst_class": min(known_of),
        "clean_share": percent_of(noisy.is_clean[kept]),
        "least_kept": min(kept_of),
        "starved": sum(share < STARVED for share in kept_of),
    }


def _of_each_class(mask, samples):
    """The share of each class that a mask marks, in percent."""
    y = samples.y.cpu().numpy()
    return [percent_of(mask[y == label]) for label in range(samples.classes)]


def starved_table(frame):
    """The last epoch, mean over seeds: index noise, clean, warm_up; columns as `by_class` names them.

    frame: as `results_frame` gives it for finished cells of `small-loss`, of one data set.
    """
    cell = ["noise", "clean", "warm_up"]
    final = frame[frame["epoch"] == frame.groupby(cell)["epoch"].transform("max")]
    return final.groupby(cell)[["accuracy", "worst_class", "clean_share", "least_kept", "starved"]].mean().round(2)


def _cells(profile):
    about = common_settings(profile)
    return [{**about, "noise": noise, "clean": clean, "warm_up": w} for noise, clean in CASES for w in (0.0, 1.0)]


def _seconds(settings):
    """Expected time of a cell on one CPU core: passes over the set, and the seconds of one with its look at classes."""
    passes = itlm_passes(settings, known_alpha(settings["clean"]))
    return passes * (0.08 if settings["data"] == "digits" else 1.0)


EXPERIMENTS = {
    "small-loss": Experiment(
        name="small-loss",
        title="Trimming in the batch from the first step, and after a warm-up: what it keeps of each class",
        place="Section 6.2 and beyond",
        cells=_cells,
        allows={**ALLOWS, "warm_up": number(0, 10)},
        recipe=recipe,
        run=run,
        seeds={"quick": 3, "full": 3},
        seconds=_seconds,
    )
}
