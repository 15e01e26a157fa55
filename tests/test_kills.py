"""kill -9 at any moment: what was finished is kept, nothing half-written counts, and the same command goes on.

A kill leaves: of the command's temporary folders those of that moment, until the next command of its kind begins; in
shared memory, where all processes are killed at once, the semaphores of joblib's pool, some bytes each, which joblib's
own cleaner would have removed; the processes that a cell of a notebook has started, since what would end them is dead.
"""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import psutil
import pytest
from planted import write_notebook
from problem_set import SOLVED, student_notebook, write_source

from itlm_kit import InputError, TrajectoryRecorder
from itlm_kit.course.assignments import read_assignment
from itlm_kit.experiments.store import DamagedResult, ResultStore

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.name != "posix", reason="this system has no process groups"),
]

KILLS = 5  # of each command
SEED = 20
_MAIN = ("-c", "from itlm_kit.cli import main; main()")


class Command(NamedTuple):
    """A command, and what it makes in the folder that it is run in."""

    prepare: Callable[[Path], None]
    words: tuple[str, ...]
    kept: Callable[[Path], dict]  # what would be read as results now, {name: what it holds}
    again: tuple[str, ...] = ()  # more words, to go on
    new: tuple[str, ...] = ()  # folders that it makes and never overwrites


# reproduce


def finished_cells(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error", DamagedResult)
        found = ResultStore(folder / "cells").results()
    curves = [{name: values.tobytes() for name, values in sorted(one.curves.items())} for one in found]
    return {one.key: (one.metrics, one.data, curve) for one, curve in zip(found, curves, strict=True)}


# run


def write_notebooks(folder):
    for name in ("00_start_here", "01_more", "02_most"):
        code = "import time, random\nrandom.seed(seed)\ntime.sleep(0.5)\nfrom itlm_kit.notebook import record"
        write_notebook(folder / "notebooks", name, code, "record(drawn=random.random())")


def passed_notebooks(folder):
    path = folder / "out" / "results.json"
    entries = json.loads(path.read_text())["notebooks"] if path.exists() else []
    timed = {"seconds", "peak_mb", "above_baseline_mb", "source_sha256"}  # ids of cells are drawn
    kept = {entry["name"]: {key: entry[key] for key in entry.keys() - timed} for entry in entries}
    for name in kept:
        assert (folder / "out" / f"{name}.html").read_text().rstrip().endswith("</html>")
        assert len(nbformat.read(folder / "out" / f"{name}.ipynb", as_version=4).cells) == 5
    return kept


# assignment grade


def hand_in(folder):
    toy = read_assignment("toy", write_source(folder / "source"))
    (folder / "in").mkdir()
    wrong = {"cube": "import time\ntime.sleep(0.5)\ncube = abs"}
    for student, answers in {"Ann": {}, "Bob": {"square": "square = abs"}, "Zoë": wrong}.items():
        nbformat.write(student_notebook(toy, **{**SOLVED, **answers}), folder / "in" / f"{student}.ipynb")


def grades(folder):
    path, pages = folder / "marks.csv", sorted(folder.glob("marks/*.html"))
    table = list(csv.reader(path.read_text("utf-8-sig").splitlines())) if path.exists() else None
    return {page.name: page.read_text() for page in pages} | ({"table": table} if table else {})


# record

_TRAINS = """
    import sys, time
    import numpy as np
    from itlm_kit import InputError, TrajectoryRecorder

    n, epochs = 3000, 40
    try:
        recorder = TrajectoryRecorder.resume("recording", n)
    except InputError:
        recorder = TrajectoryRecorder(n, 2, "recording")
    for epoch in range(max(0, recorder.epochs - 1), epochs):  # the last one may have been cut
        rng = np.random.default_rng(epoch)
        for batch in rng.permutation(n).reshape(-1, 100):
            recorder.record_logits(epoch, batch, rng.normal(size=(100, 3)), batch % 3)
        time.sleep(0.02)
"""


def write_training(folder):
    (folder / "train.py").write_text(textwrap.dedent(_TRAINS))


def recorded_epochs(folder):
    """Those before the last, which may have been cut."""
    try:
        recorder = TrajectoryRecorder.load(folder / "recording")
    except InputError as error:
        assert "must hold a recording" in str(error)  # none yet, and not a damaged one
        return {}
    fields = [recorder.losses, recorder.correct, recorder.margin, recorder.confidence, recorder.called]
    last = recorder.epochs if recorder.epochs == 40 and recorder.seen[-1].all() else recorder.epochs - 1
    return {epoch: np.stack([field[epoch] for field in fields]).tobytes() for epoch in range(last)}


# examine


def write_table(folder):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 400))
    y = np.where(rng.random(400) < 0.1, a < 0, a > 0).astype(int)
    lines = [f"{a:.4f},{b:.4f},{y}" for a, b, y in zip(a, b, y, strict=True)]
    (folder / "table.csv").write_text("\n".join(["a,b,y", *lines]) + "\n")


def found_suspects(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for place in ("found", "clean")
            for path in folder.glob(f"{place}/*")}  # fmt: skip


COMMANDS = {
    "reproduce": Command(
        lambda folder: None, (*_MAIN, *"reproduce fig7 --jobs 2 --out cells".split()), finished_cells
    ),
    "run": Command(write_notebooks, (*_MAIN, *"run --out out --jobs 2".split()), passed_notebooks, ("--resume",)),
    "grade": Command(
        hand_in, (*_MAIN, *"assignment grade in --source source --jobs 2 --out marks.csv".split()), grades
    ),
    "record": Command(write_training, ("train.py",), recorded_epochs),
    "examine": Command(
        write_table, (*_MAIN, *"examine table.csv --target y --out found --copy-kept clean".split()), found_suspects,
        new=("found", "clean"),
    ),
}  # fmt: skip


class Place:
    """Where a command is run again and again: a home, a folder for what is temporary, a folder for each time."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self.temporary, self.home = folder / "temporary", folder / "home"
        for each in (self.temporary, self.home, folder / "mark"):
            each.mkdir()
        self.whole = self.new("whole")
        self.run(self.whole)
        self.seconds = self.run(self.new("timed"))  # once more, now that all is in the system's memory
        self.result = command.kept(self.whole)

    def new(self, name):
        (self.folder / name).mkdir()
        self.command.prepare(self.folder / name)
        return self.folder / name

    def start(self, folder, *more):
        # The folder called mark tells the command's processes from others: each has it in its environment.
        paths = os.pathsep.join([str(self.folder / "mark"), *filter(None, [os.environ.get("PYTHONPATH")])])
        own = {"TMPDIR": str(self.temporary), "HOME": str(self.home), "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, *self.command.words, *more], cwd=folder, start_new_session=True,
            env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, folder, *more):
        """Run the command to its end; returns the seconds it took."""
        begun = time.monotonic()
        process = self.start(folder, *more)
        out = process.communicate(timeout=600)[0]
        assert process.returncode == 0 and "Traceback" not in out, out
        return time.monotonic() - begun

    def clear(self, folder):
        """Remove finished folders that the command would not overwrite, as it asks for."""
        finished = [folder / name for name in self.command.new if (folder / name).exists()]
        if finished:
            process = self.start(folder)
            out = process.communicate(timeout=600)[0]
            assert process.returncode == 2 and "must be new" in out, out
        for each in finished:
            shutil.rmtree(each)

    def family(self):
        """Processes that the command has started and that are still there."""
        return [one for one in psutil.process_iter() if self._is_ours(one)]

    def _is_ours(self, process):
        with suppress(psutil.Error, OSError):
            return process.status() != psutil.STATUS_ZOMBIE and str(self.folder) in process.environ().get(
                "PYTHONPATH", ""
            )
        return False


@pytest.fixture(scope="module", params=COMMANDS)
def place(request, tmp_path_factory):
    return Place(COMMANDS[request.param], tmp_path_factory.mktemp(request.param))


def left_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix == ".part")


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_command_that_is_killed_goes_on_as_if_nothing_had_been(place, kill):
    share = (kill + random.Random(f"{SEED} {place.folder.name} {kill}").random()) / KILLS
    is_alone = kill % 2 == 0
    moment = share * place.seconds
    folder = place.new(f"killed {kill}")
    process = place.start(folder)
    with suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    pid, ended = process.pid, process.poll()
    process.kill() if is_alone else ended is None and os.killpg(pid, signal.SIGKILL)
    process.wait()
    said = (
        f"killed {'alone' if is_alone else 'with its group'} after {moment:.2f} of {place.seconds:.2f} s, seed {SEED}"
        f"{'' if ended is None else ', when it had ended'}"
    )
    _, alive = psutil.wait_procs(place.family(), timeout=60)
    assert not alive, f"{said}: {[one.cmdline() for one in alive]} go on"
    kept = place.command.kept(folder)
    assert kept.items() <= place.result.items(), f"{said}: another result than that of a command that was let run"
    place.clear(folder)
    place.run(folder, *place.command.again if (folder / "out").exists() else ())
    assert place.command.kept(folder) == place.result, f"{said}: other results when it went on"
    assert not left_in(folder) and list(place.temporary.iterdir()) == [], said
    assert not list(place.home.rglob("kernel-*.json")), said
    ours = [name for name in os.listdir("/dev/shm") if re.search(rf"[-_]{pid}[-_]", name)] if psutil.LINUX else []
    assert is_alone is False or not ours, f"{said}: {ours} in shared memory"
    assert all(name.startswith("sem.loky-") for name in ours), f"{said}: {ours} in shared memory"
