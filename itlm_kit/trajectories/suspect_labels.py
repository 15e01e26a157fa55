"""The labels in a list of suspects: given and likely, as the user's data has them, and their names."""

from collections.abc import Mapping

import numpy as np

from itlm_kit.classes import Classes, as_column, as_labels, missing_labels
from itlm_kit.errors import InputError
from itlm_kit.names import listed, readable
from itlm_kit.trajectories.logits import are_labels

_AT_A_TIME = 10_000  # samples whose predicted classes are sorted together


def label_numbers(recording, n, *, epochs, given, own, classes):
    """Class numbers {"given", "likely": (n,)}, NaN where not known, and the Classes that they count, or None.

    What nobody knows is left out. own: the Classes kept with the recording, or None. epochs, given, classes and errors
    are those of `rank_suspects`.
    """
    classes = _classes(recording, own, classes)
    numbers = {}
    if given is not None:
        numbers["given"], classes = _numbered(_check_given(given, n), classes, has_field(recording, "called"))
    elif has_field(recording, "given"):
        numbers["given"] = np.asarray(recording.given, float)
    if has_field(recording, "called"):
        numbers["likely"] = _likely(recording.called[:epochs])
    _check_known(numbers, classes)
    return numbers, classes


def label_columns(numbers, classes):
    """Numbers and Classes of `label_numbers` as the user's labels, and as names where classes have them: (n,) each."""
    labels = {name: _as_given(values, classes) for name, values in numbers.items()}
    if classes is None or classes.names is None:
        return labels
    shown = Classes(classes.labels, map(readable, classes.names))
    return labels | {f"{name}_name": shown.named(values) for name, values in numbers.items()}


def has_field(recording, field):
    """Whether a recording has any value of a field; bare losses have none."""
    return hasattr(recording, "has") and recording.has(field)


def _classes(recording, own, told):
    """The classes as the recording has them and as the caller names them; None where neither says anything."""
    if told is None:
        return own
    if isinstance(told, Classes):
        if own is not None and own.labels != told.labels:
            labels = " and not ".join(listed(map(repr, each.labels)) for each in (own, told))
            raise InputError(f"classes must have the labels of the recording, in its order: {labels}.")
        return told
    if own is not None:
        labels = own.labels
    else:
        labels = range(len(told)) if hasattr(recording, "has") or not isinstance(told, Mapping) else tuple(told)
    return Classes(labels, _names(labels, told) if isinstance(told, Mapping) else told)


def _names(labels, told):
    unnamed = [label for label in labels if not isinstance(told.get(label), str)]
    if unnamed:
        raise InputError(
            f"classes must be {{label: name}} for every label; {told!r} has no name for {unnamed[0]!r}. "
            "{name: label} is turned round by {label: name for name, label in classes.items()}."
        )
    return [told[label] for label in labels]


def _numbered(given, classes, is_counted):
    """Class numbers (n,) of the labels given, NaN for missing ones, and the classes, which they tell if nobody else."""
    is_known = ~missing_labels(given)
    if classes is None and is_counted:
        return _check_counted(given, is_known), None
    if not is_known.any():
        return np.full(len(given), np.nan), classes
    labels = as_labels(_filled(given, is_known, given[is_known][0]), "given")
    classes = Classes.of(labels) if classes is None else classes
    numbers = classes.encode(_filled(labels, is_known, classes.labels[0]), "given")
    return np.where(is_known, numbers, np.nan), classes


def _filled(labels, is_known, value):
    """Labels with a value where they are missing, so that errors about the others name the right rows."""
    filled = labels.astype(object)
    filled[~is_known] = value
    return filled


def _check_given(given, n):
    given = as_column(given, "given")
    if len(given) != n:
        raise InputError(f"given must be one label per sample, shape ({n},); got {given.shape}.")
    return given


def _check_counted(given, is_known):
    numbers = as_labels(given[is_known], "given")
    wrong = numbers if numbers.dtype.kind not in "biuf" else numbers[~are_labels(numbers)]
    if wrong.size:
        wrong = wrong[:1].tolist()[0]
        raise InputError(f"given must be labels counted from 0; got {wrong!r}. Number them, or pass Classes of them.")
    return np.where(is_known, given, np.nan).astype(float)


def _check_known(numbers, classes):
    highest = max((np.nanmax(values, initial=0) for values in numbers.values()), default=0)
    if classes is not None and highest >= len(classes):
        raise InputError(f"classes must name every label, up to {highest:.0f}; got {len(classes)} names.")


def _as_given(numbers, classes):
    """Labels as the user's data has them, None where not known."""
    if classes is not None:
        return classes.decode(numbers)
    return [None if np.isnan(number) else int(number) for number in numbers]


def _likely(called):
    parts = [called[:, start : start + _AT_A_TIME] for start in range(0, called.shape[1], _AT_A_TIME)]
    return np.concatenate([_most_often(part) for part in parts])


def _most_often(called):
    """(epochs, m) classes, NaN for not seen -> the most frequent one of each sample, the lower of equals."""
    found, longest, run, before = np.nan, 0, 0, np.nan
    for row in np.sort(called, axis=0):  # equal ones in a row, so that the time does not go with the number of classes
        run = np.where(row == before, run + 1, 1)
        longer = (run > longest) & ~np.isnan(row)
        found, longest, before = np.where(longer, row, found), np.where(longer, run, longest), row
    return found
