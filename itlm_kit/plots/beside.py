"""A table as a picture: each printed figure beside the one measured."""

from textwrap import fill

import numpy as np

from itlm_kit.plots.style import ROLES, panels, with_source

_ROW = 0.21  # inches
_COLUMNS = 76  # characters of a line of text across a picture


def printed_beside_measured(frames, *, source, title="", unit=""):
    """A line per row of a table: what is printed as a diamond, what was measured as a dot with its range over seeds.

    frames: {measure: columns group, label, paper, measured, low, high; NaN where there is none}, a panel each, all with
    the same rows. A line is drawn between groups. unit: of all measures. Returns the Figure.
    """
    rows = next(iter(frames.values()))
    height = 1.7 + _ROW * len(rows)
    figure, axes = panels(len(frames), width=6.4 if len(frames) == 1 else 4.2, height=height, sharey=True)
    for axis, (measure, frame) in zip(axes, frames.items(), strict=True):
        _draw(axis, frame)
        axis.set(xlabel=f"{measure}{unit}")
    axes[0].set_yticks(range(len(rows)), rows["label"])
    axes[0].set_ylim(len(rows) - 0.4, -0.6)
    figure.suptitle(fill(title, _COLUMNS), fontsize=11, x=0.01, ha="left")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=2, fontsize=9, frameon=False)
    return with_source(figure, source)


def _draw(axis, frame):
    y = np.arange(len(frame))
    middle, low, high = (frame[name].to_numpy(float) for name in ("measured", "low", "high"))
    axis.errorbar(
        middle, y, xerr=[middle - low, high - middle], fmt="o", color=ROLES["itlm"]["color"], label="measured"
    )
    if frame["paper"].notna().any():
        hollow = {"mfc": "none", "mec": ROLES["oracle"]["color"], "markersize": 7}
        axis.plot(frame["paper"], y, "D", **hollow, label="printed")
    for start in np.flatnonzero(frame["group"].ne(frame["group"].shift()))[1:]:
        axis.axhline(start - 0.5, color="#888888", linewidth=0.8)
