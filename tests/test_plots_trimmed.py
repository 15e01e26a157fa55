"""Figures of chapters 2 and 4: what was given is what is drawn, and the source stands below."""

import numpy as np
import pytest

from itlm_kit.glm import KINKED, SMOOTH
from itlm_kit.plots import links, trimmed

SOURCE = "made up"


def lines(axis):
    return [line.get_ydata() for line in axis.lines]


def texts(axis):
    return [text.get_text() for text in axis.texts]


def drawn(figure):
    figure.canvas.draw()
    assert figure.get_supxlabel() == SOURCE
    return figure.axes


def test_the_landscape_shows_both_losses_the_marks_and_the_samples():
    theta, values = np.linspace(0, 1, 5), np.array([0.2, 0.7, 0.9])
    losses = {"baseline": ("all", theta**2 + 1), "itlm": ("some", theta**2)}
    figure = trimmed.loss_landscape(theta, losses, values, [("here", 0.5, 1.25)], source=SOURCE)
    (axis,) = drawn(figure)
    assert np.array_equal(lines(axis)[0], theta**2 + 1) and np.array_equal(lines(axis)[1], theta**2)
    assert texts(axis) == ["here"] and np.array_equal(axis.lines[-1].get_xdata(), values)
    assert lines(axis)[-1].max() < 0 and axis.get_ylim()[1] == 2.5


def test_the_staircase_goes_trim_update_trim_update():
    (axis,) = drawn(trimmed.staircase(np.array([4.0, 2.0]), np.array([3.0, 1.0]), source=SOURCE))
    assert lines(axis)[0].tolist() == [4, 3, 2, 1] and axis.lines[0].get_xdata().tolist() == [0, 0.5, 1, 1.5]


def test_every_start_is_in_the_histogram_and_every_mark_named():
    objectives = np.array([1.0, 1.0, 2.0, 50.0])
    marks = [("least", 1.0), ("other", 2.0)]
    (axis,) = drawn(trimmed.objectives_reached(objectives, marks, source=SOURCE))
    assert sum(bar.get_height() for bar in axis.patches) == 4 and texts(axis) == ["least", "other"]


def test_residuals_beyond_the_band_are_numbered():
    fits = {"one": np.array([0.1, -3.0, 2.6]), "two": np.zeros(3)}
    first, second = drawn(trimmed.residuals_by_sample(fits, source=SOURCE))
    assert texts(first) == ["2", "3"] and texts(second) == []


@pytest.mark.parametrize("plot", [trimmed.gap_by_samples, trimmed.majority])
def test_lines_carry_their_names(plot):
    x, one, two = np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])
    if plot is trimmed.gap_by_samples:
        figure = plot({"clean": ("falls", x, one), "bad": ("rises", x, two)}, source=SOURCE)
    else:
        figure = plot(x, {"clean": ("falls", one), "bad": ("rises", two)}, source=SOURCE)
    (axis,) = drawn(figure)
    assert texts(axis) == ["falls", "rises"]
    assert np.array_equal(lines(axis)[0], one) and np.array_equal(lines(axis)[1], two)


def test_links_and_their_slopes_side_by_side():
    u = np.linspace(-1, 1, 5)
    left, right = drawn(links.link_curves(u, [KINKED, SMOOTH], source=SOURCE))
    assert np.array_equal(lines(left)[0], KINKED.value(u)) and np.array_equal(lines(right)[1], SMOOTH.slope(u))
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()
