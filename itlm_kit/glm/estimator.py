"""Trimmed least squares as a scikit-learn regressor."""

import warnings
from functools import partial
from typing import Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from itlm_kit.choosing import choose_alpha
from itlm_kit.errors import InputError
from itlm_kit.glm.path import Path
from itlm_kit.glm.trimmed import multistart_trimmed_squares

FOLDS = 5  # of the cross-validation that alpha="auto" stands for


class TrimmedLeastSquares(RegressorMixin, BaseEstimator):
    """Least squares on the share alpha of samples it fits best: ITLM with full updates.

    alpha: share to keep, in (0, 1], or "auto": cross-validated (`choose_alpha`). n_init: starts; 1 is the fit on all
    samples, which bad leverage points mislead, more are random besides. reweight: fit once more to all samples within
    a robust scale. max_rounds: updates at most; it stops once the kept set returns or its loss no longer falls, and
    warns (ConvergenceWarning) where neither comes.
    After `fit`: coef_ (d,), intercept_, support_ (n,) bool (samples fitted to), alpha_, n_iter_ (rounds until the kept
    set stood), path_ (Path of those rounds, thetas as coef_ with intercept_ last). Where the samples kept do not settle
    the coefficients, they are those of minimum norm for centred features. Dense, finite data only. Algorithm 1.
    """

    def __init__(
        self,
        alpha: float | str = 0.8,
        *,
        n_init: int = 1,
        reweight: bool = False,
        fit_intercept: bool = True,
        max_rounds: int = 100,
        random_state: int | RandomState | None = None,
    ):
        self.alpha = alpha
        self.n_init = n_init
        self.reweight = reweight
        self.fit_intercept = fit_intercept
        self.max_rounds = max_rounds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to X (n, d), y (n,); returns self. Raises ValueError for other shapes, or values that are not finite."""
        least = FOLDS if isinstance(self.alpha, str) else 1
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=least)
        y = y.astype(np.float64)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.alpha_ = self._choose(X, y, seed) if isinstance(self.alpha, str) else self.alpha
        centre = X.mean(0) if self.fit_intercept else np.zeros(X.shape[1])
        table = np.column_stack([X - centre, np.ones(len(X))]) if self.fit_intercept else X
        found = multistart_trimmed_squares(
            table, y, alpha=self.alpha_, n_init=self.n_init, rounds=self.max_rounds, reweight=self.reweight, seed=seed
        )
        self.support_ = found.kept
        self.coef_, self.intercept_ = self._coefficients(found.theta, centre)
        self.n_iter_ = len(found.path.kept)
        self.path_ = self._in_units_of(found.path, centre)
        if 1 < self.n_iter_ == self.max_rounds:
            warnings.warn(
                f"the kept set still changed in round {self.n_iter_}, the last. Raise max_rounds, or look at path_.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # scikit-learn's checks set any `alpha` to 0.01, taking it for a penalty: a fit to 1 % of samples scores poorly.
        tags.regressor_tags.poor_score = True
        return tags

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict (m,) for X (m, d)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return X @ self.coef_ + self.intercept_

    def _choose(self, X, y, seed):
        if self.alpha != "auto":
            raise InputError(f"alpha must be a share in (0, 1] or 'auto'; got {self.alpha!r}.")
        return choose_alpha(fit_and_score=partial(self._fit_and_score, X, y), n=len(y), folds=FOLDS, seed=seed)

    def _fit_and_score(self, X, y, train, held_out, alpha):
        settings = {**self.get_params(), "alpha": alpha, "reweight": False}
        return (y[held_out] - type(self)(**settings).fit(X[train], y[train]).predict(X[held_out])) ** 2

    def _coefficients(self, theta, centre):
        if not self.fit_intercept:
            return theta, 0.0
        return theta[:-1], float(theta[-1] - centre @ theta[:-1])

    def _in_units_of(self, path, centre):
        thetas = path.thetas.copy()
        if self.fit_intercept:
            thetas[:, -1] -= thetas[:, :-1] @ centre
        return Path(thetas, path.kept)
