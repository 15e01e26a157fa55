"""What was measured beside what the paper prints, cell by cell; and the cells of its tables as claims."""

from collections.abc import Callable

import numpy as np

from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.results import Result
from itlm_kit.experiments.spread import over_seeds
from itlm_kit.ledger.claim import Claim
from itlm_kit.ledger.printed import ROUNDS, printed


def beside_printed(experiment: Experiment, results: list[Result], measure: str, *, profile: str = "full"):
    """Every cell of an experiment's profile: a measure as the paper prints it, and over the seeds of the results.

    Table 1's baseline and 1-step, which are rounds of ITLM's own cell, have a row each. Columns: the settings, paper,
    measured (median), low, high, seeds (how many), source; NaN where nothing is printed, or nothing was measured yet.
    """
    import pandas as pd

    rows = []
    for settings in experiment.cells(profile):
        found = [result for result in results if result.settings == settings]
        rows.append(_row(experiment.name, settings, measure, found, [result.metrics for result in found]))
        for method, t in ROUNDS.items() if _holds_rounds(experiment.name, settings) else ():
            rounds = [result.metrics["rounds"][t] for result in found]
            rows.append(_row(experiment.name, {**settings, "method": method}, measure, found, rounds))
    return pd.DataFrame(rows)


def _holds_rounds(name, settings):
    return name.startswith("table1") and settings["method"] == "itlm"


def _row(name, settings, measure, found, metrics):
    """One line: the printed figure of these settings beside the metrics, one for each of the results found."""
    spread = over_seeds(each[measure] for each in metrics)
    measured = {"measured": spread.median, "low": spread.low, "high": spread.high, "seeds": spread.seeds}
    source = found[0].data.rpartition(", seed")[0] or found[0].data if found else ""
    return {**settings, "paper": printed(name, settings).get(measure, np.nan), **measured, "source": source}


def table_claims(table: dict, claim: Callable[..., dict], *, columns=None) -> list[Claim]:
    """One Claim for each figure of a printed table, row by row.

    table: {row: {column: figure}} as `printed` has them. claim(*row, column, figure) -> the fields of the Claim but
    `printed`, which is the figure. columns: those that count (None: all).
    """
    return [
        Claim(printed=figure, **claim(*row, column, figure))
        for row, figures in table.items()
        for column, figure in figures.items()
        if columns is None or column in columns
    ]
