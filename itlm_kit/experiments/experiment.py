"""What an experiment is: settings in, measured cells out; one of these per figure or table of the paper."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from itlm_kit.errors import InputError


class Outcome(NamedTuple):
    """What computing one cell gives."""

    metrics: dict  # numbers, or lists with one row (a dict) per round under "rounds"
    data: str  # what it was computed from, e.g. "MNIST, 5 %"
    curves: dict = {}  # name -> array
    earlier_seconds: float = 0.0  # spent on its finished rounds by runs that were cut


@dataclass(frozen=True)
class Where:
    """Where a cell is computed and where it finds its data."""

    device: str = "cpu"
    data_root: str | None = None
    rounds: Path | None = None  # file in which a long run keeps its finished rounds


def _named_data(settings):
    return [settings["data"]] if "data" in settings else []


@dataclass(frozen=True)
class Experiment:
    """One figure or table of the paper, as cells that can be computed one by one.

    cells(profile) lists the settings of every cell, plain values only. run(settings, seed, where) computes one and
    returns its Outcome; where it uses torch, its module imports it at the top, so that its threads can be limited.
    needs(settings) names the data sets that one reads; unless the experiment knows better, what it names under "data".
    version is raised by hand whenever the outcome of a cell can change.
    """

    name: str
    title: str
    place: str  # in the paper, e.g. "Table 1, left half"
    version: int
    cells: Callable[[str], list[dict]]
    run: Callable[[dict, int, Where], Outcome]
    seeds: dict = field(default_factory=lambda: {"quick": 1, "full": 3})
    seconds: Callable[[dict], float] = lambda settings: 1.0  # expected for one cell on one CPU core
    needs: Callable[[dict], list[str]] = _named_data
    needs_gpu: bool = False  # too slow elsewhere: said so, never refused

    def data_sets(self, cells):
        """Names of the data sets that these cells, a list of settings, read."""
        return list(dict.fromkeys(name for settings in cells for name in self.needs(settings)))


def select(cells, only):
    """The cells whose settings match `only`, a list of "key=value": either of one key's values, every key.

    Raises InputError for a key no cell has, a value that matches none, or a combination that no cell has.
    """
    wanted = {}
    for text in only:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--only must look like KEY=VALUE; got {text!r}.")
        wanted.setdefault(key, []).append(value)
    for key, values in wanted.items():
        _check_known(cells, key, values)
    chosen = [c for c in cells if all(any(_matches(c.get(k), v) for v in vs) for k, vs in wanted.items())]
    if cells and not chosen:
        raise InputError(f"--only must leave a cell to compute; none has all of {', '.join(only)}. Leave one out.")
    return chosen


def _check_known(cells, key, values):
    keys = sorted({k for cell in cells for k in cell})
    if key not in keys:
        raise InputError(f"--only must name a setting of this experiment: {', '.join(keys)}; got {key!r}.")
    settings = [cell[key] for cell in cells if key in cell]
    for value in values:
        if not any(_matches(setting, value) for setting in settings):
            known = ", ".join(dict.fromkeys(map(str, settings)))
            raise InputError(f"--only {key}= must be one of {known}; got {value!r}.")


def _matches(setting, text):
    if isinstance(setting, (int, float)) and not isinstance(setting, bool):
        try:
            return setting == float(text)  # 0.60 means 0.6
        except ValueError:
            return False
    return str(setting) == text
