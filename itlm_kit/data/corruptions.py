"""Ways to spoil a training set. Each copies, keeps the order and returns the truth."""

import math
from numbers import Real
from typing import NamedTuple

import numpy as np

from itlm_kit.errors import InputError, check_integer


class Corrupted(NamedTuple):
    """A spoilt training set and the truth about it, which only reports may see; is_clean equals y == y_true."""

    x: np.ndarray  # (n, ...)
    y: np.ndarray  # (n,) int64, the labels given
    is_clean: np.ndarray  # (n,) bool
    y_true: np.ndarray  # (n,) int64, the labels before


def random_labels(x, y, *, clean, classes, seed):
    """Give bad samples a label drawn uniformly from the other classes, so the true noise rate equals the named one.

    x: (n, ...) samples; y: (n,) labels in 0..classes-1. clean: share of clean samples, in [0, 1]. As in the authors'
    code, the first samples of each class stay clean and its last are bad; of n_c samples clean * n_c, rounded, are
    clean. Raises InputError for labels out of range or not whole numbers, a class without samples, lengths that
    differ. Section 6.2.
    """
    y, is_bad = _choose_bad(x, y, clean, classes)
    shift = _rng(seed).integers(1, classes, size=len(y))
    return _relabelled(x, y, is_bad, shift, classes)


def systematic_labels(x, y, *, clean, classes, seed=None):
    """Give bad samples the label y + 1 modulo the classes: all bad samples of a class agree on the wrong one.

    Arguments, choice of the bad samples and errors as `random_labels`; nothing is drawn, so that seed changes
    nothing: it is there that the two can be called alike. Section 6.2.
    """
    y, is_bad = _choose_bad(x, y, clean, classes)
    return _relabelled(x, y, is_bad, 1, classes)


def instance_dependent_labels(x, y, *, clean, classes, seed):
    """Give bad samples a wrong label that depends on the image: like ones go wrong together, in the same way.

    A linear map per class, drawn from `seed`, gives each image a logit for each wrong label. The bad samples of a class
    are drawn without repetition with weights sum exp(logit), their labels with the logits' softmax; of n_c samples
    clean * n_c, rounded, are clean, as in `random_labels`, whose arguments and errors these are. Wrong labels are drawn
    as by Xia et al. (2020), appendix B; there the image has no say in which samples go wrong.
    """
    y, is_bad = _choose_bad(x, y, clean, classes)
    rng, wrong = _rng(seed), y.copy()
    for label in range(classes):
        members = np.flatnonzero(y == label)
        perturbed = _logits(np.asarray(x)[members], classes, rng) + rng.gumbel(size=(len(members), classes))
        perturbed[:, label] = -np.inf
        wrong[members] = perturbed.argmax(1)  # Gumbel's trick: a draw from the softmax ...
        order = np.argsort(-perturbed.max(1), kind="stable")  # ... and, in this order, from the sums, none twice
        is_bad[members[order]] = np.arange(len(members)) < is_bad[members].sum()
    return Corrupted(np.array(x), np.where(is_bad, wrong, y), ~is_bad, y)


def mix_images(x, other, *, clean, seed):
    """Mix the images x with images drawn from `other` until x makes up the share `clean`, in (0, 1].

    x: (n, ...); other: (m, ...) of the same shape and dtype per image, drawn without repetition. The mixture has
    floor(n / clean) images; those of x keep their order, the others lie between them at random places. All are
    labelled 0, in truth the others are 1. Raises InputError for images unlike each other or too few of them.
    Section 6.3.
    """
    x, other, rng = np.asarray(x), np.asarray(other), _rng(seed)
    if x.shape[1:] != other.shape[1:] or x.dtype != other.dtype:
        raise InputError(
            f"both kinds of images must have one shape and dtype; got {x.shape[1:]} {x.dtype} and "
            f"{other.shape[1:]} {other.dtype}. Resize one of them."
        )
    wanted = _num_others(x, other, clean)
    n = len(x) + wanted
    is_clean = np.ones(n, bool)
    is_clean[rng.choice(n, wanted, replace=False)] = False
    mixed = np.empty((n, *x.shape[1:]), x.dtype)
    mixed[is_clean], mixed[~is_clean] = x, other[rng.choice(len(other), wanted, replace=False)]
    return Corrupted(mixed, np.zeros(n, np.int64), is_clean, (~is_clean).astype(np.int64))


LABEL_NOISE = {"random": random_labels, "systematic": systematic_labels, "instance": instance_dependent_labels}
SPREAD = 2.0  # standard deviation of the logits of wrong labels: some are e^4 times as likely as others


def _logits(x, classes, rng):
    """A random linear map of the images of one class, (m, classes), each column with mean 0 and the same spread."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    logits = (flat - flat.mean(0)) @ rng.standard_normal((flat.shape[1], classes))
    deviation = logits.std(0)
    return SPREAD * logits / np.where(deviation > 0, deviation, 1)


def _relabelled(x, y, is_bad, shift, classes):
    return Corrupted(np.array(x), np.where(is_bad, (y + shift) % classes, y), ~is_bad, y)


def _choose_bad(x, y, clean, classes):
    clean = _check_clean(clean, "[0, 1]")
    y = _check_labels(x, y, check_integer("classes", classes, low=2, remedy="A wrong label needs another class."))
    is_bad = np.zeros(len(y), bool)
    for c in range(classes):
        members = np.flatnonzero(y == c)
        is_bad[members[math.floor(clean * len(members) + 0.5) :]] = True
    return y, is_bad


def _check_labels(x, y, classes):
    y = np.array(y)
    if y.ndim != 1 or len(y) != len(x):
        raise InputError(f"there must be one label per sample; got {len(x)} samples and labels of shape {y.shape}.")
    if not np.issubdtype(y.dtype, np.integer) and not (np.issubdtype(y.dtype, np.floating) and (y % 1 == 0).all()):
        raise InputError(f"labels must be whole numbers; got {y.dtype}. Number the classes 0..{classes - 1}.")
    if y.size and not (0 <= y.min() and y.max() < classes):
        raise InputError(f"labels must lie in 0..{classes - 1}; got {y.min():g}..{y.max():g}. Check `classes`.")
    missing = np.setdiff1d(np.arange(classes), y)
    if missing.size:
        raise InputError(f"each of the {classes} classes must have a sample; class {missing[0]} has none.")
    return y.astype(np.int64)


def _num_others(x, other, clean):
    wanted = math.floor(len(x) / _check_clean(clean, "(0, 1]") + 1e-9) - len(x)
    if not len(x):
        raise InputError("there must be an image to mix with; got none.")
    if wanted > len(other):
        raise InputError(f"clean={clean} for {len(x)} images needs {wanted} others; got {len(other)}. Pass fewer x.")
    return wanted


def _check_clean(clean, interval):
    is_number = isinstance(clean, Real) and not isinstance(clean, bool)
    if not is_number or not 0 <= clean <= 1 or (clean == 0 and interval[0] == "("):
        raise InputError(f"clean must lie in {interval}; got {clean!r}. It is the share of clean samples, e.g. 0.6")
    return float(clean)


def _rng(seed):
    return np.random.default_rng(check_integer("seed", seed, low=0, remedy="It fixes the draw."))
