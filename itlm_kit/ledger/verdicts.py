"""The ledger: every claim with the figure that result files hold for it, and the verdict."""

import math

from itlm_kit.experiments.results import results_frame
from itlm_kit.ledger.shelf import NotMeasured, Shelf, listed, words

REPRODUCED, NOT_REPRODUCED, NOT_RUN = VERDICTS = ("reproduced", "not reproduced", "not run")


def entries(claims, store, find):
    """One dict per claim: what it says, its band, the figure with seeds, data and device, the verdict, what it needs.

    store: a ResultStore, whose cells count where an experiment's full profile has them as it is now, and every cell
    that a claim speaks of must be there. find(name) -> Experiment.
    """
    shelf = Shelf(store, find)
    return [{**_about(claim), **_verdict(claim, shelf)} for claim in claims]


def _about(claim):
    return {
        "id": claim.id, "place": claim.place, "claim": claim.text,
        "experiment": list(dict.fromkeys(part.experiment for part in claim.measure.parts)),
        "measure": claim.measure.text, "band": str(claim.band), "why": claim.why,
        "published": claim.published, "baseline": claim.baseline, "note": claim.note,
    }  # fmt: skip


def _verdict(claim, shelf):
    try:
        if claim.beyond:
            raise NotMeasured(claim.beyond)
        results = shelf.results(claim.measure.parts)
        figure = _figure(claim.measure, results)
    except NotMeasured as missing:
        return {"verdict": NOT_RUN, "needs": str(missing), "figure": None, **_source([]), "departs": []}
    used = [result for part in results for result in part]
    verdict = REPRODUCED if claim.band.contains(figure) else NOT_REPRODUCED
    return {"verdict": verdict, "needs": "", "figure": figure, **_source(used), "departs": _departs(claim, used)}


def _figure(measure, results):
    try:
        frames = [_rows(part.where, found) for part, found in zip(measure.parts, results, strict=True)]
        figure = float(measure.figure(frames))
    except KeyError as error:
        name = measure.parts[0].experiment
        raise NotMeasured(f"a metric that the results of {name} do not hold ({error.args[0]})") from error
    if not math.isfinite(figure):
        raise NotMeasured("results on which its measure is defined")
    return round(figure, 9)  # differences of equal figures are 0, whatever the rounding of their terms


def _rows(where, results):
    frame = results_frame(results)
    for column in set(where) - set(results[0].settings):  # the cells themselves are chosen already
        frame = frame[frame[column].isin(listed(where[column]))]
    if frame.empty:
        raise NotMeasured(f"results that hold {words(where)}")
    return frame


def _source(used):
    return {
        "seeds": sorted({result.seed for result in used}),
        "data": sorted({result.data.replace(f", seed {result.seed}", "") for result in used}),  # seeds stand apart
        "device": sorted({result.device for result in used}),
    }


def _departs(claim, used):
    """Where the measurement's settings are not the paper's, in words."""
    found = {key: {str(result.settings.get(key, "not told")) for result in used} for key in claim.paper}
    return [
        f"{key} {', '.join(sorted(values))}, in the paper {claim.paper[key]}"
        for key, values in found.items()
        if values != {str(claim.paper[key])}
    ]
