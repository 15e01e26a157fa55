"""Figure 1's key observation as claims, in any of its four settings: early on, clean samples are learnt first."""

from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import of_rows


def early_gap(frame):
    """Accuracy on clean less that on bad samples, mean over the first quarter of the epochs."""
    return float(_gaps(frame, lambda epochs: epochs < (epochs.max() + 1) / 4).mean())


def fading_gap(frame):
    """The gap of the first quarter of the epochs less that of the last quarter."""
    late = _gaps(frame, lambda epochs: epochs >= 3 * (epochs.max() + 1) / 4)
    return early_gap(frame) - float(late.mean())


def _gaps(frame, chosen):
    rows = frame[chosen(frame["epoch"])]
    return rows["clean_accuracy"] - rows["bad_accuracy"]


def observation(panel, setting, where, paper):
    """The key observation in one setting of Figure 1, as two claims: the early gap, and that it fades."""
    experiment = f"fig1{panel}"
    return [
        Claim(
            f"F1{panel}", f"Figure 1({panel})", f"{setting}: early on, accuracy is higher on clean samples",
            of_rows(experiment, where, early_gap, "accuracy on clean less bad samples in the first quarter of epochs"),
            Band(5.0), "without the effect the gap is 0; below 5 points no share of bad samples could be told apart",
            baseline=0.0, paper=paper,
        ),
        Claim(
            f"F1{panel}.early", f"Figure 1({panel})", f"{setting}: the gap is widest in the first epochs",
            of_rows(experiment, where, fading_gap, "gap of the first less gap of the last quarter of epochs, points"),
            Band(0.0, strict=True), "a gap that does not fade gives 0", paper=paper,
        ),
    ]  # fmt: skip
