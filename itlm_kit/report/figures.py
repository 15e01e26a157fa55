"""Each figure and table of the paper as pictures, drawn from finished cells of its experiment."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from itlm_kit.experiments.experiment import Experiment
from itlm_kit.experiments.results import Result, by_settings, results_frame
from itlm_kit.files import write_atomically, writing_to
from itlm_kit.plots import alpha, backdoor, beside, convergence, gan, gan_length, label_noise, scores
from itlm_kit.plots.one_round import rate_comparison
from itlm_kit.plots.trimmed import breakdown_curve
from itlm_kit.report.tables import TABLES, measured_on, table_pictures, told


class Picture(NamedTuple):
    """One picture of a figure or table."""

    caption: str  # which part of it: a panel, a data set; "" where it is the whole
    figure: Any  # matplotlib's


def pictures(experiment: Experiment, results: list[Result], cells: list[dict] | None = None) -> list[Picture]:
    """The pictures of an experiment's figure or table, [] where these results are not enough to draw it.

    results: finished cells of the experiment. cells: settings that belong to it, whose printed figures a table shows
    also where nothing was measured; None: those of the results.
    """
    if not results:
        return []
    if experiment.name in TABLES:
        cells = cells or [first.settings for first, *_ in by_settings(results)]
        return [Picture(*each) for each in table_pictures(TABLES[experiment.name], experiment.name, cells, results)]
    return [Picture(*each) for each in _DRAWN.get(experiment.name, lambda _: ())(results)]


def write_pictures(experiment: Experiment, results: list[Result], folder: str | Path) -> Iterator[Path]:
    """Write the pictures as PNG files named by experiment and caption, yielding the Path of each."""
    for caption, figure in pictures(experiment, results):
        words = re.sub(r"[^a-z0-9.]+", "-", f"{experiment.name} {caption}".lower()).strip("-")
        path = Path(folder, f"{words}.png")
        with writing_to(path.parent):
            write_atomically(path, lambda file, figure=figure: figure.savefig(file, format="png"))
        yield path


def _source(results):
    """What results were measured on: data, seeds, devices."""
    return measured_on((result.data.partition(", seed")[0] for result in results), results)


def _split(results, *keys) -> Iterator[tuple[str, list[Result]]]:
    """(caption, results) for each combination of values of these settings."""
    found = {}
    for result in results:
        words = (told(key, result.settings.get(key)) for key in keys)
        found.setdefault(", ".join(filter(None, words)), []).append(result)
    return iter(found.items())


def _medians(results, by):
    """The median over seeds at each value of a column."""
    return results_frame(results).groupby(by).median(numeric_only=True).reset_index()


def _by_epoch(results):
    for caption, found in _split(results, "data", "recipe"):
        yield caption, label_noise.clean_against_bad(_medians(found, "epoch"), source=_source(found))


def _along_training(results):
    for caption, found in _split(results, "pair", "images"):
        yield caption, gan.along_training(_medians(found, "step"), source=_source(found))


_PANELS: dict[str, Callable] = {
    "ab": convergence.by_sample_size,
    "c": convergence.by_clean_share,
    "d": convergence.by_misspecification,
    "ef": convergence.by_round,
}


def _convergence(results):
    """Panels of Figures 2, 5 and 6, of one seed: its bands are those of the runs that a cell holds."""
    frame = _first_seed(results)
    for letters, draw in _PANELS.items():
        rows = frame[frame["panel"].isin(list(letters))]
        if len(rows):
            yield f"panel{'s' * (len(letters) > 1)} {' and '.join(letters)}", draw(rows, source=_of_runs(rows))


def _kinked(results):
    frame, titles = _first_seed(results), {"a": "(a) random bad outputs", "b": "(b) mixture"}
    yield "", convergence.by_round(frame, source=_of_runs(frame), titles=titles)


def _first_seed(results):
    frame = results_frame(results)
    return frame[frame["seed"] == frame["seed"].min()]


def _of_runs(frame):
    one = frame.iloc[0]
    return f"{frame['runs'].max()} draws per point, seed {one['seed']}; {one['device']}"


def _drift(results):
    from itlm_kit.chapters.regression.convergence import expected_ratio, over_oracle

    measured = over_oracle(results_frame(results)).query("method == 'itlm-1'")
    ratios = [expected_ratio(row.kind, row.n, d=results[0].settings["d"]) for row in measured.itertuples()]
    yield "", convergence.drift(measured, measured.assign(ratio=ratios), source=_source(results))


_CHECKS = {  # those of the theory's that are curves
    "breakdown": ({"check": "breakdown"}, breakdown_curve),
    "remark 2, random bad outputs": ({"check": "remark 2", "kind": "random"}, rate_comparison),
}


def _theory(results):
    for caption, (where, draw) in _CHECKS.items():
        if found := [result for result in results if where.items() <= result.settings.items()]:
            rows = _first_seed(found)
            yield caption, draw(rows, source=_of_runs(rows))


def _cleaner(results):
    for caption, found in _split(results, "images", "steps"):
        shares = _medians(found, "round")["clean_share"].tolist()
        title = "Clean share of the kept set S$_t$"
        yield caption, gan.cleaner({title: (shares, 100 * found[0].settings["clean"])}, source=_source(found))


def _length(results):
    from itlm_kit.chapters.mixtures.length import elbow_frame, length_frame

    for caption, found in _split(results, "clean"):
        given = 100 * found[0].settings["clean"]
        yield caption, gan_length.by_length(length_frame(found), elbow_frame(found), given=given, source=_source(found))


def _alpha(results):
    from itlm_kit.chapters.labels.alpha import choices_frame

    for caption, found in _split(results, "data"):
        choices = choices_frame(found)
        yield f"{caption}, alpha", alpha.chosen_alpha(choices, source=_source(found))
        yield f"{caption}, regret", alpha.regrets(choices, source=_source(found))


def _scores(results):
    from itlm_kit.chapters.labels.scores import by_score

    for caption, found in _split(results, "data", "noise"):
        least = min(result.settings["clean"] for result in found)
        found = [result for result in found if result.settings["clean"] == least]
        figure = scores.auc_by_epoch(by_score(results_frame(found)), source=_source(found))
        yield f"{caption}, {told('clean', least)}", figure


def _found_errors(results):
    from itlm_kit.chapters.labels.found_errors import errors_frame
    from itlm_kit.experiments.spread import over_seeds

    rows = []
    for names, group in errors_frame(results).groupby(["data", "noise", "method"], sort=False):
        middle, low, high, _ = over_seeds(group["precision_at_bad"])
        label = {"label": ", ".join(names).replace("_", " "), "group": names[:2], "paper": np.nan}
        rows.append({**label, "measured": middle, "low": low, "high": high})
    frames = {"bad labels at the head of the list": pd.DataFrame(rows)}
    yield "", beside.printed_beside_measured(frames, source=_source(results), unit=" (%)")


def _backdoor_map(results):
    for caption, found in _split(results, "data"):
        frame = results_frame(found)
        last = frame[frame["round"] == frame["round"].max()]
        window = _most_varied(last, ["kind", "shape", "pair", "rate", "alpha"], "early")
        yield f"{caption}, window", backdoor.window(window, source=_source(found))
        field = _most_varied(last, ["kind", "shape", "pair", "early"], "rate")
        field = field.assign(enough=field["removed"] >= field["poisons"])
        if field["rate"].nunique() > 1:
            yield f"{caption}, rate and alpha", backdoor.rate_alpha_map(field, source=_source(found))


def _most_varied(frame, keys, column):
    """The rows of one group by `keys`: the one with most values of a column."""
    count = frame.groupby(keys)[column].transform("nunique")
    first = frame.loc[count.idxmax(), keys]
    return frame[(frame[keys] == first).all(axis=1)]


_DRAWN = {
    **dict.fromkeys(("fig1a", "fig1b", "fig1d"), _by_epoch),
    "fig1c": _along_training,
    **dict.fromkeys(("fig2", "fig5", "fig6"), _convergence),
    "fig7": _kinked,
    "drift": _drift,
    "theory": _theory,
    **dict.fromkeys(("fig8", "fig8-length"), _cleaner),
    "gan-length": _length,
    "alpha": _alpha,
    "scores": _scores,
    "found-errors": _found_errors,
    "backdoor-map": _backdoor_map,
}
