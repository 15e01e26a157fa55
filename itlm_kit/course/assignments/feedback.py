"""What comes of grading: a page for each student, and one table for the teacher."""

import csv

import pandas as pd

from itlm_kit.course.assignments.releasing import student_text
from itlm_kit.errors import InputError
from itlm_kit.files import write_atomically, writing_to
from itlm_kit.names import readable
from itlm_kit.pages import template

STUDENT, TOTAL, OUT_OF, TO_READ, VERDICT, NOTE = "student", "total", "out of", "to read", "verdict", "note"


def grades_frame(assignment, grades):
    """One row a student: points of each graded cell, their total, points still to be given by hand, verdict, note.

    A written answer is an empty cell until it has points, also one that was not given: it may still come.
    """
    most = assignment.points
    rows = [
        {STUDENT: one.student, **{name: _in_table(assignment, one, name) for name in most},
         TOTAL: one.total, OUT_OF: sum(most.values()),
         TO_READ: sum(most[name] for name, value in one.points.items() if value is None),
         VERDICT: one.verdict, NOTE: "; ".join(one.notes)}
        for one in sorted(grades, key=lambda one: one.student)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[STUDENT, *most, TOTAL, OUT_OF, TO_READ, VERDICT, NOTE])


def _in_table(assignment, grade, name):
    is_blank = name not in assignment.tests and not grade.answers.get(name) and not grade.points[name]
    return None if is_blank else grade.points[name]


def leaderboard_frame(grades):
    """One row for each measure and student that has it: measure, rank (1 is the largest), student, value."""
    rows = [(measure, one.student, value) for one in grades for measure, value in one.scores.items()]
    frame = pd.DataFrame(rows, columns=["measure", STUDENT, "value"])
    frame.insert(1, "rank", frame.groupby("measure")["value"].rank(method="min", ascending=False).astype(int))
    return frame.sort_values(["measure", "rank", STUDENT], ignore_index=True)


def write_grades(assignment, grades, path):
    """Write the table as CSV to `path`, and the pages into the folder of that name without its ending.

    A problem set with a leaderboard gets it there too, as leaderboard.csv.
    """
    folder = path.with_suffix("")
    with writing_to(folder):
        for one in grades:
            page = readable(feedback_page(assignment, one)).encode()
            write_atomically(folder / f"{one.student}.html", lambda file, page=page: file.write(page))
        if assignment.leaderboard:
            _write_table(leaderboard_frame(grades), folder / "leaderboard.csv")
        _write_table(grades_frame(assignment, grades), path)
    return folder


def _write_table(frame, path):
    text = readable(frame.to_csv(index=False, float_format="%.6g"))
    write_atomically(path, lambda file: file.write(text.encode("utf-8-sig")))  # the mark tells Excel of UTF-8


def read_marks(assignment, path, students):
    """{student: {id: points}} that a teacher gave by hand in the table of an earlier grading; {} without a table.

    Raises InputError for a table that cannot be read or is another problem set's, points out of range, and points of
    somebody who is none of the `students`.
    """
    if not path.exists():
        return {}
    table = _read_table(path, assignment)
    read = [name for name in assignment.points if name not in assignment.tests]
    marks = {student: _marks_of(student, row, assignment) for student, row in table[read].iterrows()}
    _check_students(marks, students, path)
    return marks


def keep_marks(grades, marks):
    """Put the points of `read_marks` in their places."""
    for one in grades:
        one.points |= marks.get(readable(one.student), {})


def _read_table(path, assignment):
    try:
        # sep=None: whatever a spreadsheet put between the columns; no word, as "NA", stands for an empty cell
        options = {"dtype": str, "encoding": "utf-8-sig", "keep_default_na": False}
        table = pd.read_csv(path, sep=None, engine="python", **options).fillna("").set_index(STUDENT)
        if not table.index.is_unique:
            raise ValueError("a student is there twice")
        lacking = [name for name in assignment.points if name not in table]
        if lacking:
            raise ValueError(f"{assignment.name} has a column {lacking[0]}, which is not there")
        return table
    except (OSError, ValueError, KeyError, csv.Error) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"out must be new or a table of grades; {path}: {reason}. Name another file.") from error


def _marks_of(student, row, assignment):
    given = {name: value for name, value in row.items() if value.strip()}
    return {name: _mark(value, assignment.points[name], f"{student}, {name}") for name, value in given.items()}


def _check_students(marks, students, path):
    known = set(map(readable, students))
    lost = [student for student, given in marks.items() if given and student not in known]
    if lost:
        raise InputError(
            f"points must be those of a submission; {path} has some of {', '.join(lost)}, and the folder no such "
            "student. Mend the name there, or name another file."
        )


def _mark(value, most, where):
    try:
        mark = float(value.replace(",", "."))
    except ValueError:
        mark = -1
    if not 0 <= mark <= most:
        raise InputError(f"points must be a number from 0 to {most:g}; got {value!r} ({where}). Mend it in the table.")
    return mark


def feedback_page(assignment, grade):
    """One student's result as an HTML text that asks for nothing from elsewhere."""
    rows = [_row(assignment, grade, name) for name in assignment.points]
    first = {name: error for name, error in grade.errors.items() if name not in assignment.points}
    first = {name: error for name, error in first.items() if f"{name}: {error}" not in grade.notes}
    most = sum(assignment.points.values())
    found = {"rows": rows, "errors": first, "most": most, "other_data": _has_hidden_tests(assignment)}
    page = template("itlm_kit.course.assignments", "feedback.html")
    return page.render(assignment=assignment, grade=grade, **found)


def _has_hidden_tests(assignment):
    return any(student_text(cell) != cell.source for cell in map(assignment.cells.get, assignment.tests))


def _row(assignment, grade, name):
    value, answer = grade.points[name], grade.answers.get(name)
    if name in assignment.tests:
        word = "passed" if value else "not passed"
    else:
        word = "will be read" if value is None else "read" if answer or value else "no answer"
    return {
        "name": name, "value": value, "most": assignment.points[name], "word": word, "answer": answer,
        "error": "" if value else grade.errors.get(name, "" if answer is not None else "not run"),
    }  # fmt: skip
