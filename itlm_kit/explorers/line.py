"""A line through points and outliers: Algorithm 1 round by round, where least squares can be seen."""

import numpy as np

from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import seed_box, slider
from itlm_kit.glm import clear_path
from itlm_kit.plots import line

_N = 50
_TRUTH = np.array([1.0, 2.0])  # intercept, slope
_SIGMA = 0.4
_ROUNDS = 8


class LineExplorer(Explorer):
    """Least squares, the line of one round of ITLM and what it keeps, on points of which some are moved off the line.

    values: where the controls start: bad (how many of the 50 samples), size (how far off the line), position (around
    which feature; clean ones lie in 0 to 4, so 10 is a leverage point), alpha, round, seed. Moving one more sample
    leaves the others where they are. Algorithm 1.
    """

    view = line

    def __init__(self, **values):
        controls = {
            "bad": slider("bad samples", 15, 0, 30, 1),
            "size": slider("off the line by", -6.0, -20.0, 20.0, 0.5),
            "position": slider("at feature u", 3.0, 0.0, 12.0, 0.25),
            "alpha": slider("share kept α", 0.6, 0.3, 1.0, 0.02),
            "round": slider("round t", 0, 0, _ROUNDS, 1),
            "seed": seed_box(),
        }
        super().__init__(controls, values)

    def scene(self, *, bad, size, position, alpha, round, seed):
        u, y, is_clean = _draw(bad, size, position, seed)
        x = np.column_stack([np.ones(_N), u])
        path = clear_path(x, y, alpha=alpha, rounds=_ROUNDS + 1)
        thetas, kept = path.thetas[: round + 1], path.kept[round]
        residuals = np.abs(y - x @ thetas[-1])
        source = f"{_N} points drawn with seed {seed}; {bad} of them bad"
        return line.Line(
            u, y, is_clean, kept, _TRUTH, thetas, residuals, source, _in_words(thetas, is_clean, kept, round)
        )


def _draw(bad, size, position, seed):
    rng = np.random.default_rng(seed)
    u, noise = rng.uniform(0, 4, _N), _SIGMA * rng.standard_normal(_N)
    around, order = rng.uniform(-1, 1, _N), rng.permutation(_N)
    is_clean = order >= bad
    u = np.where(is_clean, u, position + around)
    return u, _TRUTH[0] + _TRUTH[1] * u + noise + np.where(is_clean, 0, size), is_clean


def _in_words(thetas, is_clean, kept, round):
    first, now = (np.linalg.norm(theta - _TRUTH) for theta in (thetas[0], thetas[-1]))
    bad = (~is_clean & kept).sum()
    line = "Round 0 is least squares: its line" if round == 0 else f"The line of round {round}"
    beside = "" if round == 0 else f" ({first:.2f} for least squares)"
    return (
        f"{line} is {_equation(thetas[-1])}, the truth {_equation(_TRUTH)}; the distance of the two is "
        f"{now:.2f}{beside}. Of the {kept.sum()} samples it keeps, {bad} are bad (of {(~is_clean).sum()} there are)."
    )


def _equation(theta):
    intercept, slope = theta
    return f"y = {intercept:.2f} {'−' if slope < 0 else '+'} {abs(slope):.2f} u"
