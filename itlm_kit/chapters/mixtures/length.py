"""How long the GAN of a round is trained: the clean share of S_0 along a training, and ITLM's rounds at fixed lengths.

The paper tells no length. Beside each training stands where the rule that sees no truth (`gan_length`) would end it.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import torch

from itlm_kit.chapters.mixtures.experiments import (
    ALLOWS,
    DIGITS,
    MARGIN,
    ROUNDS,
    FilterRecipe,
    costs,
    elbow_recipe,
    gan_run,
    kept_row,
    told_apart,
)
from itlm_kit.chapters.mixtures.mixtures import mixture, needs
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.settings import whole
from itlm_kit.experiments.spread import over_seeds
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision.gan import fit_gan
from itlm_kit.vision.gan_length import Yardstick, elbow, is_look
from itlm_kit.vision.gan_losses import gan_loss
from itlm_kit.vision.gan_training import GANRecipe, Images, called_real, real_losses

PILES = (3000, 12_000, 75_000)  # images, clean and bad
FIXED = (150, 500)  # steps of every round
ENDED = ("step", "epoch", "clean_share")  # what is told of the look where the rule ends
TUNED = "digits+patches"  # what the most steps of the rule were chosen on
PILE = ["pair", "clean", "pictures"]


@dataclass(frozen=True)
class SweptRecipe:
    """One naive training to its end, looked at as often as its rule would."""

    training: GANRecipe  # with the rule
    alpha: float  # share kept
    steps: int = 1000
    scored: int = 3000  # images of the pile that are ranked at a look


def swept_recipe(settings):
    """The SweptRecipe of a cell of `gan-length`."""
    return SweptRecipe(elbow_recipe(settings), settings["clean"] - MARGIN)


def fixed_recipe(settings):
    """The FilterRecipe of a cell of `fig8-length`."""
    training = replace(elbow_recipe(settings), steps=settings["steps"], stop=None)
    return FilterRecipe(training, settings["clean"] - MARGIN, ROUNDS)


def run_swept(settings, recipe, seed, where):
    """One cell of `gan-length`: a row per look at one training, and where its rule would have ended it.

    Rows: step, epoch, clean_share and auc of S_0 (of the pile's first images, which lie in no order), distance of
    generated from real images, and generated_real, the share of new generated images that pass for real.
    """
    mixed, how = mixture(settings, seed, where), recipe.training
    everything = np.ones(len(mixed.images), bool)
    yardstick, rows = Yardstick(mixed.images, everything, how), {}
    some = Images(mixed.images.x[: recipe.scored], where.device), mixed.is_clean[: recipe.scored]

    def look(gan, step):
        if is_look(step, how.stop):
            epoch = round(step * how.batch_size / len(everything), 4)
            rows[step] = {"step": step, "epoch": epoch, **_seen(gan, some, yardstick, recipe)}

    fit_gan(mixed.images, everything, replace(how, steps=recipe.steps, stop=None), seed=seed, after_step=look)
    rows = list(rows.values())  # a training that is started again writes over what the first one left
    found = {f"elbow_{name}": value for name, value in ended(rows, how.steps).items() if name in ENDED}
    return Outcome({**found, "rounds": rows}, mixed.source)


def _seen(gan, some, yardstick, recipe):
    (images, is_clean), how = some, recipe.training
    losses, distance = real_losses(gan, images, how), yardstick(gan)
    kept = trim(losses, num_kept(recipe.alpha, len(images))).cpu().numpy()
    return {
        "clean_share": kept_row(kept, is_clean)["clean_share"],
        "auc": told_apart(losses.cpu().numpy(), is_clean, how)["auc"],
        "distance": round(distance, 5),
        "generated_real": _passing(gan, yardstick.latents, how),
    }


def _passing(gan, latents, how):
    """Which share of generated images passes for real, in percent; both networks are in evaluation mode by now."""
    with torch.inference_mode():
        losses = gan_loss(how.loss).surrogate(gan.discriminator(gan.generator(latents)))
    return round(100 * called_real(losses, how).double().mean().item(), 2)


def ended(rows, most):
    """The row of a sweep at which the rule ends the training, if it may take that many steps."""
    seen = [row for row in rows if row["step"] <= most]
    return seen[elbow([row["step"] for row in seen], [row["distance"] for row in seen], most)]


def run_fixed(settings, recipe, seed, where):
    """One cell of `fig8-length`: ITLM's rounds, each of as many steps."""
    run = gan_run(settings, recipe, seed, where)
    epochs = recipe.training.steps * recipe.training.batch_size / len(run.mixture.images)
    metrics = {"epochs": round(epochs, 4), "clean_share": run.rows[-1]["clean_share"], "rounds": run.rows}
    return Outcome(metrics, run.mixture.source, earlier_seconds=run.earlier_seconds)


def length_frame(results):
    """S_0 along the trainings of finished cells of `gan-length`: one row per (pile, step), over seeds.

    Columns: pair, clean, pictures (of the pile), step, epoch, clean_share (median, percent), low, high, seeds (how
    many).
    """
    return _over_seeds(_with_pictures(results).groupby([*PILE, "step", "epoch"]), "clean_share").reset_index()


def elbow_frame(results):
    """Where the rule would have ended these trainings: one row per pile, over seeds.

    Columns as of `length_frame`; step and epoch are medians.
    """
    trainings = _with_pictures(results).drop_duplicates([*PILE, "seed"]).groupby(PILE)
    when = trainings[["elbow_step", "elbow_epoch"]].median().set_axis(["step", "epoch"], axis=1)
    return when.join(_over_seeds(trainings, "elbow_clean_share")).reset_index()


def _with_pictures(results):
    frame = results_frame(results)
    return frame.assign(pictures=(frame["images"] / frame["clean"]).round().astype(int))


def _over_seeds(groups, name):
    spreads = groups[name].apply(over_seeds)
    return pd.DataFrame([*spreads], index=spreads.index).set_axis(["clean_share", "low", "high", "seeds"], axis=1)


def _pile(pictures, clean):
    return {"pair": DIGITS, "images": round(pictures * clean), "clean": clean}


def _swept_cells(profile):
    if profile == "quick":
        return [{"pair": TUNED, "images": 1400, "clean": clean} for clean in (0.9, 0.8, 0.7, 0.6)]
    return [*(_pile(pictures, 0.8) for pictures in PILES), _pile(PILES[0], 0.6)]


def _fixed_cells(profile):
    pile = {"pair": TUNED, "images": 1400, "clean": 0.6} if profile == "quick" else _pile(PILES[0], 0.6)
    return [{**pile, "steps": steps} for steps in FIXED]


def _swept_seconds(settings):
    return 2 * swept_recipe(settings).steps * costs(settings)[0]  # looking takes as long as training


def _fixed_seconds(settings):
    step, scoring = costs(settings)
    return ROUNDS * (settings["steps"] * step + scoring)


_experiment = partial(Experiment, seeds={"quick": 1, "full": 3}, needs=needs)
_PILE = {name: ALLOWS[name] for name in ("pair", "images", "clean")}
EXPERIMENTS = {
    "gan-length": _experiment(
        name="gan-length",
        place="Section 6.3",
        title="How clean the first set is by the length of a GAN's training",
        cells=_swept_cells,
        allows=_PILE,
        recipe=swept_recipe,
        run=run_swept,
        seconds=_swept_seconds,
    ),
    "fig8-length": _experiment(
        name="fig8-length",
        title="GAN filtering with 40 % bad images by the length of a round",
        place="Figure 8",
        cells=_fixed_cells,
        allows={**_PILE, "steps": whole()},
        recipe=fixed_recipe,
        run=run_fixed,
        seconds=_fixed_seconds,
    ),
}
