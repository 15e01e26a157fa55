"""The Gram matrix of the kept samples, moved from one kept set to the next by the rows that enter and leave."""

import numpy as np
from scipy.linalg import blas, lapack

TRUSTED = 1e-7  # Cholesky is not trusted where a column is explained by the others but for this share
CANCELLED = 1e-2  # a matrix that subtraction shrank below this share of its size is built afresh
REFRESH = 64  # and so is one after this many moves


class Untrusted(Exception):
    """Columns are too nearly dependent for the normal equations; least squares needs an orthogonal method."""


class KeptGram:
    """Z_S'Z_S for rows Z = [x, y] (n, d+1) and a kept set S: all that a least-squares update needs to know of S.

    The last column of Z may be replaced through `set_outputs`. Only lower halves of matrices are kept.
    """

    def __init__(self, features):
        n, d = features.shape
        self.rows = np.empty((n, d + 1))
        self.rows[:, :-1] = features
        self._gathered = np.empty((n, d + 1))
        self._total = None

    def set_outputs(self, y):
        self.rows[:, -1] = y
        if self._total is not None:
            self._total[-1] = y @ self.rows

    def measure_all(self):
        """Let S be all samples; their matrix is computed once and known from then on."""
        if self._total is None:
            self._total = blas.dsyrk(1.0, self.rows.T, lower=1)
        self._set(self._total.copy("F"), True)

    def start(self):
        """Let S be all samples where their matrix is known, else none."""
        if self._total is None:
            self._empty()
        else:
            self.measure_all()

    def move_to(self, kept):
        """Let S be `kept`, a mask (n,) that the caller leaves alone from now on."""
        changed = kept ^ self._kept
        if np.count_nonzero(changed) > np.count_nonzero(kept) or self._moves == REFRESH:
            self._empty()
            changed = kept
        self._add(changed & kept, 1.0)
        if self._add(changed & self._kept, -1.0) and self._has_cancelled():
            self._empty()
            self._add(kept, 1.0)
        self._kept = kept
        self._moves += 1

    def solve(self):
        """Least squares on S: theta (d,). Raises Untrusted where its rounding errors could show."""
        d = len(self._matrix) - 1
        self._factor, theta, failed = lapack.dposv(self._matrix[:d, :d], self._matrix[d, :d], lower=1)
        pivots = self._factor.diagonal() ** 2
        if failed or not (pivots > TRUSTED * self._matrix.diagonal()[:d]).all():
            raise Untrusted
        return theta

    def check_condition(self):
        """Raise Untrusted unless the columns of the set solved last are well apart, whatever their units."""
        d = len(self._factor)
        scaled = self._factor / np.sqrt(self._matrix.diagonal()[:d, None])
        if not lapack.dpocon(scaled, float(d), uplo="L")[0] > TRUSTED:
            raise Untrusted

    def descend(self, theta, step, steps):
        """Take gradient steps on half the mean squared loss over S, of which only this matrix is read."""
        coefficients = np.append(-theta, 1.0)
        rate = step / np.count_nonzero(self._kept)
        for _ in range(steps):
            coefficients[:-1] -= blas.dsymv(rate, self._matrix, coefficients, lower=1)[:-1]
        return -coefficients[:-1]

    def _empty(self):
        self._set(np.zeros((self.rows.shape[1],) * 2, order="F"), False)

    def _set(self, matrix, everything):
        self._matrix, self._kept = matrix, np.full(len(self.rows), everything)
        self._largest, self._moves = matrix.diagonal(), 0

    def _add(self, mask, sign):
        index = mask.nonzero()[0]
        if index.size:
            rows = np.take(self.rows, index, axis=0, out=self._gathered[: index.size], mode="clip")
            self._matrix = blas.dsyrk(sign, rows.T, beta=1.0, c=self._matrix, lower=1, overwrite_c=1)
        return index.size

    def _has_cancelled(self):
        diagonal = self._matrix.diagonal()
        self._largest = np.maximum(self._largest, diagonal)
        return (diagonal < CANCELLED * self._largest).any()
