"""A kernel for one submission: code goes in, an error or none comes out. What the code prints is never looked at."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty

from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from itlm_kit.course.assignments import cage
from itlm_kit.errors import InputError
from itlm_kit.runner.guard import Guard

_START_SECONDS = 120  # on a busy machine
_GRACE_SECONDS = 5  # for an interrupted cell to end
_LOOK_SECONDS = 0.5
_MB = 1e6
_KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")


class Died(Exception):
    """The kernel is no more; the text says why."""


class Session:
    """A running kernel."""

    def __init__(self, process, client, guard):
        self._process, self._client, self._guard = process, client, guard

    def run(self, code, seconds):
        """Run code; returns None when it ran to its end, else the error in one line. Raises Died."""
        message = self._client.execute(code, store_history=False, allow_stdin=False, stop_on_error=False)
        return self._wait(message, seconds)

    def _wait(self, message, seconds):
        late, started = False, time.monotonic()
        while True:
            reply = self._reply(message)
            if reply is not None:
                return f"it took longer than {seconds} s and was stopped" if late else _error(reply)
            waited = time.monotonic() - started
            if waited > seconds + _GRACE_SECONDS:
                raise Died(f"it took longer than {seconds} s and could not be stopped")
            if waited > seconds and not late:
                late = True
                self._interrupt()

    def _reply(self, message):
        try:
            reply = self._client.get_shell_msg(timeout=_LOOK_SECONDS)
        except Empty:
            self._check_alive()
            return None
        return reply["content"] if reply["parent_header"].get("msg_id") == message else None

    def _check_alive(self):
        if self._guard.killed == "memory":
            raise Died(f"it took more than {self._guard.limit / _MB:.0f} MB of memory")
        if self._process.poll() is not None:
            raise Died("Python ended, by an exit or a crash")

    def _interrupt(self):
        if os.name == "posix":
            os.killpg(self._process.pid, signal.SIGINT)

    def wait_until_ready(self):
        """Return once the kernel answers; raises InputError when it does not start."""
        try:
            self._wait(self._client.kernel_info(), _START_SECONDS)
        except Died as death:
            raise InputError(
                f"a kernel must start within the limits; this one did not: {death}. Is --max-memory large enough?"
            ) from death


@contextmanager
def session(folder, *, megabytes, hidden=(), stop=None):
    """Context: a Session in `folder`, with at most so much memory, without the `hidden` folders.

    stop: an Event that ends it from outside. No process that it started is left afterwards.
    """
    client = _client(folder)
    process = _start(client.connection_file, folder, megabytes, hidden)
    with Guard(limit=megabytes * _MB, stop=stop or threading.Event()) as guard:
        guard.watch(process.pid)
        try:
            client.start_channels(iopub=False, stdin=False, hb=False)
            running = Session(process, client, guard)
            running.wait_until_ready()
            Path(client.connection_file).unlink()  # it holds the key to this kernel, and others may read it
            yield running
        finally:
            client.stop_channels()
            _end(process)


def _client(folder):
    # A socket in the file system: it is reached across the wall that takes the network away.
    by_file = {"transport": "ipc", "ip": str(Path(folder, "kernel"))} if os.name == "posix" else {}
    path, _ = write_connection_file(str(Path(folder, "kernel.json")), **by_file)
    client = BlockingKernelClient(connection_file=path)
    client.load_connection_file()
    return client


def _start(connection, folder, megabytes, hidden):
    module = "itlm_kit.course.assignments.kernel"
    words = [sys.executable, "-m", module, str(int(megabytes)), "-f", connection, "--log-level=CRITICAL"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"HOME": folder, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    command = cage.command(words, folder, hidden)
    return subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **quiet)


def _end(process):
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):  # the latter on a Mac, of one that has ended
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _error(reply):
    if reply["status"] == "ok":
        return None
    return " ".join(f"{reply.get('ename', 'Error')}: {reply.get('evalue', '')}".split()).removesuffix(":")
