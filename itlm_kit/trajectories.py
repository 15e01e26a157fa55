"""Per-sample losses, epoch by epoch, kept on disk, and what can be read off them."""

import json
from pathlib import Path

import numpy as np

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.trimming import is_tensor

FORMAT = 1
FIELDS = ("losses", "correct", "margin", "confidence")


class TrajectoryRecorder:
    """Record loss and correctness of every sample in every epoch: one line in anyone's training loop.

    n: number of samples; epochs: number of epochs. folder: where the memory-mapped .npy files go, so that a million
    samples x 100 epochs stay on disk; None keeps them in memory. measured: "during" when the values come from the
    training pass itself (moving weights, augmentation, no extra pass), "after" when from an evaluation after it.
    .losses, .correct, .margin, .confidence are float32 arrays of shape (epochs, n); NaN means not seen.
    """

    def __init__(self, n, epochs, folder=None, *, measured="during"):
        self.n = check_integer("n", n, remedy="It is the number of samples.")
        self.epochs = check_integer("epochs", epochs, remedy="It is the number of epochs to record.")
        self.measured = check_choice("measured", measured, ("during", "after"))
        self.folder = None if folder is None else Path(folder)
        self._last_epoch = 0
        if self.folder is not None:
            self._make_folder()
        for field in FIELDS:
            setattr(self, field, self._new_array(field))
        if self.folder is not None:
            self._write_about()

    def record(self, epoch, index, loss, correct, margin=None, confidence=None):
        """Write the values of the samples `index` in `epoch` (counted from 0).

        index: (m,) whole numbers in 0..n-1, each at most once an epoch. loss, correct and, where given, margin and
        confidence: (m,), arrays or tensors. Raises InputError for an index out of range or seen before in this
        epoch, an epoch out of order, another length, or NaN; nothing is written then.
        """
        if not self.losses.flags.writeable:
            raise InputError(f"recorder must be a new one; {self.folder} was loaded for reading. Make another.")
        epoch, index = self._check_place(epoch, index)
        values = {"losses": loss, "correct": correct, "margin": margin, "confidence": confidence}
        rows = {name: self._check_values(name, v, index) for name, v in values.items() if v is not None}
        for name, row in rows.items():
            getattr(self, name)[epoch, index] = row
        self._last_epoch = epoch

    @property
    def seen(self):
        """(epochs, n) bool: which samples were recorded in which epoch."""
        return ~np.isnan(self.losses)

    @classmethod
    def load(cls, folder):
        """Open a recorder's folder for reading, without the model that wrote it; files are mapped, not read."""
        folder = Path(folder)
        self = cls.__new__(cls)
        self.n, self.epochs, self.measured = cls._read_about(folder)
        self.folder, self._last_epoch = folder, 0
        for field in FIELDS:
            setattr(self, field, self._open_array(field))
        return self

    def _make_folder(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"folder must be a place to write to; got {self.folder} ({error.strerror}).") from error
        if (self.folder / "recorder.json").exists():
            raise InputError(f"folder must not hold a recording yet; {self.folder} does. Name another, or delete it.")

    def _write_about(self):
        # Last, so that a folder that counts as a recording is whole.
        about = {"format": FORMAT, "n": self.n, "epochs": self.epochs, "measured": self.measured}
        (self.folder / "recorder.json").write_text(json.dumps(about))

    def _new_array(self, field):
        shape = (self.epochs, self.n)
        if self.folder is None:
            return np.full(shape, np.nan, np.float32)
        path = self.folder / f"{field}.npy"
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
        array[:] = np.nan
        return array

    @staticmethod
    def _read_about(folder):
        try:
            about = json.loads((folder / "recorder.json").read_text())
            found = about["format"], about["n"], about["epochs"], about["measured"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"folder must hold a recording (recorder.json); {folder} does not.") from error
        if found[0] != FORMAT:
            raise InputError(f"recording must be of format {FORMAT}; {folder} holds format {found[0]!r}.")
        return found[1:]

    def _open_array(self, field):
        path = self.folder / f"{field}.npy"
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} must be a whole .npy file; it cannot be read ({error}). Record anew.") from error
        if array.shape != (self.epochs, self.n):
            raise InputError(f"{path} must have shape {(self.epochs, self.n)}; got {array.shape}. Record anew.")
        return array

    def _check_place(self, epoch, index):
        epoch = check_integer("epoch", epoch, low=0, remedy="Epochs are counted from 0.")
        if epoch >= self.epochs:
            raise InputError(f"epoch must be below {self.epochs}, the number announced; got {epoch}.")
        if epoch < self._last_epoch:
            raise InputError(f"epochs must come in order; got {epoch} after {self._last_epoch}.")
        index = _as_array(index)
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

    def _check_values(self, name, values, index):
        values = _as_array(values)
        if values.shape != index.shape:
            raise InputError(f"{name} must have one value per index, shape {index.shape}; got {values.shape}.")
        values = values.astype(np.float32)
        if np.isnan(values).any():
            bad = index[np.isnan(values)][0]
            raise InputError(f"{name} must be numbers; sample {bad} has NaN. Lower the step size if training diverged.")
        return values


def rank_suspects(losses, *, epochs=None):
    """Rank samples from most to least suspicious by their mean loss over the epochs in which they were seen.

    losses: a TrajectoryRecorder, or an array (n,) or (epochs, n) with NaN for not seen. epochs: how many of the first
    epochs to use (None: all); early ones tell most, before a network learns bad labels by heart (Figure 1). Returns a
    DataFrame with columns index, score, why. A sample never seen has no score and comes last.
    """
    import pandas as pd  # here, so that `import itlm_kit` stays light

    rows = np.atleast_2d(_as_array(getattr(losses, "losses", losses)))
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise InputError(f"losses must have shape (n,) or (epochs, n); got {rows.shape}.")
    rows = rows[: None if epochs is None else check_integer("epochs", epochs)].astype(float)
    seen = ~np.isnan(rows)
    with np.errstate(invalid="ignore"):
        score = np.where(seen, rows, 0).sum(0) / seen.sum(0)
    order = np.argsort(-score, kind="stable")  # NaN sorts last
    above = np.searchsorted(np.sort(score[~np.isnan(score)]), score, side="left")
    why = [_why(score[i], above[i], seen[:, i].sum()) for i in order]
    return pd.DataFrame({"index": order, "score": score[order], "why": why})


def _why(score, lower, epochs):
    if epochs == 0:
        return "never seen in training"
    plural = "s" if epochs > 1 else ""
    return f"mean loss {score:.3g} over {epochs} epoch{plural}, above {lower} other samples"


def _as_array(values):
    if not is_tensor(values):
        return np.asarray(values)
    values = values.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()  # NumPy has no bfloat16
