"""Time several ways of one thing side by side, so that a busy machine slows all of them alike."""

import time
from statistics import median


def medians(ways, cases, *, clock=time.perf_counter):
    """Median seconds of each way, every case given to each in turn. ways: functions of a case.

    clock: time.thread_time where all runs on one thread; then a busy machine hardly counts.
    """
    seconds = [[_timed(way, case, clock) for way in ways] for case in cases]
    return [median(column) for column in zip(*seconds, strict=True)]


def _timed(way, case, clock):
    started = clock()
    way(case)
    return clock() - started
