"""What was measured beside what the paper prints, cell by cell."""

import numpy as np

from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.results import Result
from itlm_kit.ledger.printed import printed


def beside_printed(experiment: Experiment, results: list[Result], measure: str):
    """Every full cell of an experiment: a measure as the paper prints it, and the median over the seeds of its results.

    Columns: the settings, paper, measured, seeds (how many); NaN where nothing is printed, or nothing was measured yet.
    """
    import pandas as pd

    rows = []
    for settings in experiment.cells("full"):
        found = [result.metrics[measure] for result in results if result.settings == settings]
        middle = float(np.median(found)) if found else np.nan
        paper = printed(experiment.name, settings).get(measure, np.nan)
        rows.append({**settings, "paper": paper, "measured": middle, "seeds": len(found)})
    return pd.DataFrame(rows)
