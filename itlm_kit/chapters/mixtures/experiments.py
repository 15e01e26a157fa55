"""GAN filtering: Figures 1(c), 3 and 8, Tables 3 and 5 (section 6.3, appendix E.2)."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from itlm_kit import data
from itlm_kit.chapters.mixtures.mixtures import PAIRS, Mixture, bad_images, drawn, mixture, needs
from itlm_kit.defences.centroid import centroid_kept, unit_norm
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.settings import number, one_of, whole
from itlm_kit.machine import Where
from itlm_kit.trimming import num_kept
from itlm_kit.vision.checkpoints import Finished, RoundsFile
from itlm_kit.vision.gan import fit_gan, gan_rounds
from itlm_kit.vision.gan_quality import Judge
from itlm_kit.vision.gan_training import (
    Elbow,
    GANRecipe,
    called_real,
    check_recipe,
    draw_latents,
    generate,
    real_losses,
)
from itlm_kit.vision.recording import percent_of

MARGIN = 0.05  # alpha* less alpha
BELOW = {"delta-alpha-10": 0.10, "delta-alpha-15": 0.15, "delta-alpha-20": 0.20}  # the same, where a method has its own
DRAWN = ("baseline", "itlm", *BELOW)  # of Figures 3 and 8
BESIDE = ("centroid", *BELOW)  # Table 5's own columns; its ITLM and 1-step are S_4 and S_0 of Table 3
RATES = (0.9, 0.8, 0.7)  # clean shares of Tables 3 and 5
ROUNDS = 5  # S_0 ... S_4, Table 3's iter-1 ... iter-5
PANEL = 32  # latent vectors whose images Figure 3 shows
WATCHED, WATCHED_EPOCHS = 600, 5  # steps, and epochs, of naive training that Figure 1(c) shows at least
DIGITS, FACES = "mnist+fashion_mnist", "celeba+cifar10"
ALL = {DIGITS: 60_000, "mnist+gaussian": 60_000, FACES: 10_000, "digits+patches": 1400}  # clean images
MOST = 800  # steps of a round; its elbow depends on them. What did best on digits with patches, see `length`
FULL = 3000  # steps of the GAN that Figure 3 shows
SMALL = 6000  # images, clean and bad, of the mixture that a CPU can do


class GANRun(NamedTuple):
    """One run of ITLM on a mixture; T rounds of n images."""

    mixture: Mixture
    rows: list  # one dict per round: round, steps, clean_share, kept, clean_real, bad_real, auc, restarts
    kept: np.ndarray  # (T, n) bool, S_0 ... S_{T-1}
    losses: np.ndarray  # (T, n) float32, -log D of every image taken as real
    panels: np.ndarray  # (T, PANEL, c, h, w) uint8, what theta_t makes of the fixed latent vectors
    earlier_seconds: float  # that runs which were cut have spent on its finished rounds


@dataclass(frozen=True)
class FilterRecipe:
    """All that shapes how a mixture is filtered."""

    training: GANRecipe
    alpha: float  # share kept
    rounds: int  # theta_0 ... theta_{rounds-1}


@dataclass(frozen=True)
class DrawnRecipe(FilterRecipe):
    """The same, and a GAN trained until what it generates can be looked at, and judged."""

    full: GANRecipe
    judged: int = 1000  # generated images
    drawn_as: int = ROUNDS  # the round whose seeds that GAN takes, whatever rounds came before


@dataclass(frozen=True)
class CentroidRecipe:
    """A mixture filtered by the distance to its mean image; nothing is trained."""

    alpha: float  # share kept
    scale: Callable = unit_norm  # of each image, before: brightness then says nothing. The paper does not tell


@dataclass(frozen=True)
class WatchedRecipe:
    """One naive training, looked at along the way."""

    training: GANRecipe
    look: int  # steps between two looks


def elbow_recipe(settings):
    """The GANRecipe of a pair whose rounds end where the generator's elbow is, without a look at the truth."""
    if settings["pair"] == "digits+patches":
        return GANRecipe(steps=MOST, batch_size=64, latent=32, width=32, stop=Elbow())
    return GANRecipe(steps=MOST, batch_size=64, width=32, compiled=True, stop=Elbow())


def training_recipe(settings):
    """The GANRecipe of a pair's rounds: to the elbow, but on digits with patches 200 steps, on faces five epochs.

    On the digits MOST was chosen, so that the rule would prove nothing there; on faces no rule was tried yet.
    """
    to_elbow, pile = elbow_recipe(settings), settings["images"] / settings["clean"]
    fixed = {"digits+patches": 200, FACES: math.ceil(5 * pile / to_elbow.batch_size)}.get(settings["pair"])
    return to_elbow if fixed is None else replace(to_elbow, steps=fixed, stop=None)


def full_recipe(settings):
    """The same, trained until what it generates can be looked at: for Figure 3, and no longer fit for selecting."""
    most = {"digits+patches": 600}.get(settings["pair"], FULL)
    return replace(training_recipe(settings), steps=most, stop=None)


def table_recipe(settings):
    """The recipe of a cell of Table 3 or 5: a FilterRecipe, or the centroid's."""
    if settings["method"] == "centroid":
        return CentroidRecipe(alpha(settings))
    return FilterRecipe(training_recipe(settings), alpha(settings), ROUNDS)


def figure_recipe(settings):
    """The DrawnRecipe of a cell of Figure 3 or 8."""
    rounds = 1 if settings["method"] == "baseline" else ROUNDS
    return DrawnRecipe(training_recipe(settings), alpha(settings), rounds, full=full_recipe(settings))


def figure1_recipe(settings):
    """The WatchedRecipe of a cell of Figure 1(c)."""
    training = replace(training_recipe(settings), stop=None)
    an_epoch = settings["images"] / settings["clean"] / training.batch_size
    steps = max(WATCHED, math.ceil(WATCHED_EPOCHS * an_epoch))
    return WatchedRecipe(replace(training, steps=steps), look=min(100, 25 * (steps // WATCHED)))


def alpha(settings):
    """The share a method keeps: 5 points below the clean one, or as many as its name says. Section 6.3, Table 5."""
    return settings["clean"] - BELOW.get(settings["method"], MARGIN)


def gan_run(settings: dict, recipe: FilterRecipe, seed: int, where: Where) -> GANRun:
    """ITLM on the mixture that the settings name, by a recipe."""
    about = {"settings": settings, "recipe": described(recipe), "seed": seed, "device": where.device}
    file = RoundsFile(where.rounds, about)
    finished = list(file.go_on(partial(_rounds, settings, recipe, seed, where)))
    rows, kept = [done.row for done in finished], np.stack([done.kept for done in finished])
    losses, panels = (np.stack([done.arrays[name] for done in finished]) for name in ("losses", "panel"))
    return GANRun(mixture(settings, seed, where), rows, kept, losses, panels, file.earlier_seconds)


def _rounds(settings, recipe, seed, where, finished):
    """Yield the Finished rounds that are still to do."""
    mixed, how = mixture(settings, seed, where), recipe.training
    check_recipe(how, mixed.images, num_kept(recipe.alpha, len(mixed.images)))  # before theta_0 is trained
    latents = draw_latents(PANEL, how, seed=0, device=where.device)
    first = None if finished else _naive(settings, how, seed, where)
    past = {"kept": [done.kept for done in finished], "first": first}
    for step in gan_rounds(mixed.images, how, alpha=recipe.alpha, rounds=recipe.rounds, seed=seed, **past):
        losses, kept = step.losses.cpu().numpy(), step.kept.cpu().numpy()
        row = {
            "round": step.t,
            "steps": step.state.steps,
            **kept_row(kept, mixed.is_clean),
            **told_apart(losses, mixed.is_clean, how),
            "restarts": len(step.state.restarts),
        }
        yield Finished(row, kept, {"losses": losses, "panel": generate(step.state.gan, latents).cpu().numpy()})


def _naive(settings, how, seed, where):
    """theta_0, the same for all methods."""
    mixed = (settings["pair"], settings["images"], settings["clean"])
    return _naive_on(*mixed, how, seed, replace(where, rounds=None))


@lru_cache(maxsize=3)
def _naive_on(pair, images, clean, how, seed, where):
    settings = {"pair": pair, "images": images, "clean": clean}
    return _fit(mixture(settings, seed, where), seed, how)


def _fit(mixed, seed, how, kept=None, **choices):
    kept = np.ones(len(mixed.images), bool) if kept is None else kept
    return fit_gan(mixed.images, kept, how, seed=seed, **choices)


def kept_row(kept, is_clean):
    """How clean, in percent, and how large a kept set is; bool masks (n,)."""
    return {"clean_share": percent_of(is_clean[kept]), "kept": int(kept.sum())}


def told_apart(losses, is_clean, how):
    """How well the discriminator's losses tell bad from clean: shares taken for real, and the area under the ROC."""
    real = called_real(losses, how)
    auc = round(float(roc_auc_score(~is_clean, losses)), 5)
    return {"clean_real": percent_of(real[is_clean]), "bad_real": percent_of(real[~is_clean]), "auc": auc}


def run_table(settings, recipe, seed, where):
    """One cell of Table 3 or 5: how clean the set is that a method keeps, round by round."""
    mixed = mixture(settings, seed, where)
    if settings["method"] == "centroid":
        x = recipe.scale(mixed.images.x.cpu())
        kept = centroid_kept(x, np.zeros(len(x)), alpha=recipe.alpha)
        return Outcome(_metrics([{"round": 0, **kept_row(kept, mixed.is_clean)}]), mixed.source)
    run = gan_run(settings, recipe, seed, where)
    return Outcome(_metrics(run.rows), mixed.source, earlier_seconds=run.earlier_seconds)


def _metrics(rows):
    return {"clean_share": rows[-1]["clean_share"], "rounds": rows}


def _method_rows(settings, recipe, seed, where):
    """The rows of what a figure shows, and the run they are read from."""
    run = gan_run(settings, recipe, seed, where)
    if settings["method"] != "baseline":
        return run.rows, run
    everything = np.ones_like(run.mixture.is_clean)  # the network is theta_0, but nothing is dropped
    return [{**run.rows[0], **kept_row(everything, run.mixture.is_clean)}], run


def run_figure(settings, recipe, seed, where):
    """One cell of Figure 3 or 8: a method's rounds, then a GAN trained in full on what it kept last, and its images.

    clean_like and distance are what a judge makes of 1,000 of these images, beside what it makes of real clean ones.
    Curves, but for CelebA: panels (T + 1, 32, c, h, w), the last of the GAN trained in full.
    """
    rows, run = _method_rows(settings, recipe, seed, where)
    kept = None if settings["method"] == "baseline" else run.kept[-1]
    final = _fit(run.mixture, seed, recipe.full, kept, t=recipe.drawn_as)
    curves = {}
    if settings["pair"] != FACES:  # no picture made of people's faces is kept
        latents = draw_latents(PANEL, recipe.full, seed=0, device=where.device)
        curves["panels"] = np.concatenate([run.panels, generate(final.gan, latents).cpu().numpy()[None]])
    judged = {**_judged(settings, recipe, run.mixture, final.gan, where), "restarts_in_full": len(final.restarts)}
    return Outcome({**judged, **_metrics(rows)}, run.mixture.source, curves, run.earlier_seconds)


def _judged(settings, recipe, mixed, gan, where):
    judge = image_judge(settings["pair"], replace(where, rounds=None), recipe.judged)
    latents = draw_latents(recipe.judged, recipe.full, seed=1, device=where.device)
    made = generate(gan, latents).cpu().numpy()
    real = mixed.images.x.cpu().numpy()[mixed.is_clean][: recipe.judged]  # what no generator will surpass
    return {
        "clean_like": round(judge.clean_like(made), 3),
        "real_clean_like": round(judge.clean_like(real), 3),
        "distance": round(judge.distance(made), 4),
        "real_distance": round(judge.distance(real), 4),
    }


@lru_cache(maxsize=1)
def image_judge(pair, where, judged=DrawnRecipe.judged):
    """A Judge of a pair's generated images, from real ones that are in no mixture (CelebA has no others)."""
    part = "train" if pair == FACES else "test"
    good = data.load(PAIRS[pair][0], part, where.data_root)
    good = drawn(good, min(len(good.x), judged), seed=0)
    half = len(good.x) // 2
    bad, _ = bad_images(pair, half, good, 0, where, part="test")
    return Judge(good.x, good.y, good.classes, bad[:half], device=where.device)


def run_figure1(settings, recipe, seed, where):
    """Figure 1(c): the shares of clean and bad images that the discriminator takes for real along naive training."""
    mixed, how = mixture(settings, seed, where), recipe.training
    rows = {}  # by step, so that a training that is started again writes over what the first one left

    def look(gan, step):
        if step % recipe.look == 0:
            told = told_apart(real_losses(gan, mixed.images, how).cpu().numpy(), mixed.is_clean, how)
            accuracy = {"clean_accuracy": told["clean_real"], "bad_accuracy": told["bad_real"], "auc": told["auc"]}
            rows[step] = {"epoch": round(step * how.batch_size / len(mixed.images), 4), "step": step, **accuracy}

    _fit(mixed, seed, how, after_step=look)
    return Outcome({"rounds": list(rows.values())}, mixed.source)


def _cell(pair, clean, images=None):
    return {"pair": pair, "images": ALL[pair] if images is None else images, "clean": clean}


def _small(clean):
    return _cell(DIGITS, clean, round(SMALL * clean))


def _with(cells, methods):
    return [{**cell, "method": method} for cell in cells for method in methods]


def _figure1_cells(profile):
    return [_cell("digits+patches", 0.7)] if profile == "quick" else [_cell(DIGITS, 0.7), _small(0.7)]


def _figure3_cells(profile):
    full = [_cell(DIGITS, 0.8), _cell(FACES, 0.7), _small(0.8)]
    return _with([_cell("digits+patches", 0.8)] if profile == "quick" else full, ("baseline", "itlm"))


def _figure8_cells(profile):
    full = [_cell(DIGITS, 0.6), _small(0.6)]
    return _with([_cell("digits+patches", 0.6)] if profile == "quick" else full, ("itlm",))


def _table3_cells(profile):
    if profile == "quick":
        return _with([_cell("digits+patches", clean) for clean in RATES], ("itlm",))
    full = [_cell(pair, clean) for pair in (DIGITS, FACES) for clean in RATES]
    return _with([*full, _cell("mnist+gaussian", 0.7), _small(0.8)], ("itlm",))


def _table5_cells(profile):
    if profile == "quick":
        return _with([_cell("digits+patches", clean) for clean in RATES], BESIDE)
    return _with([*(_cell(DIGITS, clean) for clean in RATES), _small(0.8)], BESIDE)


def costs(settings):
    """Seconds of a step and of scoring the mixture on one CPU core, as measured per step and per thousand images."""
    step, thousand = {"digits+patches": (0.015, 0.03), FACES: (1.2, 5.0)}.get(settings["pair"], (0.04, 0.015))
    return step, thousand * settings["images"] / settings["clean"] / 1000


def _table_seconds(settings):
    return _filter_seconds(settings, 0 if settings["method"] == "centroid" else ROUNDS)


def _filter_seconds(settings, rounds):
    step, scoring = costs(settings)
    return rounds * (expected_steps(training_recipe(settings)) * step + scoring)


def expected_steps(training):
    """How many steps a round takes: a rule that stops has stopped after 100 to 200 of its 800, about a fifth."""
    return training.steps if training.stop is None else training.steps / 5


def _goes_on(settings):
    return settings["method"] not in ("baseline", "centroid")  # whose GANs, if any, are no rounds


def _figure_seconds(settings):
    filtered = _filter_seconds(settings, figure_recipe(settings).rounds)
    return filtered + full_recipe(settings).steps * costs(settings)[0]


def _figure1_seconds(settings):
    step, scoring = costs(settings)
    recipe = figure1_recipe(settings)
    return recipe.training.steps * (step + scoring / recipe.look)


ALLOWS = {
    "pair": one_of(*PAIRS),
    "images": whole(),
    "clean": number(0, 1, with_low=False, with_high=False),
    "method": one_of(*DRAWN),
}
_experiment = partial(Experiment, needs=needs)
_filtered = partial(_experiment, goes_on=_goes_on)
_figure = partial(_filtered, allows=ALLOWS, recipe=figure_recipe, run=run_figure, seconds=_figure_seconds)
_table = partial(
    _filtered,
    allows={**ALLOWS, "method": one_of("itlm", *BESIDE)},
    recipe=table_recipe,
    run=run_table,
    seconds=_table_seconds,
)
EXPERIMENTS = {
    "fig1c": _experiment(
        name="fig1c",
        title="Clean against bad images along a GAN's training",
        place="Figure 1(c)",
        cells=_figure1_cells,
        allows={name: setting for name, setting in ALLOWS.items() if name != "method"},
        recipe=figure1_recipe,
        run=run_figure1,
        seconds=_figure1_seconds,
    ),
    "fig3": _figure(
        name="fig3", title="What a GAN generates, naive and filtered", place="Figure 3", cells=_figure3_cells
    ),
    "fig8": _figure(name="fig8", title="GAN filtering with 40 % bad images", place="Figure 8", cells=_figure8_cells),
    "table3": _table(
        name="table3",
        title="Clean share of what GAN filtering keeps, by round",
        place="Table 3",
        cells=_table3_cells,
    ),
    "table5": _table(
        name="table5",
        title="GAN filtering beside other ways, MNIST with Fashion-MNIST",
        place="Table 5",
        cells=_table5_cells,
    ),
}
