"""Grade submissions: each is run in a process of its own, several at once, and gets points for the tests that pass.

Where a problem set asks for data, its judges run afterwards in another process, which has the submission's data files
and none of its code.
"""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from itlm_kit.course.assignments.merging import merge
from itlm_kit.course.assignments.session import Died, session
from itlm_kit.course.assignments.submissions import AnotherSet, the_notebook
from itlm_kit.errors import InputError
from itlm_kit.files import scratch_folder

GRADED, STOPPED, UNREADABLE, MISSING, ANOTHER = "graded", "stopped", "not readable", "no submission", "another set"
_INTACT = "__import__('itlm_kit.course.assignments.intact', fromlist=['check']).check()\n"
_WORDS = 300  # most letters of an error that are passed on


@dataclass
class Grade:
    """What one submission is worth."""

    student: str
    verdict: str  # one of the five above
    points: dict[str, float | None]  # by graded cell; None: the teacher has to read it
    notes: list[str] = field(default_factory=list)  # what the teacher should know
    errors: dict[str, str] = field(default_factory=dict)  # {id: what went wrong in or after this cell}
    answers: dict[str, str] = field(default_factory=dict)  # {id: text to be read}
    scores: dict[str, float] = field(default_factory=dict)  # {measure: value} for the leaderboard

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
        verdict = ANOTHER if isinstance(error, AnotherSet) else UNREADABLE
        return Grade(submission.student, verdict, nothing, [str(error)])
    read = {name: None if answer else 0.0 for name, answer in merged.answers.items()}
    found = Grade(submission.student, GRADED, nothing | read, merged.notes, answers=merged.answers)
    start = partial(session, megabytes=limits.megabytes, hidden=limits.hidden, stop=stop)
    with scratch_folder() as own, scratch_folder() as apart:
        with _verdict(found), start(own) as kernel:
            _take_all(merged.steps, kernel, assignment, limits, found)
        if merged.judging:
            _copy_data(own, apart)
            with _verdict(found), start(apart) as kernel:
                _take_all(merged.judging, kernel, assignment, limits, found)
                found.scores = _scores(assignment, kernel, limits, apart)
    return found


@contextmanager
def _verdict(found):
    try:
        yield
    except Died as death:
        found.verdict = STOPPED
        found.notes.append(f"{death}; what came after was not run")


def _take_all(steps, kernel, assignment, limits, found):
    for step in steps:
        _take(step, kernel, assignment, limits, found)


def _take(step, kernel, assignment, limits, found):
    """Run a step and write down what came of it."""
    try:
        error = kernel.run((_INTACT if step.is_test else "") + step.code, limits.seconds)
    except Died as death:
        found.errors[step.name] = str(death)
        raise Died(f"{step.name or 'the first cell'}: {death}") from death
    if error:
        found.errors.setdefault(step.name, error[:_WORDS])
        found.notes += [f"{step.name}: {error[:_WORDS]}"] if step.name in assignment.answers else []
    elif step.is_test:
        found.points[step.name] = assignment.points[step.name]


def _copy_data(own, apart):
    """What judges get to see: NumPy's files, which hold numbers and, as they are read, no code."""
    for path in own.glob("*.npz"):
        if path.is_file() and not path.is_symlink():
            shutil.copyfile(path, apart / path.name)


def _scores(assignment, kernel, limits, folder):
    """{measure: value} for the leaderboard, without those that cannot be computed."""
    found, place = {}, folder / "score"
    for measure, expression in assignment.leaderboard.items():
        code = f"__import__('pathlib').Path('score').write_text(repr(float({expression})))"
        if kernel.run(code, limits.seconds) is None:
            found[measure] = float(place.read_text())
    return found
