"""What students write who err in the exercises of notebook 01, in their own words, and what the check must say."""

import numpy as np

from itlm_kit.course import exercises


def not_a_mask(losses, k):
    return np.argsort(losses)[:k]


def every_tie(losses, k):
    return losses <= np.partition(losses, k - 1)[k - 1]


def keeps_the_worst(losses, k):
    mask = np.zeros(len(losses), bool)
    mask[np.argsort(losses)[-k:]] = True
    return mask


def places_for_ranks(losses, k):
    return losses.argsort() < k


def last_of_equals(losses, k):
    mask = np.zeros(len(losses), bool)
    mask[np.lexsort((-np.arange(len(losses)), losses))[:k]] = True
    return mask


def any_of_equals(losses, k):
    mask = np.zeros(len(losses), bool)
    mask[np.argsort(losses)[:k]] = True
    return mask


def widest_gap(losses, is_clean):
    return int(np.argmax([row[~is_clean].mean() - row[is_clean].mean() for row in losses]))


def widest_gap_of_medians(losses, is_clean):
    return int(np.argmax([np.median(row[~is_clean]) - np.median(row[is_clean]) for row in losses]))


def from_one(losses, is_clean):
    return 1 + exercises(1)[2].truth(losses, is_clean)


def lowest_loss(losses, is_clean):
    return int(losses.mean(axis=1).argmin())


WRONG = {
    "1.1": [
        (not_a_mask, "indices"),
        (every_tie, "ties"),
        (keeps_the_worst, "largest"),
        (places_for_ranks, "the place of each sample"),
        (last_of_equals, "higher index"),
        (any_of_equals, "stable"),
    ],
    "1.2": [
        (widest_gap, "gap of the means"),
        (widest_gap_of_medians, "gap of the medians"),
        (from_one, "from 0"),
        (lowest_loss, "lowest mean loss"),
    ],
    "1.3": [
        (lambda classes: (0.5, 0.5), "shared out"),
        (lambda classes: (1 / (classes - 1), 0.5), "come over"),
        (lambda classes: [1 / classes] * 2, "above 0"),
        (lambda classes: (1 - 1 / classes, 0.5), "not of bad"),
    ],
}
