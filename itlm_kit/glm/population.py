"""ITLM with samples without end: a round as a map of theta, its fixed point, and the scatter that n samples add to it.

In every component, the bad ones too, y = x'beta + spread * normal noise with features N(0, I). Residuals are then
normal in each, and so are features given the residual: all moments of the kept samples have a closed form. The fixed
point is not theta*, as some bad samples fit by chance. Large M and M = 1 share it: the gradient is 0 there.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.glm.draws import check_clean, check_shares, check_sigma
from itlm_kit.trimming import check_alpha

KINDS = ("random", "arbitrary", "mixture")  # adaptive errors look at the features: their components are not normal
SETTLED = 1e-13  # theta moves by no more in a round
MOST_ROUNDS = 10_000


class Population(NamedTuple):
    """What `draw` draws from, component by component, the clean one first: theta* is betas[0]."""

    shares: np.ndarray  # (m,), sum to 1
    betas: np.ndarray  # (m, d)
    spreads: np.ndarray  # (m,) standard deviation of y given x


class Passed(NamedTuple):
    """Lemma 5 with samples without end, theta_t between theta* and the bad samples' model; all (m,), means per sample.

    On that line X_S'X_S (theta_{t+1} - theta*) = X_B'X_B (theta_t - theta*) + X_B'(y - X theta_t) + X_G'e, B the bad
    and G the clean samples kept, is an equation between lengths: all three lead away from theta*.
    """

    error: np.ndarray  # |theta_t - theta*|
    intruders: np.ndarray  # share of the kept samples that is bad
    smallest: np.ndarray  # smallest eigenvalue of X_S'X_S / n
    carried: np.ndarray  # |X_B'X_B (theta_t - theta*)| / n, what intruders carry on
    pull: np.ndarray  # |X_B'(y - X theta_t)| / n, what their own residuals add
    noise: np.ndarray  # |X_G'e| / n: S_t looked at e, so that it does not average out

    @property
    def out(self):
        """|theta_{t+1} - theta*|."""
        return (self.carried + self.pull + self.noise) / self.smallest


class _Kept(NamedTuple):
    """Moments of the kept samples, r = y - x'theta their residuals."""

    gram: np.ndarray  # (d, d) E x x'
    pull: np.ndarray  # (d,) E x r
    noise: np.ndarray  # (d, d) E x x' r^2


def population(kind: str, *, d: int = 2, clean: float = 0.8, sigma: float = 0.1, others: tuple = (1.0,)) -> Population:
    """The Population that `draw` draws from: "random", "arbitrary" (the opposite of the truth) or "mixture".

    Other settings as for `draw`; components lie along the first axes. Raises InputError for settings out of range.
    """
    check_choice("kind", kind, KINDS)
    d, clean, sigma = check_integer("d", d), check_clean(clean), check_sigma(sigma)
    bad = check_shares(others, d) if kind == "mixture" else np.ones(1)
    axes = np.eye(d)
    betas = {"random": np.zeros((1, d)), "arbitrary": -axes[:1], "mixture": axes[1 : 1 + len(bad)]}[kind]
    spread = np.hypot(1, sigma) if kind == "random" else sigma
    return Population(
        shares=np.r_[clean, (1 - clean) * bad],
        betas=np.vstack([axes[:1], betas]),
        spreads=np.r_[sigma, np.full(len(bad), spread)],
    )


def population_round(source: Population, theta: np.ndarray, *, alpha: float) -> np.ndarray:
    """theta_t (d,) -> theta_{t+1} (d,): trimmed least squares on the share alpha with the smallest residuals."""
    kept = _kept(source, theta, alpha)
    return theta + np.linalg.solve(kept.gram, kept.pull)


def passed_on(source: Population, errors: ArrayLike, *, alpha: float) -> Passed:
    """What a full update makes of `errors` (m,), theta_t that far from theta* towards the bad samples' model: a Passed.

    Raises InputError for a source with several kinds of bad samples: rounds leave the line between two models. Lemma 5.
    """
    if len(source.betas) != 2:
        raise InputError(f"source must have one kind of bad samples; it has {len(source.betas) - 1}.")
    rows = [_passed(source, error, check_alpha(alpha)) for error in np.asarray(errors, float)]
    return Passed(*np.array(rows).T)


def _passed(source, error, alpha):
    way = source.betas[1] - source.betas[0]
    way = way / np.linalg.norm(way)
    apart = source.betas - source.betas[0] - error * way  # all on the line
    spreads, cuts = _spreads_and_cuts(source, apart, alpha)
    share, second = _inside(cuts), _second_moment(cuts)
    leaning = source.spreads**2 / spreads**2  # of the features along the line, what the residual says nothing about
    gram = source.shares * (leaning * share + (1 - leaning) * second)
    pull = source.shares * second * (apart @ way)
    return error, source.shares[1] * share[1] / alpha, gram.sum(), gram[1] * error, pull[1], pull[0] + gram[0] * error


def population_path(source: Population, *, alpha: float, rounds: int) -> np.ndarray:
    """theta_0 (least squares) to theta_T, T = rounds, with samples without end. Returns (T+1, d)."""
    thetas = [source.shares @ source.betas]
    for _ in range(rounds):
        thetas.append(population_round(source, thetas[-1], alpha=alpha))
    return np.array(thetas)


def fixed_point(source: Population, *, alpha: float) -> np.ndarray:
    """Where ITLM stands still, started at least squares. Returns (d,); raises InputError where it never does."""
    theta = source.shares @ source.betas
    for _ in range(MOST_ROUNDS):
        before, theta = theta, population_round(source, theta, alpha=alpha)
        if np.abs(theta - before).max() < SETTLED:
            return theta
    raise InputError(f"alpha must let the rounds settle; at {alpha} they have not after {MOST_ROUNDS}. Lower it.")


def bias(source: Population, *, alpha: float) -> float:
    """|theta - theta*| at the fixed point: the error that no number of samples cures. Remark after Theorem 7."""
    return float(np.linalg.norm(fixed_point(source, alpha=alpha) - source.betas[0]))


def expected_error(source: Population, n: np.ndarray, *, alpha: float) -> np.ndarray:
    """Mean of |theta_T - theta*| over draws of n samples: the bias, and a scatter of order 1 / n. Shape of n.

    The cut counts as known: its own scatter is felt by the few bad samples at it alone.
    """
    theta = fixed_point(source, alpha=alpha)
    return _mean_length(theta - source.betas[0], _scatter(source, theta, alpha), np.asarray(n, float))


def oracle_error(source: Population, n: np.ndarray) -> np.ndarray:
    """The same of least squares on the clean samples alone, which has no bias. Shape of n."""
    d = source.betas.shape[1]
    return _mean_length(np.zeros(d), source.spreads[0] ** 2 / source.shares[0] * np.eye(d), np.asarray(n, float))


def adaptive_path(*, clean: float, alpha: float, rounds: int) -> np.ndarray:
    """How far theta_t lies from theta* (0) to the adversary's model (1) under "adaptive" errors without noise: (T+1,).

    The adversary spoils the share 1 - clean with the largest |w|, w = x'v. At a shift s clean residuals are s w, those
    of spoiled samples (1 - s) w: below s = 1/2 all clean ones are smaller. Raises InputError for shares out of range.
    """
    shifts = [1 - _second_moment(_edge(clean))]
    for _ in range(rounds):
        shifts += list(adaptive_round(shifts[-1:], clean=clean, alpha=alpha))
    return np.array(shifts)


def adaptive_round(shifts: ArrayLike, *, clean: float, alpha: float) -> np.ndarray:
    """Shifts (m,) in [0, 1) under "adaptive" errors -> what a full update makes of each, (m,); see `adaptive_path`."""
    edge, alpha = _edge(clean), check_alpha(alpha)
    return np.array([_next_shift(shift, edge, alpha) for shift in np.asarray(shifts, float)])


def _edge(clean):
    """|w| from which on outputs are spoiled."""
    return ndtri((1 + check_clean(clean)) / 2)


def _next_shift(shift, edge, alpha):
    if shift == 0:
        return 0.0

    def reach(cut):
        """|w| up to which clean samples, and spoiled ones, are kept."""
        return min(edge, cut / shift), max(edge, cut / (1 - shift))

    def kept(cut):
        clean, spoiled = reach(cut)
        return _inside(clean) + _inside(spoiled) - _inside(edge) - alpha

    clean, spoiled = reach(brentq(kept, 0, 40))  # no |w| is as large
    bad = _second_moment(spoiled) - _second_moment(edge)
    return bad / (_second_moment(clean) + bad)


def _mean_length(mean, scatter, n):
    """E |u|, u normal with this mean (d,) and covariance scatter / n: E |u|^2 and its variance, to second order."""
    square = mean @ mean + np.trace(scatter) / n
    variance = 2 * np.trace(scatter @ scatter) / n**2 + 4 * mean @ scatter @ mean / n
    return np.sqrt(square) * (1 - variance / (8 * square**2))


def _scatter(source, theta, alpha):
    """n times the covariance of theta_T: the sandwich of M-estimation; the map's slope is what moving the cut adds."""
    kept = _kept(source, theta, alpha)
    outer = np.linalg.inv(kept.gram @ (np.eye(len(theta)) - _slope(source, theta, alpha)))
    return outer @ kept.noise @ outer.T


def _slope(source, theta, alpha):
    """(d, d) derivative of the map at theta, by central differences."""
    width = 1e-5
    steps = width * np.eye(len(theta))
    ahead, back = (
        np.array([population_round(source, theta + s, alpha=alpha) for s in sign * steps]) for sign in (1, -1)
    )
    return ((ahead - back) / (2 * width)).T


def _kept(source, theta, alpha):
    apart = source.betas - theta  # x'apart + noise is the residual
    spreads, cuts = _spreads_and_cuts(source, apart, check_alpha(alpha))
    share, second = _inside(cuts), _second_moment(cuts)
    fourth = 3 * second - 2 * cuts**3 * _density(cuts)
    towards = apart / spreads[:, None]
    return _Kept(
        gram=_moment(source.shares, towards, share, second),
        pull=(source.shares * second) @ apart,
        noise=_moment(source.shares * spreads**2, towards, second, fourth),
    )


def _density(z):
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def _inside(cut):
    """E 1 of a standard normal z between -cut and cut."""
    return 2 * ndtr(cut) - 1


def _second_moment(cut):
    """E z^2 of the same."""
    return _inside(cut) - 2 * cut * _density(cut)


def _moment(weights, towards, across, along):
    """Sum of weights (across (I - u u') + along u u') over components, u their `towards`. Returns (d, d)."""
    return np.eye(towards.shape[1]) * (weights @ across) + (towards.T * (weights * (along - across))) @ towards


def _spreads_and_cuts(source, apart, alpha):
    """Standard deviations of the components' residuals, (m,), and the cut in units of each, (m,)."""
    spreads = np.hypot(np.linalg.norm(apart, axis=1), source.spreads)
    return spreads, _cut(source.shares, spreads, alpha) / spreads


def _cut(shares, spreads, alpha):
    """The absolute residual below which a share alpha lies; no more than that of everything at alpha = 1."""
    most = 40 * spreads.max()
    if alpha == 1:
        return most
    return brentq(lambda cut: shares @ _inside(cut / spreads) - alpha, 0, most, xtol=1e-16, rtol=1e-14)
