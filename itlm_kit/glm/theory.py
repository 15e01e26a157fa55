"""The theorems with numbers on them: both sides of Lemmas 5 and 6, kappa_t, Theorem 11 and the order of convergence.

Constants the paper leaves open (c, c_1, ...) are never guessed: either the proof's own term stands in their place, or
`fit_constant` finds the smallest one that the measurements allow.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_integer
from itlm_kit.glm.draws import Regression
from itlm_kit.glm.links import IDENTITY, Link
from itlm_kit.glm.path import Path
from itlm_kit.trimming import num_kept, trim


class Lemma5(NamedTuple):
    """Both sides of Lemma 5 and of its proof, round by round; all (T,).

    left = |theta_{t+1} - theta*| <= proof = T1 (T2 + T3) <= right, the lemma's form with the eigenvalues of the actual
    sets, (sqrt(2) gamma error + sqrt(2) phi + T3) / eigenvalue. With psi-, psi+ instead it is looser still.
    """

    error: np.ndarray  # |theta_t - theta*|
    left: np.ndarray
    proof: np.ndarray
    right: np.ndarray
    inverse: np.ndarray  # T1, 1 / smallest eigenvalue of X_S'X_S, S = S_t; at most 1 / psi-(alpha n)
    intrusion: np.ndarray  # T2, |sum over bad kept samples of (x'theta* - y) x|
    noise: np.ndarray  # T3, |sum over clean kept samples of e x|; c xi sigma bounds it
    gamma: np.ndarray  # largest eigenvalue of X_B'X_B, B the bad samples in S_t; at most psi+(|B|)
    phi: np.ndarray  # |sum over B of (x'theta_t - y) x|
    xi: np.ndarray  # sqrt(sum |x|^2 log n)
    intruders: np.ndarray  # |B| = |S_t \ S*|


class Lemma6(NamedTuple):
    """Both sides of Lemma 6 and of its proof, round by round; all (T,).

    left = |theta_{t+1} - theta*| <= proof = U1 error + eta / k (U2 + U3) <= right, where U1 is replaced by the lemma's
    1 - eta a^2 / k times the smallest eigenvalue of X_S'X_S (a valid step size given).
    """

    error: np.ndarray
    left: np.ndarray
    proof: np.ndarray
    right: np.ndarray
    contraction: np.ndarray  # U1, the spectral norm of 1 - eta/k X'H W C X
    intrusion: np.ndarray  # U2, phi~ with w' at theta_t, as in the proof
    intrusion_at_truth: np.ndarray  # phi~ with w' at theta*, as in the statement of the lemma
    noise: np.ndarray  # U3; the proof bounds it by xi b sigma
    xi: np.ndarray  # as in Lemma 5
    intruders: np.ndarray


def lemma5_terms(data: Regression, path: Path) -> Lemma5:
    """Compute Lemma 5's two sides and terms along a path of full least-squares updates; returns a Lemma5.

    data: a Regression (x, y, is_clean, theta are used); path: a Path. Raises InputError for shapes that do not match.
    Lemma 5 and its proof in appendix C.
    """
    _check_path(data, path)
    errors = parameter_errors(data, path)
    found = _by_term(_lemma5_round(data, theta, kept) for theta, kept in zip(path.thetas, path.kept, strict=False))
    return Lemma5(
        error=errors[:-1],
        left=errors[1:],
        proof=found.inverse * (found.intrusion + found.noise),
        right=found.inverse * (np.sqrt(2) * (found.gamma * errors[:-1] + found.phi) + found.noise),
        xi=_xi(data.x, len(path.kept)),
        **found._asdict(),
    )


class _Lemma5Round(NamedTuple):
    """The terms of one round, as Lemma5 names them."""

    inverse: float
    intrusion: float
    noise: float
    gamma: float
    phi: float
    intruders: int


def _lemma5_round(data, theta, kept):
    x, missed = data.x, data.x @ data.theta - data.y  # -e on clean samples
    rows, clean, bad = x[kept], kept & data.is_clean, kept & ~data.is_clean
    return _Lemma5Round(
        inverse=1 / np.linalg.eigvalsh(rows.T @ rows)[0],
        intrusion=np.linalg.norm(missed[bad] @ x[bad]),
        noise=np.linalg.norm(missed[clean] @ x[clean]),
        gamma=_largest_eigenvalue(x[bad]) if bad.any() else 0.0,
        phi=np.linalg.norm((x[bad] @ theta - data.y[bad]) @ x[bad]),
        intruders=bad.sum(),
    )


def _largest_eigenvalue(x):
    # Of X'X; XX' has the same, and is the smaller one where there are few rows.
    return np.linalg.eigvalsh(x @ x.T if len(x) < x.shape[1] else x.T @ x)[-1]


def _xi(x, rounds):
    return np.full(rounds, np.sqrt((x**2).sum() * np.log(len(x))))


def _by_term(rounds):
    """One named tuple of terms a round -> one of the same kind, each term an array (T,)."""
    rounds = list(rounds)
    return type(rounds[0])(*(np.array(term) for term in zip(*rounds, strict=True)))


def lemma6_terms(data: Regression, path: Path, *, step: float, link: Link = IDENTITY) -> Lemma6:
    """Compute Lemma 6's two sides and terms along a path of one gradient step per round (M = 1); returns a Lemma6.

    data: a Regression (x, y, is_clean, theta are used); path: a Path; step: its eta; link: its w.
    Raises InputError for shapes that do not match. Lemma 6 and its proof in appendix C.
    """
    _check_path(data, path)
    errors = parameter_errors(data, path)
    found = _by_term(
        _lemma6_round(data, theta, kept, step=step, link=link)
        for theta, kept in zip(path.thetas, path.kept, strict=False)
    )
    moved = step / path.kept.sum(1) * (found.intrusion + found.noise)
    return Lemma6(
        error=errors[:-1],
        left=errors[1:],
        proof=found.contraction * errors[:-1] + moved,
        right=found.ceiling * errors[:-1] + moved,
        contraction=found.contraction,
        intrusion=found.intrusion,
        intrusion_at_truth=found.intrusion_at_truth,
        noise=found.noise,
        xi=_xi(data.x, len(path.kept)),
        intruders=found.intruders,
    )


class _Lemma6Round(NamedTuple):
    """The terms of one round, as Lemma6 names them, and what its right side has in place of U1."""

    contraction: float
    ceiling: float  # 1 - eta a^2 / k times the smallest eigenvalue of X_S'X_S
    intrusion: float
    intrusion_at_truth: float
    noise: float
    intruders: int


def _lemma6_round(data, theta, kept, *, step, link):
    x, at_theta, at_truth = data.x, data.x @ theta, data.x @ data.theta
    clean, bad = kept & data.is_clean, kept & ~data.is_clean
    slopes = link.slope(at_theta)
    missed = link.value(at_truth) - data.y  # -e on clean samples, w(x'theta*) - r - e on bad ones
    weights = (slopes * _secants(at_theta, at_truth, link))[kept, None]
    values = np.linalg.eigvalsh(x[kept].T @ (weights * x[kept])) * step / kept.sum()
    smallest = np.linalg.eigvalsh(x[kept].T @ x[kept])[0] / kept.sum()
    return _Lemma6Round(
        contraction=np.abs(1 - values[[0, -1]]).max(),
        ceiling=1 - step * link.a**2 * smallest,
        intrusion=np.linalg.norm((missed * slopes)[bad] @ x[bad]),
        intrusion_at_truth=np.linalg.norm((missed * link.slope(at_truth))[bad] @ x[bad]),
        noise=np.linalg.norm((missed * slopes)[clean] @ x[clean]),
        intruders=bad.sum(),
    )


def _secants(u, v, link):
    """C_t of the proof: (w(u) - w(v)) / (u - v), and the slope where they meet."""
    gap = u - v
    met = np.abs(gap) < 1e-9
    return np.where(met, link.slope(u), (link.value(u) - link.value(v)) / np.where(met, 1, gap))


def parameter_errors(data: Regression, path: Path) -> np.ndarray:
    """|theta_t - theta*| for t = 0 ... T: what the paper's figures show. Returns (T+1,)."""
    return np.linalg.norm(path.thetas - data.theta, axis=-1)


def residual_norms(data: Regression, path: Path) -> np.ndarray:
    """|y - X theta_t| over S_t for t = 0 ... T-1, the measure that [BJK15] follows (remark 2). Returns (T,)."""
    residuals = data.y - path.thetas[: len(path.kept)] @ data.x.T
    return np.sqrt((residuals**2 * path.kept).sum(1))


def rates(values: ArrayLike) -> np.ndarray:
    """Successive ratios v_{t+1} / v_t of a positive sequence (T+1,); returns (T,). 0.5 halves the error a round."""
    values = np.asarray(values, float)
    return values[1:] / values[:-1]


def kappa(data: Regression, path: Path) -> np.ndarray:
    """kappa_t of (15), 2 sqrt(2) gamma / smallest eigenvalue, with the eigenvalues of the actual sets. Returns (T,).

    With psi+(|S_t - S*|) and psi-(alpha n) in their place, as the theorems have it, it can only be larger. One intruder
    alone adds |x|^2, about d, so that kappa_t below 1 needs n well above d: 1000 samples of 100 features give about 2.
    """
    terms = lemma5_terms(data, path)
    return 2 * np.sqrt(2) * terms.gamma * terms.inverse


def kappa_form(
    thetas: np.ndarray,
    truth: np.ndarray,
    *,
    sigma: float,
    n: int,
    others: np.ndarray | None = None,
    link: Link = IDENTITY,
) -> np.ndarray:
    """What kappa_t is proportional to for random errors, or for a mixture when `others` are given. Returns (T,).

    sqrt(|theta_t - theta*|^2 + sigma^2), divided for a mixture by the same with the nearest other component, times b/a
    of the link, and at least log(n) / n. thetas: (T, d); truth: (d,); others: (m, d). Theorems 7 to 10.
    """
    form = np.hypot(np.linalg.norm(thetas - truth, axis=-1), sigma)
    if others is not None:
        distances = np.linalg.norm(thetas[:, None] - np.atleast_2d(others), axis=-1)
        form = form / np.hypot(distances.min(1), sigma)
    return np.maximum(link.b / link.a * form, np.log(n) / n)


def fit_constant(measured: ArrayLike, form: ArrayLike) -> float:
    """The smallest c with measured <= c * form in every round: a constant fitted to the data, not the theorem's."""
    return float(np.max(np.asarray(measured) / np.asarray(form)))


def order_of_convergence(errors: ArrayLike, *, floor: float | None = None, clear: float = 1.5) -> float:
    """Estimate q in e_{t+1} = C e_t^q from an error path (T+1,), before it meets the noise floor.

    q is the least-squares slope of log e_{t+1} on log e_t over the first rounds, as long as e_{t+1} falls and stays
    above `clear` times the floor (None: the last error). 1 is linear, more is faster. NaN when fewer than two steps
    qualify: two steps are the classical log(e_2 / e_1) / log(e_1 / e_0). Raises InputError unless errors are positive.
    """
    errors = np.asarray(errors, float)
    if errors.ndim != 1 or errors.size < 2 or not (errors > 0).all():
        raise InputError("errors must be one path of at least two positive errors, e.g. |theta_t - theta*|.")
    floor = errors[-1] if floor is None else floor
    falling = (errors[1:] > clear * floor) & (errors[1:] < errors[:-1])
    steps = int(np.argmin(falling)) if not falling.all() else falling.size
    if steps < 2:
        return float("nan")
    logs = np.log(errors[: steps + 1])
    return float(np.polyfit(logs[:-1], logs[1:], 1)[0])


def intruders(
    delta: float, *, clean: float = 0.8, alpha: float = 0.75, n: int = 1000, runs: int = 100, seed: int = 0
) -> np.ndarray:
    """Count samples of N(0, 1) among the alpha n smallest of clean n from N(0, delta^2) and the rest from N(0, 1).

    Returns (runs,) counts. Raises InputError unless 0 < delta and alpha < clean. Theorem 11.
    """
    if not delta > 0:
        raise InputError(f"delta must be positive; got {delta!r}. It is the spread of the clean residuals, e.g. 0.1")
    k, good = num_kept(alpha, n), num_kept(clean, n)
    if k >= good:
        raise InputError(f"alpha must be below clean, the share of clean samples; got {alpha} and {clean}.")
    scale = np.where(np.arange(n) < good, delta, 1.0)
    sizes = np.abs(np.random.default_rng(seed).standard_normal((check_integer("runs", runs), n)) * scale)
    return trim(sizes, k)[:, good:].sum(1)


def intruders_form(delta: ArrayLike, *, clean: float = 0.8, n: int = 1000) -> np.ndarray:
    """max(delta (1 - clean) n, log n): what Theorem 11 bounds the intruders by, up to a constant."""
    return np.maximum(np.asarray(delta) * (1 - clean) * n, np.log(n))


def _check_path(data, path):
    rounds, n, d = len(path.kept), *data.x.shape
    if path.kept.shape != (rounds, n) or path.thetas.shape != (rounds + 1, d):
        raise InputError(
            f"path must belong to the data, thetas (T+1, {d}) and kept (T, {n}); "
            f"got {path.thetas.shape} and {path.kept.shape}."
        )
