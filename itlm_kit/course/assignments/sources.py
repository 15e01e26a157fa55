"""Problem sets as the teacher writes them: `<folder>/<name>/<name>.ipynb`, solutions and hidden tests included."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import nbformat

from itlm_kit.course.assignments.marks import grade_id, is_graded, is_solution, is_task, is_test, points
from itlm_kit.errors import InputError, check_choice
from itlm_kit.files import as_path
from itlm_kit.runner import notebooks_folder


class Assignment(NamedTuple):
    """A problem set."""

    name: str
    nb: nbformat.NotebookNode  # the teacher's notebook
    folder: Path  # of all problem sets

    @property
    def cells(self):
        """{id: cell} of the cells that have a mark, in order."""
        return {grade_id(cell): cell for cell in self.nb.cells if grade_id(cell)}

    @property
    def points(self):
        """{id: most points} of the graded cells, in order."""
        return {name: points(cell) for name, cell in self.cells.items() if is_graded(cell)}

    @property
    def answers(self):
        """Ids of the cells that the student writes in."""
        return {name for name, cell in self.cells.items() if is_solution(cell)}

    @property
    def leaderboard(self):
        """{measure: expression that the judging kernel computes it by, large is good}; {} for most sets."""
        return dict(self.nb.metadata.get("leaderboard", {}))

    @property
    def tests(self):
        """Ids of the cells that grade by themselves."""
        return [name for name, cell in self.cells.items() if is_test(cell)]


def source_folder(source=None):
    """The folder of problem sets: `source`, or the kit's own. Raises InputError when it is none."""
    folder = notebooks_folder() / "assignments" / "source" if source is None else as_path(source, "source")
    if not assignment_names(folder):
        raise InputError(f"source must be a folder with problem sets, each NAME/NAME.ipynb; got {folder}.")
    return folder


def assignment_names(folder):
    """Names of the problem sets in a folder."""
    return sorted(path.stem for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name)


def read_assignment(name, source=None):
    """The Assignment of that name, from the kit or from the folder `source`; raises InputError when it is none."""
    folder = source_folder(source)
    check_choice("assignment", name, assignment_names(folder))
    path = folder / name / f"{name}.ipynb"
    assignment = Assignment(name, read_notebook(path), folder)
    _check(assignment, path)
    return assignment


def read_notebook(path):
    """A notebook of any format that can be read as the current one; raises InputError when it cannot."""
    try:
        nb = nbformat.read(path, as_version=4)
        if not all(cell.cell_type and isinstance(cell.source, str) for cell in nb.cells):
            raise ValueError("a cell without text")
        return nb
    except OSError as error:
        raise InputError(f"notebook must be a file that can be read; {path}: {error.strerror}.") from error
    except Exception as error:  # no JSON, no notebook, a format of the future: nbformat raises what it likes
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise InputError(f"notebook must be one that Jupyter can open (format 4); {path.name}: {reason}.") from error


def _check(assignment, path):
    ids = Counter(grade_id(cell) for cell in assignment.nb.cells if grade_id(cell))
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        raise InputError(f"ids of cells must be unique; {path} has {', '.join(twice)} more than once. Rename one.")
    tasks = [grade_id(cell) for cell in assignment.nb.cells if is_task(cell)]
    if tasks:
        raise InputError(
            f"graded cells must be tests or answers; {path} has the task {tasks[0]}. Make it a manually graded answer."
        )
    if not assignment.tests:
        raise InputError(f"a problem set must have a test; {path} has none. Mark one in JupyterLab's nbgrader panel.")
