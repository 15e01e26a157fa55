"""A clean copy of a folder: the files kept, each in its place, and nothing of the old folder touched."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from itlm_kit.files import new_place, whole_folder, writing_to
from itlm_kit.progress import progress


def copy_files(files: Sequence[Path], root: Path, folder: str | Path) -> Path:
    """Copy files below `root` to a new folder, each to the same place in it; the folder is there whole or not at all.

    Links are followed. Raises InputError where the folder is there already, lies below root, or cannot be written.
    """
    folder = new_place(folder, "folder", outside=root)
    with writing_to(folder.parent), whole_folder(folder) as part:
        for file in progress(files, words="copying"):
            place = part / file.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)
    return folder
