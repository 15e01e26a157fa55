"""Figures of the chapter on links: arrays in, a matplotlib Figure out."""

import numpy as np

from itlm_kit.plots.style import panels, with_source

LOOKS = (
    {"color": "#222222", "linestyle": ":"}, {"color": "#0072B2", "linestyle": "-"},
    {"color": "#009E73", "linestyle": "--"}, {"color": "#D55E00", "linestyle": "-."},
)  # fmt: skip


def link_curves(u, links, *, source):
    """Links w(u), left, and their slopes, right; u: (m,), links: up to four of them."""
    figure, (left, right) = panels(2, width=4.4, height=3.4)
    for link, look in zip(links, LOOKS, strict=False):
        left.plot(u, link.value(u), **look, label=link.name)
        right.plot(u, link.slope(u), **look, label=link.name)
    left.set(xlabel="u", ylabel="ω(u)")
    left.set_title("Links", loc="left")
    right.set(xlabel="u", ylabel="ω'(u)", ylim=(0, None))
    right.set_title("Their slopes", loc="left")
    left.legend(frameon=False)
    return with_source(figure, source)


def flow_in_plane(across, up, loss, flow, *, source):
    """Gradient flow and its penalised twin (a Flow, d = 2) over lines of equal loss; equal times are joined.

    across, up, loss: (rows, columns), both parameters and the loss on a grid.
    """
    figure, (axis,) = panels(width=5.8, height=4.4)
    axis.contour(
        across, up, loss, levels=np.geomspace(1.02 * loss.min(), loss.max(), 12), colors="#BBBBBB", linewidths=0.8
    )
    axis.plot(*np.stack([flow.flow, flow.penalised], axis=1).T, color="#5A5A5A", linewidth=0.6)
    axis.plot(*flow.flow.T, color="#009E73", marker="o", markersize=3.5, label="gradient flow")
    axis.plot(*flow.penalised.T, color="#0072B2", linestyle="--", marker="s", markersize=3.5, label="penalised")
    axis.plot(*flow.flow[-1], "*", color="#222222", markersize=12, label="fit of the kept set")
    axis.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", aspect="equal")
    axis.set_title("Flow and penalised fit, from θ₀ = 0", loc="left")
    axis.legend(loc="upper left", framealpha=1, edgecolor="white")
    return with_source(figure, source)
