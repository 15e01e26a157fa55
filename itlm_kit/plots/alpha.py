"""Figures of how alpha is chosen, and of what a wrong one costs."""

from itlm_kit.plots.labels import label_end, names_at_end, share_of
from itlm_kit.plots.style import ROLES, panels, plain_numbers, with_source

CHOOSERS = {"agreement": "itlm", "cv": "oracle", "mixture": "bound", "elbow": "baseline"}  # chooser -> role
_GREY = {"color": "#888888", "linewidth": 1}


def chosen_alpha(frame, *, source):
    """The alpha of each chooser against the clean share, mean and range over seeds, beside the shares themselves.

    frame: columns noise, clean, chooser, alpha, one row per seed, as `choices_frame` of the experiment alpha gives it.
    """
    return _drawn(frame, "alpha", label="alpha chosen (%)", scale=100, backdrop=_clean_shares, source=source)


def regrets(frame, *, source):
    """Accuracy that each chooser loses against the known alpha, mean and range over seeds; the grey band is 2 points.

    frame: columns noise, clean, chooser, regret, one row per seed, as `choices_frame` of the experiment alpha gives it.
    """
    return _drawn(frame, "regret", label="regret (points of accuracy)", scale=1, backdrop=_two_points, source=source)


def cost_of_wrong_alpha(off, costs, *, source):
    """Error over that with alpha = alpha*, against alpha - alpha*, median and range over draws, one line per noise.

    off: (m,), in shares; costs: text -> (median, low, high), each (m,).
    """
    figure, (axis,) = panels(width=6.2, height=3.6)
    axis.set(yscale="log", xlabel="α − α*, points", ylabel="error over that with α = α*")
    axis.axhline(1, **_GREY)
    for (text, (median, low, high)), role in zip(costs.items(), ("itlm-1", "itlm-2"), strict=True):
        axis.fill_between(100 * off, low, high, color=ROLES[role]["color"], alpha=0.15, linewidth=0)
        axis.plot(100 * off, median, **ROLES[role])
        label_end(axis, 100 * off[-1], median[-1], text, role)
    axis.axvline(0, color="#222222", linewidth=0.8)
    for x, side, words in ((0.02, "left", "drops clean samples"), (0.98, "right", "has to keep bad ones")):
        axis.annotate(words, (x, 0.95), xycoords="axes fraction", ha=side, fontsize=8, color="#555555")
    axis.set_title("What a wrong α costs", loc="left")
    plain_numbers(axis, "y")
    return with_source(figure, source)


def _clean_shares(axis):
    ends = axis.get_xlim()
    axis.plot(ends, ends, linestyle="-", zorder=0, **_GREY)
    axis.plot(ends, [end - 5 for end in ends], linestyle=":", zorder=0, **_GREY)
    words = "grey: clean share\ndotted: 5 points below"
    axis.annotate(words, (0.97, 0.04), xycoords="axes fraction", ha="right", fontsize=8, color="#666666")


def _two_points(axis):
    axis.axhspan(-2, 2, color="#EEEEEE", zorder=0)
    axis.axhline(0, **_GREY)


def _drawn(frame, what, *, label, scale, backdrop, source):
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
