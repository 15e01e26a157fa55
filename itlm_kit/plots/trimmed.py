"""Figures of the trimmed-loss chapter: arrays and frames in, a matplotlib Figure out."""

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from itlm_kit.plots.labels import label_end
from itlm_kit.plots.screen import INK
from itlm_kit.plots.style import ROLES, mark, panels, plain_numbers, stroke, with_source

BAND = 2.5  # of residuals, in units of their scale: what lies beyond is looked at
PARABOLA = "kept set of a round, frozen", "touches at θ$_t$", "lowest at θ$_{t+1}$"


def loss_landscape(theta, losses, values, marks, *, source):
    """Losses per sample as functions of one parameter, with the samples' values below them.

    theta: (m,); losses: role -> (text, (m,)); values: role -> (n,), of clean and bad samples; marks: (text, place,
    height) of points to name. Reaches up to twice the highest mark.
    """
    figure, (axis,) = panels(width=6.4, height=3.8)
    for role, (text, curve) in losses.items():
        axis.plot(theta, curve, **stroke(role), label=text)
    for text, place, height in marks:
        axis.plot(place, height, "o", color=INK, markersize=5)
        axis.annotate(text, (place, height), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=9)
    top = 2 * max(height for _, _, height in marks)
    _draw_values(axis, values, -0.06 * top)
    axis.set(xlabel="θ", ylabel="loss per sample", ylim=(-0.12 * top, top))
    axis.set_title("Loss against θ", loc="left")
    figure.legend(loc="outside upper right", ncols=len(losses) + len(values), fontsize=9, frameon=False)
    return with_source(figure, source)


def frozen_parabolas(theta, trimmed, ways, values, *, source):
    """The trimmed loss and above it each round's loss with the kept set frozen, one panel per way down.

    theta, trimmed: (m,); ways: title -> list of (curve (m,), touch (place, height), lowest (place, height)), one per
    round; values: role -> (n,).
    """
    figure, axes = panels(len(ways), width=4.8, height=3.8, sharey=True)
    top = 1.6 * max(touch[1] for way in ways.values() for _, touch, _ in way)
    for axis, (title, way) in zip(axes, ways.items(), strict=True):
        axis.plot(theta, trimmed, color=ROLES["itlm"]["color"], linewidth=2.5, label="trimmed loss")
        for t, (curve, touch, lowest) in enumerate(way):
            frozen, touches, lowest_point = PARABOLA if t == 0 else (None, None, None)  # named once
            axis.plot(theta, curve, color="#888888", linewidth=0.9, label=frozen)
            axis.plot(*touch, "s", color=INK, markersize=6, label=touches)
            axis.plot(*lowest, "v", color=INK, markersize=7, mfc="white", label=lowest_point)
            axis.annotate(f"{t}", touch, xytext=(5, 5), textcoords="offset points", fontsize=9)
        _draw_values(axis, values, -0.06 * top)
        axis.set(xlabel="θ", ylim=(-0.12 * top, top))
        axis.set_title(title, loc="left")
    axes[0].set_ylabel("loss per kept sample")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=6, fontsize=9, frameon=False)
    return with_source(figure, source)


def staircase(everyone, after_trim, after_update, *, source):
    """The loss after each half of a round, as it is, and on a log axis from the first trim on.

    everyone: the loss of all samples under theta_0; after_trim, after_update: (T,), of the kept ones, rounds 0 ... T-1.
    """
    figure, (whole, rest) = panels(2, width=4.8, height=3.6)
    rounds = np.arange(len(after_trim))
    steps = np.column_stack([after_trim, after_update]).ravel()
    whole.plot([-0.5, *np.arange(steps.size) / 2], [everyone, *steps], color="#888888", linewidth=1)
    whole.plot(-0.5, everyone, "D", color=ROLES["naive"]["color"], label="all samples")
    rest.plot(np.arange(steps.size) / 2, steps, color="#888888", linewidth=1)
    for axis in (whole, rest):
        axis.plot(rounds, after_trim, "s", color=INK, label="after trimming")
        axis.plot(rounds + 0.5, after_update, "o", color=ROLES["itlm"]["color"], label="after updating")
        axis.set(xlabel="round t", xticks=rounds)
    whole.set(ylabel="sum of the losses", ylim=(0, None))
    whole.set_title("From all samples to the kept ones", loc="left")
    rest.set(yscale="log")
    plain_numbers(rest, "y")
    rest.set_title("The same after the first trim, log axis", loc="left")
    whole.legend(frameon=False)
    return with_source(figure, source)


def objectives_reached(objectives, marks, *, source):
    """Histogram of the trimmed losses that many starts end at. objectives: (m,); marks: (text, value) to point out."""
    figure, (axis,) = panels(width=6.0, height=3.4)
    bins = np.geomspace(0.95 * objectives.min(), 1.05 * objectives.max(), 41)
    counts, _, _ = axis.hist(objectives, bins, color=ROLES["itlm"]["color"], alpha=0.7)
    for height, (text, value) in zip((1.22, 1.08), marks, strict=True):
        axis.axvline(value, color="#222222", linestyle=":", linewidth=1.2)
        axis.annotate(text, (value, height * counts.max()), xytext=(5, 0), textcoords="offset points", fontsize=9,
                      bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"})  # fmt: skip
    axis.set(xscale="log", xlabel="trimmed loss at the end", ylabel="starts", ylim=(0, 1.3 * counts.max()))
    axis.set_title("Where random starts end", loc="left")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_locator(NullLocator())
    return with_source(figure, source)


def residuals_by_sample(fits, *, source):
    """Residuals in units of their scale, sample by sample, one panel per fit; those beyond the band are numbered.

    fits: title -> (n,).
    """
    figure, axes = panels(len(fits), width=4.6, height=3.4)
    for axis, (title, residuals) in zip(axes, fits.items(), strict=True):
        days, beyond = np.arange(1, len(residuals) + 1), np.abs(residuals) > BAND
        axis.axhspan(-BAND, BAND, color="#F2F2F2", zorder=0)
        axis.plot(days[~beyond], residuals[~beyond], **mark("clean"))
        axis.plot(days[beyond], residuals[beyond], **mark("bad"))
        for day, value in zip(days[beyond], residuals[beyond], strict=True):
            axis.annotate(f"{day}", (day, value), xytext=(6, 0), textcoords="offset points", va="center")
        axis.set(xlabel="sample", ylabel="residual / its scale", xticks=[1, *range(5, len(residuals) + 1, 5)])
        axis.set_title(title, loc="left")
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


def gap_by_samples(gaps, *, source):
    """Lemma 3's gap against n on log axes, one line per case. gaps: role -> (text, n (m,), gap (m,))."""
    figure, (axis,) = panels(width=6.0, height=3.6)
    for role, (text, n, gap) in gaps.items():
        axis.plot(n, gap, **ROLES[role])
        label_end(axis, n[-1], gap[-1], text, role)
    axis.set(xscale="log", yscale="log", xlabel="sample size n", ylabel=r"$|S_n(\hat\theta) - S_n(\theta^*)|$")
    axis.set_title("Lemma 3 by simulation", loc="left")
    return with_source(figure, source)


def majority(clean, distances, *, source):
    """Distances of a fit to the clean and to the other component against the clean share.

    clean: (m,); distances: role -> (text, (m,)).
    """
    figure, (axis,) = panels(width=6.0, height=3.6)
    for role, (text, values) in distances.items():
        axis.plot(clean, values, **ROLES[role])
        label_end(axis, clean[-1], values[-1], text, role)
    axis.axvline(0.5, color="#222222", linewidth=0.8)
    axis.set(xlabel="share of clean samples", ylabel="distance of the fit")
    axis.set_title("The majority wins", loc="left")
    return with_source(figure, source)


def _draw_values(axis, values, height):
    for role, numbers in values.items():
        look = {**mark(role), "markersize": 5, "alpha": 0.7, "label": f"{role} samples"}
        axis.plot(numbers, np.full(len(numbers), height), **look)


def _label_jump(axis, rows, text, color):
    """Write a line's name beside the place where it jumps."""
    middle = np.sqrt(rows["error"].min() * rows["error"].max())
    share = rows["share"].iloc[int((rows["error"] > middle).to_numpy().argmax())]
    axis.annotate(text.replace(" ", "\n", 1), (share, middle), xytext=(3, 0), textcoords="offset points",
                  va="center", color=color, annotation_clip=False, fontsize=9)  # fmt: skip
