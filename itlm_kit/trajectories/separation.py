"""How well a score tells bad samples from clean ones, judged with the truth: ROC curves and the areas under them."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from itlm_kit.errors import InputError
from itlm_kit.trajectories import SCORES, recorded_scores


class Roc(NamedTuple):
    """Shares dropped when samples are dropped from the most suspicious on, those of equal score together."""

    bad: np.ndarray  # (m,) share of the bad samples dropped: true positives
    clean: np.ndarray  # (m,) share of the clean samples dropped: false positives
    index: np.ndarray  # (m,) the last sample dropped; the first entry is before any, -1


def auc(score, is_clean):
    """Area under the ROC curve: how often a bad sample's score is above a clean one's, ties half; NaN for one kind.

    score: (n,), NaN for samples to leave out, inf allowed. is_clean: (n,) bool.
    """
    score, is_bad, _ = _known(score, is_clean)
    if is_bad.all() or not is_bad.any():
        return np.nan
    return float(roc_auc_score(is_bad, np.unique(score, return_inverse=True)[1]))  # ranks, since scores may be inf


def roc(score, is_clean):
    """The ROC curve of a score as a Roc; arguments as `auc`."""
    score, is_bad, index = _known(score, is_clean)
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(np.unique(score, return_inverse=True)[1][order]) != 0, True))
    bad, clean = (np.append(0, kind[order].cumsum()[last] / max(1, kind.sum())) for kind in (is_bad, ~is_bad))
    return Roc(bad, clean, np.append(-1, index[order][last]))


def auc_by_epoch(recording, is_clean, names=None):
    """One row per epoch: {"epoch": counted from 0, score: its AUC from the epochs so far, ...}, five decimals.

    names: scores to judge (None: all that were recorded).
    """
    names = recorded_scores(recording) if names is None else names
    each = zip(*(SCORES[name].by_epoch(recording) for name in names), strict=True)
    return [
        {"epoch": epoch, **{name: round(auc(score, is_clean), 5) for name, score in zip(names, scores, strict=True)}}
        for epoch, scores in enumerate(each)
    ]


def _known(score, is_clean):
    score, is_clean = np.asarray(score, float), np.asarray(is_clean)
    if score.ndim != 1 or is_clean.shape != score.shape or is_clean.dtype != bool:
        raise InputError(f"is_clean must be bool of shape {score.shape}; got {is_clean.dtype} of {is_clean.shape}.")
    known = ~np.isnan(score)
    return score[known], ~is_clean[known], known.nonzero()[0]
