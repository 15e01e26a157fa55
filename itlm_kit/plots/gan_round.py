"""One round of GAN filtering, on screen and as a picture: what D says, what is drawn, the images around the cut."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from itlm_kit.plots import screen as look
from itlm_kit.plots.gan import (
    COLUMNS,
    ROWS,
    SIDES,
    NearCut,
    cells,
    draw_histogram,
    draw_near_cut,
    kinds,
    mark_places,
    montage,
)
from itlm_kit.plots.labels import share_of
from itlm_kit.plots.style import framed, with_source

_SHARP = 800  # pixels that generated images are enlarged to, so that a browser does not smooth them
_MOST = 2 * look.WIDTH  # pixels that no picture is wider than
_HIDDEN = {"title": "", "visible": False}


class GANRound(NamedTuple):
    """What is drawn of one round."""

    round: int
    edges: np.ndarray  # (bins+1,) of D, from 0 to 1
    counts: dict  # role -> (bins,) of clean and bad images
    cut: float  # the smallest D that is kept
    kept: str  # what is kept, in words
    drawn: np.ndarray  # (m, c, h, w) uint8, by the generator
    near: NearCut
    near_are: str  # what these are
    source: str
    words: str


def screen(scene):
    """The plotly figure of a GANRound, as a dict."""
    data = [look.bars(1, scene.edges, counts, role) for role, counts in scene.counts.items()]
    data.append(look.rule(1, scene.cut, _top(scene), "cut"))
    for role, chosen in kinds(scene.near.is_clean).items():
        places = mark_places(scene.near.column[chosen], scene.near.row[chosen])
        marks = {"mode": "markers", "marker": look.marker(role), "name": f"{role} image", "hoverinfo": "name"}
        data.append({**look.trace(3, *places, **marks), "showlegend": True})
    data.append(look.rule(3, COLUMNS, ROWS, "cut"))
    data.append(look.trace(2, [], [], mode="lines", name="frame"))  # plotly draws no panel that holds images alone
    return {"data": data, "layout": _layout(scene)}


def _layout(scene):
    d = {"title": "D, the probability of being real", "range": [0, 1]}
    left = {"title": _left(scene), "xaxis": d, "yaxis": {"title": "images", "range": [0, _top(scene)]}}
    right = {"title": _right(scene), "xaxis": {**_HIDDEN, "range": [0, 1]}, "yaxis": {**_HIDDEN, "range": [0, 1]}}
    across, down = {**_HIDDEN, "range": [0, 2 * COLUMNS]}, {**_HIDDEN, "range": [ROWS, 0]}
    below = {"title": scene.near_are, "xaxis": across, "yaxis": down}
    notes = [*look.sides_of_cut(1, share_of(scene.cut, (0, 1)), SIDES), *look.sides_of_cut(3, 0.5, SIDES, 1.07)]
    layout = look.layout([left, right, below], source=scene.source, notes=notes)
    return {**layout, "barmode": "stack", "bargap": 0, "legend": look.legend("below"), "images": _images(scene)}


def _images(scene):
    drawn = montage(scene.drawn, columns=6)
    times = max(1, _SHARP // drawn.shape[1])
    drawn = drawn.repeat(times, 0).repeat(times, 1)
    near = cells(scene.near.images, scene.near.column, scene.near.row, (2 * COLUMNS, ROWS))
    return [{**_place(2), "source": _png(drawn)}, {**_place(3), "source": _png(near), "sizing": "stretch"}]


def _place(panel):
    x, y = look.on(panel).values()
    whole = {"x": 0, "y": 1, "sizex": 1, "sizey": 1, "xanchor": "left", "yanchor": "top", "layer": "below"}
    return {"xref": f"{x} domain", "yref": f"{y} domain", **whole}


def _png(pixels):
    image = Image.fromarray(pixels)
    image.thumbnail((_MOST, _MOST))
    return look.embedded(image)


def picture(scene):
    """The matplotlib Figure of a GANRound."""
    figure, axes = framed(plt.subplot_mosaic, "ab;cc", figsize=(10.4, 6), height_ratios=(5, 4))
    draw_histogram(axes["a"], scene.edges, scene.counts, scene.cut)
    axes["b"].imshow(montage(scene.drawn), interpolation="nearest")
    axes["b"].axis("off")
    draw_near_cut(axes["c"], scene.near)
    for axis, title in zip(axes.values(), (_left(scene), _right(scene), scene.near_are), strict=True):
        axis.set_title(title, loc="left", pad=16 if axis is axes["c"] else None)
    return with_source(figure, scene.source)


def _left(scene):
    return f"Round {scene.round}: {scene.kept}"


def _right(scene):
    return f"Drawn by the generator of round {scene.round}"


def _top(scene):
    return 1.15 * float(sum(scene.counts.values()).max())
