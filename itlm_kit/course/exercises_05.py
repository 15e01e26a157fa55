"""Exercises of notebook 05: the loop, how many to keep, and the clean share behind an alpha from agreement."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.trimming import num_kept, trim


def _loop(fit, losses, n, k, rounds, keep=None):
    kept, choose = np.ones(n, bool), keep or (lambda scores, kept, k: trim(scores, k))
    for _ in range(rounds + 1):
        kept = choose(losses(fit(kept)), kept, k)
    return kept


def _kept_by(keep):
    return lambda fit, losses, n, k, rounds: _loop(fit, losses, n, k, rounds, keep)


def _shrinking(scores, kept, k):
    return trim(np.where(kept, scores, np.inf), max(1, kept.sum() * k // len(kept)))


def _the_first_set(fit, losses, n, k, rounds):
    return trim(losses(fit(np.ones(n, bool))), k)


def _one_update_short(fit, losses, n, k, rounds):
    return _loop(fit, losses, n, k, rounds - 1)


def _in_order(fit, losses, n, k, rounds):
    return np.argsort(losses(fit(_one_update_short(fit, losses, n, k, rounds))), kind="stable")[:k]


def _one_update_more(fit, losses, n, k, rounds):
    return _loop(fit, losses, n, k, rounds + 1)


def _number(n, clean, margin):
    return num_kept(clean - margin, n)


def _clean_from(alpha, accuracy, classes):
    wrong = (1 - accuracy) / (classes - 1)
    return (alpha - wrong) / (accuracy - wrong)


def _case(seed, n, k, rounds):
    """Samples on a line, fitted by the mean of those that are kept."""
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(n) < 0.65, rng.normal(0, 1, n), rng.normal(4, 2, n))

    def fit(kept):
        return x[kept].mean()

    def losses(theta):
        return (x - theta) ** 2

    return fit, losses, n, k, rounds


EXERCISES = {
    1: Exercise(
        truth=_loop,
        mistakes=(
            (
                "That is what the first θ keeps, whatever comes after. Fit on what was kept, and score *all* n again: "
                "what was dropped may come back.",
                _the_first_set,
            ),
            ("The set shrinks from round to round: k of all n are kept each time.", _kept_by(_shrinking)),
            ("The largest losses are kept; keep the smallest.", _kept_by(lambda scores, kept, k: trim(-scores, k))),
            ("That is one update too few: the last mask is that of the last θ.", _one_update_short),
            ("That is one update too many: `rounds` updates after the fit on all.", _one_update_more),
            (
                "Those are indices; asked for is a mask, True where a sample is kept.",
                lambda *case: np.flatnonzero(_loop(*case)),
            ),
            (
                "Those are indices, the smallest loss first; asked for is a mask, True where a sample is kept.",
                _in_order,
            ),
            (
                "That is the last θ; asked for is the mask that it keeps.",
                lambda fit, *rest: fit(_one_update_short(fit, *rest)),
            ),
            ("True and False are swapped: True means kept.", lambda *case: ~_loop(*case)),
        ),
        cases=(_case(2, 12, 7, 2), _case(0, 40, 22, 3), _case(5, 60, 30, 4)),
    ),
    2: Exercise(
        truth=_number,
        mistakes=(
            (
                "The margin is missing: keep a little less than the clean share.",
                lambda n, clean, margin: num_kept(clean, n),
            ),
            (
                "The margin goes the other way: keep less, not more.",
                lambda n, clean, margin: num_kept(clean + margin, n),
            ),
            (
                "Those are two roundings, of clean times n and of margin times n; subtract first, then round once.",
                lambda n, clean, margin: num_kept(clean, n) - num_kept(margin, n),
            ),
            ("That is how many are dropped.", lambda n, clean, margin: n - _number(n, clean, margin)),
            (
                "A computer takes 0.6 - 0.05 for 0.5499999…: add 1e-9 before rounding down.",
                lambda n, clean, margin: int((clean - margin) * n),
            ),
            ("It rounds to the nearest; k is rounded down.", lambda n, clean, margin: round((clean - margin) * n)),
            ("It rounds up; k is rounded down.", lambda n, clean, margin: int(np.ceil((clean - margin) * n - 1e-9))),
            ("That is the share; asked for is a number of samples.", lambda n, clean, margin: clean - margin),
            ("It is not a whole number yet: round down.", lambda n, clean, margin: (clean - margin) * n),
        ),
        cases=(
            (100, 0.7, 0.05),
            (1000, 0.6, 0.05),
            (77, 0.8, 0.06),
            (53, 0.7, 0.05),
            (53, 0.6, 0.05),
            (3000, 0.6, 0.1),
        ),
    ),
    3: Exercise(
        truth=_clean_from,
        mistakes=(
            (
                "Wrong labels that are repeated count as well: w is not 0.",
                lambda alpha, accuracy, classes: alpha / accuracy,
            ),
            (
                "Mistakes are spread over the classes - 1 others, not over all classes.",
                lambda alpha, accuracy, classes: _clean_from(alpha, accuracy, classes + 1),
            ),
            (
                "A mistake need not hit the very label that was given: of the others it hits one in classes - 1.",
                lambda alpha, accuracy, classes: _clean_from(alpha, accuracy, 2),
            ),
            ("That is α itself: it equals the clean share by luck alone.", lambda alpha, accuracy, classes: alpha),
            (
                "That is the bad share, 1 - c.",
                lambda alpha, accuracy, classes: 1 - _clean_from(alpha, accuracy, classes),
            ),
            (
                "That is α for a clean share, the way back: solve for c.",
                lambda c, accuracy, classes: c * accuracy + (1 - c) * (1 - accuracy) / (classes - 1),
            ),
            (
                "w is taken off above the line alone: c stands in both terms, so divide by r - w.",
                lambda alpha, accuracy, classes: (alpha - (1 - accuracy) / (classes - 1)) / accuracy,
            ),
        ),
        cases=((0.5, 0.9, 10), (0.64, 0.7, 3), (0.31, 0.82, 5)),
    ),
}
