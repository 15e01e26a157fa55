"""Figure 1's key observation as claims, in any of its four settings: early on, clean samples are learnt first."""

from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import cells, of_rows


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


def observation(panel: str, setting: str, where: dict, *, tag: str = "", **more) -> list[Claim]:
    """The key observation in one setting of Figure 1, as two claims: the early gap, and that it fades.

    tag: added to their ids where the data are not the paper's. more: further fields of both claims.
    """
    common = {"place": f"Figure 1({panel})", "cells": cells(f"fig1{panel}", where), **more}
    return [
        Claim(
            id=f"F1{panel}{tag}",
            says=f"{setting}: early on, accuracy is higher on clean samples",
            measure=of_rows(early_gap, "accuracy on clean less bad samples in the first quarter of epochs"),
            band=Band(5.0),
            why="without the effect the gap is 0; below 5 points no share of bad samples could be told apart",
            wrong=0.0,
            **common,
        ),
        Claim(
            id=f"F1{panel}{tag}.early",
            says=f"{setting}: the gap is widest in the first epochs",
            measure=of_rows(fading_gap, "gap of the first less gap of the last quarter of epochs, points"),
            band=Band(0.0, strict=True),
            why="a gap that does not fade gives 0",
            wrong=0.0,
            **common,
        ),
    ]
