"""Compute the cells of an experiment side by side, keep each as it finishes, go on where an earlier run stopped."""

import os
import platform
import sys
import time
import traceback
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from typing import NamedTuple

from threadpoolctl import threadpool_limits

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.experiments.experiment import Experiment, select
from itlm_kit.experiments.results import Result

PROFILES = ("quick", "full")
DEVICES = ("auto", "cpu", "cuda")


class Plan(NamedTuple):
    """What a run will do, known before it starts."""

    experiment: Experiment
    done: list  # Results found
    todo: list  # [(settings, seed), ...] still to compute
    jobs: int

    @property
    def seconds(self):
        """Expected duration of what is still to do."""
        return sum(self.experiment.seconds(settings) for settings, _ in self.todo) / self.jobs


def plan(experiment, store, *, profile="quick", seeds=None, only=(), jobs=1):
    """List what is done and what is to do. seeds: how many, counted from 0 (None: what the profile says)."""
    check_choice("profile", profile, PROFILES)
    seeds = check_integer("seeds", experiment.seeds[profile] if seeds is None else seeds)
    jobs = check_integer("jobs", jobs)
    done, todo = [], []
    for settings in select(experiment.cells(profile), only):
        for seed in range(seeds):
            found = store.load(experiment.name, experiment.version, settings, seed)
            done.append(found) if found else todo.append((settings, seed))
    return Plan(experiment, done, todo, jobs)


def compute_cell(experiment, settings, seed, where):
    """Compute one cell on one thread (so that serial and parallel runs agree to the bit) and return its Result."""
    with single_thread():
        started = time.perf_counter()
        outcome = experiment.run(settings, seed, where)
        seconds = time.perf_counter() - started + outcome.earlier_seconds
    return Result(
        experiment.name, experiment.version, settings, seed, outcome.metrics, outcome.data,
        device_name(where.device), round(seconds, 3), versions(), outcome.curves,
    )  # fmt: skip


class Failure(NamedTuple):
    """A cell that could not be computed."""

    settings: dict
    seed: int
    error: str  # one line
    trace: str  # the whole traceback


class CellsFailed(RuntimeError):
    """Some cells could not be computed, the others are finished and kept. `.failures` lists them."""

    def __init__(self, experiment, failures):
        self.failures = failures
        lines = [f"{f.settings}, seed {f.seed}: {f.error}" for f in failures]
        count = f"{len(failures)} cell{'s' if len(failures) > 1 else ''}"
        super().__init__("\n  ".join([f"{count} of {experiment} failed; what finished is kept:", *lines]))


def run_plan(todo_plan, store, where):
    """Compute what a plan leaves to do, yielding each Result once it is safely on disk, in the order they finish.

    A cell that fails does not stop the others; CellsFailed is raised at the end. InputError (a store that cannot be
    written to, data that are not there) stops the run at once; what finished is kept.
    """
    from joblib import Parallel, delayed

    experiment, failures = todo_plan.experiment, []
    store.prepare(experiment.name)
    jobs = min(todo_plan.jobs, max(1, len(todo_plan.todo)))
    parallel = Parallel(jobs, return_as="generator_unordered", batch_size=1)  # each cell told as it finishes
    for found in parallel(delayed(_compute_and_save)(experiment, *cell, where, store) for cell in todo_plan.todo):
        if isinstance(found, Failure):
            failures.append(found)
        else:
            yield found
    if failures:
        raise CellsFailed(experiment.name, failures)


def _compute_and_save(experiment, settings, seed, where, store):
    cell = store.path(experiment.name, experiment.version, settings, seed)
    where = replace(where, rounds=cell.with_suffix(".rounds.npz"))
    try:
        result = compute_cell(experiment, settings, seed, where)
        store.save(result)
        where.rounds.unlink(missing_ok=True)
        return result
    except InputError:
        raise  # data that are not there, a full disk: the other cells would fail alike
    except Exception as error:
        message = "".join(traceback.format_exception_only(error)).strip()
        return Failure(settings, seed, message, traceback.format_exc())


@contextmanager
def single_thread():
    """One BLAS thread and one torch thread inside, as before afterwards."""
    torch = sys.modules.get("torch")  # not imported here: what does without torch goes on doing so
    threads = torch.get_num_threads() if torch else None
    with threadpool_limits(1):
        try:
            if torch:
                torch.set_num_threads(1)
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)


def device_name(device):
    """What a figure was measured on, in words."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {os.cpu_count()} cores"


def versions():
    """Versions of what a figure depends on, as far as it is installed."""
    found = {"python": platform.python_version()}
    for name in ("itlm_kit", "numpy", "scipy", "torch", "torchvision", "scikit-learn"):
        with suppress(PackageNotFoundError):
            found[name] = package_version(name)
    return found


def resolve_device(device):
    """Turn "auto" into "cuda" where there is one, else "cpu"; raises InputError for a CUDA that is not there."""
    check_choice("device", device, DEVICES)
    if device == "cpu":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise InputError("device must be one that is here; got 'cuda', and torch finds none. Use --device cpu")
    return "cpu"
