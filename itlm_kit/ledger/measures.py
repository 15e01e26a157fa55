"""Figures read off the tidy results of one seed: the last row of a cell, gains between cells, functions of panels.

Each is called with one frame for each Cells of its claim, in their order.
"""

from collections.abc import Callable

from itlm_kit.ledger.claim import Cells, Measure


def cells(experiment: str, *wheres: dict) -> tuple[Cells, ...]:
    """The Cells of one experiment with each of these settings."""
    return tuple(Cells(experiment, where) for where in wheres)


def beside(experiment: str, wheres: list[dict], versus: dict) -> tuple[Cells, ...]:
    """Each of these settings, followed by the same with `versus` in place: what `wins` and `largest_loss` read."""
    return cells(experiment, *({**where, **extra} for where in wheres for extra in ({}, versus)))


def last(name: str) -> Measure:
    """A metric in the last of the rows."""
    return Measure(lambda frames: _last(frames[0], name), name)


def gain(name: str, over: str) -> Measure:
    """How far a metric of the first Cells lies above the same of the second; over: the second, in words."""
    return Measure(lambda frames: _last(frames[0], name) - _last(frames[1], name), f"{name}, gain over {over}")


def wins(name: str, settings: int, over: str) -> Measure:
    """In how many of the settings, pairs of Cells as `beside` has them, a metric lies above the other's."""
    text = f"in how many of {settings} settings {name} lies above {over}"
    return Measure(lambda frames: float(sum(gap > 0 for gap in _gaps(frames, name))), text)


def largest_loss(name: str, settings: int, under: str) -> Measure:
    """By how much a metric falls from the first to the second of a pair of Cells, at most, over all pairs."""
    text = f"largest loss of {name} under {under}, over {settings} settings"
    return Measure(lambda frames: max(_gaps(frames, name)), text)


def of_rows(figure: Callable, text: str) -> Measure:
    """figure(frame) of all rows of the one Cells of a claim."""
    return Measure(lambda frames: figure(frames[0]), text)


def _gaps(frames, name):
    return [_last(ours, name) - _last(theirs, name) for ours, theirs in zip(frames[::2], frames[1::2], strict=True)]


def _last(frame, name):
    return float(frame[name].astype(float).iloc[-1])  # None, where nothing was measured, is NaN
