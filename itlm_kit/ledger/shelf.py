"""The finished cells that claims are read from: whole ones, of the experiments as they are now."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from shlex import quote

from itlm_kit.errors import InputError
from itlm_kit.experiments.experiment import Cell, Experiment, select
from itlm_kit.experiments.store import ResultStore
from itlm_kit.ledger.claim import Claim

OF_ROWS = ("round", "method")  # what `where` may ask of rows, where it is no setting of the cells


class NotMeasured(Exception):
    """Why a claim has no figure yet: what it needs."""


class Shelf:
    """The full profile's cells of every experiment, with what a store holds of them.

    find(name) -> Experiment, InputError for an unknown name.
    """

    def __init__(self, store: ResultStore, find: Callable[[str], Experiment]):
        self.store, self._find, self._cells = store, find, {}

    def by_seed(self, wanted):
        """{seed: one list of Results for each Cells}, for the seeds that all have; raises NotMeasured when none has."""
        found = [[results for _, results in self._part(cells)] for cells in wanted]
        seeds = set.intersection(*(set(cell) for cells in found for cell in cells))
        if not seeds:
            raise NotMeasured(self.commands(wanted))
        return {seed: [[cell[seed] for cell in cells] for cells in found] for seed in sorted(seeds)}

    def lacking(self, wanted):
        """The Cell objects still to compute, of the seed for which they take least; none where a seed has them all.

        Raises NotMeasured for Cells that no experiment has.
        """
        found = [(self._experiment(cells.experiment), self._part(cells)) for cells in wanted]
        listed_seeds = range(min(experiment.seeds["full"] for experiment, _ in found))
        stored = {seed for _, part in found for _, results in part for seed in results}
        every = [_lacking(found, seed) for seed in sorted({*listed_seeds, *stored})]
        return min(every, key=lambda cells: sum(cell.seconds for cell in cells))

    def _part(self, wanted):
        """[(settings, {seed: Result}), ...] of the cells that one Cells speaks of."""
        name, where = wanted.experiment, wanted.where
        cells = self._cells_of(name)
        settings = {key for cell, _ in cells for key in cell}
        asked = {key: value for key, value in where.items() if key in settings or key not in OF_ROWS}
        found = [
            (cell, results)
            for cell, results in cells
            if all(k in cell and cell[k] in listed(v) for k, v in asked.items())
        ]
        if not found:
            raise NotMeasured(f"a cell of {name} with {words(where)}, which is not part of it yet")
        return found

    def _cells_of(self, name):
        """[(settings, {seed: Result}), ...] of the full profile."""
        if name not in self._cells:
            experiment = self._experiment(name)
            found = {result.key: result for result in self.store.results(name)}
            seeds = sorted({result.seed for result in found.values()})
            self._cells[name] = [
                (settings, {s: found[c.key] for s in seeds if (c := Cell(experiment, settings, s)).key in found})
                for settings in experiment.cells("full")
            ]
        return self._cells[name]

    def _experiment(self, name):
        try:
            return self._find(name)
        except (InputError, ImportError) as error:
            lacks = (
                f"needs the package {error.name}" if isinstance(error, ImportError) else "is not part of this kit yet"
            )
            raise NotMeasured(f"experiment {name}, which {lacks}") from error

    def commands(self, wanted):
        """What computes these Cells, one command per experiment, with the data and device it needs."""
        names = dict.fromkeys(cells.experiment for cells in wanted)
        return "; ".join(self._command(name, [c.where for c in wanted if c.experiment == name]) for name in names)

    def _command(self, name, wheres):
        experiment, cells = self._experiment(name), [cell for cell, _ in self._cells_of(name)]
        told = telling(cells)
        chosen = {f"{key}={value}" for where in wheres for key in told & set(where) for value in listed(where[key])}
        meant = select(cells, sorted(chosen))
        needs = [*experiment.data_sets(meant), *(["a GPU"] if any(map(experiment.needs_gpu, meant)) else [])]
        only = [f"--only {quote(choice)}" for choice in sorted(chosen)]
        command = " ".join([f"itlm reproduce {name} --profile full", *only])
        return f"{command} (with {', '.join(needs)})" if needs else command


def listed(value):
    """The values that a `where` accepts for one column."""
    return value if isinstance(value, tuple) else (value,)


def words(settings):
    return ", ".join(f"{key}={value}" for key, value in settings.items())


def _lacking(found, seed):
    lacking = [
        Cell(experiment, settings, seed)
        for experiment, part in found
        for settings, results in part
        if seed not in results
    ]
    return list({cell.key: cell for cell in lacking}.values())


def telling(cells):
    """The settings in which cells differ."""
    keys = {key for cell in cells for key in cell}
    return {key for key in keys if len({str(cell.get(key)) for cell in cells}) > 1}


def lacking_cells(claims: Iterable[Claim], store, find: Callable[[str], Experiment]) -> dict[str, list[Cell]]:
    """{id: the cells that it lacks} of the claims without a verdict that the kit's own experiments can settle.

    store, find: as for a Shelf.
    """
    shelf, found = Shelf(store, find), {}
    for claim in claims:
        with suppress(NotMeasured):
            found[claim.id] = [] if claim.beyond else shelf.lacking(claim.cells)
    return {name: cells for name, cells in found.items() if cells}
