"""How far it is and how clean what was kept is, round by round: on screen, as a picture."""

from typing import NamedTuple

import numpy as np

from itlm_kit.plots import screen as look
from itlm_kit.plots.ends import NOWHERE, log_ticks, names_at_end, share_of
from itlm_kit.plots.style import ROLES, panels, with_source


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


class Rounds(NamedTuple):
    """What is drawn: two panels side by side, what they were computed from, what they say."""

    left: Panel
    right: Panel
    name: str  # of the left curve
    source: str
    words: str
    missing: str = ""  # why there is nothing to draw


def screen(scene):
    """The plotly figure of a Rounds, as a dict."""
    both = (scene.left, scene.right)
    data = [trace for number, panel in enumerate(both, start=1) for trace in _traces(number, panel)]
    names = [name for number, panel in enumerate(both, start=1) for name in look.names(number, *_ends(scene, panel))]
    missing = look.note(1, 0.5, 0.5, scene.missing.replace(". ", ".<br>"))
    axes = [{"title": panel.title, "xaxis": _rounds_axis(panel), "yaxis": _values_axis(panel)} for panel in both]
    return {"data": data, "layout": look.layout(axes, source=scene.source, notes=[*names, missing])}


def picture(scene):
    """The matplotlib Figure of a Rounds."""
    figure, axes = panels(2, width=5.2, height=3.4)
    for axis, panel in zip(axes, (scene.left, scene.right), strict=True):
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
        for role, (_, value) in panel.levels.items():
            if value is not None:
                axis.axhline(value, color=ROLES[role]["color"], linestyle=ROLES[role]["linestyle"])
        axis.xaxis.get_major_locator().set_params(integer=True)
        names_at_end(axis, *_ends(scene, panel))
    axes[0].text(0.5, 0.5, scene.missing.replace(". ", ".\n"), transform=axes[0].transAxes, ha="center")
    return with_source(figure, scene.source)


def _traces(number, panel):
    rounds, mean, low, high = panel.curve
    reach = list(_reach(panel))
    marker = look.marker(panel.role, maxdisplayed=14)
    yield look.band(number, rounds, low, high, panel.role)
    for role, (name, value) in panel.levels.items():
        yield look.trace(number, reach, [value, value], mode="lines", line=look.line(role), name=name)
    about = {"line": look.line(panel.role), "marker": marker, "name": panel.axis}
    yield look.trace(number, rounds, mean, mode="lines+markers", **about)


def _ends(scene, panel):
    """Heights, names and roles of all lines at the right edge; a line that is not there has no name."""
    mean = panel.curve.mean
    lines = {panel.role: (scene.name if panel is scene.left else "kept set", mean[-1] if len(mean) else None)}
    lines.update(panel.levels)
    values = [value for _, value in lines.values()]
    heights = [NOWHERE if value is None else share_of(value, panel.ends, panel.log) for value in values]
    return heights, ["" if value is None else name for name, value in lines.values()], list(lines)


def _reach(panel):
    rounds = panel.curve.rounds
    last = rounds[-1] if len(rounds) else 1
    return -0.03 * last, 1.03 * last


def _rounds_axis(panel):
    return {"title": "round t", "range": list(_reach(panel))}


def _values_axis(panel):
    if not panel.log:
        return {"title": panel.axis, "range": list(panel.ends)}
    ticks = log_ticks(panel.ends)
    marks = {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    return {"title": panel.axis, "type": "log", "range": np.log10(panel.ends).tolist(), **marks}
