"""Run notebooks headless, several at once, and keep what they gave: executed copies, pages, figures, verdicts."""

import hashlib
import json
import math
import os
import platform
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache, partial
from importlib.metadata import version
from numbers import Real
from pathlib import Path
from typing import NamedTuple

import nbformat
from filelock import FileLock, Timeout

from itlm_kit.data.root import data_root
from itlm_kit.errors import InputError, check_choice, check_integer
from itlm_kit.files import as_path, write_atomically, writing_to
from itlm_kit.machine import DEVICES, PROFILES, resolve_device
from itlm_kit.notebook import read_records
from itlm_kit.runner.folder import notebooks_folder

SCHEMA = 1
RESULTS = "results.json"
NUMBERED = re.compile(r"\d\d[a-z]?_")  # 03_convergence, and its appendix 03a_convergence_at_scale
MB = 1e6
# What the quick profile promises on two cores: seconds per notebook, and MB at its peak above a bare `import torch`.
QUICK_SECONDS = 60
QUICK_SECONDS_OF = {"06": 120}
QUICK_MEMORY = 330
CELL_SECONDS = {"quick": 300, "full": 24 * 3600}  # default time limit of one cell


@dataclass(frozen=True)
class Settings:
    """How notebooks are run. The first four are injected as their parameters, and what is their `own`."""

    profile: str = "quick"
    seed: int = 0
    device: str = "auto"
    data_root: str | None = None
    jobs: int = 1
    timeout: int | None = None  # seconds per cell; None: what the profile says
    max_memory: float | None = None  # MB above a bare `import torch`; None: what the profile says
    own: dict = field(default_factory=dict)  # parameters that only some notebooks have

    def __post_init__(self):
        check_choice("profile", self.profile, PROFILES)
        check_choice("device", self.device, DEVICES)
        check_integer("seed", self.seed, low=0)
        check_integer("jobs", self.jobs)
        if self.timeout is not None:
            check_integer("timeout", self.timeout, remedy="Seconds per cell, e.g. 300.")
        if self.max_memory is not None and not (isinstance(self.max_memory, Real) and 0 < self.max_memory < math.inf):
            raise InputError(f"max_memory must be a positive number of MB; got {self.max_memory!r}, e.g. 300.")
        if self.data_root is not None and not data_root(self.data_root).is_dir():
            raise InputError(f"data root must be a folder; there is none at {self.data_root}.")
        for name in self.own.keys() & {"profile", "seed", "device", "data_root"}:
            raise InputError(f"--set must name what only some notebooks have; {name} is a parameter of all.")

    @property
    def parameters(self):
        root = None if self.data_root is None else str(data_root(self.data_root).resolve())
        return {"profile": self.profile, "seed": self.seed, "device": self.device, "data_root": root, **self.own}

    @property
    def cell_seconds(self):
        return self.timeout or CELL_SECONDS[self.profile]

    def memory_limit(self, machine):
        """Most bytes of a kernel above the baseline, or None. The quick profile's own limit holds for the CPU only."""
        on_cpu = self.device == "cpu" or (self.device == "auto" and not machine.cuda)
        default = QUICK_MEMORY if self.profile == "quick" and on_cpu else None
        limit = self.max_memory or default
        return None if limit is None else limit * MB


class Machine(NamedTuple):
    """What the runner measures once before notebooks run."""

    baseline: int  # bytes of a Python that has imported torch and nothing else
    cuda: bool


@cache
def probe_machine():
    """Measure the Machine in a Python of its own."""
    code = (
        "import json, psutil, torch; m = psutil.Process().memory_info().rss;"
        "print(json.dumps([m, torch.cuda.is_available()]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if answer.returncode:
        reason = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(f"torch must be importable; {reason}. `itlm doctor` says what is missing.")
    return Machine(*json.loads(answer.stdout))


def find_notebooks(names=(), folder=None):
    """Paths of the notebooks called `names` (number or name, all when empty), in the order of their numbers.

    Raises InputError for a name that is none, naming those there are.
    """
    folder = notebooks_folder() if folder is None else as_path(folder, "folder")
    numbered = (path for path in sorted(folder.glob("[0-9][0-9]*.ipynb")) if NUMBERED.match(path.stem))
    known = {path.stem: path for path in numbered if path.is_file()}
    if not known:
        raise InputError(f"notebooks must be named like 01_name.ipynb; {folder} has none.")
    return sorted({known[_stem(name, known)] for name in names}) if names else list(known.values())


def _stem(name, known):
    wanted = name.removesuffix(".ipynb")
    for stem, path in known.items():
        number, _, title = stem.partition("_")
        spelled = (stem, title, number, number.removeprefix("0"))
        if wanted in spelled or Path(f"{wanted}.ipynb").resolve() == path.resolve():
            return stem
    raise InputError(f"notebook must be one of {', '.join(known)} (the number is enough); got {name!r}.")


def default_out(resume=False, runs="runs"):
    """A new folder `runs/<time>`, or with `resume` the newest one there is; raises InputError when there is none."""
    if not resume:
        return Path(runs) / datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    earlier = sorted(Path(runs).glob(f"*/{RESULTS}"))
    if not earlier:
        raise InputError(f"--resume must find an earlier run; there is none in ./{runs}. Name its folder with --out.")
    return earlier[-1].parent


class Run:
    """One run into a folder: `entries()` executes what is left to do, `report` is the content of its results.json."""

    def __init__(self, notebooks, out, settings, *, resume=False):
        self.out, self.settings = as_path(out, "out"), settings
        if settings.device == "cuda":
            resolve_device(settings.device)  # raises where there is none
        for path in notebooks if settings.own else ():
            _check_has(path, settings.own)
        self.machine = probe_machine()
        earlier = _earlier_entries(self.out) if resume else _nothing_in(self.out)
        self._lock = _alone_in(self.out)
        self._fresh = {path: _fingerprint(path, settings) for path in notebooks}
        self.done = [p for p, mark in self._fresh.items() if self._is_done(earlier.get(p.stem), mark)]
        self.todo = [path for path in notebooks if path not in self.done]
        for path in self.todo:
            earlier.pop(path.stem, None)
        self._entries = earlier
        self._started = datetime.now().astimezone()
        self._seconds = time.perf_counter()
        self._write_report()  # before any work: shows at once whether the folder can be written to

    @property
    def report(self):
        entries = [self._entries[name] for name in sorted(self._entries)]
        return {
            "schema": SCHEMA,
            "verdict": "failed" if any(e["verdict"] == "failed" for e in entries) else "passed",
            "complete": all(path.stem in self._entries for path in self._fresh),
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - self._seconds, 1),
            "settings": asdict(self.settings),
            "baseline_mb": round(self.machine.baseline / MB, 1),
            "versions": _versions(),
            "notebooks": entries,
        }

    def count_cells(self):
        """{name: number of code cells} of the notebooks to do, as executed: with the parameters injected."""
        return {path.stem: 1 + _count_code_cells(path) for path in self.todo}

    def entries(self, on_cell=lambda name: None):
        """Execute the notebooks to do, yielding each one's entry once its files are written.

        on_cell(name) is called after each code cell, from any thread. However it ends, no kernel is left running.
        """
        stop = threading.Event()
        pool = ThreadPoolExecutor(self.settings.jobs)
        try:
            pending = {pool.submit(self._execute, path, stop, on_cell) for path in self.todo}
            while pending:
                finished, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)  # wakes up for Ctrl-C
                for future in finished:
                    yield self._keep(future.result())
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            self._lock.release()

    def _is_done(self, entry, fingerprint):
        passed = entry is not None and entry["verdict"] == "passed" and fingerprint.items() <= entry.items()
        return passed and all((self.out / f"{entry['name']}{end}").is_file() for end in (".ipynb", ".html"))

    def _execute(self, path, stop, on_cell):
        from itlm_kit.runner.execution import execute

        threads = max(1, (os.cpu_count() or 1) // self.settings.jobs)
        done = execute(
            path, self.settings.parameters, seconds=self.settings.cell_seconds,
            memory=self.settings.memory_limit(self.machine), baseline=self.machine.baseline,
            threads=threads, stop=stop, on_cell=partial(on_cell, path.stem),
        )  # fmt: skip
        entry = {"name": path.stem, "title": None, "thumbnail": None} | self._measured(path, done) | self._fresh[path]
        return entry if done.nb is None or stop.is_set() else self._written(path, done.nb, entry)

    def _written(self, path, nb, entry):
        from itlm_kit.runner.execution import as_failure
        from itlm_kit.runner.report import draw_page, write_page

        with writing_to(self.out):
            write_atomically(self.out / path.name, lambda file: file.write(nbformat.writes(nb).encode()))
        try:
            entry = {**entry, "records": read_records(nb)}
            page = draw_page(nb, path.stem)
        except Exception as error:  # outputs that cannot be shown: this notebook's affair, the others go on
            failure = as_failure("page", None, f"{type(error).__name__}: {error}")
            return {**entry, "verdict": "failed", "failure": entry["failure"] or failure}
        with writing_to(self.out):
            return {**entry, **write_page(page, self.out, path.stem)}

    def _measured(self, path, done):
        budget = QUICK_SECONDS_OF.get(path.stem[:2], QUICK_SECONDS) if self.settings.profile == "quick" else None
        return {
            "verdict": "failed" if done.failure else "passed",
            "failure": done.failure,
            "seconds": round(done.seconds, 2),
            "budget_seconds": budget,
            "peak_mb": round(done.peak / MB, 1),
            "above_baseline_mb": round(max(0, done.peak - self.machine.baseline) / MB, 1),
            "records": {},
        }

    def _keep(self, entry):
        self._entries[entry["name"]] = entry
        self._write_report()
        return entry

    def _write_report(self):
        from itlm_kit.runner.report import index_page

        report = self.report
        with writing_to(self.out):
            write_atomically(self.out / RESULTS, lambda f: f.write((json.dumps(report, indent=1) + "\n").encode()))
            write_atomically(self.out / "index.html", lambda f: f.write(index_page(report).encode()))


def _check_has(path, parameters):
    """Raise InputError for a parameter that the notebook does not have: papermill would only warn of it."""
    from papermill import inspect_notebook

    try:
        known = inspect_notebook(path)
    except Exception:  # no notebook: executing it will say so
        return
    for name in parameters.keys() - known.keys():
        raise InputError(
            f"--set must name a parameter of {path.stem}: {', '.join(known)}; it has no {name!r}. "
            "Name the notebooks that have it, e.g. itlm run 05 --set images=1200"
        )


def _count_code_cells(path):
    try:
        return sum(cell.cell_type == "code" for cell in nbformat.read(path, as_version=4).cells)
    except Exception:  # no notebook: executing it will say so
        return 0


def _fingerprint(path, settings):
    return {"source_sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "parameters": settings.parameters}


def _alone_in(out):
    """A lock that says a run is writing to the folder, held until it is released or its process ends."""
    lock = FileLock(out / ".lock")
    with writing_to(out):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"--out must be of one run at a time; another is writing to {out}. Wait for it, or name another folder."
            ) from None
    return lock


def _nothing_in(out):
    if os.path.lexists(out / RESULTS):
        raise InputError(
            f"--out must hold no earlier run, or its pages would be taken for this one's; {out} does. Go on with it by "
            "--resume, or name another folder."
        )
    return {}


def _earlier_entries(out):
    path = out / RESULTS
    if not os.path.lexists(path):
        return {}
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ValueError("no file")
        report = json.loads(path.read_text())
        return {entry["name"]: _checked(entry) for entry in report["notebooks"]} if report["schema"] == SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"--resume must find a readable {RESULTS}; {path}: {error}. Begin anew in another folder."
        ) from error


_KINDS = {
    "name": str, "title": str | None, "thumbnail": str | None, "verdict": str, "failure": dict | None,
    "parameters": dict, "records": dict, "seconds": int | float, "budget_seconds": int | float | None,
    "peak_mb": int | float, "above_baseline_mb": int | float,
}  # fmt: skip


def _checked(entry):
    wrong = [name for name, kind in _KINDS.items() if not isinstance(entry.get(name), kind)]
    if wrong or entry["verdict"] not in ("passed", "failed"):
        raise ValueError(f"an entry without a proper {', '.join(wrong) or 'verdict'}")
    return entry


def _versions():
    names = ("itlm_kit", "numpy", "torch", "papermill")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
