"""Per-sample losses, epoch by epoch, kept on disk, and what can be read off them."""

from itlm_kit.trajectories.by_class import dropped_by_class, heavy_losses
from itlm_kit.trajectories.did_it_train import Diagnosis, DidNotTrain, diagnose, diagnose_calls
from itlm_kit.trajectories.hooks import Indexed, record_partial_fit
from itlm_kit.trajectories.merging import merge_recordings
from itlm_kit.trajectories.recorder import TrajectoryRecorder
from itlm_kit.trajectories.scores import SCORES, recorded_scores
from itlm_kit.trajectories.suspects import rank_suspects, write_suspects

__all__ = [
    "SCORES",
    "Diagnosis",
    "DidNotTrain",
    "Indexed",
    "TrajectoryRecorder",
    "diagnose",
    "diagnose_calls",
    "dropped_by_class",
    "heavy_losses",
    "merge_recordings",
    "rank_suspects",
    "record_partial_fit",
    "recorded_scores",
    "write_suspects",
]
