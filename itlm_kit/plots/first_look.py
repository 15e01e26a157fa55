"""The picture that opens the course: a line through points, some of them bad, round by round."""

import numpy as np

from itlm_kit.plots.style import ROLES, label_end, panels, with_source


def line_by_round(u, y, is_clean, kept, thetas, *, source, title):
    """Points (u, y), clean and bad, the kept set circled, and the lines of theta_0 (least squares) to theta_T.

    u, y: (n,); is_clean, kept: (n,) bool; thetas: (T+1, 2), intercept and slope by round. Returns the Figure.
    """
    figure, (axis,) = panels(width=6.4, height=4.0)
    for role, mask in (("clean", is_clean), ("bad", ~is_clean)):
        axis.plot(
            u[mask], y[mask], ROLES[role]["marker"], color=ROLES[role]["color"], alpha=0.7, label=f"{role} samples"
        )
    axis.plot(u[kept], y[kept], "o", mfc="none", mec="#222222", markersize=11, label="kept in the last round")
    _draw_lines(axis, np.array([u.min(), u.max() + 0.04 * np.ptp(u)]), thetas)
    axis.set(xlabel="feature u", ylabel="output y")
    axis.set_title(title, loc="left")
    figure.legend(loc="outside upper left", ncols=3, fontsize=9, frameon=False)
    return with_source(figure, source)


def _draw_lines(axis, ends, thetas):
    last = len(thetas) - 1
    for t, (intercept, slope) in enumerate(thetas):
        role = "baseline" if t == 0 else "itlm"
        style = {"color": ROLES[role]["color"], "linestyle": ROLES[role]["linestyle"]}
        axis.plot(
            ends,
            intercept + slope * ends,
            **style,
            alpha=1 if t in (0, last) else 0.35,
            linewidth=2 if t == last else 1.3,
        )
    for t, text, role in ((0, "least squares", "baseline"), (last, f"ITLM, round {last}", "itlm")):
        label_end(axis, ends[1], thetas[t] @ [1, ends[1]], text, role)
