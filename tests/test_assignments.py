"""Problem sets without a kernel: what is released, what is run of a submission, what is read and written."""

import copy
import json
import re

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from problem_set import POINTS, SOLVED, student_notebook, write_judged_source, write_source

from itlm_kit.course.assignments import read_assignment, release, solve
from itlm_kit.course.assignments.feedback import feedback_page, keep_marks, read_marks, write_grades
from itlm_kit.course.assignments.grading import ANOTHER, MISSING, UNREADABLE, Grade, Limits, grade
from itlm_kit.course.assignments.marks import grade_id
from itlm_kit.course.assignments.merging import merge
from itlm_kit.course.assignments.releasing import STUBS, solutions_text, student_copy
from itlm_kit.course.assignments.submissions import Submission, find_submissions, recognise, the_notebook
from itlm_kit.errors import InputError


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path / "source")


@pytest.fixture
def toy(source):
    return read_assignment("toy", source)


def code(merged):
    return [step.code for step in merged.steps]


def test_a_release_is_the_source_minus_solutions_and_hidden_tests(toy, source, tmp_path):
    released = nbformat.read(release("toy", tmp_path / "out", source), as_version=4)
    nbformat.validate(released)
    assert [cell.id for cell in released.cells] == [cell.id for cell in toy.nb.cells]
    texts = {grade_id(cell): cell.source for cell in released.cells}
    assert texts["square"] == "def square(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    assert texts["cube"] == STUBS["code"] and texts["why"] == STUBS["markdown"]
    assert texts["square-test"] == "assert square(2) == 4, 'two'" and texts["cube-test"] == "assert cube(2) == 8"
    plain = [cell.source for cell in released.cells if not grade_id(cell)]
    assert plain == [cell.source for cell in toy.nb.cells if not grade_id(cell)]
    assert not re.search(r"BEGIN|END|x \* x|because", "\n".join(cell.source for cell in released.cells))
    assert all(cell.get("outputs", []) == [] and cell.get("execution_count") is None for cell in released.cells)


def test_what_is_not_the_students_is_locked(toy):
    edits = {grade_id(cell): cell.metadata.get("editable", True) for cell in student_copy(toy.nb).cells}
    deletes = {grade_id(cell): cell.metadata.get("deletable", True) for cell in student_copy(toy.nb).cells}
    assert [name for name, may in edits.items() if not may] == ["set-up", "square-test", "cube-test"]
    assert [name for name, may in deletes.items() if may] == [None]


def test_the_source_is_left_alone(toy):
    before = copy.deepcopy(toy.nb)
    student_copy(toy.nb)
    assert toy.nb == before


def test_no_file_is_written_over(source, tmp_path):
    path = release("toy", tmp_path / "mine.ipynb", source)
    path.write_text("my work")
    with pytest.raises(InputError, match="out must be free"):
        release("toy", path, source)
    assert path.read_text() == "my work" and not list(tmp_path.glob("*.part"))


def test_solutions_are_the_source(toy, source, tmp_path):
    assert nbformat.read(solve("toy", tmp_path, source), as_version=4) == toy.nb
    text = solutions_text(toy)
    assert "x * x" in text and "because it grows" in text and "91" not in text


@pytest.mark.parametrize(
    "text, words",
    [
        ("def f():\n    ### BEGIN SOLUTION\n    pass", "must have an end"),
        ("### END SOLUTION", "must be closed"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "must be closed"),
    ],
)
def test_regions_that_are_not_closed_are_refused(toy, text, words):
    toy.cells["square"].source = text
    with pytest.raises(InputError, match=words):
        student_copy(toy.nb)


@pytest.mark.parametrize("name, region", [("set-up", "SOLUTION"), ("set-up", "HIDDEN TESTS")])
def test_a_region_in_a_cell_that_is_not_marked_for_it_is_refused(toy, name, region):
    toy.cells[name].source = f"### BEGIN {region}\n### END {region}"
    with pytest.raises(InputError, match=f"a {region} region must be closed, in a cell marked for it"):
        student_copy(toy.nb)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (
            lambda nb: nb.cells.append(new_code_cell(metadata=nb.cells[2].metadata)),
            "ids of cells must be unique; .* square more than once",
        ),
        (lambda nb: nb.cells[2].metadata.nbgrader.update(task=True), "has the task square"),
        (lambda nb: nb.cells.clear(), "must have a test"),
    ],
)
def test_a_source_that_cannot_be_graded_is_refused(toy, source, spoil, words):
    spoil(toy.nb)
    nbformat.write(toy.nb, source / "toy/toy.ipynb")
    with pytest.raises(InputError, match=words):
        read_assignment("toy", source)


def test_unknown_names_and_folders_are_refused(source, tmp_path):
    with pytest.raises(InputError, match="assignment must be one of toy; got 'tyo'"):
        read_assignment("tyo", source)
    with pytest.raises(InputError, match="source must be a folder with problem sets"):
        read_assignment("toy", tmp_path / "nothing")


def test_what_is_run_is_what_was_handed_in_with_the_teachers_tests(toy):
    nb = student_notebook(toy, square="def square(x):\n    return x * x", why="I think so.")
    merged = merge(toy, nb)
    assert code(merged) == [
        toy.cells["set-up"].source, "def square(x):\n    return x * x", toy.cells["square-test"].source,
        STUBS["code"], toy.cells["cube-test"].source,
    ]  # fmt: skip
    assert [step.is_test for step in merged.steps] == [False, False, True, False, True]
    assert merged.answers == {"why": "I think so."} and merged.notes == []


def test_an_untouched_answer_is_none_and_a_solved_source_is_not_mended(toy):
    assert merge(toy, student_copy(toy.nb)).answers == {"why": ""}
    assert merge(toy, toy.nb).notes == []


def deleted(nb, mark):
    del nb.cells[mark("square-test")], nb.cells[mark("cube")]


def edited(nb, mark):
    nb.cells[mark("square-test")].source = "assert True"


def retyped(nb, mark):
    nb.cells[mark("cube")] = new_markdown_cell("cube = 3", metadata=nb.cells[mark("cube")].metadata)


def duplicated(nb, mark):
    nb.cells.insert(mark("square") + 1, new_code_cell("square = 2", metadata=nb.cells[mark("square")].metadata))
    nb.cells.append(new_code_cell("assert True", metadata=nb.cells[mark("square-test")].metadata))


def split(nb, mark):
    nb.cells[mark("square")].source = "def half(x):\n    return x"
    nb.cells.insert(mark("square") + 1, new_code_cell("def square(x):\n    return half(x) * x"))


def moved(nb, mark):
    nb.cells.insert(0, nb.cells.pop(mark("square-test")))
    nb.cells.append(nb.cells.pop(mark("square")))


def unmarked(nb, mark):
    nb.cells[mark("square")].metadata.pop("nbgrader")


TAMPERED = {
    deleted: (
        ["set-up", "square", "square-test", "cube-test"],
        ["cube: missing", "square-test: missing, the"],
    ),
    edited: (["set-up", "square", "square-test", "cube", "cube-test"], ["square-test: changed, the original was run"]),
    retyped: (["set-up", "square", "square-test", "cube", "cube-test"], []),
    duplicated: (
        ["set-up", "square", "square", "square-test", "cube", "cube-test"],
        ["square-test: changed, the original was run", "square, square-test: there more than once"],
    ),
    split: (["set-up", "square", "square", "square-test", "cube", "cube-test"], []),
    moved: (["set-up", "square", "square-test", "cube", "cube-test"], ["cells: moved, run in the original order"]),
    unmarked: (["set-up", "set-up", "square-test", "cube", "cube-test"], ["square: missing"]),
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_cells_that_were_tampered_with_are_put_right_and_said(toy, tamper):
    names, notes = TAMPERED[tamper]
    nb = student_notebook(toy, **SOLVED)
    tamper(nb, lambda name: next(i for i, cell in enumerate(nb.cells) if grade_id(cell) == name))
    merged = merge(toy, nb)
    assert [step.name for step in merged.steps] == names
    assert len(merged.notes) == len(notes) and all(map(str.startswith, merged.notes, notes))
    assert [step.code for step in merged.steps if step.is_test] == [toy.cells[n].source for n in toy.tests]


def test_a_mark_may_hold_anything(toy):
    nb = student_notebook(toy, **SOLVED)
    for cell, mark in zip(nb.cells, (None, 3, [], {"grade_id": [1]}, {"grade_id": {}}, {}, "x"), strict=False):
        cell.metadata["nbgrader"] = mark
    assert [step.code for step in merge(toy, nb).steps if step.is_test] == [
        toy.cells[name].source for name in toy.tests
    ]


def test_an_answer_in_two_cells_is_read_whole(toy):
    nb = student_notebook(toy, why="First.")
    nb.cells += [new_markdown_cell("Second."), new_code_cell("measured = 1")]
    merged = merge(toy, nb)
    assert merged.answers == {"why": "First.\n\nSecond."} and merged.steps[-1].code == "measured = 1"


OLD = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"}, "worksheets": [{"cells": [], "metadata": {}}]}
WITH_ONE_CELL = '{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"metadata": {}, %s}]}'
BROKEN = {
    "empty file": "",
    "no JSON": "def square(x): return x * x",
    "no notebook": "[1, 2]",
    "no cells": '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells are text": '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ["a"]}',
    "a cell without text": WITH_ONE_CELL % '"cell_type": "code", "source": null',
    "a cell of no kind": WITH_ONE_CELL % '"source": "1"',
    "format 5": '{"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": []}',
    "format 3, another notebook": json.dumps(OLD),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_notebook_is_told_and_costs_nobody_else_anything(toy, tmp_path, what):
    path = tmp_path / "Jörg Müller.ipynb"
    path.write_text(BROKEN[what])
    found = grade(toy, Submission("Jörg Müller", (path,)), Limits())
    (note,) = found.notes
    assert found.verdict == UNREADABLE and found.total == 0 and "\n" not in note
    assert ("another" in what) != note.startswith("notebook must be one that Jupyter can open (format 4); Jörg")


def test_a_notebook_of_format_3_is_brought_up_to_date(toy, tmp_path):
    old = nbformat.convert(student_notebook(toy, **SOLVED), 3)
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    assert recognise([Submission("old", (path,))], toy.folder).name == "toy"


def test_submissions_are_found_as_files_and_as_folders(toy, tmp_path):
    folder = tmp_path / "handed in"
    for name in (
        "Jörg Müller.ipynb",
        "Zoë/toy/toy.ipynb",
        "Two/toy.ipynb",
        "Two/scratch.ipynb",
        "Late/.ipynb_checkpoints/a.ipynb",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(student_copy(toy.nb), folder / name)
    (folder / "notes.txt").write_text("not a submission")
    found = {one.student: one for one in find_submissions(folder)}
    assert list(found) == ["Jörg Müller", "Late", "Two", "Zoë"]
    assert grade(toy, found["Late"], Limits()).verdict == MISSING
    assert recognise(found.values(), toy.folder).name == "toy"
    (folder / "Two/toy.ipynb").rename(folder / "Two/other.ipynb")
    (two,) = (one for one in find_submissions(folder) if one.student == "Two")
    assert grade(toy, two, Limits()).notes == ["2 notebooks, 0 of them called toy.ipynb"]


def test_folders_without_submissions_are_refused(toy, tmp_path):
    with pytest.raises(InputError, match="there is none at"):
        find_submissions(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="folder must hold STUDENT.ipynb"):
        find_submissions(tmp_path / "empty")
    for path in (tmp_path / "a.ipynb", tmp_path / "a/toy.ipynb"):
        path.parent.mkdir(exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(), path)
    with pytest.raises(InputError, match="a notebook and a folder of a"):
        find_submissions(tmp_path)
    for mark in (None, "set-up"):
        alike = nbformat.v4.new_notebook(cells=[new_code_cell(metadata={"nbgrader": {"grade_id": mark}})])
        nbformat.write(alike, tmp_path / "a.ipynb")
        with pytest.raises(InputError, match="must have cells of one of toy"):
            recognise([Submission("a", (tmp_path / "a.ipynb",))], toy.folder)


@pytest.fixture
def two_sets(source, tmp_path):
    """Write notebooks of the sets toy and guess: two_sets("anna/toy", ...) -> Submissions by student."""
    write_judged_source(source)

    def write(*names):
        for path in (tmp_path / "in" / f"{name}.ipynb" for name in names):
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(student_copy(read_assignment(path.stem.split("-")[0], source).nb), path)
        return {one.student: one for one in find_submissions(tmp_path / "in")}

    return write


@pytest.mark.parametrize("names", [("anna/toy", "anna/guess"), ("anna/toy", "ben/guess"), ("toy-a", "toy-b", "guess")])
def test_notebooks_of_several_sets_are_refused_until_one_is_named(two_sets, source, names):
    found = two_sets(*names).values()
    toys = sum("toy" in name for name in names)
    with pytest.raises(InputError, match=re.escape(f"got notebooks of guess (1) and toy ({toys}). Put each set into")):
        recognise(found, source)
    assert {name: recognise(found, source, name).name for name in ("toy", "guess")} == {"toy": "toy", "guess": "guess"}


def test_a_set_that_is_named_must_be_there(two_sets, source):
    found = two_sets("anna/toy").values()
    with pytest.raises(InputError, match="must have cells of one of guess; these have none"):
        recognise(found, source, "guess")
    with pytest.raises(InputError, match="must be one of guess, toy; got 'tyo'"):
        recognise(found, source, "tyo")


def test_a_notebook_of_another_set_is_told_and_gets_nothing(two_sets, source):
    found, toy = two_sets("anna/toy", "ben/guess"), read_assignment("toy", source)
    said = grade(toy, found["ben"], Limits())
    assert (said.verdict, said.total, said.notes) == (ANOTHER, 0, ["its answers are those of guess"])
    assert "0 of 15 points (another set)" in feedback_page(toy, said)


def test_of_two_sets_with_the_same_cells_the_one_that_is_named_is_graded(two_sets, source):
    (source / "toy-again").mkdir()
    (source / "toy-again/toy-again.ipynb").write_bytes((source / "toy/toy.ipynb").read_bytes())
    (anna,) = two_sets("toy").values()
    again = recognise([anna], source, "toy-again")
    assert again.name == "toy-again" and the_notebook(anna, again).cells


def test_a_page_says_that_other_data_were_graded(toy, source):
    words = "on other data (other seeds) than the notebook shows"
    nothing, jo = two_grades()
    assert words in feedback_page(toy, jo) and words not in feedback_page(toy, nothing)
    guess = read_assignment("guess", write_judged_source(source))
    assert words not in feedback_page(guess, Grade("Jo", "graded", {"saved": 3.0, "judged": 7.0}))


def two_grades():
    jo = Grade("Jo <b>", "graded", {"square-test": 4.0, "cube-test": 0.0, "why": None}, ["cube: missing"],
               {"cube-test": "AssertionError: <8>"}, {"why": "Because <i>."})  # fmt: skip
    zoe = Grade("Zoë", "no submission", dict.fromkeys(POINTS, 0.0))
    return [zoe, jo]


def test_the_table_has_points_by_cell_and_a_page_for_each(toy, tmp_path):
    pages = write_grades(toy, two_grades(), tmp_path / "grades.csv")
    table = pd.read_csv(tmp_path / "grades.csv", encoding="utf-8-sig").set_index("student")
    assert list(table.index) == ["Jo <b>", "Zoë"] and list(table)[:3] == list(POINTS)
    row = table.loc["Jo <b>"]
    assert (row["total"], row["out of"], row["to read"]) == (4, 15, 5) and pd.isna(row["why"])
    assert table.loc["Zoë", "verdict"] == "no submission" and table.loc["Zoë", "total"] == 0
    assert sorted(path.name for path in pages.iterdir()) == ["Jo <b>.html", "Zoë.html"]


def test_a_leaderboard_ranks_each_measure_the_largest_first(tmp_path):
    guess = read_assignment("guess", write_judged_source(tmp_path / "source"))
    values = {"Zoë": {"sum": 4.5}, "Al": {"sum": 7.0, "none": 1.0}, "Jo": {}, "Di": {"sum": 4.5}}
    grades = [Grade(student, "graded", {"saved": 3.0, "judged": 7.0}, scores=one) for student, one in values.items()]
    pages = write_grades(guess, grades, tmp_path / "grades.csv")
    rows = (pages / "leaderboard.csv").read_text("utf-8-sig").splitlines()
    assert rows == ["measure,rank,student,value", "none,1,Al,1", "sum,1,Al,7", "sum,2,Di,4.5", "sum,2,Zoë,4.5"]
    assert "<li>sum: 4.5</li>" in feedback_page(guess, grades[0])
    write_grades(guess, [grades[2]], tmp_path / "nobody.csv")
    assert (tmp_path / "nobody/leaderboard.csv").read_text("utf-8-sig") == "measure,rank,student,value\n"


def test_a_page_shows_points_errors_and_answers_as_they_were_written(toy):
    page = feedback_page(toy, two_grades()[1])
    for words in (
        "4 of 15 points",
        "so far",
        "cube: missing",
        "AssertionError: &lt;8&gt;",
        "Because &lt;i&gt;.",
        "Jo &lt;b&gt;",
    ):
        assert words in page
    assert "http" not in page and "<b>" not in page and "not run" not in page
    assert "not run" in feedback_page(toy, two_grades()[0])


STUDENTS = {"Jo <b>", "Zoë"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_points_given_by_hand_are_kept_counted_and_shown(toy, tmp_path, separator):
    path = tmp_path / "grades.csv"
    write_grades(toy, two_grades(), path)
    table = pd.read_csv(path, encoding="utf-8-sig").astype({"why": object})
    table.loc[table["student"] == "Jo <b>", ["why", "square-test"]] = ["3,5" if separator == ";" else "3.5", 1]
    table.loc[table["student"] == "Zoë", "why"] = 5  # on paper, say
    table.to_csv(path, index=False, sep=separator)
    again = two_grades()
    keep_marks(again, read_marks(toy, path, STUDENTS))
    zoe, jo = again
    assert jo.points == {"square-test": 4.0, "cube-test": 0.0, "why": 3.5}
    assert "7.5 of 15 points</p>" in feedback_page(toy, jo)
    assert zoe.total == 5 and "✓ read" in feedback_page(toy, zoe)
    write_grades(toy, again, path)
    table = pd.read_csv(path, encoding="utf-8-sig").set_index("student")
    assert list(table["why"]) == [3.5, 5] and list(table["total"]) == [7.5, 5] and list(table["to read"]) == [0, 0]


def test_an_answer_that_comes_later_still_waits_for_its_points(toy, tmp_path):
    path, (zoe, jo) = tmp_path / "grades.csv", two_grades()
    jo.answers["why"], jo.points["why"] = "", 0.0  # nothing written
    write_grades(toy, [zoe, jo], path)
    assert read_marks(toy, path, STUDENTS) == {"Jo <b>": {}, "Zoë": {}}
    assert "✗ no answer" in feedback_page(toy, jo) and "so far" not in feedback_page(toy, jo)


def test_no_points_for_an_answer_are_points_too(toy, tmp_path):
    path, (_, jo) = tmp_path / "grades.csv", two_grades()
    jo.points["why"] = 0.0
    write_grades(toy, [jo], path)
    assert read_marks(toy, path, STUDENTS) == {"Jo <b>": {"why": 0.0}}


def table_of(path, mark="", student="Jo"):
    path.write_text(f'student,square-test,cube-test,why,note\n{student},4,0,"{mark}",x\n')
    return path


@pytest.mark.parametrize("mark", ["six", "-1", "5.5", "nan", "inf", "NA", "nan,"])
def test_points_that_cannot_be_are_refused(toy, tmp_path, mark):
    with pytest.raises(InputError, match=re.escape(f"from 0 to 5; got {mark!r} (Jo, why)")):
        read_marks(toy, table_of(tmp_path / "grades.csv", mark), {"Jo"})


def test_points_of_somebody_who_handed_in_nothing_here_are_not_lost(toy, tmp_path):
    path = table_of(tmp_path / "grades.csv", "5")
    with pytest.raises(InputError, match="has some of Jo, and the folder no such student"):
        read_marks(toy, path, {"Zoë"})
    assert read_marks(toy, table_of(path), {"Zoë"}) == {"Jo": {}}


def test_a_student_may_be_called_null(toy, tmp_path):
    path = table_of(tmp_path / "grades.csv", "5", "Null")
    assert read_marks(toy, path, {"Null"}) == {"Null": {"why": 5.0}}


NO_TABLES = {
    "other columns": ("name,points\nJo,3\n", "student"),
    "another problem set's": (
        "student,1-1-test,1-5-read\nJo,3,4\n",
        "toy has a column square-test, which is not there",
    ),
    "twice": ("student,square-test,cube-test,why\nJo,4,6,5\nJo,4,6,5\n", "a student is there twice"),
}


@pytest.mark.parametrize("what", NO_TABLES)
def test_a_file_that_is_no_table_of_grades_is_refused(toy, tmp_path, what):
    text, words = NO_TABLES[what]
    (tmp_path / "grades.csv").write_text(text)
    with pytest.raises(InputError, match=f"out must be new or a table of grades.*{words}"):
        read_marks(toy, tmp_path / "grades.csv", {"Jo"})


def test_without_a_table_there_are_no_points_by_hand(toy, tmp_path):
    assert read_marks(toy, tmp_path / "new.csv", {"Jo"}) == {}
