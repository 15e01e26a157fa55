"""The commands of the course: problem sets, and working copies of notebooks."""

import click

_source = click.option("--source", metavar="DIR", help="Folder of NAME/NAME.ipynb.  [default: the kit's problem sets]")
_whole = click.IntRange(min=1)


@click.group()
def assignment():
    """Problem sets: released to students, handed in, graded. nbgrader reads the same files."""


@assignment.command()
@click.argument("name")
@click.argument("out")
@_source
def release(name, out, source):
    """Write the student's copy of problem set NAME to OUT, a folder or a file: no solutions, no hidden tests."""
    from itlm_kit.course import assignments

    click.echo(assignments.release(name, out, source))


@assignment.command()
@click.argument("name")
@click.argument("out", required=False)
@_source
def solutions(name, out, source):
    """Write the solved problem set NAME to OUT, a folder or a file; without OUT, print solutions and mark schemes."""
    from itlm_kit.course import assignments
    from itlm_kit.course.assignments.releasing import solutions_text

    if out is None:
        return click.echo(solutions_text(assignments.read_assignment(name, source)))
    click.echo(assignments.solve(name, out, source))


@assignment.command()
@click.argument("folder")
@_source
@click.option("--name", help="The problem set to grade, where FOLDER has notebooks of several.")
@click.option("--out", metavar="CSV", default="grades.csv", show_default=True, help="The table; pages go beside it.")
@click.option("--jobs", type=_whole, default=1, show_default=True, help="How many at once.")
@click.option("--timeout", type=_whole, metavar="S", default=60, show_default=True, help="Seconds a cell may take.")
@click.option(
    "--max-memory", type=_whole, metavar="MB", default=2000, show_default=True, help="Most memory of a submission."
)
def grade(folder, source, name, out, jobs, timeout, max_memory):
    """Grade the submissions in FOLDER: STUDENT.ipynb, or STUDENT/NAME.ipynb.

    Each runs in a process of its own, with its tests restored. Written answers wait for the teacher: points entered in
    their columns of the table are kept, counted and shown when the same command is given again. A set whose answers are
    data gets a leaderboard beside the pages.
    """
    from itlm_kit.course import assignments

    limits = {"seconds": timeout, "megabytes": max_memory}
    return assignments.watch_grading(folder, out, source=source, name=name, jobs=jobs, **limits)


@click.command()
@click.argument("notebook", metavar="NN")
@click.argument("out", default=".")
def copy(notebook, out):
    """Write a working copy of notebook NN (number or name) to OUT, a folder or a file; updates leave it alone."""
    from itlm_kit.course.copying import working_copy

    click.echo(working_copy(notebook, out))
