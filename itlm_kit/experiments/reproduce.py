"""Compute the cells of an experiment side by side, keep each as it finishes, go on where an earlier run stopped."""

import os
import platform
import time
from importlib.metadata import version as package_version
from typing import NamedTuple

from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.experiments.experiment import Experiment, select
from itlm_kit.experiments.results import Result

PROFILES = ("quick", "full")


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
        seconds = time.perf_counter() - started
    return Result(
        experiment.name, experiment.version, settings, seed, outcome.metrics, outcome.data,
        device_name(where.device), round(seconds, 3), versions(), outcome.curves,
    )  # fmt: skip


def run_plan(todo_plan, store, where):
    """Compute what a plan leaves to do, yielding each Result once it is safely on disk, in the order they finish."""
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=min(todo_plan.jobs, max(1, len(todo_plan.todo))), return_as="generator_unordered")
    tasks = (delayed(_compute_and_save)(todo_plan.experiment.name, *cell, where, store) for cell in todo_plan.todo)
    yield from parallel(tasks)


def _compute_and_save(name, settings, seed, where, store):
    from itlm_kit.experiments import get_experiment  # by name: functions do not travel between processes

    result = compute_cell(get_experiment(name), settings, seed, where)
    store.save(result)
    return result


class single_thread:
    """Context: one BLAS thread and one torch thread, as before afterwards."""

    def __enter__(self):
        import sys

        from threadpoolctl import threadpool_limits

        self._limits = threadpool_limits(1)
        self._torch = sys.modules.get("torch")
        if self._torch is not None:
            self._threads = self._torch.get_num_threads()
            self._torch.set_num_threads(1)

    def __exit__(self, *error):
        self._limits.restore_original_limits()
        if self._torch is not None:
            self._torch.set_num_threads(self._threads)


def device_name(device):
    """What a figure was measured on, in words."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {os.cpu_count()} cores"


def versions():
    """Versions of what a figure depends on."""
    names = ("itlm_kit", "numpy", "scipy", "torch", "torchvision", "scikit-learn")
    return {"python": platform.python_version(), **{name: package_version(name) for name in names}}


def resolve_device(device):
    """Turn "auto" into "cuda" where there is one, else "cpu"; raises InputError for a CUDA that is not there."""
    check_choice("device", device, ("auto", "cpu", "cuda"))
    if device == "cpu":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise InputError("device must be one that is here; got 'cuda', and torch finds none. Use --device cpu")
    return "cpu"
