"""What a claim of the paper is: a sentence, the measurement that checks it, and the band it must fall in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Part(NamedTuple):
    """Rows of results a measure reads: those of one experiment whose columns have the values of `where`."""

    experiment: str
    where: dict


@dataclass(frozen=True)
class Measure:
    """A figure read off results: figure(frames), one tidy frame per part, seeds common to all parts."""

    parts: tuple[Part, ...]
    figure: Callable[[list], float]
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


@dataclass(frozen=True)
class Claim:
    """One sentence, theorem, table cell or figure panel of the paper that can be checked.

    A claim that ITLM is better than something names in `baseline` what that something scores on the same measure: it
    lies outside the band. `paper` lists the paper's own settings; a measurement under others is said to depart.
    """

    id: str
    place: str  # in the paper, e.g. "Table 1"
    text: str  # the claim, in our words
    measure: Measure
    band: Band
    why: str  # why this band
    published: float | None = None  # the paper's own figure
    baseline: float | None = None
    paper: dict = field(default_factory=dict)  # setting -> the paper's value
    note: str = ""  # a slip of the paper, and how it is treated
    beyond: str = ""  # what it needs that the kit has not, e.g. another group's code
