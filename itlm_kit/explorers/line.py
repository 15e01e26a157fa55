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
    """Least squares, the line of one round of ITLM and what it keeps, on points that a person moves off the line.

    values: where the controls start: bad (how many of the 50 samples), size (how far off the line), position (around
    which feature; clean ones lie in 0 to 4, so 10 is a leverage point), alpha, round, seed; point (the one selected,
    1 to 50, bad ones first; a click selects too), right and up (how far it has been moved by hand). Points stay where
    they were moved to when another is selected, and count as bad. One more bad sample leaves the others where they
    are. Algorithm 1.
    """

    view = line
    walks = "round"

    def __init__(self, **values):
        self._moved, self._selecting = {}, False  # point -> (right, up), of the others than the one selected
        controls = {
            "bad": slider("bad samples", 15, 0, 30, 1),
            "size": slider("off the line by", -6.0, -20.0, 20.0, 0.5),
            "position": slider("at feature u", 3.0, 0.0, 12.0, 0.25),
            "alpha": slider("share kept α", 0.6, 0.3, 1.0, 0.02),
            "round": slider("round t", 0, 0, _ROUNDS, 1),
            "seed": seed_box(),
            "point": slider("select point", 1, 1, _N, 1),
            "right": slider("move it right", 0.0, -12.0, 12.0, 0.25),
            "up": slider("move it up", 0.0, -25.0, 25.0, 0.5),
        }
        super().__init__(controls, values)
        for points in self.figure.data[:2]:  # clean and bad ones
            points.on_click(self._click)

    def scene(self, *, bad, size, position, alpha, round, seed, point, right, up):
        u, y, is_clean, number = _draw(bad, size, position, seed)
        now = self.values  # so that a figure with another point selected leaves this one where it is
        by_hand = {**self._moved, now["point"]: (now["right"], now["up"]), point: (right, up)}
        moved = {p: by for p, by in by_hand.items() if any(by)}
        for p, (aside, above) in moved.items():
            at = number == p
            u, y, is_clean = u + aside * at, y + above * at, is_clean & ~at
        x = np.column_stack([np.ones(_N), u])
        path = clear_path(x, y, alpha=alpha, rounds=_ROUNDS + 1)
        thetas, kept = path.thetas[: round + 1], path.kept[round]
        residuals = np.abs(y - x @ thetas[-1])
        by_hand = f", {len(moved)} moved by hand" if moved else ""
        source = f"{_N} points drawn with seed {seed}; {(~is_clean).sum()} of them bad{by_hand}"
        words = _in_words(thetas, is_clean, kept, round)
        return line.Line(u, y, is_clean, kept, _TRUTH, thetas, residuals, number, point, source, words)

    def _follow(self, change):
        if self._selecting:
            return
        if change["owner"] is self.controls["point"]:
            self._select(change["old"], change["new"])
        super()._follow(change)

    def _select(self, old, new):
        # The sliders let go of one point and take up another, drawn once both are where it is.
        self._moved[old] = self.values["right"], self.values["up"]
        self._selecting = True
        self.controls["right"].value, self.controls["up"].value = self._moved.pop(new, (0.0, 0.0))
        self._selecting = False

    def _click(self, points, clicked, state):
        for index in clicked.point_inds[:1]:
            self.controls["point"].value = points.customdata[index]


def _draw(bad, size, position, seed):
    """Features, outputs, who is clean, and the numbers by which points are selected, from 1, bad ones first; (n,)."""
    rng = np.random.default_rng(seed)
    u, noise = rng.uniform(0, 4, _N), _SIGMA * rng.standard_normal(_N)
    around, order = rng.uniform(-1, 1, _N), rng.permutation(_N)
    is_clean = order >= bad
    u = np.where(is_clean, u, position + around)
    return u, _TRUTH[0] + _TRUTH[1] * u + noise + np.where(is_clean, 0, size), is_clean, order + 1


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
