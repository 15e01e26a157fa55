"""Roles that meet in a figure are told apart by colour, by line and by marker, each alone."""

from itertools import combinations

import pytest

from itlm_kit.plots import label_noise, screen
from itlm_kit.plots.style import ROLES, plain_numbers, stacked_bars
from itlm_kit.trajectories import SCORES

MEETING = [
    ("clean", "bad", "all", "sample"),
    ("itlm", "baseline", "oracle"),
    ("itlm-1", "itlm-2", "naive", "oracle"),
    ("clean", "bad", "oracle"),
]


@pytest.mark.parametrize("one, other", sorted({pair for group in MEETING for pair in combinations(group, 2)}))
def test_roles_that_meet_differ_in_colour_line_and_marker(one, other):
    for cue in ("color", "linestyle", "marker"):
        assert ROLES[one][cue] != ROLES[other][cue], cue


def test_orange_is_for_bad_samples_alone():
    assert [role for role in ROLES if role not in SCORES and ROLES[role]["color"] == ROLES["bad"]["color"]] == ["bad"]


def test_clean_is_drawn_as_clean_and_bad_as_bad():
    import pandas as pd

    frame = pd.DataFrame({"epoch": range(4), "clean_accuracy": [50, 70, 80, 90.0], "bad_accuracy": [5, 9, 20, 40.0]})
    axis = label_noise.clean_against_bad(frame, source="made up").axes[0]
    looks = {tuple(x.get_ydata()): (x.get_color(), x.get_linestyle(), x.get_marker()) for x in axis.lines}
    for role in ("clean", "bad"):
        look = ROLES[role]["color"], ROLES[role]["linestyle"], ROLES[role]["marker"]
        assert looks[tuple(frame[f"{role}_accuracy"])] == look


def test_the_screen_knows_every_line_and_marker():
    assert all(screen.line(role)["dash"] and screen.marker(role)["symbol"] for role in ROLES if role not in SCORES)


def test_on_paper_the_sample_looked_at_has_the_line_that_it_has_on_the_screen():
    import numpy as np

    from itlm_kit.explorers import TrajectoryExplorer
    from itlm_kit.plots import trajectories

    losses = np.array([[1.0, 2.0, 3.0, 4.0], [0.5, 2.5, 3.5, 4.5], [0.2, 2.2, 3.2, 4.2]])
    explorer = TrajectoryExplorer(losses, np.array([True, True, False, False]), source="made up")
    scene = explorer.scene(**explorer.values)
    (own,) = [
        line
        for line in trajectories.picture(scene).axes[0].lines
        if np.array_equal(line.get_ydata(), scene.chosen.losses) and line.get_color() == ROLES["sample"]["color"]
    ]
    assert own.get_linestyle() == ROLES["sample"]["linestyle"]


@pytest.mark.parametrize(
    "limits, numbers",
    [
        ((0.4, 0.95), [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        ((0.05, 0.5), [0.05, 0.1, 0.2, 0.5]),
        ((1, 500), [1, 3, 10, 30, 100, 300]),
    ],
)
def test_a_log_axis_has_more_numbers_the_less_it_spans(limits, numbers):
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    axis.set(xscale="log", xlim=limits)
    plain_numbers(axis, "x")
    assert axis.get_xticks() == pytest.approx(numbers)


def test_bars_of_a_role_stand_on_those_of_the_one_before_and_bad_ones_are_hatched():
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    stacked_bars(axis, [0.0, 1.0, 3.0], {"clean": [4, 2], "bad": [1, 5]})
    bars = [(bar.get_x(), bar.get_width(), bar.get_y(), bar.get_height(), bar.get_hatch()) for bar in axis.patches]
    assert bars == [(0, 1, 0, 4, ""), (1, 2, 0, 2, ""), (0, 1, 4, 1, "//"), (1, 2, 2, 5, "//")]
