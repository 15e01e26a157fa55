"""What students write who err in a plausible way, in their own words: exercises of notebook 03 and its appendix."""

import numpy as np
from scipy.stats import norm


def _lstsq(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def rounds(x, y, k, count=60, order=lambda r: r**2):
    theta = _lstsq(x, y)
    for _ in range(count):
        kept = np.argsort(order(y - x @ theta), kind="stable")[:k]
        theta = _lstsq(x[kept], y[kept])
    return theta


def trims_by_the_first_fit(x, y, k):
    """Residuals of least squares on everything, every round: theta changes, what it trims by does not."""
    r = np.abs(y - x @ _lstsq(x, y))
    for _ in range(20):
        kept = np.argsort(r, kind="stable")[:k]
        theta = _lstsq(x[kept], y[kept])
    return theta


def forgot_the_first(x, y, k):
    theta = rounds(x, y, k)
    kept = np.argsort((y - x @ theta) ** 2)[:k]
    return np.linalg.lstsq(x[kept], y[kept], rcond=None)


def one_gradient_step(x, y, k):
    theta, before = _lstsq(x, y), None
    while True:
        kept = np.sort(np.argsort((y - x @ theta) ** 2, kind="stable")[:k])
        if np.array_equal(kept, before):
            return theta
        theta, before = theta - 0.5 * x[kept].T @ (x[kept] @ theta - y[kept]) / k, kept


def which_are_kept(x, y, k):
    r = (y - x @ rounds(x, y, k)) ** 2
    return r <= np.sort(r)[k - 1]


def with_sign(x, theta, v, m):
    y, worst = x @ theta, np.argsort(x @ v)[-m:]
    y[worst] = x[worst] @ (theta + v)
    return y


def only_v(x, theta, v, m):
    y, worst = x @ theta, np.argsort(np.abs(x @ v))[-m:]
    y[worst] = x[worst] @ v
    return y


def opposite(x, theta, v, m):
    y, worst = x @ theta, np.argsort(np.abs(x @ v))[-m:]
    y[worst] *= -1
    return y


def shifted_by_one(x, theta, v, m):
    y, worst = x @ theta, np.argsort(np.abs(x @ v))[-m:]
    y[worst] += 1
    return y


def everything(x, theta, v, m):
    return x @ theta + x @ v


def quantile_at_q(q):
    z = norm.ppf(q)
    return 2 * z * norm.pdf(z) / q


def without_lambda(q):
    z = norm.ppf(0.5 + q / 2)
    return 2 * z * norm.pdf(z)


def what_is_left(q):
    z = norm.ppf(0.5 + q / 2)
    return (q - 2 * z * norm.pdf(z)) / q


def one_end(q):
    z = norm.ppf(0.5 + q / 2)
    return z * norm.pdf(z) / q


def near_fit(x, y, theta, spread, cut=2.5):
    r = y - x @ theta
    near = np.abs(r) <= cut * spread(r)
    return _lstsq(x[near], y[near])


WRONG = {
    "3.1": [
        (lambda x, y, k: rounds(x, y, k, order=lambda r: r), "very negative"),
        (trims_by_the_first_fit, "That is one round"),
        (lambda x, y, k: _lstsq(x, y), "least squares on all samples"),
        (forgot_the_first, "[0]"),
        (one_gradient_step, "gradient step"),
        (which_are_kept, "kept set"),
        (lambda x, y, k: rounds(x, y, len(y) - k), "keep k"),
    ],
    "3.2": [
        (lambda e: e[-1] / e[0], "per round"),
        (lambda e: (e[1:] / e[:-1]).mean(), "geometric"),
        (lambda e: (e[-1] / e[0]) ** (1 / e.size), "count the steps"),
        (lambda e: 1 - (e[-1] / e[0]) ** (1 / (len(e) - 1)), "part that is left"),
        (lambda e: (e[-1] / e[0]) ** (len(e) - 1), "root, not"),
    ],
    "3.3": [
        (with_sign, "|x'v|"),
        (only_v, "not v alone"),
        (opposite, "opposite"),
        (everything, "only m"),
        (shifted_by_one, "adds 1"),
        (lambda x, theta, v, m: np.argsort(np.abs(x @ v))[::-1][:m], "give the outputs"),
    ],
    "3.4": [
        (quantile_at_q, "(1 + q) / 2"),
        (without_lambda, "divide by lambda"),
        (what_is_left, "what is left"),
        (one_end, "twice"),
        (lambda q: 1 - q, "share that is dropped"),
    ],
    "3a.1": [
        (lambda x, y, theta: near_fit(x, y, theta, np.std), "standard deviation"),
        (lambda x, y, theta: near_fit(x, y, theta, lambda r: np.median(np.abs(r))), "1.4826 is missing"),
        (lambda x, y, theta: near_fit(x, y, theta, lambda r: 1.4826 * np.median(np.abs(r)), cut=1), "one spread"),
        (lambda x, y, theta: _lstsq(x, y), "all samples"),
    ],
    "3a.2": [
        (lambda n1, e1, n2, e2: (n2 * e2**2 - n1 * e1**2) / (n2 - n1), "take the root"),
        (lambda n1, e1, n2, e2: (e1**2 - e2**2) * n1 * n2 / (n2 - n1), "That is c"),
        (lambda n1, e1, n2, e2: (n1 * e1 - n2 * e2) / (n1 - n2), "their squares"),
    ],
    "3a.3": [
        (lambda b, c, o, R: (R * o - c) / b**2, "Square the ratio"),
        (lambda b, c, o, R: R**2 * o / b**2, "c is missing"),
        (lambda b, c, o, R: (R**2 * o - c) / b, "squared"),
    ],
}
