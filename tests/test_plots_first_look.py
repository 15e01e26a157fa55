"""The first figure of the course: what was given is what is drawn, round by round."""

import numpy as np

from itlm_kit.plots.first_look import rounds_side_by_side
from itlm_kit.plots.style import ROLES

U, Y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0, 9.0])
IS_CLEAN = np.array([True, True, True, False])
THETAS = np.array([[-1.2, 2.8], [0.0, 1.0]])
KEPT = np.array([[True, False, True, True], [True, True, True, False]])


def drawn(**rounds):
    figure = rounds_side_by_side(U, Y, IS_CLEAN, THETAS, KEPT, truth=[0.0, 1.0], **rounds, source="made up")
    figure.canvas.draw()
    assert figure.get_supxlabel() == "made up"
    return np.reshape(figure.axes, (2, 2))


def line(axis, role):
    return next(one for one in axis.lines if one.get_linestyle() == ROLES[role]["linestyle"]
                and one.get_color() == ROLES[role]["color"])  # fmt: skip


def test_each_column_says_its_round_and_how_many_bad_it_keeps():
    assert [axis.get_title(loc="left") for axis in drawn()[0]] == ["Round 0: keeps 1 bad", "Round 1: keeps 0 bad"]
    assert drawn(rounds=[0, 4])[0, 1].get_title(loc="left") == "Round 4: keeps 0 bad"


def test_points_kept_are_circled_and_lines_are_those_of_the_round():
    first, second = drawn()[0]
    clean, bad, circles, *_ = first.lines
    assert clean.get_xdata().tolist() == [0, 1, 2] and bad.get_xydata().tolist() == [[3, 9]]
    assert circles.get_xdata().tolist() == [0, 2, 3] and second.lines[2].get_xdata().tolist() == [0, 1, 2]
    np.testing.assert_allclose(line(first, "baseline").get_ydata(), [-1.2, 7.2])
    np.testing.assert_allclose(line(second, "itlm").get_ydata(), [0, 3])
    np.testing.assert_allclose(line(first, "oracle").get_ydata(), [0, 3])
    assert not any(one.get_color() == ROLES["itlm"]["color"] for one in first.lines)


def test_residuals_stand_in_order_and_the_cut_after_the_kept():
    clean, bad, cut = drawn()[1, 1].lines
    np.testing.assert_allclose(clean.get_xydata(), [[1, 0], [2, 0], [3, 0]])
    np.testing.assert_allclose(bad.get_xydata(), [[4, 6]])
    assert cut.get_xdata()[0] == 3.5


def test_no_residual_lies_outside_its_panel():
    for axis in drawn()[1]:
        low, high = axis.get_ylim()
        assert low == 0 and all(line.get_ydata().max() < high for line in axis.lines[:2])
