"""A list for people: samples ranked by suspicion, each with its reasons."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.files import write_atomically, writing_to
from itlm_kit.trajectories.logits import are_labels, as_array, number_array
from itlm_kit.trajectories.recorder import TrajectoryRecorder
from itlm_kit.trajectories.scores import SCORES, recorded_scores

if TYPE_CHECKING:
    from pandas import DataFrame

_WORDS = {
    "last_loss": lambda score: f"last loss {score:.3g}",
    "mean_loss": lambda score: f"mean loss {score:.3g}",
    "aum": lambda score: f"mean margin {-score:.3g}",
    "forgetting": lambda score: f"forgotten {_counted(int(score), 'time')}",
    "low_confidence": lambda score: f"mean probability of its label {1 - score:.3g}",
    "low_variability": lambda score: f"probability of its label varies by {-score:.3g}",
    "first_learned": lambda score: f"first called by its label in epoch {score:.0f}, counted from 0",
}
_NEVER = ("forgetting", "first_learned")  # where inf says so
_AT_A_TIME = 10_000  # samples whose predicted classes are sorted together


def rank_suspects(
    recording: TrajectoryRecorder | ArrayLike,
    *,
    by: str = "mean_loss",
    epochs: int | None = None,
    given: ArrayLike | None = None,
    classes: Sequence[str] | None = None,
) -> "DataFrame":
    """Rank samples from most to least suspicious, with the reasons.

    recording: a TrajectoryRecorder, or losses (n,) or (epochs, n) with NaN for not seen. by: a name in SCORES; where
    logits were recorded "aum" found most (experiment scores). epochs: how many of the first epochs to use (None: all):
    early ones tell most where a network learns bad labels by heart (Figure 1). given: (n,) labels, whole numbers, where
    the recording has none. classes: their names.
    Returns a DataFrame: index, score, given and likely (the label most often predicted) where known, why, in words, and
    every other score that was recorded. A sample never seen has no score and comes last. Raises InputError for an
    unknown score, one that the recording lacks (bare losses have those of losses alone), another number of labels, or
    what can be no label.
    """
    import pandas as pd  # here, so that `import itlm_kit` stays light

    epochs = None if epochs is None else check_integer("epochs", epochs)
    score = _score(recording, check_choice("by", by, SCORES), epochs)
    labels = _labels(recording, given, epochs, len(score))
    columns = {"score": score, **{name: _named(values, classes) for name, values in labels.items()}}
    columns["why"] = _reasons(recording, by, score, epochs, columns)
    if hasattr(recording, "has"):
        columns |= {name: SCORES[name](recording, epochs) for name in recorded_scores(recording) if name != by}
    order = np.argsort(-score, kind="stable")  # NaN sorts last
    return pd.DataFrame({"index": order, **{name: np.asarray(values)[order] for name, values in columns.items()}})


def write_suspects(frame: "DataFrame", path: str | Path) -> Path:
    """Write a frame of suspects as CSV (UTF-8, whole or not at all); returns its Path.

    Raises InputError where the file is there already, since people add their notes to such lists, or cannot be written.
    """
    path = Path(path)
    if path.exists():
        raise InputError(f"path must be a new file, so that no notes are lost; {path} is there. Name another.")
    with writing_to(path.parent):
        write_atomically(path, lambda file: file.write(frame.to_csv(index=False).encode()))
    return path


def _score(recording, by, epochs):
    if not hasattr(recording, "has") and by not in recorded_scores(recording):
        raise InputError(f"{by} needs {SCORES[by].field}; got bare losses. Record with record_logits.")
    return SCORES[by](recording, epochs)


def _labels(recording, given, epochs, n):
    """{"given": (n,), "likely": (n,)} floats, NaN where not known; what nobody knows is left out."""
    known = {}
    if given is not None:
        known["given"] = _check_given(number_array(given, "given").astype(float), n)
    elif _has(recording, "given"):
        known["given"] = np.asarray(recording.given, float)
    if _has(recording, "called"):
        called = recording.called[:epochs]
        parts = [called[:, start : start + _AT_A_TIME] for start in range(0, n, _AT_A_TIME)]
        known["likely"] = np.concatenate([_most_often(part) for part in parts])
    return known


def _check_given(given, n):
    if given.shape != (n,):
        raise InputError(f"given must be one label per sample, shape ({n},); got {given.shape}.")
    wrong = given[~(are_labels(given) | np.isnan(given))]
    if wrong.size:
        raise InputError(f"given must be labels counted from 0; got {wrong[0]:g}. Number them; classes names them.")
    return given


def _has(recording, field):
    return hasattr(recording, "has") and recording.has(field)


def _most_often(called):
    """(epochs, m) classes, NaN for not seen -> the most frequent one of each sample, the lower of equals."""
    found, longest, run, before = np.nan, 0, 0, np.nan
    for row in np.sort(called, axis=0):  # equal ones in a row, so that the time does not go with the number of classes
        run = np.where(row == before, run + 1, 1)
        longer = (run > longest) & ~np.isnan(row)
        found, longest, before = np.where(longer, row, found), np.where(longer, run, longest), row
    return found


def _named(labels, classes):
    """Labels as whole numbers or names, None where not known."""
    names = classes if classes is not None else range(int(np.nanmax(labels, initial=0)) + 1)
    if len(names) <= np.nanmax(labels, initial=0):
        raise InputError(f"classes must name every label, up to {np.nanmax(labels):.0f}; got {len(names)} names.")
    return [None if np.isnan(label) else names[int(label)] for label in labels]


def _reasons(recording, by, score, epochs, columns):
    losses = np.atleast_2d(as_array(getattr(recording, "losses", recording)))[:epochs]
    seen = sum((~np.isnan(row)).astype(int) for row in losses)
    clauses = [_place(by, score, seen)]
    if _has(recording, "correct"):
        clauses.append(_agreement(recording.correct[:epochs], seen))
    if {"given", "likely"} <= columns.keys():
        clauses.append(_another(columns["given"], columns["likely"]))
    return ["; ".join(filter(None, parts)) for parts in zip(*clauses, strict=True)]


def _place(by, score, seen):
    above = np.searchsorted(np.sort(score[~np.isnan(score)]), score, side="left")
    return [
        f"{_in_words(by, value, count)}, above {_counted(lower, 'other sample')}"
        if not np.isnan(value) else f"no {by}" if count else "never seen in training"
        for value, lower, count in zip(score, above, seen, strict=True)
    ]  # fmt: skip


def _in_words(by, score, seen):
    words = "never called by its label" if score == np.inf and by in _NEVER else _WORDS[by](score)
    return f"{words} over {_counted(seen, 'epoch')}"


def _agreement(correct, seen):
    agreed = sum((row == 1).astype(int) for row in correct)
    pairs = zip(agreed, seen, strict=True)
    return [f"called by its label in {some} of {_counted(count, 'epoch')}" if count else None for some, count in pairs]


def _another(given, likely):
    pairs = zip(given, likely, strict=True)
    return [f"given {g}, most often called {c}" if c is not None and c != g else None for g, c in pairs]


def _counted(count, noun):
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
