"""The recorder: what was measured of every sample in every epoch, in the samples' own order."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.trajectories.logits import are_labels, as_array, measure, number_array
from itlm_kit.trajectories.storage import new_arrays, open_arrays, read_about, write_about

BY_EPOCH = ("losses", "correct", "margin", "confidence", "called")
FIELDS = (*BY_EPOCH, "given")
_LABELS = "labels counted from 0", are_labels
_RULES = {
    "losses": ("numbers or infinity", lambda values: values > -np.inf),  # infinity: a label of probability 0
    "correct": ("true or false", lambda values: (values == 0) | (values == 1)),
    "margin": ("finite", np.isfinite),
    "confidence": ("finite", np.isfinite),
    "called": _LABELS,
    "given": _LABELS,
}


class TrajectoryRecorder:
    """Record loss and correctness of every sample in every epoch: one line in anyone's training loop.

    n: number of samples; epochs: number of epochs. folder: where the memory-mapped .npy files go, so that a million
    samples x 100 epochs stay on disk; None keeps them in memory. measured: "during" when the values come from the
    training pass itself (moving weights, augmentation, no extra pass), "after" when from an evaluation after it.
    .losses, .correct, .margin, .confidence, .called (the class predicted) are float32 arrays of shape (epochs, n) and
    .given, the labels trained on, one of shape (n,); NaN means not seen. Raises InputError for a folder that cannot be
    written to, has no room, or holds a recording.

    >>> recorder = TrajectoryRecorder(n=3, epochs=1)
    >>> recorder.record_logits(0, index=[2, 0], logits=[[4.0, 0.0], [1.0, 3.0]], labels=[0, 0])
    >>> recorder.margin
    array([[-2., nan,  4.]], dtype=float32)
    """

    def __init__(self, n: int, epochs: int, folder: str | Path | None = None, *, measured: str = "during"):
        self.n = check_integer("n", n, remedy="It is the number of samples.")
        self.epochs = check_integer("epochs", epochs, remedy="It is the number of epochs to record.")
        self.measured = check_choice("measured", measured, ("during", "after"))
        self.folder = None if folder is None else Path(folder)
        self._last_epoch, self._classes = 0, None
        vars(self).update(new_arrays(self._shapes, self.folder))
        if self.folder is not None:
            write_about(self.folder, n=self.n, epochs=self.epochs, measured=self.measured)

    def record(
        self,
        epoch: int,
        index: ArrayLike,
        loss: ArrayLike,
        correct: ArrayLike,
        margin: ArrayLike | None = None,
        confidence: ArrayLike | None = None,
        called: ArrayLike | None = None,
        given: ArrayLike | None = None,
    ) -> None:
        """Write the values of the samples `index` in `epoch` (counted from 0).

        index: (m,) whole numbers in 0..n-1, each at most once an epoch. loss, correct and, where given, margin,
        confidence, called (predicted class) and given (label trained on): (m,), arrays or tensors. Raises InputError
        for an index out of range or seen before in this epoch, an epoch out of order, another length, NaN or what else
        a field cannot hold, or a sample whose given label has changed, which tells of an index that does not belong;
        nothing is written then.
        """
        if not self.losses.flags.writeable:
            raise InputError(f"recorder must be a new one; {self.folder} was loaded for reading. Make another.")
        epoch, index = self._check_place(epoch, index)
        values = dict(zip(FIELDS, (loss, correct, margin, confidence, called, given), strict=True))
        rows = {name: _check_values(name, v, index) for name, v in values.items() if v is not None}
        self._check_given(index, rows.get("given"))
        for name, row in rows.items():
            array = getattr(self, name)
            (array[epoch] if name in BY_EPOCH else array)[index] = row
        self._last_epoch = epoch

    def record_logits(self, epoch: int, index: ArrayLike, logits: ArrayLike, labels: ArrayLike) -> None:
        """Write all that a batch's outputs tell: loss (cross-entropy), correct, margin, confidence, called, given.

        logits: (m, classes), before the softmax; labels: (m,), as trained on. Errors as `record`, and InputError for
        logits of another width than before. One line in a PyTorch loop, beside the loss.
        """
        found = measure(logits, labels)
        classes = as_array(logits).shape[1]
        if self._classes not in (None, classes):
            raise InputError(f"logits must have as many columns as before, {self._classes}; got {classes}.")
        self.record(epoch, index, *found, given=labels)
        self._classes = classes

    @property
    def seen(self) -> np.ndarray:
        """(epochs, n) bool: which samples were recorded in which epoch."""
        return ~np.isnan(self.losses)

    def has(self, field: str) -> bool:
        """Whether any value of a field ("losses", "margin", ...) was recorded."""
        array = getattr(self, check_choice("field", field, FIELDS))
        return any(not np.isnan(row).all() for row in np.atleast_2d(array))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Open a recorder's folder for reading, without the model that wrote it; files are mapped, not read."""
        self = cls.__new__(cls)
        self.folder, self._last_epoch, self._classes = Path(folder), 0, None
        self.n, self.epochs, self.measured = read_about(self.folder, ("n", "epochs", "measured"))
        vars(self).update(open_arrays(self._shapes, self.folder))
        return self

    @property
    def _shapes(self):
        return {field: (self.epochs, self.n) if field in BY_EPOCH else (self.n,) for field in FIELDS}

    def _check_place(self, epoch, index):
        epoch = check_integer("epoch", epoch, low=0, remedy="Epochs are counted from 0.")
        if epoch >= self.epochs:
            raise InputError(f"epoch must be below {self.epochs}, the number announced; got {epoch}.")
        if epoch < self._last_epoch:
            raise InputError(f"epochs must come in order; got {epoch} after {self._last_epoch}.")
        index = number_array(index, "index")
        if index.ndim != 1 or not np.issubdtype(index.dtype, np.integer):
            raise InputError(f"index must be a row of whole numbers; got shape {index.shape} of {index.dtype}.")
        if index.size and not (0 <= index.min() and index.max() < self.n):
            raise InputError(f"index must lie in 0..{self.n - 1}; got {index.min()}..{index.max()}.")
        self._check_unseen(epoch, index)
        return epoch, index

    def _check_unseen(self, epoch, index):
        values, counts = np.unique(index, return_counts=True)
        again = values[(counts > 1) | ~np.isnan(self.losses[epoch, values])]
        if again.size:
            raise InputError(f"a sample must be recorded once an epoch; got {again[0]} twice in epoch {epoch}.")

    def _check_given(self, index, given):
        if given is None:
            return
        before = self.given[index]
        changed = ~np.isnan(before) & (before != given)
        if changed.any():
            i = changed.nonzero()[0][0]
            raise InputError(
                f"a sample must keep its given label; sample {index[i]} had {before[i]:g} and now has {given[i]:g}. "
                "The index must count the samples of the data set, not those of a batch."
            )


def _check_values(name, values, index):
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
