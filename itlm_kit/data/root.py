"""Where data sets lie, and what can be wrong with their files."""

import os
from pathlib import Path
from typing import NamedTuple

from itlm_kit.errors import InputError
from itlm_kit.files import as_path


def data_root(path=None):
    """The folder data sets lie in: `path`, else the variable ITLM_DATA_ROOT, else ~/.cache/itlm_kit.

    It need not exist yet. Raises InputError when it is a file.
    """
    root = as_path(path or os.environ.get("ITLM_DATA_ROOT") or "~/.cache/itlm_kit", "data root")
    if root.exists() and not root.is_dir():
        raise InputError(f"data root must be a folder; {root} is a file. Pass the folder that holds MNIST, celeba, ...")
    return root


class Fault(NamedTuple):
    """The first thing wrong with a set's files."""

    path: Path
    words: str  # what is wrong, to follow the path
    state: str  # "missing" or "damaged"
