"""The problem set on regression: wrong answers lose their points and no others."""

import matplotlib
import numpy as np
import pytest
from problem_set import passed, solved_but_for

from itlm_kit.course.assignments import read_assignment
from itlm_kit.course.assignments.marks import is_solution

matplotlib.use("agg")
SET = read_assignment("regression")
ID = {name[4:]: name for name, cell in SET.cells.items() if is_solution(cell)}  # {"loop": "1-1-loop", ...}


def text_of(name):
    return SET.cells[ID.get(name, name)].source


def passed_with(**answers):
    """Ids of the tests that the solved set passes with these answers in it."""
    found = passed(SET, solved_but_for(SET, {ID[name]: text for name, text in answers.items()}))
    matplotlib.pyplot.close("all")
    return found


LOOP = """
def itlm(x, y, alpha, rounds):
    k = {k}
    thetas, kept = [np.linalg.lstsq(x, y)[0]], []
    for _ in range(rounds):
        losses = {losses}
        smallest = {smallest}
        kept.append(np.isin(np.arange(len(y)), smallest))
        thetas.append(np.linalg.lstsq(x[{fit}], y[{fit}])[0])
    return np.array(thetas), np.array(kept)
"""
RIGHT = {"k": "int(alpha * len(y) + 1e-9)", "losses": "(y - x @ thetas[-1]) ** 2", "fit": "smallest",
         "smallest": 'np.argsort(losses, kind="stable")[:k]'}  # fmt: skip


def loop(**changed):
    return LOOP.format(**{**RIGHT, **changed})


SPLIT = """
def split(x, y, theta_star, kept, is_bad):
    residuals, gram = {residuals}, {gram}
    return tuple(np.linalg.solve(gram, x[part].T @ residuals[part]) for part in ({parts}))
"""
SPLIT_RIGHT = {
    "residuals": "y - x @ theta_star",
    "gram": "x[kept].T @ x[kept]",
    "parts": "kept & is_bad, kept & ~is_bad",
}
ADVERSARY = """
def adversary(x, theta_star, v, delta, share):
    is_bad = np.isin(np.arange(len(x)), np.argsort({order})[: int(share * len(x))])
    return np.where(is_bad, {lie}, x @ theta_star), is_bad
"""
ADVERSARY_RIGHT = {"order": "-np.abs(x @ v)", "lie": "x @ (theta_star + delta * v)"}
WRONG = {
    "rounds k to the nearest": ("loop", loop(k="round(alpha * len(y))")),
    "forgets what a computer makes of 0.29 * 100": ("loop", loop(k="int(alpha * len(y))")),
    "trims signed residuals": ("loop", loop(losses="y - x @ thetas[-1]")),
    "keeps the largest": ("loop", loop(smallest='np.argsort(-losses, kind="stable")[:k]')),
    "trims always by the first fit": ("loop", loop(losses="(y - x @ thetas[0]) ** 2")),
    "keeps later ones of equal residuals": (
        "loop", loop(smallest="len(y) - 1 - np.argsort(losses[::-1], kind='stable')[:k]")
    ),
    "fits all samples in each round": ("loop", loop(fit=":")),
    "takes any earlier set": (
        "rest",
        "def at_rest(kept):\n    for t in range(1, len(kept)):\n"
        "        if any((kept[t] == kept[s]).all() for s in range(t)):\n            return t",
    ),
    "counts from the round before": (
        "rest",
        "def at_rest(kept):\n    same = (kept[1:] == kept[:-1]).all(1)\n"
        "    return int(same.argmax()) if same.any() else None",
    ),
    "parts in the other order": ("split", SPLIT.format(**{**SPLIT_RIGHT, "parts": "kept & ~is_bad, kept & is_bad"})),
    "inverts X'X of all samples": ("split", SPLIT.format(**{**SPLIT_RIGHT, "gram": "x.T @ x"})),
    "puts it all into the noise": ("split", SPLIT.format(**{**SPLIT_RIGHT, "parts": "kept & False, kept"})),
    "bounds with the factor of the paper": (
        "bound",
        text_of("bound").replace("gamma * np.linalg.norm(theta - theta_star) + phi",
                                 "2**0.5 * (gamma * np.linalg.norm(theta - theta_star) + phi)"),
    ),
    "divides by the largest eigenvalue": ("bound", text_of("bound").replace("x[kept])[0]", "x[kept])[-1]")),
    "forgets the noise": ("bound", text_of("bound").replace(" + nu)", ")")),
    "takes the largest x'v, not its size": ("adversary", ADVERSARY.format(**{**ADVERSARY_RIGHT, "order": "-(x @ v)"})),
    "adds delta to the output": ("adversary", ADVERSARY.format(**{**ADVERSARY_RIGHT, "lie": "x @ theta_star + delta"})),
    "turns by all samples": ("turn", "def first_turn(x, v, delta, is_bad):\n    return delta * v"),
    "turns by the share of bad samples": (
        "turn", "def first_turn(x, v, delta, is_bad):\n    return delta * is_bad.mean() * v"
    ),
    "takes the first fit's error": ("worst", text_of("worst").replace("[0][-1]", "[0][0]")),
    "always the smallest but one": (
        "worst", "def worst_delta(deltas, share, alpha, seeds):\n    return sorted(deltas)[1]"
    ),
    "takes the least harm": ("worst", text_of("worst").replace("argmax", "argmin")),
    "one alpha for all": ("choose", "def choose(x, y):\n    return 0.82"),
    "counts what looks clean, without a margin": ("choose", text_of("choose").replace(" - 0.04", " + 0.03")),
    "looks at the first fit": ("choose", text_of("choose").replace("thetas[-1]", "thetas[0]")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_answer_loses_its_points_and_no_others(mistake):
    name, code = WRONG[mistake]
    assert code != text_of(name)
    assert passed_with(**{name: code}) == [test for test in SET.tests if test != f"{ID[name][:3]}-test"]


def test_other_right_ways_pass():
    loops = loop(smallest='np.sort(np.argsort(losses, kind="mergesort")[:k])', k="int(np.floor(alpha * len(y) + 1e-9))")
    turn = "def first_turn(x, v, delta, is_bad):\n    return np.linalg.lstsq(x, is_bad * (x @ v) * delta)[0]"
    others = {
        "loop": loops,
        "split": SPLIT.format(**SPLIT_RIGHT),
        "adversary": ADVERSARY.format(**ADVERSARY_RIGHT),
        "turn": turn,
    }
    assert passed_with(**others) == SET.tests


def test_figures_in_the_solutions_are_those_measured():
    names = {}
    for name in ("set-up", "loop", "adversary", "turn"):
        exec(text_of(name), names)
    draw, itlm, adversary, v = names["draw"], names["itlm"], names["adversary"], np.eye(8)[0]

    def run(seed, share, alpha, delta):
        x, theta_star, noise = draw(seed)
        output, is_bad = adversary(x, theta_star, v, delta, share)
        thetas, kept = itlm(x, output + noise, alpha, 20)
        return (
            np.linalg.norm(thetas[-1] - theta_star),
            (kept & is_bad).sum(1),
            names["first_turn"](x, v, 1.0, is_bad)[0],
        )

    (_, kept20, turn20), (_, kept25, turn25) = run(3, 0.2, 0.75, 5.0), run(3, 0.25, 0.7, 5.0)
    read = " ".join(text_of("3-4-read").split())
    assert f"`first_turn` gives {turn20:.2f} δ*v* at 20 % and {turn25:.2f} δ*v* at 25 %" in read
    assert f"{kept20[0]} of 80 bad samples are kept in round 0, then {kept20[1]}, then none" in read and kept20[2] == 0
    assert f"{kept25[0]} of 100, then {kept25[1]}, then all" in read and kept25[2] == 100
    low, right, high = (np.mean([run(s, 0.15, alpha, 1.0)[0] for s in range(10)]) for alpha in (0.55, 0.8, 0.95))
    assert f"about {right:.2f} at α = 0.80" in text_of("defended") and low < 2 * right and high > 10 * right
