"""Figures of how near and how fast ITLM comes to the truth: tidy frames and paths of errors in, a Figure out."""

import numpy as np

from itlm_kit.plots.labels import label_ends
from itlm_kit.plots.style import ROLES, panels, plain_numbers, with_source

NAMES = {"naive": "least squares", "oracle": "oracle", "itlm-1": "ITLM-1 (large M)", "itlm-2": "ITLM-2 (M = 1)"}
SHORT = {"naive": "least squares", "oracle": "oracle", "itlm-1": "ITLM-1", "itlm-2": "ITLM-2"}
ERROR = r"$\|\theta_t - \theta^*\|_2$"
FINAL_ERROR = r"$\|\theta_T - \theta^*\|_2$"
STEPS = ("#08306B", "#2171B5", "#41AB5D", "#A59300", "#8A2D6B")  # small noise to large; orange is for bad samples
MARKS = ("o", "s", "^", "D", "v", "P", "X")
DESTINATIONS = {-1: ("#888888", "x"), 0: ("#009E73", "o"), 1: ("#D55E00", "s"), 2: ("#0072B2", "^")}


def by_sample_size(frame, *, source):
    """Final error against n with 95 % bands, one panel per noise level: panels (a), (b) of Figures 2, 5 and 6.

    frame: rows of panels "a" and/or "b" with columns panel, n, sigma, method, error, low, high.
    """
    found = sorted(frame["panel"].unique())
    figure, axes = panels(len(found), width=5.2, height=3.6)
    for axis, panel in zip(axes, found, strict=True):
        rows = frame[frame["panel"] == panel]
        axis.set(xscale="log", yscale="log", xlabel="sample size n", ylabel=FINAL_ERROR)
        _methods(axis, rows, "n")
        axis.set_title(f"({panel}) noise σ = {rows['sigma'].iloc[0]:g}", loc="left")
        plain_numbers(axis)
    return with_source(figure, source)


def by_clean_share(frame, *, source):
    """Final error against the share of clean samples with 95 % bands: panel (c).

    frame: columns clean, method, error, low, high.
    """
    figure, (axis,) = panels(width=5.8, height=3.6)
    axis.set(yscale="log", xlabel="share of clean samples α*", ylabel=FINAL_ERROR)
    _methods(axis, frame, "clean")
    axis.set_title("Recovery as the share of clean samples grows", loc="left")
    plain_numbers(axis, "y")
    return with_source(figure, source)


def by_misspecification(frame, *, source):
    """Final error of ITLM-1 against how far alpha lies below the clean share, one line per clean share: panel (d).

    frame: columns clean, alpha, method, error, low, high.
    """
    figure, (axis,) = panels(width=5.8, height=3.6)
    rows = frame[frame["method"] == "itlm-1"]
    axis.set(yscale="log", xlabel="α* - α: share kept below the clean share", ylabel=FINAL_ERROR)
    ends = []
    for (clean, line), look in zip(rows.groupby("clean"), _looks(rows["clean"].nunique()), strict=True):
        line = line.assign(below=line["clean"] - line["alpha"]).sort_values("below")
        ends.append((f"α* = {clean:g}", *_line(axis, line, "below", look)))
    label_ends(axis, ends)
    axis.axvline(0, color="#222222", linewidth=0.8)
    axis.annotate("keeps bad\nsamples", (0, 0.97), xycoords=("data", "axes fraction"), xytext=(-5, 0),
                  textcoords="offset points", ha="right", va="top", fontsize=8, color="#555555")  # fmt: skip
    axis.set_title(f"Mis-specified α, {NAMES['itlm-1']}", loc="left")
    plain_numbers(axis, "y")
    return with_source(figure, source)


def by_round(frame, *, source, titles=None):
    """Error after each round with 95 % bands, one line per noise level and one panel per `panel` of the frame.

    frame: columns panel, follow, sigma, method, round, error, low, high: panels (e), (f), and Figure 7.
    titles: panel -> text. Lines end shortly after they have reached their floor.
    """
    rows = frame[frame["method"] == frame["follow"]]
    found = sorted(rows["panel"].unique())
    figure, axes = panels(len(found), width=5.2, height=3.8)
    for axis, panel in zip(axes, found, strict=True):
        shown = rows[rows["panel"] == panel]
        axis.set(yscale="log", xlabel="round t", ylabel=ERROR)
        label_ends(axis, _noise_levels(axis, shown, _settled(shown)))
        axis.set_title((titles or {}).get(panel, f"({panel}) {NAMES[shown['follow'].iloc[0]]}"), loc="left")
    return with_source(figure, source)


def paths(errors, *, source, title="Error after each round"):
    """Error paths on a log axis. errors: name -> (T+1,) or role -> (T+1,), e.g. {"itlm-1": path, "itlm-2": path}."""
    figure, (axis,) = panels(width=5.8, height=3.6)
    for (name, path), look in zip(errors.items(), _looks(len(errors)), strict=True):
        look = _role(name) if name in ROLES else look
        axis.plot(path, **look, markevery=max(1, len(path) // 10), label=NAMES.get(name, name))
    axis.set(yscale="log", xlabel="round t", ylabel=ERROR)
    axis.set_title(title, loc="left")
    axis.legend(frameon=False)
    plain_numbers(axis, "y")
    return with_source(figure, source)


def drift(measured, foretold, *, source):
    """Error over the oracle's against n, one line per kind of bad outputs, beside what the population's map foretells.

    measured, foretold: frames with columns kind, n, ratio.
    """
    figure, (axis,) = panels(width=5.8, height=3.6)
    axis.set(xscale="log", xlabel="sample size n", ylabel="error over the oracle's")
    ends = []
    for (kind, line), look in zip(measured.groupby("kind"), _looks(measured["kind"].nunique()), strict=True):
        line, expected = line.sort_values("n"), foretold[foretold["kind"] == kind].sort_values("n")
        axis.plot(line["n"], line["ratio"], **{**look, "linestyle": "none"})
        axis.plot(expected["n"], expected["ratio"], color=look["color"], linestyle=look["linestyle"])
        ends.append((kind, expected["n"].iloc[-1], expected["ratio"].iloc[-1], look["color"]))
    label_ends(axis, ends)
    axis.axhline(1, color="#222222", linewidth=0.8)
    axis.set_title("Drift: marks measured, lines from the map of the population", loc="left")
    plain_numbers(axis, "x")
    return with_source(figure, source)


def first_rates(measured, foretold, *, source, titles=None):
    """Rate of the first round against the clean share, one line per kind and number of features, and where it halves.

    measured: columns kind, d, clean, first_rate; foretold: columns clean, first_rate, the adversary's with samples
    without end. titles: kind -> text.
    """
    figure, (axis,) = panels(width=6.2, height=3.8)
    axis.set(xlabel="share of clean samples α*", ylabel="error after / before the first round")
    lines = list(measured.groupby(["kind", "d"]))
    for ((kind, d), line), look in zip(lines, _looks(len(lines)), strict=True):
        line = line.sort_values("clean")
        axis.plot(line["clean"], line["first_rate"], **look, label=f"{(titles or {}).get(kind, kind)}, d = {d}")
    axis.plot(
        foretold["clean"], foretold["first_rate"], color="#222222", linewidth=1, label="adversary, no end of samples"
    )
    for level, text in ((0.5, "halved"), (1, "no progress")):
        axis.axhline(level, color="#5A5A5A", linewidth=0.8, linestyle=(0, (8, 2)))
        axis.annotate(text, (1, level), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
                      va="center", fontsize=8, color="#5A5A5A", annotation_clip=False)  # fmt: skip
    axis.set_title("Who picks the bad samples decides", loc="left")
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return with_source(figure, source)


def basins(basin, *, source, title="Where ITLM goes from each start"):
    """Map of starts in the plane of a mixture's components, coloured and marked by the component reached (a Basin)."""
    figure, (axis,) = panels(width=5.4, height=4.6)
    for j in np.unique(basin.destination):
        color, marker = DESTINATIONS[int(j)]
        there = basin.plane[basin.destination == j]
        text = "none" if j < 0 else f"component {j}"
        axis.scatter(*there.T, color=color, marker=marker, s=22, linewidths=1, alpha=0.75, label=f"ends at {text}")
    for j, place in enumerate(basin.components):
        axis.scatter(*place, color=DESTINATIONS[j][0], marker="*", s=320, edgecolor="white", linewidths=1.5, zorder=3)
        axis.annotate(f"θ$_{{({j})}}$", place, xytext=(9, 7), textcoords="offset points", fontsize=12,
                      bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85})  # fmt: skip
    first = "along θ$_{(0)}$ - θ$_{(1)}$" if len(basin.components) == 2 else "first axis of the plane"
    axis.set(aspect="equal", xlabel=first, ylabel="second axis of the plane")
    axis.set_title(title, loc="left")
    axis.grid(False)
    axis.legend(
        frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, handletextpad=0.2, columnspacing=1
    )
    return with_source(figure, source)


def _methods(axis, rows, x):
    found = [method for method in NAMES if (rows["method"] == method).any()]
    ends = [(SHORT[m], *_line(axis, rows[rows["method"] == m].sort_values(x), x, _role(m))) for m in found]
    label_ends(axis, ends)


def _noise_levels(axis, rows, last):
    """Draw one line per noise level up to round `last`; returns their ends."""
    ends = []
    for (sigma, line), look in zip(rows.groupby("sigma"), _looks(rows["sigma"].nunique()), strict=True):
        line = line[line["round"] <= last].sort_values("round")
        ends.append((f"σ = {sigma:g}", *_line(axis, line, "round", {**look, "markevery": max(1, last // 10)})))
    return ends


def _line(axis, line, x, look):
    """Draw a line with its band; returns its end and colour."""
    axis.plot(line[x], line["error"], **look)
    axis.fill_between(
        line[x], line["low"].clip(lower=1e-12), line["high"], color=look["color"], alpha=0.18, linewidth=0
    )
    return line[x].iloc[-1], line["error"].iloc[-1], look["color"]


def _role(method):
    hollow = {"markerfacecolor": "white", "markersize": 8, "zorder": 1.9} if method == "itlm-2" else {}
    return {**ROLES[method], "markersize": 5, "linewidth": 1.6, **hollow}  # ITLM-2 often lies under ITLM-1


def _looks(count):
    """Colour, line and marker for `count` ordered lines."""
    lines = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
    chosen = np.linspace(0, len(STEPS) - 1, count).round().astype(int) if count <= len(STEPS) else range(count)
    return [
        {"color": STEPS[i % len(STEPS)], "linestyle": lines[i % len(lines)], "marker": MARKS[i % len(MARKS)],
         "markersize": 5, "linewidth": 1.6}
        for i in chosen
    ]  # fmt: skip


def _settled(rows):
    """The round by which every line has come to its floor, and a few more."""
    reached = [
        line.loc[line["error"] <= 1.02 * line["error"].iloc[-1], "round"].min() for _, line in rows.groupby("sigma")
    ]
    return int(min(rows["round"].max(), max(reached) * 1.15 + 2))
