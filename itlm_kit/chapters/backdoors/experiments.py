"""Backdoors: Figures 1(d) and 4, Table 4 with other defences beside ITLM, and where ITLM fails (section 6.4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from itlm_kit.chapters.backdoors.attacks import (
    ATTACKS,
    FIGURE4,
    KINDS,
    attack,
    classes_of,
    load,
    mark_of,
    poison_set,
    setting_of,
)
from itlm_kit.data import Watermark
from itlm_kit.defences import backdoor_defences
from itlm_kit.defences.tasks import Evidence
from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.settings import SHARE, Setting, number, one_of, whole
from itlm_kit.trajectories import TrajectoryRecorder
from itlm_kit.trimming import num_kept, trim
from itlm_kit.vision.checkpoints import Finished, RoundsFile
from itlm_kit.vision.itlm import classifier_rounds, round_seed, train_watched
from itlm_kit.vision.recording import by_epoch, record_training
from itlm_kit.vision.regimes import REGIMES, regime_of, wants_gpu
from itlm_kit.vision.training import Recipe

RATES, ALPHAS = (0.1, 0.2, 0.4, 0.8), (0.85, 0.92, 0.96, 0.98, 0.99, 1.0)  # alpha 1 drops nothing: naive training
EARLY = (1, 2, 4, 8, 16, 30, 60)  # epochs of an early-stopped round; the last is full training
MNIST_EARLY = {0.1: (1, 2, 3, 5, 10), 0.2: (1, 2, 3)}  # by step size: the larger, the sooner a watermark is learnt
CLEAN_LABEL_RATES, CLEAN_LABEL_ALPHAS = (0.4, 0.8), (0.85, 0.96, 1.0)


OURS = ("naive", "itlm", "itlm-full-start", "itlm-late")
METHODS = (*OURS, *backdoor_defences(), "oracle")  # a defence: train in full, drop suspects, train in full on the rest


@dataclass(frozen=True)
class AttackRecipe:
    """All that shapes how a method trains on a poisoned set, and what it is poisoned with."""

    training: Recipe
    epochs: tuple[int, ...]  # of theta_0, theta_1, ...
    early: int  # epochs of an early-stopped round
    mark: Watermark
    size: int | None  # pixels that the images are enlarged to
    defence: Callable | None  # from `defences`


def attack_recipe(settings):
    """The AttackRecipe of a cell; one without a method is ITLM's."""
    setting, method = setting_of(settings), settings.get("method", "itlm")
    classes_of(settings["pair"])
    training = replace(setting.recipe, step_size=settings.get("step_size", setting.recipe.step_size))
    early = settings.get("early", setting.early)
    epochs, defence = schedule(method, early, setting.full), backdoor_defences().get(method)
    return AttackRecipe(training, epochs, early, mark_of(settings), setting.size, defence)


@dataclass(frozen=True)
class MarkedRecipe:
    """All that shapes the images of Figure 4."""

    mark: Watermark
    size: int | None


def marked_recipe(settings):
    """The MarkedRecipe of a cell."""
    return MarkedRecipe(mark_of(settings), ATTACKS[settings["data"]].size)


def naive_recipe(settings):
    """The AttackRecipe of naive training, where nothing else is looked at."""
    return attack_recipe({**settings, "method": "naive"})


def schedule(method, early, full):
    """Epochs of theta_0, theta_1, ... of a method, from those of an early-stopped round and of a full training.

    ITLM: four rounds stopped early, then a full one. "itlm-full-start": the same after a full training. "itlm-late":
    none is stopped early. Section 6.4.
    """
    rounds = {
        "itlm": (*(early,) * 4, full),
        "itlm-full-start": (full, *(early,) * 4, full),
        "itlm-late": (full,) * 5,
    }
    return rounds.get(method, (full,) if method in ("naive", "oracle") else (full, full))


def run_table4(settings, recipe, seed, where):
    """One cell of Table 4: a method on one poisoned training set; its finished rounds lie in `where.rounds`."""
    attacked = attack(settings, seed, where)
    about = {"settings": settings, "recipe": described(recipe), "seed": seed, "device": where.device}
    file = RoundsFile(where.rounds, about)
    rounds = [done.row for done in file.go_on(partial(_rounds, settings, recipe, seed, attacked))]
    final = {name: value for name, value in rounds[-1].items() if name not in ("round", "epochs")}
    metrics = {**final, "poisons": int((~attacked.is_clean).sum()), "rounds": rounds}
    return Outcome(metrics, attacked.source, earlier_seconds=file.earlier_seconds)


def _rounds(settings, recipe, seed, attacked, finished):
    """Yield a Finished for every training still to come."""
    method = settings["method"]
    start = attacked.is_clean if method == "oracle" else np.ones(len(attacked.samples), bool)
    kept = [start, *(done.kept for done in finished)]  # theta_t is trained on the t-th
    fits = _itlm if method.startswith("itlm") else _in_turn
    for theta, after in fits(settings, recipe, seed, attacked, tuple(kept)):
        t = len(kept) - 1
        yield Finished(_row(t, recipe.epochs[t], theta, trained_on=kept[t], is_clean=attacked.is_clean), after)
        kept.append(after)


def _itlm(settings, recipe, seed, attacked, kept):
    """Yield (theta_t, S_t) of the rounds still to come."""
    how = {"alpha": settings["alpha"], "epochs": recipe.epochs, "seed": seed, "watch": attacked.watch}
    for step in classifier_rounds(attacked.samples, recipe.training, **how, kept=kept[1:]):
        yield step.state, step.kept.cpu().numpy()


def _in_turn(settings, recipe, seed, attacked, kept):
    """Yield (theta_t, what the next one is trained on) of one training, or of two with a defence in between."""
    samples, epochs, inside = attacked.samples, recipe.epochs, kept[-1]
    common = {"samples": samples, "recipe": recipe.training, "watch": attacked.watch}
    for t in range(len(kept) - 1, len(epochs)):
        recorder = TrajectoryRecorder(len(samples), epochs[t])
        theta = train_watched(kept=inside, epochs=epochs[t], seed=round_seed(seed, t), recorder=recorder, **common)
        if t + 1 < len(epochs):
            inside = recipe.defence(_evidence(theta.model, recorder, settings, recipe, samples))
        yield theta, inside


def _evidence(model, recorder, settings, recipe, samples):
    told = {"early": recipe.early, "alpha": settings["alpha"], "rate": settings["rate"]}
    return Evidence(model, recorder, samples, **told, target=classes_of(settings["pair"])[1])


def _row(t, epochs, theta, *, trained_on, is_clean):
    """What is reported of theta_t, and of the set that it was trained on."""
    dropped = ~trained_on
    hits = int((dropped & ~is_clean).sum())
    return {
        "round": t,
        "epochs": epochs,
        **theta.report,
        "removed": int(dropped.sum()),
        "bad_removed": round(100 * hits / int((~is_clean).sum()), 3),  # the recall
        "precision": round(100 * hits / int(dropped.sum()), 3) if dropped.any() else None,
    }


def run_map(settings, recipe, seed, where):
    """ITLM with another rate, alpha, kind of poison, length of the early rounds or step size."""
    return run_table4({**settings, "method": "itlm"}, recipe, seed, where)


def run_figure1(settings, recipe, seed, where):
    """Losses and accuracies of clean and poisoned samples after each epoch of one naive training run.

    bad_removed: percent of the poisons that trimming at alpha would drop after that epoch, had training stopped there.
    """
    attacked, epochs = attack(settings, seed, where), recipe.epochs[0]
    k = num_kept(settings["alpha"], len(attacked.samples))
    recorder = record_training(attacked.samples, recipe.training, epochs=epochs, seed=round_seed(seed, 0))
    kept = trim(recorder.losses, k)
    caught = (100 * (~kept[:, ~attacked.is_clean]).mean(1)).round(3).tolist()
    rows = by_epoch(recorder, attacked.is_clean)
    return Outcome({"rounds": [row | {"bad_removed": c} for row, c in zip(rows, caught, strict=True)]}, attacked.source)


def run_figure4(settings, recipe, seed, where):
    """How many pixels the watermark changes, over all poisoned images, and how many images it changes."""
    train_set, _ = load(settings, seed, where)
    poisoned = poison_set(train_set, settings, seed, mark_of(settings))
    changed = (poisoned.x != train_set.x).any(1)
    metrics = {"pixels": int(changed.any(0).sum()), "images": int(changed.any((1, 2)).sum())}
    return Outcome({**metrics, "poisons": len(poisoned.poisons)}, train_set.source)


def _names(profile):
    return ("digits",) if profile == "quick" else ("mnist", "cifar10")


def _common(name, pair, shape):
    setting = ATTACKS[name]
    share = {"share": setting.share} if setting.share < 1 else {}
    return {"data": name, **share, "pair": pair, "shape": shape, "rate": setting.rate, "alpha": setting.alpha}


def _trained(row):
    """The settings of an attack, once for each recipe that its data are trained by."""
    return [{**row, "recipe": each} for each in REGIMES] if row["data"] == "cifar10" else [row]


def _table4_cells(profile):
    rows = [_common(name, *row) for name in _names(profile) for row in ATTACKS[name].pairs]
    return [{**how, "method": method} for row in rows for how in _trained(row) for method in METHODS]


def _figure1_cells(profile):
    return [how for name in _names(profile) for how in _trained(_common(name, *ATTACKS[name].pairs[0]))]


def _figure4_cells(profile):
    name = _names(profile)[-1]
    rate = ATTACKS[name].rate
    return [{"data": name, "pair": pair, "shape": shape, "rate": rate} for shape, pair in FIGURE4.items()]


def _map_cells(profile):
    return _digits_map() + (_mnist_windows() if profile == "full" else [])


def _mnist_windows():
    rows = [{**_common("mnist", *row), "kind": "wrong-label"} for row in ATTACKS["mnist"].pairs]
    lengths = [{"step_size": step, "early": early} for step, every in MNIST_EARLY.items() for early in every]
    return [{**row, **length} for row in rows for length in lengths]


def _digits_map():
    common = {**_common("digits", *ATTACKS["digits"].pairs[0]), "kind": "wrong-label", "early": ATTACKS["digits"].early}
    chosen = [{"rate": rate, "alpha": alpha} for rate in RATES for alpha in ALPHAS]
    chosen += [{"early": early} for early in EARLY if early != common["early"]]
    clean_label = [(rate, alpha) for rate in CLEAN_LABEL_RATES for alpha in CLEAN_LABEL_ALPHAS]
    chosen += [{"kind": "clean-label", "rate": rate, "alpha": alpha} for rate, alpha in clean_label]
    return [{**common, **choice} for choice in chosen]


def _seconds(settings):
    """Expected time of a cell: measured on one CPU core; with the paper's recipe estimated on one H200."""
    setting = setting_of(settings)
    epochs = schedule(settings.get("method", "itlm"), settings.get("early", setting.early), setting.full)
    return sum(epochs) * ({"digits": 0.1, "mnist": 1.0}.get(settings["data"]) or regime_of(settings).seconds)


def _is_pair(value):
    try:
        return len(set(classes_of(value))) == 2
    except InputError:
        return False


ALLOWS = {
    "data": one_of(*ATTACKS),
    "share": SHARE,
    "recipe": one_of(*REGIMES),
    "pair": Setting(_is_pair, 'two classes, the one that is marked and its label, as "9->4"', str),
    "shape": one_of("X", "L"),
    "rate": number(0, 1, with_low=False),
    "alpha": SHARE,
    "kind": one_of(*KINDS),
    "early": whole(),
    "step_size": number(0, 100, with_low=False),
}
_experiment = partial(Experiment, seconds=_seconds)
EXPERIMENTS = {
    "fig1d": _experiment(
        name="fig1d",
        title="Clean against bad samples, watermarked images",
        place="Figure 1(d)",
        cells=_figure1_cells,
        allows=ALLOWS,
        recipe=naive_recipe,
        run=run_figure1,
        needs_gpu=wants_gpu,
    ),
    "fig4": _experiment(
        name="fig4",
        title="Watermarks on CIFAR-10",
        place="Figure 4",
        cells=_figure4_cells,
        allows={name: ALLOWS[name] for name in ("data", "pair", "shape", "rate", "kind")},
        recipe=marked_recipe,
        run=run_figure4,
        seconds=lambda settings: 5.0,
    ),
    "table4": _experiment(
        name="table4",
        title="Backdoors planted and removed, with other defences",
        place="Table 4",
        cells=_table4_cells,
        allows={**ALLOWS, "method": one_of(*METHODS)},
        recipe=attack_recipe,
        run=run_table4,
        needs_gpu=wants_gpu,
        goes_on=lambda settings: settings["method"] not in ("naive", "oracle"),
    ),
    "backdoor-map": _experiment(
        name="backdoor-map",
        title="Where ITLM finds poisons and where it does not",
        place="Section 6.4",
        cells=_map_cells,
        allows=ALLOWS,
        recipe=attack_recipe,
        run=run_map,
    ),
}
