"""What classes are called: their numbers, the labels in the user's own data, and names for people."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError
from itlm_kit.names import listed, rows


@dataclass(frozen=True)
class Classes:
    """The classes of a problem: each has a number, 0, 1, ..., the label that the user's data holds, perhaps a name.

    labels: of each class, in the order of the numbers: text, numbers or any one kind of value. names: one text a class
    (None: the labels say enough). Raises InputError for labels that are missing, of several kinds or there twice, and
    for another number of names.

    >>> classes = Classes.of(["no", "yes", "no"])
    >>> classes.encode(["yes", "no"])
    array([1, 0])
    >>> classes.decode([0, 1])
    array(['no', 'yes'], dtype='<U3')
    """

    labels: tuple
    names: tuple[str, ...] | None = None

    def __post_init__(self):
        labels = _values(as_labels(_as_list(self.labels)))
        object.__setattr__(self, "labels", labels)
        if len(set(labels)) < len(labels):
            again = next(label for label in labels if labels.count(label) > 1)
            raise InputError(f"labels must be one per class; got {again!r} twice. Classes.of finds those of your data.")
        if self.names is not None:
            object.__setattr__(self, "names", tuple(map(str, self.names)))
            if len(self.names) != len(labels):
                raise InputError(f"names must be one per class, {len(labels)}; got {len(self.names)}.")

    @classmethod
    def of(cls, y: ArrayLike, names: Iterable[str] | None = None) -> Self:
        """The classes of the labels y (n,), numbered in their sorted order, as scikit-learn does."""
        return cls(_values(_distinct(as_labels(y))), names)

    def __len__(self):
        return len(self.labels)

    def encode(self, y: ArrayLike, name: str = "labels") -> np.ndarray:
        """The class numbers (n,) of labels y (n,); raises InputError, naming the row, for missing and unknown ones."""
        number_of = {label: number for number, label in enumerate(self.labels)}
        labels = _values(as_labels(y, name))
        numbers = np.array([number_of.get(label, -1) for label in labels], np.int64)
        if (numbers < 0).any():
            row = int(np.argmax(numbers < 0))
            known = listed(map(repr, self.labels))
            raise InputError(f"{name} must be among {known}; {rows([row])}, has {labels[row]!r}.")
        return numbers

    def decode(self, numbers: ArrayLike) -> np.ndarray:
        """The labels (n,) of class numbers (n,); None for -1 and NaN, which stand for not known."""
        return _taken(as_labels(self.labels), numbers)

    def named(self, numbers: ArrayLike) -> np.ndarray:
        """The names (n,) of class numbers (n,), labels where there are no names; None as in `decode`."""
        return _taken(as_labels(self.labels if self.names is None else self.names), numbers)


def as_labels(y: ArrayLike, name: str = "labels") -> np.ndarray:
    """Labels of one kind as an array (n,): numbers, text, or objects.

    Raises InputError, naming the rows, for labels that are missing (None, NaN, NaT, pandas' NA, masked), and for
    labels of several kinds, which sorting and comparing would mix up: 1 and "1".
    """
    array = as_column(y, name)
    missing = np.flatnonzero(missing_labels(array))
    if missing.size:
        raise InputError(f"{name} must not be missing; got none in {rows(missing)}. Label these, or drop them.")
    return _of_one_kind(array, name) if array.dtype == object else array


def label_codes(y: ArrayLike, n: int | None = None, name: str = "labels") -> tuple[np.ndarray, np.ndarray]:
    """Return codes (n,), 0, 1, ... in the order in which labels appear, and the labels they mean.

    Raises InputError as `as_labels`, and for another number of labels than n, where it is given.
    """
    import pandas as pd  # here, so that `import itlm_kit` stays light

    codes, labels = pd.factorize(as_labels(y, name))
    if n is not None and len(codes) != n:
        raise InputError(f"{name} must have one label per sample, {n}; got {len(codes)}.")
    return codes, labels


def as_column(y: ArrayLike, name: str = "labels") -> np.ndarray:
    """Labels as they are, as an array (n,), None where masked; raises InputError for another shape."""
    if np.ma.isMaskedArray(y):
        array = np.where(np.ma.getmaskarray(y), None, y.data.astype(object))
    elif hasattr(y, "detach"):  # a torch tensor
        array = y.detach().cpu().numpy()
    else:
        has_own_kind = isinstance(getattr(y, "dtype", None), np.dtype)
        array = np.asarray(y) if has_own_kind else np.asarray(y, dtype=object)  # else NumPy takes 1 and "a" for text
    if array.ndim != 1:
        raise InputError(f"{name} must hold one label per sample, shape (n,); got shape {array.shape}.")
    return array


def missing_labels(array: np.ndarray) -> np.ndarray:
    """Mask (n,) of the labels that are missing."""
    if array.dtype.kind in "biuSU":
        return np.zeros(array.shape, bool)
    import pandas as pd  # here, so that `import itlm_kit` stays light

    return np.asarray(pd.isna(array))


def _of_one_kind(array, name):
    kinds = [_kind(label) for label in array]
    if len(set(kinds)) > 1:
        row = next(row for row, kind in enumerate(kinds) if kind != kinds[0])
        values = f"{_shown(array[0])}, a {kinds[0]}, and in {rows([row])}, {_shown(array[row])}, a {kinds[row]}"
        raise InputError(f"{name} must be of one kind; got {values}. Make them all text, or all numbers.")
    if kinds and not isinstance(array[0], Hashable):
        raise InputError(f"{name} must be text, numbers or the like; got a {kinds[0]}, {array[0]!r}. Make them text.")
    tight = np.array(array.tolist()) if kinds and kinds[0] in ("text", "number", "truth") else array
    return tight if tight.tolist() == array.tolist() else array  # NumPy rounds large numbers, and ends text at a NUL


def _shown(label):
    return repr(label.item() if isinstance(label, np.generic) else label)


def _kind(label: Any) -> str:
    if isinstance(label, bool | np.bool_):
        return "truth"
    return "text" if isinstance(label, str) else "number" if isinstance(label, Real) else type(label).__name__


def _distinct(labels):
    try:
        return np.unique(labels)
    except TypeError as error:  # objects that have no order
        raise InputError(f"labels must have an order; {error}. Make them text.") from error


def _as_list(values):
    return values if hasattr(values, "dtype") else list(values)


def _values(array):
    """A tuple of plain Python values where NumPy has such: it finds 1 where 1.0 was stored, and JSON takes them."""
    return tuple(array.tolist() if array.dtype.kind in "biufSU" else array)


def _taken(values, numbers):
    numbers = np.asarray(numbers, float)
    known = numbers >= 0  # false for NaN
    if known.all():
        return values[numbers.astype(int)]
    taken = np.full(numbers.shape, None, object)
    taken[known] = values.astype(object)[numbers[known].astype(int)]
    return taken
