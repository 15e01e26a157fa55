"""Cells of an experiment as one tidy frame, as notebooks want them: computed on the spot, or read from result files."""

import numpy as np

from itlm_kit.experiments import get_experiment
from itlm_kit.experiments.experiment import Where, select
from itlm_kit.experiments.published import published
from itlm_kit.experiments.reproduce import compute_cell
from itlm_kit.experiments.results import results_frame


def computed(name, *, profile, seed=0, only=()):
    """Compute the cells of the experiment `name` here and now; returns a frame as `results_frame`.

    profile: "quick" or "full"; seed: of the draws; only: "key=value" texts, as `itlm reproduce --only` takes them.
    """
    experiment = get_experiment(name)
    cells = select(experiment.cells(profile), only)
    return results_frame([compute_cell(experiment, settings, seed, Where()) for settings in cells])


def measured(name, store, *, only=()):
    """The full cells of the experiment `name`, seed 0, from a ResultStore; computed in quick form if one is missing."""
    experiment = get_experiment(name)
    cells = select(experiment.cells("full"), only)
    found = [store.load(experiment.name, experiment.version, settings, 0) for settings in cells]
    return computed(name, profile="quick", only=only) if None in found else results_frame(found)


def beside_published(name, store, measure):
    """Every full cell of the experiment `name`: a measure as the paper prints it, and the median over a store's seeds.

    Columns: the settings, paper, measured, seeds (how many); NaN where nothing is printed, or nothing was measured yet.
    """
    import pandas as pd

    experiment, rows = get_experiment(name), []
    for settings in experiment.cells("full"):
        seeds = (store.load(name, experiment.version, settings, seed) for seed in range(experiment.seeds["full"]))
        found = [result.metrics[measure] for result in seeds if result is not None]
        middle = float(np.median(found)) if found else np.nan
        printed = published(name, settings).get(measure, np.nan)
        rows.append({**settings, "paper": printed, "measured": middle, "seeds": len(found)})
    return pd.DataFrame(rows)


def source_of(frame):
    """What a frame of synthetic cells was measured on, in words, for the line under a figure."""
    spans = ", ".join(f"{name} = {_span(frame[name])}" for name in ("n", "d") if name in frame)
    return f"{spans}; {_span(frame['runs'])} draws per point, seed {_span(frame['seed'])}; {frame['device'].iloc[0]}"


def _span(values):
    low, high = values.min(), values.max()
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
