"""A small problem set, as a teacher would write it; submissions of it and of the kit's own, and their tests run."""

import contextlib
import copy
import tempfile

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from itlm_kit.course.assignments.marks import grade_id, is_solution
from itlm_kit.course.assignments.merging import merge
from itlm_kit.course.assignments.releasing import student_copy

POINTS = {"square-test": 4.0, "cube-test": 6.0, "why": 5.0}
SOLVED = {"square": "def square(x):\n    return x * x", "cube": "def cube(x):\n    return x**3", "why": "It grows."}


def mark(name, kind, *, grade=False, solution=False, points=None):
    marked = {"schema_version": 3, "grade_id": name, "grade": grade, "solution": solution, "locked": not solution,
              "task": False, "cell_type": kind}  # fmt: skip
    return {"nbgrader": marked | ({} if points is None else {"points": points})}


def cells():
    answer = {"grade": True, "solution": True, "points": 5}
    return [
        new_markdown_cell("# Toy"),
        new_code_cell("import numpy as np", metadata=mark("set-up", "code")),
        new_code_cell(
            "def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION",
            metadata=mark("square", "code", solution=True),
            outputs=[new_output("stream", text="91")],
            execution_count=91,
        ),
        new_code_cell(
            "assert square(2) == 4, 'two'\n### BEGIN HIDDEN TESTS\nassert np.isclose(square(9.5), 90.25)\n"
            "### END HIDDEN TESTS",
            metadata=mark("square-test", "code", grade=True, points=4),
        ),
        new_code_cell("cube = lambda x: x * x * x", metadata=mark("cube", "code", solution=True)),
        new_code_cell(
            "assert cube(2) == 8\n### BEGIN HIDDEN TESTS\nassert cube(-3) == -27\n### END HIDDEN TESTS",
            metadata=mark("cube-test", "code", grade=True, points=6),
        ),
        new_markdown_cell("Why is it larger?"),
        new_markdown_cell("It is, because it grows. **Mark scheme.** 5.", metadata=mark("why", "markdown", **answer)),
        new_markdown_cell("That is all."),
    ]


def write_source(folder):
    """Write the problem set as folder/toy/toy.ipynb; return the folder."""
    (folder / "toy").mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells()), folder / "toy" / "toy.ipynb")
    return folder


def write_judged_source(folder):
    """Write folder/guess/guess.ipynb, a set whose answer is data: three numbers that must add up to 4 or more."""
    save = "np.savez('guess.npz', given=np.asarray(guess(), float))"
    read = "def given():\n    with np.load('guess.npz') as file:\n        return file['given'].sum()"
    judge = {"tags": ["judge"]}
    made = [
        new_code_cell(f"import numpy as np\n\n\n{read}", metadata=mark("set-up", "code") | judge),
        new_code_cell("guess = lambda: [1, 2, 3]", metadata=mark("guess", "code", solution=True)),
        new_code_cell(f"{save}\nassert given() > 0", metadata=mark("saved", "code", grade=True, points=3)),
        new_code_cell(
            "assert given() >= 4, 'too little'", metadata=mark("judged", "code", grade=True, points=7) | judge
        ),
    ]
    nb = new_notebook(cells=made, metadata={"leaderboard": {"sum": "given()", "none": "1 / 0"}})
    (folder / "guess").mkdir(parents=True)
    nbformat.write(nb, folder / "guess" / "guess.ipynb")
    return folder


def student_notebook(assignment, **answers):
    """The release with `answers`, {id: text}, in place of what is there."""
    nb = student_copy(assignment.nb)
    for cell in nb.cells:
        cell.source = answers.get(grade_id(cell), cell.source)
    return nb


def solved_but_for(assignment, answers):
    """The solved set as a submission, with `answers`, {id: text}, in place of those solutions."""
    solved = {name: cell.source for name, cell in assignment.cells.items() if is_solution(cell)}
    return student_notebook(assignment, **solved | answers)


def remembering(*functions):
    """For `passed`: what these functions find for the same arrays is computed once, whoever asks."""
    found = {}

    def remembered(function):
        def call(*arguments, **more):
            key = function.__name__, *map(bytes, map(np.ascontiguousarray, arguments)), *sorted(more.items())
            if key not in found:
                found[key] = function(*arguments, **more)
            return copy.deepcopy(found[key])

        return call

    def prepare(names):
        names |= {name: remembered(names[name]) for name in functions if name in names}

    return prepare


def passed(assignment, nb, prepare=lambda names: None):
    """Ids of the tests that pass, run here without what only shows something. prepare(names) follows the set-up."""
    names, good, merged = {}, set(), merge(assignment, nb)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for step in merged.steps + merged.judging:
            if step.name.endswith("-shown"):
                continue
            try:
                exec(step.code, names)
            except Exception:
                continue
            good.add(step.name)
            if step.name == "set-up":
                prepare(names)
    return [name for name in assignment.tests if name in good]
