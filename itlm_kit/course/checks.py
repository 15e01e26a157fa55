"""How an exercise of the notebooks is checked: by example, with a message for each mistake that is easy to make."""

import copy
import ctypes
import html
import re
import threading
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from itlm_kit.errors import InputError

PASSED, NOT_YET, NOT_ATTEMPTED = "passed", "not yet", "not attempted"
MARKS = {PASSED: "✓", NOT_YET: "✗", NOT_ATTEMPTED: "○"}
SECONDS = 10  # for all the calls of one check
SHOWN = 24  # values of an array in a counterexample; of longer ones only both ends


class Exercise(NamedTuple):
    """A question with one right answer: a value, or a function judged on `cases`."""

    truth: Any  # the right value, or a function that gives it
    mistakes: tuple  # of (what is wrong in words, the value or function of someone who errs like this)
    cases: tuple = ()  # of tuples of arguments; empty for a value


class Verdict(NamedTuple):
    """What a check says; shows itself in a notebook."""

    exercise: str
    state: str  # PASSED, NOT_YET or NOT_ATTEMPTED
    message: str

    def __repr__(self):
        return f"{MARKS[self.state]} Exercise {self.exercise}: {self.state}. {self.message}".rstrip()

    def _repr_html_(self):
        text, _, example = html.escape(self.message).partition("\n")
        head = f"{MARKS[self.state]} Exercise {self.exercise}: {self.state}."
        body = f"<b>{head}</b> {text}" + (f"<pre>{example}</pre>" if example else "")
        return f'<div role="status" style="border-left: 4px solid; padding: 0 .7em">{body}</div>'


class NotYet(Exception):
    """The answer is wrong; the text says how."""


class Blank(Exception):
    """There is no answer yet."""


class _TooSlow(BaseException):  # no Exception, so that an answer's `except Exception` does not swallow it
    pass


def judge(name, exercise, answer, *, seconds=SECONDS):
    """Return the Verdict on an answer; never raises for what the answer does, never changes it."""
    try:
        with _time_limit(seconds):
            _judge_function(exercise, answer) if exercise.cases else _judge_value(exercise, answer)
    except Blank as blank:
        return Verdict(name, NOT_ATTEMPTED, str(blank))
    except NotYet as wrong:
        return Verdict(name, NOT_YET, str(wrong))
    except _TooSlow:
        return Verdict(name, NOT_YET, f"It was still running after {seconds:g} s. Is there a loop that never ends?")
    return Verdict(name, PASSED, "")


def _judge_value(exercise, answer):
    _refuse_blank(answer)
    if callable(answer):
        raise NotYet("A value is asked for; this is a function. Call it, and hand in what it returns.")
    if not _same(answer, exercise.truth):
        raise NotYet(_name_mistake([answer], [()], exercise) or f"{_short(answer)} is not it.")


def _judge_function(exercise, answer):
    _refuse_blank(answer)
    if not callable(answer):
        raise NotYet("A function is asked for; hand in its name, without calling it.")
    found = [_call(answer, case) for case in exercise.cases]
    for case, value in zip(exercise.cases, found, strict=True):
        right = exercise.truth(*copy.deepcopy(case))
        if not _same(value, right):
            example = f"Counterexample: {_told(answer, case)}\ngives {_short(value)}, should be {_short(right)}."
            example += _where(value, right)
            raise NotYet("\n".join(filter(None, [_name_mistake(found, exercise.cases, exercise), example])))


def _refuse_blank(answer):
    if answer is None or answer is ...:
        raise Blank("Put your answer in place of the dots and run the cell again.")


def _call(answer, case):
    given = copy.deepcopy(case)
    try:
        value = copy.deepcopy(answer(*given))  # a later call may change what this one returned; a generator has no copy
    except (Exception, SystemExit) as error:
        raise NotYet(f"It stops with {type(error).__name__}: {error}\n{_told(answer, case)}") from error
    if value is None or value is ...:
        raise Blank("The function returns nothing yet: fill in its body, and mind the `return`.")
    if not all(map(_same, given, case)):
        raise NotYet(f"The function changes its own input; work on a copy.\n{_told(answer, case)}")
    return value


def _name_mistake(found, cases, exercise):
    """The words for the first known mistake that gives just what was found in every case."""
    with np.errstate(all="ignore"):  # mistakes divide by nought; a student's cell need not hear of it
        for words, mistake in exercise.mistakes:
            values = (mistake(*copy.deepcopy(case)) if callable(mistake) else mistake for case in cases)
            if all(map(_same, found, values)):
                return words
    return ""


def _same(a, b):
    """Whether two answers agree: shape, being a mask or not, and values to six digits."""
    if callable(a) or callable(b):
        return a is b
    if isinstance(a, tuple) and isinstance(b, tuple):  # of arrays, whose shapes may differ
        return len(a) == len(b) and all(map(_same, a, b))
    try:
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or (a.dtype == bool) != (b.dtype == bool):
            return False
        return bool(np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True))
    except Exception:  # ragged lists, texts, tensors with gradients: whatever it is, it is not the answer
        return False


def _told(answer, case):
    return f"{getattr(answer, '__name__', 'answer')}({', '.join(map(_short, case))})"


def _short(value):
    if callable(value):
        return getattr(value, "__name__", "function")
    with np.printoptions(precision=4, threshold=SHOWN, edgeitems=3, suppress=True):
        value = value.item() if isinstance(value, np.generic) else value
        text = np.array2string(value, separator=", ") if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= 400 else text[:400] + " …"


def _where(value, right):
    """Where long arrays of one shape first differ, in words: cut short they may look alike."""
    arrays = isinstance(value, np.ndarray) and isinstance(right, np.ndarray)
    if not arrays or value.shape != right.shape or right.size <= SHOWN:
        return ""
    index = tuple(np.argwhere(~np.isclose(value, right, rtol=1e-6, atol=1e-9, equal_nan=True))[0].tolist())
    at = index if len(index) > 1 else index[0]
    return f" They differ first at index {at}: {value[index]}, should be {right[index]}."


@contextmanager
def _time_limit(seconds):
    """Raise _TooSlow in this thread when the time is over, between two steps of Python (no signal: works anywhere)."""
    thread = ctypes.c_ulong(threading.get_ident())
    stop = ctypes.py_object(_TooSlow)
    timer = threading.Timer(seconds, ctypes.pythonapi.PyThreadState_SetAsyncExc, (thread, stop))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def parse(name):
    """The key of an exercise, (chapter, number), from a name such as "3.1", "03.1" or "3a.1" (of an appendix)."""
    found = re.fullmatch(r"0?(\d+[a-z]?)\.(\d+)", str(name))
    if not found:
        raise InputError(f'exercise must be named like "3.1", chapter and number; got {name!r}.')
    return found[1], int(found[2])
