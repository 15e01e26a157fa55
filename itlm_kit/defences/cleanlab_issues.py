"""Confident learning: label errors named by out-of-sample probabilities, through the package cleanlab (an extra)."""

from importlib.util import find_spec

import numpy as np

from itlm_kit.errors import InputError


def cleanlab_kept(y, logits):
    """Mask (n,) of the samples in which cleanlab finds no label error. Northcutt et al. (2021).

    y: (n,) given labels; logits: (n, classes), out of sample, as `out_of_sample` gives them. How many errors there are
    is cleanlab's own estimate. Raises InputError when cleanlab is missing, or the logits are not one finite row per
    label.
    """
    if find_spec("cleanlab") is None:
        raise InputError("this needs cleanlab, which is not installed. Run: pip install 'itlm_kit[peers]'")
    from cleanlab.filter import find_label_issues
    from scipy.special import softmax

    y, logits = np.asarray(y), np.asarray(logits, dtype=np.float64)
    if logits.ndim != 2 or y.shape != (len(logits),) or not np.isfinite(logits).all():
        raise InputError(f"logits must have a finite row per label; got shapes {logits.shape} and {y.shape}.")
    return ~find_label_issues(y, softmax(logits, axis=1), n_jobs=1)
