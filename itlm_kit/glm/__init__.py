"""Generalized linear models: data with bad samples, ITLM's path on it, trimmed squares, the estimator. No torch."""

from itlm_kit.glm.draws import Regression, draw, leverage, opposed
from itlm_kit.glm.fast import FastFitter, fast_path
from itlm_kit.glm.links import IDENTITY, KINKED, LINKS, SMOOTH, Link
from itlm_kit.glm.losses import ABSOLUTE, SQUARED, Loss, huber
from itlm_kit.glm.path import Path, clear_path

__all__ = [
    "ABSOLUTE", "FastFitter", "IDENTITY", "KINKED", "LINKS", "SMOOTH", "SQUARED", "Link", "Loss", "Path", "Regression",
    "clear_path", "draw", "fast_path", "huber", "leverage", "opposed",
]  # fmt: skip
