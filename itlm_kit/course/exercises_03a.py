"""Exercises of notebook 03a: the reweighting step, a floor from two sample sizes, and where ITLM falls behind."""

import numpy as np

from itlm_kit.course.checks import Exercise

NORMAL = 1.4826  # spread of a normal distribution over its median absolute value
WIDE = 2.5  # spreads


def _refit(x, y, near):
    return np.linalg.lstsq(x[near], y[near], rcond=None)[0]


def _reweighted(x, y, theta, spread=lambda r: NORMAL * np.median(np.abs(r)), size=np.abs, wide=WIDE):
    r = y - x @ theta
    return _refit(x, y, size(r) <= wide * spread(r))


def _near(x, y, theta):
    r = np.abs(y - x @ theta)
    return r <= WIDE * NORMAL * np.median(r)


def _added(x, y, theta):
    """Adds the fit of the residuals without theta itself."""
    near = _near(x, y, theta)
    return _refit(x, y - x @ theta, near)


def _sample(seed, n, d, bad, noise):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = x @ np.ones(d) + noise * rng.normal(size=n)
    y[:bad] += rng.normal(5, 10, size=bad) * noise
    return x, y, np.ones(d) + 0.05 * rng.normal(size=d)


_LINE = np.ones((7, 1)), np.array([0.8, 0.9, 1.0, 1.1, 1.45, 1.55, -4.0]), np.array([1.0])


def _floor(n1, e1, n2, e2):
    return np.sqrt((n2 * e2**2 - n1 * e1**2) / (n2 - n1))


def _scatter(n1, e1, n2, e2):
    return (e1**2 - e2**2) / (1 / n1 - 1 / n2)


def _samples(b, c, o, R):
    return (R**2 * o - c) / b**2


EXERCISES = {
    1: Exercise(
        truth=_reweighted,
        mistakes=(
            (
                "1.4826 is missing: a median of absolute residuals is 0.67 of a normal spread.",
                lambda x, y, theta: _reweighted(x, y, theta, spread=lambda r: np.median(np.abs(r))),
            ),
            (
                "It takes the standard deviation, which bad samples stretch: take the median.",
                lambda x, y, theta: _reweighted(x, y, theta, spread=np.std),
            ),
            (
                "It takes one spread; take 2.5.",
                lambda x, y, theta: _reweighted(x, y, theta, wide=1),
            ),
            (
                "It compares with 2.5 itself; compare with 2.5 spreads.",
                lambda x, y, theta: _reweighted(x, y, theta, spread=lambda r: 1),
            ),
            (
                "It compares residuals with their sign, so that very negative ones stay: take absolute values.",
                lambda x, y, theta: _reweighted(x, y, theta, size=np.array),
            ),
            (
                "It compares squares with a spread: square both, or neither.",
                lambda x, y, theta: _reweighted(x, y, theta, size=np.square),
            ),
            (
                "It fits the far samples; fit the near ones.",
                lambda x, y, theta: _refit(x, y, ~_near(x, y, theta)),
            ),
            ("It gives which samples are near; fit them and give theta.", _near),
            ("It fits residuals and forgets to add theta: fit y.", _added),
            ("It fits all samples.", lambda x, y, theta: _refit(x, y, np.full(len(y), True))),
            ("It gives theta back as it was.", lambda x, y, theta: theta),
        ),
        cases=(_LINE, _sample(0, 30, 2, 8, 0.2), _sample(1, 60, 3, 15, 1.0)),
    ),
    2: Exercise(
        truth=_floor,
        mistakes=(
            ("That is the floor squared: take the root.", lambda *two: _floor(*two) ** 2),
            ("That is c, the scatter; asked for is b.", _scatter),
            (
                "Errors are not on a line in 1 / n, their squares are.",
                lambda n1, e1, n2, e2: (n2 * e2 - n1 * e1) / (n2 - n1),
            ),
            (
                "The line is in 1 / n, not in n: n2 goes with e2.",
                lambda n1, e1, n2, e2: np.sqrt(abs(e1**2 - n1 * (e2**2 - e1**2) / (n2 - n1))),
            ),
            ("That is the last error; part of it is scatter.", lambda n1, e1, n2, e2: e2),
        ),
        cases=((100, 5.0, 400, 4.0), (1000, 0.2, 10_000, 0.1), (10.0, 3.0, 20.0, 2.5)),
    ),
    3: Exercise(
        truth=_samples,
        mistakes=(
            ("Square the ratio as well: both sides of E / O = R.", lambda b, c, o, R: (R * o - c) / b**2),
            ("b enters squared.", lambda b, c, o, R: (R**2 * o - c) / b),
            ("ITLM has a scatter too: c is missing.", lambda b, c, o, R: R**2 * o / b**2),
            ("The sign of c: what ITLM scatters comes off.", lambda b, c, o, R: (R**2 * o + c) / b**2),
            ("That is where the floor equals the scatter.", lambda b, c, o, R: c / b**2),
            ("Upside down: n is R² o - c over b².", lambda b, c, o, R: b**2 / (R**2 * o - c)),
            ("R multiplies the oracle's error, not ITLM's.", lambda b, c, o, R: (o - R**2 * c) / (R**2 * b**2)),
        ),
        cases=((0.1, 1.5, 1.0, 2.0), (0.01, 1.2, 1.0, 1.5), (0.5, 2.0, 1.5, 3.0)),
    ),
}
