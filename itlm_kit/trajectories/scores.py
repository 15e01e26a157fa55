"""Scores of suspicion read off a recording. One convention for all: higher is more suspicious, NaN is never seen.

Each is written as one pass over the epochs, with values of all samples at a time, that yields the score after every
epoch: what was known at that time, in the memory of a few rows, however long the recording.
"""

from collections import deque
from functools import update_wrapper

import numpy as np

from itlm_kit.errors import InputError, check_integer
from itlm_kit.trajectories.logits import number_array


class Score:
    """A score of suspicion: call it with a recording for the score after its last epoch, (n,) floats.

    recording: a TrajectoryRecorder, or the array (epochs, n) that the score reads, NaN for not seen. epochs: how many
    of the first epochs to use (None: all). Raises InputError where the recording lacks what the score reads, or is no
    array of numbers.
    """

    def __init__(self, field, running):
        self.field, self._running = field, running
        update_wrapper(self, running)

    def __call__(self, recording, epochs=None):
        return deque(self.by_epoch(recording, epochs), maxlen=1).pop()

    def by_epoch(self, recording, epochs=None):
        """Yield the score after each epoch, (n,) floats, from that epoch and those before it."""
        if hasattr(recording, "has") and not recording.has(self.field):
            raise InputError(f"{self.__name__} needs {self.field}, not in this recording. Record with record_logits.")
        rows = np.atleast_2d(number_array(getattr(recording, self.field, recording), self.field))
        if rows.ndim != 2 or 0 in rows.shape:
            raise InputError(f"{self.field} must have shape (n,) or (epochs, n); got {rows.shape}.")
        rows = rows[: None if epochs is None else check_integer("epochs", epochs)]
        return self._running(np.asarray(row, float) for row in rows)


def _reads(field):
    return lambda running: Score(field, running)


@_reads("losses")
def last_loss(rows):
    """Loss in the last epoch recorded; NaN for a sample not seen in it. The rule of ITLM: Algorithm 1, step 4."""
    last = np.nan
    for row in rows:
        last = np.where(np.isnan(row).all(), last, row)  # training may have stopped early
        yield last


@_reads("losses")
def mean_loss(rows):
    """Mean loss over the epochs in which a sample was seen. Huang et al. 2019 (O2U-Net)."""
    return _means(rows)


@_reads("margin")
def aum(rows):
    """Area under the margin, negated: minus the mean margin over epochs. Pleiss et al. 2020, section 3.

    Infinite in an epoch that gave the label probability 0, whatever the others say.
    """
    return _means(-row for row in rows)


@_reads("correct")
def forgetting(rows):
    """How often a sample that was called right was called wrong the next time; inf where it never was called right.

    Toneva et al. 2019, section 3: forgetting events, and samples never learnt counted as forgotten infinitely often.
    """
    before, forgotten, learnt = np.nan, 0, False
    for row in rows:
        forgotten = forgotten + ((before == 1) & (row == 0))
        learnt = learnt | (row == 1)
        before = np.where(np.isnan(row), before, row)
        yield np.where(np.isnan(before), np.nan, np.where(learnt, forgotten, np.inf))


@_reads("confidence")
def low_confidence(rows):
    """One minus the mean probability of the given label: an axis of data maps. Swayamdipta et al. 2020, section 2."""
    return (1 - mean for mean in _means(rows))


@_reads("confidence")
def low_variability(rows):
    """Minus the standard deviation over epochs of the probability of the given label: the other axis of data maps.

    Swayamdipta et al. 2020, section 2: mislabelled samples gather where confidence and variability are both low. Easy
    samples vary little as well, once they are learnt, and bad ones much, when they are learnt by heart: then it points
    the wrong way. To be read beside the confidence.
    """
    count = mean = square = 0
    for row in rows:
        seen = ~np.isnan(row)
        count = count + seen
        step = np.where(seen, row - mean, 0)
        mean = mean + step / np.maximum(count, 1)
        square = square + np.where(seen, step * (row - mean), 0)
        yield -np.sqrt(_ratio(square, count))


@_reads("correct")
def first_learned(rows):
    """The first epoch, counted from 0, in which a sample was called by its label; inf where none was.

    Toneva et al. 2019: first learning events.
    """
    first = np.nan
    for epoch, row in enumerate(rows):
        first = np.where(np.isnan(first) & ~np.isnan(row), np.inf, first)
        first = np.where((first == np.inf) & (row == 1), epoch, first)
        yield first


SCORES = {
    score.__name__: score
    for score in (last_loss, mean_loss, aum, forgetting, low_confidence, low_variability, first_learned)
}


def recorded_scores(recording):
    """Names of the scores that can be read off a recording; those of losses where it is a bare array of them."""
    if not hasattr(recording, "has"):
        return [name for name, score in SCORES.items() if score.field == "losses"]
    return [name for name, score in SCORES.items() if recording.has(score.field)]


def _means(rows):
    total = count = 0
    for row in rows:
        seen = ~np.isnan(row)
        with np.errstate(invalid="ignore"):
            total = total + np.where(seen, row, 0)
        total = np.where(np.isnan(total), np.inf, total)  # infinities of both signs: the suspicious one counts
        count = count + seen
        yield _ratio(total, count)


def _ratio(total, count):
    return np.divide(total, count, out=np.full(np.shape(count), np.nan), where=count > 0)
