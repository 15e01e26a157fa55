"""Which files of a folder are pictures: hidden ones left out, each picture once, and the others told."""

import os
import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple

from itlm_kit.data.pictures import is_picture
from itlm_kit.errors import InputError
from itlm_kit.names import counted, listed, readable


class PassedOver(UserWarning):
    """Files in a folder of pictures that are not read, by name."""


class Found(NamedTuple):
    """The visible files of a folder, in the order of their names."""

    pictures: list[Path]
    others: list[Path]


def is_visible(name: str) -> bool:
    """Whether a file or folder is one that people put there: no hidden one, no leftover of a Mac's archives."""
    return not name.startswith(".") and name != "__MACOSX"


def files_in(folder: Path) -> Found:
    """The files that lie in a folder itself."""
    return _sorted_out(path for path in _visible(folder) if not path.is_dir())


def files_below(folder: Path) -> Found:
    """The files in a folder and its sub-folders at any depth; a folder that links lead to is entered once."""
    entered, files = {os.path.realpath(folder)}, []
    for place, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = [name for name in folders if is_visible(name) and _is_new(Path(place, name), entered)]
        files += [Path(place, name) for name in names if is_visible(name)]
    return _sorted_out(files)


def folders_in(folder: Path) -> list[Path]:
    """The visible sub-folders, links to folders among them, in the order of their names."""
    return sorted(path for path in _visible(folder) if path.is_dir())


def without_repeats(files: list[Path], root: Path) -> list[Path]:
    """Leave out files that a link shows again: of the ways to a file below root its own stays, else the first."""
    real = cache(os.path.realpath)
    is_own = cache(lambda folder: real(folder) == os.path.join(real(root), folder.relative_to(root)))
    linked = [file for file in files if file.is_symlink() or not is_own(file.parent)]
    if not linked:
        return files
    shown = {os.path.join(real(file.parent), file.name) for file in set(files).difference(linked)}
    again = {file for file in linked if not _is_new(file, shown)}
    return [file for file in files if file not in again]


def tell(root: Path, passed: dict[str, list[Path]]) -> None:
    """Warn, in the name of what called the caller, of the files passed over, {why: files}, where there are any."""
    if any(passed.values()):
        warnings.warn(in_words(root, passed), PassedOver, stacklevel=3)


def in_words(root: Path, passed: dict[str, list[Path]]) -> str:
    """How many files were passed over, {why: files}, and which."""
    parts = [
        f"{why} {listed([file.relative_to(root) for file in files], most=5)}" for why, files in passed.items() if files
    ]
    return f"{counted(sum(map(len, passed.values())), 'file')} passed over in {readable(root)}: {'; '.join(parts)}."


def _visible(folder):
    try:
        return [Path(folder, name) for name in os.listdir(folder) if is_visible(name)]
    except OSError as error:
        _refuse(error)


def _refuse(error):
    raise InputError(f"a folder must be there to read; {readable(error.filename)}: {error.strerror}.") from error


def _sorted_out(files):
    found = Found([], [])
    for file in sorted(files):
        (found.pictures if is_picture(file) else found.others).append(file)
    return found


def _is_new(path, known):
    """Whether what a path leads to is not among the known places; it is from now on."""
    place = os.path.realpath(path)
    is_new = place not in known
    known.add(place)
    return is_new
