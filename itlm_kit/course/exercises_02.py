"""Exercises of notebook 02: the exact trimmed loss, and the breakdown point."""

from itertools import combinations

import numpy as np

from itlm_kit.course.checks import Exercise


def _fit(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _squares(x, y, theta):
    return (y - x @ theta) ** 2


def _exact(x, y, k):
    subsets = (list(rows) for rows in combinations(range(len(y)), k))
    return min(_squares(x[rows], y[rows], _fit(x[rows], y[rows])).sum() for rows in subsets)


def _from_ols(x, y, k, refits):
    """The k smallest squares after so many refits from the fit on all samples."""
    theta = _fit(x, y)
    for _ in range(refits):
        rows = np.argsort(_squares(x, y, theta))[:k]
        theta = _fit(x[rows], y[rows])
    return np.sort(_squares(x, y, theta))[:k].sum()


def _first_rows(x, y, k):
    return _squares(x[:k], y[:k], _fit(x[:k], y[:k])).sum()


def _sample(seed, n, d):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = x @ np.ones(d) + 0.1 * rng.normal(size=n)
    x[: n // 3, 0] += 4  # leverage: one start from all samples goes astray
    y[: n // 3] -= 6
    return x, y


def _breakdown(n, k):
    return min(n - k + 1, k)


_NOISE = np.random.default_rng(9).normal(size=(10, 3))  # no pattern: from one start, trimming ends in a local minimum

EXERCISES = {
    1: Exercise(
        truth=_exact,
        mistakes=(
            (
                "It trims the residuals of one fit on all samples; refit on each subset.",
                lambda x, y, k: _from_ols(x, y, k, 0),
            ),
            (
                "It trims and refits once, as one round does; the exact minimum looks at every subset.",
                lambda x, y, k: _from_ols(x, y, k, 1),
            ),
            (
                "It iterates to a fixed set from one start: a local minimum. Try every subset.",
                lambda x, y, k: _from_ols(x, y, k, 50),
            ),
            ("It gives the mean; the trimmed loss is a sum.", lambda x, y, k: _exact(x, y, k) / k),
            ("It fits all n samples: leave n - k out.", lambda x, y, k: _exact(x, y, len(y))),
            ("It drops k samples; keep k.", lambda x, y, k: _exact(x, y, len(y) - k)),
            ("It looks at the first k samples only.", _first_rows),
        ),
        cases=(
            (np.ones((5, 1)), np.array([1.0, 1.2, 0.9, 1.1, 8.0]), 4),
            (*_sample(0, 9, 2), 6),
            (*_sample(1, 8, 1), 5),
            (_NOISE[:, :2], _NOISE[:, 2], 6),
        ),
    ),
    2: Exercise(
        truth=_breakdown,
        mistakes=(
            ("One too few: with n - k moved samples, k good ones are left to keep.", lambda n, k: n - k),
            ("Think of k small: k samples moved together fit each other without any loss.", lambda n, k: n - k + 1),
            ("One suffices for least squares on all samples (k = n); trimming stands more.", lambda n, k: 1),
            ("That holds for small k; with k above n / 2 it takes fewer.", lambda n, k: k),
            ("That is the best any k can do; here k is given.", lambda n, k: (n + 1) // 2),
            ("Asked for is a number of samples, not a share.", lambda n, k: _breakdown(n, k) / n),
        ),
        cases=((10, 10), (10, 7), (10, 3), (11, 6), (100, 75)),
    ),
}
