"""What training says of clean and of bad samples: a naive run with every sample recorded, rounds as a frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.loop import Round
from itlm_kit.progress import progress
from itlm_kit.trajectories import TrajectoryRecorder
from itlm_kit.trajectories.did_it_train import diagnose, warn_unless_trained
from itlm_kit.trajectories.separation import auc
from itlm_kit.vision.training import Recipe, Samples, outputs, train


@dataclass(frozen=True)
class RecordedRecipe:
    """All that shapes one naive training run that is recorded."""

    training: Recipe
    epochs: int


def record_training(
    samples: Samples, recipe: Recipe, *, epochs: int, seed: int, folder: Path | None = None
) -> TrajectoryRecorder:
    """Train naively on all samples and record every sample's outputs after every epoch; returns the recorder.

    Raises InputError as soon as the training diverges, and warns (DidNotTrain) where it came to nothing (`diagnose`).
    """
    recorder = TrajectoryRecorder(len(samples), epochs, folder, measured="after")
    everything = np.arange(len(samples))

    def after_epoch(model, epoch):
        logits = outputs(model, samples)
        if not logits.isfinite().all():
            raise InputError(f"outputs must be finite; after epoch {epoch} some are not. Lower the step size.")
        recorder.record_logits(epoch, everything, logits, samples.y)
        bar.update()

    with progress(total=epochs, words="epochs") as bar:
        train(samples, np.ones(len(samples), bool), recipe, epochs=epochs, seed=seed, after_epoch=after_epoch)
    warn_unless_trained(diagnose(recorder), "This recording")
    return recorder


def by_epoch(recorder: TrajectoryRecorder, is_clean: np.ndarray) -> list[dict]:
    """One row per epoch: accuracy (percent) and mean loss of clean and of bad samples, and the AUC of loss for bad."""
    return [
        {
            "epoch": epoch,
            "clean_accuracy": percent_of(recorder.correct[epoch, is_clean]),
            "bad_accuracy": percent_of(recorder.correct[epoch, ~is_clean]),
            "clean_loss": round(float(recorder.losses[epoch, is_clean].mean()), 5),
            "bad_loss": round(float(recorder.losses[epoch, ~is_clean].mean()), 5),
            "auc": round(auc(recorder.losses[epoch], is_clean), 5),
        }
        for epoch in range(recorder.epochs)
    ]


def rounds_frame(rounds: Iterable[Round], is_clean: np.ndarray):
    """The Rounds of `classifier_rounds` as a DataFrame, one row each: what was reported of theta_t, and S_t's make-up.

    is_clean: (n,) bool, the truth. Columns: round, the report's (accuracies in percent and the like), clean_share
    (percent of the kept), bad_dropped (how many).
    """
    import pandas as pd

    def row(step):
        kept = step.kept.cpu().numpy()
        share = {"clean_share": 100 * float(is_clean[kept].mean()), "bad_dropped": int((~is_clean & ~kept).sum())}
        return {"round": step.t, **step.state.report, **share}

    return pd.DataFrame([row(step) for step in rounds])


def percent_of(marks: np.ndarray) -> float:
    """The share of a mask that is set, in percent to three digits, as results hold it."""
    return round(100 * float(marks.mean()), 3)
