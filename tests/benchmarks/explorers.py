"""Speed of the convergence explorer between a moved slider and what goes to the browser: n = 1000, d = 100."""

import time
from itertools import cycle

from threadpoolctl import threadpool_limits

from itlm_kit.explorers import ConvergenceExplorer
from itlm_kit.explorers.convergence import draw_alike
from itlm_kit.glm import fast_path
from tests.benchmarks.measure import medians

MOVES = 10


def explorer_with_one_run():
    """Share of a move of alpha that its draw and its fit alone would take, median of 10 moves."""
    return _share(runs=1)


def explorer_with_twenty_runs():
    """The same for 20 draws and fits: besides them there are the oracles, the bounds and the drawing."""
    return _share(runs=20)


BENCHMARKS = [explorer_with_one_run, explorer_with_twenty_runs]


def _share(runs):
    explorer = ConvergenceExplorer(runs=runs)
    alphas = [alpha for alpha, _ in zip(cycle((0.74, 0.73)), range(MOVES), strict=False)]

    def move(alpha):
        explorer.controls["alpha"].value = alpha

    def fit(alpha):
        for run in range(runs):
            data = draw_alike("random", n=1000, d=100, clean=0.8, sigma=0.1, seed=(0, run))
            fast_path(data.x, data.y, alpha=alpha, rounds=12)

    with threadpool_limits(1):
        seconds, against = medians([move, fit], alphas, clock=time.thread_time)
    return {"ratio": against / seconds, "seconds": seconds, "against_seconds": against}
