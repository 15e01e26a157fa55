"""Where the kit's notebooks lie, and with them its published results."""

from pathlib import Path

import itlm_kit
from itlm_kit.errors import InputError

FIRST = "00_start_here.ipynb"  # a folder that holds it holds the kit's notebooks


def notebooks_folder():
    """`./notebooks` if it holds the kit's, else those beside the package; raises InputError when there are neither."""
    beside = Path(itlm_kit.__file__).resolve().parents[1] / "notebooks"
    for folder in (Path("notebooks").resolve(), beside):
        if (folder / FIRST).is_file():
            return folder
    raise InputError(
        f"the kit's notebooks must be in ./notebooks; there is no {FIRST} in it. Run itlm inside a clone of the kit."
    )


def results_folder():
    """The folder of the kit's published results, beside its notebooks; raises InputError as `notebooks_folder`."""
    return notebooks_folder() / "results"
