"""What is run of a submission: the student's cells as handed in, the teacher's in their own place and wording."""

from collections import Counter
from typing import NamedTuple

from itlm_kit.course.assignments.marks import grade_id, is_graded, is_judge, is_locked, is_solution, is_test
from itlm_kit.course.assignments.releasing import student_text


class Step(NamedTuple):
    """A piece of code to run."""

    name: str  # the id of the marked cell that it is, or that it follows in the submission; "" before the first
    code: str
    is_test: bool = False


class Merged(NamedTuple):
    """A submission made ready."""

    steps: list[Step]
    judging: list[Step]  # to be run afterwards, in a kernel of its own
    answers: dict[str, str]  # {id: text} of the answers that a teacher reads; "" where the student wrote nothing
    notes: list[str]  # what was mended, in words


def merge(assignment, nb):
    """Merge the student's notebook `nb` into the Assignment; returns a Merged, whatever was done to the cells.

    The order is the source's. A cell without a mark, or with one that was there before (copied, split), stays behind
    the marked cell that it follows in the submission.
    """
    known, groups = assignment.cells, _groups(nb, assignment.cells)
    steps = [*_own(groups[""], "", known)]
    for name, cell in known.items():
        if is_locked(cell) and cell.cell_type == "code" and not (is_judge(cell) and is_test(cell)):
            steps.append(Step(name, cell.source, is_test(cell)))
        steps += _own(groups.get(name, []), name, known)
    judging = [Step(name, cell.source, is_test(cell)) for name, cell in known.items() if is_judge(cell)]
    read = [name for name, cell in known.items() if is_graded(cell) and is_solution(cell)]
    answers = {name: _answer(assignment, name, groups.get(name, [])) for name in read}
    return Merged(steps, judging, answers, _notes(assignment, nb))


def _groups(nb, known):
    """{id: the cell of that id and what follows it up to the next}, "" for what comes first."""
    groups, current = {"": []}, ""
    for cell in nb.cells:
        if grade_id(cell) in known and grade_id(cell) not in groups:
            current = grade_id(cell)
            groups[current] = []
        groups[current].append(cell)
    return groups


def _own(group, name, known):
    """Steps of the student's code in a group; the teacher's cells, and copies of them, are none."""
    own = [cell for cell in group if not _is_teachers(cell, known)]
    return [Step(name, cell.source) for cell in own if _kind(cell, known) == "code"]


def _is_teachers(cell, known):
    return grade_id(cell) in known and is_locked(known[grade_id(cell)])


def _kind(cell, known):
    return known.get(grade_id(cell), cell).cell_type  # a marked cell is what the source says, whatever it was made


def _answer(assignment, name, group):
    given = {cell.source for cell in assignment.nb.cells if not grade_id(cell)}
    kind = assignment.cells[name].cell_type
    mine = [cell.source for cell in group if _kind(cell, assignment.cells) == kind and cell.source not in given]
    text = "\n\n".join(mine).strip()
    return "" if text == student_text(assignment.cells[name]).strip() else text


def _notes(assignment, nb):
    known = assignment.cells
    marked = [cell for cell in nb.cells if grade_id(cell) in known]
    counts = Counter(map(grade_id, marked))  # in the order of their first appearance
    missing = [name for name in known if name not in counts]
    changed = {grade_id(cell): None for cell in marked if _is_changed(cell, known)}
    in_order = list(counts) == [name for name in known if name in counts]
    found = {
        "missing": [name for name in missing if not is_locked(known[name])],
        "missing, the original was run": [name for name in missing if is_locked(known[name])],
        "changed, the original was run": list(changed),
        "there more than once": [name for name, count in counts.items() if count > 1],
        "moved, run in the original order": [] if in_order else ["cells"],
    }
    return [f"{', '.join(names)}: {what}" for what, names in found.items() if names]


def _is_changed(cell, known):
    return _is_teachers(cell, known) and cell.source.strip() not in _wordings(known[grade_id(cell)])


def _wordings(cell):
    return {cell.source.strip(), student_text(cell).strip()}
