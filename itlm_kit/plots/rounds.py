"""How far it is and how clean what was kept is, round by round, and one round's residuals: on screen, as a picture."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from itlm_kit.plots import screen as look
from itlm_kit.plots.labels import NOWHERE, log_ticks, names_at_end, share_of, sides_of_cut
from itlm_kit.plots.style import ROLES, framed, panels, stacked_bars, stroke, with_source


class Curve(NamedTuple):
    """A line over rounds and the band it is the middle of; empty where nothing is known."""

    rounds: np.ndarray  # (T,)
    mean: np.ndarray  # (T,)
    low: np.ndarray  # (T,)
    high: np.ndarray  # (T,)


class Panel(NamedTuple):
    """A curve between the levels it is judged by."""

    title: str
    axis: str
    role: str  # of the curve
    curve: Curve
    ends: tuple  # of the axis
    log: bool
    levels: dict  # role -> (name, value or None where it is not known)
    bound: tuple | None = None  # (rounds, values) of what the curve may not exceed


class Residuals(NamedTuple):
    """Residuals of one round, and which of them are kept."""

    round: int
    edges: np.ndarray  # (bins+1,), from 0
    counts: dict  # role -> (bins,) of clean and bad samples
    cut: float  # residuals up to here are kept
    kept: str  # what is kept, in words


class Rounds(NamedTuple):
    """What is drawn: two panels side by side, what they were computed from, what they say; residuals below them."""

    left: Panel
    right: Panel
    name: str  # of the left curve
    source: str
    words: str
    missing: str = ""  # why there is nothing to draw
    below: Residuals | None = None


def screen(scene):
    """The plotly figure of a Rounds, as a dict."""
    both = list(enumerate((scene.left, scene.right), start=1))
    data = [trace for number, panel in both for trace in _traces(number, panel)]
    notes = [name for number, panel in both for name in look.names(number, *_ends(scene, panel))]
    notes.append(look.note(1, 0.5, 0.5, scene.missing.replace(". ", ".<br>")))
    axes = [{"title": panel.title, "xaxis": _rounds_axis(panel), "yaxis": _values_axis(panel)} for _, panel in both]
    if scene.below is None:
        return {"data": data, "layout": look.layout(axes, source=scene.source, notes=notes)}
    data += [_this_round(number, panel, scene.below.round) for number, panel in both]
    data += [look.bars(3, scene.below.edges, counts, role) for role, counts in scene.below.counts.items()]
    data.append(look.rule(3, scene.below.cut, _top(scene.below), "cut"))
    notes += look.sides_of_cut(3, share_of(scene.below.cut, _residual_ends(scene.below)))
    layout = look.layout([*axes, _below_axes(scene.below)], source=scene.source, notes=notes)
    return {"data": data, "layout": {**layout, "barmode": "stack", "bargap": 0, "legend": look.legend("below")}}


def picture(scene):
    """The matplotlib Figure of a Rounds."""
    figure, axes = panels(2, width=5.2, height=3.4) if scene.below is None else _panels_above_one()
    for axis, panel in zip(axes, (scene.left, scene.right), strict=False):
        _draw_panel(axis, panel)
        names_at_end(axis, *_ends(scene, panel))
        if scene.below is not None:
            (here,), (value,) = _point(panel, scene.below.round)
            axis.plot(here, value, "o", mfc="none", mec=look.INK, markersize=12)
    axes[0].text(0.5, 0.5, scene.missing.replace(". ", ".\n"), transform=axes[0].transAxes, ha="center")
    if scene.below is not None:
        _draw_residuals(axes[2], scene.below)
    return with_source(figure, scene.source)


def _panels_above_one():
    figure, axes = framed(plt.subplot_mosaic, "ab;cc", figsize=(10.4, 5.4), height_ratios=(3, 2))
    return figure, list(axes.values())


def _draw_panel(axis, panel):
    rounds, mean, low, high = panel.curve
    axis.set(yscale="log" if panel.log else "linear", ylim=panel.ends, xlim=_reach(panel))
    axis.set_title(panel.title, loc="left")
    axis.set(xlabel="round t", ylabel=panel.axis)
    if panel.log:
        ticks = log_ticks(panel.ends)
        axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
    axis.fill_between(rounds, low, high, color=ROLES[panel.role]["color"], alpha=0.18, linewidth=0)
    axis.plot(rounds, mean, **ROLES[panel.role], markersize=5, markevery=max(1, len(rounds) // 12))
    if panel.bound is not None:
        axis.plot(*panel.bound, **stroke("bound"))
    for role, (_, value) in panel.levels.items():
        if value is not None:
            axis.axhline(value, **stroke(role))
    axis.xaxis.get_major_locator().set_params(integer=True)


def _draw_residuals(axis, below):
    stacked_bars(axis, below.edges, below.counts)
    about = _below_axes(below)
    axis.set(xlabel=about["xaxis"]["title"], ylabel="samples", xlim=_residual_ends(below), ylim=(0, _top(below)))
    axis.set_title(about["title"], loc="left")
    axis.legend(frameon=False, loc="center right", bbox_to_anchor=(0.98, 0.5))  # left of the last bin
    sides_of_cut(axis, below.cut)


def _traces(number, panel):
    rounds, mean, low, high = panel.curve
    reach = list(_reach(panel))
    marker = look.marker(panel.role, maxdisplayed=14)
    yield look.band(number, rounds, low, high, panel.role)
    for role, (name, value) in panel.levels.items():
        yield look.trace(number, reach, [value, value], mode="lines", line=look.line(role), name=name)
    if panel.bound is not None:
        yield look.trace(number, *panel.bound, mode="lines", line=look.line("bound"), name="bound")
    about = {"line": look.line(panel.role), "marker": marker, "name": panel.axis}
    yield look.trace(number, rounds, mean, mode="lines+markers", **about)


def _this_round(number, panel, t):
    ring = {"symbol": "circle-open", "size": 14, "color": look.INK, "line": {"width": 1.5}}
    return look.trace(number, *_point(panel, t), mode="markers", marker=ring, name="this round", hoverinfo="skip")


def _point(panel, t):
    here = panel.curve.rounds == t
    return panel.curve.rounds[here], panel.curve.mean[here]


def _ends(scene, panel):
    """Heights, names and roles of all lines at the right edge; a line that is not there has no name."""
    mean = panel.curve.mean
    lines = {panel.role: (scene.name if panel is scene.left else "kept set", mean[-1] if len(mean) else None)}
    lines.update(panel.levels)
    if panel.bound is not None:
        lines["bound"] = ("bound", _last(panel.bound[1]))
    values = [value for _, value in lines.values()]
    heights = [NOWHERE if value is None else share_of(value, panel.ends, panel.log) for value in values]
    return heights, ["" if value is None else name for name, value in lines.values()], list(lines)


def _last(values):
    return None if not len(values) or np.isnan(values[-1]) else values[-1]


def _reach(panel):
    rounds = panel.curve.rounds
    last = rounds[-1] if len(rounds) else 1
    return -0.03 * last, 1.03 * last


def _rounds_axis(panel):
    low, high = _reach(panel)
    return {"title": "round t", "range": [low, high], "dtick": look.whole_steps(high)}


def _values_axis(panel):
    if not panel.log:
        return {"title": panel.axis, "range": list(panel.ends)}
    ticks = log_ticks(panel.ends)
    marks = {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    return {"title": panel.axis, "type": "log", "range": np.log10(panel.ends).tolist(), **marks}


def _below_axes(below):
    residual = {"title": "|residual| (the last bin holds all beyond)", "range": _residual_ends(below)}
    samples = {"title": "samples", "range": [0, _top(below)]}
    return {"title": f"Round {below.round}: {below.kept}", "xaxis": residual, "yaxis": samples}


def _residual_ends(below):
    return [0.0, float(below.edges[-1])]


def _top(below):
    return 1.15 * float(sum(below.counts.values()).max())
