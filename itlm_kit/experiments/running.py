"""Compute the cells of an experiment side by side, keep each as it finishes, go on where an earlier run stopped."""

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.experiments.cluster import WorkersDied, sent
from itlm_kit.experiments.experiment import Cell, Experiment, choose_cells
from itlm_kit.experiments.processes import side_by_side
from itlm_kit.experiments.recipe import described
from itlm_kit.experiments.results import Result
from itlm_kit.experiments.scheduling import makespan
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import PROFILES, Where, device_name, resolve_device, single_thread, versions
from itlm_kit.names import counted

_MOST_SEEDS = 1000  # of a cell: more than any figure needs, and their list is still made at once


class Plan(NamedTuple):
    """What a run will do, known before it starts."""

    done: list[Result]
    todo: list[Cell]
    jobs: int

    @property
    def seconds(self):
        """Expected duration of what is still to do."""
        return makespan([cell.seconds for cell in self.todo], self.jobs)


def plan(experiment: Experiment, store: ResultStore, *, profile="quick", seeds=None, only=(), changes=(), jobs=1):
    """List what is done and what is to do, as a Plan.

    seeds: how many, counted from 0 (None: what the profile says). only, changes: see `choose_cells`.
    """
    check_choice("profile", profile, PROFILES)
    seeds = check_integer("seeds", experiment.seeds[profile] if seeds is None else seeds, high=_MOST_SEEDS)
    jobs = check_integer("jobs", jobs)
    done, todo = [], []
    for settings in choose_cells(experiment, profile, only=only, changes=changes):
        for cell in (Cell(experiment, settings, seed) for seed in range(seeds)):
            found = store.load(cell)
            done.append(found) if found else todo.append(cell)
    return Plan(done, todo, jobs)


def joined(plans: Sequence[Plan]) -> Plan:
    """Several Plans as one."""
    done = [result for each in plans for result in each.done]
    todo = [cell for each in plans for cell in each.todo]
    return Plan(done, todo, plans[0].jobs)


def compute_cell(cell: Cell, where: Where) -> Result:
    """Compute one cell on one thread (so that serial and parallel runs agree to the bit) and return its Result."""
    experiment = cell.experiment
    with single_thread():
        started = time.perf_counter()
        outcome = experiment.run(cell.settings, cell.recipe, cell.seed, where)
        seconds = time.perf_counter() - started + outcome.earlier_seconds
    return Result(
        experiment=experiment.name, version=experiment.version, settings=cell.settings, recipe=described(cell.recipe),
        seed=cell.seed, metrics=outcome.metrics, data=outcome.data, device=device_name(where.device),
        seconds=round(seconds, 3), versions=versions(), curves=outcome.curves,
    )  # fmt: skip


class Failure(NamedTuple):
    """A cell that could not be computed."""

    experiment: str
    settings: dict
    seed: int
    error: str  # one line
    trace: str  # the whole traceback


class CellsFailed(RuntimeError):
    """Some cells could not be computed, the others are finished and kept. `.failures` lists them."""

    def __init__(self, failures):
        self.failures = failures
        lines = [f"{f.settings}, seed {f.seed}: {f.error}" for f in failures]
        names = ", ".join(dict.fromkeys(f.experiment for f in failures))
        count = counted(len(failures), "cell")
        super().__init__("\n  ".join([f"{count} of {names} failed; what finished is kept:", *lines]))


def run_plan(todo_plan: Plan, store: ResultStore, where: Where, *, cluster: str | None = None) -> Iterator[Result]:
    """Compute what a plan leaves to do; see `run_cells`. Where several cells run at once, the longest begin first."""
    several = cluster is not None or todo_plan.jobs > 1  # one by one, neighbours share what they begin with
    cells = sorted(todo_plan.todo, key=lambda cell: -cell.seconds) if several else todo_plan.todo
    return run_cells(cells, store, where, jobs=todo_plan.jobs, cluster=cluster)


def run_cells(
    cells: Sequence[Cell],
    store: ResultStore,
    where: Where,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    may_start: Callable[[Cell], bool] = lambda cell: True,
) -> Iterator[Result]:
    """Compute cells, yielding each Result once it is safely on disk, in the order they finish.

    jobs: how many at once. cluster: address of a Dask scheduler whose workers compute (None: processes of this
    machine). may_start(cell) is asked when a cell's turn comes; those it refuses are left out. A cell that fails does
    not stop the others; CellsFailed is raised at the end. InputError (a store that cannot be written to, data that are
    not there) stops the run at once; what finished is kept.
    """
    failures, jobs = [], min(jobs, max(1, len(cells)))
    for name in dict.fromkeys(cell.experiment.name for cell in cells):
        store.prepare(name)
    tasks = ((cell, replace(where, rounds=_rounds_file(store, cell))) for cell in cells if may_start(cell))
    sends = sent(cluster, _attempt, list(tasks)) if cluster else side_by_side(jobs, _attempt, tasks)
    with closing(sends) as finished:
        for (cell, _), found in finished:
            if isinstance(found, WorkersDied):
                failures.append(Failure(cell.experiment.name, cell.settings, cell.seed, str(found), ""))
            elif isinstance(found, Failure):
                failures.append(found)
            else:
                store.save(found)
                _rounds_file(store, cell).unlink(missing_ok=True)
                yield found
    if failures:
        raise CellsFailed(failures)


def _rounds_file(store, cell):
    return store.path(cell).with_suffix(".rounds.npz").absolute()


def _attempt(cell, where):
    """The Result of a cell or its Failure, in whatever process and on whatever machine this is."""
    if not where.rounds.parent.is_dir():  # a worker elsewhere, which cannot go on with a cut cell
        where = replace(where, rounds=None)
    try:
        return compute_cell(cell, replace(where, device=resolve_device(where.device)))
    except InputError:
        raise  # data that are not there: the other cells would fail alike
    except Exception as error:
        message = "".join(traceback.format_exception_only(error)).strip()
        return Failure(cell.experiment.name, cell.settings, cell.seed, message, traceback.format_exc())
