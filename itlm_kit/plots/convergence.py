"""Figures of the convergence chapters: tidy frames and arrays in, a matplotlib Figure out."""

import numpy as np
from matplotlib.colors import to_rgba

from itlm_kit.plots.style import ROLES, panels, plain_numbers, stroke, with_source

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


def by_misspecification(frame, *, source, method="itlm-1"):
    """Final error against how far alpha lies below the clean share, one line per clean share: panel (d).

    frame: columns clean, alpha, method, error, low, high.
    """
    figure, (axis,) = panels(width=5.8, height=3.6)
    rows = frame[frame["method"] == method]
    axis.set(yscale="log", xlabel="α* - α: share kept below the clean share", ylabel=FINAL_ERROR)
    ends = []
    for (clean, line), look in zip(rows.groupby("clean"), _looks(rows["clean"].nunique()), strict=True):
        line = line.assign(below=line["clean"] - line["alpha"]).sort_values("below")
        ends.append((f"α* = {clean:g}", *_line(axis, line, "below", look)))
    _label_ends(axis, ends)
    axis.axvline(0, color="#222222", linewidth=0.8)
    axis.annotate("keeps bad\nsamples", (0, 0.97), xycoords=("data", "axes fraction"), xytext=(-5, 0),
                  textcoords="offset points", ha="right", va="top", fontsize=8, color="#555555")  # fmt: skip
    axis.set_title(f"Mis-specified α, {NAMES[method]}", loc="left")
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
        _label_ends(axis, _noise_levels(axis, shown, _settled(shown)))
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


def cobweb(passed, path, *, measured, noise, source):
    """One round as a map: bad samples kept, and error after the round, both against the error before it.

    passed: a `Passed`, its errors rising; path: (T+1,) errors drawn as stairs; measured: (m,) errors of a run with
    samples, whose successive pairs are marked; noise: sigma, marked on the axes of errors.
    """
    figure, (left, right) = panels(2, width=4.9, height=4.1)
    left.plot(passed.error, 100 * passed.intruders, **stroke("bad"))
    left.set(xscale="log", yscale="log", xlabel="error before the round", ylabel="bad samples among the kept (%)")
    left.set_title("Error in, intruders out", loc="left")
    _web(right, passed.error, passed.out, path)
    right.plot(measured[:-1], measured[1:], linestyle="none", marker="D", markersize=6, color="#0072B2",
               markerfacecolor="none", label="path on samples")  # fmt: skip
    right.set_title("Error in, error out", loc="left")
    right.legend(frameon=False, fontsize=8, loc="upper left")
    plain_numbers(left, "y")
    _numbers(left, passed.error, "x")
    for axis in (left, right):
        _mark_noise(axis, noise)
    return with_source(figure, source)


def cobwebs(webs, *, source):
    """Maps of a round with the stairs of their paths, one panel each.

    webs: title -> (errors before the round (m,), errors after it (m,), the path's errors (T+1,)).
    """
    figure, axes = panels(len(webs), width=3.3, height=3.5)
    for axis, (title, (before, after, path)) in zip(axes, webs.items(), strict=True):
        _web(axis, before, after, path)
        axis.set_title(title, loc="left", fontsize=10)
    axes[0].legend(frameon=False, fontsize=8, loc="upper left")
    return with_source(figure, source)


def parts_of_error(passed, *, noise, source):
    """What the error after a round is made of, in shares, against the error before it; passed: a `Passed`."""
    figure, (axis,) = panels(width=6.2, height=3.6)
    parts = (
        ("intruders: the old error carried on", passed.carried, to_rgba(ROLES["bad"]["color"], 0.75), None),
        ("intruders: their own residuals", passed.pull, to_rgba(ROLES["bad"]["color"], 0.3), "///"),
        ("clean samples: noise chosen by S$_t$", passed.noise, to_rgba(ROLES["clean"]["color"], 0.45), "..."),
    )
    shares = np.array([part for _, part, _, _ in parts])
    drawn = axis.stackplot(passed.error, 100 * shares / shares.sum(0))
    for area, (text, _, color, hatch) in zip(drawn, parts, strict=True):
        area.set(facecolor=color, edgecolor="white", hatch=hatch, label=text)
    _mark_noise(axis, noise)
    axis.set(xscale="log", xlim=passed.error[[0, -1]], ylim=(0, 100), xlabel="error before the round",
             ylabel="share of the error after it (%)")  # fmt: skip
    axis.set_title("What the next error is made of", loc="left", pad=14)
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=1)
    _numbers(axis, passed.error, "x")
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
    _label_ends(axis, ends)
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


def lemma_sides(terms, *, source, title="Lemma 5, round by round"):
    """Left and right side of a lemma and its proof in between, round by round; terms: a Lemma5 or Lemma6."""
    figure, (axis,) = panels(width=5.8, height=3.6)
    sides = (
        ("right", "the lemma's bound", "^", "--", ROLES["bound"]["color"]),
        ("proof", "the proof's terms", "s", "-.", "#0072B2"),
        ("left", r"measured $\|\theta_{t+1} - \theta^*\|$", "o", "-", "#009E73"),
    )
    rounds = np.arange(len(terms.left))
    axis.set(yscale="log", xlabel="round t", ylabel="error after the round")
    axis.set_title(title, loc="left")
    axis.set_xticks(rounds[:: _every(rounds)])
    for name, _, marker, linestyle, color in sides:
        axis.plot(rounds, getattr(terms, name), marker=marker, linestyle=linestyle, color=color, markersize=5)
    axis.fill_between(rounds, terms.left, terms.right, color="#F2F2F2", zorder=0)
    _label_ends(axis, [(text, rounds[-1], getattr(terms, name)[-1], color) for name, text, _, _, color in sides])
    plain_numbers(axis, "y")
    return with_source(figure, source)


def kappas(measured, forms, *, source):
    """kappa_t as measured beside its theorem's form times a fitted constant; name -> (T,), the same names in both."""
    figure, axes = panels(len(measured), width=4.6, height=3.4)
    for axis, (name, values) in zip(axes, measured.items(), strict=True):
        rounds = np.arange(len(values))
        axis.plot(rounds, values, color="#009E73", marker="o", label="measured, actual sets")
        axis.plot(rounds, forms[name], **ROLES["bound"], label="form, constant fitted")
        axis.set(yscale="log", xlabel="round t", ylabel="κ$_t$", xticks=rounds[:: _every(rounds)])
        axis.set_title(name, loc="left")
        plain_numbers(axis, "y")
        axis.legend(frameon=False)
    return with_source(figure, source)


def rate_comparison(frame, *, source):
    """Ratio of successive errors beside that of successive residual norms (remark 2).

    frame: columns round, error_ratio, residual_ratio.
    """
    figure, (axis,) = panels(width=5.8, height=3.6)
    lines = (("error_ratio", "parameters", "o", "-", "#009E73"), ("residual_ratio", "residuals", "s", "--", "#0072B2"))
    for column, _, marker, linestyle, color in lines:
        axis.plot(frame["round"], frame[column], marker=marker, linestyle=linestyle, color=color)
    last = frame.iloc[-1]
    _label_ends(axis, [(text, last["round"], last[column], color) for column, text, _, _, color in lines])
    axis.axhline(1, color="#222222", linewidth=0.8)
    axis.set(xlabel="round t", ylabel="value after / before the round", ylim=(0, None), xticks=frame["round"])
    axis.set_title("Where progress shows: parameters or residuals", loc="left")
    return with_source(figure, source)


def residuals(values, is_clean, *, kept, source, title="Residuals, and the cut"):
    """Histogram of signed residuals, clean and bad apart, with the cut that keeps the smallest ones shaded.

    values: (n,) residuals; is_clean, kept: (n,) bool.
    """
    figure, (axis,) = panels(width=5.8, height=3.4)
    cut, reach = np.abs(values[kept]).max(), np.quantile(np.abs(values), 0.995)
    bins = np.linspace(-reach, reach, 49)
    for role, mask in (("clean", is_clean), ("bad", ~is_clean)):
        axis.hist(values[mask], bins, histtype="stepfilled", facecolor=to_rgba(ROLES[role]["color"], 0.45),
                  edgecolor=ROLES[role]["color"], hatch="///" if role == "bad" else None,
                  label=f"{role} samples")  # fmt: skip
    axis.axvspan(-cut, cut, color="#F2F2F2", zorder=0)
    for edge in (-cut, cut):
        axis.axvline(edge, color="#222222", linewidth=1)
    inside = (~is_clean & kept).sum()
    axis.set_title(f"{title}: {inside} of {kept.sum()} kept samples are bad", loc="left")
    axis.set(xlabel="residual y - x'θ$_t$ (shaded: kept)", ylabel="samples")
    axis.legend(frameon=False)
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


def breakdown_curve(frame, *, source):
    """Largest error against the share of bad samples for each method: where each breaks down.

    frame: columns bad, n, method ("ols", "itlm", "exact"), error.
    """
    figure, (axis,) = panels(width=5.8, height=3.6)
    looks = {
        "ols": (ROLES["naive"], "least squares"), "itlm": (ROLES["itlm"], "ITLM, one start"),
        "exact": (ROLES["oracle"], "exact trimmed squares"),
    }  # fmt: skip
    axis.set_yscale("log")
    for method, rows in frame.groupby("method"):
        look, text = looks[method]
        rows = rows.assign(share=rows["bad"] / rows["n"]).sort_values("share")
        axis.plot(rows["share"], rows["error"], **look, markersize=6)
        _label_jump(axis, rows, text, look["color"])
    axis.axvline(0.5, color="#222222", linewidth=0.8)
    axis.annotate("one half", (0.5, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=8)
    axis.set(xlabel="share of bad samples", ylabel="largest error over draws")
    axis.set_title("Breakdown", pad=14, loc="left")
    return with_source(figure, source)


def intruder_counts(deltas, counts, form, *, source):
    """Count of intruders against delta beside Theorem 11's form times a constant; all (m,)."""
    figure, (axis,) = panels(width=5.8, height=3.6)
    axis.set(
        xscale="log", yscale="log", xlabel="Δ, spread of clean residuals beside bad ones", ylabel="bad samples kept"
    )
    ends = []
    for text, values, look in (("counted", counts, ROLES["bad"]), ("bound", form, ROLES["bound"])):
        axis.plot(deltas, values, **look)
        ends.append((text, deltas[-1], values[-1], look["color"]))
    _label_ends(axis, ends)
    axis.set_title("Theorem 11: intruders among the kept", loc="left")
    plain_numbers(axis)
    return with_source(figure, source)


def flow_and_twin(flow, *, source):
    """Distance between the gradient flow and its penalised twin over time, below appendix C's bound (a Flow)."""
    figure, (axis,) = panels(width=5.8, height=3.6)
    seen = flow.distance > 1e-8 * flow.distance.max()  # what lies below is near rounding
    axis.set(xscale="log", yscale="log", xlabel="time t = η × steps", ylabel="distance of the two")
    axis.plot(flow.times[seen], flow.bound[seen], color=ROLES["bound"]["color"], linestyle="--")
    axis.plot(flow.times[seen], flow.distance[seen], color="#009E73")
    time, bound, distance = (values[seen][-1] for values in (flow.times, flow.bound, flow.distance))
    _label_ends(
        axis, [("bound of appendix C", time, bound, ROLES["bound"]["color"]), ("measured", time, distance, "#009E73")]
    )
    axis.set_title("Gradient flow θ(t) and its penalised twin", loc="left")
    return with_source(figure, source)


def _web(axis, before, after, path):
    limits = (before[0], before[-1])
    axis.plot(limits, limits, color="#222222", linewidth=0.8, label="no progress")
    axis.plot(before, after, color=ROLES["itlm"]["color"], linewidth=2, label="one round")
    stairs = np.repeat(path, 2)
    axis.plot(stairs[:-1], stairs[1:], color="#222222", linewidth=1, linestyle=":", marker="o", markersize=3,
              markevery=2, label="its path")  # fmt: skip
    axis.set(xscale="log", yscale="log", xlim=limits, ylim=limits, aspect="equal", xlabel="error before the round",
             ylabel="error after it")  # fmt: skip
    _numbers(axis, before)


def _numbers(axis, values, which="both"):
    """Plain numbers, or powers of ten where the rising `values` span so much that zeros would have to be counted."""
    if values[-1] < 3e4 * values[0]:
        plain_numbers(axis, which)


def _mark_noise(axis, noise):
    axis.axvline(noise, color="#5A5A5A", linewidth=0.8, linestyle=(0, (8, 2)))
    axis.annotate("σ", (noise, 1), xycoords=("data", "axes fraction"), xytext=(-3, -2), textcoords="offset points",
                  ha="right", va="top", color="#5A5A5A", annotation_clip=False)  # fmt: skip


def _methods(axis, rows, x):
    found = [method for method in NAMES if (rows["method"] == method).any()]
    ends = [(SHORT[m], *_line(axis, rows[rows["method"] == m].sort_values(x), x, _role(m))) for m in found]
    _label_ends(axis, ends)


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


def _label_ends(axis, ends):
    """Write each line's name beside its end, (text, x, y, color), moved apart where they would cover each other."""
    tall = 0.7 * axis.figure.get_figheight() * 72  # points, roughly: the layout is settled later
    lowest = -np.inf
    for text, x, y, color in sorted(ends, key=lambda end: end[2]):
        place = tall * axis.transAxes.inverted().transform(axis.transData.transform((x, y)))[1]
        lifted = max(place, lowest)
        axis.annotate(text, (x, y), xytext=(7, lifted - place), textcoords="offset points", va="center",
                      color=color, annotation_clip=False, fontsize=9)  # fmt: skip
        lowest = lifted + 12


def _label_jump(axis, rows, text, color):
    """Write a line's name beside the place where it jumps."""
    middle = np.sqrt(rows["error"].min() * rows["error"].max())
    share = rows["share"].iloc[int((rows["error"] > middle).to_numpy().argmax())]
    axis.annotate(text.replace(" ", "\n", 1), (share, middle), xytext=(3, 0), textcoords="offset points",
                  va="center", color=color, annotation_clip=False, fontsize=9)  # fmt: skip


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


def _every(rounds):
    return max(1, len(rounds) // 10)
