"""A folder of pictures in, a sub-folder per class; an Examination out."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.choosing import choose_alpha
from itlm_kit.classes import Classes
from itlm_kit.data.folders import load_folder
from itlm_kit.errors import InputError, check_integer
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.examining import examined, groups_of, refused_unless_trained
from itlm_kit.examine.report import GIVEN
from itlm_kit.files import as_path
from itlm_kit.machine import resolve_device
from itlm_kit.names import counted, listed, readable
from itlm_kit.trajectories import rank_suspects
from itlm_kit.trimming import check_alpha
from itlm_kit.vision.out_of_sample import logits_out_of_sample
from itlm_kit.vision.own_pictures import in_words, recipe_for
from itlm_kit.vision.recording import record_training
from itlm_kit.vision.training import Samples

_REMEDY = "Add pictures of each class, leave out classes that look alike, or try another seed."


def folder(
    path: str | Path,
    *,
    size: int | str | None = "auto",
    alpha: float | None = None,
    groups: ArrayLike | str | None = None,
    folds: int = 5,
    skip_broken: bool = False,
    device: str = "auto",
    seed: int = 0,
) -> Examination:
    """Examine a folder of pictures with one sub-folder per class: which of them are filed wrong?

    A network is trained on all of them and watched: a picture that it calls by another class, epoch after epoch, ranks
    high (score "aum"). Where alpha is not given, `folds` more networks each judge a part that they have not seen, and
    alpha is how often they agree with the folders. Prints beforehand what that takes. size, skip_broken: as of
    `data.load_folder`. groups: (n,) labels, or "class", where that share of each group is to be kept. device: "auto",
    "cpu" or "cuda". Raises InputError as `load_folder`, for an alpha outside (0, 1], for a single class, a class of one
    picture and fewer pictures than folds, and where the networks did not learn the classes, since then a list says
    nothing.
    """
    alpha = None if alpha is None else check_alpha(alpha)
    device, root = resolve_device(device), as_path(path)
    check_integer("folds", folds, low=2, remedy="It is the number of parts, each judged by a network of the others.")
    images = load_folder(root, size=size, skip_broken=skip_broken)
    _check_enough(images, None if alpha else folds)
    classes, samples = Classes(images.names), Samples(images.x, images.y, images.classes, device)
    groups = groups_of(groups, classes.decode(images.y), len(samples))
    how = recipe_for(samples)
    print(in_words(samples, how, trainings=1 if alpha else 1 + folds), flush=True)
    with refused_unless_trained("pictures", _REMEDY):
        recorder = record_training(samples, how.training, epochs=how.epochs, seed=seed)
        ranked = rank_suspects(recorder, by="aum", classes=classes)
        alpha, alpha_from = (alpha, GIVEN) if alpha else _agreement(samples, how, folds=folds, seed=seed)
    ranked.insert(1, "file", [readable(images.files[i].relative_to(root)) for i in ranked["index"]])
    return examined(
        ranked, alpha=alpha, alpha_from=alpha_from, groups=groups, source=images.source,
        how=f"a network that saw all of them {counted(how.epochs, 'time')}",
        looks=images.x, files=images.files, root=root, recorder=recorder,
    )  # fmt: skip


def _check_enough(images, folds):
    if images.classes < 2:
        raise InputError(
            f"a folder must hold two classes at least, to be told apart; got one, {readable(images.names[0])}. "
            "Add a folder of what it is not."
        )
    alone = [name for name, count in zip(images.names, np.bincount(images.y), strict=True) if count < 2]
    if alone:
        raise InputError(
            f"a class must have two pictures at least, one to be judged by the other; {listed(alone)} has one. "
            "Add pictures, or move it elsewhere."
        )
    if folds is not None and len(images.y) < folds:
        raise InputError(
            f"a folder must hold a picture for each of the {folds} folds; got {len(images.y)}. Add pictures, or say "
            "alpha, the share to keep."
        )


def _agreement(samples, how, *, folds, seed):
    called = logits_out_of_sample(samples, how.training, epochs=how.epochs, folds=folds, seed=seed).argmax(1)
    alpha = choose_alpha(method="agreement", called=called, given=samples.y)
    return alpha, f"how often {folds} networks agree with the folder of pictures that they have not seen"
