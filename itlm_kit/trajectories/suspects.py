"""A list for people: samples ranked by suspicion, each with its reasons."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.classes import Classes
from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.files import new_place, write_atomically, writing_to
from itlm_kit.names import counted, readable
from itlm_kit.trajectories.did_it_train import diagnose, warn_unless_trained
from itlm_kit.trajectories.known_as import index_of, known_as, row_names
from itlm_kit.trajectories.logits import number_array
from itlm_kit.trajectories.recorder import TrajectoryRecorder
from itlm_kit.trajectories.scores import SCORES, recorded_scores
from itlm_kit.trajectories.suspect_labels import has_field, label_columns, label_numbers

if TYPE_CHECKING:
    from pandas import DataFrame

_WORDS = {
    "last_loss": lambda score: f"last loss {score:.3g}",
    "mean_loss": lambda score: f"mean loss {score:.3g}",
    "aum": lambda score: f"mean margin {-score:.3g}",
    "forgetting": lambda score: f"forgotten {counted(int(score), 'time')}",
    "low_confidence": lambda score: f"mean probability of its label {1 - score:.3g}",
    "low_variability": lambda score: f"probability of its label varies by {-score:.3g}",
    "first_learned": lambda score: f"first called by its label in epoch {score:.0f}, counted from 0",
}
_NEVER = ("forgetting", "first_learned")  # where inf says so


def rank_suspects(
    recording: TrajectoryRecorder | ArrayLike,
    *,
    by: str = "mean_loss",
    epochs: int | None = None,
    given: ArrayLike | None = None,
    classes: Classes | Sequence[str] | Mapping[Any, str] | None = None,
) -> "DataFrame":
    """Rank samples from most to least suspicious, with the reasons.

    recording: a TrajectoryRecorder, or losses (n,) or (epochs, n) with NaN, or a mask, for not seen. by: a name in
    SCORES; where logits were recorded "aum" found most (experiment scores). epochs: how many of the first epochs to use
    (None: all): early ones tell most where a network learns bad labels by heart (Figure 1). given: (n,) labels where
    the recording has none. classes: names, in the order of the class numbers or as {label: name}; or Classes, which
    say what labels the numbers of the recording stand for.
    Returns a DataFrame. index is the sample's position, counted from 0, for `.iloc` and arrays; row, where a pandas
    object came in, is what its own index calls the sample, for `.loc`. Then score, given and likely (the label most
    often predicted), both as in the user's data; given_name and likely_name where classes have names; why, in words;
    and every other score that was recorded. A sample never seen has no score and comes last. Raises InputError for an
    unknown score, one that the recording lacks (bare losses have those of losses alone), another number of labels,
    labels that the recording does not know, or names that leave one out. Warns (DidNotTrain) where the model looks as
    if it had not trained in these epochs (`diagnose`): of bare losses only that they do not fall is seen.
    """
    import pandas as pd  # here, so that `import itlm_kit` stays light

    epochs = None if epochs is None else check_integer("epochs", epochs)
    known, recording = known_as(recording), _as_recorded(recording)
    score = _score(recording, check_choice("by", by, SCORES), epochs)
    rows = row_names(known.rows, index_of(given))
    told = {"given": given, "own": known.classes, "classes": classes}
    numbers, classes = label_numbers(recording, len(score), epochs=epochs, **told)
    found = diagnose(recording, epochs=epochs, given=numbers.get("given"), classes=classes)
    warn_unless_trained(found, "This list" if epochs is None else f"A list of the first {counted(epochs, 'epoch')}")
    columns = {"score": score, **label_columns(numbers, classes)}
    columns["why"] = _reasons(recording, by, score, epochs, columns)
    if hasattr(recording, "has"):
        columns |= {name: SCORES[name](recording, epochs) for name in recorded_scores(recording) if name != by}
    if rows is not None:
        columns = {"row": _check_rows(rows, len(score)), **columns}
    order = np.argsort(-score, kind="stable")  # NaN sorts last
    return pd.DataFrame({"index": order, **{name: _in_order(values, order) for name, values in columns.items()}})


def write_suspects(frame: "DataFrame", path: str | Path) -> Path:
    """Write a frame of suspects as CSV (UTF-8, whole or not at all); returns its Path.

    A mark at the start tells spreadsheets of UTF-8 where there is more than ASCII. Bytes of file names that are no
    UTF-8 are written out, as \\xe9. Raises InputError where the file is there already, since people add their notes to
    such lists, or cannot be written.
    """
    path = new_place(path)
    text = readable(frame.to_csv(index=False))
    with writing_to(path.parent):
        write_atomically(path, lambda file: file.write(text.encode("utf-8" if text.isascii() else "utf-8-sig")))
    return path


def _as_recorded(recording):
    """A recorder as it is, bare losses as an array, NaN where they are masked."""
    if hasattr(recording, "has"):
        return recording
    is_masked = np.ma.isMaskedArray(recording)
    return number_array(np.ma.filled(recording.astype(float), np.nan) if is_masked else recording, "losses")


def _in_order(values, order):
    """A column of the list; text as objects, since pandas' columns of text may refuse a file's name."""
    import pandas as pd

    values = np.asarray(values)[order]
    return pd.Series(values, dtype=object) if values.dtype.kind in "OU" else values


def _check_rows(rows, n):
    if len(rows) != n:
        raise InputError(f"a recording must have a row of the frame for each of its {n} samples; got {len(rows)}.")
    return rows.to_flat_index()


def _score(recording, by, epochs):
    if not hasattr(recording, "has") and by not in recorded_scores(recording):
        raise InputError(f"{by} needs {SCORES[by].field}; got bare losses. Record with record_logits.")
    return SCORES[by](recording, epochs)


def _reasons(recording, by, score, epochs, columns):
    losses = np.atleast_2d(getattr(recording, "losses", recording))[:epochs]
    seen = sum((~np.isnan(row)).astype(int) for row in losses)
    clauses = [_place(by, score, seen)]
    if has_field(recording, "correct"):
        clauses.append(_agreement(recording.correct[:epochs], seen))
    if {"given", "likely"} <= columns.keys():
        clauses.append(_another(columns))
    reasons = ["; ".join(filter(None, parts)) for parts in zip(*clauses, strict=True)]
    return np.array(reasons, dtype=object)  # as an array of text each would take the room of the longest


def _place(by, score, seen):
    above = np.searchsorted(np.sort(score[~np.isnan(score)]), score, side="left")
    return (
        f"{_in_words(by, value, count)}, more suspicious than {counted(lower, 'other sample')}"
        if not np.isnan(value) else f"no {by}" if count else "never seen in training"
        for value, lower, count in zip(score, above, seen, strict=True)
    )  # fmt: skip


def _in_words(by, score, seen):
    words = "never called by its label" if score == np.inf and by in _NEVER else _WORDS[by](score)
    return f"{words} over {counted(seen, 'epoch')}"


def _agreement(correct, seen):
    agreed = sum((row == 1).astype(int) for row in correct)
    pairs = zip(agreed, seen, strict=True)
    return (f"called by its label in {some} of {counted(count, 'epoch')}" if count else None for some, count in pairs)


def _another(columns):
    given, likely = columns["given"], columns["likely"]
    words = [columns.get(f"{name}_name", columns[name]) for name in ("given", "likely")]
    return (
        readable(f"given {said}, most often called {called}") if None not in (g, c) and g != c else None
        for g, c, said, called in zip(given, likely, *words, strict=True)
    )
