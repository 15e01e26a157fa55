"""A table with a number for each row: which of them lie far from what the other rows would have."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from itlm_kit.choosing import choose_alpha, out_of_sample
from itlm_kit.errors import InputError
from itlm_kit.examine.columns import TableColumns
from itlm_kit.examine.judges import Verdict, held_out_rounds, in_words, passed_over
from itlm_kit.examine.report import GIVEN
from itlm_kit.glm import TrimmedLeastSquares
from itlm_kit.names import counted
from itlm_kit.trajectories import rank_suspects

if TYPE_CHECKING:
    from pandas import Index

LOW = 0.5  # the share fitted to where alpha is to be read from the residuals
STARTS = 10  # of trimmed least squares, since one alone is misled by slips in the columns
ROUNDS = 4  # of ITLM with a model of the user's
ROWS_EACH = 3  # for each feature, below which a fit to half of them says too little of the others
ROUNDING = 1e-9  # residuals below this share of the largest target are none
LITTLE = 0.9  # median residual, as a share of that without columns, from which these say little


def judged_numbers(
    x: Any,
    y: np.ndarray,
    names: "Index | None",
    *,
    model: BaseEstimator | None,
    alpha: float | None,
    folds: int,
    seed: int,
) -> Verdict:
    """Rank rows by how far y (n,) lies from what is predicted for them by a fit to the share alpha of rows.

    names: (n,), what the user calls the rows. model None: trimmed least squares on `TableColumns`; another goes through
    ITLM as of `held_out_rounds`. alpha None: the share in the lower of two heaps of residuals, all where there is one
    heap, under fits to half of the other folds; a row that is met exactly is never beyond it.
    """
    parts = {"folds": folds, "seed": seed}
    held_out, predict, how = _line(x, y, **parts) if model is None else _rounds(model, x, y, **parts)
    chosen = _lower_heap(y, held_out(LOW), seed) if alpha is None else alpha
    predicted = predict(chosen)
    alpha_from = GIVEN if alpha is not None else "the share of rows in the lower heap of residuals"
    return Verdict(_ranked(y, predicted, names), chosen, alpha_from, how, tuple(_little_said(y, predicted)))


def _line(x, y, *, folds, seed):
    columns = TableColumns()
    features = columns.fit_transform(x)
    _check_width(*features.shape)

    def fit(alpha, rows):
        return TrimmedLeastSquares(alpha, n_init=STARTS, random_state=seed).fit(features[rows], y[rows])

    def held_out(alpha):
        def fit_fold(train):
            line = fit(alpha, train)
            return lambda rows: line.predict(features[rows])

        return out_of_sample(fit_fold, n=len(y), folds=folds, seed=seed)

    how = f"trimmed least squares on {counted(features.shape[1], 'standardised column')}"
    return held_out, lambda alpha: fit(alpha, slice(None)).predict(features), how + passed_over(columns.passed_over_)


def _rounds(model, x, y, *, folds, seed):
    def predict(alpha):
        *_, last = held_out_rounds(model, x, y, alpha=alpha, rounds=ROUNDS, folds=folds, seed=seed)
        return last.state

    how = f"{in_words(model)} in {ROUNDS} rounds of ITLM, each row by one of {folds} that have not seen it"
    return predict, predict, how


def _lower_heap(y, predicted, seed):
    residuals = np.abs(y - predicted)
    exact = float((residuals <= ROUNDING * np.abs(y).max()).mean())
    return max(exact, choose_alpha(residuals**2, method="mixture", seed=seed))


def _check_width(n, features):
    if n < ROWS_EACH * features:
        raise InputError(
            f"x must have {ROWS_EACH} rows for each feature for least squares; got {n} rows and {features}, text "
            "counting one for each value. Leave columns out, or pass a model that shrinks, e.g. "
            "model=make_pipeline(TableColumns(), RidgeCV())"
        )


def _ranked(y, predicted, names):
    import pandas as pd  # here, so that the package stays light

    residuals = np.abs(y - predicted)
    ranked = rank_suspects(residuals if names is None else pd.Series(residuals, names), by="last_loss")
    target, said = y[ranked["index"]], predicted[ranked["index"]]
    why = [f"given {a:.6g}, predicted {b:.4g}: off by {abs(a - b):.3g}" for a, b in zip(target, said, strict=True)]
    return ranked.loc[:, :"score"].assign(target=target, predicted=said, why=why)


def _little_said(y, predicted):
    """A caution where predictions are hardly nearer than the same number for all rows would be."""
    off, spread = np.median(np.abs(y - predicted)), np.median(np.abs(y - np.median(y)))
    if off > max(LITTLE * spread, ROUNDING * np.abs(y).max()):
        yield (
            "The columns say little of y, so that suspects are hardly more than its extremes: half of the predictions "
            f"are off by {off:.3g} or more, and by {spread:.3g} if all were one number. Add columns that tell."
        )
