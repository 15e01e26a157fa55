"""Where a recording lies: arrays in memory, or memory-mapped .npy files in a folder, with a note of what they are."""

import json
import shutil
from tokenize import TokenError

import numpy as np

from itlm_kit.errors import InputError
from itlm_kit.files import write_atomically

FORMAT = 3
_ABOUT = "recorder.json"


def new_arrays(shapes, folder):
    """{name: float32 array of NaN} for {name: shape}, in memory where folder is None, else as files in it."""
    if folder is None:
        return {name: _nan(shape) for name, shape in shapes.items()}
    _make(folder)
    _check_room(shapes, folder)
    return {name: _new_file(folder / f"{name}.npy", shape) for name, shape in shapes.items()}


def open_arrays(shapes, folder, mode):
    """The arrays of a folder, mapped to be read ("r") or written ("r+"); each may have more rows than its shape says.

    Raises InputError for one that is missing, cut or of another shape.
    """
    return {name: _open_file(folder / f"{name}.npy", shape, mode) for name, shape in shapes.items()}


def lengthen(arrays, folder, rows):
    """Those of the arrays (epochs, n) that are short, made as long as `rows`, and an eighth more so as not to be often.

    What they held stays, the rest is NaN. Raises InputError for a folder without room.
    """
    short = {name: array for name, array in arrays.items() if len(array) < rows}
    added = {name: (rows + rows // 8 - len(array), array.shape[1]) for name, array in short.items()}
    if folder is None:
        return {name: np.concatenate([array, _nan(added[name])]) for name, array in short.items()}
    _check_room(added, folder)
    return {name: _lengthen_file(folder / f"{name}.npy", array, added[name]) for name, array in short.items()}


def write_about(folder, **about):
    """Note what a folder holds. To be written last, so that a folder that counts as a recording is whole."""
    write_atomically(folder / _ABOUT, lambda file: file.write(json.dumps({"format": FORMAT, **about}).encode()))


def read_about(folder, names):
    """{name: value} as `write_about` noted them; raises InputError for no recording, or another format."""
    try:
        if not (folder / _ABOUT).is_file():  # a pipe would be waited for
            raise ValueError("no file")
        about = json.loads((folder / _ABOUT).read_text())
        version = about["format"]
        found = {name: about[name] for name in names} if version == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"folder must hold a recording ({_ABOUT}); {folder} does not. "
            "Name the folder that a TrajectoryRecorder was given; a new one makes it."
        ) from error
    if found is None:
        raise InputError(
            f"recording must be of format {FORMAT}; {folder} holds format {version!r}. "
            "Open it with the version of the kit that wrote it, or record anew."
        )
    return found


def _make(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"folder must be a place to write to; got {folder} ({error.strerror}).") from error
    if (folder / _ABOUT).exists():
        raise InputError(
            f"folder must not hold a recording yet; {folder} does. "
            "Go on with it by TrajectoryRecorder.resume(folder), or name another, as for each of several processes."
        )


def _check_room(shapes, folder):
    # A mapped file on a full disk does not raise: the process is killed at the first write.
    needed = sum(4 * int(np.prod(shape, dtype=object)) for shape in shapes.values())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"folder must have room for the recording, {needed / 1e9:.3g} GB; {folder} has {free / 1e9:.3g} GB free. "
            "Name a folder on another disk, or record fewer epochs."
        )


def _nan(shape):
    return np.full(shape, np.nan, np.float32)


def _new_file(path, shape):
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    array[:] = np.nan
    return array


def _lengthen_file(path, array, added):
    """Rows first and the header after them, so that a process killed in between leaves a whole file."""
    rows, n = added
    header = {**np.lib.format.header_data_from_array_1_0(array), "shape": (len(array) + rows, n)}
    with open(path, "r+b") as file:
        file.seek(array.offset + array.nbytes)
        for _ in range(rows):
            file.write(_nan(n))
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, header)  # as long as before: NumPy leaves space for more rows
    return np.lib.format.open_memmap(path, mode="r+")


def _open_file(path, shape, mode):
    try:
        if not path.is_file():
            raise OSError("no file")
        array = np.lib.format.open_memmap(path, mode=mode)  # this format alone: no archive, no pickle
    except (OSError, ValueError, OverflowError, TokenError) as error:  # the last two from headers of nonsense
        raise InputError(f"{path} must be a whole .npy file; it cannot be opened ({error}). Record anew.") from error
    fits = array.ndim == len(shape) and array.shape[-1] == shape[-1] and len(array) >= shape[0]
    if not fits or array.dtype != np.float32:
        raise InputError(f"{path} must be float32 of shape {shape}; got {array.dtype} of {array.shape}. Record anew.")
    return array
