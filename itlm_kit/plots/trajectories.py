"""Losses of single samples by epoch, and one epoch's histogram with the cut of a trimming step."""

from typing import NamedTuple

import numpy as np

from itlm_kit.plots import screen as look
from itlm_kit.plots.ends import names_at_end, share_of, sides_of_cut
from itlm_kit.plots.style import ROLES, panels, with_source

_LEFT = "Losses, epoch by epoch"
_HATCH = {"clean": "", "bad": "/", "all": ""}


class Group(NamedTuple):
    """Samples of one role: clean, bad, or all where nobody knows which are which."""

    role: str
    low: np.ndarray  # (epochs,) lower end of the band
    middle: np.ndarray  # (epochs,) median loss
    high: np.ndarray  # (epochs,)
    lines: np.ndarray  # (m, epochs), some samples' own losses
    counts: np.ndarray  # (bins,) of the epoch's histogram


class Trajectories(NamedTuple):
    """What is drawn: groups of samples over the epochs, and one epoch's cut."""

    groups: tuple
    epochs: np.ndarray  # (epochs,), from 1
    epoch: int  # the one looked at
    cut: float  # losses up to here are kept
    edges: np.ndarray  # (bins+1,) of the histogram
    show: str  # "bands" or "samples"
    kept: str  # what is kept, in words
    source: str
    words: str


def screen(scene):
    """The plotly figure of a Trajectories, as a dict."""
    data = [trace for group in scene.groups for trace in _traces(scene, group)]
    data.append(look.rule(1, scene.epoch, scene.edges[-1], "epoch"))
    dash = {"symbol": "line-ew", "size": 22, "line": {"width": 3, "color": look.INK}}
    data.append(look.trace(1, [scene.epoch], [scene.cut], mode="markers", marker=dash, name="cut"))
    data.append(look.rule(2, scene.cut, _top(scene), "cut"))
    data += [_bars(scene, group) for group in scene.groups]
    return {"data": data, "layout": _layout(scene)}


def _bars(scene, group):
    color, width = ROLES[group.role]["color"], float(np.diff(scene.edges)[0])
    hatch = {"shape": _HATCH[group.role], "fgcolor": color, "size": 7, "fillmode": "overlay"}
    marker = {"color": look.faint(group.role, 0.6), "line": {"color": color, "width": 0.5}, "pattern": hatch}
    bars = look.trace(2, scene.edges[:-1] + width / 2, group.counts, width=width, marker=marker)
    return {**bars, "type": "bar", "name": f"{group.role} samples", "showlegend": True}


def _layout(scene):
    ends = [0.0, float(scene.edges[-1])]
    epochs, loss = {"title": "epoch", "range": _ends(scene.epochs)}, {"title": "loss", "range": ends}
    samples = {"title": "samples", "range": [0, _top(scene)]}
    axes = [
        {"title": _LEFT, "xaxis": epochs, "yaxis": loss},
        {"title": _right(scene), "xaxis": loss, "yaxis": samples},
    ]
    notes = [*look.names(1, *_names(scene)), *look.sides_of_cut(2, share_of(scene.cut, ends))]
    layout = look.layout(axes, source=scene.source, notes=notes)
    return {**layout, "barmode": "stack", "bargap": 0, "legend": look.legend("right")}


def picture(scene):
    """The matplotlib Figure of a Trajectories."""
    figure, (left, right) = panels(2, width=5.2, height=3.4)
    for group in scene.groups:
        _draw_losses(left, scene, group)
    left.axvline(scene.epoch, color=look.INK, linewidth=1)
    left.plot(scene.epoch, scene.cut, "_", color=look.INK, markersize=18, markeredgewidth=2.5)
    left.set(xlabel="epoch", ylabel="loss", xlim=_ends(scene.epochs), ylim=(0, scene.edges[-1]))
    left.set_title(_LEFT, loc="left")
    names_at_end(left, *_names(scene))
    _draw_histogram(right, scene)
    return with_source(figure, scene.source)


def _draw_losses(axis, scene, group):
    color, linestyle = ROLES[group.role]["color"], ROLES[group.role]["linestyle"]
    if scene.show == "samples":
        axis.plot(scene.epochs, group.lines.T, color=color, linestyle=linestyle, linewidth=0.6, alpha=0.45)
    else:
        axis.fill_between(scene.epochs, group.low, group.high, color=color, alpha=0.18, linewidth=0)
    axis.plot(scene.epochs, group.middle, **ROLES[group.role], markersize=5, markevery=max(1, len(scene.epochs) // 12))


def _draw_histogram(axis, scene):
    bottom = np.zeros(len(scene.edges) - 1)
    for group in scene.groups:
        color = ROLES[group.role]["color"]
        about = {"color": (color, 0.5), "edgecolor": color, "linewidth": 0.5, "hatch": 2 * _HATCH[group.role]}
        axis.bar(scene.edges[:-1], group.counts, np.diff(scene.edges), bottom, align="edge", **about,
                 label=f"{group.role} samples")  # fmt: skip
        bottom += group.counts
    sides_of_cut(axis, scene.cut)
    axis.set(xlabel="loss", ylabel="samples", xlim=(0, scene.edges[-1]), ylim=(0, _top(scene)))
    axis.set_title(_right(scene), loc="left")
    axis.legend(frameon=False, loc="center right")


def _right(scene):
    return f"Epoch {scene.epoch}: {scene.kept}"


def _traces(scene, group):
    color, several = ROLES[group.role]["color"], scene.show == "samples"
    yield {**look.band(1, scene.epochs, group.low, group.high, group.role), "visible": not several}
    gaps = np.column_stack([group.lines, np.full(len(group.lines), np.nan)])  # a gap ends each sample's line
    x = np.tile([*scene.epochs, np.nan], len(group.lines))
    thin = {"color": look.faint(group.role, 0.45), "width": 0.8, "dash": look.line(group.role)["dash"]}
    yield look.trace(1, x, gaps.ravel(), mode="lines", line=thin, visible=several, hoverinfo="skip")
    marker = look.marker(group.role, maxdisplayed=14)
    line = {**look.line(group.role), "color": color}
    yield look.trace(1, scene.epochs, group.middle, mode="lines+markers", line=line, marker=marker, name="median")


def _names(scene):
    ends = scene.edges[[0, -1]]
    heights = [share_of(group.middle[-1], ends) for group in scene.groups]
    return heights, [f"{group.role} samples" for group in scene.groups], [group.role for group in scene.groups]


def _ends(epochs):
    margin = 0.03 * max(1, len(epochs) - 1)
    return [float(epochs[0] - margin), float(epochs[-1] + margin)]


def _top(scene):
    return 1.15 * float(sum(group.counts for group in scene.groups).max())
