"""Run notebooks headless, several at once, and keep what they gave: executed copies, pages, figures, verdicts."""

import hashlib
import json
import os
import platform
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import nbformat
from filelock import FileLock, Timeout

from itlm_kit.errors import InputError
from itlm_kit.files import as_path, write_atomically, writing_to
from itlm_kit.machine import resolve_device
from itlm_kit.notebook import read_records
from itlm_kit.runner.results import RESULTS, SCHEMA, earlier_entries, nothing_in
from itlm_kit.runner.settings import MB, probe_machine


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
        earlier = earlier_entries(self.out) if resume else nothing_in(self.out)
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
        """What results.json holds: how the run went, and an entry for each notebook."""
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
        return {
            "verdict": "failed" if done.failure else "passed",
            "failure": done.failure,
            "seconds": round(done.seconds, 2),
            "budget_seconds": self.settings.budget_seconds(path.stem),
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


def _versions():
    names = ("itlm_kit", "numpy", "torch", "papermill")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
