"""Speed of recording, and of the scores read off it: against the package aum, and against plain NumPy."""

import time
from importlib.util import find_spec

import numpy as np
import torch

from itlm_kit import TrajectoryRecorder
from itlm_kit.trajectories import SCORES
from itlm_kit.trajectories.fields import BY_EPOCH
from tests.benchmarks.measure import compared, medians

N, CLASSES, EPOCHS, BATCH = 5000, 10, 4, 250
MANY, LONG, WIDE = 100_000, 20, 1000  # samples, epochs and batch of what is compared with plain NumPy


def margins_against_aum():
    """5,000 samples, four epochs in batches of 250, from logits to the area under the margin, median of 5 runs."""
    cases = [_epochs(seed) for seed in range(5)]
    return compared(*medians([_aum, _kit], cases, clock=time.thread_time))


def recording_against_assignment():
    """Measured values of 100,000 samples, 20 epochs in batches of 1,000, against writing them into arrays as they are.

    Median of 5 runs. What the recorder adds: its checks of every value, index and epoch.
    """
    return compared(*medians([_assign, _record], [_recording(seed) for seed in range(5)], clock=time.thread_time))


def scores_against_plain_loops():
    """All scores of 100,000 samples x 20 epochs against NumPy loops that know no sample unseen, median of 5 runs.

    Beside the ratio of all together that of each, by its name.
    """
    cases = (_record(_recording(seed)) for seed in range(5))  # one at a time: each takes 100 MB
    ways = [way for name in SCORES for way in (_PLAIN[name], SCORES[name])]
    slow, fast = np.reshape(medians(ways, cases, clock=time.thread_time), (-1, 2)).T
    return compared(slow.sum(), fast.sum(), **dict(zip(SCORES, slow / fast, strict=True)))


BENCHMARKS = [recording_against_assignment, scores_against_plain_loops]
if find_spec("aum"):
    BENCHMARKS.append(margins_against_aum)


def _epochs(seed):
    """Batches (epoch, index, logits, labels) of all epochs."""
    rng, labels = np.random.default_rng(seed), torch.arange(N) % CLASSES
    draws = ((epoch, torch.as_tensor(rng.permutation(N)).split(BATCH)) for epoch in range(EPOCHS))
    batches = ((epoch, index) for epoch, parts in draws for index in parts)
    return [(epoch, index, torch.randn(len(index), CLASSES), labels[index]) for epoch, index in batches]


def _kit(batches):
    recorder = TrajectoryRecorder(N, EPOCHS)
    for batch in batches:
        recorder.record_logits(*batch)
    return SCORES["aum"](recorder)


def _aum(batches):
    from aum import AUMCalculator

    calculator = AUMCalculator("unused")
    for _, index, logits, labels in batches:
        calculator.update(logits, labels, index.tolist())
    return np.array([calculator.sums[i] / calculator.counts[i] for i in range(N)])


def _recording(seed):
    """Batches (epoch, index, values of each field by epoch) of all epochs."""
    rng = np.random.default_rng(seed)
    draws = ((epoch, np.split(rng.permutation(MANY), MANY // WIDE)) for epoch in range(LONG))
    return [(epoch, index, rng.random((len(BY_EPOCH), WIDE)).round()) for epoch, parts in draws for index in parts]


def _record(batches):
    recorder = TrajectoryRecorder(MANY, LONG)
    for epoch, index, values in batches:
        recorder.record(epoch, index, *values)
    return recorder


def _assign(batches):
    arrays = np.full((len(BY_EPOCH), LONG, MANY), np.nan, np.float32)
    for epoch, index, values in batches:
        arrays[:, epoch, index] = values


def _mean(rows):
    total = np.zeros(MANY)
    for row in rows:
        total += row
    return total / LONG


def _deviation(rows):
    return np.sqrt(_mean(rows * rows) - _mean(rows) ** 2)


def _forgotten(rows):
    before, events, learnt = np.zeros(MANY, bool), np.zeros(MANY), np.zeros(MANY, bool)
    for row in rows == 1:
        events += before & ~row
        learnt |= row
        before = row
    return np.where(learnt, events, np.inf)


def _first(rows):
    first = np.full(MANY, np.inf)
    for epoch, row in enumerate(rows):
        first[(row == 1) & (first == np.inf)] = epoch
    return first


_PLAIN = {
    "last_loss": lambda recorder: recorder.losses[-1].astype(float),
    "mean_loss": lambda recorder: _mean(recorder.losses),
    "aum": lambda recorder: -_mean(recorder.margin),
    "forgetting": lambda recorder: _forgotten(recorder.correct),
    "low_confidence": lambda recorder: 1 - _mean(recorder.confidence),
    "low_variability": lambda recorder: -_deviation(recorder.confidence),
    "first_learned": lambda recorder: _first(recorder.correct),
}
