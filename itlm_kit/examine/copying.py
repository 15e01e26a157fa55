"""A clean copy of a folder: the files kept, each in its place, and nothing of the old folder touched."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from itlm_kit.files import new_place, writing_to
from itlm_kit.progress import progress


def copy_files(files: Sequence[Path], root: Path, folder: str | Path) -> Path:
    """Copy files below `root` to a new folder, each to the same place in it; the folder is there whole or not at all.

    Links are followed. Raises InputError where the folder is there already, lies below root, or cannot be written.
    """
    folder = new_place(folder, "folder", outside=root)
    with writing_to(folder.parent):
        part = Path(mkdtemp(prefix=f"{folder.name}.", suffix=".part", dir=folder.parent))
        try:
            for file in progress(files, words="copying"):
                place = part / file.relative_to(root)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, place)
            part.chmod(0o777 & ~_umask())  # a temporary folder is its owner's alone
            os.rename(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
