"""What students write who err in the exercises of notebook 06, and a word of what they are told."""

import numpy as np


def real_by_sigmoid(losses, is_clean):
    real = 1 / (1 + np.exp(losses)) > 0.5
    return real[is_clean].mean(), real[~is_clean].mean()


WRONG = {
    "6.1": [
        (lambda f, g: -sum(np.logaddexp(0, -f)) - sum(np.logaddexp(0, g)), "sums"),
        (lambda f, g: np.logaddexp(0, -f).mean() + np.logaddexp(0, g).mean(), "negative"),
        (lambda f, g: -np.logaddexp(0, -f).mean() - np.logaddexp(0, -g).mean(), "not log D"),
    ],
    "6.2": [
        (real_by_sigmoid, "sigmoid"),
        (lambda losses, is_clean: (np.mean(losses[is_clean] < 0.5), np.mean(losses[~is_clean] < 0.5)), "0.69"),
        (
            lambda losses, is_clean: ((losses > np.log(2))[is_clean].mean(), (losses > np.log(2))[~is_clean].mean()),
            "generated",
        ),
        (
            lambda losses, is_clean: ((losses < np.log(2))[is_clean].mean(), (losses > np.log(2))[~is_clean].mean()),
            "bad images as well",
        ),
    ],
    "6.3": [
        (lambda tau, w: ((1 - tau) / (2 - tau - w), tau / (tau + w)), "clean images come first"),
        (lambda tau, w: (w / (tau + w), (1 - w) / (2 - tau - w)), "1 - D"),
        (lambda tau, w: np.array([tau / w, (1 - tau) / (1 - w)]), "ratio"),
    ],
}
