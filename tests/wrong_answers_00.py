"""What students write who err in the exercises of notebook 00, and a word of what they are told."""

import numpy as np


def fit(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def loop(x, y, k, theta=None, key=np.abs):
    """The kept sets of a hundred rounds."""
    theta = fit(x, y) if theta is None else theta
    for _ in range(100):
        kept = set(np.argsort(key(y - x @ theta))[:k])
        yield kept
        theta = fit(x[list(kept)], y[list(kept)])


def repeats(sets):
    """How many sets come before the first that equals the one before it, itself not counted."""
    sets = list(sets)
    return next((t for t in range(1, len(sets)) if sets[t] == sets[t - 1]), 100)


def updates_made(x, y, k):
    return repeats(loop(x, y, k)) - 1


def counts_from_one(x, y, k):
    return repeats(loop(x, y, k)) + 1


def forgot_to_move(x, y, k):
    theta, before = fit(x, y), None
    for t in range(100):
        kept = set(np.argsort((y - x @ theta) ** 2)[:k])
        if kept == before:
            return t
        before = kept


def from_zero(x, y, k):
    return repeats(loop(x, y, k, theta=np.zeros(2)))


def signed(x, y, k):
    return repeats(loop(x, y, k, key=lambda residuals: residuals))


WRONG = {
    "0.1": [(48, "margin"), (15, "dropped"), (0.75, "share")],
    "0.2": [
        (lambda losses, k: sorted(losses)[-1] + 0 * k, ""),
        (lambda losses, k: float(np.mean(sorted(losses)[:k])), "mean"),
        (lambda losses, k: sum(losses[:k]), "sort first"),
        (lambda losses, k: sum(sorted(losses, reverse=True)[:k]), "k largest losses"),
        (lambda losses, k: sum(sorted(losses)[: k + 1]), "One too many"),
        (lambda losses, k: sorted(losses)[:k], "add them up"),
        (lambda losses, k: sorted(losses)[k - 1], "largest loss that is kept"),
    ],
    "0.3": [
        (lambda u, y, kept: np.sum(u * y) / np.sum(u * u), "all samples"),
        (lambda u, y, kept: np.mean(y[kept] / u[kept]), "same say"),
        (lambda u, y, kept: np.mean(y[kept]) / np.mean(u[kept]), "factor u"),
        (lambda u, y, kept: np.polyfit(u[kept], y[kept], 1)[0], "intercept"),
        (lambda u, y, kept: fit(u[kept][:, None], y[kept]), "array of one number"),
        (lambda u, y, kept: u[kept] @ y[kept] / (y[kept] @ y[kept]), "swapped"),
    ],
    "0.4": [
        (updates_made, "too few"),
        (counts_from_one, "too many"),
        (forgot_to_move, "does not move"),
        (from_zero, "theta = 0"),
        (signed, "signed"),
    ],
}
