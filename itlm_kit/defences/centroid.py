"""The centroid filter that Tables 1 and 5 compare ITLM with."""

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.trimming import num_kept, trim


def centroid_kept(x, y, *, alpha):
    """Keep, class by class, the share alpha of samples nearest to the centroid of their class.

    x: (n, ...) inputs; y: (n,) labels. Returns a bool mask (n,). Raises InputError when lengths differ or alpha keeps
    no sample of a class. Appendix E.2, "Centroid".
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y)
    if len(x) != len(y):
        raise InputError(f"x and y must have the same length; got {len(x)} and {len(y)}.")
    x = x.reshape(len(x), -1)
    kept = np.zeros(len(y), bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        distance = ((x[members] - x[members].mean(0)) ** 2).sum(1)
        kept[members] = trim(distance, num_kept(alpha, len(members)))
    return kept
