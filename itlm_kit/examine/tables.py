"""A table in, with a class or a number to predict for each row; an Examination out."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import BaseEstimator

from itlm_kit.errors import InputError, check_integer
from itlm_kit.examine.examination import Examination
from itlm_kit.examine.examining import examined, groups_of
from itlm_kit.examine.reading import as_frame, read_columns
from itlm_kit.examine.table_classes import judged_classes
from itlm_kit.examine.table_numbers import judged_numbers
from itlm_kit.examine.targets import as_classes, as_targets, check_model, check_task, task_of
from itlm_kit.names import counted, listed
from itlm_kit.trajectories.known_as import index_of, row_names
from itlm_kit.trimming import check_alpha

MOST_COLUMNS = 2000  # that are made numbers of, and shown


def table(
    x: Any,
    y: ArrayLike,
    *,
    task: str | None = None,
    model: BaseEstimator | None = None,
    alpha: float | None = None,
    groups: Any = None,
    folds: int = 5,
    seed: int = 0,
) -> Examination:
    """Examine a table: which rows have a wrong class, or a wrong number?

    x: n rows, columns of any kind, values missing where they are: a frame, an array (n, d) or a sparse matrix. y: (n,)
    classes, or numbers to predict. task: "classes" or "numbers"; None: as the model says, or else by a rule: text,
    truth values, categories, and whole numbers of at most 20 values, 5 rows each on the average, are classes.
    model: a scikit-learn classifier, regressor or Pipeline that takes x as it is; it is cloned, and never fitted
    itself. None: one of ours on `TableColumns`. alpha: the share to keep; None: chosen. groups: (n,) labels, or
    "class", where that share of each group is to be kept.

    Classes: `folds` clones each judge a part that they have not seen; rows rank by the margin of their label, and alpha
    is how often the clones agree with the labels. By default the model is randomised trees.
    Numbers: rows rank by their residuals from trimmed least squares, or from a model of yours after rounds of ITLM, in
    which each row is judged by a clone that has not seen it. alpha is the share in the lower of two heaps of residuals,
    and 1 where there is one heap.
    The suspects have columns given and likely, or target and predicted, and row where pandas names rows. Warns, in the
    report too, of columns that repeat y, and of columns that say little of it. Raises InputError, with the remedy, for
    what cannot be read or judged.
    """
    alpha = None if alpha is None else check_alpha(alpha)
    check_integer("folds", folds, low=2, remedy="It is the number of parts, each judged by models of the others.")
    task = task_of(y, task=task, model=check_model(model))
    check_task(model, task)
    target = as_classes(y) if task == "classes" else as_targets(y)
    frame = _check_size(as_frame(x), len(target), model, folds)
    names = row_names(index_of(x), index_of(y))
    groups = groups_of(groups, target if task == "classes" else None, len(target))
    judge = judged_classes if task == "classes" else judged_numbers
    found = judge(_as_taken(x, frame, model), target, names, model=model, alpha=alpha, folds=folds, seed=seed)
    source = f"a table of {counted(len(target), 'row')} and {counted(frame.shape[1], 'column')}"
    looks = _beside_target(frame, target, getattr(y, "name", None))
    found = found._replace(cautions=(*_leaks(frame, target, task), *found.cautions))
    for caution in found.cautions:
        warnings.warn(caution, stacklevel=2)
    return examined(**found._asdict(), source=source, groups=groups, looks=looks)


def _check_size(frame, n, model, folds):
    if len(frame) != n:
        raise InputError(f"x and y must have a row for each sample; got {len(frame):,} and {n:,}.")
    if folds > n:
        raise InputError(f"folds must be at most the {n} rows; got {folds}. Every part needs one.")
    if model is None and frame.shape[1] > MOST_COLUMNS:
        raise InputError(
            f"x must have at most {MOST_COLUMNS:,} columns, or a model of yours that takes more, e.g. "
            f"model=LogisticRegression(); got {frame.shape[1]:,}."
        )
    return frame


def _as_taken(x, frame, model):
    """What models are given: numbers and words for ours; for the user's own what came, in rows that can be taken."""
    if model is None:
        return read_columns(frame)
    return x.tocsr() if issparse(x) else frame if hasattr(x, "iloc") else frame.to_numpy()


def _leaks(frame, target, task):
    leaks = [name for name, column in frame.iloc[:, :MOST_COLUMNS].items() if _tells_all(column, target, task)]
    if leaks:
        yield f"Columns that repeat y, right or wrong: {listed(map(repr, leaks))}. Leave them out: they hide errors."


def _tells_all(column, target, task):
    """Whether a column is the target over again, by other names perhaps where it is classes."""
    import pandas as pd  # here, so that the package stays light

    if task == "numbers":
        return np.array_equal(pd.to_numeric(column.astype(object), errors="coerce"), target)
    both = pd.DataFrame({"column": column.astype(object).map(repr), "target": target})
    return both["column"].nunique() == both["target"].nunique() == len(both.drop_duplicates())


def _beside_target(frame, target, name):
    """What a page shows of each row."""
    looks = frame.iloc[:, :MOST_COLUMNS].set_axis(frame.columns[:MOST_COLUMNS].to_flat_index(), axis=1)
    looks.insert(looks.shape[1], "target" if name is None else name, target, allow_duplicates=True)
    return looks
