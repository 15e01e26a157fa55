"""What students write who err in the exercises of notebook 05, and a word of what they are told."""

import numpy as np

from itlm_kit import trim


def by_hand(fit, losses, n, k, rounds):
    """theta and the mask that it was fitted on, after `rounds` updates."""
    kept = np.ones(n, bool)
    for _ in range(rounds):
        kept = trim(losses(fit(kept)), k)
    return fit(kept), kept


def never_back(fit, losses, n, k, rounds):
    kept = np.ones(n, bool)
    for _ in range(rounds + 1):
        scores = losses(fit(kept))
        scores[~kept] = 1e9
        kept = trim(scores, k)
    return kept


WRONG = {
    "5.1": [
        (never_back, "may come back"),
        (lambda *case: np.argsort(case[1](by_hand(*case)[0]))[: case[3]], "indices"),
        (lambda fit, losses, n, k, rounds: by_hand(fit, losses, n, k, rounds)[1], "too few"),
        (lambda fit, losses, n, k, rounds: by_hand(fit, losses, n, k, rounds)[0], "last θ"),
    ],
    "5.2": [
        (lambda n, clean, margin: int(clean * n + 1e-9) - int(margin * n + 1e-9), "two roundings"),
        (lambda n, clean, margin: int(n * clean + 1e-9), "margin is missing"),
        (lambda n, clean, margin: int((clean - margin) * n), "1e-9"),
        (lambda n, clean, margin: int(-(-(clean - margin) * n // 1)), "up"),
    ],
    "5.3": [
        (lambda alpha, accuracy, classes: alpha / accuracy, "w is not 0"),
        (lambda alpha, a, classes: (alpha - (1 - a) / classes) / (a - (1 - a) / classes), "classes - 1 others"),
        (lambda alpha, a, classes: (alpha + a - 1) / (2 * a - 1), "need not hit"),
    ],
}
