"""Figure 1's key observation as claims, in any of its four settings: early on, clean samples are learnt first."""

import numpy as np

from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import cells, of_rows


def early_gap(frame):
    """Accuracy on clean less that on bad samples, mean over the first quarter of what is watched."""
    return float(_quarters(frame)[0].mean())


def fading_gap(frame):
    """The gap of the first quarter of what is watched less that of the last quarter."""
    first, *_, last = _quarters(frame)
    return float(first.mean() - last.mean())


def _quarters(frame):
    rows = frame.sort_values("epoch")
    return np.array_split((rows["clean_accuracy"] - rows["bad_accuracy"]).to_numpy(), 4)


def observation(panel: str, setting: str, where: dict, *, tag: str = "", **more) -> list[Claim]:
    """The key observation in one setting of Figure 1, as two claims: the early gap, and that it fades.

    tag: added to their ids where the data are not the paper's. more: further fields of both claims.
    """
    common = {"place": f"Figure 1({panel})", "cells": cells(f"fig1{panel}", where), **more}
    return [
        Claim(
            id=f"F1{panel}{tag}",
            says=f"{setting}: early on, accuracy is higher on clean samples",
            measure=of_rows(early_gap, "accuracy on clean less bad samples in the first quarter of what is watched"),
            band=Band(5.0),
            why="without the effect the gap is 0; below 5 points no share of bad samples could be told apart",
            wrong=0.0,
            **common,
        ),
        Claim(
            id=f"F1{panel}{tag}.early",
            says=f"{setting}: the gap is widest in the first epochs",
            measure=of_rows(fading_gap, "gap of the first less gap of the last quarter of what is watched, points"),
            band=Band(0.0, strict=True),
            why="a gap that does not fade gives 0",
            wrong=0.0,
            **common,
        ),
    ]
