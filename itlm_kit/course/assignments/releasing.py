"""The student's copy of a problem set: the source minus solutions, hidden tests and outputs, as nbgrader makes it."""

import copy
import re

import nbformat

from itlm_kit.course.assignments.marks import grade_id, is_graded, is_locked, is_solution
from itlm_kit.course.assignments.sources import read_assignment
from itlm_kit.errors import InputError
from itlm_kit.files import as_path, write_atomically, writing_to

STUBS = {"code": "# YOUR CODE HERE\nraise NotImplementedError()", "markdown": "YOUR ANSWER HERE"}
_SOLUTION, _HIDDEN = "SOLUTION", "HIDDEN TESTS"


def release(name, out, source=None):
    """Write the student's copy of a problem set to `out`, a folder or a name ending in .ipynb; return its path.

    Raises InputError for an unknown problem set, regions that are not closed, and a file that is there already.
    """
    return write_notebook(student_copy(read_assignment(name, source).nb), name, out)


def solve(name, out, source=None):
    """Write the solved problem set, mark schemes included, as `release` does; return its path."""
    return write_notebook(read_assignment(name, source).nb, name, out)


def write_notebook(nb, name, out):
    """Write a notebook to `out`, a folder or a name ending in .ipynb; return its path. Never writes over a file."""
    out = as_path(out, "out")
    path = out if out.suffix == ".ipynb" else out / f"{name}.ipynb"
    if path.exists():
        raise InputError(f"out must be free; {path} is there already. Name another folder or file.")
    with writing_to(path.parent):
        write_atomically(path, lambda file: file.write(nbformat.writes(nb).encode()))
    return path


def student_copy(nb):
    """A copy of the teacher's notebook with nothing in it that a student should not have."""
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        _clear_outputs(cell)
        _lock(cell)
        cell.source = student_text(cell)
    return nb


def student_text(cell):
    """What the student is given of a cell's text."""
    text = _without(cell, _SOLUTION, STUBS.get(cell.cell_type, ""), allowed=is_solution(cell))
    if is_solution(cell) and text == cell.source:
        text = STUBS[cell.cell_type]
    elif text == cell.source:
        text = _without(cell, _HIDDEN, None, allowed=is_graded(cell))
    return text


def _without(cell, region, stub, *, allowed):
    """The cell's text with each `### BEGIN region` to `### END region` replaced by `stub`, or left out."""
    lines, inside = [], False
    for line in cell.source.split("\n"):
        if f"BEGIN {region}" in line or f"END {region}" in line:
            begins = f"BEGIN {region}" in line
            if not allowed or begins == inside:
                raise InputError(f"a {region} region must be closed, in a cell marked for it; got {cell.source!r}.")
            inside = begins
            lines += _indented(stub, line) if begins and stub else []
        elif not inside:
            lines.append(line)
    if inside:
        raise InputError(f"a {region} region must have an end; got {cell.source!r}. Add ### END {region}.")
    return "\n".join(lines)


def _indented(stub, line):
    indent = re.match(r"\s*", line)[0]
    return [indent + part for part in stub.split("\n")]


def _clear_outputs(cell):
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None


def _lock(cell):
    # What Jupyter heeds: nothing of these is deleted by accident, and the teacher's cells are not edited.
    if grade_id(cell) and (is_solution(cell) or is_locked(cell)):
        cell.metadata["deletable"] = False
    if is_locked(cell):
        cell.metadata["editable"] = False


def solutions_text(assignment):
    """Solutions and mark schemes of an Assignment as one text, each under the id of its cell."""
    answers = {name: cell.source for name, cell in assignment.cells.items() if is_solution(cell)}
    return "\n\n".join(f"{name}\n{'-' * len(name)}\n{source}" for name, source in answers.items())
