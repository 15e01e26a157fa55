"""Cells on processes of this machine, which end with the command that started them even where that is killed."""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from threading import Thread
from typing import Any

_LOOK_SECONDS = 1


def side_by_side(jobs: int, attempt: Callable[..., Any], tasks: Iterable[tuple]) -> Iterator[tuple[tuple, Any]]:
    """Yield (task, attempt(*task)) from `jobs` processes of this machine, in the order they finish; of 1, in this one.

    A task is taken from the iterator when a process is free for it.
    """
    from joblib import Parallel, delayed

    # A folder is named since joblib makes one in shared memory otherwise, which stays where it is killed.
    how = {"return_as": "generator_unordered", "batch_size": 1, "temp_folder": tempfile.gettempdir()}
    told = delayed(_told)
    yield from Parallel(jobs, pre_dispatch=jobs, **how)(told(os.getpid(), attempt, task) for task in tasks)


def _told(owner, attempt, task):
    if os.getpid() != owner:
        end_with(owner)
    return task, attempt(*task)


@cache
def end_with(owner: int) -> None:
    """Let this process end when the one of that number, which started it, is no more; else joblib's wait for work."""
    Thread(target=_watch, args=(owner,), daemon=True).start()


def _watch(owner):
    while os.getppid() == owner:  # on Windows always: there joblib ends it, after five minutes
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
