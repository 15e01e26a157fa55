"""Trimming once by the losses of the first epochs: what ITLM sees, without its rounds."""

import numpy as np

from itlm_kit.defences.tasks import Evidence
from itlm_kit.trajectories import SCORES
from itlm_kit.trimming import num_kept, trim


def early_loss_kept(seen: Evidence) -> np.ndarray:
    """Keep the share alpha of smallest mean loss over the first epochs, as many as an early-stopped round has."""
    score = SCORES["mean_loss"](seen.recorder, epochs=seen.early)
    return trim(score, num_kept(seen.alpha, len(score)))


BACKDOOR_DEFENCES = {"early-loss": early_loss_kept}
