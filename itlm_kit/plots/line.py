"""A line through points, one round of ITLM on it, and every sample's residual in order."""

from typing import NamedTuple

import numpy as np

from itlm_kit.plots import screen as look
from itlm_kit.plots.labels import names_at_end, share_of, sides_of_cut
from itlm_kit.plots.style import ROLES, mark, panels, stroke, with_source

_LEFT = "Points, and the line of this round"
_RIGHT = "Residuals under this line, in order"
_MARGIN = 1.0  # for the marks of outputs
_STEP = 5.0  # axes end at multiples of this, and so hold still while a slider moves


class Line(NamedTuple):
    """What is drawn: samples, lines (intercept, slope), and the residuals under the line of one round."""

    u: np.ndarray  # (n,) feature
    y: np.ndarray  # (n,) output
    is_clean: np.ndarray  # (n,) bool
    kept: np.ndarray  # (n,) bool, S_t
    truth: np.ndarray  # (2,)
    thetas: np.ndarray  # (t+1, 2), the lines of rounds 0 (least squares) to t
    residuals: np.ndarray  # (n,), absolute, under the last of them
    number: np.ndarray  # (n,) int, by which a sample is selected
    point: int  # the one selected
    source: str
    words: str


def screen(scene):
    """The plotly figure of a Line, as a dict."""
    feature_ends, rank = _feature_ends(scene), _ranks(scene)
    data = [
        _points(1, role, scene.u[mask], scene.y[mask], showlegend=True, customdata=scene.number[mask].tolist())
        for role, mask in _roles(scene)
    ]
    ring = {"symbol": "circle-open", "size": 14, "color": look.INK, "line": {"width": 1}}
    about = {"mode": "markers", "marker": ring, "name": "kept", "hoverinfo": "skip"}
    data.append(look.trace(1, scene.u[scene.kept], scene.y[scene.kept], **about, showlegend=True))
    frame = {"symbol": "diamond-open", "size": 22, "color": look.INK, "line": {"width": 2}}
    about = {"mode": "markers", "marker": frame, "name": "selected", "hoverinfo": "skip"}
    data += [look.trace(panel, x, y, **about) for panel, (x, y) in enumerate(_selected(scene), start=1)]
    faint = {"color": look.faint("itlm", 0.3), "width": 1.2}
    between = [[*_at(theta, feature_ends), None] for theta in scene.thetas[1:-1]]  # None ends each line
    data.append(look.trace(1, [*feature_ends, None] * len(between), sum(between, []), mode="lines", line=faint))
    for theta, role, name in _lines(scene):
        data.append(look.trace(1, feature_ends, _at(theta, feature_ends), mode="lines", line=look.line(role),
                               name=name))  # fmt: skip
    data += [_points(2, role, rank[mask], scene.residuals[mask]) for role, mask in _roles(scene)]
    data.append(look.rule(2, scene.kept.sum() + 0.5, _residual_end(scene), "cut"))
    return {"data": data, "layout": _layout(scene)}


def _points(panel, role, x, y, **more):
    mark = look.marker(role, 8, opacity=0.75)
    return look.trace(panel, x, y, **{"mode": "markers", "marker": mark, "name": f"{role} samples", **more})


def _layout(scene):
    output = {"title": "output y", "range": _output_ends(scene)}
    residual = {"title": "|residual|", "range": [0, _residual_end(scene)]}
    axes = [
        {"title": _LEFT, "xaxis": {"title": "feature u", "range": _feature_ends(scene)}, "yaxis": output},
        {"title": _RIGHT, "xaxis": {"title": "rank", "range": _rank_ends(scene)}, "yaxis": residual},
    ]
    sides = look.sides_of_cut(2, share_of(scene.kept.sum() + 0.5, _rank_ends(scene)))
    layout = look.layout(axes, source=scene.source, notes=[*look.names(1, *_names(scene)), *sides])
    return {**layout, "legend": look.legend("left")}


def picture(scene):
    """The matplotlib Figure of a Line."""
    figure, (left, right) = panels(2, width=5.2, height=3.6)
    rank = _ranks(scene)
    for role, mask in _roles(scene):
        points = {**mark(role), "alpha": 0.75, "markersize": 6}
        left.plot(scene.u[mask], scene.y[mask], **points)
        right.plot(rank[mask], scene.residuals[mask], **points, label=f"{role} samples")
    left.plot(scene.u[scene.kept], scene.y[scene.kept], "o", mfc="none", mec=look.INK, markersize=10, mew=0.7)
    right.plot([], [], "o", mfc="none", mec=look.INK, markersize=10, mew=0.7, label="kept")
    for axis, (x, y) in zip((left, right), _selected(scene), strict=True):
        axis.plot(x, y, "D", mfc="none", mec=look.INK, markersize=13, mew=1.5)
    for theta, role, _ in _lines(scene):
        left.plot(_feature_ends(scene), _at(theta, _feature_ends(scene)), **stroke(role), linewidth=2)
    for theta in scene.thetas[1:-1]:
        left.plot(_feature_ends(scene), _at(theta, _feature_ends(scene)), color=ROLES["itlm"]["color"], alpha=0.3)
    left.set(xlabel="feature u", ylabel="output y", xlim=_feature_ends(scene), ylim=_output_ends(scene))
    right.set(xlabel="rank", ylabel="|residual|", xlim=_rank_ends(scene), ylim=(0, _residual_end(scene)))
    left.set_title(_LEFT, loc="left")
    right.set_title(_RIGHT, loc="left")
    right.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.01, 0.9))
    names_at_end(left, *_names(scene))
    sides_of_cut(right, scene.kept.sum() + 0.5)
    return with_source(figure, scene.source)


def _selected(scene):
    """(x, y) of the point selected, in each panel."""
    here = scene.number == scene.point
    return (scene.u[here], scene.y[here]), (_ranks(scene)[here], scene.residuals[here])


def _roles(scene):
    return ("clean", scene.is_clean), ("bad", ~scene.is_clean)


def _lines(scene):
    """(theta, role, name) of the lines that stand out; in round 0 the last is the first."""
    last = len(scene.thetas) - 1
    return (
        (scene.truth, "oracle", "truth"),
        (scene.thetas[0], "naive", "least squares"),
        (scene.thetas[-1], "itlm", f"ITLM, round {last}"),
    )


def _names(scene):
    ends = _output_ends(scene)
    thetas, roles, names = zip(*_lines(scene), strict=True)
    return [share_of(_at(theta, _feature_ends(scene)[1]), ends) for theta in thetas], names, roles


def _at(theta, u):
    return theta[0] + theta[1] * np.asarray(u)


def _ranks(scene):
    """(n,) place of each sample's residual, from 1."""
    rank = np.empty(len(scene.y), int)
    rank[np.argsort(scene.residuals, kind="stable")] = np.arange(1, len(scene.y) + 1)
    return rank


def _feature_ends(scene):
    return [float(scene.u.min()) - 0.3, float(scene.u.max()) + 0.3]


def _output_ends(scene):
    seen = np.concatenate([scene.y, _at(scene.truth, _feature_ends(scene))])
    low, high = seen.min() - _MARGIN, seen.max() + _MARGIN
    return [float(_STEP * np.floor(low / _STEP)), float(_STEP * np.ceil(high / _STEP))]


def _rank_ends(scene):
    return [-1.0, len(scene.y) + 2.0]


def _residual_end(scene):
    return float(_STEP / 5 * np.ceil(1.1 * scene.residuals.max() / (_STEP / 5)))
