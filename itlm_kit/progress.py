"""A bar with the time left, wherever somebody may be waiting."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from itlm_kit.extras import installed

if TYPE_CHECKING:
    from tqdm import tqdm

DELAY = 2  # seconds before a bar shows


class Silent:
    """What stands in for a bar without tqdm."""

    def __init__(self, steps: Iterable = ()):
        self._steps = steps

    def __iter__(self) -> Iterator:
        return iter(self._steps)

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *error: object) -> None: ...

    def update(self) -> None: ...


def progress(steps: Iterable = (), *, words: str, total: int | None = None) -> "tqdm | Silent":
    """A tqdm bar over `steps`, or for `total` calls of its update; it shows after two seconds and leaves no trace.

    There is none where nobody looks: in a log, where TQDM_DISABLE is set, or without tqdm.
    """
    if not _is_watched() or not installed("tqdm"):
        return Silent(steps)
    from tqdm import tqdm

    return tqdm(steps, words, total=total, delay=DELAY, leave=False, dynamic_ncols=True)


def _is_watched():
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")
