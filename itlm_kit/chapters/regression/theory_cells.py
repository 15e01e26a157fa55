"""The theory as an experiment: every statement of sections 3 and 5 and their appendices, put to numbers."""

from dataclasses import replace

from itlm_kit.chapters.regression.theory_checks import CHECKS, HOW
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import SHARE, number, one_of, whole
from itlm_kit.glm.draws import KINDS
from itlm_kit.glm.links import LINKS

SIZES = {"quick": {"n": 300, "d": 5, "runs": 5}, "full": {"n": 1000, "d": 100, "runs": 100}}
SAMPLES = {"quick": (100, 400, 1600), "full": (100, 400, 1600, 6400, 25_600)}
MORE_SAMPLES = {"quick": (1600, 6400), "full": (6400, 25_600, 102_400, 409_600)}
FEATURES = {"quick": (5, 10, 20), "full": (10, 20, 40, 80, 160)}
PER_FEATURE = (1.5, 2, 2.5, 3, 4, 5)  # samples
ADVERSARY_CLEAN = (0.6, 0.65, 0.7, 0.75, 0.8, 0.82, 0.84, 0.86, 0.88, 0.9, 0.95)
STEPS = (0.25, 0.5, 0.8, 1.0, 1.2, 1.4)
DELTAS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SMALL = {"n": 15, "d": 1}  # where every subset can be tried
MOST_RUNS = {
    "breakdown": 10,
    "theorem 8": 10,
    "lemma 5": 20,
    "lemma 6": 20,
    "losses": 20,
    "regularity": 1,
}
# Rounds of a check, where they are not the recipe's own: enough to settle, or just those that are looked at.
ROUNDS = {
    "breakdown": 20,
    "clean data": 30,
    "dropped term": 2,
    "remark 2": 6,
    "theorem 7": 60,
    "theorem 8": 40,
    "theorem 8 noise": 40,
    "sample complexity": 40,
    "large M": 5,
    "M = 1": 120,
    "losses": 12,
}


def recipe(settings):
    """How a statement is checked: the same for all but the rounds."""
    return replace(HOW, rounds=ROUNDS.get(settings["check"], HOW.rounds))


def run(settings, recipe, seed, where):
    """Put one statement to numbers on `runs` draws."""
    seeds = [(seed, r) for r in range(settings["runs"])]
    return Outcome(CHECKS[settings["check"]](settings, seeds, recipe), f"{settings['runs']} synthetic draws")


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
        "noise term": [{"n": n, "d": 5, "kind": "random", "sigma": s} for s in (0.01, 0.1) for n in SAMPLES[profile]],
        "noise term of a step": [
            {"n": n, "d": 5, "kind": "random", "sigma": 0.1, "link": link} for link in LINKS for n in SAMPLES[profile]
        ],
        "dropped term": [{"n": n, "d": 5, "kind": "random", "sigma": 0.1} for n in MORE_SAMPLES[profile]],
        "kappa": [{**kind, "d": 5} for kind in kinds[:4]],
        "remark 2": kinds[::2],
        "appendix C": [{"sigma": 0.1, "condition": c} for c in (1, 10, 1000)],
        "theorem 11": [{"delta": delta} for delta in DELTAS],
        "theorem 7": [
            {"kind": kind, "d": d, "sigma": 0.01, "clean": c, "alpha": round(c - 0.05, 3)}
            for kind in ("adaptive", "arbitrary") for d in dict.fromkeys((5, size["d"])) for c in ADVERSARY_CLEAN
        ],
        "sample complexity": [
            {"d": d, "n": int(m * d), "sigma": 0.1, "within": 0.25} for d in FEATURES[profile] for m in PER_FEATURE
        ],
        "theorem 8": [{"d": 10, "clean": c, "components": m} for m in (2, 3) for c in HOW.shares],
        "theorem 8 noise": [{"d": 10}],
        "theorem 9": [{"d": 5, "kind": kind, "sigma": 0.1} for kind in ("arbitrary", "random", "mixture")],
        "regularity": [{"n": 1600 if profile == "quick" else 6400, "d": 5}],
        "large M": [{"d": 5, "sigma": 0.1}],
        "M = 1": [
            {"d": d, "sigma": 0.001, "clean": c, "alpha": round(c - 0.05, 3), "step": step}
            for d in dict.fromkeys((10, size["d"])) for c in (0.6, 0.7, 0.8, 0.9) for step in STEPS
        ],
        "losses": [{"d": 5, "sigma": 0.1}],
    }  # fmt: skip
    return [
        {"check": check, **size, **cell, "runs": min(runs, MOST_RUNS.get(check, runs))}
        for check, cells in settings.items()
        for cell in cells
    ]


def _seconds(settings):
    """Expected time of a cell on one CPU core."""
    per_run = {
        "theorem 8": 0.13, "breakdown": 0.02, "lemma 3": 0.03, "lemma 5": 0.03, "lemma 6": 0.06, "large M": 0.1,
        "losses": 0.3, "regularity": 2.0, "theorem 8 noise": 0.08, "M = 1": 0.005,
    }  # fmt: skip
    per_number = 2e-6 if settings["check"] == "lemma 3" else 1e-7
    return settings["runs"] * (per_run.get(settings["check"], 0.003) + per_number * settings["n"] * settings["d"])


EXPERIMENTS = {
    "theory": Experiment(
        name="theory",
        title="Statements of the theory, put to numbers",
        place="Sections 3 and 5, appendices A and C",
        cells=_cells,
        allows={
            "check": one_of(*CHECKS),
            "n": whole(2),
            "d": whole(),
            "runs": whole(),
            "kind": one_of(*KINDS),
            "sigma": number(0, 1000),
            "assumption": one_of("holds", "fails"),
            "bad": whole(0),
            "link": one_of(*LINKS),
            "condition": number(1, 1e12),
            "delta": number(0, 1, with_low=False),
            "clean": SHARE,
            "alpha": SHARE,
            "step": number(0, 10, with_low=False),
            "within": number(0, 10, with_low=False),
            "components": whole(2),
        },
        recipe=recipe,
        run=run,
        seconds=_seconds,
    )
}
