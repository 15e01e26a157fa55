"""The finished rounds of a run in one small file, so that a run that was cut goes on where it stopped.

Weights are drawn anew in every round, from a seed: all that a round hands to the next is the set it kept.
"""

import json
import time
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from itlm_kit.files import write_arrays, writing_to

_DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


class Finished(NamedTuple):
    """A round that is over: what is reported of it, and what the next one needs."""

    row: dict  # plain values, as JSON has them
    kept: np.ndarray  # (n,) bool, S_t
    arrays: dict = {}  # name -> array, whatever else the report needs
    seconds: float = 0.0  # spent on it; measured by RoundsFile.go_on


class RoundsFile:
    """Where one run keeps its finished rounds.

    path: of an .npz file; None keeps nothing. about: what tells this run from others (settings, seed, device), plain
    values. A file of another run, or a damaged one, counts as none. `finished` lists the rounds found in it,
    `earlier_seconds` is what they took.
    """

    def __init__(self, path, about):
        self.path = None if path is None else Path(path)
        self.about = json.dumps(about, sort_keys=True)
        self.finished = self._read()
        self.earlier_seconds = sum(done.seconds for done in self.finished)

    def go_on(self, rounds):
        """Yield every Finished round: those found in the file, then those still to do, each once it is on disk.

        rounds(finished) -> an iterator of Finished, from round len(finished) on. Raises InputError when the file
        cannot be written.
        """
        yield from self.finished
        started = time.perf_counter()
        for done in rounds(list(self.finished)):
            now = time.perf_counter()
            done, started = done._replace(seconds=now - started), now
            self.finished.append(done)
            self._write()
            yield done

    def remove(self):
        """Delete the file: the run is over and its result is kept elsewhere."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _write(self):
        if self.path is None:
            return
        rows = json.dumps([[done.row, done.seconds] for done in self.finished])
        arrays = {f"{t}/kept": done.kept for t, done in enumerate(self.finished)}
        arrays |= {f"{t}/arrays/{name}": a for t, done in enumerate(self.finished) for name, a in done.arrays.items()}
        with writing_to(self.path.parent):
            write_arrays(self.path, {"about": self.about, "rows": rows, **arrays})

    def _read(self):
        if self.path is None or not self.path.exists():
            return []
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                if stored["about"].item() != self.about:
                    return []
                return [_finished(stored, t, *row) for t, row in enumerate(json.loads(stored["rows"].item()))]
        except _DAMAGED:
            return []


def _finished(stored, t, row, seconds):
    start = f"{t}/arrays/"
    arrays = {name.removeprefix(start): stored[name] for name in stored.files if name.startswith(start)}
    return Finished(row, stored[f"{t}/kept"], arrays, seconds)
