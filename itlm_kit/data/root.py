"""Where data sets lie."""

import os
from pathlib import Path

from itlm_kit.errors import InputError


def data_root(path=None):
    """The folder data sets lie in: `path`, else the variable ITLM_DATA_ROOT, else ~/.cache/itlm_kit.

    It need not exist yet. Raises InputError when it is a file.
    """
    root = Path(path or os.environ.get("ITLM_DATA_ROOT") or "~/.cache/itlm_kit").expanduser()
    if root.exists() and not root.is_dir():
        raise InputError(f"data root must be a folder; {root} is a file. Pass the folder that holds MNIST, celeba, ...")
    return root
