"""Download a published set: fetched and verified beside its place, moved there whole, or not at all."""

import os
import tempfile
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from itlm_kit.data.catalogue import check
from itlm_kit.data.root import data_root
from itlm_kit.data.torchvision_sets import PUBLISHED, find_fault
from itlm_kit.errors import InputError
from itlm_kit.extras import needs


def download(name, root=None):
    """Download a set into the data root unless it is there already, and return its `check`.

    Raises InputError when that fails, saying why in one line, or for a set that must be placed by hand, saying how.
    Nothing is left behind then, nor when interrupted; damaged files are replaced only by verified ones.
    """
    root = data_root(root)
    if name in PUBLISHED and find_fault(name, root):
        needs("torchvision")
        try:
            with _folder_in(root) as folder:
                _fetch(name, folder)
                _move(name, folder, root)
        except (OSError, RuntimeError, HTTPException) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{name} could not be downloaded to {root} ({reason}). Nothing was written. Try again later."
            ) from error
    return check(name, root)


def _fetch(name, folder):
    from torchvision import datasets

    getattr(datasets, PUBLISHED[name].dataset)(folder, download=True)
    fault = find_fault(name, folder)
    if fault:
        raise RuntimeError(f"{fault.path.name} {fault.words}")


def _move(name, folder, root):
    place = root / PUBLISHED[name].folder
    place.mkdir(parents=True, exist_ok=True)
    for file in PUBLISHED[name].md5:
        os.replace(folder / PUBLISHED[name].folder / file, place / file)


@contextmanager
def _folder_in(root):
    # A temporary folder, on the disk of the data root so that moving is at once; takes along what it had to create.
    created = [folder for folder in (root, *root.parents) if not folder.exists()]
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".download-") as folder:
            yield Path(folder)
    finally:
        for folder in created:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
