"""The kit's own problem sets: right answers get all points, empty ones none, and a release gives nothing away."""

import re

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest
from problem_set import passed, remembering, solved_but_for

from itlm_kit.course.assignments import read_assignment
from itlm_kit.course.assignments.grading import GRADED, Limits, grade
from itlm_kit.course.assignments.marks import grade_id, is_solution
from itlm_kit.course.assignments.releasing import student_copy
from itlm_kit.course.assignments.sources import assignment_names, source_folder
from itlm_kit.course.assignments.submissions import Submission

matplotlib.use("agg")
NAMES = assignment_names(source_folder())
# Sets that are written down, and seeds that an earlier test has set.
DRAW_NOTHING = {
    "regression": ["1-2-test"],
    "break-itlm": ["1-3-test", "1-4-test", "2-3-test", "2-4-test"],
    "defend-itlm": ["2-3-test", "2-4-test"],
}


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some sets save files


@pytest.fixture(scope="module", params=NAMES)
def problems(request):
    yield read_assignment(request.param)
    plt.close("all")


def test_points_add_up_to_a_hundred(problems):
    by_tests = [points for name, points in problems.points.items() if name in problems.tests]
    assert sum(problems.points.values()) == 100 and 70 <= sum(by_tests) <= 80


def test_each_question_says_its_points(problems):
    words = "\n".join(cell.source for cell in problems.nb.cells if cell.cell_type == "markdown" and not grade_id(cell))
    said = [int(points) for points in re.findall(r"^\*\*\d\.\d\*\* \((\d+) points\)", words, re.M)]
    assert said == list(problems.points.values())
    parts = [int(points) for points in re.findall(r"^## \d .* \((\d+) points\)$", words, re.M)]
    assert len(parts) >= 2 and sum(parts) == 100


def test_the_marks_of_a_scheme_add_up_to_the_points(problems):
    for name in problems.points.keys() - problems.tests:
        scheme = problems.cells[name].source.split("**Mark scheme.**")[1]
        assert sum(map(int, re.findall(r",\s(\d)(?=[.;])", scheme))) == problems.points[name], name


def test_the_teachers_page_tells_minutes_and_points(problems):
    page = (source_folder().parents[1] / "teaching.md").read_text()
    (row,) = re.findall(rf"^\| `{problems.name}` \|.*$", page, re.M)
    minutes = re.search(r"about (\d+) minutes", problems.nb.cells[0].source)[1]
    by_tests = sum(problems.points[name] for name in problems.tests)
    assert [cell.strip() for cell in row.split("|")[3:6]] == [minutes, f"{by_tests:g}", f"{100 - by_tests:g}"]


def test_the_solved_set_runs_to_its_end_and_so_gets_all_points(problems):
    names = {}
    for cell in problems.nb.cells:
        if cell.cell_type == "code":
            exec(cell.source, names)


def test_an_empty_copy_gets_none(problems):
    assert passed(problems, student_copy(problems.nb)) == []


def test_an_answer_that_does_not_run_costs_its_own_tests_and_no_others(problems):
    """Nor does one whose functions later answers need: those are graded with right ones."""
    remember_fits = remembering("fit", "itlm_numbers", "itlm_digits")
    coded = [name for name, cell in problems.cells.items() if is_solution(cell) and cell.cell_type == "code"]
    marks = [name for name in problems.cells if name in {*coded, *problems.tests}]
    for name in coded:
        following = marks[marks.index(name) + 1 :]
        own = following[: next((i for i, mark in enumerate(following) if mark in coded), None)]
        found = passed(problems, solved_but_for(problems, {name: "("}), remember_fits)
        assert found == [test for test in problems.tests if test not in own], name


def test_a_release_holds_no_line_of_a_solution_or_a_hidden_test(problems):
    released = "\n".join(cell.source for cell in student_copy(problems.nb).cells)
    shown = set(released.split("\n"))
    own = [cell.source for cell in problems.cells.values() if is_solution(cell) or "BEGIN HIDDEN" in cell.source]
    kept_back = [line for text in own for line in text.split("\n") if line not in shown]
    assert len(kept_back) > 50 and not [line for line in kept_back if len(line.strip()) > 12 and line in released]
    assert not re.search("BEGIN|END|Mark scheme", released)


def test_it_is_stored_without_outputs(problems):
    cells = problems.nb.cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells if cell.cell_type == "code")
    assert set(problems.nb.metadata) <= {"kernelspec", "leaderboard"} and len({cell.id for cell in cells}) == len(cells)


def test_hidden_tests_use_other_seeds_than_the_visible_ones(problems):
    """Seeds of three digits, from 800 on, are for hidden tests alone."""
    released = {grade_id(cell): cell.source for cell in student_copy(problems.nb).cells}
    assert not any(map(hidden_seeds, map(released.get, problems.tests)))
    without = [name for name in problems.tests if not hidden_seeds(problems.cells[name].source)]
    assert without == DRAW_NOTHING.get(problems.name, [])


def hidden_seeds(text):
    return re.findall(r"\b[89]\d\d\b", text)


@pytest.mark.slow
def test_a_kernel_finds_the_same(problems, tmp_path):
    path = tmp_path / "solved.ipynb"
    nbformat.write(problems.nb, path)
    found = grade(problems, Submission("solved", (path,)), Limits())
    assert found.verdict == GRADED and not found.errors
    assert found.total == sum(problems.points[name] for name in problems.tests)
