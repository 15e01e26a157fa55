"""Handwritten digits, and the classifier that problem sets train on labels which somebody has spoiled."""

from functools import cache

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.datasets import load_digits

from itlm_kit.loop import itlm

CLASSES = 10
_TRAINING = 1000


def draw_digits(seed):
    """Pictures x (1000, 65), whose last feature is 1, and their true labels (1000,)."""
    x, true = _shuffled(seed)
    return x[:_TRAINING], true[:_TRAINING]


def held_out(seed):
    """The 797 other pictures and their true labels."""
    x, true = _shuffled(seed)
    return x[_TRAINING:], true[_TRAINING:]


def fit(x, y):
    """Weights (65, 10) of softmax regression after 100 steps of gradient descent from zero, step size 1."""
    w, target = np.zeros((x.shape[1], CLASSES)), np.eye(CLASSES)[y]
    for _ in range(100):
        w -= x.T @ (softmax(x @ w, axis=1) - target) / len(y)
    return w


def losses(w, x, y):
    """Cross-entropy of each sample (n,)."""
    return -log_softmax(x @ w, axis=1)[np.arange(len(y)), y]


def accuracy(w, x, y):
    """Share of the samples that the weights w call by their label, in percent."""
    return 100 * np.mean((x @ w).argmax(axis=1) == y)


def itlm_digits(x, y, alpha=0.85, rounds=3):
    """The ITLMResult of ITLM with weights fitted anew in each round; it starts from the fit to all samples."""

    def update(w, kept, t):
        return fit(x[kept], y[kept])

    return itlm(fit(x, y), lambda w: losses(w, x, y), update, alpha=alpha, rounds=rounds)


def _shuffled(seed):
    digits = _digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    return np.column_stack([digits.data / 16, np.ones(len(order))])[order], digits.target[order]


@cache
def _digits():
    return load_digits()
