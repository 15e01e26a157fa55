"""What is recorded of each sample, and what each field can hold."""

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.trajectories.logits import are_labels, number_array

BY_EPOCH = ("losses", "correct", "margin", "confidence", "called")
FIELDS = (*BY_EPOCH, "given")
_LABELS = "labels counted from 0", lambda values: are_labels(values) | np.isnan(values)
_RULES = {  # NaN: a loss that is no number, and otherwise what is not known
    "losses": ("numbers or infinity", lambda values: values != -np.inf),
    "correct": ("true or false", lambda values: (values == 0) | (values == 1)),
    "margin": ("numbers or infinity", lambda values: np.full(values.shape, True)),
    "confidence": ("finite", lambda values: ~np.isinf(values)),
    "called": _LABELS,
    "given": _LABELS,
}


def check_field(name, values, index):
    """Return the values of a field as float32, one per index; raise InputError for what it cannot hold."""
    values = number_array(values, name)
    if values.shape != index.shape:
        raise InputError(f"{name} must have one value per index, shape {index.shape}; got {values.shape}.")
    with np.errstate(over="ignore"):  # too large for float32 is infinity, and judged as that
        values = values.astype(np.float32)
    rule, fits = _RULES[name]
    if not fits(values).all():
        i = (~fits(values)).nonzero()[0][0]
        remedy = " Lower the step size if training diverged." if not np.isfinite(values[i]) else ""
        raise InputError(f"{name} must be {rule}; sample {index[i]} has {values[i]:g}.{remedy}")
    return values
