"""Regression data with bad samples, drawn as sections 5 and 6.1 and appendix D of the paper describe it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from itlm_kit.errors import InputError, check_choice, check_integer, check_share
from itlm_kit.glm.links import IDENTITY, Link
from itlm_kit.trimming import num_kept

KINDS = ("random", "arbitrary", "mixture", "adaptive")


class Regression(NamedTuple):
    """A drawn regression problem and its truth."""

    x: np.ndarray  # (n, d) features
    y: np.ndarray  # (n,) outputs
    is_clean: np.ndarray  # (n,) bool
    theta: np.ndarray  # (d,) theta*, of unit length
    thetas: np.ndarray  # (m, d), theta* and what bad samples follow, if anything
    component: np.ndarray  # (n,) int, the row of thetas a sample follows; -1 where none


def draw(
    kind: str,
    *,
    n: int = 1000,
    d: int = 100,
    clean: float = 0.8,
    sigma: float = 0.1,
    seed: int = 0,
    link: Link = IDENTITY,
    others: Sequence[float] = (1.0,),
    corruption: Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray] | None = None,
) -> Regression:
    """Draw a Regression with a share `clean` of good samples, in random order: equations (1) and (2).

    Features are N(0, I_d), theta* is a random unit vector, noise is N(0, sigma^2). Bad outputs before noise, by kind:
    "random" N(0, 1); "mixture" w(x'theta_(j)), other unit vectors orthogonal to theta* and each other, `others` their
    shares of the bad samples, e.g. (0.5, 0.5) for three components; "arbitrary" corruption(x, output, rng) -> (m,) from
    the bad samples' features, their true w(x'theta*) and a generator (None: `opposed`); "adaptive" w(x'(theta* + v)),
    v a unit vector orthogonal to theta*, where an adversary spoils the outputs with the largest |x'v|: those that turn
    a fit towards v most. The same seed gives the same features, theta* and noise whatever the kind, and the same bad
    samples but for "adaptive". Raises InputError for settings out of range.
    """
    check_choice("kind", kind, KINDS)
    n, d, num_clean = _check_sizes(n, d, clean, sigma)
    shares = {"mixture": others, "adaptive": (1.0,)}.get(kind)
    shares = [] if shares is None else check_shares(shares, d)
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((n, d)), sigma * rng.standard_normal(n)
    order = rng.permutation(n)
    thetas = _orthonormal(rng, 1 + len(shares), d)
    if kind == "adaptive":
        order = np.argsort(np.abs(x @ thetas[1]), kind="stable")
        thetas[1] += thetas[0]
    component = _components(order, num_clean, shares)
    output = link.value((x @ thetas.T)[np.arange(n), component])
    bad = component < 0
    if kind == "random":
        output[bad] = rng.standard_normal(bad.sum())
    elif kind == "arbitrary":
        output[bad] = (corruption or opposed)(x[bad], output[bad], rng)
    return Regression(x, output + noise, component == 0, thetas[0], thetas, component)


def opposed(x: np.ndarray, output: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bad outputs that all tell the opposite of the truth, -w(x'theta*): they agree, and least squares follows them."""
    return -output


def leverage(
    *,
    n: int = 1000,
    d: int = 20,
    clean: float = 0.8,
    sigma: float = 0.1,
    seed: int = 0,
    distance: float = 10.0,
) -> Regression:
    """Draw a Regression whose bad samples have outlying *features*: ITLM from one least-squares start fails on it.

    Bad samples crowd around `distance` times one random unit direction, with outputs N(0, sigma^2) around minus the
    distance. That far out they fit the first least squares better than clean ones do, and are kept.
    """
    n, d, num_clean = _check_sizes(n, d, clean, sigma)
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((n, d)), sigma * rng.standard_normal(n)
    component = _components(rng.permutation(n), num_clean, [])
    theta, direction = _orthonormal(rng, 1, d), _orthonormal(rng, 1, d)[0]
    bad = component < 0
    x[bad] = distance * direction + sigma * x[bad]
    output = np.where(bad, -distance, x @ theta[0])
    return Regression(x, output + noise, ~bad, theta[0], theta, component)


def _check_sizes(n, d, clean, sigma):
    n = check_integer("n", n, remedy="It is the number of samples.")
    d = check_integer("d", d, remedy="It is the number of features.")
    check_sigma(sigma)
    return n, d, num_kept(check_clean(clean), n)


def check_clean(clean: float) -> float:
    """Return the share of clean samples as a float in (0, 1]; raise InputError otherwise."""
    return check_share("clean", clean, remedy="It is the share of clean samples, e.g. 0.8")


def check_sigma(sigma: float) -> float:
    """Return sigma, the standard deviation of the noise; raise InputError unless it is finite and at least 0."""
    if not 0 <= sigma < np.inf:
        raise InputError(f"sigma must be at least 0; got {sigma!r}. It is the standard deviation of the noise.")
    return sigma


def check_shares(others: Sequence[float], d: int) -> np.ndarray:
    """Return shares of the bad samples as an array; raise InputError unless positive, of sum 1 and fewer than d."""
    shares = np.asarray(others, float)
    if shares.ndim != 1 or not shares.size or (shares <= 0).any() or not np.isclose(shares.sum(), 1):
        raise InputError(f"others must be positive shares that sum to 1; got {others!r}, e.g. (0.5, 0.5).")
    if shares.size >= d:
        raise InputError(f"d must be at least the number of components, {shares.size + 1}; got {d}.")
    return shares


def _orthonormal(rng, m, d):
    # QR of Gaussian columns, signs set so that the first is only scaled: uniform on the sphere, the same for every m.
    q, r = np.linalg.qr(rng.standard_normal((m, d)).T)
    return (q * np.sign(np.diag(r))).T


def _components(order, num_clean, shares):
    """(n,) int: 0 for the first num_clean samples in `order`; the rest 1, 2, ... by their shares, -1 without shares."""
    component = np.full(order.size, -1)
    component[order[:num_clean]] = 0
    ends = np.rint(np.cumsum([0, *shares]) * (order.size - num_clean)).astype(int) + num_clean
    for j, (begin, end) in enumerate(zip(ends, ends[1:], strict=False), start=1):
        component[order[begin:end]] = j
    return component
