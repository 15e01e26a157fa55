"""Work that ends when its time is up, wherever it then is."""

import signal
from _thread import interrupt_main
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer


class TimeUp(KeyboardInterrupt):
    """The time is up. What stops cleanly at Ctrl-C stops at this too."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp inside after so many seconds, or when the process is told to end, as batch systems do before.

    For the main thread alone, on any system: only there does Python hear signals.
    """
    before = signal.signal(signal.SIGTERM, _end)
    timer = Timer(max(0.0, seconds), interrupt_main, [signal.SIGTERM])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(signal.SIGTERM, before)


def _end(number, frame):
    raise TimeUp
