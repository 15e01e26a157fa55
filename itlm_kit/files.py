"""Files that are there whole or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from itlm_kit.errors import InputError
from itlm_kit.names import readable


def as_path(path, name="path"):
    """Return the name of a file or folder as a Path, ~ being the home folder; raise InputError for what is none."""
    try:
        return Path(path).expanduser()
    except (TypeError, RuntimeError) as error:  # not a name; nobody's home
        raise InputError(f"{name} must be the name of a file or folder; got {path!r} ({error}).") from error


def new_place(path, name="path", *, outside=None):
    """Return the name of a file or folder that can be made, as a Path, so that nothing is overwritten.

    Raises InputError where it is there already, be it as a link that leads nowhere; where it lies in the folder
    `outside`, which is only read; and where it cannot be made.
    """
    path = as_path(path, name)
    if os.path.lexists(path):
        raise InputError(
            f"{name} must be new, so that nothing is overwritten; {readable(path)} is there. Name another."
        )
    if outside is not None and path.resolve().is_relative_to(outside.resolve()):
        raise InputError(f"{name} must lie outside {readable(outside)}, which is only read; got {readable(path)}.")
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
        raise InputError(f"{name} must lie in a folder that can be written; {readable(above)} is none. Name another.")
    return path


def write_atomically(path, write):
    """Let `write(file)` fill a binary file that takes its name only once it is safely on disk."""
    path = Path(path)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")  # threads, processes and machines may write it at once
    try:
        with open(part, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def writing_to(folder):
    """Context: make the folder if needed; an OSError inside (full, read-only, a file in the way) is an InputError."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"results must go to a folder that can be written; {folder}: {reason}.") from error
