"""Grading as a teacher sees it: a line and a step of the bar for each submission, then where the results are."""

import warnings
from contextlib import closing

import click
from nbformat.warnings import DuplicateCellId
from tqdm import tqdm

from itlm_kit.course.assignments import cage
from itlm_kit.course.assignments.feedback import keep_marks, read_marks, write_grades
from itlm_kit.course.assignments.grading import Limits, grade_all
from itlm_kit.course.assignments.submissions import find_submissions, recognise
from itlm_kit.errors import InputError
from itlm_kit.files import as_path
from itlm_kit.runner.progress import INTERRUPTED


def watch_grading(folder, out, *, source=None, name=None, jobs=1, seconds, megabytes):
    """Grade the submissions in a folder into the table `out` and pages beside it; return the exit code.

    Points that a teacher entered in an earlier `out` are kept. `name` chooses the problem set where the folder has
    notebooks of several. Raises InputError before anything is run.
    """
    out = as_path(out, "out")
    if out.suffix != ".csv":
        raise InputError(
            f"out must be a name that ends in .csv; got {str(out)!r}. The pages go into a folder beside it."
        )
    submissions = find_submissions(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DuplicateCellId)  # copied cells, which nbformat gives new ids
        assignment = recognise(submissions, source, name)
        marks = read_marks(assignment, out, {one.student for one in submissions})
        limits = Limits(seconds, megabytes, hidden=(assignment.folder, as_path(folder)))
        click.echo(f"{assignment.name}, {len(submissions)} submissions; {cage.WORDS[cage.walls()]}")
        try:
            grades = list(_watched(grade_all(assignment, submissions, limits, jobs=jobs), len(submissions)))
        except KeyboardInterrupt:
            click.echo("stopped; nothing was written")
            return INTERRUPTED
    keep_marks(grades, marks)
    pages = write_grades(assignment, grades, out)
    click.echo(f"{out} is the table, {pages} has a page for each student")
    return 0


def _watched(grades, count):
    with tqdm(total=count, unit="submission", disable=None, dynamic_ncols=True) as bar, closing(grades):
        for one in grades:
            bar.write(f"{one.verdict:<13} {one.total:5g}  {one.student}" + "".join(f"; {note}" for note in one.notes))
            bar.update()
            yield one
