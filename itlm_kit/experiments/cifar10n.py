"""People's own label errors: ITLM on the five label sets of CIFAR-10N (Wei et al. 2022), later than the paper.

In the quick profile digits stand in, with drawn errors that depend on the image. ITLM's alpha follows the paper's rule,
5 points below the clean share of the labels at hand; over all 50,000 that is 91.0 % (aggregate), 82.8, 81.9 and 82.4 %
(random1 to random3), 59.8 % (worst). Round 0 of ITLM is naive training.
"""

from functools import partial

import numpy as np
import pandas as pd

from itlm_kit import data
from itlm_kit.data.cifar10n import BY_PEOPLE
from itlm_kit.experiments import label_noise, label_noise_cifar
from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.label_noise import WATCHED, Noisy, run_method
from itlm_kit.vision.itlm import Watch
from itlm_kit.vision.models import two_layer_cnn, wide_resnet
from itlm_kit.vision.training import Recipe, Samples

METHODS = ("itlm", "oracle")
WIDE = "wide-resnet-16-10"  # the paper's network for CIFAR-10, for a GPU
SHARES = {"two-layer-cnn": 0.2, "wide-resnet-10-1": 0.2, WIDE: 1.0}  # of the training images, by network
RECIPES = {
    "two-layer-cnn": Recipe(two_layer_cnn, batch_size=50, step_size=0.04),  # at 0.1 it stops learning on CIFAR-10
    "wide-resnet-10-1": Recipe(partial(wide_resnet, depth=10, width=1), batch_size=64, step_size=0.1, micro_batch=None),
}
STAND_IN = {"data": "digits", "noise": "instance", "clean": 0.6, "labels": "drawn"}
EPOCHS = (12, 4, 4, 12)  # of theta_0 ... theta_3 on a CPU: two rounds stopped early, one in full


def run(settings, seed, where):
    """One cell: ITLM, its rounds with the epochs each was trained for, or the oracle."""
    noisy = (people_labelled if settings["data"] == "cifar10n" else label_noise.noisy_data)(settings, seed, where)
    told = {**settings, "clean": round(float(noisy.is_clean.mean()), 6)}
    how, epochs = schedule(told)
    outcome = run_method(told, seed, where, how, epochs, noisy)
    rows = [{**row, "epochs": epochs[row["round"]]} for row in outcome.metrics["rounds"]]
    return outcome._replace(metrics={**outcome.metrics, "rounds": rows})


def people_labelled(settings, seed, where):
    """A share of CIFAR-10's training images, drawn from `seed`, as people labelled them, with its test images."""
    given = data.load_cifar10n(settings["labels"], where.data_root)
    whole = data.load("cifar10", data_root=where.data_root)
    part = data.subsample(whole._replace(x=np.arange(len(whole.y))), settings["share"], seed=seed)
    test = data.load("cifar10", part="test", data_root=where.data_root)
    watched = data.subsample(test, WATCHED / len(test.y), seed=0)
    fit = partial(Samples, classes=whole.classes, device=where.device)
    source = f"{part.source}, labels of CIFAR-10N ({settings['labels']})"
    samples = fit(given.x[part.x], given.y[part.x])
    return Noisy(samples, given.is_clean[part.x], Watch(fit(test.x, test.y), fit(watched.x, watched.y)), source)


def schedule(settings):
    """The Recipe of a cell and its epochs for theta_0, theta_1, ...: the paper's for its network."""
    if settings["net"] == WIDE:
        paper = {"data": "cifar10", "clean": settings["clean"], "method": settings["method"]}
        return label_noise_cifar.recipe(paper), label_noise_cifar.schedule(paper)
    return RECIPES[settings["net"]], EPOCHS


def people_table(frame):
    """Naive, ITLM and oracle by label set, mean of seeds: last accuracy in percent, and what ITLM gains on naive.

    frame: as `results_frame` gives it for finished cells of one network. Index labels; columns errors (percent of
    labels), naive, itlm, oracle, gain, clean kept (clean share of what ITLM keeps at the end), seeds.
    """
    final = frame[frame["round"] == frame.groupby(["labels", "method"])["round"].transform("max")]
    by = final.groupby(["labels", "method"])["last_accuracy"].mean().unstack()
    itlm = final[final["method"] == "itlm"].groupby("labels")
    naive = frame[(frame["method"] == "itlm") & (frame["round"] == 0)].groupby("labels")["last_accuracy"].mean()
    table = pd.DataFrame({"errors": 100 * itlm["achieved_noise_rate"].mean(), "naive": naive, **by[["itlm", "oracle"]]})
    table["gain"], table["clean kept"] = table["itlm"] - table["naive"], itlm["clean_share"].mean()
    return (
        table.assign(seeds=itlm["seed"].nunique())
        .loc[[kind for kind in (*BY_PEOPLE, "drawn") if kind in by.index]]
        .round(2)
    )


def _cells(profile):
    if profile == "quick":
        common = {"net": "two-layer-cnn", "share": 1.0, "protocol": "last"}
        return [{**STAND_IN, **common, "method": method} for method in METHODS]
    return [
        {"data": "cifar10n", "net": net, "share": share, "protocol": "last", "labels": labels, "method": method}
        for net, share in SHARES.items()
        for labels in BY_PEOPLE
        for method in METHODS
    ]


def _seconds(settings):
    """Expected time of a cell: on one CPU core as measured, for the wide network an estimate on one H200."""
    if settings["net"] == WIDE:
        return label_noise_cifar.SECONDS * (500 if settings["method"] == "itlm" else 100)
    an_epoch = {"two-layer-cnn": 3.1, "wide-resnet-10-1": 7.7}[settings["net"]]
    epochs = EPOCHS[0] + (0.75 * sum(EPOCHS[1:]) if settings["method"] == "itlm" else 0)
    return epochs * (0.5 if settings["data"] == "digits" else an_epoch)


def _needs(settings):
    return ["cifar10", "cifar10n"] if settings["data"] == "cifar10n" else [settings["data"]]


EXPERIMENTS = {
    "cifar10n": Experiment(
        "cifar10n", "People's own label errors: CIFAR-10N", "Section 6.2, beyond drawn errors", 1,
        _cells, run, {"quick": 1, "full": 1}, _seconds, _needs,
    )
}  # fmt: skip
