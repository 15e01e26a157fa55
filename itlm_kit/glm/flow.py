"""Finite M: the gradient flow from theta_0 beside its penalised twin, and the bound between them (appendix C)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError
from itlm_kit.glm.path import check_features, check_outputs, check_theta


class Flow(NamedTuple):
    """Gradient flow and its penalised twin at each time, and how far apart the theory lets them be."""

    times: np.ndarray  # (m,)
    flow: np.ndarray  # (m, d), theta(t): gradient descent with small steps, eta * M = t
    penalised: np.ndarray  # (m, d), argmin f + |theta - theta_0|^2 / (2 nu(t))
    distance: np.ndarray  # (m,), between the two
    bound: np.ndarray  # (m,)


def gradient_flow(x: ArrayLike, y: ArrayLike, theta0: ArrayLike, times: ArrayLike) -> Flow:
    """Follow theta' = -grad f from theta0 on f = |y - x theta|^2 / (2n), beside the penalised twin; returns a Flow.

    x: (n, d) and y: (n,), the kept samples; theta0: (d,); times: (m,), at least 0. Both are closed forms in the
    eigenvectors of X'X/n. The bound is |grad f(theta0)| / m * (exp(-m t) + c / (1 - c - exp(c M t))) with m, M the
    extreme eigenvalues and c = 2m / (M + m), as printed in appendix C: its second term is negative, the sum is 0 at
    t = 0 and again as t grows, and equals the gap of the slowest eigenvector, exp(-m t) - 1 / (1 + m nu).
    Raises InputError for bad data, when X'X is singular (m = 0) or a time is negative.
    """
    x, times = check_features(x), np.asarray(times, float)
    y, theta0 = check_outputs(y, len(x)), check_theta(theta0, x)
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    _check(values, times)
    gradient = vectors.T @ (x.T @ (x @ theta0 - y) / len(x))
    nu = twin_weight(values[0], values[-1], times)
    travelled = -np.expm1(-np.outer(times, values)) / values  # (1 - exp(-lambda t)) / lambda
    shrunk = nu[:, None] / (1 + np.outer(nu, values))
    flow = theta0 - (travelled * gradient) @ vectors.T
    penalised = theta0 - (shrunk * gradient) @ vectors.T
    bound = np.linalg.norm(gradient) * _slowest_gap(values[0], values[-1], times)
    return Flow(times, flow, penalised, np.linalg.norm(flow - penalised, axis=1), bound)


def twin_weight(smallest: float, largest: float, times: np.ndarray) -> np.ndarray:
    """nu(t) = (exp(c M t) - 1) / (c m): how much the twin at time t may move; smallest, largest are m and M."""
    c = 2 * smallest / (smallest + largest)
    return np.expm1(np.minimum(c * largest * times, 600)) / (c * smallest)  # beyond 600 both have arrived


def _slowest_gap(smallest, largest, times):
    c = 2 * smallest / (smallest + largest)
    growth = np.exp(np.minimum(c * largest * times, 600))
    return (np.exp(-smallest * times) + c / (1 - c - growth)) / smallest


def _check(values, times):
    if values[0] <= 1e-12 * values[-1]:
        raise InputError("x must have full column rank: the bound divides by the smallest eigenvalue of X'X, 0 here.")
    if times.ndim != 1 or not (times >= 0).all():
        raise InputError("times must be a list of numbers of at least 0; time t is the step size times the steps.")
