"""What students handed in: a notebook for each, or a folder for each, as nbgrader collects them."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import nbformat

from itlm_kit.course.assignments.marks import grade_id
from itlm_kit.course.assignments.sources import assignment_names, read_assignment, read_notebook, source_folder
from itlm_kit.errors import InputError
from itlm_kit.files import as_path


class Submission(NamedTuple):
    """What one student handed in."""

    student: str
    paths: tuple[Path, ...]  # of notebooks; none, one, or so many that it is not clear which counts


def find_submissions(folder):
    """The Submissions in a folder, by student. Raises InputError when there are none, or two of the same name."""
    folder = as_path(folder, "folder")
    if not folder.is_dir():
        raise InputError(f"folder must be one of submissions; there is none at {folder}.")
    found = [_submission(path) for path in sorted(folder.iterdir()) if _is_submission(path)]
    if not any(one.paths for one in found):
        raise InputError(f"folder must hold STUDENT.ipynb or STUDENT/NAME.ipynb for each student; {folder} has none.")
    twice = [student for student, count in Counter(one.student for one in found).items() if count > 1]
    if twice:
        raise InputError(f"each student must be there once; got a notebook and a folder of {twice[0]}. Remove one.")
    return found


def _is_submission(path):
    return not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() == ".ipynb")


def _submission(path):
    if path.is_file():
        return Submission(path.stem, (path,))
    notebooks = sorted(one for one in path.rglob("*") if one.suffix.lower() == ".ipynb" and one.is_file())
    return Submission(path.name, tuple(one for one in notebooks if ".ipynb_checkpoints" not in one.parts))


def recognise(submissions, source=None, name=None):
    """The Assignment to grade: of that name, or the one whose answers the submissions have.

    Raises InputError when they have none of it, and without a name when they have answers of several.
    """
    folder = source_folder(source)
    assignments = _assignments(folder, name or assignment_names(folder)[0])
    found = Counter(_closest(_cells(path), assignments) for one in submissions for path in one.paths)
    counts = {one.name: found[one.name] for one in assignments if found[one.name] and name in (None, one.name)}
    if not counts:
        names = name or ", ".join(one.name for one in assignments)
        raise InputError(f"submissions must have cells of one of {names}; these have none. Name its folder (--source).")
    if len(counts) > 1:
        several = " and ".join(f"{name} ({count})" for name, count in counts.items())
        raise InputError(
            f"submissions must be of one problem set; got notebooks of {several}. "
            f"Put each set into a folder of its own, or name the one to grade, e.g. --name {next(iter(counts))}."
        )
    return next(one for one in assignments if one.name in counts)


def _assignments(folder, first):
    """The problem sets in a folder, the one of the name `first` before the others."""
    names = assignment_names(folder)
    first = read_assignment(first, folder)
    return [first, *(read_assignment(name, folder) for name in names if name != first.name)]


def _closest(cells, assignments):
    """Name of the first assignment that shares the most answers with the cells; None where none shares any."""
    # Other marks, as `set-up`, may be the same in several problem sets.
    ids = {grade_id(cell) for cell in cells}
    most = max(assignments, key=lambda one: len(ids & one.answers))
    return most.name if ids & most.answers else None


def _cells(path):
    try:
        return read_notebook(path).cells
    except InputError:  # grading says so, student by student
        return []


class AnotherSet(InputError):
    """The notebook is another problem set's."""


def the_notebook(submission, assignment) -> nbformat.NotebookNode:
    """The notebook that counts.

    Raises InputError when there is none or no cell of the assignment in it, AnotherSet when it is another set's.
    """
    nb = read_notebook(_choose(submission.paths, assignment.name))
    if not {grade_id(cell) for cell in nb.cells} & assignment.cells.keys():
        raise InputError(f"none of its cells belongs to {assignment.name}")
    name = _closest(nb.cells, _assignments(assignment.folder, assignment.name))
    if name not in (None, assignment.name):
        raise AnotherSet(f"its answers are those of {name}")
    return nb


def _choose(paths, name):
    named = [path for path in paths if path.stem == name] if len(paths) > 1 else paths
    if len(named) != 1:
        raise InputError(f"{len(paths)} notebooks, {len(named)} of them called {name}.ipynb")
    return named[0]
