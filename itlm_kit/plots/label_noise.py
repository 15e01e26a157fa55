"""Figures of the label-noise chapters: tidy frames and arrays in, a matplotlib Figure out."""

import matplotlib.pyplot as plt
import numpy as np

from itlm_kit.plots.labels import name_lines, sides_of_cut
from itlm_kit.plots.style import ROLES, panels, plain_numbers, stroke, with_source

MEASURES = {
    "accuracy": "accuracy on given labels (%)",
    "loss": "mean loss",
    "pull": "length of the summed gradient",
}


def clean_against_bad(frame, *, source, what="accuracy", every=5):
    """Accuracy (or "loss") of clean and of bad samples after each epoch, as in Figure 1.

    frame: columns epoch, clean_accuracy, bad_accuracy (or clean_loss, bad_loss), one row per epoch.
    """
    figure, axes = panels(width=5.6)
    _both(axes, {f"Training {what} of clean and bad samples": frame}, what, every)
    return with_source(figure, source)


def side_by_side(frames, *, source, what="accuracy", every=5, steps=False):
    """The same in a panel for each of several trainings, on one scale; what: "accuracy", "loss" or "pull".

    frames: {title: frame}, at least two. steps: rows are single steps, on a log axis.
    """
    figure, axes = panels(len(frames), sharey=True)
    _both(axes, frames, what, every)
    if steps:
        for axis in axes:
            axis.set(xlabel="step", xscale="log")
            plain_numbers(axis, "x")
    return with_source(figure, source)


def _both(axes, frames, what, every):
    for axis, (title, frame) in zip(axes, frames.items(), strict=True):
        for role in ("clean", "bad"):
            axis.plot(frame["epoch"] + 1, frame[f"{role}_{what}"], markevery=every, **ROLES[role])
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set(xlabel="epoch")
        axis.set_title(title, loc="left")
    axes[0].set(ylabel=MEASURES[what])
    axes[0].set_ylim(0, 104 if what == "accuracy" else None)
    for axis, frame in zip(axes, frames.values(), strict=True):
        last = frame.iloc[-1]
        name_lines(axis, {role: (f"{role} samples", last[f"{role}_{what}"]) for role in ("clean", "bad")})


def tip_to_tail(pulls, directions, *, source):
    """Pulls of single samples laid tip to tail, their sum as an arrow; a panel for each kind of errors.

    pulls: {title: {"clean": (m, 2), "bad": (m, 2)}}, at least two. directions: {label: (2,)}, where each label lies.
    """
    figure, axes = panels(len(pulls), sharex=True, sharey=True, width=4.4, height=4)
    for axis, (title, groups) in zip(axes, pulls.items(), strict=True):
        for label, way in directions.items():
            axis.plot(*np.array([(0, 0), way]).T, color="#CCCCCC", linewidth=0.8, zorder=0)
            axis.annotate(f"towards {label}", 1.08 * np.asarray(way), color="#5A5A5A", ha="center", va="center")
        for role, each in groups.items():
            _path(axis, np.vstack([[0, 0], np.cumsum(each, 0)]), role)
        axis.margins(0.18)
        axis.set(aspect="equal")
        axis.set_axis_off()
        axis.set_title(title, loc="left")
    return with_source(figure, source)


def _path(axis, places, role):
    look = ROLES[role]
    axis.plot(*places.T, **{**look, "linestyle": "-", "markersize": 3, "linewidth": 0.8})
    arrow = {"arrowstyle": "-|>", "color": look["color"], "linewidth": 2, "linestyle": look["linestyle"]}
    axis.annotate("", places[-1], (0, 0), arrowprops=arrow)
    name = {"color": look["color"], "xytext": (12, -8), "textcoords": "offset points"}
    axis.annotate(f"sum of the {role}", places[-1], **name)


def separation(frame, *, source):
    """Area under the ROC curve by epoch, when the loss is used to tell bad samples from clean ones."""
    figure, (axis,) = panels(width=5.6)
    axis.plot(frame["epoch"] + 1, frame["auc"], markevery=5, **ROLES["itlm"])
    best = int(frame["auc"].to_numpy().argmax())
    peak = frame["auc"].iloc[best]
    axis.annotate(
        f"best: {peak:.3f} at epoch {frame['epoch'].iloc[best] + 1}", (frame["epoch"].iloc[best] + 1, peak),
        xytext=(12, -30), textcoords="offset points", arrowprops={"arrowstyle": "-"},
    )  # fmt: skip
    axis.set(xlabel="epoch", ylabel="area under the ROC curve")
    axis.set_title("How well one epoch's losses tell bad from clean", loc="left")
    return with_source(figure, source)


def loss_histogram(losses, is_clean, *, source, cut=None):
    """Histogram of per-sample losses, clean and bad apart, with the cut of a trimming step where given."""
    figure, (axis,) = panels(width=5.6)
    bins = np.linspace(0, np.quantile(losses, 0.995), 41)
    for role, mask in (("clean", is_clean), ("bad", ~is_clean)):
        axis.hist(
            losses[mask], bins, color=ROLES[role]["color"], alpha=0.55, label=f"{role} samples",
            hatch="//" if role == "bad" else None, edgecolor="white",
        )  # fmt: skip
    axis.margins(y=0.15)  # room for the words at the cut
    if cut is not None:
        axis.set_xlim(left=-0.12 * bins[-1])  # the same, where the cut lies near 0
        sides_of_cut(axis, cut)
    axis.set(xlabel="loss", ylabel="samples")
    axis.legend(frameon=False, loc="center right")
    return with_source(figure, source)


def accuracy_by_round(frame, *, source, oracle=None, accuracy="last_accuracy"):
    """Test accuracy of theta_t and clean share of S_t, round by round; round 0 is naive training.

    frame: one row per round with columns round, clean_share and the accuracy named. oracle: its accuracy, if known.
    """
    figure, (left, right) = panels(2)
    left.plot(frame["round"], frame[accuracy], **ROLES["itlm"])
    levels = {"baseline": frame[accuracy].iloc[0], **({} if oracle is None else {"oracle": oracle})}
    for role, level in levels.items():
        left.axhline(level, **stroke(role))
    names = {"itlm": ("ITLM", frame[accuracy].iloc[-1]), **{role: (role, level) for role, level in levels.items()}}
    name_lines(left, names)
    left.set(xlabel="round t", ylabel="test accuracy (%)")
    left.set_title("Accuracy of θ$_t$", loc="left")
    right.plot(frame["round"], frame["clean_share"], **ROLES["clean"])
    right.set(xlabel="round t", ylabel="clean samples (%)")
    right.set_title("Clean share of the kept set S$_t$", loc="left")
    for axis in (left, right):
        axis.set_xticks(frame["round"])
    return with_source(figure, source)


def labelled_images(images, given, truth, *, source, columns=12):
    """Images with the label given above each: a tick where it is right, a cross and another colour where it is not.

    images: (m, c, h, w) uint8; given, truth: (m,) labels.
    """
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(0.62 * columns, 0.85 * rows), layout="constrained")
    plt.close(figure)
    axes = np.atleast_1d(axes).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, image, label, true in zip(axes, images, given, truth, strict=False):
        role, mark = ("clean", "✓") if label == true else ("bad", "✗")
        axis.imshow(np.moveaxis(image, 0, -1).squeeze(), cmap="gray_r", vmin=0, vmax=255)
        axis.set_title(f"{label} {mark}", fontsize=9, color=ROLES[role]["color"], loc="center")
    return with_source(figure, source)
