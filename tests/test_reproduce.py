"""Runs of experiments: nothing done twice, nothing lost, the same figures side by side as one by one."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest
import toys

from itlm_kit.errors import InputError
from itlm_kit.experiments import running
from itlm_kit.experiments.experiment import Cell, Outcome, choose_cells, select
from itlm_kit.experiments.running import CellsFailed, compute_cell, joined, plan, run_cells, run_plan
from itlm_kit.experiments.settings import number, one_of, whole
from itlm_kit.experiments.store import ResultStore
from itlm_kit.machine import Where, resolve_device, single_thread

CELLS = [{"noise": noise, "clean": clean} for noise in ("random", "systematic") for clean in (0.6, 0.8, 0.9)]


def cells(profile):
    return CELLS[:2] if profile == "quick" else CELLS


def draw(settings, recipe, seed, where):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 60))
    theta = np.linalg.lstsq(x, rng.normal(size=400), rcond=None)[0]
    rounds = [{"round": t, "error": float(abs(theta[t]))} for t in range(2)]
    return Outcome(
        {"error": settings["clean"] * float(np.linalg.norm(theta)), "rounds": rounds}, "drawn", {"theta": theta}
    )


def draw_or_fail(settings, recipe, seed, where):
    if settings["clean"] == 0.8:
        raise ZeroDivisionError("no clean sample")
    return draw(settings, recipe, seed, where)


def miss_data(settings, recipe, seed, where):
    raise InputError("mnist must be under the data root.")


def report_threads(settings, recipe, seed, where):
    from threadpoolctl import threadpool_info

    return Outcome({"threads": max(pool["num_threads"] for pool in threadpool_info())}, "none")


def experiment(run=draw, **more):
    return toys.experiment("toy", cells, run, seeds={"quick": 1, "full": 2}, **more)


def run_all(store, run=draw, jobs=1, **choices):
    todo = plan(experiment(run), store, profile="full", jobs=jobs, **choices)
    return list(run_plan(todo, store, Where()))


@pytest.fixture
def store(tmp_path):
    return ResultStore(tmp_path / "results")


def files(store):
    return {path.name: path.stat().st_mtime_ns for path in store.folder.rglob("*.*")}


def test_a_plan_lists_cells_times_seeds_and_touches_nothing(store):
    todo = plan(experiment(), store, profile="full", jobs=3)
    assert (len(todo.done), len(todo.todo), todo.seconds) == (0, 12, 4.0)
    assert len(plan(experiment(), store).todo) == 2
    assert len(plan(experiment(), store, seeds=5).todo) == 10
    assert not store.folder.exists()


def test_the_longest_cell_is_part_of_what_a_plan_expects(store):
    uneven = experiment(seconds=lambda settings: 50.0 if settings == CELLS[0] else 1.0)
    assert plan(uneven, store, profile="full", jobs=100).seconds == 50
    both = joined([plan(uneven, store, seeds=1, jobs=2), plan(experiment(), store, seeds=1, jobs=2)])
    assert len(both.todo) == 4 and both.seconds == 50


@pytest.mark.parametrize(
    ("how", "shares"),
    [({}, [0.6, 0.8, 0.9]), ({"jobs": 2}, [0.9, 0.8, 0.6]), ({"cluster": "tcp://host:8786"}, [0.9, 0.8, 0.6])],
    ids=["one", "jobs", "cluster"],
)
def test_where_several_run_at_once_the_longest_begin_first(store, monkeypatch, how, shares):
    monkeypatch.setattr(running, "run_cells", lambda cells, *others, **how: iter(cells))
    rising = experiment(seconds=lambda settings: settings["clean"])
    todo = plan(rising, store, profile="full", seeds=1, only=["noise=random"], jobs=how.get("jobs", 1))
    assert [cell.settings["clean"] for cell in run_plan(todo, store, Where(), cluster=how.get("cluster"))] == shares


def test_what_is_done_is_not_done_again(store):
    first = run_all(store, seeds=1)
    before = files(store)
    again = plan(experiment(), store, profile="full")
    assert [(r.settings, r.seed) for r in again.done] == [(r.settings, r.seed) for r in first]
    assert {cell.seed for cell in again.todo} == {1}
    assert len(run_all(store)) == 6
    assert {name: when for name, when in files(store).items() if name in before} == before


@pytest.mark.parametrize("change", [{"version": 2}, {"recipe": toys.ToyRecipe(steps=2)}], ids=["version", "recipe"])
def test_another_version_or_recipe_is_computed_anew(store, change):
    run_all(store, seeds=1)
    assert len(plan(experiment(**change), store, profile="full", seeds=1).todo) == 6
    assert len(plan(experiment(), store, profile="full", seeds=1).todo) == 0


def test_side_by_side_equals_one_by_one_to_the_bit(tmp_path):
    serial, parallel = ResultStore(tmp_path / "a"), ResultStore(tmp_path / "b")
    run_all(serial)
    run_all(parallel, jobs=2)
    pairs = list(zip(serial.results("toy"), parallel.results("toy"), strict=True))
    assert len(pairs) == 12
    for one, other in pairs:
        assert (one.key, one.metrics) == (other.key, other.metrics)
        np.testing.assert_array_equal(one.curves["theta"], other.curves["theta"])


def test_the_same_seed_gives_the_same_figure_and_another_seed_another():
    one, again, other = (compute_cell(Cell(experiment(), CELLS[0], seed), Where()).metrics for seed in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_cell_leaves_the_others_and_is_named(store, jobs):
    found = []
    with pytest.raises(CellsFailed, match="2 cells of toy failed") as failed:
        for result in run_plan(
            plan(experiment(draw_or_fail), store, profile="full", seeds=1, jobs=jobs), store, Where()
        ):
            found.append(result)
    assert len(found) == len(store.results("toy")) == 4
    assert {(f.settings["noise"], f.settings["clean"]) for f in failed.value.failures} == {
        ("random", 0.8),
        ("systematic", 0.8),
    }
    assert "'clean': 0.8}, seed 0: ZeroDivisionError: no clean sample" in str(failed.value)
    assert "draw_or_fail" in failed.value.failures[0].trace


@pytest.mark.parametrize("jobs", [1, 2])
def test_bad_input_stops_the_run_with_its_one_line(store, jobs):
    with pytest.raises(InputError, match="mnist must be"):
        run_all(store, miss_data, jobs)
    assert store.results() == []


def in_two_goes(settings, recipe, seed, where):
    """A run that finds what an earlier one left, adds to it, and is cut the first time."""
    before = where.rounds.read_text() if where.rounds.exists() else ""
    where.rounds.write_text(before + "round ")
    if not before:
        raise RuntimeError("cut")
    return Outcome({"rounds_seen": len(before.split())}, "none", earlier_seconds=100.0)


def test_a_cell_finds_its_own_rounds_again_and_they_go_once_it_is_done(store):
    only = ("noise=random", "clean=0.6")
    with pytest.raises(CellsFailed):
        run_all(store, in_two_goes, only=only)
    left = list(store.folder.rglob("*.rounds.npz"))
    assert len(left) == 2 and not store.results()  # one for each seed
    run_all(store, in_two_goes, only=only)
    assert all(r.metrics == {"rounds_seen": 1} and r.seconds >= 100 for r in store.results())
    assert len(store.results()) == 2 and not list(store.folder.rglob("*.rounds.npz"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_cells_are_asked_for_when_their_turn_comes(store, jobs):
    """Those of a second, other experiment too; what finished before shows how late each is asked."""
    asked = []

    def may_start(cell):
        asked.append((cell.experiment.name, len(store.results())))
        return cell.settings["clean"] != 0.8

    other = toys.experiment("other", cells, draw)
    every = [Cell(about, settings) for about in (experiment(), other) for settings in CELLS]
    found = list(run_cells(every, store, Where(), jobs=jobs, may_start=may_start))
    assert len(found) == 8 and not [r for r in found if r.settings["clean"] == 0.8]
    assert {r.experiment for r in found} == {"toy", "other"}
    assert [name for name, _ in asked] == ["toy"] * 6 + ["other"] * 6
    assert asked[-1][1] >= (6 if jobs == 1 else 1)  # side by side, some are asked while others come home


def test_a_folder_that_cannot_be_written_is_told_before_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="folder that can be written"):
        run_all(ResultStore(tmp_path / "file"), draw_or_fail)


@pytest.mark.parametrize("jobs", [1, 2])
def test_cells_run_on_one_thread(store, jobs):
    run_all(store, report_threads, jobs, seeds=1)
    assert {r.metrics["threads"] for r in store.results("toy")} == {1}


def test_torch_gets_one_thread_inside_and_its_own_back():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with pytest.raises(KeyError), single_thread():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before


# A run in a process of its own, to be stopped from outside: it counts in a file which cells were begun.
SLOW = """
    import signal, sys, time
    import numpy as np
    from itlm_kit.experiments.experiment import Experiment, Outcome
    from itlm_kit.experiments.running import plan, run_plan
    from itlm_kit.experiments.settings import whole
    from itlm_kit.experiments.store import ResultStore
    from itlm_kit.machine import Where

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell has its children ignore it
    folder, log, jobs = sys.argv[1:]

    def run(settings, recipe, seed, where):
        with open(log, "a") as file:
            file.write(f"{settings['i']}\\n")
        time.sleep(0.05)
        return Outcome({"i": settings["i"]}, "none", {"noise": np.random.default_rng(0).normal(size=300_000)})

    slow = Experiment(
        name="slow", title="", place="", cells=lambda profile: [{"i": i} for i in range(12)], run=run,
        allows={"i": whole(0)}, recipe=lambda settings: None,
    )
    store = ResultStore(folder)
    try:
        for result in run_plan(plan(slow, store, jobs=int(jobs)), store, Where()):
            print(result.settings["i"], flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def start(tmp_path, jobs):
    script = tmp_path / "slow.py"
    script.write_text(textwrap.dedent(SLOW))
    command = [sys.executable, script, tmp_path / "results", tmp_path / "log", str(jobs)]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begun(tmp_path):
    return [int(line) for line in (tmp_path / "log").read_text().split()]


@pytest.mark.posix
@pytest.mark.parametrize("stop, jobs", [("SIGKILL", 1), ("SIGKILL", 2), ("SIGINT", 2)])
def test_a_stopped_run_goes_on_where_it_was(tmp_path, stop, jobs):
    run = start(tmp_path, jobs)
    for _ in range(3):
        run.stdout.readline()
    time.sleep(0.03)  # into the middle of a cell or of its writing
    os.killpg(run.pid, getattr(signal, stop))  # as Ctrl-C in a terminal does: the run and its workers
    errors = run.communicate(timeout=20)[1]
    assert run.returncode == (130 if stop == "SIGINT" else -getattr(signal, stop))
    assert "Traceback" not in errors
    kept = {r.settings["i"] for r in ResultStore(tmp_path / "results").results("slow")}
    assert 3 <= len(kept) < 12
    before = len(begun(tmp_path))
    again = start(tmp_path, jobs)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert sorted(begun(tmp_path)[before:]) == sorted(set(range(12)) - kept)  # each of the others, once
    assert {r.settings["i"] for r in ResultStore(tmp_path / "results").results("slow")} == set(range(12))


def test_processes_end_with_the_command_that_is_killed(tmp_path):
    """joblib's own would wait for work for five minutes."""
    run = start(tmp_path, 2)
    run.stdout.readline()
    family = psutil.Process(run.pid).children(recursive=True)
    run.kill()  # alone
    run.communicate()
    assert len(family) >= 2 and not psutil.wait_procs(family, timeout=60)[1]


def test_only_means_either_value_of_a_key_and_every_key():
    assert len(select(CELLS, [])) == 6
    assert len(select(CELLS, ["clean=0.6", "clean=0.9"])) == 4
    assert select(CELLS, ["clean=0.60", "noise=random"]) == [{"noise": "random", "clean": 0.6}]


def test_only_matches_words_numbers_truths_and_nothing():
    found = [{"value": value} for value in ("a", 1, 0.5, True, None)]
    assert [select(found, [f"value={text}"])[0]["value"] for text in ("a", "1", "0.50", "True", "None")] == [
        "a", 1, 0.5, True, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "only, message",
    [
        (["clean"], "KEY=VALUE; got 'clean'"),
        (["cleen=0.6"], "clean, noise; got 'cleen'"),
        (["clean=0.5"], "0.6, 0.8, 0.9; got '0.5'"),
        (["clean=high"], "got 'high'"),
        (["=1"], "got ''"),
    ],
)
def test_only_says_what_there_is(store, only, message):
    with pytest.raises(InputError, match=message):
        plan(experiment(), store, profile="full", only=only)


def test_only_refuses_a_combination_that_no_cell_has():
    with pytest.raises(InputError, match="none has all of panel=a, sigma=2"):
        select([{"panel": "a", "sigma": 1}, {"panel": "b", "sigma": 2}], ["panel=a", "sigma=2"])


# --- cells that are not listed

ALLOWS = {"noise": one_of("random", "systematic", "swapped"), "clean": number(0, 1, with_low=False), "epochs": whole()}


def test_another_setting_takes_the_place_of_the_listed_ones():
    toy = experiment(allows=ALLOWS)
    assert choose_cells(toy, "full", changes=["noise=swapped", "clean=0.65"]) == [{"noise": "swapped", "clean": 0.65}]
    found = choose_cells(toy, "full", only=["clean=0.6"], changes=["epochs=3"])
    assert found == [{"noise": noise, "clean": 0.6, "epochs": 3} for noise in ("random", "systematic")]


def test_such_a_cell_is_stored_like_any_other_and_is_none_of_the_listed(store):
    toy = experiment(allows=ALLOWS)
    todo = plan(toy, store, profile="full", seeds=1, changes=["noise=swapped", "clean=0.65"])
    (found,) = run_plan(todo, store, Where())
    assert (found.settings, len(store.results("toy"))) == ({"noise": "swapped", "clean": 0.65}, 1)
    assert plan(toy, store, profile="full", seeds=1, changes=["noise=swapped", "clean=0.65"]).todo == []
    assert plan(toy, store, profile="full").done == []


@pytest.mark.parametrize(
    "change, message",
    [
        ("noise", "--set must look like KEY=VALUE; got 'noise'"),
        ("noise=pink", "noise must be one of random, systematic, swapped; got 'pink'"),
        ("clean=0", r"clean must be a number in \(0, 1\]; got 0.0"),
        ("clean=nan", "clean must be a number"),
        ("clean=much", "got 'much'"),
        ("epochs=1.5", "epochs must be a whole number of at least 1; got '1.5'"),
        ("epochs=0", "got 0"),
        ("cleen=0.5", "toy must be set by clean, epochs, noise; it has no 'cleen'"),
    ],
)
def test_what_an_experiment_cannot_be_is_said_before_work(store, change, message):
    with pytest.raises(InputError, match=message):
        plan(experiment(allows=ALLOWS), store, profile="full", changes=[change])
    assert not store.folder.exists()


def test_settings_that_do_not_go_together_are_said_by_the_recipe(store):
    def refuse(settings):
        raise InputError("rounds must be at least 1")

    with pytest.raises(InputError, match="rounds must be"):
        plan(replace(experiment(), recipe=refuse), store)


@pytest.mark.parametrize("choice", [{"profile": "fast"}, {"seeds": 0}, {"seeds": 1.5}, {"jobs": 0}, {"jobs": "all"}])
def test_bad_choices_are_refused(store, choice):
    with pytest.raises(InputError, match=next(iter(choice))):
        plan(experiment(), store, **choice)


def test_devices():
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") in ("cpu", "cuda")
    with pytest.raises(InputError, match="auto, cpu, cuda; got 'gpu'"):
        resolve_device("gpu")
