"""A working copy of a notebook, which a later update of the kit does not touch."""

import os
import re
from pathlib import Path

from itlm_kit.course.assignments.releasing import write_notebook
from itlm_kit.course.assignments.sources import read_notebook
from itlm_kit.runner import find_notebooks

_LINK = re.compile(r"(?<=\]\()[^)#\s]+")  # what a link of Markdown leads to


def working_copy(name, out):
    """Copy the kit's notebook `name` (number or name) to `out`, a folder or a name ending in .ipynb; return its path.

    Links to other files of the kit go on leading there. Raises InputError for an unknown notebook, and where a file of
    that name is there already.
    """
    (path,) = find_notebooks([name])
    nb = read_notebook(path)
    place = Path(out).expanduser()
    place = place.parent if place.suffix == ".ipynb" else place
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = _LINK.sub(lambda link: _seen_from(place, path.parent, link[0]), cell.source)
    return write_notebook(nb, path.stem, out)


def _seen_from(place, home, link):
    target = home / link
    return Path(os.path.relpath(target, place.resolve())).as_posix() if target.exists() else link
