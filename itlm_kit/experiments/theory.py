"""The statements of sections 3 and 5 and their appendices put to numbers: one cell per statement and setting."""

import numpy as np

from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.glm.basin import basin_map, fitted_reach
from itlm_kit.glm.draws import draw
from itlm_kit.glm.fast import fast_path
from itlm_kit.glm.flow import gradient_flow
from itlm_kit.glm.links import LINKS
from itlm_kit.glm.theory import (
    fit_constant,
    intruders,
    intruders_form,
    kappa,
    kappa_form,
    lemma5_terms,
    lemma6_terms,
    parameter_errors,
    rates,
    residual_norms,
)
from itlm_kit.glm.trimmed import exact_trimmed_squares, multistart_trimmed_squares

ALPHA = 0.75
STEP = 0.5
ROUNDS = 10
SIZES = {"quick": {"n": 300, "d": 5, "runs": 5}, "full": {"n": 1000, "d": 100, "runs": 100}}
SAMPLES = {"quick": (100, 400, 1600), "full": (100, 400, 1600, 6400, 25_600)}
DELTAS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SHARES = (0.55, 0.6, 0.7, 0.8)
SMALL = {"n": 15, "d": 1}  # where every subset can be tried
FAR = 1e6  # slope that the bad samples of the breakdown check agree on
ROUNDING = 1 + 1e-9
MOST_RUNS = {"breakdown": 10, "theorem 8": 10, "lemma 5": 20, "lemma 6": 20}  # the dear ones


def run(settings, seed, where):
    """Put one statement to numbers on `runs` draws."""
    seeds = [(seed, r) for r in range(settings["runs"])]
    return Outcome(CHECKS[settings["check"]](settings, seeds), f"{settings['runs']} synthetic draws")


def lemma3(settings, seeds):
    """Mean of |S_n(theta_TL) - S_n(theta*)|, S_n the mean squared residual over all samples. Lemma 3, appendix A.

    With bad residuals that do not depend on x theta* minimises the population trimmed loss (Assumption 1) and the gap
    closes as n grows. With random outputs and noise it does not, and a gap remains.
    """
    gaps = []
    for seed in seeds:
        data = _lemma3_draw(settings, seed)
        theta = multistart_trimmed_squares(data.x, data.y, alpha=ALPHA, n_init=20, seed=0).theta
        gaps.append(abs(_mean_square(data, theta) - _mean_square(data, data.theta)))
    return {"gap": float(np.mean(gaps))}


def _lemma3_draw(settings, seed):
    sizes = {"n": settings["n"], "d": settings["d"], "sigma": 1.0, "seed": seed}
    if settings["assumption"] == "holds":
        return draw("arbitrary", corruption=_spread, **sizes)
    return draw("random", **sizes)


def _spread(x, output, rng):
    return output + 5 * rng.standard_normal(output.shape)


def _mean_square(data, theta):
    return np.mean((data.y - data.x @ theta) ** 2)


def breakdown(settings, seeds):
    """Largest error over draws of OLS, ITLM and exact trimmed squares that keep just over half. Section 3, [Hub11].

    All bad samples agree on a slope of a million, so that a fit that follows them shows.
    """
    n, d = settings["n"], settings["d"]
    alpha = ((n + d + 1) // 2) / n
    errors = {"ols": [], "itlm": [], "exact": []}
    for seed in seeds:
        data = draw("arbitrary", n=n, d=d, clean=1 - settings["bad"] / n, seed=seed, corruption=_far_slope)
        thetas = fast_path(data.x, data.y, alpha=alpha, rounds=20).thetas
        exact = exact_trimmed_squares(data.x, data.y, alpha=alpha).theta
        for method, theta in (("ols", thetas[0]), ("itlm", thetas[-1]), ("exact", exact)):
            errors[method].append(np.linalg.norm(theta - data.theta))
    return {"rounds": [{"method": method, "error": float(max(found))} for method, found in errors.items()]}


def _far_slope(x, output, rng):
    return FAR * x[:, 0]


def clean_data(settings, seeds):
    """Mean errors of ITLM and least squares where no sample is bad: both fall as n grows. Remark 1 of section 5."""
    errors = []
    for seed in seeds:
        data = draw("random", n=settings["n"], d=settings["d"], clean=1.0, sigma=1.0, seed=seed)
        errors.append(parameter_errors(data, fast_path(data.x, data.y, alpha=ALPHA, rounds=30))[[0, -1]])
    ols, itlm = np.mean(errors, axis=0)
    return {"rounds": [{"method": "oracle", "error": float(ols)}, {"method": "itlm", "error": float(itlm)}]}


def lemma5(settings, seeds):
    """Share of rounds in which Lemma 5 holds with its proof in between, its slack, and kappa_t beside its form."""
    holds, slack, constants = [], [], []
    for seed in seeds:
        data = _draw(settings, seed)
        path = fast_path(data.x, data.y, alpha=ALPHA, rounds=ROUNDS)
        terms = lemma5_terms(data, path)
        holds += list(_ordered(terms))
        slack += list(terms.right / terms.left)
        others = data.thetas[1:] if settings["kind"] == "mixture" else None
        form = kappa_form(path.thetas[:-1], data.theta, sigma=settings["sigma"], n=settings["n"], others=others)
        constants.append(fit_constant(kappa(data, path), form))
    return {
        "holds": float(np.mean(holds)), "slack": float(np.median(slack)),
        "kappa_constant": float(np.median(constants)),
    }  # fmt: skip


def lemma6(settings, seeds):
    """Share of rounds in which Lemma 6 holds with its proof in between, and its slack, for M = 1."""
    holds, slack = [], []
    link = LINKS[settings["link"]]
    for seed in seeds:
        data = _draw(settings, seed, link=link)
        path = fast_path(data.x, data.y, alpha=ALPHA, rounds=ROUNDS, step=STEP, link=link)
        terms = lemma6_terms(data, path, step=STEP, link=link)
        holds += list(_ordered(terms))
        slack += list(terms.right / terms.left)
    return {"holds": float(np.mean(holds)), "slack": float(np.median(slack))}


def _ordered(terms):
    return (terms.left <= terms.proof * ROUNDING) & (terms.proof <= terms.right * ROUNDING)


def _draw(settings, seed, **more):
    return draw(settings["kind"], n=settings["n"], d=settings["d"], sigma=settings["sigma"], seed=seed, **more)


def residual_rates(settings, seeds):
    """Mean ratio of successive errors, and of successive residual norms over S_t as in [BJK15], by round. Remark 2."""
    ratios = []
    for seed in seeds:
        data = _draw(settings, seed)
        path = fast_path(data.x, data.y, alpha=ALPHA, rounds=6)
        ratios.append([rates(parameter_errors(data, path)[:-1]), rates(residual_norms(data, path))])
    errors, residuals = np.mean(ratios, axis=0)
    return {
        "rounds": [
            {"round": t, "error_ratio": float(e), "residual_ratio": float(r)}
            for t, (e, r) in enumerate(zip(errors, residuals, strict=True))
        ]
    }


def flow_bound(settings, seeds):
    """Share of times at which appendix C's bound, as printed, holds along draws of growing condition number."""
    times, holds = np.geomspace(1e-2, 1e3, 60), []
    for seed in seeds:
        data = _draw({**settings, "kind": "random"}, seed)
        squeezed = data.x * np.geomspace(1 / settings["condition"] ** 0.5, 1, settings["d"])
        found = gradient_flow(squeezed, data.y, np.zeros(settings["d"]), times)
        holds += list(found.distance <= found.bound * (1 + 1e-6) + 1e-9)
    return {"holds": float(np.mean(holds))}


def theorem11(settings, seeds):
    """Mean count of intruders, and its ratio to max(delta (1 - alpha*) n, log n)."""
    counts = intruders(settings["delta"], n=settings["n"], runs=settings["runs"], alpha=ALPHA, seed=seeds[0])
    form = float(intruders_form(settings["delta"], n=settings["n"]))
    return {"intruders": float(counts.mean()), "form": form, "constant": float(counts.mean() / form)}


def initial_condition(settings, seeds):
    """C(alpha) of Theorem 8, fitted to a map of starts: mean over draws, for the largest component and the last."""
    reaches = []
    for seed in seeds:
        data = draw(
            "mixture", n=settings["n"], d=settings["d"], clean=settings["clean"], sigma=0.1, seed=seed,
            others=(1 / (settings["components"] - 1),) * (settings["components"] - 1),
        )  # fmt: skip
        basin = basin_map(data, alpha=settings["clean"] - 0.05, points=11)
        reaches.append([fitted_reach(basin, j) for j in (0, -1 % len(data.thetas))])
    first, last = np.mean(reaches, axis=0)
    return {"reach": float(first), "reach_of_last": float(last)}


CHECKS = {
    "lemma 3": lemma3,
    "breakdown": breakdown,
    "clean data": clean_data,
    "lemma 5": lemma5,
    "lemma 6": lemma6,
    "remark 2": residual_rates,
    "appendix C": flow_bound,
    "theorem 11": theorem11,
    "theorem 8": initial_condition,
}


def _cells(profile):
    """Every statement in every setting; small n and d where a check needs them."""
    size, runs = SIZES[profile], SIZES[profile]["runs"]
    kinds = [{"kind": kind, "sigma": sigma} for kind in ("random", "mixture", "arbitrary") for sigma in (0.01, 0.1)]
    settings = {
        "lemma 3": [{"n": n, "d": 3, "assumption": a} for a in ("holds", "fails") for n in SAMPLES[profile]],
        "breakdown": [{**SMALL, "bad": bad} for bad in range(10)],
        "clean data": [{"n": n, "d": 5} for n in SAMPLES[profile]],
        "lemma 5": kinds,
        "lemma 6": [{**kind, "link": link} for kind in kinds for link in LINKS],
        "remark 2": kinds[::2],
        "appendix C": [{"sigma": 0.1, "condition": c} for c in (1, 10, 1000)],
        "theorem 11": [{"delta": delta} for delta in DELTAS],
        "theorem 8": [{"d": 10, "clean": c, "components": m} for m in (2, 3) for c in SHARES],
    }
    return [
        {"check": check, **size, **cell, "runs": min(runs, MOST_RUNS.get(check, runs))}
        for check, cells in settings.items()
        for cell in cells
    ]


def _seconds(settings):
    """Expected time of a cell on one CPU core."""
    per_run = {"theorem 8": 0.13, "breakdown": 0.02, "lemma 3": 0.03, "lemma 5": 0.03, "lemma 6": 0.06}
    per_number = 2e-6 if settings["check"] == "lemma 3" else 1e-7
    return settings["runs"] * (per_run.get(settings["check"], 0.003) + per_number * settings["n"] * settings["d"])


EXPERIMENTS = {
    "theory": Experiment(
        "theory", "Statements of the theory, put to numbers", "Sections 3 and 5, appendices A and C", 1,
        _cells, run, {"quick": 1, "full": 1}, _seconds,
    )
}  # fmt: skip
