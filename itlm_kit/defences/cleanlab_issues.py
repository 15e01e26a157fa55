"""Confident learning: label errors named by out-of-sample probabilities, through the package cleanlab (an extra)."""

import numpy as np

from itlm_kit.defences.tasks import Fitted, LabelTask
from itlm_kit.errors import InputError
from itlm_kit.extras import needs
from itlm_kit.trajectories.logits import check_outputs


def cleanlab_kept(y, logits):
    """Mask (n,) of the samples in which cleanlab finds no label error. Northcutt et al. (2021).

    y: (n,) given labels in 0..classes-1; logits: (n, classes), as `logits_out_of_sample` gives them. How many errors
    there are is cleanlab's own estimate. Raises MissingExtra without cleanlab, InputError when the logits are not one
    finite row per label, a column per class.
    """
    needs("cleanlab")
    from cleanlab.filter import find_label_issues
    from scipy.special import softmax

    logits, y = check_outputs(logits, y)
    _check_finite(logits)
    return ~find_label_issues(y, softmax(logits, axis=1), n_jobs=1)


def _check_finite(logits):
    bad = (~np.isfinite(logits).all(1)).nonzero()[0]
    if bad.size:
        raise InputError(f"logits must be finite; row {bad[0]} is not. Lower the step size if training diverged.")


def cleanlab_then_train(task: LabelTask) -> Fitted:
    """Drop what cleanlab names by out-of-sample outputs, then train once."""
    needs("cleanlab")  # before five networks are trained for it
    logits, passes = task.out_of_sample()
    kept = cleanlab_kept(task.samples.y.cpu(), logits)
    return task.train_once(kept, passes, kept)


LABEL_RIVALS = {"cleanlab": cleanlab_then_train}
