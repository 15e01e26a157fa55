import sys
from itertools import combinations

import numpy as np
import pytest
import torch
import wrong_answers_00
import wrong_answers_01
import wrong_answers_02
import wrong_answers_03
import wrong_answers_05
import wrong_answers_06
import wrong_answers_07

from itlm_kit import InputError, course, trim
from itlm_kit.course import exercises
from itlm_kit.course.checks import MARKS, Exercise, Verdict, judge
from itlm_kit.glm import KINKED

CHAPTERS = [name for chapter in range(100) for name in (chapter, f"{chapter}a") if exercises(name)]
ALL = [(f"{chapter}.{i}", one) for chapter in CHAPTERS for i, one in exercises(chapter).items()]
every_exercise = pytest.mark.parametrize("name, exercise", ALL, ids=[name for name, _ in ALL])


@every_exercise
def test_the_truth_passes(name, exercise):
    assert course.check(name, exercise.truth).state == "passed"


@every_exercise
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # some mistakes divide by zero
def test_each_mistake_gets_words_of_its_own(name, exercise):
    words = [words for words, _ in exercise.mistakes]
    assert len(set(words)) == len(words) >= 3
    for text, mistake in exercise.mistakes:
        verdict = course.check(name, mistake)
        assert verdict.state == "not yet" and verdict.message.startswith(text)


@every_exercise
def test_blanks_are_not_attempted(name, exercise):
    def blank(*args):
        return ...

    def pass_only(*args):
        pass

    for answer in (None, ..., *([blank, pass_only] if exercise.cases else [])):
        assert course.check(name, answer).state == "not attempted"


# What students write who err in a plausible way, in their own words: three or more for each exercise.


def no_slope(x, y, theta, kept, eta):
    r = KINKED.value(x[kept] @ theta) - y[kept]
    return theta - eta * (r[:, None] * x[kept]).mean(0)


def sum_not_mean(x, y, theta, kept, eta):
    u = x[kept] @ theta
    return theta - eta * (((KINKED.value(u) - y[kept]) * KINKED.slope(u))[:, None] * x[kept]).sum(0)


def wrong_side(x, y, theta, kept, eta):
    u = x[kept] @ theta
    w, slope = np.where(u < 0, 1.2 * u, u), np.where(u < 0, 1.2, 1.0)
    return theta - eta * np.mean((w - y[kept])[:, None] * slope[:, None] * x[kept], axis=0)


def steps_by_loop(x, eta, share, eigenvalue):
    left, steps = 1.0, 0
    while left > share:
        left, steps = left * (1 - eta * eigenvalue), steps + 1
    return steps


def wrong_way(x, y, theta, kept, eta):
    return 2 * theta - exercises(4)[1].truth(x, y, theta, kept, eta)


def most_of_each(score, given, alpha):
    return exercises(8)[1].truth(-score, given, alpha)


def up_to_a_quantile(score, given, alpha):
    kept = np.zeros(len(score), bool)
    for label in set(given):
        mine = given == label
        kept |= mine & (score <= np.sort(score[mine])[round(alpha * mine.sum()) - 1])
    return kept


WRONG = {
    "4.1": [(no_slope, "chain rule"), (sum_not_mean, "mean"), (wrong_way, "climbs"), (wrong_side, "wrong side")],
    "4.2": [
        (lambda u, v: (min(v), max(v)), "values"),
        (lambda u, v: (np.gradient(v, u)[0], np.gradient(v, u)[-1]), "two ends"),
        (lambda u, v: (np.diff(v).min(), np.diff(v).max()), "divide"),
        (lambda u, v: (min(np.gradient(v, u)), max(np.gradient(v, u))), "both sides"),
        (lambda u, v: (np.gradient(v).min(), np.gradient(v).max()), "one apart"),
    ],
    "4.3": [
        (
            lambda x, eta, share: steps_by_loop(x, eta, share, np.linalg.eigvalsh(x.T @ x / len(x))[-1]),
            "first direction",
        ),
        (lambda x, eta, share: steps_by_loop(x, eta, share, np.linalg.eigvalsh(x.T @ x / len(x))[0]) - 1, "too few"),
        (lambda x, eta, share: np.log(share) / np.log(1 - eta * np.linalg.eigvalsh(x.T @ x / len(x))[0]), "whole"),
    ],
    "8.1": [
        (lambda score, given, alpha: trim(score, int(alpha * len(score) + 1e-9)), "all classes together"),
        (most_of_each, "most suspicious of each"),
        (up_to_a_quantile, "rounds to the nearest"),
        (lambda score, given, alpha: ~exercises(8)[1].truth(score, given, alpha), "what is dropped"),
    ],
    "8.2": [(0.63, "agreement"), (0.567, "divide"), (0.73, "do not add"), (0.3, "bad share")],
    **wrong_answers_00.WRONG,
    **wrong_answers_01.WRONG,
    **wrong_answers_02.WRONG,
    **wrong_answers_03.WRONG,
    **wrong_answers_05.WRONG,
    **wrong_answers_06.WRONG,
    **wrong_answers_07.WRONG,
}


def test_every_exercise_is_tried_with_wrong_answers():
    assert set(WRONG) == {name for name, _ in ALL}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_are_told_apart(name):
    verdicts = [course.check(name, answer) for answer, _ in WRONG[name]]
    assert {verdict.state for verdict in verdicts} == {"not yet"}
    for verdict, (_, hint) in zip(verdicts, WRONG[name], strict=True):
        assert hint in verdict.message.split("\n")[0]
    assert len({verdict.message.split("\n")[0] for verdict in verdicts}) == len(verdicts)


def test_the_breakdown_formula_holds_by_experiment():
    """So many samples moved far away carry the exact trimmed fit of a line through the origin; one fewer does not."""
    exact, breakdown = exercises(2)[1].truth, exercises(2)[2].truth
    n = 7
    for k in range(2, n + 1):
        m = breakdown(n, k)
        assert wild_is_best(exact, n, k, m) and not wild_is_best(exact, n, k, m - 1)


def wild_is_best(exact, n, k, moved):
    """Whether a subset whose slope is beyond 100 attains the exact minimum once samples are moved."""
    x, y = np.linspace(1, 2, n)[:, None], np.linspace(1, 2, n) + 0.01 * (-1.0) ** np.arange(n)
    y[:moved] = 1e4 * x[:moved, 0]
    best = exact(x, y, k)
    for rows in map(list, combinations(range(n), k)):
        slope = np.linalg.lstsq(x[rows], y[rows], rcond=None)[0][0]
        if abs(slope) > 100 and ((y[rows] - x[rows, 0] * slope) ** 2).sum() <= best + 1e-9:
            return True
    return False


# The mechanism.


SQUARE = Exercise(lambda x: x**2, (("It doubles.", lambda x: 2 * x),), ((np.array([1.0, 3.0]),),))


def test_a_counterexample_names_the_function_and_both_values():
    def cube(x):
        return x**3

    message = judge("0.0", SQUARE, cube).message
    assert "cube([1., 3.])" in message and "[ 1., 27.]" in message and message.endswith("should be [1., 9.].")


def test_a_long_counterexample_says_where_the_values_differ():
    doubles = Exercise(lambda x: x * 2, (), ((np.arange(100.0),),))
    message = judge("0.0", doubles, lambda x: np.where(x == 40, 7.0, x * 2)).message
    assert message.endswith("They differ first at index 40: 7.0, should be 80.0.")
    grid = Exercise(lambda x: x > 0, (), ((np.zeros((9, 9)),),))
    assert judge("0.0", grid, lambda x: x == 0).message.endswith("at index (0, 0): True, should be False.")
    assert "differ first" not in judge("0.0", doubles, lambda x: x[:50]).message


def test_an_exception_is_told_and_not_raised():
    verdict = judge("0.0", SQUARE, lambda x: 1 / 0)
    assert verdict.state == "not yet" and "ZeroDivisionError" in verdict.message


@pytest.mark.parametrize("answer", [lambda x: (v for v in x), sys.exit], ids=["generator", "exit"])
def test_whatever_an_answer_does_the_notebook_goes_on(answer):
    assert judge("0.0", SQUARE, answer).state == "not yet"


def test_changing_the_input_is_found_out():
    def in_place(x):
        x *= x
        return x

    verdict = judge("0.0", SQUARE, in_place)
    assert verdict.state == "not yet" and "own input" in verdict.message
    assert SQUARE.cases[0][0].tolist() == [1, 3]


def test_an_endless_loop_ends():
    def endless(x):
        while True:
            try:
                while True:
                    pass
            except Exception:  # swallows what it can
                pass

    verdict = judge("0.0", SQUARE, endless, seconds=0.2)
    assert verdict.state == "not yet" and "0.2 s" in verdict.message


GRADIENT = torch.tensor([1.0, 9.0], requires_grad=True)


@pytest.mark.parametrize("answer", ["text", {"a": 1}, [[1], [2, 3]], object(), np.array([1, 9, 1]), GRADIENT])
def test_answers_of_other_kinds_are_wrong_not_errors(answer):
    assert judge("0.0", SQUARE, lambda x: answer).state == "not yet"
    assert course.check("0.1", answer).state == "not yet"


def test_function_and_value_are_not_mixed_up():
    assert "A function is asked for" in judge("0.0", SQUARE, 4).message
    assert "A value is asked for" in course.check("0.1", lambda: 45).message


def test_a_mask_must_be_boolean():
    wants_mask = Exercise(lambda x: x > 1, (), ((np.array([1.0, 3.0]),),))
    assert judge("0.0", wants_mask, lambda x: (x > 1) * 1).state == "not yet"


@pytest.mark.parametrize("state", MARKS)
def test_a_verdict_shows_itself_and_escapes(state):
    verdict = Verdict("1.1", state, "a < b\nf(1)")
    assert f"{MARKS[state]} Exercise 1.1: {state}" in repr(verdict)
    assert "a &lt; b" in verdict._repr_html_() and "<pre>f(1)</pre>" in verdict._repr_html_()


def test_names_may_have_a_leading_zero():
    assert course.check("00.1", 45) == course.check("0.1", 45)


@pytest.mark.parametrize("name", ["0.9", "99.1"])
def test_unknown_exercises_are_named(name):
    with pytest.raises(InputError, match=f"exercise must exist; got '{name}'"):
        course.check(name, 1)


@pytest.mark.parametrize("name", ["", "3", "a.b", None, "1.2.3", "3A.1", "a3.1"])
def test_names_that_are_none(name):
    with pytest.raises(InputError, match='named like "3.1"'):
        course.check(name, 1)


def test_answers_of_several_arrays_are_compared_one_by_one():
    pair = Exercise(lambda x: (x, x[:1]), (), ((np.array([1.0, 3.0]),),))
    assert judge("0.0", pair, lambda x: (x, x[:1])).state == "passed"
    assert judge("0.0", pair, lambda x: (x, x)).state == judge("0.0", pair, lambda x: (x,)).state == "not yet"
