"""Files that are there whole or not at all."""

import os
import platform
import shutil
import tempfile
import zlib
from contextlib import contextmanager, suppress
from glob import escape
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from itlm_kit.errors import InputError
from itlm_kit.extras import installed
from itlm_kit.names import readable


def as_path(path, name="path"):
    """Return the name of a file or folder as a Path, ~ being the home folder; raise InputError for what is none."""
    try:
        found = Path(path).expanduser()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found.lstat()
        return found
    except (TypeError, RuntimeError, ValueError, OSError) as error:  # not a name; nobody's home; too long, or with a 0
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
    """Let `write(file)` fill a binary file that takes its name only once it is safely on disk.

    What a process that was killed had half written of it is cleared.
    """
    path = Path(path)
    _clear_abandoned(path.parent, f"{path.name}.")
    mine = _of_mine(f"{path.name}.")
    part = path.with_name(f"{mine}{uuid4().hex}.part")  # threads, processes and machines may write it at once
    try:
        with open(part, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_arrays(path, arrays):
    """Write {name: array} as a compressed .npz, atomically.

    In memory first: with older NumPy an archive that is cut while it is written complains of its closed file.
    """
    import numpy as np

    whole = BytesIO()
    np.savez_compressed(whole, **arrays)
    write_atomically(path, lambda file: file.write(whole.getbuffer()))


@contextmanager
def scratch_folder():
    """Context: the Path of a temporary folder, gone afterwards; of a process that is killed, when the next begins."""
    folder = Path(tempfile.gettempdir())
    _clear_abandoned(folder, "itlm_")
    with tempfile.TemporaryDirectory(prefix=_of_mine("itlm_"), dir=folder, ignore_cleanup_errors=True) as scratch:
        yield Path(scratch)


@contextmanager
def whole_folder(place):
    """Context: the Path of a folder to fill, which takes the name `place` at the end: it is there whole or not at all.

    What a process that was killed had begun to fill is cleared first. Raises OSError where it cannot be made.
    """
    _clear_abandoned(place.parent, f"{place.name}.")
    part = Path(tempfile.mkdtemp(prefix=_of_mine(f"{place.name}."), suffix=".part", dir=place.parent))
    try:
        yield part
        part.chmod(0o777 & ~_umask())  # a temporary folder is its owner's alone
        os.rename(part, place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _of_mine(prefix):
    """The prefix with the marks of this machine and this process, by which it is told whose process is no more."""
    return f"{prefix}{_machine()}_{os.getpid()}_"


def _machine():
    return f"{zlib.crc32(platform.node().encode()):08x}"  # short: the name of a socket in such a folder must be


def _clear_abandoned(folder, prefix):
    if not installed("psutil"):  # which alone tells on every system whether a process is there
        return
    import psutil

    begins = f"{prefix}{_machine()}_"
    for path in folder.glob(f"{escape(begins)}*"):
        number = path.name.removeprefix(begins).partition("_")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def writing_to(folder):
    """Context: make the folder if needed; an OSError inside (full, read-only, a file in the way) is an InputError."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"results must go to a folder that can be written; {folder}: {reason}.") from error
