"""Least trimmed squares, the estimator that ITLM iterates towards: exact, from many starts, reweighted at the end.

Section 3 of Shen & Sanghavi (2019); Rousseeuw & Van Driessen (2006) for the starts and concentration steps.
"""

from itertools import combinations, islice
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from itlm_kit.errors import InputError, check_integer
from itlm_kit.glm.fast import FastFitter
from itlm_kit.glm.path import Path, check_features, check_outputs, start
from itlm_kit.trimming import num_kept, trim

MOST_SUBSETS = 1_000_000
FIRST_ROUNDS, FINALISTS = 2, 10  # of many starts, those best after two rounds go on to the end
REWEIGHT_CUT = ndtri(0.9875)  # residuals kept by the last step: 97.5 % of clean ones


class TrimmedFit(NamedTuple):
    """A least trimmed squares fit."""

    theta: np.ndarray  # (d,)
    kept: np.ndarray  # (n,) bool, the samples theta was fitted to
    objective: float  # sum of the k smallest squared residuals (under the theta before reweighting)
    path: Path | None  # the way of the best start until its kept set stood; None where subsets were enumerated


def trimmed_squares(x: ArrayLike, y: ArrayLike, theta: np.ndarray, *, alpha: float) -> float:
    """The trimmed loss: sum of the floor(alpha n) smallest squared residuals. The objective of section 3."""
    losses = (np.asarray(y) - np.asarray(x) @ theta) ** 2
    return np.sort(losses)[: num_kept(alpha, losses.size)].sum()


def exact_trimmed_squares(x: ArrayLike, y: ArrayLike, *, alpha: float) -> TrimmedFit:
    """Find the least trimmed squares by fitting every subset of floor(alpha n) samples; for small n only.

    x: (n, d), y: (n,). Returns a TrimmedFit. Raises InputError for bad data or more than a million subsets.
    """
    x = check_features(x)
    y = check_outputs(y, len(x))
    k = num_kept(alpha, len(y))
    if comb(len(y), k) > MOST_SUBSETS:
        raise InputError(
            f"n must be small enough to try all subsets, at most {MOST_SUBSETS:,}; {k} of {len(y)} gives "
            f"{comb(len(y), k):,}. Use multistart_trimmed_squares."
        )
    subsets, best, least = combinations(range(len(y)), k), None, np.inf
    while (chunk := np.array(list(islice(subsets, 5000)), dtype=int)).size:
        totals = _squares_left(x[chunk], y[chunk])
        if totals.min() < least:
            best, least = chunk[totals.argmin()], totals.min()
    theta = start(x[best], y[best])
    kept = np.isin(np.arange(len(y)), best)
    return TrimmedFit(theta, kept, float(trimmed_squares(x, y, theta, alpha=alpha)), None)


def multistart_trimmed_squares(
    x: ArrayLike,
    y: ArrayLike,
    *,
    alpha: float,
    n_init: int = 1,
    rounds: int = 100,
    reweight: bool = False,
    seed: int = 0,
) -> TrimmedFit:
    """Search the least trimmed squares by ITLM from the fit on all samples and n_init - 1 random starts.

    x: (n, d), y: (n,). A random start is the fit on d samples; of many, those that stand best after two rounds go on
    to the end. reweight: fit once more to all samples within a robust scale of the residuals (`robust_scale`).
    n_init=1 is ITLM alone, which leverage points mislead. seed: for the starts. Returns a TrimmedFit. Raises
    InputError as `clear_path`. Rousseeuw & Van Driessen (2006), FAST-LTS.
    """
    n_init = check_integer("n_init", n_init, remedy="It is the number of starts.")
    fitter = FastFitter(x)
    x, y = check_features(x), check_outputs(y, fitter.n)

    def run(way, theta0, rounds):
        path = way(y, alpha=alpha, rounds=rounds, theta0=theta0)
        return trimmed_squares(x, y, path.thetas[-1], alpha=alpha), path

    starts = [None, *_random_starts(x, y, count=n_init - 1, seed=seed)]
    if n_init > FINALISTS:
        early = [run(fitter.path, start, FIRST_ROUNDS)[0] for start in starts]
        starts = [starts[i] for i in np.argsort(early, kind="stable")[:FINALISTS]]
    objective, path = min((run(fitter.settled_path, start, rounds) for start in starts), key=lambda found: found[0])
    theta, kept = path.thetas[-1], path.kept[-1]
    if reweight:
        theta, kept = _reweighted(x, y, theta, alpha)
    return TrimmedFit(theta, kept, float(objective), path)


def robust_scale(residuals: ArrayLike, *, alpha: float, d: int) -> float:
    """Standard deviation of the noise from the floor(alpha n) smallest squared residuals of a fit of d parameters.

    Their sum over k - d (or k, where k <= d) is made consistent for normal noise by the factor
    1 / (1 - 2 q phi(q) / (2 Phi(q) - 1)), q = Phi^-1((1 + k/n) / 2); 1 at k = n. The d taken off stands in for the
    small-sample factors that others simulate. Rousseeuw & Van Driessen (2006).
    """
    squares = np.sort(np.square(residuals))
    k = num_kept(alpha, squares.size)
    share = k / squares.size
    quantile = ndtri((1 + share) / 2)
    lost = 0.0 if k == squares.size else 2 * quantile * np.exp(-(quantile**2) / 2) / np.sqrt(2 * np.pi) / share
    return float(np.sqrt(squares[:k].sum() / (k - d if k > d else k) / (1 - lost)))


def _squares_left(x, y):
    # (m, k, d), (m, k) -> (m,); pinv gives the fit of minimum norm where a subset does not settle theta.
    theta = np.linalg.pinv(x) @ y[..., None]
    return ((y[..., None] - x @ theta) ** 2).sum((1, 2))


def _random_starts(x, y, *, count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        few = rng.choice(len(y), min(x.shape[1], len(y)), replace=False)
        yield start(x[few], y[few])


def _reweighted(x, y, theta, alpha):
    residuals = y - x @ theta
    cut = REWEIGHT_CUT * robust_scale(residuals, alpha=alpha, d=x.shape[1])
    kept = (np.abs(residuals) <= cut) | trim(residuals**2, num_kept(alpha, len(y)))
    return start(x[kept], y[kept]), kept
