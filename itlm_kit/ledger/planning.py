"""What to compute first, so that the time given settles as many claims as it can. Pure: names and seconds in."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from itlm_kit.experiments.scheduling import placed


class Step(NamedTuple):
    """Cells to compute next, and the claims that have all they need once these are there."""

    cells: list[str]
    claims: list[str]
    end: float  # seconds from the start until the last of these and of all earlier cells is expected to be there


def steps(needs: Mapping[str, Set], seconds: Mapping[str, float], *, limit: float, jobs: int = 1) -> Iterator[Step]:
    """Yield the Steps that are expected to end within `limit` seconds, those that settle most claims a second first.

    needs: {claim: the cells that it lacks}. seconds: {cell: expected}. jobs: how many cells run at once, each cell on
    the one that is free first.

    A claim is settled by all of its cells or not at all, and a cell may serve many claims: a knapsack of sets, for
    which no fast exact way is known. As in Arulselvan (2014, "A note on the set union knapsack problem"), the claims
    that lack a cell share its seconds alike: that is a claim's price. The cheapest claim whose cells fit comes first
    (of equal ones, the first in `needs`). Then prices are counted anew: what is planned costs the others nothing.
    """
    left, busy = {claim: set(cells) for claim, cells in needs.items() if cells}, [0.0] * jobs
    while fitting := [claim for claim, cells in left.items() if max(_after(busy, cells, seconds)) <= limit]:
        cells = left[cheapest(fitting, left, seconds)]
        busy = _after(busy, cells, seconds)
        yield Step(in_order(cells, seconds), [claim for claim, rest in left.items() if rest <= cells], max(busy))
        left = {claim: rest - cells for claim, rest in left.items() if not rest <= cells}


def to_begin(needs: Mapping[str, Set], seconds: Mapping[str, float], goes_on: Set) -> list[str]:
    """The cells to begin though they will not end in time: of the cheapest claim that lacks one of `goes_on`, those.

    goes_on: the cells that, once cut, can go on another time.
    """
    among = [claim for claim, cells in needs.items() if cells & goes_on]
    return in_order(needs[cheapest(among, needs, seconds)] & goes_on, seconds) if among else []


def cheapest(among: list[str], needs: Mapping[str, Set], seconds: Mapping[str, float]) -> str:
    """The claim of the lowest price: the seconds of the cells that it lacks, each shared by all claims that lack it."""
    lacked_by = Counter(cell for cells in needs.values() for cell in cells)
    share = {cell: seconds[cell] / count for cell, count in lacked_by.items()}
    return min(among, key=lambda claim: math.fsum(share[cell] for cell in needs[claim]))


def in_order(cells: Set, seconds: Mapping[str, float]) -> list[str]:
    """The cells in the order of `seconds`, so that the same plan comes out each time."""
    return [cell for cell in seconds if cell in cells]


def _after(busy, cells, seconds):
    """Until when each of the jobs is busy, a heap, once these cells are placed too."""
    return placed(busy, [seconds[cell] for cell in in_order(cells, seconds)])
