"""Figures of how alpha is chosen: a panel per kind of label error, a line per chooser."""

from itlm_kit.plots.labels import names_at_end, share_of
from itlm_kit.plots.style import ROLES, panels, with_source

CHOOSERS = {"agreement": "itlm", "cv": "oracle", "mixture": "bound", "elbow": "baseline"}  # chooser -> role
_GREY = {"color": "#888888", "linewidth": 1}


def chosen_alpha(frame, *, source):
    """The alpha of each chooser against the clean share, mean and range over seeds, beside the shares themselves.

    frame: columns noise, clean, chooser, alpha, one row per seed, as `choices_frame` of the experiment alpha gives it.
    """
    return _drawn(frame, "alpha", "alpha chosen (%)", 100, _clean_shares, source)


def regrets(frame, *, source):
    """Accuracy that each chooser loses against the known alpha, mean and range over seeds; the grey band is 2 points.

    frame: columns noise, clean, chooser, regret, one row per seed, as `choices_frame` of the experiment alpha gives it.
    """
    return _drawn(frame, "regret", "regret (points of accuracy)", 1, _two_points, source)


def _clean_shares(axis):
    ends = axis.get_xlim()
    axis.plot(ends, ends, linestyle="-", zorder=0, **_GREY)
    axis.plot(ends, [end - 5 for end in ends], linestyle=":", zorder=0, **_GREY)
    words = "grey: clean share\ndotted: 5 points below"
    axis.annotate(words, (0.97, 0.04), xycoords="axes fraction", ha="right", fontsize=8, color="#666666")


def _two_points(axis):
    axis.axhspan(-2, 2, color="#EEEEEE", zorder=0)
    axis.axhline(0, **_GREY)


def _drawn(frame, what, label, scale, backdrop, source):
    kinds = list(dict.fromkeys(frame["noise"]))
    figure, axes = panels(len(kinds), width=4.2, sharey=True)
    last = {
        kind: _lines(axis, frame[frame["noise"] == kind], what, scale) for axis, kind in zip(axes, kinds, strict=True)
    }
    for axis, kind in zip(axes, kinds, strict=True):
        axis.set(xlabel="clean share (%)", ylabel=label if axis is axes[0] else "")
        axis.set_title(f"{kind.capitalize()} errors", loc="left")
        backdrop(axis)
    for axis, kind in zip(axes, kinds, strict=True):  # when all is drawn, since panels share their height
        heights = [share_of(end, axis.get_ylim()) for end in last[kind]]
        names_at_end(axis, heights, list(CHOOSERS), list(CHOOSERS.values()))
    return with_source(figure, source)


def _lines(axis, of_kind, what, scale):
    """Draw a line with ranges per chooser; returns where each ends."""
    by = of_kind.groupby(["chooser", "clean"])[what].agg(["mean", "min", "max"]) * scale
    for chooser, role in CHOOSERS.items():
        mean, low, high = (by.loc[chooser, name] for name in ("mean", "min", "max"))
        reach = [(mean - low).clip(0), (high - mean).clip(0)]  # where all seeds agree, rounding could turn it below 0
        axis.errorbar(100 * mean.index, mean, reach, capsize=2, **ROLES[role])
    return [by.loc[chooser, "mean"].iloc[-1] for chooser in CHOOSERS]
