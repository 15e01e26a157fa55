import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
import toys
from planted import SOUND, write_notebook

import itlm_kit.chapters
from itlm_kit import explorers
from itlm_kit.cli import doctor, explorer_page
from itlm_kit.cli.tables import comparison
from itlm_kit.experiments.experiment import Outcome
from itlm_kit.experiments.settings import SHARE, one_of
from itlm_kit.experiments.store import ResultStore
from itlm_kit.names import duration

PLANTED = "01_sound.ipynb"  # what marks a planted folder of notebooks as the kit's


@pytest.fixture
def itlm(itlm, monkeypatch):
    """`itlm` of conftest, where a planted folder of notebooks passes for the kit's."""
    monkeypatch.setattr("itlm_kit.runner.folder.FIRST", PLANTED)
    return itlm


@pytest.fixture
def squares(monkeypatch):
    """A small experiment in place of any other: `.computed` lists what ran, `.fails` {clean: error} stops cells."""
    computed, fails = [], {}

    def run(settings, recipe, seed, where):
        if settings["clean"] in fails:
            raise fails[settings["clean"]]
        computed.append((settings["clean"], seed))
        rounds = [{"round": t, "last_accuracy": 100 * settings["clean"] + seed + t} for t in (0, 1)]
        return Outcome({"rounds": rounds}, "made up")

    def cells(profile):
        return [{"clean": clean, "method": "itlm"} for clean in (0.25, 0.5)]

    allows = {"clean": SHARE, "method": one_of("itlm")}
    experiment = toys.experiment("squares", cells, run, seeds={"quick": 2, "full": 5}, allows=allows)
    monkeypatch.setattr(itlm_kit.chapters, "get_experiment", lambda name: experiment)
    return SimpleNamespace(computed=computed, fails=fails)


BAD = [
    (["run", "99"], "notebook must be one of 01_sound"),
    (["run", "--profile", "slow"], "'slow' is not one of 'quick', 'full'"),
    (["run", "--jobs", "two"], "'two' is not a valid integer"),
    (["run", "--jobs", "0"], "0 is not in the range"),
    (["run", "--timeout", "1.5"], "not a valid integer"),
    (["run", "--max-memory", "0"], "0 is not in the range"),
    (["run", "--max-memory", "nan"], "max_memory must be a positive number"),
    (["run", ""], "notebook must be one of 01_sound"),
    (["run", "elsewhere/01_sound.ipynb"], "notebook must be one of 01_sound"),
    (["run", "--device", "tpu"], "'tpu' is not one of"),
    (["run", "--data-root", "a_file"], "data root must be a folder"),
    (["run", "--data-root", "nothing"], "data root must be a folder"),
    (["run", "--out", "a_file"], "results must go to a folder that can be written; a_file"),
    (["run", "--out", "a_file/below"], "results must go to a folder that can be written; a_file"),
    (["run", "--set", "images"], "--set must look like KEY=VALUE; got 'images'"),
    (["run", "--set", "images=1200"], "--set must name a parameter of 01_sound"),
    (["run", "--set", "seed=1"], "seed is a parameter of all"),
    (["run", "--resume"], "--resume must find an earlier run"),
    (["reproduce", "fig99"], "experiment must be one of"),
    (["reproduce", "fig1b", "--only", "clean"], "--only must look like KEY=VALUE"),
    (["reproduce", "fig1b", "--only", "noise=pink"], "--only noise= must be one of systematic"),
    (["reproduce", "fig1b", "--seeds", "0"], "0 is not in the range"),
    (["reproduce", "fig1b", "--out", "a_file"], "results must go to a folder that can be written"),
    (["reproduce", "fig1b", "--profile", "full", "--data-root", "damaged"], "itlm data download mnist"),
    (["reproduce", "fig1b", "--dry-run", "--data-root", "a_file"], "data root must be a folder"),
    (["claims", "--results", "a_file"], "got 'a_file', which is not there"),
    (["claims", "--results", "nothing"], "results must be a folder with the kit's result files (.jsonl); got"),
    (["data", "check", "mnits"], "data must be one of"),
    (["data", "check", "mnist", "--data-root", "damaged"], "train-images-idx3-ubyte"),
    (["data", "list", "--data-root", "a_file"], "data root must be a folder"),
    (["doctor", "--data-root", "a_file"], "data root must be a folder"),
    (["explore", "line", "--port", "99999"], "99999 is not in the range"),
    (["reproduce", "fig1b", "--seeds", "999999999", "--dry-run"], "seeds must be a whole number from 1 to 1000"),
    (["explore", "nothing"], "explorer must be one of convergence"),
    (["claims", "--frob"], "No such option"),
    (["frob"], "No such command 'frob'"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(itlm, tmp_path, arguments, words):
    write_notebook(tmp_path / "notebooks", "01_sound", SOUND)
    (tmp_path / "a_file").write_text("mine")
    raw = tmp_path / "damaged" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03\0\0\xea\x60\0\0\0\x1c\0\0\0\x1ccut short")
    before = sorted(tmp_path.rglob("*"))
    code, _, error = itlm(*arguments)
    assert code == 2
    assert error.startswith("itlm: ") and error.count("\n") == 1 and words in error
    assert sorted(tmp_path.rglob("*")) == before and (tmp_path / "a_file").read_text() == "mine"


def test_a_cuda_device_that_is_not_there_is_refused_before_any_work(itlm, tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    write_notebook(tmp_path / "notebooks", "01_sound", SOUND)
    code, _, error = itlm("run", "--device", "cuda", "--out", "out")
    assert code == 2 and "'cuda'" in error and not (tmp_path / "out").exists()


def test_run_tells_how_each_notebook_fared(itlm, tmp_path):
    write_notebook(tmp_path / "notebooks", "01_sound", SOUND)
    write_notebook(tmp_path / "notebooks", "02_error", "1 / 0")
    code, out, _ = itlm("run", "--out", "out", "--jobs", 2)
    assert code == 1
    assert "passed  01_sound" in out and "1 of 2 passed" in out
    assert "failed: 02_error, cell 3, error: ZeroDivisionError: division by zero" in out
    code, out, _ = itlm("run", "1", "--out", "out", "--resume")
    assert code == 0 and "kept    01_sound" in out and "1 of 1 passed" in out


def test_run_sets_what_a_notebook_lets_one_choose_to_a_number_or_a_text(itlm, tmp_path):
    code = "from itlm_kit.notebook import record\nrecord(images=images, of=of)"
    write_notebook(tmp_path / "notebooks", "01_sound", code, own="images = 3000\nof = 'mnist'")
    assert itlm("run", "--out", "out", "--set", "images=1200", "--set", "of=digits")[0] == 0
    (entry,) = json.loads((tmp_path / "out" / "results.json").read_text())["notebooks"]
    assert entry["records"] == {"images": 1200, "of": "digits"}


def test_run_without_out_makes_a_folder_in_runs(itlm, tmp_path):
    write_notebook(tmp_path / "notebooks", "01_sound", SOUND)
    assert itlm("run")[0] == 0
    (report,) = tmp_path.glob("runs/*/results.json")
    assert json.loads(report.read_text())["verdict"] == "passed"
    assert "kept    01_sound" in itlm("run", "--resume")[1]


@pytest.mark.posix
def test_ctrl_c_keeps_what_is_done_and_ends_the_kernels(tmp_path):
    write_notebook(tmp_path / "notebooks", "01_sound", SOUND)
    write_notebook(tmp_path / "notebooks", "02_slow", "import time\ntime.sleep(600)")
    command = ["run", "--out", "out"]
    process = start(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "passed  01_sound" in process.stdout.readline()
    kernels = wait_for_kernels(process.pid)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 130 and error == ""
    assert "The same command with --out out --resume goes on" in out
    assert not psutil.wait_procs(kernels, timeout=5)[1]
    report = json.loads((tmp_path / "out" / "results.json").read_text())
    assert not report["complete"] and [e["name"] for e in report["notebooks"]] == ["01_sound"]
    assert "01_sound" in (tmp_path / "out" / "index.html").read_text()
    assert not [p for p in (tmp_path / "out").iterdir() if p.name.startswith("02") or p.suffix == ".part"]


def start(arguments, **options):
    """The command in a process of its own that heeds Ctrl-C even when the tests run in the background."""
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    planted = f"import itlm_kit.runner.folder as folder; folder.FIRST = {PLANTED!r}; " if "run" in arguments else ""
    code = f"{heed}; {planted}from itlm_kit.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], **options)


def wait_for_kernels(pid):
    while not (kernels := psutil.Process(pid).children(recursive=True)):
        pass
    return kernels


def test_reproduce_computes_shows_and_keeps(itlm, squares):
    code, out, _ = itlm("reproduce", "squares")
    assert code == 0 and "0 done, 4 to compute" in out
    assert "26.5 (26 to 27)" in out and "51.5 (51 to 52)" in out  # the last round, median of two seeds
    code, again, _ = itlm("reproduce", "squares")
    assert code == 0 and "cells: 4 done, 0 to compute" in again and "26.5 (26 to 27)" in again
    assert len(squares.computed) == 4
    itlm("reproduce", "squares", "--only", "clean=0.5", "--seeds", "3")
    assert squares.computed[4:] == [(0.5, 2)]


def test_reproduce_dry_run_computes_nothing(itlm, squares, tmp_path):
    code, out, _ = itlm("reproduce", "squares", "--profile", "full", "--dry-run")
    assert code == 0 and "10 to compute, about 10 s" in out
    assert squares.computed == [] and list(tmp_path.iterdir()) == []


def test_reproduce_asks_for_the_data_of_the_cells_it_computes(itlm, squares, monkeypatch, tmp_path):
    wanting = replace(
        itlm_kit.chapters.get_experiment("squares"),
        needs=lambda settings: ["digits"] if settings["clean"] == 0.25 else ["digits", "celeba"],
    )
    monkeypatch.setattr(itlm_kit.chapters, "get_experiment", lambda name: wanting)
    code, _, error = itlm("reproduce", "squares", "--data-root", str(tmp_path))
    assert code == 2 and "celeba" in error and squares.computed == []
    assert "data celeba: " in itlm("reproduce", "squares", "--data-root", str(tmp_path), "--dry-run")[1]
    code, out, _ = itlm("reproduce", "squares", "--only", "clean=0.25", "--data-root", str(tmp_path))
    assert code == 0 and "data digits: " in out and "celeba" not in out
    out = itlm("reproduce", "squares", "--only", "clean=0.25", "--data-root", str(tmp_path))[1]
    assert "2 done, 0 to compute" in out and "data digits" not in out


def test_reproduce_says_what_wants_a_gpu(itlm, squares, monkeypatch):
    assert "GPU" not in itlm("reproduce", "squares", "--profile", "full", "--dry-run")[1]
    wanting = replace(itlm_kit.chapters.get_experiment("squares"), needs_gpu=lambda settings: settings["clean"] == 0.25)
    monkeypatch.setattr(itlm_kit.chapters, "get_experiment", lambda name: wanting)
    assert "a GPU is wanted" in itlm("reproduce", "squares", "--profile", "full", "--dry-run")[1]
    assert "GPU" not in itlm("reproduce", "squares", "--profile", "full", "--only", "clean=0.5", "--dry-run")[1]


@pytest.fixture
def two(monkeypatch):
    """Two experiments in place of all others; a cell of the second wants a GPU."""

    def of(name):
        seconds, needs_gpu = (lambda settings: 3600.0 * settings["hours"]), lambda settings: settings["hours"] == 6
        hours = {"short": (1, 2), "long": (3, 6)}[name]
        cells, run = (
            [{"hours": h} for h in hours],
            lambda settings, *others: Outcome({"hours": settings["hours"]}, "no"),
        )
        return toys.experiment(name, cells, run, seeds={"quick": 1, "full": 2}, seconds=seconds, needs_gpu=needs_gpu)

    monkeypatch.setattr(itlm_kit.chapters, "experiment_names", lambda: ["short", "long"])
    monkeypatch.setattr(itlm_kit.chapters, "get_experiment", of)


def test_all_on_paper(itlm, two, tmp_path):
    """On cores 3, 3, 2, 2, 1, 1 hours and on GPUs 6, 6: 12 and 12 one by one, 3 and 6 h where each has its own."""
    code, out, _ = itlm("reproduce", "--all", "--profile", "full", "--dry-run", "--jobs", "8")
    assert code == 0 and "short: A toy" in out and "long: A toy" in out and list(tmp_path.iterdir()) == []
    assert out.splitlines()[4:-1] == [
        "| at once | GPUs, for the 2 cells that want one | cores of a CPU, for the other 6 cells |",
        "|---|---|---|",
        "| 1 | 12.0 h | 12.0 h |",
        "| 8 | 6.0 h | 3.0 h |",
        "| 100 | 6.0 h | 3.0 h |",
    ]
    assert "a GPU is wanted" in out.splitlines()[-1]


def test_all_is_computed_in_one_go_and_shown_one_by_one(itlm, two):
    code, out, _ = itlm("reproduce", "--all")
    assert code == 0 and out.count("Of the last round: median over seeds") == 2
    assert itlm("reproduce", "--all", "--dry-run")[1].count("2 done, 0 to compute") == 2


@pytest.mark.parametrize("beside", [["short"], ["--only", "hours=1"], ["--set", "hours=2"]])
def test_all_stands_alone(itlm, two, beside):
    code, _, error = itlm("reproduce", *beside, "--all")
    assert code == 2 and error.startswith("itlm: --all must stand without NAME, --only and --set")


def test_a_cell_that_fails_is_reported_and_the_others_are_kept(itlm, squares):
    squares.fails[0.25] = RuntimeError("diverged")
    code, out, error = itlm("reproduce", "squares", "--seeds", "1")
    assert code == 1 and "diverged" in error and "51" in out
    squares.fails.clear()
    assert "1 done, 1 to compute" in itlm("reproduce", "squares", "--seeds", "1")[1]


def test_a_reproduction_that_went_on_is_shown_in_the_order_of_its_cells(itlm, squares):
    itlm("reproduce", "squares", "--seeds", "1", "--only", "clean=0.5")
    out = itlm("reproduce", "squares", "--seeds", "1")[1]
    assert out.index("0.25") < out.index("0.50")


def test_a_process_that_is_killed_is_one_line(itlm, monkeypatch):
    def cells(profile):
        return [{"clean": 0.25}, {"clean": 0.5}]

    fatal = toys.experiment("fatal", cells, lambda *cell: os._exit(9))
    monkeypatch.setattr(itlm_kit.chapters, "get_experiment", lambda name: fatal)
    code, _, error = itlm("reproduce", "fatal", "--jobs", "2")
    assert code == 1 and error.count("\n") == 1 and error.startswith("itlm: a process was killed")


def test_a_stopped_reproduction_goes_on(itlm, squares):
    squares.fails[0.5] = KeyboardInterrupt()
    code, out, _ = itlm("reproduce", "squares", "--seeds", "1")
    assert code == 130 and "the same command goes on" in out
    squares.fails.clear()
    assert itlm("reproduce", "squares", "--seeds", "1")[0] == 0
    assert squares.computed == [(0.25, 0), (0.5, 0)]


def test_reproduce_without_a_name_lists_the_experiments(itlm):
    code, out, _ = itlm("reproduce")
    assert code == 0 and len(out.splitlines()) == len(itlm_kit.chapters.experiment_names())
    assert "table1-mnist" in out and "(Table 1, left half)" in out


def test_measured_stands_beside_published():
    settings = {"data": "mnist", "share": 0.05, "noise": "systematic", "clean": 0.6, "protocol": "paper"}
    accuracies = {"itlm": (86.0, 88.0), "oracle": (93.0, 93.0)}
    results = [
        toys.result("table1-mnist", {**settings, "method": method}, {"selected_accuracy": a}, seed=seed)
        for method, both in accuracies.items()
        for seed, a in enumerate(both)
    ]
    text = comparison(results)
    assert "87 (86 to 88) [84.98]" in text and "93 [92.44]" in text  # where all seeds agree there is no spread
    assert text.startswith("data mnist, share 0.05, noise systematic, clean 0.6, protocol paper\n")


def test_methods_inside_a_cell_get_a_line_each():
    rounds = [
        {"method": m, "round": t, "error": e / (t + 1)} for m, e in (("itlm", 0.1), ("naive", 0.8)) for t in (0, 1)
    ]
    lines = comparison([toys.result("fig2", {"clean": 0.8}, {"rounds": rounds})]).splitlines()
    assert lines[2].split() == ["itlm", "1", "0.05"] and lines[3].split() == ["naive", "1", "0.4"]


def test_claims_as_text_and_as_json(itlm, tmp_path):
    ResultStore(tmp_path / "results").save(toys.result("other", {}, {}))
    code, out, _ = itlm("claims", "--json", "--results", "results")
    claims = json.loads(out)
    assert code == 0 and {"id", "place", "says", "experiment", "verdict"} <= set(claims[0])
    assert {claim["verdict"] for claim in claims} == {"not run"}
    assert claims[0]["id"] in itlm("claims", "--results", "results")[1]


def test_beside_a_folder_of_somebody_s_own_the_kit_s_notebooks_are_meant(itlm, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "notebooks", "01_sound", SOUND)
    claims = json.loads(itlm("claims", "--json")[1])
    assert {"reproduced", "not reproduced"} <= {claim["verdict"] for claim in claims}
    code, _, error = itlm("run", "sound")
    assert code == 2 and "notebook must be one of 00_start_here" in error


def test_results_are_gathered_into_a_folder(itlm, squares, tmp_path):
    itlm("reproduce", "squares")
    code, out, _ = itlm("results", "gather", "runs/reproduce", "--into", "published")
    assert (code, out) == (0, "squares        4 cells, 4 new\n")
    assert [path.name for path in (tmp_path / "published").iterdir()] == ["squares.jsonl"]
    squares.computed.clear()
    assert itlm("results", "gather", "runs/reproduce", "--into", "published")[1] == "squares        4 cells, 0 new\n"
    assert squares.computed == []


def test_a_damaged_cell_is_named_in_one_line_and_computed_again(itlm, squares, tmp_path):
    itlm("reproduce", "squares", "--seeds", "1")
    path = next(tmp_path.glob("runs/reproduce/squares/*.json"))
    path.write_text("[]")
    code, out, error = itlm("reproduce", "squares", "--seeds", "1")
    assert code == 0 and "1 done, 1 to compute" in out
    assert error.splitlines()[0].startswith(f"itlm: warning: {path.relative_to(tmp_path)} is damaged and counts as not")


def test_a_cell_that_is_not_listed_is_run_and_kept(itlm, squares):
    code, out, _ = itlm("reproduce", "squares", "--set", "clean=0.75", "--seeds", "1")
    assert code == 0 and "0.75" in out and squares.computed == [(0.75, 0)]
    assert "2 to compute" in itlm("reproduce", "squares", "--seeds", "1", "--dry-run")[1]


def test_data_commands_tell_what_is_there(itlm):
    code, out, _ = itlm("data", "list", "--data-root", ".")
    assert code == 0 and "digits         ready" in out and "itlm data download mnist" in out
    assert itlm("data", "check", "digits")[:2] == (0, "digits: ready, comes with scikit-learn\n")
    assert itlm("data", "download", "digits")[0] == 0


@pytest.mark.parametrize("name", explorers.names())
def test_every_page_shows_its_explorer(name):
    (cell,) = explorer_page._page(name).cells
    *lines, last = cell.source.splitlines()
    scope = {}
    exec("\n".join(lines), scope)
    assert isinstance(eval(last, scope), explorers.get_explorer(name))


def test_explore_without_voila_says_how_to_get_it(itlm, monkeypatch):
    monkeypatch.setattr("itlm_kit.extras.find_spec", lambda name: None)
    code, _, error = itlm("explore", "convergence")
    assert code == 2 and error.endswith('Run: pip install "itlm_kit[notebooks]"\n')


@pytest.mark.posix
@pytest.mark.slow
def test_explore_serves_the_explorer_until_stopped():
    pytest.importorskip("voila")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["explore", "convergence", "--no-browser", "--port", str(port)]
    process = start(command, stderr=subprocess.DEVNULL)
    try:
        page = fetch(f"http://localhost:{port}/", process)
        assert "application/vnd.jupyter.widget-view+json" in page and "Traceback" not in page
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


def fetch(url, process):
    while process.poll() is None:
        try:
            return urllib.request.urlopen(url, timeout=60).read().decode()
        except urllib.error.URLError:
            time.sleep(0.2)  # not up yet
    raise AssertionError(f"ended with {process.returncode} before it served a page")


def test_doctor_names_the_command_that_mends_what_is_missing(itlm, monkeypatch):
    code, out, _ = itlm("doctor")
    assert code == 0 and "torch" in out and "data digits" in out

    def version(name):
        if name in ("voila", "pandas"):
            raise doctor.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)
    code, out, _ = itlm("doctor")
    assert code == 1
    assert "! pandas" in out and f"-> {sys.executable} -m pip install pandas" in out
    assert "! voila" not in out and f'-> {sys.executable} -m pip install "itlm_kit[notebooks]"' in out  # an extra


def test_help_and_version(itlm):
    assert itlm()[0] == itlm("--help")[0] == itlm("run", "--help")[0] == 0
    assert "reproduce" in itlm()[1]
    assert itlm("--version")[1].startswith("itlm_kit ")


def test_the_command_starts_light():
    code = "import itlm_kit.cli, sys; print({'torch', 'papermill', 'pandas', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (119, "119 s"), (150, "2 min"), (9000, "2.5 h")])
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words
