"""The problem set Break ITLM: weak attacks lose their points and no others; the data alone are judged."""

import numpy as np
import pytest
from problem_set import passed, remembering, solved_but_for

from itlm_kit.course.assignments import read_assignment

SET = read_assignment("break-itlm")
NUMBERS, DIGITS = "1-1-numbers", "2-1-digits"
remember_fits = remembering("itlm_numbers", "itlm_digits")


def passed_with(answers):
    return passed(SET, solved_but_for(SET, answers), remember_fits)


def numbers(body):
    return NUMBERS, f"def attack_numbers(x, y, theta, rng):\n    given = y.copy()\n    {body}\n    return given"


def lie(delta):
    return numbers(f"far = np.argsort(-np.abs(x[:, 0]))[:60]\n    given[far] += np.clip({delta} * x[far, 0], -1, 1)")


def labels(body):
    return DIGITS, f"def attack_digits(x, true, rng):\n    given = true.copy()\n    {body}\n    return given"


def some(digit, label, most=50):
    return f"given[np.flatnonzero(true == {digit})[:{most}]] = {label}"


def stretch(change):
    return numbers(f"far = np.argsort(-np.abs(x @ theta))[:60]\n    given[far] = {change}")


STRETCHED = "np.clip({} * x[far] @ theta, y[far] - 1, y[far] + 1)"
ALL_NUMBERS, ALL_DIGITS = ("1-1", "1-2", "1-3", "1-4"), ("2-1", "2-2", "2-3", "2-4")
WEAK = {
    "numbers: nothing": (*numbers("pass"), ALL_NUMBERS),
    "numbers: one too many": (*numbers("given[:61] += 0.5"), ALL_NUMBERS),
    "numbers: too far": (*numbers("given[:60] += 1.01"), ALL_NUMBERS),
    "numbers: nan": (*numbers("given[0] = np.nan"), ALL_NUMBERS),
    "numbers: a wrong shape": (*numbers("given = given[:, None]"), ALL_NUMBERS),
    "numbers: no array": (*numbers("given = None"), ALL_NUMBERS),
    "numbers: none for some data": (*numbers("assert rng.random() < 0.8\n    given[0] += 1"), ALL_NUMBERS),
    "numbers: at random": (*numbers("given[rng.permutation(300)[:60]] += 2 * rng.random(60) - 1"), ALL_NUMBERS[1:]),
    "numbers: all as far as they may": (*numbers("given[:60] += 1"), ALL_NUMBERS[1:]),
    "numbers: too large a lie": (*lie(1.0), ALL_NUMBERS[1:]),
    "numbers: a lie within the noise": (*lie(0.1), ALL_NUMBERS[2:]),
    "numbers: one recipe": (*lie(0.2), ALL_NUMBERS[3:]),
    "numbers: the best recipe known": (*stretch(STRETCHED.format(1.3)), ALL_NUMBERS[3:]),
    "numbers: the best where it is shown": (*stretch(STRETCHED.format(1.34)), ALL_NUMBERS[3:]),
    "numbers: luck": (*stretch("y[far] + np.clip(0.5 * x[far] @ theta, -1, 1)"), ALL_NUMBERS[1:]),
    "digits: nothing": (*labels("pass"), ALL_DIGITS),
    "digits: one too many": (*labels("given[:101] = (given[:101] + 1) % 10"), ALL_DIGITS),
    "digits: a label that is none": (*labels("given[0] = 10"), ALL_DIGITS),
    "digits: half a label": (*labels("given = given + 0.5"), ALL_DIGITS),
    "digits: too few": (*labels("given = given[:999]"), ALL_DIGITS),
    "digits: at random": (*labels("given[:100] = (true[:100] + rng.integers(1, 10, 100)) % 10"), ALL_DIGITS[1:]),
    "digits: the next digit": (*labels("given[:100] = (true[:100] + 1) % 10"), ALL_DIGITS[1:]),
    "digits: half of one": (*labels(some(9, 4)), ALL_DIGITS[2:]),
    "digits: one whole": (*labels(some(0, 9, most=100)), ALL_DIGITS[3:]),
}  # fmt: skip


@pytest.mark.parametrize("attempt", WEAK)
def test_a_weak_attempt_loses_its_points_and_no_others(attempt):
    cell, code, lost = WEAK[attempt]
    assert passed_with({cell: code}) == [test for test in SET.tests if test[:3] not in lost]


def test_other_right_ways_pass():
    searched = numbers(
        "toward = rng.normal(size=(40, 8))\n"
        "    tries = []\n"
        "    for v in toward / np.linalg.norm(toward, axis=1)[:, None]:\n"
        "        far = np.argsort(-np.abs(x @ v))[:60]\n"
        "        tries += [y + np.isin(np.arange(300), far) * np.clip(d * (x @ v), -1, 1) for d in (0.3, 0.5)]\n"
        "    given = max(tries, key=lambda given: np.linalg.norm(itlm_numbers(x, given).state - theta))"
    )
    whole = labels(
        "rare = np.argsort(np.bincount(true))[:2]\n"
        "    for digit in rare:\n"
        "        first = (true == digit) & (np.cumsum(true == digit) < 51)\n"
        "        tries = [np.where(first, label, given) for label in range(10)]\n"
        "        given = max(tries, key=lambda y: 100 - accuracy(itlm_digits(x, y).state, x, true))"
    )
    assert passed_with(dict([searched, whole])) == SET.tests


@pytest.fixture(scope="module")
def kit():
    """The names that the set-up and the solutions define."""
    names = {}
    for name in ("set-up", "rules", NUMBERS, DIGITS):
        exec(SET.cells[name].source, names)
    return names


def says(answer, *words):
    text = " ".join(SET.cells[answer].source.split())
    return all(one in text for one in words)


def test_figures_on_numbers_are_those_measured(kit):
    x, y, theta = kit["draw_numbers"](11)
    change = kit["attack_numbers"](x, y, theta, None) - y
    found = [kit["itlm_numbers"](x, y + more) for more in (change, 2 * change, np.clip(2 * change, -1, 1))]
    assert np.allclose([np.linalg.norm(one.state - theta) for one in found], [0.42, 0.83, 0.03], atol=0.005)
    assert says("1-5-read", "The error is 0.42", "cut at 1 it is 0.03", "without the rule 0.83")
    kept = [one.kept[:, change != 0].sum(axis=1) for one in found]
    assert list(kept[0][[0, 1, -1]]) == [32, 39, 60] and list(kept[2][:5]) == [26, 20, 11, 2, 0]
    assert says(
        "1-5-read", "32 of the 60 are kept after the first fit, 39", "all 60 in the last", "26, 20, 11, 2 and then"
    )


def test_figures_on_digits_are_those_measured(kit):
    x, true = kit["draw_digits"](21)
    given = kit["attack_digits"](x, true, None)
    bad, kept = given != true, kit["itlm_digits"](x, given).kept[0]
    attacked = np.isin(true, true[bad])
    assert [bad.sum(), (bad & kept).sum(), (attacked & ~bad & kept).sum(), (attacked & ~bad).sum()] == [100, 64, 19, 79]
    assert says("2-5-read", "64 of the 100 bad samples are kept after the first fit, and 19 of the 79 right ones")

    def wrong(w):
        return 100 - kit["accuracy"](w, *kit["held_out"](21))

    assert np.isclose(wrong(kit["fit"](x, given)), 23.6, atol=0.2)
    assert np.allclose([wrong(kit["itlm_digits"](x, given, rounds=t).state) for t in (1, 3)], [28.6, 29.9], atol=0.2)
    assert says("2-5-read", "calls 23.6 % wrong, one round of ITLM 28.6 % and three rounds 29.9 %")


@pytest.mark.parametrize("factor", [1.26, 1.3, 1.34])
def test_the_seeds_that_are_shown_do_not_let_one_recipe_pass_either(kit, factor):
    names = {"np": np}
    exec(stretch(STRETCHED.format(factor))[1], names)
    attacked = kit["attacked"](names["attack_numbers"], kit["draw_numbers"], range(11, 21))
    assert 0.11 < np.mean([kit["harm_numbers"](seed, given) for seed, given in attacked.items()]) < 0.31
