"""A figure over seeds, always in the same way: median, lowest, highest, how many."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Spread(NamedTuple):
    """A figure over seeds."""

    median: float
    low: float
    high: float
    seeds: int

    def __str__(self):
        """As it is printed everywhere: "87.3 (86.1 to 88.0)", or the figure alone where all seeds agree or one is."""
        middle, low, high = (f"{value:.4g}" for value in self[:3])
        return middle if low == high else f"{middle} ({low} to {high})"


def over_seeds(values: Iterable[float]) -> Spread:
    """The Spread of one figure per seed, (seeds,); NaN of 0 seeds where there is none."""
    values = np.asarray(list(values), float)
    if not values.size:
        return Spread(np.nan, np.nan, np.nan, 0)
    return Spread(float(np.median(values)), float(values.min()), float(values.max()), values.size)
