"""Where a recording lies: arrays in memory, or memory-mapped .npy files in a folder, with a note of what they are."""

import json
import shutil
from tokenize import TokenError

import numpy as np

from itlm_kit.errors import InputError

FORMAT = 2
_ABOUT = "recorder.json"


def new_arrays(shapes, folder):
    """{name: float32 array of NaN} for {name: shape}, in memory where folder is None, else as files in it."""
    if folder is None:
        return {name: np.full(shape, np.nan, np.float32) for name, shape in shapes.items()}
    _make(folder)
    _check_room(shapes, folder)
    return {name: _new_file(folder / f"{name}.npy", shape) for name, shape in shapes.items()}


def open_arrays(shapes, folder):
    """The arrays of a folder, mapped for reading; raises InputError for one that is missing, cut or of other shape."""
    return {name: _open_file(folder / f"{name}.npy", shape) for name, shape in shapes.items()}


def write_about(folder, **about):
    """Note what a folder holds. To be written last, so that a folder that counts as a recording is whole."""
    (folder / _ABOUT).write_text(json.dumps({"format": FORMAT, **about}))


def read_about(folder, names):
    """The values of `names` as `write_about` noted them; raises InputError for no recording, or another format."""
    try:
        about = json.loads((folder / _ABOUT).read_text())
        found = about["format"], *(about[name] for name in names)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"folder must hold a recording ({_ABOUT}); {folder} does not.") from error
    if found[0] != FORMAT:
        raise InputError(
            f"recording must be of format {FORMAT}; {folder} holds format {found[0]!r}. "
            "Open it with the version of the kit that wrote it, or record anew."
        )
    return found[1:]


def _make(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"folder must be a place to write to; got {folder} ({error.strerror}).") from error
    if (folder / _ABOUT).exists():
        raise InputError(f"folder must not hold a recording yet; {folder} does. Name another, or delete it.")


def _check_room(shapes, folder):
    # A mapped file on a full disk does not raise: the process is killed at the first write.
    needed = sum(4 * int(np.prod(shape, dtype=object)) for shape in shapes.values())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"folder must have room for the recording, {needed / 1e9:.3g} GB; {folder} has {free / 1e9:.3g} GB free. "
            "Name a folder on another disk, or record fewer epochs."
        )


def _new_file(path, shape):
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    array[:] = np.nan
    return array


def _open_file(path, shape):
    try:
        array = np.lib.format.open_memmap(path, mode="r")  # this format alone: no archive, no pickle
    except (OSError, ValueError, TokenError) as error:  # the last from a header that NumPy cannot parse
        raise InputError(f"{path} must be a whole .npy file; it cannot be read ({error}). Record anew.") from error
    if array.shape != shape or array.dtype != np.float32:
        raise InputError(f"{path} must be float32 of shape {shape}; got {array.dtype} of {array.shape}. Record anew.")
    return array
