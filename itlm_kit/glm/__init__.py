"""Generalized linear models: data with bad samples, ITLM's path on it, trimmed squares, the estimator. No torch."""

from itlm_kit.glm.draws import Regression, draw, leverage, opposed
from itlm_kit.glm.fast import FastFitter, fast_path
from itlm_kit.glm.links import IDENTITY, KINKED, LINKS, SMOOTH, Link
from itlm_kit.glm.losses import ABSOLUTE, SQUARED, Loss, huber
from itlm_kit.glm.path import Path, clear_path
from itlm_kit.glm.trimmed import (
    TrimmedFit,
    exact_trimmed_squares,
    multistart_trimmed_squares,
    robust_scale,
    trimmed_squares,
)

__all__ = [
    "ABSOLUTE", "FastFitter", "IDENTITY", "KINKED", "LINKS", "Link", "Loss", "Path", "Regression", "SMOOTH", "SQUARED",
    "TrimmedFit", "TrimmedLeastSquares", "clear_path", "draw", "exact_trimmed_squares", "fast_path", "huber",
    "leverage", "multistart_trimmed_squares", "opposed", "robust_scale", "trimmed_squares",
]  # fmt: skip


def __getattr__(name):
    # The estimator brings scikit-learn, which takes longer to import than all the rest.
    if name != "TrimmedLeastSquares":
        raise AttributeError(f"module 'itlm_kit.glm' has no attribute {name!r}")
    from itlm_kit.glm.estimator import TrimmedLeastSquares

    return TrimmedLeastSquares
