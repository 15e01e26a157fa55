"""Cells of an experiment as one tidy frame, as notebooks want them: computed on the spot, or read from result files."""

from itlm_kit.experiments import get_experiment
from itlm_kit.experiments.experiment import Where, select
from itlm_kit.experiments.reproduce import compute_cell
from itlm_kit.experiments.results import results_frame


def computed(name, *, profile, seed=0, only=()):
    """Compute the cells of the experiment `name` here and now; returns a frame as `results_frame`.

    profile: "quick" or "full"; seed: of the draws; only: "key=value" texts, as `itlm reproduce --only` takes them.
    """
    experiment = get_experiment(name)
    cells = select(experiment.cells(profile), only)
    return results_frame([compute_cell(experiment, settings, seed, Where()) for settings in cells])


def stored(name, store, *, profile="full", only=()):
    """The cells of the experiment `name`, seed 0, that a ResultStore holds; a frame, empty where there are none."""
    experiment = get_experiment(name)
    cells = select(experiment.cells(profile), only)
    found = (store.load(experiment.name, experiment.version, settings, 0) for settings in cells)
    return results_frame([result for result in found if result is not None])
