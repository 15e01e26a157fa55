"""The clear path: ITLM for generalized linear models straight through the loop, as Algorithm 1 reads."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from itlm_kit.errors import InputError, check_integer
from itlm_kit.glm.links import IDENTITY, Link
from itlm_kit.glm.losses import SQUARED, Loss
from itlm_kit.loop import itlm, itlm_rounds
from itlm_kit.trimming import num_kept

CONVERGED = 1e-10  # a full update ends when a step is this small beside theta,
MOST_STEPS = 200  # or after so many
NEAR_ZERO = 1e-8  # the absolute loss counts as a parabola below this residual


class Path(NamedTuple):
    """Where ITLM went."""

    thetas: np.ndarray  # (T+1, d), theta_0 ... theta_T
    kept: np.ndarray  # (T, n) bool, S_0 ... S_{T-1}


def clear_path(
    x: ArrayLike,
    y: ArrayLike,
    *,
    alpha: float,
    rounds: int,
    step: float | None = None,
    steps: int = 1,
    link: Link = IDENTITY,
    loss: Loss = SQUARED,
    theta0: ArrayLike | None = None,
) -> Path:
    """Run `rounds` rounds of ITLM on the loss of y - w(x'theta), keeping a share alpha, and return the Path.

    x: (n, d); y: (n,). step=None: every update fits the kept samples to the end ("large M": least squares, of minimum
    norm where they do not settle theta; Gauss-Newton from theta_t for other links and losses). step=eta: `steps` (M)
    full gradient steps on half their mean squared loss. theta0: (d,), or None for the fit on all samples (Algorithm 1,
    step 2; the paper's M = 1 figures need it too). Raises InputError for data that is not finite or does not match,
    alpha that keeps no sample, or a step so large that theta diverges. Sections 5 and 6.1, appendix B (a), (b).
    """
    x = check_features(x)
    y = check_outputs(y, len(x))
    check_settings(len(y), alpha, rounds, step, steps)
    theta0 = start(x, y, link, loss) if theta0 is None else check_theta(theta0, x)

    def losses(theta):
        return loss.value(y - link.value(x @ theta))

    def update(theta, kept, t):
        if step is None:
            return fit(x[kept], y[kept], theta, link, loss)
        return descend(x[kept], y[kept], theta, step, steps, link, loss)

    with np.errstate(over="ignore", invalid="ignore"):  # a path that diverges ends in the loop's own error
        result = itlm(theta0, losses, update, alpha=alpha, rounds=rounds, keep_states=True)
    return Path(np.stack(result.states), result.kept)


def settled_path(x: ArrayLike, y: ArrayLike, *, alpha: float, rounds: int, theta0: ArrayLike | None = None) -> Path:
    """As `clear_path` with least squares as its update, ended where the kept set stands (`settled`); errors alike."""
    x = check_features(x)
    y = check_outputs(y, len(x))
    k = check_settings(len(y), alpha, rounds)
    theta0 = start(x, y) if theta0 is None else check_theta(theta0, x)

    def losses(theta):
        return (y - x @ theta) ** 2

    def update(theta, kept, t):
        return start(x[kept], y[kept])

    with np.errstate(over="ignore", invalid="ignore"):
        steps = itlm_rounds(theta0, losses, update, k=k)
        return settled(((step.state, step.kept, step.losses[step.kept].sum()) for step in steps), rounds)


def settled(steps: Iterable[tuple[np.ndarray, np.ndarray, float]], rounds: int) -> Path:
    """The Path of full updates up to the round whose kept set stands, or of `rounds` rounds where none does.

    steps: theta_t, S_t and the sum of its losses, round by round, without end. A set stands that is kept once more, or
    whose sum no longer falls: what moves the set then is ties, or the rounding errors of an exact fit. Memory is taken
    by the rounds gone through alone.
    """
    thetas, kept, least = [], [], np.inf
    for t, (theta, now, loss) in enumerate(steps):
        thetas.append(theta)
        if t == rounds or (t and (loss >= least or np.array_equal(now, kept[-1]))):
            return Path(np.stack(thetas), np.stack(kept))
        kept.append(now)
        least = loss


def start(x: np.ndarray, y: np.ndarray, link: Link = IDENTITY, loss: Loss = SQUARED) -> np.ndarray:
    """theta_0 of Algorithm 1: the fit on all samples. x: (n, d); y: (n,); returns (d,)."""
    return fit(x, y, np.zeros(x.shape[1]), link, loss)


def newton_step(x: np.ndarray, y: np.ndarray, theta: np.ndarray, link: Link, loss: Loss) -> np.ndarray:
    """The Gauss-Newton step from theta, (d,), residuals reweighted by pull(r) / r: 1 for the squared loss."""
    u = x @ theta
    r = y - link.value(u)
    r = np.where(np.abs(r) < NEAR_ZERO, NEAR_ZERO, r)
    root = np.sqrt(loss.pull(r) / r)
    return _least_squares(x * (root * link.slope(u))[:, None], root * (y - link.value(u)))


def fit(
    x: np.ndarray,
    y: np.ndarray,
    theta: np.ndarray,
    link: Link = IDENTITY,
    loss: Loss = SQUARED,
    *,
    newton_step: Callable[[np.ndarray, np.ndarray, np.ndarray, Link, Loss], np.ndarray] = newton_step,
) -> np.ndarray:
    """Fit theta to all of the samples given, from theta where it has to iterate (Gauss-Newton, halved until it pays).

    One step solves the linear squared case. newton_step: another way to compute what the function of that name does.
    """
    if link is IDENTITY and loss is SQUARED:
        return _least_squares(x, y)

    def total(theta):
        return loss.value(y - link.value(x @ theta)).sum()

    for _ in range(MOST_STEPS):
        theta, moved = _halved_until_better(total, theta, newton_step(x, y, theta, link, loss))
        if moved <= CONVERGED * (1 + np.linalg.norm(theta)):
            break
    return theta


def descend(
    x: np.ndarray,
    y: np.ndarray,
    theta: np.ndarray,
    step: float,
    steps: int = 1,
    link: Link = IDENTITY,
    loss: Loss = SQUARED,
) -> np.ndarray:
    """Take `steps` full gradient steps on the samples given (Algorithm 2 with N = |S|)."""
    for _ in range(steps):
        u = x @ theta
        theta = theta + step / len(y) * (x.T @ (loss.pull(y - link.value(u)) * link.slope(u)))
    return theta


def _least_squares(x, y):
    # Columns of one size, by powers of two, so that no column counts as a rounding error of one in smaller units.
    size = np.abs(x).max(0)
    size = np.exp2(np.ceil(np.log2(np.where(size > 0, size, 1))))
    theta, _, rank, _ = np.linalg.lstsq(x / size, y, rcond=None)
    return theta / size if rank == x.shape[1] else np.linalg.lstsq(x, y, rcond=None)[0]


def _halved_until_better(total, theta, move):
    """theta after a move that is halved until the total loss does not rise, and how long the move is then."""
    before = total(theta)
    for _ in range(30):
        if total(theta + move) <= before:
            return theta + move, np.linalg.norm(move)
        move = move / 2
    return theta, 0.0


def check_features(x: ArrayLike) -> np.ndarray:
    """Return x (n, d) as floats; raise InputError unless it is a table of finite numbers with a sum of squares."""
    x = _as_floats("x", x)
    if x.ndim != 2 or 0 in x.shape:
        raise InputError(f"x must be a table of samples by features, (n, d); got shape {x.shape}.")
    return _check_finite("x", x)


def check_outputs(y: ArrayLike, n: int) -> np.ndarray:
    """Return y (n,) as floats; raise InputError unless it has n finite values."""
    y = _as_floats("y", y)
    if y.shape != (n,):
        raise InputError(f"y must have one output per sample, shape {(n,)}; got {y.shape}.")
    return _check_finite("y", y)


def check_settings(n: int, alpha: float, rounds: int, step: float | None = None, steps: int = 1) -> int:
    """Return k, the number of samples kept; raise InputError for settings out of range."""
    k = num_kept(alpha, n)
    check_integer("rounds", rounds, remedy="It is the number of updates.")
    check_integer("steps", steps, remedy="It is M, the number of gradient steps a round.")
    if step is not None and not 0 < step < np.inf:
        raise InputError(f"step must be a positive number, or None for full updates; got {step!r}, e.g. 0.5")
    return k


def check_theta(theta: ArrayLike, x: np.ndarray) -> np.ndarray:
    """Return theta (d,) as floats; raise InputError for another shape or values that are not finite."""
    theta = _as_floats("theta0", theta)
    if theta.shape != x.shape[1:] or not np.isfinite(theta).all():
        raise InputError(f"theta0 must be finite and of shape {x.shape[1:]}; got shape {theta.shape}.")
    return theta


def _as_floats(name, values):
    if np.iscomplexobj(values) or np.ma.is_masked(values):
        raise InputError(f"{name} must be real numbers, none masked; numpy would drop the imaginary part or the mask.")
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers; it cannot be read as such ({error}).") from error


def _check_finite(name, values):
    # The sum of squares is the quickest look, and what the losses need; only where it fails does each value need one.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.vdot(values, values)):
            return values
    if np.isfinite(values).all():
        raise InputError(f"{name} must be small enough to be squared; got {np.abs(values).max():.3g}. Change its unit.")
    row = int(np.argwhere(~np.isfinite(values))[0, 0])
    raise InputError(f"{name} must be finite; sample {row} has NaN or infinity. Drop it or fill it in first.")
