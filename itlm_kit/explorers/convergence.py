"""How fast, and how near, ITLM comes to theta* in regression: sections 5 and 6.1 of the paper, as sliders."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from itlm_kit.chapters.regression.convergence import FOLLOWED, STEP
from itlm_kit.explorers.base import Explorer
from itlm_kit.explorers.controls import choice, seed_box, slider, steps, toggle
from itlm_kit.glm import LINKS, FastFitter, Path, Regression, draw, fast_path
from itlm_kit.glm.theory import lemma5_terms, lemma6_terms
from itlm_kit.names import counted, percent
from itlm_kit.plots import rounds

_KINDS = {
    "random": {"kind": "random"},
    "arbitrary": {"kind": "arbitrary"},
    "adversary": {"kind": "adaptive"},
    "mixture of 2": {"kind": "mixture"},
    "mixture of 3": {"kind": "mixture", "others": (0.5, 0.5)},
}
_FEWEST_CLEAN = 0.5
_FEW, _MANY = 20, 100  # runs
_BINS = 60
_BESIDE = 5  # cuts: residuals are shown up to there


class _Update(NamedTuple):
    step: float | None
    rounds: int
    bounded: tuple  # the rounds whose bound is computed


# By name: its updates, and the rounds it is shown for.
_UPDATES = {
    "large M": _Update(None, FOLLOWED["itlm-1"], (0, 1, 4, FOLLOWED["itlm-1"] - 1)),
    "M = 1": _Update(STEP, FOLLOWED["itlm-2"], (0, 1, 2, 4, 8, 16, 32, FOLLOWED["itlm-2"] - 1)),
}


class ConvergenceExplorer(Explorer):
    """Distance to theta* by round under its bound, clean share of the kept set, and any round's residuals.

    values: where the controls start, e.g. ConvergenceExplorer(seed=0, sigma=1.0): update, kind, link, clean (alpha*),
    alpha, sigma, n, d, runs (1 or 20), seed, round (whose residuals are shown), hundred (a button: 100 runs, until
    anything is moved). The same seed gives the same features, theta*, noise, bad outputs and order of samples whatever
    else is moved, n and d aside: `draw_alike`; the adversary alone picks others to spoil. The bound is the right side
    of Lemma 5 for large M and of Lemma 6 for M = 1: Theorems 7 to 10 with the proof's own terms for the constants they
    leave open. Sections 5 and 6.1.
    """

    view = rounds
    walks = "round"

    def __init__(self, **values):
        controls = {
            "kind": choice("bad outputs", "random", tuple(_KINDS)),
            "update": choice("update", "large M", tuple(_UPDATES)),
            "link": choice("link w", "identity", tuple(LINKS)),
            "clean": slider("clean share α*", 0.8, _FEWEST_CLEAN, 1.0, 0.01),
            "alpha": slider("share kept α", 0.75, 0.3, 1.0, 0.01),
            "sigma": steps("noise σ", 0.1, (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0)),
            "n": steps("samples n", 1000, (200, 500, 1000, 2000, 5000)),
            "d": steps("features d", 100, (5, 20, 50, 100)),
            "runs": steps("runs", 1, (1, _FEW)),
            "seed": seed_box(),
            "round": slider("round t, below", 0, 0, _UPDATES["large M"].rounds - 1, 1),
            "hundred": toggle(f"{_MANY} runs", f"Mean of {_MANY} runs, until a control is moved"),
        }
        controls["update"].observe(self._fit_scrubber, "value")
        super().__init__(controls, {"update": "large M", **values})  # first: it settles how many rounds there are

    def scene(self, *, kind, update, link, clean, alpha, sigma, n, d, runs, seed, round, hundred):
        setting = {"n": n, "d": d, "clean": clean, "sigma": sigma, "link": LINKS[link]}
        how, runs = _UPDATES[update], _MANY if hundred else runs
        problems = (_problem(kind, seed=(seed, run), **setting) for run in range(runs))
        shown = min(round, how.rounds - 1)
        no_bound = _why_no_bound(how, link, clean=clean, alpha=alpha, n=n, d=d)
        seen = [
            _follow_run(problem, how, LINKS[link], alpha=alpha, shown=shown, bounded=not no_bound)
            for problem in problems
        ]
        errors, shares, bounds = (np.array([getattr(run, name) for run in seen]) for name in _Run._fields[:3])
        oracle = np.mean([run.oracle for run in seen])
        left, of_bound = _distances(errors, oracle, bounds.mean(0), how, no_bound)
        below, of_round = _residuals(seen[0], shown, runs)
        setting = "" if runs == 1 else f"Mean of {runs} runs: "
        setting += f"{percent(1 - clean)} bad outputs ({kind}), share kept {alpha:.2f}."
        found = _in_words(update, errors.mean(0), oracle, shares.mean(0))
        return rounds.Rounds(
            left,
            _clean_shares(shares, clean, alpha),
            name=f"ITLM, {update}",
            source=_source(runs, n=n, d=d, seed=seed),
            words=f"{setting} {found} {of_bound} {of_round}",
            below=below,
        )

    def _fit_scrubber(self, change):
        self.controls["round"].max = _UPDATES[change["new"]].rounds - 1

    def _follow(self, change):
        pressed = self.controls["hundred"]
        if pressed.value and change["owner"] is not pressed:
            pressed.value = False  # which draws what is shown
            return
        if pressed.value:
            self.say(f"Computing {_MANY} runs ...")  # up to a quarter of a minute, where n is 5000
        super()._follow(change)


def draw_alike(kind, *, clean, **setting):
    """A Regression as `draw` makes it, bad outputs too the same for one seed: a sample stays bad as it was.

    kind: "random", "arbitrary", "adversary" ("adaptive" errors), "mixture of 2" or "mixture of 3"; clean: at least 0.5.
    At 0.5 it is what `draw` makes.
    """
    data = draw(**_KINDS[kind], clean=clean, **setting)
    if kind != "random":
        return data
    most_bad = draw("random", clean=_FEWEST_CLEAN, **setting)
    return data._replace(y=np.where(data.is_clean, data.y, most_bad.y))


class _Problem(NamedTuple):
    data: Regression
    fitter: FastFitter
    oracle: float  # error of the fit on clean samples alone


@lru_cache(maxsize=_FEW)
def _problem(kind, *, link, **setting):
    """What stays as it is when alpha, the update or the round moves."""
    data = draw_alike(kind, link=link, **setting)
    clean = data.is_clean
    oracle = fast_path(data.x[clean], data.y[clean], alpha=1.0, rounds=1, link=link).thetas[-1]
    return _Problem(data, FastFitter(data.x), np.linalg.norm(oracle - data.theta))


class _Run(NamedTuple):
    errors: np.ndarray  # (T+1,) |theta_t - theta*|
    shares: np.ndarray  # (T,) clean samples in S_t, %
    bounds: np.ndarray  # of |theta_{t+1} - theta*| for the rounds t of `_Update.bounded`, or none
    oracle: float  # error of the fit on clean samples alone
    residuals: np.ndarray  # (n,) absolute, in one round
    kept: np.ndarray  # (n,) bool, S_t of that round
    is_clean: np.ndarray  # (n,) bool


def _follow_run(problem, how, link, *, alpha, shown, bounded):
    data = problem.data
    path = problem.fitter.path(data.y, alpha=alpha, rounds=how.rounds, step=how.step, link=link)
    return _Run(
        errors=np.linalg.norm(path.thetas - data.theta, axis=1),
        shares=100 * (path.kept & data.is_clean).sum(1) / path.kept.sum(1),
        bounds=_bounds(data, path, how, link) if bounded else np.empty(0),
        oracle=problem.oracle,
        residuals=np.abs(data.y - link.value(data.x @ path.thetas[shown])),
        kept=path.kept[shown],
        is_clean=data.is_clean,
    )


def _bounds(data, path, how, link):
    few = np.array(how.bounded)
    some = Path(path.thetas[[*few, few[-1] + 1]], path.kept[few])  # both lemmas look at one round at a time
    if how.step is None:
        return lemma5_terms(data, some).right
    return lemma6_terms(data, some, step=how.step, link=link).right


def _why_no_bound(how, link, *, clean, alpha, n, d):
    if alpha >= clean:
        return "No bound is drawn: the theorems ask for α below α*."
    if how.step is None and link != "identity":
        return "No bound is drawn: with this link the theorems are about M = 1."
    return "" if alpha * n > d else "No bound is drawn: so few kept samples do not settle θ."


def _distances(errors, oracle, bounds, how, no_bound):
    """The panel of errors (runs, T+1) between their levels, and what is to be said of the bound."""
    ends = _half_decades([errors.min(), errors.max(), oracle])
    bound, words = _drawn_bound(bounds, how, ends[1], no_bound)
    panel = rounds.Panel(
        title="Distance to the truth",
        axis="‖θ − θ*‖",
        role="itlm",
        curve=_curve(errors),
        ends=ends,
        log=True,
        levels={"naive": ("least squares", errors[:, 0].mean()), "oracle": ("oracle", oracle)},
        bound=bound,
    )
    return panel, words


def _clean_shares(shares, clean, alpha):
    """The panel of clean shares (runs, T) of the kept sets, in percent."""
    best = min(100.0, 100 * clean / alpha)
    return rounds.Panel(
        title="Clean share of the kept set",
        axis="clean samples (%)",
        role="clean",
        curve=_curve(shares),
        ends=(min(40.0, np.floor(shares.min() / 10) * 10), 102.0),
        log=False,
        levels={"all": ("all samples", 100 * clean), "oracle": ("best possible", best)},
    )


def _source(runs, *, n, d, seed):
    source = f"{counted(runs, 'draw')} of {n:,} samples with {d} features, seed {seed}"
    return source + "; the mean, in a band that holds all" * (runs > 1)


def _drawn_bound(values, how, top, no_bound):
    """(rounds, values) of the bound, NaN above the plot, and what is to be said of it."""
    if no_bound:
        return (np.empty(0), np.empty(0)), no_bound
    inside = values <= top
    above = "" if inside.all() else f" It leaves the plot above: at most it is {values.max():.3g}."
    behind = "Lemma 5, behind Theorems 7 and 8" if how.step is None else "Lemma 6, behind Theorems 9 and 10"
    words = f"The bound ({behind}) ends at {values[-1]:.3g}."
    return (np.array(how.bounded) + 1, np.where(inside, values, np.nan)), words + above


def _residuals(run, t, runs):
    """The residuals of round t, to be drawn, and what is to be said of them."""
    bad, cut = (run.kept & ~run.is_clean).sum(), run.residuals[run.kept].max()
    end = min(np.quantile(run.residuals, 0.99), _BESIDE * cut)
    edges = np.linspace(0, end, _BINS + 1)
    counts = {
        role: np.histogram(np.minimum(run.residuals[of], end), edges)[0]
        for role, of in (("clean", run.is_clean), ("bad", ~run.is_clean))
    }
    which = " of the first draw" if runs > 1 else ""
    kept = f"{run.kept.sum():,} are kept{which}, {bad:,} of them bad"
    words = f"In round {t}, {kept} (there are {(~run.is_clean).sum():,}); the cut is at |residual| = {cut:.3g}."
    return rounds.Residuals(t, edges, counts, min(cut, end), kept), words


def _curve(values):
    """(runs, T) -> the mean over runs and the band of all of them."""
    return rounds.Curve(np.arange(values.shape[1]), values.mean(0), values.min(0), values.max(0))


def _half_decades(values):
    low, high = np.log10([min(values), max(values)])
    return 10 ** (np.floor(2 * low - 0.2) / 2), 10 ** (np.ceil(2 * high + 0.2) / 2)


def _in_words(update, errors, oracle, shares):
    gain = errors[0] / errors[-1]
    beside = f"{gain:.1f} times nearer than" if gain > 1.05 else f"{1 / gain:.1f} times as far as"
    return (
        f"After {len(errors) - 1} rounds ITLM ({update}) is {errors[-1]:.3g} from the truth, {beside} least squares "
        f"({errors[0]:.3g}); the oracle is {oracle:.3g} from it. Of the kept samples {shares[0]:.1f} % are clean at "
        f"first, {shares[-1]:.1f} % at last."
    )
