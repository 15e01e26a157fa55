"""Grade submissions: each is run in a process of its own, several at once, and gets points for the tests that pass."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from itlm_kit.course.assignments.merging import merge
from itlm_kit.course.assignments.session import Died, session
from itlm_kit.course.assignments.submissions import the_notebook
from itlm_kit.errors import InputError

GRADED, STOPPED, UNREADABLE, MISSING = "graded", "stopped", "not readable", "no submission"
_INTACT = "__import__('itlm_kit.course.assignments.intact', fromlist=['check']).check()\n"
_WORDS = 300  # most letters of an error that are passed on


@dataclass
class Grade:
    """What one submission is worth."""

    student: str
    verdict: str  # one of the four above
    points: dict[str, float | None]  # by graded cell; None: the teacher has to read it
    notes: list[str] = field(default_factory=list)  # what the teacher should know
    errors: dict[str, str] = field(default_factory=dict)  # {id: what went wrong in or after this cell}
    answers: dict[str, str] = field(default_factory=dict)  # {id: text to be read}

    @property
    def total(self):
        return sum(value for value in self.points.values() if value is not None)


@dataclass(frozen=True)
class Limits:
    """What a submission may use, and which folders it finds empty."""

    seconds: float = 60  # of each cell
    megabytes: float = 2000
    hidden: tuple = ()


def grade_all(assignment, submissions, limits, *, jobs=1):
    """Yield the Grade of each submission, as they are finished; closing it ends those that still run."""
    stop, pool = threading.Event(), ThreadPoolExecutor(jobs)
    try:
        work = [pool.submit(grade, assignment, one, limits, stop) for one in submissions]
        for done in as_completed(work):
            yield done.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def grade(assignment, submission, limits, stop=None):
    """The Grade of one submission; never raises for what is in it."""
    nothing = dict.fromkeys(assignment.points, 0.0)
    if not submission.paths:
        return Grade(submission.student, MISSING, nothing)
    try:
        merged = merge(assignment, the_notebook(submission, assignment))
    except InputError as error:
        return Grade(submission.student, UNREADABLE, nothing, [str(error)])
    read = {name: None if answer else 0.0 for name, answer in merged.answers.items()}
    found = Grade(submission.student, GRADED, nothing | read, merged.notes, answers=merged.answers)
    try:
        with session(megabytes=limits.megabytes, hidden=limits.hidden, stop=stop) as kernel:
            for step in merged.steps:
                _take(step, kernel, assignment, limits, found)
    except Died as death:
        found.verdict = STOPPED
        found.notes.append(f"{death}; what came after was not run")
    return found


def _take(step, kernel, assignment, limits, found):
    """Run a step and write down what came of it."""
    try:
        error = kernel.run((_INTACT if step.is_test else "") + step.code, limits.seconds)
    except Died as death:
        found.errors[step.name] = str(death)
        raise Died(f"{step.name or 'the first cell'}: {death}") from death
    if error:
        found.errors.setdefault(step.name, error[:_WORDS])
    elif step.is_test:
        found.points[step.name] = assignment.points[step.name]
