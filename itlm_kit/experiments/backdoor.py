"""Backdoors: Figures 1(d) and 4, Table 4 with other defences beside ITLM, and where ITLM fails (section 6.4)."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from itlm_kit.defences.activation_clustering import clustering_kept
from itlm_kit.defences.spectral import spectral_kept
from itlm_kit.errors import check_choice
from itlm_kit.experiments import label_noise_cifar
from itlm_kit.experiments.attacks import FIGURE4, GROUNDS, attack, classes_of, load, poison_set
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.label_noise import by_epoch, record_training
from itlm_kit.trajectories import SCORES, TrajectoryRecorder
from itlm_kit.trimming import check_alpha, num_kept, trim
from itlm_kit.vision.checkpoints import Finished, RoundsFile
from itlm_kit.vision.features import penultimate_features
from itlm_kit.vision.itlm import classifier_rounds, round_seed, train_watched

RATES, ALPHAS = (0.1, 0.2, 0.4, 0.8), (0.85, 0.92, 0.96, 0.98, 0.99, 1.0)  # alpha 1 drops nothing: naive training
EARLY = (1, 2, 4, 8, 16, 30, 60)  # epochs of an early-stopped round; the last is full training
MNIST_EARLY = {0.1: (1, 2, 3, 5, 10), 0.2: (1, 2, 3)}  # by step size: the larger, the sooner a watermark is learnt
CLEAN_LABEL_RATES, CLEAN_LABEL_ALPHAS = (0.4, 0.8), (0.85, 0.96, 1.0)


class Evidence(NamedTuple):
    """What a defence that trains twice sees of the first training, which was on all samples."""

    model: Any  # theta_0
    recorder: TrajectoryRecorder  # losses of its training pass
    samples: Any
    settings: dict

    @property
    def labels(self):
        return self.samples.y.cpu().numpy()

    @property
    def features(self):
        return penultimate_features(self.model, self.samples).float().cpu().numpy()

    @property
    def expected(self):
        """The number of poisons that the rate makes of a class of average size."""
        return round(self.settings["rate"] * len(self.samples) / self.samples.classes)


def early_loss_kept(seen):
    """Keep the share alpha of smallest mean loss over the first epochs, as many as an early-stopped round has."""
    score = SCORES["mean_loss"](seen.recorder, epochs=GROUNDS[seen.settings["data"]].early)
    return trim(score, num_kept(seen.settings["alpha"], len(score)))


def _spectral(seen, target=None):
    return spectral_kept(seen.features, seen.labels, expected=seen.expected, target=target)


DEFENCES: dict[str, Callable] = {  # train in full, drop suspects by what was seen, train in full on the rest
    "early-loss": early_loss_kept,
    "spectral": _spectral,
    "spectral-target": lambda seen: _spectral(seen, classes_of(seen.settings["pair"])[1]),
    "clustering": lambda seen: clustering_kept(seen.features, seen.labels, seed=0),
}
METHODS = ("naive", "itlm", "itlm-full-start", "itlm-late", *DEFENCES, "oracle")


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
    return rounds.get(method, (full, full) if method in DEFENCES else (full,))


def run_table4(settings, seed, where):
    """One cell of Table 4: a method on one poisoned training set; its finished rounds lie in `where.rounds`."""
    check_choice("method", settings["method"], METHODS)
    check_alpha(settings["alpha"])
    attacked = attack(settings, seed, where)
    file = RoundsFile(where.rounds, {"settings": settings, "seed": seed, "device": where.device})
    rounds = [done.row for done in file.go_on(partial(_rounds, settings, seed, attacked))]
    final = {name: value for name, value in rounds[-1].items() if name not in ("round", "epochs")}
    metrics = {**final, "poisons": int((~attacked.is_clean).sum()), "rounds": rounds}
    return Outcome(metrics, attacked.source, earlier_seconds=file.earlier_seconds)


def _rounds(settings, seed, attacked, finished):
    """Yield a Finished for every training still to come."""
    ground, method = GROUNDS[settings["data"]], settings["method"]
    epochs = schedule(method, settings.get("early", ground.early), ground.full)
    start = attacked.is_clean if method == "oracle" else np.ones(len(attacked.samples), bool)
    kept = [start, *(done.kept for done in finished)]  # theta_t is trained on the t-th
    fits = _itlm if method.startswith("itlm") else _in_turn
    for theta, after in fits(settings, seed, attacked, epochs, tuple(kept)):
        t = len(kept) - 1
        yield Finished(_row(t, epochs[t], theta, kept[t], attacked.is_clean), after)
        kept.append(after)


def _itlm(settings, seed, attacked, epochs, kept):
    """Yield (theta_t, S_t) of the rounds still to come."""
    recipe, alpha = _recipe(settings), settings["alpha"]
    for step in classifier_rounds(
        attacked.samples, recipe, alpha=alpha, epochs=epochs, seed=seed, watch=attacked.watch, kept=kept[1:]
    ):
        yield step.state, step.kept.cpu().numpy()


def _in_turn(settings, seed, attacked, epochs, kept):
    """Yield (theta_t, what the next one is trained on) of one training, or of two with a defence in between."""
    recipe, samples = _recipe(settings), attacked.samples
    common = {"samples": samples, "recipe": recipe, "watch": attacked.watch}
    inside = kept[-1]
    for t in range(len(kept) - 1, len(epochs)):
        recorder = TrajectoryRecorder(len(samples), epochs[t])
        theta = train_watched(kept=inside, epochs=epochs[t], seed=round_seed(seed, t), recorder=recorder, **common)
        if t + 1 < len(epochs):
            inside = DEFENCES[settings["method"]](Evidence(theta.model, recorder, samples, settings))
        yield theta, inside


def _recipe(settings):
    recipe = GROUNDS[settings["data"]].recipe
    return replace(recipe, step_size=settings.get("step_size", recipe.step_size))


def _row(t, epochs, theta, trained_on, is_clean):
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


def run_map(settings, seed, where):
    """ITLM with another rate, alpha, kind of poison, length of the early rounds or step size."""
    return run_table4({**settings, "method": "itlm"}, seed, where)


def run_figure1(settings, seed, where):
    """Losses and accuracies of clean and poisoned samples after each epoch of one naive training run.

    bad_removed: percent of the poisons that trimming at alpha would drop after that epoch, had training stopped there.
    """
    attacked, ground = attack(settings, seed, where), GROUNDS[settings["data"]]
    k = num_kept(settings["alpha"], len(attacked.samples))
    recorder = record_training(attacked.samples, ground.recipe, epochs=ground.full, seed=round_seed(seed, 0))
    kept = trim(recorder.losses, k)
    caught = (100 * (~kept[:, ~attacked.is_clean]).mean(1)).round(3).tolist()
    rows = by_epoch(recorder, attacked.is_clean)
    return Outcome({"rounds": [row | {"bad_removed": c} for row, c in zip(rows, caught, strict=True)]}, attacked.source)


def run_figure4(settings, seed, where):
    """How many pixels the watermark changes, over all poisoned images, and how many images it changes."""
    train_set, _ = load(settings, seed, where)
    poisoned = poison_set(train_set, settings, seed)
    changed = (poisoned.x != train_set.x).any(1)
    metrics = {"pixels": int(changed.any(0).sum()), "images": int(changed.any((1, 2)).sum())}
    return Outcome({**metrics, "poisons": len(poisoned.poisons)}, train_set.source)


def _names(profile):
    return ("digits",) if profile == "quick" else ("mnist", "cifar10")


def _common(name, pair, shape):
    ground = GROUNDS[name]
    share = {"share": ground.share} if ground.share < 1 else {}
    return {"data": name, **share, "pair": pair, "shape": shape, "rate": ground.rate, "alpha": ground.alpha}


def _table4_cells(profile):
    rows = [_common(name, *row) for name in _names(profile) for row in GROUNDS[name].pairs]
    return [{**row, "method": method} for row in rows for method in METHODS]


def _figure1_cells(profile):
    return [_common(name, *GROUNDS[name].pairs[0]) for name in _names(profile)]


def _figure4_cells(profile):
    name = _names(profile)[-1]
    rate = GROUNDS[name].rate
    return [{"data": name, "pair": pair, "shape": shape, "rate": rate} for shape, pair in FIGURE4.items()]


def _map_cells(profile):
    return _digits_map() + (_mnist_windows() if profile == "full" else [])


def _mnist_windows():
    rows = [{**_common("mnist", *row), "kind": "wrong-label"} for row in GROUNDS["mnist"].pairs]
    lengths = [{"step_size": step, "early": early} for step, every in MNIST_EARLY.items() for early in every]
    return [{**row, **length} for row in rows for length in lengths]


def _digits_map():
    common = {**_common("digits", *GROUNDS["digits"].pairs[0]), "kind": "wrong-label", "early": GROUNDS["digits"].early}
    chosen = [{"rate": rate, "alpha": alpha} for rate in RATES for alpha in ALPHAS]
    chosen += [{"early": early} for early in EARLY if early != common["early"]]
    clean_label = [(rate, alpha) for rate in CLEAN_LABEL_RATES for alpha in CLEAN_LABEL_ALPHAS]
    chosen += [{"kind": "clean-label", "rate": rate, "alpha": alpha} for rate, alpha in clean_label]
    return [{**common, **choice} for choice in chosen]


def _seconds(settings):
    """Expected time of a cell: measured on one CPU core; for CIFAR-10 estimated on one H200."""
    ground = GROUNDS[settings["data"]]
    epochs = schedule(settings.get("method", "itlm"), settings.get("early", ground.early), ground.full)
    return sum(epochs) * {"digits": 0.1, "mnist": 1.0, "cifar10": label_noise_cifar.SECONDS}[settings["data"]]


def _experiment(name, title, place, cells, run, *, gpu=False, seconds=_seconds):
    return Experiment(name, title, place, 1, cells, run, {"quick": 1, "full": 3}, seconds, needs_gpu=gpu)


EXPERIMENTS = {
    e.name: e
    for e in (
        _experiment("fig1d", "Clean against bad samples, watermarked images", "Figure 1(d)", _figure1_cells,
                    run_figure1, gpu=True),
        _experiment("fig4", "Watermarks on CIFAR-10", "Figure 4", _figure4_cells, run_figure4,
                    seconds=lambda settings: 5.0),
        _experiment("table4", "Backdoors planted and removed, with other defences", "Table 4", _table4_cells,
                    run_table4, gpu=True),
        _experiment("backdoor-map", "Where ITLM finds poisons and where it does not", "Section 6.4", _map_cells,
                    run_map),
    )
}  # fmt: skip
