"""One recording of several: of a training spread over processes, where each recorded the samples that it saw."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.trajectories.fields import BY_EPOCH
from itlm_kit.trajectories.recorder import TrajectoryRecorder


def merge_recordings(
    parts: Iterable[TrajectoryRecorder | str | Path], folder: str | Path | None = None, *, repeats: str = "last"
) -> TrajectoryRecorder:
    """Put recordings of parts of one data set together, epoch by epoch; returns a recorder of all samples.

    parts: recorders, or their folders, each made for all n samples and filled by one process, as with torch's
    DistributedSampler. folder: as for TrajectoryRecorder. repeats: the rule for a sample that several parts saw in an
    epoch, such as those that a sampler adds to fill the last batches; "last" is that of the last part. Raises
    InputError for no parts, parts of different n or measured differently, and a sample with another given label in
    another part.
    """
    parts = [TrajectoryRecorder.load(part) if isinstance(part, str | Path) else part for part in parts]
    _check_alike(parts)
    epochs = max(part.epochs for part in parts)
    whole = TrajectoryRecorder(parts[0].n, max(1, epochs), folder, measured=parts[0].measured, repeats=repeats)
    for epoch in range(epochs):
        for part in parts:
            if epoch < part.epochs:
                _copy_epoch(part, whole, epoch)
    return whole


def _copy_epoch(part, whole, epoch):
    index = np.flatnonzero(~np.isnan(part.losses[epoch]))
    whole.record(epoch, index, *(getattr(part, name)[epoch, index] for name in BY_EPOCH), given=part.given[index])


def _check_alike(parts):
    if not parts:
        raise InputError("parts must be recordings, one at least; got none. Name the folder of each process.")
    kinds = sorted({(part.n, part.measured) for part in parts})
    if len(kinds) > 1:
        raise InputError(
            f"parts must have one n, that of the whole data set, and be measured alike; got {kinds[0]} and {kinds[1]}."
        )
