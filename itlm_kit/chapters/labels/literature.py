"""What other methods report on CIFAR-10 with random label errors, each with what its noise rate means (Table 2)."""

import pandas as pd

from itlm_kit.experiments.spread import over_seeds
from itlm_kit.ledger.printed import TABLE2

# How a label named noisy is drawn, and the share of those that end up wrong, with ten classes.
OTHERS = "uniform over the other classes", 1.0
ALL = "uniform over all classes, its own included", 0.9
NEXT = "the next class", 1.0
_NAMES = {
    "itlm": "ITLM, the paper",
    "reweight": "Reweight",
    "mentornet-pd": "MentorNet PD",
    "mentornet-dd": "MentorNet DD",
}
# Reweight: its paper says "any other label class", the code released draws without leaving out the own one.
_NOISE = {"itlm": OTHERS, "reweight": ALL, "mentornet-pd": ALL, "mentornet-dd": ALL}
# Not in the paper's table: method, noise, named rate, accuracy, clean samples given; by its authors, last epoch.
_LATER = (
    ("MentorNet PD", ALL, 0.2, 91.0, 0),
    ("MentorNet DD", ALL, 0.2, 91.4, 5000),
    ("Co-teaching", OTHERS, 0.2, 82.2, 0),
    ("Co-teaching", OTHERS, 0.5, 74.5, 0),
    ("Co-teaching", NEXT, 0.45, 72.9, 0),
    ("DivideMix", ALL, 0.2, 95.7, 0),
    ("DivideMix", ALL, 0.5, 94.4, 0),
    ("DivideMix", ALL, 0.8, 92.9, 0),
)


def table2(results=(), *, accuracy="selected_accuracy"):
    """Table 2 as a frame: what was measured and what others report, by the share of labels that are really wrong.

    results: finished cells of table2. Columns method, noise (how a noisy label is drawn), named (the rate as its
    authors name it), wrong (share of wrong labels), accuracy (percent, median over seeds), clean_samples (identified
    ones that the method is given), source. A named 40 % is 36 % wrong where a label may be drawn anew as it was.
    """
    paper = [
        (_NAMES[method], _NOISE[method], round(1 - clean, 2), row["noisy"], int(1000 * row["given"]), "Table 2")
        for (clean, method), row in TABLE2.items()
    ]
    later = [(*row, "its authors") for row in _LATER]
    rows = [*_measured(results, accuracy), *paper, *later]
    frame = pd.DataFrame(rows, columns=["method", "noise", "named", "accuracy", "clean_samples", "source"])
    noise = frame.pop("noise")
    frame.insert(1, "noise", noise.str[0])
    frame.insert(3, "wrong", (frame["named"] * noise.str[1]).round(3))
    return frame.sort_values(["wrong", "accuracy"], ascending=[True, False], ignore_index=True)


def _measured(results, accuracy):
    cells = {}
    for result in results:
        name = ", ".join([result.settings["method"], "measured", *_by_recipe(result.settings)])
        cells.setdefault((name, result.settings["clean"], result.data), []).append(result)
    for (name, clean, source), seeds in cells.items():
        value = over_seeds(result.metrics[accuracy] for result in seeds).median
        yield name, OTHERS, round(1 - clean, 2), value, 0, source


def _by_recipe(settings):
    return [f"recipe {settings['recipe']}"] if "recipe" in settings else []
