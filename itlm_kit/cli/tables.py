"""What was measured beside what the paper has, as text."""

import pandas as pd

from itlm_kit.experiments.results import above_oracle
from itlm_kit.ledger.beside import compared

_CAPTION = "Of the last round: median over seeds (lowest to highest), [in brackets] the paper's figure."


def comparison(results):
    """Text of a table, one line per setting and method: what was measured (what the paper has).

    results: finished cells of one experiment. Settings that all lines share stand above the table.
    """
    cells = {}
    for result in results:
        cells.setdefault(str(result.settings), []).append(result)
    table = pd.DataFrame([line for seeds in cells.values() for line in compared(seeds)])
    settings = [key for key in results[0].settings if key in table]
    shared = [key for key in settings if len(table) > 1 and table[key].map(str).nunique() == 1]
    above = ", ".join(f"{key} {table[key].iloc[0]}" for key in shared)
    body = table.drop(columns=shared).to_string(index=False, na_rep="")
    flags = [f"Above its oracle by more than a point: {r.settings}, seed {r.seed}" for r in above_oracle(results)]
    return "\n".join(line for line in (above, body, _CAPTION, *flags) if line)
