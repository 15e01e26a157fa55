"""nbgrader itself releases and grades the same files as the kit, to the same points."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from problem_set import SOLVED, student_notebook, write_source

from itlm_kit.course.assignments import read_assignment
from itlm_kit.course.assignments.grading import Limits, grade
from itlm_kit.course.assignments.marks import grade_id
from itlm_kit.course.assignments.releasing import student_copy
from itlm_kit.course.assignments.sources import source_folder
from itlm_kit.course.assignments.submissions import Submission

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("nbgrader"), reason="needs nbgrader: pip install -e .[assignments]"
)
TURN = "def first_turn(x, v, delta, is_bad):\n    return delta * v"
WRONG = {
    "regression": {"1-1-loop": "itlm = None", "3-2-turn": TURN, "2-3-bound": "bound ="},
    "label-noise": {"1-1-losses": "losses = None", "3-1-called": "called =", "4-2-helps": "helps = None"},
    "break-itlm": {
        "1-1-numbers": "def attack_numbers(x, y, theta, rng):\n    return y + 0.1 * (np.arange(300) < 60)",
        "2-1-digits": "def attack_digits(x, true, rng):\n    return np.where(np.arange(1000) < 100, 0, true)",
    },
    "defend-itlm": {
        "1-1-from": "itlm_from =",
        "2-1-defend": "def defend(x, given, checked, labels):\n    return fit(x[checked], labels)",
    },
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of nbgrader's with the toy set and the kit's own, released."""
    folder = tmp_path_factory.mktemp("course")
    write_source(folder / "source")
    for name in WRONG:
        shutil.copytree(source_folder() / name, folder / "source" / name)
    for name in ("toy", *WRONG):
        nbgrader(folder, "generate_assignment", name)
    return folder


def nbgrader(folder, *words):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls `alembic` by name
    command = [sys.executable, "-m", "nbgrader", *words, "--course", str(folder)]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def points_by_nbgrader(folder, name, nb):
    """{id: points} that nbgrader gives to a submission; None where it waits for the teacher."""
    from nbgrader.api import Gradebook

    place = folder / "submitted" / "somebody" / name / f"{name}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, place)
    nbgrader(folder, "autograde", name, "--student", "somebody", "--force")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        (handed_in,) = book.find_submission(name, "somebody").notebooks
        return {one.name: one.auto_score for one in handed_in.grades}


def points_by_the_kit(folder, name, nb):
    path = folder / "somebody.ipynb"
    nbformat.write(nb, path)
    return grade(read_assignment(name, folder / "source"), Submission("somebody", (path,)), Limits()).points


@pytest.mark.parametrize("name", ["toy", *WRONG])
def test_the_release_is_the_same_but_for_checksums(course, name):
    theirs = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
    for cell in theirs.cells:
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
    ours = student_copy(read_assignment(name, course / "source").nb)
    for nb in (ours, theirs):
        for cell in nb.cells:  # nbgrader writes points as it likes
            if "points" in cell.metadata.get("nbgrader", {}):
                cell.metadata.nbgrader.points = float(cell.metadata.nbgrader.points)
    assert ours == theirs


def edited(nb):
    next(cell for cell in nb.cells if grade_id(cell) == "square-test").source = "assert True"


def with_a_cell_of_its_own(nb):
    nb.cells.insert(3, new_code_cell("def square(x):\n    return x * x"))


SUBMISSIONS = {
    "toy, solved": ("toy", SOLVED, None),
    "toy, a wrong answer and a test made easy": ("toy", {**SOLVED, "square": "square = abs"}, edited),
    "toy, an answer in a cell of its own": ("toy", {"cube": "def cube(x):\n    return 8"}, with_a_cell_of_its_own),
    "regression, empty": ("regression", {}, None),
    "regression, three wrong answers": ("regression", WRONG["regression"], "solved"),
    "label noise, three wrong answers": ("label-noise", WRONG["label-noise"], "solved"),
    "Break ITLM, solved": ("break-itlm", {}, "solved"),
    "Break ITLM, two weak answers": ("break-itlm", WRONG["break-itlm"], "solved"),
    "Defend ITLM, solved": ("defend-itlm", {}, "solved"),
    "Defend ITLM, two weak answers": ("defend-itlm", WRONG["defend-itlm"], "solved"),
}


@pytest.mark.parametrize("what", SUBMISSIONS)
def test_the_points_are_the_same(course, what):
    name, answers, change = SUBMISSIONS[what]
    assignment = read_assignment(name, course / "source")
    solutions = {one: cell.source for one, cell in assignment.cells.items() if change == "solved"}
    nb = student_notebook(assignment, **{**solutions, **answers})
    if callable(change):
        change(nb)
    ours = points_by_the_kit(course, name, nb)
    assert points_by_nbgrader(course, name, nb) == ours
    assert set(ours) == set(assignment.points)
