"""Time several ways of one thing side by side, so that a busy machine slows all of them alike."""

import time
from statistics import median


def medians(ways, cases, *, clock=time.perf_counter):
    """Median seconds of each way, every case given to each in turn. ways: functions of a case.

    clock: time.thread_time where all runs on one thread; then a busy machine hardly counts.
    """
    return [median(column) for column in _side_by_side(ways, cases, clock)]


def bests(ways, cases):
    """Least seconds of each way on the wall clock, as `medians`: what another process slows down is not the least."""
    return [min(column) for column in _side_by_side(ways, cases, time.perf_counter)]


def by_the_wall_clock(benchmark):
    """Mark a benchmark that other work on the machine tells on: it is none of the steady ones."""
    benchmark.by_the_wall_clock = True
    return benchmark


def compared(against_seconds, seconds, **more):
    """What a benchmark returns: how many times as long the other way takes."""
    return {"ratio": against_seconds / seconds, "seconds": seconds, "against_seconds": against_seconds, **more}


def _side_by_side(ways, cases, clock):
    return zip(*[[_timed(way, case, clock) for way in ways] for case in cases], strict=True)


def _timed(way, case, clock):
    started = clock()
    way(case)
    return clock() - started
