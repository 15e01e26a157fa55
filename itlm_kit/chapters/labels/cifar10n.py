"""People's own label errors: ITLM on the five label sets of CIFAR-10N (Wei et al. 2022), later than the paper.

In the quick profile digits stand in, with drawn errors that depend on the image. ITLM's alpha follows the paper's rule,
5 points below the clean share of the labels at hand; over all 50,000 that is 91.0 % (aggregate), 82.8, 81.9 and 82.4 %
(random1 to random3), 59.8 % (worst). Round 0 of ITLM is naive training.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from itlm_kit import data
from itlm_kit.chapters.labels.cifar import schedule as table1_schedule
from itlm_kit.chapters.labels.methods import BELOW, NOISY_SETTINGS, goes_on, method_recipe, run_method, with_epochs
from itlm_kit.data.cifar10n import BY_PEOPLE
from itlm_kit.errors import InputError, check_choice
from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.settings import one_of
from itlm_kit.vision import noisy_set
from itlm_kit.vision.itlm import Watch
from itlm_kit.vision.models import two_layer_cnn, wide_resnet
from itlm_kit.vision.noisy_set import PROTOCOLS, Noisy, Protocol, a_few
from itlm_kit.vision.regimes import REGIMES, regime_of
from itlm_kit.vision.training import Recipe, Samples

METHODS = ("itlm", "oracle")
SHARE = 0.2  # of the training images, for the networks below; the recipes of CIFAR-10 take them all
RECIPES = {
    "two-layer-cnn": Recipe(two_layer_cnn, batch_size=50, step_size=0.04),  # at 0.1 it stops learning on CIFAR-10
    "wide-resnet-10-1": Recipe(partial(wide_resnet, depth=10, width=1), batch_size=64, step_size=0.1, micro_batch=None),
}
STAND_IN = {"data": "digits", "noise": "instance", "clean": 0.6, "labels": "drawn"}
EPOCHS = (12, 4, 4, 12)  # of theta_0 ... theta_3 on a CPU: two rounds stopped early, one in full


@dataclass(frozen=True)
class PeopleRecipe:
    """All that shapes a cell but the clean share, which people decided and the labels tell."""

    training: Recipe
    epochs: tuple[int, ...]  # of theta_0, theta_1, ...
    stretched: bool  # trainings in full are longer by one over the clean share of the labels, as in Table 1
    below: float  # what ITLM's alpha lies below that share
    protocol: Protocol


def recipe(settings):
    """The PeopleRecipe of a cell, trained as in Table 1 where a recipe is named; InputError for what is at odds."""
    _check_together(settings)
    as_table1 = "recipe" in settings
    training, epochs = _table1_training(settings) if as_table1 else (RECIPES[settings["net"]], EPOCHS)
    return PeopleRecipe(training, epochs, as_table1, BELOW["itlm"], PROTOCOLS[settings["protocol"]])


def _table1_training(settings):
    return regime_of(settings).recipe, _table1_epochs(settings, 1.0)


def _table1_epochs(settings, clean):
    return table1_schedule({**settings, "clean": clean})


def _check_together(settings):
    people = settings["data"] == "cifar10n"
    check_choice("labels", settings.get("labels"), tuple(BY_PEOPLE) if people else ("drawn",))
    if people:
        check_choice("protocol", settings["protocol"], ("last",))
    drawn = sorted({"noise", "clean"} & set(settings))
    if people and drawn:
        raise InputError(
            f"people's labels must be as people gave them; got {', '.join(drawn)}. Use data=digits to draw."
        )
    if not people and len(drawn) < 2:
        raise InputError("drawn labels must have noise and clean, e.g. noise=instance, clean=0.6.")


def run(settings, recipe, seed, where):
    """One cell: ITLM, its rounds with the epochs each was trained for, or the oracle."""
    noisy = (people_labelled if settings["data"] == "cifar10n" else noisy_set.noisy_set)(settings, seed, where)
    told = {**settings, "clean": round(float(noisy.is_clean.mean()), 6)}
    epochs = _table1_epochs(told, told["clean"]) if recipe.stretched else recipe.epochs
    how = method_recipe(told, recipe.training, epochs)
    return with_epochs(run_method(told, how, seed, where, noisy), epochs)


def people_labelled(settings, seed, where):
    """A share of CIFAR-10's training images, drawn from `seed`, as people labelled them, with its test images."""
    given = data.load_cifar10n(settings["labels"], where.data_root)
    whole = data.load("cifar10", data_root=where.data_root)
    part = data.subsample(whole._replace(x=np.arange(len(whole.y))), settings["share"], seed=seed)
    test = data.load("cifar10", part="test", data_root=where.data_root)
    watched = a_few(test, PROTOCOLS[settings["protocol"]].watched)
    fit = partial(Samples, classes=whole.classes, device=where.device)
    source = f"{part.source}, labels of CIFAR-10N ({settings['labels']})"
    samples = fit(given.x[part.x], given.y[part.x])
    return Noisy(samples, given.is_clean[part.x], Watch(fit(test.x, test.y), fit(watched.x, watched.y)), source)


def people_table(frame):
    """Naive, ITLM and oracle by label set, mean of seeds: last accuracy in percent, and what ITLM gains on naive.

    frame: as `results_frame` gives it for finished cells of one network or recipe. Index labels; columns errors
    (percent of labels), naive, itlm, oracle (NaN where there is none), gain, clean kept (clean share of what ITLM keeps
    at the end), seeds.
    """
    final = frame[frame["round"] == frame.groupby(["labels", "method"])["round"].transform("max")]
    by = final.groupby(["labels", "method"])["last_accuracy"].mean().unstack()
    itlm = final[final["method"] == "itlm"].groupby("labels")
    naive = frame[(frame["method"] == "itlm") & (frame["round"] == 0)].groupby("labels")["last_accuracy"].mean()
    table = pd.DataFrame(
        {"errors": 100 * itlm["achieved_noise_rate"].mean(), "naive": naive, **by.reindex(columns=METHODS)}
    )
    table["gain"], table["clean kept"] = table["itlm"] - table["naive"], itlm["clean_share"].mean()
    return (
        table.assign(seeds=itlm["seed"].nunique())
        .loc[[kind for kind in (*BY_PEOPLE, "drawn") if kind in by.index]]
        .round(2)
    )


def people_tables(frame):
    """The `people_table` of each way to train, one under another, as index level `trained`: a recipe or a network.

    frame: as `results_frame` gives it for finished cells of people's labels.
    """
    ways = frame.reindex(columns=["recipe", "net"]).bfill(axis=1)["recipe"]
    return pd.concat({way: people_table(cells) for way, cells in frame.groupby(ways)}, names=["trained"])


def _cells(profile):
    if profile == "quick":
        common = {"net": "two-layer-cnn", "share": 1.0, "protocol": "last"}
        return [{**STAND_IN, **common, "method": method} for method in METHODS]
    networks = [{"net": net, "share": SHARE} for net in RECIPES]
    whole = [{"recipe": recipe, "share": 1.0} for recipe in REGIMES]
    return [
        {"data": "cifar10n", **how, "protocol": "last", "labels": labels, "method": method}
        for how in (*networks, *whole)
        for labels in BY_PEOPLE
        for method in METHODS
    ]


def _seconds(settings):
    """Expected time of a cell: on one CPU core as measured, with the paper's recipe an estimate on one H200."""
    if "recipe" in settings:
        return 0.8 * sum(_table1_epochs(settings, 0.8)) * regime_of(settings).seconds
    an_epoch = {"two-layer-cnn": 3.1, "wide-resnet-10-1": 7.7}[settings["net"]]
    epochs = EPOCHS[0] + (0.75 * sum(EPOCHS[1:]) if settings["method"] == "itlm" else 0)
    return epochs * (0.5 if settings["data"] == "digits" else an_epoch)


def needs(settings):
    """The sets of data that a cell reads; people's labels have their images in another."""
    return ["cifar10", "cifar10n"] if settings["data"] == "cifar10n" else [settings["data"]]


EXPERIMENTS = {
    "cifar10n": Experiment(
        name="cifar10n",
        title="People's own label errors: CIFAR-10N",
        place="Section 6.2, beyond drawn errors",
        cells=_cells,
        allows={
            **NOISY_SETTINGS,
            "data": one_of("digits", "cifar10n"),
            "net": one_of(*RECIPES),
            "recipe": one_of(*REGIMES),
            "labels": one_of("drawn", *BY_PEOPLE),
            "method": one_of(*METHODS),
        },
        recipe=recipe,
        run=run,
        seeds={"quick": 1, "full": 1},
        seconds=_seconds,
        needs=needs,
        needs_gpu=lambda settings: settings.get("recipe") == "paper",
        goes_on=goes_on,
    )
}
