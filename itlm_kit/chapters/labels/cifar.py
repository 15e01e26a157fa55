"""Label noise on CIFAR-10: the right half of Table 1, and Table 2 (section 6.2, appendix E.1).

Each with the paper's network, WideResNet-16-10, and with a small one that needs no GPU (recipe=fast).
"""

from functools import partial

from itlm_kit.chapters.labels.methods import (
    BELOW,
    NOISY_SETTINGS,
    RATES,
    goes_on,
    method_recipe,
    run_method,
    with_epochs,
)  # fmt: skip
from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.settings import one_of
from itlm_kit.vision.models import wide_resnet
from itlm_kit.vision.regimes import REGIMES, Regime, regime_of, wants_gpu
from itlm_kit.vision.training import Recipe

LATER = "itlm-late"
METHODS = ("itlm", "oracle")  # Table 1 has these for CIFAR-10, and the baseline, which is round 0 of ITLM
FIRST = ("systematic", 0.6), ("random", 0.5)  # what to compute first where time on a GPU is short
FEW = 0.16  # of the 50,000 training images: 8,000
EARLY, LATE = 4, 4  # rounds stopped early, then rounds trained in full
SMALL = Recipe(
    partial(wide_resnet, depth=10, width=1), batch_size=64, step_size=0.1, drop_at=0.6, drop_by=5.0, micro_batch=None
)
DIGITS = Regime(SMALL, full=20, early=5, seconds=0.5)  # a far smaller network


def regime(settings):
    """The Regime of a cell: for CIFAR-10 as its recipe says, for the digits their own."""
    return DIGITS if settings["data"] == "digits" else regime_of(settings)


def schedule(settings):
    """Epochs of theta_0, theta_1, ...: in the paper 80, then four times 20, then four times 80 / alpha*.

    What is trained in full on a part alpha* of the samples, the oracle too, takes about as many steps as naive
    training on all of them. "itlm-late": none of four rounds is stopped early.
    """
    how = regime(settings)
    late = round(how.full / settings["clean"])
    rounds = {"oracle": (late,), "centroid": (late,), LATER: (how.full, *[late] * EARLY)}
    return rounds.get(settings["method"], (how.full, *[how.early] * EARLY, *[late] * LATE))


def recipe(settings):
    """The MethodRecipe of a cell."""
    return method_recipe(settings, regime(settings).recipe, schedule(settings))


def run(settings, recipe, seed, where):
    """One cell of either table, each of its rounds with the epochs it was trained for.

    settings: data, recipe, protocol, noise, clean, method; "scored": "augmented" makes the selection see cropped and
    mirrored images, as the authors' code does: a quirk, and off unless asked for.
    """
    return with_epochs(run_method(settings, recipe, seed, where), recipe.epochs)


def _ways(profile):
    """What is trained on, how, and which epoch counts."""
    if profile == "quick":
        return [{"data": "digits", "protocol": "last"}]
    ways = [("paper", "paper"), ("paper", "holdout"), ("fast", "last")]
    return [{"data": "cifar10", "recipe": recipe, "protocol": protocol} for recipe, protocol in ways]


def _table1_cells(profile):
    rest = [(noise, clean) for noise, rates in RATES.items() for clean in rates if (noise, clean) not in FIRST]
    return [
        {**way, "noise": noise, "clean": clean, "method": method}
        for way in _ways(profile)
        for noise, clean in (FIRST if profile == "quick" else [*FIRST, *rest])
        for method in METHODS
    ]


def _table2_cells(profile):
    cells = [(0.6, "itlm"), (1.0, "oracle"), (0.2, "itlm")]
    return [
        {**way, "noise": "random", "clean": clean, "method": method}
        for way in _ways(profile)
        if way["protocol"] != "holdout"
        for clean, method in cells
    ]


def _late_cells(profile):
    way = _ways(profile)[-1]
    return [{**way, "noise": noise, "clean": clean, "method": LATER} for noise, clean in FIRST]


def _few_cells(profile):
    way, (noise, clean) = _ways(profile)[-1], FIRST[0]
    return [{**way, "share": FEW, "noise": noise, "clean": clean, "method": method} for method in METHODS]


def _seconds(settings):
    """Expected time of a cell: an estimate for one H200 with the paper's recipe, else measured on one CPU core."""
    kept = settings["clean"] - BELOW.get(settings["method"], 0)
    shares = [settings["clean"]] if settings["method"] == "oracle" else [1.0] + [kept] * (EARLY + LATE)
    passes = sum(share * epochs for share, epochs in zip(shares, schedule(settings), strict=False))
    return passes * settings.get("share", 1.0) * regime(settings).seconds


ALLOWS = {
    **NOISY_SETTINGS,
    "data": one_of("digits", "cifar10"),
    "recipe": one_of(*REGIMES),
    "method": one_of(*METHODS, LATER, "centroid", "delta-alpha-10", "delta-alpha-15"),
    "scored": one_of("augmented"),
}
_experiment = partial(
    Experiment,
    allows=ALLOWS,
    recipe=recipe,
    run=run,
    seeds={"quick": 1, "full": 1},
    seconds=_seconds,
    needs_gpu=wants_gpu,
    goes_on=goes_on,
)
EXPERIMENTS = {
    "table1-cifar": _experiment(
        name="table1-cifar",
        title="Label errors on CIFAR-10",
        place="Table 1, right half",
        cells=_table1_cells,
    ),
    "table2": _experiment(
        name="table2",
        title="Random label errors on CIFAR-10, beside other methods",
        place="Table 2",
        cells=_table2_cells,
    ),
    "late-rounds": _experiment(
        name="late-rounds",
        title="Label errors on CIFAR-10, no round stopped early",
        place="Appendix B (e)",
        cells=_late_cells,
    ),
    "few-images": _experiment(
        name="few-images",
        title="Label errors on a part of CIFAR-10's training images",
        place="Section 6.2 and beyond",
        cells=_few_cells,
    ),
}
