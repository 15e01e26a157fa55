"""`itlm reproduce --missing`: claims without a verdict are settled in the minutes given, and what is cut goes on."""

import os
import signal
import threading
import time
from functools import partial
from types import SimpleNamespace

import pytest
import toys

import itlm_kit.chapters
from itlm_kit import cli
from itlm_kit.cli import missing
from itlm_kit.experiments.experiment import Cell, Outcome
from itlm_kit.experiments.store import JoinedStores, ResultStore
from itlm_kit.experiments.time_limit import TimeUp, time_limit
from itlm_kit.ledger.claim import Band, Claim
from itlm_kit.ledger.measures import cells, gain, last
from itlm_kit.ledger.shelf import lacking_cells

SETTINGS = [{"method": method} for method in ("naive", "itlm", "oracle")]
PLAIN = {"place": "here", "says": "so", "measure": last("accuracy"), "band": Band(50), "why": "half", "wrong": 0.0}


def claim(name, *methods, experiment="toy", **more):
    wanted = cells(experiment, *({"method": method} for method in methods))
    measure = gain("accuracy", "another") if len(methods) > 1 else last("accuracy")
    band = Band(1) if len(methods) > 1 else Band(50)
    return Claim(id=name, cells=wanted, **{**PLAIN, "measure": measure, "band": band, **more})


CLAIMS = [
    claim("level", "itlm"),
    claim("gain", "itlm", "naive"),
    claim("top", "oracle"),
    claim("theirs", "oracle", beyond="others' code"),
    claim("none", "centroid"),
]


def answer(settings, recipe, seed, where):
    return Outcome({"accuracy": {"naive": 60.0, "itlm": 80.0, "oracle": 90.0}[settings["method"]]}, "made up")


def experiment(run=answer, **more):
    return toys.experiment("toy", SETTINGS, run, **more)


def lacking(store, about=None, claims=CLAIMS):
    found = lacking_cells(claims, store, lambda name: about or experiment())
    return {name: [(cell.settings["method"], cell.seed) for cell in each] for name, each in found.items()}


# --- what claims lack


def test_a_claim_lacks_what_its_cheapest_seed_lacks(tmp_path):
    store = ResultStore(tmp_path)
    assert lacking(store) == {"level": [("itlm", 0)], "gain": [("itlm", 0), ("naive", 0)], "top": [("oracle", 0)]}
    store.save(toys.result("toy", {"method": "naive"}, {"accuracy": 60.0}, seed=1))
    assert lacking(store)["gain"] == [("itlm", 1)]
    store.save(toys.result("toy", {"method": "itlm"}, {"accuracy": 80.0}, seed=1))
    assert lacking(store) == {"top": [("oracle", 0)]}


def test_seeds_beyond_the_profile_s_own_count_once_they_are_measured(tmp_path):
    store = ResultStore(tmp_path)
    store.save(toys.result("toy", {"method": "oracle"}, {"accuracy": 60.0}, seed=7))
    assert "top" not in lacking(store)


def test_a_cell_that_a_claim_speaks_of_twice_is_computed_once(tmp_path):
    twice = claim("twice", "itlm", "itlm")
    assert lacking(ResultStore(tmp_path), claims=[twice]) == {"twice": [("itlm", 0)]}


def test_stores_are_read_as_one_the_first_before_the_others(tmp_path):
    first, second = ResultStore(tmp_path / "a"), ResultStore(tmp_path / "b")
    for store, figure in ((first, 1.0), (second, 2.0)):
        store.save(toys.result("toy", {"method": "itlm"}, {"accuracy": figure}))
    second.save(toys.result("toy", {"method": "oracle"}, {"accuracy": 3.0}))
    assert [r.metrics["accuracy"] for r in JoinedStores(first, second).results("toy")] == [1.0, 3.0]


# --- time that is up


def test_work_is_stopped_when_its_time_is_up():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TimeUp), time_limit(0.05):
        for _ in range(1000):
            time.sleep(0.01)
    assert signal.getsignal(signal.SIGTERM) is before


def test_work_that_ends_in_time_is_left_alone():
    before = signal.getsignal(signal.SIGTERM)
    with time_limit(0.2):
        pass
    assert all(thread.finished.is_set() for thread in threading.enumerate() if isinstance(thread, threading.Timer))
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.posix
def test_being_told_to_end_is_not_time_that_is_up():
    with pytest.raises(KeyboardInterrupt) as stopped, time_limit(100):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
    assert not isinstance(stopped.value, TimeUp)


# --- the command


@pytest.fixture
def kit(monkeypatch, tmp_path, itlm):
    """A kit of toys: `.claims`, `.experiment` to set, `.call(...)` -> (exit code, output, error output)."""
    kit = SimpleNamespace(claims=CLAIMS, experiment=experiment(), out=tmp_path / "runs" / "reproduce")
    published = tmp_path / "notebooks" / "results"
    published.mkdir(parents=True)
    (published / "nothing.jsonl").write_text("")
    monkeypatch.setattr(missing, "results_folder", lambda: tmp_path / "notebooks" / "results")
    monkeypatch.setattr(missing, "all_claims", lambda: kit.claims)
    monkeypatch.setattr(itlm_kit.chapters, "all_claims", lambda chapter="": kit.claims)
    for module in (missing, itlm_kit.chapters):
        monkeypatch.setattr(module, "get_experiment", lambda name: kit.experiment)

    kit.call = partial(itlm, "reproduce", "--missing", "--device", "cpu")
    return kit


def stored(kit):
    return {result.settings["method"] for result in ResultStore(kit.out).results()}


def test_what_is_missing_is_planned_computed_and_judged(kit):
    code, out, _ = kit.call("--minutes", 1)
    assert code == 0 and out.startswith("3 claims without a verdict\nplanned for 1 min: 3 cells, 3 claims, about 3 s")
    assert out.index("method=itlm") < out.index("method=naive") < out.index("method=oracle")
    assert "reproduced     gain" in out and "3 claims: 3 reproduced" in out
    assert stored(kit) == {"naive", "itlm", "oracle"}
    assert kit.call("--minutes", 1)[:2] == (0, "nothing is missing: every claim that the kit can check has a verdict\n")


def test_only_what_fits_is_computed(kit):
    kit.experiment = experiment(seconds=lambda settings: {"naive": 50, "itlm": 20, "oracle": 39}[settings["method"]])
    code, out, _ = kit.call("--minutes", 1, "--dry-run")
    assert code == 0 and "2 cells, 2 claims, about 59 s" in out and not kit.out.exists()
    kit.call("--minutes", 0.5)
    assert stored(kit) == {"itlm"}  # 39 s do not fit beside 20
    kit.call("--minutes", 1)
    assert stored(kit) >= {"itlm", "naive"}


def test_time_that_is_left_is_planned_again(kit):
    """Each of the cells takes most of the time, it was thought; none of them takes any."""
    kit.experiment = experiment(seconds=lambda settings: 40.0)
    code, out, _ = kit.call("--minutes", 1)
    assert code == 0 and "planned for 1 min: 1 cell, 1 claim" in out
    assert stored(kit) == {"itlm", "naive", "oracle"}


def test_what_wants_a_gpu_or_data_that_are_not_there_is_left_out(kit):
    wanting = {"needs_gpu": lambda settings: settings["method"] == "naive",
               "needs": lambda settings: ["mnist"] if settings["method"] == "oracle" else ["digits"]}  # fmt: skip
    kit.experiment = experiment(**wanting)
    code, out, _ = kit.call("--minutes", 1, "--data-root", ".")
    assert code == 0 and "left out: 1 claim for want of a GPU. With one: --device cuda" in out
    assert "left out: 1 claim for want of mnist. " in out and "itlm data download mnist" in out
    assert stored(kit) == {"itlm"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cell_that_is_cut_goes_on(kit, jobs):
    """It is expected to take a day; its first round is kept, and the second time it is all that it needs."""
    kit.experiment = experiment(in_rounds, seconds=lambda settings: 86400.0, goes_on=lambda s: s["method"] == "itlm")
    code, out, _ = kit.call("--minutes", 0.05, "--jobs", jobs)
    assert code == 0 and "0 cells, 0 claims, about no time" in out and "begun, and goes on another time" in out
    assert "time is up; the same command goes on" in out and stored(kit) == set()
    assert "reproduced     level" in kit.call("--minutes", 1, "--jobs", jobs)[1]


def in_rounds(settings, recipe, seed, where):
    if not where.rounds.exists():
        where.rounds.write_text("round 0")
        for _ in range(600):  # time is up between two of these
            time.sleep(0.1)
    return answer(settings, recipe, seed, where)


def test_a_cell_that_fails_ends_it_with_exit_code_1_and_the_others_are_kept(kit):
    def fail(settings, *rest):
        if settings["method"] == "naive":
            raise ZeroDivisionError("nothing")
        return answer(settings, *rest)

    kit.experiment = experiment(fail)
    code, out, error = kit.call("--minutes", 1)
    assert code == 1 and error.startswith("itlm: 1 cell of toy failed") and stored(kit) == {"itlm", "oracle"}
    assert "2 claims: 2 reproduced" in out


BAD = [
    ((), "--missing must come with a number of minutes; got None"),
    (("--minutes", "0"), "0.0 is not in the range"),
    (("--minutes", "-1"), "-1.0 is not in the range"),
    (("--minutes", "nan"), "got nan"),
    (("--minutes", "inf"), "got inf"),
    (("fig2", "--minutes", "1"), "--missing must choose the cells itself; got NAME beside it"),
    (("--minutes", "1", "--only", "clean=0.6", "--seeds", "2"), "got --seeds, --only beside it"),
    (("--minutes", "1", "--profile", "full"), "got --profile beside it"),
    (("--minutes", "1", "--all"), "got --all beside it"),
    (("--minutes", "1", "--cluster", "tcp://host:8786"), "got --cluster beside it"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_input_is_said_before_any_work(kit, arguments, words):
    code, _, error = kit.call(*arguments)
    assert code == 2 and error.count("\n") == 1 and words in error and not kit.out.exists()


def test_minutes_alone_are_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["reproduce", "fig2", "--minutes", "5"])
    assert "--minutes must come with --missing" in capsys.readouterr().err


# --- which cells go on

WITH_ROUNDS = ["table1-mnist", "table1-cifar", "table2", "table4", "table3", "table5", "fig3", "fig8"]


@pytest.mark.parametrize("name", WITH_ROUNDS)
def test_cells_of_several_rounds_go_on_and_no_others(name):
    about = itlm_kit.chapters.get_experiment(name)
    for settings in [*about.cells("quick"), *about.cells("full")]:
        recipe = Cell(about, settings).recipe
        rounds = getattr(recipe, "rounds", None) or len(getattr(recipe, "epochs", [0]))
        assert about.goes_on(settings) == (rounds > 1), settings
