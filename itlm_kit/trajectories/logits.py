"""What a classifier's outputs say of each sample and its given label."""

from typing import NamedTuple

import numpy as np

from itlm_kit.classes import as_labels
from itlm_kit.errors import InputError
from itlm_kit.trimming import as_numbers, is_tensor

_NUMBERED = "Others are numbered by Classes.of(y).encode(y)."


class Measured(NamedTuple):
    """One value per sample, (m,) each."""

    loss: np.ndarray  # cross-entropy, nats; NaN where the outputs have no softmax
    correct: np.ndarray  # bool: the largest output is the given label's
    margin: np.ndarray  # given label's output less the largest other one
    confidence: np.ndarray  # probability of the given label
    called: np.ndarray  # the class with the largest output; NaN where the outputs have no softmax


def measure(logits, labels):
    """Measure loss, correctness, margin, confidence and predicted class of each sample; returns a Measured.

    logits: (m, classes), before the softmax (log-probabilities do as well: they differ by a constant a row). A class
    may have -inf, probability 0. Outputs with NaN or +inf, or -inf alone, have no softmax: no loss, and otherwise the
    worst, margin -inf and confidence 0. labels: (m,), given labels in 0..classes-1. Raises InputError for anything
    else. Margin as in Pleiss et al. 2020, section 3; confidence as in Swayamdipta et al. 2020, section 2.
    """
    z, y = check_outputs(logits, labels)
    rows, top = np.arange(len(z)), z.max(1)
    others = z.copy()
    others[rows, y] = -np.inf
    with np.errstate(invalid="ignore"):  # inf - inf, where there is no softmax
        shifted = z - top[:, None]  # so that exp does not overflow
        loss = np.log(np.exp(shifted).sum(1)) - shifted[rows, y]
        margin = z[rows, y] - others.max(1)
    defined = np.isfinite(top)
    called = np.where(defined, z.argmax(1), np.nan)
    worst_where_undefined = (np.where(defined, *pair) for pair in ((margin, -np.inf), (np.exp(-loss), 0)))
    return Measured(loss, called == y, *worst_where_undefined, called)


def check_outputs(logits, labels):
    """Return logits (m, classes) as floats and labels (m,) as whole numbers; InputError unless they fit each other."""
    z = _check_logits(number_array(logits, "logits"))
    return z, _check_labels(as_labels(labels), z.shape)


def are_labels(values):
    """Mask of what can be a label: whole numbers from 0 that float32 holds exactly."""
    return (values >= 0) & (values < 2**24) & (values == np.floor(values))


def as_array(values):
    """A NumPy array of what may be a torch tensor on any device."""
    if not is_tensor(values):
        return np.asarray(values)
    values = values.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()  # NumPy has no bfloat16


def number_array(values, name):
    """As `as_array`, of real numbers alone, for lists of tensors too.

    Raises InputError for text, rows of different lengths, masked values and the like.
    """
    if is_tensor(values):
        return as_array(values)
    if np.ma.is_masked(values):
        raise InputError(f"{name} must not be masked; {np.ma.count_masked(values)} are. Fill them, or leave them out.")
    if isinstance(values, list | tuple) and any(map(is_tensor, values)):
        values = [as_array(value) for value in values]
    return as_numbers(values, name)


def _check_logits(z):
    if z.ndim != 2 or z.shape[1] < 2:
        raise InputError(
            f"logits must have shape (m, classes), at least 2 classes; got {z.shape}. "
            "For a single output z of a two-class model pass the columns 0 and z."
        )
    return z.astype(float)


def _check_labels(y, shape):
    m, classes = shape
    if y.shape != (m,) or not np.issubdtype(y.dtype, np.integer):
        raise InputError(
            f"labels must be {m} whole numbers, one per row of logits; got {y.dtype} of shape {y.shape}. {_NUMBERED}"
        )
    if m and not (0 <= y.min() and y.max() < classes):
        raise InputError(
            f"labels must lie in 0..{classes - 1}, the columns of logits; got {y.min()}..{y.max()}. Leave out "
            f"samples without a label, such as those of an ignore_index. {_NUMBERED}"
        )
    return y
