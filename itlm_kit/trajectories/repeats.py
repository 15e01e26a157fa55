"""Samples that come more than once in an epoch, from a sampler that repeats or two views in a batch: rules by name.

A rule is made anew for each epoch, for n samples. Its `write(name, row, index, values)` puts a batch's values of a
field into the epoch's row, (n,). NaN is what is not known.
"""

import numpy as np

_AVERAGED = ("losses", "margin", "confidence")


class Last:
    """The last values of a sample count."""

    def __init__(self, n):
        self.n = n

    def write(self, name, row, index, values):
        row[index] = values  # of several for one place NumPy leaves the last


class Mean(Last):
    """Losses, margins and confidences are averaged; of whether and what a sample was called the last counts."""

    def __init__(self, n):
        super().__init__(n)
        self._sums = {name: (np.zeros(n), np.zeros(n, np.int32)) for name in _AVERAGED}

    def write(self, name, row, index, values):
        if name not in _AVERAGED:
            return super().write(name, row, index, values)
        index, values, (total, count) = index[~np.isnan(values)], values[~np.isnan(values)], self._sums[name]
        with np.errstate(invalid="ignore"):
            np.add.at(total, index, values)
        np.add.at(count, index, 1)
        mean = total[index] / count[index]
        row[index] = np.where(np.isnan(mean), -np.inf, mean)  # margins of both infinities: the suspicious one counts


REPEATS = {"last": Last, "mean": Mean}
