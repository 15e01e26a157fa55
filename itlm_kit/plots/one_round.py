"""Figures of one round seen from within: as a map of errors, by the parts of its error, beside what is proved of it."""

import numpy as np
from matplotlib.colors import to_rgba

from itlm_kit.plots.labels import label_ends
from itlm_kit.plots.style import ROLES, panels, plain_numbers, stroke, with_source


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
    label_ends(axis, [(text, rounds[-1], getattr(terms, name)[-1], color) for name, text, _, _, color in sides])
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
    label_ends(axis, [(text, last["round"], last[column], color) for column, text, _, _, color in lines])
    axis.axhline(1, color="#222222", linewidth=0.8)
    axis.set(xlabel="round t", ylabel="value after / before the round", ylim=(0, None), xticks=frame["round"])
    axis.set_title("Where progress shows: parameters or residuals", loc="left")
    return with_source(figure, source)


def residuals(values, is_clean, *, kept, source):
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
    axis.set_title(f"Residuals, and the cut: {inside} of {kept.sum()} kept samples are bad", loc="left")
    axis.set(xlabel="residual y - x'θ$_t$ (shaded: kept)", ylabel="samples")
    axis.legend(frameon=False)
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
    label_ends(axis, ends)
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
    label_ends(
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


def _every(rounds):
    return max(1, len(rounds) // 10)
