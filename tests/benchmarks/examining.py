"""Speed of `examine` beside what a person would write by hand with the same models; on one thread."""

import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import KFold, cross_val_predict
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import to_pil_image, to_tensor

from itlm_kit import examine
from itlm_kit.machine import single_thread
from itlm_kit.vision.models import normalised_cnn
from itlm_kit.vision.own_pictures import recipe_of, seconds
from itlm_kit.vision.recording import record_training
from itlm_kit.vision.training import Samples
from tests.benchmarks.measure import by_the_wall_clock, compared, medians

N, CLASSES, FOLDS = 80, 4, 2
HOW = recipe_of(N)


def folder_against_dataloader():
    """A folder of 80 pictures of four digits, three trainings, against the same by ImageFolder and DataLoader.

    By hand: the same network for as many epochs, its outputs for all pictures after each, then two folds; pictures are
    not shifted. Median of 3 runs.
    """
    with TemporaryDirectory() as folder, single_thread(), redirect_stdout(StringIO()):
        _write_pictures(Path(folder))
        return compared(*medians([_by_hand, _examined], [(folder, seed) for seed in range(3)], clock=time.thread_time))


@by_the_wall_clock
def folder_told_against_taken():
    """What `examine.folder` tells beforehand, as a share of what a training then takes; medians of 3 runs."""
    samples = Samples(*_digits(), CLASSES)
    told = []
    with single_thread():
        ways = [lambda seed: told.append(seconds(samples, HOW)), lambda seed: _recorded(samples, seed)]
        _, taken = medians(ways, range(3))
    return compared(np.median(told), taken)


def table_against_cross_validation():
    """A table of 1,000 rows and 20 columns, against `cross_val_predict` of the same trees; median of 3 runs."""
    x, y = make_classification(1000, 20, n_informative=8, n_classes=3, random_state=0)
    ways = [lambda seed: _cross_validated(x, y, seed), lambda seed: examine.table(x, y, seed=seed)]
    return compared(*medians(ways, range(3), clock=time.thread_time))


BENCHMARKS = [folder_against_dataloader, folder_told_against_taken, table_against_cross_validation]


def _digits():
    """Images uint8 (n, 3, 8, 8) and labels."""
    digits, labels = load_digits(n_class=CLASSES, return_X_y=True)
    images = (digits[:N] * 255 / 16).astype(np.uint8).reshape(N, 1, 8, 8)
    return images.repeat(3, axis=1), labels[:N]


def _write_pictures(folder):
    for i, (image, label) in enumerate(zip(*_digits(), strict=True)):
        (folder / f"{label}").mkdir(exist_ok=True)
        to_pil_image(torch.as_tensor(image)).save(folder / f"{label}" / f"{i}.png")


def _examined(case):
    folder, seed = case
    examine.folder(folder, folds=FOLDS, device="cpu", seed=seed)


def _by_hand(case):
    folder, seed = case
    pictures = [(to_tensor(image), label) for image, label in ImageFolder(folder)]
    x, y = torch.stack([image for image, _ in pictures]), torch.tensor([label for _, label in pictures])
    margins = []
    _trained(x, y, seed, lambda model: margins.append(_margin(_outputs(model, x), y)))
    called = torch.empty_like(y)
    for train, held_out in KFold(FOLDS, shuffle=True, random_state=seed).split(x):
        called[held_out] = _outputs(_trained(x[train], y[train], seed), x[held_out]).argmax(1)
    return torch.stack(margins).mean(0), (called == y).float().mean()


def _trained(x, y, seed, after_epoch=lambda model: None):
    torch.manual_seed(seed)
    how, model = HOW.training, normalised_cnn((3, 8, 8), CLASSES)
    loader = DataLoader(TensorDataset(x, y), how.batch_size, shuffle=True)
    optimiser = torch.optim.SGD(
        model.parameters(), how.step_size, momentum=how.momentum, weight_decay=how.weight_decay, nesterov=True
    )
    for _ in range(HOW.epochs):
        model.train()
        for images, labels in loader:
            optimiser.zero_grad()
            functional.cross_entropy(model(images), labels).backward()
            optimiser.step()
        after_epoch(model)
    return model


def _outputs(model, x):
    model.eval()
    with torch.no_grad():
        return model(x)


def _margin(logits, y):
    given = logits.gather(1, y[:, None])
    return (given - logits.scatter(1, y[:, None], -torch.inf).amax(1, keepdim=True)).squeeze(1)


def _recorded(samples, seed):
    record_training(samples, HOW.training, epochs=HOW.epochs, seed=seed)


def _cross_validated(x, y, seed):
    trees = ExtraTreesClassifier(min_samples_leaf=5, max_features=0.5, random_state=seed)
    shares = cross_val_predict(trees, x, y, cv=5, method="predict_proba")
    return np.argsort(shares[np.arange(len(y)), y]), (shares.argmax(1) == y).mean()
