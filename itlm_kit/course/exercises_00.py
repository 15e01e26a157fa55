"""Exercises of notebook 00: how many to keep, the loss of what is kept, a fit by hand, the loop with its end."""

from itertools import islice, pairwise

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.loop import itlm_rounds
from itlm_kit.trimming import num_kept


def _trimmed_loss(losses, k):
    return np.sort(losses)[:k].sum()


def _slope(u, y, kept):
    return (u[kept] * y[kept]).sum() / (u[kept] ** 2).sum()


def _slope_case(seed, n):
    rng = np.random.default_rng(seed)
    u = rng.uniform(1, 4, n)
    return u, 2 * u + rng.normal(size=n), rng.permutation(n) < n // 2


def _fit(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _until_still(x, y, k, start=_fit, loss=np.square):
    """The first round whose kept set is that of the round before."""
    rounds = itlm_rounds(
        start(x, y), lambda theta: loss(y - x @ theta), lambda theta, kept, t: _fit(x[kept], y[kept]), k=k
    )
    pairs = pairwise(islice(rounds, _MOST_ROUNDS))
    return next((now.t for before, now in pairs if np.array_equal(before.kept, now.kept)), _MOST_ROUNDS)


def _line(seed, n, bad):
    rng = np.random.default_rng(seed)
    u, is_bad = rng.uniform(0, 4, n), rng.permutation(n) < bad
    return np.column_stack([np.ones(n), u]), 1 + 2 * u + 0.4 * rng.normal(size=n) + 5 * is_bad * (u < 3)


_MOST_ROUNDS = 100
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
            ("One too many: a slice [:k] holds k values.", lambda losses, k: np.sort(losses)[: k + 1].sum()),
            ("Those are the k losses that are kept; add them up.", lambda losses, k: np.sort(losses)[:k]),
            ("That is the largest loss that is kept; add up all k.", lambda losses, k: np.sort(losses)[k - 1]),
        ),
        cases=((np.array([4.0, 1.0, 9.0, 2.0]), 3), (_LOSSES, 5), (_LOSSES, 20)),
    ),
    3: Exercise(
        truth=_slope,
        mistakes=(
            ("It fits all samples; the sum runs over the kept ones.", lambda u, y, kept: _slope(u, y, kept | ~kept)),
            (
                "The mean of y/u gives each sample the same say; the derivative weighs them.",
                lambda u, y, kept: (y[kept] / u[kept]).mean(),
            ),
            (
                "A factor u got lost: the derivative of (y - theta u)^2 is -2 u (y - theta u).",
                lambda u, y, kept: y[kept].sum() / u[kept].sum(),
            ),
            ("The square below is missing: it is u times u.", lambda u, y, kept: (u * y)[kept].sum() / u[kept].sum()),
            (
                "Solved for the inverse: u and y are swapped below.",
                lambda u, y, kept: (u * y)[kept].sum() / (y[kept] ** 2).sum(),
            ),
            (
                "That line has an intercept as well; this one goes through the origin.",
                lambda u, y, kept: np.polyfit(u[kept], y[kept], 1)[0],
            ),
            (
                "It gives an array of one number, as `np.linalg.lstsq` does; take the number out.",
                lambda u, y, kept: np.array([_slope(u, y, kept)]),
            ),
            ("Half of it: the 2 of the derivative cancels.", lambda u, y, kept: _slope(u, y, kept) / 2),
        ),
        cases=(
            (np.array([1.0, 2.0, 3.0]), np.array([2.0, 5.0, 0.0]), np.array([True, True, False])),
            _slope_case(0, 10),
            _slope_case(1, 30),
        ),
    ),
    4: Exercise(
        truth=_until_still,
        mistakes=(
            (
                "One too many. Rounds t-1 and t keep the same set, in whatever order: return this t, no later one.",
                lambda x, y, k: _until_still(x, y, k) + 1,
            ),
            (
                "One too few. Rounds count from 0: if rounds 0 and 1 keep the same samples, return 1.",
                lambda x, y, k: _until_still(x, y, k) - 1,
            ),
            ("In your loop theta does not move: fit it to the kept samples.", lambda x, y, k: 1),
            (
                "It starts from theta = 0; start from the fit on all samples.",
                lambda x, y, k: _until_still(x, y, k, start=lambda x, y: np.zeros(x.shape[1])),
            ),
            (
                "It trims signed residuals: those far below the line come first. Square them.",
                lambda x, y, k: _until_still(x, y, k, loss=np.positive),
            ),
            (
                "It keeps the k largest losses: those are the suspects.",
                lambda x, y, k: _until_still(x, y, k, loss=lambda r: -np.square(r)),
            ),
            ("It drops k samples; keep k of them.", lambda x, y, k: _until_still(x, y, len(y) - k)),
        ),
        cases=((*_line(0, 6, 2), 4), (*_line(1, 50, 15), 30), (*_line(2, 50, 15), 33), (*_line(3, 80, 20), 55)),
    ),
}
