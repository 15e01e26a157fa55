"""Spectral signatures: poisons stand out along the direction in which a class's features vary most.

Tran, Li & Madry (2018), algorithm 1. The features are those of a network trained on the poisoned set.
"""

from dataclasses import dataclass

import numpy as np

from itlm_kit.defences.features import check_features
from itlm_kit.defences.tasks import Evidence
from itlm_kit.errors import InputError, check_integer

EXCESS = 1.5  # times the expected number of poisons is removed


def spectral_scores(features, y):
    """Squared length (n,) of each sample's features along the top singular vector of its class, centred.

    features: (n, d); y: (n,) labels. Without the centring the vector would point at the class's mean. Raises
    InputError when lengths differ or a feature is not finite.
    """
    features, y = check_features(features, y)
    scores = np.empty(len(y))
    for label in np.unique(y):
        members = y == label
        centred = features[members] - features[members].mean(0)
        top = np.linalg.svd(centred, full_matrices=False)[2][0]
        scores[members] = (centred @ top) ** 2
    return scores


def spectral_kept(features, y, *, expected, target=None, excess=EXCESS):
    """Drop the samples with the highest scores, `excess` x `expected`, of the class `target`, or of every class.

    expected: number of poisons. target: None when it is unknown which class they are labelled as, so that each class
    gives up as many. Returns a bool mask (n,) of the kept. Raises InputError as `spectral_scores`, and for an unknown
    target or a class with no more samples than would be dropped.
    """
    scores, y = spectral_scores(features, y), np.asarray(y)
    remove = int(excess * check_integer("expected", expected, remedy="It is the number of poisons."))
    kept = np.ones(len(y), bool)
    for label in np.unique(y) if target is None else [target]:
        members = np.flatnonzero(y == label)
        if len(members) <= remove:
            raise InputError(f"class {label} must have more than {excess} x expected = {remove}; got {len(members)}.")
        kept[members[np.argsort(-scores[members], kind="stable")[:remove]]] = False
    return kept


@dataclass(frozen=True)
class Spectral:
    """Spectral signatures as an experiment has them; it may be told which class the poisons are labelled as."""

    knows_target: bool = False
    excess: float = EXCESS

    def __call__(self, seen: Evidence) -> np.ndarray:
        target = seen.target if self.knows_target else None
        return spectral_kept(seen.features, seen.labels, expected=seen.expected, target=target, excess=self.excess)


BACKDOOR_DEFENCES = {"spectral": Spectral(), "spectral-target": Spectral(knows_target=True)}
