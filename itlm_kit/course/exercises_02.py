"""Exercises of notebook 02: the exact trimmed loss, the breakdown point, what an update gains, another loss."""

from itertools import combinations, pairwise

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.loop import itlm_rounds
from itlm_kit.trimming import trim


def _fit(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _squares(x, y, theta):
    return (y - x @ theta) ** 2


def _subsets(y, k):
    return map(list, combinations(range(len(y)), k))


def _exact(x, y, k):
    return min(_squares(x[rows], y[rows], _fit(x[rows], y[rows])).sum() for rows in _subsets(y, k))


def _best_rows(x, y, k):
    return min(_subsets(y, k), key=lambda rows: _squares(x[rows], y[rows], _fit(x[rows], y[rows])).sum())


def _over_all(x, y, k):
    """Fits to every subset, each judged on all n samples."""
    return min(_squares(x, y, _fit(x[rows], y[rows])).sum() for rows in _subsets(y, k))


def _absolute(x, y, k):
    """As the truth, with absolute values in place of squares once a subset is fitted."""
    return min(np.sqrt(_squares(x[rows], y[rows], _fit(x[rows], y[rows]))).sum() for rows in _subsets(y, k))


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


def _fall(x, kept, theta, new):
    return ((x[kept] @ (theta - new)) ** 2).sum()


def _fall_case(seed, n, d):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.permutation(n) < n // 2, rng.normal(size=d), rng.normal(size=d)


def _distance(values, theta):
    return np.abs(values - theta)


def _last_round(values, k, theta, centre=np.median, losses=_distance):
    """The Round in which theta stands still."""
    rounds = itlm_rounds(theta, lambda theta: losses(values, theta), lambda theta, kept, t: centre(values[kept]), k=k)
    return next(now for before, now in pairwise(rounds) if now.state == before.state)


def _settle(*args, **kwargs):
    return _last_round(*args, **kwargs).state


_NOISE = np.random.default_rng(9).normal(size=(10, 3))  # no pattern: from one start, trimming ends in a local minimum
_VALUES = np.random.default_rng(3).gamma(1.5, 3.0, 21)  # crowded on one side, so that mean and median part

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
            (
                "It judges each fit on all n samples; only the k samples of its subset count.",
                _over_all,
            ),
            ("It adds up absolute residuals; the loss is their square.", _absolute),
            (
                "It gives an array of one number, as `np.linalg.lstsq` returns sums of squares; take the number out.",
                lambda x, y, k: np.array([_exact(x, y, k)]),
            ),
            ("It gives the indices of the best subset; asked for is the loss on it.", _best_rows),
            (
                "It gives a mask of the best subset; asked for is the loss on it.",
                lambda x, y, k: np.isin(np.arange(len(y)), _best_rows(x, y, k)),
            ),
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
            ("That is about half of them, the most that any k needs; here k is given.", lambda n, k: n // 2),
            (
                "It takes the larger of the two numbers; the adversary takes the cheaper way.",
                lambda n, k: max(n - k + 1, k),
            ),
            ("Asked for is a number of samples, not a share.", lambda n, k: _breakdown(n, k) / n),
        ),
        cases=((10, 10), (10, 7), (10, 3), (11, 6), (100, 75)),
    ),
    3: Exercise(
        truth=_fall,
        mistakes=(
            (
                "It adds over all rows of x; the sum runs over the kept ones.",
                lambda x, kept, theta, new: _fall(x, np.full(len(x), True), theta, new),
            ),
            (
                "That is how far theta moves; the loss feels it through the rows of x.",
                lambda x, kept, theta, new: ((theta - new) ** 2).sum(),
            ),
            (
                "Close: that is right for one number. With features, k turns into the kept rows of x.",
                lambda x, kept, theta, new: kept.sum() * ((theta - new) ** 2).sum(),
            ),
            (
                "The square is missing: a shift counts whatever its sign.",
                lambda x, kept, theta, new: (x[kept] @ (theta - new)).sum(),
            ),
            (
                "That is the root of it; the loss is a sum of squares.",
                lambda x, kept, theta, new: np.sqrt(_fall(x, kept, theta, new)),
            ),
            (
                "It gives the mean; the loss is a sum.",
                lambda x, kept, theta, new: _fall(x, kept, theta, new) / kept.sum(),
            ),
            (
                "The sign: asked for is by how much the sum falls.",
                lambda x, kept, theta, new: -_fall(x, kept, theta, new),
            ),
            (
                "Twice too much: the term linear in the shift is zero, the square stays once.",
                lambda x, kept, theta, new: 2 * _fall(x, kept, theta, new),
            ),
        ),
        cases=(
            (np.array([[1.0], [2.0], [3.0]]), np.array([True, True, False]), np.array([1.0]), np.array([0.0])),
            _fall_case(0, 6, 2),
            _fall_case(1, 9, 3),
        ),
    ),
    4: Exercise(
        truth=_settle,
        mistakes=(
            (
                "It moves to the mean, which minimises squares. Which number minimises the sum of |y - theta|?",
                lambda values, k, theta: _settle(values, k, theta, centre=np.mean),
            ),
            (
                "It makes one round; go on until theta stands still.",
                lambda values, k, theta: np.median(values[trim(_distance(values, theta), k)]),
            ),
            ("It does not move theta at all.", lambda values, k, theta: theta),
            ("That is the median of all values: nothing is trimmed.", lambda values, k, theta: np.median(values)),
            (
                "It keeps the k smallest values; keep those with the smallest losses.",
                lambda values, k, theta: _settle(values, k, theta, losses=lambda values, theta: values),
            ),
            (
                "It keeps the first k values; keep those with the smallest losses.",
                lambda values, k, theta: np.median(values[:k]),
            ),
            (
                "It drops k values; keep k of them.",
                lambda values, k, theta: _settle(values, len(values) - k, theta),
            ),
            (
                "That is the trimmed loss at the end; asked for is theta.",
                lambda values, k, theta: np.sort(_last_round(values, k, theta).losses)[:k].sum(),
            ),
            (
                "Those are the values kept at the end; asked for is theta.",
                lambda values, k, theta: values[_last_round(values, k, theta).kept],
            ),
        ),
        cases=(
            (np.array([0.0, 1.0, 5.0, 2.0, 10.0]), 3, 4.0),
            (_VALUES, 7, float(_VALUES.mean())),
            (_VALUES[::-1].copy(), 5, 6.0),
            (_VALUES, 9, 12.0),
        ),
    ),
}
