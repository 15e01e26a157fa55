"""Exercises of notebook 08: trimming class by class, and the clean share behind an agreement."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.trimming import trim


def _floor(alpha, size):
    return int(alpha * size + 1e-9)


def _by_class(score, given, alpha, number=_floor, sign=1):
    """A mask of the least suspicious of each class; number(alpha, size) of them, sign -1: the most suspicious."""
    kept = np.zeros(len(score), bool)
    for label in np.unique(given):
        members = np.flatnonzero(given == label)
        kept[members] = trim(sign * score[members], max(1, number(alpha, len(members))))
    return kept


def _same_number(score, given, alpha):
    smallest = np.unique(given, return_counts=True)[1].min()
    return _by_class(score, given, alpha, number=lambda alpha, size: _floor(alpha, smallest))


def _samples(seed, sizes):
    rng = np.random.default_rng(seed)
    given = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return rng.normal(size=len(given)) + (given == 0), given


EXERCISES = {
    1: Exercise(
        truth=_by_class,
        mistakes=(
            (
                "It trims all classes together: a class of high scores loses more than its share.",
                lambda score, given, alpha: trim(score, _floor(alpha, len(score))),
            ),
            (
                "It keeps the most suspicious of each class: a high score is a bad sign.",
                lambda score, given, alpha: _by_class(score, given, alpha, sign=-1),
            ),
            (
                "It marks what is dropped; mark what is kept.",
                lambda score, given, alpha: ~_by_class(score, given, alpha),
            ),
            (
                "It drops the share alpha of each class; alpha is the share to keep.",
                lambda score, given, alpha: _by_class(score, given, 1 - alpha),
            ),
            (
                "It keeps as many of each class as of the smallest; keep the same share of each.",
                _same_number,
            ),
            (
                "These are indices; a mask of bool is asked for, as long as score.",
                lambda score, given, alpha: np.flatnonzero(_by_class(score, given, alpha)),
            ),
            (
                "It rounds to the nearest; k is rounded down.",
                lambda score, given, alpha: _by_class(score, given, alpha, lambda a, m: round(a * m)),
            ),
            (
                "A computer takes 0.29 * 100 for 28.9999…: add 1e-9 before rounding down.",
                lambda score, given, alpha: _by_class(score, given, alpha, lambda a, m: int(a * m)),
            ),
        ),
        cases=(
            (np.array([0.1, 5.0, 0.3, 4.0, 0.2, 6.0]), np.array([0, 1, 0, 1, 0, 1]), 0.67),
            (*_samples(0, (100, 30, 10)), 0.29),
            (*_samples(1, (7, 40)), 0.8),
        ),
    ),
    # Agreement 63 %, and right on 90 % of the samples that were checked by hand.
    2: Exercise(
        truth=0.63 / 0.9,
        mistakes=(
            ("That is the agreement: the network also disagrees with right labels that it errs on.", 0.63),
            ("It goes the other way: agreement is the clean share times 0.9, so divide.", 0.63 * 0.9),
            ("The network errs on a tenth of the clean samples, not of all: divide, do not add.", 0.63 + 0.1),
            ("That is the bad share.", 1 - 0.63 / 0.9),
            ("That is how often the network is right on clean samples.", 0.9),
            ("That is how often it disagrees.", 1 - 0.63),
            ("Here a share lies between 0 and 1, not in percent.", 100 * 0.63 / 0.9),
        ),
    ),
}
