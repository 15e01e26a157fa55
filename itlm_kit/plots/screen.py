"""How interactive figures look: the roles of `style` for plotly, panels side by side, names at the ends of lines."""

import base64
import io
import math

import numpy as np

from itlm_kit.plots.labels import spread
from itlm_kit.plots.style import ROLES

WIDTH, HEIGHT = 940, 390  # a notebook's cell in a window of common size
INK, QUIET = "#222222", "#E6E6E6"
_DASHES = {"-": "solid", "--": "dash", ":": "dot", "-.": "dashdot", (0, (8, 2)): "longdash"}
_HATCHES = {"bad": "/"}
_SYMBOLS = {"D": "diamond", "o": "circle", "X": "x", "s": "square", "^": "triangle-up", "v": "triangle-down"}
_LEFT, _RIGHT, _BETWEEN = 62, 125, 0.21  # pixels, pixels, share: room for tick labels and names at the ends of lines
_TOP, _BOTTOM = 46, 74  # pixels: room for titles; for an axis' title and the source
_BELOW, _UNDER = 240, 90  # pixels: what a panel below adds to the height, and how much of that parts it from the others


def line(role, width=2):
    """Line of a role."""
    return {"color": ROLES[role]["color"], "dash": _DASHES[ROLES[role]["linestyle"]], "width": width}


def marker(role, size=7, **more):
    """Marker of a role; of a long line it shows but a few."""
    return {"color": ROLES[role]["color"], "symbol": _SYMBOLS[ROLES[role]["marker"]], "size": size, **more}


def trace(panel, x, y, **look):
    """A scatter trace in panel 1 or 2; x, y: any sequences."""
    return {"type": "scatter", **on(panel), "x": _plain(x), "y": _plain(y), "showlegend": False, **look}


def on(panel):
    """The axes of a panel."""
    return {"xaxis": f"x{panel}".removesuffix("1"), "yaxis": f"y{panel}".removesuffix("1")}


def band(panel, x, low, high, role):
    """A shaded band between low and high."""
    there_and_back = [*_plain(x), *_plain(x)[::-1]], [*_plain(high), *_plain(low)[::-1]]
    look = {"fill": "toself", "fillcolor": faint(role), "line": {"width": 0}, "mode": "lines", "hoverinfo": "skip"}
    return trace(panel, *there_and_back, **look)


def rule(panel, x, top, name, bottom=0):
    """A thin upright line from `bottom` to `top`."""
    return trace(panel, [x, x], [bottom, top], mode="lines", line={"color": INK, "width": 1}, name=name)


def bars(panel, edges, counts, role):
    """A histogram's bars, hatched by role. edges: (bins+1,), counts: (bins,)."""
    color, widths = ROLES[role]["color"], np.diff(edges)
    hatch = {"shape": _HATCHES.get(role, ""), "fgcolor": color, "size": 7, "fillmode": "overlay"}
    mark = {"color": faint(role, 0.6), "line": {"color": color, "width": 0.5}, "pattern": hatch}
    boxes = trace(panel, edges[:-1] + widths / 2, counts, width=float(widths[0]), marker=mark)
    return {**boxes, "type": "bar", "name": f"{role} samples", "showlegend": True}


def embedded(image):
    """A PIL image as the address of a figure's image, which holds all of it."""
    file = io.BytesIO()
    image.save(file, format="png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def faint(role, opacity=0.18):
    """The colour of a role, see-through."""
    red, green, blue = (int(ROLES[role]["color"][i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def layout(panels, *, source, notes=()):
    """The layout of two panels side by side, and of a third below them where there are three.

    panels: dicts with title, xaxis, yaxis (plotly axes, each with a range). notes: annotations.
    """
    axes, titles = {}, []
    for number, (panel, (across, up)) in enumerate(zip(panels, _domains(len(panels)), strict=True), start=1):
        x, y = on(number).values()
        axes[f"xaxis{number}".removesuffix("1")] = {**_axis(panel["xaxis"]), "domain": across, "anchor": y}
        axes[f"yaxis{number}".removesuffix("1")] = {**_axis(panel["yaxis"]), "domain": up, "anchor": x}
        titles.append({**_note(number, 0, 1, f"<b>{panel['title']}</b>", size=14), "yshift": 23})
    foot = {**_note(1 if len(panels) == 2 else 3, 0, 0, source, size=11, color="#666666"), "yshift": -62}
    return {
        **axes, "annotations": [*titles, foot, *notes], "template": "none", "width": WIDTH,
        "height": HEIGHT + (len(panels) == 3) * _BELOW, "margin": {"l": _LEFT, "r": _RIGHT, "t": _TOP, "b": _BOTTOM},
        "font": {"size": 12, "color": INK}, "hovermode": "closest",
    }  # fmt: skip


def _domains(count):
    """Of each panel, the shares of the figure's width and height between which it lies."""
    left, right, whole = [0, (1 - _BETWEEN) / 2], [(1 + _BETWEEN) / 2, 1], [0, 1]
    if count == 2:
        return [(left, whole), (right, whole)]
    inside = HEIGHT - _TOP - _BOTTOM
    upper = [_BELOW / (inside + _BELOW), 1]
    return [(left, upper), (right, upper), (whole, [0, (_BELOW - _UNDER) / (inside + _BELOW)])]


def legend(side):
    """A legend at the left inside the second panel, outside at its right, or at the right of the panel below."""
    x, y = {"left": ((1 + _BETWEEN) / 2 + 0.01, 0.9), "right": (1.01, 0.9), "below": (1.01, 0.25)}[side]
    return {"x": x, "xanchor": "left", "y": y, "yanchor": "top", "itemclick": False, "itemdoubleclick": False}


def names(panel, heights, texts, roles):
    """Annotations that name lines at a panel's right edge. heights: shares of its height; those too near are moved."""
    return [
        {**_note(panel, 1, height, text, color=ROLES[role]["color"]), "xshift": 6, "yanchor": "middle"}
        for height, text, role in zip(spread(heights), texts, roles, strict=True)
    ]


def note(panel, x, y, text, **look):
    """Text inside a panel, centred at shares of its width and height."""
    return {**_note(panel, x, y, text), "xanchor": "center", **look}


def whole_steps(length):
    """How far apart an axis of this length is marked, in whole rounds or epochs: at some eight places."""
    return max(1, round(length / 8))


def sides_of_cut(panel, x, words=("← kept", "dropped →"), height=0.97):
    """Annotations at a cut that say on which side samples are kept. x, height: shares of the panel's."""
    left, right = words
    return [
        note(panel, x, height, left, xanchor="right", xshift=-4),
        note(panel, x, height, right, xanchor="left", xshift=4),
    ]


def _axis(about):
    frame = {"showline": True, "linecolor": "#888888", "gridcolor": QUIET, "zeroline": False, "ticks": "outside"}
    return {**frame, **about, "title": {"text": about["title"], "standoff": 8}}


def _note(panel, x, y, text, *, size=12, color=INK):
    x_axis, y_axis = on(panel).values()
    return {
        "x": x, "y": y, "xref": f"{x_axis} domain", "yref": f"{y_axis} domain", "text": text, "showarrow": False,
        "xanchor": "left", "yanchor": "middle", "font": {"size": size, "color": color},
    }  # fmt: skip


def _plain(values):
    # Lists, since a page that is exported cannot read NumPy's buffers; null where there is nothing to draw.
    return [None if v is None or not math.isfinite(v) else v for v in np.asarray(values, object).tolist()]
