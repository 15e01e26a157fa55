"""What was measured beside what the paper has, and how long all of it would take, as text."""

import pandas as pd

from itlm_kit.experiments.results import above_oracle, by_settings
from itlm_kit.experiments.scheduling import makespan
from itlm_kit.ledger.beside import compared
from itlm_kit.names import counted, duration

AT_ONCE = (1, 8, 100)  # GPUs, and cores
_CAPTION = "Of the last round: median over seeds (lowest to highest), [in brackets] the paper's figure."


def comparison(results):
    """Text of a table, one line per setting and method: what was measured (what the paper has).

    results: finished cells of one experiment. Settings that all lines share stand above the table.
    """
    table = pd.DataFrame([line for seeds in by_settings(results) for line in compared(seeds)])
    settings = [key for key in results[0].settings if key in table]
    shared = [key for key in settings if len(table) > 1 and table[key].map(str).nunique() == 1]
    above = ", ".join(f"{key} {table[key].iloc[0]}" for key in shared)
    body = table.drop(columns=shared).to_string(index=False, na_rep="")
    flags = [f"Above its oracle by more than a point: {r.settings}, seed {r.seed}" for r in above_oracle(results)]
    return "\n".join(line for line in (above, body, _CAPTION, *flags) if line)


def on_paper(cells):
    """How long cells are expected to take on several GPUs and cores, the longest first, in Markdown.

    Those that want a GPU run one on each GPU, all others one on each core of a CPU.
    """
    parts = [[cell for cell in cells if cell.experiment.needs_gpu(cell.settings) is gpu] for gpu in (True, False)]
    seconds = [[cell.seconds for cell in part] for part in parts]
    on_gpu, on_cpu = (counted(len(part), "cell") for part in parts)
    head = f"| at once | GPUs, for the {on_gpu} that want one | cores of a CPU, for the other {on_cpu} |"
    ends = {workers: [duration(makespan(part, workers)) for part in seconds] for workers in AT_ONCE}
    return "\n".join([head, "|---|---|---|", *(f"| {workers} | {' | '.join(end)} |" for workers, end in ends.items())])
