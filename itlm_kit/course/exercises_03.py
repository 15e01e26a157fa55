"""Exercises of notebook 03: one round of ITLM, and the rate at which errors shrink."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.trimming import trim


def _fit(x, y, kept):
    return np.linalg.lstsq(x[kept], y[kept], rcond=None)[0]


def _squares(x, y, theta):
    return (y - x @ theta) ** 2


def _one_round(x, y, theta, k):
    return _fit(x, y, trim(_squares(x, y, theta), k))


def _everything(x, y, theta, k):
    return _fit(x, y, np.full(len(y), True))


def _largest(x, y, theta, k):
    return _fit(x, y, trim(-_squares(x, y, theta), k))


def _signed(x, y, theta, k):
    return _fit(x, y, trim(y - x @ theta, k))


def _signed_other_way(x, y, theta, k):
    return _fit(x, y, trim(x @ theta - y, k))


def _dropping_k(x, y, theta, k):
    return _fit(x, y, trim(_squares(x, y, theta), len(y) - k))


def _mask(x, y, theta, k):
    return trim(_squares(x, y, theta), k)


def _two_rounds(x, y, theta, k):
    return _one_round(x, y, _one_round(x, y, theta, k), k)


def _rate(errors):
    return (errors[-1] / errors[0]) ** (1 / (len(errors) - 1))


def _slope(errors):
    return np.polyfit(np.arange(len(errors)), np.log(errors), 1)[0]


def _sample(seed, n, d):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = x @ np.arange(1.0, d + 1) + 0.1 * rng.normal(size=n)
    bad = n // 3
    y[:bad] = rng.normal(size=bad) * 4
    return x, y, rng.normal(size=d)


EXERCISES = {
    1: Exercise(
        truth=_one_round,
        mistakes=(
            ("It fits all samples: fit the kept ones alone.", _everything),
            ("It keeps the largest losses: keep the smallest.", _largest),
            ("It trims signed residuals, so that very negative ones are kept: square them.", _signed),
            ("It trims signed residuals, so that very positive ones are kept: square them.", _signed_other_way),
            ("It drops k samples; keep k.", _dropping_k),
            ("It gives the kept set; asked for is the next theta, the fit on that set.", _mask),
            ("It makes two rounds; one is asked for.", _two_rounds),
            ("It gives theta back as it was.", lambda x, y, theta, k: theta),
        ),
        cases=(
            (np.array([[1.0], [2.0], [3.0], [1.0]]), np.array([2.0, 4.0, 6.0, -9.0]), np.array([1.0]), 3),
            (*_sample(0, 12, 2), 7),
            (*_sample(1, 30, 3), 20),
        ),
    ),
    2: Exercise(
        truth=_rate,
        mistakes=(
            ("That is the factor of the whole path; what is it per round?", lambda errors: errors[-1] / errors[0]),
            (
                "T + 1 errors make T rounds: count the steps, not the points.",
                lambda errors: (errors[-1] / errors[0]) ** (1 / len(errors)),
            ),
            ("That is the slope of the log errors: take its exponential.", _slope),
            (
                "A line through the log errors is a good estimate too; here take first and last error alone.",
                lambda errors: np.exp(_slope(errors)),
            ),
            (
                "Factors are averaged by multiplying: take their geometric mean.",
                lambda errors: np.mean(errors[1:] / errors[:-1]),
            ),
            ("Upside down: errors that shrink have a rate below 1.", lambda errors: 1 / _rate(errors)),
            ("That is the last factor alone.", lambda errors: errors[-1] / errors[-2]),
        ),
        cases=(
            (np.array([8.0, 4.0, 2.0, 1.0]),),
            (np.array([1.0, 0.5, 0.4, 0.1]),),
            (np.array([3.0, 2.0, 0.5, 0.4, 0.3, 0.2]),),
        ),
    ),
}
