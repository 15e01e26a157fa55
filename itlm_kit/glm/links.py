"""Monotone link functions w of generalized linear models, with the bounds a <= w' <= b that Lemma 6 asks for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Link:
    """A monotone link w: value(u) and slope(u) act entry by entry on arrays; a <= slope <= b everywhere."""

    name: str
    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    a: float
    b: float


def _identity(u):
    return u


def _kinked(u):
    return np.where(u < 0, u, 1.2 * u)


def _kinked_slope(u):
    return np.where(u < 0, 1.0, 1.2)


def _smooth(u):
    return u + np.tanh(u) / 2


def _smooth_slope(u):
    return 1.5 - np.tanh(u) ** 2 / 2


IDENTITY = Link("identity", _identity, np.ones_like, 1.0, 1.0)
KINKED = Link("kinked", _kinked, _kinked_slope, 1.0, 1.2)  # Figure 7
SMOOTH = Link("smooth", _smooth, _smooth_slope, 1.0, 1.5)
LINKS = {link.name: link for link in (IDENTITY, KINKED, SMOOTH)}
