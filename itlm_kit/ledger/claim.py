"""What a claim of the paper is: a sentence, the cells it is read from, the measure, and the band it must fall in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd


class Cells(NamedTuple):
    """Rows of results: those of one experiment whose settings, or columns, have the values of `where`."""

    experiment: str
    where: dict
    rows: str = "rounds"  # the list of the cell's metrics that holds them


class Measure(NamedTuple):
    """A figure read off the results of one seed: figure(frames), one tidy frame for each Cells of a claim."""

    figure: Callable[[list[pd.DataFrame]], float]
    text: str  # what is measured, in words


@dataclass(frozen=True)
class Band:
    """Where a figure must lie for its claim to count as reproduced; strict: `low` itself lies outside."""

    low: float = float("-inf")
    high: float = float("inf")
    strict: bool = False

    def contains(self, figure):
        return (self.low < figure if self.strict else self.low <= figure) and figure <= self.high

    def __str__(self):
        if self.low == self.high:
            return f"= {self.low:g}"
        if self.low == float("-inf"):
            return f"<= {self.high:g}"
        above = f"{'>' if self.strict else '>='} {self.low:g}"
        return above if self.high == float("inf") else f"{above}, <= {self.high:g}"


def within(figure: float, tolerance: float, *, low=float("-inf"), high=float("inf")) -> Band:
    """The Band of a printed figure and as much on either side, cut to what a figure can be."""
    return Band(max(low, round(figure - tolerance, 6)), min(high, round(figure + tolerance, 6)))


@dataclass(frozen=True)
class Power:
    """What a measurement must be able to tell, for its verdict to count: an effect, above spread and bias."""

    effect: float  # that the paper claims, on the scale of the measure, at the size that was run
    bias: float = 0.0  # of the measurement at that size, derived
    because: str = ""  # where the bias comes from, and what size it would take


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence, theorem, table cell or figure panel of the paper that can be checked.

    paper: the paper's own settings and recipe, by dotted name ("share", "training.batch_size"), None where it does not
    tell: where a measurement differs, it departs. beyond: what it needs that the kit has not, e.g. others' code.
    """

    id: str
    place: str  # in the paper, e.g. "Table 1"
    says: str  # the claim, in our words
    cells: tuple[Cells, ...]
    measure: Measure
    band: Band
    why: str  # why this band
    wrong: float  # an outcome that must lie outside: what naive training or no effect gives, wherever there is one
    printed: float | None = None  # the paper's own figure
    paper: dict = field(default_factory=dict)
    power: Power | None = None
    note: str = ""  # a slip of the paper, and how it is treated
    beyond: str = ""
