"""Exercises of notebook 00: how many to keep, and the loss of what is kept."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.trimming import num_kept


def _trimmed_loss(losses, k):
    return np.sort(losses)[:k].sum()


_LOSSES = np.random.default_rng(0).exponential(size=20)

EXERCISES = {
    # 60 samples, 12 of them bad, a margin of 0.05
    1: Exercise(
        truth=num_kept(0.8 - 0.05, 60),
        mistakes=(
            ("That is all the clean samples: take the margin of 0.05 off the share first.", 48),
            ("That is how many are dropped; how many are kept?", 15),
            ("That is the number of bad samples; how many are kept?", 12),
            ("That is the share alpha; how many samples is that share of 60?", 0.75),
            ("The margin goes the other way: keep a little less than the clean share.", 51),
        ),
    ),
    2: Exercise(
        truth=_trimmed_loss,
        mistakes=(
            ("It adds up the k largest losses: those are the suspects.", lambda losses, k: np.sort(losses)[-k:].sum()),
            ("It takes the first k samples, whatever their loss: sort first.", lambda losses, k: losses[:k].sum()),
            ("It drops k samples; keep k of them.", lambda losses, k: np.sort(losses)[: len(losses) - k].sum()),
            (
                "It gives the mean of the kept losses; the trimmed loss is their sum.",
                lambda losses, k: _trimmed_loss(losses, k) / k,
            ),
            ("It adds up all the losses: nothing is trimmed.", lambda losses, k: losses.sum()),
        ),
        cases=((np.array([4.0, 1.0, 9.0, 2.0]), 3), (_LOSSES, 5), (_LOSSES, 20)),
    ),
}
