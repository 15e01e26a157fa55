"""What a notebook is executed under: a memory limit, a stop button, and an eye on errors that hide in widgets."""

import os
import threading
from contextlib import suppress
from typing import NamedTuple

import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

ENGINE = "itlm_kit"  # the name papermill knows the guarded engine by
_PERIOD = 0.1  # seconds between two looks at the memory
_INJECTED = "injected-parameters"  # papermill's tag of the cell it adds


class Cell(NamedTuple):
    """A cell by its number (from 1) and text in the source notebook."""

    number: int
    source: str


class CellError(NamedTuple):
    """An error that a cell showed, or that an Output widget swallowed so that the cell looked fine."""

    cell: Cell
    error: str
    hidden: bool


class Guard:
    """Watches one notebook's kernel: notes its peak memory, kills it above a limit or once `stop` is set.

    limit: bytes, or None. log: a file for what the kernel itself says. connection: the file that tells how to reach it;
    "": one of Jupyter's, which stays when this process is killed. on_cell is called after each code cell.
    Afterwards `peak` is in bytes, `killed` is "memory", "stopped" or None, `cell` the last Cell that ran, and
    `errors` lists every CellError in the order they happened.
    """

    def __init__(self, *, limit=None, stop=None, threads=1, log=None, connection="", on_cell=lambda: None):
        self.limit, self.threads, self.log, self.connection, self.on_cell = limit, threads, log, connection, on_cell
        self.peak, self.killed, self.cell, self.errors = 0, None, None, []
        self._stop, self._done = stop or threading.Event(), threading.Event()
        self._sampler, self._seen = None, set()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.finish()
        for process in self._seen:  # what a cell has started and left behind; one that has ended is told from others
            _kill(process)

    def finish(self):
        """Stop looking."""
        self._done.set()
        if self._sampler is not None:
            self._sampler.join()

    def watch(self, pid):
        """Start looking after the process and its children."""
        self._sampler = threading.Thread(target=self._sample, args=(psutil.Process(pid),), daemon=True)
        self._sampler.start()

    def _sample(self, kernel):
        while not self._done.wait(_PERIOD):
            family = _family(kernel)
            self._seen.update(family)
            memory = sum(_memory(process, "rss" if process is kernel else "uss") for process in family)
            self.peak = max(self.peak, memory)
            if self._stop.is_set() or (self.limit is not None and memory > self.limit):
                self.killed = "stopped" if self._stop.is_set() else "memory"
                for process in family:
                    _kill(process)
                return

    @property
    def environment(self):
        """Environment of the kernel: its share of the cores, one BLAS thread (more are slower), few heaps."""
        shares = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": str(self.threads)}
        quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "TQDM_DISABLE": "1"}  # nobody watches the bars of a cell
        return {"MALLOC_ARENA_MAX": "2", **shares, **os.environ, **quiet}


def _family(process):
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(process, kind):
    # Of children "uss", what is theirs alone: a fork shares all its parent holds.
    try:
        return getattr(process.memory_info() if kind == "rss" else process.memory_full_info(), kind)
    except psutil.Error:  # ended, or ending, between two looks
        return 0


def _kill(process):
    with suppress(psutil.NoSuchProcess):
        process.kill()


class _GuardedClient(PapermillNotebookClient):
    """Executes cells in the running interpreter's own kernel and tells the guard what happens."""

    def __init__(self, nb_man, *, guard, **options):
        super().__init__(nb_man, **options)
        self._guard = guard

    def create_kernel_manager(self):
        # No folders: "python3" is then this very interpreter, whatever else is installed under that name.
        specs = KernelSpecManager(kernel_dirs=[])
        self.km = AsyncKernelManager(kernel_spec_manager=specs, connection_file=str(self._guard.connection))
        return self.km

    def start_new_kernel(self, **options):
        streams = {"stdout": self._guard.log, "stderr": self._guard.log}
        super().start_new_kernel(env=self._guard.environment, **streams, **options)
        self._guard.watch(self.km.provisioner.pid)

    def papermill_execute_cells(self):
        super().papermill_execute_cells()
        self._guard.finish()  # on its way out, a kernel touches parts of torch that no cell needed

    def execute_cell(self, cell, cell_index, **options):
        if cell.cell_type != "code":
            return cell
        self._guard.cell = self._cell(cell_index)
        try:
            return super().execute_cell(cell, cell_index, **options)
        finally:
            self._guard.on_cell()

    def output(self, outs, msg, display_id, cell_index):
        # Read as it passes by: an error in a widget goes nowhere else, and the widget's next output may wipe it away.
        if msg["msg_type"] == "error":
            captured = self.output_hook_stack[msg["parent_header"].get("msg_id")]
            error = f"{msg['content']['ename']}: {msg['content']['evalue']}"
            self._guard.errors.append(CellError(self._cell(cell_index), error, hidden=bool(captured)))
        return super().output(outs, msg, display_id, cell_index)

    def _cell(self, index):
        own = [_INJECTED not in cell.metadata.get("tags", []) for cell in self.nb.cells[: index + 1]]
        return Cell(sum(own), self.nb.cells[index].source)


class GuardedEngine(NBClientEngine):
    """papermill's own engine with a Guard, handed over as `guard`."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, guard, execution_timeout, start_timeout, **options):
        resources = options.get("resources", {})
        limits = {"timeout": execution_timeout, "startup_timeout": start_timeout}
        quiet = ["--log-level=ERROR"]  # a kernel warns of its transport, each time
        return _GuardedClient(nb_man, guard=guard, resources=resources, extra_arguments=quiet, **limits).execute()


papermill_engines.register(ENGINE, GuardedEngine)
