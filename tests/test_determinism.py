"""The same figures however they are computed: one by one, side by side, on a cluster, and once more."""

import json
import subprocess
import sys

import numpy as np
import pytest

from itlm_kit.chapters import get_experiment
from itlm_kit.experiments.running import plan, run_plan
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import Where
from itlm_kit.runner import notebooks_folder

pytestmark = pytest.mark.slow

EXPERIMENTS = ["fig7", "fig1a"]  # without and with torch
OF_THE_MOMENT = {"seconds", "started", "peak_mb", "above_baseline_mb", "baseline_mb"}


@pytest.fixture(scope="module", params=EXPERIMENTS)
def experiment(request):
    return get_experiment(request.param)


def stored(folder, experiment, *, jobs=1, **how):
    """{file: what it holds, but for seconds} of the cells computed in this way."""
    store = ResultStore(folder)
    list(run_plan(plan(experiment, store, jobs=jobs), store, Where(), **how))
    return {path.name: _held(path) for path in sorted(folder.rglob("*.*")) if path.is_file()}


def _held(path):
    if path.suffix == ".npz":
        with np.load(path) as curves:
            return {name: (values.dtype, values.shape, values.tobytes()) for name, values in curves.items()}
    return {name: value for name, value in json.loads(path.read_text()).items() if name not in OF_THE_MOMENT}


@pytest.fixture(scope="module")
def serial(experiment, tmp_path_factory):
    return stored(tmp_path_factory.mktemp("serial"), experiment)


def test_side_by_side_stores_what_one_by_one_stores(experiment, serial, tmp_path):
    assert serial and stored(tmp_path, experiment, jobs=2) == serial


def test_a_cluster_stores_what_one_by_one_stores(experiment, serial, tmp_path):
    pytest.importorskip("distributed")
    from test_cluster import Cluster

    dask = Cluster(tmp_path)
    try:
        for _ in range(2):
            dask.add_worker()
        assert stored(tmp_path / "cells", experiment, cluster=dask.address) == serial
    finally:
        dask.stop()


@pytest.mark.timeout(1800)
def test_two_runs_of_the_notebooks_give_the_same_results(tmp_path):
    reports = [_report(tmp_path / name) for name in ("first", "second")]
    assert reports[0]["verdict"] == "passed" and len(reports[0]["notebooks"]) == 3
    assert reports[0] == reports[1]


def _report(out):
    command = [sys.executable, "-m", "itlm_kit.cli", "run", "02", "03", "05", "--device", "cpu", "--out", str(out)]
    subprocess.run(command, cwd=notebooks_folder().parent, check=True, stdout=subprocess.DEVNULL)
    return _steady(json.loads((out / "results.json").read_text()))


def _steady(value):
    """A report without what is of the moment."""
    if isinstance(value, dict):
        return {name: _steady(each) for name, each in value.items() if name not in OF_THE_MOMENT}
    return [_steady(each) for each in value] if isinstance(value, list) else value
