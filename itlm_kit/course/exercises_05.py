"""Exercises of notebook 05: how clean the kept samples are, and how many to keep."""

import numpy as np

from itlm_kit.course.checks import Exercise
from itlm_kit.trimming import num_kept


def _clean_share(kept, is_clean):
    return is_clean[kept].mean()


def _number(n, clean, margin):
    return num_kept(clean - margin, n)


def _masks(seed, n=50):
    rng = np.random.default_rng(seed)
    is_clean = rng.random(n) < 0.6
    return rng.random(n) < np.where(is_clean, 0.7, 0.2), is_clean


EXERCISES = {
    1: Exercise(
        truth=_clean_share,
        mistakes=(
            (
                "That is the share of the clean that is kept (recall); divide by the number kept.",
                lambda kept, is_clean: kept[is_clean].mean(),
            ),
            (
                "That is how often the two masks agree; look at the kept samples alone.",
                lambda kept, is_clean: (kept == is_clean).mean(),
            ),
            ("That is the bad share of the kept.", lambda kept, is_clean: 1 - _clean_share(kept, is_clean)),
            ("That is the clean share of all samples.", lambda kept, is_clean: is_clean.mean()),
            ("That is the share kept.", lambda kept, is_clean: kept.mean()),
            ("Divide by the number kept, not by n.", lambda kept, is_clean: (kept & is_clean).mean()),
            ("That is a count; divide by the number kept.", lambda kept, is_clean: (kept & is_clean).sum()),
            (
                "Here a share lies between 0 and 1, not in percent.",
                lambda kept, is_clean: 100 * _clean_share(kept, is_clean),
            ),
        ),
        cases=(
            (np.array([True, True, True, False, False]), np.array([True, True, False, True, False])),
            _masks(0),
            _masks(1),
        ),
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
        cases=((100, 0.7, 0.05), (1000, 0.6, 0.05), (77, 0.8, 0.06), (53, 0.7, 0.05), (3000, 0.6, 0.1)),
    ),
}
