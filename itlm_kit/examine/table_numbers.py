"""A table with a number for each row: which of them lie far from what the other rows would have."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from itlm_kit.choosing import choose_alpha
from itlm_kit.errors import InputError
from itlm_kit.examine.columns import TableColumns
from itlm_kit.examine.judges import GIVEN, Verdict, held_out_rounds, in_words, passed_over
from itlm_kit.glm import TrimmedLeastSquares
from itlm_kit.names import counted
from itlm_kit.trajectories import rank_suspects

if TYPE_CHECKING:
    from pandas import Index

ROUNDS = 4  # of ITLM with a model of the user's
LOW = 0.5  # the share it is fitted to where alpha is to be read from its residuals
ROUNDING = 1e-9  # residuals below this share of the largest target are none


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

    names: (n,), what the user calls the rows. model None: trimmed least squares on `TableColumns`, alpha None being
    cross-validated. Another model: ITLM as of `held_out_rounds`, alpha None being the share in the lower heap of its
    residuals. Rows that are met exactly are never beyond an alpha that was chosen.
    """
    ask = _line if model is None else _rounds_of(model)
    predicted, chosen, alpha_from, how = ask(x, y, alpha, folds, seed)
    residuals = np.abs(y - predicted)
    if alpha is None:
        chosen = max(chosen, float((residuals <= ROUNDING * np.abs(y).max()).mean()))
    return Verdict(_ranked(residuals, y, predicted, names), chosen, alpha_from, how)


def _line(x, y, alpha, folds, seed):
    columns = TableColumns()
    features = columns.fit_transform(x)
    _check_width(features)
    how = f"trimmed least squares on {counted(features.shape[1], 'standardised column')}"

    def fit(rows, alpha):
        return TrimmedLeastSquares(alpha, random_state=seed).fit(features[rows], y[rows])

    def fit_and_score(train, held_out, alpha):
        return (y[held_out] - fit(train, alpha).predict(features[held_out])) ** 2

    alpha_from = GIVEN if alpha is not None else f"what predicts best the rows left out, by {folds} folds"
    alpha = alpha or choose_alpha(fit_and_score=fit_and_score, n=len(y), folds=folds, seed=seed)
    predicted = fit(np.arange(len(y)), alpha).predict(features)
    return predicted, alpha, alpha_from, how + passed_over(columns.passed_over_)


def _rounds_of(model):
    def ask(x, y, alpha, folds, seed):
        def last(alpha):
            *_, last = held_out_rounds(model, x, y, alpha=alpha, rounds=ROUNDS, folds=folds, seed=seed)
            return last

        alpha_from = GIVEN if alpha is not None else "the share of rows in the lower heap of residuals"
        alpha = alpha or choose_alpha(last(LOW).losses, method="mixture", seed=seed)
        how = f"{in_words(model)} in {ROUNDS} rounds of ITLM, each row by one of {folds} that have not seen it"
        return last(alpha).state, alpha, alpha_from, how

    return ask


def _check_width(features):
    n, d = features.shape
    if 2 * d >= n:
        raise InputError(
            f"x must have twice as many rows as features for least squares; got {n} rows and {d}, a text column "
            "counting once for each value. Leave some out, or pass a model that shrinks, e.g. "
            "model=make_pipeline(TableColumns(), RidgeCV())"
        )


def _ranked(residuals, y, predicted, names):
    import pandas as pd  # here, so that the package stays light

    ranked = rank_suspects(residuals if names is None else pd.Series(residuals, names), by="last_loss").loc[:, :"score"]
    order = ranked["index"]
    target, said = y[order], predicted[order]
    why = [f"given {a:.6g}, predicted {b:.4g}: off by {abs(a - b):.3g}" for a, b in zip(target, said, strict=True)]
    return ranked.assign(target=target, predicted=said, why=why)
