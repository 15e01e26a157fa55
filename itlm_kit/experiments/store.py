"""Finished cells on disk: written at once or not at all, found again by what they were computed from.

A working folder keeps each cell as `<folder>/<experiment>/<key>.json`, its curves beside it as `<key>.npz`. A published
one keeps all cells of an experiment in `<folder>/<experiment>.jsonl`, one a line, their curves in one `.npz` beside it
(`gathering` makes it). Both are read alike. A file or line that is damaged counts as not there, and is named.
"""

import json
import tempfile
import time
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell
from itlm_kit.experiments.results import Result, as_text, from_text
from itlm_kit.files import as_path, write_arrays, write_atomically, writing_to

_DAMAGED = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error,
    MemoryError, OverflowError,  # an array that its header says is huge
)  # fmt: skip
_ABANDONED = 3600  # seconds after which a half-written file can no longer be one that is being written


class DamagedResult(UserWarning):
    """A stored cell that cannot be read, and counts as not there."""


class ResultStore:
    """A folder of finished cells, working or published."""

    def __init__(self, folder):
        self.folder = as_path(folder, "folder")
        self._published = {}  # experiment -> {key: Result}, read once

    def path(self, cell: Cell) -> Path:
        """The file that a cell has or will have in a working folder."""
        return self.folder / cell.experiment.name / f"{cell.key}.json"

    def prepare(self, experiment: str) -> None:
        """Make an experiment's folder ready before work starts, and clear what a killed run left half-written.

        Raises InputError when the folder cannot be written to.
        """
        with writing_to(self.folder / experiment):
            for part in (self.folder / experiment).glob("*.part"):
                if time.time() - part.stat().st_mtime > _ABANDONED:
                    part.unlink(missing_ok=True)
            with tempfile.TemporaryFile(dir=self.folder / experiment) as file:
                file.write(bytes(4096))

    def save(self, result: Result) -> Path:
        """Write a result, whole or not at all.

        Raises InputError when the folder cannot be written to, ValueError when a metric is NaN or infinite.
        """
        path = self.folder / result.experiment / f"{result.key}.json"
        text = as_text(result, indent=1) + "\n"
        with writing_to(path.parent):
            if result.curves:  # first, so that a cell that counts as finished has its curves
                write_arrays(path.with_suffix(".npz"), result.curves)
            write_atomically(path, lambda f: f.write(text.encode()))
        return path

    def load(self, cell: Cell) -> Result | None:
        """The finished cell, or None when there is none: no file, a damaged one, or one of other settings or recipe."""
        path = self.path(cell)
        if path.is_dir():  # told now, since what is computed could not take its place
            raise InputError(f"a result must be a file; {path} is a folder. Move it away.")
        found = _read_or_warn(path) if path.exists() else None
        return found or self.published(cell.experiment.name).get(cell.key)

    def results(self, experiment: str | None = None) -> list[Result]:
        """All finished cells, of one experiment when named, by settings and seed."""
        names = self.experiments() if experiment is None else [experiment]
        return [result for name in names for result in self._results_of(name)]

    def experiments(self) -> list[str]:
        """Names of the experiments that the folder has cells of."""
        working = {path.parent.name for path in self.folder.glob("*/*.json")}
        return sorted(working | {path.stem for path in self.folder.glob("*.jsonl") if path.is_file()})

    def published(self, experiment: str) -> dict[str, Result]:
        """The cells of the experiment's published file by key, none where there is no such file."""
        if experiment not in self._published:
            lines = _read_lines(self.folder / f"{experiment}.jsonl")
            self._published[experiment] = {result.key: result for result in lines}
        return self._published[experiment]

    def _results_of(self, name):
        files = (_read_or_warn(path) for path in sorted((self.folder / name).glob("*.json")))
        found = self.published(name) | {result.key: result for result in files if result is not None}
        return sorted(found.values(), key=in_order)


class JoinedStores:
    """Several stores read as one: a cell that more than one of them has is taken from the first."""

    def __init__(self, *stores: ResultStore):
        self.stores = stores

    def results(self, experiment: str) -> list[Result]:
        """The finished cells of an experiment, by settings and seed."""
        found = {result.key: result for store in reversed(self.stores) for result in store.results(experiment)}
        return sorted(found.values(), key=in_order)


def published_results(folder) -> ResultStore:
    """The published cells in a folder; raises InputError when it is missing or holds none."""
    store = ResultStore(folder)
    if not store.experiments():
        found = "which holds none" if store.folder.is_dir() else "which is not there"
        raise InputError(
            f"results must be a folder with the kit's result files (.jsonl); got {str(folder)!r}, {found}. Run this "
            "where notebooks/results of the kit lies beside it, or name the folder."
        )
    return store


def in_order(result: Result):
    """What results are sorted by: settings, then seed."""
    return json.dumps(result.settings, sort_keys=True), result.seed, result.key


def read_result(path) -> Result:
    """Read one result file with its curves; an error of `_DAMAGED` when it is, or when its name belies its content."""
    path = Path(path)
    if not path.is_file():  # a pipe would be waited for
        raise ValueError("no file")
    result, names = from_text(path.read_text())
    curves = _read_curves(path.with_suffix(".npz"), {name: name for name in names})
    result = Result(**{**vars(result), "curves": curves})
    if (result.experiment, result.key) != (path.parent.name, path.stem):
        raise ValueError("its name belies its content")
    return result


def _read_or_warn(path):
    try:
        return read_result(path)
    except _DAMAGED as error:
        _warn(path, error)
        return None


def _read_lines(path) -> Iterator[Result]:
    """The results of a published file, one a line."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            result, names = from_text(line.decode())
            curves = _read_curves(path.with_suffix(".npz"), {name: f"{result.key}/{name}" for name in names})
            if result.experiment != path.stem:
                raise ValueError(f"a cell of {result.experiment}")
            yield Result(**{**vars(result), "curves": curves})
        except _DAMAGED as error:
            _warn(f"{path}, line {number}", error)


def _warn(where, error):
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    warnings.warn(f"{where} is damaged and counts as not there: {why}", DamagedResult, stacklevel=2)


def _read_curves(path, names):
    """{name: array} for names {name: member of the file}."""
    if not names:
        return {}
    with np.load(path, allow_pickle=False) as curves:
        return {name: curves[member] for name, member in names.items()}
