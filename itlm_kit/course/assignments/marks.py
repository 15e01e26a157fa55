"""nbgrader's mark on a cell, in its metadata (schema 3): the cell's id, what it is for, its points."""


def grade_id(cell):
    """The id that nbgrader knows a cell by; None for a cell that has no mark."""
    name = _mark(cell).get("grade_id")
    return name if isinstance(name, str) else None


def is_solution(cell):
    """Whether the student answers in this cell."""
    return bool(_mark(cell).get("solution"))


def is_graded(cell):
    """Whether points are given for this cell: for a test that passes, or for an answer read by the teacher."""
    return bool(_mark(cell).get("grade"))


def is_test(cell):
    """Whether the cell is a test: its points are given when it runs to its end without an error."""
    return is_graded(cell) and not is_solution(cell)


def is_locked(cell):
    """Whether the cell is the teacher's, to be run as it stands in the source."""
    return not is_solution(cell) and (is_graded(cell) or bool(_mark(cell).get("locked")))


def is_judge(cell):
    """Whether the cell is run apart from the submission's code: a test of the files left by it, or what that needs."""
    return is_locked(cell) and "judge" in cell.metadata.get("tags", [])


def is_task(cell):
    """Whether the cell is one of nbgrader's tasks, whose answer lies in cells without a mark."""
    return bool(_mark(cell).get("task"))


def points(cell):
    """Most points of a graded cell."""
    return float(_mark(cell)["points"])


def _mark(cell):
    mark = cell.metadata.get("nbgrader")
    return mark if isinstance(mark, dict) else {}  # a submission may hold anything there
