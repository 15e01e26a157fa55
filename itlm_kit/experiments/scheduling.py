"""When pieces of work will be done that several workers share and none can split. Pure: seconds in, seconds out."""

from collections.abc import Iterable, Sequence
from heapq import heapreplace


def placed(busy: Sequence[float], seconds: Iterable[float]) -> list[float]:
    """Until when each worker is busy, a heap, once these pieces are placed too: each on the one that is free first.

    busy: the same before, a heap.
    """
    busy = list(busy)
    for each in seconds:
        heapreplace(busy, busy[0] + each)
    return busy


def makespan(seconds: Iterable[float], workers: int) -> float:
    """Seconds until all pieces are done, the longest begun first.

    At most 4/3 of the shortest there can be (Graham 1969, "Bounds on multiprocessing timing anomalies").
    """
    seconds = sorted(seconds, reverse=True)
    return max(placed([0.0] * min(workers, len(seconds)), seconds), default=0.0)
