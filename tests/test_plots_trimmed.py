"""Figures of chapters 2 and 4: what was given is what is drawn, and the source stands below."""

import numpy as np
import pandas as pd
import pytest
from figures import SOURCE, check, texts

from itlm_kit.glm import KINKED, SMOOTH
from itlm_kit.plots import links, trimmed
from itlm_kit.plots.style import ROLES


def lines(axis):
    return [line.get_ydata() for line in axis.lines]


def drawn(figure):
    figure.canvas.draw()
    assert figure.get_supxlabel() == SOURCE
    return figure.axes


VALUES = {"clean": np.array([0.2, 0.7]), "bad": np.array([0.9])}


def test_the_landscape_shows_both_losses_the_marks_and_the_samples():
    theta = np.linspace(0, 1, 5)
    losses = {"baseline": ("all", theta**2 + 1), "itlm": ("some", theta**2)}
    figure = trimmed.loss_landscape(theta, losses, VALUES, [("here", 0.5, 1.25)], source=SOURCE)
    (axis,) = drawn(figure)
    assert np.array_equal(lines(axis)[0], theta**2 + 1) and np.array_equal(lines(axis)[1], theta**2)
    assert texts(axis) == ["here"] and [line.get_xdata().tolist() for line in axis.lines[-2:]] == [[0.2, 0.7], [0.9]]
    assert lines(axis)[-1].max() < 0 and axis.get_ylim()[1] == 2.5


def test_samples_below_a_curve_look_as_clean_and_bad_ones_do_everywhere():
    figure = trimmed.loss_landscape(np.arange(2.0), {}, VALUES, [("here", 0.5, 1.25)], source=SOURCE)
    for line, role in zip(figure.axes[0].lines[-2:], VALUES, strict=True):
        assert (line.get_marker(), line.get_color()) == (ROLES[role]["marker"], ROLES[role]["color"])


def test_each_frozen_parabola_has_its_touch_and_its_lowest_point():
    theta = np.linspace(-1, 1, 5)
    way = [(theta**2 + 1, (1.0, 2.0), (0.0, 1.0)), ((theta + 1) ** 2, (0.0, 1.0), (-1.0, 0.0))]
    figure = trimmed.frozen_parabolas(theta, theta**2, {"one way": way, "other": way[:1]}, VALUES, source=SOURCE)
    left, right = drawn(figure)
    trimmed_loss, first, touch, lowest, second, *_ = left.lines
    assert np.array_equal(trimmed_loss.get_ydata(), theta**2) and np.array_equal(first.get_ydata(), theta**2 + 1)
    assert np.array_equal(second.get_ydata(), (theta + 1) ** 2)
    assert touch.get_xydata().tolist() == [[1, 2]] and lowest.get_xydata().tolist() == [[0, 1]]
    assert texts(left) == ["0", "1"] and texts(right) == ["0"] and left.get_title(loc="left") == "one way"


def test_the_staircase_goes_from_all_samples_trim_update_trim_update():
    whole, rest = drawn(trimmed.staircase(9.0, np.array([4.0, 2.0]), np.array([3.0, 1.0]), source=SOURCE))
    assert lines(whole)[0].tolist() == [9, 4, 3, 2, 1] and whole.lines[0].get_xdata().tolist() == [-0.5, 0, 0.5, 1, 1.5]
    assert lines(rest)[0].tolist() == [4, 3, 2, 1] and (whole.get_yscale(), rest.get_yscale()) == ("linear", "log")


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
        figure = plot({"itlm-1": ("falls", x, one), "itlm-2": ("rises", x, two)}, source=SOURCE)
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


def test_breakdown_names_each_line_where_it_jumps():
    rows = [
        {"bad": bad, "n": 10, "method": m, "error": 1e6 if bad > at else 0.1}
        for m, at in (("ols", 0), ("itlm", 3), ("exact", 4))
        for bad in range(7)
    ]
    (axis,) = check(trimmed.breakdown_curve(pd.DataFrame(rows), source=SOURCE))
    places = {text.get_text().split("\n")[0]: text.xy[0] for text in axis.texts}
    assert (places["least"], places["ITLM,"], places["exact"]) == pytest.approx((0.1, 0.4, 0.5))
