"""What a table's target is: classes, or numbers to predict."""

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone, is_classifier, is_regressor

from itlm_kit.classes import as_column, as_labels, missing_labels
from itlm_kit.errors import InputError, check_choice
from itlm_kit.names import listed, rows

TASKS = ("classes", "numbers")
MOST_CLASSES = 20  # different whole numbers, up to which they are taken for classes,
FEWEST_EACH = 5  # where each stands for as many rows at least on the average


def task_of(y: ArrayLike, *, task: str | None = None, model: Any = None) -> str:
    """Whether y (n,) holds "classes" or "numbers": as `task` says, or the model is a classifier or a regressor.

    Else by rule: text, truth values and pandas' categories are classes, and so are whole numbers of at most 20 values
    that each stand for 5 rows on the average; other numbers are numbers. Raises InputError for another task, and for
    more than one column.
    """
    if np.ndim(y) == 2:
        raise InputError(f"y must be one column, shape (n,); got shape {np.shape(y)}. Take y.iloc[:, 0], or y.ravel().")
    if task is not None:
        return check_choice("task", task, TASKS)
    if model is not None and (is_classifier(model) or is_regressor(model)):
        return "classes" if is_classifier(model) else "numbers"
    return "classes" if _look_like_classes(y) else "numbers"


def as_classes(y: ArrayLike) -> np.ndarray:
    """Labels (n,); raises InputError for missing ones, a single class, and a class of one sample."""
    labels = as_labels(y, "y")
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise InputError(f"y must hold two classes at least; got {len(classes)}. Is it the right column?")
    if counts.min() < 2:
        alone = classes[counts == 1].tolist()
        where = np.flatnonzero(np.isin(labels, alone))
        raise InputError(
            f"a class must have two rows at least, one to be judged by the other; {len(alone)} of {len(classes)} have "
            f"one: {listed(map(repr, alone), most=3)}, in {rows(where)}. Merge them with others, or drop them; numbers "
            'to predict are task="numbers".'
        )
    return labels


def as_targets(y: ArrayLike) -> np.ndarray:
    """Numbers to predict (n,), float; raises InputError, naming the rows, for missing and infinite ones, and text."""
    values = as_column(y, "y")
    missing = np.flatnonzero(missing_labels(values))
    if missing.size:
        raise InputError(f"y must not be missing; got none in {rows(missing)}. Fill these in, or drop them.")
    numbers = np.array([_number(value) for value in values.tolist()])
    odd = np.flatnonzero(~np.isfinite(numbers))
    if odd.size:
        first = f"{values.tolist()[odd[0]]!r} in {rows(odd)}"
        raise InputError(f'y must hold finite numbers; got {first}. Set it right; labels are task="classes".')
    return numbers


def check_model(model: Any) -> Any:
    """Return a scikit-learn model, or None; raise InputError for anything else."""
    try:
        if model is not None:
            clone(model)
    except (TypeError, RuntimeError) as error:
        example = "e.g. LogisticRegression(), with its brackets"
        raise InputError(f"model must be a scikit-learn model or Pipeline, {example}; got {model!r}.") from error
    return model


def check_task(model: Any, task: str) -> None:
    """Raise InputError for a model, other than None, that does not do the task."""
    if model is None:
        return
    if is_regressor(model) if task == "classes" else is_classifier(model):
        raise InputError(f"model must be for {task}, as task says; {type(model).__name__} is not. Pass another.")
    says = ("predict_proba", "decision_function") if task == "classes" else ("predict",)
    if not any(hasattr(model, name) for name in says):
        raise InputError(
            f"model must have {' or '.join(says)}: rows rank by how sure it is. {type(model).__name__} has not; pass "
            "another, e.g. LogisticRegression(), or ask it for probabilities, as by VotingClassifier(voting='soft')."
        )


def _look_like_classes(y):
    if hasattr(getattr(y, "dtype", None), "categories"):
        return True
    values = as_column(y, "y")
    known = values[~missing_labels(values)].tolist()
    if not known or not all(isinstance(value, Real | Decimal) and not isinstance(value, bool) for value in known):
        return True
    different = set(known)
    is_whole = all(np.isfinite(value) and value == int(value) for value in map(float, different))
    return is_whole and len(different) <= min(MOST_CLASSES, len(known) / FEWEST_EACH)


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
