"""Gauss-Newton steps through a bent link by normal equations, moved by the rows whose slope or membership changes."""

import numpy as np
from scipy.linalg import blas, lapack

from itlm_kit.glm.gram import CANCELLED, REFRESH, Untrusted, check_condition

MANY = 0.3  # of the samples: a fresh matrix costs less than to move it by so many rows


class SlopedGram:
    """X'WX with weights w'(u)^2 on kept samples and 0 elsewhere, for a table x (n, d) that is not copied.

    A kinked link has few slopes, of which few change in a step; where many do, the matrix is built afresh.
    """

    def __init__(self, x):
        self._x = x
        self._weights, self._kept, self._moves = None, None, REFRESH

    def keep(self, kept):
        """Let the steps that follow be on these samples, a mask (n,)."""
        self._kept = kept

    def newton_step(self, x, y, theta, link, loss):
        """What `path.newton_step` computes for the squared loss, (d,). x, y: the kept samples.

        Raises Untrusted where columns are too nearly dependent for normal equations.
        """
        u = x @ theta
        slope = link.slope(u)
        weights = np.zeros(len(self._x))
        weights[self._kept] = slope**2
        self._move_to(weights)
        return self._solve((slope * (y - link.value(u))) @ x)

    def _move_to(self, weights):
        if self._moves == REFRESH or self._is_far(weights) or self._cancels(weights - self._weights):
            d = self._x.shape[1]
            self._matrix, self._moves = np.zeros((d, d), order="F"), 0
            self._add(weights, 1.0)
            self._largest = self._matrix.diagonal().copy()
        self._weights = weights
        self._moves += 1

    def _is_far(self, weights):
        return np.count_nonzero(weights != self._weights) > MANY * len(weights)

    def _cancels(self, change):
        """Move the matrix by `change`; true where that lost digits."""
        self._add(np.maximum(change, 0), 1.0)
        self._add(np.maximum(-change, 0), -1.0)
        diagonal = self._matrix.diagonal()
        self._largest = np.maximum(self._largest, diagonal)
        return (diagonal < CANCELLED * self._largest).any()

    def _add(self, weights, sign):
        index = weights.nonzero()[0]
        rows = self._x[index] * np.sqrt(weights[index, None])
        self._matrix = blas.dsyrk(sign, rows.T, beta=1.0, c=self._matrix, lower=1, overwrite_c=1)

    def _solve(self, downhill):
        factor, move, failed = lapack.dposv(self._matrix, downhill, lower=1)
        if failed:
            raise Untrusted
        check_condition(factor, self._matrix.diagonal())
        return move
