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


def check_index(index, n):
    """Return the index of a batch's samples as an array; InputError unless they are whole numbers in 0..n-1."""
    index = number_array(index, "index")
    if index.ndim != 1 or not np.issubdtype(index.dtype, np.integer):
        raise InputError(f"index must be a row of whole numbers; got shape {index.shape} of {index.dtype}.")
    if index.size and not (0 <= index.min() and index.max() < n):
        raise InputError(f"index must lie in 0..{n - 1}; got {index.min()}..{index.max()}.")
    return index


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


def check_given(index, given, held):
    """Raise InputError unless each sample has one given label, in the batch and with those held before, (n,)."""
    index, given = index[~np.isnan(given)], given[~np.isnan(given)]
    samples, place = np.unique(index, return_inverse=True)
    label = np.empty(len(samples), np.float32)
    label[place] = given
    label = np.where(np.isnan(held[samples]), label, held[samples])[place]
    if (label != given).any():
        i = (label != given).nonzero()[0][0]
        raise InputError(
            f"a sample must keep its given label; sample {index[i]} had {label[i]:g} and now has {given[i]:g}. "
            "The index must count the samples of the data set, not those of a batch."
        )
