"""The ledger: every claim with the figure that stored results hold for it, seed by seed, and the verdict."""

import math

import numpy as np
import pandas as pd

from itlm_kit.errors import InputError
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.spread import over_seeds
from itlm_kit.ledger.shelf import NotMeasured, Shelf, listed, words

REPRODUCED, MIXED, NOT_REPRODUCED, NO_POWER, NOT_RUN = VERDICTS = (
    "reproduced", "mixed", "not reproduced", "no power", "not run",
)  # fmt: skip
_VERDICT = {frozenset([True]): REPRODUCED, frozenset([False]): NOT_REPRODUCED, frozenset([True, False]): MIXED}


def ledger(claims, store, find) -> pd.DataFrame:
    """One row per claim: what it says, its band, the figure over seeds, the verdict, what it needs.

    Columns: id, place, says, experiment, measure, band, why, wrong, printed, note, verdict, figure (median over seeds),
    low, high, seeds (a list), power and needs (texts), data, device, departs, keys (lists; the last names the cells it
    rests on), command (that computes them). A claim is *reproduced* when the figure of every seed lies in its band,
    *not reproduced* when none does, else *mixed*; it has *no power* where `Power` says so. store: a ResultStore, whose
    cells count where an experiment's full profile has them as it is now, and every cell that a claim speaks of must be
    there. find(name) -> Experiment.
    """
    shelf = Shelf(store, find)
    rows = [{**_about(claim), **_judged(claim, shelf), "command": _command(claim, shelf)} for claim in claims]
    return pd.DataFrame(rows, dtype=object)


def _about(claim):
    return {
        "id": claim.id, "place": claim.place, "says": claim.says,
        "experiment": list(dict.fromkeys(cells.experiment for cells in claim.cells)),
        "measure": claim.measure.text, "band": str(claim.band), "why": claim.why, "wrong": claim.wrong,
        "printed": claim.printed, "note": claim.note,
    }  # fmt: skip


def _judged(claim, shelf):
    try:
        if claim.beyond:
            raise NotMeasured(claim.beyond)
        by_seed = shelf.by_seed(claim.cells)
        figures = [_figure(claim, results) for results in by_seed.values()]
    except NotMeasured as missing:
        nothing = {"figure": None, "low": None, "high": None, "seeds": [], "power": ""}
        return {"verdict": NOT_RUN, **nothing, "needs": str(missing), **_source([]), "departs": []}
    spread, power = over_seeds(figures), _lacking(claim.power, figures)
    used = [result for results in by_seed.values() for part in results for result in part]
    return {
        "verdict": NO_POWER if power else _VERDICT[frozenset(map(claim.band.contains, figures))],
        "figure": spread.median, "low": spread.low, "high": spread.high, "seeds": list(by_seed), "power": power,
        "needs": "", **_source(used), "departs": departures(claim.paper, used),
    }  # fmt: skip


def _lacking(power, figures):
    """Why the measurement cannot tell, in words; "" where it can, or nothing is known of it."""
    if power is None:
        return ""
    if abs(power.effect) < power.bias:
        return f"the effect, {power.effect:.3g}, is smaller than a bias of {power.bias:.3g}: {power.because}"
    spread = over_seeds(figures)
    if abs(power.effect) >= spread.high - spread.low:
        return ""
    needed = math.ceil((2 * np.std(figures, ddof=1) / abs(power.effect)) ** 2)  # two standard errors below the effect
    return (
        f"the effect, {power.effect:.3g}, is smaller than the spread over seeds, {spread.high - spread.low:.3g}; "
        f"it would take {needed} seeds"
    )


def _figure(claim, results):
    try:
        frames = [_rows(cells, found) for cells, found in zip(claim.cells, results, strict=True)]
        figure = float(claim.measure.figure(frames))
    except KeyError as error:
        name = claim.cells[0].experiment
        raise NotMeasured(f"a metric that the results of {name} do not hold ({error.args[0]})") from error
    if not math.isfinite(figure):
        raise NotMeasured("results on which its measure is defined")
    return round(figure, 9)  # differences of equal figures are 0, whatever the rounding of their terms


def _rows(cells, results):
    frame = results_frame(results, cells.rows)
    for column in set(cells.where) - set(results[0].settings):  # the cells themselves are chosen already
        frame = frame[frame[column].isin(listed(cells.where[column]))]
    if frame.empty:
        raise NotMeasured(f"results that hold {words(cells.where)}")
    return frame


def _source(used):
    return {
        "data": sorted({result.data.replace(f", seed {result.seed}", "") for result in used}),  # seeds stand apart
        "device": sorted({result.device for result in used}),
        "keys": sorted({result.key for result in used}),
    }


def _command(claim, shelf):
    """What computes the cells of a claim again; "" where nothing here can."""
    try:
        return "" if claim.beyond else shelf.commands(claim.cells)
    except (NotMeasured, InputError):
        return ""


def departures(paper: dict, results) -> list[str]:
    """Where settings or recipes of results are not the paper's, in words, one text for each dotted name of `paper`.

    Results that have no such setting, as what trains nothing has no batch size, depart where no other one has it.
    """
    told = [{**_dotted(result.recipe), **result.settings} for result in results]
    having = {name: [each[name] for each in told if name in each] or [None] for name in paper}
    found = {name: list(dict.fromkeys(map(_word, values))) for name, values in having.items()}
    return [
        f"{name.rpartition('.')[2].replace('_', ' ')} {', '.join(values)}, in the paper {_word(paper[name])}"
        for name, values in found.items()
        if values != [_word(described(paper[name]))]
    ]


def _dotted(values, prefix=""):
    """{"training.steps": 150, ...} of a described recipe; what stands for a class or function, by its name."""
    if not isinstance(values, dict):
        return {}
    found = {}
    for name, value in values.items():
        found[prefix + name] = value
        found |= _dotted(value, f"{prefix}{name}.")
    return found


def _word(value):
    if value is None:
        return "not told"
    if isinstance(value, dict) and "kind" in value:
        rest = [f"{name} {_word(each)}" for name, each in value.items() if name != "kind"]
        return " ".join([value["kind"], *rest])
    if isinstance(value, list | tuple):
        return ", ".join(map(_word, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
