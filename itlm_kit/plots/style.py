"""How every figure of the kit looks: one palette safe for colour-blind readers, one quiet frame, one mark per role."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from itlm_kit.plots.words import literal

# One colour, line and marker per role, the same in every chapter: colour is never the only cue. Orange is for bad
# samples alone.
ROLES = {
    "clean": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    "bad": {"color": "#D55E00", "linestyle": "--", "marker": "X"},
    "itlm": {"color": "#009E73", "linestyle": "-", "marker": "o"},
    "itlm-1": {"color": "#009E73", "linestyle": "-", "marker": "o"},
    "itlm-2": {"color": "#CC79A7", "linestyle": "-.", "marker": "^"},
    "oracle": {"color": "#222222", "linestyle": ":", "marker": "s"},
    "baseline": {"color": "#757575", "linestyle": "--", "marker": "v"},
    "naive": {"color": "#757575", "linestyle": "--", "marker": "v"},
    "bound": {"color": "#7B4BA0", "linestyle": "-.", "marker": "^"},
    "attack": {"color": "#882255", "linestyle": ":", "marker": "D"},  # what a backdoor does to test images
    "sample": {"color": "#222222", "linestyle": "-.", "marker": "s"},  # the one looked at
    "all": {"color": "#5A5A5A", "linestyle": (0, (8, 2)), "marker": "D"},  # samples of which nobody knows
    # scores of suspicion
    "last_loss": {"color": "#7B4BA0", "linestyle": "--", "marker": "*"},
    "mean_loss": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    "aum": {"color": "#009E73", "linestyle": "-", "marker": "s"},
    "forgetting": {"color": "#5A5A5A", "linestyle": ":", "marker": "v"},
    "low_confidence": {"color": "#56B4E9", "linestyle": "-.", "marker": "D"},
    "low_variability": {"color": "#CC79A7", "linestyle": "-.", "marker": "^"},
    "first_learned": {"color": "#222222", "linestyle": ":", "marker": "P"},
}
FRAME = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "font.size": 10,
    "figure.dpi": 110,
    "savefig.bbox": "tight",
}


def panels(columns=1, *, width=4.6, height=3.2, **kwargs):
    """A Figure of `columns` panels in the kit's frame, and its axes in a list. Not shown twice in a notebook."""
    figure, axes = framed(plt.subplots, 1, columns, figsize=(width * columns, height), **kwargs)
    return figure, list(axes) if columns > 1 else [axes]


def framed(make, *shape, **how):
    """A Figure in the kit's frame and its axes, as `make` of matplotlib's pyplot gives them."""
    with plt.rc_context(FRAME):
        figure, axes = make(*shape, layout="constrained", **how)
    plt.close(figure)  # the cell's value shows it; an open figure would be shown once more
    return figure, axes


def stroke(role):
    """The line of a role, without its marker."""
    return {**ROLES[role], "marker": ""}


def mark(role):
    """The marker of a role, without its line."""
    return {**ROLES[role], "linestyle": "none"}


def stacked_bars(axis, edges, counts, what="samples"):
    """Draw the histograms of roles one on another, bad ones hatched. edges: (bins+1,); counts: role -> (bins,)."""
    bottom = np.zeros(len(edges) - 1)
    for role, number in counts.items():
        color, hatch = ROLES[role]["color"], "//" if role == "bad" else ""
        look = {"color": (color, 0.5), "edgecolor": color, "linewidth": 0.5, "hatch": hatch}
        axis.bar(edges[:-1], number, np.diff(edges), bottom, align="edge", label=f"{role} {what}", **look)
        bottom += number


def with_source(figure, source):
    """Write under a figure what data it was computed from; returns the figure."""
    (words,), how = literal([source])
    figure.supxlabel(words, fontsize=8, color="#666666", x=0.01, ha="left", **how)
    return figure


def plain_numbers(axis, which="both"):
    """Numbers as people write them on log axes: 0.05, 1,000; more of them where an axis spans less than a decade."""
    for one in [axis.xaxis, axis.yaxis] if which == "both" else [getattr(axis, f"{which}axis")]:
        low, high = sorted(one.get_view_interval())
        span = high / low
        steps = range(1, 10) if span < 3 else (1, 2, 5) if span < 100 else (1, 3) if span < 1000 else (1,)
        decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
        one.set_major_locator(FixedLocator([s * d for d in decades for s in steps if low <= s * d <= high]))
        one.set_minor_locator(NullLocator())
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
