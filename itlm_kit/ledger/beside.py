"""What was measured beside what the paper prints, cell by cell; and the cells of its tables as claims."""

from collections.abc import Callable, Iterator

import numpy as np

from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.results import Result, results_frame
from itlm_kit.experiments.spread import over_seeds
from itlm_kit.ledger.claim import Claim
from itlm_kit.ledger.printed import ROUNDS, printed

_RANGE = ["low", "high", "seeds"]
_NO_METRICS = {"seed", "seconds", "round", "epoch", "selected_epoch"}


def beside_printed(experiment: Experiment, results: list[Result], measure: str, *, profile: str = "full"):
    """Every cell of an experiment's profile: a measure as the paper prints it, and over the seeds of the results.

    Table 1's baseline and 1-step, which are rounds of ITLM's own cell, have a row each. Columns: the settings, paper,
    measured (median), low, high, seeds (how many), source; NaN where nothing is printed, or nothing was measured yet.
    """
    return cells_beside_printed(experiment.name, experiment.cells(profile), results, measure)


def cells_beside_printed(name: str, cells: list[dict], results: list[Result], measure: str):
    """The same for these cells, a list of settings, of the experiment `name`."""
    import pandas as pd

    rows = []
    for settings in cells:
        found = [result for result in results if result.settings == settings]
        rows.append(_row(name, settings, measure, found, [_last(result.metrics) for result in found]))
        for method, t in ROUNDS.items() if _holds_rounds(name, settings) else ():
            rounds = [result.metrics["rounds"][t] for result in found]
            rows.append(_row(name, {**settings, "method": method}, measure, found, rounds))
    return pd.DataFrame(rows)


def in_three_lines(table, methods):
    """Rows of `beside_printed` with a column for each of the methods, a list, and three lines for each noise and clean.

    The lines, as `what` in the index: paper, measured (the median over seeds), range (of the seeds, where several).
    """
    span = [f"{low:.1f} – {high:.1f}" if seeds > 1 else "" for low, high, seeds in table[_RANGE].to_numpy()]
    told = {"paper": table["paper"].map("{:.1f}".format), "measured": table["measured"].map("{:.1f}".format)}
    rows = table[["noise", "clean", "method"]].assign(**told, range=span)
    lines = rows.melt(["noise", "clean", "method"], [*told, "range"], var_name="what")
    wide = lines.pivot(index=["noise", "clean", "what"], columns="method", values="value").rename_axis(columns=None)
    wide = wide.reindex(columns=methods).reindex([*told, "range"], level="what")
    return wide.mask(wide.isna() | (wide == "nan"), "")


def _holds_rounds(name, settings):
    return name.startswith("table1") and settings["method"] == "itlm"


def _last(metrics):
    """The metrics of a cell, those of its last round among them where it has rounds."""
    return {**metrics.get("rounds", [{}])[-1], **metrics}


def _row(name, settings, measure, found, metrics):
    """One line: the printed figure of these settings beside the metrics, one for each of the results found."""
    spread = over_seeds(each[measure] for each in metrics)
    measured = {"measured": spread.median, "low": spread.low, "high": spread.high, "seeds": spread.seeds}
    source = found[0].data.rpartition(", seed")[0] or found[0].data if found else ""
    return {**settings, "paper": printed(name, settings).get(measure, np.nan), **measured, "source": source}


def compared(seeds: list[Result]) -> Iterator[dict]:
    """One cell's results, seed by seed, as lines: one per method where its rounds hold several.

    A line has the settings, seeds (how many), and each metric of the last round as text: its Spread, [in brackets] what
    the paper prints.
    """
    frame, first = results_frame(seeds), seeds[0]
    paper = printed(first.experiment, first.settings)
    for method, rows in frame.groupby("method", sort=False) if "method" in frame else [(None, frame)]:
        last = rows.groupby("seed").tail(1)
        metrics = [c for c in last.select_dtypes("number") if c not in _NO_METRICS and c not in first.settings]
        label = {} if method is None else {"method": method}
        figures = {metric: _figure(last[metric], paper.get(metric)) for metric in metrics}
        yield {**first.settings, **label, "seeds": len(last), **figures}


def _figure(values, paper):
    spread = over_seeds(values.dropna())
    return (str(spread) if spread.seeds else "") + ("" if paper is None else f" [{paper:g}]")


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
