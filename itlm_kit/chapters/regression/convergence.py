"""Convergence on synthetic regression: Figures 2, 5, 6 and 7, and each sentence about them as a measured quantity.

Where the paper leaves clean share and alpha open they are 0.8 and 0.75. ITLM-1 updates by full least squares (large M),
ITLM-2 by one gradient step a round (M = 1). All methods of a run see the same draw, and run r of one cell the same
features, theta* and unit noise as run r of every other cell of its size: curves differ by what they are about.

Experiment "drift" repeats panel (a) with two features: with 100 the bias that bad samples leave hides, up to millions
of samples, under an error that grows as the root of d (`glm.population`).
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy import linalg, stats

from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import SHARE, number, one_of, whole
from itlm_kit.glm.draws import draw
from itlm_kit.glm.fast import FastFitter
from itlm_kit.glm.links import IDENTITY, LINKS
from itlm_kit.glm.path import fit
from itlm_kit.glm.population import expected_error, oracle_error, population
from itlm_kit.glm.theory import order_of_convergence, parameter_errors

CLEAN_SHARE, ALPHA = 0.8, 0.75  # where a panel does not move them
STEP = 0.5  # eta of ITLM-2, on half the mean squared loss
ROUNDS = {"itlm-1": 40, "itlm-2": 200}  # by then paths have settled; a set that repeats costs no more rounds
METHODS = ("naive", "oracle", "itlm-1", "itlm-2")
NOISES = (0.001, 0.01, 0.05, 0.1, 0.2)  # the paper's 0.01 to 0.2, and one small enough to see the order by
SIZES = {
    "quick": {"n": 300, "d": 20, "runs": 10},
    "full": {"n": 1000, "d": 100, "runs": 100},
}
SAMPLES = {
    "quick": (150, 300, 1000, 3000, 10_000),
    "full": (1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000),
}
DRIFT = {  # n -> runs
    "quick": {1000: 10, 10_000: 10, 100_000: 10},
    "full": {2500: 100, 20_000: 100, 100_000: 100, 300_000: 100, 1_000_000: 40},
}
DRIFT_ROUNDS = {"itlm-1": 40, "itlm-2": 60}  # with two features single steps settle sooner
CLEAN = {
    "quick": (0.55, 0.65, 0.75, 0.85, 0.95),
    "full": (0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95),
}
BELOW = (-0.05, 0.0, 0.05, 0.1, 0.15, 0.2, 0.3)  # clean share less alpha; -0.05 keeps more than there are clean ones
FOLLOWED = {"itlm-1": 12, "itlm-2": 80}  # rounds shown where a path is followed


@dataclass(frozen=True)
class PathRecipe:
    """How the two forms of ITLM update, and for how many rounds where none are named by the settings."""

    step: float = STEP  # of ITLM-2
    rounds: dict = field(default_factory=lambda: dict(ROUNDS))


def recipe(settings):
    """The PathRecipe, the same for every cell."""
    return PathRecipe()


def drift_recipe(settings):
    """The same with fewer single steps."""
    return PathRecipe(rounds=dict(DRIFT_ROUNDS))


def run(settings, recipe, seed, where):
    """Draw one cell's runs, fit every method on each, and return errors with 95 % bands of their means."""
    runs = [_one_run(settings, recipe, (seed, r)) for r in range(settings["runs"])]
    errors = {method: np.array([run[method] for run in runs]) for method in runs[0]}  # (runs, rounds)
    rows = [row for method, values in errors.items() for row in _rows(method, values, settings, recipe)]
    metrics = {"rounds": rows}
    if "follow" in settings:
        metrics |= _order(errors[settings["follow"]])
    curves = {f"errors {method}": values.astype(np.float32) for method, values in errors.items()}
    return Outcome(metrics, f"{settings['runs']} synthetic draws", curves)


def _one_run(settings, recipe, seed):
    """|theta - theta*| of every method on one draw: its last one, or one per round of the method followed."""
    link = LINKS[settings["link"]]
    sizes = {name: settings[name] for name in ("n", "d", "clean", "sigma")}
    data = draw(settings["kind"], **sizes, link=link, seed=seed)
    oracle = np.linalg.norm(_oracle(data, link) - data.theta)
    fitter, paths = FastFitter(data.x), {}
    for method in [settings["follow"]] if "follow" in settings else recipe.rounds:
        step = recipe.step if method == "itlm-2" else None
        rounds = settings.get("rounds", recipe.rounds[method])
        path = fitter.path(data.y, alpha=settings["alpha"], rounds=rounds, step=step, link=link)
        paths[method] = parameter_errors(data, path)
    naive = next(iter(paths.values()))[:1]  # theta_0 is the fit on all samples
    shown = slice(None) if "follow" in settings else slice(-1, None)
    return {"naive": naive, "oracle": np.array([oracle]), **{m: errors[shown] for m, errors in paths.items()}}


def _oracle(data, link):
    """The fit on the clean samples alone."""
    x, y = data.x[data.is_clean], data.y[data.is_clean]
    if link is IDENTITY and len(y) > 1.1 * x.shape[1]:
        return linalg.solve(x.T @ x, x.T @ y, assume_a="pos")
    return fit(x, y, np.zeros(x.shape[1]), link)


def _rows(method, values, settings, recipe):
    """One row per round: the mean over runs, its 95 % band (Student's t), the share of runs within the noise level."""
    runs = len(values)
    mean = values.mean(0)
    half = stats.t.ppf(0.975, runs - 1) * values.std(0, ddof=1) / np.sqrt(runs) if runs > 1 else 0 * mean
    first = 0 if "follow" in settings or method not in recipe.rounds else recipe.rounds[method]
    recovered = (values <= settings["sigma"]).mean(0)
    return [
        {"method": method, "round": first + t, "error": _short(m), "low": _short(m - h), "high": _short(m + h),
         "recovered": float(r)}
        for t, (m, h, r) in enumerate(zip(mean, half, recovered, strict=True))
    ]  # fmt: skip


def _short(number):
    return float(f"{number:.6g}")


def _order(paths):
    """Median of the runs' orders of convergence, None where the noise floor comes too soon, and how many have one."""
    orders = np.array([order_of_convergence(path) for path in paths])
    known = np.isfinite(orders)
    return {
        "order": float(np.median(orders[known])) if known.any() else None,
        "order_known": float(known.mean()),
    }


def _cells(kind, panels, profile):
    """Cells of the panels named, of Figures 2, 5 and 6."""
    every = {
        "a": [{"n": n} for n in SAMPLES[profile]],
        "b": [{"n": n, "sigma": 1.0} for n in SAMPLES[profile]],
        "c": [{"clean": c, "alpha": round(c - 0.05, 3), "sigma": 0.2} for c in CLEAN[profile]],
        "d": [{"clean": c, "alpha": round(c - b, 3), "sigma": 0.2} for c in (0.7, 0.8, 0.9) for b in BELOW],
        "e": [{"sigma": s, "follow": "itlm-1", "rounds": FOLLOWED["itlm-1"]} for s in NOISES],
        "f": [{"sigma": s, "follow": "itlm-2", "rounds": FOLLOWED["itlm-2"]} for s in NOISES],
    }
    return [{**_common(panel, kind, "identity", profile), **cell} for panel in panels for cell in every[panel]]


def _bent_cells(profile):
    """Cells of Figure 7: the kinked link under M = 1, the algorithm of Lemma 6."""
    follow = {"follow": "itlm-2", "rounds": FOLLOWED["itlm-2"]}
    return [
        {**_common(panel, kind, "kinked", profile), "sigma": sigma, **follow}
        for panel, kind in (("a", "random"), ("b", "mixture"))
        for sigma in NOISES
    ]


def _drift_cells(profile):
    """Panel (a) with two features and many samples."""
    common = {kind: _common("a", kind, "identity", profile) for kind in ("random", "mixture")}
    return [{**common[kind], "n": n, "d": 2, "runs": runs} for kind in common for n, runs in DRIFT[profile].items()]


def _common(panel, kind, link, profile):
    return {
        "panel": panel,
        "kind": kind,
        "link": link,
        "clean": CLEAN_SHARE,
        "alpha": ALPHA,
        "sigma": 0.1,
        **SIZES[profile],
    }


def _seconds(settings):
    """Expected time of a cell on one CPU core, from measured times per run."""
    per_number = 1e-7 if settings["link"] == "identity" else 4e-7
    return settings["runs"] * (5e-3 + per_number * settings["n"] * settings["d"])


def _drift_seconds(settings):
    return settings["runs"] * 1.7e-6 * settings["n"]


def error_floor(frame, *, panel="b", method="itlm-1"):
    """What a method's error tends to as n grows: squared errors fitted by floor^2 + c/n over the last four sizes.

    0 when the intercept is not positive. A consistent method has none; the bad samples that ITLM goes on keeping
    leave it one (remark after Theorem 7).
    """
    errors = _by(frame, panel, "n")[method].iloc[-4:]
    n, squares = errors.index.to_numpy(float), errors.to_numpy() ** 2
    weights = 1 / squares  # errors are known to a share of themselves
    intercept = np.polyfit(1 / n, squares, 1, w=weights)[1]
    return float(np.sqrt(max(0.0, intercept)))


def expected_ratio(kind, n, *, d):
    """ITLM's mean error over the oracle's with n samples (an array) in panel (a), from the map of the population."""
    source = population(kind, d=d, clean=CLEAN_SHARE)
    return expected_error(source, n, alpha=ALPHA) / oracle_error(source, n)


def over_oracle(frame):
    """Errors over the oracle's as rows: kind, n, method, ratio; means over base seeds come first."""
    errors = frame.pivot_table(index=["kind", "n"], columns="method", values="error")
    ratios = errors.div(errors["oracle"], axis=0).drop(columns="oracle")
    return ratios.melt(ignore_index=False, value_name="ratio").reset_index()


def misspecification(frame, *, clean, low=0.05, high=0.15):
    """Largest error of ITLM-1 over its smallest, alpha from `high` to `low` below the clean share: 1 is insensitive."""
    rows = frame[(frame["panel"] == "d") & (frame["method"] == "itlm-1") & np.isclose(frame["clean"], clean)]
    below = rows["clean"] - rows["alpha"]
    errors = rows.loc[(below > low - 1e-9) & (below < high + 1e-9), "error"]
    _refuse_empty(errors, f"panel 'd', clean share {clean}")
    return float(errors.max() / errors.min())


def orders(frame, *, panel):
    """Order of convergence by noise, a Series (NaN where the floor came too soon to tell)."""
    rows = frame[(frame["panel"] == panel) & frame["follow"].notna()]
    _refuse_empty(rows, f"panel {panel!r} with a path followed")
    return rows.groupby("sigma")["order"].first().astype(float)


def gap_between_updates(frame):
    """Median over points of |e_1 - e_2| / e_1, the errors of ITLM-1 (large M) and ITLM-2 (M = 1)."""
    gaps = [_by(frame, panel, _AXES[panel]).eval("abs(`itlm-1` - `itlm-2`) / `itlm-1`") for panel in "abc"]
    return float(np.median(np.concatenate(gaps)))


def rounds_to_floor(frame, *, panel):
    """First round whose mean error is within 1.5 times the last one's, by noise, a Series."""
    rows = frame[(frame["panel"] == panel) & (frame["method"] == frame["follow"])]
    _refuse_empty(rows, f"panel {panel!r} with a path followed")
    return rows.groupby("sigma")[["round", "error"]].apply(
        lambda path: int(path.loc[path["error"] <= 1.5 * path["error"].iloc[-1], "round"].min())
    )


_AXES = {"a": "n", "b": "n", "c": "clean"}


def _by(frame, panel, axis):
    """Errors of one panel as a table, the axis down and methods across, means over base seeds."""
    rows = frame[frame["panel"] == panel]
    _refuse_empty(rows, f"panel {panel!r}")
    return rows.pivot_table(index=axis, columns="method", values="error")


def _refuse_empty(rows, what):
    if not len(rows):
        raise InputError(f"frame must hold the cells asked for; it has none of {what}. Compute them first.")


ALLOWS = {
    "panel": one_of(*"abcdef"),
    "kind": one_of("random", "mixture"),
    "link": one_of(*LINKS),
    "clean": SHARE,
    "alpha": SHARE,
    "sigma": number(0, 1000),
    "n": whole(2),
    "d": whole(),
    "runs": whole(),
    "follow": one_of(*ROUNDS),
    "rounds": whole(),
}
_experiment = partial(Experiment, allows=ALLOWS, recipe=recipe, run=run, seconds=_seconds)
EXPERIMENTS = {
    "fig2": _experiment(
        name="fig2",
        title="Recovery of theta*, random bad outputs",
        place="Figure 2",
        cells=partial(_cells, "random", "abc"),
    ),
    "fig5": _experiment(
        name="fig5",
        title="Recovery and convergence, random bad outputs",
        place="Figure 5, appendix D",
        cells=partial(_cells, "random", "abcdef"),
    ),
    "fig6": _experiment(
        name="fig6",
        title="Recovery and convergence, mixture",
        place="Figure 6, appendix D",
        cells=partial(_cells, "mixture", "abcdef"),
    ),
    "fig7": _experiment(
        name="fig7", title="Convergence with a kinked link", place="Figure 7, appendix D", cells=_bent_cells
    ),
    "drift": _experiment(
        name="drift",
        title="Drift from the oracle, two features",
        place="Figures 2(a), 5(a), 6(a)",
        cells=_drift_cells,
        recipe=drift_recipe,
        seconds=_drift_seconds,
    ),
}
