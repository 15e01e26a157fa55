"""Cells of an experiment as one tidy frame, as notebooks want them: computed on the spot, or read from result files."""

from itlm_kit.experiments.experiment import Cell, Experiment, choose_cells
from itlm_kit.experiments.results import Result, results_frame
from itlm_kit.experiments.running import compute_cell
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import PROFILES, Where


def computed(experiment: Experiment, *, profile, seed=0, only=()):
    """Compute cells of an experiment here and now; returns a frame as `results_frame`.

    profile: "quick" or "full"; seed: of the draws; only: "key=value" texts, as `itlm reproduce --only` takes them.
    """
    cells = choose_cells(experiment, profile, only=only)
    return results_frame([compute_cell(Cell(experiment, settings, seed), Where()) for settings in cells])


def measured(experiment: Experiment, store: ResultStore, *, only=()):
    """The full cells of an experiment, seed 0, from a ResultStore; computed in quick form if one is missing."""
    cells = choose_cells(experiment, "full", only=only)
    found = [store.load(Cell(experiment, settings)) for settings in cells]
    return computed(experiment, profile="quick", only=only) if None in found else results_frame(found)


def stored(experiment: Experiment, store: ResultStore) -> list[Result]:
    """The Results of a store that belong to the experiment's figure or table, in either profile, by settings and seed.

    Cells that were asked for beside those (`itlm reproduce --set`) are left out.
    """
    listed = [settings for profile in PROFILES for settings in experiment.cells(profile)]
    return [result for result in store.results(experiment.name) if result.settings in listed]


def source_of(frame):
    """What a frame of synthetic cells was measured on, in words, for the line under a figure."""
    spans = ", ".join(f"{name} = {_span(frame[name])}" for name in ("n", "d") if name in frame)
    return f"{spans}; {_span(frame['runs'])} draws per point, seed {_span(frame['seed'])}; {frame['device'].iloc[0]}"


def _span(values):
    low, high = values.min(), values.max()
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
