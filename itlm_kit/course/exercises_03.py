"""Exercises of notebook 03: ITLM to its end, the rate of a path, an adversary, and the factor of the last rounds."""

import numpy as np
from scipy.stats import norm

from itlm_kit.course.checks import Exercise
from itlm_kit.loop import itlm_rounds
from itlm_kit.trimming import trim

STEP = 0.5  # of someone who takes a gradient step in place of a fit


def _fit(x, y, kept):
    return np.linalg.lstsq(x[kept], y[kept], rcond=None)[0]


def _all(x, y):
    return _fit(x, y, np.full(len(y), True))


def _squares(x, y, theta):
    return (y - x @ theta) ** 2


def _settled(x, y, k, losses=_squares, start=None, update=None):
    """theta where the kept set stands, or after 50 rounds; what a mistake does otherwise comes as an argument."""
    update = update or (lambda theta, kept: _fit(x, y, kept))
    state = _all(x, y) if start is None else start
    before = None
    for step in itlm_rounds(state, lambda theta: losses(x, y, theta), lambda theta, kept, t: update(theta, kept), k=k):
        if step.t == 50 or (before is not None and np.array_equal(step.kept, before)):
            return step.state
        before = step.kept


def _truth_1(x, y, k):
    return _settled(x, y, k)


def _one_round(x, y, k):
    return _fit(x, y, trim(_squares(x, y, _all(x, y)), k))


def _from_zero(x, y, k):
    return _settled(x, y, k, start=np.zeros(x.shape[1]))


def _largest(x, y, k):
    return _settled(x, y, k, losses=lambda x, y, theta: -_squares(x, y, theta))


def _signed(x, y, k):
    return _settled(x, y, k, losses=lambda x, y, theta: y - x @ theta)


def _signed_other_way(x, y, k):
    return _settled(x, y, k, losses=lambda x, y, theta: x @ theta - y)


def _dropping_k(x, y, k):
    return _settled(x, y, len(y) - k)


def _last_kept(x, y, k):
    return trim(_squares(x, y, _settled(x, y, k)), k)


def _gradient_step(x, y, theta, kept):
    return theta + STEP / kept.sum() * x[kept].T @ (y - x @ theta)[kept]


def _by_steps(x, y, k):
    return _settled(x, y, k, update=lambda theta, kept: _gradient_step(x, y, theta, kept))


def _among_the_kept(x, y, k):
    """Trims the kept set itself, one sample fewer each round, as if what is dropped could not come back."""
    rows = np.arange(len(y))
    theta = _all(x, y)
    while len(rows) > k:
        rows = np.sort(rows[np.argsort(_squares(x, y, theta)[rows], kind="stable")[:-1]])
        theta = _fit(x, y, rows)
    return theta


def _tuple(x, y, k):
    kept = trim(_squares(x, y, _settled(x, y, k)), k)
    return np.linalg.lstsq(x[kept], y[kept], rcond=None)


def _rate(errors):
    return (errors[-1] / errors[0]) ** (1 / (len(errors) - 1))


def _slope(errors):
    return np.polyfit(np.arange(len(errors)), np.log(errors), 1)[0]


def _truth_3(x, theta, v, m):
    return _spoiled(x, theta, np.abs(x @ v), x @ (theta + v), m)


def _spoiled(x, theta, size, outputs, m):
    worst = np.argsort(-size, kind="stable")[:m]
    y = x @ theta
    y[worst] = outputs[worst]
    return y


def _q_kept(q):
    return norm.ppf((1 + q) / 2)


def _factor(q):
    return 2 * _q_kept(q) * norm.pdf(_q_kept(q)) / q


def _one_sided(q):
    z = norm.ppf(q)
    return 2 * z * norm.pdf(z) / q


def _sample(seed, n, d, bad):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = x @ np.arange(1.0, d + 1) + 0.1 * rng.normal(size=n)
    y[:bad] = rng.normal(size=bad) * 4
    return x, y


_LINE = np.array([[3.0], [2.0], [4.0], [3.0], [3.0], [2.0]]), np.array([6.1, 4.2, 7.8, 6.1, 6.0, -3.0])
_POINTS = np.array([[3.0, 1.0], [-4.0, 0.0], [0.5, 5.0], [1.0, -2.0]]), np.array([0.0, 1.0]), np.array([1.0, 0.0])


def _random(seed, n, d):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=d), np.eye(d)[0]


EXERCISES = {
    1: Exercise(
        truth=_truth_1,
        mistakes=(
            (
                "That is one round: go on until the kept set does not change, and trim by the new theta each time.",
                _one_round,
            ),
            ("That is least squares on all samples: the kept ones alone are to be fitted.", lambda x, y, k: _all(x, y)),
            ("It keeps the largest losses: keep the smallest.", _largest),
            ("It trims signed residuals, so that very negative ones are kept: square them.", _signed),
            ("It trims signed residuals, so that very positive ones are kept: square them.", _signed_other_way),
            ("It drops k samples; keep k.", _dropping_k),
            ("It gives the kept set; asked for is theta, the fit on that set.", _last_kept),
            ("It starts at theta = 0; start at least squares on all samples.", _from_zero),
            ("It makes a gradient step a round; fit the kept samples to the end.", _by_steps),
            ("What was dropped may come back: each round trims all samples, by theta as it is now.", _among_the_kept),
            ("lstsq gives four things; theta is the first of them: [0].", _tuple),
        ),
        cases=((*_LINE, 4), (*_sample(2, 14, 2, 4), 9), (*_sample(1, 40, 3, 13), 26), (*_sample(6, 40, 3, 16), 22)),
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
            ("That is the part that goes; asked for is the part that is left.", lambda errors: 1 - _rate(errors)),
            (
                "T rounds multiply the factor T times: take the T-th root, not the T-th power.",
                lambda errors: (errors[-1] / errors[0]) ** (len(errors) - 1),
            ),
            (
                "Errors shrink by a factor, not by a difference: take a root of their ratio.",
                lambda errors: (errors[0] - errors[-1]) / (len(errors) - 1),
            ),
        ),
        cases=(
            (np.array([8.0, 4.0, 2.0, 1.0]),),
            (np.array([1.0, 0.5, 0.4, 0.1]),),
            (np.array([3.0, 2.0, 0.5, 0.4, 0.3, 0.2]),),
        ),
    ),
    3: Exercise(
        truth=_truth_3,
        mistakes=(
            (
                "It takes the largest x'v with their sign; a very negative one has as much to say: take |x'v|.",
                lambda x, theta, v, m: _spoiled(x, theta, x @ v, x @ (theta + v), m),
            ),
            (
                "It takes the samples that say least about v: take the largest |x'v|.",
                lambda x, theta, v, m: _spoiled(x, theta, -np.abs(x @ v), x @ (theta + v), m),
            ),
            (
                "A spoiled sample follows theta + v, not v alone.",
                lambda x, theta, v, m: _spoiled(x, theta, np.abs(x @ v), x @ v, m),
            ),
            (
                "It tells the opposite of the truth; the adversary wants the fit at theta + v.",
                lambda x, theta, v, m: _spoiled(x, theta, np.abs(x @ v), -(x @ theta), m),
            ),
            (
                "It moves the wrong way: theta + v, not theta - v.",
                lambda x, theta, v, m: _spoiled(x, theta, np.abs(x @ v), x @ (theta - v), m),
            ),
            (
                "It adds 1 to the outputs; theta + v adds x'v, different for each sample.",
                lambda x, theta, v, m: _spoiled(x, theta, np.abs(x @ v), x @ theta + 1, m),
            ),
            (
                "It adds |x'v|; theta + v adds x'v with its sign.",
                lambda x, theta, v, m: _spoiled(x, theta, np.abs(x @ v), x @ theta + np.abs(x @ v), m),
            ),
            ("All samples follow theta + v; only m of them should.", lambda x, theta, v, m: x @ (theta + v)),
            (
                "It takes the longest x; what counts is how far they reach along v.",
                lambda x, theta, v, m: _spoiled(x, theta, (x**2).sum(1), x @ (theta + v), m),
            ),
            (
                "It takes the largest outputs; what counts is how far x reaches along v.",
                lambda x, theta, v, m: _spoiled(x, theta, np.abs(x @ theta), x @ (theta + v), m),
            ),
            (
                "It takes the first m samples; the adversary picks those with the largest |x'v|.",
                lambda x, theta, v, m: _spoiled(x, theta, -np.arange(len(x)), x @ (theta + v), m),
            ),
            (
                "It gives the outputs of the spoiled samples alone; give all of them, in order.",
                lambda x, theta, v, m: (x @ (theta + v))[np.argsort(-np.abs(x @ v), kind="stable")[:m]],
            ),
            (
                "It gives which samples are spoiled; give the outputs.",
                lambda x, theta, v, m: np.argsort(-np.abs(x @ v), kind="stable")[:m],
            ),
        ),
        cases=((*_POINTS, 1), (*_POINTS, 2), (*_random(0, 12, 3), 4)),
    ),
    4: Exercise(
        truth=_factor,
        mistakes=(
            ("z has a share q between -z and z: take the quantile at (1 + q) / 2, not at q.", _one_sided),
            ("That is nu per clean sample; divide by lambda, which is q.", lambda q: q * _factor(q)),
            (
                "That is what is left of the second moment; nu takes q less that.",
                lambda q: 1 - _factor(q),
            ),
            (
                "That is E[zeta^2] inside the cut, q - 2 z phi(z); nu takes q less that, and lambda is q.",
                lambda q: q - q * _factor(q),
            ),
            (
                "Both ends of the integral count: z phi(z) twice.",
                lambda q: _factor(q) / 2,
            ),
            ("It lacks z: integrating by parts leaves z phi(z) at each end.", lambda q: _factor(q) / _q_kept(q)),
            ("That is the share that is dropped; more is lost than that.", lambda q: 1 - q),
            (
                "lambda is q per clean sample, not the second moment of the noise.",
                lambda q: _factor(q) / (1 - _factor(q)),
            ),
        ),
        cases=((0.9375,), (0.5,), (0.99,)),
    ),
}
