"""What a defence that looks at samples as points takes: a finite row of features and a label for each."""

import numpy as np

from itlm_kit.classes import as_labels
from itlm_kit.errors import InputError
from itlm_kit.names import rows


def check_features(features, y, name="features"):
    """Features as float64 (n, d) and labels (n,); raises InputError unless there are some, a finite row per label."""
    features, y = np.asarray(features, dtype=np.float64), as_labels(y)
    if features.ndim != 2 or 0 in features.shape or y.shape != (len(features),):
        raise InputError(f"{name} must have shape (n, d), one row per label; got {features.shape} and {y.shape}.")
    bad = np.flatnonzero(~np.isfinite(features).all(1))
    if bad.size:
        remedy = "Fill these or drop them; lower the step size if training diverged."
        raise InputError(f"{name} must be finite; got NaN or infinity in {rows(bad)}. {remedy}")
    return features, y
