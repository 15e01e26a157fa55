"""Losses of single samples by epoch, one epoch's histogram or ROC curve with the cut, and one sample's image."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from itlm_kit.plots import screen as look
from itlm_kit.plots.labels import NOWHERE, names_at_end, share_of, sides_of_cut
from itlm_kit.plots.style import ROLES, panels, stacked_bars, stroke, with_source

_LEFT = "Losses, epoch by epoch"
_TILE, _MOST = 112, 224  # pixels of a sample's image, at least and at most


class Group(NamedTuple):
    """Samples of one role: clean, bad, or all where nobody knows which are which."""

    role: str
    low: np.ndarray  # (epochs,) lower end of the band
    middle: np.ndarray  # (epochs,) median loss
    high: np.ndarray  # (epochs,)
    lines: np.ndarray  # (m, epochs), some samples' own losses
    counts: np.ndarray  # (bins,) of the epoch's histogram
    samples: np.ndarray  # (m,) whose lines these are


class Roc(NamedTuple):
    """The ROC curve of one epoch's score, in percent; empty where the truth is not known."""

    clean: np.ndarray  # (p,) clean samples dropped
    bad: np.ndarray  # (p,) bad samples dropped
    samples: list  # (p,) the last one dropped, None at the start
    cut: tuple  # (clean, bad) dropped by trimming
    at: tuple  # (clean, bad) dropped down to the sample looked at
    auc: float


class Chosen(NamedTuple):
    """The sample looked at."""

    index: int
    losses: np.ndarray  # (epochs,)
    value: float  # its score, within the histogram's ends
    image: np.ndarray  # uint8 (1 or 3, h, w), or None
    caption: tuple  # lines of words


class Trajectories(NamedTuple):
    """What is drawn: groups of samples over the epochs, and one epoch's cut."""

    groups: tuple
    epochs: np.ndarray  # (epochs,), from 1
    epoch: int  # the one looked at
    cut: float  # scores up to here are kept
    edges: np.ndarray  # (bins+1,) of the histogram of scores
    show: str  # "bands" or "samples"
    kept: str  # what is kept, in words
    source: str
    words: str
    ends: tuple  # of the axis of losses
    score: str  # what is cut, in words
    marks_loss: bool  # whether the cut is one of the losses on the left
    right: str  # "histogram" or "ROC"
    roc: Roc
    chosen: Chosen


def screen(scene):
    """The plotly figure of a Trajectories, as a dict."""
    data = [trace for group in scene.groups for trace in _traces(scene, group)]
    data.append(look.rule(1, scene.epoch, scene.ends[1], "epoch", scene.ends[0]))
    dash = {"symbol": "line-ew", "size": 22, "line": {"width": 3, "color": look.INK}}
    cut = scene.cut if scene.marks_loss else np.nan
    data.append(look.trace(1, [scene.epoch], [cut], mode="markers", marker=dash, name="cut"))
    own = look.line("sample", 2.5)
    data.append(look.trace(1, scene.epochs, scene.chosen.losses, mode="lines", line=own, name="sample"))
    data += [*_histogram(scene), *_roc(scene)]
    return {"data": data, "layout": _layout(scene)}


def _histogram(scene):
    shown, dotted = {"visible": scene.right == "histogram"}, {"color": look.INK, "width": 2.5, "dash": "dot"}
    yield {**look.rule(2, scene.cut, _top(scene), "cut"), **shown}
    yield {**look.rule(2, scene.chosen.value, _top(scene), "sample"), "line": dotted, **shown}
    for group in scene.groups:
        yield {**look.bars(2, scene.edges, group.counts, group.role), **shown}


def _roc(scene):
    clean, bad, samples, cut, at, _ = scene.roc
    shown = {"visible": scene.right == "ROC"}
    chance = {"color": "#888888", "width": 0.8}
    yield look.trace(2, [0, 100], [0, 100], mode="lines", line=chance, hoverinfo="skip", **shown)
    curve = {"mode": "lines+markers", "line": look.line("itlm"), "marker": look.marker("itlm", size=4)}
    told = {"customdata": list(samples), "hovertemplate": "down to sample %{customdata}<extra></extra>"}
    yield look.trace(2, clean, bad, **curve, **told, name="ROC", **shown)
    square = {"symbol": "diamond", "size": 11, "color": look.INK}
    yield look.trace(2, cut[:1], cut[1:], **_named("cut at α", "bottom right"), marker=square, name="cut at α", **shown)
    ring = {"symbol": "circle-open", "size": 13, "color": look.INK, "line": {"width": 2.5}}
    name = _named(f"sample {scene.chosen.index}", "middle right")
    yield look.trace(2, at[:1], at[1:], **name, marker=ring, name="sample", **shown)


def _named(text, side):
    return {"mode": "markers+text", "text": [text], "textposition": side, "cliponaxis": False}


def _layout(scene):
    epochs = {"title": "epoch", "range": _ends(scene.epochs), "dtick": look.whole_steps(len(scene.epochs))}
    left = {"title": _LEFT, "xaxis": epochs, "yaxis": {"title": "loss", "range": list(scene.ends)}}
    (x_name, x_ends), (y_name, y_ends) = _right_axes(scene)
    right = {"xaxis": {"title": x_name, "range": x_ends}, "yaxis": {"title": y_name, "range": y_ends}}
    cut = look.sides_of_cut(2, share_of(scene.cut, _score_ends(scene)))
    sides = [{**note, "visible": scene.right == "histogram"} for note in cut]
    caption = look.note(2, 1, 0.53, "<br>".join(scene.chosen.caption), xanchor="left", xshift=8, align="left")
    notes = [*look.names(1, *_names(scene)), *sides, caption]
    layout = look.layout([left, {"title": _right(scene), **right}], source=scene.source, notes=notes)
    return {**layout, "barmode": "stack", "bargap": 0, "legend": look.legend("right"), "images": _images(scene)}


def _right_axes(scene):
    """(name, ends) of both axes of the right panel."""
    if scene.right == "ROC":
        return ("clean samples dropped (%)", [-2, 102]), ("bad samples dropped (%)", [-2, 102])
    return (scene.score, _score_ends(scene)), ("samples", [0, _top(scene)])


def _score_ends(scene):
    low, high = scene.edges[[0, -1]].tolist()
    return [low if scene.marks_loss else low - 0.15 * (high - low), high]  # room for the words at a low cut


def _images(scene):
    if scene.chosen.image is None:
        return []
    source = look.embedded(_tile(scene.chosen.image))
    place = {"xref": "paper", "yref": "paper", "x": 1.01, "y": 0, "xanchor": "left", "yanchor": "bottom"}
    return [{**place, "source": source, "sizex": 0.14, "sizey": 0.4}]


def _tile(image):
    """An image (1 or 3, h, w) large enough to be seen, its pixels sharp; dark on light where it is grey."""
    pixels = 255 - image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
    times = max(1, _TILE // max(pixels.shape[:2]))
    tile = Image.fromarray(pixels.repeat(times, 0).repeat(times, 1))
    tile.thumbnail((_MOST, _MOST))
    return tile


def picture(scene):
    """The matplotlib Figure of a Trajectories."""
    figure, (left, right) = panels(2, width=5.2, height=3.4)
    for group in scene.groups:
        _draw_losses(left, scene, group)
    left.axvline(scene.epoch, color=look.INK, linewidth=1)
    if scene.marks_loss:
        left.plot(scene.epoch, scene.cut, "_", color=look.INK, markersize=18, markeredgewidth=2.5)
    left.plot(scene.epochs, scene.chosen.losses, **stroke("sample"), linewidth=2)
    left.set(xlabel="epoch", ylabel="loss", xlim=_ends(scene.epochs), ylim=scene.ends)
    left.set_title(_LEFT, loc="left")
    left.xaxis.get_major_locator().set_params(integer=True)
    names_at_end(left, *_names(scene))
    draw = _draw_roc if scene.right == "ROC" else _draw_histogram
    draw(right, scene)
    (x_name, x_ends), (y_name, y_ends) = _right_axes(scene)
    right.set(xlabel=x_name, ylabel=y_name, xlim=x_ends, ylim=y_ends)
    right.set_title(_right(scene), loc="left")
    _draw_chosen(right, scene.chosen)
    return with_source(figure, scene.source)


def _draw_chosen(axis, chosen):
    axis.annotate("\n".join(chosen.caption), (1.03, 0.45), xycoords="axes fraction", fontsize=9, annotation_clip=False)
    if chosen.image is not None:
        tile = axis.inset_axes([1.03, 0, 0.3, 0.4])
        tile.imshow(_tile(chosen.image), cmap="gray", vmin=0, vmax=255)
        tile.axis("off")


def _draw_roc(axis, scene):
    axis.plot([0, 100], [0, 100], color="#888888", linewidth=0.8)
    axis.plot(scene.roc.clean, scene.roc.bad, **ROLES["itlm"], markersize=4, markevery=20)
    axis.plot(*scene.roc.cut, "D", color=look.INK)
    axis.plot(*scene.roc.at, "o", color=look.INK, markersize=10, fillstyle="none", markeredgewidth=2)
    for place, text, height in ((scene.roc.cut, "cut at α", -10), (scene.roc.at, f"sample {scene.chosen.index}", 0)):
        if np.isfinite(place).all():
            axis.annotate(text, place, xytext=(9, height), textcoords="offset points", va="center", fontsize=9)


def _draw_losses(axis, scene, group):
    if scene.show == "samples":
        axis.plot(scene.epochs, group.lines.T, **stroke(group.role), linewidth=0.6, alpha=0.45)
    else:
        color = ROLES[group.role]["color"]
        axis.fill_between(scene.epochs, group.low, group.high, color=color, alpha=0.18, linewidth=0)
    axis.plot(scene.epochs, group.middle, **ROLES[group.role], markersize=5, markevery=max(1, len(scene.epochs) // 12))


def _draw_histogram(axis, scene):
    stacked_bars(axis, scene.edges, {group.role: group.counts for group in scene.groups})
    sides_of_cut(axis, scene.cut)
    axis.axvline(scene.chosen.value, color=look.INK, linewidth=2, linestyle=":")
    axis.legend(frameon=False, loc="center right", bbox_to_anchor=(0.97, 0.5))  # left of the last bin


def _right(scene):
    told = f"AUC {scene.roc.auc:.3f}, {scene.score}" if scene.right == "ROC" else scene.kept
    return f"Epoch {scene.epoch}: {told}"


def _traces(scene, group):
    several = scene.show == "samples"
    yield {**look.band(1, scene.epochs, group.low, group.high, group.role), "visible": not several}
    gaps = np.column_stack([group.lines, np.full(len(group.lines), np.nan)])  # a gap ends each sample's line
    x = np.tile([*scene.epochs, np.nan], len(group.lines))
    owners = np.repeat(group.samples, len(scene.epochs) + 1)
    thin = {"color": look.faint(group.role, 0.45), "width": 0.8, "dash": look.line(group.role)["dash"]}
    told = {"customdata": owners.tolist(), "hovertemplate": "sample %{customdata}<extra></extra>"}
    yield look.trace(1, x, gaps.ravel(), mode="lines", line=thin, visible=several, **told)
    marker = look.marker(group.role, maxdisplayed=14)
    about = {"line": look.line(group.role), "marker": marker, "name": "median"}
    yield look.trace(1, scene.epochs, group.middle, mode="lines+markers", **about)


def _names(scene):
    """Heights, names and roles of the lines on the left."""
    lines = {group.role: (group.middle, f"{group.role} samples") for group in scene.groups}
    lines["sample"] = scene.chosen.losses, f"sample {scene.chosen.index}"
    ends = [values[np.isfinite(values)][-1:] for values, _ in lines.values()]  # none of what was never seen
    heights = [share_of(end[0], scene.ends) if len(end) else NOWHERE for end in ends]
    return heights, [name if len(end) else "" for end, (_, name) in zip(ends, lines.values(), strict=True)], list(lines)


def _ends(epochs):
    margin = 0.03 * max(1, len(epochs) - 1)
    return [float(epochs[0] - margin), float(epochs[-1] + margin)]


def _top(scene):
    return 1.15 * float(sum(group.counts for group in scene.groups).max())
