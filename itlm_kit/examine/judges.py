"""What models say of rows that they were not fitted to: of classes once, of numbers round after round."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from itlm_kit.choosing import out_of_sample
from itlm_kit.classes import Classes
from itlm_kit.errors import InputError
from itlm_kit.loop import Round, refit_rounds
from itlm_kit.names import listed, readable
from itlm_kit.trajectories.hooks import logits_of
from itlm_kit.trimming import num_kept

if TYPE_CHECKING:
    from pandas import DataFrame


class Verdict(NamedTuple):
    """What was found of each row."""

    ranked: "DataFrame"  # as of rank_suspects: index, row, score, what is given and what models say, why
    alpha: float
    alpha_from: str
    how: str
    cautions: tuple[str, ...] = ()


def held_out_logits(model: BaseEstimator, x: Any, labels: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """Outputs (n, classes), before the softmax, of one clone of a classifier for each fold, fitted to the others.

    x: n rows of a frame, an array or a sparse matrix; labels: (n,), each in two rows at least. Columns are in the
    sorted order of the labels. Raises InputError as `fitted`, and as `out_of_sample`.
    """
    classes = Classes.of(labels)

    def fit(train):
        judge = fitted(model, x, labels, train)
        return lambda held_out: logits_of(judge, take(x, held_out))[:, np.argsort(classes.encode(judge.classes_))]

    return out_of_sample(fit, labels, folds=folds, seed=seed)


def held_out_rounds(
    model: BaseEstimator, x: Any, y: np.ndarray, *, alpha: float, rounds: int, folds: int, seed: int
) -> Iterator[Round]:
    """Rounds of ITLM in which no row is judged by a model that has seen it, so that none is learnt by heart.

    A Round's state is what clones of a regressor predict, (n,), one for each fold, fitted to the rows of the other
    folds that were kept before; losses are squared residuals. Raises InputError as `fitted`. Algorithm 1.
    """

    def fit(kept, t):
        def fit_fold(train):
            judge = fitted(model, x, y, train[kept[train]])
            return lambda held_out: np.asarray(judge.predict(take(x, held_out)), float).reshape(len(held_out))

        return out_of_sample(fit_fold, n=len(y), folds=folds, seed=seed)

    k = num_kept(alpha, len(y))
    return refit_rounds(fit, lambda predicted: (y - predicted) ** 2, n=len(y), k=k, rounds=rounds)


def fitted(model: BaseEstimator, x: Any, y: np.ndarray, rows: np.ndarray) -> BaseEstimator:
    """A clone of a model, fitted to some rows; raises InputError, with the remedy, where it does not take them."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The number of unique classes")  # the task is known
            return clone(model).fit(take(x, rows), y[rows])
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        reason = " ".join(readable(error).split()).split(". ")[0]
        raise InputError(
            f"model must take the table as it is; {in_words(model)} does not: {reason}. "
            "TableColumns of itlm_kit.examine makes numbers of any: model=make_pipeline(TableColumns(), your_model)"
        ) from error


def take(x: Any, rows: np.ndarray) -> Any:
    """Some rows of a frame, an array or a sparse matrix, of the same kind."""
    return x.iloc[rows] if hasattr(x, "iloc") else x[rows]


def in_words(model: BaseEstimator) -> str:
    """What a model is called: by its type, or the type of a pipeline's last step."""
    return type(model.steps[-1][1] if isinstance(model, Pipeline) else model).__name__


def passed_over(columns: list) -> str:
    """Words for the columns that were not used; none where all were."""
    return f"; passed over: {listed(columns)}" if columns else ""
