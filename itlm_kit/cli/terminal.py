"""What the terminal does to a command: ways to end it, characters it lacks, a user who is nobody."""

import os
import signal
import sys
from pathlib import Path

from itlm_kit.errors import InputError


def end_like_ctrl_c():
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does: nothing it started goes on, no temporary folder stays."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # under nohup it is ignored, and stays so
            signal.signal(number, _interrupt)


def _interrupt(number, frame):
    signal.signal(number, signal.SIG_IGN)  # once is enough: what is stopped already must be left to stop
    signal.default_int_handler(number, frame)


def print_whatever():
    """Let what the terminal has no character for be printed as a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where somebody has put an object of their own in its place
            stream.reconfigure(errors="replace")


def check_home():
    """Raise InputError where the user has no home folder, which data, settings and kernels are looked for in."""
    try:
        Path.home()
    except RuntimeError as error:
        raise InputError(
            f"the user must have a home folder; HOME is {os.environ.get('HOME')!r} and the system knows none. Set it, "
            "e.g. HOME=/tmp itlm ..."
        ) from error
