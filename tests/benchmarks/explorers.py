"""Speed of explorers between a moved slider and what goes to the browser, beside the fits alone and a new explorer."""

import time
from itertools import cycle, islice

import numpy as np
from threadpoolctl import threadpool_limits

from itlm_kit.explorers import ConvergenceExplorer, LineExplorer, TrajectoryExplorer
from itlm_kit.explorers.convergence import draw_alike
from itlm_kit.glm import fast_path
from tests.benchmarks.measure import compared, medians

MOVES = 10


def explorer_with_one_run():
    """Share of a move of alpha that its draw and its fit alone would take, n = 1000, d = 100; median of 10 moves."""
    return _share(runs=1)


def explorer_with_twenty_runs():
    """The same for 20 draws and fits: besides them there are the oracles, the bounds and the drawing."""
    return _share(runs=20)


def line_moved_against_afresh():
    """A move of alpha in the line explorer against a new explorer with that alpha, median of 10 moves."""
    return _moved(LineExplorer)


def trajectories_moved_against_afresh():
    """The same for the losses of 2,000 samples in 20 epochs."""
    losses = np.random.default_rng(0).random((20, 2000))
    return _moved(lambda **values: TrajectoryExplorer(losses, np.arange(2000) < 1500, **values))


def redraw_against_plotly():
    """The line explorer's new figure put into the one on the screen, against plotly's own update; median of 10."""
    ours, theirs = LineExplorer(), LineExplorer()
    figures = [ours.view.screen(ours.scene(**{**ours.values, "alpha": alpha})) for alpha in _alphas()]

    def update(figure):
        with theirs.figure.batch_update():
            theirs.figure.update(figure)

    return compared(*medians([update, ours._draw], figures, clock=time.thread_time))


BENCHMARKS = [
    explorer_with_one_run,
    explorer_with_twenty_runs,
    line_moved_against_afresh,
    trajectories_moved_against_afresh,
    redraw_against_plotly,
]


def _moved(build):
    explorer = build()

    def move(alpha):
        explorer.controls["alpha"].value = alpha

    with threadpool_limits(1):
        return compared(*medians([lambda alpha: build(alpha=alpha), move], _alphas(), clock=time.thread_time))


def _share(runs):
    explorer = ConvergenceExplorer(runs=runs)

    def move(alpha):
        explorer.controls["alpha"].value = alpha

    def fit(alpha):
        for run in range(runs):
            data = draw_alike("random", n=1000, d=100, clean=0.8, sigma=0.1, seed=(0, run))
            fast_path(data.x, data.y, alpha=alpha, rounds=12)

    with threadpool_limits(1):
        return compared(*medians([fit, move], _alphas(), clock=time.thread_time))


def _alphas():
    return list(islice(cycle((0.74, 0.72)), MOVES))
