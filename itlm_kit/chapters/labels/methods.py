"""A method of Tables 1 and 2 on one noisy training set: the rounds of ITLM, or what trains once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np

from itlm_kit.data import LABEL_NOISE
from itlm_kit.defences.centroid import centroid_kept, unit_norm
from itlm_kit.experiments.experiment import Outcome
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.settings import SHARE, one_of
from itlm_kit.machine import Where
from itlm_kit.trimming import num_kept
from itlm_kit.vision import noisy_set
from itlm_kit.vision.checkpoints import Finished, RoundsFile
from itlm_kit.vision.itlm import Trained, classifier_rounds, round_seed, train_watched
from itlm_kit.vision.noisy_set import PROTOCOLS, Noisy, Protocol
from itlm_kit.vision.recording import percent_of
from itlm_kit.vision.training import Recipe, check_batch

RATES = {"systematic": (0.6, 0.7, 0.8, 0.9), "random": (0.3, 0.5, 0.7, 0.9)}  # clean shares of Table 1
BELOW = {"itlm": 0.05, "itlm-late": 0.05, "centroid": 0.05, "delta-alpha-10": 0.10, "delta-alpha-15": 0.15}
METHODS = ("itlm", "oracle", "centroid", "delta-alpha-10", "delta-alpha-15")


@dataclass(frozen=True)
class MethodRecipe:
    """All that shapes what a method makes of one noisy training set."""

    training: Recipe
    epochs: tuple[int, ...]  # of theta_0, theta_1, ...; a method that trains once takes the first
    alpha: float | None  # share kept; None for the oracle, which knows what to keep
    protocol: Protocol
    # of each image, where the centroid chooses
    scale: Callable | None = field(default=None, kw_only=True, metadata={"later": True})


def method_recipe(settings: dict, training: Recipe, epochs: tuple) -> MethodRecipe:
    """The recipe of a cell with these settings: alpha lies below the clean share by what the method says.

    The centroid sees images of one norm, as in Table 5, whose printed shares chose that; the paper does not tell.
    """
    method = settings["method"]
    alpha = None if method == "oracle" else settings["clean"] - BELOW[method]
    scale = unit_norm if method == "centroid" else None
    return MethodRecipe(training, tuple(epochs), alpha, PROTOCOLS[settings["protocol"]], scale=scale)


# What the settings of a noisy training set may be; each experiment says for which data.
NOISY_SETTINGS = {
    "share": SHARE,
    "protocol": one_of("last", "paper", "holdout"),
    "noise": one_of(*LABEL_NOISE),
    "clean": SHARE,
}


def run_method(settings, recipe, seed, where, noisy=None):
    """A method on one noisy training set; its finished rounds lie in `where.rounds`, so that it can go on when cut.

    recipe: a MethodRecipe. noisy: the training set (None: as the settings say).
    """
    noisy = drawn(_but_method(settings), seed, replace(where, rounds=None)) if noisy is None else noisy
    about = {"settings": settings, "recipe": described(recipe), "seed": seed, "device": where.device}
    file = RoundsFile(where.rounds, about)
    rounds = [done.row for done in file.go_on(partial(_rounds, settings, recipe, seed, noisy))]
    final = {name: rounds[-1][name] for name in ("last_accuracy", "selected_accuracy", "best_accuracy")}
    metrics = {**final, "achieved_noise_rate": noisy.noise_rate, "rounds": rounds}
    return Outcome(metrics, noisy.source, earlier_seconds=file.earlier_seconds)


def goes_on(settings):
    """Whether a cell that was cut goes on: what trains once has no round to go on from."""
    return settings["method"] not in ("oracle", "centroid")


def _but_method(settings):
    return tuple(sorted((name, value) for name, value in settings.items() if name != "method"))


@lru_cache(maxsize=5)  # as many as there are seeds: what differs in the method alone shares set and theta_0
def drawn(settings: tuple, seed: int, where: Where) -> Noisy:
    """The noisy set of these settings, (name, value) pairs, drawn once for all methods."""
    return noisy_set.noisy_set(dict(settings), seed, where)


def with_epochs(outcome, epochs):
    """The outcome of a method, each of its rounds with the epochs it was trained for."""
    rows = [{**row, "epochs": epochs[row["round"]]} for row in outcome.metrics["rounds"]]
    return outcome._replace(metrics={**outcome.metrics, "rounds": rows})


def _rounds(settings, recipe, seed, noisy, finished):
    """Yield what is still to come after the `finished` rounds; a method that trains once has a single round."""
    once = _kept_once(settings["method"], recipe, noisy)
    if once is None:
        how = {"alpha": recipe.alpha, "epochs": recipe.epochs, "augmented": settings.get("scored") == "augmented"}
        past = {"kept": [done.kept for done in finished], "first": None if finished else _theta_0(recipe, seed, noisy)}
        for step in classifier_rounds(noisy.samples, recipe.training, seed=seed, watch=noisy.watch, **how, **past):
            kept = step.kept.cpu().numpy()
            yield Finished(round_row(step.t, step.state, kept, noisy.is_clean), kept)
    elif not finished:
        first = {"epochs": recipe.epochs[0], "seed": round_seed(seed, 0)}  # the same weights as theta_0 of ITLM
        theta = train_watched(noisy.samples, once, recipe.training, watch=noisy.watch, **first)
        yield Finished(round_row(0, theta, once, noisy.is_clean), once)


def _theta_0(recipe, seed, noisy):
    """What ITLM starts from, the same for every alpha; InputError before it is trained where alpha keeps too few."""
    check_batch(num_kept(recipe.alpha, len(noisy.samples)), recipe.training)
    return _naive(noisy.samples, recipe.training, epochs=recipe.epochs[0], seed=seed, watch=noisy.watch)


@lru_cache(maxsize=5)
def _naive(samples, training, *, epochs, seed, watch):
    everything = np.ones(len(samples), bool)
    return train_watched(samples, everything, training, epochs=epochs, seed=round_seed(seed, 0), watch=watch)


def _kept_once(method, recipe, noisy):
    """What a method that trains once trains on, as a mask; None for those that go through the rounds."""
    if method == "oracle":
        return noisy.is_clean
    if method == "centroid":
        return centroid_kept(recipe.scale(noisy.samples.x.cpu()), noisy.samples.y.cpu(), alpha=recipe.alpha)
    return None


def round_row(t: int, theta: Trained, kept: np.ndarray, is_clean: np.ndarray) -> dict:
    """What is reported of a round: the accuracies of theta_t, and how clean and how large S_t is."""
    return {"round": t, **theta.report, "clean_share": percent_of(is_clean[kept]), "kept": int(kept.sum())}
