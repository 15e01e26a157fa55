"""The recorder: what was measured of every sample in every epoch, in the samples' own order."""

import warnings
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.files import as_path
from itlm_kit.trajectories.fields import BY_EPOCH, FIELDS, check_field, check_given, check_index
from itlm_kit.trajectories.logits import as_array, measure
from itlm_kit.trajectories.repeats import REPEATS
from itlm_kit.trajectories.storage import lengthen, new_arrays, open_arrays, read_about, write_about

_ABOUT = ("n", "epochs", "measured", "repeats", "first_epoch", "columns")
_MEASURED = ("during", "after")
_SETTLED = {  # said once in a warning each
    "first": "epochs are counted from 0; this loop counts from 1, so its epoch 1 is row 0 of the recording, and so on.",
    "again": "epoch {epoch} is recorded again, after a later one: what it held before is replaced.",
    "nan": "a loss that is no number counts as infinite; sample {sample} has one in epoch {epoch}. "
    "Lower the step size if training diverged.",
    "repeats": "sample {sample} came more than once in epoch {epoch}; by repeats={repeats!r} "
    f"the {{repeats}} of its values counts. The rules are: {', '.join(REPEATS)}.",
}


def _rows_of(name):
    return property(lambda self: self._arrays[name][: self.epochs if name in BY_EPOCH else self.n])


class TrajectoryRecorder:
    """Record loss and correctness of every sample in every epoch: one line in anyone's training loop.

    n: number of samples; epochs: how many epochs to make room for; where more come, the room grows. folder: where the
    memory-mapped .npy files go, so that a million samples x 100 epochs stay on disk; None keeps them in memory.
    measured: "during" when the values come from the training pass itself (moving weights, augmentation, no extra pass),
    "after" when from an evaluation after it. repeats: what becomes of a sample that comes more than once in an epoch:
    its "last" values count, or the "mean" of loss, margin and confidence, and of the others the last.
    .epochs is how many are recorded, .first_epoch what the loop calls the first of them. .losses, .correct, .margin,
    .confidence, .called (the class predicted) are float32 arrays of shape (epochs, n) and .given, the labels trained
    on, one of shape (n,); NaN means not seen. Raises InputError for a folder that cannot be written to, has no room, or
    holds a recording.

    >>> recorder = TrajectoryRecorder(n=3, epochs=1)
    >>> recorder.record_logits(0, index=[2, 0], logits=[[4.0, 0.0], [1.0, 3.0]], labels=[0, 0])
    >>> recorder.margin
    array([[-2., nan,  4.]], dtype=float32)

    What is written outlives a process that is killed: go on with `resume`. A folder has one recorder that writes to it:
    of several processes that train together give each its own, and put them together with `merge_recordings`.
    """

    losses, correct, margin, confidence, called, given = map(_rows_of, FIELDS)

    def __init__(
        self, n: int, epochs: int, folder: str | Path | None = None, *, measured: str = "during", repeats: str = "last"
    ):
        self.n = check_integer("n", n, remedy="It is the number of samples.")
        room = check_integer("epochs", epochs, remedy="It is the number of epochs to make room for.")
        self.measured = check_choice("measured", measured, _MEASURED)
        self.repeats = check_choice("repeats", repeats, REPEATS)
        self.folder = None if folder is None else as_path(folder, "folder")
        self.epochs, self.first_epoch, self.columns = 0, None, None
        self._start(new_arrays(_shapes(room, self.n), self.folder))
        self._note()

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
        """Write the values of the samples `index` in `epoch`, counted from 0.

        index: (m,) whole numbers in 0..n-1. loss, correct and, where given, margin, confidence, called (predicted
        class) and given (label trained on): (m,), arrays or tensors; of the last four NaN means not known. A loss of
        NaN counts as infinite. An epoch that is recorded again after another, or after `resume`, replaces itself whole.
        A loop that counts its epochs from 1 has epoch 1 in row 0.
        Raises InputError for an index out of range, an epoch that leaves one out, another length, what else a field
        cannot hold, or a sample whose given label has changed, which tells of an index that does not belong; nothing is
        written then. What it had to settle it says in a warning, once each: epochs counted from 1, an epoch replaced,
        samples that repeat, a loss that is no number.
        """
        self._record(epoch, index, (loss, correct, margin, confidence, called, given))

    def record_logits(self, epoch: int, index: ArrayLike, logits: ArrayLike, labels: ArrayLike) -> None:
        """Write all that a batch's outputs tell: loss (cross-entropy), correct, margin, confidence, called, given.

        logits: (m, classes), before the softmax; labels: (m,), as trained on. A class may have -inf, probability 0: for
        the given one that is an infinite loss, as are outputs that have no softmax (NaN, +inf). Errors and warnings as
        `record`, and InputError for logits of another width than before. One line in a PyTorch loop, beside the loss.
        """
        found = measure(logits, labels)
        columns = as_array(logits).shape[1]
        if self.columns not in (None, columns):
            raise InputError(f"logits must have as many columns as before, {self.columns}; got {columns}.")
        self._record(epoch, index, (*found, labels))
        if self.columns is None:
            self.columns = columns
            self._note()

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
        return cls._open(folder, "r")

    @classmethod
    def resume(cls, folder: str | Path, n: int | None = None) -> Self:
        """Open a recorder's folder to go on writing, after the process that wrote it has ended or was killed.

        The next epoch may be the first one not recorded or any before it, as a checkpoint has it: each that is recorded
        again replaces itself whole, whether it was cut or not; those after it stay until their turn. n: number of
        samples that the loop has now, to be checked. Raises InputError for a folder that is no recording, or of another
        n; a recorder that had the folder before raises it at its next epoch.
        """
        self = cls._open(folder, "r+")
        if n not in (None, self.n):
            raise InputError(f"n must be that of the recording in {folder}, {self.n}; got {n}. Record to a new folder.")
        self._note()
        return self

    @classmethod
    def _open(cls, folder, mode):
        self = cls.__new__(cls)
        self.folder = as_path(folder, "folder")
        vars(self).update(_checked(read_about(self.folder, _ABOUT), self.folder))
        self._start(open_arrays(_shapes(self.epochs, self.n), self.folder, mode))
        return self

    def _start(self, arrays):
        self._arrays, self._row, self._told = arrays, None, set()  # the epoch being written is in row _row
        self._writer = uuid4().hex

    def _note(self):
        if self.folder is not None:
            write_about(self.folder, writer=self._writer, **{name: getattr(self, name) for name in _ABOUT})

    def _check_writer(self):
        if self.folder is not None and read_about(self.folder, ["writer"])["writer"] != self._writer:
            raise InputError(
                f"a folder must have one recorder that writes to it; another has taken {self.folder}. Where several "
                "processes train together, give each its own folder, and put them together with merge_recordings."
            )

    def _record(self, epoch, index, values):
        if not self.losses.flags.writeable:
            raise InputError(
                f"recorder must be open for writing; {self.folder} was loaded for reading. "
                "Go on with TrajectoryRecorder.resume(folder)."
            )
        epoch = check_integer("epoch", epoch, low=0, remedy="Epochs are counted from 0.")
        row, index = self._row_of(epoch), check_index(index, self.n)
        values = {name: check_field(name, v, index) for name, v in zip(FIELDS, values, strict=True) if v is not None}
        if "given" in values:
            check_given(index, values["given"], self.given)
        settled = dict(self._settled(epoch, row, index, values["losses"]))
        if row != self._row:
            self._begin(epoch, row)
        self._write(index, values)
        for rule in settled.keys() - self._told:
            self._told.add(rule)
            words = _SETTLED[rule].format(epoch=epoch, sample=settled[rule], repeats=self.repeats)
            warnings.warn(words, stacklevel=3)  # at the line in the training loop

    def _row_of(self, epoch):
        first = min(epoch, 1) if self.first_epoch is None else self.first_epoch
        row, due = epoch - first, self.epochs if self._row is None else self._row + 1
        if row < 0:
            raise InputError(f"epoch must be at least {first}, the first one recorded; got {epoch}. Count as before.")
        if row > due:
            raise InputError(
                f"epochs must be recorded one by one, the next is at most {first + due}; got {epoch}. Where only some "
                "are recorded, count those; to go on after a cut, open the folder with TrajectoryRecorder.resume."
            )
        return row

    def _settled(self, epoch, row, index, losses):
        """What this batch makes the recorder settle: (rule, a sample that it is about)."""
        if self.first_epoch is None and row < epoch:
            yield "first", None
        if self._row is not None and row < self._row:
            yield "again", None
        for rule, samples in (("nan", index[np.isnan(losses)]), ("repeats", self._repeated(row, index))):
            if samples.size:
                yield rule, samples[0]

    def _repeated(self, row, index):
        samples, counts = np.unique(index, return_counts=True)
        again = row == self._row and ~np.isnan(self.losses[row, samples])
        return samples[(counts > 1) | again]

    def _begin(self, epoch, row):
        """Make an epoch the one that is written, with nothing in it yet."""
        self._check_writer()
        self._arrays |= lengthen({name: self._arrays[name] for name in BY_EPOCH}, self.folder, row + 1)
        for name in BY_EPOCH:
            self._arrays[name][row] = np.nan
        self.first_epoch, self.epochs = epoch - row, max(self.epochs, row + 1)
        self._row, self._rule = row, REPEATS[self.repeats](self.n)
        self._note()

    def _write(self, index, values):
        values["losses"][np.isnan(values["losses"])] = np.inf
        for name in BY_EPOCH:
            if name in values:
                self._rule.write(name, self._arrays[name][self._row], index, values[name])
        if "given" in values:
            known = ~np.isnan(values["given"])
            self.given[index[known]] = values["given"][known]


def _checked(about, folder):
    """What a folder notes of its recording; raises InputError where it cannot be."""
    try:
        check_integer("n", about["n"])
        check_integer("epochs", about["epochs"], low=0)
        check_choice("measured", about["measured"], _MEASURED)
        check_choice("repeats", about["repeats"], tuple(REPEATS))
        for name, low in {"first_epoch": 0, "columns": 1}.items():
            if about[name] is not None:
                check_integer(name, about[name], low=low)
    except InputError as error:
        raise InputError(
            f"the note of a recording must be whole; that in {folder} is not: {error} Record anew."
        ) from error
    return about


def _shapes(epochs, n):
    return {name: (epochs, n) if name in BY_EPOCH else (n,) for name in FIELDS}
