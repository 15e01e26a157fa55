"""What was measured beside what the paper has, as text."""

import pandas as pd

from itlm_kit.experiments.results import above_oracle, results_frame
from itlm_kit.experiments.spread import over_seeds
from itlm_kit.ledger.printed import printed

_NO_METRICS = {"seed", "seconds", "round", "epoch", "selected_epoch"}
_CAPTION = "Of the last round: median over seeds (lowest to highest), [in brackets] the paper's figure."


def comparison(results):
    """Text of a table, one line per setting and method: what was measured (what the paper has).

    results: finished cells of one experiment. Settings that all lines share stand above the table.
    """
    cells = {}
    for result in results:
        cells.setdefault(str(result.settings), []).append(result)
    table = pd.DataFrame([line for seeds in cells.values() for line in _lines(seeds)])
    settings = [key for key in results[0].settings if key in table]
    shared = [key for key in settings if len(table) > 1 and table[key].map(str).nunique() == 1]
    above = ", ".join(f"{key} {table[key].iloc[0]}" for key in shared)
    body = table.drop(columns=shared).to_string(index=False, na_rep="")
    flags = [f"Above its oracle by more than a point: {r.settings}, seed {r.seed}" for r in above_oracle(results)]
    return "\n".join(line for line in (above, body, _CAPTION, *flags) if line)


def _lines(seeds):
    # One cell's results, seed by seed -> its lines: one per method where its rounds hold several.
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
