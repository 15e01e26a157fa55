"""A spoilt training set that knows the truth, and what the ways to spoil one have in common."""

import math
from typing import NamedTuple

import numpy as np

from itlm_kit.classes import as_labels
from itlm_kit.errors import InputError, check_integer, check_share


class Corrupted(NamedTuple):
    """A spoilt training set and the truth about it, which only reports may see; is_clean equals y == y_true."""

    x: np.ndarray  # (n, ...)
    y: np.ndarray  # (n,) int64, the labels given
    is_clean: np.ndarray  # (n,) bool
    y_true: np.ndarray  # (n,) int64, the labels before


def choose_bad(x, y, clean, classes):
    """Check the samples and choose the last of each class as bad: (y as int64 (n,), a copy; is_bad (n,) bool).

    x: (n, ...) samples; y: (n,) labels in 0..classes-1. clean: share of clean samples, in [0, 1]; of n_c samples of a
    class clean * n_c, rounded, are clean. Raises InputError for labels out of range or not whole numbers, a class
    without samples, lengths that differ.
    """
    clean = check_clean(clean, "[0, 1]")
    y = _check_labels(x, y, check_integer("classes", classes, low=2, remedy="A wrong label needs another class."))
    is_bad = np.zeros(len(y), bool)
    for c in range(classes):
        members = np.flatnonzero(y == c)
        is_bad[members[math.floor(clean * len(members) + 0.5) :]] = True
    return y, is_bad


def relabelled(x, y, is_bad, wrong):
    """The Corrupted of samples x (n, ...), copied, of which the bad get the label `wrong` (n,) in place of y (n,).

    wrong: whole numbers, other than y where is_bad (n,) is True; elsewhere they are not looked at.
    """
    return Corrupted(np.array(x), np.where(is_bad, wrong, y), ~is_bad, y)


def check_clean(clean, interval):
    """Return a share of clean samples as a float; raise InputError outside of `interval`, "[0, 1]" or "(0, 1]"."""
    return check_share("clean", clean, interval, remedy="It is the share of clean samples, e.g. 0.6")


def rng_of(seed):
    """NumPy's generator for a seed; raises InputError unless that is a whole number of at least 0."""
    return np.random.default_rng(check_integer("seed", seed, low=0, remedy="It fixes the draw."))


def _check_labels(x, y, classes):
    y = as_labels(y)
    if len(y) != len(x):
        raise InputError(f"there must be one label per sample; got {len(x)} samples and labels of shape {y.shape}.")
    if not np.issubdtype(y.dtype, np.integer) and not (np.issubdtype(y.dtype, np.floating) and (y % 1 == 0).all()):
        raise InputError(f"labels must be whole numbers; got {y.dtype}. Number the classes 0..{classes - 1}.")
    if y.size and not (0 <= y.min() and y.max() < classes):
        raise InputError(f"labels must lie in 0..{classes - 1}; got {y.min():g}..{y.max():g}. Check `classes`.")
    missing = np.setdiff1d(np.arange(classes), y)
    if missing.size:
        raise InputError(f"each of the {classes} classes must have a sample; class {missing[0]} has none.")
    return y.astype(np.int64)
