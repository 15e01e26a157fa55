"""How well conditioned every subset of k samples is: psi-(k) and psi+(k) of Definition 4, exactly or between bounds."""

from itertools import combinations, islice
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_integer
from itlm_kit.glm.path import check_features
from itlm_kit.loop import itlm_rounds

MOST_SUBSETS = 200_000  # beyond it enumeration takes longer than a person waits
CHUNK = 4096  # subsets whose eigenvalues are computed at once
MOST_ROWS = 4000  # beyond it Gershgorin's circles, which need all pairs of rows, are left out


class Bounds(NamedTuple):
    """A value that lies between low and high."""

    low: float
    high: float


def psi_minus(x: ArrayLike, k: int) -> float:
    """psi-(k): the smallest eigenvalue of X_S'X_S over all sets S of k rows of x (n, d), by enumeration. Definition 4.

    Raises InputError for k outside 0..n or more than 200,000 subsets (use `psi_minus_bounds`).
    """
    return max(0.0, float(min(values[:, 0].min() for values in _subset_eigenvalues(x, k))))


def psi_plus(x: ArrayLike, k: int) -> float:
    """psi+(k): the largest eigenvalue of X_S'X_S over all sets S of k rows of x (n, d), by enumeration. Definition 4.

    Raises InputError for k outside 0..n or more than 200,000 subsets (use `psi_plus_bounds`).
    """
    return float(max(values[:, -1].max() for values in _subset_eigenvalues(x, k)))


def psi_minus_bounds(x: ArrayLike, k: int, *, starts: int = 10, seed: int = 0) -> Bounds:
    """Bounds of psi-(k). high: a set found by search, so psi-(k) is at most that (and often equal to it).

    low: Weyl's inequality, the smallest eigenvalue of X'X less what n-k rows can take away at most, psi+(n-k);
    true but loose, and 0 where it says nothing. x: (n, d); starts: random directions the search begins from.
    """
    x = _check(x, k)
    smallest = np.linalg.eigvalsh(x.T @ x)[0]
    low = max(0.0, float(smallest - _psi_plus_ceiling(x, len(x) - k)))
    return Bounds(low, max(low, _searched(x, k, sign=-1, starts=starts, seed=seed)))


def psi_plus_bounds(x: ArrayLike, k: int, *, starts: int = 10, seed: int = 0) -> Bounds:
    """Bounds of psi+(k). low: a set found by search, so psi+(k) is at least that (and often equal to it).

    high: the smallest of the eigenvalue of all rows, the k longest rows' squared lengths, and (n up to 4,000)
    Gershgorin's circles.
    x: (n, d); starts: random directions the search begins from.
    """
    x = _check(x, k)
    high = _psi_plus_ceiling(x, k)
    return Bounds(min(high, _searched(x, k, sign=1, starts=starts, seed=seed)), high)


def _subset_eigenvalues(x, k):
    x = _check(x, k)
    if comb(len(x), k) > MOST_SUBSETS:
        raise InputError(
            f"enumeration goes up to {MOST_SUBSETS:,} subsets; {k} of {len(x)} rows are {comb(len(x), k):,}. "
            "Use psi_minus_bounds or psi_plus_bounds."
        )
    subsets = combinations(range(len(x)), k)
    while chunk := list(islice(subsets, CHUNK)):
        rows = x[np.array(chunk, int).reshape(len(chunk), k)]
        yield np.linalg.eigvalsh(rows.transpose(0, 2, 1) @ rows)


def _psi_plus_ceiling(x, k):
    if k == 0:
        return 0.0
    longest = np.sort((x**2).sum(1))[-k:]
    circles = longest[-1] + _widest_circle(x, k - 1) if len(x) <= MOST_ROWS else np.inf
    return float(min(np.linalg.eigvalsh(x.T @ x)[-1], longest.sum(), circles))


def _widest_circle(x, neighbours):
    """Largest sum over rows i of the `neighbours` largest |x_i'x_j|, j != i: Gershgorin's radius for any such set."""
    if neighbours == 0:
        return 0.0
    widest, block = 0.0, max(1, CHUNK * 256 // len(x))
    for begin in range(0, len(x), block):
        products = np.abs(x[begin : begin + block] @ x.T)
        products[np.arange(len(products)), begin + np.arange(len(products))] = 0
        widest = max(widest, np.partition(products, -neighbours, axis=1)[:, -neighbours:].sum(1).max())
    return float(widest)


def _searched(x, k, *, sign, starts, seed):
    """Best eigenvalue over sets found by turns: the k rows that a direction fits best, then their best direction."""
    if k == 0:
        return 0.0
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((starts, x.shape[1]))
    values = [_climb(x, k, sign, direction) for direction in directions]
    return max(values) if sign > 0 else min(values)


def _climb(x, k, sign, direction):
    """The eigenvalue at which the turns come to rest: trimming with -+(x'v)^2 as the loss of a direction v."""
    end = -1 if sign > 0 else 0

    def turn(state, kept, t):
        values, vectors = np.linalg.eigh(x[kept].T @ x[kept])
        return values[end], vectors[:, end]

    best = None  # rows with ties may take turns for ever: it is the eigenvalue that comes to rest, not the set
    for step in itlm_rounds((-sign * np.inf, direction), lambda state: -sign * (x @ state[1]) ** 2, turn, k=k):
        value = step.state[0]
        if best is not None and sign * value <= sign * best:
            return float(best)
        best = value


def _check(x, k):
    x = check_features(x)
    if check_integer("k", k, low=0, remedy="It is the size of a subset.") > len(x):
        raise InputError(f"k must be at most {len(x)}, the number of rows; got {k}.")
    return x
