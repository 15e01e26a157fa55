"""Silence, asked for: what must be done without a warning."""

import warnings
from contextlib import contextmanager


@contextmanager
def no_warnings():
    """Context in which a warning is an error, but of what other tests left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ResourceWarning)
        yield
