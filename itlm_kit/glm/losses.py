"""Losses of a residual: what ITLM trims by, and the slope that an update follows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from numbers import Real

import numpy as np

from itlm_kit.errors import InputError


@dataclass(frozen=True)
class Loss:
    """A loss of residuals r, entry by entry: value(r) is what is trimmed, pull(r) what a gradient step follows.

    pull is the derivative of value, for the squared loss of half of it: eta is a step on half the mean squared loss.
    """

    name: str
    value: Callable[[np.ndarray], np.ndarray]
    pull: Callable[[np.ndarray], np.ndarray]


def _pull_squared(r):
    return r


def _huber(r, delta):
    size = np.abs(r)
    return np.where(size <= delta, r * r / 2, delta * (size - delta / 2))


def _pull_huber(r, delta):
    return np.clip(r, -delta, delta)


SQUARED = Loss("squared", np.square, _pull_squared)
ABSOLUTE = Loss("absolute", np.abs, np.sign)


def huber(delta: float) -> Loss:
    """The Huber loss: r^2/2 up to |r| = delta, straight beyond. delta: > 0, in the units of y."""
    if not isinstance(delta, Real) or not 0 < delta < np.inf:
        raise InputError(f"delta must be a positive number; got {delta!r}. It is the residual where squaring ends.")
    return Loss(f"huber({delta:g})", partial(_huber, delta=delta), partial(_pull_huber, delta=delta))
