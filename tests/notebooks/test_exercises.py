"""The students' cells: with the solution in place of the dots they pass, as blanks they are not attempted."""

import re

import nbformat
import numpy as np
import pytest
from solutions import SOLUTIONS
from test_hygiene import NOTEBOOKS, code_cells

from itlm_kit import course


def exercise_cells():
    for path in NOTEBOOKS:
        for cell in code_cells(nbformat.read(path, as_version=4), "exercise"):
            yield cell.source


def name_in(source):
    return re.search(r'check\("([\w.]+)"', source).group(1)


def verdict(source):
    """Run a student's cell with no more than the imports every notebook has, and return what its last line gives."""
    body, _, check = source.rpartition("\n")
    names = {"np": np, "course": course}
    exec(body, names)
    return eval(check, names)


def solved(source):
    """The cell with the solution in place of the line, or the value, that holds the dots."""
    solution = SOLUTIONS[name_in(source)]
    if solution.count("return"):
        return re.sub(
            r"^( +)return \.\.\.", lambda m: "\n".join(m[1] + s for s in solution.split("\n")), source, flags=re.M
        )
    return source.replace("...", solution)


every_cell = pytest.mark.parametrize("source", list(exercise_cells()), ids=name_in)


@every_cell
def test_the_solution_passes(source):
    assert verdict(solved(source)).state == "passed"


@every_cell
def test_the_blank_is_not_attempted(source):
    assert verdict(source).state == "not attempted"
