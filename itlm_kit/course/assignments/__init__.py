"""Problem sets: written in nbgrader's format, released, handed in, graded without its server or database."""

from itlm_kit.course.assignments.releasing import release, solve
from itlm_kit.course.assignments.sources import read_assignment
from itlm_kit.course.assignments.watching import watch_grading

__all__ = ["read_assignment", "release", "solve", "watch_grading"]
