"""Updates of a few epochs beside full ones (section 6 b).

The paper takes full updates for networks, "since a set of bad training samples may deceive one gradient update, but is
harder to deceive the full training process". A short update goes on from the weights of the round before, for it could
teach fresh ones little; first round and passes in all are those of `warm-or-anew`, whose two arms stand beside it.
"""

from itlm_kit.chapters.labels.alpha import EPOCHS, RECIPE, known_alpha
from itlm_kit.chapters.labels.methods import NOISY_SETTINGS
from itlm_kit.chapters.labels.mnist import ROUNDS
from itlm_kit.chapters.labels.warm_or_anew import CLEAN, WarmRecipe, run
from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.settings import one_of, whole
from itlm_kit.vision.noisy_set import PROTOCOLS

LENGTHS = (1, 5)  # epochs of an update, on the digits
CHOSEN = 1  # the one that kept the cleaner sets of digits


def recipe(settings):
    """The WarmRecipe of a cell: theta_0 trained in full, then short updates, in all as many epochs as full ones."""
    full, length = EPOCHS[settings["data"]], settings["length"]
    epochs = (full, *[length] * (ROUNDS * full // length))
    return WarmRecipe(RECIPE, epochs, known_alpha(settings["clean"]), PROTOCOLS[settings["protocol"]], warm=True)


def _cells(profile):
    name, share, lengths = ("digits", 1.0, LENGTHS) if profile == "quick" else ("mnist", 0.05, (CHOSEN,))
    cases = [(noise, clean) for noise, cleans in CLEAN["mnist"].items() for clean in cleans]
    common = {"data": name, "share": share, "protocol": "last"}
    return [{**common, "noise": noise, "clean": clean, "length": each} for noise, clean in cases for each in lengths]


def _seconds(settings):
    """Expected time of a cell on one CPU core: passes over the set, and the seconds of one."""
    passes = 1 + ROUNDS * known_alpha(settings["clean"])
    return passes * (1.5 if settings["data"] == "digits" else 6.0)


EXPERIMENTS = {
    "short-updates": Experiment(
        name="short-updates",
        title="Updates of a few epochs beside full ones",
        place="Section 6 (b)",
        cells=_cells,
        allows={**NOISY_SETTINGS, "data": one_of(*EPOCHS), "length": whole()},
        recipe=recipe,
        run=run,
        seeds={"quick": 3, "full": 3},
        seconds=_seconds,
    )
}
