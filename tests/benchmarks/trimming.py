"""Speed of the rule and of the loop, beside what a person would write: on one thread."""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from itlm_kit import itlm, trim
from itlm_kit.glm import draw
from tests.benchmarks.measure import compared, medians

ALPHA, ROUNDS = 0.65, 10


def trim_against_sort():
    """The smallest 65 % of 100,000 losses, against a stable sort that breaks ties alike; median of 21 draws."""
    cases = [np.random.default_rng(seed).random(100_000) for seed in range(21)]
    return compared(
        *medians([_sorted, lambda losses: trim(losses, int(ALPHA * len(losses)))], cases, clock=time.thread_time)
    )


def loop_against_for():
    """Ten rounds of the README's loop, n = 1000, d = 100, against a for loop of the same steps; median of 9 draws."""
    cases = [draw("random", seed=seed) for seed in range(9)]
    with threadpool_limits(1):
        return compared(*medians([_for_loop, _itlm], cases, clock=time.thread_time))


BENCHMARKS = [trim_against_sort, loop_against_for]


def _sorted(losses):
    kept = np.zeros(len(losses), bool)
    kept[np.argsort(losses, kind="stable")[: int(ALPHA * len(losses))]] = True
    return kept


def _itlm(drawn):
    x, y = drawn.x, drawn.y
    start = np.linalg.lstsq(x, y)[0]
    return itlm(
        start,
        lambda theta: (y - x @ theta) ** 2,
        lambda theta, kept, t: np.linalg.lstsq(x[kept], y[kept])[0],
        alpha=ALPHA,
        rounds=ROUNDS,
    )


def _for_loop(drawn):
    x, y = drawn.x, drawn.y
    theta = np.linalg.lstsq(x, y)[0]
    for _ in range(ROUNDS):
        kept = np.argsort((y - x @ theta) ** 2)[: int(ALPHA * len(y))]
        theta = np.linalg.lstsq(x[kept], y[kept])[0]
    return theta
