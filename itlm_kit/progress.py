"""A bar with the time left, wherever somebody may be waiting."""

import sys

from tqdm import tqdm

DELAY = 2  # seconds before a bar shows


def progress(steps=None, *, words: str, total: int | None = None) -> tqdm:
    """A tqdm bar over `steps`, or for `total` calls of its update; it shows after two seconds and leaves no trace.

    There is none where nobody looks: in a log, or where TQDM_DISABLE is set.
    """
    unwatched = {} if _is_watched() else {"disable": True}
    return tqdm(steps, words, total=total, delay=DELAY, leave=False, dynamic_ncols=True, **unwatched)


def _is_watched():
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")
