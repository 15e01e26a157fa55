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
    MOST,
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

SWEPT = 1000  # steps
PILES = (3000, 12_000, 75_000)  # images, clean and bad
FIXED = (150, 500)  # steps of every round
TUNED = "digits+patches"  # what the most steps of the rule were chosen on
PILE = ["pair", "clean", "pictures"]


@dataclass(frozen=True)
class SweptRecipe:
    """One naive training to the end of its steps, looked at as often as its rule would."""

    training: GANRecipe
    alpha: float  # share kept
    scored: int = 3000  # images of the pile that are ranked at a look


def swept_recipe(settings):
    """The SweptRecipe of a cell of `gan-length`."""
    return SweptRecipe(replace(elbow_recipe(settings), steps=SWEPT), settings["clean"] - MARGIN)


def fixed_recipe(settings):
    """The FilterRecipe of a cell of `fig8-length`."""
    training = replace(elbow_recipe(settings), steps=settings["steps"], stop=None)
    return FilterRecipe(training, settings["clean"] - MARGIN, ROUNDS)


def run_swept(settings, recipe, seed, where):
    """One cell of `gan-length`: a row per look at one training. Where a rule would have ended it, `ended` tells.

    Rows: step, epoch, clean_share and auc of S_0 (of the pile's first images, which lie in no order), distance of
    generated from real images, and generated_real, the share of new generated images that pass for real.
    """
    mixed, how = mixture(settings, seed, where), recipe.training
    everything = np.ones(len(mixed.images), bool)
    yardstick = Yardstick(mixed.images, everything, how)
    rows = {}  # by step, so that a training that is started again writes over what the first one left
    some = Images(mixed.images.x[: recipe.scored], where.device), mixed.is_clean[: recipe.scored]

    def look(gan, step):
        if is_look(step, how.stop):
            epoch = round(step * how.batch_size / len(everything), 4)
            rows[step] = {"step": step, "epoch": epoch, **_seen(gan, some, yardstick, recipe)}

    fit_gan(mixed.images, everything, replace(how, stop=None), seed=seed, after_step=look)
    return Outcome({"rounds": list(rows.values())}, mixed.source)


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


def ended(rows, most=MOST):
    """The row of a sweep, a frame, at which the rule ends a training that may take so many steps."""
    seen = rows[rows["step"] <= most]
    return seen.iloc[elbow(seen["step"].tolist(), seen["distance"].tolist(), most)]


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
    return _over_seeds(_looks(results), [*PILE, "step"])


def elbow_frame(results):
    """Where the rule ends these trainings: one row per pile, over seeds. Columns as of `length_frame`."""
    ends = [ended(rows) for _, rows in _looks(results).groupby([*PILE, "seed"])]
    return _over_seeds(pd.DataFrame(ends), PILE)


def _looks(results):
    frame = results_frame(results)
    return frame.assign(pictures=(frame["images"] / frame["clean"]).round().astype(int))


def _over_seeds(frame, keys):
    """One row per group: the median step and epoch, and the Spread of its clean shares."""
    rows = []
    for _, group in frame.groupby(keys):
        when = {**group[keys].iloc[0], **group[["step", "epoch"]].median()}
        median, low, high, seeds = over_seeds(group["clean_share"])
        rows.append({**when, "clean_share": median, "low": low, "high": high, "seeds": seeds})
    return pd.DataFrame(rows)


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
    return 2 * SWEPT * costs(settings)[0]  # looking takes as long as training


def _fixed_seconds(settings):
    step, scoring = costs(settings)
    return ROUNDS * (settings["steps"] * step + scoring)


_experiment = partial(Experiment, needs=needs)
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
