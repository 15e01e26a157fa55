"""Peers of ITLM on the same regression draws: robust fits of scikit-learn, statsmodels, robpy and R, error and time.

scikit-learn is always there. The others need not be: without them a row says what is missing.
"""

import logging
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from itlm_kit.extras import installed, remedy
from itlm_kit.glm import fast_path, multistart_trimmed_squares
from itlm_kit.glm.path import start

REWEIGHTED = "ITLM, reweighted"
FAST_LTS = ("FAST-LTS (robpy)", "ltsReg (R robustbase)")
MANY = 50  # starts, where one may end at a local minimum
SUBSETS = 500  # of TheilSen: its default, 10,000, takes minutes
MOST_FEATURES = 30  # of TheilSen: beyond it each subset is dear and their median tells little
R_CALL = """
suppressPackageStartupMessages(library(robustbase))
x <- as.matrix(read.csv("x.csv", header = FALSE)); y <- scan("y.csv", quiet = TRUE); a <- commandArgs(TRUE)
set.seed(as.integer(a[2]))
seconds <- system.time(fit <- ltsReg(x, y, intercept = FALSE, alpha = as.numeric(a[1])))[["elapsed"]]
cat(c(seconds, coef(fit)), sep = "\\n")
"""


class Task(NamedTuple):
    """One regression to fit: no intercept, a share alpha trusted."""

    x: np.ndarray  # (n, d)
    y: np.ndarray  # (n,)
    is_clean: np.ndarray  # (n,) bool, for the oracle alone
    alpha: float
    seed: int


class Peer(NamedTuple):
    """fit(task) -> theta (d,), or (theta, seconds) where it keeps its own time; missing(d) -> why not, or None."""

    name: str
    fit: Callable
    missing: Callable = lambda d: None


def compare(draws, *, alpha, seed=0, peers=None):
    """Fit every peer (None: all of PEERS) to each Regression of `draws`; returns a frame with one row per method.

    Columns: method, error (mean of |theta - theta*|), seconds (of the processor, median of a fit), note. alpha: share
    kept by those that trim. A peer that cannot run here has NaN and a note that says what it needs.
    """
    import pandas as pd

    tasks = [(Task(data.x, data.y, data.is_clean, alpha, seed), data.theta) for data in draws]
    return pd.DataFrame([_row(peer, tasks) for peer in peers or PEERS])


def _row(peer, tasks):
    why = peer.missing(tasks[0][0].x.shape[1])
    if why:
        return {"method": peer.name, "error": np.nan, "seconds": np.nan, "note": why}
    fits = [_timed(peer.fit, task) for task, _ in tasks]
    errors = [np.linalg.norm(theta - truth) for (theta, _), (_, truth) in zip(fits, tasks, strict=True)]
    seconds = np.median([seconds for _, seconds in fits])
    return {"method": peer.name, "error": np.mean(errors), "seconds": seconds, "note": ""}


def _timed(fit, task):
    started = time.process_time()  # a busy machine would stretch long fits, and not those of a millisecond
    found = fit(task)
    return found if isinstance(found, tuple) else (found, time.process_time() - started)


def _least_squares(task):
    return start(task.x, task.y)


def _oracle(task):
    return start(task.x[task.is_clean], task.y[task.is_clean])


def _itlm(task):
    return fast_path(task.x, task.y, alpha=task.alpha, rounds=30).thetas[-1]


def _itlm_reweighted(task):
    return multistart_trimmed_squares(task.x, task.y, alpha=task.alpha, rounds=30, reweight=True).theta


def _itlm_from_many_starts(task):
    how = {"alpha": task.alpha, "rounds": 30, "reweight": True, "n_init": MANY, "seed": task.seed}
    return multistart_trimmed_squares(task.x, task.y, **how).theta


def _huber(task):
    from sklearn.linear_model import HuberRegressor

    return HuberRegressor(fit_intercept=False, max_iter=1000).fit(task.x, task.y).coef_


def _ransac(task):
    from sklearn.linear_model import LinearRegression, RANSACRegressor

    line = LinearRegression(fit_intercept=False)
    samples = task.x.shape[1] + 1  # scikit-learn's own default, which it cannot tell for a model without intercept
    ransac = RANSACRegressor(line, min_samples=samples, random_state=task.seed)
    return ransac.fit(task.x, task.y).estimator_.coef_


def _theil_sen(task):
    from sklearn.linear_model import TheilSenRegressor

    found = TheilSenRegressor(fit_intercept=False, max_subpopulation=SUBSETS, random_state=task.seed)
    return found.fit(task.x, task.y).coef_


def _too_many_features(d):
    return f"takes minutes with {d} features" if d > MOST_FEATURES else None


def _tukey(task):
    from statsmodels.robust import norms
    from statsmodels.robust.robust_linear_model import RLM

    return RLM(task.y, task.x, M=norms.TukeyBiweight()).fit().params


def _no_statsmodels(d):
    return None if installed("statsmodels") else f"needs statsmodels: {remedy('statsmodels')}"


def _lts_in_robpy(task):
    """FAST-LTS as robpy has it, with an intercept, which it always fits."""
    from robpy.regression import FastLTSRegression

    found = FastLTSRegression(alpha=task.alpha, random_state=task.seed).fit(task.x, task.y, verbosity=logging.ERROR)
    return np.ravel(found.model.coef_)


def _no_robpy(d):
    apart = "needs robpy: pip install robpy, apart from the kit's own scikit-learn (it wants < 1.7)"
    return None if installed("robpy") else apart


def _lts_in_r(task):
    """ltsReg, reweighted as it comes, and the seconds R itself took (without starting up and reading)."""
    with TemporaryDirectory() as folder:
        np.savetxt(Path(folder, "x.csv"), task.x, delimiter=",")
        np.savetxt(Path(folder, "y.csv"), task.y)
        told = _ask_r(R_CALL, task.alpha, task.seed, folder=folder)
    seconds, *theta = map(float, told.stdout.split())
    return np.array(theta), seconds


@cache
def _no_robustbase(d):
    if shutil.which("Rscript") is None:
        return "needs R with robustbase"
    found = _ask_r("library(robustbase)", check=False)
    return None if found.returncode == 0 else "needs robustbase: install.packages('robustbase') in R"


def _ask_r(code, *arguments, folder=None, check=True):
    call = ["Rscript", "--vanilla", "-e", code, *map(str, arguments)]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, check=check, timeout=300)


PEERS = (
    Peer("least squares", _least_squares),
    Peer("oracle", _oracle),
    Peer("ITLM", _itlm),
    Peer(REWEIGHTED, _itlm_reweighted),
    Peer(f"{REWEIGHTED}, {MANY} starts", _itlm_from_many_starts),
    Peer("Huber (scikit-learn)", _huber),
    Peer("RANSAC (scikit-learn)", _ransac),
    Peer("TheilSen (scikit-learn)", _theil_sen, _too_many_features),
    Peer("Tukey (statsmodels)", _tukey, _no_statsmodels),
    Peer(FAST_LTS[0], _lts_in_robpy, _no_robpy),
    Peer(FAST_LTS[1], _lts_in_r, _no_robustbase),
)
