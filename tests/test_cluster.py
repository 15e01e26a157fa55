"""Cells on a real scheduler and two workers of this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import toys

from itlm_kit.chapters import get_experiment
from itlm_kit.errors import InputError
from itlm_kit.experiments import cluster
from itlm_kit.experiments.cluster import ClusterGone
from itlm_kit.experiments.experiment import Outcome
from itlm_kit.experiments.results import results_frame
from itlm_kit.experiments.running import CellsFailed, plan, run_plan
from itlm_kit.experiments.settings import whole
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import Where

pytest.importorskip("distributed")


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.folder, self.workers = folder, []
        self.scheduler = self._start("scheduler", "--host", self.address, "--no-dashboard")
        while not self._answers():
            time.sleep(0.1)

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.address.rpartition(":")[2]))) == 0

    def add_worker(self, threads=1):
        command = ["worker", self.address, "--nthreads", str(threads), "--no-nanny", "--no-dashboard"]
        self.workers.append(self._start(*command, "--local-directory", str(self.folder)))

    def _start(self, what, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path):
    """A function that starts a Cluster with so many workers."""
    started = []

    def start(workers=2, threads=1):
        started.append(Cluster(tmp_path))
        for _ in range(workers):
            started[-1].add_worker(threads)
        return started[-1]

    yield start
    for one in started:
        one.stop()


def slow(folder, fatal=None, cells=6):
    """An experiment of short cells that note where they begin; the cell `fatal` ends its process."""

    def run(settings, recipe, seed, where):
        Path(folder, f"begun-{settings['i']}-{os.getpid()}").write_text("")
        time.sleep(0.5)
        if settings["i"] == fatal:
            os._exit(9)
        return Outcome({"i": settings["i"]}, "none", {"noise": np.random.default_rng(0).normal(size=1000)})

    return toys.experiment(
        "slow", lambda profile: [{"i": i} for i in range(cells)], run, seeds={"quick": 1, "full": 1},
        allows={"i": whole(0)},
    )  # fmt: skip


def kept(store):
    return {result.settings["i"] for result in store.results("slow")}


def test_a_cluster_gives_the_table_that_one_process_gives(dask, tmp_path):
    experiment, tables = get_experiment("fig7"), []
    for folder, how, jobs in (("serial", {}, 1), ("jobs", {}, 2), ("cluster", {"cluster": dask().address}, 1)):
        store = ResultStore(tmp_path / folder)
        list(run_plan(plan(experiment, store, jobs=jobs), store, Where(), **how))
        tables.append(results_frame(store.results("fig7")).drop(columns="seconds", errors="ignore"))
    assert len(tables[0]) and tables[0].equals(tables[1]) and tables[0].equals(tables[2])


def test_a_worker_that_is_killed_in_mid_cell_loses_nothing(dask, tmp_path):
    two, store = dask(), ResultStore(tmp_path / "cells")
    results = run_plan(plan(slow(tmp_path), store), store, Where(), cluster=two.address)
    next(results)
    victim = two.workers[0].pid
    assert list(tmp_path.glob(f"begun-*-{victim}"))
    os.kill(victim, signal.SIGKILL)
    assert len(list(results)) == 5 and kept(store) == set(range(6))


def test_what_came_home_stays_when_the_scheduler_goes_and_the_same_call_goes_on(dask, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 3)  # that it is looked for again
    two, store = dask(), ResultStore(tmp_path / "cells")
    results = run_plan(plan(slow(tmp_path), store), store, Where(), cluster=two.address)
    first = next(results)
    two.scheduler.kill()
    with pytest.raises(ClusterGone, match="went away"):
        list(results)
    assert first.settings["i"] in kept(store) and len(kept(store)) < 6
    left = plan(slow(tmp_path), store)
    assert len(left.todo) == 6 - len(kept(store))
    list(run_plan(left, store, Where(), cluster=dask().address))
    assert kept(store) == set(range(6))


def test_a_cell_that_ends_every_worker_fails_alone(dask, tmp_path):
    many, store = dask(workers=6), ResultStore(tmp_path / "cells")
    with pytest.raises(CellsFailed, match="each worker it was tried on ended"):
        list(run_plan(plan(slow(tmp_path, fatal=3), store), store, Where(), cluster=many.address))
    assert kept(store) == {0, 1, 2, 4, 5}


def test_a_cluster_that_is_none_is_told_before_any_work(dask, tmp_path, monkeypatch):
    store = ResultStore(tmp_path / "cells")

    def run(address):
        return list(run_plan(plan(slow(tmp_path), store), store, Where(), cluster=address))

    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 2)  # nobody is there: no need to wait long
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with pytest.raises(InputError, match="--cluster must be the address of a Dask scheduler.*nothing answers"):
            run(address)
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 30)
    monkeypatch.setattr(cluster, "_START_SECONDS", 1)
    with pytest.raises(InputError, match="must have a worker; none has joined"):
        run(dask(workers=0).address)
    monkeypatch.setattr(cluster, "_START_SECONDS", 120)
    with pytest.raises(InputError, match="one cell at a time; got 2 threads"):
        run(dask(workers=1, threads=2).address)
    monkeypatch.setattr(cluster, "__version__", "0.0.1")
    with pytest.raises(InputError, match="this version of the kit, 0.0.1; got "):
        run(dask(workers=1).address)
    assert not list(tmp_path.glob("begun-*"))
