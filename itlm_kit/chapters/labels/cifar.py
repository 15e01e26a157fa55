"""Label noise on CIFAR-10 with WideResNet-16-10: the right half of Table 1, and Table 2 (section 6.2, appendix E.1)."""

from functools import partial

from itlm_kit.chapters.labels.methods import (
    BELOW,
    NOISY_SETTINGS,
    RATES,
    method_recipe,
    run_method,
    with_epochs,
)  # fmt: skip
from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.settings import one_of
from itlm_kit.vision.models import wide_resnet
from itlm_kit.vision.published_recipes import CIFAR10, CIFAR10_SECONDS
from itlm_kit.vision.training import Recipe

METHODS = ("itlm", "oracle")  # Table 1 has these for CIFAR-10, and the baseline, which is round 0 of ITLM
FIRST = ("systematic", 0.6), ("random", 0.5)  # what to compute first where time on a GPU is short
EPOCHS = {"cifar10": (80, 20), "digits": (20, 5)}  # of naive training, and of a round stopped early
EARLY, LATE = 4, 4  # rounds stopped early, then rounds trained in full
SMALL = Recipe(
    partial(wide_resnet, depth=10, width=1), batch_size=64, step_size=0.1, drop_at=0.6, drop_by=5.0, micro_batch=None
)


def training_recipe(settings):
    """The Recipe for the data of a cell: as published for CIFAR-10, a far smaller network for the digits."""
    return SMALL if settings["data"] == "digits" else CIFAR10


def schedule(settings):
    """Epochs of theta_0, theta_1, ...: on CIFAR-10 80, then four times 20, then four times 80 / alpha*.

    What is trained in full on a part alpha* of the samples, the oracle too, takes about as many steps as naive
    training on all of them.
    """
    full, early = EPOCHS[settings["data"]]
    late = round(full / settings["clean"])
    once = settings["method"] in ("oracle", "centroid")
    return (late,) if once else (full, *[early] * EARLY, *[late] * LATE)


def recipe(settings):
    """The MethodRecipe of a cell."""
    return method_recipe(settings, training_recipe(settings), schedule(settings))


def run(settings, recipe, seed, where):
    """One cell of either table, each of its rounds with the epochs it was trained for.

    settings: data, protocol, noise, clean, method; "scored": "augmented" makes the selection see cropped and
    mirrored images, as the authors' code does: a quirk, and off unless asked for.
    """
    return with_epochs(run_method(settings, recipe, seed, where), recipe.epochs)


def _table1_cells(profile):
    protocols = ("last",) if profile == "quick" else ("paper", "holdout")
    rest = [(noise, clean) for noise, rates in RATES.items() for clean in rates if (noise, clean) not in FIRST]
    return [
        {"data": _data(profile), "protocol": protocol, "noise": noise, "clean": clean, "method": method}
        for protocol in protocols
        for noise, clean in (FIRST if profile == "quick" else [*FIRST, *rest])
        for method in METHODS
    ]


def _table2_cells(profile):
    protocol = "last" if profile == "quick" else "paper"
    common = {"data": _data(profile), "protocol": protocol, "noise": "random"}
    cells = [(0.6, "itlm"), (1.0, "oracle"), (0.2, "itlm")]
    return [{**common, "clean": clean, "method": method} for clean, method in cells]


def _data(profile):
    return "digits" if profile == "quick" else "cifar10"


def _seconds(settings):
    """Expected time of a cell: an estimate for one H200 on CIFAR-10, measured on one CPU core for the digits."""
    kept = settings["clean"] - BELOW.get(settings["method"], 0)
    shares = [settings["clean"]] if settings["method"] == "oracle" else [1.0] + [kept] * (EARLY + LATE)
    passes = sum(share * epochs for share, epochs in zip(shares, schedule(settings), strict=True))
    return passes * (CIFAR10_SECONDS if settings["data"] == "cifar10" else 0.5)


ALLOWS = {
    **NOISY_SETTINGS,
    "data": one_of("digits", "cifar10"),
    "method": one_of(*METHODS, "centroid", "delta-alpha-10", "delta-alpha-15"),
    "scored": one_of("augmented"),
}
_experiment = partial(
    Experiment, allows=ALLOWS, recipe=recipe, run=run, seeds={"quick": 1, "full": 1}, seconds=_seconds, needs_gpu=True
)
EXPERIMENTS = {
    "table1-cifar": _experiment(
        name="table1-cifar",
        title="Label errors on CIFAR-10, WideResNet-16-10",
        place="Table 1, right half",
        cells=_table1_cells,
    ),
    "table2": _experiment(
        name="table2",
        title="Random label errors on CIFAR-10, beside other methods",
        place="Table 2",
        cells=_table2_cells,
    ),
}
