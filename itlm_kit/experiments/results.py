"""One finished cell: what was asked for, what was measured, on what; many of them as one tidy frame."""

import hashlib
import json
import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

SCHEMA = 2
ACCURACIES = ("last_accuracy", "selected_accuracy")  # that no method should have more of than its oracle


@dataclass(frozen=True)
class Result:
    """One finished cell: what was asked for, what was measured, and on what."""

    experiment: str
    version: int  # of the experiment
    settings: dict
    recipe: Any  # plain values, as `described` gives them
    seed: int
    metrics: dict  # finite numbers, texts or None, or lists of one row (a dict) per round
    data: str
    device: str
    seconds: float
    versions: dict  # of the packages used
    curves: dict = field(default_factory=dict, repr=False)  # name -> array

    @property
    def key(self):
        """The name of the cell's file; see `cell_key`."""
        return cell_key(self.experiment, self.version, self.settings, self.recipe, self.seed)


def cell_key(experiment: str, version: int, settings: dict, recipe: Any, seed: int) -> str:
    """The name of a cell's file: a hash of all that says what is computed (the order of settings aside)."""
    text = json.dumps([SCHEMA, experiment, version, settings, recipe, seed], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def as_values(result: Result) -> dict:
    """A result as JSON has it, its curves by their names alone: one that is missing shows."""
    return {"schema": SCHEMA, **vars(result), "curves": sorted(result.curves)}


def as_text(result: Result, **layout: Any) -> str:
    """The same as text; raises ValueError for a metric that is NaN or infinite. layout: of `json.dumps`."""
    return json.dumps(as_values(result), default=_plain, allow_nan=False, **layout)


def from_text(text: str) -> tuple[Result, list[str]]:
    """A result without its curves, and their names; raises ValueError for a text that is not one."""
    try:
        about = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(about, dict) or about.pop("schema", None) != SCHEMA:
        raise ValueError(f"no result of schema {SCHEMA}")
    missing = {each.name for each in fields(Result)} ^ set(about)
    if missing:
        raise ValueError(f"fields too many or missing: {', '.join(sorted(missing))}")
    wrong = [name for name, is_right in _RIGHT.items() if not is_right(about[name])]
    if wrong:
        raise ValueError(f"not what it should be: {', '.join(wrong)}")
    names = about.pop("curves")
    return Result(**about), names


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_value(value):
    return value is None or isinstance(value, str | bool) or _is_number(value)


def _is_metrics(metrics):
    if not isinstance(metrics, dict) or not _are_rows(metrics.get("rounds", [])):
        return False
    lists = [value for value in metrics.values() if isinstance(value, list)]
    plain = [value for value in metrics.values() if not isinstance(value, list)]
    return all(map(_is_value, plain)) and all(_are_rows(each) or all(map(_is_value, each)) for each in lists)


def _are_rows(rows):
    return isinstance(rows, list) and all(isinstance(row, dict) and all(map(_is_value, row.values())) for row in rows)


def _is_text(value):
    return isinstance(value, str)


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


_RIGHT = {
    "experiment": _is_text,
    "version": _is_whole,
    "settings": lambda value: isinstance(value, dict) and all(map(_is_value, value.values())),
    "recipe": lambda value: isinstance(value, dict | list | None),
    "seed": _is_whole,
    "metrics": _is_metrics,
    "data": _is_text,
    "device": _is_text,
    "seconds": _is_number,
    "versions": lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
    "curves": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}


def _refuse_constant(name):
    raise ValueError(f"{name} is no finite number")


def _plain(value):
    # NumPy numbers and arrays as JSON; anything else is a mistake that must show.
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written as JSON")


def above_oracle(results, margin=1.0):
    """The results that beat the oracle of their own settings and seed by more than `margin` points: look twice at them.

    A method that knows less than the oracle and does better has seen what it should not, or the oracle was unlucky.
    """
    tops = {_but_method(r): r.metrics for r in results if r.settings.get("method") == "oracle"}
    return [
        r
        for r in results
        if any(r.metrics.get(m, -np.inf) > tops.get(_but_method(r), {}).get(m, np.inf) + margin for m in ACCURACIES)
    ]


def _but_method(result):
    settings = {name: value for name, value in result.settings.items() if name != "method"}
    return cell_key(result.experiment, result.version, settings, None, result.seed)


def by_settings(results) -> list[list[Result]]:
    """Results in groups of the same settings, in the order in which these come first."""
    groups = {}
    for result in results:
        groups.setdefault(str(result.settings), []).append(result)
    return list(groups.values())


def results_frame(results, rows="rounds"):
    """Tidy DataFrame: one row per (setting, seed, round), or per cell where no rounds were recorded.

    rows: the list of the cells' metrics that is meant, if not the rounds.
    Columns: the settings, seed, metrics, and source (what it was computed from), device, seconds, versions.
    """
    import pandas as pd

    return pd.DataFrame([row for result in results for row in _rows(result, rows)])


def _rows(result, name):
    single = {k: v for k, v in result.metrics.items() if not isinstance(v, list)}
    common = {**result.settings, "seed": result.seed, **single}
    about = {"source": result.data, "device": result.device, "seconds": result.seconds, "versions": result.versions}
    return [{**common, **row, **about} for row in result.metrics.get(name, [{}])]
