"""Finished cells of an experiment as files: written at once or not at all, found again by what they were computed from.

A cell is one (settings, seed) of an experiment. Its file is `<folder>/<experiment>/<key>.json`, curves beside it
as `<key>.npz`; the key is a hash of experiment, version, settings and seed, so another version is another file.
"""

import hashlib
import json
import tempfile
import time
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from itlm_kit.files import write_atomically, writing_to

SCHEMA = 1
_DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)
_ABANDONED = 3600  # seconds after which a half-written file can no longer be one that is being written


@dataclass(frozen=True)
class Result:
    """One finished cell: what was asked for, what was measured, and on what."""

    experiment: str
    version: int  # of the experiment
    settings: dict
    seed: int
    metrics: dict  # finite numbers or None, or lists of one row (a dict) per round
    data: str
    device: str
    seconds: float
    versions: dict  # of the packages used
    curves: dict = field(default_factory=dict, repr=False)  # name -> array

    @property
    def key(self):
        return cell_key(self.experiment, self.version, self.settings, self.seed)


def cell_key(experiment, version, settings, seed):
    """The name of a cell's file: a hash of experiment, its version, settings and seed (order of settings aside)."""
    text = json.dumps([SCHEMA, experiment, version, settings, seed], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class ResultStore:
    """A folder of finished cells."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def path(self, experiment, version, settings, seed):
        return self.folder / experiment / f"{cell_key(experiment, version, settings, seed)}.json"

    def prepare(self, experiment):
        """Make an experiment's folder ready before work starts, and clear what a killed run left half-written.

        Raises InputError when the folder cannot be written to.
        """
        with writing_to(self.folder / experiment):
            for part in (self.folder / experiment).glob("*.part"):
                if time.time() - part.stat().st_mtime > _ABANDONED:
                    part.unlink(missing_ok=True)
            with tempfile.TemporaryFile(dir=self.folder / experiment) as file:
                file.write(bytes(4096))

    def save(self, result):
        """Write a result, whole or not at all.

        Raises InputError when the folder cannot be written to, ValueError when a metric is NaN or infinite.
        """
        path = self.path(result.experiment, result.version, result.settings, result.seed)
        text = _as_text(result)
        with writing_to(path.parent):
            if result.curves:  # first, so that a cell that counts as finished has its curves
                write_atomically(path.with_suffix(".npz"), lambda f: np.savez_compressed(f, **result.curves))
            write_atomically(path, lambda f: f.write(text.encode()))
        return path

    def load(self, experiment, version, settings, seed):
        """The finished cell, or None when there is none: no file, a damaged one, or one of other settings."""
        return read_result(self.path(experiment, version, settings, seed))

    def results(self, experiment=None, version=None):
        """All finished cells, of one experiment and version when named, in the order of their files' names."""
        pattern = f"{experiment or '*'}/*.json"
        found = (read_result(path) for path in sorted(self.folder.glob(pattern)))
        return [r for r in found if r is not None and version in (None, r.version)]


def read_result(path):
    """Read one result file with its curves; None when it is missing, damaged, or its name belies its content."""
    path = Path(path)
    try:
        about = json.loads(path.read_text())
        if about.pop("schema") != SCHEMA:
            return None
        curves = _read_curves(path.with_suffix(".npz"), about.pop("curves"))
        result = Result(**about, curves=curves)
        return result if (result.experiment, result.key) == (path.parent.name, path.stem) else None
    except _DAMAGED:
        return None


def above_oracle(results, metrics=("last_accuracy", "selected_accuracy"), margin=1.0):
    """The results that beat the oracle of their own settings and seed by more than `margin` points: look twice at them.

    A method that knows less than the oracle and does better has seen what it should not, or the oracle was unlucky.
    """
    tops = {_but_method(r): r.metrics for r in results if r.settings.get("method") == "oracle"}
    return [
        r
        for r in results
        if any(r.metrics.get(m, -np.inf) > tops.get(_but_method(r), {}).get(m, np.inf) + margin for m in metrics)
    ]


def _but_method(result):
    settings = {name: value for name, value in result.settings.items() if name != "method"}
    return cell_key(result.experiment, result.version, settings, result.seed)


def results_frame(results):
    """Tidy DataFrame: one row per (setting, seed, round), or per cell where no rounds were recorded.

    Columns: the settings, seed, metrics, and source (what it was computed from), device, seconds, versions.
    """
    import pandas as pd

    rows = [row for result in results for row in _rows(result)]
    return pd.DataFrame(rows)


def _rows(result):
    single = {k: v for k, v in result.metrics.items() if not isinstance(v, list)}
    common = {**result.settings, "seed": result.seed, **single}
    about = {"source": result.data, "device": result.device, "seconds": result.seconds, "versions": result.versions}
    rounds = result.metrics.get("rounds", [{}])
    return [{**common, **row, **about} for row in rounds]


def _as_text(result):
    about = {"schema": SCHEMA, **vars(result), "curves": sorted(result.curves)}  # their names: absent ones show
    return json.dumps(about, indent=1, default=_plain, allow_nan=False) + "\n"


def _read_curves(path, names):
    if not names:
        return {}
    with np.load(path, allow_pickle=False) as curves:
        return {name: curves[name] for name in names}


def _plain(value):
    # NumPy numbers and arrays as JSON; anything else is a mistake that must show.
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written as JSON")
