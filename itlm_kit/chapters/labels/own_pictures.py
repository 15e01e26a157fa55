"""The recipe for anyone's pictures, on pictures: how many of the wrong labels head its list, whether it trains at all.

The recipe and its score were chosen on digits and on MNIST. Fashion-MNIST, CIFAR-10 and CIFAR-10N were looked at once,
afterwards. Settings name the classes, which are numbered anew, and how many pictures are drawn of them, of each class
as many. "before" is the recipe that notebook 08 had for digits, to stand beside.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from itlm_kit import data
from itlm_kit.chapters.labels.cifar10n import needs
from itlm_kit.choosing import choose_alpha
from itlm_kit.data import LABEL_NOISE
from itlm_kit.data.cifar10n import BY_PEOPLE
from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import SHARE, Setting, one_of, whole
from itlm_kit.experiments.spread import over_seeds
from itlm_kit.trajectories import SCORES
from itlm_kit.trajectories.did_it_train import diagnose
from itlm_kit.trajectories.logits import measure
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.models import two_layer_cnn
from itlm_kit.vision.out_of_sample import logits_out_of_sample
from itlm_kit.vision.own_pictures import recipe_of
from itlm_kit.vision.recording import RecordedRecipe, percent_of, record_training
from itlm_kit.vision.training import Recipe, Samples

DATA = ("digits", "mnist", "fashion_mnist", "cifar10", "cifar10n")
BEFORE = RecordedRecipe(Recipe(two_layer_cnn, batch_size=100, step_size=0.2), 12)
FOLDS = 5  # of out-of-sample outputs; 0 where there are none
ALL = "0123456789"
CHOICES = ("0123", "6789")  # the first four classes and the last four, whatever they are
DIGITS = {"data": "digits", "classes": ALL, "images": 1400, "noise": "systematic", "clean": 0.7}
PEOPLE = {"data": "cifar10n", "classes": ALL, "images": 5000, "noise": "worst"}
DRAWN = {"noise": "random", "clean": 0.8}


class Given(NamedTuple):
    """Pictures with the labels that somebody gave them; `is_clean` is for the report alone."""

    samples: Samples
    is_clean: np.ndarray  # (n,) bool
    source: str


def recipe(settings):
    """The RecordedRecipe of a cell."""
    _check_together(settings)
    return BEFORE if settings["recipe"] == "before" else recipe_of(settings["images"])


def _check_together(settings):
    people = settings["data"] == "cifar10n"
    fits = "clean" not in settings and settings["classes"] == ALL if people else "clean" in settings
    if people != (settings["noise"] in BY_PEOPLE) or not fits:
        raise InputError(
            f"people's labels, noise={', '.join(BY_PEOPLE)}, go with data=cifar10n, all classes and no clean; got "
            f"{settings}. Drawn ones go with the other data, e.g. noise=random, clean=0.8."
        )


def run(settings, recipe, seed, where):
    """One training, its list judged; and, with folds, alpha by out-of-sample networks and the lists that they give."""
    samples, is_clean, source = pictures(settings, seed, where)
    how = {"epochs": recipe.epochs, "seed": round_seed(seed, 0)}
    recorder = record_training(samples, recipe.training, **how)
    suspicion, found = SCORES["aum"](recorder), diagnose(recorder)
    metrics = {
        "precision": at_bad(suspicion, is_clean),
        "trained": found.ok,
        "named": found.classes_named,
        "bad": int((~is_clean).sum()),
    }
    if settings["folds"]:
        logits = logits_out_of_sample(samples, recipe.training, folds=settings["folds"], **how).cpu().numpy()
        metrics |= _judged(logits, samples.y.cpu().numpy(), suspicion=suspicion, is_clean=is_clean)
    return Outcome(metrics, source)


def _judged(logits, given, *, suspicion, is_clean):
    margin = measure(logits, given).margin
    agrees = logits.argmax(1) == given
    return {
        "alpha": round(choose_alpha(method="agreement", agrees=agrees), 5),
        "clean_agreement": percent_of(agrees[is_clean]),
        "precision_unseen": at_bad(-margin, is_clean),
        "precision_both": at_bad(suspicion / suspicion.std() - margin / margin.std(), is_clean),
    }


def at_bad(suspicion, is_clean):
    """Percent of the m most suspicious that are bad, where m are bad."""
    m = int((~is_clean).sum())
    first = np.argsort(-suspicion, kind="stable")[:m]
    return percent_of(~is_clean[first])


def pictures(settings, seed, where):
    """The Given pictures of a cell, drawn and spoilt from `seed`."""
    name, classes = settings["data"], [int(each) for each in settings["classes"]]
    full = data.load("cifar10" if name == "cifar10n" else name, data_root=where.data_root)
    index = _drawn(full.y, classes, settings["images"], seed)
    if name == "cifar10n":
        people = data.load_cifar10n(settings["noise"], where.data_root)
        x, y, is_clean = people.x[index], people.y[index], people.is_clean[index]
    else:
        y = np.searchsorted(classes, full.y[index])
        noise, about = LABEL_NOISE[settings["noise"]], {"clean": settings["clean"], "classes": len(classes)}
        x, y, is_clean, _ = noise(full.x[index], y, seed=round_seed(seed, 1), **about)
    source = f"{len(index):,} of {full.source}, classes {settings['classes']}, seed {seed}"
    return Given(Samples(x, y, len(classes), where.device), is_clean, source)


def _drawn(y, classes, images, seed):
    """As many of each class, in an order drawn with them; all of them in their own order where no more are there."""
    if images == len(y):
        return np.arange(len(y))
    rng, each = np.random.default_rng(round_seed(seed, 2)), images // len(classes)
    return rng.permutation(np.concatenate([rng.choice(np.flatnonzero(y == c), each, replace=False) for c in classes]))


def pictures_table(frame, figure="precision"):
    """Median, low and high over the seeds of a figure, and its seeds, for each kind of pictures and recipe.

    frame: as `results_frame` gives it for finished cells of own-pictures. figure: "precision" of the list by one
    training; where out-of-sample networks judged, "alpha", or the precision of the list by their margins,
    "precision_unseen", or of the list by both, "precision_both". Cells without it are left out. Index data, classes,
    images, recipe; columns median, low, high, seeds.
    """
    known = frame[frame[figure].notna()].drop_duplicates(["data", "classes", "images", "recipe", "seed"])
    by = known.groupby(["data", "classes", "images", "recipe"])[figure]
    return pd.DataFrame({kind: over_seeds(values)._asdict() for kind, values in by}).T.rename_axis(by.keys)


def _cells(profile):
    before, own = {**DIGITS, "recipe": "before", "folds": 0}, {"recipe": "own", "folds": 0}
    if profile == "quick":
        return [before, {**DIGITS, **own}]
    few = [
        {"data": name, "classes": classes, "images": 600, **DRAWN}
        for name in ("mnist", "fashion_mnist", "cifar10")
        for classes in CHOICES
    ]
    many = [{"data": name, "classes": ALL, "images": 5000, **DRAWN} for name in ("mnist", "fashion_mnist")]
    once = [{**settings, **own} for settings in (DIGITS, *few, *many, PEOPLE)]
    return [before, *once, *({**settings, **own, "folds": FOLDS} for settings in (DIGITS, *few))]


def seconds(settings):
    """Expected time of a cell on one CPU core, from measured milliseconds a picture trained and looked at."""
    trainings, each = 1 + 0.8 * settings["folds"], 0.12 if settings["data"] == "digits" else 0.27
    return trainings * recipe(settings).epochs * settings["images"] * each / 1000


def _are_classes(value):
    return isinstance(value, str) and len(value) > 1 and set(value) <= set(ALL) and sorted(set(value)) == list(value)


ALLOWED = {
    "data": one_of(*DATA),
    "classes": Setting(_are_classes, "class numbers in rising order, two at least, e.g. 0123", str),
    "images": whole(20),
    "noise": one_of(*LABEL_NOISE, *BY_PEOPLE),
    "clean": SHARE,
    "recipe": one_of("own", "before"),
    "folds": one_of(0, FOLDS),
}

EXPERIMENTS = {
    "own-pictures": Experiment(
        name="own-pictures",
        title="A recipe for anyone's pictures: do the wrong labels head its list?",
        place="Section 1 and beyond",
        cells=_cells,
        allows=ALLOWED,
        recipe=recipe,
        run=run,
        seeds={"quick": 1, "full": 5},
        seconds=seconds,
        needs=needs,
    )
}
