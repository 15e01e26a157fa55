"""A watermark as it is being edited: marked images beside their originals, and what training on them gave."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from itlm_kit.plots import screen as look
from itlm_kit.plots.style import ROLES, panels, with_source

_LEFT = "Originals, and the poisons made of them"
_MEASURES = {"clean": "clean accuracy", "attack": "attack success"}  # role -> what its bars show
_TILE = 80  # pixels that an image is enlarged to, at least
_WIDTH, _SIZE = 0.23, 0.26  # of an image, as shares of the panel's width and height
_ROWS = (0.82, 0.38)  # upper ends of the images: originals, poisons


class Edited(NamedTuple):
    """What is drawn: some images without and with the watermark, and two networks' percentages where they are known."""

    originals: np.ndarray  # (m, channels, height, width) uint8
    poisons: np.ndarray  # the same images, marked
    classes: tuple  # (source, target): the label of the originals, and that of the poisons
    measured: dict  # "clean" and "attack": {name of a training: percent, or NaN}
    title: str  # of the right panel
    missing: str  # what to say where nothing was measured
    source: str
    words: str


def screen(scene):
    """The plotly figure of an Edited, as a dict."""
    places = np.arange(len(_names(scene)))
    data = [_frames(scene)]
    for shift, role in zip((-0.2, 0.2), _MEASURES, strict=True):
        hatch = {"shape": "/" if role == "attack" else "", "fgcolor": ROLES[role]["color"], "fillmode": "overlay"}
        mark = {"color": look.faint(role, 0.6), "line": {"color": ROLES[role]["color"], "width": 1}, "pattern": hatch}
        values = [scene.measured[role][name] for name in _names(scene)]
        bars = look.trace(2, places + shift, values, width=0.36, marker=mark, name=_MEASURES[role])
        data.append({**bars, "type": "bar", "text": _told(values), "textposition": "outside", "showlegend": True})
    return {"data": data, "layout": _layout(scene)}


def _frames(scene):
    """A thin frame around each image."""
    x = np.array([-1, 1, 1, -1, -1, np.nan]) * _WIDTH / 2 + np.array(_places(scene))[:, None]
    y = np.array([0, 0, -1, -1, 0, np.nan]) * _SIZE + np.array(_ROWS)[:, None]
    line = {"color": "#888888", "width": 1}
    corners = np.tile(x.ravel(), len(_ROWS)), np.repeat(y, len(x), axis=0).ravel()
    return look.trace(1, *corners, mode="lines", line=line, hoverinfo="skip")


def _layout(scene):
    hidden = {"title": "", "visible": False, "range": [0, 1]}
    names = {"tickvals": list(range(len(_names(scene)))), "ticktext": _names(scene), "range": [-0.6, 1.6]}
    right = {"title": scene.title, "xaxis": {"title": "", **names}, "yaxis": {"title": "percent", "range": [0, 109]}}
    missing = look.note(2, 0.5, 0.5, scene.missing)
    notes = [*_labels(scene), missing]
    layout = look.layout([{"title": _LEFT, "xaxis": hidden, "yaxis": hidden}, right], source=scene.source, notes=notes)
    return {**layout, "bargap": 0, "legend": look.legend("right"), "images": list(_images(scene))}


def _labels(scene):
    """Annotations above each image: its label, and whether it is right."""
    for (label, mark, role), top in zip(_captions(scene), _ROWS, strict=True):
        for place in _places(scene):
            note = look.note(1, place, top + 0.05, f"{label} {mark}")
            yield {**note, "font": {"size": 13, "color": ROLES[role]["color"]}}


def _images(scene):
    for images, top in zip((scene.originals, scene.poisons), _ROWS, strict=True):
        for image, place in zip(images, _places(scene), strict=True):
            yield {
                "source": _png(image), "xref": "x domain", "yref": "y domain", "x": place, "y": top, "sizex": _WIDTH,
                "sizey": _SIZE, "xanchor": "center", "yanchor": "top", "sizing": "stretch",
            }  # fmt: skip


def picture(scene):
    """The matplotlib Figure of an Edited."""
    figure, (left, right) = panels(2, width=5.2, height=3.4)
    left.axis("off")
    left.set_title(_LEFT, loc="left")
    for images, (label, mark, role), top in zip((scene.originals, scene.poisons), _captions(scene), _ROWS, strict=True):
        for image, place in zip(images, _places(scene), strict=True):
            tile = left.inset_axes([place - _WIDTH / 2, top - _SIZE, _WIDTH, _SIZE])
            tile.imshow(_pixels(image), cmap="gray", vmin=0, vmax=255)
            tile.set(xticks=[], yticks=[])
            tile.set_title(f"{label} {mark}", fontsize=10, color=ROLES[role]["color"])
    _draw_bars(right, scene)
    return with_source(figure, scene.source)


def _draw_bars(axis, scene):
    places = np.arange(len(_names(scene)))
    for shift, (role, name) in zip((-0.2, 0.2), _MEASURES.items(), strict=True):
        values = [scene.measured[role][each] for each in _names(scene)]
        color, hatch = ROLES[role]["color"], "//" if role == "attack" else ""
        bars = axis.bar(places + shift, values, 0.36, color=(color, 0.5), edgecolor=color, hatch=hatch, label=name)
        axis.bar_label(bars, _told(values), fontsize=9)
    axis.annotate(scene.missing.replace("<br>", "\n"), (0.5, 0.5), xycoords="axes fraction", ha="center", va="center")
    axis.set(xticks=places, xticklabels=_names(scene), xlim=(-0.6, 1.6), ylim=(0, 109), ylabel="percent")
    axis.set_title(scene.title, loc="left")
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _names(scene):
    return list(scene.measured["clean"])


def _captions(scene):
    """(label, mark, role) of the originals and of the poisons."""
    source, target = scene.classes
    return (source, "✓", "clean"), (target, "✗", "bad")


def _places(scene):
    """Middles of the images, as shares of the panel's width."""
    return ((np.arange(len(scene.originals)) + 0.5) / len(scene.originals)).tolist()


def _told(values):
    return ["" if np.isnan(value) else f"{value:.1f}" for value in values]


def _png(image):
    pixels = _pixels(image)
    times = -(-_TILE // len(pixels))
    return look.embedded(Image.fromarray(pixels.repeat(times, 0).repeat(times, 1)))


def _pixels(image):
    """Pixels of an image (1 or 3, h, w) as they are shown: dark on light where it is grey."""
    return 255 - image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
