"""What an experiment is: settings in, measured cells out; one of these per figure or table of the paper."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from itlm_kit.errors import InputError
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.results import cell_key
from itlm_kit.experiments.settings import Setting, check_settings, matches, read_settings, split
from itlm_kit.machine import Where


class Outcome(NamedTuple):
    """What computing one cell gives."""

    metrics: dict  # numbers, or lists with one row (a dict) per round under "rounds"
    data: str  # what it was computed from, e.g. "MNIST, 5 %"
    curves: dict = {}  # name -> array
    earlier_seconds: float = 0.0  # spent on its finished rounds by runs that were cut


def _named_data(settings):
    return [settings["data"]] if "data" in settings else []


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One figure or table of the paper, as cells that can be computed one by one.

    cells(profile) lists the settings of every cell that belongs to the figure, plain values only; allows says what else
    a setting may be, so that any other cell can be asked for. recipe(settings) is a frozen dataclass of all that shapes
    the computing of that cell beside its settings: network, step sizes, epochs of each round, and the like.
    run(settings, recipe, seed, where) computes it and returns its Outcome; where it uses torch, its module imports it
    at the top, so that its threads can be limited. needs(settings) names the data sets that a cell reads; unless the
    experiment knows better, what it names under "data". version is raised by hand when the outcome of a cell can change
    though neither settings nor recipe do: when the code means something else.
    """

    name: str
    title: str
    place: str  # in the paper, e.g. "Table 1, left half"
    cells: Callable[[str], list[dict]]
    allows: dict[str, Setting]
    recipe: Callable[[dict], Any]
    run: Callable[[dict, Any, int, Where], Outcome]
    version: int = 1
    seeds: dict[str, int] = field(default_factory=lambda: {"quick": 1, "full": 3})
    seconds: Callable[[dict], float] = lambda settings: 1.0  # expected for one cell on one CPU core
    needs: Callable[[dict], list[str]] = _named_data
    needs_gpu: Callable[[dict], bool] = lambda settings: False  # too slow elsewhere: said so, never refused
    goes_on: Callable[[dict], bool] = lambda settings: False  # once it was cut, from the rounds that it had finished

    def data_sets(self, cells):
        """Names of the data sets that these cells, a list of settings, read."""
        return list(dict.fromkeys(name for settings in cells for name in self.needs(settings)))


@dataclass(frozen=True)
class Cell:
    """One (settings, seed) of an experiment: what is computed, stored and found again as one."""

    experiment: Experiment
    settings: dict
    seed: int = 0

    @cached_property
    def recipe(self):
        """The frozen dataclass of all that shapes the cell beside its settings."""
        return self.experiment.recipe(self.settings)

    @property
    def seconds(self):
        """Expected, on one CPU core or GPU."""
        return self.experiment.seconds(self.settings)

    @cached_property
    def key(self):
        """The name of the cell's file: another recipe, version, setting or seed is another key."""
        about = self.experiment
        return cell_key(about.name, about.version, self.settings, described(self.recipe), self.seed)


def choose_cells(experiment: Experiment, profile: str, *, only=(), changes=()) -> list[dict]:
    """The settings of the cells that are asked for, checked.

    only: "key=value" texts, see `select`. changes: "key=value" texts that take the place of these settings in each of
    the cells selected; cells that become alike count once. Raises InputError for what the experiment cannot be.
    """
    cells = select(experiment.cells(profile), only)
    changed = read_settings(experiment.name, experiment.allows, tuple(changes))
    cells = [{**settings, **changed} for settings in cells]
    cells = [settings for i, settings in enumerate(cells) if settings not in cells[:i]]
    for settings in cells:
        check_settings(experiment.name, experiment.allows, settings)
        _check_recipe(experiment, settings)
    return cells


def _check_recipe(experiment, settings):
    """Raise InputError where settings that are fine by themselves do not go together, or one is lacking."""
    try:
        experiment.recipe(settings)
    except KeyError as error:
        name = error.args[0]
        raise InputError(f"{name} must be set beside {settings}. Add --set {name}=..., or leave cells out.") from error


def select(cells, only):
    """The cells whose settings match `only`, a list of "key=value": either of one key's values, every key.

    Raises InputError for a key no cell has, a value that matches none, or a combination that no cell has.
    """
    wanted = {}
    for key, value in (split("--only", text) for text in only):
        wanted.setdefault(key, []).append(value)
    for key, values in wanted.items():
        _check_known(cells, key, values)
    chosen = [c for c in cells if all(any(matches(c.get(k), v) for v in vs) for k, vs in wanted.items())]
    if cells and not chosen:
        raise InputError(f"--only must leave a cell to compute; none has all of {', '.join(only)}. Leave one out.")
    return chosen


def _check_known(cells, key, values):
    keys = sorted({k for cell in cells for k in cell})
    if key not in keys:
        raise InputError(f"--only must name a setting of this experiment: {', '.join(keys)}; got {key!r}.")
    settings = [cell[key] for cell in cells if key in cell]
    for value in values:
        if not any(matches(setting, value) for setting in settings):
            known = ", ".join(dict.fromkeys(map(str, settings)))
            raise InputError(
                f"--only {key}= must be one of {known}; got {value!r}. For a cell that is not listed use --set."
            )
