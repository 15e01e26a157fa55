"""Figures read off tidy results: the last row of a cell, gains between methods, functions of whole panels."""

from itlm_kit.ledger.claim import Measure, Part


def metric(experiment, where, name):
    """A metric in the last of the rows chosen by `where`, median over seeds."""
    return Measure((Part(experiment, where),), lambda frames: _last(frames[0], name).median(), name)


def gain(experiment, where, versus, name):
    """How far a metric lies above the same metric under the settings `versus`, seed by seed; the median."""
    parts = (Part(experiment, where), Part(experiment, {**where, **versus}))
    return Measure(parts, lambda frames: _gain(*frames, name), f"{name}, gain over {_words(versus)}")


def wins(experiment, wheres, versus, name):
    """In how many of the settings `wheres` a metric lies above the same metric under `versus`."""
    text = f"in how many of {len(wheres)} settings {name} lies above {_words(versus)}"
    return _over_settings(experiment, wheres, versus, name, lambda gains: sum(g > 0 for g in gains), text)


def largest_loss(experiment, wheres, versus, name):
    """By how much a metric falls under the settings `versus`, at most, over the settings `wheres`."""
    text = f"largest loss of {name} under {_words(versus)}, over {len(wheres)} settings"
    return _over_settings(experiment, wheres, versus, name, max, text)


def of_rows(experiment, where, figure, text):
    """figure(frame) of all rows chosen by `where`."""
    return of_frames([(experiment, where)], lambda frames: figure(frames[0]), text)


def of_frames(parts, figure, text):
    """figure(frames) of the rows chosen by each (experiment, where) of `parts`."""
    return Measure(tuple(Part(*part) for part in parts), figure, text)


def _over_settings(experiment, wheres, versus, name, figure, text):
    parts = [(experiment, {**where, **extra}) for where in wheres for extra in ({}, versus)]
    return of_frames(
        parts, lambda frames: figure([_gain(*pair, name) for pair in zip(frames[::2], frames[1::2], strict=True)]), text
    )


def _last(frame, name):
    return frame.groupby("seed")[name].last()


def _gain(ours, theirs, name):
    return (_last(ours, name) - _last(theirs, name)).median()


def _words(settings):
    return ", ".join(f"{key} {value}" for key, value in settings.items())
