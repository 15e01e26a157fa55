"""The normal equations of the kept samples, moved from one kept set to the next by the rows that enter and leave."""

import numpy as np
from scipy.linalg import blas, lapack

TRUSTED = 1e-7  # Cholesky is not trusted where a column is explained by the others but for this share
CANCELLED = 1e-2  # sums that subtraction shrank below this share of their size are built afresh
SMALLEST = np.finfo(float).tiny / np.finfo(float).eps  # sums of squares below it have lost digits
REFRESH = 64  # and so are they after this many moves
BLOCK = 512  # rows gathered at a time: they stay in cache


class Untrusted(Exception):
    """Columns are too nearly dependent for the normal equations; least squares needs an orthogonal method."""


def check_condition(factor, squares):
    """Raise Untrusted unless columns are well apart, whatever their units.

    factor: (d, d), the lower Cholesky factor of their Gram matrix; squares: (d,), the diagonal of that matrix.
    """
    scaled = factor / np.sqrt(squares[:, None])
    if squares.min() < SMALLEST or not lapack.dpocon(scaled, float(len(scaled)), uplo="L")[0] > TRUSTED:
        raise Untrusted


class KeptGram:
    """X_S'X_S and X_S'y_S for a kept set S: all that a least-squares update needs to know of S.

    x: (n, d) floats, row by row. Of the matrix only the lower half is kept. `outputs` (n,) is to be set first.
    """

    def __init__(self, x):
        self._x = x
        self._gathered = np.empty((min(BLOCK, len(x)), x.shape[1]))
        self._matrix_of_all = None
        self.outputs = None

    def start(self, everything=False):
        """Let S be all samples where that is asked for, or where their matrix is known already; else none."""
        if not everything and self._matrix_of_all is None:
            return self._empty()
        if self._matrix_of_all is None:
            self._matrix_of_all = blas.dsyrk(1.0, self._x.T, lower=1)
        y = self.outputs
        self._set(self._matrix_of_all.copy("F"), y @ self._x, y @ y, everything=True)

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
        self._factor, theta, failed = lapack.dposv(self._matrix, self._moment, lower=1)
        if failed or not (self._factor.diagonal() ** 2 > TRUSTED * self._matrix.diagonal()).all():
            raise Untrusted
        return theta

    def check_condition(self):
        """Raise Untrusted unless the columns of the set solved last are well apart, whatever their units."""
        check_condition(self._factor, self._matrix.diagonal())

    def descend(self, theta, step, steps):
        """Take gradient steps on half the mean squared loss over S, whose rows need not be read for it."""
        rate = step / np.count_nonzero(self._kept)
        for _ in range(steps):
            theta = blas.dsymv(-rate, self._matrix, theta, beta=1.0, y=theta + rate * self._moment, lower=1)
        return theta

    def _empty(self):
        d = self._x.shape[1]
        self._set(np.zeros((d, d), order="F"), np.zeros(d), 0.0, everything=False)

    def _set(self, matrix, moment, energy, *, everything):
        self._kept, self._moves = np.full(len(self._x), everything), 0
        self._matrix, self._moment, self._energy = matrix, moment, energy
        self._largest, self._most_energy = matrix.diagonal().copy(), energy

    def _add(self, mask, sign):
        index = mask.nonzero()[0]
        for begin in range(0, index.size, BLOCK):
            part = index[begin : begin + BLOCK]
            rows = np.take(self._x, part, axis=0, out=self._gathered[: part.size], mode="clip")
            y = self.outputs[part]
            self._matrix = blas.dsyrk(sign, rows.T, beta=1.0, c=self._matrix, lower=1, overwrite_c=1)
            self._moment += sign * (y @ rows)
            self._energy += sign * (y @ y)
        return index.size

    def _has_cancelled(self):
        diagonal = self._matrix.diagonal()
        self._largest = np.maximum(self._largest, diagonal)
        self._most_energy = max(self._most_energy, self._energy)
        return self._energy < CANCELLED * self._most_energy or (diagonal < CANCELLED * self._largest).any()
