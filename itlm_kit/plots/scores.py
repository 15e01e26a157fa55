"""Figures of scores read off trajectories: AUC by epoch, ROC curves, data maps. Frames and arrays in, a Figure out."""

from itlm_kit.plots.labels import names_at_end, share_of
from itlm_kit.plots.style import ROLES, panels, with_source

TITLES = {
    "last_loss": "last loss",
    "mean_loss": "mean loss",
    "aum": "margin (AUM)",
    "forgetting": "forgetting",
    "low_confidence": "low confidence",
    "low_variability": "low variability",
    "first_learned": "first learned",
}


def auc_by_epoch(frame, *, source):
    """Area under the ROC curve of each score after each epoch; mean and whole range over seeds.

    frame: columns epoch (from 0), score, auc, as `by_score` gives them for one setting; several seeds or one.
    """
    figure, (axis,) = panels(width=6.4, height=3.8)
    grouped = frame.groupby(["epoch", "score"], sort=False)["auc"]
    mean, low, high = (getattr(grouped, what)().unstack("score") for what in ("mean", "min", "max"))
    epochs = mean.index + 1
    for name in mean:
        axis.plot(epochs, mean[name], **ROLES[name], markersize=4, markevery=max(1, len(epochs) // 8))
        axis.fill_between(epochs, low[name], high[name], color=ROLES[name]["color"], alpha=0.1, linewidth=0)
    axis.set(xlabel="epoch", ylabel="area under the ROC curve", ylim=(min(0.45, low.min(axis=None)), 1.01))
    axis.axhline(0.5, color="#888888", linewidth=0.8)
    heights = [share_of(value, axis.get_ylim()) for value in mean.iloc[-1]]
    names_at_end(axis, heights, [TITLES[name] for name in mean], list(mean))
    axis.set_title("Bad against clean: each score by epoch", loc="left")
    return with_source(figure, source)


def roc_curves(curves, *, source):
    """ROC curves of scores. curves: {name of a score: Roc}, as `separation.roc` gives them."""
    figure, (axis,) = panels(width=4.8, height=4.2)
    for name, curve in curves.items():
        every = max(1, len(curve.bad) // 8)
        look = {**ROLES[name], "label": TITLES[name], "markersize": 4}
        axis.plot(100 * curve.clean, 100 * curve.bad, **look, markevery=every)
    axis.plot([0, 100], [0, 100], color="#888888", linewidth=0.8)
    axis.set(xlabel="clean samples dropped (%)", ylabel="bad samples dropped (%)", xlim=(0, 100), ylim=(0, 101))
    axis.legend(frameon=False, loc="lower right")
    axis.set_title("Bad samples found, clean samples lost", loc="left")
    return with_source(figure, source)


def data_map(confidence, variability, is_clean, *, source):
    """Each sample by the mean and the spread over epochs of the probability of its label: (n,), (n,), (n,) bool.

    Swayamdipta et al. 2020, Figure 1: easy samples lie top left, hard ones bottom left, ambiguous ones to the right.
    """
    figure, (axis,) = panels(width=5.6, height=4.2)
    for role, members in (("clean", is_clean), ("bad", ~is_clean)):
        look = {"color": ROLES[role]["color"], "marker": ROLES[role]["marker"], "label": f"{role} samples"}
        axis.scatter(variability[members], confidence[members], s=12, alpha=0.5, linewidth=0, **look)
    axis.set(xlabel="variability", ylabel="confidence: mean probability of the given label", ylim=(-0.02, 1.02))
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axis.set_title("Data map", loc="left")
    return with_source(figure, source)
