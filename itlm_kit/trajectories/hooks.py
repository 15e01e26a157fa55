"""Recording in loops that are not ours: a DataLoader that tells indices, and estimators with partial_fit."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.classes import Classes, as_labels
from itlm_kit.errors import InputError
from itlm_kit.files import as_path
from itlm_kit.names import rows
from itlm_kit.trajectories.known_as import KnownAs, index_of, keep_known_as, row_names
from itlm_kit.trajectories.recorder import TrajectoryRecorder


class Indexed:
    """A data set whose samples carry their index: (index, x, y) where the given one has (x, y).

    dataset: anything with a length and samples by number, as torch's map-style data sets. A DataLoader collates it as
    any other, with shuffling and workers. Raises InputError for a data set without a length.

    >>> import torch
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> from itlm_kit import TrajectoryRecorder
    >>> data, model = TensorDataset(torch.randn(10, 4), torch.arange(10) % 3), torch.nn.Linear(4, 3)
    >>> recorder = TrajectoryRecorder(n=len(data), epochs=1)
    >>> for index, x, y in DataLoader(Indexed(data), batch_size=4, shuffle=True):
    ...     logits = model(x)
    ...     loss = torch.nn.functional.cross_entropy(logits, y)  # ... backward and step as ever
    ...     recorder.record_logits(0, index, logits, y)
    >>> recorder.seen.all()
    np.True_
    """

    def __init__(self, dataset: Any):
        if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
            raise InputError(
                f"dataset must have a length and samples by number; {type(dataset).__name__} has not. "
                "Where samples come as a stream, let each carry its own number."
            )
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        i = range(len(self))[i]  # so that -1 is the last one's number, and an end is an end
        sample = self.dataset[i]
        return (i, *sample) if isinstance(sample, tuple | list) else (i, sample)


def record_partial_fit(
    estimator: Any, x: Any, y: ArrayLike, *, epochs: int, folder: str | Path | None = None
) -> TrajectoryRecorder:
    """Fit a classifier by `epochs` calls of its partial_fit on all samples, and record each sample after each of them.

    estimator: anything with scikit-learn's partial_fit and predict_proba or decision_function; it is left fitted.
    x: (n, ...), y: (n,) labels of any one kind: text, or numbers from anywhere. folder: as for TrajectoryRecorder.
    Returns a recorder (measured "after") whose labels count estimator.classes_; `rank_suspects` shows them as given,
    and beside each sample's position the index of x, or y, where that is a pandas object. Raises InputError for an
    estimator that cannot do this, or was fitted before to other labels, for labels that are not one per row of x,
    missing, fractions or of several kinds, for a single class, and for pandas objects whose rows are in another order.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import SGDClassifier
    >>> from sklearn.preprocessing import scale
    >>> from itlm_kit import rank_suspects
    >>> x, y = load_iris(return_X_y=True)
    >>> recorder = record_partial_fit(SGDClassifier(loss="log_loss", random_state=0), scale(x), y, epochs=5)
    >>> rank_suspects(recorder).shape[0]
    150
    """
    _check_estimator(estimator)
    given = _check_labels(x, y)
    known = KnownAs(_classes(estimator, given), row_names(index_of(x), index_of(y)))
    numbers, everything = known.classes.encode(given), np.arange(len(given))
    labels = known.classes.decode(range(len(known.classes)))
    recorder = TrajectoryRecorder(len(given), epochs, folder and as_path(folder, "folder"), measured="after")
    keep_known_as(recorder, known)
    for epoch in range(int(epochs)):
        estimator.partial_fit(x, given, classes=labels)
        recorder.record_logits(epoch, everything, logits_of(estimator, x), numbers)
    return recorder


def _check_estimator(estimator):
    scores = [name for name in ("predict_proba", "decision_function") if hasattr(estimator, name)]
    if not hasattr(estimator, "partial_fit") or not scores:
        raise InputError(
            "estimator must have partial_fit, and predict_proba or decision_function; "
            f"{type(estimator).__name__} has not. Of a pipeline, transform x first and pass its last step."
        )


def _check_labels(x, y):
    shape = tuple(np.shape(y))
    if len(shape) != 1 or np.shape(x)[:1] != shape:
        raise InputError(f"y must have one label per row of x; got shapes {np.shape(x)} and {shape}.")
    labels = as_labels(y, "y")
    fractions = np.flatnonzero(labels % 1) if labels.dtype.kind == "f" else []
    if len(fractions):
        first = f"{rows(fractions[:1])}, has {labels[fractions[0]]:g}"
        raise InputError(
            f"y must hold text or whole numbers as labels; {first}. Numbers to predict are for TrimmedLeastSquares."
        )
    return labels


def _classes(estimator, y):
    """Those that it was fitted to before, else those of y, in the order of its outputs."""
    classes = Classes(estimator.classes_) if hasattr(estimator, "classes_") else Classes.of(y)
    unknown = [label for label in Classes.of(y).labels if label not in classes.labels]
    if unknown:
        raise InputError(f"y must hold labels that the estimator was fitted to before; got {unknown[0]}. Clone it.")
    if len(classes) < 2:
        raise InputError(f"y must hold labels of two classes at least; got {len(classes)}.")
    return classes


def logits_of(estimator: Any, x: Any) -> np.ndarray:
    """(n, classes) outputs whose softmax is what the estimator predicts."""
    if hasattr(estimator, "predict_proba"):
        probabilities = np.asarray(estimator.predict_proba(x), float)
        return np.log(np.maximum(probabilities, np.finfo(float).tiny))  # some are exactly 0
    scores = np.asarray(estimator.decision_function(x), float)
    return scores if scores.ndim == 2 else np.stack([np.zeros_like(scores), scores], axis=1)
