"""The centroid filter that Tables 1 and 5 compare ITLM with."""

import numpy as np

from itlm_kit.defences.features import check_features
from itlm_kit.errors import InputError
from itlm_kit.trimming import num_kept, trim


def centroid_kept(x, y, *, alpha):
    """Keep, class by class, the share alpha of samples nearest to the centroid of their class.

    x: (n, ...) inputs; y: (n,) labels. Returns a bool mask (n,). Raises InputError when lengths differ, alpha keeps no
    sample of a class, or, naming the rows, for inputs that are not finite. Appendix E.2, "Centroid".
    """
    if len(x) != len(y):
        raise InputError(f"x and y must have the same length; got {len(x)} and {len(y)}.")
    x, y = check_features(np.asarray(x).reshape(len(x), -1), y, "x")
    kept = np.zeros(len(y), bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        distance = ((x[members] - x[members].mean(0)) ** 2).sum(1)
        kept[members] = trim(distance, num_kept(alpha, len(members)))
    return kept


def unit_norm(x):
    """The samples x (n, ...) as float64 rows (n, d) of Euclidean norm 1; a sample of zeros stays as it is."""
    rows = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms, norms, 1)
