"""Work that ends when its time is up, wherever it then is."""

import signal
from _thread import interrupt_main
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer


class TimeUp(KeyboardInterrupt):
    """The time is up. What stops cleanly at Ctrl-C stops at this too."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp inside after so many seconds. For the main thread alone: only there does Python hear signals.

    The signal is SIGTERM, which every system has; one that comes from outside meanwhile is a KeyboardInterrupt.
    """
    over = Event()

    def end(number, frame):
        raise TimeUp if over.is_set() else KeyboardInterrupt

    def ring():
        over.set()
        interrupt_main(signal.SIGTERM)

    before, timer = signal.signal(signal.SIGTERM, end), Timer(max(0.0, seconds), ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(signal.SIGTERM, before)
