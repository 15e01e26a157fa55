"""Cells on the workers of a Dask cluster.

By Dask's own futures: joblib's backend for it waits for ever for a cell whose worker dies each time it is tried.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from itlm_kit import __version__
from itlm_kit.errors import InputError
from itlm_kit.extras import needs

_CONNECT_SECONDS = 10
_START_SECONDS = 120  # for the first worker to join: a queue may have to start it


class ClusterGone(RuntimeError):
    """The scheduler went away; what had come home is kept."""


class WorkersDied(RuntimeError):
    """Each worker that a cell was tried on ended in the middle of it."""


def sent(address: str, attempt: Callable[..., Any], tasks: Sequence[tuple]) -> Iterator[tuple[tuple, Any]]:
    """Yield (task, attempt(*task)) as they come home from the cluster whose scheduler listens at `address`.

    In place of what an attempt gives stands a WorkersDied where it ended its workers; what it raises is raised. Raises
    InputError before any work where nothing answers, no worker joins, or a worker has another version of the kit or
    runs several cells at once; ClusterGone when the scheduler ends on the way.
    """
    from distributed import as_completed

    with _client(address) as client:
        _check_workers(client, address)
        futures = {client.submit(attempt, *task, pure=False): task for task in tasks}
        for future in as_completed(list(futures), loop=client.loop):
            yield futures.pop(future), _come_home(future, address)


def _come_home(future, address):
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        return future.result()
    except KilledWorker:
        return WorkersDied("each worker it was tried on ended, out of memory?")
    except (CancelledError, CommClosedError) as error:
        raise ClusterGone(f"the cluster at {address} went away") from error


@contextmanager
def _client(address):
    needs("distributed")
    import dask
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is told in one line
    with dask.config.set({"distributed.comm.timeouts.connect": f"{_CONNECT_SECONDS}s"}):
        try:
            client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"--cluster must be the address of a Dask scheduler, e.g. tcp://127.0.0.1:8786; nothing answers at "
                f"{address!r}. Start one with `dask scheduler`."
            ) from error
        with client:
            yield client


def _check_workers(client, address):
    try:
        client.wait_for_workers(1, timeout=_START_SECONDS)
        kits = client.run(kit_version)
    except TimeoutError:
        raise InputError(
            f"the cluster must have a worker; none has joined {address} in {_START_SECONDS} s. Start some with "
            f"`dask worker {address} --nthreads 1`."
        ) from None
    except ImportError as error:
        raise InputError(f"each worker must have the kit; {error}. Install it where they run.") from error
    other = sorted(set(kits.values()) - {__version__})
    if other:
        raise InputError(f"each worker must have this version of the kit, {__version__}; got {', '.join(other)}.")
    threads = {about["nthreads"] for about in client.scheduler_info(n_workers=-1)["workers"].values()}
    if threads != {1}:
        raise InputError(
            f"each worker must run one cell at a time; got {max(threads)} threads. Start them with --nthreads 1, "
            "as many as there are cores."
        )


def kit_version() -> str:
    """The version of the kit, where this is run."""
    return __version__
