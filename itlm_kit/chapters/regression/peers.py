"""Least trimmed squares of other hands beside ITLM on the same draws: time and error of each. Section 2.

Times are those of the processor, told as ratios of fits side by side: another machine, or a busy one, matters less.
"""

from dataclasses import dataclass

from itlm_kit.chapters.regression.rivals import FAST_LTS, PEERS, compare
from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Experiment, Outcome
from itlm_kit.experiments.settings import one_of, whole
from itlm_kit.glm.draws import draw

SIZES = {"quick": ((300, 5),), "full": ((1000, 5), (1000, 20), (1000, 100))}


@dataclass(frozen=True)
class PeersRecipe:
    """What is fitted, and the share that both trim to."""

    clean: float = 0.8
    sigma: float = 0.1
    alpha: float = 0.75


def recipe(settings):
    """The same for every cell."""
    return PeersRecipe()


def run(settings, recipe, seed, where):
    """Fit ITLM and one peer to each of `runs` draws; errors, and the median time of the peer over that of ITLM.

    Raises InputError where the peer is not installed.
    """
    sizes = {"n": settings["n"], "d": settings["d"], "clean": recipe.clean, "sigma": recipe.sigma}
    draws = [draw("random", **sizes, seed=(seed, r)) for r in range(settings["runs"])]
    both = [peer for peer in PEERS if peer.name in ("ITLM", settings["peer"])]
    table = compare(draws, alpha=recipe.alpha, seed=seed, peers=both).set_index("method")
    missing = table.loc[settings["peer"], "note"]
    if missing:
        raise InputError(f"peer must be one that runs here; {settings['peer']} {missing}.")
    rows = [{"method": name, "error": float(error)} for name, error in table["error"].items()]
    ratio = table.loc[settings["peer"], "seconds"] / table.loc["ITLM", "seconds"]
    return Outcome({"time_ratio": float(ratio), "rounds": rows}, f"{settings['runs']} synthetic draws")


def _cells(profile):
    return [{"peer": name, "n": n, "d": d, "runs": 3} for name in FAST_LTS for n, d in SIZES[profile]]


EXPERIMENTS = {
    "peers": Experiment(
        name="peers",
        title="Time of other hands' least trimmed squares over ITLM's",
        place="Section 2",
        cells=_cells,
        allows={"peer": one_of(*FAST_LTS), "n": whole(2), "d": whole(), "runs": whole()},
        recipe=recipe,
        run=run,
        seconds=lambda settings: settings["runs"] * (2 + 1.3e-4 * settings["n"] * settings["d"]),
    )
}
