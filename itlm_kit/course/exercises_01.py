"""Exercises of notebook 01: the trimming rule, when clean and bad losses lie apart, when the right label is ahead."""

import numpy as np
from sklearn.metrics import roc_auc_score

from itlm_kit.course.checks import Exercise
from itlm_kit.trimming import trim


def _separation(losses, is_clean):
    return [roc_auc_score(~is_clean, row) for row in losses]


def _best_epoch(losses, is_clean):
    return int(np.argmax(_separation(losses, is_clean)))


def _gaps(losses, is_clean):
    return losses[:, ~is_clean].mean(1) - losses[:, is_clean].mean(1)


def _median_gaps(losses, is_clean):
    return np.median(losses[:, ~is_clean], axis=1) - np.median(losses[:, is_clean], axis=1)


def _masked(order, k):
    return np.isin(np.arange(len(order)), order[:k])


def _fewest(classes):
    """The clean shares c with c = (1 - c) / (classes - 1) and c = 1 - c."""
    return 1 / classes, 1 / 2


def _epochs(seed, n=40):
    """Losses (6, n) in which separation rises and falls while one bad loss is huge for some epochs."""
    rng = np.random.default_rng(seed)
    is_clean = rng.permutation(n) < 0.7 * n
    shift = np.array([0.0, 1.0, 2.5, 1.0, 0.5, 0.2])[:, None]
    losses = rng.exponential(size=(6, n)) / np.arange(1, 7)[:, None] + shift * ~is_clean
    losses[:, np.flatnonzero(~is_clean)[0]] += np.array([0, 0, 5, 80, 150, 20])
    return losses, is_clean


_RANDOM = np.random.default_rng(1).exponential(size=12)
# Many equal losses at the cut, and none among the k largest.
_TIES = np.random.default_rng(2).permutation(np.r_[np.linspace(0, 1, 20), np.full(120, 2.0), np.arange(3, 63)])
_FEW = (
    np.array([[0.9, 0.8, 0.7, 0.85, 0.75], [0.5, 0.4, 0.3, 0.6, 0.7], [0.2, 0.1, 0.3, 0.25, 2.0]]),
    np.array([True, True, True, False, False]),
)

EXERCISES = {
    1: Exercise(
        truth=trim,
        mistakes=(
            ("It marks the k largest losses; the k smallest are kept.", lambda losses, k: trim(-losses, k)),
            ("It drops k samples; keep k.", lambda losses, k: trim(losses, max(len(losses) - k, 1))),
            ("It gives indices; a mask has one True or False per sample.", lambda losses, k: np.argsort(losses)[:k]),
            (
                "With ties it keeps more than k: let the lower index win (`kind='stable'`).",
                lambda losses, k: losses <= np.sort(losses)[k - 1],
            ),
            (
                "With ties it keeps fewer than k: of the losses at the cut, keep the first ones.",
                lambda losses, k: losses < np.append(np.sort(losses), np.inf)[k],
            ),
            (
                "It compares `argsort` with k: that says which sample is at each place, not the place of each sample.",
                lambda losses, k: np.argsort(losses) < k,
            ),
            (
                "Of equal losses at the cut it keeps those with the higher index; the lower index wins.",
                lambda losses, k: _masked(np.argsort(losses[::-1], kind="stable"), k)[::-1],
            ),
            (
                "Right but for ties: the default sort leaves equal losses in no fixed order; ask for `kind='stable'`.",
                lambda losses, k: _masked(np.argsort(losses), k),
            ),
            (
                "It marks the first k samples: the mask must be in their order.",
                lambda losses, k: losses * 0 + np.arange(len(losses)) < k,
            ),
            (
                "It gives 0 and 1; a mask is boolean, or NumPy takes it for indices.",
                lambda losses, k: trim(losses, k) * 1,
            ),
        ),
        cases=(
            (np.array([0.3, 2.0, 0.1, 0.7, 5.0]), 3),
            (np.array([1.0, 0.5, 1.0, 3.0, 2.0]), 2),
            (_RANDOM, 7),
            (_RANDOM, 12),
            (_TIES, 50),
        ),
    ),
    2: Exercise(
        truth=_best_epoch,
        mistakes=(
            ("Epochs are counted from 0 here.", lambda losses, is_clean: _best_epoch(losses, is_clean) + 1),
            (
                "That is where they are mixed most; look for the largest separation.",
                lambda losses, is_clean: int(np.argmin(_separation(losses, is_clean))),
            ),
            (
                "The gap of the means is ruled by single huge losses; count the pairs in the right order (AUC).",
                lambda losses, is_clean: int(np.argmax(_gaps(losses, is_clean))),
            ),
            (
                "The gap of the medians grows with the losses themselves; count the pairs in the right order (AUC).",
                lambda losses, is_clean: int(np.argmax(_median_gaps(losses, is_clean))),
            ),
            (
                "That is the epoch with the lowest mean loss, when bad labels are being learnt too.",
                lambda losses, is_clean: int(np.argmin(losses.mean(1))),
            ),
            ("That is the last epoch; separation comes earlier.", lambda losses, is_clean: len(losses) - 1),
            (
                "Asked for is the epoch, not its separation.",
                lambda losses, is_clean: max(_separation(losses, is_clean)),
            ),
        ),
        cases=(_FEW, _epochs(0), _epochs(1)),
    ),
    3: Exercise(
        truth=_fewest,
        mistakes=(
            (
                "Random errors are shared out: each wrong label has (1 - c) / (classes - 1) only, not 1 - c.",
                lambda classes: (1 / 2, 1 / 2),
            ),
            (
                "Solve c = (1 - c) / (classes - 1) for c: the c on the right has to come over.",
                lambda classes: (1 / (classes - 1), 1 / 2),
            ),
            (
                "That is where the right label's pull is above 0; systematic errors can still pull harder.",
                lambda classes: (1 / classes, 1 / classes),
            ),
            ("Random errors first, then systematic ones.", lambda classes: (1 / 2, 1 / classes)),
            ("Asked for are shares of clean samples, not of bad ones.", lambda classes: (1 - 1 / classes, 1 / 2)),
            ("Two shares are asked for: under random errors, and under systematic ones.", lambda classes: 1 / classes),
        ),
        cases=((3,), (10,), (100,)),
    ),
}
