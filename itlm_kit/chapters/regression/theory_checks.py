"""The statements of sections 3 and 5 and their appendices as measurements: settings and seeds in, metrics out."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from itlm_kit.glm.basin import basin_map, fitted_reach
from itlm_kit.glm.draws import draw
from itlm_kit.glm.fast import fast_path
from itlm_kit.glm.flow import gradient_flow
from itlm_kit.glm.links import LINKS
from itlm_kit.glm.losses import ABSOLUTE, SQUARED, huber
from itlm_kit.glm.regularity import psi_minus_bounds, psi_plus_bounds
from itlm_kit.glm.theory import (
    fit_constant,
    intruders,
    intruders_form,
    kappa,
    kappa_form,
    lemma5_terms,
    lemma6_terms,
    order_of_convergence,
    parameter_errors,
    rates,
    residual_norms,
)
from itlm_kit.glm.trimmed import exact_trimmed_squares, multistart_trimmed_squares


@dataclass(frozen=True)
class CheckRecipe:
    """What the checks share."""

    alpha: float = 0.75
    rounds: int = 10
    step: float = 0.5
    # For every link: with 0.5 the smooth one, of slope up to 1.5, oversteps in the steepest direction.
    small_step: float = 0.3
    noises: tuple[float, ...] = (0.1, 0.2, 0.4, 0.6, 0.8, 1.2, 1.6)  # tried for the largest that is harmless
    shares: tuple[float, ...] = (0.55, 0.6, 0.7, 0.8)  # of the component that is looked for
    far: float = 1e6  # slope that the bad samples of the breakdown check agree on


HOW = CheckRecipe()
ROUNDING = 1 + 1e-9


def lemma3(settings, seeds, how=HOW):
    """Mean of |S_n(theta_TL) - S_n(theta*)|, S_n the mean squared residual over all samples, and of the error. Lemma 3.

    With bad residuals that do not depend on x theta* minimises the population trimmed loss (Assumption 1) and the gap
    closes as n grows. With random outputs and noise it does not, and a gap remains.
    """
    gaps, errors = [], []
    for seed in seeds:
        data = _lemma3_draw(settings, seed)
        theta = multistart_trimmed_squares(data.x, data.y, alpha=how.alpha, n_init=20, seed=0).theta
        gaps.append(abs(_mean_square(data, theta) - _mean_square(data, data.theta)))
        errors.append(np.linalg.norm(theta - data.theta))
    return {"gap": float(np.mean(gaps)), "error": float(np.mean(errors))}


def _lemma3_draw(settings, seed):
    sizes = {"n": settings["n"], "d": settings["d"], "sigma": 1.0, "seed": seed}
    if settings["assumption"] == "holds":
        return draw("arbitrary", corruption=_spread, **sizes)
    return draw("random", **sizes)


def _spread(x, output, rng):
    return output + 5 * rng.standard_normal(output.shape)


def _mean_square(data, theta):
    return np.mean((data.y - data.x @ theta) ** 2)


def breakdown(settings, seeds, how=HOW):
    """Largest error over draws of OLS, ITLM and exact trimmed squares that keep just over half. Section 3, [Hub11].

    All bad samples agree on a slope of a million, so that a fit that follows them shows.
    """
    n, d = settings["n"], settings["d"]
    alpha = ((n + d + 1) // 2) / n
    errors, far_slope = {"ols": [], "itlm": [], "exact": []}, partial(_far_slope, far=how.far)
    for seed in seeds:
        data = draw("arbitrary", n=n, d=d, clean=1 - settings["bad"] / n, seed=seed, corruption=far_slope)
        thetas = _path(data, how, alpha=alpha).thetas
        exact = exact_trimmed_squares(data.x, data.y, alpha=alpha).theta
        for method, theta in (("ols", thetas[0]), ("itlm", thetas[-1]), ("exact", exact)):
            errors[method].append(np.linalg.norm(theta - data.theta))
    return {"rounds": [{"method": method, "error": float(max(found))} for method, found in errors.items()]}


def _far_slope(x, output, rng, far):
    return far * x[:, 0]


def clean_data(settings, seeds, how=HOW):
    """Mean errors of ITLM and least squares where no sample is bad: both fall as n grows. Remark 1 of section 5."""
    errors = []
    for seed in seeds:
        data = draw("random", n=settings["n"], d=settings["d"], clean=1.0, sigma=1.0, seed=seed)
        path = _path(data, how)
        errors.append(parameter_errors(data, path)[[0, -1]])
    ols, itlm = np.mean(errors, axis=0)
    return {"rounds": [{"method": "oracle", "error": float(ols)}, {"method": "itlm", "error": float(itlm)}]}


def lemma5(settings, seeds, how=HOW):
    """Share of rounds in which Lemma 5 holds with its proof in between, and its slack: right side over left."""
    return _inequality(_lemma5(settings, seeds, how))


def kappa_constant(settings, seeds, how=HOW):
    """Smallest c with kappa_t <= c times the form of Theorem 7 or 8, fitted to the rounds of each draw: the median.

    To be asked where n is far above d log d, as the theorems have it: elsewhere single intruders rule kappa_t.
    """
    constants = []
    for seed in seeds:
        data = _draw(settings, seed)
        path = _path(data, how)
        others = data.thetas[1:] if settings["kind"] == "mixture" else None
        form = kappa_form(path.thetas[:-1], data.theta, sigma=settings["sigma"], n=settings["n"], others=others)
        constants.append(fit_constant(kappa(data, path), form))
    return {"kappa_constant": float(np.median(constants))}


def lemma6(settings, seeds, how=HOW):
    """Share of rounds in which Lemma 6 holds with its proof in between, and its slack, for M = 1."""
    return _inequality(_lemma6(settings, seeds, how))


def noise_term(settings, seeds, how=HOW):
    """The c of Lemma 5, largest over rounds and draws: the one its proof needs for T3, and the one it needs itself."""
    proof, lemma = [], []
    for terms in _lemma5(settings, seeds, how):
        unit = terms.xi * settings["sigma"]
        proof.append((terms.noise / unit).max())
        rest = terms.left / terms.inverse - np.sqrt(2) * (terms.gamma * terms.error + terms.phi)
        lemma.append(np.maximum(rest / unit, 0).max())
    return {"proof_constant": float(max(proof)), "lemma_constant": float(max(lemma))}


def step_noise_term(settings, seeds, how=HOW):
    """U3 of a gradient step over xi b sigma, by which the proof of Lemma 6 bounds it: largest over rounds and draws."""
    b, sigma = LINKS[settings["link"]].b, settings["sigma"]
    return {"noise_over_bound": float(max((t.noise / (t.xi * b * sigma)).max() for t in _lemma6(settings, seeds, how)))}


def _lemma5(settings, seeds, how):
    """Yield the terms of Lemma 5 along the path of each draw."""
    for seed in seeds:
        data = _draw(settings, seed)
        yield lemma5_terms(data, _path(data, how))


def _lemma6(settings, seeds, how):
    """Yield the terms of Lemma 6 along the path of each draw, of one small step a round."""
    steps = {"step": how.small_step, "link": LINKS[settings["link"]]}
    for seed in seeds:
        data = _draw(settings, seed, link=steps["link"])
        yield lemma6_terms(data, _path(data, how, **steps), **steps)


def _inequality(draws):
    """How a lemma fares, in all rounds of the draws whose terms are given."""
    holds, slack = [], []
    for terms in draws:
        holds += list((terms.left <= terms.proof * ROUNDING) & (terms.proof <= terms.right * ROUNDING))
        slack += list(terms.right / terms.left)
    return {"holds": float(np.mean(holds)), "slack": float(np.median(slack))}


def _draw(settings, seed, **more):
    return draw(settings["kind"], n=settings["n"], d=settings["d"], sigma=settings["sigma"], seed=seed, **more)


def _path(data, how, **other):
    """The path of ITLM on a draw: alpha and rounds are those of the recipe where no other are told."""
    return fast_path(data.x, data.y, **{"alpha": how.alpha, "rounds": how.rounds, **other})


def dropped_term(settings, seeds, how=HOW):
    """Mean of T3 / (n |theta_t - theta*|) by round: a constant where T3 shrinks with the error, not with 1 / sqrt(n).

    T3 sums e x over the clean samples kept. The proof of Lemma 5 drops the choice of S_t from it, which looked at e:
    samples whose noise goes against the error are cut, and what is left grows as n times the error.
    """
    found = [terms.noise / (settings["n"] * terms.error) for terms in _lemma5(settings, seeds, how)]
    return {"rounds": [{"round": t, "noise_over_error": float(c)} for t, c in enumerate(np.mean(found, axis=0))]}


def residual_rates(settings, seeds, how=HOW):
    """Mean ratio of successive errors, and of successive residual norms over S_t as in [BJK15], by round. Remark 2."""
    ratios = []
    for seed in seeds:
        data = _draw(settings, seed)
        path = _path(data, how)
        ratios.append([rates(parameter_errors(data, path)[:-1]), rates(residual_norms(data, path))])
    errors, residuals = np.mean(ratios, axis=0)
    return {
        "rounds": [
            {"round": t, "error_ratio": float(e), "residual_ratio": float(r)}
            for t, (e, r) in enumerate(zip(errors, residuals, strict=True))
        ]
    }


def flow_bound(settings, seeds, how=HOW):
    """Share of times at which appendix C's bound, as printed, holds along draws of growing condition number."""
    times, holds = np.geomspace(1e-2, 1e3, 60), []
    for seed in seeds:
        data = _draw({**settings, "kind": "random"}, seed)
        squeezed = data.x * np.geomspace(1 / settings["condition"] ** 0.5, 1, settings["d"])
        found = gradient_flow(squeezed, data.y, np.zeros(settings["d"]), times)
        holds += list(found.distance <= found.bound * (1 + 1e-6) + 1e-9)
    return {"holds": float(np.mean(holds))}


def theorem11(settings, seeds, how=HOW):
    """Mean count of intruders, and its ratio to max(delta (1 - alpha*) n, log n)."""
    counts = intruders(settings["delta"], n=settings["n"], runs=settings["runs"], alpha=how.alpha, seed=seeds[0])
    form = float(intruders_form(settings["delta"], n=settings["n"]))
    return {"intruders": float(counts.mean()), "form": form, "constant": float(counts.mean() / form)}


def initial_condition(settings, seeds, how=HOW):
    """C(alpha) of Theorem 8, fitted to a map of starts: mean over draws, for the largest component and the last."""
    reaches = []
    for seed in seeds:
        data = draw(
            "mixture", n=settings["n"], d=settings["d"], clean=settings["clean"], sigma=0.1, seed=seed,
            others=(1 / (settings["components"] - 1),) * (settings["components"] - 1),
        )  # fmt: skip
        basin = basin_map(data, alpha=settings["clean"] - 0.05, points=11, rounds=how.rounds)
        reaches.append([fitted_reach(basin, j) for j in (0, -1 % len(data.thetas))])
    first, last = np.mean(reaches, axis=0)
    return {"reach": float(first), "reach_of_last": float(last)}


def noise_tolerated(settings, seeds, how=HOW):
    """Largest noise at which ITLM, started nearer to theta*, still ends there in nine draws of ten. Theorem 8's remark.

    Given for a large and for a small component, and as the ratio of the two.
    """
    large, small = (_tolerated(settings, share, seeds, how) for share in (how.shares[-1], how.shares[0]))
    return {"tolerated_large": large, "tolerated_small": small, "tolerated_ratio": large / small}


def _tolerated(settings, share, seeds, how):
    harmless = [
        noise for noise in how.noises if np.mean([_returns(settings, share, noise, s, how) for s in seeds]) >= 0.9
    ]
    return max(harmless, default=0.0)


def _returns(settings, share, noise, seed, how):
    data = draw("mixture", n=settings["n"], d=settings["d"], clean=share, sigma=noise, seed=seed)
    own, other = data.thetas
    path = _path(data, how, alpha=share - 0.05, theta0=0.7 * own + 0.3 * other)
    end = path.thetas[-1]
    return np.linalg.norm(end - own) < np.linalg.norm(end - other) / 2


def adversary(settings, seeds, how=HOW):
    """Mean rate of the first round, and the share of draws that end nearer to theta* than |theta*| / 2. Theorem 7.

    For "adaptive" errors, whose adversary picks which outputs to spoil, and "arbitrary" ones at random places.
    """
    first, ends = [], []
    for seed in seeds:
        data = _draw(settings, seed, clean=settings["clean"])
        errors = parameter_errors(data, _path(data, how, alpha=settings["alpha"]))
        first.append(errors[1] / errors[0])
        ends.append(errors[-1])
    return {"first_rate": float(np.mean(first)), "arrives": float(np.mean(np.array(ends) < 0.5))}


def samples_needed(settings, seeds, how=HOW):
    """Share of draws of a mixture in which ITLM ends `within` that distance of theta*. Remark on Theorem 8."""
    errors = []
    for seed in seeds:
        data = _draw({**settings, "kind": "mixture"}, seed)
        errors.append(parameter_errors(data, _path(data, how))[-1])
    return {"recovered": float(np.mean(np.array(errors) <= settings["within"]))}


def single_steps(settings, seeds, how=HOW):
    """Median order of convergence under M = 1 and this step, and the share of draws that have one. Figure 5(f)."""
    orders = []
    for seed in seeds:
        data = _draw({**settings, "kind": "random"}, seed, clean=settings["clean"])
        path = _path(data, how, alpha=settings["alpha"], step=settings["step"])
        orders.append(order_of_convergence(parameter_errors(data, path)))
    known = np.isfinite(orders)
    return {"order": float(np.median(np.array(orders)[known])) if known.any() else None, "known": float(known.mean())}


def bent_theorems(settings, seeds, how=HOW):
    """Theorems 9 and 10 (M = 1, kinked link): their constants fitted to half of the draws, checked on the others.

    kappa_t is the ratio of the eigenvalues of the actual sets, gamma / smallest; for arbitrary errors it must stay
    below 1/2 as it is. `contracting`: share of rounds whose factor, with the constants fitted, is below 1.
    """
    rounds = [_bent_rounds(settings, seed, how) for seed in seeds]
    fitted, checked = (_joined(rounds[half::2]) for half in (0, 1))
    form = settings["kind"] != "arbitrary"
    c = fit_constant(fitted["kappa"], fitted["form"]) if form else 1.0
    c1, c2 = fitted["smallest"].min(), 0.0
    left_over = fitted["left"] - _theorem9(fitted, c, c1, c2, how)
    c2 = max(0.0, float((left_over / fitted["spread"] / np.sqrt(c * fitted["form"])).max()))
    holds = checked["left"] <= _theorem9(checked, c, c1, c2, how) * ROUNDING
    if not form:
        holds &= checked["kappa"] <= 0.5
    contracting = _factor(checked, c, c1, how) < 1
    return {"holds": float(holds.mean()), "contracting": float(contracting.mean()), "c": c, "c1": c1, "c2": c2}


def _bent_rounds(settings, seed, how):
    link, sigma, n = LINKS["kinked"], settings["sigma"], settings["n"]
    data = _draw(settings, seed, link=link)
    path = _path(data, how, step=how.step, link=link)
    terms = lemma5_terms(data, path)  # gamma and the smallest eigenvalue are those of the same sets
    others = data.thetas[1:] if settings["kind"] == "mixture" else None
    form = kappa_form(path.thetas[:-1], data.theta, sigma=sigma, n=n, others=others, link=link)
    return {
        "error": terms.error, "left": terms.left, "kappa": terms.gamma * terms.inverse,
        "form": np.full(how.rounds, 0.5) if settings["kind"] == "arbitrary" else form,
        "smallest": 1 / terms.inverse / path.kept.sum(1), "spread": np.full(how.rounds, link.b * sigma),
        "noise": how.step * link.b * terms.xi / n * sigma,
    }  # fmt: skip


def _joined(rounds):
    return {name: np.concatenate([each[name] for each in rounds]) for name in rounds[0]}


def _factor(rounds, c, c1, how):
    link = LINKS["kinked"]
    return 1 - c1 * how.step * (link.a**2 - c * rounds["form"] * link.b**2)


def _theorem9(rounds, c, c1, c2, how):
    """Right side of Theorems 9 and 10."""
    spread = c2 * np.sqrt(c * rounds["form"]) * rounds["spread"]
    return _factor(rounds, c, c1, how) * rounds["error"] + spread + rounds["noise"]


def regularity(settings, seeds, how=HOW):
    """psi-(k)/n and psi+(k)/n, k = 0.75 n, as found by search, at n, n/4, n/16: largest over smallest. Definition 4."""
    found = []
    for n in [settings["n"] // 4**step for step in range(3)]:
        x = np.random.default_rng(seeds[0]).standard_normal((n, settings["d"]))
        k = int(how.alpha * n)
        found.append((psi_minus_bounds(x, k).high / n, psi_plus_bounds(x, k).low / n))
    minus, plus = np.array(found).T
    return {"spread": float(max(minus.max() / minus.min(), plus.max() / plus.min()))}


def many_small_steps(settings, seeds, how=HOW):
    """Largest relative distance of a path of 2,000 small steps a round from that of full updates. Appendix B (a)."""
    gaps = []
    for seed in seeds:
        data = _draw({**settings, "kind": "random"}, seed)
        full, small = (_path(data, how, **steps).thetas for steps in ({}, {"step": 0.1, "steps": 2000}))
        gaps.append(np.linalg.norm(full - small, axis=1) / np.linalg.norm(full, axis=1))
    return {"distance": float(np.max(gaps))}


def other_losses(settings, seeds, how=HOW):
    """Mean error of ITLM with the squared, absolute and Huber loss, and the largest over the smallest."""
    losses = (SQUARED, ABSOLUTE, huber(settings["sigma"]))
    errors = []
    for seed in seeds:
        data = _draw({**settings, "kind": "random"}, seed)
        paths = (_path(data, how, loss=loss) for loss in losses)
        errors.append([parameter_errors(data, path)[-1] for path in paths])
    mean = np.mean(errors, axis=0)
    rows = [{"method": loss.name, "error": float(e)} for loss, e in zip(losses, mean, strict=True)]
    return {"error_ratio": float(mean.max() / mean.min()), "rounds": rows}


CHECKS = {
    "lemma 3": lemma3,
    "breakdown": breakdown,
    "clean data": clean_data,
    "lemma 5": lemma5,
    "lemma 6": lemma6,
    "noise term": noise_term,
    "noise term of a step": step_noise_term,
    "dropped term": dropped_term,
    "remark 2": residual_rates,
    "appendix C": flow_bound,
    "theorem 11": theorem11,
    "kappa": kappa_constant,
    "theorem 7": adversary,
    "theorem 8": initial_condition,
    "theorem 8 noise": noise_tolerated,
    "sample complexity": samples_needed,
    "theorem 9": bent_theorems,
    "regularity": regularity,
    "large M": many_small_steps,
    "M = 1": single_steps,
    "losses": other_losses,
}
