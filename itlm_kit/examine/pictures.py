"""A folder of pictures in, a sub-folder per class; an Examination out."""

from pathlib import Path
from typing import Any

from itlm_kit.data.folders import load_folder
from itlm_kit.examine.examination import Examination
from itlm_kit.machine import resolve_device
from itlm_kit.vision.own_pictures import in_words, recipe_for
from itlm_kit.vision.recording import record_training
from itlm_kit.vision.training import Samples


def folder(
    path: str | Path,
    *,
    size: int | str | None = "auto",
    alpha: float | None = None,
    groups: Any = None,
    folds: int = 5,
    skip_broken: bool = False,
    device: str = "auto",
    seed: int = 0,
) -> Examination:
    """Examine a folder of pictures with one sub-folder per class: which are filed wrong?

    One network is trained on all of them and watched: who is called by another class over many epochs ranks high.
    Where alpha is not given, `folds` more each judge a part that they have not seen, and alpha is how often they agree
    with the folders. Prints beforehand what that takes. size, skip_broken: as of `data.load_folder`. groups: (n,)
    labels, or "class", where that share of each group is to be kept. device: "auto", "cpu" or "cuda".
    Raises InputError as `load_folder`, and where the networks did not learn the classes, since then a list says nothing.
    """
    device = resolve_device(device)
    images = load_folder(path, size=size, skip_broken=skip_broken)
    samples = Samples(images.x, images.y, images.classes, device)
    how = recipe_for(samples)
    print(in_words(samples, how, trainings=1 if alpha else 1 + folds))
    recorder = record_training(samples, how.training, epochs=how.epochs, seed=seed)
