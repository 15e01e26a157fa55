"""Speed of recording margins and of the score read off them, against the package aum: 5,000 samples, 10 classes."""

import time
from importlib.util import find_spec

import numpy as np
import torch

from itlm_kit import TrajectoryRecorder
from itlm_kit.trajectories import SCORES
from tests.benchmarks.measure import medians

N, CLASSES, EPOCHS, BATCH = 5000, 10, 4, 250


def margins_against_aum():
    """Four epochs in batches of 250, from logits to the area under the margin, median of 5 runs."""
    cases = [_epochs(seed) for seed in range(5)]
    slow, fast = medians([_aum, _kit], cases, clock=time.thread_time)
    return {"ratio": slow / fast, "seconds": fast, "against_seconds": slow}


BENCHMARKS = [margins_against_aum] if find_spec("aum") else []


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
