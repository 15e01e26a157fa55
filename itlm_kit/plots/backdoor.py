"""Figures of the backdoor chapter: images, tidy frames and arrays in, a matplotlib Figure out."""

import matplotlib.pyplot as plt
import numpy as np

from itlm_kit.names import percent
from itlm_kit.plots.labels import name_lines, sides_of_cut
from itlm_kit.plots.style import ROLES, framed, panels, stroke, with_source

_ATTACK = {"clean_accuracy": ("clean", "clean accuracy"), "attack_success": ("attack", "attack success")}


def pairs(originals, poisons, truth, given, *, source):
    """Images above and their poisons below, each with its label: a tick where it is right, a cross where it is not.

    originals, poisons: (m, c, h, w) uint8, the same images without and with the watermark; truth, given: (m,) their
    labels. Figure 4.
    """
    figure, axes = plt.subplots(2, len(originals), figsize=(len(originals), 2.6), layout="constrained", squeeze=False)
    plt.close(figure)
    for row, images, labels, role, mark in zip(
        axes, (originals, poisons), (truth, given), ("clean", "bad"), "✓✗", strict=True
    ):
        for axis, image, label in zip(row, images, labels, strict=True):
            axis.imshow(np.moveaxis(image, 0, -1).squeeze(), cmap="gray_r", vmin=0, vmax=255)
            axis.set(xticks=[], yticks=[])
            axis.set_title(f"{label} {mark}", fontsize=10, color=ROLES[role]["color"])
    for row, name in zip(axes, ("original", "poison"), strict=True):
        row[0].set_ylabel(name)
    return with_source(figure, source)


def by_round(frame, *, poisons, source):
    """Accuracy and attack success of theta_t, and how many poisons S_t drops, round by round.

    frame: one row per round with columns round, epochs, clean_accuracy, attack_success, bad_dropped (a count).
    poisons: how many there are.
    """
    figure, (left, right) = panels(2)
    for column, (role, _) in _ATTACK.items():
        left.plot(frame["round"], frame[column], **ROLES[role])
    left.set(xlabel="round t (epochs)", ylabel="test images (%)", ylim=(-4, 104))
    name_lines(left, {role: (name, frame[column].iloc[-1]) for column, (role, name) in _ATTACK.items()})
    left.set_title("Tests of θ$_t$", loc="left")
    right.bar(frame["round"], frame["bad_dropped"], 0.6, color=(ROLES["itlm"]["color"], 0.6), edgecolor="#222222")
    right.bar_label(right.containers[0], fontsize=9)
    right.axhline(poisons, **stroke("bad"))
    right.set(xlabel="round t (epochs)", ylabel="poisons dropped", ylim=(0, 1.15 * poisons))
    name_lines(right, {"bad": (f"all {poisons}", poisons)})
    right.set_title("Poisons that S$_t$ leaves out", loc="left")
    for axis in (left, right):
        axis.set_xticks(frame["round"], [f"{t}\n({e})" for t, e in zip(frame["round"], frame["epochs"], strict=True)])
    return with_source(figure, source)


def races(runs, *, poisons, source):
    """Two watermarks on two pairs of classes: attack success of theta_t and the poisons S_t leaves out, a panel each.

    runs: {(pair, corner): frame}, in reading order, a row of panels for each pair; frames as of `by_round`. poisons:
    {pair: how many there are}.
    """
    pairs, corners = (list(dict.fromkeys(each)) for each in zip(*runs, strict=True))
    size = {"figsize": (4.2 * len(corners), 2.5 * len(pairs)), "sharey": True}
    figure, axes = framed(plt.subplots, len(pairs), len(corners), squeeze=False, **size)
    for axis, ((pair, corner), frame) in zip(axes.flat, runs.items(), strict=True):
        dropped = 100 * frame["bad_dropped"] / poisons[pair]
        axis.bar(frame["round"], dropped, 0.6, color=(ROLES["itlm"]["color"], 0.45), label="poisons dropped")
        axis.plot(frame["round"], frame["attack_success"], **ROLES["attack"], label="attack success")
        axis.set_title(f"{pair.replace('->', ' → ')}, {corner}", loc="left")
        axis.set(ylim=(-3, 105), xticks=frame["round"])
    figure.supylabel("percent", fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("round t")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False)
    return with_source(figure, source)


def dropped_by_epoch(dropped, *, poisons, early, source):
    """How many poisons trimming drops by the losses of each epoch of one naive training: the window.

    dropped: (epochs,) counts. early: the epochs of an early-stopped round, which are marked.
    """
    figure, (axis,) = panels(width=5.6)
    epochs = np.arange(1, len(dropped) + 1)
    axis.plot(epochs, dropped, **ROLES["itlm"], markersize=4)
    axis.axhline(poisons, **stroke("bad"))
    axis.axvline(early, color="#222222", linewidth=1)
    axis.annotate(
        f"a round stops\nafter epoch {early}", (early, 0.12), xycoords=("data", "axes fraction"), xytext=(5, 0),
        textcoords="offset points", fontsize=9,
    )  # fmt: skip
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(xlabel="epoch", ylabel="poisons dropped", ylim=(0, 1.15 * poisons))
    name_lines(axis, {"itlm": ("dropped", dropped[-1]), "bad": (f"all {poisons}", poisons)})
    axis.set_title("Poisons that one epoch's losses would drop", loc="left")
    return with_source(figure, source)


def window(frame, *, source):
    """Attack success and clean accuracy at the end of ITLM by how long its early rounds are; mean and range of seeds.

    frame: one row per (early, seed), columns clean_accuracy, attack_success.
    """
    figure, (axis,) = panels(width=5.6)
    grouped = frame.groupby("early")[list(_ATTACK)]
    mean, low, high = grouped.mean(), grouped.min(), grouped.max()
    places = np.arange(len(mean))  # evenly: one epoch and sixty on one axis
    for column, (role, _) in _ATTACK.items():
        axis.plot(places, mean[column], **ROLES[role])
        axis.fill_between(places, low[column], high[column], color=ROLES[role]["color"], alpha=0.18, linewidth=0)
    axis.set_xticks(places, mean.index)
    axis.set(xlabel="epochs of each of the four early rounds", ylabel="test images, at the end (%)", ylim=(-4, 104))
    name_lines(axis, {role: (name, mean[column].iloc[-1]) for column, (role, name) in _ATTACK.items()})
    axis.set_title("Early stopping has a window", loc="left")
    return with_source(figure, source)


def score_histogram(scores, is_clean, *, cut, name, source):
    """Histogram of a defence's scores in one class, clean samples and poisons apart, with the cut.

    scores: (n,); is_clean: (n,) bool. name: of the score.
    """
    figure, (axis,) = panels(width=5.6)
    bins = np.linspace(0, scores.max(), 31)
    for role, label, mask in (("clean", "clean samples", is_clean), ("bad", "poisons", ~is_clean)):
        axis.hist(
            scores[mask], bins, color=(ROLES[role]["color"], 0.5), edgecolor=ROLES[role]["color"], label=label,
            hatch="//" if role == "bad" else None,
        )  # fmt: skip
    axis.margins(y=0.15)  # room for the words at the cut
    sides_of_cut(axis, cut)
    axis.set(xlabel=name, ylabel="samples")
    axis.legend(frameon=False, loc="center right")
    return with_source(figure, source)


def rate_alpha_map(frame, *, source):
    """A field of numbers: attack success at the end of ITLM by the rate of poisons and by alpha, mean over seeds.

    frame: one row per (rate, alpha, seed), columns attack_success and enough (bool): whether alpha drops as many
    samples as there are poisons. A star marks where it does not.
    """
    figure, (axis,) = panels(width=6.2, height=3.4)
    grid = frame.pivot_table(index="rate", columns="alpha", values="attack_success").sort_index(ascending=False)
    enough = frame.pivot_table(index="rate", columns="alpha", values="enough", aggfunc="all").loc[grid.index]
    shown = axis.imshow(grid, cmap="cividis_r", vmin=0, vmax=100, aspect="auto")
    for (row, column), number in np.ndenumerate(grid.to_numpy()):
        ink = "white" if shown.norm(number) > 0.5 else "#222222"
        mark = "" if enough.to_numpy()[row, column] else "*"
        axis.text(column, row, f"{number:.0f}{mark}", ha="center", va="center", color=ink)
    axis.set_xticks(range(grid.shape[1]), [f"{alpha:g}" for alpha in grid.columns])
    axis.set_yticks(range(grid.shape[0]), list(map(percent, grid.index)))
    axis.set(xlabel="share kept α  (* fewer are dropped than there are poisons)", ylabel="poisons, of the target class")
    axis.grid(visible=False)
    axis.set_title("Attack success after ITLM (%)", loc="left")
    return with_source(figure, source)
