"""How fast, and how near, ITLM comes to theta* in regression: sections 5 and 6.1 of the paper, as sliders."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from itlm_kit.experiments.convergence import FOLLOWED, STEP
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, seed_box, slider, steps
from itlm_kit.glm import LINKS, FastFitter, draw, fast_path
from itlm_kit.plots import rounds

_KINDS = {
    "random": {"kind": "random"},
    "arbitrary": {"kind": "arbitrary"},
    "mixture": {"kind": "mixture"},
    "mixture of 3": {"kind": "mixture", "others": (0.5, 0.5)},
}
_UPDATES = {"large M": ("itlm-1", None), "M = 1": ("itlm-2", STEP)}  # its name in the experiments, its step


class ConvergenceExplorer(Explorer):
    """Distance to theta* and clean share of the kept set by round, beside least squares and the oracle.

    values: where the controls start, e.g. ConvergenceExplorer(seed=0, sigma=1.0): kind, update, link, clean (alpha*),
    alpha, sigma, n, d, runs (1 or 20), seed. The same seed gives the same features, theta*, noise and order of samples
    whatever else is moved (n and d aside), and the draws of the experiments fig2 to fig7. Sections 5 and 6.1.
    """

    view = rounds

    def __init__(self, **values):
        controls = {
            "kind": choice("bad outputs", "random", tuple(_KINDS)),
            "update": choice("update", "large M", tuple(_UPDATES)),
            "link": choice("link w", "identity", tuple(LINKS)),
            "clean": slider("clean share α*", 0.8, 0.5, 1.0, 0.01),
            "alpha": slider("share kept α", 0.75, 0.3, 1.0, 0.01),
            "sigma": steps("noise σ", 0.1, (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0)),
            "n": steps("samples n", 1000, (200, 500, 1000, 2000, 5000)),
            "d": steps("features d", 100, (5, 20, 50, 100)),
            "runs": steps("runs", 1, (1, 20)),
            "seed": seed_box(),
        }
        super().__init__(controls, values)

    def scene(self, *, kind, update, link, clean, alpha, sigma, n, d, runs, seed):
        data = {**_KINDS[kind], "clean": clean, "sigma": sigma, "link": LINKS[link]}
        method, step = _UPDATES[update]
        follow = {"alpha": alpha, "step": step, "rounds": FOLLOWED[method], "link": LINKS[link]}
        seen = [_follow_run(n, d, (seed, run), data, follow) for run in range(runs)]
        errors, shares = (np.array([getattr(run, name) for run in seen]) for name in ("errors", "shares"))
        oracle, naive = np.mean([run.oracle for run in seen]), errors[:, 0].mean()
        levels = {"naive": ("least squares", naive), "oracle": ("oracle", oracle)}
        ends = _half_decades([errors.min(), errors.max(), oracle])
        left = rounds.Panel("Distance to the truth", "‖θ − θ*‖", "itlm", _curve(errors), ends, True, levels)
        best = min(100.0, 100 * clean / alpha)
        levels = {"all": ("all samples", 100 * clean), "oracle": ("best possible", best)}
        ends = (min(40.0, np.floor(shares.min() / 10) * 10), 102.0)
        right = rounds.Panel("Clean share of the kept set", "clean samples (%)", "clean", _curve(shares), ends, False,
                             levels)  # fmt: skip
        source = f"{runs} draw{'s' * (runs > 1)} of {n:,} samples with {d} features, seed {seed}"
        words = _in_words(kind, update, clean, alpha, runs, errors.mean(0), oracle, shares.mean(0))
        return rounds.Rounds(left, right, f"ITLM, {update}", source, words)


class _Run(NamedTuple):
    errors: np.ndarray  # (T+1,) |theta_t - theta*|
    shares: np.ndarray  # (T,) clean samples in S_t, %
    oracle: float  # error of the fit on clean samples alone


def _follow_run(n, d, seed, data, follow):
    drawn = draw(n=n, d=d, seed=seed, **data)
    path = _fitter(n, d, seed).path(drawn.y, **follow)
    clean = drawn.is_clean
    oracle = fast_path(drawn.x[clean], drawn.y[clean], alpha=1.0, rounds=1, link=data["link"]).thetas[-1]
    errors = np.linalg.norm(path.thetas - drawn.theta, axis=1)
    shares = 100 * (path.kept & clean).sum(1) / path.kept.sum(1)
    return _Run(errors, shares, np.linalg.norm(oracle - drawn.theta))


@lru_cache(maxsize=20)
def _fitter(n, d, seed):
    # The same seed draws the same features whatever the outputs: their Gram matrix is computed once.
    return FastFitter(draw("random", n=n, d=d, seed=seed).x)


def _curve(values):
    """(runs, T) -> the mean over runs and the band of all of them."""
    return rounds.Curve(np.arange(values.shape[1]), values.mean(0), values.min(0), values.max(0))


def _half_decades(values):
    low, high = np.log10([min(values), max(values)])
    return 10 ** (np.floor(2 * low - 0.2) / 2), 10 ** (np.ceil(2 * high + 0.2) / 2)


def _in_words(kind, update, clean, alpha, runs, errors, oracle, shares):
    gain = errors[0] / errors[-1]
    beside = f"{gain:.1f} times nearer than" if gain > 1.05 else f"{1 / gain:.1f} times as far as"
    of = f"Mean of {runs} runs: " if runs > 1 else ""
    return (
        f"{of}{100 * (1 - clean):.0f} % bad outputs ({kind}), share kept {alpha:.2f}. After {len(errors) - 1} rounds "
        f"ITLM ({update}) is {errors[-1]:.3g} from the truth, {beside} least squares ({errors[0]:.3g}); the oracle is "
        f"{oracle:.3g} from it. Of the kept samples {shares[0]:.1f} % are clean at first, {shares[-1]:.1f} % at last."
    )
