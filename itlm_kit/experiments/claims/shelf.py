"""The finished cells that claims are read from: whole ones, of the experiments as they are now."""

import json
from shlex import quote

from itlm_kit.experiments import experiment_names, get_experiment
from itlm_kit.experiments.experiment import select
from itlm_kit.experiments.results import ResultStore

OF_ROWS = ("round", "method")  # what `where` may ask of rows, where it is no setting of the cells


class NotMeasured(Exception):
    """Why a claim has no figure yet: what it needs."""


class Shelf:
    """The full profile's cells of every experiment, with what a folder of result files holds of them."""

    def __init__(self, folder):
        self.store, self._cells = ResultStore(folder), {}

    def results(self, parts):
        """One list of Results per part, of the seeds that all cells have; raises NotMeasured when one is missing."""
        wanted = [self._part(*part) for part in parts]
        seeds = set.intersection(*(set(cell) for cells in wanted for cell in cells))
        if not seeds:
            raise NotMeasured(self._commands(parts))
        return [[cell[seed] for cell in cells for seed in sorted(seeds)] for cells in wanted]

    def _part(self, name, where):
        cells = self._cells_of(name)
        settings = {key for cell, _ in cells for key in cell}
        asked = {key: value for key, value in where.items() if key in settings or key not in OF_ROWS}
        found = [
            results for cell, results in cells if all(k in cell and cell[k] in listed(v) for k, v in asked.items())
        ]
        if not found:
            raise NotMeasured(f"a cell of {name} with {words(where)}, which is not part of it yet")
        return found

    def _cells_of(self, name):
        """[(settings, {seed: Result}), ...] of the full profile."""
        if name not in self._cells:
            experiment, found = _experiment(name), {}
            for result in self.store.results(name, experiment.version):
                found.setdefault(_same(result.settings), {})[result.seed] = result
            self._cells[name] = [(cell, found.get(_same(cell), {})) for cell in experiment.cells("full")]
        return self._cells[name]

    def _commands(self, parts):
        """What computes the parts, one command per experiment, with the data and device it needs."""
        names = dict.fromkeys(part.experiment for part in parts)
        return "; ".join(self._command(name, [p.where for p in parts if p.experiment == name]) for name in names)

    def _command(self, name, wheres):
        experiment, cells = _experiment(name), [cell for cell, _ in self._cells_of(name)]
        telling = _telling(cells)
        chosen = {f"{key}={value}" for where in wheres for key in telling & set(where) for value in listed(where[key])}
        needs = [*experiment.data_sets(select(cells, sorted(chosen))), *(["a GPU"] if experiment.needs_gpu else [])]
        only = [f"--only {quote(choice)}" for choice in sorted(chosen)]
        command = " ".join([f"itlm reproduce {name} --profile full", *only])
        return f"{command} (with {', '.join(needs)})" if needs else command


def listed(value):
    """The values that a `where` accepts for one column."""
    return value if isinstance(value, tuple) else (value,)


def words(settings):
    return ", ".join(f"{key}={value}" for key, value in settings.items())


def _experiment(name):
    if name not in experiment_names():
        raise NotMeasured(f"experiment {name}, which is not part of this kit yet")
    try:
        return get_experiment(name)
    except ImportError as error:
        raise NotMeasured(f"experiment {name}, which needs the package {error.name}") from error


def _telling(cells):
    """The settings in which cells differ."""
    keys = {key for cell in cells for key in cell}
    return {key for key in keys if len({str(cell.get(key)) for cell in cells}) > 1}


def _same(settings):
    return json.dumps(settings, sort_keys=True)
