"""Where the kit's notebooks lie, which there are, and with them its published results."""

import re
from pathlib import Path

import itlm_kit
from itlm_kit.errors import InputError
from itlm_kit.files import as_path

NUMBERED = re.compile(r"\d\d[a-z]?_")  # 03_convergence, and its appendix 03a_convergence_at_scale
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


def find_notebooks(names=(), folder=None):
    """Paths of the notebooks called `names` (number or name, all when empty), in the order of their numbers.

    Raises InputError for a name that is none, naming those there are.
    """
    folder = notebooks_folder() if folder is None else as_path(folder, "folder")
    numbered = (path for path in sorted(folder.glob("[0-9][0-9]*.ipynb")) if NUMBERED.match(path.stem))
    known = {path.stem: path for path in numbered if path.is_file()}
    if not known:
        raise InputError(f"notebooks must be named like 01_name.ipynb; {folder} has none.")
    return sorted({known[_stem(name, known)] for name in names}) if names else list(known.values())


def _stem(name, known):
    wanted = name.removesuffix(".ipynb")
    for stem, path in known.items():
        number, _, title = stem.partition("_")
        spelled = (stem, title, number, number.removeprefix("0"))
        if wanted in spelled or Path(f"{wanted}.ipynb").resolve() == path.resolve():
            return stem
    raise InputError(f"notebook must be one of {', '.join(known)} (the number is enough); got {name!r}.")
