"""Finished cells of an experiment as files: written at once or not at all, found again by what they were computed from.

A cell is one (settings, seed) of an experiment. Its file is `<folder>/<experiment>/<key>.json`, curves beside it
as `<key>.npz`; the key is a hash of experiment, version, settings and seed, so another version is another file.
"""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from itlm_kit.errors import InputError

SCHEMA = 1


@dataclass(frozen=True)
class Result:
    """One finished cell: what was asked for, what was measured, and on what."""

    experiment: str
    version: int  # of the experiment
    settings: dict
    seed: int
    metrics: dict  # numbers, or lists of one row (a dict) per round
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

    def save(self, result):
        """Write a result, whole or not at all. Raises InputError when the folder cannot be written to."""
        path = self.path(result.experiment, result.version, result.settings, result.seed)
        about = {name: value for name, value in vars(result).items() if name != "curves"}
        text = json.dumps({"schema": SCHEMA, **about}, indent=1, default=_plain, allow_nan=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if result.curves:  # first, so that a cell that counts as finished has its curves
                _write_atomically(path.with_suffix(".npz"), lambda f: np.savez_compressed(f, **result.curves))
            _write_atomically(path, lambda f: f.write(text.encode()))
        except OSError as error:
            raise InputError(
                f"results must go to a folder that can be written; {path.parent}: {error.strerror}."
            ) from error
        return path

    def load(self, experiment, version, settings, seed):
        """The finished cell, or None when there is none: no file, a damaged one, or one of other settings."""
        path = self.path(experiment, version, settings, seed)
        result = read_result(path)
        return result if result is not None and result.key == path.stem else None

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
        result = Result(**about, curves=_read_curves(path.with_suffix(".npz")))
        return result if result.key == path.stem else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        return None


def results_frame(results):
    """Tidy DataFrame: one row per (setting, seed, round), or per cell where no rounds were recorded."""
    import pandas as pd

    rows = [row for result in results for row in _rows(result)]
    return pd.DataFrame(rows)


def _rows(result):
    single = {k: v for k, v in result.metrics.items() if not isinstance(v, list)}
    common = {**result.settings, "seed": result.seed, **single}
    about = {"data": result.data, "device": result.device, "seconds": result.seconds, "versions": result.versions}
    rounds = result.metrics.get("rounds", [{}])
    return [{**common, **row, **about} for row in rounds]


def _read_curves(path):
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as curves:
        return dict(curves)


def _write_atomically(path, write):
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _plain(value):
    # NumPy numbers and arrays as JSON; anything else is a mistake that must show.
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written as JSON")
