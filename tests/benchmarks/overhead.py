"""What the runner, `reproduce` and a Dask cluster add to the work itself, each beside the work alone."""

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from threadpoolctl import threadpool_limits

from itlm_kit import glm
from itlm_kit.experiments.experiment import Cell, Experiment, Outcome
from itlm_kit.experiments.running import run_cells
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import Where
from itlm_kit.runner import notebooks_folder
from tests.benchmarks.measure import bests, by_the_wall_clock, compared, medians

CELLS, REPEATS = 100, 3


@by_the_wall_clock
def run_against_papermill():
    """Notebook 00 by `itlm run`, guarded and with its page, against `papermill` alone: commands, the best of 2 runs."""
    notebook = notebooks_folder() / "00_start_here.ipynb"
    with TemporaryDirectory() as folder:
        ways = [
            lambda out: _command("papermill", notebook, out.with_suffix(".ipynb"), "--cwd", notebook.parent),
            lambda out: _command("itlm_kit.cli", "run", notebook, "--out", out),
        ]
        return compared(*bests(ways, [Path(folder, f"{i}") for i in range(2)]))


def cells_against_loop():
    """100 cells of a draw and a fit (n = 1000, d = 100), each kept as a file, against a loop; median of 3 runs."""
    return _cells(medians, clock=time.thread_time)


@by_the_wall_clock
def two_jobs_against_loop():
    """The same by two processes, which are there already: 2 is what two idle cores could give; best of 3 runs."""
    return _cells(bests, jobs=2)


@by_the_wall_clock
def cluster_against_loop():
    """The same by a Dask cluster of two workers on this machine."""
    if not find_spec("distributed"):
        return {"absent": "distributed is not installed: pip install 'itlm_kit[cluster]'"}
    with _two_workers() as address:
        return _cells(bests, cluster=address)


BENCHMARKS = [run_against_papermill, cells_against_loop, two_jobs_against_loop, cluster_against_loop]


def _command(module, *words):
    subprocess.run([sys.executable, "-m", module, *map(str, words)], check=True, capture_output=True)


@dataclass(frozen=True)
class _Recipe:
    rounds: int = 12


def _run(settings, recipe, seed, where):
    data = glm.draw("random", seed=seed)
    path = glm.fast_path(data.x, data.y, alpha=0.75, rounds=recipe.rounds)
    return Outcome({"kept": int(path.kept[-1].sum())}, "drawn")


_EXPERIMENT = Experiment(
    name="overhead",
    title="",
    place="",
    allows={},
    cells=lambda profile: [{}],
    recipe=lambda settings: _Recipe(),
    run=_run,
)


def _cells(measured, *, clock=None, **how):
    """A row of `measured`, of CELLS cells run as `how` says, with the milliseconds that this adds to each."""
    cells = [Cell(_EXPERIMENT, {}, seed) for seed in range(CELLS)]

    def kept(repeat):
        with TemporaryDirectory() as folder:
            list(run_cells(cells, ResultStore(folder), Where(), **how))

    kept(None)  # processes start, modules are imported
    with threadpool_limits(1):
        loop, seconds = measured([_loop, kept], [cells] * REPEATS, **({"clock": clock} if clock else {}))
    return compared(loop, seconds, ms_a_cell=1000 * (seconds - loop) / CELLS)


def _loop(cells):
    for cell in cells:
        _run(cell.settings, cell.recipe, cell.seed, Where())


@contextmanager
def _two_workers():
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address
