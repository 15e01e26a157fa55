"""Speed of the fast paths for generalized linear models, on one BLAS thread: d = 100, 80 % clean, alpha .75."""

import time

import numpy as np
from scipy.linalg import blas, lapack
from threadpoolctl import threadpool_limits

from itlm_kit.glm import KINKED, clear_path, draw, fast_path
from tests.benchmarks.measure import compared, medians

ALPHA, ROUNDS = 0.75, 30
ONE_STEP = dict(rounds=200, step=0.5)


def fit_against_lstsq_loop():
    """30 rounds of argpartition and lstsq, n = 1000, median of 100 runs."""
    return _faster(_loop_with(_lstsq), _fast, _draws(100))


def fit_against_normal_equations():
    """30 rounds of argpartition and fresh normal equations, n = 1000, median of 100 runs."""
    return _faster(_loop_with(_normal_equations), _fast, _draws(100))


def large_fit_against_lstsq_loop():
    """30 rounds of argpartition and lstsq, n = 25,000, median of 3 runs."""
    return _faster(_loop_with(_lstsq), _fast, _draws(3, n=25_000))


def one_step_against_its_loop():
    """M = 1: 200 rounds of argpartition and one gradient step, n = 1000, median of 30 runs."""
    return _faster(_loop_with(_gradient_step, ONE_STEP["rounds"]), _fast_step, _draws(30))


def bent_fit_against_clear_path():
    """12 rounds of full updates through the kinked link, Gauss-Newton by lstsq, n = 1000, median of 5 runs."""
    way = dict(alpha=ALPHA, rounds=12, link=KINKED)
    draws = [draw("random", seed=seed, link=KINKED) for seed in range(5)]
    return _faster(lambda drawn: clear_path(drawn.x, drawn.y, **way), lambda drawn: fast_path(drawn.x, drawn.y, **way),
                   draws)  # fmt: skip


def kernels_against_fit():
    """Share of a fit that its kernels alone take: first Gram, then a product, a cut and a Cholesky solve a round."""
    draws = _draws(100)
    rounds = [_rounds_run(drawn) for drawn in draws]
    kernels = _Kernels(draws[0])
    ways = [_fast, kernels.gram, kernels.product, kernels.cut, kernels.solve]
    with threadpool_limits(1):
        fit, *floors = medians(ways, draws, clock=time.thread_time)
    floor = floors[0] + np.median(rounds) * sum(floors[1:])
    return compared(floor, fit)


BENCHMARKS = [
    fit_against_lstsq_loop,
    fit_against_normal_equations,
    large_fit_against_lstsq_loop,
    one_step_against_its_loop,
    bent_fit_against_clear_path,
    kernels_against_fit,
]


def _faster(plain, fast, draws):
    with threadpool_limits(1):
        return compared(*medians([plain, fast], draws, clock=time.thread_time))


def _draws(runs, n=1000):
    return [draw("random", n=n, seed=seed) for seed in range(runs)]


def _fast(drawn):
    return fast_path(drawn.x, drawn.y, alpha=ALPHA, rounds=ROUNDS)


def _fast_step(drawn):
    return fast_path(drawn.x, drawn.y, alpha=ALPHA, **ONE_STEP)


def _loop_with(update, rounds=ROUNDS):
    def loop(drawn):
        x, y = drawn.x, drawn.y
        theta, k = _lstsq(x, y, None), int(ALPHA * len(y))
        for _ in range(rounds):
            kept = np.argpartition((y - x @ theta) ** 2, k - 1)[:k]
            theta = update(x[kept], y[kept], theta)

    return loop


def _lstsq(x, y, theta):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _normal_equations(x, y, theta):
    return np.linalg.solve(x.T @ x, x.T @ y)


def _gradient_step(x, y, theta):
    return theta + ONE_STEP["step"] / len(y) * (x.T @ (y - x @ theta))


def _rounds_run(drawn):
    """How many rounds a fit computes before its kept set returns."""
    kept = _fast(drawn).kept
    return 1 + (kept[1:] != kept[:-1]).any(1).sum() + 1


class _Kernels:
    """The fit's kernels alone, on buffers made before."""

    def __init__(self, drawn):
        n, d = drawn.x.shape
        self.theta, self.losses, self.spare = np.zeros(d), drawn.y**2, np.empty(n)
        self.matrix, self.moment = np.asfortranarray(drawn.x.T @ drawn.x), drawn.x.T @ drawn.y
        self.k = int(ALPHA * n)

    def gram(self, drawn):
        blas.dsyrk(1.0, drawn.x.T, lower=1)

    def product(self, drawn):
        np.dot(drawn.x, self.theta, out=self.spare)

    def cut(self, drawn):
        self.spare[:] = self.losses
        self.spare.partition(self.k - 1)

    def solve(self, drawn):
        lapack.dposv(self.matrix, self.moment, lower=1)
