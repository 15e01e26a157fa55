"""CIFAR-10N: labels that people gave the training images of CIFAR-10 (Wei et al. 2022)."""

import zipfile
import zlib

import numpy as np

from itlm_kit.data.root import Fault

LABELS = "cifar10n/labels.npz"  # below the data root
CLEAN = "clean_label"  # CIFAR-10's own labels, to tell that the order is the same
BY_PEOPLE = {
    "aggregate": "aggre_label",  # the majority of three people, a random one of theirs where all differ
    "random1": "random_label1",  # what the first of them said, ...
    "random2": "random_label2",
    "random3": "random_label3",
    "worst": "worse_label",  # a random wrong one of the three, where one was wrong
}
KINDS = (CLEAN, *BY_PEOPLE.values())
COUNT = 50_000


def find_cifar10n_fault(root):
    """The Fault of the file of labels below the data root, or None."""
    path = root / LABELS
    if not path.exists():
        return Fault(path, "is missing", "missing")
    try:
        with np.load(path, allow_pickle=False) as labels:
            wrong = [kind for kind in KINDS if kind not in labels or not _is_labels(labels[kind])]
    except (OSError, TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        return Fault(path, f"cannot be read ({error})", "damaged")
    return Fault(path, f"must hold {COUNT:,} labels in 0..9 under {wrong[0]}", "damaged") if wrong else None


def read_labels(root, kind):
    """(labels given by people, CIFAR-10's labels), each (50,000,) int64, from the file below the data root.

    kind: of BY_PEOPLE, whose three "random" ones are one person's each.
    """
    with np.load(root / LABELS, allow_pickle=False) as labels:
        return labels[BY_PEOPLE[kind]].astype(np.int64), labels[CLEAN].astype(np.int64)


def _is_labels(values):
    whole = np.issubdtype(values.dtype, np.integer)
    return values.shape == (COUNT,) and whole and 0 <= values.min() and values.max() <= 9
