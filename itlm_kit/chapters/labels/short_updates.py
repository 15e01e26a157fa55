"""Updates of a few epochs beside full ones (section 6 b).

The paper takes full updates for networks, "since a set of bad training samples may deceive one gradient update, but is
harder to deceive the full training process". A short update goes on from the weights of the round before, for it could
teach fresh ones little; first round and passes in all are those of `warm-or-anew`, whose two arms stand beside it.
"""

from itlm_kit.chapters.labels.alpha import EPOCHS, RECIPE, known_alpha
from itlm_kit.chapters.labels.methods import NOISY_SETTINGS
from itlm_kit.chapters.labels.mnist import ROUNDS
from itlm_kit.chapters.labels.warm_or_anew import CLEAN, WarmRecipe, rounds_of
from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.settings import one_of, whole
from itlm_kit.vision import noisy_set
from itlm_kit.vision.itlm import Watch
from itlm_kit.vision.noisy_set import PROTOCOLS

LENGTH = 2  # epochs of a short update


def recipe(settings):
    """The WarmRecipe of a cell: theta_0 trained in full, then short updates, in all as many epochs as full ones."""
    full, length = EPOCHS[settings["data"]], settings["length"]
    epochs = (full, *[length] * (ROUNDS * full // length))
    return WarmRecipe(RECIPE, epochs, known_alpha(settings["clean"]), PROTOCOLS[settings["protocol"]], warm=True)


def run(settings, recipe, seed, where):
    """ITLM by short updates; its accuracies are those on the test images that are watched, up to 2,000.

    To look at all of them after each of so many updates would take longer than the training.
    """
    noisy = noisy_set.noisy_set(settings, seed, where)
    few = noisy.watch.watched
    return rounds_of(noisy._replace(watch=Watch(few, few)), recipe, seed)


def _cells(profile):
    name, share = ("digits", 1.0) if profile == "quick" else ("mnist", 0.05)
    common = {"data": name, "share": share, "protocol": "last", "length": LENGTH}
    return [{**common, "noise": noise, "clean": clean} for noise, cleans in CLEAN["mnist"].items() for clean in cleans]


def _seconds(settings):
    """Expected time of a cell on one CPU core: passes over the set, and the seconds of one."""
    passes = 1 + ROUNDS * known_alpha(settings["clean"])
    return passes * (2.0 if settings["data"] == "digits" else 12.0)


EXPERIMENTS = {
    "short-updates": Experiment(
        name="short-updates",
        title="Updates of a few epochs beside full ones",
        place="Section 6 (b)",
        cells=_cells,
        allows={**NOISY_SETTINGS, "protocol": one_of("last"), "data": one_of(*EPOCHS), "length": whole()},
        recipe=recipe,
        run=run,
        seeds={"quick": 3, "full": 3},
        seconds=_seconds,
    )
}
