"""What students write who err in the exercises of notebook 02, and a word of what they are told."""

from itertools import combinations

import numpy as np


def fit(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def trim_once(x, y, k):
    return np.sort((y - x @ fit(x, y)) ** 2)[:k].sum()


def no_trim(x, y, k):
    return ((y - x @ fit(x, y)) ** 2).sum()


def over_subsets(x, y, k, loss):
    """Loss and rows of the best subset, judged by `loss(x, y, rows, theta)`."""
    subsets = map(list, combinations(range(len(y)), k))
    return min((loss(x, y, rows, fit(x[rows], y[rows])), rows) for rows in subsets)


def of_subset(x, y, rows, theta):
    return np.sum((y[rows] - x[rows] @ theta) ** 2)


def mean_of_exact(x, y, k):
    return over_subsets(x, y, k, of_subset)[0] / k


def sum_over_all(x, y, k):
    return over_subsets(x, y, k, lambda x, y, rows, theta: np.sum((y - x @ theta) ** 2))[0]


def absolute_values(x, y, k):
    return over_subsets(x, y, k, lambda x, y, rows, theta: np.abs(y[rows] - x[rows] @ theta).sum())[0]


def residuals_of_lstsq(x, y, k):
    return min(np.linalg.lstsq(x[rows], y[rows], rcond=None)[1] for rows in map(list, combinations(range(len(y)), k)))


def best_rows(x, y, k):
    return over_subsets(x, y, k, of_subset)[1]


def best_mask(x, y, k):
    mask = np.zeros(len(y), bool)
    mask[best_rows(x, y, k)] = True
    return mask


def to_the_mean(values, k, theta):
    for _ in range(50):
        theta = np.sort(values[np.argsort(np.abs(values - theta))[:k]]).mean()
    return theta


def one_round(values, k, theta):
    return np.median(values[np.argsort((values - theta) ** 2)[:k]])


def median_of_smallest(values, k, theta):
    return np.sort(values)[k // 2]


def kept_at_the_end(values, k, theta):
    for _ in range(50):
        kept = np.sort(np.argsort(np.abs(values - theta))[:k])
        theta = np.median(values[kept])
    return values[kept]


WRONG = {
    "2.1": [
        (trim_once, "refit on each subset"),
        (no_trim, "leave n - k out"),
        (mean_of_exact, "sum"),
        (sum_over_all, "judges each fit on all"),
        (absolute_values, "absolute residuals"),
        (residuals_of_lstsq, "array of one number"),
        (best_rows, "indices"),
        (best_mask, "mask"),
    ],
    "2.2": [
        (lambda n, k: n - k, "too few"),
        (lambda n, k: n - k + 1, "k small"),
        (lambda n, k: 1, "One suffices"),
        (lambda n, k: max(n - k + 1, k), "cheaper way"),
        (lambda n, k: n // 2, "about half"),
    ],
    "2.3": [
        (lambda x, kept, theta, new: np.sum((x @ (theta - new)) ** 2), "all rows"),
        (lambda x, kept, theta, new: np.linalg.norm(theta - new) ** 2, "how far theta moves"),
        (lambda x, kept, theta, new: kept.sum() * np.linalg.norm(theta - new) ** 2, "one number"),
        (lambda x, kept, theta, new: np.linalg.norm(x[kept] @ (theta - new)), "root"),
        (lambda x, kept, theta, new: np.mean((x[kept] @ (theta - new)) ** 2), "mean"),
        (lambda x, kept, theta, new: 2 * np.sum((x[kept] @ (theta - new)) ** 2), "Twice"),
    ],
    "2.4": [
        (to_the_mean, "minimises squares"),
        (one_round, "one round"),
        (median_of_smallest, "smallest values"),
        (kept_at_the_end, "values kept"),
        (lambda values, k, theta: np.median(values), "nothing is trimmed"),
    ],
}
