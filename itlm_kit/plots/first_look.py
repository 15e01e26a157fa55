"""The picture that opens the course: a line through points, some of them bad, round beside round."""

import matplotlib.pyplot as plt
import numpy as np

from itlm_kit.plots.screen import INK
from itlm_kit.plots.style import framed, mark, stroke, with_source

_POINTS = {"alpha": 0.7, "markersize": 5}


def rounds_side_by_side(u, y, is_clean, thetas, kept, *, truth, rounds=None, source):
    """One column per round: the points and its line, and below them the residuals in order, with the cut.

    u, y: (n,); is_clean: (n,) bool; thetas: (T, 2), intercept and slope, the first of least squares; kept: (T, n) bool;
    truth: (2,), the clean samples' line; rounds: (T,) their numbers, 0 ... T-1 by default. Returns the Figure.
    """
    size = {"figsize": (2.7 * len(thetas), 5.2), "sharex": "row", "sharey": "row"}
    figure, axes = framed(plt.subplots, 2, len(thetas), **size)
    roles = {"clean": is_clean, "bad": ~is_clean}
    for t, theta, mask, (above, below) in zip(rounds or range(len(thetas)), thetas, kept, axes.T, strict=True):
        _draw_points(above, u, y, roles, kept=mask)
        _draw_line(above, u, truth, role="oracle", name="truth")
        _draw_line(above, u, thetas[0], role="baseline", name="least squares")
        if t > 0:
            _draw_line(above, u, theta, role="itlm", name="the line of the round")
        _draw_residuals(below, np.abs(y - theta[0] - theta[1] * u), roles, mask.sum())
        above.set_title(f"Round {t}: keeps {(mask & ~is_clean).sum()} bad", loc="left")
    axes[0, 0].set_ylabel("output y")
    axes[1, 0].set(ylabel="|residual|", ylim=(0, None))  # of all columns
    handles, names = axes[0, -1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=len(names), fontsize=9, frameon=False)
    return with_source(figure, source)


def _draw_points(axis, u, y, roles, *, kept):
    for role, mask in roles.items():
        axis.plot(u[mask], y[mask], **mark(role), **_POINTS, label=f"{role} samples")
    axis.plot(u[kept], y[kept], "o", mfc="none", mec=INK, markersize=8, mew=0.7, label="kept")
    axis.set_xlabel("feature u")


def _draw_line(axis, u, theta, *, role, name):
    ends = np.array([u.min(), u.max()])
    axis.plot(ends, theta[0] + theta[1] * ends, **stroke(role), linewidth=2, label=name)


def _draw_residuals(axis, residuals, roles, k):
    rank = np.argsort(np.argsort(residuals, kind="stable")) + 1
    for role, mask in roles.items():
        axis.plot(rank[mask], residuals[mask], **mark(role), **_POINTS)
    axis.axvline(k + 0.5, color=INK, linewidth=1)
    axis.annotate("← kept", (k, 0.93), xycoords=("data", "axes fraction"), ha="right", fontsize=9)
    axis.set_xlabel("rank")
