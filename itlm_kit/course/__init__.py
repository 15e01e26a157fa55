"""The course: an instant check for each exercise of the notebooks."""

import re
from importlib import import_module, util

from itlm_kit.course.checks import Verdict, judge, parse
from itlm_kit.errors import InputError

__all__ = ["Verdict", "check", "exercises"]


def check(name, answer):
    """Check the answer to exercise `name`, such as "3.1": passed, not yet (and why), or not attempted.

    answer: a value or a function, as the exercise asks; None, `...` or a function that returns nothing is a blank.
    Returns a Verdict that shows itself in a notebook. Raises InputError for an exercise that does not exist.
    """
    chapter, number = parse(name)
    known = exercises(chapter)
    if number not in known:
        there = ", ".join(f"{chapter}.{i}" for i in known) or "none in this chapter"
        raise InputError(f"exercise must exist; got {name!r}. There is: {there}.")
    return judge(f"{chapter}.{number}", known[number], answer)


def exercises(chapter):
    """Return {number: Exercise} of a chapter (3, or "3a" for its appendix), in order; empty when it has none."""
    module = f"{__name__}.exercises_{re.sub(r'^(?=[0-9]([a-z]|$))', '0', str(chapter))}"
    return import_module(module).EXERCISES if util.find_spec(module) else {}
