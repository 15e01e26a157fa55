"""Execute one notebook under guard and say what became of it."""

import logging
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError

from itlm_kit.files import scratch_folder
from itlm_kit.runner.guard import ENGINE, Guard

_START_SECONDS = 120  # for a kernel to start, on a busy machine
_MB = 1e6


class Execution(NamedTuple):
    """What executing a notebook gave."""

    nb: nbformat.NotebookNode | None  # executed as far as it went, without widget state; None: it was no notebook
    failure: dict | None  # {"kind", "cell", "source", "error"}; kind: error, widget, timeout, memory, kernel, notebook
    seconds: float
    peak: int  # bytes of the kernel and its children


def execute(path, parameters, *, seconds, memory=None, baseline=0, threads=1, stop=None, on_cell=lambda: None):
    """Execute a notebook with `parameters` injected; returns an Execution, whatever the notebook does.

    seconds: time limit of a cell. memory: bytes above `baseline` at which the kernel is killed. threads: cores that
    its products may use. stop: an Event that ends it from outside. on_cell: called after each code cell.
    """
    for name in ("papermill", "asyncio"):  # what matters of it is in the failure
        logging.getLogger(name).setLevel(logging.CRITICAL)
    path = Path(path)
    with scratch_folder() as scratch, open(scratch / "kernel.log", "w+b") as log:
        copy = scratch / path.name
        started = time.perf_counter()
        limit = None if memory is None else baseline + memory
        how = {"threads": threads, "log": log, "connection": scratch / "kernel.json"}
        with Guard(limit=limit, stop=stop, on_cell=on_cell, **how) as guard:
            crash = _run(path, copy, parameters, seconds, guard)
        failure = _failure(guard, crash, seconds, baseline)
        return Execution(_read(copy), failure, time.perf_counter() - started, guard.peak)


def _run(path, copy, parameters, seconds, guard):
    # Returns what stopped it: an exception, or None.
    try:
        papermill.execute_notebook(
            path, copy, parameters, engine_name=ENGINE, kernel_name="python3", language="python", progress_bar=False,
            start_timeout=_START_SECONDS, execution_timeout=seconds, guard=guard,
            resources={"metadata": {"path": str(path.parent)}},
        )  # fmt: skip
    except Exception as error:  # a dead kernel, a file that is no notebook: this notebook's affair, the others go on
        return error


def _failure(guard, crash, seconds, baseline):
    if guard.killed == "memory":
        held, limit = ((size - baseline) / _MB for size in (guard.peak, guard.limit))
        return as_failure(
            "memory", guard.cell, f"{held:.0f} MB above a bare import of torch; the limit is {limit:.0f} MB"
        )
    if isinstance(crash, CellTimeoutError):  # before errors: a cell that is interrupted shows one
        return as_failure("timeout", guard.cell, f"the cell took longer than {seconds} s")
    if guard.errors:
        first = guard.errors[0]
        return as_failure("widget" if first.hidden else "error", first.cell, first.error)
    if crash is not None:
        kind = "kernel" if guard.cell else "notebook"
        return as_failure(kind, guard.cell, f"{type(crash).__name__}: {crash}{_last_words(guard.log)}")
    return None


def as_failure(kind, cell, error):
    """What an entry holds of a failure; cell: a guard.Cell, or None when it was no cell's."""
    number, source = cell or (None, "")
    return {"kind": kind, "cell": number, "source": source, "error": error}


def _last_words(log):
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return "".join(f"\n{line}" for line in lines[-5:])


def _read(copy):
    if not copy.exists():
        return None
    nb = nbformat.read(copy, as_version=4)
    nb.metadata.pop("widgets", None)  # 5 MB for each interactive figure
    return nb
