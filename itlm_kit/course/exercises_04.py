"""Exercises of notebook 04: a gradient step through a link, bounds on a link's slope, how many steps a fit takes."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.glm import KINKED
from itlm_kit.glm.path import descend


def _step(x, y, theta, kept, eta):
    return descend(x[kept], y[kept], theta, eta, link=KINKED)


def _pull(x, y, theta, kept, slope=KINKED.slope, value=KINKED.value):
    u = x[kept] @ theta
    return x[kept].T @ ((y[kept] - value(u)) * slope(u))


def _scaled(eta_over):
    return lambda x, y, theta, kept, eta: theta + eta / eta_over(kept) * _pull(x, y, theta, kept)


def _without_slope(x, y, theta, kept, eta):
    return theta + eta / kept.sum() * _pull(x, y, theta, kept, slope=np.ones_like)


def _without_link(x, y, theta, kept, eta):
    return theta + eta / kept.sum() * _pull(x, y, theta, kept, slope=np.ones_like, value=np.asarray)


def _kink_on_the_wrong_side(x, y, theta, kept, eta):
    turned = {"value": lambda u: -KINKED.value(-u), "slope": lambda u: KINKED.slope(-u)}
    return theta + eta / kept.sum() * _pull(x, y, theta, kept, **turned)


def _uphill(x, y, theta, kept, eta):
    return theta - eta / kept.sum() * _pull(x, y, theta, kept)


def _all_samples(x, y, theta, kept, eta):
    return _step(x, y, theta, np.full(len(y), True), eta)


def _gradient(x, y, theta, kept, eta):
    return -_pull(x, y, theta, kept) / kept.sum()


def _sample(seed, n, d):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, KINKED.value(x @ np.ones(d)) + 0.1 * rng.normal(size=n), rng.normal(size=d), rng.random(n) < 0.7, 0.5


def _quotients(u, v):
    return np.diff(v) / np.diff(u)


def _bounds(u, v):
    return _quotients(u, v).min(), _quotients(u, v).max()


def _gradients(*spacing):
    def averaged(u, v):
        slopes = np.gradient(v, *(u for _ in spacing))
        return slopes.min(), slopes.max()

    return averaged


def _steps(x, eta, share):
    return int(np.ceil(_unrounded(x, eta, share) - 1e-9))


def _unrounded(x, eta, share, eigenvalue=lambda x: _eigenvalues(x)[0]):
    return np.log(share) / np.log(np.abs(1 - eta * eigenvalue(x)))


def _eigenvalues(x):
    return np.linalg.eigvalsh(x.T @ x / len(x))


def _rounded_up(steps):
    return lambda *case: int(np.ceil(steps(*case) - 1e-9))


def _by(eigenvalue):
    return _rounded_up(lambda x, eta, share: _unrounded(x, eta, share, eigenvalue))


_U = np.linspace(-2.0, 2.5, 9)

EXERCISES = {
    1: Exercise(
        truth=_step,
        mistakes=(
            ("The chain rule is missing: multiply by the slope of the link.", _without_slope),
            ("The link is missing: residuals are y - w(x'theta).", _without_link),
            ("The kink is on the wrong side: 1.2 u is for u from zero on.", _kink_on_the_wrong_side),
            ("It climbs: a step goes against the gradient.", _uphill),
            ("It uses all samples: the kept ones alone pull.", _all_samples),
            ("It gives the gradient; asked for is theta after the step.", _gradient),
            ("It takes the sum; the loss is a mean over the kept samples.", _scaled(lambda kept: 1)),
            ("It divides by n; the mean is over the kept samples.", _scaled(len)),
            ("It steps twice as far: the loss is half of the mean square.", _scaled(lambda kept: kept.sum() / 2)),
        ),
        cases=(
            (
                np.array([[1.0], [-1.0], [2.0]]),
                np.array([1.2, -1.0, 9.0]),
                np.array([0.5]),
                np.array([True, True, False]),
                0.5,
            ),
            _sample(0, 8, 2),
            _sample(1, 30, 3),
        ),
    ),
    2: Exercise(
        truth=_bounds,
        mistakes=(
            ("Those are the smallest and largest values; asked for are slopes.", lambda u, v: (v.min(), v.max())),
            ("a is the smaller one: give (a, b) in this order.", lambda u, v: _bounds(u, v)[::-1]),
            ("Those are the slopes at the two ends; look at all steps.", lambda u, v: tuple(_quotients(u, v)[[0, -1]])),
            (
                "Those are differences of values: divide by the steps in u.",
                lambda u, v: (np.diff(v).min(), np.diff(v).max()),
            ),
            (
                "np.gradient averages the steps on both sides, which flattens the extremes: take np.diff.",
                _gradients("with u"),
            ),
            ("np.gradient(v) takes the points of u to be one apart: divide np.diff(v) by np.diff(u).", _gradients()),
            ("w(u)/u is no slope: take differences of neighbours.", lambda u, v: ((v / u).min(), (v / u).max())),
            ("All slopes are listed; asked for are the smallest and the largest.", _quotients),
        ),
        cases=(
            (np.array([-2.0, -1.0, 1.0, 3.0]), np.array([-2.0, -1.0, 2.0, 3.0])),
            (_U, KINKED.value(_U)),
            (_U, _U + np.sin(3 * _U)),
        ),
    ),
    3: Exercise(
        truth=_steps,
        mistakes=(
            (
                "That is when the first direction is there: the slowest has the smallest eigenvalue.",
                _by(lambda x: _eigenvalues(x)[-1]),
            ),
            (
                "That is the mean direction: the slowest has the smallest eigenvalue.",
                _by(lambda x: _eigenvalues(x).mean()),
            ),
            (
                "The mean is missing: the loss divides by k, so do its eigenvalues.",
                _by(lambda x: np.linalg.eigvalsh(x.T @ x)[0]),
            ),
            (
                "Singular values of x are roots: their squares, over k, are the eigenvalues.",
                _by(lambda x: np.linalg.svd(x, compute_uv=False)[-1] / len(x)),
            ),
            (
                "One step too few: more than the share is left. Round up.",
                lambda *case: int(np.floor(_unrounded(*case) - 1e-9)),
            ),
            ("Steps come whole: round up.", _unrounded),
            (
                "What is left shrinks by a factor each step; it does not fall by the same amount.",
                _rounded_up(lambda x, eta, share: (1 - share) / (eta * _eigenvalues(x)[0])),
            ),
            (
                "That is the flow's time, exp(-eta lambda M): a step of finite size leaves 1 - eta lambda.",
                _rounded_up(lambda x, eta, share: -np.log(share) / (eta * _eigenvalues(x)[0])),
            ),
        ),
        cases=(
            (np.diag([1.0, 2.0]) * np.sqrt(2), 0.1, 0.3),
            (_sample(0, 8, 2)[0], 0.3, 0.05),
            (_sample(1, 30, 3)[0], 0.5, 0.01),
        ),
    ),
}
