"""Generalized cross-entropy: a loss between the cross-entropy and the absolute error (Zhang & Sabuncu 2018).

Samples that the network calls otherwise pull less at its weights, by the factor p^q, instead of being dropped.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from torch.nn import functional

from itlm_kit.defences.tasks import Fitted, LabelTask
from itlm_kit.errors import check_share
from itlm_kit.vision.itlm import round_seed
from itlm_kit.vision.training import train

Q = 0.7  # theirs, section 4


def generalized_cross_entropy(logits, labels, *, q=Q, reduction="none"):
    """(1 - p^q) / q with p the probability of the given label, (n,), or its mean or sum; eq. (6) there.

    logits: (n, classes); labels: (n,). q: in (0, 1]; towards 0 it is the cross-entropy, at 1 half the absolute error.
    Called as torch's own losses, so that a Recipe can carry it. Raises InputError for q outside.
    """
    check_share("q", q, remedy=f"The paper's is {Q}.")
    log_p = -functional.cross_entropy(logits, labels, reduction="none")
    losses = -(q * log_p).expm1() / q  # by the logarithm, exact also where p^q is nearly 1
    return {"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction]


@dataclass(frozen=True)
class GeneralizedCrossEntropy:
    """All samples for the whole budget, by this loss."""

    q: float = Q
    step_factor: float = 2.0  # its gradients are smaller than the cross-entropy's

    def __call__(self, task: LabelTask) -> Fitted:
        loss, step_size = partial(generalized_cross_entropy, q=self.q), self.step_factor * task.training.step_size
        how = replace(task.training, loss=loss, step_size=step_size)
        epochs, everything = round(task.budget), np.ones(len(task.samples), bool)
        return Fitted(train(task.samples, everything, how, epochs=epochs, seed=round_seed(task.seed, 0)), epochs)


LABEL_RIVALS = {"gce": GeneralizedCrossEntropy()}
